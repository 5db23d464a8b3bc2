-- scalua cancel, as a process.

local json = require("scaleapi").json
local support = require "tests.workflow.support"

local url, client

local function cancel(words)
    table.insert(words, 1, "cancel")
    return support.scalua(words, { SCALE_API_URL = url, SCALE_API_KEY = "live_key" })
end

-- A sandbox with a project of these batches, so many pending tasks in each. Returns the tasks.
local function start(batches, options)
    url = support.sandbox(options)
    client = support.client(url)
    client:create_project { project_name = "p", task_type = support.TYPE }
    local tasks = {}
    for name, count in pairs(batches) do
        client:create_batch { project = "p", batch_name = name }
        for i = 1, count do
            tasks[#tasks + 1] = client:create_task(support.TYPE,
                { batch = name, text = "x", labels = { { name = "a" } }, unique_id = name .. i })
        end
    end
    return tasks
end

local function statuses()
    local counts = {}
    for _, task in ipairs(support.tasks(url, "p")) do counts[task.status] = (counts[task.status] or 0) + 1 end
    return counts
end

before_each(support.setup)
after_each(support.teardown)

describe("cancel", function()
    it("cancels what is pending in all batches, and counts by status", function()
        local tasks = start { ["b1"] = 130, ["b 2/ü"] = 20, other = 3 }
        tasks[1]:cancel()
        local before = statuses().canceled
        local code, out, err = cancel { "--batch", "b1,b 2/ü,other", "--json" }
        assert.equal(0, code, err)
        local summary = json.decode(out)
        assert.same({ canceled = 153 - before, skipped = { canceled = before }, failed = 0, total = 153, retries = 0,
            seconds = summary.seconds }, summary)
        assert.same({ canceled = 153 }, statuses())
        assert.matches("cancel 152 tasks in 3 batches, with a live key\n", err)
    end)

    it("leaves other batches alone", function()
        start { b = 5, other = 3 }
        local code, out, err = cancel { "--batch", "b" }
        assert.equal(0, code)
        assert.equal("", out)
        assert.matches("5 canceled, 0 failed; left alone: none; ", err)
        assert.same({ canceled = 5, pending = 3 }, statuses())
    end)

    it("keeps unique_ids unless told to free them", function()
        start { b = 1, c = 1 }
        cancel { "--batch", "b" }
        cancel { "--batch", "c", "--clear-unique-id" }
        for _, task in ipairs(support.tasks(url, "p")) do
            assert.equal(task.batch == "b" and "b1" or nil, task.unique_id)
        end
    end)

    it("takes a comma inside a name behind a backslash, and --batch more than once", function()
        start { ["a,b"] = 2, c = 1, d = 1 }
        local code, out = cancel { "--batch", "a\\,b,c", "--batch", "d", "--json" }
        assert.equal(0, code)
        assert.equal(4, json.decode(out).canceled)
    end)

    it("does nothing with --dry-run but say what it would do", function()
        start { b = 5 }
        local code, out = cancel { "--batch", "b", "--dry-run", "--json" }
        assert.equal(0, code)
        local summary = json.decode(out)
        assert.is_true(summary.dry_run)
        assert.equal(5, summary.canceled)
        local _, _, err = cancel { "--batch", "b", "--dry-run" }
        assert.matches("5 would be canceled", err)
        assert.same({ pending = 5 }, statuses())
    end)

    it("leaves alone what is completed, also when it became so meanwhile", function()
        url = support.answering [[
            local id = request.path:match "/v1/task/(%w+)"
            if request.path:find "/status$" then return 200, '{"status":"in_progress","pending":2}' end
            if request.path == "/v1/tasks" then
                return 200, '{"docs":[{"task_id":"a","status":"pending"},{"task_id":"b","status":"pending"},'
                    .. '{"task_id":"c","status":"completed"},{"task_id":"d","status":"error"}],"has_more":false}'
            end
            if request.method == "GET" then return 200, '{"task_id":"a","status":"completed"}' end
            if id == "a" then return 400, '{"status_code":400,"error":"Too late."}' end
            return 200, '{"task_id":"' .. id .. '","status":"canceled"}']]
        local code, out, err = cancel { "--batch", "b", "--json" }
        assert.equal(0, code, err)
        local summary = json.decode(out)
        assert.equal(1, summary.canceled)
        assert.same({ completed = 2, error = 1 }, summary.skipped)
        assert.equal(4, summary.total)
        assert.equal(0, summary.failed)
    end)

    it("says which tasks failed, and ends with 3", function()
        url = support.answering [[
            if request.path:find "/status$" then return 200, '{"status":"in_progress"}' end
            if request.path == "/v1/tasks" then
                return 200, '{"docs":[{"task_id":"a","status":"pending"},{"task_id":"b","status":"pending"}]}'
            end
            if request.method == "GET" then return 200, '{"task_id":"a","status":"pending"}' end
            if request.path:find "/a/" then return 400, '{"status_code":400,"error":"Work has begun."}' end
            return 200, '{"task_id":"b","status":"canceled"}']]
        local code, out, err = cancel { "--batch", "b", "--json" }
        assert.equal(3, code)
        assert.equal(1, json.decode(out).failed)
        assert.equal(1, json.decode(out).canceled)
        assert.matches("task a: .*Work has begun", err)
    end)

    it("says which batch is unknown, goes on with the others, and ends with 3", function()
        start { b = 2 }
        local code, _, err = cancel { "--batch", "nope,b" }
        assert.equal(3, code)
        assert.matches("nope: .*404 not_found", err)
        assert.same({ canceled = 2 }, statuses())
        local out
        code, out = cancel { "--batch", "nope", "--json" }
        assert.equal(3, code)
        assert.equal(1, json.decode(out).unknown_batches)
    end)

    it("is right on a bad network", function()
        start({ b = 60 }, "fail_rate = 0.05, lost_answer_rate = 0.1, drop_rate = 0.05, seed = 3, quiet = true")
        local code, out, err = cancel { "--batch", "b", "--json" }
        assert.equal(0, code, err)
        assert.equal(60, json.decode(out).total)
        assert.same({ canceled = 60 }, statuses())
    end)

    for _, option in ipairs { "--json", "--clear-unique-id" } do
        it("killed in the middle goes on where it was, with " .. option, function()
            start({ b = 60 }, "latency = 0.02")
            local words = { "--batch", "b", "--json", option }
            support.shell(([[
                "$S" cancel --batch b %s --concurrency 2 >/dev/null 2>&1 &
                until [ $("$S" api batch_status batch_name=b 2>/dev/null |
                    sed -n 's/.*"canceled": *\([0-9]*\).*/\1/p' | grep . || echo 0) -ge 5 ]; do sleep 0.02; done
                kill -9 $!]]):format(option), { SCALE_API_URL = url, SCALE_API_KEY = "live_key" })
            local before = statuses()
            assert.is_true(before.pending > 0 and before.canceled >= 5)
            local code, out, err = cancel(words)
            local summary = json.decode(out)
            assert.equal(0, code, err)
            assert.is_true(summary.canceled > 0 and summary.canceled <= before.pending)
            assert.same({ 60, 60, 0 }, { summary.total, summary.canceled + summary.skipped.canceled, summary.failed })
            assert.same({ canceled = 60 }, statuses())
            for _, task in ipairs(support.tasks(url, "p")) do
                assert.equal(option == "--json", task.unique_id ~= nil)
            end
            code, out = cancel { "--batch", "b", "--json" }
            summary = json.decode(out)
            assert.same({ 0, 0, 60 }, { code, summary.canceled, summary.skipped.canceled })
        end)
    end

    it("interrupted finishes what is in flight, and goes on where it was", function()
        start({ b = 60 }, "latency = 0.1")
        local environment = { SCALE_API_URL = url, SCALE_API_KEY = "live_key" }
        local code, out = support.interrupt({ "cancel", "--batch", "b", "--concurrency", "4", "--json" }, environment,
            [[ [ "$(wc -c <.err)" -gt 0 ] && sleep 0.6 ]])
        local first = json.decode(out)
        assert.equal(130, code)
        assert.is_true(first.canceled > 0 and first.canceled < 60)
        assert.same({ canceled = first.canceled, pending = 60 - first.canceled }, statuses())
        code, out = cancel { "--batch", "b", "--json" }
        local second = json.decode(out)
        assert.same({ 0, 60 - first.canceled, first.canceled, 60 },
            { code, second.canceled, second.skipped.canceled, second.total })
    end)

    it("ends with 4 for a wrong key, 5 for a server that is not there, 2 for wrong use", function()
        start { b = 1 }
        local code, _, err = support.scalua({ "cancel", "--batch", "b" }, { SCALE_API_URL = url, SCALE_API_KEY = "wrong" })
        assert.equal(4, code)
        assert.matches("401", err)
        assert.equal(4, (support.scalua { "cancel", "--batch", "b" }))
        assert.equal(2, (cancel {}))
        assert.equal(2, (cancel { "--batch", "," }))
        assert.equal(2, (cancel { "b" }))
        assert.same({ pending = 1 }, statuses())
        url = "http://127.0.0.1:1"
        assert.equal(5, (cancel { "--batch", "b" }))
    end)

    it("asks on a terminal, unless told not to", function()
        start { b = 2 }
        local environment = { SCALE_API_URL = url, SCALE_API_KEY = "live_key" }
        local code, out = support.shell([[echo | script -qec '"$S" cancel --batch b' /dev/null]], environment)
        assert.equal(1, code)
        assert.matches("cancel 2 tasks in 1 batch, with a live key%?", out)
        assert.same({ pending = 2 }, statuses())
        code = support.shell([[script -qec '"$S" cancel --batch b --yes' /dev/null]], environment)
        assert.equal(0, code)
        assert.same({ canceled = 2 }, statuses())
    end)
end)
