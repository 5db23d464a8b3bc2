--[[
work.lua - for the profiles: rows, uploads of them, and whether exactly they are on the server.
--]]

local scaleapi = require "scaleapi"
local machine = require "tests.profiles.machine"

local json = scaleapi.json

local work = {
    KEY = "live_key",
    PROJECT = "profile",
    TYPE = "namedentityrecognition",
    -- 10 % answered with 500, half of them after the work; 5 % dropped; 1 % cut; 1 % HTML. lost_rate is answered with
    -- 500 in one half and dropped in the other.
    FAULTS = { fail_rate = 0.05, lost_rate = 0.1, cut_rate = 0.01, html_rate = 0.01 },
}

-- Every other row has a unique_id of its own; the others get one from their bytes.
local function row_text(i)
    local own = i % 2 == 0 and ('"unique_id":"row-%d",'):format(i) or ""
    return ('{%s"text":"row %d","labels":[{"name":"animal"}]}\n'):format(own, i)
end

--- A file of that many rows. Returns its path.
function work.rows(count, name)
    machine.write(name or "rows.jsonl", count, row_text)
    return machine.path(name or "rows.jsonl")
end

--- The words of an upload.
function work.upload(path, more)
    local words = { "upload", path, "--type", work.TYPE, "--project", work.PROJECT, "--create-project", "--json" }
    for _, word in ipairs(more or {}) do words[#words + 1] = word end
    return words
end

function work.environment(url, key)
    return { SCALE_API_URL = url, SCALE_API_KEY = key or work.KEY }
end

--- Its summary, from standard output; an empty one if there is none.
function work.summary(process)
    local line = process:output():match "([^\n]+)\n$"
    local ok, value = pcall(json.decode, line or "")
    return ok and type(value) == "table" and value or {}
end

--- Uploads and waits for the end. Returns exit code, summary, the process.
function work.run(path, url, more, key)
    local process = machine.scalua(work.upload(path, more), work.environment(url, key))
    local code = process:wait()
    return code, work.summary(process), process
end

--- The last line of what it said to people.
function work.last_words(process)
    return process:errors():match "([^\n]*)\n*$"
end

function work.client(url, key)
    return scaleapi.client { base_url = url, api_key = key or work.KEY, max_attempts = 20 }
end

-- The tasks of the project; none where there is no project, which some servers say with an error.
local function tasks_of(url)
    local client = work.client(url)
    local project, err = client.safe:get_project(work.PROJECT)
    if not project and err.kind == "not_found" then return function() end end
    return client:get_tasks { project_name = work.PROJECT }
end

--- What of rows 1 to count is missing on the server and what is there more than once.
function work.compare(url, count)
    local seen, twice, others = {}, 0, 0
    for task in tasks_of(url) do
        local number = tonumber(tostring((task.params or {}).text):match "^row (%d+)$")
        if not number or number > count then
            others = others + 1
        elseif seen[number] then
            twice = twice + 1
        end
        if number then seen[number] = true end
    end
    local missing = 0
    for i = 1, count do
        if not seen[i] then missing = missing + 1 end
    end
    return missing, twice + others
end

return work
