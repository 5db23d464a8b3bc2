--[[
pace.lua - profiles of how fast it goes: a clean server, one with a limit, one that is away for a while, one that
never answers.
--]]

local scaleapi = require "scaleapi"
local machine = require "tests.profiles.machine"
local work = require "tests.profiles.work"

-- Waits until condition() or the process has ended; true if the former.
local function wait_until(process, condition)
    while not condition() do
        if process:ended() then return condition() end
        scaleapi.sleep(0.02)
    end
    return true
end

-- ------------------------------------------------------------------- clean

local function clean(size)
    local server = machine.server { latency = 0.05 }
    local _, alone = work.run(work.rows(size.serial, "few.jsonl"), server.url, { "--concurrency", "1" })
    local code, many, process = work.run(work.rows(size.rows), server.url, { "--concurrency", "32" })
    if code ~= 0 then return "exit code " .. code .. ": " .. work.last_words(process), false end
    local slow, fast = size.serial / alone.seconds, size.rows / many.seconds
    return ("%.1f times: %.0f a second, one by one %.1f"):format(fast / slow, fast, slow), fast >= 28 * slow
end

-- ------------------------------------------------------------------- limit

local LIMIT = 50

local function limit(size)
    local server = machine.server { rate_limit = LIMIT }
    local process = machine.scalua(work.upload(work.rows(size.rows)), work.environment(server.url))
    process:wait(size.settle)
    local before = server:counts()
    local code = process:wait()
    local after = server:counts()
    if code ~= 0 then return "exit code " .. code .. ": " .. work.last_words(process), false end
    local rate = size.rows / process.seconds
    local refused = (after.refused - before.refused) / math.max(after.requests - before.requests, 1)
    return ("%.1f a second; %.1f %% answered 429 after %d s (%d of %d in all)"):format(rate, refused * 100, size.settle,
        after.refused, after.requests), rate >= 0.9 * LIMIT and refused <= 0.02
end

-- ------------------------------------------------------------------ outage

local function outage(how)
    return function(size)
        local server = machine.server {}
        local front = machine.helper("front.lua", server.url)
        local process = machine.scalua(work.upload(work.rows(size.rows)), work.environment(front.url))
        if not wait_until(process, function() return front:control("/front").rows >= size.rows // 3 end) then
            return "it ended too soon: " .. work.last_words(process), false
        end
        front:control("/front/away", { seconds = size.away, how = how })
        local code = process:wait(size.away + 600)
        local counted, summary = front:control "/front", work.summary(process)
        -- Connections that were refused are counted by the client alone.
        local requests = math.max(counted.requests, size.rows + (summary.retries or 0))
        local missing, twice = work.compare(server.url, size.rows)
        return ("%.2f times the rows; on %.1f s after its return; exit code %s, %d missing, %d twice"):format(
            requests / size.rows, counted.first_after or 1 / 0, tostring(code), missing, twice),
            code == 0 and requests <= 1.2 * size.rows and (counted.first_after or 1 / 0) <= 60 and missing + twice == 0
    end
end

-- ------------------------------------------------------------------ silent

-- How long a call lasts that nobody answers, and how it ends.
local function last(client, size, bulk)
    local began = scaleapi.now()
    local answer, err = client.safe:create_task(work.TYPE, { unique_id = "u", text = "x", labels = {} },
        { deadline = size.deadline, bulk = bulk })
    return scaleapi.now() - began, answer and "an answer" or err.kind
end

-- No call lasts longer than its deadline, tries and pauses included; a row of bulk work neither.
local function silent(size)
    local silence = machine.helper "silent.lua"
    local client = scaleapi.client { base_url = silence.url, api_key = work.KEY }
    local single, how = last(client, size, false)
    local bulk, how_bulk = last(client, size, true)
    return ("%.2f s with a deadline of %g s (%s); in bulk work %.2f s (%s)"):format(single, size.deadline, how, bulk,
        how_bulk), how == "timeout" and how_bulk == "timeout" and math.max(single, bulk) <= size.deadline + 1
end

return {
    { name = "clean", requires = "50 ms, 32 at once: 28 times the serial rate", run = clean,
      sizes = { whole = { rows = 5000, serial = 200 }, quick = { rows = 2000, serial = 30 } } },
    { name = "limit", requires = "50/s with 429: 45/s; then at most 2 % refused", run = limit,
      sizes = { whole = { rows = 3000, settle = 20 }, quick = { rows = 400, settle = 4 } } },
    { name = "outage", requires = "refused for a while: 1.2 times the rows; on in 60 s", run = outage "refuse",
      sizes = { whole = { rows = 5000, away = 120 }, quick = { rows = 3000, away = 10 } } },
    { name = "outage-503", requires = "503 for a while: 1.2 times the rows; on in 60 s", run = outage(503),
      sizes = { whole = { rows = 5000, away = 120 }, quick = { rows = 3000, away = 5 } } },
    { name = "silent", requires = "no answer: ends within the deadline and a second", run = silent,
      sizes = { whole = { deadline = 10 }, quick = { deadline = 1 } } },
}
