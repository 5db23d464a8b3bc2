--[[
bulk.lua - bulk work of your own: gives every task of a CSV file (columns task_id, reviewer) a tag and a note of who
looks at it. Kill it at any moment and start it again: what is done is not done again.

    build/scalua examples/bulk.lua reviewers.csv
--]]

local scaleapi = require "scaleapi"

local path = arg[1] or error("usage: scalua bulk.lua FILE.csv", 0)
local client = scaleapi.client {}

-- Two calls a row; both replace what is there, so that doing them twice does no harm.
local function send(row)
    local task, err = client.safe:set_task_tags(row.task_id, { "reviewed" }, { bulk = true })
    if task then
        task, err = client.safe:set_task_metadata(row.task_id, { reviewer = row.reviewer }, { bulk = true })
    end
    if not task then return { state = "failed", error = err } end
    return { state = "tagged", id = row.task_id }
end

local failed = {}
local result = scaleapi.bulk {
    client = client, rows = path, send = send, journal = true, concurrency = 20,
    on_outcome = function(row, outcome)
        if outcome.error then failed[#failed + 1] = ("%s: %s"):format(row.task_id, outcome.error) end
    end,
}

for _, line in ipairs(failed) do print(line) end
print(("%d tagged now, %d before, %d failed"):format(
    result.counts.tagged or 0, result.counts.skipped or 0, result.failed))
if result.problem then error(result.problem, 0) end
if result.stopped then error(result.stopped.why .. "; start it again to go on", 0) end
