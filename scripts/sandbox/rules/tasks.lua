--[[
sandbox.rules.tasks - one task: create, get, cancel, audit, unique_id, metadata, tags.
--]]

local documents = require "scaleapi.sandbox.documents"
local store = require "scaleapi.sandbox.store"
local types = require "scaleapi.sandbox.types"
local wire = require "scaleapi.sandbox.wire"

local refuse = wire.refuse

local MOST_METADATA = 10 * 1024
local MOST_TAGS = 5

-- Fields that stand at a task's top; all others are its params.
local COMMON = {
    type = true, instruction = true, callback_url = true, metadata = true, project = true, batch = true,
    unique_id = true, tags = true, priority = true, project_param_version = true, project_version = true,
    clear_unique_id_on_error = true,
}

-- ------------------------------------------------------------------ checking

local function check_metadata(raw)
    if raw and #raw > MOST_METADATA then refuse(400, "Metadata must not exceed 10KB.") end
    return raw
end

local function check_unique_id(account, unique_id, task)
    local other = account.unique[unique_id]
    if other and other ~= task then
        refuse(409, 'The unique_id ("%s") is already used for a different task (%s).', unique_id, store.id_of(other))
    end
end

-- The tags (raw strings), each once, in their order; refuses too many.
local function check_tags(tags)
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
    return raw and check_tags(wire.texts(raw, "tags"))
end

local function check_idempotency(c)
    local key = c.request.headers["idempotency-key"]
    if key and c.account.idempotency[key] then
        refuse(409, "The idempotency key is already in use for a different request.")
    end
    return key
end

-- ------------------------------------------------------------------ creating

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

local function check_place(c, project, batch)
    if not project and c.account.kind == "live" and c.world.assume.live_needs_project then
        wire.refuse_parameter("project", "is required")
    end
    if project and project.kind == "rapid" and not batch then wire.refuse_parameter("batch", "is required") end
    if batch and batch.released then
        refuse(400, 'Batch "%s" is already finalized and takes no new tasks.', batch.name)
    end
end

-- The version of the project's params that the task inherits: its params and its number; nothing for -1.
local function inherited(fields, project)
    local raw = wire.optional(fields, "project_param_version", "integer")
        or wire.optional(fields, "project_version", "integer")
    local number = raw and math.tointeger(tonumber(raw)) or #project.versions - 1
    if number == -1 then return nil end
    if not project.versions[number + 1] then
        wire.refuse_parameter("project_param_version", "must be a version of the project's params")
    end
    return project.versions[number + 1], number
end

-- Puts what the project gives behind what was sent, field by field.
local function inherit(fields, params)
    local values = fields.values
    for _, name in ipairs(params.names) do
        if values[name] == nil then
            fields.names[#fields.names + 1] = name
            values[name] = params.values[name]
            local spelled = params.spelled and params.spelled[name]
            if spelled then
                fields.spelled = fields.spelled or {}
                fields.spelled[name] = spelled
            end
        elseif name == "instruction" and values[name] ~= "null" then
            -- the project's text comes behind the task's own
            values[name] = values[name]:sub(1, -2) .. "\\n" .. params.values[name]:sub(2)
        end
    end
end

local function params_of(fields, task_type)
    local parts = {}
    for _, name in ipairs(fields.names) do
        if not COMMON[name] then parts[#parts + 1] = wire.member(fields, name) end
    end
    for _, default in ipairs(types.by_name[task_type].defaults or {}) do
        if fields.values[default[1]] == nil then parts[#parts + 1] = '"' .. default[1] .. '":' .. default[2] end
    end
    return "{" .. table.concat(parts, ",") .. "}"
end

-- The name of the project or batch, as it was sent if it was.
local function name_member(fields, name, place)
    if not place then return "" end
    return ',"' .. name .. '":' .. (wire.optional(fields, name, "string") or wire.quote(place.name))
end

-- What never changes in a task, as JSON members.
local function fixed_part(c, task_type, fields, project, batch, version)
    local callback = wire.optional(fields, "callback_url", "string")
    local clear = wire.optional(fields, "clear_unique_id_on_error", "boolean") == "true"
    return store.new_head(c.account, task_type)
        .. ',"instruction":' .. (wire.optional(fields, "instruction", "string") or '""')
        .. (callback and ',"callback_url":' .. callback or "")
        .. name_member(fields, "project", project) .. name_member(fields, "batch", batch)
        .. (version and ',"project_param_version":' .. version or "")
        .. (clear and ',"clear_unique_id_on_error":true' or "")
        .. ',"priority":' .. (wire.optional(fields, "priority", "integer") or "0")
        .. (c.account.kind == "test" and ',"is_test":true,"processed_attachments":[]' or ',"is_test":false')
        .. ',"params":' .. params_of(fields, task_type)
end

local function sent_unique_id(c, fields)
    local raw = wire.optional(fields, "unique_id", "string")
    if not raw then return nil end
    local unique_id = wire.needed_text(fields, "unique_id")
    check_unique_id(c.account, unique_id)
    return unique_id, raw
end

local function create(c, task_type)
    if not types.by_name[task_type] then
        refuse(c.world.assume.unknown_type, "Unknown task type: %s", task_type)
    end
    local fields = wire.fields(c.request.body)
    local key = check_idempotency(c)
    local project, batch = find_place(c, fields, task_type)
    check_place(c, project, batch)
    local params, version
    if project then params, version = inherited(fields, project) end
    if params then inherit(fields, params) end
    types.check(task_type, fields.values)
    local tags = sent_tags(fields)
    local metadata = check_metadata(wire.optional(fields, "metadata", "object"))
    local fixed = fixed_part(c, task_type, fields, project, batch, version)
    local unique_id, unique_raw = sent_unique_id(c, fields)
    if key then c.account.idempotency[key] = true end
    local task = store.add_task(c.account, fixed, batch or project, metadata)
    if unique_id then store.set_unique_id(c.account, task, unique_id, unique_raw) end
    task.tags = tags
    if c.account.kind == "test" then store.finish(c.account, task, c.account.time) end
    return documents.task(c.world, task)
end

-- --------------------------------------------------------------- one task

local function find(c, id)
    return store.find_task(c.account, id) or refuse(404, "Task with that ID not found.")
end

local function get(c, id)
    return documents.task(c.world, find(c, id))
end

local function check_cancelable(c, task)
    if task.status == "completed" then refuse(400, "Task is already completed and cannot be canceled.") end
    if task.status == "error" and not c.world.assume.error_can_be_canceled then
        refuse(400, "Task is in error and cannot be canceled.")
    end
end

local function drop_unique_id(c, task)
    if not task.unique_id then return end
    store.set_unique_id(c.account, task, nil)
    store.touch(c.account, task)
end

local function cancel(c, id)
    local task = find(c, id)
    local clear = wire.boolean(c:query(), "clear_unique_id", false) or c.world.assume.canceled_frees_unique_id
    check_cancelable(c, task)
    if task.status ~= "canceled" then store.cancel(c.account, task) end
    if clear then drop_unique_id(c, task) end
    return documents.task(c.world, task)
end

local function audit(c, id)
    local task = find(c, id)
    local fields = wire.fields(c.request.body)
    local accepted = wire.needed(fields, "accepted", "boolean") == "true"
    local comments = wire.optional(fields, "comments", "string")
    if task.status ~= "completed" and c.world.assume.audit_only_completed then
        refuse(400, "Only completed tasks can be audited.")
    end
    task.audits = task.audits or {}
    table.insert(task.audits, documents.audit(c.account.time, accepted, comments))
    task.review = accepted and "accepted" or "rejected"
    local batch = store.batch_of(task)
    if batch then batch.audited = c.account.time end
    store.touch(c.account, task)
    store.tell(c.account, task, "audited")
    if c.world.assume.audit_answer == "ok" then return "OK", "text/plain" end
    return documents.task(c.world, task)
end

local function set_unique_id(c, id)
    local task = find(c, id)
    local fields = wire.fields(c.request.body)
    local unique_id = wire.needed_text(fields, "unique_id")
    check_unique_id(c.account, unique_id, task)
    if task.unique_id ~= unique_id then
        store.set_unique_id(c.account, task, unique_id, fields.values.unique_id)
        store.touch(c.account, task)
    end
    return documents.task(c.world, task)
end

local function clear_unique_id(c, id)
    local task = find(c, id)
    drop_unique_id(c, task)
    return documents.task(c.world, task)
end

local function set_metadata(c, id)
    local task = find(c, id)
    task.metadata = check_metadata(wire.object_body(c.request.body))
    store.touch(c.account, task)
    return documents.task(c.world, task)
end

-- --------------------------------------------------------------------- tags

local function replace(_, sent)
    return sent
end

local function add(present, sent)
    local tags = table.move(present, 1, #present, 1, {})
    return table.move(sent, 1, #sent, #tags + 1, tags)
end

local function remove(present, sent)
    local unwanted, tags = {}, {}
    for _, raw in ipairs(sent) do unwanted[wire.text(raw)] = true end
    for _, raw in ipairs(present) do
        if not unwanted[wire.text(raw)] then tags[#tags + 1] = raw end
    end
    return tags
end

-- A rule that gives a task the tags that `change` makes of those it has and those that were sent.
local function tags_rule(change)
    return function(c, id)
        local task = find(c, id)
        local tags = check_tags(change(task.tags or {}, wire.texts_body(c.request.body)))
        if #tags > 0 or task.tags or change == replace then task.tags = tags end
        store.touch(c.account, task)
        return documents.task(c.world, task)
    end
end

return {
    { "POST", "/v1/task/{type}", create },
    { "GET", "/v1/task/{id}", get },
    { "POST", "/v1/task/{id}/cancel", cancel },
    { "POST", "/v1/task/{id}/audit", audit },
    { "POST", "/v1/task/{id}/unique_id", set_unique_id },
    { "DELETE", "/v1/task/{id}/unique_id", clear_unique_id },
    { "POST", "/v1/task/{id}/setMetadata", set_metadata },
    { "POST", "/v1/task/{id}/tags", tags_rule(replace) },
    { "PUT", "/v1/task/{id}/tags", tags_rule(add) },
    { "DELETE", "/v1/task/{id}/tags", tags_rule(remove) },
}
