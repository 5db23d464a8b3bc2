-- scalua export --resume: whatever ends it, the same command goes on, and nothing is missing or there twice.

local json = require("scaleapi").json
local scaleapi = require "scaleapi"
local support = require "tests.workflow.support"

local url, client
local environment

local function start(options)
    url = support.sandbox(options)
    client = support.client(url)
    environment = { SCALE_API_URL = url, SCALE_API_KEY = "live_key" }
    client:create_project { project_name = "p", task_type = support.TYPE }
end

local function create(count, more)
    local number = 0
    local function next_number()
        number = number + 1
        return number <= count and number or nil
    end
    for _, _, err in scaleapi.parallel(20, next_number, function(n)
        local task = { project = "p", text = "row " .. n, labels = { { name = "a" } } }
        for key, value in pairs(more or {}) do task[key] = value end
        return client:create_task(support.TYPE, task)
    end) do
        if err then error(err) end
    end
end

local function export(words)
    return support.scalua({ "export", "--project", "p", "-o", "out.jsonl", table.unpack(words or {}) }, environment)
end

-- The list as it is now, one task a line.
local function listed(filters)
    local all = { project_name = "p" }
    for name, value in pairs(filters or {}) do all[name] = value end
    local lines = {}
    for task in client:get_tasks(all) do lines[#lines + 1] = task:json() .. "\n" end
    return table.concat(lines)
end

local function first_lines(text, count)
    local place = 0
    for _ = 1, count do place = text:find("\n", place + 1, true) end
    return text:sub(1, place)
end

-- Ends an export early, by Ctrl-C, when the file has something; the server must be slow.
local function interrupt(words)
    local all = { "export", "--project", "p", "-o", "out.jsonl", "--page-size", "10", table.unpack(words) }
    return support.interrupt(all, environment, "[ -s out.jsonl.part ]")
end

-- The rest of such an export: what it left, cut to so many lines, which is what a server that fails would leave.
local function leave(count, words)
    support.write(".lock", "")
    local code = support.shell([[
        "$S" export --project p -o out.jsonl --page-size 1 --resume "$@" & pid=$!
        until [ -f out.jsonl.part ]; do sleep 0.01; done
        kill -KILL $pid; wait $pid 2>/dev/null; true]] .. (words or ""), environment)
    assert.equal(0, code)
    support.write("out.jsonl.part", first_lines(listed(), count))
end

before_each(support.setup)
after_each(support.teardown)

describe("export --resume", function()
    it("has everything once after kill -9 at twenty moments", function()
        start "latency = 0.003"
        create(3000)
        local expected = listed()
        local code, _, err = support.shell([[
            kills=0 round=0
            while [ $kills -lt 20 ]; do
                round=$((round + 1))
                slices=""
                [ $((round % 2)) = 0 ] && slices="--slices 4"
                timeout -s KILL 0.$((round * 37 % 20 + 5)) "$S" export --project p -o out.jsonl --page-size 4 --resume $slices
                [ $? = 137 ] && kills=$((kills + 1))
                [ -f out.jsonl ] && echo "done too early, after $kills" >&2 && exit 1
                wc -l <out.jsonl.part >>sizes
            done
            "$S" export --project p -o out.jsonl --page-size 100 --resume]], environment)
        assert.equal(0, code, err)
        assert.equal(expected, support.read "out.jsonl")
        assert.is_nil(support.read "out.jsonl.part")
        assert.is_nil(support.read "out.jsonl.part.journal")
    end)
end)
