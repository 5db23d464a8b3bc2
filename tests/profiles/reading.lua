--[[
reading.lua - profiles of how fast a long list is read from a server that is far away: page by page, and in slices.
--]]

local machine = require "tests.profiles.machine"
local work = require "tests.profiles.work"

local SLICES = "8"

-- Counts tasks, and ends with 1 when one comes twice.
local COUNT = [[
local client, seen, count = require("scaleapi").client {}, {}, 0
for task in client:get_tasks { project_name = "%s", limit = %d, slices = %s } do
    if seen[task.task_id] then os.exit(1) end
    seen[task.task_id], count = true, count + 1
end
print(count)]]

-- Returns the seconds that it took; raises when it did not end well.
local function run(words, url)
    local process = machine.scalua(words, work.environment(url))
    local code = process:wait(1800)
    assert(code == 0, work.last_words(process))
    return process.seconds, process
end

local function export(name, size, url, more)
    local words = { "export", "--project", work.PROJECT, "-o", machine.path(name), "--page-size", tostring(size.page) }
    for _, word in ipairs(more or {}) do words[#words + 1] = word end
    return (run(words, url))
end

local function slices(size)
    local server = machine.helper("list.lua", tostring(size.tasks), tostring(size.latency))
    local plain = export("plain.jsonl", size, server.url)
    local pages = server:control "/list/requests"
    local ordered = export("ordered.jsonl", size, server.url, { "--slices", SLICES })
    local requests = server:control "/list/requests" - pages
    local seconds, process = run({ "-e", COUNT:format(work.PROJECT, size.page, SLICES) }, server.url)
    local is_same = machine.read "plain.jsonl" == machine.read "ordered.jsonl"
    local is_whole = process:output() == size.tasks .. "\n"
    return ("%.1f s; %s slices: %.1f times as fast, unordered %.1f; %d requests, then %d; the same: %s"):format(plain,
        SLICES, plain / ordered, plain / seconds, pages, requests, is_same and is_whole),
        is_same and is_whole and math.min(plain / ordered, plain / seconds) >= size.least
end

return {
    { name = "slices", requires = "100 ms a page: 8 slices 6 times as fast, all once", run = slices,
      sizes = { whole = { tasks = 100000, page = 100, latency = 0.1, least = 6 },
                quick = { tasks = 6000, page = 20, latency = 0.05, least = 4 } } },
}
