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
        assert.matches("metadata", support.read "m.csv.set_task_metadata.errors.jsonl")
    end)

    it("writes down what failed of a CSV as it was understood, to be fed back", function()
        start()
        local list = '"[{""name"":""a""}]"'
        support.write("c.csv", "task_type,project,text,labels:,unique_id,priority,metadata\n"
            .. ("%s,none,x,%s,new,10,\n%s,p,,%s,other,,nonsense\n"):format(TYPE, list, TYPE, list))
        local code, summary, err = bulk("create_task", "c.csv", "--json")
        assert.same({ 3, 2 }, { code, summary.failed }, err)
        local failed = support.read "c.csv.create_task.failed.jsonl"
        local rows = support.records "c.csv.create_task.failed.jsonl"
        assert.same({ project = "none", task_type = TYPE, text = "x", labels = { { name = "a" } }, unique_id = "new",
            priority = 10 }, rows[1])
        assert.same({ "nonsense", { { name = "a" } } }, { rows[2].metadata, rows[2].labels })
        support.write("c.csv.create_task.failed.jsonl", (failed:match "[^\n]+":gsub('"none"', '"p"')))
        code, summary = bulk("create_task", "c.csv.create_task.failed.jsonl", "--json")
        assert.same({ 0, 1 }, { code, summary.done }, support.read "c.csv.create_task.errors.2.jsonl")
        support.write("t.csv", ('task_id,tags\nnone,"[""a""]"\n%s,"[""a"", ""b""]"\n'):format(tasks[1]))
        code, summary, err = bulk("set_task_tags", "t.csv", "--json")
        assert.same({ 3, 1 }, { code, summary.done }, err)
        assert.same({ "a", "b" }, field(tasks[1], "tags"))
        assert.same({ { tags = { "a" }, task_id = "none" } }, support.records "t.csv.set_task_tags.failed.jsonl")
    end)

    it("takes no column twice, nor what is not UTF-8", function()
        start()
        support.write("t.csv", "task_id,unique_id,unique_id:\nx,a,7\n")
        local code, _, err = bulk("update_task_unique_id", "t.csv", "--json")
        assert.equal(3, code, err)
        assert.matches("unique_id of update_task_unique_id was given twice",
            support.read "t.csv.update_task_unique_id.errors.jsonl")
        support.write("u.csv", "task_id,unique_id\nx,\xff\n")
        code, _, err = bulk("update_task_unique_id", "u.csv", "--json")
        assert.equal(3, code, err)
        assert.matches("not UTF%-8", support.read "u.csv.update_task_unique_id.errors.jsonl")
    end)

    it("keeps what failed of one operation when another works on the same file", function()
        start()
        support.write("t.jsonl", '{"task_id":"none","tags":["a"]}\n')
        assert.equal(3, (bulk("add_task_tags", "t.jsonl")))
        assert.equal(3, (bulk("delete_task_tags", "t.jsonl")))
        for _, name in ipairs { "add_task_tags", "delete_task_tags" } do
            assert.equal(1, #support.records("t." .. name .. ".failed.jsonl"))
        end
        assert.equal(3, (bulk("add_task_tags", "t.add_task_tags.failed.jsonl")))
        assert.equal(1, #support.records "t.add_task_tags.failed.2.jsonl")
    end)

    it("writes down lines that failed, to be mended", function()
        start()
        support.write("t.jsonl", ('{"task_id":"%s","tags":["a"]}\n{"task_id":"none","tags":["a"]}\n{"tgs":1}\n[]\n{\n')
            :format(tasks[1]))
        local code, summary, err = bulk("add_task_tags", "t.jsonl", "--json")
        assert.equal(3, code, err)
        assert.equal(4, summary.failed)
        local records = support.records "t.add_task_tags.errors.jsonl"
        assert.equal("not_found", records[1].kind)
        for i = 2, 4 do assert.equal("bad_row", records[i].kind) end
        assert.matches("t.add_task_tags.failed.jsonl", err)
        support.write("t.add_task_tags.failed.jsonl", ('{"task_id":"%s","tags":["b"]}\n'):format(tasks[2]))
        assert.equal(0, (bulk("add_task_tags", "t.add_task_tags.failed.jsonl")))
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
        support.shell([["$S" bulk.lua r.csv & until [ -s r.csv.journal ]; do sleep 0.01; done; kill -9 $!; wait $!]], environment())
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
