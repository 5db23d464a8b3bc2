-- The sandbox's callbacks: what is posted, when, to whom, how often.

local scaleapi = require "scaleapi"
local sandbox = require "scaleapi.sandbox"
local new_callbacks = require "scaleapi.sandbox.callbacks"
local store = require "scaleapi.sandbox.store"
local fake = dofile "tests/spec/support/fake.lua"

local json = scaleapi.json
local OK, BROKEN = { status = 200 }, { status = 500 }

describe("callbacks of the sandbox", function()
    local s, receiver, live, test

    local function start(options)
        options = options or {}
        options.callback_retry_base = options.callback_retry_base or 0
        s = sandbox.start(options)
        live = scaleapi.client { api_key = "live_a", base_url = s.url, max_attempts = 1 }
        test = scaleapi.client { api_key = "test_a", base_url = s.url, max_attempts = 1 }
        for _, client in ipairs { live, test } do
            client:create_project { project_name = "p", task_type = "comparison" }
            client:create_project { project_name = "rapid", task_type = "comparison", rapid = true }
        end
    end

    local function receive(script)
        receiver = fake.start(script)
        return receiver.url
    end

    before_each(function() s, receiver = nil, nil end)

    after_each(function()
        if live then live:close() end
        if test then test:close() end
        if s then s:close() end
        if receiver then receiver:close() end
        local turns = 0
        while scaleapi.step(0.01) and turns < 100 do turns = turns + 1 end
        assert.is_true(turns < 100, "something was left open")
        assert.is_nil(scaleapi.timeout(), "a timer was left")
        s, live, test = nil, nil, nil
    end)

    -- A comparison task, which needs least.
    local function create(client, callback_url, more)
        local payload = { project = "p", attachments = { { type = "text", content = "x" } }, choices = { "yes", "no" },
            callback_url = callback_url }
        for name, value in pairs(more or {}) do payload[name] = value end
        return client:create_task("comparison", payload)
    end

    -- A batch of that name with one task in it, which is completed at once.
    local function complete_batch(name, callback)
        test:create_batch { project = "p", batch_name = name, callback = callback }
        create(test, nil, { batch = name })
    end

    local function eventually(condition, seconds)
        local deadline = scaleapi.now() + (seconds or 10)
        while not condition() do
            assert(scaleapi.now() < deadline, "it did not come about")
            scaleapi.sleep(0.002)
        end
    end

    local function received(count)
        eventually(function() return #receiver.requests >= count end)
        return json.decode(receiver.requests[count].body)
    end

    local function settled()
        eventually(function() return s:stats().callbacks.waiting == 0 end)
        return s:stats().callbacks
    end

    -- --------------------------------------------------------------- what

    it("show a completed task, with the key in a header", function()
        local url = receive { OK }
        start { callback_auth_key = "secret_callback_key" }
        local task = create(live, url .. "/hook?x=1", { metadata = json.decode '{"n":1.5,"list":[]}' })
        assert.is_nil(task.callback_succeeded)
        assert.equal(1, s:complete(task.task_id))
        local body = received(1)
        local request = receiver.requests[1]
        assert.equal("POST /hook?x=1", receiver:line())
        assert.equal("secret_callback_key", request.headers["scale-callback-auth"])
        assert.equal("application/json", request.headers["content-type"])
        assert.is_nil(request.headers.authorization)
        assert.same({ task.task_id, "completed", task.task_id, "completed" },
            { body.task_id, body.status, body.task.task_id, body.task.status })
        assert.same(body.task.response, body.response)
        assert.is_string(body.response.choice)
        assert.is_nil(body.task.callback_succeeded)
        assert.matches('"metadata":{"list":[],"n":1.5}', request.body, 1, true)
        settled()
        assert.is_true(live:get_task(task.task_id).callback_succeeded)
        assert.same({ sent = 1, delivered = 1, given_up = 0, waiting = 0, not_sent = 0 }, s:stats().callbacks)
    end)

    it("carry a known key when none is chosen", function()
        local url = receive { OK }
        start()
        create(test, url)
        received(1)
        assert.equal("live_callback_auth_key", receiver.requests[1].headers["scale-callback-auth"])
    end)

    it("are sent for test keys too, whose tasks say so from the start", function()
        local url = receive { OK }
        start()
        local task = create(test, url)
        assert.is_true(task.callback_succeeded)
        assert.is_true(received(1).task.is_test)
        settled()
        assert.is_true(test:get_task(task.task_id).callback_succeeded)
    end)

    it("show a task that ended in error", function()
        local url = receive { OK }
        start()
        local task = create(live, url, { attachments = { { type = "image", content = "http://gone.invalid/a.png" } } })
        s:complete(task.task_id)
        local body = received(1)
        assert.same({ "error", "error" }, { body.status, body.task.status })
        assert.matches("could not be downloaded", body.response.error)
        assert.equal("http://gone.invalid/a.png", body.response.attachments[1].url)
        settled()
        assert.is_true(live:get_task(task.task_id).callback_succeeded)
    end)

    it("tell of an audit, a recall and a wish, in the order of what happened", function()
        local url = receive { OK }
        start()
        local task = create(live, url)
        s:complete(task.task_id)
        live:audit_task(task.task_id, { accepted = false })
        local account = s.world.accounts.live
        local kept = store.find_task(account, task.task_id)
        s.world.send_callback(account, kept)
        store.recall(account, kept)
        received(4)
        local seen = {}
        for i = 1, 4 do
            local body = json.decode(receiver.requests[i].body)
            seen[i] = table.concat({ body.status, tostring(body.task.customer_review_status),
                body.response == json.null and "no response" or "response" }, " ")
        end
        assert.same({ "completed pending response", "completed rejected response", "completed rejected response",
            "pending nil no response" }, seen)
        s:complete(task.task_id)
        assert.equal("completed", received(5).status)
    end)

    it("are not sent when a task is canceled, or has no address", function()
        local url = receive { OK }
        start()
        live:cancel_task(create(live, url).task_id)
        s:complete(create(live, nil).task_id)
        -- One whose params alone have something of that name.
        s:complete(create(live, nil, { extra = { callback_url = url } }).task_id)
        scaleapi.sleep(0.02)
        assert.same({ sent = 0, delivered = 0, given_up = 0, waiting = 0, not_sent = 0 }, s:stats().callbacks)
    end)

    it("tell that a batch is completed, also by a cancel", function()
        local url = receive { OK }
        start()
        live:create_batch { project = "p", batch_name = "b", callback = url .. "/batch" }
        local one, two = create(live, nil, { batch = "b" }), create(live, url .. "/task", { batch = "b" })
        s:complete(one.task_id)
        s:complete(two.task_id)
        eventually(function() return #receiver.requests == 2 end)
        local by_path = {}
        for _, request in ipairs(receiver.requests) do by_path[request.path] = json.decode(request.body) end
        assert.equal(two.task_id, by_path["/task"].task_id)
        assert.same({ "b", "completed" }, { by_path["/batch"].batch.name, by_path["/batch"].batch.status })
        live:create_batch { project = "p", batch_name = "c", callback = url .. "/canceled" }
        live:cancel_task(create(live, nil, { batch = "c" }).task_id)
        received(3)
        assert.equal("POST /canceled", receiver:line())
    end)

    it("tell of a batch once when it is completed many times before anybody can hear", function()
        local url = receive(function(_, n)
            if n == 1 then scaleapi.sleep(0.1) end
            return OK
        end)
        start()
        test:create_batch { project = "p", batch_name = "b", callback = url }
        create(test, nil, { batch = "b" })
        received(1)
        for _ = 1, 5 do create(test, nil, { batch = "b" }) end
        assert.equal(2, settled().sent)
        assert.equal(2, #receiver.requests)
    end)

    it("tell of a staging batch when it is finalized, if its tasks are done", function()
        local url = receive { OK }
        start()
        test:create_batch { project = "rapid", batch_name = "b", callback = url }
        create(test, nil, { project = "rapid", batch = "b" })
        scaleapi.sleep(0.02)
        assert.equal(0, #receiver.requests)
        test:finalize_batch "b"
        assert.equal("completed", received(1).batch.status)
    end)

    it("tell that a batch is completed when it is cancelled, whatever it was before", function()
        local url = receive { OK }
        start()
        live:create_project { project_name = "talks", task_type = "chat" }
        for _, staging in ipairs { true, false } do
            for _, size in ipairs { 0, 2 } do
                local name = ("%s%d"):format(staging and "staging" or "released", size)
                live.v2:create_batch { project_name = "talks", name = name, staging_batch = staging, callback = url }
                for _ = 1, size do live.v2:create_chat_task { batch_name = name } end
                local before = settled().sent
                live.v2:cancel_batch { batch_name = name }
                assert.equal(before + 1, settled().sent, name)
                local batch = json.decode(receiver.requests[before + 1].body).batch
                assert.same({ name, "completed" }, { batch.name, batch.status })
            end
        end
    end)

    it("tell of a completed batch once, though a task of it is deleted", function()
        local url = receive { OK }
        start()
        test:create_batch { project = "p", batch_name = "b", callback = url }
        local task = create(test, nil, { batch = "b" })
        received(1)
        local completed_at = test:get_batch("b").completed_at
        scaleapi.sleep(0.005)
        s:seed("deletion", { task_id = task.task_id }, "test")
        assert.equal(1, settled().sent)
        assert.equal(completed_at, test:get_batch("b").completed_at)
    end)

    -- --------------------------------------------------------------- when

    it("come after the answer to the request that caused them", function()
        local order = {}
        local url = receive(function()
            table.insert(order, "callback")
            return OK
        end)
        start { latency = 0.05 }
        create(test, url)
        table.insert(order, "answer")
        received(1)
        assert.same({ "answer", "callback" }, order)
    end)

    it("come by themselves when a task is due", function()
        local url = receive { OK }
        start { complete_after = 0.1 }
        local task = create(live, url)
        local made = scaleapi.now()
        local body = received(1)
        assert.same({ task.task_id, "completed" }, { body.task_id, body.status })
        assert.is_true(scaleapi.now() - made > 0.08)
        create(live, url)
        create(live, url)
        received(3)
    end)

    it("come by themselves when the tasks of a batch are due, released or not", function()
        local url = receive { OK }
        start { complete_after = 0.05 }
        live:create_batch { project = "p", batch_name = "b", callback = url }
        create(live, nil, { batch = "b" })
        assert.equal("b", received(1).batch.name)
        live:create_batch { project = "rapid", batch_name = "r" }
        create(live, url, { project = "rapid", batch = "r" })
        scaleapi.sleep(0.12)
        assert.equal(1, #receiver.requests)
        live:finalize_batch "r"
        assert.equal("completed", received(2).status)
    end)

    it("follow a clock that is set forward", function()
        local url = receive { OK }
        local ahead = 0
        start { complete_after = 3600, clock = function() return 1700000000000 + ahead end }
        create(live, url)
        scaleapi.sleep(0.02)
        assert.equal(0, #receiver.requests)
        ahead = 3600 * 1000
        received(1)
    end)

    it("come by themselves for tasks that are older than the server", function()
        local url = receive { OK }
        local world = sandbox.new_world { complete_after = 0.05, assume = { live_needs_project = false } }
        for _, each in ipairs { url .. "/late", "", "http://elsewhere.invalid/" } do
            local response = sandbox.handle(world, { method = "POST", path = "/v1/task/chat",
                headers = { authorization = "Bearer live_a" },
                body = each == "" and "{}" or '{"callback_url":"' .. each .. '"}' })
            assert.equal(200, response.status, response.body)
        end
        local callbacks = new_callbacks(world, {})
        received(1)
        assert.equal("POST /late", receiver:line())
        eventually(function() -- nobody looks after what is not posted: it is completed when somebody asks
            store.settle(world, world.accounts.live)
            return callbacks:stats().not_sent == 1
        end)
        callbacks:close()
    end)

    it("come by themselves for tasks of a batch that had been paused", function()
        local url = receive { OK }
        local world = sandbox.new_world { complete_after = 0.1 }
        local function ask(path, body)
            local response = sandbox.handle(world, { method = "POST", path = path, body = body,
                headers = { authorization = "Bearer live_a" } })
            assert.equal(200, response.status, response.body)
        end
        ask("/v1/projects", '{"name":"p","type":"chat"}')
        ask("/v2/batch", '{"name":"b","project_name":"p"}')
        ask("/v2/task/chat", '{"batch_name":"b","callback_url":"' .. url .. '"}')
        ask("/v2/batch/pause", '{"batch_name":"b"}')
        scaleapi.sleep(0.15)
        ask("/v2/batch/resume", '{"batch_name":"b"}')
        local callbacks = new_callbacks(world, {})
        received(1)
        callbacks:close()
    end)

    it("are known to have arrived, or not, after a restart from a state", function()
        local path = os.tmpname()
        os.remove(path)
        local url = receive(function(request) return request.path == "/good" and OK or BROKEN end)
        start { state = path }
        local good, bad = create(live, url .. "/good"), create(test, url .. "/bad")
        s:complete(good.task_id)
        settled()
        for _, each in ipairs { s, live, test } do each:close() end
        s = sandbox.start { state = path }
        live = scaleapi.client { api_key = "live_a", base_url = s.url }
        test = scaleapi.client { api_key = "test_a", base_url = s.url }
        os.remove(path)
        assert.is_true(live:get_task(good.task_id).callback_succeeded)
        assert.is_false(test:get_task(bad.task_id).callback_succeeded)
    end)

    -- ---------------------------------------------------------- how often

    it("are repeated until somebody answers with 2xx, the same each time", function()
        local elsewhere = fake.start { OK }
        local url = receive { BROKEN, { status = 404 }, { drop = true }, { status = 200, body = ("x"):rep(99), cut = 5 },
            { status = 302, headers = { Location = elsewhere.url } }, { status = 204 }, OK }
        start()
        local task = create(live, url)
        s:complete(task.task_id)
        received(6)
        local counts = settled()
        assert.same({ 6, 1, 0 }, { counts.sent, counts.delivered, counts.given_up })
        assert.equal(6, #receiver.requests)
        for _, request in ipairs(receiver.requests) do assert.equal(receiver.requests[1].body, request.body) end
        assert.equal(0, #elsewhere.requests)
        assert.is_true(live:get_task(task.task_id).callback_succeeded)
        elsewhere:close()
    end)

    it("are given up after twenty times", function()
        local url = receive { BROKEN }
        start()
        local task, quick = create(live, url), create(test, url)
        s:complete(task.task_id)
        local counts = settled()
        assert.same({ 40, 0, 2 }, { counts.sent, counts.delivered, counts.given_up })
        assert.equal(40, #receiver.requests)
        assert.is_false(live:get_task(task.task_id).callback_succeeded)
        assert.is_false(test:get_task(quick.task_id).callback_succeeded)
    end)

    it("are given up when nobody listens", function()
        local url = receive { OK }
        receiver:close()
        start()
        local task = create(live, url)
        s:complete(task.task_id)
        assert.equal(20, settled().sent)
        assert.is_false(live:get_task(task.task_id).callback_succeeded)
    end)

    it("are repeated after pauses that double", function()
        local times = {}
        local url = receive(function()
            table.insert(times, scaleapi.now())
            return #times < 5 and BROKEN or OK
        end)
        start { callback_retry_base = 0.02 }
        create(test, url)
        received(5)
        for i, least in ipairs { 0.02, 0.04, 0.08, 0.16 } do
            assert.is_true(times[i + 1] - times[i] >= least - 0.002, i .. ": " .. times[i + 1] - times[i])
        end
    end)

    it("keep to their order while the first is repeated", function()
        local url = receive { BROKEN, BROKEN, OK }
        start { callback_retry_base = 0.01 }
        local task = create(live, url)
        s:complete(task.task_id)
        live:audit_task(task.task_id, { accepted = true })
        received(4)
        local reviews = {}
        for i, request in ipairs(receiver.requests) do
            reviews[i] = json.decode(request.body).task.customer_review_status
        end
        assert.same({ "pending", "pending", "pending", "accepted" }, reviews)
    end)

    it("do not wait for those to a receiver that hangs", function()
        local hanging = fake.start(function()
            scaleapi.sleep(3600)
            return OK
        end)
        local url = receive(function()
            scaleapi.sleep(0.02)
            return OK
        end)
        start()
        create(test, hanging.url)
        for _ = 1, 40 do create(test, url) end
        received(40)
        eventually(function() return s:stats().callbacks.delivered == 40 end)
        assert.equal(1, s:stats().callbacks.waiting)
        assert.equal(1, #hanging.requests)
        hanging:close()
    end)

    it("are sixteen at once at most", function()
        local url = receive(function()
            scaleapi.sleep(0.05)
            return OK
        end)
        start()
        local ids = {}
        for i = 1, 40 do ids[i] = create(live, url).task_id end
        s:complete(table.unpack(ids))
        received(40)
        settled()
        assert.equal(16, receiver.server:stats().most_in_flight)
    end)

    it("end with the sandbox: in flight, waiting, and due", function()
        local url = receive(function(_, n)
            if n > 1 then return BROKEN end
            scaleapi.sleep(0.2)
            return OK
        end)
        start { callback_retry_base = 0.02, complete_after = 0.1 }
        create(test, url)
        received(1) -- hangs
        create(test, url)
        received(2) -- is repeated
        create(live, url) -- is due soon
        s:close()
        s:close()
        scaleapi.sleep(0.01)
        local count = #receiver.requests
        scaleapi.sleep(0.3)
        assert.equal(count, #receiver.requests)
        assert.is_true(receiver.server:stats().open <= 1) -- what hung is gone; one may be kept for later
    end)

    it("begin anew with the world", function()
        local url = receive(function(request, n)
            if request.path == "/hangs" then scaleapi.sleep(0.1) end
            return n > 2 and OK or BROKEN
        end)
        start { callback_retry_base = 0.02 }
        create(test, url .. "/hangs")
        create(test, url .. "/again")
        received(2)
        s._callbacks:restart()
        scaleapi.sleep(0.2)
        assert.same({ sent = 0, delivered = 0, given_up = 0, waiting = 0, not_sent = 0 }, s:stats().callbacks)
        assert.equal(2, #receiver.requests)
        create(test, url .. "/new")
        assert.equal(1, settled().delivered)
    end)

    it("leave no timer behind when the sandbox is closed", function()
        local url = receive { BROKEN }
        start { callback_retry_base = 1000, complete_after = 1000 }
        create(live, url)
        create(test, url)
        received(1)
        eventually(function() return s:stats().callbacks.sent == 1 end)
    end)

    -- ------------------------------------------------------------ to whom

    it("go to this machine alone, unless told otherwise; what is not sent is counted", function()
        start()
        local ids = {}
        for i, address in ipairs { "http://example.invalid/", "https://10.0.0.1/", "http://127.0.0.1.invalid/",
            "http://127.0.0.1@elsewhere.invalid/", "http://elsewhere.invalid/?127.0.0.1", "http://128.0.0.1/",
            "http://1127.0.0.1/", "http://localhost.invalid/", "http://127.0.0.1\\@elsewhere.invalid/", "http://[::2]/",
            "somebody@example.invalid" } do
            ids[i] = create(live, address).task_id
        end
        s:complete(table.unpack(ids))
        for _, address in ipairs { "mailto:somebody@example.invalid", "ftp://127.0.0.1/", "http:///", "nonsense" } do
            complete_batch(address, address)
        end
        scaleapi.sleep(0.02)
        assert.same({ sent = 0, delivered = 0, given_up = 0, waiting = 0, not_sent = #ids + 4 }, s:stats().callbacks)
        for _, id in ipairs(ids) do
            local task = live:get_task(id)
            assert.same({ "completed" }, { task.status, task.callback_succeeded })
        end
    end)

    it("know this machine by all its names", function()
        local url = receive { OK }
        start()
        create(test, (url:gsub("127.0.0.1", "localhost")))
        complete_batch("b", (url:gsub("http", "HTTP"):gsub("127.0.0.1", "LOCALHOST")))
        create(test, (url:gsub("127.0.0.1", "127.0.0.2"))) -- nobody listens there, but it is asked
        create(test, (url:gsub("127.0.0.1", "[::1]")))
        received(2)
        assert.equal(0, s:stats().callbacks.not_sent)
    end)

    it("go anywhere when they are told to", function()
        start { callbacks = "any" }
        create(test, "http://elsewhere.invalid/")
        create(test, "somebody@example.invalid")
        local counts = settled()
        assert.same({ 20, 1, 1 }, { counts.sent, counts.given_up, counts.not_sent })
    end)

    it("go nowhere when they are told to", function()
        local url = receive { OK }
        start { callbacks = "none" }
        create(test, url)
        scaleapi.sleep(0.02)
        assert.same({ 0, 1, 0 }, { s:stats().callbacks.sent, s:stats().callbacks.not_sent, #receiver.requests })
    end)

    it("give up at once on what is no address", function()
        start()
        local task = create(test, "http://127.0.0.1:99999/")
        assert.equal(1, settled().sent)
        assert.is_false(test:get_task(task.task_id).callback_succeeded)
        create(test, "http://127.0.0.1/a b")
        assert.equal(2, settled().sent)
    end)

    it("refuse options that are none", function()
        for message, options in pairs {
            ["sandbox option callbacks must be loopback, any or none, not all"] = { callbacks = "all" },
            ["sandbox option callback_auth_key must be a text without spaces, not a b"] = { callback_auth_key = "a b" },
            ["sandbox option callback_retry_base must be a number of seconds, 0 or more, not -1"] =
                { callback_retry_base = -1 },
        } do
            local ok, problem = pcall(sandbox.start, options)
            assert.is_false(ok)
            assert.matches(message, problem, 1, true)
        end
    end)
end)
