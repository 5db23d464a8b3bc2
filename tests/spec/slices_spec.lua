-- plain lua too
-- Lists read in slices: every task once, whatever the bounds mean and however the times lie; few requests; flat memory.

local scaleapi = require "scaleapi"
local fake = dofile "tests/spec/support/fake.lua"

local times = scaleapi.times

-- A server of so many tasks, the n-th of which was made at time_of(n), the last one first; with what it got wrong.
local function serve_tasks(count, time_of, options)
    options = options or {}
    local world = { tasks = {}, in_flight = 0, most_in_flight = 0, counts = 0, pages = 0 }
    for n = 1, count do world.tasks[n] = { id = n, time = time_of(n) } end
    local function is_within(task, query)
        local low, high = query.start_time, query.end_time
        if options.bounds == "exclusive" then
            return (not low or task.time > low) and (not high or task.time < high)
        end
        return (not low or task.time >= low) and (not high or task.time <= high)
    end
    local function read(request)
        local query = {}
        for name, value in (request.query or ""):gmatch "([^&=]+)=([^&]*)" do
            query[name] = value:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
        end
        for _, name in ipairs { "start_time", "end_time" } do
            local time = query[name] and times.parse(query[name])
            query[name] = time and (options.read_bound and options.read_bound(time, name) or time)
        end
        query.limit = math.tointeger(tonumber(query.limit or 100))
        return query
    end
    function world.document(task, query)
        local created = ""
        if query.limited_response ~= "true" then
            local text = options.created and options.created(task) or ('"%s"'):format(times.format(task.time))
            created = (',"created_at":%s'):format(text)
        end
        return ('{"task_id":"%d","status":"pending"%s%s}'):format(task.id, created, options.padding or "")
    end
    function world.answer(request)
        local query = read(request)
        local total, docs, more = 0, {}, false
        for n = #world.tasks, 1, -1 do
            local task = world.tasks[n]
            if is_within(task, query) then
                total = total + 1
                if n < tonumber(query.next_token or #world.tasks + 1) then
                    if #docs < query.limit then docs[#docs + 1], query.last = world.document(task, query), n
                    else more = true end
                end
            end
        end
        if query.limit == 1 then world.counts = world.counts + 1 else world.pages = world.pages + 1 end
        if options.total then total = options.total(total) end
        return ('{"docs":[%s],"total":%d,"limit":%d,"has_more":%s%s}'):format(table.concat(docs, ","), total, query.limit,
            more, more and (',"next_token":"%d"'):format(query.last) or "")
    end
    world.server = fake.start(function(request, number)
        world.in_flight = world.in_flight + 1
        world.most_in_flight = math.max(world.most_in_flight, world.in_flight)
        if options.latency then scaleapi.sleep(options.latency) end
        world.in_flight = world.in_flight - 1
        local answer = options.before and options.before(world, request, number)
        return answer or { body = world.answer(request) }
    end)
    world.client = world.server:client { max_attempts = 1 }
    return world
end

local START = 1700000000000

-- How the times may lie.
local SHAPES = {
    ["a second apart"] = function(n) return START + n * 1000 end,
    ["all in one millisecond"] = function() return START end,
    ["all but one in one millisecond"] = function(n) return n == 1 and START - 86400000 or START end,
    ["twenty a millisecond"] = function(n) return START + n // 20 end,
    ["twenty a second"] = function(n) return START + n // 20 * 1000 end,
    ["in bursts, years apart"] = function(n) return START + n // 100 * 31536000000 + n % 100 end,
    ["more and more"] = function(n) return START + math.floor(1e9 * math.log(n)) end,
    ["less and less"] = function(n) return START + n * n * n end,
    ["before 1970"] = function(n) return -1000000 * (1000 - n) end,
}

local function read(world, options)
    local all = { project_name = "p", limit = 10, slices = 8 }
    for name, value in pairs(options or {}) do all[name] = value end
    local ids, seen = {}, {}
    local tasks = world.client:get_tasks(all)
    for task in tasks do
        assert.is_nil(seen[task.task_id], "twice: " .. task.task_id)
        seen[task.task_id] = true
        ids[#ids + 1] = tonumber(task.task_id)
    end
    return ids, tasks
end

local function is_descending(ids)
    for i = 2, #ids do
        if ids[i] > ids[i - 1] then return false end
    end
    return true
end

describe("get_tasks in slices", function()
    local world

    local function serve(...)
        world = serve_tasks(...)
        return world
    end

    after_each(function()
        local turns = 0 -- pages of an iterator that was forgotten come to their end
        while world.client:stats().in_flight > 0 and turns < 100 do
            scaleapi.sleep(0.01)
            turns = turns + 1
        end
        assert.equal(0, world.client:stats().in_flight)
        world.client:close()
        world.server:close()
    end)

    for name, time_of in pairs(SHAPES) do
        for _, bounds in ipairs { "inclusive", "exclusive" } do
            for _, limited in ipairs { false, true } do
                it(("gives each task once that was made %s, bounds %s%s"):format(name, bounds,
                    limited and ", limited" or ""), function()
                    serve(500, time_of, { bounds = bounds })
                    assert.equal(500, #read(world, { limited_response = limited }))
                    local ids = read(world, { limited_response = limited, ordered = true })
                    assert.equal(500, #ids)
                    assert.is_true(is_descending(ids))
                end)
            end
        end
    end

    it("reads times that are finer than milliseconds, and shown as seconds", function()
        serve(500, function(n) return START + n * 0.25 end, {
            created = function(task) return ('"%s%03dZ"'):format(times.format(task.time // 1):sub(1, -2), task.time % 1 * 1000 // 1) end,
        })
        assert.equal(500, #read(world))
        world.client:close()
        world.server:close()
        serve(500, function(n) return START + n * 100 // 1000 * 1000 end, {
            created = function(task) return ('"%s"'):format(times.format(task.time):gsub("%.000Z", "Z")) end,
        })
        assert.equal(500, #read(world, { ordered = true }))
    end)

    for name, text in pairs { ["no text"] = "7", ["null"] = "null", ["no time"] = '"yesterday"', ["empty"] = '""' } do
        it("gives each task once where created_at is " .. name, function()
            serve(500, SHAPES["a second apart"], { created = function(task) return task.id % 3 > 0 and text or nil end })
            assert.equal(500, #read(world))
            assert.equal(500, #read(world, { ordered = true }))
            world.client:close()
            world.server:close()
            serve(500, SHAPES["twenty a millisecond"], { created = function() return text end })
            assert.equal(500, #read(world))
        end)
    end

    it("reads as many at once as slices, with few counts", function()
        serve(5000, SHAPES["a second apart"], { latency = 0.002 })
        for _, ordered in ipairs { false, true } do
            world.most_in_flight, world.counts, world.pages = 0, 0, 0
            assert.equal(5000, #read(world, { limit = 25, ordered = ordered }))
            assert.is_true(world.most_in_flight >= 8, world.most_in_flight .. " at once")
            assert.is_true(world.most_in_flight <= 16, world.most_in_flight .. " at once")
            assert.is_true(world.counts <= 100, world.counts .. " counts")
            assert.is_true(world.pages <= 300, world.pages .. " pages")
        end
    end)

    it("asks for no more than a plain list where that is short", function()
        serve(30, SHAPES["a second apart"])
        assert.equal(30, #read(world))
        assert.equal(3, #world.server.requests)
        assert.equal(30, #read(world, { slices = 1 }))
        assert.equal(6, #world.server.requests)
    end)

    it("keeps the filters, and the bounds that were given", function()
        serve(500, SHAPES["a second apart"])
        local ids, tasks = read(world, { tags = { "x", "y" }, unique_id = { "a", "b" }, status = "pending", ordered = true,
            created_after = START / 1000 + 100, created_before = times.format(START + 399000) })
        assert.equal(300, #ids)
        assert.same({ 399, 100, 300 }, { ids[1], ids[300], tasks.total })
        for _, request in ipairs(world.server.requests) do
            for _, part in ipairs { "project=p", "tags=x&tags=y", "unique_id=a&unique_id=b", "status=pending",
                "start_time=", "end_time=" } do
                assert.is_truthy(request.query:find(part, 1, true), request.query)
            end
        end
    end)

    it("gives what was there at the start once, and what is made meanwhile at most once", function()
        for _, ordered in ipairs { false, true } do
            local made = 500
            serve(500, SHAPES["a second apart"], { before = function(self)
                made = made + 1
                self.tasks[made] = { id = made, time = START + made * 1000 }
            end })
            local old = 0
            for _, id in ipairs((read(world, { ordered = ordered }))) do old = old + (id <= 500 and 1 or 0) end
            assert.equal(500, old)
            world.client:close()
            world.server:close()
        end
        serve(0, SHAPES["a second apart"])
    end)

    it("gives no total where no answer has one, and all tasks", function()
        for _, count in ipairs { 0, 3000 } do
            serve(count, SHAPES["a second apart"], { before = function(self, request)
                return { body = (self.answer(request):gsub('"total":%d+,', "")) }
            end })
            local tasks = world.client:get_tasks { project_name = "p", slices = 4 }
            local job = scaleapi.spawn(function() return tasks.total end)
            local deadline = scaleapi.now() + 5
            while not job:is_done() and scaleapi.now() < deadline do scaleapi.sleep(0.01) end
            assert.is_true(job:is_done())
            assert.is_nil(job:wait())
            assert.equal(count, #tasks:list())
            if count == 0 then
                world.client:close()
                world.server:close()
            end
        end
    end)

    it("can be left early, closed twice, listed, forgotten", function()
        serve(500, SHAPES["a second apart"], { latency = 0.001 })
        for _, ordered in ipairs { false, true } do
            local options = { project_name = "p", limit = 10, slices = 4, ordered = ordered }
            local tasks = world.client:get_tasks(options)
            for _ = 1, 60 do assert.truthy(tasks()) end
            local rest = tasks:list()
            assert.equal(440, #rest)
            assert.is_nil(tasks())
            tasks = world.client:get_tasks(options)
            for _ = 1, 60 do tasks() end
            tasks:close()
            tasks:close()
            assert.is_nil(tasks())
            assert.same({}, tasks:list())
            world.client:get_tasks(options):close()
            do
                local closing <close> = world.client:get_tasks(options)
                assert.equal(500, closing.total)
            end
            do
                local forgotten = world.client:get_tasks(options)
                forgotten()
                scaleapi.sleep(0.1)
            end
            collectgarbage()
            collectgarbage()
            scaleapi.sleep(0.05)
            assert.equal(0, world.client:stats().in_flight)
            assert.is_false(scaleapi.step(), "a job is left")
        end
    end)

    it("drops the pages under way when it is closed", function()
        serve(500, SHAPES["a second apart"], { before = function(_, request)
            if request.query:find "next_token" then scaleapi.sleep(3) end
        end })
        for _, ordered in ipairs { false, true } do
            local tasks = world.client:get_tasks { project_name = "p", limit = 10, slices = 4, ordered = ordered }
            tasks()
            local deadline = scaleapi.now() + 10
            while world.client:stats().in_flight < 4 and scaleapi.now() < deadline do scaleapi.sleep(0.01) end
            assert.is_true(world.client:stats().in_flight >= 4)
            tasks:close()
            scaleapi.sleep(0.02)
            assert.equal(0, world.client:stats().in_flight)
        end
    end)

    it("may be shared by jobs", function()
        serve(500, SHAPES["a second apart"], { latency = 0.001 })
        local tasks = world.client:get_tasks { project_name = "p", limit = 10, slices = 4 }
        local count, jobs = 0, {}
        for n = 1, 3 do
            jobs[n] = scaleapi.spawn(function()
                for _ in tasks do count = count + 1 end
            end)
        end
        for n = 1, 3 do jobs[n]:wait() end
        assert.equal(500, count)
    end)

    it("asks for nothing more while the script takes nothing", function()
        for _, ordered in ipairs { false, true } do
            serve(4000, SHAPES["a second apart"], { padding = ',"x":"' .. ("x"):rep(ordered and 40000 or 10) .. '"' })
            local tasks = world.client:get_tasks { project_name = "p", limit = 10, slices = 4, ordered = ordered }
            tasks()
            local before
            repeat -- a busy machine takes longer to come to rest
                before = #world.server.requests
                scaleapi.sleep(0.5)
            until #world.server.requests == before or before >= 150
            assert.is_true(before < 150, before .. " requests")
            tasks:close()
            world.client:close()
            world.server:close()
        end
        serve(0, SHAPES["a second apart"])
    end)

    it("raises what goes wrong in one slice after what came before it, at the caller's line, and ends the others", function()
        for _, ordered in ipairs { false, true } do
            local fails = false
            serve(500, SHAPES["a second apart"], { latency = 0.001, before = function(_, request, number)
                fails = fails or number > 40 and request.query:find "next_token" ~= nil
                if fails then return { status = 404, body = '{"error":"gone"}' } end
            end })
            local count = 0
            local err = fake.failure(function()
                for _ in world.client:get_tasks { project_name = "p", limit = 10, slices = 4, ordered = ordered } do
                    count = count + 1
                end
            end)
            assert.same({ "not_found", "gone", "get_tasks" }, { err.kind, err.message, err.operation })
            assert.matches("slices_spec", err.where)
            assert.is_true(count > 0)
            scaleapi.sleep(0.2) -- for what was on its way
            local requests = #world.server.requests
            scaleapi.sleep(0.05)
            assert.equal(requests, #world.server.requests)
            world.client:close()
            world.server:close()
        end
        serve(0, SHAPES["a second apart"])
    end)

    it("raises what goes wrong with the first page and with a count", function()
        for _, case in ipairs { { 1, "not_found" }, { 3, "not_found" }, { 13, "not_found" } } do
            serve(500, SHAPES["a second apart"], { before = function(_, _, number)
                if number >= case[1] then return { status = 404, body = '{"error":"gone"}' } end
            end })
            assert.equal(case[2], fake.failure(read, world).kind)
            world.client:close()
            world.server:close()
        end
        serve(500, SHAPES["a second apart"], { before = function(_, request)
            if request.query:find "limit=1&" or request.query:find "limit=1$" then return { body = '{"docs":7}' } end
        end })
        assert.equal("bad_answer", fake.failure(read, world).kind)
    end)

    it("comes to an end where the server gives the same token for ever", function()
        serve(500, SHAPES["a second apart"], { before = function(_, request)
            if request.query:find "next_token" then
                return { body = '{"docs":[{"task_id":"x"}],"total":500,"has_more":true,"next_token":"5"}' }
            end
        end })
        assert.matches("same next_token", fake.failure(function()
            for _ in world.client:get_tasks { project_name = "p", limit = 10, slices = 4 } do end -- luacheck: ignore
        end).message)
    end)

    for name, total in pairs {
        ["that are wild"] = function(total) return total * 7919 % 1000003 + 500 end,
        ["that are always the same"] = function() return 500 end,
        ["of nothing"] = function() return 0 end,
        ["below nothing"] = function(total) return 500 - total end,
    } do
        it("needs no right counts: " .. name, function()
            serve(500, SHAPES["twenty a second"], { total = total })
            local ok, ids = pcall(read, world, { status = "pending" })
            assert.is_true(ok, tostring(ids))
            assert.equal(500, #ids)
            assert.is_true(world.counts < 400, world.counts .. " counts")
        end)
    end

    it("says so where the server's bounds leave tasks out", function()
        serve(500, function(n) return START + n * 100 end, { read_bound = function(time, name)
            return name == "end_time" and time - 30000 or time
        end })
        local err = fake.failure(read, world)
        assert.equal("bad_answer", err.kind)
        assert.matches("the server has 500 tasks, but by created_at it gave %d+; read them without slices", err.message)
    end)

    it("keeps memory flat", function()
        local padding = ',"x":"' .. ("x"):rep(1000) .. '"'
        for _, ordered in ipairs { false, true } do
            serve(10000, SHAPES["a second apart"], { padding = padding })
            local most, count = 0, 0
            collectgarbage()
            local before = collectgarbage "count"
            for _ in world.client:get_tasks { project_name = "p", slices = 4, ordered = ordered } do
                count = count + 1
                world.server.requests = {}
                if count % 500 == 0 then
                    collectgarbage()
                    most = math.max(most, collectgarbage "count" - before)
                end
            end
            assert.equal(10000, count)
            assert.is_true(most < 8000, most .. " KB")
            world.client:close()
            world.server:close()
        end
        serve(0, SHAPES["a second apart"])
    end)

    it("refuses wrong use at the caller's line, before a request is sent", function()
        serve(0, SHAPES["a second apart"])
        for _, case in ipairs {
            { { slices = 0 }, "slices for get_tasks must be a whole number from 1 to 100" },
            { { slices = -1 }, "slices for get_tasks" },
            { { slices = 1.5 }, "slices for get_tasks" },
            { { slices = "8" }, "slices for get_tasks" },
            { { slices = 101 }, "slices for get_tasks" },
            { { slices = true }, "slices for get_tasks" },
            { { slices = 8, ordered = 1 }, "ordered for get_tasks must be true or false" },
            { { slices = 8, next_token = "x" }, "get_tasks in slices cannot begin at next_token" },
            { { slices = 8, offset = 5 }, "get_tasks in slices cannot begin at offset" },
            { { slices = 8, limit = "x" }, "limit" },
            { { slices = 8, proyect = "x" }, "unknown option 'proyect'" },
            { { slices = 8, slice = 2 }, "unknown option 'slice'" },
        } do
            case[1].project_name = "p"
            local ok, message = pcall(function()
                local tasks = world.client:get_tasks(case[1])
                tasks:close()
            end)
            assert.is_false(ok)
            assert.matches(case[2], message, 1, true)
            assert.matches("^tests/spec/slices_spec.lua:%d+: ", message)
        end
        assert.has_error(function() world.client:get_tasks { slices = 8 } end)
        for _, call in ipairs {
            function(options) return world.client:get_batches(options) end,
            function(options) return world.client.v2:get_tasks(options) end,
            function(options) return world.client:tasks(options) end,
            function(options) return world.client:get_tasks_count(options) end,
        } do
            local ok, message = pcall(call, { project_name = "p", slices = 8 })
            assert.is_false(ok)
            assert.matches("unknown option 'slices'", message)
        end
        assert.equal(0, #world.server.requests)
    end)
end)
