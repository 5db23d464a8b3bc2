-- plain lua too
-- A sandbox's state: a file that keeps its world over restarts.

local scaleapi = require "scaleapi"
local sandbox = require "scaleapi.sandbox"
local sys = require "scaleapi.sys"

local TASK = { type = "comparison", attachments = scaleapi.array(), choices = { "yes", "no" } }

describe("the state of a sandbox", function()
    local path, running, now

    before_each(function()
        path = os.tmpname()
        os.remove(path)
        now = 1700000000123
    end)
    after_each(function()
        if running then running:close() end
        running = nil
        os.remove(path)
    end)

    local function start(options)
        local all = { state = path, clock = function() return now end }
        for name, value in pairs(options or {}) do all[name] = value end
        running = sandbox.start(all)
        return running
    end

    local function restart(options)
        running:close()
        return start(options)
    end

    local function read()
        local file <close> = assert(io.open(path, "rb"))
        return file:read "a"
    end

    local function write(text)
        local file <close> = assert(io.open(path, "wb"))
        assert(file:write(text))
    end

    local function client(key)
        return scaleapi.client { api_key = key or "live_key", base_url = running.url, max_attempts = 1 }
    end

    local function fields(more)
        local all = { project = "p" }
        for name, value in pairs(TASK) do all[name] = value end
        for name, value in pairs(more or {}) do all[name] = value end
        return all
    end

    -- The server's own bytes of what there is.
    local function picture()
        local parts = {}
        for _, key in ipairs { "live_key", "test_key" } do
            local c <close> = client(key)
            for _, project in ipairs(c:get_projects()) do
                parts[#parts + 1] = project:json()
                for task in c:get_tasks { project_name = project.name } do parts[#parts + 1] = task:json() end
                for batch in c:get_batches { project_name = project.name } do parts[#parts + 1] = batch:json() end
                parts[#parts + 1] = sandbox.handle(running.world, { method = "GET", path = "/v1/files", body = "",
                    query = "project=" .. project.name, headers = { authorization = "Bearer " .. key } }).body
            end
        end
        return table.concat(parts, "\n")
    end

    -- One of everything that changes a world.
    local function fill()
        local c <close> = client()
        c:create_project { project_name = "p", task_type = "comparison" }
        c:create_batch { project = "p", batch_name = "b" }
        local tasks = {}
        for i = 1, 6 do
            now = now + 1500
            tasks[i] = c:create_task("comparison", fields { batch = "b", unique_id = "row " .. i, metadata = { n = i } })
            if i == 1 then tasks[1]:cancel { clear_unique_id = true } end
        end
        tasks[2]:set_tags { "a", "b" }
        c.safe:create_task("comparison", fields { unique_id = "row 3" }) -- refused
        c:upload_file { data = "\0\r\n\255bytes", filename = "a.bin", project_name = "p" }
        running:complete(tasks[3].task_id)
        running:fail(tasks[4].task_id, "so it is")
        running:complete(tasks[5].task_id)
        running:recall(tasks[5].task_id)
        running:seed("task", fields { choices = { "seeded" } })
        running:seed("project", { name = "t", type = "comparison" }, "test")
        running:seed("task", fields { project = "t" }, "test")
        running:archive { projects = { "t" } }
        now = now + 7000
    end

    it("is the same world after a restart, byte by byte", function()
        start()
        fill()
        local before = picture()
        assert.is_true(#before > 3000)
        restart()
        assert.equal(before, picture())
        restart()
        assert.equal(before, picture())
    end)

    it("is the same although time passes while things are put into it", function()
        local function clock()
            now = now + 700
            return now
        end
        start { clock = clock }
        running:seed("project", { name = "p", type = "comparison" })
        for i = 1, 5 do
            local task = running:seed("task", fields { unique_id = "row " .. i })
            running:complete(task.task_id)
            running:seed("delivery", { name = "d" .. i, project_name = "p", task_ids = { task.task_id } })
        end
        local function deliveries()
            local c <close> = client()
            return c.v2:get_deliveries { project_name = "p" }
        end
        local before, delivered = picture(), deliveries()[1].delivered_at
        restart { clock = clock }
        assert.equal(before, picture())
        assert.equal(delivered, deliveries()[1].delivered_at)
    end)

    it("comes out the same whenever it is read, with what had become due", function()
        start { complete_after = 4 }
        fill()
        local before = picture()
        assert.matches('"status":"completed"', before)
        now = now + 86400000
        restart { complete_after = 4 }
        assert.equal(#before, #picture())
        local task = client():get_tasks { project_name = "p", status = "completed" } ()
        assert.equal(task.completed_at:sub(1, 10), "2023-11-14")
    end)

    it("goes on where it was: ids, pages, duplicates, idempotency", function()
        start()
        fill()
        local c <close> = client()
        local first = c:tasks { project_name = "p", limit = 2 }
        restart()
        local d <close> = client()
        local second = d:tasks { project_name = "p", limit = 2, next_token = first.next_token }
        assert.equal(2, #second.docs)
        assert.not_equal(first.docs[2].task_id, second.docs[1].task_id)
        assert.equal(409, select(2, d.safe:create_task("comparison", fields { unique_id = "row 2" })).code)
        local ids = {}
        d:create_task("comparison", fields())
        for task in d:get_tasks { project_name = "p" } do
            assert.is_nil(ids[task.task_id])
            ids[task.task_id] = true
        end
    end)

    it("keeps what came with a request in its headers", function()
        start()
        local request = { method = "POST", path = "/v1/task/comparison", body = '{"attachments":[],"choices":["a"]}',
            headers = { authorization = "Bearer test_key", ["idempotency-key"] = "once" } }
        assert.equal(200, sandbox.handle(running.world, request).status)
        restart()
        assert.equal(409, sandbox.handle(running.world, request).status)
    end)

    it("keeps the clock and the assumptions that were set", function()
        start()
        running:advance(3600)
        running:assume { last_page_token = "null" }
        restart()
        assert.equal("null", running:assumptions().last_page_token)
        assert.equal(3600, running:advance(0).advanced)
    end)

    it("does not keep faults", function()
        start()
        running:set_faults { fail_rate = 1 }
        restart()
        assert.same({ targets = {} }, running:get_faults())
    end)

    it("holds no key", function()
        start()
        local answer = sandbox.handle(running.world, { method = "POST", path = "/v1/projects", body =
            '{"name":"p","type":"comparison"}', headers = { authorization = "Bearer live_secret", cookie = "secret" } })
        assert.equal(200, answer.status)
        assert.not_matches("secret", read())
        assert.matches("comparison", read())
    end)

    it("does not grow by reading", function()
        start()
        fill()
        local size = #read()
        picture()
        running:stats()
        assert.equal(size, #read())
    end)

    it("is empty after a reset, on disk too", function()
        start()
        local size = #read()
        fill()
        running:reset()
        assert.equal(size, #read())
        assert.equal("", picture())
        fill()
        local before = picture()
        restart()
        assert.equal(before, picture())
    end)

    it("is not touched by a reset that cannot empty it", function()
        start()
        fill()
        local before, size = picture(), #read()
        local truncate = sys.truncate
        sys.truncate = function() return nil, "No space left on device" end
        local ok, message = pcall(function() running:reset() end)
        sys.truncate = truncate
        assert.is_false(ok)
        assert.matches("sandbox_state_spec.lua:%d+: No space left on device$", message)
        assert.equal(before, picture())
        assert.equal(size, #read())
    end)

    describe("is damaged", function()
        it("at its end by a kill: what was not complete is cut off, wherever it broke", function()
            start()
            client():create_project { project_name = "p", task_type = "comparison" }
            local whole = read()
            client():create_project { project_name = "q", task_type = "comparison" }
            local longer = read()
            running:close()
            for size = #whole, #longer - 1 do
                write(longer:sub(1, size))
                start()
                assert.equal(1, running.replayed)
                assert.equal(whole, read())
                running:close()
            end
            start()
            client():create_project { project_name = "q", task_type = "comparison" }
            restart()
            assert.equal(2, running.replayed)
        end)

        it("at its beginning by a kill: it is begun anew", function()
            start()
            local whole = read()
            running:close()
            for size = 0, #whole - 1 do
                write(whole:sub(1, size))
                start()
                assert.equal(whole, read())
                running:close()
            end
        end)

        it("elsewhere: it is refused, and stays as it is", function()
            start()
            local head = #read()
            fill()
            running:close()
            local whole = read()
            for _, at in ipairs { head + 1, head + 5, head + 9, head + 30 } do
                local broken = whole:sub(1, at - 1) .. "\xAA" .. whole:sub(at + 1)
                write(broken)
                local ok, message = pcall(function() start() end)
                assert.is_false(ok)
                assert.matches(("sandbox_state_spec.lua:%%d+: .*: it is damaged at byte %d; `head %%-c %d` keeps"):format(
                    head, head), message)
                assert.is_true(broken == read())
            end
        end)
    end)

    describe("is refused", function()
        local function refused(expected, options)
            local ok, message = pcall(function() start(options) end)
            assert.is_false(ok)
            assert.equal(expected, (message:gsub("^.-:%d+: ", ""):gsub(path:gsub("%p", "%%%0"), "FILE")))
        end

        it("when it is of another shape: both are named", function()
            start { seed = 5, complete_after = 2, assume = { zero_counts = false } }
            running:close()
            refused("FILE: it was begun with seed 5, not 6", { seed = 6 })
            refused("FILE: it was begun with complete-after 2, not 3", { complete_after = 3 })
            refused("FILE: it was begun with assumption zero_counts false, not true", { assume = { zero_counts = true } })
            refused("FILE: it was begun with assumption tags_match all, not any", { assume = { tags_match = "any" } })
            start { seed = 5, complete_after = 2 }
            restart()
            assert.is_false(running:assumptions().zero_counts)
        end)

        it("when it is of another format, or none of ours, and is left alone", function()
            for text, expected in pairs {
                ["scalua sandbox state, format 9\nx"] = "FILE: it is of format 9, and this version reads format 1",
                ['{"text":"a row"}\n'] = "FILE: it is not a state of the sandbox",
                ["scalua sandbox stand"] = "FILE: it is not a state of the sandbox",
            } do
                write(text)
                refused(expected)
                assert.equal(text, read())
            end
        end)

        it("while another sandbox has it, in this process or another", function()
            start()
            local first = running
            refused "FILE: another sandbox has it"
            running = first
            running:close()
            local lock = assert(sys.lock(path))
            refused "FILE: another sandbox has it"
            lock:release()
        end)

        it("when it is no file that can be written", function()
            path = path .. "/none"
            refused "FILE: No such file or directory"
            path = os.getenv "HOME" or "/"
            refused(("FILE: Is a directory"))
            path = "/dev/null"
            refused "FILE: it is not an ordinary file"
            path = os.tmpname()
        end)
    end)

    it("lets go of the file when the port is taken", function()
        start()
        local port = running.port
        local other = os.tmpname()
        assert.is_false((pcall(sandbox.start, { state = other, port = port })))
        assert(sys.lock(other)):release()
        os.remove(other)
    end)
end)
