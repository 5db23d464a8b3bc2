-- post.lua - a create_task for each line of a file, some at a time, by the module. Prints how many succeeded.
--
--     scalua post.lua BASE FILE [IN_FLIGHT]      50, unless told; with 1, a plain loop

local scaleapi = require "scaleapi"

local in_flight = tonumber(arg[3]) or 50
local client = scaleapi.client { api_key = "live_bench", base_url = arg[1], max_in_flight = in_flight,
    ca_file = os.getenv "BENCH_CA", http = os.getenv "BENCH_HTTP" }

local function create(line)
    return client:create_task("imageannotation", line)
end

local count = 0
if in_flight == 1 then
    for line in scaleapi.jsonl.lines(arg[2]) do
        create(line)
        count = count + 1
    end
else
    for _, _, problem in scaleapi.parallel(in_flight, scaleapi.jsonl.lines(arg[2]), create) do
        if problem then error(problem) end
        count = count + 1
    end
end
print(count)
