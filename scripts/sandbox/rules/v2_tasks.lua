--[[
sandbox.rules.v2_tasks - tasks of the second API: get, list, create in a chat project, metadata.
--]]

local creation = require "scaleapi.sandbox.creation"
local documents = require "scaleapi.sandbox.documents_v2"
local merge = require "scaleapi.sandbox.merge"
local pages = require "scaleapi.sandbox.pages"
local store = require "scaleapi.sandbox.store"
local tasks = require "scaleapi.sandbox.rules.tasks"
local threads = require "scaleapi.sandbox.threads"
local v2 = require "scaleapi.sandbox.v2"
local wire = require "scaleapi.sandbox.wire"

local refuse = wire.refuse

local EXPANDABLE = { "project", "batch" }
local MISSING_PLACE = "Provide project_id, project_name, batch_id or batch_name."

local function find(c, given)
    return tasks.find(c, v2.needed(given, "task_id"))
end

local function get(c)
    local view = v2.view(c, EXPANDABLE)
    return documents.task(view, find(c, v2.from_query(c)))
end

-- --------------------------------------------------------------------- list

-- The tasks of the project, or of the batch if one is given; none if both are and disagree.
local function shelf_of(c, given)
    local project, batch, unknown = v2.filters(c, given)
    if unknown then return {} end
    if not project and not batch then refuse(400, MISSING_PLACE) end
    if project and batch and batch.project ~= project then return {} end
    return (batch or project).tasks
end

local function list(c)
    local given, view = v2.from_query(c), v2.view(c, EXPANDABLE)
    local status = v2.one_of(given, "status", v2.TASK_STATUSES)
    local is_within = v2.bounds(c, "completed")
    local page, next_token = v2.page_of_tasks(c, shelf_of(c, given), function(task)
        return (not status or store.task_state(task) == status) and is_within(task.completed)
    end)
    return '{"tasks":' .. pages.render(page, documents.task, view) .. next_token .. "}"
end

-- ----------------------------------------------------------------- creating

-- The project and the batch that the task is to lie in.
local function place_of(c, given)
    local status = c.world.assume.v2_missing_place
    local project, batch = v2.project(c, given, status), v2.batch(c, given, status)
    if not project and not batch then refuse(400, MISSING_PLACE) end
    project = project or batch.project
    if not threads.is_chat(project.type) then refuse(400, 'Project "%s" is of type %s.', project.name, project.type) end
    return project, batch
end

-- What was sent, as the first API would have been sent it.
local function first_fields(fields, project, batch)
    local values = { project = wire.quote(project.name), batch = batch and wire.quote(batch.name) }
    for _, name in ipairs { "template_variables", "metadata", "callback_url", "unique_id" } do
        values[name] = fields.values[name]
    end
    return { names = values.template_variables and { "template_variables" } or {}, values = values }
end

local function create_chat(c)
    local fields = wire.fields(c.request.body)
    local project, batch = place_of(c, v2.from_body(fields))
    wire.optional(fields, "template_variables", "object")
    local task = tasks.make(c, project.type, first_fields(fields, project, batch))
    return documents.task(v2.plain_view(c), task)
end

-- ----------------------------------------------------------------- metadata

local function set_metadata(c)
    local fields = wire.fields(c.request.body)
    local task = find(c, v2.from_body(fields))
    local metadata = wire.needed(fields, "metadata", "object")
    local merges = wire.optional(fields, "merge", "boolean") == "true"
    task.metadata = creation.check_metadata(merges and merge(task.metadata or "{}", metadata) or metadata)
    store.touch(c.account, task)
    return documents.task(v2.plain_view(c), task)
end

return {
    { "GET", "/v2/task", get, query = { "task_id", "expand", "opts" } },
    { "GET", "/v2/tasks", list, query = { "project_id", "project_name", "batch_id", "batch_name", "status",
        "completed_after", "completed_before", "limit", "next_token", "expand", "opts" } },
    { "POST", "/v2/task/chat", create_chat },
    { "POST", "/v2/task/metadata", set_metadata },
}
