-- The sandbox's rules for deliveries and schemas of the second API, which are seeded and then read.

local json = require("scaleapi").json
local new_world = dofile "tests/spec/support/world.lua"

describe("a v2 delivery", function()
    local world, ids
    before_each(function()
        world, ids = new_world(), {}
        world.key = "test_key"
        world:project("p", "chat")
        world:project("q", "chat")
        world:batch("b", "p")
        for i = 1, 5 do
            ids[i] = world:ok("POST /v2/task/chat", ('{"%s","metadata":{"n":%d}}'):format(
                i == 1 and 'batch_name":"b' or 'project_name":"p', i)).task_id
            world:wait(1)
        end
    end)

    local function numbers(tasks)
        local list = {}
        for i, task in ipairs(tasks) do
            for number, id in ipairs(ids) do list[i] = id == task.task_id and number or list[i] end
        end
        return list
    end

    describe("is listed", function()
        before_each(function()
            world:seed("delivery", { name = "one", project_name = "p", task_ids = { ids[1] }, delivered_at = "2024-01-01" })
            world:seed("delivery", { name = "two", project_name = "p", task_ids = { ids[2], ids[3] } })
            world:seed("delivery", { id = "d3", name = "three", project_name = "q", task_ids = {} })
        end)

        local function names(query)
            local list = {}
            for i, delivery in ipairs(world:ok("GET /v2/deliveries?" .. query).deliveries) do list[i] = delivery.name end
            return table.concat(list, " ")
        end

        it("with its project, time and count, the newest first", function()
            local list = world:ok("GET /v2/deliveries").deliveries
            local project = world:ok "GET /v2/project?project_name=p"
            assert.same({ id = "d3", name = "three", task_count = 0, delivered_at = "2023-11-14T22:13:25.123Z",
                project = world:ok("GET /v2/project?project_name=q").id }, list[1])
            assert.same({ "two", 2, project.id }, { list[2].name, list[2].task_count, list[2].project })
            assert.same({ "one", "2024-01-01T00:00:00.000Z" }, { list[3].name, list[3].delivered_at })
            assert.same(project, world:ok("GET /v2/deliveries?expand=project").deliveries[3].project)
        end)

        it("by project and time, the bounds included", function()
            assert.equal("two one", names "project_name=p")
            assert.equal("three", names("project_id=" .. world:ok("GET /v2/project?project_name=q").id))
            assert.equal("one", names "delivered_after=2024-01-01T00:00:00Z")
            assert.equal("three two", names "delivered_before=2023-12-31")
        end)

        it("unless the question is wrong", function()
            assert.equal('Parameter is invalid, reason: "delivered_after" must be a date',
                world:refused(400, "GET /v2/deliveries?delivered_after=x"))
            assert.equal('Parameter is invalid, reason: "expand" must be of project',
                world:refused(400, "GET /v2/deliveries?expand=delivery"))
            assert.equal("Project with that name not found.", world:refused(404, "GET /v2/deliveries?project_name=x"))
            world = new_world { assume = { v2_unknown_filter = "empty" } }
            world:project("p", "chat")
            world:seed("delivery", { name = "one", project_name = "p" })
            assert.equal("", names "project_name=x")
            assert.equal("one", names "")
        end)

        it("not in the other world", function()
            world.key = "live_key"
            assert.equal("", names "")
            world:refused(404, "GET /v2/delivery?delivery_id=d3")
        end)
    end)

    describe("has its tasks", function()
        local id
        before_each(function()
            id = world:seed("delivery", { name = "one", project_name = "p", task_ids = { ids[2], ids[1], ids[4], ids[1] } })
        end)

        it("found by its id, or by its name and project", function()
            local page = world:ok("GET /v2/delivery?delivery_id=" .. id)
            assert.same({ id, { 4, 2, 1 } }, { page.delivery, numbers(page.tasks) })
            assert.same(world:ok("GET /v2/task?task_id=" .. ids[4]), page.tasks[1])
            assert.same(page, world:ok "GET /v2/delivery?delivery_name=one&project_name=p")
            assert.same(page, world:ok("GET /v2/delivery?project_name=p&delivery_id=" .. id))
        end)

        it("in pages", function()
            local line = "GET /v2/delivery?limit=2&delivery_id=" .. id
            local first = world:ok(line)
            assert.same({ 4, 2 }, numbers(first.tasks))
            local second = world:ok(line .. "&next_token=" .. first.next_token:gsub("=", "%%3D"))
            assert.same({ 1 }, numbers(second.tasks))
            assert.is_nil(second.next_token)
            world:refused(400, line .. "&next_token=x")
            world:refused(400, "GET /v2/delivery?limit=0&delivery_id=" .. id)
        end)

        it("expanded, with opts", function()
            local page = world:ok("GET /v2/delivery?expand=delivery&expand=batch&expand=project&opts=submissions&delivery_id=" .. id)
            assert.same({ "one", 3, "p" }, { page.delivery.name, page.delivery.task_count, page.delivery.project.name })
            assert.same({ "p", "b" }, { page.tasks[1].project.name, page.tasks[3].batch.name })
            assert.is_table(page.tasks[1].threads[1].submissions)
            assert.equal('Parameter is invalid, reason: "expand" must be of project, batch, delivery',
                world:refused(400, "GET /v2/delivery?expand=x&delivery_id=" .. id))
        end)

        it("and is given whole unasked, if that is assumed", function()
            world = new_world { assume = { v2_delivery_expanded = true } }
            world:project("p", "chat")
            id = world:seed("delivery", { name = "one", project_name = "p" })
            assert.equal("one", world:ok("GET /v2/delivery?delivery_id=" .. id).delivery.name)
        end)

        it("unless it is not named, unknown, or another project's", function()
            assert.equal("Provide delivery_id or delivery_name.", world:refused(400, "GET /v2/delivery?project_name=p"))
            assert.equal("Provide project_id or project_name with delivery_name.",
                world:refused(400, "GET /v2/delivery?delivery_name=one"))
            assert.equal("Delivery with that id not found.", world:refused(404, "GET /v2/delivery?delivery_id=x"))
            assert.equal("Delivery with that name not found.",
                world:refused(404, "GET /v2/delivery?delivery_name=one&project_name=q"))
            assert.equal("Delivery with that id not found.",
                world:refused(404, "GET /v2/delivery?project_name=q&delivery_id=" .. id))
            world:refused(404, "GET /v2/delivery?delivery_name=one&project_name=x")
        end)
    end)

    describe("gives responses", function()
        local id, schema
        before_each(function()
            schema = world:seed("schema", { json = { type = "object" } })
            id = world:seed("delivery", { name = "one", project_name = "p", task_ids = { ids[1], ids[3] }, schema_id = schema })
        end)

        it("of its tasks, as the first API does", function()
            local page = world:ok("GET /v2/delivery/tasks?delivery_id=" .. id)
            assert.same({ 2, { 3, 1 } }, { page.total, numbers(page.docs) })
            local first = world:ok("GET /v1/task/" .. ids[3])
            assert.same({ task_id = ids[3], created_at = first.created_at, delivery_id = id, response_schema_id = schema,
                delivered_at = "2023-11-14T22:13:25.123Z", response = first.response }, page.docs[1])
        end)

        it("in the form that is assumed", function()
            for form, first in pairs { described = "table", plain = "string" } do
                world = new_world { assume = { textcollection_response = form } }
                world.key = "test_key"
                world:project("p", "textcollection")
                world:ok("POST /v1/task/textcollection", '{"project":"p","attachments":[{"type":"text","content":"x"}],'
                    .. '"fields":[{"type":"text","field_id":"f","title":"F"}]}')
                world:seed("delivery", { name = "d", project_name = "p" })
                local doc = world:ok("GET /v2/delivery/tasks?project_name=p").docs[1]
                assert.same(world:ok("GET /v1/task/" .. doc.task_id).response, doc.response)
                assert.equal(first, type(doc.response.annotations.f) == "table" and doc.response.annotations.f.type and "table"
                    or "string")
            end
        end)

        it("of all tasks of a project, null for those that were not delivered", function()
            local page, raw = world:ok "GET /v2/delivery/tasks?project_name=p"
            assert.same({ 5, { 5, 4, 3, 2, 1 } }, { page.total, numbers(page.docs) })
            assert.is_truthy(raw:find('"delivery_id":null,"delivered_at":null,"response_schema_id":null,"response":null', 1, true))
            assert.same({ json.null, id }, { page.docs[2].delivery_id, page.docs[3].delivery_id })
        end)

        it("by status and time of completion, in pages whose total is their own", function()
            local function tasks(query)
                return numbers(world:ok("GET /v2/delivery/tasks?project_name=p&" .. query).docs)
            end
            assert.same({}, tasks "status=pending")
            assert.same({ 5, 4, 3, 2, 1 }, tasks "status=completed")
            assert.same({ 2 }, tasks "completed_after=2023-11-14T22:13:21.123Z&completed_before=2023-11-14T22:13:21.123Z")
            assert.same({ 3, 1 }, tasks("delivery_id=" .. id))
            local first = world:ok "GET /v2/delivery/tasks?project_name=p&limit=4"
            local second = world:ok("GET /v2/delivery/tasks?project_name=p&limit=4&next_token="
                .. first.next_token:gsub("=", "%%3D"))
            assert.same({ 4, 1 }, { first.total, second.total })
            assert.is_nil(second.next_token)
            assert.same({}, world:ok("GET /v2/delivery/tasks?project_name=q&delivery_id=" .. id).docs)
        end)

        it("unless the question is wrong", function()
            assert.equal("Provide delivery_id, project_id or project_name.", world:refused(400, "GET /v2/delivery/tasks"))
            world:refused(400, "GET /v2/delivery/tasks?project_name=p&status=done")
            world:refused(400, "GET /v2/delivery/tasks?project_name=p&limit=101")
            world:refused(400, "GET /v2/delivery/tasks?project_name=p&completed_before=x")
            world:refused(400, "GET /v2/delivery/tasks?project_name=p&next_token=x")
            world:refused(404, "GET /v2/delivery/tasks?project_name=x")
            world:refused(404, "GET /v2/delivery/tasks?delivery_id=x")
            world = new_world { assume = { v2_unknown_filter = "empty" } }
            assert.same({}, world:ok("GET /v2/delivery/tasks?project_name=x").docs)
        end)

        it("and their schema, whose JSON is a text", function()
            assert.same({ schema = { id = schema, json = '{"type":"object"}' } }, world:ok("GET /v2/schema?schema_id=" .. schema))
            world:seed("schema", { id = "s", json = '{"x": 1.0}' })
            assert.equal('{"x": 1.0}', world:ok("GET /v2/schema?schema_id=s").schema.json)
            assert.equal("Provide schema_id.", world:refused(400, "GET /v2/schema"))
            assert.equal("Schema with that id not found.", world:refused(404, "GET /v2/schema?schema_id=x"))
        end)
    end)
end)
