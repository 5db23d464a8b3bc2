-- What can be put into the sandbox without the API (scaleapi.sandbox.seeds), and what cannot. What becomes of it is in
-- sandbox_v2_deliveries_spec, sandbox_v2_datasets_spec and sandbox_v2_projects_spec.

local json = require("scaleapi").json
local new_world = dofile "tests/spec/support/world.lua"

describe("a seed", function()
    local world, pending, done
    before_each(function()
        world = new_world { complete_after = 10 }
        world:project("p", "chat")
        world:project("boxes", "comparison")
        done = world:ok("POST /v2/task/chat", '{"project_name":"p"}').task_id
        world:wait(10)
        pending = world:ok("POST /v2/task/chat", '{"project_name":"p"}').task_id
        world:seed("dataset", { id = "ds", name = "ds" })
        world:seed("dataset_delivery", { id = "dd", name = "dd", dataset_id = "ds" })
    end)

    it("has an id that is its own: the one that was given, or one made up", function()
        local ids = {}
        for kind, fields in pairs {
            delivery = { name = "d", project_name = "p" }, dataset = { name = "x" }, schema = { json = {} },
            dataset_delivery = { name = "x", dataset_id = "ds" }, dataset_task = { delivery_id = "dd" },
            annotation = { key = "k", type = "text" },
        } do
            for _ = 1, 2 do
                local id = world:seed(kind, fields)
                assert.is_nil(ids[id])
                ids[id] = true
                fields.name = fields.name and fields.name .. "2"
            end
            fields.id, fields.name = "mine", fields.name and "mine"
            assert.equal("mine", world:seed(kind, fields))
            assert.has_error(function() world:seed(kind, fields) end,
                ("there is a %s with the id 'mine' already"):format(kind))
        end
    end)

    it("of a delivery takes the tasks that are completed and not delivered, if it names none", function()
        local function delivered(name)
            local list = {}
            for i, task in ipairs(world:ok("GET /v2/delivery?project_name=p&delivery_name=" .. name).tasks) do
                list[i] = task.task_id
            end
            return list
        end
        world:seed("delivery", { name = "one", project_name = "p", task_ids = json.null })
        world:wait(10) -- seeds see the time that has passed, too
        world:seed("delivery", { name = "two", project_id = world:ok("GET /v2/project?project_name=p").id })
        assert.same({ { done }, { pending } }, { delivered "one", delivered "two" })
    end)

    it("of a deletion leaves a task that the second API calls deleted, and the first canceled", function()
        for _, id in ipairs { done, pending } do
            assert.equal(id, world:seed("deletion", { task_id = id }))
            local task = world:ok("GET /v2/task?task_id=" .. id)
            assert.same({ "deleted", {} }, { task.status, task.threads })
            local first = world:ok("GET /v1/task/" .. id)
            assert.same({ "canceled" }, { first.status, first.completed_at, first.customer_review_status })
        end
        world:wait(20)
        assert.equal(2, #world:ok("GET /v2/tasks?project_name=p&status=deleted").tasks)
        assert.equal(2, #world:ok("GET /v2/delivery/tasks?project_name=p&status=deleted").docs)
        assert.same({}, world:ok("GET /v2/tasks?project_name=p&status=canceled").tasks)
        assert.equal(2, world:ok("GET /v1/tasks?status=canceled").total)
    end)

    it("of a report takes a completed task's threads away", function()
        local annotation = world:ok("GET /v2/task?task_id=" .. done).threads[1].turns[1].annotations[1].id
        world:seed("sensitive_content_report", { task_id = done, type = "pii", message = "A name." })
        world:seed("sensitive_content_report", { task_id = done })
        local task = world:ok("GET /v2/task?task_id=" .. done)
        assert.same({ { type = "pii", message = "A name." }, {} }, task.sensitive_content_reports)
        assert.same({ "completed" }, { task.status, task.threads })
        world:refused(404, "GET /v2/annotation?annotation_id=" .. annotation)
        assert.has_error(function() world:seed("sensitive_content_report", { task_id = pending }) end,
            ("task %s is pending; completed ones are reported"):format(pending))
    end)

    local WRONG = {
        { "galaxy", {}, "no 'galaxy' can be seeded; there are annotation, dataset, dataset_delivery, dataset_task, "
            .. "deletion, delivery, schema, sensitive_content_report" },
        { "dataset", 7, "dataset: the fields must be an object" },
        { "dataset", {}, "dataset: name is required" },
        { "dataset", { name = "" }, "dataset: name must be a text that is not empty" },
        { "dataset", { name = "x", id = 7 }, "dataset: id must be a text that is not empty" },
        { "dataset", { name = "x", colour = "red" }, "dataset: unknown field 'colour'; there are id, name" },
        { "schema", { json = "{" }, "schema: json must be an object, or a text of JSON" },
        { "schema", {}, "schema: json is required" },
        { "dataset_delivery", { name = "x", dataset_id = "y" }, "there is no dataset with the id 'y'" },
        { "dataset_delivery", { name = "x", dataset_id = "ds", turn_count = -1 },
            "dataset_delivery: turn_count must be an integer, 0 or more" },
        { "dataset_delivery", { name = "x", dataset_id = "ds", turn_count = 1.5 },
            "dataset_delivery: turn_count must be an integer, 0 or more" },
        { "dataset_delivery", { name = "x", dataset_id = "ds", delivered_at = "soon" },
            "dataset_delivery: delivered_at must be a date" },
        { "dataset_task", { delivery_id = "y" }, "there is no delivery of a dataset with the id 'y'" },
        { "dataset_task", { delivery_id = "dd", response = json.array {} }, "dataset_task: response must be an object" },
        { "dataset_task", { delivery_id = "dd", attachments = { "https://x" } },
            "dataset_task: attachments must be an object of texts without white space" },
        { "dataset_task", { delivery_id = "dd", attachments = { a = "https://x\r\nSet-Cookie: a" } },
            "dataset_task: attachments must be an object of texts without white space" },
        { "deletion", {}, "deletion: task_id is required" },
        { "deletion", { task_id = "x" }, "there is no task 'x'" },
        { "deletion", { task_id = "x", id = "y" }, "deletion: unknown field 'id'; there are task_id" },
        { "sensitive_content_report", { task_id = "x" }, "there is no chat task 'x'" },
        { "sensitive_content_report", { task_id = "x", type = 7 },
            "sensitive_content_report: type must be a text that is not empty" },
        { "annotation", { key = "k", type = "colour" }, "there is no type 'colour' of annotations" },
        { "annotation", { type = "text" }, "annotation: key is required" },
        { "annotation", { key = "k", type = "text", task_id = "x" }, "there is no chat task 'x'" },
        { "annotation", { key = "k", type = "text", labels = { 1 } }, "annotation: labels must be an array of texts" },
        { "delivery", { name = "x" }, "delivery: project_id or project_name is required" },
        { "delivery", { name = "x", project_name = "y" }, "there is no project 'y'" },
        { "delivery", { name = "x", project_name = "p", schema_id = "y" }, "there is no schema with the id 'y'" },
        { "delivery", { name = "x", project_name = "p", task_ids = "y" }, "delivery: task_ids must be an array of texts" },
        { "delivery", { name = "x", project_name = "p", task_ids = { "y" } }, "there is no task 'y' in the project" },
    }
    for _, each in ipairs(WRONG) do
        it("is refused when " .. each[3], function()
            assert.has_error(function() world:seed(each[1], each[2]) end, each[3])
            assert.same({ {}, 1, 1 }, { world:ok("GET /v2/deliveries").deliveries, #world:ok("GET /v2/datasets").datasets,
                #world:ok("GET /v2/datasets/deliveries").deliveries })
            assert.same({}, world:ok("GET /v2/datasets/tasks?dataset_id=ds").tasks)
        end)
    end

    it("is refused for tasks that are not completed, not the project's, or no conversation", function()
        assert.has_error(function() world:seed("delivery", { name = "x", project_name = "p", task_ids = { done, pending } }) end,
            ("task %s is pending; completed ones are delivered"):format(pending))
        assert.has_error(function() world:seed("delivery", { name = "x", project_name = "boxes", task_ids = { done } }) end,
            ("there is no task '%s' in the project"):format(done))
        world:seed("delivery", { name = "x", project_name = "p", task_ids = { done } })
        local box = world:task('"project":"boxes"').task_id
        assert.has_error(function() world:seed("annotation", { key = "k", type = "text", task_id = box }) end,
            ("there is no chat task '%s'"):format(box))
        assert.has_error(function() world:seed("delivery", { name = "x", project_name = "p" }) end,
            "the project has a delivery 'x' already")
    end)
end)
