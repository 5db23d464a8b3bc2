--[[
scaleapi.host_loop - the loop of a host that takes descriptors and timers one by one: what it is told.
--]]

local host_loop = {}

local Host = {}
Host.__index = Host

--- A step is due at once, which the host may not know.
function Host:hurry()
    if self.is_hurried then return end
    self.is_hurried = true
    self.set_timer(0)
end

-- What core has noted since.
local function tell_changes(self)
    while true do
        local descriptor, events = self.loop:change()
        if not descriptor then return end
        self.watch(descriptor, events)
    end
end

--- Tells what to watch by now, and when the next step is due.
function Host:tell()
    tell_changes(self)
    self.is_hurried = false
    self.set_timer(self.timeout())
end

--- Takes it all back.
function Host:close()
    self.loop:attach(false)
    tell_changes(self)
    self.set_timer(nil)
end

--- Begins to tell: `hooks` are the host's, `timeout()` says when a step is due.
function host_loop.open(loop, hooks, timeout)
    local self = { loop = loop, watch = hooks.watch, set_timer = hooks.set_timer, timeout = timeout }
    setmetatable(self, Host)
    loop:attach(true)
    self:tell()
    return self
end

return host_loop
