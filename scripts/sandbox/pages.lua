--[[
sandbox.pages - pages of the second API's lists: the newest first, and a token that says behind which thing the next
page begins, so that what is added meanwhile moves nothing.

A list is { items, find, id_of, is_wanted }: an array in the order of its items' numbers (item.number); a function
that gives the item with an id, or nil; one that gives an item's id; and one that tells whether an item is asked for.
--]]

local json = require("scaleapi").json
local wire = require "scaleapi.sandbox.wire"

local pages = {}

--- The first place in items[1..n+1] whose item has `field` at least `value`; n + 1 if there is none.
function pages.first_at_least(items, field, value)
    local low, high = 1, #items + 1
    while low < high do
        local middle = (low + high) // 2
        if items[middle][field] < value then low = middle + 1 else high = middle end
    end
    return low
end

--- The place before that of the last item of a page, at which the next page begins. Refuses an item that is not in the
--- list, unless items may have `left` it since.
function pages.place_behind(items, item, left)
    local place = pages.first_at_least(items, "number", item.number)
    if items[place] ~= item and not left then wire.refuse(400, "Invalid next_token.") end
    return place - 1
end

local function make_token(id)
    return wire.base64('{"after":' .. wire.quote(id) .. "}")
end

-- The item that a token names.
local function read_token(list, token)
    local ok, value = pcall(json.decode, wire.unbase64(token) or "")
    local id = ok and type(value) == "table" and value.after
    local item = type(id) == "string" and list.find(id)
    return item or wire.refuse(400, "Invalid next_token.")
end

--- The items of the page that the query asks for, and the member that leads to the next one: "" on the last page.
function pages.read(c, list)
    local query = c:query()
    local limit = wire.limit(query, c.world.assume)
    local token = wire.last(query, "next_token")
    local at = token and pages.place_behind(list.items, read_token(list, token)) or #list.items
    local page = {}
    while at >= 1 and #page <= limit do
        local item = list.items[at]
        if list.is_wanted(item) then page[#page + 1] = item end
        at = at - 1
    end
    if #page <= limit then
        return page, c.world.assume.last_page_token == "null" and ',"next_token":null' or ""
    end
    page[#page] = nil
    return page, ',"next_token":"' .. make_token(list.id_of(page[#page])) .. '"'
end

--- An array of documents as JSON: of each item, what document(view, item) makes of it.
function pages.render(items, document, view)
    local parts = {}
    for i, item in ipairs(items) do parts[i] = document(view, item) end
    return "[" .. table.concat(parts, ",") .. "]"
end

--- The same of a list that has no pages: those that are wanted, the newest first.
function pages.render_all(items, is_wanted, document, view)
    local wanted = {}
    for i = #items, 1, -1 do
        if is_wanted(items[i]) then wanted[#wanted + 1] = items[i] end
    end
    return pages.render(wanted, document, view)
end

return pages
