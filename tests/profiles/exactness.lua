--[[
exactness.lua - profiles of what is there in the end: faults, kills, odd unique_ids, another server or key.
--]]

local scaleapi = require "scaleapi"
local machine = require "tests.profiles.machine"
local work = require "tests.profiles.work"

local json = scaleapi.json

local function text_of(summary)
    return ("%s created, %s existing, %s conflicts, %s failed"):format(summary.created or "?", summary.existing or "?",
        summary.conflict or summary.conflicts or 0, summary.failed or "?")
end

-- Rows that ended as one thing or another.
local function accounted(summary)
    local sum = 0
    for _, name in ipairs { "created", "existing", "conflict", "failed" } do sum = sum + (summary[name] or 0) end
    return sum
end

-- ------------------------------------------------------------------ faults

local function faults(size)
    local server = machine.server(work.FAULTS)
    local code, summary = work.run(work.rows(size.rows), server.url)
    local missing, twice = work.compare(server.url, size.rows)
    local unknown = size.rows - accounted(summary)
    return ("%d missing, %d twice, %d unknown; exit code %d, %s"):format(missing, twice, unknown, code,
        text_of(summary)), code == 0 and missing == 0 and twice == 0 and unknown == 0
end

-- ------------------------------------------------------------------- kills

local CONCURRENCY = 50

-- The numbers of rows sent at which it is killed, in their order.
local function moments(size)
    math.randomseed(size.seed or 7)
    local list = {}
    for i = 1, size.kills do list[i] = math.random(1, size.rows - 1) end
    table.sort(list)
    return list
end

-- What is still under way in the front when its client is gone must not be taken for the next run's.
local function settle(front)
    local posts
    repeat
        local before = posts
        scaleapi.sleep(0.02)
        local counted = front:control "/front"
        posts = counted.posts
    until posts == before and counted.in_flight == 0
end

-- Kills a run when so many rows have been sent, and a bit later. False when it was done before that.
local function kill_at(process, front, rows)
    while front:control("/front").rows < rows do
        if process:ended() then return false end
        scaleapi.sleep(0.002)
    end
    scaleapi.sleep(math.random() * 0.05)
    return process:kill()
end

local function kills(size)
    local server = machine.server(work.FAULTS)
    local front = machine.helper("front.lua", server.url)
    local path = work.rows(size.rows)
    local words = work.upload(path, { "--concurrency", CONCURRENCY })
    local killed = 0
    for _, rows in ipairs(moments(size)) do
        local process = machine.scalua(words, work.environment(front.url))
        if kill_at(process, front, rows) then
            killed = killed + 1
        elseif process:ended() ~= 0 then
            return ("exit code %s after %d kills: %s"):format(process:ended(), killed, work.last_words(process)), false
        end
        settle(front)
        front:control("/front/epoch", {})
    end
    local process = machine.scalua(words, work.environment(front.url))
    local code = process:wait()
    local most, again = 0, 0
    for _, count in pairs(front:control("/front").again) do
        most, again = math.max(most, count), again + count
    end
    local missing, twice = work.compare(server.url, size.rows)
    return ("%d kills: %d missing, %d twice; %d sent again, %d after one kill at most; exit code %d"):format(killed,
        missing, twice, again, most, code),
        code == 0 and missing == 0 and twice == 0 and most <= CONCURRENCY and killed >= size.kills * 0.9
end

-- -------------------------------------------------------------- unique_ids

local ODD = {
    "a&b", "a#b", "a+b", "a%b", "a%26b", "a/b", "ü", "a b", "?a=b", "a;b", "..", "../../tasks", "%", "+", "\"", "\\",
    ("x"):rep(200), ("ü"):rep(100), ("&#+%/ü "):rep(25),
}

local function odd_rows(name, text)
    machine.write(name, #ODD, function(i)
        return json.encode { unique_id = ODD[i], text = text, labels = { { name = "animal" } } } .. "\n"
    end)
    return machine.path(name)
end

-- Each is there already: that it is the same task, or another, is found out by looking it up.
local function unique_ids()
    local server = machine.server {}
    local _, made = work.run(odd_rows("made.jsonl", "one"), server.url)
    local _, found = work.run(odd_rows("found.jsonl", "one"), server.url)
    local _, other = work.run(odd_rows("other.jsonl", "another"), server.url)
    local clashes = (other.conflict or 0) + (other.failed or 0)
    local there = 0
    for task in work.client(server.url):get_tasks { project_name = work.PROJECT } do
        for _, unique_id in ipairs(ODD) do
            if task.unique_id == unique_id then there = there + 1 end
        end
    end
    return ("of %d: %s created, %s found equal, %d found different, %d there"):format(#ODD, made.created or "?",
        found.existing or "?", clashes, there),
        made.created == #ODD and found.existing == #ODD and clashes == #ODD and there == #ODD
end

-- --------------------------------------------------------------- rehearsal

-- The same file with the journal of another server or key: refused with both values named, and nothing sent.
local function rehearsal(size)
    local first, second = machine.server {}, machine.server {}
    local path = work.rows(size.rows)
    local code = work.run(path, first.url)
    if code ~= 0 then return "the rehearsal ended with exit code " .. code, false end
    local other_server, _, said = work.run(path, second.url)
    local there = select(1, work.compare(second.url, size.rows))
    local other_key, _, said_then = work.run(path, first.url, {}, "live_other")
    local words, words_then = said:errors(), said_then:errors()
    local names = words:find(first.url, 1, true) and words:find(second.url, 1, true)
    local fresh = work.run(path, second.url, { "--fresh" })
    local missing, twice = work.compare(second.url, size.rows)
    return ("server: exit code %d, %s; key: exit code %d, %s; --fresh: exit code %d, %d missing, %d twice"):format(
        other_server, names and "both named" or "not named: " .. work.last_words(said), other_key,
        words_then:find "key" and "named" or "not named: " .. work.last_words(said_then), fresh, missing, twice),
        other_server ~= 0 and names and there == size.rows and other_key ~= 0 and words_then:find "key" and fresh == 0
            and missing + twice == 0
end

return {
    { name = "faults", requires = "10 % 500, 5 % dropped, 1 % cut, 1 % HTML: exact", run = faults,
      sizes = { whole = { rows = 10000 }, quick = { rows = 1000 } } },
    { name = "kills", requires = "kill -9 at 100 moments, faults: exact; again <= in flight", run = kills,
      sizes = { whole = { rows = 10000, kills = 100 }, quick = { rows = 1000, kills = 10 } } },
    { name = "unique_ids", requires = "& # + % / ü and 200 characters are looked up", run = unique_ids,
      sizes = { whole = {}, quick = {} } },
    { name = "rehearsal", requires = "another server or key: refused, both named", run = rehearsal,
      sizes = { whole = { rows = 500 }, quick = { rows = 100 } } },
}
