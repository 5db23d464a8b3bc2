--[[
sandbox.creation - what a request to make a task must have, whatever kind of task it is: place, inherited params, fields
of its type, unique_id, tags, metadata. Nothing is made here; what is wrong is refused.
--]]

local store = require "scaleapi.sandbox.store"
local types = require "scaleapi.sandbox.types"
local wire = require "scaleapi.sandbox.wire"

local refuse = wire.refuse

local MOST_METADATA = 10 * 1024
local MOST_TAGS = 5
local PRIORITIES = { ["0"] = true, ["10"] = true, ["20"] = true, ["30"] = true } -- 0: none

-- Fields that stand at a task's top; all others are its params.
local COMMON = {
    type = true, instruction = true, callback_url = true, metadata = true, project = true, batch = true,
    unique_id = true, tags = true, priority = true, project_param_version = true, project_version = true,
    clear_unique_id_on_error = true,
}

local creation = {}

-- ------------------------------------------------------------------- fields

--- Metadata as raw bytes, which must not be too much.
function creation.check_metadata(raw)
    if raw and #raw > MOST_METADATA then refuse(400, "Metadata must not exceed 10KB.") end
    return raw
end

--- Refuses a unique_id that something else than `task` has.
function creation.check_unique_id(account, unique_id, task)
    local other, quality = account.unique[unique_id], account.quality_unique[unique_id]
    if other and other ~= task or quality then
        refuse(409, 'The unique_id ("%s") is already used for a different task (%s).', unique_id,
            quality and quality.id or store.id_of(other))
    end
end

--- The tags (raw strings), each once, in their order; refuses too many.
function creation.check_tags(tags)
    local once, seen = {}, {}
    for _, raw in ipairs(tags) do
        local text = wire.text(raw)
        if not seen[text] then once[#once + 1] = raw end
        seen[text] = true
    end
    if #once > MOST_TAGS then refuse(400, "At most %d tags are allowed.", MOST_TAGS) end
    return once
end

local function sent_tags(fields)
    local raw = wire.optional(fields, "tags", "array")
    return raw and creation.check_tags(wire.texts(raw, "tags"))
end

local function sent_unique_id(account, fields)
    local raw = wire.optional(fields, "unique_id", "string")
    if not raw then return nil end
    local unique_id = wire.needed_text(fields, "unique_id")
    creation.check_unique_id(account, unique_id)
    return unique_id, raw
end

-- A web address or an e-mail address.
local function check_callback(fields)
    local url = wire.optional_text(fields, "callback_url")
    if url and not url:find "^https?://[^/]" and not wire.is_email(url) then
        wire.refuse_parameter("callback_url", "must be an http or https URL or an e-mail address")
    end
end

-- What stands at a task's top and is of one kind, whoever reads it later.
local function check_kinds(fields)
    wire.optional(fields, "instruction", "string")
    wire.optional(fields, "clear_unique_id_on_error", "boolean")
end

local function check_priority(fields)
    local raw = wire.optional(fields, "priority", "integer")
    if raw and not PRIORITIES[raw] then wire.refuse_parameter("priority", "must be one of 10, 20, 30") end
end

-- -------------------------------------------------------------------- place

-- The batch and the project that the task is to lie in, as far as they were named.
local function find_place(c, fields, task_type)
    local batch_name, project_name = wire.optional_text(fields, "batch"), wire.optional_text(fields, "project")
    local batch = batch_name and c.account.batches[batch_name]
    local project = project_name and c.account.projects[project_name]
    if batch_name and not batch then refuse(c.world.assume.missing_place, 'Batch "%s" not found.', batch_name) end
    if project_name and not project then
        refuse(c.world.assume.missing_place, 'Project "%s" not found.', project_name)
    end
    if batch and project and batch.project ~= project then
        refuse(400, 'Batch "%s" does not belong to project "%s".', batch_name, project_name)
    end
    project = project or batch and batch.project
    if project and project.type ~= task_type then
        refuse(400, 'Project "%s" is of type %s.', project.name, project.type)
    end
    return project, batch
end

-- ------------------------------------------------------------------ params

-- The version of the project's params that the task inherits: its params and its number; nothing for -1.
local function inherited(fields, project)
    local raw = wire.optional(fields, "project_param_version", "integer")
        or wire.optional(fields, "project_version", "integer")
    local number = raw and tonumber(raw) or #project.versions - 1
    if number == -1 then return nil end
    if not project.versions[number + 1] then
        wire.refuse_parameter("project_param_version", "must be a version of the project's params")
    end
    return project.versions[number + 1], number
end

-- What tells one task from another is inherited by none.
local OWN = { type = true, project = true, batch = true, unique_id = true, project_param_version = true,
    project_version = true }

-- The project's text comes behind the task's own. What is no text stays none, and is refused later.
local function join_instructions(own, more)
    if own == nil or own == "null" or own == '""' then return more end
    return own:sub(1, -2) .. "\\n" .. more:sub(2)
end

-- Puts what the project gives behind what was sent, field by field; null is what the Python SDK makes of nothing.
local function inherit(fields, params)
    local values = fields.values
    for _, name in ipairs(params.names) do
        if name == "instruction" then
            values[name] = join_instructions(values[name], params.values[name])
        elseif (values[name] == nil or values[name] == "null") and not OWN[name] then
            if values[name] == nil then fields.names[#fields.names + 1] = name end
            values[name] = params.values[name]
            local spelled = params.spelled and params.spelled[name]
            if spelled then
                fields.spelled = fields.spelled or {}
                fields.spelled[name] = spelled
            end
        end
    end
end

--- The params of a task of the type, as JSON: all fields but the common ones and those that `apart` names, and the
--- server's defaults.
function creation.params(fields, task_type, apart)
    local parts = {}
    for _, name in ipairs(fields.names) do
        if not COMMON[name] and not (apart and apart[name]) then parts[#parts + 1] = wire.member(fields, name) end
    end
    for _, default in ipairs(types.by_name[task_type].defaults or {}) do
        if fields.values[default[1]] == nil then parts[#parts + 1] = '"' .. default[1] .. '":' .. default[2] end
    end
    return "{" .. table.concat(parts, ",") .. "}"
end

--- ,"project":"…" or ,"batch":"…" of a place, as it was sent if it was.
function creation.name_member(fields, name, place)
    if not place then return "" end
    return ',"' .. name .. '":' .. (wire.optional(fields, name, "string") or wire.quote(place.name))
end

-- -------------------------------------------------------------------- read

--- Refuses a task type that is unknown.
function creation.check_type(c, task_type)
    if not types.by_name[task_type] then refuse(c.world.assume.unknown_type, "Unknown task type: %s", task_type) end
end

--- Reads and checks what a task of the type is to be made of. check_place(c, project, batch) refuses a place that will
--- not do. Returns { fields, project, batch, version (of its params), tags, metadata, unique_id, unique_raw }.
function creation.read(c, task_type, fields, check_place)
    local project, batch = find_place(c, fields, task_type)
    check_place(c, project, batch)
    local params, version
    if project then params, version = inherited(fields, project) end
    if params then inherit(fields, params) end
    types.check(task_type, fields.values)
    check_kinds(fields)
    check_callback(fields)
    check_priority(fields)
    local request = { fields = fields, project = project, batch = batch, version = version, tags = sent_tags(fields),
        metadata = creation.check_metadata(wire.optional(fields, "metadata", "object")) }
    request.unique_id, request.unique_raw = sent_unique_id(c.account, fields)
    return request
end

return creation
