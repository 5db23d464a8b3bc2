--[[
sandbox.bounds - the two bounds that a list's query may set to a time.
--]]

local times = require "scaleapi.sandbox.times"
local wire = require "scaleapi.sandbox.wire"

local function read(query, name)
    local text = wire.last(query, name)
    if not text then return nil end
    return times.parse(text) or wire.refuse_parameter(name, "must be a date")
end

--- The first and the last millisecond that are within, or nil if the query sets no bound. Whether a bound itself is
--- within is an assumption.
return function(query, after_name, before_name, assume)
    local after, before = read(query, after_name), read(query, before_name)
    if not after and not before then return nil end
    local exclusive = assume.bounds == "exclusive"
    local low, high = math.mininteger, math.maxinteger
    if after then low = exclusive and math.floor(after) + 1 or math.ceil(after) end
    if before then high = exclusive and math.ceil(before) - 1 or math.floor(before) end
    return low, high
end
