-- scalua upload, as a process.

local scaleapi = require "scaleapi"
local support = require "tests.workflow.support"

local json = scaleapi.json
local TYPE = support.TYPE

local url

-- Runs `upload FILE --type … --project P` and more words on the server at `url`, with a live key.
local function upload(file, more, environment)
    local words = { "upload", file, "--type", TYPE, "--project", "p" }
    for _, word in ipairs(more or {}) do words[#words + 1] = word end
    local all = { SCALE_API_URL = url, SCALE_API_KEY = "live_key" }
    for name, value in pairs(environment or {}) do all[name] = value end
    return support.scalua(words, all)
end

-- The same with --json: exit code, summary, standard error.
local function summary_of(file, more, environment)
    local words = { "--json" }
    for _, word in ipairs(more or {}) do words[#words + 1] = word end
    local code, out, err = upload(file, words, environment)
    assert.matches("^[^\n]+\n$", out, "standard error: " .. err)
    return code, json.decode(out), err
end

-- A server that takes every task and writes each body down, one after the other, into the file "bodies".
local function start_listener()
    url = support.answering [[
        if request.method == "GET" then return 200, '{"name":"p","project":"p"}' end
        local file = io.open("bodies", "a")
        file:write(request.path, " ", request.body, "\0")
        file:close()
        return 200, '{"task_id":"' .. count .. '"}']]
end

-- What was sent for these lines, one at a time.
local function bodies_of(text, more)
    support.write("rows.jsonl", text)
    local words = { "--concurrency", "1" }
    for _, word in ipairs(more or {}) do words[#words + 1] = word end
    local code, _, err = upload("rows.jsonl", words)
    assert.equal(0, code, err)
    local bodies = {}
    for path, body in support.read("bodies"):gmatch "(%S+) (%Z*)%z" do
        assert.equal("/v1/task/" .. TYPE, path)
        bodies[#bodies + 1] = body
    end
    return bodies
end

local COMPLETE = '"project":"p","unique_id":"u%d"'

before_each(support.setup)
after_each(support.teardown)

describe("upload", function()
    it("makes a task of every line, and the project and the batch if there are none", function()
        url = support.sandbox()
        support.write("rows.jsonl", support.rows(120))
        local code, summary, err = summary_of("rows.jsonl",
            { "--create-project", "--rapid", "--batch", "b", "--create-batch" })
        assert.equal(0, code, err)
        assert.same({ total = 120, created = 120, existing = 0, conflict = 0, failed = 0, skipped = 0, retries = 0,
            seconds = summary.seconds }, summary)
        local texts = {}
        for _, task in ipairs(support.tasks(url, "p")) do
            assert.equal("b", task.batch)
            assert.equal(TYPE, task.type)
            texts[task.params.text] = true
        end
        for i = 1, 120 do assert.is_true(texts["row " .. i], i) end
        assert.equal("staging", support.client(url):get_batch("b").status)
        assert.is_nil(support.read "rows.failed.jsonl")
        assert.is_nil(support.read "rows.errors.jsonl")
    end)

    it("says what it did as text, on standard error", function()
        url = support.sandbox()
        support.write("rows.jsonl", support.rows(3))
        local code, out, err = upload("rows.jsonl", { "--create-project" })
        assert.equal(0, code)
        assert.equal("", out)
        assert.matches("3 rows: 3 created, 0 existing, 0 failed; 0 retries, %d+%.%d seconds\n$", err)
    end)

    it("makes nothing twice when it is run again", function()
        url = support.sandbox()
        support.write("rows.jsonl", support.rows(50))
        summary_of("rows.jsonl", { "--create-project" })
        local code, summary = summary_of("rows.jsonl", { "--create-project" })
        assert.equal(0, code)
        assert.equal(0, summary.created)
        assert.equal(50, summary.skipped)
        code, summary = summary_of("rows.jsonl", { "--fresh" })
        assert.equal(0, code)
        assert.equal(50, summary.existing)
        support.write("more.jsonl", support.rows(10) .. support.rows(5, 51))
        code, summary = summary_of("more.jsonl")
        assert.equal(0, code)
        assert.equal(5, summary.created)
        assert.equal(55, #support.tasks(url, "p"))
    end)

    it("keeps equal lines separate tasks, and yet makes nothing twice", function()
        url = support.sandbox()
        support.write("rows.jsonl", support.rows(1):rep(3) .. "  " .. support.rows(1) .. support.rows(1, 2))
        local _, summary = summary_of("rows.jsonl", { "--create-project", "--allow-equal-rows" })
        assert.equal(5, summary.created)
        _, summary = summary_of("rows.jsonl", { "--allow-equal-rows", "--fresh" })
        assert.equal(5, summary.existing)
        local seen = {}
        for _, task in ipairs(support.tasks(url, "p")) do
            assert.is_nil(seen[task.unique_id])
            seen[task.unique_id] = true
        end
    end)

    it("gives rows of other projects, batches and types other unique_ids", function()
        url = support.sandbox()
        support.write("rows.jsonl", support.rows(1))
        summary_of("rows.jsonl", { "--create-project", "--rapid", "--batch", "b1", "--create-batch" })
        local code, summary = summary_of("rows.jsonl", { "--batch", "b2", "--create-batch", "--fresh" })
        assert.equal(0, code)
        assert.equal(1, summary.created)
    end)

    it("works with names of spaces, slashes and other letters", function()
        url = support.sandbox()
        support.write("ünter file, 1.jsonl", support.rows(2) .. "no\n")
        local environment = { SCALE_API_URL = url, SCALE_API_KEY = "live_key" }
        local code, _, err = support.scalua({ "upload", "ünter file, 1.jsonl", "--type", TYPE, "--project", "a/b ü?#%&",
            "--create-project", "--rapid", "--batch", "x & y/é", "--create-batch" }, environment)
        assert.equal(3, code, err)
        assert.equal(2, #support.tasks(url, "a/b ü?#%&"))
        assert.equal("no\n", support.read "ünter file, 1.failed.jsonl")
    end)

    it("has as many in flight as it is told", function()
        url = support.answering [[
            if request.method == "GET" then return 404, "{}" end
            state.now, state.most = (state.now or 0) + 1, math.max(state.most or 0, (state.now or 0) + 1)
            require("scaleapi").sleep(0.15)
            state.now = state.now - 1
            return 200, json.encode { task_id = tostring(count), most = state.most }]]
        support.write("rows.jsonl", support.rows(240))
        assert.equal(0, (summary_of("rows.jsonl", { "--concurrency", "80" })))
        local probe = support.client(url):create_task(TYPE, {})
        assert.equal(80, probe.most)
    end)

    it("finalizes the batch when told to", function()
        url = support.sandbox()
        support.write("rows.jsonl", support.rows(3))
        local code, summary = summary_of("rows.jsonl",
            { "--create-project", "--rapid", "--batch", "b", "--create-batch", "--finalize" })
        assert.equal(0, code)
        assert.is_true(summary.finalized)
        assert.equal("in_progress", support.client(url):get_batch("b").status)
    end)

    it("does not finalize when a row failed", function()
        url = support.sandbox()
        support.write("rows.jsonl", support.rows(3) .. "{}\n")
        local code, summary = summary_of("rows.jsonl",
            { "--create-project", "--rapid", "--batch", "b", "--create-batch", "--finalize" })
        assert.equal(3, code)
        assert.is_false(summary.finalized)
        assert.equal("staging", support.client(url):get_batch("b").status)
    end)

    it("runs the same when its source is saved elsewhere", function()
        url = support.sandbox()
        support.write("rows.jsonl", support.rows(4))
        local code, out, err = support.shell(
            '"$S" source upload >mine.lua && "$S" mine.lua rows.jsonl --type ' .. TYPE ..
            " --project p --create-project --json", { SCALE_API_URL = url, SCALE_API_KEY = "live_key" })
        assert.equal(0, code, err)
        assert.equal(4, json.decode(out).created)
    end)

    it("works on the sandbox inside the process, without a key", function()
        support.write("rows.jsonl", support.rows(4))
        local code, out = support.scalua({ "--sandbox", "upload", "rows.jsonl", "--type", TYPE, "--project", "p",
            "--create-project", "--json" })
        assert.equal(0, code)
        assert.equal(4, json.decode(out).created)
    end)
end)

describe("upload sends", function()
    it("lines as they stand when they lack nothing", function()
        start_listener()
        local lines = {
            '{' .. COMPLETE:format(1) .. ',"big":9007199254740993123,"f":0.12345678901234567,"e":[],"o":{},"z":null}',
            '  {"b" : 1.0e+2, "a":"\\u00fc\\ud83d\\ude00ü\\/",' .. COMPLETE:format(2) .. ' } ',
            '{"x":{"unique_id":"no","project":"no"},' .. COMPLETE:format(3) .. '}',
        }
        assert.same(lines, bodies_of(table.concat(lines, "\n") .. "\n"))
    end)

    it("project, batch and unique_id only where they lack", function()
        start_listener()
        local bodies = bodies_of('{"a":1}\n{"project":"q","a":1}\n{"batch":"c"}\n{"unique_id":"mine","a":2}\n',
            { "--batch", "b/ü" })
        local id = '"unique_id":"' .. ("%x"):rep(64) .. '"'
        assert.matches('^{"project":"p","batch":"b/ü",' .. id .. ',"a":1}$', bodies[1])
        assert.matches('^{"batch":"b/ü",' .. id .. ',"project":"q","a":1}$', bodies[2])
        assert.matches('^{"project":"p",' .. id .. ',"batch":"c"}$', bodies[3])
        assert.equal('{"project":"p","batch":"b/ü","unique_id":"mine","a":2}', bodies[4])
    end)

    it("empty objects and those with white space in front", function()
        start_listener()
        local bodies = bodies_of '{}\n \t{ }\n  { "a":1 }\n'
        assert.matches('^{"project":"p","unique_id":"%x+"}$', bodies[1])
        assert.matches('^ \t{"project":"p","unique_id":"%x+" }$', bodies[2])
        assert.matches('^  {"project":"p","unique_id":"%x+", "a":1 }$', bodies[3])
        for _, body in ipairs(bodies) do assert.is_true(json.check(body)) end
    end)

    it("neither byte order mark nor line ends, and skips blank lines", function()
        start_listener()
        local line = '{' .. COMPLETE .. '}'
        local bodies = bodies_of("\xEF\xBB\xBF" .. line:format(1) .. "\r\n\n \t\r\n" .. line:format(2) .. "\n" .. line:format(3))
        assert.same({ line:format(1), line:format(2), line:format(3) }, bodies)
    end)

    it("lines longer than what is read at once", function()
        start_listener()
        local long = '{' .. COMPLETE:format(1) .. ',"text":"' .. ("ab\\n"):rep(500000) .. '"}'
        local short = '{' .. COMPLETE:format(2) .. '}'
        assert.same({ long, short }, bodies_of(long .. "\n" .. short .. "\n"))
    end)
end)

describe("upload of a file that is changed while it is uploaded", function()
    -- The server does this to the file when it gets the tenth row.
    local function changing(how)
        url = support.answering(([[
            if request.method == "GET" then return 200, '{"name":"p"}' end
            state.rows = (state.rows or 0) + 1
            if state.rows == 10 and not io.open "done" then
                io.open("done", "w"):close()
                %s
            end
            local ids = io.open("ids", "a")
            ids:write(request.body:match '"text":"row (%%d+)"', "\n")
            ids:close()
            return 200, '{"task_id":"' .. count .. '"}']]):format(how))
    end

    local function run()
        return support.scalua({ "upload", "rows.jsonl", "--type", TYPE, "--project", "p", "--concurrency", "2", "--json" },
            { SCALE_API_KEY = "live_key", SCALE_API_URL = url })
    end

    local COUNT = 6000 -- some 300 KB: more than is read at once

    local function sent()
        local counts, all = {}, 0
        for row in (support.read "ids"):gmatch "%d+" do
            counts[row], all = (counts[row] or 0) + 1, all + 1
            assert.equal(1, counts[row], "row " .. row)
        end
        return all, counts
    end

    local CHANGES = {
        ["a row"] = [[local file = io.open("rows.jsonl", "r+b")
            file:seek("end", -30)
            file:write "X"
            file:close()]],
        ["it grows"] = [[local file = io.open("rows.jsonl", "ab")
            file:write '{"text":"row 99999","labels":[{"name":"animal"}]}\n'
            file:close()]],
        ["it shrinks"] = [[os.execute "head -n 3000 rows.jsonl > part; cat part > rows.jsonl"]],
        ["another is put in its place"] = [[os.execute "sed s/row/now/ rows.jsonl > part; mv part rows.jsonl"]],
        ["it is removed"] = [[os.remove "rows.jsonl"]],
        ["a row that was sent"] = [[local file = io.open("rows.jsonl", "r+b")
            file:write "{'"
            file:close()]],
    }

    for name, how in pairs(CHANGES) do
        it("says so and ends with 1, having sent nothing of the new contents: " .. name, function()
            local text = support.rows(COUNT)
            support.write("rows.jsonl", text)
            changing(how)
            local code, _, err = run()
            assert.equal(1, code, err)
            assert.matches("rows.jsonl was changed while it was read", err)
            local all, counts = sent()
            assert.is_nil(counts["99999"])
            assert.is_true(all >= 10)
            if support.read "rows.jsonl" then
                code, _, err = run()
                assert.equal(2, code)
                assert.matches("input was '%x+' and is '%x+' now", err)
            end
            support.write("rows.jsonl", text)
            code, _, err = run()
            assert.equal(0, code, err)
            assert.equal(COUNT, (sent()))
        end)
    end

    it("does not mind one that is only touched", function()
        support.write("rows.jsonl", support.rows(20))
        changing [[os.execute "touch rows.jsonl; cp rows.jsonl x; mv x rows.jsonl"]]
        local code, _, err = run()
        assert.equal(0, code, err)
        assert.equal(20, (sent()))
    end)
end)

describe("upload, when rows fail,", function()
    local BROKEN = {
        '{"text":', "[1,2]", '"text"', '{"a":1} {"b":2}', '{"a":"\xff"}', '{"a":1,}', '{"unique_id":null}', "\0\1",
        '{"unique_id":7}',
    }

    it("writes them down as they stood, in their order, and why", function()
        url = support.sandbox()
        local text = support.rows(40) .. table.concat(BROKEN, "\r\n") .. "\n\n" .. support.rows(40, 41) .. '{"x":1}'
        support.write("rows.jsonl", text)
        local code, summary, err = summary_of("rows.jsonl", { "--create-project" })
        assert.equal(3, code)
        assert.equal(90, summary.total)
        assert.equal(80, summary.created)
        assert.equal(10, summary.failed)
        assert.equal(table.concat(BROKEN, "\r\n") .. '\n{"x":1}\n', support.read "rows.failed.jsonl")
        local records = support.records "rows.errors.jsonl"
        for i = 1, #BROKEN do
            assert.equal(40 + i, records[i].row)
            assert.equal("bad_json", records[i].kind)
            assert.equal(json.null, records[i].status)
            assert.equal(0, records[i].attempts)
            assert.is_string(records[i].message)
        end
        assert.equal(91, records[10].row)
        assert.equal(400, records[10].status)
        assert.equal("invalid_request", records[10].kind)
        assert.equal(1, records[10].attempts)
        assert.matches("%x+", records[10].unique_id)
        assert.matches("rows.failed.jsonl", err)
    end)

    it("keeps the order although answers come out of order", function()
        support.write("rows.jsonl", '{"text":"row 0","ok":1}\n' .. support.rows(100))
        url = support.answering [[
            if request.path == "/v1/tasks" then return 200, '{"docs":[]}' end
            if request.method == "GET" then return 200, '{"name":"p"}' end
            local number = tonumber(request.body:match '"text":"row (%d+)"')
            if number % 10 == 1 then require("scaleapi").sleep(0.3) end
            return 400, '{"status_code":400,"error":"no ' .. number .. '"}']]
        local code, summary = summary_of("rows.jsonl", { "--concurrency", "20" })
        assert.equal(3, code)
        assert.equal(101, summary.failed)
        assert.equal(support.read "rows.jsonl", support.read "rows.failed.jsonl")
        for i, record in ipairs(support.records "rows.errors.jsonl") do
            assert.equal(i, record.row)
            assert.equal("no " .. i - 1, record.message)
        end
    end)

    it("takes the failed rows, once mended", function()
        url = support.sandbox()
        support.write("rows.jsonl", support.rows(2) .. '{"text":"row 3"}\n')
        summary_of("rows.jsonl", { "--create-project" })
        support.write("rows.failed.jsonl", (support.read "rows.failed.jsonl":gsub("}", ',"labels":[{"name":"a"}]}')))
        local code, summary = summary_of "rows.failed.jsonl"
        assert.equal(0, code)
        assert.equal(1, summary.created)
        assert.equal(3, #support.tasks(url, "p"))
    end)

    it("removes what an earlier run wrote down", function()
        url = support.sandbox()
        support.write("rows.jsonl", "{}\n")
        summary_of("rows.jsonl", { "--create-project" })
        assert.is_string(support.read "rows.failed.jsonl")
        support.write("rows.jsonl", support.rows(1))
        assert.equal(0, (summary_of "rows.jsonl"))
        assert.is_nil(support.read "rows.failed.jsonl")
        assert.is_nil(support.read "rows.errors.jsonl")
    end)

    it("tells a unique_id that another task has", function()
        url = support.sandbox()
        support.client(url):create_project { project_name = "p", task_type = TYPE }
        support.write("rows.jsonl", '{"unique_id":"u","text":"one","labels":[{"name":"a"}]}\n')
        assert.equal(0, (summary_of "rows.jsonl"))
        support.write("rows.jsonl", '{"unique_id":"u","text":"other","labels":[{"name":"a"}]}\n')
        local code, summary = summary_of("rows.jsonl", { "--fresh" })
        assert.equal(3, code)
        assert.equal(0, summary.failed)
        assert.equal(1, summary.conflict)
        local record = support.records("rows.errors.jsonl")[1]
        assert.equal("duplicate", record.kind)
        assert.equal(409, record.status)
        assert.equal("u", record.unique_id)
    end)

    it("writes down words of the server that are not UTF-8", function()
        url = support.answering [[
            if request.method == "GET" then return 200, '{"name":"p"}' end
            return 400, "bad \xff\xfe thing"]]
        support.write("rows.jsonl", support.rows(1))
        assert.equal(3, (summary_of "rows.jsonl"))
        assert.matches("bad .* thing", support.records("rows.errors.jsonl")[1].message)
    end)

    it("ends with 1 when they cannot be written down", function()
        url = support.sandbox()
        support.write("rows.jsonl", "{}\n")
        support.shell "mkdir -p rows.failed.jsonl/x"
        local code, _, err = upload("rows.jsonl", { "--create-project" })
        assert.equal(1, code)
        assert.matches("cannot write rows.failed.jsonl: %u", err)
        assert.not_matches("traceback", err)
    end)
end)

describe("upload, on a bad network,", function()
    it("loses nothing and makes nothing twice", function()
        url = support.sandbox "fail_rate = 0.05, lost_answer_rate = 0.1, drop_rate = 0.05, seed = 7, quiet = true"
        support.write("rows.jsonl", support.rows(150))
        local code, summary, err = summary_of("rows.jsonl", { "--create-project" })
        assert.equal(0, code, err)
        assert.equal(150, summary.created + summary.existing)
        assert.is_true(summary.retries > 0)
        assert.equal(150, #support.tasks(url, "p"))
    end)

    it("gives up with 5 when the server cannot be reached, and has sent nothing", function()
        url = "http://127.0.0.1:1"
        support.write("rows.jsonl", support.rows(10))
        local code, _, err = upload "rows.jsonl"
        assert.equal(5, code)
        assert.matches("network", err)
        assert.is_nil(support.read "rows.failed.jsonl")
    end)

    it("finishes what is in flight on Ctrl-C, and goes on when it is run again", function()
        url = support.sandbox "latency = 0.1"
        support.client(url):create_project { project_name = "p", task_type = TYPE }
        support.write("rows.jsonl", support.rows(200))
        local code, out, err = support.interrupt(
            { "upload", "rows.jsonl", "--type", TYPE, "--project", "p", "--concurrency", "4", "--json" },
            { SCALE_API_URL = url, SCALE_API_KEY = "live_key" },
            [=[[ "$("$S" export --project p 2>/dev/null | wc -l)" -ge 4 ]]=])
        assert.equal(130, code)
        local summary = json.decode(out)
        assert.is_true(summary.created > 0 and summary.created < 200)
        assert.is_nil(summary.left)
        assert.matches("run the same command again", err)
        assert.equal(summary.created, #support.tasks(url, "p"))
        code = summary_of("rows.jsonl")
        assert.equal(0, code)
        assert.equal(200, #support.tasks(url, "p"))
    end)

    it("stops at once on the second Ctrl-C", function()
        support.write("rows.jsonl", support.rows(60))
        url = support.answering [[
            if request.method == "GET" then return 200, '{"name":"p"}' end
            io.open("begun", "w"):close()
            require("scaleapi").sleep(30)
            return 200, '{"task_id":"1"}']]
        local started = scaleapi.now()
        local code, out = support.interrupt({ "upload", "rows.jsonl", "--type", TYPE, "--project", "p", "--json" },
            { SCALE_API_URL = url, SCALE_API_KEY = "live_key" }, "[ -f begun ]", 2)
        assert.equal(130, code)
        assert.equal(50, json.decode(out).left)
        assert.is_true(scaleapi.now() - started < 10)
    end)
end)

describe("upload and keys:", function()
    before_each(function() support.write("rows.jsonl", support.rows(5)) end)

    it("4 without a key, saying how to set one", function()
        local code, _, err = support.scalua { "upload", "rows.jsonl", "--type", TYPE, "--project", "p" }
        assert.equal(4, code)
        assert.matches("SCALE_API_KEY", err)
    end)

    it("4 with a key that cannot be one", function()
        url = "http://127.0.0.1:1"
        local code, _, err = upload("rows.jsonl", nil, { SCALE_API_KEY = "two words" })
        assert.equal(4, code)
        assert.matches("has a space", err)
        assert.not_matches("two words", err)
    end)

    it("4 with a wrong key, before a row is sent", function()
        url = support.sandbox()
        local code, _, err = upload("rows.jsonl", nil, { SCALE_API_KEY = "nonsense" })
        assert.equal(4, code)
        assert.matches("401", err)
        assert.not_matches("nonsense", err)
    end)

    it("stops when the key is refused on the way", function()
        url = support.answering [[
            if request.method == "GET" then return 200, '{"name":"p"}' end
            if count > 21 then return 401, '{"status_code":401,"error":"Invalid API key."}' end
            return 200, '{"task_id":"' .. count .. '"}']]
        support.write("rows.jsonl", support.rows(500))
        local code, summary, err = summary_of("rows.jsonl", { "--concurrency", "4" })
        assert.equal(4, code)
        assert.equal(20, summary.created)
        assert.is_true(summary.total <= 28)
        assert.equal(0, summary.failed)
        assert.equal(summary.total - 20, summary.left)
        assert.matches("run the same command again", err)
        assert.is_nil(support.read "rows.failed.jsonl")
    end)

    it("2 for a base URL that cannot be one", function()
        url = "nonsense"
        assert.equal(2, (upload "rows.jsonl"))
        url = "http://example.com"
        local code, _, err = upload "rows.jsonl"
        assert.equal(2, code)
        assert.matches("set SCALE_ALLOW_HTTP=1", err)
    end)
end)

describe("upload refuses", function()
    -- Exit code 2, these words, and no request for a task.
    local function refuses(expected, file, more)
        url = url or support.sandbox()
        local code, out, err = upload(file, more)
        assert.equal(2, code, err)
        assert.equal("", out)
        assert.matches(expected, err)
        assert.not_matches("traceback", err)
    end

    before_each(function() url = nil end)

    it("a file that is missing, empty, blank, a directory, a pipe, or binary", function()
        url = "http://127.0.0.1:1"
        support.write("empty.jsonl", "")
        support.write("binary.jsonl", string.pack("<I4I4I4", 1, 2, 3):rep(50))
        support.write("packed.jsonl", "\x1f\x8b\8\0" .. ("x"):rep(500))
        support.shell "mkfifo pipe.jsonl"
        refuses("nothing.jsonl", "nothing.jsonl")
        refuses("empty.jsonl is empty", "empty.jsonl")
        refuses("is a directory", ".")
        refuses("pipe.jsonl is not a regular file", "pipe.jsonl")
        refuses("is not text", "binary.jsonl")
        refuses("is compressed", "packed.jsonl")
        refuses("a file", "-")
    end)

    it("a file of blank lines", function()
        support.write("blank.jsonl", "\n \r\n\n")
        refuses("blank.jsonl has no rows", "blank.jsonl", { "--create-project" })
    end)

    it("a line that is longer than any task", function()
        support.shell "head -c 40000000 /dev/zero | tr '\\0' x >long.jsonl"
        refuses("line 1 is longer than 32 MiB", "long.jsonl", { "--create-project" })
    end)

    it("a project of another type", function()
        url = support.sandbox()
        support.client(url):create_project { project_name = "p", task_type = "imageannotation" }
        support.write("rows.jsonl", support.rows(1))
        refuses("'p' is of type imageannotation, not " .. TYPE, "rows.jsonl")
        refuses("'p' is of type imageannotation", "rows.jsonl", { "--create-project" })
    end)

    it("a project or batch that is not there", function()
        url = support.sandbox()
        support.write("rows.jsonl", support.rows(100))
        refuses("^upload: there is no project 'p'; %-%-create%-project makes it\n$", "rows.jsonl")
        support.client(url):create_project { project_name = "p", task_type = TYPE }
        refuses("no batch 'b'; %-%-create%-batch makes it", "rows.jsonl", { "--batch", "b" })
        assert.equal(0, #support.tasks(url, "p"))
    end)

    it("a batch of another project", function()
        url = support.sandbox()
        local client = support.client(url)
        client:create_project { project_name = "p", task_type = TYPE }
        client:create_project { project_name = "q", task_type = TYPE }
        client:create_batch { project = "q", batch_name = "b" }
        support.write("rows.jsonl", support.rows(1))
        refuses("batch 'b' belongs to project 'q'", "rows.jsonl", { "--batch", "b", "--create-batch" })
    end)

    it("wrong options, with a suggestion", function()
        url = "http://127.0.0.1:1"
        support.write("rows.jsonl", support.rows(1))
        refuses("Did you mean '%-%-create%-project'", "rows.jsonl", { "--create-projct" })
        refuses("%-%-finalize needs %-%-batch", "rows.jsonl", { "--finalize" })
        refuses("%-%-create%-batch needs %-%-batch", "rows.jsonl", { "--create-batch" })
        refuses("%-%-rapid goes with %-%-create%-project", "rows.jsonl", { "--rapid" })
        refuses("not a whole number", "rows.jsonl", { "--concurrency", "0" })
        refuses("not a whole number", "rows.jsonl", { "--concurrency", "many" })
        refuses("must be 1000000 at most", "rows.jsonl", { "--concurrency", "1000001" })
        refuses("not UTF%-8", "rows.jsonl", { "--batch", "\xff" })
        refuses("too many arguments", "rows.jsonl", { "rows.jsonl" })
        local code, _, err = support.scalua { "upload", "rows.jsonl", "--project", "p" }
        assert.equal(2, code)
        assert.matches("missing option '%-%-type'", err)
    end)

    it("a misspelt type, with a suggestion", function()
        url = support.sandbox()
        support.write("rows.jsonl", support.rows(1))
        local code, _, err = support.scalua({ "upload", "rows.jsonl", "--type", "imageanotation", "--project", "p",
            "--create-project" }, { SCALE_API_URL = url, SCALE_API_KEY = "live_key" })
        assert.equal(2, code)
        assert.matches("did you mean 'imageannotation'", err)
    end)
end)

describe("upload to other servers", function()
    it("does not insist that projects and batches can be looked up", function()
        url = support.answering [[
            if request.method == "GET" then return 404, '{"status_code":404,"error":"Not found."}' end
            return 200, '{"task_id":"' .. count .. '"}']]
        support.write("rows.jsonl", support.rows(30))
        local code, summary = summary_of("rows.jsonl", { "--batch", "b" })
        assert.equal(0, code)
        assert.equal(30, summary.created)
        url = support.answering [[
            if request.method == "GET" or count == 20 then return 404, '{"status_code":404,"error":"Not found."}' end
            return 200, '{"task_id":"' .. count .. '"}']]
        code, summary = summary_of("rows.jsonl", { "--concurrency", "1", "--fresh" })
        assert.equal(3, code)
        assert.equal(29, summary.created)
    end)

    it("takes sparse and odd answers", function()
        url = support.answering [[
            if request.method == "GET" then return 200, '{"name":null}' end
            return 201, ' \r\n{ "task_id" : "' .. count .. '", "new": {"x":[]} }\n']]
        support.write("rows.jsonl", support.rows(10))
        local code, summary = summary_of("rows.jsonl")
        assert.equal(0, code)
        assert.equal(10, summary.created)
    end)

    it("takes a project that another made in the meantime", function()
        url = support.answering [[
            if request.path == "/v1/projects/p" then
                state.looks = (state.looks or 0) + 1
                if state.looks == 1 then return 404, "{}" end
                return 200, '{"name":"p","type":"namedentityrecognition"}'
            end
            if request.path == "/v1/projects" then return 409, '{"status_code":409,"error":"exists"}' end
            return 200, '{"task_id":"' .. count .. '"}']]
        support.write("rows.jsonl", support.rows(2))
        assert.equal(0, (summary_of("rows.jsonl", { "--create-project" })))
    end)
end)

describe("upload --help", function()
    it("is short and says what there is", function()
        local code, out = support.scalua { "upload", "--help" }
        assert.equal(0, code)
        for _, word in ipairs { "FILE", "--type", "--template", "--create-project", "--finalize", "--concurrency", "--json" } do
            assert.is_truthy(out:find(word, 1, true), word)
        end
    end)
end)
