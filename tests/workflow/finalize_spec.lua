-- scalua finalize, as a process.

local json = require("scaleapi").json
local support = require "tests.workflow.support"

local url, client

-- Runs finalize with these words on the server at `url`.
local function finalize(words)
    table.insert(words, 1, "finalize")
    return support.scalua(words, { SCALE_API_URL = url, SCALE_API_KEY = "live_key" })
end

local function status_of(batch)
    return client:get_batch(batch).status
end

-- A sandbox with the staging batches b1 and "b 2/ü".
local function start()
    url = support.sandbox()
    client = support.client(url)
    client:create_project { project_name = "p", task_type = support.TYPE, rapid = true }
    client:create_batch { project = "p", batch_name = "b1" }
    client:create_batch { project = "p", batch_name = "b 2/ü" }
end

before_each(support.setup)
after_each(support.teardown)

describe("finalize", function()
    it("finalizes all batches that it is given", function()
        start()
        local code, out, err = finalize { "b1", "b 2/ü", "b1" }
        assert.equal(0, code, err)
        assert.equal("", out)
        assert.matches("finalize 2 batches, with a live key\n", err)
        assert.matches("b1: finalized, in_progress\n", err)
        assert.equal("in_progress", status_of "b1")
        assert.equal("in_progress", status_of "b 2/ü")
    end)

    it("takes one that was finalized before for done", function()
        start()
        finalize { "b1" }
        local code, out = finalize { "b1", "b 2/ü", "--json" }
        assert.equal(0, code)
        local summary = json.decode(out)
        assert.same({
            { batch = "b1", outcome = "finalized before", status = "in_progress" },
            { batch = "b 2/ü", outcome = "finalized", status = "in_progress" },
        }, summary.batches)
        assert.equal(0, summary.failed)
    end)

    it("says which name is unknown, finalizes the others, and ends with 3", function()
        start()
        local code, out, err = finalize { "nope", "b1", "--json" }
        assert.equal(3, code)
        assert.matches("nope: .*404 not_found", err)
        local summary = json.decode(out)
        assert.equal(1, summary.failed)
        assert.equal("not_found", summary.batches[1].failure.kind)
        assert.equal("in_progress", status_of "b1")
    end)

    it("changes nothing with --dry-run", function()
        start()
        local code, _, err = finalize { "b1", "--dry-run" }
        assert.equal(0, code)
        assert.matches("b1: to be finalized, staging", err)
        assert.equal("staging", status_of "b1")
    end)

    it("reports a refusal that is no repetition", function()
        url = support.answering [[
            if request.method == "GET" then return 200, '{"name":"b","status":"staging"}' end
            return 400, '{"status_code":400,"error":"Not yet."}']]
        local code, _, err = finalize { "b" }
        assert.equal(3, code)
        assert.matches("b: .*Not yet", err)
    end)

    it("does without the fields that a server may leave out", function()
        url = support.answering [[ return 200, '{"name":"b"}' ]]
        local code, out = finalize { "b", "--json" }
        assert.equal(0, code)
        assert.equal("finalized", json.decode(out).batches[1].outcome)
    end)

    it("ends with 4 for a wrong key, 5 for a server that is not there, 2 for wrong use", function()
        start()
        local code, _, err = support.scalua({ "finalize", "b1" }, { SCALE_API_URL = url, SCALE_API_KEY = "wrong" })
        assert.equal(4, code)
        assert.matches("401", err)
        assert.equal(4, (support.scalua { "finalize", "b1" }))
        assert.equal("staging", status_of "b1")
        url = "http://127.0.0.1:1"
        assert.equal(5, (finalize { "b1" }))
        assert.equal(2, (finalize {}))
        assert.equal(2, (finalize { "b1", "--no-such" }))
        assert.equal(2, (finalize { "" }))
    end)

    it("asks on a terminal, and does nothing without a yes", function()
        start()
        local environment = { SCALE_API_URL = url, SCALE_API_KEY = "live_key" }
        local ask = [[printf '%s\n' | script -qec '"$S" finalize b1' /dev/null]]
        local code, out = support.shell(ask:format("n", "%s"), environment)
        assert.equal(1, code)
        assert.matches("finalize 1 batch, with a live key%? %[y/N%]", out)
        assert.equal("staging", status_of "b1")
        code = support.shell(ask:format "y", environment)
        assert.equal(0, code)
        assert.equal("in_progress", status_of "b1")
    end)
end)
