--[[
scale.lua - the profile of a very big file: memory, the journal's size, and how long its replay takes.
--]]

local machine = require "tests.profiles.machine"
local work = require "tests.profiles.work"

local MOST_MEMORY = 64 * 1024 -- KiB
local MOST_A_ROW = 200        -- bytes of journal
local MOST_GROWTH = 16        -- bytes of memory a row; among few rows they cannot be told
local LONGEST_REPLAY = 3      -- seconds, of one processor: what else the machine does has no say

local function row_text(i)
    return ('{"attachment_type":"image","attachment":"https://images.test/%d.jpg","geometries":{"box":'
        .. '{"objects_to_annotate":["Baby Cow","Big Cow"],"min_height":10}}}\n'):format(i)
end

local WORDS = { "--type", "imageannotation", "--project", "bench", "--batch", "bench", "--json" }

local function upload(path, url)
    local words = { "upload", path }
    for _, word in ipairs(WORDS) do words[#words + 1] = word end
    local process = machine.measured(words, work.environment(url))
    return process:wait(), process
end

local function million(size)
    local server = machine.built("bench/bench_server")
    if not server then return "bench_server is not built (cmake --build build)", false end
    local peaks, process = {}, nil
    for i, rows in ipairs { size.rows // 4, size.rows } do
        machine.write(i .. ".jsonl", rows, row_text)
        local code
        code, process = upload(machine.path(i .. ".jsonl"), server.url)
        if code ~= 0 then return "exit code " .. code .. ": " .. work.last_words(process), false end
        peaks[i] = process:peak_memory()
    end
    local journal = #(machine.read "2.jsonl.journal" or "")
    local again, replay = upload(machine.path "2.jsonl", server.url)
    local summary = work.summary(replay)
    local growth = (peaks[2] - peaks[1]) * 1024 / (size.rows * 3 // 4)
    local took = replay:processor_time()
    local text = "%.1f MiB, %.1f bytes a row more; journal %.0f bytes a row; %.0f s; again %.1f s (%.1f of CPU)"
    return text:format(peaks[2] / 1024, growth, journal / size.rows, process.seconds, replay.seconds, took),
        peaks[2] < MOST_MEMORY and (growth <= MOST_GROWTH or size.is_small) and journal > 0
            and journal <= MOST_A_ROW * size.rows and again == 0 and (summary.failed or 0) == 0
            and took <= LONGEST_REPLAY
end

return {
    { name = "million", requires = "64 MiB, 16 bytes a row; journal 200 a row; replay 3 s", run = million,
      sizes = { whole = { rows = 1000000 }, quick = { rows = 20000, is_small = true } } },
}
