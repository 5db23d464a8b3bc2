-- The examples, run as a user runs them.

local scaleapi = require "scaleapi"
local sandbox = require "scaleapi.sandbox"
local json = scaleapi.json
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
        assert.matches("create_task: 500 %l+: ", output)
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

describe("examples/callback.lua", function()
    local pid, url, s

    -- Starts it as a process of its own.
    local function start(environment)
        run(folder, ("SCALE_CALLBACK_AUTH_KEY=%s '%s' '%s/examples/callback.lua' tasks.jsonl 0 >out 2>err & echo $! >pid")
            :format(environment or "secret", SCALUA, root))
        pid = read(folder .. "/pid"):match "%d+"
        local deadline = scaleapi.now() + 20
        repeat
            url = read(folder .. "/out"):match "http://%S+"
            assert(scaleapi.now() < deadline, "it did not start")
            scaleapi.sleep(0.01)
        until url
    end

    local function stop()
        if not pid then return end
        run(folder, "kill -INT " .. pid)
        pid = nil
        while pcall(scaleapi.fetch, url) do scaleapi.sleep(0.01) end
        assert.equal("", read(folder .. "/err"))
    end

    before_each(function() folder = run(".", "mktemp -d"):gsub("\n$", "") end)

    after_each(function()
        stop()
        if s then s:close() end
        s = nil
        run(".", "rm -r '" .. folder .. "'")
    end)

    local function lines()
        local list = {}
        for line in io.lines(folder .. "/tasks.jsonl") do table.insert(list, line) end
        return list
    end

    local function post(body, key, method)
        return scaleapi.fetch(url, { method = method or "POST", body = method ~= "GET" and body or nil,
            headers = { ["scale-callback-auth"] = key } }).status
    end

    -- What it keeps, it keeps after it has answered.
    local function kept(count)
        local deadline = scaleapi.now() + 10
        while #lines() < count and scaleapi.now() < deadline do scaleapi.sleep(0.01) end
        return #lines()
    end

    local BODY = '{"task": {"task_id":"a","n":1.10,\n"status":"completed","updated_at":"1"},"task_id":"a","new":[]}'

    it("keeps every task that the sandbox tells of, once", function()
        start()
        s = sandbox.start { callback_auth_key = "secret" }
        local client = scaleapi.client { base_url = s.url, api_key = "test_a" }
        local ids = {}
        for i = 1, 30 do
            ids[i] = client:create_task("comparison", {
                attachments = scaleapi.array {}, choices = { "a", "b" }, callback_url = url }).task_id
        end
        assert.equal(30, kept(30))
        for _, line in ipairs(lines()) do
            local task = json.decode(line)
            assert.same({ "completed", "string" }, { task.status, type(task.response.choice) })
            ids[task.task_id] = true
        end
        for i = 1, 30 do assert.is_true(ids[ids[i]]) end
        client:close()
    end)

    it("keeps the same news once, also after a start anew, and later news of the same task", function()
        start()
        assert.equal(200, post(BODY, "secret"))
        assert.equal(200, post(BODY, "secret"))
        assert.equal(1, kept(1))
        assert.equal('{"task_id":"a","n":1.10, "status":"completed","updated_at":"1"}', lines()[1])
        stop()
        local file = io.open(folder .. "/tasks.jsonl", "a")
        file:write('{"torn'):close()
        start()
        assert.equal(200, post(BODY, "secret"))
        assert.equal(200, post(BODY:gsub('"1"', '"2"'), "secret"))
        assert.equal(3, kept(3))
        assert.same({ '{"torn', "2" }, { lines()[2], json.field(lines()[3], "updated_at") })
    end)

    it("takes nothing without the key, and nothing but tasks", function()
        start()
        assert.same({ 401, 401, 401 }, { post(BODY, "secre"), post(BODY, ""), scaleapi.fetch(url, { body = BODY }).status })
        assert.same({ 405, 400, 400 }, { post(BODY, "secret", "GET"), post("{", "secret"), post("[]", "secret") })
        assert.same({ 200, 200 }, { post('{"batch":{"name":"b"}}', "secret"), post('{"task":1}', "secret") })
        assert.equal(200, post(BODY, "secret"))
        assert.equal(1, kept(1))
    end)

    it("says how it is used: exit code 2", function()
        for _, words in ipairs { "SCALE_CALLBACK_AUTH_KEY=", "SCALE_CALLBACK_AUTH_KEY= FILE", "SCALE_CALLBACK_AUTH_KEY=k",
            "SCALE_CALLBACK_AUTH_KEY=k FILE soon" } do
            local output, code = run(folder, (words:gsub("^(%S+)", ("%%1 '%s' '%s/examples/callback.lua'"):format(SCALUA, root))))
            assert.equal(2, code)
            assert.matches("^usage: ", output)
        end
    end)

    it("is short enough to be read and copied", function()
        local _, count = read(root .. "/examples/callback.lua"):gsub("\n", "")
        assert.is_true(count < 80, count)
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
