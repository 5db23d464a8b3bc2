--[[
scaleapi.parallel - a function over many items, so many at a time, on one thread; results as they come.
--]]

local scheduler = require "scaleapi.scheduler"
local core = require "scaleapi.core"

local sleep_on, wake = scheduler.sleep_on, scheduler.wake
local SOUND_FOR = core.lua_release >= 50406

local Parallel = { __name = "scaleapi.Parallel" }
Parallel.__index = Parallel

-- ---------------------------------------------------------------- workers

-- The next item: one worker at a time, since an iterator may itself wait. nil at the end.
local function take_item(state)
    while state.taking do sleep_on(state.waits, "taking_over") end
    if state.exhausted or state.closed then return nil end
    state.taking = true
    local ok, item, more = pcall(state.next_item)
    state.taking = false
    wake(state.waits, "taking_over")
    if not ok then
        state.exhausted, state.failure = true, { error = item }
    elseif item == nil then
        state.exhausted = true
    else
        return item, more
    end
end

local function put_result(state, item, ok, ...)
    local value, more = ...
    local last = state.last + 1
    state.results[last] = ok and { item = item, value = value, more = more } or { item = item, err = value }
    state.last = last -- now that it is there: memory may have run out
    wake(state.waits, "result_came")
    while state.last - state.first >= state.most and not state.closed do sleep_on(state.waits, "room_came") end
end

local function work(state)
    while true do
        local item, more = take_item(state)
        if item == nil then return end
        put_result(state, item, pcall(state.fn, item, more))
    end
end

-- When a worker itself fails, for want of memory, the loop ends with its error: nobody is to wait for it.
local function end_work(state, ok, problem)
    state.working = state.working - 1
    if not ok and not state.closed then
        state.closed, state.failure = true, { error = problem }
        wake(state.waits, "taking_over")
        wake(state.waits, "room_came")
    end
    wake(state.waits, "result_came")
end

-- --------------------------------------------------------------- consumer

local function take_result(state)
    local place = state.first
    local result = state.results[place]
    state.results[place] = nil
    if place < state.last then
        state.first = place + 1
    else
        state.first, state.last = 1, 0 -- the same places again: the table need not grow
    end
    return result
end

--- The next item, what fn returned for it, and the error if fn raised; nil at the end. An error of the items'
--- own iterator is raised, after the results.
function Parallel:__call()
    local state = self._state
    while state.first > state.last do
        if state.working == 0 or state.closed then
            local failure = state.failure
            state.failure = nil
            if failure then error(failure.error, 0) end
            return nil
        end
        sleep_on(state.waits, "result_came")
    end
    local result = take_result(state)
    wake(state.waits, "room_came")
    return result.item, result.value, result.err, result.more
end

--- No further item is begun; those under way are canceled.
function Parallel:close()
    local state = self._state
    state.closed = true
    for _, job in ipairs(state.jobs) do job:cancel() end
    wake(state.waits, "room_came")
    wake(state.waits, "result_came")
end

Parallel.__close = Parallel.close

--- Cancels those under way whose call is not in flight; see Job:cancel_unsent.
function Parallel:cancel_unsent(begun)
    for _, job in ipairs(self._state.jobs) do job:cancel_unsent(begun) end
end

-- A loop that was left and forgotten begins no further items; what is under way comes to its end.
function Parallel:__gc()
    self._state.closed = true
    wake(self._state.waits, "room_came")
end

-- A function that gives the next item, of an array or of whatever can be called.
local function item_function(items)
    if type(items) == "function" then return items end
    local metatable = getmetatable(items)
    if type(metatable) == "table" and metatable.__call then
        return function() return items() end
    end
    if type(items) ~= "table" then return nil end
    local place = 0
    return function()
        place = place + 1
        return items[place]
    end
end

--- Runs fn(item) for each of `items` (an array, or an iterator such as get_tasks{…} gives), at most `most` at a time.
--- For use in `for item, result, err in parallel(50, items, fn) do`. Results come in the order in which they
--- are there. fn runs as a job; its errors are results, not errors of the loop.
return function(most, items, fn)
    if math.type(most) ~= "integer" or most < 1 then
        error("parallel needs how many at a time: a whole number, 1 or more", 2)
    end
    local next_item = item_function(items)
    if not next_item then error("parallel needs an array or an iterator of items, not " .. type(items), 2) end
    if type(fn) ~= "function" then error("parallel needs a function, not " .. type(fn), 2) end
    local state = { next_item = next_item, fn = fn, most = most, results = {}, first = 1, last = 0, jobs = {},
                    waits = {}, working = most }
    local function ended(ok, problem) end_work(state, ok, problem) end
    for i = 1, most do state.jobs[i] = scheduler.spawn_watched(ended, work, state) end
    local iterator = setmetatable({ _state = state }, Parallel)
    if SOUND_FOR then return iterator, nil, nil, iterator end
    return iterator
end
