--[[
scaleapi.scheduler - jobs, waits, and the loop's turns. One per lua_State.

Everything that waits passes `await`, the one place that knows the three ways to run: a wait that is over
returns at once; inside a job (a coroutine that this scheduler resumes) it yields; anywhere else - the main
thread, a user's own coroutine, a callback that cannot yield - it drives the loop until the wait is over, and
other jobs go on meanwhile.

A wait is a table: `done` once it is over, `job` that sleeps on it, `call` of core or `cancel` to end what it waits
for. A job that does an operation sleeps on the call itself. Which job runs, which can go on, and how one is put to
sleep is lscheduler.c's.
--]]

local core = require "scaleapi.core"
local errors = require "scaleapi.errors"
local host_loop = require "scaleapi.host_loop"

local jobs = core.scheduler
local ready, run, state_of_jobs = jobs.ready, jobs.run, jobs.state

local scheduler = {}

local DEEPEST_DRIVE = 20 -- nested drives that resume jobs; Lua's own limit on C calls is 200
local DEEPEST_HELD = 25  -- nested drives at all

local loop = core.loop()
local handlers = {}      -- userdata that can become ready -> a wait, or a function
local foreground = 0     -- how many of them can end somebody's wait
local turns = {}         -- what is called each turn: { fn=, is_due= }
local list = {}          -- what loop:step hands out
local handed_out, dealt_with = 0, 0 -- how many of them there are, and were handled; not all, if an error came between
local deferred = {}      -- what became ready during a pump and calls a function
local depth = 0          -- of nested drives
local unread = {}        -- jobs that ended with an error that nobody has read yet
local unfinished = 0     -- jobs that have not ended
local host               -- the loop of a host, as it was attached

-- ------------------------------------------------------------------ waits

local function make_ready(job)
    ready(job)
    if host then host:hurry() end
end

-- Memory may run out where something is put into a table: here and in what calls it that comes first, so that it can be
-- done again, and nobody waits for ever.
local function complete(wait)
    if wait.done then return end
    local job = wait.job
    if job then
        make_ready(job)
        wait.job = nil
        job._wait = nil
    end
    wait.done = true
end

-- Ties a timer, watch or call of core to the wait (or function) that it ends. `background` ones keep
-- nobody waiting.
local function handle(object, handler, background)
    if handlers[object] ~= nil then background = true end -- it is counted already
    handlers[object] = handler
    if not background then foreground = foreground + 1 end
end

local function unhandle(object, background)
    if handlers[object] == nil then return end
    handlers[object] = nil
    if not background then foreground = foreground - 1 end
end

local function tell_host()
    if host then host:tell() end
end

-- ------------------------------------------------------------------- jobs

local Job = {}
Job.__index = Job
Job.__name = "scaleapi.Job"

local function finish(job, ok, ...)
    job._ok = ok
    unfinished = unfinished - 1
    if job._waits then
        for _, wait in ipairs(job._waits) do complete(wait) end
    end
    if job._ended then job._ended(ok, ...) end
    job._results = table.pack(...)
    if not ok and not job._ended then
        unread[job] = true
        if errors.is_error(..., "canceled") and job._canceled then unread[job] = nil end
    end
end

-- A coroutine has yielded otherwise than by a wait, has returned or raised.
local function ended(job, ok, ...)
    local thread = job._thread
    if not ok then
        finish(job, false, ...)
        job._traceback = debug.traceback(thread)
        coroutine.close(thread)
        return
    end
    if coroutine.status(thread) == "dead" then return finish(job, true, ...) end
    coroutine.close(thread)
    return finish(job, false, "a job yielded by itself; only scaleapi's own waits may yield in a job")
end

-- ---------------------------------------------------------------- turning

-- Hands what is ready to its handlers; when `quiet`, functions are left for the next turn.
local function collect(milliseconds, quiet)
    if dealt_with == handed_out then
        handed_out = loop:step(milliseconds, list)
        dealt_with = 0
    end
    while dealt_with < handed_out do
        local place = dealt_with + 1
        local object = list[place]
        local handler = object and handlers[object]
        if type(handler) == "table" then
            complete(handler)
            unhandle(object)
        elseif handler and quiet then
            deferred[#deferred + 1] = object
        end
        list[place], dealt_with = false, place
        if type(handler) == "function" and not quiet then handler() end
    end
end

local function run_deferred()
    if #deferred == 0 then return end
    local objects = deferred
    deferred = {}
    for _, object in ipairs(objects) do
        local handler = handlers[object] -- gone if it was closed since
        if handler then handler() end
    end
end

-- One turn: waits at most so many milliseconds (-1: as long as it takes), then resumes jobs; when `held`, the urgent
-- ones only; for so many seconds at most, if `limit` is given, and at least for what is left of a millisecond.
local function turn(milliseconds, held, limit)
    run_deferred()
    for _, each in ipairs(turns) do each.fn() end
    local waiting, urgent = state_of_jobs()
    if urgent > 0 or not held and waiting > 0 then milliseconds = 0 end
    collect(milliseconds)
    local enough = limit and loop:now() + limit
    run(true, enough)
    if not held then run(false, enough) end
end

-- True when neither a job can go on nor anything come that ends somebody's wait.
local function is_stuck()
    local waiting, _, asleep = state_of_jobs()
    return waiting == 0 and asleep == 0 and foreground == 0
end

-- Turns until the wait is over. Raises when nothing is left that could end it. A job that drives lies on the C
-- stack, and jobs that it resumes may drive in their turn; too deep down none are resumed any more, until what
-- core ends (a call, a sleep) has ended and the stack unwinds.
local function drive(wait)
    if type(wait) == "userdata" then wait = scheduler.wait_for_call(wait) end
    local held = depth >= DEEPEST_DRIVE
    if depth >= DEEPEST_HELD or held and not wait.by_core then
        error("too many waits inside each other: " .. depth, 0)
    end
    local own_depth, own_job = depth, jobs.current()
    depth = depth + 1
    local ok, message = true, nil
    while ok and not wait.done do
        if is_stuck() then
            ok, message = false, "nothing is left that could end this wait"
        else
            ok, message = pcall(turn, -1, held)
        end
    end
    depth = own_depth
    if not ok then jobs.run_as(own_job) end
    tell_host()
    if not ok then error(message, 0) end
end

local function raise_canceled(job)
    job._canceling = nil
    error(errors.new { kind = "canceled", message = "the job was canceled", attempts = job._attempts }, 0)
end

jobs.hooks(drive, raise_canceled, ended)

--- Waits until the wait is over. Raises kind `canceled` in a job that was canceled meanwhile.
scheduler.await = jobs.await

--- Ends a wait: who waits on it goes on at the next turn. Ending it twice is fine.
scheduler.complete = complete

--- Waits until somebody calls wake(waits, name); `waits` is a table of the caller's, for conditions among jobs.
function scheduler.sleep_on(waits, name)
    local wait, asleep = {}, waits[name] or {}
    waits[name] = asleep
    asleep[#asleep + 1] = wait
    scheduler.await(wait)
end

--- Ends what sleeps on that name.
function scheduler.wake(waits, name)
    local asleep = waits[name]
    if not asleep then return end
    for _, wait in ipairs(asleep) do complete(wait) end
    waits[name] = nil
end

--- A wait that a call or an exchange of core ends. For clients, iterators and fetch.
function scheduler.wait_for_call(call)
    local wait = { done = call:is_done(), call = call, by_core = true }
    if not wait.done then handle(call, wait) end
    return wait
end

--- Ends the waits for calls that have ended without becoming ready, as those of a closed client do.
function scheduler.settle()
    for object, handler in pairs(handlers) do
        if type(handler) == "table" and handler.call and handler.call:is_done() then
            unhandle(object)
            complete(handler)
        end
    end
    jobs.settle()
    tell_host()
end

--- Lets transfers go on without resuming any job and without waiting.
function scheduler.pump()
    collect(0, true)
    tell_host()
end

--- One turn for a host with a loop of its own: waits at most `seconds` (default 0) for something to
--- happen, and resumes the jobs that can go on, for as long again, or a millisecond: the others go on in the next.
--- Returns true while there is something left to do.
function scheduler.step(seconds)
    seconds = seconds or 0
    if type(seconds) ~= "number" or seconds ~= seconds or seconds < 0 then
        error("step needs a number of seconds, 0 or more", 2)
    end
    local ok, problem = true, nil
    if host then
        ok, problem = pcall(turn, math.ceil(math.min(seconds, 1000000) * 1000), false, seconds)
        tell_host()
    else
        turn(math.ceil(math.min(seconds, 1000000) * 1000), false, seconds)
    end
    if not ok then error(problem, 0) end
    return unfinished > 0 or foreground > 0
end

--- What a host's own loop watches: the descriptor that is readable when a step is due, and the seconds
--- until one is due anyway (nil: none).
function scheduler.descriptor()
    return loop:descriptor()
end

function scheduler.timeout()
    if state_of_jobs() > 0 or #deferred > 0 then return 0 end
    for _, each in ipairs(turns) do
        if each.is_due and each.is_due() then return 0 end
    end
    local milliseconds = loop:timeout()
    return milliseconds >= 0 and milliseconds / 1000 or nil
end

--- For a host whose loop takes descriptors and timers one by one: from now on `hooks.watch(descriptor, events)` is
--- called when a descriptor is to be watched, level-triggered ("r", "w", "rw"; nil: no more, it may be closed already),
--- and `hooks.set_timer(seconds)` when a step is due in so many seconds, once, instead of what was said before (nil:
--- not). When a descriptor is ready, or the time is over, the host calls step(0). The hooks must not wait. Returns a
--- handle with close(), which takes it all back.
function scheduler.attach(hooks)
    if type(hooks) ~= "table" or type(hooks.watch) ~= "function" or type(hooks.set_timer) ~= "function" then
        error("attach needs { watch = function, set_timer = function }", 2)
    end
    if host then error("another host is attached", 2) end
    local attached = host_loop.open(loop, hooks, scheduler.timeout)
    host = attached
    return { close = function()
        if host ~= attached then return end
        host = nil
        attached:close()
    end }
end

--- Seconds on a clock that never goes back.
function scheduler.now()
    return loop:now()
end

-- ------------------------------------------------------------- jobs, public

local function start(fn, is_urgent, ...)
    local job = setmetatable({ _thread = coroutine.create(fn), _arguments = table.pack(...), _urgent = is_urgent }, Job)
    unfinished = unfinished + 1
    make_ready(job)
    return job
end

--- Runs fn(...) as a job: a coroutine that goes on whenever its waits are over, beside all others.
--- It starts at the next wait of anybody. Returns the job.
function scheduler.spawn(fn, ...)
    if type(fn) ~= "function" then
        error("spawn needs a function, not " .. type(fn), 2)
    end
    return start(fn, false, ...)
end

--- The same; calls on_end(true, result, …) or on_end(false, error) when the job has ended, whatever ended it. Its
--- error is read with that.
function scheduler.spawn_watched(on_end, fn, ...)
    local job = start(fn, false, ...)
    job._ended = on_end
    return job
end

--- The same for a job that others may be waiting for without knowing it, as for the answer of a server in this
--- process: it goes on also where other jobs are held back.
function scheduler.spawn_urgent(fn, ...)
    return start(fn, true, ...)
end

--- The results of the job's function, once it has ended; raises its error.
function Job:wait()
    if getmetatable(self) ~= Job then error("call it with a colon: job:wait()", 2) end
    if self == jobs.current() then error("a job cannot wait for itself", 2) end
    if self._ok == nil then
        local wait = {}
        self._waits = self._waits or {}
        table.insert(self._waits, wait)
        scheduler.await(wait)
    end
    unread[self] = nil
    if not self._results then error("not enough memory", 0) end -- for them, when it ended
    if not self._ok then error(self._results[1], 0) end
    return table.unpack(self._results, 1, self._results.n)
end

function Job:is_done()
    return self._ok ~= nil
end

-- The call that ends the wait, or nil.
local function call_of(wait)
    return type(wait) == "userdata" and wait or wait.call
end

--- Ends the job: what it waits for is canceled, and the wait raises kind `canceled` in it, with the call's attempts
--- if it is one. A job that has not begun never does.
function Job:cancel()
    if self._ok ~= nil then return end
    self._canceled = true
    if self._arguments then
        finish(self, false, errors.new { kind = "canceled", message = "the job was canceled" })
        return
    end
    self._canceling = true
    local wait = self._wait
    if not wait then return end -- it runs, or is about to: its next wait raises
    local call = call_of(wait)
    self._attempts = call and call.attempts and call:attempts()
    if call then call:cancel() end
    if call == wait then
        jobs.wake(call)
        if host then host:hurry() end
        return
    end
    if wait.cancel then wait.cancel() end
    complete(wait)
end

--- The same, if what it waits for is a call that itself waits, for its turn; with `begun` also one that was sent
--- before, and waits for its next attempt or look-up.
function Job:cancel_unsent(begun)
    local call = self._wait and call_of(self._wait)
    if call and call.is_waiting and call:is_waiting() and (begun or call:attempts() == 0) then self:cancel() end
end

function Job:__tostring()
    local state = self._ok == nil and "unfinished" or self._ok and "done" or "failed"
    return "Job (" .. state .. ")"
end

--- Waits so many seconds; other jobs go on.
function scheduler.sleep(seconds)
    if type(seconds) ~= "number" or seconds ~= seconds or seconds < 0 then
        error("sleep needs a number of seconds, 0 or more", 2)
    end
    local timer = loop:after(math.min(seconds, 1000000))
    local wait = { by_core = true }
    handle(timer, wait)
    wait.cancel = function()
        unhandle(timer)
        timer:cancel()
    end
    scheduler.await(wait)
end

-- ------------------------------------------------------- for servers and hosts

--- Calls fn() from each turn in which the descriptor is ready for `events` ("r", "w", "rw"). fn must not
--- wait. Returns a handle with close(). Keeps no program alive.
function scheduler.watch(descriptor, events, fn)
    local watch = loop:watch(descriptor, events)
    handle(watch, fn, true)
    tell_host()
    return { close = function()
        unhandle(watch, true)
        watch:close()
        tell_host()
    end }
end

--- Calls fn() once after so many seconds; fn must not wait. Returns a handle with cancel().
--- Keeps no program alive.
function scheduler.after(seconds, fn)
    if type(seconds) ~= "number" or seconds ~= seconds or seconds < 0 or type(fn) ~= "function" then
        error("after needs a number of seconds, 0 or more, and a function", 2)
    end
    local timer = loop:after(math.min(seconds, 1000000))
    handle(timer, function()
        unhandle(timer, true)
        fn()
    end, true)
    tell_host()
    return { cancel = function()
        unhandle(timer, true)
        timer:cancel()
    end }
end

--- Calls fn() in each turn of the loop, before it waits. `is_due()`, if given, tells a host's own loop whether
--- that is to be at once. Returns a handle with close().
function scheduler.each_turn(fn, is_due)
    local entry = { fn = fn, is_due = is_due }
    table.insert(turns, entry)
    return { close = function()
        for i, each in ipairs(turns) do
            if each == entry then return table.remove(turns, i) end
        end
    end }
end

--- Runs until no job is left. Returns an array of { job=, error=, traceback= } of the jobs whose error
--- nobody has read.
function scheduler.finish()
    while unfinished > 0 do
        if is_stuck() then break end
        turn(-1)
    end
    local failures = {}
    for job in pairs(unread) do
        table.insert(failures, { job = job, error = job._results[1], traceback = job._traceback })
    end
    unread = {}
    return failures
end

return scheduler
