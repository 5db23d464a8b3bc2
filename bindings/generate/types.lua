--[[
bindings.generate.types - the module's types for LuaLS: option tables of every operation, the objects that are answered,
the clients' methods.
--]]

local scaleapi = require "scaleapi"
local fields = require "scaleapi.fields"
local objects = require "scaleapi.objects"
local module_types = require "bindings.generate.module_types"
local signatures = require "bindings.generate.signatures"

local lines

local function add(...)
    for _, line in ipairs { ... } do lines[#lines + 1] = line end
end

-- ------------------------------------------------------------- enumerations

-- Name -> its values in their order, of those that parameters have; and their names in the order of the table.
local function enumerations()
    local values, names = {}, {}
    for _, row in ipairs(scaleapi.operations) do
        for _, parameter in ipairs(scaleapi.describe(row.name).parameters) do
            local name = parameter.enumeration
            if name and not values[name] then
                values[name] = parameter.values
                names[#names + 1] = name
            end
        end
    end
    return values, names
end

local function add_enumerations(values, names)
    for _, name in ipairs(names) do
        local called = {}
        for key, value in pairs(scaleapi[name]) do called[value] = key end
        add("---@alias scaleapi.enum." .. name .. " \"" .. table.concat(values[name], "\"|\"") .. "\"", "")
        add("---@class scaleapi.names." .. name)
        for _, value in ipairs(values[name]) do add(("---@field %s %q"):format(called[value], value)) end
        add ""
    end
end

-- ------------------------------------------------------------------ objects

-- What the module computes beside the fields that the server sends.
local COMPUTED = {
    Batch = {
        "tasks_pending? integer Once get_status was called", "tasks_completed? integer", "tasks_error? integer",
        "tasks_canceled? integer",
    },
    Project = {
        "params table The newest version of its params", "version? integer Of the newest params",
        "instruction? string Of the newest params",
    },
    Teammate = {
        "first_name? string", "last_name? string", "is_studio_labeler? boolean", "disable_rapid_emails? boolean",
    },
    StudioProjectGroup = { "num_workers integer", "is_singleton boolean" },
    StudioBatch = { "project_id string", "project_name string", "batch_type string", "studio_priority? number" },
    Schema = { "id? string", "content any The schema, decoded" },
}

local SET_METADATA = [[
---Sets the metadata, or merges it into what is there.
---@param metadata table
---@param options? { merge?: boolean }
---@return scaleapi.%s
function %s:set_metadata(metadata, options) end
]]

local UPDATE_ROLE = [[
---Gives the member another role.
---@param role scaleapi.enum.TeammateRole
---@param options? scaleapi.CallOptions
---@return scaleapi.Teammate
function Teammate:%s(role, options) end
]]

-- Methods that are not called as their operation is.
local METHODS = {
    Batch = { get_status = [[
---Asks for status and counts, which are in tasks_pending and so on from then on.
---@return scaleapi.BatchStatus
function Batch:get_status() end
]] },
    Teammate = {
        update_role = UPDATE_ROLE:format "update_role",
        update_teammate_role = UPDATE_ROLE:format "update_teammate_role",
    },
    TaskV2 = { set_metadata = SET_METADATA:format("TaskV2", "TaskV2") },
    BatchV2 = { set_metadata = SET_METADATA:format("BatchV2", "BatchV2") },
}

local function sorted_keys(map)
    local keys = {}
    for key in pairs(map) do keys[#keys + 1] = key end
    table.sort(keys)
    return keys
end

local function type_of_field(field)
    return (field.type:gsub("%f[%w]%u%w+", function(name) return "scaleapi." .. name end)
        :gsub("enum%.scaleapi%.", "scaleapi.enum."):gsub("%f[%w]time%f[%W]", "scaleapi.time"))
end

local function add_fields(object)
    for _, field in ipairs(object.fields) do
        add(("---@field %s%s %s%s"):format(field.name, field.optional and "?" or "", type_of_field(field),
            field.about and " " .. field.about or ""))
    end
    for _, field in ipairs(COMPUTED[object.name] or {}) do add("---@field " .. field) end
end

local function add_object(object)
    local class = objects.classes[object.name]
    if object.name == "StudioAssignments" then return end
    add(("---@class scaleapi.%s%s"):format(object.name, class and ": scaleapi.Object" or ""))
    add_fields(object)
    local methods = {}
    for method, operation in pairs(class and class.calls or {}) do
        methods[method] = signatures.method(object.name, method, signatures.describe(operation))
    end
    for method, text in pairs(METHODS[object.name] or {}) do methods[method] = text end
    if not next(methods) then return add "" end
    add(("local %s = {}"):format(object.name), "")
    for _, method in ipairs(sorted_keys(methods)) do add(methods[method]) end
end

local function add_objects()
    for _, object in ipairs(fields.objects) do add_object(object) end
    add("---@class scaleapi.StudioLabelerAssignment: scaleapi.Object", "---@field email string",
        "---@field assigned_projects string[]", "")
end

-- -------------------------------------------------------------------- lists

-- What lists of an object are: an iterator and a page of it, or all of it at once.
local function add_lists(operations)
    local added = {}
    for _, operation in ipairs(operations) do
        local kind = operation.list and signatures.list_class(operation)
        if kind and not added[kind] then
            added[kind] = true
            add(signatures.list(operation))
        end
    end
end

-- ------------------------------------------------------------------ clients

local function add_names(operations)
    local names = {}
    for _, operation in ipairs(operations) do
        names[#names + 1] = ("%q"):format(operation.name)
        for _, name in ipairs(operation.also) do names[#names + 1] = ("%q"):format(name) end
    end
    add("---@alias scaleapi.OperationName " .. table.concat(names, "|"), "")
end

local CLIENT = [[
---@class scaleapi.%s
---@field v2 scaleapi.%s The operations of the second API
%slocal %s = {}

---How many tasks match.
---@param options scaleapi.get_tasks.Options
---@return integer%s
function %s:get_tasks_count(options) end

---Runs an operation by its name. Returns the answer's bytes: of a list, one page.
---@param name scaleapi.OperationName
---@return string%s
function %s:call(name, ...) end
]]

local BESIDE = [[
---@return scaleapi.Stats
function Client:stats() end

---How fast its bulk calls go.
---@return scaleapi.Pace
function Client:pace() end

---What of that has changed since it was asked last.
---@return scaleapi.Change[]
function Client:changes() end

---Ends its unfinished calls and closes its connections.
function Client:close() end

---What stands before /v1 and /v2.
---@return string
function Client:base_url() end
]]

local function add_client(operations, safe)
    local name, second = safe and "SafeClient" or "Client", safe and "SafeClientV2" or "ClientV2"
    local failing = safe and "?\n---@return scaleapi.Error?" or ""
    local field = safe and "" or "---@field safe scaleapi.SafeClient The same, but returns nil and the error\n"
    add(("---@class scaleapi.%s"):format(second))
    if not safe then add "---@field safe scaleapi.SafeClientV2 The same, but returns nil and the error" end
    add(("local %s = {}"):format(second), "")
    add(CLIENT:format(name, second, field, name, failing, name, failing, name))
    if not safe then add(BESIDE) end
    for i, row in ipairs(scaleapi.operations) do
        add(signatures.of_client(row.version == 2 and second or name, operations[i], safe))
    end
    add(signatures.alias(name, signatures.describe "get_projects", "projects", safe))
    add(signatures.alias(name, signatures.describe "v2.get_tasks", "v2_get_tasks", safe))
end

--- The file.
return function()
    lines = {}
    local operations = {}
    for i, row in ipairs(scaleapi.operations) do operations[i] = signatures.describe(row.name) end
    local values, names = enumerations()
    add_enumerations(values, names)
    add_names(operations)
    for _, operation in ipairs(operations) do add(signatures.classes(operation)) end
    add_objects()
    add_lists(operations)
    add_client(operations, true)
    add_client(operations, false)
    local tail = module_types.tail:gsub("local scaleapi = {}\n", function(line)
        local list = {}
        for i, name in ipairs(names) do list[i] = ("---@field %s scaleapi.names.%s\n"):format(name, name) end
        return table.concat(list) .. line
    end)
    return module_types.head .. table.concat(lines, "\n") .. "\n" .. tail
end
