--[[
scripts.lib.given - what stands on a command line behind an operation's name, `name=value` and `name:=JSON`, as the
arguments of client:call. Values are read as the operation's row says; one that is wrong ends the command.
--]]

local scaleapi = require "scaleapi"
local command = require "scripts.lib.command"

local json = scaleapi.json

local given = {}

local FILE_WORDS = { file = "path", path = "path", data = "data", filename = "filename" } -- of upload_file

local function stop(message, ...)
    command.stop(command.USAGE, message, ...)
end

--- All of a file, or of standard input for "-". What cannot be read ends the command.
function given.read(path)
    local file, why = io.stdin, nil
    if path ~= "-" then file, why = io.open(path, "rb") end
    if not file then stop("cannot read %s", why) end
    local text, problem = file:read "a"
    if path ~= "-" then file:close() end
    if not text then stop("cannot read %s: %s", path, problem) end
    return text
end

--- The whole body that is in a file, checked.
function given.read_body(path)
    local text = given.read(path)
    local ok, why = json.check(text)
    if not ok then stop("%s: %s", path == "-" and "standard input" or path, why) end
    return text
end

-- ------------------------------------------------------------------- words

-- "name=value" or "name:=JSON": the name, what stands behind the "=", and whether that is JSON.
local function split(word)
    local name, colon, value = word:match "^([^=:]+)(:?)=(.*)$"
    if not name then stop("'%s' is not NAME=VALUE", word) end
    if not utf8.len(word) then stop("the value of %s is not UTF-8", name) end
    return name, value, colon == ":"
end

-- The parameter that is called so, by the SDK or by the API.
local function find_parameter(operation, name)
    for _, parameter in ipairs(operation.parameters) do
        if parameter.name == name then return parameter end
    end
    for _, parameter in ipairs(operation.parameters) do
        if parameter.wire == name then return parameter end
    end
end

-- ------------------------------------------------------------------ values

-- JSON text, or @FILE with JSON in it. Returns the text; or nil and what is wrong.
local function read_json(text)
    if text:sub(1, 1) == "@" then text = given.read(text:sub(2)) end
    local ok, why = json.check(text)
    return ok and text or nil, why
end

-- A reader of JSON of that type.
local function of_type(wanted)
    return function(text)
        local value, why = read_json(text)
        if value and json.type(value) ~= wanted then return nil end
        return value and json.raw(value), why
    end
end

local read_array = of_type "array"

local function read_texts(text)
    local value, why = read_array(text)
    for _, element in ipairs(value and json.elements(tostring(value)) or {}) do
        if json.type(element) ~= "string" then return nil end
    end
    return value, why
end

local function as_it_is(text)
    return text
end

-- Seconds since 1970 are a number; years and days in digits are shorter.
local function read_time(text)
    return text:find "^%d%d%d%d%d%d%d%d%d+$" and #text < 12 and tonumber(text) or text
end

-- Strings one by one, or all of them as JSON.
local function read_text_or_texts(text)
    if text:sub(1, 1) == "[" then return read_texts(text) end
    return text
end

-- By the kind of value: the text as what client:call takes, or nil.
local READ = {
    string = as_it_is,
    time = read_time,
    strings = as_it_is,
    comma_strings = as_it_is,
    integer = function(text) return text:find "^-?%d+$" and math.tointeger(tonumber(text)) end,
    boolean = function(text)
        if text == "true" or text == "false" then return text == "true" end
    end,
    object = of_type "object",
    array = read_array,
    string_list = read_text_or_texts,
    name_list = read_text_or_texts,
    any = function(text)
        local value, why = read_json(text)
        return value and json.raw(value), why
    end,
}

local IS_LIST = { strings = true, comma_strings = true, string_list = true, name_list = true }

local function must_be(operation, parameter, why)
    stop("%s of %s must be %s%s", parameter.name, operation.name, parameter.kind, why and ": " .. why or "")
end

local function read_value(operation, parameter, text, is_json)
    local value, why = READ[is_json and "any" or parameter.value](text)
    if value == nil then must_be(operation, parameter, why) end
    return value
end

-- Puts a value to those that were given under the name; a list may be given one by one.
local function put(operation, into, name, value, is_list)
    local before = into[name]
    if before == nil then
        into[name] = is_list and type(value) == "string" and { value } or value
    elseif is_list and type(before) == "table" and type(value) == "string" then
        before[#before + 1] = value
    else
        stop("%s of %s was given twice", name, operation.name)
    end
end

-- ------------------------------------------------------------------- calls

-- Sorts the words: into the values of parameters by the SDK's names, and those of the body's other fields.
local function sort(operation, row, words)
    local named, fields, first_in_body = {}, {}, nil
    for _, word in ipairs(words) do
        local name, text, is_json = split(word)
        local parameter = find_parameter(operation, name)
        if row.body == "parts" and FILE_WORDS[name] then
            put(operation, named, FILE_WORDS[name], text)
        elseif parameter then
            local value = read_value(operation, parameter, text, is_json)
            put(operation, named, parameter.name, value, IS_LIST[parameter.value])
            if parameter.place == "body" then first_in_body = first_in_body or parameter.name end
        elseif row.body == "open" then
            local value, why = text, nil
            if is_json then value, why = READ.any(text) end
            if not value then stop("%s of %s: %s", name, operation.name, why) end
            put(operation, fields, name, value)
            first_in_body = first_in_body or name
        else
            put(operation, named, name, tonumber(text) or text) -- an option of the call; or unknown, as it will say
        end
    end
    return named, fields, first_in_body
end

-- What stands in the path, in its order, and then the body.
local function open_call(operation, named, fields, body)
    local arguments = { n = 0 }
    for _, parameter in ipairs(operation.parameters) do
        if parameter.place == "path" then
            arguments.n = arguments.n + 1
            arguments[arguments.n] = named[parameter.name]
        else
            fields[parameter.wire or parameter.name] = named[parameter.name]
        end
    end
    arguments.n = arguments.n + 1
    arguments[arguments.n] = body or fields
    return arguments
end

-- The body is the value of the one parameter in it.
local function whole_call(operation, named, body)
    for _, parameter in ipairs(operation.parameters) do
        if parameter.place == "body" then
            local value = named[parameter.name]
            named[parameter.name] = body or type(value) == "userdata" and tostring(value) or value
        end
    end
    return table.pack(named)
end

--- The values of words by the names of the operation's parameters and of the body's other fields, in one table.
function given.by_name(operation, row, words)
    local named, all = sort(operation, row, words)
    for name, value in pairs(named) do all[name] = value end
    return all
end

--- The arguments of client:call for an operation (as scaleapi.describe gives it, and its row), of the words behind its
--- name and a whole body (nil: none), packed.
function given.arguments(operation, row, words, body)
    local named, fields, first_in_body = sort(operation, row, words)
    if body and first_in_body then stop("%s of %s was given beside a whole body", first_in_body, operation.name) end
    if row.body == "open" then return open_call(operation, named, fields, body) end
    if row.body == "whole" then return whole_call(operation, named, body) end
    named.body = body
    return table.pack(named)
end

return given
