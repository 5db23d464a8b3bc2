-- plain lua too
-- Jobs and waits: one thread, many things at once, in every way that Lua code can be run.

local scaleapi = require "scaleapi"
local fake = dofile "tests/spec/support/fake.lua"

local TASK = '{"task_id":"1","type":"t","status":"pending"}'

local function slow(seconds)
    return fake.start(function(request)
        scaleapi.sleep(seconds)
        return { body = ('{"task_id":"%s"}'):format(request.path:match "[^/]+$") }
    end)
end

describe("a job", function()
    it("runs beside others, and gives its results", function()
        local order = {}
        local function work(name, seconds)
            scaleapi.sleep(seconds)
            table.insert(order, name)
            return name, nil, seconds
        end
        local late = scaleapi.spawn(work, "late", 0.1)
        local soon = scaleapi.spawn(work, "soon", 0.02)
        assert.is_false(late:is_done())
        assert.same({ "late", nil, 0.1 }, { late:wait() })
        assert.same({ "late", nil, 0.1 }, { late:wait() })
        assert.is_true(soon:is_done())
        assert.same({ "soon", "late" }, order)
        assert.matches("^Job %(done%)$", tostring(late))
    end)

    it("raises its error where it is waited for", function()
        local job = scaleapi.spawn(function() error({ mine = true }) end)
        local ok, err = pcall(job.wait, job)
        assert.is_false(ok)
        assert.is_true(err.mine)
        local text = scaleapi.spawn(function() error "boom" end)
        ok, err = pcall(text.wait, text)
        assert.is_false(ok)
        assert.matches("scheduler_spec.lua:%d+: boom", err)
    end)

    it("may wait for another, and not for itself", function()
        local inner = scaleapi.spawn(function()
            scaleapi.sleep(0.01)
            return 7
        end)
        assert.equal(7, scaleapi.spawn(function() return inner:wait() end):wait())
        local own
        own = scaleapi.spawn(function() return own:wait() end)
        assert.has_error(function() own:wait() end)
    end)

    it("is waited for with a colon", function()
        local job = scaleapi.spawn(function() return 1 end)
        local ok, message = pcall(function() job.wait() end)
        assert.is_false(ok)
        assert.matches("scheduler_spec.lua:%d+: call it with a colon: job:wait%(%)$", message)
        assert.equal(1, job:wait())
    end)

    it("that yields by itself gets a clear error", function()
        local job = scaleapi.spawn(function() coroutine.yield(1) end)
        local ok, message = pcall(job.wait, job)
        assert.is_false(ok)
        assert.matches("a job yielded by itself", message)
    end)

    it("can be canceled: asleep, in a call, unstarted, done", function()
        local server = slow(5)
        local client = server:client()
        local reached = false
        local asleep = scaleapi.spawn(function()
            scaleapi.sleep(60)
            reached = true
        end)
        local calling = scaleapi.spawn(function() return client:get_task "1" end)
        scaleapi.sleep(0.05)
        local unstarted = scaleapi.spawn(function() reached = true end)
        local started = scaleapi.now()
        local jobs = { asleep, calling, unstarted }
        for _, job in ipairs(jobs) do job:cancel() end
        for _, job in ipairs(jobs) do assert.equal("canceled", fake.failure(job.wait, job).kind) end
        assert.is_true(scaleapi.now() - started < 1)
        assert.is_false(reached)
        assert.equal(0, client:stats().in_flight)
        local done = scaleapi.spawn(function() return 1 end)
        done:wait()
        done:cancel()
        assert.equal(1, done:wait())
        client:close()
        server:close()
    end)

    it("that waits for what cannot come is told", function()
        local a, b
        a = scaleapi.spawn(function() return b:wait() end)
        b = scaleapi.spawn(function() return a:wait() end)
        local ok, message = pcall(a.wait, a)
        assert.is_false(ok)
        assert.matches("nothing is left that could end this wait", message)
        a:cancel()
        pcall(b.wait, b)
    end)
end)

describe("a call", function()
    local server, client

    before_each(function()
        server = slow(0.05)
        client = server:client()
    end)

    after_each(function()
        client:close()
        server:close()
    end)

    local function beside(run)
        local ticks, stop = 0, false
        local ticker = scaleapi.spawn(function()
            while not stop do
                scaleapi.sleep(0.005)
                ticks = ticks + 1
            end
        end)
        run()
        stop = true
        ticker:wait()
        assert.is_true(ticks >= 3, ticks .. " ticks")
    end

    it("on the main thread lets jobs go on", function()
        beside(function() assert.equal("a", client:get_task("a").task_id) end)
    end)

    it("inside a job yields", function()
        beside(function()
            assert.equal("b", scaleapi.spawn(function() return client:get_task("b").task_id end):wait())
        end)
    end)

    it("inside a user's own coroutine works, in and out of a job", function()
        local function generate()
            return coroutine.wrap(function()
                for _, id in ipairs { "c", "d" } do coroutine.yield(client:get_task(id).task_id) end
            end)
        end
        local function all()
            local seen = {}
            for id in generate() do table.insert(seen, id) end
            return table.concat(seen)
        end
        beside(function() assert.equal("cd", all()) end)
        beside(function() assert.equal("cd", scaleapi.spawn(all):wait()) end)
    end)

    it("inside many coroutines of many jobs works", function()
        local function work(n)
            local wrapped = coroutine.wrap(function()
                for round = 1, 2 do coroutine.yield(client:get_task(n .. "-" .. round).task_id) end
            end)
            return wrapped() .. " " .. wrapped()
        end
        local numbers, seen = {}, 0
        for n = 1, 40 do numbers[n] = n end
        for n, result, err in scaleapi.parallel(40, numbers, work) do
            assert.is_nil(err)
            assert.equal(("%d-1 %d-2"):format(n, n), result)
            seen = seen + 1
        end
        assert.equal(40, seen)
    end)

    it("inside callbacks that cannot yield works", function()
        beside(function()
            local text = scaleapi.spawn(function()
                return (("e f"):gsub("%a", function(id) return client:get_task(id).task_id .. "!" end))
            end):wait()
            assert.equal("e! f!", text)
        end)
    end)

    it("inside pcall, a metamethod and a closing value works", function()
        beside(function()
            local job = scaleapi.spawn(function()
                local seen = {}
                local ok, id = pcall(function() return client:get_task("g").task_id end)
                assert(ok)
                table.insert(seen, id)
                local lazy = setmetatable({}, { __index = function(_, key) return client:get_task(key).task_id end })
                table.insert(seen, lazy.h)
                do
                    local _ <close> = setmetatable({}, {
                        __close = function() table.insert(seen, client:get_task("i").task_id) end,
                    })
                end
                return table.concat(seen)
            end)
            assert.equal("ghi", job:wait())
        end)
    end)

    it("of more jobs than 256 keeps a connection for each", function()
        local many = server:client { max_in_flight = 300 }
        for _ = 1, 3 do
            local jobs = {}
            for n = 1, 300 do jobs[n] = scaleapi.spawn(function() return many:get_task(tostring(n)).task_id end) end
            for n, job in ipairs(jobs) do assert.equal(tostring(n), job:wait()) end
        end
        assert.same({ 300, 300 }, { many:stats().most_in_flight, many:stats().connections })
        many:close()
    end)

    it("of many jobs is in flight at once, on one thread", function()
        local many = server:client { max_in_flight = 50 }
        local started, jobs = scaleapi.now(), {}
        for n = 1, 50 do jobs[n] = scaleapi.spawn(function() return many:get_task(tostring(n)).task_id end) end
        for n, job in ipairs(jobs) do assert.equal(tostring(n), job:wait()) end
        assert.is_true(scaleapi.now() - started < 1)
        assert.equal(50, many:stats().most_in_flight)
        assert.equal(50, server.server:stats().most_in_flight)
        many:close()
    end)

    it("waits for its place when the ceiling is reached", function()
        local few = server:client { max_in_flight = 3 }
        local jobs = {}
        for n = 1, 9 do jobs[n] = scaleapi.spawn(function() return few:get_task(tostring(n)).task_id end) end
        for n, job in ipairs(jobs) do assert.equal(tostring(n), job:wait()) end
        assert.equal(3, few:stats().most_in_flight)
        assert.equal(3, few:stats().connections)
        few:close()
    end)

    it("ends when its client is closed, in flight and in the queue", function()
        local hanging = slow(60)
        local closing = hanging:client { max_in_flight = 1 }
        local jobs = {}
        for n = 1, 3 do jobs[n] = scaleapi.spawn(function() return closing:get_task "x" end) end
        scaleapi.spawn(function()
            scaleapi.sleep(0.02)
            closing:close()
        end)
        local err = fake.failure(closing.get_task, closing, "x")
        assert.same({ "closed", true }, { err.kind, #hanging.requests == 1 })
        for _, job in ipairs(jobs) do assert.equal("closed", fake.failure(job.wait, job).kind) end
        hanging:close()
    end)

    it("is answered at once by a server of ours that a host steps", function()
        local answered
        local quick = fake.start(function()
            answered = true
            return TASK
        end)
        local asking = quick:client()
        local job = scaleapi.spawn(function() return asking:get_task("1").task_id end)
        while not answered do scaleapi.step(0.01) end
        assert.equal(0, scaleapi.timeout()) -- the answer is still to be sent
        assert.equal("1", job:wait())
        asking:close()
        quick:close()
    end)

    it("goes on when a host steps", function()
        local job = scaleapi.spawn(function() return client:get_task("k").task_id end)
        local steps = 0
        while not job:is_done() do
            scaleapi.step(0.01)
            steps = steps + 1
            assert.is_true(steps < 1000)
        end
        assert.equal("k", job:wait())
        assert.is_true(math.type(scaleapi.descriptor()) == "integer")
    end)
end)

describe("step", function()
    it("refuses what is no time", function()
        for _, value in ipairs { -1, 0 / 0, "1", {} } do
            local ok, message = pcall(function() scaleapi.step(value) end)
            assert.is_false(ok)
            assert.matches("scheduler_spec.lua:%d+: step needs a number of seconds", message)
        end
    end)
end)

describe("sleep", function()
    it("refuses what is no time", function()
        for _, value in ipairs { -1, 0 / 0, "1", {} } do
            local ok, message = pcall(function() scaleapi.sleep(value) end)
            assert.is_false(ok)
            assert.matches("scheduler_spec.lua:%d+: sleep needs a number of seconds", message)
        end
    end)
end)

describe("parallel", function()
    it("runs so many at a time and gives results as they come", function()
        local at_once, most = 0, 0
        local results = {}
        for item, result, err in scaleapi.parallel(3, { 5, 1, 2, 4, 3 }, function(item)
            at_once = at_once + 1
            most = math.max(most, at_once)
            scaleapi.sleep(item / 100)
            at_once = at_once - 1
            if item == 4 then error("four", 0) end
            return item * 10
        end) do
            table.insert(results, item .. "=" .. tostring(result or err))
        end
        assert.equal(3, most)
        assert.equal(5, #results)
        assert.equal("1=10", results[1])
        table.sort(results)
        assert.same({ "1=10", "2=20", "3=30", "4=four", "5=50" }, results)
    end)

    it("takes iterators, also ones that wait", function()
        local function numbers()
            local n = 0
            return function()
                scaleapi.sleep(0.001)
                n = n + 1
                return n <= 20 and n or nil
            end
        end
        local sum = 0
        for _, result in scaleapi.parallel(4, numbers(), function(n) return n end) do sum = sum + result end
        assert.equal(210, sum)
    end)

    it("takes a generator that is a coroutine", function()
        local generator = coroutine.wrap(function()
            for n = 1, 5 do
                scaleapi.sleep(0.001)
                coroutine.yield(n)
            end
        end)
        local sum = 0
        for _, result in scaleapi.parallel(3, generator, function(n) return n end) do sum = sum + result end
        assert.equal(15, sum)
    end)

    it("raises an error of the items' iterator after the results", function()
        local n, seen = 0, 0
        local ok, message = pcall(function()
            for _ in scaleapi.parallel(2, function()
                n = n + 1
                if n == 3 then error("no more", 0) end
                return n
            end, function(item) return item end) do
                seen = seen + 1
            end
        end)
        assert.is_false(ok)
        assert.equal("no more", message)
        assert.equal(2, seen)
    end)

    it("begins nothing more when it is closed or forgotten", function()
        for _, leave in ipairs { "close", "forget" } do
            local begun = 0
            local loop = scaleapi.parallel(2, function() return 1 end, function()
                begun = begun + 1
                scaleapi.sleep(0.001)
            end)
            loop()
            if leave == "close" then loop:close() end
            loop = nil -- luacheck: ignore
            collectgarbage()
            scaleapi.sleep(0.02)
            local before = begun
            scaleapi.sleep(0.02)
            assert.equal(before, begun, leave)
        end
    end)

    it("that was forgotten leaves no job behind", function()
        do
            local loop = scaleapi.parallel(3, { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, function(n) return n end)
            assert.equal(1, (loop()))
        end
        scaleapi.sleep(0.01)
        collectgarbage()
        collectgarbage()
        scaleapi.sleep(0.01)
        assert.is_false(scaleapi.step(0))
    end)

    it("does not run ahead of a slow consumer without bound", function()
        local begun = 0
        local loop = scaleapi.parallel(4, function() return 1 end, function() begun = begun + 1 end)
        loop()
        scaleapi.sleep(0.05)
        assert.is_true(begun <= 12, begun .. " begun")
        loop:close()
    end)

    it("refuses what it cannot run, at the caller's line", function()
        for _, arguments in ipairs { { 0, {}, print }, { 1.5, {}, print }, { 1, 7, print }, { 1, {}, 7 } } do
            local ok, message = pcall(function() scaleapi.parallel(arguments[1], arguments[2], arguments[3]) end)
            assert.is_false(ok)
            assert.matches("scheduler_spec.lua:%d+: parallel needs", message)
        end
    end)
end)

describe("after", function()
    it("calls a function once, in its time, unless canceled", function()
        local called = {}
        scaleapi.after(0.02, function() table.insert(called, "b") end)
        scaleapi.after(0, function() table.insert(called, "a") end)
        scaleapi.after(0.01, function() table.insert(called, "never") end).cancel()
        assert.same({}, called)
        scaleapi.sleep(0.05)
        assert.same({ "a", "b" }, called)
    end)

    it("keeps no program alive", function()
        local timer = scaleapi.after(1000, function() end)
        assert.is_false(scaleapi.step(0))
        timer.cancel()
    end)

    it("refuses what is no time and no function, at the caller's line", function()
        for _, arguments in ipairs { { -1, print }, { 0 / 0, print }, { "x", print }, { 1 }, { 1, 2 } } do
            local ok, message = pcall(function() scaleapi.after(arguments[1], arguments[2]) end)
            assert.is_false(ok)
            assert.matches("scheduler_spec.lua:%d+: after needs", message)
        end
    end)
end)

describe("the end", function()
    it("leaves nothing open", function()
        local server = fake.start { TASK }
        local client = server:client()
        client:get_task "1"
        client:close()
        server:close()
        assert.is_false(scaleapi.step(0))
    end)
end)
