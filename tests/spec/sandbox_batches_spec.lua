-- The sandbox's rules for batches: /v1/batches…, and how tasks in them are completed.

local json = require("scaleapi").json
local store = require "scaleapi.sandbox.store"
local new_world = dofile "tests/spec/support/world.lua"

describe("a batch", function()
    local world
    before_each(function()
        world = new_world()
        world:project "p"
        world:project("r", "comparison", '"rapid":true')
        world:project("s", "comparison", '"studio":true')
    end)

    local function names(query)
        local list = {}
        for i, batch in ipairs(world:ok("GET /v1/batches?" .. query).docs) do list[i] = batch.name end
        return list
    end

    describe("is made", function()
        it("in progress, or in staging if its project is Rapid or Studio", function()
            local batch = world:batch("b", "p")
            assert.same({ "b", "p", "in_progress", "2023-11-14T22:13:20.123Z", {} },
                { batch.name, batch.project, batch.status, batch.created_at, batch.metadata })
            assert.is_nil(batch.callback)
            assert.is_nil(world:batch("e", "p", '"callback":""').callback)
            assert.equal("staging", world:batch("c", "r").status)
            assert.equal("staging", world:batch("d", "s").status)
            assert.same(batch, world:ok "GET /v1/batches/b")
        end)

        it("with what was sent, byte by byte", function()
            local batch, raw = world:ok("POST /v1/batches", [[{"project":"r","name":"é/1 ?","callback":"a@b.c",
                "metadata":{"x": 1.0},"calibration_batch":true,"self_label_batch":true,"unknown":1}]])
            assert.same({ "é/1 ?", "a@b.c", true, true },
                { batch.name, batch.callback, batch.calibration_batch, batch.self_label_batch })
            assert.is_truthy(raw:find('"metadata":{"x": 1.0}', 1, true))
            assert.same(batch, world:ok "GET /v1/batches/%C3%A9%2F1%20%3f")
            assert.equal("staging", world:ok("GET /v1/batches/%C3%A9%2F1%20%3F/status").status)
        end)

        for expected, body in pairs {
            ['Parameter is invalid, reason: "project" is required'] = '{"name":"b"}',
            ['Parameter is invalid, reason: "name" is required'] = '{"project":"p","name":""}',
            ['Parameter is invalid, reason: "name" must be a string'] = '{"project":"p","name":1}',
            ['Parameter is invalid, reason: "metadata" must be an object'] = '{"project":"p","name":"b","metadata":[]}',
            ['Parameter is invalid, reason: "callback" must be a string'] = '{"project":"p","name":"b","callback":1}',
            ['Parameter is invalid, reason: "calibration_batch" needs a Rapid project'] =
                '{"project":"p","name":"b","calibration_batch":true}',
            ['Parameter is invalid, reason: "self_label_batch" must be a boolean'] =
                '{"project":"r","name":"b","self_label_batch":"x"}',
            ["Invalid JSON in request body."] = "x",
            ["The request body must be an object."] = "[]",
        } do
            it("not when " .. expected, function()
                assert.equal(expected, world:refused(400, "POST /v1/batches", body))
                assert.same({}, names "")
            end)
        end

        it("not in a project that is unknown", function()
            assert.equal("Project with that name not found.",
                world:refused(404, "POST /v1/batches", '{"project":"x","name":"b"}'))
        end)

        it("not twice with one name, whatever the project", function()
            world:batch("b", "p")
            assert.equal('Batch with name "b" already exists.',
                world:refused(409, "POST /v1/batches", '{"project":"r","name":"b"}'))
            world.key = "test_key"
            world:project "p"
            world:batch("b", "p")
        end)
    end)

    it("that is unknown is refused everywhere", function()
        for _, line in ipairs { "GET ", "GET /status", "POST /finalize", "POST /setMetadata", "POST /prioritize" } do
            local method, what = line:match "^(%u+) (.*)$"
            assert.equal("Batch with that name not found.", world:refused(404, method .. " /v1/batches/none" .. what, "{}"))
        end
    end)

    describe("tells how far it is", function()
        it("in numbers of its tasks", function()
            world:batch("b", "p")
            local ids = {}
            for i = 1, 4 do ids[i] = world:task('"batch":"b"').task_id end
            world:ok("POST /v1/task/" .. ids[1] .. "/cancel")
            assert.same({ status = "in_progress", pending = 3, completed = 0, error = 0, canceled = 1 },
                world:ok "GET /v1/batches/b/status")
        end)

        it("completed when no task is pending, but not when it is empty", function()
            world:batch("b", "p")
            assert.equal("in_progress", world:ok("GET /v1/batches/b").status)
            local task = world:task '"batch":"b"'
            world:wait(5)
            world:ok("POST /v1/task/" .. task.task_id .. "/cancel")
            local batch = world:ok "GET /v1/batches/b"
            assert.same({ "completed", "2023-11-14T22:13:25.123Z" }, { batch.status, batch.completed_at })
            world:task '"batch":"b"'
            batch = world:ok "GET /v1/batches/b"
            assert.same({ "in_progress" }, { batch.status, batch.completed_at })
        end)

        it("completed when it is finalized, if its tasks were all done before", function()
            world:project("rapid", "comparison", '"rapid":true')
            world:batch("b", "rapid")
            world:ok("POST /v1/task/" .. world:task('"batch":"b"').task_id .. "/cancel")
            world:wait(5)
            world:ok "POST /v1/batches/b/finalize"
            local batch = world:ok "GET /v1/batches/b"
            assert.same({ "completed", "2023-11-14T22:13:25.123Z" }, { batch.status, batch.completed_at })
        end)

        it("without those that are 0, if that is assumed", function()
            world = new_world { assume = { zero_counts = false } }
            world:project "p"
            world:batch("b", "p")
            assert.same({ status = "in_progress" }, world:ok "GET /v1/batches/b/status")
        end)
    end)

    describe("is finalized", function()
        it("once, if it was in staging", function()
            world:batch("b", "r")
            world:task '"batch":"b"'
            assert.equal("in_progress", world:ok("POST /v1/batches/b/finalize").status)
            assert.equal("Batch in status in_progress cannot be finalized.", world:refused(400, "POST /v1/batches/b/finalize"))
        end)

        it("as often as one likes, if it never was", function()
            local batch = world:batch("b", "p")
            for _ = 1, 2 do assert.same(batch, world:ok "POST /v1/batches/b/finalize") end
            world:task '"batch":"b"'
        end)

        it("twice, if that is assumed", function()
            world = new_world { assume = { second_finalize = 200, missing_batch_project = 400 } }
            world:project("r", "comparison", '"rapid":true')
            world:batch("b", "r")
            for _ = 1, 2 do assert.equal("in_progress", world:ok("POST /v1/batches/b/finalize").status) end
            world:refused(400, "POST /v1/batches", '{"project":"x","name":"b"}')
        end)
    end)

    it("changes its metadata as a whole", function()
        world:batch("b", "p", '"metadata":{"a":1}')
        assert.same({ b = 1.5 }, world:ok("POST /v1/batches/b/setMetadata", '{"b":1.5}').metadata)
        assert.same({}, world:ok("POST /v1/batches/b/setMetadata", "").metadata)
        assert.equal("The request body must be an object.", world:refused(400, "POST /v1/batches/b/setMetadata", "7"))
    end)

    it("changes only what is sent of its metadata, if that is assumed", function()
        world = new_world { assume = { batch_metadata = "merge" } }
        world:project "p"
        world:batch("b", "p", '"metadata":{"z":1.0,"a":{"x":1}}')
        local _, raw = world:ok("POST /v1/batches/b/setMetadata", '{ "a" : {"y":[ ]},"b":2e0}')
        assert.is_truthy(raw:find('"metadata":{"z":1.0,"a":{"x":1,"y":[ ]},"b":2e0}', 1, true), raw)
        _, raw = world:ok("POST /v1/batches/b/setMetadata", "")
        assert.is_truthy(raw:find('"metadata":{"z":1.0,"a":{"x":1,"y":[ ]},"b":2e0}', 1, true), raw)
    end)

    it("changes its priority", function()
        world:batch("b", "p")
        assert.same({ result = "success" }, world:ok("POST /v1/batches/b/prioritize", '{"priority":30}'))
        assert.equal(30, world:ok("GET /v1/batches/b").priority)
        for _, body in ipairs { "{}", '{"priority":"30"}', '{"priority":31}', '{"priority":9}', '{"priority":20.5}' } do
            world:refused(400, "POST /v1/batches/b/prioritize", body)
        end
    end)

    describe("is listed", function()
        before_each(function()
            for i, project in ipairs { "p", "r", "p", "s" } do
                world:wait(1)
                world:batch("b" .. i, project)
            end
        end)

        it("newest first, by offset", function()
            assert.same({ "b4", "b3", "b2", "b1" }, names "")
            local page = world:ok "GET /v1/batches?limit=3"
            assert.same({ 4, 3, 0, true }, { page.totalDocs, page.limit, page.offset, page.has_more })
            page = world:ok "GET /v1/batches?limit=3&offset=3"
            assert.same({ "b1", 3, false }, { page.docs[1].name, page.offset, page.has_more })
            page = world:ok "GET /v1/batches?offset=7"
            assert.same({ 0, 4, false }, { #page.docs, page.totalDocs, page.has_more })
            page = world:ok "GET /v1/batches?limit=4"
            assert.is_false(page.has_more)
        end)

        it("filtered", function()
            local task = world:task '"batch":"b1"'
            world:ok("POST /v1/task/" .. task.task_id .. "/cancel")
            for query, expected in pairs {
                ["project=p"] = { "b3", "b1" }, ["project=none"] = {}, ["status=staging"] = { "b4", "b2" },
                ["status=in_progress"] = { "b3" }, ["status=completed"] = { "b1" }, ["project=p&status=staging"] = {},
                ["start_time=2023-11-14T22:13:23.123Z"] = { "b4", "b3" }, ["end_time=2023-11-14T22:13:22.123Z"] = { "b2", "b1" },
                ["exclude_archived=True"] = { "b4", "b3", "b2", "b1" }, ["exclude_archived=False"] = { "b4", "b3", "b2", "b1" },
                ["completed_after=2023-11-14"] = { "b1" }, ["completed_before=2023-11-14"] = {}, ["audited_after=2023-11-14"] = {},
            } do
                assert.same(expected, names(query), query)
            end
        end)

        it("without those that are archived, when they are not wanted", function()
            local batch = world.world.accounts.live.batches.b2
            store.archive(batch)
            assert.is_true(world:ok("GET /v1/batches/b2").archived)
            assert.same({ "b4", "b3", "b1" }, names "exclude_archived=True")
            assert.equal(3, world:ok("GET /v1/batches?exclude_archived=1").totalDocs)
            assert.same({ "b4", "b3", "b2", "b1" }, names "exclude_archived=False")
            assert.same({ "b4", "b3", "b2", "b1" }, names "")
            store.archive(batch, false)
            assert.same({ "b4", "b3", "b2", "b1" }, names "exclude_archived=true")
            assert.is_false(world:ok("GET /v1/batches/b2").archived)
        end)

        it("with counts when they are asked for", function()
            world:task '"batch":"b1"'
            assert.equal(1, world:ok("GET /v1/batches?detailed=True&project=p").docs[2].pending)
            assert.is_nil(world:ok("GET /v1/batches?detailed=false").docs[4].pending)
        end)

        it("by the time of its last audit", function()
            world.key = "test_key"
            world:project "p"
            world:batch("t", "p")
            local task = world:task '"batch":"t"'
            assert.same({}, names "audited_after=2023-11-14")
            world:ok("POST /v1/task/" .. task.task_id .. "/audit", '{"accepted":true}')
            assert.same({ "t" }, names "audited_after=2023-11-14")
            assert.same({}, names "audited_before=2023-11-14")
        end)

        for _, query in ipairs { "limit=0", "limit=101", "offset=-1", "status=done", "start_time=x", "audited_before=x", "detailed=x",
            "exclude_archived=x" } do
            it("not with " .. query, function()
                assert.matches("^Parameter is invalid", world:refused(400, "GET /v1/batches?" .. query))
            end)
        end
    end)
end)

describe("a task of a live key", function()
    it("stays pending without complete_after", function()
        local world = new_world()
        world:project "p"
        world:task '"project":"p"'
        world:wait(1000000)
        local task = world:ok("GET /v1/tasks").docs[1]
        assert.same({ "pending" }, { task.status, task.completed_at, task.response, task.customer_review_status })
    end)

    describe("with complete_after", function()
        local world
        before_each(function()
            world = new_world { complete_after = 2 }
            world:project "p"
            world:project("r", "comparison", '"rapid":true')
        end)

        it("is completed so long after its creation, not earlier", function()
            local task = world:task '"project":"p"'
            world:wait(1.999)
            assert.equal("pending", world:ok("GET /v1/task/" .. task.task_id).status)
            world:wait(0.001)
            task = world:ok("GET /v1/task/" .. task.task_id)
            assert.same({ "completed", "2023-11-14T22:13:22.123Z", "2023-11-14T22:13:22.123Z" },
                { task.status, task.completed_at, task.updated_at })
            assert.matches("Made up", task.response.sandbox)
        end)

        it("is completed at the time it was due, whenever that is noticed", function()
            local task = world:task '"project":"p"'
            world:wait(100)
            assert.equal("2023-11-14T22:13:22.123Z", world:ok("GET /v1/task/" .. task.task_id).completed_at)
        end)

        it("is not worked on in staging, but after the batch is finalized", function()
            world:batch("b", "r")
            for _ = 1, 3 do world:task '"batch":"b"' end
            world:wait(10)
            assert.equal(3, world:ok("GET /v1/batches/b/status").pending)
            world:ok "POST /v1/batches/b/finalize"
            world:wait(1.5)
            assert.equal(3, world:ok("GET /v1/batches/b/status").pending)
            world:wait(0.5)
            assert.same({ status = "completed", pending = 0, completed = 3, error = 0, canceled = 0 },
                world:ok "GET /v1/batches/b/status")
            assert.equal("2023-11-14T22:13:32.123Z", world:ok("GET /v1/batches/b").completed_at)
        end)

        it("is worked on in a batch that was never in staging", function()
            world:batch("b", "p")
            world:task '"batch":"b"'
            world:wait(2)
            assert.equal("completed", world:ok("GET /v1/batches/b/status").status)
        end)

        it("stays canceled", function()
            local task = world:task '"project":"p"'
            world:ok("POST /v1/task/" .. task.task_id .. "/cancel")
            world:wait(3)
            assert.equal("canceled", world:ok("GET /v1/task/" .. task.task_id).status)
        end)

        it("ends in error if its attachment cannot be there", function()
            world:project("i", "imageannotation")
            local task = world:ok("POST /v1/task/imageannotation",
                '{"project":"i","attachment":"https://x.invalid:80/a","geometries":{},"unique_id":"u"}')
            assert.equal("pending", task.status)
            world:wait(2)
            task = world:ok("GET /v1/task/" .. task.task_id)
            assert.same({ "error", "u" }, { task.status, task.unique_id, task.completed_at })
            assert.equal("https://x.invalid:80/a", task.response.attachments[1].url)
        end)

        it("is found by what it has become", function()
            for i = 1, 5 do
                world:task(('"project":"p","metadata":{"n":%d}'):format(i))
                world:wait(1)
            end
            assert.equal(4, world:ok("GET /v1/tasks?status=completed").total)
            assert.equal(1, world:ok("GET /v1/tasks?status=pending&project=p").total)
            assert.equal(2, world:ok("GET /v1/tasks?completed_after=2023-11-14T22:13:24.123Z").total)
            assert.same(json.array { 4, 3 }, (function(docs)
                return json.array { docs[1].metadata.n, docs[2].metadata.n }
            end)(world:ok("GET /v1/tasks?updated_after=2023-11-14T22:13:24.123Z&status=completed").docs))
        end)

        it("is done at once when complete_after is 0", function()
            world = new_world { complete_after = 0 }
            world:project "p"
            local task = world:task '"project":"p"'
            assert.equal("completed", world:ok("GET /v1/task/" .. task.task_id).status)
        end)

        it("does not mind a clock that goes back", function()
            local first = world:task '"project":"p"'
            world:wait(-3600)
            local second = world:task '"project":"p"'
            assert.is_true(first.task_id < second.task_id)
            assert.is_true(first.created_at <= second.created_at)
        end)
    end)
end)
