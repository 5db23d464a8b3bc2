--[[
sandbox.wire - what stands between HTTP and the rules: refusals, percent and base64 encoding, queries, JSON bodies
taken apart without changing a byte. Used by every rule; knows no task, batch or project.
--]]

local json = require("scaleapi").json

local wire = {}

-- ---------------------------------------------------------------- refusals

local Refusal = {}

--- Ends the rule that runs: the request is answered with this status and text.
function wire.refuse(status, text, ...)
    if select("#", ...) > 0 then text = text:format(...) end
    error(setmetatable({ status = status, text = text }, Refusal), 0)
end

--- True for what `refuse` raises.
function wire.is_refusal(value)
    return getmetatable(value) == Refusal
end

--- Refuses with 400 and the text that Scale gives for a wrong parameter.
function wire.refuse_parameter(name, problem)
    wire.refuse(400, 'Parameter is invalid, reason: "%s" %s', name, problem)
end

--- A text as a JSON string. What is not UTF-8 is shown as question marks.
function wire.quote(text)
    local ok, quoted = pcall(json.encode, text)
    return ok and quoted or json.encode((text:gsub("[\128-\255]", "?")))
end

--- The body of an error.
function wire.error_body(status, text)
    return ('{"status_code":%d,"error":%s}'):format(status, wire.quote(text))
end

-- ---------------------------------------------------------------- encoding

local function unhex(digits)
    return string.char(tonumber(digits, 16))
end

--- Decodes %XX; what is no such escape stays.
function wire.unescape(text)
    if not text:find("%", 1, true) then return text end
    return (text:gsub("%%(%x%x)", unhex))
end

--- A query string as name -> array of values, decoded; `+` is a space.
function wire.query(text)
    local query = {}
    for pair in (text or ""):gmatch "[^&]+" do
        local name, value = pair:match "^([^=]*)=?(.*)$"
        name = wire.unescape((name:gsub("+", " ")))
        local values = query[name] or {}
        values[#values + 1] = wire.unescape((value:gsub("+", " ")))
        query[name] = values
    end
    return query
end

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local LETTERS, VALUES = {}, {}
for i = 1, 64 do
    LETTERS[i - 1] = ALPHABET:sub(i, i)
    VALUES[ALPHABET:byte(i)] = i - 1
end

function wire.base64(bytes)
    local parts = {}
    for i = 1, #bytes, 3 do
        local a, b, c = bytes:byte(i, i + 2)
        local bits = a << 16 | (b or 0) << 8 | (c or 0)
        parts[#parts + 1] = LETTERS[bits >> 18] .. LETTERS[bits >> 12 & 63]
            .. (b and LETTERS[bits >> 6 & 63] or "=") .. (c and LETTERS[bits & 63] or "=")
    end
    return table.concat(parts)
end

--- The bytes, or nil if the text is not base64.
function wire.unbase64(text)
    local body = text:gsub("=+$", "")
    if #body % 4 == 1 then return nil end
    local bytes, bits, held = {}, 0, 0
    for i = 1, #body do
        local value = VALUES[body:byte(i)]
        if not value then return nil end
        bits, held = bits << 6 | value, held + 6
        if held >= 8 then
            held = held - 8
            bytes[#bytes + 1] = string.char(bits >> held & 255)
            bits = bits & (1 << held) - 1
        end
    end
    return table.concat(bytes)
end

-- ------------------------------------------------------------------ bodies

local NAMES = {
    string = "a string", object = "an object", array = "an array", number = "a number", boolean = "a boolean",
    integer = "an integer",
}

-- The names as they were written, quotes and escapes included. The document has been checked, so that walking
-- over it by the lengths of its values finds them.
local function spelled_names(document, raws)
    local names, at = {}, 1
    for i, raw in ipairs(raws) do
        local first = document:find('"', at, true)
        local last = first + 1
        while document:byte(last) ~= 34 do
            last = last + (document:byte(last) == 92 and 2 or 1)
        end
        names[i] = document:sub(first, last)
        at = document:find("[^%s:]", last + 1) + #raw
    end
    return names
end

-- The names, each once, at the place where it stood first.
local function without_repeats(keys)
    local names, seen = {}, {}
    for _, name in ipairs(keys) do
        if not seen[name] then names[#names + 1] = name end
        seen[name] = true
    end
    return names
end

--- An object's first level: { names = {…}, values = { name -> raw bytes }, spelled = { name -> as written } or nil },
--- the names in their order, each once; of a name that stands twice the last value holds.
function wire.members(document)
    local ok, names, raws = pcall(json.members, document)
    if not ok then wire.refuse(400, "Invalid JSON in request body.") end
    local values, repeats = {}, false
    for i = 1, #names do
        repeats = repeats or values[names[i]] ~= nil
        values[names[i]] = raws[i]
    end
    local spelled
    if document:find("\\", 1, true) then
        spelled = {}
        for i, written in ipairs(spelled_names(document, raws)) do spelled[names[i]] = written end
    end
    return { names = repeats and without_repeats(names) or names, values = values, spelled = spelled }
end

--- A member as it was written: "name":value.
function wire.member(fields, name)
    local spelled = fields.spelled and fields.spelled[name]
    if spelled then return spelled .. ":" .. fields.values[name] end
    return '"' .. name .. '":' .. fields.values[name]
end

-- The body, checked; `empty` stands for one without a byte, which is how the Python SDK sends {} and [].
local function checked(body, kind, empty)
    if not body:find "%S" then return empty end
    if not json.check(body) then wire.refuse(400, "Invalid JSON in request body.") end
    if json.type(body) ~= kind then wire.refuse(400, "The request body must be %s.", NAMES[kind]) end
    return body
end

--- The body as an object's bytes, without the white space around them.
function wire.object_body(body)
    return checked(body, "object", "{}"):match "^%s*(.-)%s*$"
end

--- The members of a body that is an object.
function wire.fields(body)
    return wire.members(checked(body, "object", "{}"))
end

--- A raw array of texts as an array of raw strings; refuses another. `name` is what it is called in the refusal.
function wire.texts(raw, name)
    local texts = json.elements(raw)
    for _, element in ipairs(texts) do
        if json.type(element) ~= "string" then wire.refuse_parameter(name, "must be an array of strings") end
    end
    return texts
end

--- The body, an array of texts, as an array of raw strings.
function wire.texts_body(body)
    return wire.texts(checked(body, "array", "[]"), "tags")
end

--- Raw bytes, decoded.
function wire.decode(raw)
    local ok, value = pcall(json.decode, raw)
    if not ok then wire.refuse(400, "Invalid JSON in request body.") end
    return value
end

wire.text = wire.decode -- of a string

--- The raw value of a member; nil if it is absent or null. Refuses one of another kind.
function wire.optional(fields, name, kind)
    local raw = fields.values[name]
    if raw == nil or raw == "null" then return nil end
    local found = json.type(raw)
    local fits = found == kind or kind == "integer" and found == "number" and raw:find "^%-?%d+$"
    if not fits then wire.refuse_parameter(name, "must be " .. NAMES[kind]) end
    return raw
end

--- The raw value of a member that must be there.
function wire.needed(fields, name, kind)
    local raw = wire.optional(fields, name, kind)
    if raw == nil then wire.refuse_parameter(name, "is required") end
    return raw
end

--- A member that must be a text, and not empty: decoded.
function wire.needed_text(fields, name)
    local text = wire.text(wire.needed(fields, name, "string"))
    if text == "" then wire.refuse_parameter(name, "is required") end
    return text
end

--- A member that may be a text: decoded, or nil.
function wire.optional_text(fields, name)
    local raw = wire.optional(fields, name, "string")
    return raw and wire.text(raw)
end

--- A member that must be an array of texts: decoded, each once, in their order.
function wire.needed_texts(fields, name)
    local once, seen = {}, {}
    for _, each in ipairs(wire.texts(wire.needed(fields, name, "array"), name)) do
        local text = wire.text(each)
        if not seen[text] then once[#once + 1] = text end
        seen[text] = true
    end
    return once
end

--- Whether a text has the form of an e-mail address.
function wire.is_email(text)
    return text:find "^[^%s@]+@[^%s@]+%.[^%s@.]+$" ~= nil
end

-- ----------------------------------------------------------------- queries

local BOOLEANS = { ["true"] = true, True = true, ["1"] = true, ["false"] = false, False = false, ["0"] = false }

--- The last value of a name, or nil if it is absent or empty.
function wire.last(query, name)
    local values = query[name]
    local value = values and values[#values]
    return value ~= "" and value or nil
end

--- All values of a name that are not empty; nil if there is none.
function wire.all(query, name)
    local values = {}
    for _, value in ipairs(query[name] or values) do
        if value ~= "" then values[#values + 1] = value end
    end
    return values[1] and values or nil
end

--- A boolean; `default` if it is absent or empty.
function wire.boolean(query, name, default)
    local text = wire.last(query, name)
    if text == nil then return default end
    if BOOLEANS[text] == nil then wire.refuse_parameter(name, "must be a boolean") end
    return BOOLEANS[text]
end

--- An integer within bounds; `default` if it is absent or empty.
function wire.integer(query, name, default, least, most)
    local text = wire.last(query, name)
    if text == nil then return default end
    local value = text:find "^%-?%d+$" and math.tointeger(tonumber(text))
    if not value or value < least or value > most then
        wire.refuse_parameter(name, most < math.maxinteger and ("must be between %d and %d"):format(least, most)
            or ("must be %d or more"):format(least))
    end
    return value
end

--- How many things a page has at most: 1 to 100. Whether more is refused is an assumption.
function wire.limit(query, assume)
    local most = assume.limit_too_high == 400 and 100 or math.maxinteger
    return math.min(wire.integer(query, "limit", 100, 1, most), 100)
end

return wire
