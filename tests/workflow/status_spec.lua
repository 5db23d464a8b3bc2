-- scalua status, as a process.

local json = require("scaleapi").json
local support = require "tests.workflow.support"

local url

local function status(words)
    table.insert(words, 1, "status")
    return support.scalua(words, { SCALE_API_URL = url, SCALE_API_KEY = "live_key" })
end

-- A server on which the n-th look at any batch gets the n-th of these answers, and then the last.
local function start_sequence(answers)
    url = support.answering(([[
        local answers = { %s }
        state[request.path] = (state[request.path] or 0) + 1
        return 200, answers[math.min(state[request.path], #answers)] ]]):format(answers))
end

before_each(support.setup)
after_each(support.teardown)

describe("status", function()
    it("shows a table on standard output", function()
        url = support.sandbox()
        local client = support.client(url)
        client:create_project { project_name = "p", task_type = support.TYPE }
        client:create_batch { project = "p", batch_name = "kätzchen 1" }
        client:create_batch { project = "p", batch_name = "b" }
        local function create(batch)
            return client:create_task(support.TYPE, { project = "p", batch = batch, text = "x", labels = { { name = "a" } } })
        end
        create "b"
        create "b":cancel()
        create "b"
        local code, out, err = status { "kätzchen 1", "b" }
        assert.equal(0, code, err)
        local lines = {}
        for line in out:gmatch "[^\n]+" do lines[#lines + 1] = line end
        assert.equal(3, #lines)
        assert.matches("^batch +status +pending +completed +error +canceled$", lines[1])
        assert.matches("^kätzchen 1 +in_progress +0 +0 +0 +0$", lines[2])
        assert.matches("^b +in_progress +2 +0 +0 +1$", lines[3])
        assert.equal(utf8.len(lines[1]), utf8.len(lines[2]))
        assert.equal(utf8.len(lines[1]), utf8.len(lines[3]))
    end)

    it("gives JSON on one line; what the answer leaves out is 0", function()
        start_sequence [['{\n"status":"staging",\n"completed":3}']]
        local code, out = status { "b", "a", "b", "--json" }
        assert.equal(0, code)
        assert.matches("^[^\n]+\n$", out)
        assert.same({ failed = 0, batches = {
            { batch = "b", status = "staging", pending = 0, completed = 3, error = 0, canceled = 0 },
            { batch = "a", status = "staging", pending = 0, completed = 3, error = 0, canceled = 0 },
        } }, json.decode(out))
    end)

    it("says which name is unknown, shows the others, and ends with 3", function()
        url = support.sandbox()
        local client = support.client(url)
        client:create_project { project_name = "p", task_type = support.TYPE }
        client:create_batch { project = "p", batch_name = "b" }
        local code, out, err = status { "nope", "b" }
        assert.equal(3, code)
        assert.matches("nope: .*404 not_found", err)
        assert.matches("\nb +in_progress", out)
        code, out = status { "nope", "b", "--json" }
        assert.equal(3, code)
        local summary = json.decode(out)
        assert.equal(1, summary.failed)
        assert.equal("not_found", summary.batches[1].failure.kind)
        assert.equal("b", summary.batches[2].batch)
    end)

    it("ends with 4 for a wrong key, 5 for a server that is not there, 2 for wrong use", function()
        url = support.sandbox()
        local code, _, err = support.scalua({ "status", "b" }, { SCALE_API_URL = url, SCALE_API_KEY = "wrong" })
        assert.equal(4, code)
        assert.matches("401", err)
        assert.equal(4, (support.scalua { "status", "b" }))
        url = "http://127.0.0.1:1"
        assert.equal(5, (status { "b" }))
        assert.equal(2, (status {}))
        assert.equal(2, (status { "b", "--interval", "0" }))
    end)

    it("fails when standard output takes nothing", function()
        start_sequence [['{"status":"staging"}']]
        local code, _, err = support.shell('"$S" status b >/dev/full', { SCALE_API_URL = url, SCALE_API_KEY = "live_key" })
        assert.equal(1, code)
        assert.matches("cannot write standard output", err)
        assert.not_matches("traceback", err)
    end)
end)

describe("status --watch", function()
    it("shows each change until all are completed", function()
        start_sequence [['{"status":"staging"}', '{"status":"in_progress","pending":2}',
            '{"status":"in_progress","pending":2}', '{"status":"completed","completed":2}']]
        local code, out = status { "b", "--watch", "--interval", "0.01" }
        assert.equal(0, code)
        local lines = {}
        for line in out:gmatch "[^\n]+" do lines[#lines + 1] = line end
        assert.equal(4, #lines)
        assert.matches("^%d%d:%d%d:%d%d  b  +in_progress +2 +0 +0 +0$", lines[3])
        assert.matches("^%d%d:%d%d:%d%d  b  +completed +0 +2 +0 +0$", lines[4])
    end)

    it("gives JSON at the end", function()
        start_sequence [['{"status":"in_progress","pending":2}', '{"status":"completed","completed":2}']]
        local code, out = status { "b", "--watch", "--interval", "0.01", "--json" }
        assert.equal(0, code)
        assert.matches("^[^\n]+\n$", out)
        assert.equal("completed", json.decode(out).batches[1].status)
    end)

    it("does not wait for a batch that is not there", function()
        url = support.answering [[
            if request.path:find "nope" then return 404, '{"status_code":404,"error":"Batch not found."}' end
            return 200, count < 4 and '{"status":"in_progress"}' or '{"status":"completed"}' ]]
        local code, out, err = status { "nope", "b", "--watch", "--interval", "0.01" }
        assert.equal(3, code)
        assert.matches("b +completed", out)
        assert.equal(1, select(2, err:gsub("nope:", "")))
    end)

    it("ends with 130 on Ctrl-C", function()
        start_sequence [['{"status":"staging"}']]
        local code = support.interrupt({ "status", "b", "--watch", "--interval", "30" },
            { SCALE_API_URL = url, SCALE_API_KEY = "live_key" }, "grep -q staging .out")
        assert.equal(130, code)
    end)
end)
