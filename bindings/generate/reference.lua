--[[
bindings.generate.reference - the reference page of all operations, as Markdown.
--]]

local scaleapi = require "scaleapi"
local fields = require "scaleapi.fields"
local objects = require "scaleapi.objects"
local computed = require "bindings.generate.computed"
local module_page = require "bindings.generate.module_page"

local HEAD = [[
# The operations

Every operation of Scale's API, both versions, as `scalua` and the Lua module call it. Made from the operation table
(`core/src/operations.def`) by `scalua bindings/generate.lua reference`; do not edit.

In Lua an operation is a method: of the client, or of `client.v2` for those whose names begin with `v2.`. Parameters
stand in a table, by the names given here or by those that they have in the request; those of the path, and others in
the order of the list, may stand before the table. The options of a call (`timeout`, `connect_timeout`, `deadline`, in
seconds; `max_attempts`) stand beside the parameters, or in a table of their own behind a body. `client.safe` has the
same methods, which return `nil` and the error instead of raising it. A list is iterated
(`for task in client:get_tasks { … } do`) or taken whole (`client:get_tasks { … }:list()`); of a list that comes page by
page, one page is what the method without its verb answers (`client:tasks { … }`). `get_tasks` takes `slices = 8` too:
it then reads so many parts of the list, by `created_at`, at once, and gives the tasks as they come, or with
`ordered = true` newest first as ever. On the command line it is
`scalua api NAME …`; `scalua api NAME --help` says what stands here. Behind the operations come
[the objects](#objects) that they answer, with their methods, [the values](#values) that fields can have, and
[the Lua module](#the-lua-module)'s own functions, options and errors.

Where a fact comes from is marked:

]]

local SOURCES = { "sdk", "docs", "seen", "assumed" }

local lines

local function add(...)
    for _, line in ipairs { ... } do lines[#lines + 1] = line end
end

-- Text inside a cell of a table.
local function cell(text)
    return (text:gsub("|", "\\|"):gsub("[<>]", { ["<"] = "&lt;", [">"] = "&gt;" }))
end

local function row(...)
    add("| " .. table.concat({ ... }, " | ") .. " |")
end

local function heading(...)
    local names = { ... }
    row(...)
    add("|" .. (" --- |"):rep(#names))
end

-- ---------------------------------------------------------------- operation

-- How it is called in Lua: what stands in the path, and a table if there is more.
local function signature(operation)
    local in_path, more = {}, false
    for _, parameter in ipairs(operation.parameters) do
        if parameter.place == "path" then table.insert(in_path, parameter.name) else more = true end
    end
    local second = operation.path:find "^/v2/" ~= nil
    local method = (second and "client.v2:" or "client:") .. operation.name:gsub("^v2%.", "")
    if more or operation.open then table.insert(in_path, "{ … }") end
    if #in_path == 1 and in_path[1] == "{ … }" then return method .. " { … }" end
    return ("%s(%s)"):format(method, table.concat(in_path, ", "))
end

local function parameter_about(operation, parameter)
    local parts = { cell(parameter.about) .. "." }
    if parameter.wire then table.insert(parts, ("In the request: `%s`."):format(parameter.wire)) end
    if parameter.values then
        table.insert(parts, "Known values: `" .. table.concat(parameter.values, "`, `") .. "`.")
    end
    if parameter.required then table.insert(parts, 1, "**Required.**") end
    for _, name in ipairs(operation.one_of or {}) do
        if name == parameter.name then table.insert(parts, 1, "**One of them is required.**") end
    end
    return table.concat(parts, " ")
end

local function add_parameters(operation)
    if #operation.parameters == 0 then
        return add(operation.open and "No field of its body is known for certain." or "It has no parameters.", "")
    end
    heading("parameter", "value", "where", "what", "source")
    for _, parameter in ipairs(operation.parameters) do
        row("`" .. parameter.name .. "`", cell(parameter.kind), parameter.place, parameter_about(operation, parameter),
            parameter.standing)
    end
    add ""
    if operation.one_of then
        add("It needs `" .. table.concat(operation.one_of, "` or `") .. "`.", "")
    end
end

local function add_failures(operation)
    heading("status", "why", "source")
    for _, failure in ipairs(operation.failures) do
        row(tostring(failure.status), cell(failure.cause), failure.standing)
    end
    add ""
end

local function link(object)
    return ("[%s](#%s)"):format(object, object:lower() .. "-object")
end

local function add_answer(operation)
    local answer = operation.answer
    if operation.fields then
        answer = answer:gsub("%f[%w]" .. operation.object .. "%f[%W]", (link(operation.object):gsub("%%", "%%%%")))
    end
    add("Answer: " .. answer .. ".", "")
end

local function add_operation(operation)
    add("### " .. operation.name, "", operation.summary .. ".", "",
        ("`%s %s` (%s)"):format(operation.method, operation.path, operation.standing), "")
    if operation.standing == "seen" then add("**" .. operation.sources.seen .. "**", "") end
    if #operation.also > 0 then add("Also called `" .. table.concat(operation.also, "`, `") .. "`.", "") end
    add("```", signature(operation), operation.example, "```", "")
    add_parameters(operation)
    if operation.takes_body then add("Body: " .. operation.body .. ".", "") end
    add_answer(operation)
    if operation.note then add(operation.note, "") end
    add("When it is not clear whether the server did it: " .. operation.unclear, "")
    add_failures(operation)
end

-- ------------------------------------------------------------------ objects

-- A type, each object in it a link to where that stands, and each enumeration one to its values.
local function type_of(field)
    local text = cell(field.type):gsub("%f[%w]enum%.(%w+)", "[%1](#values)")
    return (text:gsub("%f[%w%[]%u%w+", function(name) return fields.of(name) and link(name) end))
end

local function add_field(field)
    row(("`%s`%s"):format(field.name, field.optional and "?" or ""), type_of(field), cell(field.about or ""))
end

-- Those that the module computes beside what the server sends.
local function add_computed(object)
    for _, text in ipairs(computed[object.name] or {}) do
        local name, mark, kind, about = text:match "^([%w_]+)(%??) (%S+) ?(.*)$"
        add_field { name = name, optional = mark ~= "", type = kind, about = about ~= "" and about or "In Lua only" }
    end
end

local function add_methods(object)
    local class = objects.classes[object.name]
    local methods = {}
    for name, operation in pairs(class and class.calls or {}) do
        table.insert(methods, ("`:%s` ([%s](#%s))"):format(name, operation, (operation:gsub("%.", ""))))
    end
    table.sort(methods)
    if #methods > 0 then add("Methods: " .. table.concat(methods, ", ") .. ".", "") end
end

local function add_objects()
    add("## Objects", "", "What is answered, and what is in it. `?`: not always there. Any other field that the server "
        .. "sends is read as well. In Lua, `task:json()` is the server's own bytes and `task:as_table()` all of it as "
        .. "a plain table, in which null is `scaleapi.null`. A method calls the operation beside it with the thing's "
        .. "own id or name, takes what else that needs (`task:set_tags { \"night\" }`), and updates the object.", "")
    for _, object in ipairs(fields.objects) do
        add("### " .. object.name .. " object", "")
        heading("field", "type", "what")
        for _, field in ipairs(object.fields) do add_field(field) end
        add_computed(object)
        add ""
        add_methods(object)
    end
end

-- ------------------------------------------------------------------- values

local function add_values()
    add("## Values", "", "In Lua also by name: `scaleapi.TaskType.ImageAnnotation`; a name that there is not raises an "
        .. "error.", "")
    heading("of", "values")
    local added = {}
    for _, each in ipairs(scaleapi.operations) do
        for _, parameter in ipairs(scaleapi.describe(each.name).parameters) do
            local name = parameter.enumeration
            if name and not added[name] then
                added[name] = true
                row(name, "`" .. table.concat(parameter.values, "`, `") .. "`")
            end
        end
    end
    add ""
end

-- ------------------------------------------------------------------- module

local function add_module()
    local functions, tables = module_page.read()
    add("## The Lua module", "", "What there is beside the operations. A failed call raises an error object (or "
        .. "`client.safe` returns it); misuse, such as an unknown option, raises a text in both.", "")
    heading("call", "what")
    for _, each in ipairs(functions) do row("`" .. each.call .. "`", cell(each.about)) end
    add ""
    for _, each in ipairs(tables) do
        add("### " .. each.name, "", each.about, "")
        heading("field", "type", "what")
        for _, field in ipairs(each.fields) do
            row(("`%s`%s"):format(field.name, field.optional and "?" or ""), cell(field.type), cell(field.about))
        end
        add ""
    end
end

-- -------------------------------------------------------------------- page

local function add_index(operations, title, version)
    add("## " .. title, "")
    heading("name", "request", "what")
    for i, each in ipairs(scaleapi.operations) do
        if each.version == version then
            row(("[%s](#%s)"):format(each.name, each.name:gsub("%.", "")), ("`%s %s`"):format(each.method, each.path),
                cell(operations[i].summary))
        end
    end
    add ""
    for i, each in ipairs(scaleapi.operations) do
        if each.version == version then add_operation(operations[i]) end
    end
end

--- The page.
return function()
    lines = {}
    local operations = {}
    for i, each in ipairs(scaleapi.operations) do operations[i] = scaleapi.describe(each.name) end
    heading("mark", "meaning")
    for _, mark in ipairs(SOURCES) do row(mark, operations[1].sources[mark]) end
    add ""
    add_index(operations, "Version 1", 1)
    add_index(operations, "Version 2", 2)
    add_objects()
    add_values()
    add_module()
    return HEAD .. table.concat(lines, "\n"):gsub("\n+$", "") .. "\n"
end
