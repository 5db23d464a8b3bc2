-- scaleapi.bulk: rows, outcomes, ends, resuming.

local scaleapi = require "scaleapi"
local order = require "scaleapi.order"
local sandbox = require "scaleapi.sandbox"

local fake = dofile "tests/spec/support/fake.lua"

local TASK = '{"task_id":"1","type":"comparison","status":"pending","metadata":{}}'
local TYPE = "namedentityrecognition"

-- Runs `count` numbers through send(number), and gives the result and what was recorded, "number:state".
local function run(count, send, options)
    local place, recorded = 0, {}
    local all = {
        rows = function()
            place = place + 1
            return place <= count and place or nil
        end,
        send = send, concurrency = 4,
        on_outcome = function(row, outcome) recorded[#recorded + 1] = row .. ":" .. outcome.state end,
        client = { stats = function() return { retries = 0 } end },
    }
    for key, value in pairs(options or {}) do all[key] = value end
    return scaleapi.bulk(all), recorded
end

local function failed(kind, code)
    local err = setmetatable({ kind = kind, code = code, message = "no", attempts = 8 },
        { __tostring = function() return kind end })
    return { state = "failed", error = err }
end

local function done()
    return { state = "created" }
end

describe("bulk", function()
    it("counts outcomes by state and records them in the rows' order", function()
        local result, recorded = run(50, function(row)
            scaleapi.sleep(row % 5 / 500)
            if row == 7 then return failed("invalid_request", 400) end
            return row % 2 == 0 and { state = "existing" } or done()
        end)
        assert.equal(50, result.total)
        assert.same({ created = 24, existing = 25, failed = 1 }, result.counts)
        assert.equal(1, result.failed)
        assert.equal(0, result.left)
        assert.is_nil(result.stopped)
        for i = 1, 50 do assert.matches("^" .. i .. ":", recorded[i]) end
    end)

    it("has as many rows at a time as it is told", function()
        local now, most = 0, 0
        run(30, function()
            now = now + 1
            most = math.max(most, now)
            scaleapi.sleep(0.002)
            now = now - 1
            return done()
        end, { concurrency = 7 })
        assert.equal(7, most)
    end)

    it("stops at once when the key is refused; rows without an outcome are left, not failed", function()
        for _, kind in ipairs { "unauthorized", "forbidden" } do
            local result, recorded = run(1000, function(row)
                scaleapi.sleep(0)
                if row == 20 then return failed(kind, 401) end
                return done()
            end)
            assert.equal("key", result.stopped.reason)
            assert.is_true(result.total < 40)
            assert.equal(0, result.failed)
            assert.equal(1, result.left)
            assert.equal(result.total - 1, #recorded)
        end
    end)

    it("gives up after as many network failures in a row as there are rows at a time", function()
        local result = run(1000, function(row)
            scaleapi.sleep(0)
            return row <= 10 and done() or failed "network"
        end, { concurrency = 20 })
        assert.equal("gave_up", result.stopped.reason)
        assert.equal(0, result.failed)
        assert.is_true(result.left >= 20 and result.left < 60)
    end)

    it("goes on when network failures are now and then", function()
        local result = run(300, function(row) return row % 4 == 0 and done() or failed "network" end)
        assert.is_nil(result.stopped)
        assert.equal(300, result.total)
        assert.equal(225, result.failed)
    end)

    it("does not take a network that fails now and then among refusals for an outage", function()
        local result = run(300, function(row)
            return row % 4 == 0 and failed("invalid_request", 400) or failed "network"
        end)
        assert.is_nil(result.problem)
        assert.equal(300, result.failed)
    end)

    it("tells an outage from bad rows that were not sent, too", function()
        local result = run(3, function(row)
            local kind = row == 1 and "bad_row" or "network"
            return failed(kind)
        end)
        assert.equal("gave_up", result.stopped and result.stopped.reason)
        assert.same({ failed = 1 }, result.counts)
    end)

    it("goes on through any number of refusals", function()
        local result = run(300, function() return failed("invalid_request", 400) end)
        assert.is_nil(result.stopped)
        assert.equal(300, result.failed)
    end)

    it("tells an outage from bad rows when there are few rows", function()
        assert.equal("gave_up", run(2, function() return failed "network" end).stopped.reason)
        assert.is_nil(run(2, function() return failed("invalid_request", 400) end).stopped)
        assert.is_nil(run(2, done).stopped)
        assert.is_nil(run(0, done).stopped)
    end)

    it("leaves a row open that may have been done or not", function()
        local result = run(20, function(row)
            if row ~= 5 then return done() end
            local outcome = failed("internal", 500)
            outcome.error.unclear = true
            return outcome
        end)
        assert.same({ created = 19 }, result.counts)
        assert.equal(1, result.left)
        assert.equal("gave_up", result.stopped.reason)
        assert.matches("1 row may have been done or not", result.stopped.why)
    end)

    it("lets what is under way finish when the rows' source raises, and passes that on", function()
        local place = 0
        local result, recorded = run(0, function()
            scaleapi.sleep(0.01)
            return done()
        end, { rows = function()
            place = place + 1
            if place > 5 then error("no more paper", 0) end
            return place
        end })
        assert.equal(5, #recorded)
        assert.equal("no more paper", result.problem)
    end)

    it("ends when send or record raises", function()
        local result = run(1000, function(row)
            scaleapi.sleep(0)
            if row == 10 then error("broken", 0) end
            return done()
        end)
        assert.equal("broken", result.problem)
        result = run(1000, done, { on_outcome = function() error("no disk", 0) end })
        assert.equal("no disk", result.problem)
        assert.is_true(result.total < 50)
    end)

    it("records what came before send raised, also when it waited for an earlier row", function()
        local _, recorded = run(3, function(row)
            if row == 1 then
                scaleapi.sleep(0.05)
                error("broken", 0)
            end
            return done()
        end)
        assert.same({ "2:created", "3:created" }, recorded)
    end)

    it("keeps what waits for a slow row within bounds", function()
        local slow, started, most = true, 0, nil
        local result = run(20000, function(row)
            if row == 1 then
                while slow do scaleapi.sleep(0.01) end
                return done()
            end
            started = started + 1
            if started == 4000 then
                scaleapi.spawn(function()
                    scaleapi.sleep(0.3)
                    most, slow = started, false
                end)
            end
            if started % 64 == 0 then scaleapi.sleep(0) end
            return failed("invalid_request", 400)
        end)
        assert.equal(20000, result.total)
        assert.equal(19999, result.failed)
        assert.is_true(most < 4096 + 16, most)
    end)

    it("keeps what waiting rows hold within bounds", function()
        local slow, started = true, 0
        run(300, function(row)
            if row == 1 then
                while slow do scaleapi.sleep(0.01) end
                return done()
            end
            started = started + 1
            return failed("invalid_request", 400)
        end, { weigh = function(row)
            if row == 2 then
                scaleapi.spawn(function()
                    scaleapi.sleep(0.2)
                    assert(started < 40, started)
                    slow = false
                end)
            end
            return 1 << 20
        end })
        assert.is_false(slow)
    end)
end)
describe("bulk with a deadline", function()
    local server, client

    local function serve(script, options)
        server = fake.start(script)
        client = server:client(options)
    end

    after_each(function()
        client:close()
        server:close()
    end)

    local function timed(options)
        options.client, options.operation, options.deadline = client, "get_task", 0.5
        local began = scaleapi.now()
        local ok, result = pcall(scaleapi.bulk, options)
        local took = scaleapi.now() - began
        assert.is_true(took >= 0.49 and took < 1.5, took)
        return result, ok
    end

    local function many()
        local rows = {}
        for i = 1, 100 do rows[i] = { task_id = tostring(i) } end
        return rows
    end

    it("breaks off what is in flight, and leaves it without an outcome", function()
        serve(function(_, n)
            if n > 10 then scaleapi.sleep(60) end
            return TASK
        end)
        local outcomes = 0
        local result = timed { rows = many(), on_outcome = function(_, outcome)
            assert.is_nil(outcome.error)
            outcomes = outcomes + 1
        end }
        assert.same({ "deadline", "the time of 0.5 s is over" }, { result.stopped.reason, result.stopped.why })
        assert.same({ done = 10 }, result.counts)
        assert.same({ 10, 0 }, { outcomes, result.failed })
        assert.is_nil(result.problem)
        assert.is_true(result.left > 0)
    end)

    it("ends in time when the rows' own iterator waits", function()
        serve(function() scaleapi.sleep(60) return TASK end)
        local result = timed { rows = function() return client:get_task "1" end }
        assert.equal("deadline", result.stopped.reason)
        assert.is_nil(result.problem)
    end)

    it("raises when what comes before the rows takes too long", function()
        serve(function() scaleapi.sleep(60) return TASK end)
        local err, ok = timed { rows = many(), prepare = function() client:get_task "1" end }
        assert.is_false(ok)
        assert.is_true(scaleapi.is_error(err, "timeout"))
        assert.equal("the time of 0.5 s is over", err.message)
    end)

    it("takes seconds, more than 0", function()
        serve { TASK }
        for _, wrong in ipairs { 0, -1, "1", 0 / 0 } do
            local ok, message = pcall(scaleapi.bulk, { client = client, rows = {}, operation = "get_task",
                deadline = wrong })
            assert.is_false(ok)
            assert.matches("deadline for bulk must be a number of seconds, more than 0", message, 1, true)
        end
    end)

    -- 16 are in flight, and what became of them nobody knows; the others were not sent.
    it("leaves what was not sent as not begun, also when it must not be done twice", function()
        local path = os.tmpname()
        local silent = true
        serve(function()
            if silent then scaleapi.sleep(60) end
            return TASK
        end)
        local rows = {}
        for i = 1, 40 do rows[i] = { task_type = "comparison", attachments = scaleapi.array(), choices = { "a" } } end
        local options = { client = client, rows = rows, operation = "create_task", journal = path, input = "x",
                          deadline = 0.3 }
        assert.equal("deadline", scaleapi.bulk(options).stopped.reason)
        assert.equal(16, #server.requests)
        silent, options.deadline = false, nil
        local result = scaleapi.bulk(options)
        os.remove(path)
        assert.equal(40, result.total)
        assert.equal(24, result.counts.created or result.counts.done, scaleapi.json.encode(result.counts))
        assert.equal(16, result.failed)
    end)

    it("is kept by stop(), which sends nothing that waits, and lets finish what is in flight", function()
        local answered = 0
        serve(function()
            scaleapi.sleep(0.3)
            answered = answered + 1
            return TASK
        end)
        local result = scaleapi.bulk { client = client, rows = many(), operation = "get_task",
            on_start = function(handle) scaleapi.after(0.1, function() handle.stop("enough", "enough") end) end }
        assert.same({ done = 16 }, result.counts)
        assert.equal(16, answered)
        assert.equal(16, #server.requests)
        assert.equal(34, result.left)
    end)
end)

describe("order", function()
    local function collect()
        local given = {}
        return order.new(function(one, other) given[#given + 1] = one .. (other or "") end), given
    end

    it("gives in the order of the places", function()
        local o, given = collect()
        local a, b, c = o:reserve(), o:reserve(), o:reserve()
        o:put(c, 1, "c")
        o:put(b, 1, "b", "!")
        assert.same({}, given)
        o:put(a, 1, "a")
        assert.same({ "a", "b!", "c" }, given)
    end)

    it("goes on past a place that stays empty", function()
        local o, given = collect()
        local a, b, c, d = o:reserve(), o:reserve(), o:reserve(), o:reserve()
        o:put(b, 1, "b")
        o:skip(c)
        o:put(d, 1, "d")
        o:skip(a)
        assert.same({ "b", "d" }, given)
    end)

    it("gives what waits when nothing more will come", function()
        local o, given = collect()
        local _, b, _, d = o:reserve(), o:reserve(), o:reserve(), o:reserve()
        o:put(d, 1, "d")
        o:put(b, 1, "b")
        o:flush()
        assert.same({ "b", "d" }, given)
        o:put(o:reserve(), 1, "e")
        assert.same({ "b", "d", "e" }, given)
    end)

    it("is full when too many or too much waits, but never for the one that all wait for", function()
        for _, case in ipairs { { 5000, 1 }, { 20, 1 << 20 } } do
            local o = collect()
            local first = o:reserve()
            for _ = 1, case[1] do o:put(o:reserve(), case[2], "x") end
            assert.is_true(o:is_full(o:reserve()))
            assert.is_false(o:is_full(first))
            o:put(first, 0, "first")
            assert.is_false(o:is_full(o.last))
        end
    end)
end)


-- ----------------------------------------------------------------- journal

describe("bulk with a journal", function()
    local path, server, client

    before_each(function()
        path = os.tmpname()
        server = sandbox.start {}
        client = scaleapi.client { base_url = server.url, api_key = "live_key" }
        client:create_project { project_name = "p", task_type = TYPE }
    end)
    after_each(function()
        client:close()
        server:close()
        os.execute(("rm -f '%s' '%s'.*"):format(path, path))
    end)

    local function write(text)
        local file = assert(io.open(path, "wb"))
        file:write(text)
        file:close()
    end

    -- Sends `count` rows; `fails` says of a row's number which outcome it has instead.
    local function work(count, fails, more)
        local sent, place = {}, 0
        local options = {
            client = client, concurrency = 3, journal = path, input = "numbers",
            rows = function()
                place = place + 1
                return place <= count and place or nil
            end,
            send = function(row)
                sent[#sent + 1] = row
                return fails and fails(row) or { state = "created", id = "t" .. row }
            end,
        }
        for name, value in pairs(more or {}) do options[name] = value end
        local result = scaleapi.bulk(options)
        table.sort(sent)
        return result, sent
    end

    it("passes over what is done, and sends again what failed or was begun", function()
        local result = work(10, function(row)
            if row == 3 then return failed("invalid_request", 400) end
            if row == 4 then return { state = "existing" } end
            if row == 5 then
                local outcome = failed("internal", 500)
                outcome.error.unclear = true
                return outcome
            end
            if row == 6 then return { state = "conflict", error = failed("duplicate", 409).error } end
        end)
        assert.same({ created = 6, existing = 1, failed = 1, conflict = 1 }, result.counts)
        assert.equal(1, result.left)
        assert.is_false(result.resumed)
        local again, sent = work(12)
        assert.same({ 3, 5, 6, 11, 12 }, sent)
        assert.same({ created = 5, skipped = 7 }, again.counts)
        assert.is_true(again.resumed)
        assert.equal(12, select(2, work(12)) and work(12).counts.skipped)
        assert.equal(12, #select(2, work(12, nil, { fresh = true })))
    end)

    it("does not do twice what must not be", function()
        local function half(row)
            if row == 2 then return failed "ambiguous" end
            if row > 5 then error("killed", 0) end
        end
        work(8, half, { repeatable = function() return false end })
        local outcomes = {}
        local result, sent = work(8, nil, {
            repeatable = function() return false end,
            on_outcome = function(row, outcome) outcomes[row] = outcome.error and outcome.error.kind end,
        })
        for _, row in ipairs(sent) do assert.is_true(row ~= 2 and row ~= 6) end
        assert.equal("ambiguous", outcomes[2])
        assert.equal("ambiguous", outcomes[6])
        assert.equal(8, result.total)
        assert.equal(0, result.left)
    end)

    it("notes that a task may be this work's which was begun before and then found", function()
        work(2, function(row) if row == 2 then error("killed", 0) end end, { concurrency = 1 })
        work(3, function() return { state = "existing", id = "x" } end)
        local log = scaleapi.journal.open(path, {})
        assert.equal("cme", log:state(1) .. log:state(2) .. log:state(3))
        log:close()
    end)

    it("refuses another server, key, operation, input or header, before a row is sent", function()
        write '{"task_id":"x","tags":["a"]}\n'
        local log = path .. ".journal"
        local function tags(more)
            local options = { client = client, rows = path, operation = "set_task_tags", journal = true,
                header = { { "batch", "b" } } }
            for name, value in pairs(more or {}) do options[name] = value end
            return pcall(scaleapi.bulk, options)
        end
        assert.is_true((tags()))
        local held = scaleapi.journal.open(log, {})
        held:record("c", 1, "x")
        held:close()
        local requests = server:stats().requests
        local other <close> = scaleapi.client { base_url = server.url, api_key = "live_other" }
        local away <close> = scaleapi.client { base_url = "http://127.0.0.1:1", api_key = "live_key" }
        for word, more in pairs {
            ["key was '%x+' and is '%x+' now"] = { client = other },
            ["server was '[^']+' and is 'http://127.0.0.1:1' now"] = { client = away },
            ["operation was 'set_task_tags' and is 'add_task_tags' now"] = { operation = "add_task_tags" },
            ["input was '%x+' and is 'else' now"] = { input = "else" },
            ["batch was 'b' and is 'c' now"] = { header = { { "batch", "c" } } },
        } do
            local ok, err = tags(more)
            assert.is_false(ok)
            assert.equal("differs", err.reason)
            assert.matches(word, err.message)
            assert.not_matches("live_", err.message)
        end
        write '{"task_id":"y","tags":["a"]}\n'
        assert.matches("input was '%x+' and is '%x+' now", select(2, tags()).message)
        assert.equal(requests, server:stats().requests)
    end)

    it("calls an operation for rows of JSON lines, and for those of CSV", function()
        local tasks = {}
        for i = 1, 3 do
            tasks[i] = client:create_task(TYPE, { project = "p", text = "x", labels = { { name = "a" } } }).task_id
        end
        write(('{"task_id":"%s","tags":["a","b"]}\n7\n{"task_id":"%s","tags":[]}\n{"tags":1}\n{,}\nfalse\n'):format(
            tasks[1], tasks[2]))
        local problems, last = {}, nil
        local result = scaleapi.bulk { client = client, rows = path, operation = "set_task_tags", journal = true,
            on_outcome = function(_, outcome)
                last = outcome.error
                problems[#problems + 1] = last and last.kind or "none"
            end }
        assert.same({ "none", "bad_row", "none", "bad_row", "bad_row", "bad_row" }, problems)
        assert.equal("a row must be an object", last.message)
        assert.equal(4, result.failed)
        assert.same({ "a", "b" }, scaleapi.json.decode(client:get_task(tasks[1]):json()).tags)
        local csv = path .. ".csv"
        local file = io.open(csv, "w")
        file:write("task_id,unique_id\n", tasks[1], ",a&b#c\n", tasks[2], ",ü/%+\n")
        file:close()
        result = scaleapi.bulk { client = client, rows = csv, operation = "update_task_unique_id" }
        assert.same({ done = 2 }, result.counts)
        assert.equal("ü/%+", client:get_task(tasks[2]).unique_id)
    end)

    it("tells how far it is", function()
        local states = {}
        work(10, nil, { total = 10, on_progress = function(state) states[#states + 1] = state end })
        local last = states[#states]
        assert.equal(10, last.total)
        assert.equal(10, last.done)
        assert.same({ created = 10 }, last.counts)
        assert.equal(0, last.in_flight)
        assert.is_false(last.resumed)
        local first = states[1].done
        assert.is_true(first >= 1 and first < 10)
    end)

    it("brings to the disk what must not be sent twice, many rows at once, before it is sent", function()
        local sys = require "scaleapi.sys"
        local sync, syncs, on_disk, unsynced = sys.sync, 0, "", 0
        sys.sync = function(file)
            syncs = syncs + 1
            local copy = assert(io.open(path, "rb"))
            on_disk = copy:read "a"
            copy:close()
            return sync(file)
        end
        local function send(row)
            if not on_disk:find("\ns " .. row .. "\n", 1, true) then unsynced = unsynced + 1 end
            scaleapi.sleep(0.001)
            return { state = "created", id = "t" .. row }
        end
        local function work_with(repeatable)
            syncs, unsynced = 0, 0
            local ok, problem = pcall(work, 100, nil, { concurrency = 20, send = send, fresh = true,
                repeatable = function() return repeatable end })
            assert.is_true(ok, problem)
            return syncs, unsynced
        end
        local often, late = work_with(false)
        assert.equal(0, late)
        assert.is_true(often >= 5 and often < 60, often)
        local seldom
        seldom, late = work_with(true)
        assert.equal(100, late)
        assert.is_true(seldom <= 5, seldom)
        local header_written = false
        sys.sync = function(file)
            if header_written then return nil, "the disk is gone" end
            header_written = true
            return sync(file)
        end
        local result, sent = work(5, nil, { fresh = true, repeatable = function() return false end })
        sys.sync = sync
        assert.same({}, sent)
        assert.equal("disk", result.stopped.reason)
        assert.matches("the disk is gone", result.stopped.why)
    end)

    it("asks rows that can for many that are done at once", function()
        work(10, function(row) if row == 7 then return failed("invalid_request", 400) end end)
        local place, skips, sent = 0, {}, {}
        local rows = setmetatable({ skip = function(_, most)
            skips[#skips + 1] = most
            place = place + most
            return most
        end }, { __call = function()
            place = place + 1
            return place <= 12 and place or nil
        end })
        local result = work(0, nil, { rows = rows, send = function(row)
            sent[#sent + 1] = row
            return { state = "created" }
        end })
        assert.same({ 6, 3 }, skips)
        assert.same({ 7, 11, 12 }, sent)
        assert.equal(12, result.total)
        assert.equal(9, result.counts.skipped)
    end)

    it("ends when its input is changed meanwhile, before a row of the new contents is sent", function()
        local function line(i) return ('{"task_id":"%05d","tags":["a"],"x":"%s"}\n'):format(i, ("x"):rep(50)) end
        for _, csv in ipairs { false, true } do
            local lines, after = csv and { "number\n" } or {}, {}
            for i = 1, 8000 do lines[#lines + 1] = csv and i .. "\n" or line(i) end
            for i, text in ipairs(lines) do after[i] = text:gsub(csv and "7900" or "07900", "77777") end
            local file = csv and path .. ".csv" or path
            local function put(list)
                local handle = assert(io.open(file, "wb"))
                handle:write(table.concat(list))
                handle:close()
            end
            put(lines)
            local seen = {}
            local options = { client = client, rows = file, journal = true, concurrency = 2, send = function(row)
                local number = math.tointeger(tonumber(row.task_id or row.number))
                seen[number] = (seen[number] or 0) + 1
                if number == 10 and after then put(after) end
                return { state = "done" }
            end }
            local result = scaleapi.bulk(options)
            assert.is_true(scaleapi.is_error(result.problem, "changed"), tostring(result.problem))
            assert.is_nil(seen[77777])
            assert.is_nil(seen[7900])
            local ok, err = pcall(scaleapi.bulk, options)
            assert.is_false(ok)
            assert.equal("differs", err.reason)
            put(lines)
            after = nil
            result = scaleapi.bulk(options)
            assert.is_nil(result.problem)
            for i = 1, 8000 do assert.equal(1, seen[i]) end
        end
    end)

    it("ends in good order when told to stop", function()
        local handle
        local result = work(1000, function(row)
            scaleapi.sleep(0.001)
            if row == 20 then handle.stop("enough", "that will do") end
        end, { on_start = function(given) handle = given end })
        assert.same({ reason = "enough", why = "that will do" }, result.stopped)
        assert.is_true(result.total < 30)
        assert.equal(0, result.left)
    end)

    -- The letters of the rows in the journal, which must not be locked any more.
    local function letters(count)
        local log = scaleapi.journal.open(path, {})
        local list = {}
        for row = 1, count do list[row] = log:state(row) or "-" end
        log:close()
        return table.concat(list)
    end

    it("closes the journal when on_outcome raises, with all that is known in it, and calls it no more", function()
        local calls = 0
        local result = work(8, nil, {
            concurrency = 8, repeatable = function() return false end,
            send = function(row)
                scaleapi.sleep(row == 1 and 0.02 or 0.001) -- all others wait in the order for the first
                return { state = "created", id = "t" .. row }
            end,
            on_outcome = function()
                calls = calls + 1
                error("no paper", 0)
            end,
        })
        assert.equal("no paper", result.problem)
        assert.equal(1, calls)
        assert.equal("cccccccc", letters(8))
    end)

    it("records outcomes that came before send raised and were not looked at yet", function()
        local result = work(6, function(row)
            if row == 2 then error("broken", 0) end
        end, { concurrency = 6, repeatable = function() return false end })
        assert.equal("broken", result.problem)
        assert.equal("cscccc", letters(6))
    end)

    it("does not note a row as begun of which it is known that it cannot be sent", function()
        local result, sent = work(3, nil, { problem_of = function(row)
            return row == 2 and { kind = "bad_row", message = "no", attempts = 0 } or nil
        end })
        assert.same({ 1, 3 }, sent)
        assert.same({ created = 2, failed = 1 }, result.counts)
        assert.equal("cfc", letters(3))
        local file <close> = assert(io.open(path))
        assert.not_matches("s 2\n", file:read "a", 1, true)
    end)

    it("leaves what was not sent as not begun when an outage ends it all", function()
        local result = work(2, function()
            local outcome = failed "network"
            outcome.error.attempts = 0
            return outcome
        end, { one_call = true, repeatable = function() return false end })
        assert.equal("gave_up", result.stopped.reason)
        assert.equal("oo", letters(2))
    end)

    it("stops when its journal cannot be written", function()
        local result, sent = work(50, nil, { on_start = function(handle)
            local write_record = handle.journal.file
            handle.journal.file = setmetatable({}, { __index = {
                write = function(_, text)
                    if text:find "s 10\n" then return nil, "No space left on device" end
                    return write_record:write(text)
                end,
                close = function() return write_record:close() end,
            } })
        end })
        assert.equal("disk", result.stopped.reason)
        assert.matches("No space left", result.stopped.why)
        for _, row in ipairs(sent) do assert.is_true(row < 10) end
    end)
end)

describe("bulk refuses", function()
    it("wrong options", function()
        local client = { stats = function() return { retries = 0 } end }
        for word, options in pairs {
            ["needs a client"] = { rows = {}, send = done },
            ["needs rows"] = { client = client, send = done },
            ["needs an operation"] = { client = client, rows = {} },
            ["unknown option 'jornal'"] = { client = client, rows = {}, send = done, jornal = true },
            ["whole number"] = { client = client, rows = {}, send = done, concurrency = 0 },
            ["unknown operation 'fly'"] = { client = client, rows = {}, operation = "fly" },
            ["is a list"] = { client = client, rows = {}, operation = "get_tasks" },
            ["nothing%.jsonl"] = { client = client, rows = "nothing.jsonl", send = done },
            ["must be a path"] = { client = client, rows = 7, send = done },
            ["needs the journal's path"] = { client = client, rows = {}, send = done, journal = true },
        } do
            local ok, problem = pcall(scaleapi.bulk, options)
            assert.is_false(ok)
            assert.matches(word, tostring(problem))
        end
    end)

    it("them at the line that calls it", function()
        local client = { stats = function() return { retries = 0 } end }
        for _, options in ipairs {
            7, { client = client, rows = {}, send = done, jornal = true }, { client = client, rows = 7, send = done },
            { client = client, rows = {}, operation = "fly" },
            { client = client, rows = {}, send = done, journal = true },
        } do
            local line = debug.getinfo(1, "l").currentline + 1
            local ok, problem = pcall(function() local result = scaleapi.bulk(options) return result end)
            assert.is_false(ok)
            assert.matches(("bulk_spec.lua:%d: "):format(line), problem, 1, true)
        end
    end)

    it("a send that returns no outcome", function()
        for _, wrong in ipairs { false, {}, "done" } do
            local result = run(3, function() return wrong or nil end)
            assert.matches("^send must return { state = … }, not %a+$", result.problem)
        end
    end)
end)
