--[[
scaleapi.arguments - from what a user wrote in a call to what core takes: arguments by name, a body, call
options. Path parameters (and other plain values, and lists) may stand in the row's order before the table; the rest
stands in the table by name.
--]]

local core = require "scaleapi.core"
local errors = require "scaleapi.errors"

local json = core.json

local arguments = {}

-- What may be given beside an operation's own parameters, and its type.
local CALL_OPTIONS = {
    timeout = "number", connect_timeout = "number", deadline = "number", max_attempts = "number",
    accept_existing = "boolean", digest_id = "boolean", idempotency_key = "string",
    bulk = "boolean", check_in_full = "boolean",
}
local TYPES = { number = "a number more than 0", boolean = "true or false", string = "a string" }

--- The SDK's name of a parameter that may be given by its wire name; nil when the row has none of that name.
function arguments.parameter_name(row, name)
    for _, parameter in ipairs(row.parameters) do
        if parameter.name == name then return name end
    end
    for _, parameter in ipairs(row.parameters) do
        if parameter.wire == name then return parameter.name end
    end
end

local parameter_name = arguments.parameter_name

local IS_ARRAY = { array = true, string_list = true, name_list = true } -- kinds of values

-- Whether a table is the value of a parameter that must be there, a list, and not the table of all the others. An empty
-- one that stands alone is none: something was forgotten.
local function is_list_for(parameter, value, is_alone)
    if not parameter.required or not IS_ARRAY[parameter.value] then return false end
    return value[1] ~= nil or json.is_array(value) or (next(value) == nil and not is_alone)
end

-- Takes the leading plain values and lists in the row's order. Returns them by name, and the place of what follows.
local function take_positional(row, given)
    local named, index = {}, 1
    for _, parameter in ipairs(row.parameters) do
        local value = given[index]
        if index > given.n or row.body == "parts" then break end
        if parameter.place == "body" and row.body ~= "fields" then break end
        if type(value) == "table" and not is_list_for(parameter, value, index == 1 and given[2] == nil) then
            break
        end
        named[parameter.name] = value
        index = index + 1
    end
    return named, index
end

local function check_options(row, options)
    if options == nil then return nil end
    if type(options) ~= "table" then
        return row.name .. " takes a table of call options here, not " .. type(options)
    end
    for name, value in pairs(options) do
        local right = CALL_OPTIONS[name]
        if not right then
            local names = {}
            for each in pairs(CALL_OPTIONS) do table.insert(names, each) end
            local meant = type(name) == "string" and core.suggest(name, names)
            return ("unknown call option '%s' for %s%s"):format(
                tostring(name), row.name, meant and ("; did you mean '" .. meant .. "'?") or "")
        end
        if type(value) ~= right or (right == "number" and value <= 0) then
            return ("%s for %s must be %s"):format(name, row.name, TYPES[right])
        end
        if name == "max_attempts" and math.type(value) ~= "integer" then
            return "max_attempts for " .. row.name .. " must be a whole number"
        end
    end
end

-- A value as JSON text: a string is taken for JSON text already. Empty tables are arrays where the row wants one.
local function encode(row, parameter_value, value)
    if type(value) == "string" then return value end
    if value == nil then return nil, row.name .. " needs a body: a table, or JSON text" end
    if type(value) ~= "table" then
        return nil, ("the body of %s must be a table or JSON text, not %s"):format(row.name, type(value))
    end
    if IS_ARRAY[parameter_value] and next(value) == nil then return "[]" end
    local ok, text = pcall(json.encode, value)
    if not ok then return nil, row.name .. ": " .. errors.caught(text):gsub("^.-:%d+: ", "") end
    return text
end

-- ---------------------------------------------------------- by kind of body

-- The whole body instead of its fields, where one is given: { body = '{"project":"p","name":"b"}' }, or as a table.
local function take_body(row, named)
    local body = named.body
    if body == nil or parameter_name(row, "body") then return nil end
    named.body = nil
    return encode(row, "object", body)
end

-- Of an upload, `file` is the path, as on the command line.
local function take_file(row, named)
    if row.body ~= "parts" or named.file == nil then return nil end
    if named.path ~= nil then return ("path of %s was given twice"):format(row.name) end
    named.path, named.file = named.file, nil
end

-- Parameters and call options in one table.
local function bind_fields(row, named, given, index)
    local options = {}
    local rest = given[index]
    if type(rest) == "table" then
        for key, value in pairs(rest) do
            local name = parameter_name(row, key)
            if not name and CALL_OPTIONS[key] then
                options[key] = value
            else
                name = name or key -- an unknown one is for core to name
                if named[name] ~= nil then return nil, ("%s of %s was given twice"):format(name, row.name) end
                named[name] = value
            end
        end
        index = index + 1
    end
    for name, value in pairs(type(given[index]) == "table" and given[index] or {}) do options[name] = value end
    if type(given[index]) == "table" then index = index + 1 end
    local body, problem = take_body(row, named)
    problem = problem or take_file(row, named)
    if problem then return nil, problem end
    return { arguments = named, body = body, options = options, used = index - 1 }
end

local function path_parameters(row)
    local found = {}
    for _, parameter in ipairs(row.parameters) do
        if parameter.place == "path" then table.insert(found, parameter.name) end
    end
    return found
end

-- The payload without what belongs into the path, when nothing stood before it.
local function split_payload(row, named, payload)
    local rest = {}
    for key, value in pairs(payload) do rest[key] = value end
    for _, name in ipairs(path_parameters(row)) do
        local key = rest[name] ~= nil and name or (name == "task_type" and rest.type ~= nil and "type") or nil
        if key then
            named[name] = rest[key]
            rest[key] = nil
        end
    end
    return rest
end

-- The payload with its empty tables as arrays where the row wants one.
local function with_empty_arrays(row, payload)
    local copy
    for _, parameter in ipairs(row.parameters) do
        local value = IS_ARRAY[parameter.value] and payload[parameter.wire]
        if type(value) == "table" and next(value) == nil then
            if not copy then
                copy = {}
                for key, each in pairs(payload) do copy[key] = each end
            end
            copy[parameter.wire] = json.array()
        end
    end
    return copy or payload
end

local function bind_open(row, named, given, index)
    local payload = given[index]
    if type(payload) == "table" and index == 1 then payload = split_payload(row, named, payload) end
    if payload == nil then payload = "{}" end
    if type(payload) == "table" then payload = with_empty_arrays(row, payload) end
    local body, problem = encode(row, "object", payload)
    if not body then return nil, problem end
    return { arguments = named, body = body, options = given[index + 1], used = index + 1 }
end

local function whole_parameter(row)
    for _, parameter in ipairs(row.parameters) do
        if parameter.place == "body" then return parameter end
    end
end

local function bind_whole(row, named, given, index)
    local parameter = whole_parameter(row)
    local value, options = given[index], given[index + 1]
    if index == 1 and type(value) == "table" then
        local rest = split_payload(row, named, value)
        value = rest[parameter.name]
        rest[parameter.name] = nil
        options = next(rest) ~= nil and rest or options
    end
    if value == nil then return nil, ("%s needs %s"):format(row.name, parameter.name) end
    local body, problem = encode(row, parameter.value, value)
    if not body then return nil, problem end
    return { arguments = named, body = body, options = options, used = index + 1 }
end

local binders = { none = bind_fields, fields = bind_fields, parts = bind_fields, open = bind_open, whole = bind_whole }

--- Binds what was given to the row. Returns { arguments=, body=, options= }, or nil and what is wrong.
function arguments.bind(row, ...)
    local given = table.pack(...)
    local named, index = take_positional(row, given)
    local bound, problem = binders[row.body](row, named, given, index)
    if not bound then return nil, problem end
    if given.n > bound.used and given[bound.used + 1] ~= nil then
        return nil, ("%s got more arguments than it takes; argument %d is %s"):format(
            row.name, bound.used + 1, type(given[bound.used + 1]))
    end
    problem = check_options(row, bound.options)
    if problem then return nil, problem end
    return bound
end

return arguments
