-- The examples, run as a user runs them.

local json = require("scaleapi").json
local sys = require "scaleapi.sys"

local SCALUA = assert(os.getenv "SCALUA", "SCALUA names the host")

local function read(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read "a"
    file:close()
    return text
end

-- Runs a shell command in `folder`: what it printed, and its exit code.
local function run(folder, command)
    local pipe = io.popen(("cd '%s' && { %s; } 2>&1; echo $?"):format(folder, command))
    local output, code = pipe:read("a"):match "^(.-)(%d+)\n$"
    pipe:close()
    return output, tonumber(code)
end

local root = run(".", "pwd"):gsub("\n$", "")
local folder

local function annotate(environment, options)
    return run(folder, ("%s timeout 60 '%s' %s '%s/examples/annotate.lua'"):format(environment, SCALUA, options, root))
end

-- Counts of the results by type; fails on one that is there twice or is not completed.
local function counts(path)
    local seen, by_type = {}, {}
    for line in io.lines(path) do
        local task = json.decode(line)
        assert.is_nil(seen[task.task_id], "twice: " .. task.task_id)
        assert.equal("completed", task.status)
        assert.is_table(task.response)
        seen[task.task_id] = true
        by_type[task.type] = (by_type[task.type] or 0) + 1
    end
    return by_type
end

describe("examples/annotate.lua", function()
    before_each(function() folder = run(".", "mktemp -d"):gsub("\n$", "") end)
    after_each(function() run(".", "rm -r '" .. folder .. "'") end)

    it("annotates every image and every airport on the sandbox", function()
        local output, code = annotate("SCALE_API_KEY=live_sandbox", "--sandbox=complete-after=0.2")
        assert.equal(0, code, output)
        assert.same({ imageannotation = 8, textcollection = 3376 }, counts(folder .. "/results.jsonl"))
        assert.matches("3384 tasks", output)
        assert.matches("%d a second", output)
        assert.matches("0 retries", output)
        assert.matches("results%.jsonl", output)
    end)

    it("loses nothing and makes nothing twice when requests fail", function()
        local output, code = annotate("SCALE_API_KEY=live_sandbox",
            "--sandbox=complete-after=0.2,fail-rate=0.02,lost-answer-rate=0.02,seed=7")
        assert.equal(0, code, output)
        assert.same({ imageannotation = 8, textcollection = 3376 }, counts(folder .. "/results.jsonl"))
        assert.not_matches(" 0 retries", output)
    end)

    it("stops before it finalizes when a task cannot be made", function()
        local output, code = annotate("SCALE_API_KEY=live_sandbox", "--sandbox=fail-rate=0.4,seed=3")
        assert.equal(1, code)
        assert.matches("after 4 attempts", output)
        assert.is_nil(sys.stat(folder .. "/results.jsonl"))
    end)

    it("fails with one clear line on a wrong key, and leaves no results", function()
        local output, code = annotate("SCALE_API_KEY=nonsense", "--sandbox")
        assert.equal(1, code)
        assert.matches("unauthorized", output)
        assert.is_nil(sys.stat(folder .. "/results.jsonl"))
    end)

    it("says that a key is missing", function()
        local output, code = annotate("SCALE_API_KEY= SCALE_API_URL=", "")
        assert.equal(1, code)
        assert.matches("SCALE_API_KEY", output)
    end)

    it("is short enough to be read and copied", function()
        local _, lines = read(root .. "/examples/annotate.lua"):gsub("\n", "")
        assert.is_true(lines < 80, lines)
    end)
end)

-- It builds and runs build/scalua, whatever host is tested here: once is enough.
if not SCALUA:find("sanitized", 1, true) then
    describe("examples/quickstart.sh", function()
        it("works again, from any folder, whatever key and address are set", function()
            local output, code = run("/", ("SCALE_API_URL=http://127.0.0.1:1 SCALE_API_KEY=test_mine "
                .. "timeout 300 sh '%s/examples/quickstart.sh'"):format(root))
            assert.equal(0, code, output)
            assert.matches("3384 tasks", output)
            assert.same({ imageannotation = 8, textcollection = 3376 }, counts(root .. "/results.jsonl"))
        end)
    end)
end

describe("the README's first script", function()
    it("runs as it stands", function()
        local script = os.tmpname()
        local file = assert(io.open(script, "w"))
        file:write((read "README.md":match "```lua\n(.-)```")):close()
        local output, code = run(".", ("timeout 60 '%s' --sandbox %s"):format(SCALUA, script))
        os.remove(script)
        assert.equal(0, code, output)
        local id, status, document = output:match "^(%x+)\t(%a+)\n(%b{})\n$"
        assert.equal("completed", status)
        assert.equal(id, json.field(document, "task_id"))
    end)
end)
