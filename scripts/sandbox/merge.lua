--[[
sandbox.merge - puts one JSON object over another, deeply, without changing a byte of a value that is not an object.
--]]

local json = require("scaleapi").json
local wire = require "scaleapi.sandbox.wire"

local function is_object(raw)
    return raw ~= nil and json.type(raw) == "object"
end

--- The members of `base`, with those of `over` in their places, or behind them if they are new. Objects that stand on
--- both sides are merged; of anything else the new value holds, null too.
local function merge(base, over)
    local old, new = wire.members(base), wire.members(over)
    local parts = {}
    for i, name in ipairs(old.names) do
        local was, now = old.values[name], new.values[name]
        if is_object(was) and is_object(now) then
            old.values[name] = merge(was, now)
        elseif now then
            old.values[name] = now
        end
        parts[i] = wire.member(old, name)
    end
    for _, name in ipairs(new.names) do
        if old.values[name] == nil then parts[#parts + 1] = wire.member(new, name) end
    end
    return "{" .. table.concat(parts, ",") .. "}"
end

return merge
