--[[
sandbox.rules.audits - fixless audits: audits of a task by what was found, without a fixed response. What more than the
task and the result is sent is kept as it stands.
--]]

local store = require "scaleapi.sandbox.store"
local wire = require "scaleapi.sandbox.wire"

local RESULTS = { accepted = true, fixed = true, rejected = true }
local OURS = { id = true, task_id = true, audit_result = true }

local function find_task(c, fields)
    local task = store.find_task(c.account, wire.needed_text(fields, "task_id"))
    if not task then wire.refuse(400, "Task with that ID not found.") end
    if task.status ~= "completed" and c.world.assume.audit_only_completed then
        wire.refuse(400, "Only completed tasks can be audited.")
    end
    return task
end

local function document(id, fields)
    local parts = { ('"id":"%s"'):format(id), wire.member(fields, "task_id"), wire.member(fields, "audit_result") }
    for _, name in ipairs(fields.names) do
        if not OURS[name] then parts[#parts + 1] = wire.member(fields, name) end
    end
    return "{" .. table.concat(parts, ",") .. "}"
end

local function create(c)
    local fields = wire.fields(c.request.body)
    local result = wire.needed_text(fields, "audit_result")
    if not RESULTS[result] then wire.refuse_parameter("audit_result", "must be one of accepted, fixed, rejected") end
    wire.optional(fields, "feedback_items", "array")
    local task = find_task(c, fields)
    local audit = { task_id = store.id_of(task) }
    store.add_audit(c.account, audit)
    audit.document = document(audit.id, fields)
    if c.world.assume.fixless_audit_reviews then store.review(c.account, task, result) end
    return { status = 201, body = audit.document } -- the one call of the first API that answers so
end

local function list(c)
    local query = c:query()
    local id, task_id = wire.last(query, "id"), wire.last(query, "task_id")
    if not id and not task_id then wire.refuse(400, "Provide task_id or id.") end
    local found = {}
    for _, audit in ipairs(id and { c.account.audits[id] } or c.account.audits) do
        if not task_id or audit.task_id == task_id then found[#found + 1] = audit.document end
    end
    return "[" .. table.concat(found, ",") .. "]"
end

return {
    { "PUT", "/v1/audits", create },
    { "GET", "/v1/audits", list },
}
