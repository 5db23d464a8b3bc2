-- iterate.lua - every task of a project, its id and status read, by the module. Prints how many there were.

local scaleapi = require "scaleapi"

local client = scaleapi.client { api_key = "live_bench", base_url = arg[1] }
local count = 0
for task in client:get_tasks { project_name = "bench" } do
    if task.task_id and task.status == "completed" then count = count + 1 end
end
print(count)
