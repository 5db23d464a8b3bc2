--[[
sandbox.faults - decides which requests go wrong, and how. The same seed gives the same random faults in the same order.

A fault is { kind =, work = (whether the request is done all the same), wait = (seconds before the answer, or nil),
answer = function(response) that returns what is sent instead }.
--]]

local now = require("scaleapi").now
local garbage = require "scaleapi.sandbox.garbage"
local new_random = require "scaleapi.sandbox.random"
local targets = require "scaleapi.sandbox.targets"
local wire = require "scaleapi.sandbox.wire"

local DROP = { drop = true }

local Faults = {}
Faults.__index = Faults

local function refusal(status, text, more)
    local headers = { ["Content-Type"] = "application/json" }
    for name, value in pairs(more or {}) do headers[name] = value end
    return { status = status, headers = headers, body = wire.error_body(status, text) }
end

-- ------------------------------------------------------------------- random

local function fail()
    return refusal(500, "The sandbox was told to fail now and then.")
end

local function drop()
    return DROP
end

-- The same count of numbers is drawn for each request, so that one rate does not move what another hits.
local function random_fault(settings, chance, garble)
    local fails, loses, drops, half = chance() < (settings.fail_rate or 0), chance() < (settings.lost_answer_rate or 0),
        chance() < (settings.drop_rate or 0), chance() < 0.5
    local garbles, which = garble() < (settings.garbage_rate or 0), garble()
    if fails then return { kind = "fail", work = false, answer = fail } end
    if loses then return { kind = "lost_answer", work = true, answer = half and fail or drop } end
    if drops then return { kind = "drop", work = not half, answer = drop } end
    if garbles then
        local name = garbage.names[math.floor(which * #garbage.names) + 1]
        return { kind = "garbage", work = true, answer = garbage.by_name[name] }
    end
end

local function has_rates(settings)
    return settings.fail_rate or settings.lost_answer_rate or settings.drop_rate or settings.garbage_rate
end

-- --------------------------------------------------------------- rate limit

local function retry_after(settings, seconds)
    seconds = settings.retry_after or math.ceil(seconds)
    return settings.retry_after_date and os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + seconds) or tostring(seconds)
end

-- So many requests a second pass, and a second's worth of them at once. The bucket fills as time goes by.
local function over_limit(self)
    local rate, time = self.settings.rate_limit, now()
    local room = math.max(rate, 1)
    self.tokens = math.min(room, self.tokens + (time - self.filled) * rate)
    self.filled = time
    if self.tokens >= 1 then
        self.tokens = self.tokens - 1
        return nil
    end
    local header = retry_after(self.settings, (1 - self.tokens) / rate)
    return { kind = "rate_limit", work = false, answer = function()
        return refusal(429, "Too many requests.", { ["Retry-After"] = header })
    end }
end

-- ------------------------------------------------------------------ targets

local function targeted_answer(target)
    if target.drop then return drop end
    if target.garbage then return garbage.by_name[target.garbage] end
    if not target.status then return function(response) return response end end
    return function()
        local response = refusal(target.status, "The sandbox was told to answer so.", target.headers)
        response.body = target.body or response.body
        if target.retry_after then response.headers["Retry-After"] = tostring(target.retry_after) end
        return response
    end
end

local function targeted(target)
    local is_done = target.after_work or target.garbage ~= nil or not (target.status or target.drop)
    return { kind = "target", work = is_done, wait = target.latency, answer = targeted_answer(target) }
end

-- ------------------------------------------------------------------- public

--- What happens to this request, a fault; nil for nothing.
function Faults:next(request)
    local target = targets.next(self.settings.targets, request)
    if target then return targeted(target) end
    local limited = self.settings.rate_limit and over_limit(self)
    if limited then return limited end
    return has_rates(self.settings) and random_fault(self.settings, self.chance, self.garble) or nil
end

--- Puts these settings (checked by options.lua) in the place of all that there were.
function Faults:set(settings)
    self.settings = { targets = {} }
    for name, value in pairs(settings) do self.settings[name] = value end
    self.tokens, self.filled = math.max(settings.rate_limit or 1, 1), now()
end

--- Faults of a seed, with no settings.
return function(seed)
    local _, chance = new_random(seed or 1)
    local _, garble = new_random(~(seed or 1))
    local faults = setmetatable({ chance = chance, garble = garble }, Faults)
    faults:set {}
    return faults
end
