-- plain lua too
-- The module on the loop of a host that knows nothing of it but what its hooks were told: libuv's, in Lua.

local scaleapi = require "scaleapi"
local uv = require "luv"
local fake = dofile "tests/spec/support/fake.lua"

-- A host on libuv: it steps when, and only when, it was told to.
local function host_on_libuv()
    local self = { polls = {}, timer = uv.new_timer(), steps = 0 }
    local function turn()
        self.steps = self.steps + 1
        scaleapi.step(0)
    end
    self.handle = scaleapi.attach {
        watch = function(descriptor, events)
            local poll = self.polls[descriptor]
            if not poll and events then
                poll = assert(uv.new_poll(descriptor))
                self.polls[descriptor] = poll
            end
            if events then return poll:start(events, turn) end
            poll:close()
            self.polls[descriptor] = nil
        end,
        set_timer = function(seconds)
            self.due = seconds
            if seconds then self.timer:start(math.ceil(seconds * 1000), 0, turn) else self.timer:stop() end
        end,
    }
    -- Runs libuv's loop until it is so; `done` must come about by what the hooks were told alone.
    function self.run_until(done)
        local over = false
        local alarm = uv.new_timer()
        alarm:start(20000, 0, function() over = true end)
        while not done() and not over do uv.run "once" end
        alarm:close()
        assert(done(), ("nothing came of it after %d steps"):format(self.steps))
    end
    return self
end

describe("attach", function()
    local server, client, host

    local function serve(script, options)
        server = fake.start(script)
        client = server:client(options)
        host = host_on_libuv()
    end

    after_each(function()
        if host then
            host.handle.close()
            host.handle.close()
            assert.is_nil(next(host.polls))
            assert.is_nil(host.due)
            host.timer:close()
            uv.run "nowait"
        end
        if client then client:close() end
        if server then server:close() end
        server, client, host = nil, nil, nil
    end)

    it("is all that jobs need: calls, retries, sleeps and lists", function()
        serve(function(request, n)
            if n == 3 then return { status = 503, headers = { ["Retry-After"] = "0" } } end
            if request.path == "/v1/tasks" then
                local last = request.query:find "next_token"
                return ('{"docs":[{"task_id":"a"}],"has_more":%s,"next_token":"x"}'):format(not last)
            end
            scaleapi.sleep(0.01)
            return ('{"task_id":"%s"}'):format(request.path:match "[^/]+$")
        end)
        local seen, jobs = {}, {}
        for i = 1, 20 do
            jobs[i] = scaleapi.spawn(function()
                scaleapi.sleep(i / 500)
                seen[i] = client:get_task(tostring(i)).task_id
            end)
        end
        local count = 0
        jobs[21] = scaleapi.spawn(function()
            for _ in client:get_tasks { project_name = "p" } do count = count + 1 end
        end)
        host.run_until(function()
            for _, job in ipairs(jobs) do
                if not job:is_done() then return false end
            end
            return true
        end)
        for i = 1, 20 do assert.equal(tostring(i), seen[i]) end
        assert.equal(2, count)
        -- A host that rests is left alone, but for the clock of an idle connection.
        local before = host.steps
        for _ = 1, 20 do uv.run "nowait" end
        assert.is_true(host.steps - before <= 20)
    end)

    it("tells at once of what is started between two steps", function()
        serve { '{"task_id":"1"}' }
        host.run_until(function() return host.due ~= 0 end)
        local job = scaleapi.spawn(function() return 1 end)
        assert.equal(0, host.due)
        host.run_until(function() return job:is_done() end)
        local fired = false
        scaleapi.after(0.02, function() fired = true end)
        assert.is_true(host.due and host.due <= 0.02)
        host.run_until(function() return fired end)
        local count = 0
        for _ in pairs(host.polls) do count = count + 1 end
        server:close()
        local left = 0
        for _ in pairs(host.polls) do left = left + 1 end
        assert.is_true(left < count)
    end)

    it("goes on telling after an error that a step raised", function()
        serve { '{"task_id":"1"}' }
        scaleapi.after(0, function() error("mine", 0) end)
        local ok, problem = pcall(scaleapi.step, 0.05)
        assert.same({ false, "mine" }, { ok, problem })
        local job = scaleapi.spawn(function() return client:get_task("1").task_id end)
        host.run_until(function() return job:is_done() end)
        assert.equal("1", job:wait())
    end)

    it("leaves waiting as it is", function()
        serve { '{"task_id":"1"}' }
        assert.equal("1", client:get_task("1").task_id)
    end)

    it("refuses what is no host, and a second one", function()
        for _, wrong in ipairs { false, 7, {}, { watch = print }, { watch = print, set_timer = 1 } } do
            local ok, problem = pcall(function() scaleapi.attach(wrong) end)
            assert.is_false(ok)
            assert.matches("host_loop_spec.lua:%d+: attach needs", problem)
        end
        serve {}
        local ok, problem = pcall(function() scaleapi.attach { watch = print, set_timer = print } end)
        assert.is_false(ok)
        assert.matches("another host is attached", problem)
    end)
end)
