--[[
sandbox.rules.v2_datasets - datasets, their deliveries and their tasks. All are seeded (see seeds.lua); the API only
reads them.
--]]

local documents = require "scaleapi.sandbox.documents_v2"
local pages = require "scaleapi.sandbox.pages"
local v2 = require "scaleapi.sandbox.v2"
local wire = require "scaleapi.sandbox.wire"

local refuse = wire.refuse

local EXPANDABLE = { "dataset", "delivery" }

local function any()
    return true
end

local function list(c)
    return '{"datasets":' .. pages.render_all(c.account.datasets, any, documents.dataset) .. "}"
end

-- The dataset, or the delivery of one, that the query names; nil if it names none.
local function find(list_of_them, given, name, title)
    local id = given(name)
    return id and (list_of_them[id] or refuse(404, "%s with that id not found.", title))
end

local function find_dataset(c, given)
    return find(c.account.datasets, given, "dataset_id", "Dataset")
end

local function find_delivery(c, given)
    return find(c.account.dataset_deliveries, given, "delivery_id", "Delivery")
end

local function list_deliveries(c)
    local given, view = v2.from_query(c), v2.view(c, { "dataset" })
    local dataset, is_delivered = find_dataset(c, given), v2.bounds(c, "delivered")
    local function is_wanted(delivery)
        return (not dataset or delivery.dataset == dataset) and is_delivered(delivery.delivered)
    end
    return '{"deliveries":'
        .. pages.render_all(c.account.dataset_deliveries, is_wanted, documents.dataset_delivery, view) .. "}"
end

-- -------------------------------------------------------------------- tasks

-- A page of tasks, as JSON, and what leads to the next.
local function page_of(c, view, items, is_wanted)
    local page, next_token = pages.read(c, {
        items = items, is_wanted = is_wanted,
        id_of = function(task) return task.id end,
        find = function(id) return c.account.dataset_tasks[id] end,
    })
    return '"tasks":' .. pages.render(page, documents.dataset_task, view) .. next_token
end

local function get_delivery(c)
    local given, view = v2.from_query(c), v2.view(c, EXPANDABLE)
    local delivery = find_delivery(c, given) or refuse(400, "Provide delivery_id.")
    local is_whole = view.expand.delivery or c.world.assume.v2_delivery_expanded
    return '{"delivery":' .. (is_whole and documents.dataset_delivery(view, delivery) or wire.quote(delivery.id))
        .. "," .. page_of(c, view, delivery.tasks, any) .. "}"
end

local function list_tasks(c)
    local given, view = v2.from_query(c), v2.view(c, EXPANDABLE)
    local dataset, delivery = find_dataset(c, given), find_delivery(c, given)
    if not dataset and not delivery then refuse(400, "Provide dataset_id or delivery_id.") end
    local is_delivered = v2.bounds(c, "delivered")
    return "{" .. page_of(c, view, c.account.dataset_tasks, function(task)
        return (not delivery or task.delivery == delivery) and (not dataset or task.delivery.dataset == dataset)
            and is_delivered(task.delivery.delivered)
    end) .. "}"
end

local function find_task(c, id)
    return c.account.dataset_tasks[id] or refuse(404, "Task with that ID not found.")
end

local function get_task(c)
    local view = v2.view(c, EXPANDABLE)
    return documents.dataset_task(view, find_task(c, v2.needed(v2.from_query(c), "task_id")))
end

local function response_url(c, task_id, attachment_id)
    local url = find_task(c, task_id).attachments[attachment_id]
    if not url then refuse(404, "Attachment with that id not found.") end
    return { status = 302, headers = { Location = url } }
end

return {
    { "GET", "/v2/datasets", list },
    { "GET", "/v2/datasets/deliveries", list_deliveries, query = { "dataset_id", "delivered_after",
        "delivered_before", "expand" } },
    { "GET", "/v2/datasets/delivery", get_delivery, query = { "delivery_id", "limit", "next_token", "expand" } },
    { "GET", "/v2/datasets/tasks", list_tasks, query = { "dataset_id", "delivery_id", "delivered_after",
        "delivered_before", "limit", "next_token", "expand" } },
    { "GET", "/v2/datasets/task", get_task, query = { "task_id", "expand" } },
    { "GET", "/v2/datasets/task/{taskId}/response_url/{attachmentId}", response_url },
}
