-- scalua bulk, and examples/bulk.lua, as processes.

local json = require("scaleapi").json
local support = require "tests.workflow.support"

local TYPE = support.TYPE
local url, client, tasks

local function environment()
    return { SCALE_API_URL = url, SCALE_API_KEY = "live_key" }
end

-- Exit code, summary, standard error.
local function bulk(...)
    local code, out, err = support.scalua({ "bulk", ... }, environment())
    return code, out ~= "" and json.decode(out), err
end

local function start(options)
    url = support.sandbox(options)
    client = support.client(url)
    client:create_project { project_name = "p", task_type = TYPE }
    tasks = {}
    for i = 1, 5 do
        tasks[i] = client:create_task(TYPE,
            { project = "p", text = "x", labels = { { name = "a" } }, unique_id = "u" .. i }).task_id
    end
end

local function field(task_id, name)
    return json.decode(client:get_task(task_id):json())[name]
end

before_each(support.setup)
after_each(support.teardown)

describe("bulk", function()
    it("calls an operation for each line, and once only", function()
        start()
        local lines = {}
        for i, id in ipairs(tasks) do lines[i] = json.encode { task_id = id, tags = { "n" .. i, "ü" } } end
        support.write("tags.jsonl", table.concat(lines, "\n"))
        local code, summary, err = bulk("set_task_tags", "tags.jsonl", "--json")
        assert.equal(0, code, err)
        assert.equal(5, summary.done)
        for i, id in ipairs(tasks) do assert.same({ "n" .. i, "ü" }, field(id, "tags")) end
        code, summary = bulk("set_task_tags", "tags.jsonl", "--json")
        assert.equal(0, code)
        assert.equal(0, summary.done)
        assert.equal(5, summary.skipped)
        assert.equal(0, (bulk("delete_task_tags", "tags.jsonl")))
        assert.same({}, field(tasks[1], "tags"))
    end)

    it("takes CSV, with values as `scalua api` takes them", function()
        start()
        support.write("m.csv", ('task_id,metadata\n%s,"{""a"":1}"\n%s,nonsense\n'):format(tasks[1], tasks[2]))
        local code, summary, err = bulk("set_task_metadata", "m.csv", "--json")
        assert.equal(3, code, err)
        assert.equal(1, summary.done)
        assert.equal(1, summary.failed)
        assert.same({ a = 1 }, field(tasks[1], "metadata"))
        assert.matches("metadata", support.read "m.csv.errors.jsonl")
    end)

    it("writes down lines that failed, to be mended", function()
        start()
        support.write("t.jsonl", ('{"task_id":"%s","tags":["a"]}\n{"task_id":"none","tags":["a"]}\n{"tgs":1}\n[]\n{\n')
            :format(tasks[1]))
        local code, summary, err = bulk("add_task_tags", "t.jsonl", "--json")
        assert.equal(3, code, err)
        assert.equal(4, summary.failed)
        local records = support.records "t.errors.jsonl"
        assert.equal("not_found", records[1].kind)
        for i = 2, 4 do assert.equal("bad_row", records[i].kind) end
        assert.matches("t.failed.jsonl", err)
        support.write("t.failed.jsonl", ('{"task_id":"%s","tags":["b"]}\n'):format(tasks[2]))
        assert.equal(0, (bulk("add_task_tags", "t.failed.jsonl")))
        assert.same({ "b" }, field(tasks[2], "tags"))
    end)

    it("does nothing with --dry-run but read", function()
        start()
        support.write("t.jsonl", ('{"task_id":"%s","tags":["a"]}\n[]\n'):format(tasks[1]))
        local code, _, err = bulk("set_task_tags", "t.jsonl", "--dry-run")
        assert.equal(3, code)
        assert.matches("would be called for 2 rows, 1 of them wrong", err)
        assert.same({}, field(tasks[1], "tags") or {})
        assert.is_nil(support.read "t.jsonl.set_task_tags.journal")
    end)

    it("refuses unknown operations, lists, files that cannot be read", function()
        start()
        support.write("t.jsonl", "{}\n")
        local function refuses(expected, ...)
            local code, _, err = bulk(...)
            assert.equal(2, code)
            assert.matches(expected, err)
            assert.not_matches("traceback", err)
        end
        refuses("did you mean 'set_task_tags'", "set_task_tag", "t.jsonl")
        refuses("is a list", "get_tasks", "t.jsonl")
        refuses("nothing.jsonl", "set_task_tags", "nothing.jsonl")
        refuses("nothing.csv", "set_task_tags", "nothing.csv")
    end)
end)

describe("examples/bulk.lua", function()
    it("tags every task once, also when it is killed", function()
        start "latency = 0.05"
        local lines = { "task_id,reviewer" }
        for i, id in ipairs(tasks) do lines[i + 1] = id .. ",person " .. i end
        support.write("r.csv", table.concat(lines, "\n") .. "\n")
        local file = assert(io.open "examples/bulk.lua")
        support.write("bulk.lua", file:read "a")
        file:close()
        support.shell([["$S" bulk.lua r.csv & until [ -s r.csv.journal ]; do sleep 0.01; done; kill -9 $!]], environment())
        local code, out, err = support.scalua({ "bulk.lua", "r.csv" }, environment())
        assert.equal(0, code, err)
        assert.matches("0 failed", out)
        for i, id in ipairs(tasks) do
            assert.same({ "reviewed" }, field(id, "tags"))
            assert.equal("person " .. i, field(id, "metadata").reviewer)
        end
        out = select(2, support.scalua({ "bulk.lua", "r.csv" }, environment()))
        assert.equal("0 tagged now, 5 before, 0 failed\n", out)
    end)
end)
