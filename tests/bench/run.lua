--[[
tests.bench.run - runs the benchmark: starts servers, runs every contestant round by round, and prints what came out.
`bash tests/bench/bench.sh` builds first and calls this.
--]]

local machine = require "tests.bench.machine"
local options = require "tests.bench.options"
local report = require "tests.bench.report"
local small = require "tests.bench.small"
local works = require "tests.bench.works"

local asked = options.read(arg)

local function say(text, ...)
    io.stderr:write(text:format(...), "\n")
end

-- Servers are started when a work first needs them.
local places = setmetatable({}, { __index = function(self, name)
    local tls = { cert = machine.folder .. "/server.crt", key = machine.folder .. "/server.key" }
    local function server(more)
        local all = { tasks = asked.rows * 10 }
        for key, value in pairs(more or {}) do all[key] = value end
        return machine.server(all)
    end
    local function slow_tls(tasks)
        return server { latency = 20, cert = tls.cert, key = tls.key, tasks = tasks }
    end
    local url
    if name == "http" then url = server()
    elseif name == "https" then url = server(tls)
    elseif name == "https_slow" then url = slow_tls()
    elseif name == "https_short" then url = slow_tls(asked.rows // 4)
    elseif name == "nginx" then url = machine.nginx(self.http, 18431, true)
    elseif name == "nginx_slow" then url = machine.nginx(server { latency = 20 }, 18432)
    end
    rawset(self, name, url or false)
    return url or false
end })

-- ------------------------------------------------------------------- rounds

local function median(list)
    table.sort(list)
    return list[(#list + 1) // 2]
end

-- How much of a work a contestant does: whole pages of tasks.
local function count_of(work, contestant)
    local count = math.max(1, math.floor(work.count * contestant.share))
    return contestant.share < 1 and count > 100 and count // 100 * 100 or count
end

local function measure(work, contestant)
    machine.forget()
    local count = count_of(work, contestant)
    local words, more = contestant.words(places[work.place], count)
    local wall, cpu, memory = machine.measure(words, more)
    return { wall = wall / count, cpu = cpu / count, memory = memory }
end

local function new_result(work, contestant)
    return { work = work, name = contestant.name, goal = contestant.goal, wall = {}, cpu = {}, memory = {} }
end

-- A round is one run of every contestant, so that what else the machine does falls on all alike.
local function run_work(work)
    local results = {}
    for round = 1, asked.rounds do
        for i, contestant in ipairs(work.contestants) do
            results[i] = results[i] or new_result(work, contestant)
            for key, value in pairs(measure(work, contestant)) do results[i][key][round] = value end
        end
    end
    for _, result in ipairs(results) do
        result.wall, result.cpu, result.memory = median(result.wall), median(result.cpu), median(result.memory)
    end
    return results
end

-- ------------------------------------------------------------- instructions

local COUNTED = { create = { 500, 1500 }, iterate = { 2000, 6000 }, export = { 2000, 6000 } }

-- The instructions for one thing: what more of them cost beyond fewer. What a start costs falls out.
local function count_work(work, results)
    local few, many = table.unpack(COUNTED[work.group])
    local urls = {}
    for _, count in ipairs { few, many } do
        urls[count] = work.group == "create" and places.http or machine.server { tasks = count }
    end
    local function instructions(contestant, count)
        machine.forget()
        return machine.instructions(contestant.words(urls[count], count))
    end
    for i, contestant in ipairs(work.contestants) do
        if contestant.counted then
            say("    instructions: %s, %s", work.title, contestant.name)
            results[i].instructions = (instructions(contestant, many) - instructions(contestant, few)) / (many - few)
        end
    end
end

-- --------------------------------------------------------------------- main

local function is_counted(work)
    return asked.only.instructions and COUNTED[work.group] and work.place == "http"
end

local function main()
    machine.setup()
    for _, absent in ipairs(works.absent()) do say("left out: %s", absent) end
    local all = {}
    for _, work in ipairs(works.all(asked.rows)) do
        local wanted = asked.only[work.group]
        if wanted and not places[work.place] then
            say("left out: %s (needs nginx)", work.title)
        elseif wanted then
            say("%s", work.title)
            local results = run_work(work)
            if is_counted(work) then count_work(work, results) end
            all[#all + 1] = results
        end
    end
    report.print(all, asked.form)
    local facts = {}
    if asked.only.small then small.measure(facts, asked) end
    if asked.only.million then small.million(facts, works.million()) end
    report.print_facts(facts, asked.form)
end

local ok, problem = xpcall(main, debug.traceback)
machine.teardown()
if not ok then
    say("%s", problem)
    os.exit(1)
end
