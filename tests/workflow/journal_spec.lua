-- scalua upload and its journal: killed, torn, refused, full; what failed, mended; finalize by count.

local scaleapi = require "scaleapi"
local support = require "tests.workflow.support"

local json = scaleapi.json
local TYPE = support.TYPE
local FAULTS = "fail_rate = 0.05, lost_answer_rate = 0.05, drop_rate = 0.05, garbage_rate = 0.02, quiet = true, seed = "
local KILLS = math.tointeger(tonumber(os.getenv "SCALUA_KILLS" or "20"))
local ROWS = math.tointeger(tonumber(os.getenv "SCALUA_KILL_ROWS" or "600"))

local url

local function environment(more)
    local all = { SCALE_API_URL = url, SCALE_API_KEY = "live_key" }
    for name, value in pairs(more or {}) do all[name] = value end
    return all
end

local function words_of(more, file)
    local words = { "upload", file or "rows.jsonl", "--type", TYPE, "--project", "p", "--json" }
    for _, word in ipairs(more or {}) do words[#words + 1] = word end
    return words
end

-- Exit code, summary (nil when there is none), standard error.
local function upload(more, file, variables)
    local code, out, err = support.scalua(words_of(more, file), environment(variables))
    return code, out ~= "" and json.decode(out) or nil, err
end

local function command_line(more)
    local line = { '"$S"' }
    for _, word in ipairs(words_of(more)) do line[#line + 1] = "'" .. word .. "'" end
    return table.concat(line, " ")
end

local function start(options)
    url = support.sandbox(options)
    support.client(url):create_project { project_name = "p", task_type = TYPE }
end

local function count_tasks()
    return support.count_tasks(url, "p")
end

before_each(support.setup)
after_each(support.teardown)

describe("upload, killed", function()
    it("at random moments, with faults, makes each task once and sends again no more than was in flight", function()
        start(FAULTS .. "11")
        support.write("rows.jsonl", support.rows(ROWS))
        local _, out = support.shell(([[
            n=0
            while [ $n -lt %d ]; do
                n=$((n + 1))
                %s --concurrency 8 >/dev/null 2>err &
                pid=$!
                sleep 0.$(awk -v n=$n 'BEGIN { srand(n); printf "%%03d", 30 + rand() * 220 }')
                kill -9 $pid 2>/dev/null
                wait $pid 2>/dev/null
                grep '^[cm] ' rows.jsonl.journal | cut -d' ' -f2 | sort | uniq -d
            done]]):format(KILLS, command_line()), environment())
        assert.equal("", out)
        local code, summary, err = upload()
        assert.equal(0, code, err)
        assert.equal(ROWS, summary.total)
        assert.equal(ROWS, summary.created + summary.existing + summary.skipped)
        assert.equal(ROWS, count_tasks())
        local journal, resent = support.read "rows.jsonl.journal", 0
        assert.is_true(#journal < 200 * ROWS)
        local started = {}
        for row in journal:gmatch "\ns (%d+)" do
            if started[row] then resent = resent + 1 end
            started[row] = true
        end
        assert.is_true(resent <= 8 * KILLS, resent)
        code, summary = upload()
        assert.equal(0, code)
        assert.equal(ROWS, summary.skipped)
    end)

    it("and its journal torn anywhere, makes each task once", function()
        start()
        support.write("rows.jsonl", support.rows(30))
        assert.equal(0, (upload()))
        local whole = support.read "rows.jsonl.journal"
        for size = 0, #whole, 97 do
            support.write("rows.jsonl.journal", whole:sub(1, size))
            local code, summary, err = upload()
            assert.equal(0, code, err)
            assert.equal(30, summary.existing + summary.skipped)
        end
        assert.equal(30, count_tasks())
    end)
end)

describe("upload's journal", function()
    it("passes over without a request what is done", function()
        start()
        support.write("rows.jsonl", support.rows(40))
        assert.equal(0, (upload()))
        url = support.answering [[
            if request.method == "GET" then return 200, '{"name":"p"}' end
            return 400, "{}"]]
        local text = support.read "rows.jsonl.journal":gsub('"server":"[^"]+"', '"server":"' .. url .. '"', 1)
        support.write("rows.jsonl.journal", text)
        local code, summary = upload()
        assert.equal(0, code)
        assert.equal(40, summary.skipped)
    end)

    it("refuses what is other work, naming both values, and sends nothing", function()
        start()
        local client = support.client(url)
        for _, name in ipairs { "b", "c" } do client:create_batch { project = "p", batch_name = name } end
        support.write("rows.jsonl", support.rows(3))
        assert.equal(0, (upload { "--batch", "b" }))
        local before = support.read "rows.jsonl.journal"
        local function refuses(expected, more, variables)
            local code, _, err = upload(more, nil, variables)
            assert.equal(2, code)
            assert.matches(expected, err)
            assert.matches("%-%-fresh begins anew, and makes again what is not there under its unique_id", err)
            assert.equal(before, support.read "rows.jsonl.journal")
        end
        refuses("batch was 'b' and is 'c' now", { "--batch", "c" })
        refuses("batch was 'b' and is none now")
        refuses("project was 'p' and is 'q' now", { "--batch", "b", "--project", "q" })
        refuses("type was '" .. TYPE .. "' and is 'imageannotation' now", { "--batch", "b", "--type", "imageannotation" })
        refuses("server was '[^']+' and is 'http://127.0.0.1:1' now", { "--batch", "b" },
            { SCALE_API_URL = "http://127.0.0.1:1" })
        refuses("key was '%x+' and is '%x+' now", { "--batch", "b" }, { SCALE_API_KEY = "test_key" })
        support.write("rows.jsonl", support.rows(4))
        refuses("input_size was %d+ and is %d+ now; input was '%x+' and is '%x+' now", { "--batch", "b" })
        local code, summary = upload { "--batch", "b", "--fresh" }
        assert.equal(0, code)
        assert.equal(3, summary.existing)
        assert.equal(1, summary.created)
        assert.equal(before, support.read "rows.jsonl.journal.old")
        assert.equal(4, count_tasks())
    end)

    it("is not in the way when nothing came of the first run", function()
        start()
        support.write("rows.jsonl", support.rows(3))
        assert.equal(2, (upload { "--batch", "typo" }))
        support.client(url):create_batch { project = "p", batch_name = "b" }
        assert.equal(0, (upload { "--batch", "b" }))
        assert.equal(3, count_tasks())
    end)

    it("keeps a second process out", function()
        start "latency = 0.3"
        support.write("rows.jsonl", support.rows(20))
        local _, out, err = support.shell(([[
            %s --concurrency 1 >/dev/null 2>&1 &
            until [ -s rows.jsonl.journal ]; do sleep 0.02; done
            %s; echo $?
            kill -9 $!]]):format(command_line(), command_line()), environment())
        assert.equal("2\n", out)
        assert.matches("rows.jsonl.journal is in use by another process", err)
    end)

    it("stops on a full disk, says so, and goes on later", function()
        start()
        support.write("rows.jsonl", support.rows(400))
        local code, out, err = support.shell("ulimit -f 8; exec " .. command_line { "--concurrency", "4" }, environment())
        assert.equal(1, code, err)
        assert.matches("cannot write rows.jsonl.journal: ", err)
        assert.matches("run the same command again", err)
        local first = json.decode(out)
        assert.is_true(first.created > 0 and first.created < 400)
        local summary
        code, summary, err = upload()
        assert.equal(0, code, err)
        assert.equal(400, summary.created + summary.existing + summary.skipped)
        assert.equal(400, count_tasks())
    end)

    it("is not kept with a sandbox in the process, and must be a file", function()
        support.write("rows.jsonl", support.rows(3))
        local words = words_of { "--create-project" }
        table.insert(words, 1, "--sandbox")
        assert.equal(0, (support.scalua(words)))
        assert.is_nil(support.read "rows.jsonl.journal")
        start()
        support.shell "mkdir rows.jsonl.journal"
        local code, _, err = upload()
        assert.equal(2, code)
        assert.matches("rows.jsonl.journal is a directory", err)
        assert.equal(0, count_tasks())
    end)

    it("leaves open what an outage left open, and ends with 5", function()
        start()
        support.write("rows.jsonl", support.rows(30))
        url = support.answering [[
            if request.method == "GET" then return 200, '{"name":"p"}' end
            if count > 10 then return 500, '{"status_code":500,"error":"no"}' end
            return 200, '{"task_id":"' .. count .. '"}']]
        support.write("run.lua", [[
            local scaleapi = require "scaleapi"
            local client = scaleapi.client { give_up_after = 1 }
            local result = scaleapi.bulk { client = client, rows = "rows.jsonl", journal = true, concurrency = 4,
                send = function(row)
                    row.unique_id = row.text
                    local task, err = client.safe:create_task("]] .. TYPE .. [[", row, { bulk = true })
                    return { state = task and "created" or "failed", error = err, id = task and task.task_id }
                end }
            print(result.stopped.reason, result.failed, result.left > 0)]])
        local _, out, err = support.scalua({ "run.lua" }, environment())
        assert.equal("gave_up\t0\ttrue\n", out, err)
    end)
end)

describe("upload and unique_ids:", function()
    it("letters of all kinds are looked up rightly", function()
        start "fail_rate = 0.1, lost_answer_rate = 0.2, drop_rate = 0.1, quiet = true, seed = 5"
        local ids = { "a&b", "a#b", "a+b", "a%b", "a/b", "ü", "a b", "a?b=c", "../a", "%2F", "&#+%/ü", ("ü/"):rep(66) .. "xx" }
        ids[#ids + 1] = ("&"):rep(200)
        local lines = {}
        for i = 1, 5 do
            for _, id in ipairs(ids) do
                lines[#lines + 1] = json.encode { unique_id = id .. i, text = id .. i, labels = { { name = "a" } } }
            end
        end
        support.write("rows.jsonl", table.concat(lines, "\n"))
        local code, summary, err = upload()
        assert.equal(0, code, err)
        assert.equal(#lines, summary.created)
        os.remove(support.path "rows.jsonl.journal")
        code, summary, err = upload()
        assert.equal(0, code, err)
        assert.equal(#lines, summary.created + summary.existing)
        assert.equal(#lines, count_tasks())
    end)
end)

describe("upload and equal rows:", function()
    it("reports them, and sends nothing", function()
        start()
        support.write("rows.jsonl", support.rows(3) .. "\n" .. support.rows(1) .. " " .. support.rows(1, 2))
        local code, summary, err = upload()
        assert.equal(2, code)
        assert.is_nil(summary)
        assert.matches("lines 1, 5 are equal\n", err)
        assert.matches("lines 2, 6 are equal\n", err)
        assert.matches("2 rows are equal to an earlier one; nothing was sent.*%-%-allow%-equal%-rows", err)
        assert.equal(0, count_tasks())
        assert.is_nil(support.read "rows.jsonl.journal")
    end)

    it("writes one that failed down such that it stays a task of its own", function()
        url = support.answering [[
            if request.method == "GET" then return 200, '{"name":"p"}' end
            local id = request.body:match '"unique_id":"(%x+)"'
            if count >= 4 and not state.off then
                state.off = true
                return 400, '{"status_code":400,"error":"no"}'
            end
            local file = io.open("ids", "a")
            file:write(id, "\n")
            file:close()
            return 200, '{"task_id":"' .. count .. '"}']]
        support.write("rows.jsonl", support.rows(1):rep(3))
        assert.equal(3, (upload { "--allow-equal-rows", "--concurrency", "1" }))
        assert.equal(0, (upload({}, "rows.failed.jsonl")))
        local seen = {}
        for id in support.read("ids"):gmatch "%x+" do
            assert.is_nil(seen[id])
            seen[id] = true
        end
    end)
end)

describe("upload of what failed", function()
    it("is a loop that ends", function()
        start()
        support.write("rows.jsonl", support.rows(5) .. '{"a":1}\n{"b":1}\n')
        assert.equal(3, (upload()))
        assert.equal('{"a":1}\n{"b":1}\n', support.read "rows.failed.jsonl")
        support.write("rows.failed.jsonl", support.rows(1, 6) .. '{"b":2}\n')
        local code, _, err = upload({}, "rows.failed.jsonl")
        assert.equal(3, code)
        assert.matches("mend and upload rows.failed.2.jsonl", err)
        assert.equal('{"b":2}\n', support.read "rows.failed.2.jsonl")
        assert.equal(1, #support.records "rows.errors.2.jsonl")
        support.write("rows.failed.2.jsonl", support.rows(1, 7))
        assert.equal(0, (upload({}, "rows.failed.2.jsonl")))
        assert.is_nil(support.read "rows.failed.3.jsonl")
        assert.equal(7, count_tasks())
    end)
end)

describe("finalize by count:", function()
    local client

    before_each(function()
        url = support.sandbox()
        client = support.client(url)
        client:create_project { project_name = "p", task_type = TYPE, rapid = true }
        client:create_batch { project = "p", batch_name = "b" }
    end)

    local function status()
        return client:get_batch("b").status
    end

    it("--allow-partial finalizes although so many rows failed, and no more", function()
        support.write("rows.jsonl", support.rows(3) .. '{"a":1}\n{"b":1}\n')
        local code, summary, err = upload { "--batch", "b", "--finalize", "--allow-partial", "1" }
        assert.equal(3, code)
        assert.is_false(summary.finalized)
        assert.matches("not finalized, since 2 rows failed", err)
        assert.equal("staging", status())
        code, summary = upload { "--batch", "b", "--finalize", "--allow-partial", "2" }
        assert.equal(3, code)
        assert.is_true(summary.finalized)
        assert.equal("in_progress", status())
    end)

    it("--finalize does not when the server has fewer tasks than were made", function()
        support.write("rows.jsonl", support.rows(3))
        assert.equal(0, (upload { "--batch", "b" }))
        client:cancel_task(support.tasks(url, "p")[1].task_id)
        local code, summary, err = upload { "--batch", "b", "--finalize" }
        assert.equal(3, code)
        assert.is_false(summary.finalized)
        assert.matches("batch 'b' has 2 tasks where 3 are expected; it is not finalized", err)
        assert.equal("staging", status())
    end)

    it("--finalize takes rows with one unique_id for one task, again as well", function()
        local row = '{"unique_id":"%s","text":"t","labels":[{"name":"animal"}]}\n'
        support.write("rows.jsonl", row:format "a" .. row:format "a" .. row:format "b"
            .. '{"text":"t","unique_id":"b","labels":[{"name":"animal"}]}')
        local code, summary, err = upload { "--batch", "b", "--allow-equal-rows", "--finalize", "--concurrency", "1" }
        assert.equal(0, code, err)
        assert.equal(2, summary.created)
        assert.equal(2, summary.existing)
        assert.is_true(summary.finalized)
        assert.equal("in_progress", status())
        code, summary, err = upload { "--batch", "b", "--allow-equal-rows", "--finalize" }
        assert.equal(0, code, err)
        assert.equal(4, summary.skipped)
        client:cancel_task(support.tasks(url, "p")[1].task_id)
        code, summary, err = upload { "--batch", "b", "--allow-equal-rows", "--finalize" }
        assert.equal(3, code)
        assert.is_false(summary.finalized)
        assert.matches("has 1 task where 2 are expected", err)
    end)

    it("finalize --expect wants exactly so many", function()
        support.write("rows.jsonl", support.rows(3))
        assert.equal(0, (upload { "--batch", "b" }))
        local function finalize(...)
            return support.scalua({ "finalize", "b", ... }, environment())
        end
        local code, _, err = finalize("--expect", "2")
        assert.equal(3, code)
        assert.matches("has 3 tasks where 2 are expected", err)
        assert.equal("staging", status())
        assert.equal(2, (finalize("c", "--expect", "2")))
        assert.equal(0, (finalize("--expect", "3")))
        assert.equal("in_progress", status())
    end)
end)
