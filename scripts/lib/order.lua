--[[
scripts.lib.order - puts what comes out of order back into order, in bounded memory.
--]]

local order = {}

local Order = {}
Order.__index = Order

local MOST_WAITING = 4096  -- items that wait for an earlier one
local MOST_BYTES = 1 << 24 -- what they hold

--- Makes one that hands each item to give(item) once all earlier ones were handed over.
function order.new(give)
    return setmetatable({ give = give, last = 0, first = 1, waiting = {}, count = 0, bytes = 0 }, Order)
end

--- A place for an item to come, behind all earlier ones.
function Order:reserve()
    self.last = self.last + 1
    return self.last
end

--- The item of a place, which holds so many bytes; nil: none will come.
function Order:put(place, item, bytes)
    self.waiting[place] = { item = item, bytes = bytes }
    self.count, self.bytes = self.count + 1, self.bytes + bytes
    local entry = self.waiting[self.first]
    while entry do
        self.waiting[self.first] = nil
        self.first = self.first + 1
        self.count, self.bytes = self.count - 1, self.bytes - entry.bytes
        if entry.item ~= nil then self.give(entry.item) end
        entry = self.waiting[self.first]
    end
end

--- True when the item of this place should wait, because too much waits already for an earlier one.
function Order:is_full(place)
    return place ~= self.first and (self.count >= MOST_WAITING or self.bytes >= MOST_BYTES)
end

--- Hands over what waits for items that will not come.
function Order:flush()
    for place = self.first, self.last do
        local entry = self.waiting[place]
        if entry and entry.item ~= nil then self.give(entry.item) end
    end
    self.waiting, self.first, self.count, self.bytes = {}, self.last + 1, 0, 0
end

return order
