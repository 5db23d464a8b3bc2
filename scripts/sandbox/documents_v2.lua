--[[
sandbox.documents_v2 - tasks, batches, projects, deliveries and datasets as the second API shows them. Each function is
given a view (see v2.lua): where a document names another thing, the view's `expand` decides whether it gives the id or
the whole; in what is given whole the same holds.
--]]

local json = require("scaleapi").json
local first = require "scaleapi.sandbox.documents"
local store = require "scaleapi.sandbox.store"
local threads = require "scaleapi.sandbox.threads"
local times = require("scaleapi").times
local wire = require "scaleapi.sandbox.wire"

local documents = {}
local quote = wire.quote

local function reference(view, name, thing)
    return view.expand[name] and documents[name](view, thing) or quote(thing.id)
end

-- ----------------------------------------- projects, batches and their tasks

--- A project.
function documents.project(_, project)
    return table.concat {
        '{"id":"', project.id, '","name":', quote(project.name), ',"created_at":"', times.format(project.created), '"}',
    }
end

--- A batch.
function documents.batch(view, batch)
    local status = store.batch_state(batch)
    return table.concat {
        '{"id":"', batch.id, '","name":', quote(batch.name), ',"project":', reference(view, "project", batch.project),
        ',"created_at":"', times.format(batch.created), '"',
        status == "completed" and ',"completed_at":"' .. times.format(batch.ended) .. '"' or "",
        ',"status":"', status, '"', batch.callback and ',"callback":' .. batch.callback or "",
        ',"metadata":', batch.metadata, "}",
    }
end

-- Why a task is in error. There is no word among the known types of errors for a file that cannot be had.
local function errors_of(task)
    local response = first.response(task)
    local text = response and json.raw_field(response, "error") or quote "The task failed."
    return '[{"message":' .. text .. "}]"
end

-- The threads; or why they are not shown.
local function threads_of(view, task)
    if not task.reports then return ',"threads":' .. threads.of(task, view.opts) end
    return ',"sensitive_content_reports":[' .. table.concat(task.reports, ",") .. "]"
end

--- A task. One that lies in no project, which only the first API can make, has "" for its project.
function documents.task(view, task)
    local project, batch = store.project_of(task), store.batch_of(task)
    return table.concat {
        '{"task_id":"', store.id_of(task), '","project":', project and reference(view, "project", project) or '""',
        batch and ',"batch":' .. reference(view, "batch", batch) or "",
        ',"status":"', store.task_state(task), '","created_at":"', times.format(task.created), '"',
        task.status == "completed" and ',"completed_at":"' .. times.format(task.completed) .. '"' or "",
        ',"metadata":', task.metadata or "{}", threads_of(view, task),
        task.status == "error" and ',"errors":' .. errors_of(task) or "", "}",
    }
end

-- ---------------------------------------------------------------- deliveries

--- A delivery.
function documents.delivery(view, delivery)
    return table.concat {
        '{"id":', quote(delivery.id), ',"name":', quote(delivery.name),
        (',"task_count":%d,"delivered_at":"%s","project":'):format(#delivery.tasks, times.format(delivery.delivered)),
        reference(view, "project", delivery.project), "}",
    }
end

local function handed_over(view, task, delivery)
    return table.concat {
        '"delivery_id":', quote(delivery.id), ',"delivered_at":"', times.format(delivery.delivered),
        '","response_schema_id":', delivery.schema_id and quote(delivery.schema_id) or "null",
        ',"response":', first.response(task, view.world.assume.textcollection_response) or "null",
    }
end

--- What /v2/delivery/tasks shows of a task, which has been delivered or not.
function documents.delivered_task(view, task)
    local delivery = view.delivery or task.delivery
    return ('{"task_id":"%s","created_at":"%s",'):format(store.id_of(task), times.format(task.created))
        .. (delivery and handed_over(view, task, delivery)
            or '"delivery_id":null,"delivered_at":null,"response_schema_id":null,"response":null') .. "}"
end

--- A schema: its JSON is a text inside.
function documents.schema(_, schema)
    return '{"id":' .. quote(schema.id) .. ',"json":' .. quote(schema.json) .. "}"
end

-- ------------------------------------------------------------------ datasets

--- A dataset.
function documents.dataset(_, dataset)
    return '{"id":' .. quote(dataset.id) .. ',"name":' .. quote(dataset.name) .. "}"
end

--- A delivery of a dataset.
function documents.dataset_delivery(view, delivery)
    return table.concat {
        '{"id":', quote(delivery.id), ',"name":', quote(delivery.name),
        ',"delivered_at":"', times.format(delivery.delivered), '","dataset":',
        reference(view, "dataset", delivery.dataset), (',"metadata":{"task_count":%d'):format(#delivery.tasks),
        delivery.turn_count and (',"turn_count":%d'):format(delivery.turn_count) or "", "}}",
    }
end

--- A dataset's task.
function documents.dataset_task(view, task)
    local delivery = task.delivery
    return table.concat {
        '{"task_id":', quote(task.id), ',"dataset":', reference(view, "dataset", delivery.dataset), ',"delivery":',
        view.expand.delivery and documents.dataset_delivery(view, delivery) or quote(delivery.id),
        ',"response":', task.response, "}",
    }
end

return documents
