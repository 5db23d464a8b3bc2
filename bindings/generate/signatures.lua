--[[
bindings.generate.signatures - the types of one operation: its tables of options, and the methods that call it.
--]]

local scaleapi = require "scaleapi"

local signatures = {}

local rows = {}
for _, row in ipairs(scaleapi.operations) do rows[row.name] = row end

--- The operation in words, with its row.
function signatures.describe(name)
    local operation = scaleapi.describe(name)
    operation.row = rows[operation.name]
    return operation
end

-- ------------------------------------------------------------------- values

local TYPES = {
    string = "string", integer = "integer", boolean = "boolean", time = "string|number", object = "table",
    array = "any[]", string_list = "string[]", name_list = "string[]", any = "any", file = "string",
}

local function type_of(parameter)
    local element = parameter.enumeration and "scaleapi.enum." .. parameter.enumeration or "string"
    if parameter.value:find "strings$" then return element .. "|" .. element .. "[]" end
    if parameter.enumeration then return element end
    return TYPES[parameter.value]
end

local function class_of(operation)
    return "scaleapi." .. operation.name
end

local function sort_parameters(operation)
    local in_path, rest = {}, {}
    for _, parameter in ipairs(operation.parameters) do
        table.insert(parameter.place == "path" and in_path or rest, parameter)
    end
    return in_path, rest
end

local function has(list, value)
    for _, each in ipairs(list or {}) do
        if each == value then return true end
    end
    return false
end

local function needs_options(operation, rest)
    for _, parameter in ipairs(rest) do
        if parameter.required then return true end
    end
    return operation.one_of ~= nil
end

-- What the module itself takes beside an operation's parameters, where that is more than options of a call.
local BESIDE = {
    get_tasks = {
        "---@field slices? integer Read so many parts of the list, by created_at, at once: 1 to 100",
        "---@field ordered? boolean Slices in the list's own order, newest first",
    },
}

-- ------------------------------------------------------------------ classes

local function field(parameter)
    if parameter.value == "file" then
        return "---@field path? string The file\n---@field data? string Or its bytes\n"
            .. "---@field filename? string What the server is told it is called"
    end
    local mark = parameter.required and "" or "?"
    return ("---@field %s%s %s %s"):format(parameter.name, mark, type_of(parameter), parameter.about)
end

local function class(lines, name, parameters, more)
    lines[#lines + 1] = "---@class " .. name
    for _, parameter in ipairs(parameters) do lines[#lines + 1] = field(parameter) end
    if more then lines[#lines + 1] = more end
    lines[#lines + 1] = ""
end

--- The tables that an operation takes: Options, without what stands in the path, and Arguments, with it.
function signatures.classes(operation)
    local lines = {}
    local in_path, rest = sort_parameters(operation)
    local name = class_of(operation)
    local base = operation.open and "" or ": scaleapi.CallOptions"
    local more = operation.open and "---@field [string] any Any other field of the body" or nil
    if #rest > 0 or operation.open then class(lines, name .. ".Options" .. base, rest, more) end
    if #in_path > 0 then
        local parent = (#rest > 0 or operation.open) and ": " .. name .. ".Options" or base
        class(lines, name .. ".Arguments" .. parent, in_path)
    end
    if BESIDE[operation.name] then
        class(lines, ("%s.ListOptions: %s.Options"):format(name, name), {}, table.concat(BESIDE[operation.name], "\n"))
    end
    return table.concat(lines, "\n")
end

-- ------------------------------------------------------------------ answers

--- The name of the class that a list of the operation's is.
function signatures.list_class(operation)
    return ("scaleapi.%s.%s"):format(operation.object, operation.paged and "Iterator" or "List")
end

--- That class, and that of a page.
function signatures.list(operation)
    local object, name = "scaleapi." .. operation.object, signatures.list_class(operation)
    if not operation.paged then
        local member = operation.row.member and ("---@field %s %s[]\n"):format(operation.row.member, object) or ""
        return ([[
---@class %s: { [integer]: %s }
---@overload fun(list?: any, before?: %s): %s?
---@field list fun(self): %s[]
---@field close fun(self)
%s]]):format(name, object, object, object, object, member)
    end
    return ([[
---@class %s A list that is fetched page by page.
---@overload fun(): %s?
---@field total? integer As the last page said
---@field list fun(self): %s[] What is left of it
---@field write fun(self, file: file*): integer?, string? Writes one more page, a line each; how many, 0 at the end
---@field close fun(self)
---@field [string] any What else the last page said

---@class scaleapi.%s.Page
---@field docs %s[]
---@field total? integer
---@field limit? integer
---@field offset? integer
---@field has_more? boolean
---@field next_token? string
---@field [string] any
]]):format(name, object, object, operation.object, object)
end

local function page_type(operation)
    return "scaleapi." .. operation.object .. ".Page"
end

local function answer_type(operation)
    if operation.object == "StudioAssignments" then return "table<string, scaleapi.StudioLabelerAssignment>" end
    if operation.paged then
        return ("(fun(): scaleapi.%s?)|%s"):format(operation.object, signatures.list_class(operation))
    end
    if operation.list then return signatures.list_class(operation) end
    if operation.object then return "scaleapi." .. operation.object end
    return operation.row.form == "address" and "string" or "any"
end

-- ------------------------------------------------------------------ methods

-- The results, as a list of types with what they are.
local function results(operation, answer, safe)
    local list = { answer }
    local outcome = operation.row["repeat"] == "unique_id" and '"created"|"existing"' or nil
    if safe then
        list[1] = list[1]:find("^%(fun") and list[1] .. "|nil" or list[1] == "any" and "any" or list[1] .. "?"
        list[2] = (outcome and outcome .. "|" or "") .. "scaleapi.Error?"
    elseif outcome then
        list[2] = outcome
    end
    return list
end

local PLAIN = { string = true, integer = true, boolean = true }

-- The parameters that must be there and may all stand before the table; nil when those of the path are all of them.
local function positional(operation, in_path, first)
    local list = {}
    if operation.row.body == "open" or operation.row.body == "whole" then return nil end
    for i = first, #operation.parameters do
        local parameter = operation.parameters[i]
        if not parameter.required or not PLAIN[parameter.value] then break end
        list[#list + 1] = parameter
    end
    return #list > #in_path and list or nil
end

local function overload(self, parameters, last, list)
    local words = { "self: " .. self }
    for _, parameter in ipairs(parameters) do words[#words + 1] = parameter.name .. ": " .. type_of(parameter) end
    words[#words + 1] = last
    local answers = table.concat(list, ", ")
    if answers:find "^%(fun" then answers = answers:gsub("^%(fun%(%): ([%w.]+)%?%)|", "") end
    return ("---@overload fun(%s): %s"):format(table.concat(words, ", "), answers)
end

-- What comes behind the path: name, type, about, whether it may be left out; and then call options, or not.
local function behind_path(operation, rest, options)
    local body = operation.row.body
    if body == "open" then return { "payload", options .. "|string", "The body, as a table or as JSON text" }, true end
    if body == "whole" then
        local parameter = rest[1]
        return { parameter.name, type_of(parameter) .. "|string", parameter.about .. "; or as JSON text" }, true
    end
    if #rest == 0 then options = "scaleapi.CallOptions" end
    return { "options", options, nil, not needs_options(operation, rest) }, false
end

local function parameter_line(name, optional, type_name, about)
    return ("---@param %s%s %s%s"):format(name, optional and "?" or "", type_name, about and " " .. about or "")
end

-- The method of `owner` that calls the operation. `in_path` and `rest` are what it is given, `options` the type of a
-- table of the rest.
local function method(owner, name, operation, in_path, rest, options, list, overloads)
    local lines, names = { "---" .. operation.summary .. "." }, {}
    if operation.note then lines[#lines + 1] = "---" .. operation.note end
    if operation.standing == "seen" then lines[#lines + 1] = "---" .. operation.sources.seen end
    for _, parameter in ipairs(in_path) do
        lines[#lines + 1] = parameter_line(parameter.name, false, type_of(parameter), parameter.about)
        names[#names + 1] = parameter.name
    end
    local last, call_options = behind_path(operation, rest, options)
    lines[#lines + 1] = parameter_line(last[1], last[4], last[2], last[3])
    names[#names + 1] = last[1]
    if call_options then
        lines[#lines + 1] = parameter_line("options", true, "scaleapi.CallOptions")
        names[#names + 1] = "options"
    end
    for _, each in ipairs(list) do lines[#lines + 1] = "---@return " .. each end
    for _, each in ipairs(overloads) do lines[#lines + 1] = each end
    lines[#lines + 1] = ("function %s:%s(%s) end\n"):format(owner, name, table.concat(names, ", "))
    return table.concat(lines, "\n")
end

local function client_method(owner, name, operation, answer, safe)
    local in_path, rest = sort_parameters(operation)
    local self, list, overloads = "scaleapi." .. owner, results(operation, answer, safe), {}
    if #in_path > 0 then
        overloads[1] = overload(self, {}, "arguments: " .. class_of(operation) .. ".Arguments", list)
    end
    local leading = positional(operation, in_path, 1)
    if leading then overloads[#overloads + 1] = overload(self, leading, "options?: table", list) end
    local options = class_of(operation) .. (BESIDE[name] and operation.name == name and ".ListOptions" or ".Options")
    return method(owner, name, operation, in_path, rest, options, list, overloads)
end

--- The methods of a client that call an operation: of a list that is paged, the iterator and one page.
function signatures.of_client(owner, operation, safe)
    local name = operation.name:gsub("^v2%.", "")
    local text = client_method(owner, name, operation, answer_type(operation), safe)
    if not operation.paged then return text end
    return text .. "\n" .. client_method(owner, name:gsub("^%l+_", ""), operation, page_type(operation), safe)
end

--- The same under a name that the SDK has beside.
function signatures.alias(owner, operation, name, safe)
    return client_method(owner, name, operation, answer_type(operation), safe)
end

-- A table of these parameters, where no class has just them.
local function table_of(parameters)
    local words = {}
    for i, parameter in ipairs(parameters) do
        words[i] = ("%s%s: %s"):format(parameter.name, parameter.required and "" or "?", type_of(parameter))
    end
    return "{ " .. table.concat(words, ", ") .. " }"
end

--- A method of an object, which gives its own identifier, the first of the parameters.
function signatures.method(object, name, operation)
    local rest, first = {}, operation.parameters[1]
    for _, parameter in ipairs(operation.parameters) do
        local given = parameter == first or has(operation.one_of, parameter.name)
        if not given then table.insert(rest, parameter) end
    end
    local list, overloads = results(operation, answer_type(operation)), {}
    local leading = first.place == "path" and positional(operation, {}, 2)
    if leading then overloads[1] = overload("scaleapi." .. object, leading, "options?: table", list) end
    local options = first.place == "path" and class_of(operation) .. ".Options" or table_of(rest)
    operation.one_of = nil
    return method(object, name, operation, {}, rest, options, list, overloads)
end

return signatures
