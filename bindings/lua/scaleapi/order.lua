--[[
scaleapi.order - puts what comes out of order back into order, in bounded memory.
--]]

local order = {}

local Order = {}
Order.__index = Order

local MOST_WAITING = 4096  -- items that wait for an earlier one
local MOST_BYTES = 1 << 24 -- what they hold

--- Makes one that calls give(…) with what was put for a place once that was done for all earlier places.
function order.new(give)
    return setmetatable({ give = give, last = 0, first = 1, waiting = {}, count = 0, bytes = 0 }, Order)
end

--- A place for something to come, behind all earlier ones.
function Order:reserve()
    self.last = self.last + 1
    return self.last
end

-- Hands over what waits at the front.
local function advance(self)
    local entry = self.waiting[self.first]
    while entry do
        self.waiting[self.first] = nil
        self.first = self.first + 1
        self.count, self.bytes = self.count - 1, self.bytes - entry.bytes
        if not entry.skipped then self.give(entry.one, entry.other) end
        entry = self.waiting[self.first]
    end
end

local function keep(self, place, entry)
    self.waiting[place] = entry
    self.count, self.bytes = self.count + 1, self.bytes + entry.bytes
end

--- Puts one or two things into a place; they hold so many bytes.
function Order:put(place, bytes, one, other)
    if place == self.first then
        self.first = place + 1
        self.give(one, other)
        advance(self)
    else
        keep(self, place, { bytes = bytes, one = one, other = other })
    end
end

--- Nothing will come for this place.
function Order:skip(place)
    keep(self, place, { bytes = 0, skipped = true })
    advance(self)
end

--- Nothing will come any more: hands over what waits.
function Order:flush()
    while self.first <= self.last do self:skip(self.first) end
end

--- True when what belongs into this place should not be begun yet, because too much waits for an earlier one.
function Order:is_full(place)
    return place ~= self.first and (self.count >= MOST_WAITING or self.bytes >= MOST_BYTES)
end

return order
