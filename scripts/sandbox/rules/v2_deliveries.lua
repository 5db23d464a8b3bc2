--[[
sandbox.rules.v2_deliveries - deliveries of tasks, and the schemas of their responses. Both are seeded (see seeds.lua);
the API only reads them.
--]]

local documents = require "scaleapi.sandbox.documents_v2"
local pages = require "scaleapi.sandbox.pages"
local store = require "scaleapi.sandbox.store"
local v2 = require "scaleapi.sandbox.v2"
local wire = require "scaleapi.sandbox.wire"

local refuse = wire.refuse

local function list(c)
    local given, view = v2.from_query(c), v2.view(c, { "project" })
    local project, _, unknown = v2.filters(c, given)
    local is_delivered = v2.bounds(c, "delivered")
    local function is_wanted(delivery)
        return (not project or delivery.project == project) and is_delivered(delivery.delivered)
    end
    local all = unknown and {} or c.account.deliveries
    return '{"deliveries":' .. pages.render_all(all, is_wanted, documents.delivery, view) .. "}"
end

local function get(c)
    local given, view = v2.from_query(c), v2.view(c, { "project", "batch", "delivery" })
    local project = v2.project(c, given)
    local delivery = v2.delivery(c, given, project) or refuse(400, "Provide delivery_id or delivery_name.")
    if project and delivery.project ~= project then refuse(404, "Delivery with that id not found.") end
    local is_whole = view.expand.delivery or c.world.assume.v2_delivery_expanded
    local page, next_token = v2.page_of_tasks(c, delivery.tasks)
    return '{"delivery":' .. (is_whole and documents.delivery(view, delivery) or wire.quote(delivery.id))
        .. ',"tasks":' .. pages.render(page, documents.task, view) .. next_token .. "}"
end

-- The tasks of a delivery or a project, which have been delivered or not.
local function list_tasks(c)
    local given = v2.from_query(c)
    local delivery = v2.delivery(c, given)
    local project, _, unknown = v2.filters(c, given)
    if not (project or delivery or unknown) then refuse(400, "Provide delivery_id, project_id or project_name.") end
    local status, is_completed = v2.one_of(given, "status", v2.TASK_STATUSES), v2.bounds(c, "completed")
    local tasks = unknown and {} or (delivery or project).tasks
    local page, next_token = v2.page_of_tasks(c, tasks, function(task)
        return (not project or store.project_of(task) == project) and (not status or store.task_state(task) == status)
            and is_completed(task.completed)
    end)
    return '{"docs":' .. pages.render(page, documents.delivered_task, { world = c.world, delivery = delivery })
        .. (',"total":%d'):format(#page) .. next_token .. "}"
end

local function get_schema(c)
    local id = v2.needed(v2.from_query(c), "schema_id")
    local schema = c.account.schemas[id] or refuse(404, "Schema with that id not found.")
    return '{"schema":' .. documents.schema(nil, schema) .. "}"
end

return {
    { "GET", "/v2/deliveries", list, query = { "project_id", "project_name", "delivered_after", "delivered_before",
        "expand" } },
    { "GET", "/v2/delivery", get, query = { "delivery_id", "delivery_name", "project_id", "project_name", "limit",
        "next_token", "expand", "opts" } },
    { "GET", "/v2/delivery/tasks", list_tasks, query = { "delivery_id", "project_id", "project_name", "status",
        "completed_after", "completed_before", "limit", "next_token" } },
    { "GET", "/v2/schema", get_schema, query = { "schema_id" } },
}
