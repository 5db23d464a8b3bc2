-- plain lua too
-- Control of a running sandbox: /sandbox/… over HTTP and the methods of the Lua handle, which are the same.

local scaleapi = require "scaleapi"
local sandbox = require "scaleapi.sandbox"
local wire = dofile "tests/spec/support/wire.lua"

local json = scaleapi.json

local TASK = { type = "comparison", attachments = scaleapi.array(), choices = { "yes", "no" } }

describe("control of a sandbox", function()
    local running, client

    local function start(options)
        running = sandbox.start(options or {})
        client = scaleapi.client { api_key = "live_key", base_url = running.url, max_attempts = 1 }
        return running
    end

    after_each(function()
        if client then client:close() end
        if running then running:close() end
        running, client = nil, nil
    end)

    -- Asks over HTTP: the answer decoded, and its status. `headers` are raw lines.
    local function ask(line, body, headers)
        local text = type(body) == "table" and json.encode(body) or body or ""
        local answer = wire.send(running.port, ("%s HTTP/1.1\r\n%sContent-Length: %d\r\nConnection: close\r\n\r\n%s"):format(
            line, headers or ("Host: 127.0.0.1:%d\r\n"):format(running.port), #text, text))
        local status, document = answer:match "^HTTP/1.1 (%d+).-\r\n\r\n(.*)$"
        return json.decode(document), math.tointeger(status)
    end

    local function refused(status, expected, ...)
        local answer, got = ask(...)
        assert.equal(status, got)
        assert.same({ status_code = status, error = expected }, answer)
    end

    -- A project, and so many pending tasks in it.
    local function some_tasks(count)
        running:seed("project", { name = "p", type = "comparison" })
        local tasks = {}
        for i = 1, count do
            local fields = { project = "p", unique_id = "row " .. i }
            for name, value in pairs(TASK) do fields[name] = value end
            tasks[i] = running:seed("task", fields)
        end
        return tasks
    end

    local function status_of(task)
        return client:get_task(task.task_id).status
    end

    -- Calls fn, which must raise this text at a line of this file.
    local function raises(expected, fn)
        local ok, message = pcall(fn)
        assert.is_false(ok)
        assert.matches("sandbox_control_spec.lua:%d+: ", message)
        assert.equal(expected, (message:gsub("^.-:%d+: ", "")))
    end

    describe("over HTTP", function()
        it("says what there is, and every call of it is there", function()
            start()
            local answer = ask "GET /sandbox"
            assert.equal(running.url, answer.url)
            assert.is_true(#answer.calls > 10)
            for _, call in ipairs(answer.calls) do
                local _, status = ask(call.method .. " " .. call.path, "{")
                assert.is_true(status == 200 or status == 400, call.path .. ": " .. status)
                assert.is_true(#call.what > 5)
            end
        end)

        it("completes tasks, as the API then shows", function()
            start()
            local tasks = some_tasks(2)
            assert.same({ completed = 1 }, (ask("POST /sandbox/complete", { names = { tasks[1].task_id } })))
            assert.same({ "completed", "pending" }, { status_of(tasks[1]), status_of(tasks[2]) })
        end)

        it("keeps the bytes of what is seeded", function()
            start()
            some_tasks(0)
            local answer = ask("POST /sandbox/seed", [[{"kind":"task","fields":
                {"type":"comparison","project":"p","attachments":[],"choices":["a"],"z":1.50,"a":{"b":[]}}}]])
            assert.matches('"params":{"attachments":%[%],"choices":%["a"%],"z":1.50,"a":{"b":%[%]}}',
                client:get_task(answer.task_id):json())
        end)

        it("is not hit by faults and not counted", function()
            start { drop_rate = 1, rate_limit = 0.001 }
            for _ = 1, 3 do assert.equal(200, select(2, ask "GET /sandbox/stats")) end
            assert.equal(0, ask("GET /sandbox/stats").requests)
        end)

        it("needs no key, and a path of its own", function()
            start()
            assert.equal(401, select(2, ask "GET /sandboxes"))
            assert.equal(200, select(2, ask "GET /sandbox/"))
        end)

        for name, headers in pairs {
            ["a name that leads here"] = "Host: evil.example\r\n",
            ["such a name with the port"] = "Host: localhost.evil.example:80\r\n",
            ["a page's origin"] = "Host: localhost\r\nOrigin: http://evil.example\r\n",
            ["a page without one"] = "Host: localhost\r\nOrigin: null\r\n",
            ["a request that a page makes without asking"] = "Host: localhost\r\nSec-Fetch-Site: cross-site\r\n",
        } do
            it("refuses " .. name, function()
                start()
                some_tasks(1)
                refused(403, "the sandbox is not controlled from web pages", "POST /sandbox/reset", "", headers)
                assert.equal(1, running:stats().tasks)
            end)
        end

        for _, host in ipairs { "localhost", "LOCALHOST:1", "127.0.0.1", "[::1]", "[::1]:80" } do
            it("is there for " .. host, function()
                start()
                assert.equal(200, select(2, ask("GET /sandbox", "", "Host: " .. host .. "\r\n")))
            end)
        end

        it("says what is wrong", function()
            start()
            refused(404, "unknown control call '/sandbox/complte'; did you mean '/sandbox/complete'?", "POST /sandbox/complte")
            refused(405, "/sandbox/clock is asked with GET or POST, not DELETE", "DELETE /sandbox/clock")
            refused(400, "the body is not JSON", "POST /sandbox/complete", "{")
            refused(400, "the body must be a JSON object", "POST /sandbox/complete", "[]")
            refused(400, "names is missing: an array of texts, one at least", "POST /sandbox/complete", "")
            refused(400, "names is missing: an array of texts, one at least", "POST /sandbox/complete", '{"names":null}')
            refused(400, "names must be an array of texts, one at least", "POST /sandbox/complete", '{"names":[1]}')
            refused(400, "names must be an array of texts, one at least", "POST /sandbox/complete", '{"names":[]}')
            refused(400, "unknown argument 'nams'; did you mean 'names'?", "POST /sandbox/complete", '{"nams":["a"]}')
            refused(400, "reset takes no arguments, not 'all' either", "POST /sandbox/reset", '{"all":true}')
            refused(400, "the sandbox has no task and no batch called 'none'", "POST /sandbox/complete", '{"names":["none"]}')
            refused(400, "the sandbox has no task 'none'", "POST /sandbox/fail", '{"task_ids":["none"]}')
            refused(400, "advance must be a number of seconds, 0 or more", "POST /sandbox/clock", '{"advance":-1}')
        end)
    end)

    describe("of tasks", function()
        it("fails those that are pending, and says why", function()
            start()
            local tasks = some_tasks(3)
            running:complete(tasks[1].task_id)
            assert.equal(1, running:fail({ tasks[1].task_id, tasks[2].task_id }, "no such image"))
            assert.same({ "completed", "error", "pending" }, { status_of(tasks[1]), status_of(tasks[2]), status_of(tasks[3]) })
            assert.equal("no such image", client:get_task(tasks[2].task_id).response.error)
            assert.equal(1, running:fail(tasks[3].task_id))
            assert.matches("told to fail", client:get_task(tasks[3].task_id).response.error)
        end)

        it("frees the unique_id of one that asked for it", function()
            start()
            running:seed("project", { name = "p", type = "comparison" })
            local task = running:seed("task", { type = "comparison", project = "p", attachments = scaleapi.array(),
                choices = { "a" }, unique_id = "u", clear_unique_id_on_error = true })
            running:fail(task.task_id)
            assert.is_nil(client:get_task(task.task_id).unique_id)
        end)

        it("recalls completed ones, which can be completed again", function()
            start()
            local task = some_tasks(1)[1]
            running:complete(task.task_id)
            client:get_task(task.task_id):audit { accepted = true }
            assert.equal(1, running:recall(task.task_id))
            assert.equal(0, running:recall(task.task_id))
            local recalled = client:get_task(task.task_id)
            assert.same({ "pending" }, { recalled.status, recalled.completed_at, recalled.response })
            assert.equal(0, client:tasks({ project_name = "p", completed_after = 0 }).total)
            assert.equal(1, running:complete(task.task_id))
            assert.equal("completed", status_of(task))
            assert.equal("pending", client:get_task(task.task_id).customer_review_status)
        end)

        it("does nothing at all when one name is unknown", function()
            start()
            local task = some_tasks(1)[1]
            raises("the sandbox has no task 'none'", function() running:fail { task.task_id, "none" } end)
            raises("the sandbox has no task and no batch called 'none'", function() running:complete(task.task_id, "none") end)
            assert.equal("pending", status_of(task))
            raises("names must be an array of texts, one at least", function() running:complete() end)
            raises("names must be an array of texts, one at least", function() running:complete(7) end)
        end)
    end)

    describe("of what is in it", function()
        it("seeds by the rules of the API", function()
            start()
            some_tasks(1)
            assert.equal("staging", running:seed("project", { name = "r", type = "comparison", rapid = true })
                and running:seed("batch", { name = "b", project = "r" }).status)
            raises('Batch with name "b" already exists.', function() running:seed("batch", { name = "b", project = "r" }) end)
            local first = client:get_tasks { project_name = "p" } ()
            raises(('The unique_id ("row 1") is already used for a different task (%s).'):format(first.task_id),
                function() running:seed("task", { type = "comparison", project = "p", attachments = scaleapi.array(),
                    choices = { "a" }, unique_id = "row 1" }) end)
            raises("Unknown task type: x/../y", function() running:seed("task", { type = "x/../y" }) end)
            raises("a task needs its type", function() running:seed("task", { project = "p" }) end)
            raises("account must be live or test, not 'prod'", function() running:seed("project", {}, "prod") end)
            raises("fields is missing: an object", function() running:seed "project" end)
            assert.equal(1, running:stats().tasks)
        end)

        it("seeds the world of test keys, too", function()
            start()
            running:seed("project", { name = "t", type = "comparison" }, "test")
            assert.equal(0, #client:get_projects())
            local other <close> = scaleapi.client { api_key = "test_key", base_url = running.url }
            assert.equal("t", other:get_projects()[1].name)
        end)

        it("lets people join the team, and disables them", function()
            start()
            client:invite_teammates({ "a@x.test", "b@x.test" }, "labeler")
            local function expiry_of(n)
                local team = client:list_teammates()
                return team[#team - 2 + n].expiry
            end
            assert.is_string(expiry_of(1))
            assert.equal(1, running:join "a@x.test")
            assert.is_nil(expiry_of(1))
            assert.is_string(expiry_of(2))
            assert.is_table(client:list_studio_assignments()["a@x.test"])
            assert.same({ disabled = 1 }, ask("POST /sandbox/disable", '{"emails":["a@x.test"]}'))
            assert.is_nil(client:list_studio_assignments()["a@x.test"])
            raises("nobody in the team is called 'c@x.test'", function() running:join("b@x.test", "c@x.test") end)
            assert.is_string(expiry_of(2))
            refused(400, "emails is missing: an array of texts, one at least", "POST /sandbox/join", "{}")
        end)

        it("archives batches and projects", function()
            start()
            some_tasks(0)
            running:seed("batch", { name = "b", project = "p" })
            assert.equal(2, running:archive { batches = { "b" }, projects = { "p" } })
            assert.matches('"archived":true', client:get_batch("b"):json())
            assert.is_true(client:get_project("p").archived)
            raises("the sandbox has nothing called 'q' among its projects", function() running:archive { projects = { "q" } } end)
            raises("unknown argument 'batchs'; did you mean 'batches'?", function() running:archive { batchs = { "b" } } end)
        end)
    end)

    describe("of its clock", function()
        it("lets time pass: what is due is completed", function()
            start { complete_after = 3600 }
            local task = some_tasks(1)[1]
            running:advance(3000)
            assert.equal("pending", status_of(task))
            assert.equal(4000, running:advance(1000).advanced)
            assert.equal("completed", status_of(task))
            assert.equal(4000, ask("GET /sandbox/clock").advanced)
        end)

        it("even for centuries, and what is made then is found", function()
            start()
            some_tasks(0)
            running:advance(1e10)
            local made = client:create_task("comparison", { project = "p", attachments = scaleapi.array(), choices = { "a" } })
            assert.equal(24, #made.task_id)
            assert.equal(made.task_id, client:get_task(made.task_id).task_id)
            client:create_batch { project = "p", batch_name = "b" }
            local batch = client.v2:get_batch { batch_name = "b" }
            assert.equal(24, #batch.id)
            assert.equal("b", client.v2:get_batch({ batch_id = batch.id }).name)
        end)

        it("but not past the last year that dates can be written for", function()
            start()
            running:advance(1e10)
            for _ = 1, 24 do pcall(running.advance, running, 1e10) end
            raises("the clock ends with the year 9999", function() running:advance(1e10) end)
            assert.matches("^%d%d%d%d%-", ask("GET /sandbox/clock").now)
            refused(400, "the clock ends with the year 9999", "POST /sandbox/clock", '{"advance":1e10}')
        end)

        it("by which its answers are dated", function()
            local function date(line)
                local answer = wire.send(running.port, (line or "GET /v1/projects") .. " HTTP/1.1\r\nHost: x\r\n"
                    .. "Authorization: Bearer live_a\r\nConnection: close\r\n\r\n")
                local _, count = answer:gsub("\r\nDate: ", "")
                assert.equal(1, count, answer)
                return answer:match "\r\nDate: ([^\r]+)\r\n"
            end
            start { clock = function() return 1623966396359 end }
            assert.equal("Thu, 17 Jun 2021 21:46:36 GMT", date())
            running:advance(86400)
            assert.equal("Fri, 18 Jun 2021 21:46:36 GMT", date())
            assert.equal("Fri, 18 Jun 2021 21:46:36 GMT", date "GET /v1/nothing")
            running:set_faults { targets = { { match = "GET /v1/projects", status = 503 } } }
            assert.equal("Fri, 18 Jun 2021 21:46:36 GMT", date())
            running:close()
            start()
            assert.equal(os.date("!%a, %d %b %Y"), date():sub(1, 16))
            running:advance(2 * 86400)
            assert.equal(os.date("!%a, %d %b %Y", os.time() + 2 * 86400), date():sub(1, 16))
        end)

        it("which then is what new things are made at", function()
            start()
            local before = some_tasks(1)[1].created_at
            running:advance(86400)
            local after = running:seed("batch", { name = "b", project = "p" }).created_at
            assert.is_true(after > before)
            assert.not_equal(before:sub(1, 10), after:sub(1, 10))
        end)
    end)

    describe("of what is assumed", function()
        it("changes what the sandbox does from then on", function()
            start()
            some_tasks(1)
            local function token() return ask("GET /v1/tasks", "", "Host: x\r\nAuthorization: Bearer live_a\r\n").next_token end
            assert.is_nil(token())
            running:assume { last_page_token = "null" }
            assert.equal(json.null, token())
            assert.equal("null", running:assumptions().last_page_token)
            running:assume {}
            assert.equal("absent", ask("GET /sandbox/assumptions").last_page_token)
        end)

        it("changes what is counted, too", function()
            start()
            some_tasks(2)
            client:set_task_tags(client:get_tasks({ project_name = "p" })().task_id, { "a" })
            local function total() return client:tasks({ project = "p", tags = { "a", "b" } }).total end
            assert.equal(0, total())
            running:assume { tags_match = "any" }
            assert.equal(1, total())
        end)

        it("is told to a program as a copy", function()
            start()
            running:assumptions().last_page_token = "null"
            running:assume({ zero_counts = false }).last_page_token = "null"
            assert.equal("absent", running:assumptions().last_page_token)
            running:set_faults { targets = { { match = "GET /", status = 500, times = 3 } } }
            running:get_faults().targets[1].times = 7
            assert.equal(3, running:get_faults().targets[1].times)
        end)

        it("refuses what it does not know", function()
            start()
            raises("unknown assumption 'last_page_tokn'; did you mean 'last_page_token'?",
                function() running:assume { last_page_tokn = "null" } end)
            refused(400, "assumption last_page_token must be absent or null, not nil", "PUT /sandbox/assumptions",
                '{"last_page_token":"nil"}')
        end)

        it("can be chosen at the start, as text, too", function()
            local shape = require("scaleapi.sandbox.options").parse "assume=missing_place=404, assume=zero-counts=false"
            assert.same({ missing_place = 404, zero_counts = false }, shape.assume)
            start(shape)
            assert.equal(404, running:assumptions().missing_place)
        end)
    end)

    describe("of its counts", function()
        it("tells requests, connections and the most in flight", function()
            start { latency = 0.1 }
            local jobs = {}
            for i = 1, 5 do jobs[i] = scaleapi.spawn(client.get_projects, client) end
            for _, job in ipairs(jobs) do job:wait() end
            local stats = running:stats()
            assert.same({ 5, 5, 0, 0 }, { stats.requests, stats.most_in_flight, stats.in_flight, stats.tasks })
            assert.is_true(stats.connections >= 5)
            assert.same(stats.most_in_flight, ask("GET /sandbox/stats").most_in_flight)
        end)

        it("forgets a request whose answer nobody waited for", function()
            start { latency = 0.05 }
            local impatient <close> = scaleapi.client { api_key = "live_key", base_url = running.url, max_attempts = 1,
                timeout = 0.01 }
            assert.is_nil((impatient.safe:get_projects()))
            scaleapi.sleep(0.1)
            assert.same({ 1, 0 }, { running:stats().requests, running:stats().in_flight })
        end)
    end)

    describe("resets", function()
        it("world, clock, faults, assumptions and counts to what they were at the start", function()
            start { fail_rate = 0.5, assume = { second_finalize = 200 } }
            running:set_faults {}
            some_tasks(3)
            client:get_projects()
            running:assume { last_page_token = "null" }
            running:advance(100)
            running:reset()
            local stats = running:stats()
            assert.same({ 0, 0, 0 }, { stats.tasks, stats.requests, stats.most_in_flight })
            assert.equal(0, running:advance(0).advanced)
            assert.same({ "absent", 200 },
                { running:assumptions().last_page_token, running:assumptions().second_finalize })
            assert.same({ fail_rate = 0.5, targets = {} }, running:get_faults())
            running:set_faults {}
            assert.equal(0, #client:get_projects())
        end)
    end)
end)
