-- The sandbox's rules for fixless audits, and for what comes after a task's end: callbacks again, response files.

local json = require("scaleapi").json
local sandbox = require "scaleapi.sandbox"
local new_world = dofile "tests/spec/support/world.lua"

describe("a fixless audit", function()
    local world, task
    before_each(function()
        world = new_world()
        world.key = "test_key"
        task = world:task()
    end)

    local function audit(more)
        local answer, status, raw = world:call("PUT /v1/audits",
            ('{"task_id":"%s","audit_result":"rejected"%s}'):format(task.task_id, more and "," .. more or ""))
        assert.equal(201, status, raw)
        return answer, raw
    end

    it("is answered with 201, and with what was sent, byte by byte", function()
        local answer, raw = audit '"feedback_items":[ {"b":1.0,"a":[]} ],"response_url":"https:\\/\\/x","id":"mine"'
        assert.matches("^%x+$", answer.id)
        assert.same({ task.task_id, "rejected" }, { answer.task_id, answer.audit_result })
        assert.is_truthy(raw:find('"feedback_items":[ {"b":1.0,"a":[]} ],"response_url":"https:\\/\\/x"', 1, true), raw)
    end)

    it("is found by its id and by its task", function()
        local first, second = audit(), audit()
        local other = task
        task = world:task()
        local third = audit()
        assert.not_equal(first.id, second.id)
        assert.same({ first, second }, world:ok("GET /v1/audits?task_id=" .. other.task_id))
        assert.same({ third }, world:ok("GET /v1/audits?id=" .. third.id))
        assert.same(json.array {}, world:ok("GET /v1/audits?id=" .. third.id .. "&task_id=" .. other.task_id))
        assert.same(json.array {}, world:ok "GET /v1/audits?task_id=none")
        assert.same(json.array {}, world:ok "GET /v1/audits?id=none")
        world.key = "live_key"
        assert.same(json.array {}, world:ok("GET /v1/audits?id=" .. third.id))
    end)

    it("is not found without either", function()
        assert.equal("Provide task_id or id.", world:refused(400, "GET /v1/audits"))
        assert.equal("Provide task_id or id.", world:refused(400, "GET /v1/audits?id=&task_id="))
    end)

    it("changes the task's review, unless it is assumed that it does not", function()
        audit()
        assert.equal("rejected", world:ok("GET /v1/task/" .. task.task_id).customer_review_status)
        world = new_world { assume = { fixless_audit_reviews = false } }
        world.key = "test_key"
        task = world:task()
        audit()
        assert.equal("pending", world:ok("GET /v1/task/" .. task.task_id).customer_review_status)
    end)

    for expected, body in pairs {
        ['Parameter is invalid, reason: "task_id" is required'] = '{"audit_result":"accepted"}',
        ['Parameter is invalid, reason: "task_id" must be a string'] = '{"audit_result":"accepted","task_id":1}',
        ['Parameter is invalid, reason: "audit_result" is required'] = '{"task_id":"x"}',
        ['Parameter is invalid, reason: "audit_result" must be one of accepted, fixed, rejected'] =
            '{"task_id":"x","audit_result":"good"}',
        ['Parameter is invalid, reason: "feedback_items" must be an array'] =
            '{"task_id":"x","audit_result":"fixed","feedback_items":{}}',
        ["Task with that ID not found."] = '{"task_id":"x","audit_result":"accepted"}',
        ["Invalid JSON in request body."] = "{", ["The request body must be an object."] = "[]",
    } do
        it("is refused with: " .. expected, function()
            assert.equal(expected, world:refused(400, "PUT /v1/audits", body))
        end)
    end

    it("is refused for a task that is not completed, unless it is assumed that it is not", function()
        for _, only_completed in ipairs { true, false } do
            world = new_world { assume = { audit_only_completed = only_completed } }
            world:project "p"
            local pending = world:task '"project":"p"'
            local _, status = world:call("PUT /v1/audits", { task_id = pending.task_id, audit_result = "accepted" })
            assert.equal(only_completed and 400 or 201, status)
        end
    end)
end)

describe("a callback is sent again", function()
    local world, sent
    before_each(function()
        world, sent = new_world { complete_after = 1 }, {}
        world:project "p"
        world.world.send_callback = function(account, task) table.insert(sent, { account.kind, task.status }) end
    end)

    for _, path in ipairs { "send_callback", "send-callback" } do
        it("by " .. path .. ", when the task is over", function()
            local task = world:task '"project":"p","callback_url":"https://x.test/"'
            local line = "POST /v1/task/" .. task.task_id .. "/" .. path
            local refused = "Only tasks that are completed or in error have a callback to send."
            assert.equal(refused, world:refused(400, line))
            world:wait(1)
            assert.same({ success = true }, world:ok(line))
            assert.same({ { "live", "completed" } }, sent)
            local canceled = world:task '"project":"p","callback_url":"https://x.test/"'
            world:ok("POST /v1/task/" .. canceled.task_id .. "/cancel")
            assert.equal(refused, world:refused(400, "POST /v1/task/" .. canceled.task_id .. "/" .. path))
            assert.equal("Task with that ID not found.", world:refused(404, "POST /v1/task/none/" .. path))
        end)
    end

    it("when the task is in error, too", function()
        world:project("i", "imageannotation")
        local task = world:ok("POST /v1/task/imageannotation",
            '{"project":"i","attachment":"http://x.invalid/","geometries":{},"callback_url":"https://x.test/"}')
        world:wait(1)
        world:ok("POST /v1/task/" .. task.task_id .. "/send_callback")
        assert.same({ { "live", "error" } }, sent)
    end)

    it("not where there is none, whatever its params call so", function()
        local task = world:task '"project":"p","x":{"a":1,"callback_url":"https://x.test/"}'
        world:wait(1)
        assert.is_nil(world:ok("GET /v1/task/" .. task.task_id).callback_succeeded)
        assert.equal("Task has no callback_url.", world:refused(400, "POST /v1/task/" .. task.task_id .. "/send_callback"))
        assert.same({}, sent)
    end)

    it("and answered in a world that sends none", function()
        world.world.send_callback = nil
        local task = world:task '"project":"p","callback_url":"https://x.test/"'
        world:wait(1)
        world:ok("POST /v1/task/" .. task.task_id .. "/send_callback")
    end)
end)

describe("a file of a task's response", function()
    local world, task
    before_each(function()
        world = new_world()
        world.key = "test_key"
        task = world:ok("POST /v1/task/videoplaybackannotation", '{"attachment":"u","geometries":{}}')
    end)

    local function answer(id, uuid)
        return sandbox.handle(world.world, { method = "GET", path = ("/v1/task/%s/response_url/%s"):format(id, uuid),
            headers = { authorization = "Bearer " .. world.key }, body = "" })
    end

    it("is where the answer to its UUID sends one", function()
        local seen = {}
        for _, name in ipairs { "annotations", "events" } do
            local url = task.response[name].url
            local uuid = url:match "/(%x+%-%x+%-4%x+%-%x+%-%x+)/"
            assert.equal(36, #uuid)
            assert.is_nil(seen[uuid])
            seen[uuid] = true
            local response = answer(task.task_id, uuid)
            assert.same({ 302, url, "" }, { response.status, response.headers.Location, response.body })
        end
    end)

    it("is not found by another UUID, in another task, or before there is one", function()
        local uuid = task.response.events.url:match "/(%x+%-%x+%-4%x+%-%x+%-%x+)/"
        local other = world:task()
        for _, case in ipairs { { task.task_id, (uuid:gsub("^.", "g")) }, { task.task_id, "x" }, { task.task_id, (".*"):rep(18) },
            { task.task_id, "00000000-0000-4000-8000-000000000000" }, { other.task_id, uuid } } do
            local response = answer(case[1], case[2])
            assert.equal(404, response.status, case[2])
            assert.matches("Response with that ID not found.", response.body)
        end
        assert.matches("Task with that ID not found.", answer("none", uuid).body)
        world.key = "live_key"
        world:project "p"
        assert.equal(404, answer(world:task('"project":"p"').task_id, uuid).status)
    end)
end)
