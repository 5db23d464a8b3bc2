-- files.lua - uploads a file again and again, some at a time, by the module. Prints how often.
--
--     scalua files.lua BASE FILE COUNT IN_FLIGHT

local scaleapi = require "scaleapi"

local in_flight = tonumber(arg[4])
local client = scaleapi.client { api_key = "live_bench", base_url = arg[1], max_in_flight = in_flight,
    ca_file = os.getenv "BENCH_CA" }
local left = tonumber(arg[3])

local function paths()
    left = left - 1
    return left >= 0 and arg[2] or nil
end

local count = 0
for _, _, problem in scaleapi.parallel(in_flight, paths, function(path)
    return client:upload_file { path = path, project_name = "bench" }
end) do
    if problem then error(problem) end
    count = count + 1
end
print(count)
