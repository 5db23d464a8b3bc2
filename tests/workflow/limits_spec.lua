-- How long commands may take: --timeout, --give-up-after, --deadline, and Ctrl-C while nothing comes through.

local scaleapi = require "scaleapi"
local support = dofile "tests/workflow/support.lua"

local json = scaleapi.json
local TYPE = support.TYPE

-- The handler's body of a server that has the project and stores tasks by their unique_ids, in a file for each; after
-- so many of them it does what `then_do` says. `begun` is there once a row has come.
local function storing(first, then_do)
    return ([[
        if request.method == "GET" then return 200, '{"name":"p"}' end
        io.open("begun", "w"):close()
        state.posts = (state.posts or 0) + 1
        if state.posts > %d then %s end
        require("scaleapi").sleep(0.02)
        return 200, '{"task_id":"t' .. state.posts .. '"}']]):format(first, then_do)
end

local SILENT = 'io.open("silent", "w"):close() require("scaleapi").sleep(3600)'
local AWAY = [[return 503, '{"status_code":503,"error":"away"}']]

describe("a command", function()
    local url

    before_each(support.setup)
    after_each(support.teardown)

    local function environment()
        return { SCALE_API_URL = url, SCALE_API_KEY = "live_key" }
    end

    local function words(more)
        local list = { "upload", "rows.jsonl", "--type", TYPE, "--project", "p", "--json" }
        for _, word in ipairs(more or {}) do list[#list + 1] = word end
        return list
    end

    -- Runs it and says how long it took. Returns exit code, what it said, its summary (nil when there is none).
    local function timed(list)
        local began = scaleapi.now()
        local code, out, err = support.scalua(list, environment())
        local summary = out ~= "" and json.decode(out) or nil
        return code, scaleapi.now() - began, err, summary
    end

    local function assert_took(seconds, took)
        assert.is_true(took >= seconds and took < seconds + 1, took)
    end

    -- The same upload to a server that works makes all that the other may not have made, and each once.
    local function assert_goes_on(count, done_before)
        url = support.sandbox "quiet = true"
        -- It is the same server for the journal: what is written down names it.
        local text = assert(support.read "rows.jsonl.journal")
        support.write("rows.jsonl.journal", (text:gsub("http://127%.0%.0%.1:%d+", url)))
        local code, _, err, summary = timed(words { "--create-project" })
        assert.equal(0, code, err)
        assert.equal(count, summary.total)
        assert.equal(done_before, summary.skipped)
        assert.equal(count - done_before, summary.created)
        assert.equal(count - done_before, #support.tasks(url, "p"))
    end

    describe("with --give-up-after", function()
        it("ends in time when the server never answers a row", function()
            url = support.answering(storing(0, SILENT))
            support.write("rows.jsonl", support.rows(100))
            local code, took, err, summary = timed(words { "--give-up-after", "1.5" })
            assert.equal(5, code, err)
            assert_took(1.5, took)
            assert.matches("given up, since nothing has succeeded for 1.5 s; the last failure: no answer", err, 1, true)
            assert.matches("run the same command again to go on", err, 1, true)
            assert.same({ 0, 0 }, { summary.created, summary.failed })
            assert.is_nil(support.read "rows.failed.jsonl")
            assert_goes_on(100, 0)
        end)

        it("ends in time when the server answers nothing at all", function()
            url = support.answering 'require("scaleapi").sleep(3600)'
            support.write("rows.jsonl", support.rows(100))
            local code, took, err = timed(words { "--give-up-after", "1.5" })
            assert.equal(5, code, err)
            assert_took(1.5, took)
            assert.matches("; the same command can be run again later\n$", err)
            assert_goes_on(100, 0)
        end)

        it("counts from the last success when the server falls silent", function()
            url = support.answering(storing(40, SILENT))
            support.write("rows.jsonl", support.rows(100))
            local code, took, err, summary = timed(words { "--give-up-after", "1.5" })
            assert.equal(5, code, err)
            assert_took(1.5, took)
            assert.equal(40, summary.created)
            assert_goes_on(100, 40)
        end)

        it("does not give up a server whose every answer takes most of that time", function()
            url = support.answering [[
                if request.method == "GET" then return 200, '{"name":"p"}' end
                require("scaleapi").sleep(0.8)
                return 200, '{"task_id":"t' .. count .. '"}']]
            support.write("rows.jsonl", support.rows(4))
            local code, took, err, summary = timed(words { "--give-up-after", "1.3", "--concurrency", "1" })
            assert.equal(0, code, err)
            assert.is_true(took > 3.2)
            assert.equal(4, summary.created)
        end)

        it("ends in time when the server is away, and its attempts with --timeout", function()
            url = support.answering 'require("scaleapi").sleep(3600)'
            for _, list in ipairs { { "status", "b" }, { "finalize", "b", "--yes" }, { "cancel", "--batch", "b", "--yes" },
                { "export", "--project", "p" }, { "bulk", "get_task", "ids.jsonl", "--yes" } } do
                support.write("ids.jsonl", '{"task_id":"1"}\n')
                list[#list + 1] = "--give-up-after=0.7"
                list[#list + 1] = "--timeout=0.1"
                local code, took, err = timed(list)
                assert.equal(5, code, list[1] .. err)
                assert.is_true(took < 1.7, list[1] .. took)
                -- The last one has what is left of the time.
                assert.is_true(tonumber(err:match "timed out after (%d+) milliseconds") < 400, err)
            end
        end)
    end)

    describe("with --deadline", function()
        it("breaks off what is in flight, writes down the rest, and can be gone on with", function()
            url = support.answering(storing(40, SILENT))
            support.write("rows.jsonl", support.rows(100))
            local code, took, err, summary = timed(words { "--deadline", "1.5" })
            assert.equal(5, code, err)
            assert_took(1.5, took)
            assert.matches("stopped: the time of 1.5 s (--deadline) is over", err, 1, true)
            assert.matches("run the same command again to go on", err, 1, true)
            assert.same({ 40, 0 }, { summary.created, summary.failed })
            assert.is_true(summary.left > 0)
            assert_goes_on(100, 40)
        end)

        it("ends in time also before the first row and where nothing is bulk work", function()
            url = support.answering 'require("scaleapi").sleep(3600)'
            support.write("rows.jsonl", support.rows(3))
            support.write("ids.jsonl", '{"task_id":"1"}\n')
            for _, list in ipairs { words(), { "status", "b", "--watch" }, { "finalize", "b", "--yes" },
                { "finalize", "b", "--yes", "--expect", "3" }, { "cancel", "--batch", "b", "--yes" },
                { "export", "--project", "p", "-o", "out.jsonl" }, { "bulk", "get_task", "ids.jsonl", "--yes" } } do
                list[#list + 1] = "--deadline=0.5"
                local code, took, err = timed(list)
                assert.equal(5, code, list[1] .. err)
                assert_took(0.5, took)
                assert.matches("the time of 0.5 s (--deadline) is over", err, 1, true)
                assert.not_matches("traceback", err)
            end
            assert.is_nil(support.read "out.jsonl")
        end)

        it("ends a watch with what it saw last", function()
            url = support.answering [[return 200, '{"status":"in_progress","pending":2}']]
            local code, took, _, summary = timed { "status", "b", "--watch", "--json", "--deadline", "1" }
            assert.equal(5, code)
            assert_took(1, took)
            assert.equal(2, summary.batches[1].pending)
        end)

        it("is no hindrance to what is done before", function()
            url = support.sandbox "quiet = true"
            support.write("rows.jsonl", support.rows(20))
            local code, _, err, summary = timed(words { "--create-project", "--deadline", "100" })
            assert.equal(0, code, err)
            assert.equal(20, summary.created)
        end)
    end)

    it("takes no other limits than seconds", function()
        for _, option in ipairs { "--timeout", "--give-up-after", "--deadline" } do
            for _, wrong in ipairs { "0", "-1", "x", "", "nan", "1e9", "0.0001" } do
                local code, _, err = timed(words { option .. "=" .. wrong })
                assert.equal(2, code)
                assert.matches("'" .. wrong .. "' is not a number of seconds", err, 1, true)
            end
        end
    end)

    it("says in its help what they mean", function()
        for _, name in ipairs { "upload", "bulk", "cancel", "undo", "finalize", "export", "status" } do
            local _, out = support.scalua { name, "--help" }
            for _, option in ipairs { "--timeout S", "--give-up-after S", "--deadline S" } do
                assert.matches(option, out, 1, true)
            end
        end
    end)

    describe("on Ctrl-C", function()
        local function interrupted(condition, times)
            local began = scaleapi.now()
            local script = condition .. " && sleep 0.5 && date +%s.%N >at"
            local code, out, err = support.interrupt(words(), environment(), script, times)
            return code, scaleapi.now() - began, err, json.decode(out)
        end

        it("does not wait for the rows that wait for a server that is away", function()
            url = support.answering(storing(10, AWAY))
            support.write("rows.jsonl", support.rows(100))
            local code, _, err, summary = interrupted("[ -f begun ]", 1)
            local ended = support.shell "date +%s.%N >now" and tonumber(support.read "now")
            assert.equal(130, code, err)
            assert.is_true(ended - tonumber(support.read "at") < 1.3)
            assert.same({ 10, 0 }, { summary.created, summary.failed })
            assert_goes_on(100, 10)
        end)

        it("finishes what is in flight and sends nothing more", function()
            url = support.answering [[
                if request.method == "GET" then return 200, '{"name":"p"}' end
                io.open("begun", "w"):close()
                require("scaleapi").sleep(2)
                return 200, '{"task_id":"t' .. count .. '"}']]
            support.write("rows.jsonl", support.rows(100))
            local code, _, err, summary = interrupted("[ -f begun ]", 1)
            assert.equal(130, code, err)
            assert.equal(16, summary.created)
            assert_goes_on(100, 16)
        end)

        it("breaks off what is in flight at the second one", function()
            url = support.answering(storing(10, SILENT))
            support.write("rows.jsonl", support.rows(100))
            local code, took, err, summary = interrupted("[ -f silent ]", 2)
            assert.equal(130, code, err)
            assert.is_true(took < 4, took)
            assert.equal(10, summary.created)
            assert_goes_on(100, 10)
        end)
    end)
end)
