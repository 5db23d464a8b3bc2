--[[
scaleapi.slice_plan - cuts a list of tasks into parts by created_at, as equal as counts tell.

A part has all tasks that were made after `low` and not after `high` (nil: no bound). Bounds are in milliseconds since
1970. Where the tasks of a part lie, which is between `from` and `to`, and how many they are, is what was counted: it
may be wrong, and then parts are not equal; that together they have every task does not rest on it.

Parts are cut one by one, as they are needed, with one count each: a long list is never planned as a whole.
--]]

local slice_plan = {}

local Plan = {}
Plan.__index = Plan

local SMALLEST_SHARE = 16 -- a cut that leaves less than this fraction of a part on one side is not made
local DECADES = 10        -- how far back from the newest task the first counts look: 1 s, 10 s, … 31 years

--- A plan with one part, of `total` tasks, the newest of which was made at `newest`. `ask(time)` starts to count the
--- tasks that were made until then, and returns a function that waits for the count and returns it with the time
--- of the newest of them (or nil).
function slice_plan.new(total, newest, ask)
    local part = { from = 0, to = math.ceil(newest), below_low = 0, below_high = total, count = total }
    return setmetatable({ parts = { part }, ask = ask }, Plan)
end

-- Cuts a part at that time, until which `below` tasks were made. The part itself becomes the newer one.
local function cut(self, part, time, below, newest)
    local bound = { time = time }
    local older = { low = part.low, high = bound, from = part.from, to = time, below_low = part.below_low,
        below_high = below, count = below - part.below_low }
    if newest and newest > part.from and newest < time then older.to = newest end
    part.low, part.from, part.below_low, part.count = bound, time, below, part.below_high - below
    for i, each in ipairs(self.parts) do
        if each == part then return table.insert(self.parts, i + 1, older) end
    end
end

-- Cuts the part, or notes where its tasks do not lie. Each time the room between `from` and `to` becomes less.
local function take_count(self, part, time, below, newest)
    if time <= part.from or time >= part.to then return end
    if not below then -- the server does not say: no further cuts
        part.to = part.from
        return
    end
    local least = part.count / SMALLEST_SHARE
    if below - part.below_low <= least then
        part.from = time
    elseif part.below_high - below <= least then
        part.to = newest and newest > part.from and newest < time and math.ceil(newest) or time
    else
        cut(self, part, time, below, newest and math.ceil(newest))
    end
end

--- Whether the part should be cut, so that none has more than `target` tasks, and can be.
function Plan.can_cut(_, part, target)
    return part.count > target and part.to - part.from >= 2
end

--- Makes one step towards smaller parts. Waits, and may raise.
function Plan:step(part)
    local time = (part.from + part.to) // 1 // 2
    take_count(self, part, time, self.ask(time)())
end

--- The first step: tasks may all have been made within seconds, days or years.
function Plan:first_step(part)
    local waiting = {}
    for decade = DECADES - 1, 0, -1 do
        local time = part.to - math.tointeger(1000 * 10 ^ decade)
        if time > part.from then table.insert(waiting, { time = time, count = self.ask(time) }) end
    end
    for _, each in ipairs(waiting) do take_count(self, part, each.time, each.count()) end
end

--- Takes the part off the list.
function Plan:remove(part)
    for i, each in ipairs(self.parts) do
        if each == part then return table.remove(self.parts, i) end
    end
end

return slice_plan
