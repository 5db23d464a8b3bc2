--[[
scripts.lib.progress - how far bulk work has come, for people: on a terminal one line that is drawn anew, otherwise one
line every ten seconds. And, when asked, why it goes faster or slower, as lines.

    local shown = progress.new { quiet = arguments.json, explain = arguments.explain, client = client }
    scaleapi.bulk { …, on_progress = function(state) shown:update(state) end }
    shown:finish() -- and then the summary
--]]

local scaleapi = require "scaleapi"
local screen = require "scripts.lib.screen"

local progress = {}

local Progress = {}
Progress.__index = Progress

local REDRAW_EVERY = 0.1 -- seconds
local LINE_EVERY = 10    -- seconds, where nothing can be drawn anew
local SAMPLE_EVERY = 0.5 -- seconds
local MOST_SAMPLES = 20  -- the rate is that of the last ten seconds
local SOONEST_RATE = 0.3 -- seconds; before that it says nothing
local SHORTEST_BAR = 10  -- characters, brackets included
local LONGEST_BAR = 32

-- -------------------------------------------------------------------- rate

-- What an earlier run did is skipped, and no merit of this one.
local function own_share(state)
    return state.done - (state.resumed and state.counts.skipped or 0)
end

local function take_sample(self, state, time)
    local samples = self.samples
    if time - samples[#samples].time < SAMPLE_EVERY then return end
    samples[#samples + 1] = { time = time, done = own_share(state) }
    if #samples > MOST_SAMPLES then table.remove(samples, 1) end
end

-- Rows a second; nil while that cannot be told.
local function rate_of(self, state, time)
    local oldest = self.samples[1]
    local seconds = time - oldest.time
    if seconds < SOONEST_RATE then return nil end
    return math.max(own_share(state) - oldest.done, 0) / seconds
end

-- ------------------------------------------------------------------- words

local function rate_text(rate)
    return rate and (rate < 9.95 and "%.1f/s" or "%.0f/s"):format(rate)
end

local function seconds_text(seconds)
    seconds = math.max(math.floor(seconds + 0.5), 1)
    if seconds < 60 then return ("%ds"):format(seconds) end
    if seconds < 3600 then return ("%dm%02ds"):format(seconds // 60, seconds % 60) end
    if seconds < 86400 then return ("%dh%02dm"):format(seconds // 3600, seconds % 3600 // 60) end
    return ("%dd%02dh"):format(seconds // 86400, seconds % 86400 // 3600)
end

local function left_text(state, rate)
    if not state.total or not rate or rate <= 0 or state.done >= state.total then return nil end
    return seconds_text((state.total - state.done) / rate) .. " left"
end

local function share_of(state)
    if not state.total then return nil end
    return state.total > 0 and math.min(state.done / state.total, 1) or 1
end

-- 100% is said when it is true.
local function share_text(state)
    local share = share_of(state)
    return share and ("%d%%"):format(math.floor(share * 100))
end

local function failures_text(state)
    local failures = (state.counts.failed or 0) + (state.counts.conflict or 0)
    return failures > 0 and failures .. " failed" or nil
end

-- A server that does not answer explains why nothing moves.
local function waiting_text(client)
    local pace = client and client.pace and client:pace()
    if pace and pace.state and pace.state ~= "closed" then return "waiting for the server" end
end

-- The parts of a line in their order, each with what it is worth: the least goes first where there is no room.
local function parts_of(self, state, time)
    local rate = rate_of(self, state, time)
    local parts = {}
    local function add(worth, text)
        if text then parts[#parts + 1] = { worth = worth, text = text } end
    end
    add(8, share_text(state))
    add(6, state.total and ("%d/%d"):format(state.done, state.total) or ("%d done"):format(state.done))
    add(3, rate_text(rate))
    add(5, failures_text(state))
    add(2, ("%d %s"):format(state.retries, state.retries == 1 and "retry" or "retries"))
    add(1, ("%d in flight"):format(self.most_in_flight))
    local waiting = waiting_text(self.client)
    add(waiting and 7 or 4, waiting or left_text(state, rate))
    return parts
end

local function join(parts, separator)
    local texts = {}
    for i, part in ipairs(parts) do texts[i] = part.text end
    return table.concat(texts, separator)
end

local function drop_the_least(parts)
    local least = 1
    for i, part in ipairs(parts) do
        if part.worth < parts[least].worth then least = i end
    end
    table.remove(parts, least)
end

local function bar_of(share, length)
    local inside = length - 2
    local full = math.floor(share * inside)
    local tip = full < inside and full > 0 and ">" or ""
    return "[" .. ("="):rep(full - #tip) .. tip .. (" "):rep(inside - full) .. "]"
end

-- As much as there is room for; what is left of it is the bar's.
local function fit(self, state, time, room)
    local parts = parts_of(self, state, time)
    local text = join(parts, "  ")
    while #text > room do
        drop_the_least(parts)
        text = join(parts, "  ")
    end
    local length, share = math.min(room - #text - 2, LONGEST_BAR), share_of(state)
    if not share or length < SHORTEST_BAR then return text end
    return bar_of(share, length) .. "  " .. text
end

-- ---------------------------------------------------------------- showing

local function show(self, state, time)
    local room = self.screen:room()
    if room then
        self.screen:pass(fit(self, state, time, room))
    elseif time - self.said >= LINE_EVERY then
        self.said = time
        self.screen:say(join(parts_of(self, state, time), ", "))
    end
end

-- Each change of pace since the last time, with its cause.
local function explain(self)
    if not self.explains then return end
    for _, change in ipairs(self.client:changes()) do
        self.screen:say(("%8.2f s  %s: %s"):format(math.max(change.time - self.started, 0), change.what, change.why))
    end
end

--- The engine's state, as it is now: { total (nil while unknown), done, counts, in_flight, retries, resumed }. Shows it
--- when it is time. To be called with every outcome, and at least every second.
function Progress:update(state)
    -- Outcomes come in bunches, when few are left in flight: the most of a moment is what it is like.
    self.most_in_flight = math.max(self.most_in_flight, state.in_flight)
    local time = self.now()
    if time - self.updated < REDRAW_EVERY then return end
    self.updated = time
    explain(self)
    if self.quiet then return end
    take_sample(self, state, time)
    show(self, state, time)
    self.most_in_flight = 0
end

--- The work is over: nothing of what was drawn stays.
function Progress:finish()
    explain(self)
    self.screen:clear()
end

--- Options: quiet (shows no progress), explain (says each change of pace), client (whose pace it is; may be absent),
--- and for tests screen and now.
function progress.new(options)
    local now = options.now or scaleapi.now
    local started = now()
    local client = options.client
    return setmetatable({
        screen = options.screen or screen.standard, now = now, client = client, quiet = options.quiet,
        explains = options.explain and client ~= nil and client.changes ~= nil,
        started = started, said = started, updated = started, samples = { { time = started, done = 0 } },
        most_in_flight = 0,
    }, Progress)
end

return progress
