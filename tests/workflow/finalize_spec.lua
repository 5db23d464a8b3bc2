-- scalua finalize, as a process.

local scaleapi = require "scaleapi"
local json = scaleapi.json
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

    -- A server with a batch, whose count of tasks is behind until it was asked so many times.
    local function lag(times, behind, caught_up)
        url = support.answering(([[
            if request.path == "/v1/tasks" then
                if request.query:find "status=canceled" then return 200, '{"docs":[],"total":0}' end
                state.asked = (state.asked or 0) + 1
                return 200, ('{"docs":[],"total":%%d}'):format(state.asked > %d and %d or %d)
            end
            if request.method == "POST" and request.path:find "^/v1/task/" then
                state.made = (state.made or 0) + 1
                return 200, ('{"task_id":"t%%d"}'):format(state.made)
            end
            if request.path:find "/finalize$" then state.status = "in_progress" end
            if request.path:find "^/v1/projects" then return 200, '{"name":"p","type":"%s"}' end
            return 200, ('{"name":"b","project":"p","status":"%%s"}'):format(state.status or "staging")]]):format(
            times, caught_up, behind, support.TYPE))
    end

    local function batch_status()
        return support.client(url):get_batch("b").status
    end

    it("--expect waits some seconds for a count that lags", function()
        for _, behind in ipairs { 1, 5 } do -- what was made, or what was canceled, does not show yet
            lag(2, behind, 3)
            local code, _, err = finalize { "b", "--expect", "3" }
            assert.equal(0, code, err)
            assert.matches(("batch 'b' has %d tasks? so far where 3 are expected; counting again"):format(behind), err)
            assert.matches("b: finalized", err)
            assert.equal("in_progress", batch_status())
        end
    end)

    it("--expect says at once that there is no such batch", function()
        start()
        local code, out, err = finalize { "nope", "--expect", "3" }
        assert.equal(3, code)
        assert.equal("", out)
        assert.equal("finalize: nope: get_batch: 404 not_found: Batch with that name not found.\n", err)
    end)

    it("--expect does not wait for ever", function()
        lag(100, 2, 3)
        local begun = scaleapi.now()
        local code, _, err = finalize { "b", "--expect", "3" }
        assert.equal(3, code)
        assert.matches("batch 'b' has 2 tasks where 3 are expected; it is not finalized", err)
        assert.equal("staging", batch_status())
        local waited = scaleapi.now() - begun
        assert.is_true(waited > 7 and waited < 20, tostring(waited))
    end)

    it("by upload --finalize waits likewise, and takes more for enough at once", function()
        lag(2, 1, 3)
        support.write("rows.jsonl", support.rows(3))
        local words = { "upload", "rows.jsonl", "--type", support.TYPE, "--project", "p", "--batch", "b", "--finalize" }
        local environment = { SCALE_API_URL = url, SCALE_API_KEY = "live_key" }
        local code, _, err = support.scalua(words, environment)
        assert.equal(0, code, err)
        assert.matches("has 1 task so far where 3 are expected; counting again", err)
        assert.equal("in_progress", batch_status())
        lag(2, 5, 3)
        environment.SCALE_API_URL = url
        words[#words + 1] = "--fresh"
        code, _, err = support.scalua(words, environment)
        assert.equal(0, code, err)
        assert.matches("batch 'b' has 5 tasks, 3 of them of this file", err)
        assert.not_matches("counting again", err)
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
