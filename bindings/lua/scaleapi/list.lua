--[[
scaleapi.list - a list that came in one answer: an array of documents that can also be iterated like those that come
page by page, so that a script need not know which list is paged.

    for project in client:get_projects() do … end
    local projects = client:get_projects(); print(#projects, projects[1].name)
--]]

local list = {}

local methods = {}

--- The list itself, as an iterator gives what is left of it.
function methods:list()
    return self
end

--- Nothing is to be closed here; iterators have the method, so lists have it.
function methods.close() end

--- A list of these documents. `member` is what the answer calls them (nil: nothing), so that answer.projects is there
--- for who knows the answer.
function list.new(documents, member)
    local places = {}
    -- A script may sort the list, or take documents out of it, between two loops.
    local function place_of(document)
        if not rawequal(documents[places[document]], document) then
            places = {}
            for i, each in ipairs(documents) do places[each] = i end
        end
        return places[document] or #documents
    end
    return setmetatable(documents, {
        __name = "scaleapi.List",
        __index = function(_, key)
            if key == member and member then return documents end
            return methods[key]
        end,
        -- what a generic `for` calls: the document after this one
        __call = function(_, _, document)
            return documents[document == nil and 1 or place_of(document) + 1]
        end,
        __close = methods.close,
    })
end

return list
