--[[
scaleapi.slices - a list read in parts by created_at, several at once:

    for task in client:get_tasks { project_name = "kittens", slices = 8 } do … end
    for task in client:get_tasks { project_name = "kittens", slices = 8, ordered = true } do … end

Every task that was there at the start comes exactly once, one that is made meanwhile at most once. Whether the server
takes a bound for within or without is not known: a part is asked for from its lower bound to a millisecond behind the
upper one, and what belongs to the part beside it is told by its created_at and passed over. Where tasks come without
one (limited_response), those near a bound are asked for by themselves, in full, once.

So many jobs read parts, the newest first, and cut those that are too large (slice_plan.lua). Unordered, tasks are
handed out as they come, and a job waits when a page for each job is there. Ordered, what comes early waits in its part,
and jobs whose part is not the first wait when all parts hold too much.
--]]

local core = require "scaleapi.core"
local arguments = require "scaleapi.arguments"
local document = require "scaleapi.document"
local errors = require "scaleapi.errors"
local pager = require "scaleapi.pager"
local scheduler = require "scaleapi.scheduler"
local slice_plan = require "scaleapi.slice_plan"
local times = require "scaleapi.times"

local sleep_on, wake = scheduler.sleep_on, scheduler.wake
local json = core.json
local slices = {}

local MOST_SLICES = 100
local MARGIN = 1              -- milliseconds that parts are asked for beyond their upper bounds
local SMALLEST_PART = 6       -- pages; less is not worth a count
local LARGEST_ORDERED = 24    -- pages of a part whose tasks may have to wait
local MOST_BYTES = 3 << 23    -- of tasks that wait for earlier ones
local PUMP_EVERY = 16         -- tasks between two looks at the network while the script works
local DEFAULT_LIMIT = 100

-- Filters that no task ceases to match.
local LASTING = {
    project_name = true, batch_name = true, task_type = true, created_after = true, created_before = true,
    include_attachment_url = true, limited_response = true, limit = true,
}

-- ----------------------------------------------------------------- requests

local function with(filters, changes)
    local all = {}
    for name, value in pairs(filters) do all[name] = value end
    for name, value in pairs(changes) do all[name] = value end
    return all
end

-- Times go to core as seconds, and from there as milliseconds to the server.
local function bounds_of(part)
    return {
        created_after = part.low and part.low.time / 1000,
        created_before = part.high and (part.high.time + MARGIN) / 1000,
    }
end

local function open_list(state, filters)
    local how, iterator = pager.open(state.client, state.row, nil, filters, state.options)
    if how == "failed" then errors.raise(iterator, 1) end
    if how == "usage" then error(iterator, 0) end
    return iterator
end

local function created_at(task)
    local text = task.created_at
    return type(text) == "string" and times.parse(text) or nil
end

-- Starts to count the tasks that were made until then, by a page with the newest of them. Returns what waits for it.
local function ask(state, time)
    local filters = with(state.filters, { limit = 1, created_before = time and time / 1000 })
    filters.limited_response = nil
    local call, how, problem = state.client:_start(state.row, filters, state.options)
    if not call then error(how == "failed" and errors.new(problem) or problem, 0) end
    return function()
        local outcome, bytes = state.client:_await(call)
        if outcome == "failed" then error(errors.new(bytes), 0) end
        local ok, docs, envelope = pcall(pager.cut, state.row, bytes)
        if not ok then
            error(errors.new { kind = "bad_answer", operation = state.row.name, message = errors.caught(docs),
                attempts = 1 }, 0)
        end
        local created = docs[1] and json.field(docs[1], "created_at")
        return math.tointeger(envelope.total), type(created) == "string" and times.parse(created) or nil
    end
end

-- ------------------------------------------------------------ what belongs

-- When the tasks near a bound were made, by their ids; false: nobody knows.
local function read_near(state, bound)
    local near = {}
    local filters = with(state.filters, { created_after = (bound.time - MARGIN) / 1000,
        created_before = (bound.time + MARGIN) / 1000 })
    filters.limited_response = nil
    local tasks <close> = open_list(state, filters)
    for task in tasks do
        local id = task.task_id
        if id ~= nil then near[id] = created_at(task) or false end
    end
    return near
end

local function near_of(state, bound)
    if bound and not bound.near then
        local near = read_near(state, bound)
        bound.near = bound.near or near -- the part on the other side may have been quicker
    end
    return bound and bound.near or {}
end

-- Whether a task that does not say when it was made belongs to the part. What is near a bound, and of which that is not
-- known at all, belongs to the part that has it first.
local function is_claimed(state, part, id)
    local created = near_of(state, part.low)[id]
    if created == nil then created = near_of(state, part.high)[id] end
    if created == nil then return true end
    if created then return created end
    state.claims[id] = state.claims[id] or part
    return state.claims[id] == part
end

local function belongs(state, part, task)
    local low, high = part.low, part.high
    if not low and not high then return true end
    local created = created_at(task)
    if not created and task.task_id ~= nil then
        created = is_claimed(state, part, task.task_id)
        if type(created) == "boolean" then return created end
    end
    return not created or (not low or created > low.time) and (not high or created <= high.time)
end

-- ------------------------------------------------------------------ handing

local function has_room(state, part)
    if state.closed then return true end
    if not state.ordered then return state.last - state.first < state.most end
    return state.plan.parts[1] == part or state.bytes < MOST_BYTES
end

-- Hands a task over; waits while there are enough. Returns false when nobody wants any more.
local function put(state, part, task)
    local queue = state.ordered and part or state
    local last = queue.last + 1
    queue.tasks[last] = task
    queue.last = last
    state.given = state.given + 1
    if state.ordered then
        local size = #document.bytes(task)
        queue.sizes[queue.last], state.bytes = size, state.bytes + size
    end
    wake(state.waits, "came")
    while not has_room(state, part) do sleep_on(state.waits, "room") end
    return not state.closed
end

local function finish_part(state, part)
    part.done = true
    if not state.ordered then state.plan:remove(part) end
    wake(state.waits, "came")
end

local function begin_queue(part)
    part.tasks, part.sizes, part.first, part.last = {}, {}, 1, 0
end

local function read_part(state, part)
    begin_queue(part)
    state.left = state.left - part.count
    local tasks <close> = part.opened or open_list(state, with(state.filters, bounds_of(part)))
    part.opened = nil
    while true do
        local task = tasks()
        if not task then break end
        if belongs(state, part, task) and not put(state, part, task) then return end
    end
    finish_part(state, part)
end

-- ------------------------------------------------------------------ working

-- How many tasks a part should have at most: less towards the end, so that all jobs end together.
local function target(state)
    local most = math.max(SMALLEST_PART * state.limit, state.left // (2 * state.slices))
    return state.ordered and math.min(most, LARGEST_ORDERED * state.limit) or most
end

-- The whole list has been begun with, as a list is. Goes on with that one where there is nothing to be gained.
local function begin(state)
    local whole = state.whole
    local first = whole()
    local total = math.tointeger(whole.total)
    state.total, state.is_begun = total, true
    local part = state.plan.parts[1]
    if not first or not total or total <= SMALLEST_PART * state.limit then
        begin_queue(part)
        if first and not put(state, part, first) then return end
        part.opened, part.count, state.whole = whole, 0, nil
        return read_part(state, part)
    end
    whole:close()
    state.whole = nil
    local newest = created_at(first) or os.time() * 1000
    state.plan = slice_plan.new(total, newest, function(time) return ask(state, time) end)
    state.left, state.is_cut = total, true
    part = state.plan.parts[1]
    part.taken = true
    state.plan:first_step(part)
    part.taken = false
end

local function step(state, part)
    if not state.is_begun then return begin(state) end
    if not state.plan:can_cut(part, target(state)) then return read_part(state, part) end
    state.plan:step(part)
    part.taken = false
end

-- The first part that nobody has taken; nil when there will be none. Nobody begins what comes after a failure.
local function take_part(state)
    while not state.closed do
        local is_awaited = false
        for _, part in ipairs(state.plan.parts) do
            if part.failure then break end
            if not part.taken then
                part.taken = true
                return part
            end
            is_awaited = is_awaited or not part.tasks
        end
        if not is_awaited then return nil end
        sleep_on(state.waits, "parts")
    end
end

local function cancel_others(state, from)
    for i = from, #state.plan.parts do
        local job = state.plan.parts[i].job
        if job then job:cancel() end
    end
end

-- A part failed. Unordered, that ends all; ordered, what comes before is still to be had.
local function fail(state, part, problem)
    part.failure = { problem = problem }
    if not state.ordered then
        state.failure = state.failure or part.failure
        return cancel_others(state, 1)
    end
    for i, each in ipairs(state.plan.parts) do
        if each == part then return cancel_others(state, i + 1) end
    end
end

-- The parts have fewer tasks than the list had. Where that cannot be, tasks were left out: better an error than a gap.
local function verify(state)
    if not state.is_cut or state.given >= state.total then return end
    for name in pairs(state.filters) do
        if not LASTING[name] then return end
    end
    local total = ask(state)()
    if not total or total < state.total then return end
    error(errors.new { kind = "bad_answer", operation = state.row.name, attempts = 1, retriable = false,
        message = ("the server has %d tasks, but by created_at it gave %d; read them without slices"):format(
            total, state.given) }, 0)
end

local function work(state, index)
    while true do
        local part = take_part(state)
        if not part then break end
        part.job = state.jobs[index]
        local ok, problem = pcall(step, state, part)
        part.job = nil
        if not ok and not state.closed and not state.failure and not errors.is_error(problem, "canceled") then
            fail(state, part, problem)
        end
        wake(state.waits, "parts")
        wake(state.waits, "came")
    end
    if state.working == 1 and not state.closed and not state.failure then
        local ok, problem = pcall(verify, state)
        if not ok then state.failure = { problem = problem } end
    end
end

-- When a job itself fails, for want of memory, the list ends with its error: nobody is to wait for it.
local function end_work(state, ok, problem)
    state.working = state.working - 1
    if not ok and not state.closed and not state.failure then state.failure = { problem = problem } end
    wake(state.waits, "parts")
    wake(state.waits, "came")
end

-- ----------------------------------------------------------------- iterator

local Slices = { __name = "scaleapi.Slices" }
local methods = {}

local function pop(queue)
    local task = queue.tasks[queue.first]
    queue.tasks[queue.first] = nil
    queue.first = queue.first + 1
    return task
end

-- The part that is next in order, with a task in it; or nil and why not.
local function first_part(state)
    local parts = state.plan.parts
    while parts[1] and parts[1].done and parts[1].first > parts[1].last do
        table.remove(parts, 1)
        wake(state.waits, "room")
    end
    local part = parts[1]
    if part and part.tasks and part.first <= part.last then return part end
    return nil, part and part.failure
end

local function take_ordered(state)
    local part, failure = first_part(state)
    if not part then return nil, failure or state.working == 0 and state.failure or nil end
    state.bytes = state.bytes - part.sizes[part.first]
    part.sizes[part.first] = nil
    return pop(part)
end

local function take_unordered(state)
    if state.first <= state.last then return pop(state) end
    return nil, state.failure
end

local function close(state)
    state.closed = true
    state.tasks, state.first, state.last = {}, 1, 0
    if state.whole then state.whole:close() end
    for _, job in ipairs(state.jobs) do job:cancel() end
    wake(state.waits, "came")
end

-- The next task; nil at the end; nil and the failure that ended it.
local function next_task(state)
    while not state.closed do
        local task, failure = (state.ordered and take_ordered or take_unordered)(state)
        if task then
            wake(state.waits, "room")
            state.taken = state.taken + 1
            if state.taken % PUMP_EVERY == 0 then scheduler.pump() end
            return task
        elseif failure or state.working == 0 then
            close(state)
            return nil, failure
        end
        sleep_on(state.waits, "came")
    end
end

--- The next task, or nil at the end. Raises what went wrong, after the tasks that came before it.
function Slices:__call()
    local task, failure = next_task(self._state)
    if failure and errors.is_error(failure.problem) then errors.raise(failure.problem, 2) end
    if failure then error(failure.problem, 0) end
    return task
end

--- tasks.total: how many there were at the start; nil if the server does not say. Waits until that is known.
function Slices:__index(key)
    if methods[key] then return methods[key] end
    local state = rawget(self, "_state")
    if key ~= "total" then return nil end
    while not state.is_begun and state.working > 0 and not state.closed do sleep_on(state.waits, "came") end
    return state.total
end

--- What is left, as a table.
function methods:list()
    local list = {}
    while true do
        local task, failure = next_task(self._state)
        if failure and errors.is_error(failure.problem) then errors.raise(failure.problem, 2) end
        if failure then error(failure.problem, 0) end
        if not task then return list end
        list[#list + 1] = task
    end
end

--- Ends it; pages that are being fetched are dropped. Closing twice is fine.
function methods:close()
    if not self._state.closed then close(self._state) end
end

Slices.__close = methods.close

-- One that was forgotten asks for nothing more.
function Slices:__gc()
    local state = self._state
    state.closed = true
    wake(state.waits, "room")
    wake(state.waits, "parts")
end

-- ------------------------------------------------------------------ opening

-- What is wrong with the options, or nil.
local function problem_of(named, row)
    local count = named.slices
    if count ~= nil and (math.type(count) ~= "integer" or count < 1 or count > MOST_SLICES) then
        return ("slices for %s must be a whole number from 1 to %d"):format(row.name, MOST_SLICES)
    end
    if named.ordered ~= nil and type(named.ordered) ~= "boolean" then
        return ("ordered for %s must be true or false"):format(row.name)
    end
    for _, name in ipairs { "next_token", "offset" } do
        if count ~= nil and named[name] ~= nil then
            return ("%s in slices cannot begin at %s"):format(row.name, name)
        end
    end
end

local function start(client, row, whole, named, options)
    local state = {
        client = client, row = row, filters = named, options = options, slices = named.slices,
        ordered = named.ordered == true, limit = named.limit or DEFAULT_LIMIT, whole = whole,
        plan = slice_plan.new(0, 0), left = 0, given = 0, taken = 0, bytes = 0, claims = {}, waits = {},
        tasks = {}, first = 1, last = 0, jobs = {}, working = named.slices,
    }
    state.most = state.slices * state.limit
    named.slices, named.ordered = nil, nil
    local function ended(ok, problem) end_work(state, ok, problem) end
    for i = 1, state.slices do state.jobs[i] = scheduler.spawn_watched(ended, work, state, i) end
    return setmetatable({ _state = state }, Slices)
end

--- Opens an iterator, as pager.open does, over a list that comes page by page, the newest first, and says how many
--- there are. With `slices` it reads so many parts at once, in the list's own order if `ordered`.
function slices.open(client, row, check, ...)
    local bound, problem = arguments.bind(row, ...)
    if not bound then return "usage", problem end
    local named = bound.arguments
    problem = problem_of(named, row)
    if problem then return "usage", problem end
    local given = with(named, {})
    given.slices, given.ordered = nil, nil
    local how, iterator, more = pager.open(client, row, check, given, bound.options)
    if how ~= "iterator" or (named.slices or 1) == 1 then return how, iterator, more end
    return "iterator", start(client, row, iterator, named, bound.options)
end

return slices
