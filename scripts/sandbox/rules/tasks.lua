--[[
sandbox.rules.tasks - one task: create, get, cancel, audit, unique_id, metadata, tags.
--]]

local creation = require "scaleapi.sandbox.creation"
local documents = require "scaleapi.sandbox.documents"
local store = require "scaleapi.sandbox.store"
local wire = require "scaleapi.sandbox.wire"

local refuse = wire.refuse

-- ------------------------------------------------------------------ creating

-- The request's idempotency key, or nil; and the task that it made before, if that is to be answered again.
local function read_key(c)
    local key = c.request.headers["idempotency-key"]
    local before = key and c.account.idempotency[key]
    if not before then return key end
    if before.request ~= c.request.path .. " " .. c.request.body then
        refuse(409, "The idempotency key is already in use for a different request.")
    end
    return key, before.task
end

-- A request is kept only where it is asked for again: bodies are large.
local function keep_key(c, key, task)
    local repeats = c.world.assume.idempotent_repeat == 200
    c.account.idempotency[key] = { task = task, request = repeats and c.request.path .. " " .. c.request.body }
end

local function check_place(c, project, batch)
    if not project and c.account.kind == "live" and c.world.assume.live_needs_project then
        wire.refuse_parameter("project", "is required")
    end
    if project and project.kind == "rapid" and not batch then wire.refuse_parameter("batch", "is required") end
    if batch and batch.released then
        refuse(400, 'Batch "%s" is already finalized and takes no new tasks.', batch.name)
    end
    if batch and batch.cancelled then refuse(400, 'Batch "%s" is cancelled and takes no new tasks.', batch.name) end
end

-- What never changes in a task, as JSON members.
local function fixed_part(c, task_type, request)
    local fields, version = request.fields, request.version
    local callback = wire.optional(fields, "callback_url", "string")
    local clear = wire.optional(fields, "clear_unique_id_on_error", "boolean") == "true"
    return store.new_head(c.account, task_type)
        .. ',"instruction":' .. (wire.optional(fields, "instruction", "string") or '""')
        .. (callback and ',"callback_url":' .. callback or "")
        .. creation.name_member(fields, "project", request.project)
        .. creation.name_member(fields, "batch", request.batch)
        .. (version and ',"project_param_version":' .. version or "")
        .. (clear and ',"clear_unique_id_on_error":true' or "")
        .. ',"priority":' .. (wire.optional(fields, "priority", "integer") or "0")
        .. (c.account.kind == "test" and ',"is_test":true,"processed_attachments":[]' or ',"is_test":false')
        .. ',"params":' .. creation.params(fields, task_type)
end

-- Makes a task of what was sent, and returns it.
local function make(c, task_type, fields)
    local key, before = read_key(c)
    if before then return before end
    local request = creation.read(c, task_type, fields, check_place)
    local fixed = fixed_part(c, task_type, request)
    local task = store.add_task(c.account, fixed, request.batch or request.project, request.metadata)
    if key then keep_key(c, key, task) end
    if request.unique_id then store.set_unique_id(c.account, task, request.unique_id, request.unique_raw) end
    task.tags = request.tags
    if c.account.kind == "test" then store.finish(c.account, task, c.account.time) end
    return task
end

local function create(c, task_type)
    creation.check_type(c, task_type)
    return documents.task(c.world, make(c, task_type, wire.fields(c.request.body)))
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
    if task.status == "pending" and task.started and not c.world.assume.started_can_be_canceled then
        refuse(400, "Task is already being worked on and cannot be canceled.")
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
    store.review(c.account, task, accepted and "accepted" or "rejected")
    if c.world.assume.audit_answer == "ok" then return "OK", "text/plain" end
    return documents.task(c.world, task)
end

local function set_unique_id(c, id)
    local task = find(c, id)
    local fields = wire.fields(c.request.body)
    local unique_id = wire.needed_text(fields, "unique_id")
    creation.check_unique_id(c.account, unique_id, task)
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
    task.metadata = creation.check_metadata(wire.object_body(c.request.body))
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
        local tags = creation.check_tags(change(task.tags or {}, wire.texts_body(c.request.body)))
        if #tags > 0 or task.tags or change == replace then task.tags = tags end
        if #tags == 0 and c.world.assume.tags_gone == "absent" then task.tags = nil end
        store.touch(c.account, task)
        return documents.task(c.world, task)
    end
end

return {
    make = make,
    find = find,
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
