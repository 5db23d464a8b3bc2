-- plain lua too
-- Calls that are one of many: they go as fast as the server likes, and wait where others fail.

local scaleapi = require "scaleapi"
local sandbox = require "scaleapi.sandbox"
local fake = dofile "tests/spec/support/fake.lua"

local TASK = '{"task_id":"1","type":"comparison","status":"pending","metadata":{}}'
local BULK = { bulk = true }

describe("a bulk call", function()
    local server, client

    local function serve(script, options)
        server = fake.start(script)
        client = server:client(options)
    end

    -- Runs `count` of them at once. Returns how many succeeded, and the errors of the others.
    local function create(count, options)
        local rows, succeeded, failed = {}, 0, {}
        for i = 1, count do rows[i] = i end
        for _, task, err in scaleapi.parallel(count, rows, function(row)
            return client:create_task("comparison", {
                unique_id = "row-" .. row, attachments = scaleapi.array(), choices = { "yes", "no" },
            }, options or BULK)
        end) do
            if task then succeeded = succeeded + 1 else table.insert(failed, err) end
        end
        return succeeded, failed
    end

    local function changes()
        local texts = {}
        for _, change in ipairs(client:changes()) do
            assert.is_true(change.time <= scaleapi.now())
            table.insert(texts, change.what .. " (" .. change.why .. ")")
        end
        return texts
    end

    after_each(function()
        if client then client:close() end
        if server then server:close() end
        client, server = nil, nil
        local turns = 0
        while scaleapi.step(0.01) and turns < 100 do turns = turns + 1 end
        assert.is_true(turns < 100, "something was left open")
    end)

    it("is asked for by an option that is true or false", function()
        serve { TASK }
        for _, wrong in ipairs { { "bulk", 1, "bulk for get_task must be true or false" },
            { "bluk", true, "did you mean 'bulk'?" } } do
            local ok, message = pcall(client.get_task, client, "1", { [wrong[1]] = wrong[2] })
            assert.is_false(ok)
            assert.matches(wrong[3], message, 1, true)
        end
        assert.equal(0, #server.requests)
    end)

    it("is given up after a time that is more than 0", function()
        serve { TASK }
        for value, message in pairs { [0] = "give_up_after must be more than 0", x = "must be a number of seconds" } do
            local ok, said = pcall(function() return assert(server:client { give_up_after = value }) end)
            assert.is_false(ok)
            assert.matches(message, said, 1, true)
        end
    end)

    it("is one of 16 at first, or of max_in_flight; other calls are not held back", function()
        local most, now = 0, 0
        serve(function()
            now = now + 1
            most = math.max(most, now)
            scaleapi.sleep(0.1)
            now = now - 1
            return TASK
        end)
        assert.same({ limit = 16, in_flight = 0, state = "closed", budget = 50 }, client:pace())
        local job = scaleapi.spawn(create, 16)
        scaleapi.sleep(0.05)
        assert.equal(16, client:pace().in_flight)
        local other = scaleapi.spawn(create, 4, {})
        job:wait()
        other:wait()
        assert.equal(20, most)
        local narrow = server:client { api_key = "other", max_in_flight = 3 }
        assert.equal(3, narrow:pace().limit)
        narrow:close()
    end)

    it("is joined by twice as many per round trip, which changes() tells once", function()
        server = sandbox.start { latency = 0.03 }
        client = scaleapi.client { api_key = "test_key", base_url = server.url, max_in_flight = 40 }
        assert.equal(150, (create(150)))
        assert.same({ "in flight 16 -> 32 (a round trip without refusals)",
            "in flight 32 -> 40 (a round trip without refusals)" }, changes())
        assert.same({}, changes())
        assert.equal(40, client:stats().most_in_flight)
    end)

    it("waits, as all others do, when the server says 429", function()
        local times = {}
        serve(function(_, n)
            times[n] = scaleapi.now()
            if n ~= 3 then return TASK end
            return { status = 429, headers = { ["Retry-After"] = "1" } }
        end, { max_in_flight = 1 })
        assert.equal(5, (create(5)))
        assert.is_true(times[4] - times[3] >= 1, times[4] - times[3])
        assert.equal(6, #times)
        assert.is_true(client:pace().rate > 0)
        local said = changes()
        assert.equal(1, #said)
        assert.matches("^requests a second: any %-> %d+%.%d %(429%)$", said[1])
    end)

    it("keeps to a limit of requests a second", function()
        server = sandbox.start { rate_limit = 50 }
        client = scaleapi.client { api_key = "test_key", base_url = server.url }
        assert.equal(150, (create(150)))
        local stats = server:stats()
        assert.equal(150, stats.tasks)
        assert.is_true(stats.requests <= 230, stats.requests)
    end)

    it("waits for a server that is away, and costs it little", function()
        local away = true
        serve(function() return away and { status = 503 } or TASK end)
        local job = scaleapi.spawn(create, 40)
        repeat scaleapi.sleep(0.02) until client:pace().state ~= "closed"
        local sent = #server.requests
        scaleapi.sleep(0.5)
        assert.equal(sent, #server.requests)
        assert.equal("open", client:pace().state)
        away = false
        assert.equal(40, (job:wait()))
        assert.equal("closed", client:pace().state)
        assert.is_true(sent <= 16, sent)
        local said = table.concat(changes(), "\n")
        for _, text in ipairs { "breaker: closed -> open (six failures in a row", "in flight 16 -> 8 (503",
            "breaker: open -> probing", "breaker: probing -> closed (the server answers again)" } do
            assert.matches(text, said, 1, true)
        end
    end)

    it("ends when nothing has succeeded for give_up_after", function()
        serve(function()
            scaleapi.sleep(60)
            return TASK
        end, { timeout = 0.3, give_up_after = 0.7 })
        local began = scaleapi.now()
        local succeeded, failed = create(40)
        local took = scaleapi.now() - began
        assert.equal(0, succeeded)
        assert.is_true(took > 0.699 and took < 1.7, took)
        assert.equal("given_up", client:pace().state)
        local kinds = { timeout = 0, unavailable = 0 }
        for _, err in ipairs(failed) do
            kinds[err.kind] = kinds[err.kind] + 1
            assert.is_true(err.retriable)
            assert.equal(err.attempts > 0, err.unclear)
            assert.matches("given up, since nothing has succeeded for 0.7 s; the last failure: ", err.message, 1, true)
        end
        assert.same({ timeout = 16, unavailable = 24 }, kinds)
        -- Who comes later need not wait so long again.
        began = scaleapi.now()
        local err = fake.failure(client.get_task, client, "1", BULK)
        assert.is_true(err.retriable)
        assert.is_true(scaleapi.now() - began < 0.5)
        assert.equal(16, #server.requests)
    end)

    it("ends when a server that fails nothing answers nothing, and is not waited for longer", function()
        serve(function()
            scaleapi.sleep(60)
            return TASK
        end, { give_up_after = 0.7 })
        local began = scaleapi.now()
        local _, failed = create(40)
        local took = scaleapi.now() - began
        assert.is_true(took > 0.699 and took < 1.7, took)
        local unclear = 0
        for _, err in ipairs(failed) do
            assert.same({ "unavailable", true }, { err.kind, err.retriable })
            assert.matches("given up, since nothing has succeeded for 0.7 s; the last failure: no answer", err.message, 1,
                true)
            if err.unclear then unclear = unclear + 1 end
        end
        assert.same({ 40, 16 }, { #failed, unclear })
        -- A probe is not waited for any longer either.
        scaleapi.sleep(1)
        began = scaleapi.now()
        fake.failure(client.get_task, client, "1", BULK)
        assert.is_true(scaleapi.now() - began < 1.7)
    end)

    it("may send a file for longer than that", function()
        serve(function()
            scaleapi.sleep(1.2)
            return '{"id":"1","attachment_url":"scaledata://1"}'
        end, { give_up_after = 0.5 })
        assert.equal("scaledata://1", client:upload_file({ data = "x", filename = "x.txt", project_name = "p" },
            BULK).attachment_url)
    end)

    it("ends at once when it never answers and was given a deadline", function()
        serve(function()
            scaleapi.sleep(60)
            return TASK
        end, { max_in_flight = 1 })
        local began = scaleapi.now()
        local _, failed = create(3, { bulk = true, deadline = 0.3 })
        assert.is_true(scaleapi.now() - began < 1)
        assert.same({ "timeout", "timeout", "timeout" }, { failed[1].kind, failed[2].kind, failed[3].kind })
    end)

    it("can be canceled, and closed, while it waits", function()
        serve { { status = 429, headers = { ["Retry-After"] = "60" } } }
        local jobs = {}
        for i = 1, 5 do
            jobs[i] = scaleapi.spawn(function() return client:get_task(tostring(i), BULK) end)
        end
        scaleapi.sleep(0.1)
        jobs[1]:cancel()
        client:close()
        for i = 2, 5 do assert.equal("closed", fake.failure(jobs[i].wait, jobs[i]).kind) end
    end)

    it("waits for the retry budget, of which another call without it fails", function()
        local broken = true
        serve(function() return broken and { status = 500, body = '{"error":"words"}' } or TASK end)
        local _, failed = create(60, { max_attempts = 2 })
        local by_kind = { internal = 0, budget = 0 }
        for _, err in ipairs(failed) do by_kind[err.kind] = by_kind[err.kind] + 1 end
        assert.same({ internal = 50, budget = 10 }, by_kind)
        assert.equal(0, client:pace().budget)
        local err = fake.failure(client.get_task, client, "1")
        assert.same({ "budget", 500, 1, true }, { err.kind, err.code, err.attempts, err.retriable })
        assert.matches("was not sent again, since too many calls fail: wait until the server works", err.message, 1, true)
        assert.matches("words$", err.message)
        assert.is_true(scaleapi.is_error(err, "budget"))
        local job = scaleapi.spawn(create, 3)
        scaleapi.sleep(0.02)
        broken = false
        assert.equal(3, (job:wait()))
    end)

    it("is sent again beside others when there is no budget, where few are in flight", function()
        local tries, at_work, beside = {}, 0, 0
        serve(function(request)
            if request.method == "GET" then return { status = 500, body = "{}" } end
            local row = tonumber(request.body:match "row%-(%d+)")
            tries[row] = (tries[row] or 0) + 1
            if tries[row] > 1 and at_work > 0 then beside = beside + 1 end
            at_work = at_work + 1
            scaleapi.sleep(0.02)
            at_work = at_work - 1
            return tries[row] == 1 and row % 2 == 0 and { status = 500, body = "{}" } or TASK
        end, { max_attempts = 2 })
        for _ = 1, 50 do fake.failure(client.get_task, client, "1") end
        assert.equal(0, client:pace().budget)
        assert.equal(60, (create(60)))
        assert.is_true(beside > 10, beside .. " of 30 beside others") -- the budget has 7 for 30 that succeed
    end)

    it("shares its pace with those of other clients of the same key, and with no others", function()
        serve { { status = 429, headers = { ["Retry-After"] = "60" } } }
        local same, other = server:client(), server:client { api_key = "other" }
        local jobs = { scaleapi.spawn(function() return client:get_task("1", BULK) end) }
        scaleapi.sleep(0.1)
        jobs[2] = scaleapi.spawn(function() return same:get_task("2", BULK) end)
        scaleapi.sleep(0.1)
        assert.equal(1, #server.requests)
        jobs[3] = scaleapi.spawn(function() return other:get_task("3", BULK) end)
        scaleapi.sleep(0.1)
        assert.equal(2, #server.requests)
        assert.equal(client:pace().rate, same:pace().rate)
        same:close()
        other:close()
        client:close()
        for _, job in ipairs(jobs) do assert.equal("closed", fake.failure(job.wait, job).kind) end
    end)
end)
