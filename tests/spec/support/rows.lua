--[[
rows.lua - the operation table for specs that go through all of it: how a row is called, arguments that will do, and an
answer that is one.

    for _, row in ipairs(rows.all) do rows.call(client, row, rows.arguments(row)) end
--]]

local scaleapi = require "scaleapi"
local core = require "scaleapi.core"

local rows = { all = scaleapi.operations, by_name = {} }
for _, row in ipairs(rows.all) do rows.by_name[row.name] = row end

--- The failures that the row documents: an array of { status, standing, cause }.
function rows.failures(row)
    return core.describe(row.name).failures
end

-- ------------------------------------------------------------------- calling

-- The face that has the row's methods: the client, client.safe, client.v2 or client.v2.safe.
local function face_of(client, row, safe)
    local face = row.version == 2 and client.v2 or client
    return safe and face.safe or face
end

--- The name of the row's method. Of a list that comes page by page, that of the one that fetches one page.
function rows.method(row)
    local name = row.name:gsub("^v2%.", "")
    return row.page == "none" and name or (name:gsub("^%l+_", ""))
end

--- Calls the row's method with arguments by name (and call options); `safe` by the face that returns errors.
function rows.call(client, row, named, options, safe)
    local face = face_of(client, row, safe)
    return face[rows.method(row)](face, named, options)
end

--- The iterator of a row whose list comes page by page.
function rows.iterate(client, row, named)
    local face = face_of(client, row)
    return face[row.name:gsub("^v2%.", "")](face, named)
end

-- ----------------------------------------------------------------- arguments

local VALUES = {
    string = "x", integer = 1, boolean = true, time = "2021-01-01T00:00:00Z", strings = { "x", "y" },
    comma_strings = { "x", "y" }, object = { a = 1 }, array = { "x" }, string_list = { "x@example.com" },
    name_list = { "x" }, any = "x",
}

local function first_of(enumeration)
    local values = {}
    for _, value in pairs(core.enumerations[enumeration]) do table.insert(values, value) end
    table.sort(values)
    return values[1]
end

--- A value that the parameter takes.
function rows.value(parameter)
    if not parameter.enumeration then return VALUES[parameter.value] end
    local word = first_of(parameter.enumeration)
    return parameter.value == "string" and word or { word }
end

--- What must be given, and nothing else: name -> value.
function rows.arguments(row)
    local named = {}
    for _, parameter in ipairs(row.parameters) do
        if parameter.required then named[parameter.name] = rows.value(parameter) end
    end
    if row.one_of then named[row.one_of:match "^%S+"] = "x" end
    if row.body == "parts" then named.file, named.data, named.filename = nil, "x", "x.txt" end
    if row.name == "get_tasks" then named.project_name = "x" end -- only its iterator insists
    return named
end

--- The row's path with the values of rows.arguments in it.
function rows.path(row)
    local by_wire = {}
    for _, parameter in ipairs(row.parameters) do by_wire[parameter.wire] = rows.value(parameter) end
    return (row.path:gsub("{([%w_]+)}", by_wire))
end

-- ------------------------------------------------------------------- answers

-- An object of any kind, of a server that is newer than this client: words that nobody knows, fields that nobody knows.
local THING = '{"task_id":"i1","id":"i1","name":"n1","status":"levitating","type":"hologram","role":"overlord",' ..
    '"email":"e@example.com","key":"k1","message":"m1","version":3,"attachment_url":"u1","project":"p1",' ..
    '"schema":{"id":"s1","json":"{\\"a\\":1}","brand_new":1},' ..
    '"batch":{"id":"i1","name":"n1","status":"levitating","brand_new":{}},' ..
    '"brand_new":{"deep":[1,{"a":null}]},"nothing":null,"batch_name":"n1"}'

local ASSIGNMENTS = '{"e@example.com":["p1","p2"]}'

--- A good answer: the server's response as support/fake.lua takes it.
function rows.answer(row)
    if row.form == "address" then
        return { status = 302, headers = { Location = "https://files.example.com/a%20b?c=d" } }
    elseif row.object == "StudioAssignments" then
        return ASSIGNMENTS
    elseif row.form ~= "list" then
        return THING
    elseif not row.member then
        return "[" .. THING .. "]"
    end
    return ('{"%s":[%s],"brand_new":{"a":[]},"total":1,"limit":100,"has_more":false}'):format(row.member, THING)
end

--- The first object in what a call returned.
function rows.object(row, value)
    if row.form ~= "list" then return value end
    return row.member and value[row.member][1] or value[1]
end

return rows
