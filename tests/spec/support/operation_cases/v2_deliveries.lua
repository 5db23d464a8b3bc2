-- Deliveries, schemas and datasets of the second API, which only reads them: what they do, and how each documented
-- failure comes about. What is there is seeded; see support/target.lua. See operations_spec.lua.

local assert = require "luassert"

-- The document with that id (or what `key` says) in a list.
local function find(list, id, key)
    for each in list do
        if each[key or "id"] == id then return each end
    end
end

-- The id of what may be given as an id or as a whole.
local function id_of(value)
    return type(value) == "table" and value.id or value
end

return {
    ["v2.get_deliveries"] = {
        works = function(t)
            local project, id = t:seeded "project_id", t:seeded "delivery_id"
            local delivery = find(t.test.v2:get_deliveries { project_id = project }, id)
            assert.same({ id, t:seeded "delivery_name", project },
                { delivery.id, delivery.name, id_of(delivery.project) })
            assert.is_true(delivery.task_count > 0)
            local whole = find(t.test.v2:get_deliveries { project_id = project, expand = "project" }, id)
            assert.equal(project, whole.project.id)
            local later = t.test.v2:get_deliveries { project_id = project, delivered_after = "2099-01-01" }
            assert.equal(0, #later)
        end,
        [400] = function(t)
            return t.test.v2.safe:get_deliveries { project_id = t:seeded "project_id", delivered_after = "yesterday" }
        end,
        [404] = {
            function(t) return t.test.v2.safe:get_deliveries { project_name = t:name "no project" } end,
            or_works = "[assumed] that such a list is refused; it may be empty",
        },
    },
    ["v2.get_delivery"] = {
        works = function(t)
            local id, count = t:seeded "delivery_id", 0
            local tasks = t.test.v2:get_delivery { delivery_id = id, limit = 1, expand = "delivery" }
            assert.equal(id, tasks.delivery.id)
            local total = tasks.delivery.task_count
            for task in tasks do
                assert.equal("completed", task.status)
                count = count + 1
            end
            assert.equal(total, count)
            local named = t.test.v2:delivery { delivery_name = t:seeded "delivery_name",
                project_id = t:seeded "project_id" }
            assert.equal(id, id_of(named.delivery)) -- [assumed] that it is given by its id, or as a whole
        end,
        [400] = function(t) return t:raw("GET", "/v2/delivery") end,
        [404] = function(t) return t.test.v2.safe:delivery { delivery_id = "no_delivery" } end,
    },
    ["v2.get_delivery_tasks"] = {
        works = function(t)
            local id = t:seeded "delivery_id"
            local row = t.test.v2:get_delivery_tasks({ delivery_id = id, limit = 1 })()
            assert.same({ id, t:seeded "schema_id" }, { row.delivery_id, row.response_schema_id })
            assert.is_string(row.delivered_at)
            assert.is_table(row.response)
            local known = t.test.v2:delivery { delivery_id = id }
            assert.is_truthy(find(t.test.v2:get_delivery_tasks { project_id = t:seeded "project_id" },
                known.tasks[1].task_id, "task_id"))
        end,
        [400] = function(t) return t:raw("GET", "/v2/delivery/tasks") end,
        [404] = function(t) return t.test.v2.safe:delivery_tasks { delivery_id = "no_delivery" } end,
    },
    ["v2.get_schema"] = {
        works = function(t)
            local schema = t.test.v2:get_schema(t:seeded "schema_id")
            assert.same({ t:seeded "schema_id", "object" }, { schema.id, schema.content.type })
        end,
        [400] = function(t) return t:raw("GET", "/v2/schema") end,
        [404] = function(t) return t.test.v2.safe:get_schema "no_schema" end,
    },
    ["v2.get_datasets"] = {
        works = function(t)
            assert.is_string(find(t.test.v2:get_datasets(), t:seeded "dataset_id").name)
        end,
    },
    ["v2.get_dataset_deliveries"] = {
        works = function(t)
            local dataset, id = t:seeded "dataset_id", t:seeded "dataset_delivery_id"
            local delivery = find(t.test.v2:get_dataset_deliveries { dataset_id = dataset, expand = "dataset" }, id)
            assert.equal(dataset, delivery.dataset.id)
            assert.is_true(delivery.metadata.task_count > 0)
            local later = t.test.v2:get_dataset_deliveries { dataset_id = dataset, delivered_after = "2099-01-01" }
            assert.equal(0, #later)
        end,
        [400] = function(t) return t.test.v2.safe:get_dataset_deliveries { delivered_after = "yesterday" } end,
        [404] = function(t) return t.test.v2.safe:get_dataset_deliveries { dataset_id = "no_dataset" } end,
    },
    ["v2.get_dataset_delivery"] = {
        works = function(t)
            local id = t:seeded "dataset_delivery_id"
            local tasks = t.test.v2:get_dataset_delivery { delivery_id = id, limit = 1 }
            assert.equal(id, id_of(tasks.delivery))
            assert.equal("scaleapi.DatasetTask", getmetatable(tasks()).__name)
        end,
        [400] = function(t) return t:raw("GET", "/v2/datasets/delivery") end,
        [404] = function(t) return t.test.v2.safe:dataset_delivery { delivery_id = "no_delivery" } end,
    },
    ["v2.get_dataset_tasks"] = {
        works = function(t)
            local id = t:seeded "dataset_task_id"
            local task = find(t.test.v2:get_dataset_tasks { dataset_id = t:seeded "dataset_id", limit = 1 }, id, "task_id")
            assert.equal(t:seeded "dataset_id", id_of(task.dataset))
            assert.is_table(task.response)
            assert.equal(id, find(t.test.v2:get_dataset_tasks { delivery_id = t:seeded "dataset_delivery_id" }, id,
                "task_id").task_id)
        end,
        [400] = function(t) return t:raw("GET", "/v2/datasets/tasks") end,
        [404] = function(t) return t.test.v2.safe:dataset_tasks { dataset_id = "no_dataset" } end,
    },
    ["v2.get_dataset_task"] = {
        works = function(t)
            local id = t:seeded "dataset_task_id"
            local task = t.test.v2:get_dataset_task { task_id = id, expand = { "dataset", "delivery" } }
            assert.same({ id, t:seeded "dataset_id" }, { task.task_id, task.dataset.id })
            assert.equal(t:seeded "dataset_delivery_id", id_of(task.delivery))
            assert.is_table(task.response)
            assert.equal(id, task:refresh().task_id)
        end,
        [400] = function(t) return t:raw("GET", "/v2/datasets/task") end,
        [404] = function(t) return t.test.v2.safe:get_dataset_task "no_task" end,
    },
    ["v2.get_dataset_task_response_url"] = {
        works = function(t)
            local url = t.test.v2:get_dataset_task_response_url(t:seeded "dataset_task_id", t:seeded "attachment_id")
            assert.matches("^https?://", url)
        end,
        [404] = {
            function(t) return t.test.v2.safe:get_dataset_task_response_url("no_task", "no_attachment") end,
            function(t)
                return t.test.v2.safe:get_dataset_task_response_url(t:seeded "dataset_task_id", "no_attachment")
            end,
        },
    },
}
