-- scalua export --resume: whatever ends it, the same command goes on, and nothing is missing or there twice.

local json = require("scaleapi").json
local scaleapi = require "scaleapi"
local support = require "tests.workflow.support"

local url, client
local environment

-- One task a second, so to say.
local SLOWLY = [[clock = (function()
    local made = 0
    return function()
        made = made + 1
        return 1700000000000 + made * 1000
    end
end)()]]

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

-- words.key: with another key.
local function export(words)
    local variables = environment
    if words and words.key then variables = { SCALE_API_URL = url, SCALE_API_KEY = "live_other" } end
    return support.scalua({ "export", "--project", "p", "-o", "out.jsonl", table.unpack(words or {}) }, variables)
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

-- What an export that was killed left: so many lines of the list. Returns the whole list.
local function leave(count, words)
    local expected = listed()
    local list = table.concat(words or {}, " ")
    local code, _, err = support.shell(([[
        "$S" export --project p -o out.jsonl --page-size 1 --resume %s & pid=$!
        until [ -s out.jsonl.part.journal ] && grep -q "^d" out.jsonl.part.journal; do sleep 0.01; done
        kill -KILL $pid
        wait $pid 2>/dev/null
        true]]):format(list), environment)
    assert.equal(0, code, err)
    support.write("out.jsonl.part", first_lines(expected, count))
    return expected
end

local function requests()
    return json.decode(scaleapi.fetch(url .. "/sandbox/stats").body).requests
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

    it("asks for the rest alone", function()
        start("latency = 0.01, " .. SLOWLY)
        create(40)
        local expected = leave(30)
        local before = requests()
        local code, out, err = export { "--resume", "--page-size", "5", "--json" }
        assert.equal(0, code, err)
        assert.equal(expected, support.read "out.jsonl")
        local summary = json.decode(out)
        assert.same({ 40, 30 }, { summary.tasks, summary.resumed })
        assert.is_true(requests() - before < 8, requests() - before .. " requests")
    end)

    for _, bounds in ipairs { "inclusive", "exclusive" } do
        for name, clock in pairs {
            ["all of one millisecond"] = "1700000000000",
            ["ten a millisecond"] = "1700000000000 + made // 10",
            ["ten a second"] = "1700000000000 + made // 10 * 1000",
        } do
            it(("takes tasks once that were made %s, where bounds are %s"):format(name, bounds), function()
                start(([[latency = 0.01, assume = { bounds = "%s" }, clock = (function()
                    local made = 0
                    return function() made = made + 1 return %s end end)()]]):format(bounds, clock))
                create(60)
                for _, count in ipairs { 1, 25, 60 } do
                    local expected = leave(count)
                    assert.equal(0, (export { "--resume", "--page-size", "7" }))
                    assert.equal(expected, support.read "out.jsonl")
                    os.remove(support.path "out.jsonl")
                end
            end)
        end
    end

    it("drops what is no whole line", function()
        start "latency = 0.01"
        create(20)
        for _, tail in ipairs { '{"task_id":"1', '{"task_id":"1"}', ("\0"):rep(4096), '{"a":01}\n{"task_id":"2"}\n', "\n", "7\n" } do
            local expected = leave(10)
            support.write("out.jsonl.part", support.read "out.jsonl.part" .. tail)
            assert.equal(0, (export { "--resume" }))
            assert.equal(expected, support.read "out.jsonl")
            os.remove(support.path "out.jsonl")
        end
    end)

    it("looks for no tasks that were made since", function()
        start "latency = 0.01"
        create(20)
        local expected = leave(10)
        create(5)
        assert.equal(0, (export { "--resume" }))
        assert.equal(expected, support.read "out.jsonl")
    end)

    it("passes over by id where tasks do not say when they were made", function()
        start "latency = 0.01"
        create(30)
        leave(1, { "--limited-response" })
        local expected = listed { limited_response = true }
        support.write("out.jsonl.part", first_lines(expected, 12))
        assert.equal(0, (export { "--resume", "--limited-response", "--page-size", "4" }))
        assert.equal(expected, support.read "out.jsonl")
    end)

    it("passes over by id where the list is not in order", function()
        url = support.answering [[
            if not request.query:find "next_token" then
                require("scaleapi").sleep(0.05)
                return 200, '{"docs":[{"task_id":"1","created_at":"2026-01-01"},{"task_id":"2","created_at":"2026-01-03"}],'
                    .. '"has_more":true,"next_token":"x","total":4}'
            end
            if count < 5 then return 400, "{}" end
            return 200, '{"docs":[{"task_id":"3","created_at":"2026-01-04"},{"task_id":"4","created_at":"2026-01-02"}],'
                .. '"has_more":false,"total":4}' ]]
        environment = { SCALE_API_URL = url, SCALE_API_KEY = "live_key" }
        assert.equal(1, (export { "--resume" }))
        assert.equal(2, #support.records "out.jsonl.part")
        assert.equal(1, (export { "--resume" }))
        assert.equal(0, (export { "--resume" }))
        local ids = {}
        for i, task in ipairs(support.records "out.jsonl") do ids[i] = task.task_id end
        assert.same({ "1", "2", "3", "4" }, ids)
    end)

    it("goes on after Ctrl-C, and says so", function()
        start("latency = 0.02, " .. SLOWLY)
        create(150)
        local expected = listed()
        for _, slices in ipairs { "1", "3" } do
            local code, _, err = support.interrupt({ "export", "--project", "p", "-o", "out.jsonl", "--page-size", "1",
                "--resume", "--slices", slices }, environment, "[ -f out.jsonl.part ] && sleep 0.7")
            assert.equal(130, code, err)
            assert.matches("what was written stays in out.jsonl.part; the same command goes on there\n", err)
            assert.is_nil(support.read "out.jsonl")
            assert.is_true(#support.read "out.jsonl.part" > 0)
            assert.equal(0, (export { "--resume", "--slices", slices }))
            assert.equal(expected, support.read "out.jsonl")
            assert.is_nil(support.read "out.jsonl.part.journal")
            os.remove(support.path "out.jsonl")
        end
    end)

    it("goes on after a full disk", function()
        start()
        create(40, { text = ("x"):rep(3000) })
        local expected = listed()
        local code, _, err = support.shell(
            [[trap '' XFSZ; ulimit -f 128; "$S" export --project p -o out.jsonl --resume]], environment)
        assert.equal(1, code)
        assert.matches("export: cannot write out.jsonl: ", err)
        assert.is_true(#support.read "out.jsonl.part" > 10000)
        assert.equal(0, (export { "--resume" }))
        assert.equal(expected, support.read "out.jsonl")
    end)

    it("leaves nothing behind when nothing was written", function()
        url = support.answering [[ return 400, "{}" ]]
        environment = { SCALE_API_URL = url, SCALE_API_KEY = "live_key" }
        assert.equal(1, (export { "--resume" }))
        assert.is_nil(support.read "out.jsonl.part")
        assert.is_nil(support.read "out.jsonl.part.journal")
    end)

    it("begins anew when nothing is there, and when it was not given", function()
        start "latency = 0.01"
        create(20)
        local expected = listed()
        assert.equal(0, (export { "--resume" }))
        assert.equal(expected, support.read "out.jsonl")
        leave(10)
        create(1)
        assert.equal(0, (export()))
        assert.equal(listed(), support.read "out.jsonl")
        assert.is_nil(support.read "out.jsonl.part.journal")
        assert.is_nil(support.read "out.jsonl.part.journal.old")
    end)
end)

describe("export --resume refuses", function()
    -- With code 2 and these words; what was there stays.
    local function refuses(expected, words)
        local part = support.read "out.jsonl.part"
        local code, _, err = export(words)
        assert.equal(2, code, err)
        assert.matches(expected, err)
        assert.not_matches("traceback", err)
        assert.equal(part, support.read "out.jsonl.part")
        assert.is_nil(support.read "out.jsonl")
    end

    it("what is of another list, naming both", function()
        start "latency = 0.01"
        create(20, { tags = { "a" } })
        leave(10, { "--tag", "a" })
        refuses('tags was \'%["a"%]\' and is none now; without %-%-resume it begins anew', { "--resume" })
        refuses("status was none and is 'pending' now", { "--resume", "--tag", "a", "--status", "pending" })
        refuses("limited_response was none and is 'true' now", { "--resume", "--tag", "a", "--limited-response" })
        refuses("key was '%x+' and is '%x+' now", { "--resume", "--tag", "a", key = true })
        local other = support.sandbox()
        environment.SCALE_API_URL = other
        refuses("server was '" .. url .. "' and is '" .. other .. "' now", { "--resume", "--tag", "a" })
    end)

    it("a part that nothing tells the list of", function()
        start()
        support.write("out.jsonl.part", '{"task_id":"1"}\n')
        refuses("out.jsonl.part is there, but not out.jsonl.part.journal", { "--resume" })
    end)

    it("what is no journal", function()
        start()
        support.write("out.jsonl.part", '{"task_id":"1"}\n')
        support.write("out.jsonl.part.journal", "mine\n")
        refuses("out.jsonl.part.journal is not a journal", { "--resume" })
        refuses("out.jsonl.part.journal is not a journal", {})
        assert.equal("mine\n", support.read "out.jsonl.part.journal")
    end)

    it("a file that another process writes", function()
        start "latency = 0.1"
        create(20)
        local code, _, err = support.shell([[
            "$S" export --project p -o out.jsonl --page-size 1 2>first & pid=$!
            until [ -f out.jsonl.part ]; do sleep 0.01; done
            "$S" export --project p -o out.jsonl --resume; a=$?
            "$S" export --project p -o out.jsonl; b=$?
            wait $pid
            echo $a $b $?]], environment)
        assert.equal(0, code)
        assert.equal("2 2 0\n", support.read ".out")
        assert.equal(2, select(2, err:gsub("out.jsonl.part.journal is in use by another process", "")))
        assert.equal(listed(), support.read "out.jsonl")
    end)

    it("wrong use, before a request is sent", function()
        environment = { SCALE_API_URL = "http://127.0.0.1:1", SCALE_API_KEY = "live_key" }
        local function fails(expected, words)
            local code, _, err = support.scalua({ "export", "--project", "p", table.unpack(words) }, environment)
            assert.equal(2, code, err)
            assert.matches(expected, err)
        end
        fails("%-%-resume needs %-o", { "--resume" })
        fails("/dev/null is no file: %-%-resume cannot go on with it", { "--resume", "-o", "/dev/null" })
        fails("'0' is not a whole number", { "--slices", "0" })
        fails("'1.5' is not a whole number", { "--slices", "1.5" })
        support.write("out.jsonl.part", "kept\n")
        fails("'101' is not a whole number, 1 to 100", { "--slices", "101", "-o", "out.jsonl" })
        assert.equal("kept\n", support.read "out.jsonl.part")
        assert(os.remove(support.path "out.jsonl.part"))
        fails("cannot write no/such/folder", { "--resume", "-o", "no/such/folder" })
        assert.is_nil(support.read "out.jsonl.part")
        assert.is_nil(support.read "out.jsonl.part.journal")
    end)
end)
