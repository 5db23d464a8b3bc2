-- The sandbox's rules for datasets of the second API, which are seeded and then read.

local new_world = dofile "tests/spec/support/world.lua"

describe("a v2 dataset", function()
    local world, faces, first, second, tasks
    before_each(function()
        world = new_world()
        faces = world:seed("dataset", { name = "faces" })
        world:seed("dataset", { id = "x/1", name = "hands" })
        first = world:seed("dataset_delivery", { name = "first", dataset_id = faces, turn_count = 7 })
        world:wait(60)
        second = world:seed("dataset_delivery", { name = "second", dataset_id = faces })
        world:seed("dataset_delivery", { id = "h", name = "third", dataset_id = "x/1", delivered_at = "2024-02-03" })
        tasks = {}
        for i, delivery in ipairs { first, first, second, "h" } do
            tasks[i] = world:seed("dataset_task", { delivery_id = delivery, response = { n = i },
                attachments = { ["a b"] = "https://example.com/" .. i } })
        end
    end)

    local function numbers(page)
        local list = {}
        for i, task in ipairs(page.tasks) do list[i] = task.response.n end
        return list
    end

    it("is listed, the newest first, and not in the other world", function()
        assert.same({ { id = "x/1", name = "hands" }, { id = faces, name = "faces" } }, world:ok("GET /v2/datasets").datasets)
        world.key = "test_key"
        assert.same({}, world:ok("GET /v2/datasets").datasets)
    end)

    describe("has deliveries", function()
        local function names(query)
            local list = {}
            for i, delivery in ipairs(world:ok("GET /v2/datasets/deliveries?" .. query).deliveries) do list[i] = delivery.name end
            return table.concat(list, " ")
        end

        it("with time and counts", function()
            local list = world:ok("GET /v2/datasets/deliveries?dataset_id=" .. faces).deliveries
            assert.same({ { id = second, name = "second", dataset = faces, delivered_at = "2023-11-14T22:14:20.123Z",
                metadata = { task_count = 1 } }, { id = first, name = "first", dataset = faces,
                delivered_at = "2023-11-14T22:13:20.123Z", metadata = { task_count = 2, turn_count = 7 } } }, list)
            assert.same({ id = "x/1", name = "hands" },
                world:ok("GET /v2/datasets/deliveries?dataset_id=x%2F1&expand=dataset").deliveries[1].dataset)
        end)

        it("found by dataset and time, the bounds included", function()
            assert.equal("third second first", names "")
            assert.equal("third", names "dataset_id=x/1")
            assert.equal("second first", names "delivered_before=2023-11-14T22:14:20.123Z")
            assert.equal("third second", names "delivered_after=2023-11-14T22:14:20.123Z")
        end)

        it("unless the question is wrong", function()
            assert.equal("Dataset with that id not found.", world:refused(404, "GET /v2/datasets/deliveries?dataset_id=x"))
            world:refused(400, "GET /v2/datasets/deliveries?delivered_after=x")
            assert.equal('Parameter is invalid, reason: "expand" must be of dataset',
                world:refused(400, "GET /v2/datasets/deliveries?expand=delivery"))
        end)

        it("each with its tasks, in pages", function()
            local line = "GET /v2/datasets/delivery?limit=1&delivery_id=" .. first
            local page = world:ok(line)
            assert.same({ first, { 2 } }, { page.delivery, numbers(page) })
            local last = world:ok(line .. "&expand=delivery&expand=dataset&next_token=" .. page.next_token:gsub("=", "%%3D"))
            assert.same({ "first", "faces", "faces", { 1 } },
                { last.delivery.name, last.delivery.dataset.name, last.tasks[1].dataset.name, numbers(last) })
            assert.is_nil(last.next_token)
            assert.equal("Provide delivery_id.", world:refused(400, "GET /v2/datasets/delivery"))
            assert.equal("Delivery with that id not found.", world:refused(404, "GET /v2/datasets/delivery?delivery_id=x"))
            world:refused(400, line .. "&next_token=x")
            world:refused(400, line .. "&expand=project")
            world:refused(400, "GET /v2/datasets/delivery?limit=101&delivery_id=" .. first)
        end)

        it("given whole unasked, if that is assumed", function()
            world = new_world { assume = { v2_delivery_expanded = true } }
            world:seed("dataset", { id = "d", name = "d" })
            world:seed("dataset_delivery", { id = "e", name = "whole", dataset_id = "d" })
            assert.equal("whole", world:ok("GET /v2/datasets/delivery?delivery_id=e").delivery.name)
        end)
    end)

    describe("has tasks", function()
        it("of all its deliveries, or of one, within bounds", function()
            local function of(query) return numbers(world:ok("GET /v2/datasets/tasks?" .. query)) end
            assert.same({ 3, 2, 1 }, of("dataset_id=" .. faces))
            assert.same({ 2, 1 }, of("delivery_id=" .. first))
            assert.same({}, of("dataset_id=x/1&delivery_id=" .. first))
            assert.same({ 3 }, of("delivered_after=2023-11-14T22:14:20.123Z&dataset_id=" .. faces))
            assert.same({ 2, 1 }, of("delivered_before=2023-11-14T22:14:20.122Z&dataset_id=" .. faces))
        end)

        it("in pages that tasks added meanwhile do not shift", function()
            local line = "GET /v2/datasets/tasks?limit=2&dataset_id=" .. faces
            local page = world:ok(line)
            assert.same({ 3, 2 }, numbers(page))
            world:seed("dataset_task", { delivery_id = first })
            page = world:ok(line .. "&next_token=" .. page.next_token:gsub("=", "%%3D"))
            assert.same({ 1 }, numbers(page))
            assert.is_nil(page.next_token)
        end)

        it("each found by its id, expanded too", function()
            assert.same({ task_id = tasks[3], dataset = faces, delivery = second, response = { n = 3 } },
                world:ok("GET /v2/datasets/task?task_id=" .. tasks[3]))
            local whole = world:ok("GET /v2/datasets/task?expand=dataset&expand=delivery&task_id=" .. tasks[3])
            assert.same({ "faces", "second", "faces" }, { whole.dataset.name, whole.delivery.name, whole.delivery.dataset.name })
            whole = world:ok("GET /v2/datasets/task?expand=delivery&task_id=" .. tasks[3])
            assert.same({ faces, faces }, { whole.dataset, whole.delivery.dataset })
        end)

        it("unless the question is wrong", function()
            assert.equal("Provide dataset_id or delivery_id.", world:refused(400, "GET /v2/datasets/tasks"))
            world:refused(404, "GET /v2/datasets/tasks?dataset_id=x")
            world:refused(404, "GET /v2/datasets/tasks?delivery_id=x")
            world:refused(400, "GET /v2/datasets/tasks?delivered_after=x&dataset_id=" .. faces)
            world:refused(400, "GET /v2/datasets/tasks?limit=0&dataset_id=" .. faces)
            world:refused(400, "GET /v2/datasets/tasks?next_token=x&dataset_id=" .. faces)
            world:refused(400, "GET /v2/datasets/tasks?expand=x&dataset_id=" .. faces)
            assert.equal("Provide task_id.", world:refused(400, "GET /v2/datasets/task"))
            assert.equal("Task with that ID not found.", world:refused(404, "GET /v2/datasets/task?task_id=x"))
            world:refused(400, "GET /v2/datasets/task?expand=batch&task_id=" .. tasks[1])
        end)

        it("whose attachments are somewhere else", function()
            local line = ("GET /v2/datasets/task/%s/response_url/"):format(tasks[2])
            local _, status, body, headers = world:call(line .. "a%20b")
            assert.same({ 302, "", "https://example.com/2" }, { status, body, headers.Location })
            assert.equal("Attachment with that id not found.", world:refused(404, line .. "x"))
            assert.equal("Task with that ID not found.", world:refused(404, "GET /v2/datasets/task/x/response_url/a"))
        end)
    end)
end)
