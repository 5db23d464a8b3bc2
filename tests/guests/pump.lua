--[[
A piece of work that is carried on a little at each call, for applications that run scripts to their end: pump() starts
it the first time, takes one step that does not wait, and says how far it is.
--]]

local scaleapi = require "scaleapi"

local ROWS = 400

local LONG = 0.005 -- seconds

local pump = { done = 0, steps = 0, longest = 0, long = 0 }

local function upload()
    local client = scaleapi.client { max_in_flight = 50 }
    client:create_project { task_type = "textcollection", project_name = "pumped" }
    local rows = {}
    for i = 1, ROWS do rows[i] = i end
    for _, _, err in scaleapi.parallel(50, rows, function(row)
        return client:create_task("textcollection", {
            project = "pumped", unique_id = "pumped-" .. row, attachments = { { type = "text", content = "x" } },
            fields = { { type = "text", field_id = "answer", title = "Answer" } },
        })
    end) do
        if err then error(err, 0) end
        pump.done = pump.done + 1
    end
end

-- CPU time: what else the machine does is no matter here.
local function step()
    local before = os.clock()
    scaleapi.step(0)
    pump.steps = pump.steps + 1
    local taken = os.clock() - before
    pump.longest = math.max(pump.longest, taken)
    if taken > LONG then pump.long = pump.long + 1 end
end

return function()
    pump.job = pump.job or scaleapi.spawn(upload)
    step()
    if not pump.job:is_done() then return ("under way: %d of %d"):format(pump.done, ROWS) end
    pump.job:wait() -- raises what went wrong
    return ("done: %d of %d in %d steps, the longest %.1f ms, %d over 5 ms"):format(
        pump.done, ROWS, pump.steps, pump.longest * 1000, pump.long)
end
