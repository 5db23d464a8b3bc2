-- post.lua - a create_task for each line of a file, 50 at a time, by the module. Prints how many succeeded.

local scaleapi = require "scaleapi"

local client = scaleapi.client { api_key = "live_bench", base_url = arg[1], max_in_flight = 50 }
local count = 0
for _, _, problem in scaleapi.parallel(50, io.lines(arg[2]), function(line)
    return client:create_task("imageannotation", line)
end) do
    if problem then error(problem) end
    count = count + 1
end
print(count)
