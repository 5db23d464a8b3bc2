--[[
scaleapi.bulk - much work, exactly once: many rows, each by one call (or a few), so many at a time, outcomes in the
rows' order, and with a journal such that it can be killed at any moment and started again.

    local result = scaleapi.bulk {
        client = client, rows = "tags.jsonl", operation = "set_task_tags", journal = true,
        on_outcome = function(row, outcome) if outcome.error then print(row.task_id, outcome.error) end end,
    }

It decides when going on makes no sense. Knows neither what a row is nor what is done with it.
--]]

local core = require "scaleapi.core"
local errors = require "scaleapi.errors"
local journal = require "scaleapi.journal"
local order = require "scaleapi.order"
local parallel = require "scaleapi.parallel"
local row_sources = require "scaleapi.row_sources"
local scheduler = require "scaleapi.scheduler"
local senders = require "scaleapi.senders"

local FEWEST_FAILURES = 5 -- in a row, before an outage is believed
local LOOK_EVERY = 0.1    -- seconds, while too much waits for a slow row, or the end for what is in flight
local MOMENT = 0.5        -- seconds that an end waits for what was sent and is not known yet
local TELL_EVERY = 1      -- seconds between two calls of on_progress at most
local TELL_AGAIN = 0.05   -- and at least, while outcomes come
local MOST_SKIPPED = 100000 -- rows in one go, before others have their turn

-- By kind of error: "open" where the server did not answer, or not to the point, and other rows will fare alike;
-- "hopeless" where no row will fare better.
local OUTCOMES = core.outcomes
local OF_THE_KEY = { unauthorized = true, forbidden = true }

-- What the journal has of an outcome.
local LETTERS = { created = "c", existing = "e", conflict = "x", failed = "f" }
-- Rows with these letters are done.
local DONE = "cmedn"
-- Rows that were begun and may have been done.
local BEGUN = { s = true, a = true }

local OPTIONS = {
    client = true, rows = true, operation = true, send = true, repeatable = true, concurrency = true, journal = true,
    input = true, header = true, fresh = true, total = true, weigh = true, on_outcome = true, on_progress = true,
    on_start = true, prepare = true, deadline = true, one_call = true, problem_of = true,
}

-- ---------------------------------------------------------------------- stop

-- What waits for its turn is not sent any more; nor is, after a moment, what was sent before, which may need but one
-- look to be known.
local function cancel_unsent(state)
    if state.ended then return end
    state.results:cancel_unsent(scheduler.now() - state.stopped_at > MOMENT)
    state.look = scheduler.after(LOOK_EVERY, function() cancel_unsent(state) end)
end

local function stop(state, reason, why, err)
    if state.stopped then return end
    state.stopped = { reason = reason, why = why, error = err }
    state.stopped_at = scheduler.now()
    cancel_unsent(state)
end

-- ----------------------------------------------------------------- outcomes

local function tell(state, now)
    local fn = state.options.on_progress
    if not fn then return end
    state.told = now
    fn {
        total = state.options.total, done = state.done, counts = state.counts, in_flight = state.most_under_way,
        retries = state.client:stats().retries - state.retries, seconds = now - state.started,
        resumed = state.resumed,
    }
    state.most_under_way = state.under_way
end

-- Outcomes come by thousands: not each is told.
local function tell_again(state)
    local now = scheduler.now()
    if now - state.told >= TELL_AGAIN then tell(state, now) end
end

local function count(state, name, number)
    state.counts[name] = (state.counts[name] or 0) + (number or 1)
    state.done = state.done + (number or 1)
end

local function letter_of(state, number, outcome)
    local err = outcome.error
    if err and err.kind == "ambiguous" then return "a" end
    if outcome.state == "existing" and state.begun_before[number] then return "m" end
    return LETTERS[outcome.state] or "d"
end

-- The row has come to its end.
local function settle(state, job, outcome)
    if state.journal then
        local letter = letter_of(state, job.number, outcome)
        state.journal:record(letter, job.number, letter == "d" and outcome.state or outcome.id)
        state.begun_before[job.number] = nil
    end
    count(state, outcome.state)
    local weigh = state.options.weigh
    state.order:put(job.place, weigh and weigh(job.row) or 0, job.row, outcome)
    tell_again(state)
end

-- True when it is certain that nothing of the row was sent, be it in this run or an earlier one.
local function is_unsent(state, job, err)
    if state.begun_before[job.number] then return false end
    return not job.begun or state.one_call and err.attempts == 0
end

-- The row has no outcome, but an error: the journal has it as begun, unless it was not sent.
local function leave(state, job, err)
    local log = state.journal
    if log and log:state(job.number) == "s" and is_unsent(state, job, err) then log:record("o", job.number) end
    state.order:skip(job.place)
end

-- Rows that met an outage have failed only if it was none: when others come through, or are refused.
local function settle_doubtful(state)
    local doubtful = state.doubtful
    if #doubtful == 0 then return end
    state.doubtful = {}
    for _, each in ipairs(doubtful) do
        if each.outcome.error.unclear then
            state.unresolved = state.unresolved + 1
            leave(state, each.job, each.outcome.error)
        else
            settle(state, each.job, each.outcome)
        end
    end
end

local function has_given_up(state)
    local pace = state.client.pace
    return pace and pace(state.client).state == "given_up"
end

local function count_noun(number, noun)
    return number == 1 and "1 " .. noun or ("%d %ss"):format(number, noun)
end

local function doubt(state, job, outcome)
    table.insert(state.doubtful, { job = job, outcome = outcome })
    state.streak = state.streak + 1
    if state.streak >= state.patience or has_given_up(state) then
        stop(state, "gave_up", ("gave up after %s in a row; the last: %s"):format(
            count_noun(state.streak, "failure"), tostring(outcome.error)), outcome.error)
    end
end

-- What an outcome means for its row and for all the work.
local function judge(state, job, outcome)
    local err = outcome.error
    local kind = err and err.kind
    if OUTCOMES[kind] == "hopeless" then
        stop(state, OF_THE_KEY[kind] and "key" or "refused", tostring(err), err)
        return leave(state, job, err)
    end
    if OUTCOMES[kind] == "open" then return doubt(state, job, outcome) end
    if not err or err.code then
        state.streak, state.came_through = 0, true
        settle_doubtful(state)
    end
    settle(state, job, outcome)
end

-- ---------------------------------------------------------------------- rows

-- Passes over the rows that are done and come next. False when the very next one is not.
local function pass_over(state)
    local log = state.journal
    local most = log and log:run(state.number + 1, DONE) or 0
    if most == 0 then return false end
    local passed = state.source.skip(math.min(most, MOST_SKIPPED))
    if passed == 0 then return false end
    state.number, state.total = state.number + passed, state.total + passed
    count(state, "skipped", passed)
    if passed == MOST_SKIPPED then scheduler.sleep(0) end
    return true
end

-- The next row that is not done yet, and its job.
local function take_row(state)
    while not state.stopped do
        if not pass_over(state) then
            local row, more = state.source.next()
            if row == nil then return nil end
            local number, log = state.number + 1, state.journal
            state.number, state.total = number, state.total + 1
            local letter = log and log:state(number)
            if BEGUN[letter] then state.begun_before[number] = letter end
            return { row = row, more = more, number = number, place = state.order:reserve() }
        end
    end
end

-- Sent before, and it must not be done twice.
local function ambiguous()
    return { state = "failed", error = errors.new {
        kind = "ambiguous", attempts = 0,
        message = "it was sent before, and nobody knows whether it was done; it is not sent again",
    } }
end

local function send(state, job)
    while state.order:is_full(job.place) and not state.stopped do scheduler.sleep(LOOK_EVERY) end
    if state.stopped then error(errors.new { kind = "canceled", message = "the work was ended" }, 0) end
    local known = state.problem_of(job.row)
    if known then return { state = "failed", error = known } end
    local before, repeatable = state.begun_before[job.number], state.repeatable(job.row)
    if before == "a" or before and not repeatable then return ambiguous() end
    if state.journal then state.journal:start(job.number, not repeatable) end
    job.begun = true
    state.under_way = state.under_way + 1
    if state.under_way > state.most_under_way then state.most_under_way = state.under_way end
    local ok, outcome = pcall(state.send, job.row, job.more)
    state.under_way = state.under_way - 1
    if not ok then error(outcome, 0) end
    if type(outcome) ~= "table" or type(outcome.state) ~= "string" then
        error("send must return { state = … }, not " .. type(outcome), 0)
    end
    return outcome
end

local function take_result(state, job, outcome, problem)
    if not problem then return judge(state, job, outcome) end
    leave(state, job, errors.is_error(problem) and problem or {})
    if errors.is_error(problem, "canceled") then return end
    if not errors.is_error(problem, "journal") then error(problem, 0) end
    stop(state, "disk", problem.message)
end

-- A function raised: what is in flight is broken off, and says what became of it.
local function break_off(state, problem)
    state.problem = state.problem or problem
    state.results:close()
    scheduler.sleep(0)
end

-- What to make of rows that met an outage, when there will be no others to tell.
local function end_doubt(state)
    local last = state.doubtful[#state.doubtful]
    if not last then return end
    if not state.problem and not state.came_through then
        local err = last.outcome.error
        stop(state, "gave_up", "no request came through; the last: " .. tostring(err), err)
    end
    if not (state.problem or state.stopped) then return settle_doubtful(state) end
    for _, each in ipairs(state.doubtful) do leave(state, each.job, each.outcome.error) end
end

local function take_results(state)
    for job, outcome, problem in state.results do
        local ok, raised = pcall(take_result, state, job, outcome, problem)
        if not ok then break_off(state, raised) end
        if state.journal and state.journal.failed then stop(state, "disk", state.journal.failed) end
    end
    end_doubt(state)
end

-- ----------------------------------------------------------------------- run

local function tick_every_second(state)
    local function tick()
        if state.ended then return end
        if state.journal then state.journal:tick() end
        tell(state, scheduler.now())
        state.timer = scheduler.after(TELL_EVERY, tick)
    end
    state.timer = scheduler.after(TELL_EVERY, tick)
end

local function seconds_left(state)
    local deadline = state.options.deadline
    return deadline and math.max(state.started + deadline - scheduler.now(), 0)
end

local function time_is_over(state)
    return ("the time of %g s is over"):format(state.options.deadline)
end

-- When the time is over, what is in flight is broken off.
local function set_alarm(state)
    local left = seconds_left(state)
    if not left then return end
    state.alarm = scheduler.after(left, function()
        stop(state, "deadline", time_is_over(state))
        state.results:close()
    end)
end

-- For people who want to end it: stop(reason, why) lets finish what is in flight, abort() does not.
local function handle_of(state)
    return {
        journal = state.journal,
        stop = function(reason, why) stop(state, reason, why) end,
        abort = function() state.results:close() end,
    }
end

local function finish(state)
    state.ended = true
    state.timer:cancel()
    if state.alarm then state.alarm:cancel() end
    if state.look then state.look:cancel() end
    local ok, problem = pcall(state.order.flush, state.order)
    if state.journal and not state.journal:close() then stop(state, "disk", state.journal.failed) end
    if not ok then state.problem = state.problem or problem end
    if state.unresolved > 0 then
        stop(state, "gave_up", ("%s may have been done or not; run again to find out"):format(
            count_noun(state.unresolved, "row")))
    end
    state.most_under_way = state.under_way
    tell(state, scheduler.now())
end

-- An error of the rows' own iterator comes when all else is done, and ends the work in good order.
local function run(state)
    state.results = parallel(state.options.concurrency or 50, function() return take_row(state) end,
        function(job) return send(state, job) end)
    tick_every_second(state)
    set_alarm(state)
    local ok, problem = pcall(function()
        if state.options.on_start then state.options.on_start(handle_of(state)) end
        take_results(state)
    end)
    if not ok then
        state.results:close()
        -- The rows' own iterator may be what waited for its turn.
        if not (state.stopped and errors.is_error(problem, "canceled")) then
            state.problem = state.problem or problem
        end
    end
    ok, problem = pcall(finish, state)
    if not ok then state.problem = state.problem or problem end
end

local function check(options)
    if type(options) ~= "table" then error("bulk needs a table of options, not " .. type(options), 4) end
    for name in pairs(options) do
        if not OPTIONS[name] then error(("unknown option '%s' for bulk"):format(tostring(name)), 4) end
    end
    if not options.client then error("bulk needs a client", 4) end
    if options.rows == nil then error("bulk needs rows: a file, an array or an iterator", 4) end
    if (options.operation == nil) == (options.send == nil) then
        error("bulk needs an operation, or a function that sends a row: send", 4)
    end
    local most = options.concurrency
    if most ~= nil and (math.type(most) ~= "integer" or most < 1) then
        error("concurrency for bulk must be a whole number, 1 or more", 4)
    end
    local deadline = options.deadline
    if deadline ~= nil and not (type(deadline) == "number" and deadline > 0) then
        error("deadline for bulk must be a number of seconds, more than 0", 4)
    end
end

-- The journal's header: which server, key, operation and input, and what else the caller says.
local function header_of(options, source)
    local header = {
        { "server", options.client:base_url() }, { "key", options.client:key_fingerprint() },
        { "operation", options.operation or "send" },
    }
    for _, pair in ipairs(options.header or {}) do header[#header + 1] = pair end
    for _, pair in ipairs(source.identity()) do header[#header + 1] = pair end
    return header
end

local function open_journal(options, source)
    local path = options.journal
    if not path then return nil end
    if path == true then
        path = source.path or error("bulk needs the journal's path, since the rows are not from a file", 4)
        path = path .. ".journal"
    end
    return journal.open(path, { header = header_of(options, source), fresh = options.fresh })
end

-- Hands outcomes over, in their order; to a function that has raised no more.
local function teller(on_outcome)
    local has_raised = false
    return function(row, outcome)
        if has_raised or not on_outcome then return end
        has_raised = true
        on_outcome(row, outcome)
        has_raised = false
    end
end

local function start(options)
    check(options)
    local source = row_sources.open(options.rows, options.input)
    local sender, repeatable, problem_of = options.send, options.repeatable, options.problem_of
    if options.operation then sender, repeatable, problem_of = senders.of(options.client, options.operation) end
    return {
        options = options, client = options.client, send = sender, source = source,
        repeatable = repeatable or function() return true end,
        problem_of = function(row) return errors.is_error(row) and row or problem_of and problem_of(row) end,
        one_call = options.one_call or options.operation ~= nil,
        journal = open_journal(options, source), order = order.new(teller(options.on_outcome)),
        patience = math.max(FEWEST_FAILURES, options.concurrency or 50), streak = 0, doubtful = {}, unresolved = 0,
        number = 0, total = 0, done = 0, counts = {}, under_way = 0, most_under_way = 0,
        begun_before = {}, told = -TELL_AGAIN,
        started = scheduler.now(), retries = options.client:stats().retries,
    }
end

-- Calls fn; with a deadline as a job, which is canceled when the time is over.
local function call_in_time(state, fn)
    if not state.options.deadline then return fn() end
    local job, late = scheduler.spawn(fn), false
    local alarm = scheduler.after(seconds_left(state), function()
        late = true
        job:cancel()
    end)
    local ok, problem = pcall(job.wait, job)
    alarm:cancel()
    if not ok and late and errors.is_error(problem, "canceled") then
        problem = errors.new { kind = "timeout", message = time_is_over(state), attempts = 0 }
    end
    if not ok then error(problem, 0) end
end

-- What comes before the rows, and may end it all.
local function prepare(state)
    local fn = state.options.prepare
    if not fn then return end
    local ok, problem = pcall(call_in_time, state, fn)
    if ok then return end
    if state.journal then state.journal:close() end
    error(problem, 0)
end

--- Does the work. Options:
---   client       whose calls they are
---   rows         a path of JSON lines (each is a row, decoded) or of CSV (".csv": each is a table by the columns'
---                names), an array, or an iterator, which may wait and may raise; one that has a method skip(most) is
---                asked to pass over so many rows that are done, and returns how many there were
---   operation    the name of an operation: each row is the table of its arguments by name
---   send         or a function(row) -> { state =, error =, id = }, which runs as a job. `state` is "created",
---                "existing", "conflict", "failed" or another word for what was done; `error` an error object if it
---                failed; `id` the task that it made or found
---   repeatable   with send: function(row) -> false if it must not be done twice (default: it may); before it is, the
---                journal is brought to the disk
---   problem_of   with send: function(row) -> the error of a row that cannot be sent at all, or nil. Such a row fails
---                without having been begun
---   one_call     with send: true if it makes one call and does nothing else. Then a row that ended before that call
---                was sent has not been begun
---   concurrency  how many rows at a time at most (50)
---   journal      a path, or true for the rows' path and ".journal". The journal of a run that was ended is gone on
---                with: what is done is passed over, what was begun is sent again. One of other work is refused with
---                an error of kind `journal`
---   input        a path whose bytes tell whether the rows are the same (default: the rows' own), { size =, digest = }
---                of such bytes, or another text. A file that is changed meanwhile ends the work with a problem of kind
---                `changed`, before a row of the new contents is sent
---   header       array of { name, value }: what else tells whether it is the same work
---   fresh        true: begin anew; the journal of before is kept as PATH.old
---   total        how many rows there are, for on_progress
---   on_outcome   function(row, outcome), called in the rows' order
---   on_progress  function{ total, done, counts, in_flight, retries, seconds, resumed }, called while outcomes come,
---                at least each second, and at the end; in_flight is the most since the last time
---   prepare      function(), called once the journal is open and before any row is taken; may wait and may raise
---   on_start     function(handle): handle.stop(reason, why) lets finish what is in flight and sends nothing more,
---                handle.abort() breaks it off; handle.journal is the journal
---   deadline     seconds that all may take: then what is in flight is broken off, and is left to the next run
---   weigh        function(row) -> bytes that the row still holds once sent (0)
--- Returns a table: total (rows taken), counts by state (`skipped`: were done before), failed (and in conflict), left
--- (taken but without an outcome), retries, seconds, resumed; stopped = { reason, why, error } when it ended early
--- ("key", "refused", "gave_up", "deadline", "disk" or what was given to stop), problem when the iterator or a function
--- raised.
return function(options)
    local state = start(options)
    prepare(state)
    state.resumed = state.journal ~= nil and state.journal.resumed == true
    run(state)
    local counts = state.counts
    return {
        total = state.total, counts = counts, left = state.total - state.done,
        failed = (counts.failed or 0) + (counts.conflict or 0), retries = state.client:stats().retries - state.retries,
        seconds = scheduler.now() - state.started, resumed = state.resumed, stopped = state.stopped,
        problem = state.problem,
    }
end
