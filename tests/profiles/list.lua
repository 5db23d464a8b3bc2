--[[
list.lua TASKS SECONDS - a server with a list of that many tasks of 1.5 KB, made in bursts, which answers after so many
seconds; GET /list/requests says how often it was asked. It does little for a page, so that what is measured is not it.
--]]

local scaleapi = require "scaleapi"

local times = scaleapi.times
local COUNT, SECONDS = math.tointeger(tonumber(arg[1])), tonumber(arg[2])
local REST = (',"status":"pending","params":{"text":"%s"}}'):format(("x"):rep(1400))
local FIRST = 1700000000000

-- A thousand tasks at five a second, and then nothing for an hour.
local function time_of(n)
    return FIRST + n // 1000 * 3600000 + n % 1000 * 200
end

-- How many tasks were made before the time, or until then.
local function made(time, is_within)
    local low, high = 0, COUNT
    while low < high do
        local middle = (low + high + 1) // 2
        local each = time_of(middle)
        if each < time or is_within and each == time then low = middle else high = middle - 1 end
    end
    return low
end

local function read(query)
    local values = {}
    for name, value in query:gmatch "([^&=]+)=([^&]*)" do
        values[name] = value:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
    end
    return values
end

local function page(query)
    local values = read(query)
    local low = values.start_time and made(times.parse(values.start_time)) or 0
    local high = values.end_time and made(times.parse(values.end_time), true) or COUNT
    local from = values.next_token and tonumber(values.next_token) - 1 or high
    local last = math.max(from - tonumber(values.limit or 100), low)
    local docs = {}
    for n = from, last + 1, -1 do
        docs[#docs + 1] = ('{"task_id":"%024x","created_at":"%s"'):format(n, times.format(time_of(n))) .. REST
    end
    local more = last > low
    return ('{"docs":[%s],"total":%d,"limit":100,"has_more":%s%s}'):format(table.concat(docs, ","),
        math.max(high - low, 0), more, more and (',"next_token":"%d"'):format(last + 1) or "")
end

local requests = 0
local server = require("scaleapi.server").listen { port = 0, handler = function(request)
    if request.path == "/list/requests" then return { status = 200, body = tostring(requests) } end
    requests = requests + 1
    scaleapi.sleep(SECONDS)
    return { status = 200, body = page(request.query or ""), headers = { ["Content-Type"] = "application/json" } }
end }
print(server.url)
io.stdout:flush()
while true do scaleapi.sleep(3600) end
