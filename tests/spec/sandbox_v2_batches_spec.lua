-- The sandbox's rules for batches of the second API: /v2/batch… and /v2/batches, and what becomes of their tasks.

local store = require "scaleapi.sandbox.store"
local new_world = dofile "tests/spec/support/world.lua"

describe("a v2 batch", function()
    local world
    before_each(function()
        world = new_world { complete_after = 10 }
        world:project("p", "chat")
        world:project("q", "chat")
    end)

    local function create(name, more)
        return world:ok("POST /v2/batch", ('{"name":"%s","project_name":"p"%s}'):format(name, more and "," .. more or ""))
    end

    local function operate(what, name)
        return world:ok("POST /v2/batch/" .. what, ('{"batch_name":"%s"}'):format(name))
    end

    local function state(name)
        return world:ok("GET /v2/batch?batch_name=" .. name).status
    end

    local function add_task(name)
        return world:ok("POST /v2/task/chat", ('{"batch_name":"%s"}'):format(name)).task_id
    end

    local function status_of(id)
        return world:ok("GET /v2/task?task_id=" .. id).status
    end

    -- A batch in each status, by the name of it.
    local function one_in_each()
        create("staging", '"staging_batch":true')
        create "in_progress"
        create "completed"
        create "paused"
        create "cancelled"
        add_task "completed"
        world:wait(10)
        operate("pause", "paused")
        operate("cancel", "cancelled")
        for _, each in ipairs { "staging", "in_progress", "completed", "paused", "cancelled" } do
            assert.equal(each, state(each))
        end
    end

    describe("is made", function()
        it("in progress, or in staging if that is asked for, and is the same batch in the first API", function()
            local batch = create "b"
            assert.same({ "b", "in_progress", "2023-11-14T22:13:20.123Z", {} },
                { batch.name, batch.status, batch.created_at, batch.metadata })
            assert.is_truthy(batch.id:find "^%x+$" and #batch.id == 24)
            assert.equal("staging", create("s", '"staging_batch":true').status)
            assert.equal("in_progress", create("n", '"staging_batch":false').status)
            assert.same({ "staging", "p" }, { world:ok("GET /v1/batches/s").status, world:ok("GET /v1/batches/s").project })
        end)

        it("with what was sent, byte by byte", function()
            local batch, raw = world:ok("POST /v2/batch",
                '{"project_name":"p","name":"\\u00e9/1 ?","callback":"a@b.c","metadata":{"x": 1.0,"y":[]}}')
            assert.same({ "é/1 ?", "a@b.c" }, { batch.name, batch.callback })
            assert.is_truthy(raw:find('"metadata":{"x": 1.0,"y":[]}', 1, true))
            assert.same(batch, world:ok "GET /v2/batch?batch_name=%C3%A9/1%20%3f")
            assert.same(batch, world:ok("GET /v2/batch?batch_id=" .. batch.id))
            assert.is_nil(create("c", '"callback":""').callback)
        end)

        it("in a project that is named by id too, also as `project`", function()
            local id = world:ok("GET /v2/project?project_name=q").id
            for name, body in pairs { a = '"project_id":"%s"', b = '"project":"%s"', c = '"project":"q"' } do
                local batch = world:ok("POST /v2/batch", ('{"name":"%s",%s}'):format(name, body:format(id)))
                assert.equal(id, batch.project)
            end
        end)

        for body, expected in pairs {
            ['{"project_name":"p"}'] = 'Parameter is invalid, reason: "name" is required',
            ['{"project_name":"p","name":""}'] = 'Parameter is invalid, reason: "name" is required',
            ['{"project_name":"p","name":1}'] = 'Parameter is invalid, reason: "name" must be a string',
            ['{"name":"b"}'] = "Provide project_id or project_name.",
            ['{"project_name":"p","name":"b","staging_batch":1}'] =
                'Parameter is invalid, reason: "staging_batch" must be a boolean',
            ['{"project_name":"p","name":"b","metadata":"x"}'] = 'Parameter is invalid, reason: "metadata" must be an object',
            ['{"project_name":"p","name":"b","callback":[]}'] = 'Parameter is invalid, reason: "callback" must be a string',
            ["{"] = "Invalid JSON in request body.",
        } do
            it("not of " .. body, function()
                assert.equal(expected, world:refused(400, "POST /v2/batch", body))
                assert.same({}, world:ok("GET /v2/batches").batches)
            end)
        end

        it("not twice with one name, in whatever project and API", function()
            create "b"
            world:batch("c", "q")
            for _, name in ipairs { "b", "c" } do
                assert.equal(('Batch with name "%s" already exists.'):format(name),
                    world:refused(409, "POST /v2/batch", ('{"name":"%s","project_name":"q"}'):format(name)))
            end
            world:refused(409, "POST /v1/batches", '{"name":"b","project":"q"}')
        end)

        it("not in a project that is unknown: 404, or 400 if that is assumed", function()
            local other = new_world { assume = { v2_missing_place = 400 } }
            for _, project in ipairs { '"project_name":"x"', '"project_id":"x"', '"project":"x"' } do
                world:refused(404, "POST /v2/batch", '{"name":"b",' .. project .. "}")
                other:refused(400, "POST /v2/batch", '{"name":"b",' .. project .. "}")
            end
        end)
    end)

    it("that is unknown or not named is refused everywhere", function()
        for _, what in ipairs { "finalize", "pause", "resume", "cancel", "metadata" } do
            local line = "POST /v2/batch/" .. what
            assert.equal("Batch with that name not found.", world:refused(404, line, '{"batch_name":"x","metadata":{}}'))
            assert.equal("Batch with that id not found.", world:refused(404, line, '{"batch_id":"x","metadata":{}}'))
            assert.equal("Provide batch_id or batch_name.", world:refused(400, line, '{"metadata":{}}'))
            assert.equal("Provide batch_id or batch_name.", world:refused(400, line, '{"batch_id":"","metadata":{}}'))
            assert.equal("The request body must be an object.", world:refused(400, line, "[]"))
        end
        assert.equal("Batch with that id not found.", world:refused(404, "GET /v2/batch?batch_id=x"))
        assert.equal("Provide batch_id or batch_name.", world:refused(400, "GET /v2/batch"))
        local id = create("b").id
        create "c"
        assert.equal("batch_id and batch_name name different things.",
            world:refused(400, "GET /v2/batch?batch_name=c&batch_id=" .. id))
    end)

    it("shows its project whole if it is expanded", function()
        create "b"
        assert.same(world:ok "GET /v2/project?project_name=p", world:ok("GET /v2/batch?batch_name=b&expand=project").project)
        assert.equal("p", world:ok("GET /v2/batches?expand=project").batches[1].project.name)
        assert.equal('Parameter is invalid, reason: "expand" must be of project',
            world:refused(400, "GET /v2/batch?batch_name=b&expand=batch"))
    end)

    describe("goes from one status to another:", function()
        local MESSAGES = {
            pause = "Batch pause initiated. Only unstarted tasks will be paused.",
            resume = "Batch resume initiated. Previously paused tasks will be resumed.",
            cancel = "Batch cancellation initiated. Unstarted tasks will be cancelled.",
        }
        local DONE = { finalize = "finalized", pause = "paused", resume = "resumed", cancel = "cancelled" }
        local ALLOWED = {
            finalize = { staging = "in_progress" },
            pause = { in_progress = "paused" },
            resume = { paused = "in_progress" },
            cancel = { staging = "cancelled", in_progress = "cancelled", paused = "cancelled" },
        }

        for what, allowed in pairs(ALLOWED) do
            for _, from in ipairs { "staging", "in_progress", "completed", "paused", "cancelled" } do
                if allowed[from] then
                    it(("%s, %s, %s"):format(from, what, allowed[from]), function()
                        one_in_each()
                        local answer = operate(what, from)
                        assert.equal(MESSAGES[what], answer.message)
                        assert.equal(allowed[from], state(from))
                        assert.same(world:ok("GET /v2/batch?batch_name=" .. from), answer.batch or answer)
                    end)
                else
                    it(("%s, %s is refused: 400, or 409 if that is assumed"):format(from, what), function()
                        for _, status in ipairs { 400, 409 } do
                            world = new_world { complete_after = 10, assume = { v2_refused_transition = status } }
                            world:project("p", "chat")
                            one_in_each()
                            assert.equal(("Batch in status %s cannot be %s."):format(from, DONE[what]),
                                world:refused(status, "POST /v2/batch/" .. what, ('{"batch_name":"%s"}'):format(from)))
                            assert.equal(from, state(from))
                        end
                    end)
                end
            end
        end

        it("the answer shows the batch as it was before, if that is assumed", function()
            world = new_world { assume = { v2_operation_shows = "before" } }
            world:project("p", "chat")
            create "b"
            assert.equal("in_progress", operate("pause", "b").batch.status)
            assert.equal("paused", state "b")
        end)

        it("an empty one stays as it is when it is paused, if that is assumed", function()
            world = new_world { assume = { v2_empty_batch_pauses = false } }
            world:project("p", "chat")
            create "b"
            assert.equal("in_progress", operate("pause", "b").batch.status)
            assert.equal("in_progress", state "b")
            add_task "b"
            operate("pause", "b")
            assert.equal("paused", state "b")
        end)
    end)

    describe("when paused", function()
        it("holds its tasks back until it is resumed, and as long again as they take", function()
            create "b"
            local before = add_task "b"
            world:wait(9)
            operate("pause", "b")
            local during = add_task "b"
            world:wait(30)
            assert.same({ "pending", "pending" }, { status_of(before), status_of(during) })
            operate("resume", "b")
            world:wait(5)
            local after = add_task "b"
            world:wait(4.999)
            assert.same({ "pending", "pending", "pending" }, { status_of(before), status_of(during), status_of(after) })
            world:wait(0.001)
            assert.same({ "completed", "completed", "pending" }, { status_of(before), status_of(during), status_of(after) })
            world:wait(5)
            assert.same({ "completed", "completed" }, { status_of(after), state "b" })
        end)

        it("and resumed at once, and paused again, counts from the last time", function()
            create "b"
            local id = add_task "b"
            world:wait(1)
            operate("pause", "b")
            operate("resume", "b")
            world:wait(5)
            operate("pause", "b")
            operate("resume", "b")
            world:wait(9)
            assert.equal("pending", status_of(id))
            world:wait(1)
            assert.same({ "completed", "2023-11-14T22:13:36.123Z" },
                { status_of(id), world:ok("GET /v2/task?task_id=" .. id).completed_at })
        end)

        it("after it was finalized, does too", function()
            create("b", '"staging_batch":true')
            local id = add_task "b"
            world:wait(20)
            operate("finalize", "b")
            world:wait(5)
            operate("pause", "b")
            world:wait(20)
            assert.equal("pending", status_of(id))
            operate("resume", "b")
            world:wait(10)
            assert.equal("completed", status_of(id))
        end)

        it("is in progress for the first API, and holds back no other batch", function()
            create "b"
            create "c"
            add_task "b"
            local other = add_task "c"
            operate("pause", "b")
            world:wait(10)
            assert.equal("completed", status_of(other))
            assert.equal("in_progress", world:ok("GET /v1/batches/b").status)
            assert.same({ "b" }, { world:ok("GET /v1/batches?status=in_progress").docs[1].name })
        end)
    end)

    -- Notes that people work on the task already.
    local function start(id)
        store.find_task(world.world.accounts.live, id).started = true
    end

    it("is paused and cancelled but for the tasks that people work on already", function()
        for _, name in ipairs { "b", "s" } do
            create(name, '"staging_batch":' .. tostring(name == "s"))
            local started, waiting, late = add_task(name), add_task(name), add_task(name)
            start(started)
            if name == "s" then operate("finalize", "s") end
            operate("pause", name)
            world:wait(9.999)
            assert.equal("pending", status_of(started))
            world:wait(0.001)
            assert.same({ "completed", "pending", "pending" }, { status_of(started), status_of(waiting), status_of(late) })
            start(late)
            operate("cancel", name)
            assert.same({ "canceled", "cancelled" }, { status_of(waiting), state(name) })
            assert.equal("in_progress", world:ok("GET /v1/batches/" .. name).status)
            assert.equal(1, world:ok("GET /v1/batches/" .. name .. "/status").pending)
            world:wait(10)
            assert.equal("completed", world:ok("GET /v1/batches/" .. name).status)
            assert.equal("completed", status_of(late))
        end
    end)

    describe("when cancelled", function()
        it("cancels its pending tasks, and takes no new ones", function()
            create "b"
            local done = add_task "b"
            world:wait(10)
            local pending = add_task "b"
            operate("cancel", "b")
            assert.same({ "completed", "canceled" }, { status_of(done), status_of(pending) })
            assert.equal("canceled", world:ok("GET /v1/task/" .. pending).status)
            local text = 'Batch "b" is cancelled and takes no new tasks.'
            assert.equal(text, world:refused(400, "POST /v2/task/chat", '{"batch_name":"b"}'))
            assert.equal(text, world:refused(400, "POST /v1/task/chat", '{"batch":"b"}'))
            assert.is_nil(world:ok("GET /v2/batch?batch_name=b").completed_at)
        end)

        it("is completed for the first API, in which it cannot be finalized either", function()
            create("b", '"staging_batch":true')
            world:wait(3)
            operate("cancel", "b")
            local batch = world:ok "GET /v1/batches/b"
            assert.same({ "completed", "2023-11-14T22:13:23.123Z" }, { batch.status, batch.completed_at })
            assert.equal("completed", world:ok("GET /v1/batches/b/status").status)
            assert.equal("Batch in status completed cannot be finalized.", world:refused(400, "POST /v1/batches/b/finalize"))
            assert.equal("cancelled", state "b")
        end)
    end)

    it("of the first API that was finalized there is in progress", function()
        world:project("r", "comparison", '"rapid":true')
        world:batch("b", "r")
        assert.equal("staging", state "b")
        world:ok "POST /v1/batches/b/finalize"
        assert.equal("in_progress", state "b")
        world:refused(400, "POST /v2/batch/finalize", '{"batch_name":"b"}')
    end)

    describe("changes its metadata", function()
        before_each(function() create("b", '"metadata":{"a":{"x":1.0},"b":2}') end)

        local function set(more)
            local _, raw = world:ok("POST /v2/batch/metadata", '{"batch_name":"b",' .. more .. "}")
            assert.equal(raw, (select(2, world:ok "GET /v2/batch?batch_name=b")))
            return raw:match '"metadata":(.*)}$'
        end

        it("as a whole, or deeply merged", function()
            assert.equal('{"a":{"x":1.0,"y":[]},"b":null}', set '"merge":true,"metadata":{"a":{"y":[]},"b":null}')
            assert.equal('{"c":1e5}', set '"metadata":{"c":1e5}')
            assert.equal("{}", set '"metadata":{},"merge":false')
        end)

        for more, expected in pairs {
            ['"merge":true'] = 'Parameter is invalid, reason: "metadata" is required',
            ['"metadata":7'] = 'Parameter is invalid, reason: "metadata" must be an object',
            ['"metadata":{},"merge":1'] = 'Parameter is invalid, reason: "merge" must be a boolean',
        } do
            it("not to " .. more, function()
                assert.equal(expected, world:refused(400, "POST /v2/batch/metadata", '{"batch_name":"b",' .. more .. "}"))
                assert.same({ a = { x = 1.0 }, b = 2 }, world:ok("GET /v2/batch?batch_name=b").metadata)
            end)
        end
    end)

    describe("list", function()
        local function names(query)
            local list = {}
            for i, batch in ipairs(world:ok("GET /v2/batches?" .. query).batches) do list[i] = batch.name end
            return table.concat(list, " ")
        end

        it("has all, or those of a project or status, the newest first", function()
            one_in_each()
            world:batch("other", "q")
            assert.equal("other cancelled paused completed in_progress staging", names "")
            assert.equal("completed", names "completed_after=2000-01-01")
            assert.equal("other", names "project_name=q")
            assert.equal("other", names("project_id=" .. world:ok("GET /v2/project?project_name=q").id))
            for _, each in ipairs { "staging", "completed", "paused", "cancelled" } do
                assert.equal(each, names("status=" .. each))
            end
            assert.equal("in_progress", names "status=in_progress&project_name=p")
            assert.equal('Parameter is invalid, reason: "status" must be one of staging, in_progress, completed, paused, cancelled',
                world:refused(400, "GET /v2/batches?status=canceled"))
        end)

        it("has those made or completed within bounds, the bounds included", function()
            for _, name in ipairs { "a", "b", "c" } do
                create(name)
                add_task(name)
                world:wait(1)
            end
            assert.equal("b a", names "created_before=2023-11-14T22:13:21.123Z")
            assert.equal("c b", names "created_after=2023-11-14T22:13:21.123Z")
            assert.equal("", names "completed_after=2000-01-01")
            world:wait(9)
            assert.equal("c b a", names "completed_after=2000-01-01")
            assert.equal("b", names "completed_after=2023-11-14T22:13:31.123Z&completed_before=2023-11-14T22:13:31.123Z")
            for _, name in ipairs { "created_after", "created_before", "completed_after", "completed_before" } do
                assert.equal(('Parameter is invalid, reason: "%s" must be a date'):format(name),
                    world:refused(400, "GET /v2/batches?" .. name .. "=x"))
            end
        end)

        it("comes in pages that batches made meanwhile do not shift", function()
            for _, name in ipairs { "a", "b", "c" } do create(name) end
            local first = world:ok "GET /v2/batches?limit=2"
            create "d"
            local token = first.next_token:gsub("=", "%%3D")
            assert.equal("a", names("limit=2&next_token=" .. token))
            assert.is_nil(world:ok("GET /v2/batches?limit=2&next_token=" .. token).next_token)
            assert.equal("Invalid next_token.", world:refused(400, "GET /v2/tasks?project_name=p&next_token=" .. token))
            for query, text in pairs {
                ["limit=0"] = 'Parameter is invalid, reason: "limit" must be between 1 and 100',
                ["next_token=x"] = "Invalid next_token.",
            } do
                assert.equal(text, world:refused(400, "GET /v2/batches?" .. query))
            end
        end)

        it("of a project that is unknown: 404, or empty if that is assumed", function()
            create "b"
            assert.equal("Project with that name not found.", world:refused(404, "GET /v2/batches?project_name=x"))
            world = new_world { assume = { v2_unknown_filter = "empty" } }
            world:project("p", "chat")
            create "b"
            assert.equal("", names "project_name=x")
            assert.equal("b", names "")
        end)
    end)
end)
