--[[
sandbox.bounds - the two bounds that a list's query may set to a time.
--]]

local times = require("scaleapi").times
local wire = require "scaleapi.sandbox.wire"

local function read(query, name)
    local text = wire.last(query, name)
    if not text then return nil end
    return times.parse(text) or wire.refuse_parameter(name, "must be a date")
end

local bounds = {}

--- The first and the last millisecond that are within, or nil if the query sets no bound. Whether a bound itself is
--- within is an assumption.
function bounds.read(query, after_name, before_name, assume)
    local after, before = read(query, after_name), read(query, before_name)
    if not after and not before then return nil end
    local exclusive = assume.bounds == "exclusive"
    local low, high = math.mininteger, math.maxinteger
    if after then low = exclusive and math.floor(after) + 1 or math.ceil(after) end
    if before then high = exclusive and math.ceil(before) - 1 or math.floor(before) end
    return low, high
end

--- A function that tells whether a time (or none: nil or false) is within; and whether the query sets a bound at all.
function bounds.test(...)
    local low, high = bounds.read(...)
    return function(time)
        return not low or time and time >= low and time <= high or false
    end, low ~= nil
end

return bounds
