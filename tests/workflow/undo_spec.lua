-- scalua undo, as a process.

local scaleapi = require "scaleapi"
local json = scaleapi.json
local support = require "tests.workflow.support"

local TYPE = support.TYPE
local url, client

local function run(command, words)
    table.insert(words, 1, command)
    return support.scalua(words, { SCALE_API_URL = url, SCALE_API_KEY = "live_key" })
end

local function upload(more)
    local words = { "rows.jsonl", "--type", TYPE, "--project", "p", "--json" }
    for _, word in ipairs(more or {}) do words[#words + 1] = word end
    local code, out, err = run("upload", words)
    return code, out ~= "" and json.decode(out), err
end

-- Exit code, summary, standard error.
local function undo(...)
    local code, out, err = run("undo", { "rows.jsonl.journal", "--json", ... })
    return code, out ~= "" and json.decode(out), err
end

local function statuses()
    local counts = {}
    for _, task in ipairs(support.tasks(url, "p")) do counts[task.status] = (counts[task.status] or 0) + 1 end
    return counts
end

local function start(options)
    url = support.sandbox(options)
    client = support.client(url)
    client:create_project { project_name = "p", task_type = TYPE }
end

-- The journal, begun so many seconds earlier.
local function aged(text, seconds)
    return (text:gsub('"begun":([%d.]+)', function(begun) return ('"begun":%.3f'):format(begun - seconds) end))
end

-- What the journal would be, begun so many seconds earlier, had the run been killed before it noted these rows' ends;
-- then the upload goes on.
local function kill_at(rows, seconds)
    local text = aged(support.read "rows.jsonl.journal", seconds)
    for _, row in ipairs(rows) do text = text:gsub("\n[ce] " .. row .. " %x+", "") end
    support.write("rows.jsonl.journal", text)
    local code, summary, err = upload()
    assert.equal(0, code, err)
    assert.equal(#rows, summary.existing)
end

before_each(support.setup)
after_each(support.teardown)

describe("undo", function()
    it("cancels what this run made and nothing else; an upload makes it again", function()
        start()
        support.write("rows.jsonl", support.rows(4))
        assert.equal(0, (upload()))
        os.remove(support.path "rows.jsonl.journal")
        support.write("rows.jsonl", support.rows(10))
        local _, summary = upload()
        assert.equal(4, summary.existing)
        local code, undone, err = undo "--clear-unique-id"
        assert.equal(0, code, err)
        assert.equal(6, undone.canceled)
        assert.matches("cancel 6 tasks, with a live key", err)
        assert.same({ pending = 4, canceled = 6 }, statuses())
        code, summary = upload()
        assert.equal(0, code)
        assert.equal(6, summary.created)
        assert.equal(4, summary.skipped)
        assert.same({ pending = 10, canceled = 6 }, statuses())
        code, undone = undo "--clear-unique-id"
        assert.equal(0, code)
        assert.equal(6, undone.canceled)
        assert.same({ pending = 4, canceled = 12 }, statuses())
        assert.equal(0, select(2, undo()).canceled)
    end)

    it("without --clear-unique-id says what an upload then needs", function()
        start()
        support.write("rows.jsonl", support.rows(3))
        upload()
        local code, undone, err = undo()
        assert.equal(0, code)
        assert.equal(3, undone.canceled)
        assert.matches("scalua undo %-%-clear%-unique%-id rows.jsonl.journal", err)
        local summary
        code, summary, err = upload()
        assert.equal(3, code)
        assert.equal(3, summary.conflict)
        assert.matches("3 tasks were canceled by undo and still hold their unique_ids", err)
    end)

    it("frees unique_ids afterwards", function()
        start()
        support.write("rows.jsonl", support.rows(3))
        upload()
        undo()
        local code, undone, err = undo "--clear-unique-id"
        assert.equal(0, code, err)
        assert.equal(3, undone.freed)
        local summary
        code, summary, err = upload()
        assert.equal(0, code, err)
        assert.equal(3, summary.created)
    end)

    it("leaves alone what is completed, and an upload does not make that again", function()
        start()
        support.write("rows.jsonl", support.rows(3))
        assert.equal(0, (upload()))
        local id = support.tasks(url, "p")[1].task_id
        scaleapi.fetch(url .. "/sandbox/complete", { method = "POST", body = json.encode { names = { id } } })
        assert.equal("completed", client:get_task(id).status)
        local code, undone = undo "--clear-unique-id"
        assert.equal(0, code)
        assert.equal(2, undone.canceled)
        assert.equal(1, undone.left_alone)
        local _, summary = upload()
        assert.equal(2, summary.created)
        assert.equal(1, summary.skipped)
    end)

    it("does nothing with --dry-run, and goes on when it was killed", function()
        start "latency = 0.02"
        support.write("rows.jsonl", support.rows(60))
        upload()
        local code, undone = undo "--dry-run"
        assert.equal(0, code)
        assert.equal(60, undone.canceled)
        assert.same({ pending = 60 }, statuses())
        support.shell([[
            "$S" undo rows.jsonl.journal --clear-unique-id --concurrency 2 >/dev/null 2>&1 &
            until [ "$(grep -c '^u ' rows.jsonl.journal)" -ge 5 ]; do sleep 0.02; done
            kill -9 $!]], { SCALE_API_URL = url, SCALE_API_KEY = "live_key" })
        local before = statuses()
        assert.is_true(before.pending > 0 and before.canceled >= 5)
        code, undone = undo "--clear-unique-id"
        assert.equal(0, code)
        assert.is_true(undone.canceled <= before.pending + 2)
        assert.same({ canceled = 60 }, statuses())
        local summary
        code, summary = upload()
        assert.equal(0, code)
        assert.equal(60, summary.created)
        assert.same({ pending = 60, canceled = 60 }, statuses())
    end)

    it("stops on a full disk, says so, and goes on later", function()
        start()
        support.write("rows.jsonl", support.rows(400))
        assert.equal(0, (upload()))
        local blocks = #support.read "rows.jsonl.journal" // 512 + 1
        local code, out, err = support.shell(("ulimit -f %d; exec \"$S\" undo rows.jsonl.journal --json --concurrency 4"):
            format(blocks), { SCALE_API_URL = url, SCALE_API_KEY = "live_key" })
        assert.equal(1, code, err)
        assert.matches("stopped: cannot write rows.jsonl.journal: ", err)
        assert.matches("run the same command again", err)
        assert.is_true(json.decode(out).canceled < 100, out)
        assert.equal(json.decode(out).canceled, statuses().canceled)
        code, out, err = undo()
        assert.equal(0, code, err)
        assert.same({ canceled = 400 }, statuses())
        assert.equal(0, out.left_alone)
    end)

    it("is right on a bad network", function()
        start "fail_rate = 0.05, lost_answer_rate = 0.1, drop_rate = 0.05, seed = 3, quiet = true"
        support.write("rows.jsonl", support.rows(60))
        upload()
        local code, _, err = undo "--clear-unique-id"
        assert.equal(0, code, err)
        assert.same({ canceled = 60 }, statuses())
        local summary
        code, summary, err = upload()
        assert.equal(0, code, err)
        assert.equal(60, summary.created + summary.existing)
        assert.same({ pending = 60, canceled = 60 }, statuses())
    end)

    it("says what it cannot know, cancels a task that the run made before it was killed", function()
        start()
        support.write("rows.jsonl", support.rows(4))
        upload()
        local text = support.read "rows.jsonl.journal"
        support.write("rows.jsonl.journal", aged(text, 60):gsub("\nc 3 %x+", ""))
        local code, undone, err = undo("--dry-run")
        assert.equal(3, code)
        assert.equal(1, undone.unknown)
        assert.matches("1 row was under way.*upload again", err)
        upload()
        code, undone = undo "--clear-unique-id"
        assert.equal(0, code)
        assert.equal(4, undone.canceled)
    end)

    it("refuses another server or key, and what is no journal", function()
        start()
        support.write("rows.jsonl", support.rows(1))
        upload()
        local words = { "undo", "rows.jsonl.journal" }
        local code, _, err = support.scalua(words, { SCALE_API_URL = url, SCALE_API_KEY = "live_other" })
        assert.equal(2, code)
        assert.matches("key was '%x+' and is '%x+' now", err)
        code, _, err = support.scalua(words, { SCALE_API_URL = "http://127.0.0.1:1", SCALE_API_KEY = "live_key" })
        assert.equal(2, code)
        assert.matches("server was", err)
        code, _, err = run("undo", { "rows.jsonl" })
        assert.equal(2, code)
        assert.matches("is not a journal", err)
        code, _, err = run("undo", { "nothing.journal" })
        assert.equal(2, code)
        assert.matches("nothing.journal", err)
        assert.same({ pending = 1 }, statuses())
    end)
end)

describe("undo of rows that a killed run had begun", function()
    local CLOCK = "clock = function() return math.floor(require('scaleapi.sys').time() * 1000) + %d end"

    -- The sandbox at `url` behind a server that changes its answers by this Lua text.
    local function stand_before(text)
        url = support.serve(([[
            local scaleapi = require "scaleapi"
            local server = require("scaleapi.server").listen { port = 0, handler = function(request)
                local answer = scaleapi.fetch("%s" .. request.path .. (request.query and "?" .. request.query or ""), {
                    method = request.method, body = request.method ~= "GET" and request.body or nil,
                    headers = { Authorization = request.headers.authorization, ["Content-Type"] = "application/json" } })
                local body, headers = answer.body, { ["Content-Type"] = "application/json" }
                %s
                return { status = answer.status, body = body, headers = headers }
            end }
            print(server.url)
            io.stdout:flush()
            while true do scaleapi.sleep(3600) end]]):format(url, text))
    end

    for _, hours in ipairs { 0, 5, -5 } do
        it(("cancels what the run made, not what it found, with a server's clock %d h off"):format(hours), function()
            start(CLOCK:format(hours * 3600000))
            support.write("rows.jsonl", support.rows(2))
            assert.equal(0, (upload()))
            os.remove(support.path "rows.jsonl.journal")
            scaleapi.fetch(url .. "/sandbox/clock", { method = "POST", body = '{"advance":3600}' })
            support.write("rows.jsonl", support.rows(4))
            assert.equal(0, (upload()))
            kill_at({ 1, 3 }, 60)
            local code, undone, err = undo "--dry-run"
            assert.same({ 0, 2, 1 }, { code, undone.canceled, undone.left_alone }, err)
            assert.same({ pending = 4 }, statuses())
            code, undone, err = undo()
            assert.same({ 0, 2, 1 }, { code, undone.canceled, undone.left_alone }, err)
            assert.is_nil(undone.unsure)
            assert.matches("cancel 1 task and 2 that may be of this upload, with a live key", err)
            for i, task in ipairs(support.tasks(url, "p")) do
                assert.equal(i <= 2 and "pending" or "canceled", task.status)
            end
            assert.equal(0, select(2, undo()).left_alone)
            assert.not_matches("\n[cme] %d\n", support.read "rows.jsonl.journal") -- each says which task it is
        end)
    end

    -- Row 3 stays, and is named, until it is said that it is to go.
    local function leaves_row_3(why)
        local id = support.read("rows.jsonl.journal"):match "\nm 3 (%x+)"
        for _, option in ipairs { "--dry-run", "--clear-unique-id" } do
            local code, undone, err = undo(option)
            assert.same({ 3, 3, 1, 0 }, { code, undone.canceled, undone.unsure, undone.left_alone }, err)
            assert.matches(("task %s of row 3 stays: %s"):format(id, why), err)
            assert.matches("1 task this upload may have made, or somebody before it, and it stays; to cancel it too: "
                .. "scalua undo %-%-include%-unsure", err)
        end
        assert.equal("pending", client:get_task(id).status)
        local code, undone, err = undo "--include-unsure"
        assert.same({ 0, 1 }, { code, undone.canceled }, err)
        assert.same({ canceled = 4 }, statuses())
    end

    it("spares what was made at about the time when it began", function()
        start(CLOCK:format(5 * 3600000))
        support.write("rows.jsonl", support.rows(4))
        assert.equal(0, (upload()))
        kill_at({ 3 }, 0)
        leaves_row_3 "it was made at about the time when the upload began"
    end)

    it("spares it when the server tells no time", function()
        start()
        stand_before 'headers.Date = "soon"'
        support.write("rows.jsonl", support.rows(4))
        assert.equal(0, (upload()))
        kill_at({ 3 }, 60)
        leaves_row_3 "nothing tells how late it was for the server when the upload began"
    end)

    it("spares it when our clock was set back since", function()
        start()
        support.write("rows.jsonl", support.rows(4))
        assert.equal(0, (upload()))
        kill_at({ 3 }, -3600)
        leaves_row_3 "nothing tells how late it was for the server when the upload began"
    end)

    it("spares it when the time of a task is not one of UTC", function()
        start()
        stand_before [=[body = body:gsub('("created_at":"[^"]-)Z"', '%1+02:00"')]=]
        support.write("rows.jsonl", support.rows(4))
        assert.equal(0, (upload()))
        kill_at({ 3 }, 60)
        leaves_row_3 "the server does not say when, in UTC, it was made"
    end)

    it("does not cancel a task of somebody else that an unclear outcome found", function()
        start()
        support.write("rows.jsonl", support.rows(4))
        assert.equal(0, (upload()))
        os.remove(support.path "rows.jsonl.journal")
        scaleapi.fetch(url .. "/sandbox/clock", { method = "POST", body = '{"advance":3600}' })
        support.write("rows.jsonl", support.rows(6))
        scaleapi.fetch(url .. "/sandbox/faults", { method = "PUT", body = json.encode {
            targets = { { match = "POST /v1/task/{type}", status = 500, times = 6 } } } })
        local code, summary, err = upload()
        assert.same({ 0, 4, 2 }, { code, summary.existing, summary.created }, err)
        assert.is_true(summary.retries >= 6)
        code, summary = undo()
        assert.same({ 0, 2 }, { code, summary.canceled })
        assert.same({ pending = 4, canceled = 2 }, statuses())
    end)
end)
