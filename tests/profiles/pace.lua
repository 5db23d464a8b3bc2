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

-- An upload with that option to a server that is silent from the start, or after a third of the rows, and then the same
-- to one that works. Returns how many seconds it lasted (since it fell silent), and what is wrong, or nil.
local function fall_silent(size, option, at_once)
    local server = machine.server {}
    local front = machine.helper("front.lua", server.url)
    if at_once then front:control("/front/away", { seconds = 3600, how = "silent" }) end
    local path = work.rows(size.rows)
    local process = machine.scalua(work.upload(path, { option, size.seconds, "--fresh" }), work.environment(front.url))
    local began = scaleapi.now()
    if not at_once then
        wait_until(process, function() return front:control("/front").rows >= size.rows // 3 end)
        front:control("/front/away", { seconds = 3600, how = "silent" })
        if option == "--give-up-after" then began = scaleapi.now() end
    end
    local code = process:wait(size.seconds + 60)
    local took = scaleapi.now() - began
    if code ~= 5 then return took, ("exit code %s: %s"):format(tostring(code), work.last_words(process)) end
    front:control("/front/away", { seconds = 0, how = "silent" })
    local again, _, second = work.run(path, front.url)
    local missing, twice = work.compare(server.url, size.rows)
    if again ~= 0 then return took, "then exit code " .. again .. ": " .. work.last_words(second) end
    if missing + twice > 0 then return took, ("%d missing, %d twice"):format(missing, twice) end
    return took
end

-- No call lasts longer than its deadline, tries and pauses included.
local function last(size)
    local client = scaleapi.client { base_url = machine.helper("silent.lua").url, api_key = work.KEY }
    local began = scaleapi.now()
    local answer, err = client.safe:create_task(work.TYPE, { unique_id = "u", text = "x", labels = {} },
        { deadline = size.seconds })
    return scaleapi.now() - began, (answer or err.kind ~= "timeout") and "it is no timeout" or nil
end

local function silent(size)
    local texts, good = {}, true
    local function add(name, took, problem)
        texts[#texts + 1] = ("%s %.2f s%s"):format(name, took, problem and " (" .. problem .. ")" or "")
        good = good and not problem and took >= size.seconds - 0.1 and took <= size.seconds + 1
    end
    add("a call", last(size))
    for _, option in ipairs { "--give-up-after", "--deadline" } do
        add(option, fall_silent(size, option, true))
        add("in the middle", fall_silent(size, option, false))
    end
    return ("of %g s: %s"):format(size.seconds, table.concat(texts, ", ")), good
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
    { name = "silent", requires = "no answer: ends in time, at most 1 s later; goes on", run = silent,
      sizes = { whole = { seconds = 10, rows = 5000 }, quick = { seconds = 2, rows = 3000 } } },
}
