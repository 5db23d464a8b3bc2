--[[
tests.bench.small - what is measured but is no comparison: how soon scalua starts and how large it is, what the server
of the benchmark could do, what the sandbox can, and the memory of a million.
--]]

local machine = require "tests.bench.machine"
local sys = require "scaleapi.sys"

local small = {}

local SCALUA = machine.tree .. "/scalua"
local CORE = machine.tree .. "/bench/bench_core"

local function start_up(facts)
    local times = { [SCALUA] = {}, ["lua5.4"] = {} }
    for round = 1, 31 do
        for program, list in pairs(times) do list[round] = machine.measure { program, "-e", "" } * 1000 end
    end
    for _, list in pairs(times) do table.sort(list) end
    local ours, plain = times[SCALUA][16], times["lua5.4"][16]
    local difference = ("%.1f - %.1f = %.1f ms"):format(ours, plain, ours - plain)
    facts[#facts + 1] = { "scalua -e '' over lua5.4 -e ''", difference, "at most 10 ms" }
end

local function size(facts)
    local stripped = machine.folder .. "/stripped"
    assert(os.execute(("strip -o %s %s"):format(stripped, SCALUA)))
    local mebibytes = sys.stat(stripped).size / 1048576
    facts[#facts + 1] = { "the executable, stripped", ("%.2f MiB"):format(mebibytes), "at most 3 MiB" }
end

-- What the server gives to a client that does nothing with it.
local function ceiling(facts)
    if not machine.output "command -v wrk" then
        table.insert(facts, { "the benchmark's server by wrk", "not measured: wrk is not installed" })
        return
    end
    local url = machine.server {}
    local script = machine.write("post.lua", ([[
        wrk.method, wrk.path, wrk.body = "POST", "/v1/task/imageannotation", ("x"):rep(497)]]))
    local function rate(words)
        local said = machine.output("taskset -c 1 wrk -t1 -c50 -d2s " .. words .. " 2>&1")
        return tonumber((said:match "Requests/sec:%s*(%S+)"))
    end
    local made = rate("-s " .. script .. " " .. url)
    local read = rate("'" .. url .. "/v1/tasks?project=bench'") * 100
    facts[#facts + 1] = { "the benchmark's server by wrk: tasks made", ("%.0f a second"):format(made) }
    facts[#facts + 1] = { "the benchmark's server by wrk: tasks read, in pages", ("%.0f a second"):format(read) }
end

local function create_project(url)
    local client = require("scaleapi").client { api_key = "live_bench", base_url = url }
    client:create_project { project_name = "bench", task_type = "imageannotation" }
    client:create_batch { project = "bench", batch_name = "bench" }
    client:close()
end

local function memory_of(pid)
    local file = assert(io.open(("/proc/%s/status"):format(pid)))
    local memory = tonumber(file:read "a":match "VmHWM:%s*(%d+)") / 1024
    file:close()
    return memory
end

local function sandbox(facts, count, goal)
    local url, pid = machine.sandbox()
    create_project(url)
    local wall = machine.measure { CORE, "post", url, machine.rows(count), count, 200 }
    facts[#facts + 1] = { ("the sandbox: %d tasks, 200 connections"):format(count),
        ("%.0f a second, %.0f MB"):format(count / wall, memory_of(pid)), goal }
    os.execute("kill " .. pid)
end

function small.measure(facts, asked)
    start_up(facts)
    size(facts)
    ceiling(facts)
    sandbox(facts, asked.rows, "5000 a second")
end

--- Each work with a million things, once.
function small.million(facts, list)
    local url = machine.server { tasks = 1000000 }
    for _, work in ipairs(list) do
        machine.forget()
        local wall, _, memory = machine.measure(work.words(url, 1000000))
        facts[#facts + 1] = { "a million: " .. work.title, ("%.1f MB, %.0f s"):format(memory / 1024, wall), "64 MiB" }
    end
    sandbox(facts, 1000000, "within 2 GiB")
end

return small
