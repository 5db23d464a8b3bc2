-- plain lua too
-- The sandbox as a server: starting it, its options, its faults, the client against it.

local scaleapi = require "scaleapi"
local sandbox = require "scaleapi.sandbox"
local wire = dofile "tests/spec/support/wire.lua"

local TASK = { attachments = scaleapi.array(), choices = { "yes", "no" } }

local function task(more)
    local all = {}
    for name, value in pairs(TASK) do all[name] = value end
    for name, value in pairs(more or {}) do all[name] = value end
    return all
end

describe("a sandbox", function()
    local running, clients

    local function start(options)
        running = sandbox.start(options or {})
        return running
    end

    local function client_of(s, options)
        local all = { api_key = "live_key", base_url = s.url, max_attempts = 1 }
        for name, value in pairs(options or {}) do all[name] = value end
        local client = scaleapi.client(all)
        table.insert(clients, client)
        return client
    end

    before_each(function() clients = {} end)
    after_each(function()
        for _, client in ipairs(clients) do client:close() end
        if running then running:close() end
        running = nil
    end)

    it("is used by a client from end to end", function()
        local client = client_of(start { complete_after = 0.1 })
        local project = client:create_project { project_name = "a/b é?", task_type = "imageannotation", rapid = true }
        local batch = client:create_batch { project = project.name, batch_name = "b#1 %2F" }
        assert.equal("staging", batch.status)
        local file = client:upload_file { data = "\137PNG\r\n\26\n\0", filename = "a.png", project_name = "a/b é?" }
        assert.equal("image/png", file.mime_type)
        for i = 1, 3 do
            client:create_task("imageannotation", {
                batch = batch.name, unique_id = "row " .. i, attachment = file.attachment_url,
                geometries = { box = { objects_to_annotate = { "cow" } } }, metadata = { n = i },
            })
        end
        batch:finalize()
        while client:batch_status(batch.name).status ~= "completed" do scaleapi.sleep(0.02) end
        local seen = {}
        for each in client:get_tasks { batch_name = batch.name, status = "completed" } do
            seen[#seen + 1] = each.metadata.n
            assert.equal("cow", each.response.annotations[1].label)
        end
        assert.same({ 3, 2, 1 }, seen)
    end)

    it("answers 401 to a key of no kind", function()
        local _, err = client_of(start(), { api_key = "secret" }).safe:get_projects()
        assert.same({ "unauthorized", 401, "Invalid API key." }, { err.kind, err.code, err.message })
    end)

    it("keeps two of them apart", function()
        local other <close> = sandbox.start {}
        client_of(other):create_project { project_name = "p", task_type = "chat" }
        assert.equal(0, #client_of(start()):get_projects())
    end)

    it("counts", function()
        local client = client_of(start(), { api_key = "test_key" })
        for _ = 1, 3 do client:create_task("comparison", TASK) end
        local stats = running:stats()
        assert.same({ 3, 3, 0, 1 }, { stats.tasks, stats.requests, stats.faults, stats.connections })
    end)

    it("refuses a body beyond all limits, without a rule", function()
        start()
        local answer = wire.send(running.port,
            "POST /v1/files/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\nExpect: 100-continue\r\n\r\n", 0.2)
        assert.matches("^HTTP/1.1 413 ", answer)
    end)

    it("splits a path before it decodes it", function()
        start()
        local client = client_of(running)
        client:create_project { project_name = "a/taskTemplates", task_type = "textcollection" }
        local answer = wire.send(running.port, "GET /v1/projects/a%2FtaskTemplates HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            .. "Authorization: Bearer live_x\r\n\r\n")
        assert.matches('"name":"a/taskTemplates"', answer)
        assert.matches("\r\nContent%-Type: application/json\r\n", answer)
    end)

    describe("completes", function()
        local client, one, two

        before_each(function()
            client = client_of(start())
            client:create_project { project_name = "p", task_type = "comparison" }
            client:create_batch { project = "p", batch_name = "b" }
            one = client:create_task("comparison", task { batch = "b" })
            two = client:create_task("comparison", task { batch = "b" })
        end)

        it("a task when it is told to", function()
            assert.equal(1, running:complete(one.task_id))
            assert.same({ "completed", "pending" }, { one:refresh().status, two:refresh().status })
            assert.equal(0, running:complete(one.task_id))
        end)

        it("the tasks of a batch", function()
            one:cancel()
            local three = client:create_task("comparison", task { project = "p" })
            assert.equal(2, running:complete("b", three.task_id))
            assert.equal("completed", client:batch_status("b").status)
            assert.same({ "canceled", "completed" }, { one:refresh().status, three:refresh().status })
        end)

        it("nothing that is unknown", function()
            local ok, message = pcall(function() running:complete(one.task_id, "none") end)
            assert.is_false(ok)
            assert.matches("sandbox_spec.lua:%d+: the sandbox has no task and no batch called 'none'", message)
        end)
    end)

    describe("takes its time:", function()
        it("latency, for many requests at once", function()
            local client = client_of(start { latency = 0.1 }, { api_key = "test_key" })
            local started, jobs = scaleapi.now(), {}
            for i = 1, 20 do jobs[i] = scaleapi.spawn(client.create_task, client, "comparison", TASK) end
            for _, job in ipairs(jobs) do job:wait() end
            local seconds = scaleapi.now() - started
            assert.is_true(seconds >= 0.1 and seconds < 1, seconds)
            assert.equal(20, running:stats().most_in_flight)
        end)

        it("the work is done before the answer", function()
            local client = client_of(start { latency = 0.2 }, { api_key = "test_key", timeout = 0.05 })
            local _, err = client.safe:create_task("comparison", TASK)
            assert.is_true(err.unclear)
            assert.equal(1, running:stats().tasks)
        end)
    end)

    describe("breaks:", function()
        -- How many creates ended with an answer of 200, with one of 500 and without one; and how many tasks there are.
        local function outcomes(options, count)
            local client = client_of(start(options), { api_key = "test_key", timeout = 5 })
            local created, failed, silent = 0, 0, 0
            for _ = 1, count do
                local made, err = client.safe:create_task("comparison", TASK)
                if made then created = created + 1 elseif err.code == 500 then failed = failed + 1 else silent = silent + 1 end
            end
            return { created, failed, silent }, running:stats().tasks, running:stats().faults
        end

        it("fail_rate: 500, nothing done", function()
            assert.same({ { 0, 5, 0 }, 0, 5 }, { outcomes({ fail_rate = 1 }, 5) })
        end)

        it("lost_answer_rate: done, but 500 or no answer", function()
            local found, tasks = outcomes({ lost_answer_rate = 1 }, 30)
            assert.equal(30, tasks)
            assert.is_true(found[1] == 0 and found[2] > 5 and found[3] > 5, table.concat(found, " "))
        end)

        it("drop_rate: no answer, done or not", function()
            local found, tasks = outcomes({ drop_rate = 1 }, 40)
            assert.same({ 0, 0, 40 }, found)
            assert.is_true(tasks > 5 and tasks < 35, tasks)
        end)

        it("a share of the requests, the same with the same seed", function()
            local first, tasks = outcomes({ fail_rate = 0.5, seed = 7 }, 40)
            assert.is_true(first[1] > 5 and first[1] < 35)
            assert.equal(first[1], tasks)
            running:close()
            assert.same(first, (outcomes({ fail_rate = 0.5, seed = 7 }, 40)))
        end)

        it("nothing unless it is told to", function()
            assert.same({ { 20, 0, 0 }, 20, 0 }, { outcomes({}, 20) })
        end)

        it("and a client that tries again gets all of it done, once", function()
            local client = client_of(start { fail_rate = 0.05, lost_answer_rate = 0.05, drop_rate = 0.05, seed = 3 },
                { api_key = "test_key", max_attempts = 12, max_in_flight = 20 })
            local failed = 0
            local ids = {}
            for i = 1, 60 do ids[i] = "row " .. i end
            for _, created in scaleapi.parallel(20, ids, function(id)
                return client:create_task("comparison", task { unique_id = id }, { accept_existing = true })
            end) do
                if not created then failed = failed + 1 end
            end
            assert.same({ 0, 60 }, { failed, running:stats().tasks })
            assert.is_true(running:stats().faults > 0)
        end)
    end)

    describe("says at the caller's line", function()
        local names = "assume, callback_auth_key, callback_retry_base, callbacks, complete_after, drop_rate, fail_rate, "
            .. "garbage_rate, latency, lost_answer_rate, max_connections, port, "
            .. "rate_limit, retry_after, retry_after_date, seed, state, targets"

        for expected, options in pairs {
            ["unknown sandbox option 'complete_aftr'; did you mean 'complete_after'?"] = { complete_aftr = 1 },
            ["unknown sandbox option 'nonsense'; there are " .. names] = { nonsense = 1 },
            ["sandbox option fail_rate must be a number from 0 to 1, not 1.5"] = { fail_rate = 1.5 },
            ["sandbox option drop_rate must be a number from 0 to 1, not -1"] = { drop_rate = -1 },
            ["sandbox option latency must be a number of seconds, 0 or more, not soon"] = { latency = "soon" },
            ["sandbox option seed must be an integer, not 0.5"] = { seed = 0.5 },
            ["sandbox option port must be an integer from 0 to 65535, not 65536"] = { port = 65536 },
            ["unknown assumption 'x'"] = { assume = { x = 1 } },
            ["assumption second_finalize must be 400 or 200, not 201"] = { assume = { second_finalize = 201 } },
        } do
            it("what is wrong: " .. expected, function()
                local ok, message = pcall(function() sandbox.start(options) end)
                assert.is_false(ok)
                assert.is_truthy(message:find(expected, 1, true), message)
                assert.matches("sandbox_spec.lua:%d+: ", message)
            end)
        end

        it("which port is taken", function()
            start()
            local ok, message = pcall(function() sandbox.start { port = running.port } end)
            assert.is_false(ok)
            assert.matches("sandbox_spec.lua:%d+: cannot listen on 127.0.0.1 port %d+: Address already in use", message)
        end)
    end)
end)

describe("the sandbox of this process", function()
    it("is told by a text, and is one", function()
        for text, expected in pairs {
            ["latncy=1"] = "unknown sandbox option 'latncy'", ["latency"] = "are written NAME=VALUE, not 'latency'",
            ["latency=1,latency=2"] = "sandbox option latency is given twice", ["latency=soon"] = "must be a number of seconds",
            ["quiet=1"] = "unknown sandbox option 'quiet'; there are assume, callback-auth-key, callback-retry-base, "
                .. "callbacks, complete-after, drop-rate, fail-rate, garbage-rate, latency, lost-answer-rate, "
                .. "max-connections, port, rate-limit, retry-after, retry-after-date, seed, state, target",
            ["fail-rate=2"] = "sandbox option fail-rate must be", ["fail_rat=1"] = "did you mean 'fail-rate'?",
        } do
            local ok, message = pcall(sandbox.shared, text)
            assert.is_false(ok)
            assert.is_truthy(message:find(expected, 1, true), message)
        end
        local shared = sandbox.shared "complete-after=0, latency=0.01,lost_answer_rate=0"
        assert.equal(shared, sandbox.shared "complete-after=0, latency=0.01,lost_answer_rate=0")
        assert.equal(shared, sandbox.shared "")
        assert.equal(shared, sandbox.shared())
        local ok, message = pcall(function() sandbox.shared "latency=1" end)
        assert.is_false(ok)
        assert.matches("sandbox_spec.lua:%d+: the sandbox of this process runs with .* already, not with 'latency=1'", message)
        local client <close> = scaleapi.client { base_url = "sandbox:" }
        assert.equal(shared.url, client:base_url())
        assert.equal("completed", client:create_task("comparison", TASK).status)
        shared:close()
    end)
end)
