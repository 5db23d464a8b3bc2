-- scaleapi.bulk: rows, outcomes, ends, resuming.

local scaleapi = require "scaleapi"
local order = require "scaleapi.order"
local sandbox = require "scaleapi.sandbox"

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

