--[[
scripts.lib.bulk - the one function that all bulk work goes through: many rows, each by one call (or a few), so many
at a time, outcomes in the rows' order. It decides when going on makes no sense. Knows neither what a row is nor
what is done with it.
--]]

local scaleapi = require "scaleapi"
local sys = require "scaleapi.sys"
local command = require "scripts.lib.command"
local order = require "scripts.lib.order"
local report = require "scripts.lib.report"

local bulk = {}

local FEWEST_FAILURES = 5 -- in a row, before an outage is believed
local LOOK_EVERY = 0.1    -- seconds, for Ctrl-C

-- The server did not answer, or not to the point: other rows will fare alike.
local OUTAGE = {
    network = true, timeout = true, unavailable = true, internal = true, too_many_requests = true, bad_answer = true,
}
-- No row will fare better.
local HOPELESS = {
    unauthorized = command.KEY, forbidden = command.KEY, not_enabled = command.FAILURE, tls = command.FAILURE,
}

-- ---------------------------------------------------------------------- stop

local function stop(state, code, why)
    if not state.stopped then state.stopped = { code = code, why = why } end
end

-- Looks at an outcome: true when it says nothing about the row but that the work should stop.
local function judge(state, outcome)
    local err = outcome.error
    if not err then
        state.streak = 0
        return false
    end
    local code = HOPELESS[err.kind]
    if code then
        stop(state, code, tostring(err) .. command.advice(err))
        return true
    end
    if not OUTAGE[err.kind] then
        if err.code then state.streak = 0 end
        return false
    end
    state.streak = state.streak + 1
    if state.streak >= state.patience then
        stop(state, command.GAVE_UP, ("gave up after %s in a row; the last: %s"):format(
            report.count(state.streak, "failure"), tostring(err)))
    end
    return false
end

-- The first Ctrl-C lets finish what is in flight, the second does not.
local function watch_interrupts(state)
    if not sys.catch_interrupt(true) then return nil end
    return scaleapi.spawn(function()
        while sys.interrupted() == 0 do scaleapi.sleep(LOOK_EVERY) end
        stop(state, command.INTERRUPTED, "interrupted")
        report.say("finishing what is in flight; Ctrl-C again to stop at once")
        while sys.interrupted() == 1 do scaleapi.sleep(LOOK_EVERY) end
        state.results:close()
    end)
end

-- ---------------------------------------------------------------------- rows

local function rows_of(state, options)
    return function()
        if state.stopped then return nil end
        local row = options.rows()
        if row == nil then return nil end
        state.total = state.total + 1
        return row, state.order:reserve()
    end
end

local function sender(state, options)
    local send = options.send
    return function(row, place)
        while state.order:is_full(place) do scaleapi.sleep(LOOK_EVERY) end
        return send(row), place
    end
end

local function take_results(state, options)
    local counts, weigh = state.counts, options.weigh or function() return 0 end
    for row, outcome, problem, place in state.results do
        if problem and not scaleapi.is_error(problem, "canceled") then error(problem, 0) end
        if problem or judge(state, outcome) then
            if place then state.order:skip(place) end
        else
            counts[outcome.state] = (counts[outcome.state] or 0) + 1
            state.order:put(place, weigh(row), row, outcome)
        end
    end
end

-- An error of the rows' own iterator comes when all else is done, and ends the work in good order.
local function run(state, options)
    local watcher = watch_interrupts(state)
    local ok, problem = pcall(take_results, state, options)
    if watcher then
        watcher:cancel()
        sys.catch_interrupt(false)
    end
    if not ok then
        state.results:close()
        state.problem = problem
    end
    state.order:flush()
end

local function summarize(state, seconds, retries)
    local done, good = 0, 0
    for name, count in pairs(state.counts) do
        done = done + count
        if name ~= "failed" then good = good + count end
    end
    if done > 0 and good == 0 and state.streak == done then
        stop(state, command.GAVE_UP, "no request came through")
    end
    return {
        total = state.total, counts = state.counts, left = state.total - done, failed = state.counts.failed or 0,
        seconds = seconds, retries = retries, stopped = state.stopped, problem = state.problem,
    }
end

--- Does the work. Options:
---   rows         function that gives the next row, nil at the end; may wait; may raise
---   send         function(row) -> { state = "created" or another word, error = error object if it failed };
---                runs as a job. A failed row's state is "failed"
---   record       function(row, outcome), called in the rows' order
---   weigh        function(row) -> bytes that the row still holds once sent (default 0)
---   concurrency  how many rows at a time at most
---   client       whose retries are counted
--- Returns a table: total (rows taken), counts by state, failed, left (taken but without an outcome), retries,
--- seconds; stopped = { code, why } when it ended early; problem when the rows' iterator or a function raised.
--- Ends early on Ctrl-C, on a refused key, and when nothing but failures of the network comes back.
function bulk.run(options)
    local started, retries = scaleapi.now(), options.client:stats().retries
    local state = { total = 0, counts = {}, streak = 0 }
    state.patience = math.max(FEWEST_FAILURES, options.concurrency)
    state.order = order.new(options.record)
    state.results = scaleapi.parallel(options.concurrency, rows_of(state, options), sender(state, options))
    run(state, options)
    return summarize(state, scaleapi.now() - started, options.client:stats().retries - retries)
end

--- A source of rows: the elements of an array.
function bulk.each(list)
    local place = 0
    return function()
        place = place + 1
        return list[place]
    end
end

--- The exit code that the work ends with; says why it ended early. Raises its problem. `failed`: how many rows or
--- names failed in all.
function bulk.end_code(result, failed)
    if result.problem then error(result.problem, 0) end
    if result.stopped then
        report.say("stopped: %s", result.stopped.why)
        return result.stopped.code
    end
    return (failed or result.failed) > 0 and command.PARTIAL or command.DONE
end

return bulk
