--[[
The same work in every application that guests_spec.lua tries: a batch, 100 tasks, twenty at a time, finalized, and read
again. What came of it goes to the file GUEST_OUT names.
--]]

local scaleapi = require "scaleapi"
local client = scaleapi.client { max_in_flight = 20 }
local name = assert(os.getenv "GUEST", "GUEST names the guest")

client:create_project { task_type = "textcollection", project_name = name, rapid = true }
client:create_batch { project = name, batch_name = name }

local rows = {}
for i = 1, 100 do rows[i] = i end
for row, _, err in scaleapi.parallel(20, rows, function(row)
    return client:create_task("textcollection", {
        project = name, batch = name, unique_id = name .. "-" .. row,
        attachments = { { type = "text", content = "row " .. row } },
        fields = { { type = "text", field_id = "answer", title = "Answer" } },
    })
end) do
    if err then error(("row %d: %s"):format(row, err)) end
end
client:finalize_batch(name)

local count = 0
for task in client:get_tasks { batch_name = name } do
    assert(task.batch == name)
    count = count + 1
end

-- Lua before 5.4.6 corrupts its stack where an iterator gives `for` a closing value, the loop's variable is captured,
-- and the loop is left early.
local kept = {}
for round = 1, 3 do
    for task in client:get_tasks { batch_name = name, limit = 10 } do
        kept[#kept + 1] = function() return task.unique_id .. round end
        if #kept == 12 * round then break end
    end
end
assert(#kept == 36 and kept[36]() == kept[12]():sub(1, -2) .. "3" and kept[1]() ~= kept[2]())
for _ = 1, 2 do collectgarbage() end
assert(client:stats().in_flight == 0, "a list that was left early is still read")

local file = assert(io.open(os.getenv "GUEST_OUT", "w"))
file:write(("%s: %d tasks, %s\n"):format(_VERSION, count, client:batch_status(name).status))
file:close()
