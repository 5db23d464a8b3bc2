--[[
sandbox.faults - decides which requests go wrong, and how. The same seed gives the same faults in the same order.
--]]

local new_random = require "scaleapi.sandbox.random"

--- A function that tells of each request in turn what happens to it: nil, or one of
---   "fail"         500, and nothing was done
---   "lose"         500, although it was done
---   "lose_drop"    the connection is dropped, although it was done
---   "drop"         the connection is dropped, and nothing was done
--- Options: fail_rate, lost_answer_rate, drop_rate (the half of it after the work), each from 0 to 1; seed.
return function(options)
    local _, chance = new_random(options.seed or 1)
    local fail, lose, drop = options.fail_rate or 0, options.lost_answer_rate or 0, options.drop_rate or 0
    return function()
        if fail + lose + drop == 0 then return nil end
        local fails, loses, drops, half = chance() < fail, chance() < lose, chance() < drop, chance() < 0.5
        if fails then return "fail" end
        if loses then return half and "lose" or "lose_drop" end
        if drops then return half and "drop" or "lose_drop" end
    end
end
