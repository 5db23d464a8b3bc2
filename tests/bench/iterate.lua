-- iterate.lua - every task of a project by the module, its id and status read, or everything; or the same pages
-- through lua-cjson. Prints how many there were.
--
--     scalua iterate.lua BASE [all|cjson]

local scaleapi = require "scaleapi"

local client = scaleapi.client { api_key = "live_bench", base_url = arg[1], ca_file = os.getenv "BENCH_CA",
    http = os.getenv "BENCH_HTTP" }
local count = 0

local function note(task)
    if task.task_id and task.status == "completed" then count = count + 1 end
end

if arg[2] == "cjson" then
    local cjson, token = require "cjson", nil
    repeat
        local bytes = client:call("get_tasks", { project_name = "bench", limit = 100, next_token = token })
        local page = cjson.decode(bytes)
        for _, task in ipairs(page.docs) do note(task) end
        token = page.next_token
    until not token
elseif arg[2] == "all" then
    for task in client:get_tasks { project_name = "bench" } do note(task:as_table()) end
else
    for task in client:get_tasks { project_name = "bench" } do note(task) end
end
print(count)
