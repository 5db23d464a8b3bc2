-- release only
-- --shard of scalua upload and bulk: one file, several processes that do not speak to each other.

local json = require("scaleapi").json
local shard = require "scripts.lib.shard"
local support = require "tests.workflow.support"

local TYPE = support.TYPE
local url

local function environment(more)
    local all = { SCALE_API_URL = url, SCALE_API_KEY = "live_key" }
    for name, value in pairs(more or {}) do all[name] = value end
    return all
end

-- Exit code, summary, standard error.
local function upload(more, variables, file)
    local words = { "upload", file or "rows.jsonl", "--type", TYPE, "--project", "p", "--json" }
    for _, word in ipairs(more or {}) do words[#words + 1] = word end
    local code, out, err = support.scalua(words, environment(variables))
    return code, out ~= "" and json.decode(out) or nil, err
end

local function start(options)
    url = support.sandbox(options)
    support.client(url):create_project { project_name = "p", task_type = TYPE }
end

local function count_tasks()
    return support.count_tasks(url, "p")
end

-- What `--shard TEXT` means in such an environment: "2/4"; or why it means nothing.
local function told(text, variables)
    local ok, part = pcall(shard.of, text, function(name) return variables[name] end)
    return ok and part.text or part.message
end

describe("--shard auto", function()
    local function slurm(id, least, most, count, step)
        return { SLURM_ARRAY_TASK_ID = id, SLURM_ARRAY_TASK_MIN = least, SLURM_ARRAY_TASK_MAX = most,
                 SLURM_ARRAY_TASK_COUNT = count, SLURM_ARRAY_TASK_STEP = step }
    end

    it("goes by a Slurm array, wherever its numbers begin and whatever their step", function()
        assert.equal("1/8", told("auto", slurm("1", "1", "8", "8")))
        assert.equal("8/8", told("auto/8", slurm("7", "0", "7", "8", "1")))
        assert.equal("3/4", told("auto", slurm("9", "5", "11", "4", "2")))
        assert.equal("1/1", told("auto", slurm("5", "5", "5", "1")))
        for _, wrong in ipairs { slurm("7", "1", "7", "3"), slurm("9", "1", "8", "8"), slurm("2", "1", "7", "4", "2"),
            slurm("1", "1", "8", "8", "0") } do
            assert.matches("numbers of the Slurm array leave some out", told("auto", wrong))
        end
        assert.matches("SLURM_ARRAY_TASK_COUNT is not set", told("auto", slurm("1", "1", "8")))
        assert.matches("SLURM_ARRAY_TASK_ID is 'x', not a whole number", told("auto", slurm("x", "1", "8", "8")))
        assert.equal("--shard auto/4: Slurm says that there are 8", told("auto/4", slurm("1", "1", "8", "8")))
    end)

    it("goes by Kubernetes and GNU parallel, when it is told how many there are", function()
        assert.equal("1/3", told("auto/3", { JOB_COMPLETION_INDEX = "0" }))
        assert.equal("3/3", told("auto/3", { JOB_COMPLETION_INDEX = "2" }))
        assert.equal("3/3", told("auto/3", { PARALLEL_SEQ = "3" }))
        assert.equal("--shard auto: by Kubernetes this is number 4 of 3", told("auto/3", { JOB_COMPLETION_INDEX = "3" }))
        assert.matches("by GNU parallel this is number 0 of 3", told("auto/3", { PARALLEL_SEQ = "0" }))
        assert.matches("Kubernetes does not say how many there are; give %-%-shard auto/N", told("auto", { JOB_COMPLETION_INDEX = "0" }))
        assert.matches("GNU parallel does not say how many", told("auto", { PARALLEL_SEQ = "1" }))
    end)

    it("guesses nothing", function()
        assert.matches("no scheduler says which one this is", told("auto", {}))
        assert.matches("no scheduler says which one this is", told("auto/4", {}))
        assert.matches("both Slurm and GNU parallel say which one", told("auto/4", { PARALLEL_SEQ = "1", SLURM_ARRAY_TASK_ID = "1" }))
        assert.equal("2/4", told("2/4", { PARALLEL_SEQ = "1", SLURM_ARRAY_TASK_ID = "x" }))
    end)
end)

describe("upload --shard", function()
    before_each(support.setup)
    after_each(support.teardown)

    it("makes each task once, by whichever parts, with a journal and a file of failures for each", function()
        start()
        support.write("rows.jsonl", support.rows(60) .. '{"a":1}\n{"b":1}\n{"c":1}\n{"d":1}\n[]\n')
        local created, failed = 0, 0
        for i = 1, 3 do
            local code, summary, err = upload { "--shard", i .. "/3" }
            local count = summary.created + summary.failed
            assert.matches(("shard %d/3: %d of 65 rows\n"):format(i, count), err)
            assert.same({ ("%d/3"):format(i), count, summary.failed > 0 and 3 or 0 }, { summary.shard, summary.total, code })
            assert.is_true(summary.created > 5 and summary.created < 40)
            created, failed = created + summary.created, failed + summary.failed
            assert.is_string(support.read(("rows.jsonl.shard-%d-of-3.journal"):format(i)))
            local left = support.records(("rows.shard-%d-of-3.errors.jsonl"):format(i))
            assert.equal(summary.failed, left and #left or 0)
        end
        assert.same({ 60, 5, 60 }, { created, failed, count_tasks() })
        local _, summary = upload { "--shard", "2/3" }
        assert.equal(0, summary.created)
        assert.is_true(summary.skipped > 5)
    end)

    it("makes the same tasks as without", function()
        start()
        support.write("rows.jsonl", support.rows(30) .. support.rows(1))
        for i = 1, 2 do assert.equal(0, (upload { "--shard", i .. "/2", "--allow-equal-rows" })) end
        local code, summary = upload { "--fresh", "--allow-equal-rows" }
        assert.same({ 0, 31, 0 }, { code, summary.existing, summary.created })
    end)

    it("is another way to split only with --fresh", function()
        start()
        support.write("rows.jsonl", support.rows(20))
        assert.equal(0, (upload { "--shard", "1/2" }))
        for _, words in ipairs { { "--shard", "1/3" }, {} } do
            local code, _, err = upload(words)
            assert.equal(2, code)
            assert.matches("rows.jsonl was begun in 2 shards %(rows.jsonl.shard%-1%-of%-2.journal%); go on so, or begin anew in "
                .. (words[1] and "3 shards" or "one piece") .. " with %-%-fresh", err)
        end
        local code, summary = upload { "--fresh" }
        assert.same({ 0, 20 }, { code, summary.created + summary.existing })
        code = upload { "--shard", "2/2" }
        assert.equal(2, code)
        assert.equal(20, count_tasks())
    end)

    it("takes tables, and parts without any row", function()
        start()
        support.write("t.csv", "text\none\ntwo\n")
        support.write("t.json", '{"text":"{text}","labels":[{"name":"a"}]}')
        local total = 0
        for i = 1, 5 do
            local code, summary, err = upload({ "--shard", i .. "/5", "--template", "t.json" }, nil, "t.csv")
            assert.equal(0, code, err)
            total = total + summary.total
        end
        assert.same({ 2, 2 }, { total, count_tasks() })
    end)

    it("is left to the option: what a scheduler says changes nothing without", function()
        start()
        support.write("rows.jsonl", support.rows(8))
        local code, summary = upload({}, { PARALLEL_SEQ = "1", SLURM_ARRAY_TASK_ID = "1", JOB_COMPLETION_INDEX = "0" })
        assert.same({ 0, 8 }, { code, summary.created })
        assert.is_nil(summary.shard)
        code, summary = upload({ "--shard", "auto/2", "--fresh" }, { JOB_COMPLETION_INDEX = "1" })
        assert.same({ 0, "2/2" }, { code, summary.shard })
    end)

    it("refuses what is no part, and to finalize", function()
        support.write("rows.jsonl", support.rows(2))
        for _, text in ipairs { "0/4", "5/4", "1", "1/0", "1/x", "1.5/4", "x/4", "auto/", "auto/0", "1/4/2", "" } do
            local code, _, err = upload { "--shard", text }
            assert.equal(2, code)
            assert.matches("is not a shard, such as 1/4", err)
        end
        local code, _, err = upload { "--shard", "1/2", "--batch", "b", "--finalize" }
        assert.equal(2, code)
        assert.matches("%-%-finalize does not go with %-%-shard; when all are through: scalua finalize B %-%-expect N", err)
        assert.equal(2, (upload { "--shard", "auto" }))
    end)
end)

describe("bulk --shard", function()
    before_each(support.setup)
    after_each(support.teardown)

    it("calls the operation once for each row", function()
        start()
        local client, lines = support.client(url), { "task_id,tags" }
        for i = 1, 8 do
            local task = client:create_task(TYPE, { project = "p", text = "row " .. i, labels = { { name = "a" } } })
            lines[#lines + 1] = ('%s,"[""n%d""]"'):format(task.task_id, i)
        end
        lines[#lines + 1] = 'none,"[""x""]"\n'
        support.write("t.csv", table.concat(lines, "\n"))
        local done, failed = 0, 0
        for i = 1, 2 do
            local _, out = support.scalua({ "bulk", "add_task_tags", "t.csv", "--json", "--shard", i .. "/2" }, environment())
            local summary = json.decode(out)
            done, failed = done + summary.done, failed + summary.failed
            assert.equal(i .. "/2", summary.shard)
            local left = support.records(("t.csv.shard-%d-of-2.add_task_tags.failed.jsonl"):format(i))
            assert.equal(summary.failed, left and #left or 0)
            assert.is_string(support.read(("t.csv.add_task_tags.shard-%d-of-2.journal"):format(i)))
        end
        assert.same({ 8, 1 }, { done, failed })
        for _, task in ipairs(support.tasks(url, "p")) do assert.equal(1, #task.tags) end
        local code, _, err = support.scalua({ "bulk", "add_task_tags", "t.csv" }, environment())
        assert.equal(2, code)
        assert.matches("t.csv.add_task_tags was begun in 2 shards", err)
    end)
end)

describe("examples/shards/parallel.sh", function()
    before_each(support.setup)
    after_each(support.teardown)

    it("makes each task once, although a part is killed", function()
        start "latency = 0.05"
        support.write("rows.jsonl", support.rows(160))
        support.write("part", 'echo $$ >>pids.$PARALLEL_SEQ\nexec "$S" "$@"\n')
        support.write("parallel.sh", assert(io.open "examples/shards/parallel.sh"):read "a")
        local code, out, err = support.shell(([[
            export S SCALUA="$PWD/part" PARALLEL_HOME="$PWD"
            chmod +x part; sed -i '1i #!/bin/sh' part
            sh parallel.sh 4 rows.jsonl --type %s --project p --concurrency 4 --json &
            journal=rows.jsonl.shard-2-of-4.journal
            until grep -q '^c' $journal 2>/dev/null; do sleep 0.02; done
            kill -9 $(head -n 1 pids.2)
            wait $!]]):format(TYPE), environment())
        assert.equal(0, code, err)
        local created, parts = 0, 0
        for summary in out:gmatch "{[^\n]+" do
            summary, parts = json.decode(summary), parts + 1
            created = created + summary.created + summary.existing + summary.skipped
        end
        assert.same({ 4, 160, 160 }, { parts, created, count_tasks() })
        local _, runs = support.read("pids.2"):gsub("\n", "")
        assert.equal(2, runs)
    end)
end)
