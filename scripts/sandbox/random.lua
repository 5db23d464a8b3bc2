--[[
sandbox.random - a source of numbers that only look random: the same seed gives the same ones, on every machine.
--]]

--- A function that returns the next 64 bits (splitmix64), and one that returns a number in [0, 1).
return function(seed)
    local state = seed

    local function bits()
        state = state + 0x9E3779B97F4A7C15
        local z = state
        z = (z ~ z >> 30) * 0xBF58476D1CE4E5B9
        z = (z ~ z >> 27) * 0x94D049BB133111EB
        return z ~ z >> 31
    end

    return bits, function() return (bits() >> 11) * 0x1p-53 end
end
