-- plain lua too
-- The module with limits, in the hands of a script that means ill: it has the module, the globals that come with it,
-- and those of Lua's own functions that an application gives away carelessly.

local scaleapi = require "scaleapi"
local fake = require "tests.spec.support.fake"

local KEY = "live_the_owners_key"
local TASK = '{"task_id":"30553edd0b6a93f8f05f0fee","type":"comparison","status":"pending","params":{},"tags":["a"]}'
local BATCH = '{"name":"b","project":"p","status":"staging","metadata":{}}'
local PAGE = '{"docs":[' .. TASK .. ',' .. TASK .. '],"total":4,"limit":2,"offset":0,"has_more":true,"next_token":"n"}'

local function answer(request)
    if request.path:find "/batches/" then return BATCH end
    if request.path == "/v1/files/upload" then return '{"id":"1","attachment_url":"x"}' end
    if request.path == "/v1/tasks" then return request.query:find "next_token" and PAGE:gsub("true", "false") or PAGE end
    return TASK
end

describe("a limited script", function()
    local server, other, limited, environment, sent, host

    local function limit(options)
        local all = { api_key = KEY, base_url = server.url }
        for name, value in pairs(options or {}) do all[name] = value end
        limited, environment, sent = scaleapi.limited(all)
    end

    -- Runs it as a job, with some more globals. Returns what it returned; raises what it raised.
    local function run(text, globals)
        for name, value in pairs(globals or {}) do environment[name] = value end
        return scaleapi.spawn(assert(load(text, "=script", "t", environment))):wait()
    end

    local function refused(text, globals)
        local ok, err = pcall(run, text, globals)
        assert(not ok and scaleapi.is_error(err, "not_allowed"), text .. ": " .. tostring(err))
        return err
    end

    before_each(function()
        server, other = fake.start(answer), fake.start { "other" }
        host = server:client { api_key = KEY }
        limit()
    end)
    after_each(function()
        host:close()
        server:close()
        other:close()
    end)

    it("reads as ever, with the owner's key and without knowing it", function()
        local id, count, status = run [[
            local scaleapi = require "scaleapi"
            local client, count = scaleapi.client(), 0
            for task in client:get_tasks { project_name = "p" } do count = count + #task.tags end
            for _, task in scaleapi.parallel(2, { "1", "2" }, function(id) return client:get_task(id) end) do
                count = count + (task.type == scaleapi.TaskType.Comparison and 10 or 0)
            end
            return client:get_task("1").task_id, count, client:batch_status("b").status]]
        assert.same({ "30553edd0b6a93f8f05f0fee", 24, "staging" }, { id, count, status })
        assert.equal(host:key_fingerprint(), run "return scaleapi.client():key_fingerprint()")
        for _, request in ipairs(server.requests) do
            assert.equal("Basic bGl2ZV90aGVfb3duZXJzX2tleTo=", request.headers.authorization)
        end
        assert.equal(#server.requests, sent())
    end)

    it("changes nothing, whatever it calls", function()
        for _, text in ipairs {
            "client:create_task('comparison', {})", "client:cancel_task '1'", "client.v2:pause_batch { batch_id = '1' }",
            "client:call('cancel_task', '1')", "client:call('v2.cancel_batch', { batch_id = '1' })",
            "assert(client:_invoke('cancel_task', '1') == 'failed') client:cancel_task '1'",
            "client:upload_file { data = 'x', filename = 'x' }",
            "client:get_task('1'):cancel()", "client:get_task('1'):set_tags {}", "client:get_batch('b'):finalize()",
            "client:get_task('1')._client:cancel_task '1'", "client:tasks { project_name = 'p' }.docs[1]:cancel()",
            "for task in client:get_tasks { project_name = 'p' } do task:cancel() end",
            "local tasks = client:get_tasks { project_name = 'p', slices = 2 } tasks():cancel()",
            "error(select(2, client.safe:cancel_task '1'), 0)",
            "error(select(2, client.v2.safe:pause_batch { batch_id = '1' }), 0)",
            "error(select(2, client.safe:call('cancel_task', '1')), 0)",
            "scaleapi.spawn(function() client:cancel_task '1' end):wait()",
            "for _, _, err in scaleapi.parallel(2, { 1 }, function() client:cancel_task '1' end) do error(err, 0) end",
            "coroutine.wrap(function() client:cancel_task '1' end)()",
            "client:cancel_task('1', { bulk = true })",
            "error(scaleapi.bulk { client = client, rows = { { task_id = '1' } }, operation = 'cancel_task' }.stopped.error, 0)",
        } do
            refused("local client = scaleapi.client() " .. text)
        end
        for _, request in ipairs(server.requests) do assert.equal("GET", request.method) end
    end)

    it("gets its errors as it knows them, and before anything is sent", function()
        local err = refused "scaleapi.client():cancel_task '1'"
        assert.same({ "cancel_task", 0, "cancel_task: not_allowed: cancel_task is not allowed here" },
            { err.operation, err.attempts, tostring(err) })
        assert.matches("^script:1", err.where)
        assert.is_true(run [[
            local ok, err = pcall(function() scaleapi.client():cancel_task "1" end)
            return not ok and scaleapi.is_error(err, "not_allowed")]])
        assert.equal(0, #server.requests)
        assert.equal(0, sent())
    end)

    it("does what is named, by names and patterns", function()
        limit { operations = { "cancel_task", "v2.*_batch" } }
        run [[local client = scaleapi.client() client:cancel_task "1"]]
        refused "scaleapi.client():get_task '1'"
        refused "scaleapi.client():create_task('comparison', {})"
        assert.equal(1, #server.requests)
        limit { operations = {} }
        refused "scaleapi.client():get_task '1'"
        limit { operations = "*" }
        run "scaleapi.client():cancel_task '1'"
    end)

    -- ------------------------------------------------------------ the way back

    -- What a script may have got beside, and what it can do with it: all that can be reached from these values by
    -- looking into tables and at metatables.
    local function reach(values)
        local found, todo = {}, {}
        local function add(value)
            local kind = type(value)
            if (kind == "table" or kind == "userdata" or kind == "string" or kind == "function") and not found[value] then
                found[value] = true
                table.insert(todo, value)
            end
        end
        for _, value in ipairs(values) do add(value) end
        while #todo > 0 do
            local value = table.remove(todo)
            add(type(value) ~= "string" and getmetatable(value) or nil)
            if type(value) == "table" then
                for key, each in next, value do add(key) add(each) end
                local ok, _, state = pcall(pairs, value)
                add(ok and state or nil)
                for _, name in ipairs { "__index", "_state", "_page", "_client", "_core", "methods", "safe", "v2", "call" } do
                    local fine, each = pcall(function() return value[name] end)
                    add(fine and each or nil)
                end
            end
        end
        return found
    end

    -- All tables of the program's, its upvalues and registry of metatables included.
    local function tables_of_host()
        local found, todo = {}, {}
        local function add(value)
            local kind = type(value)
            if (kind == "table" or kind == "function" or kind == "userdata") and not found[value] then
                found[value] = true
                table.insert(todo, value)
            end
        end
        for name, module in pairs(package.loaded) do
            if name:find "^scaleapi" then add(module) end
        end
        for _, value in ipairs { host, string, table, math, coroutine, os, io, debug, package } do add(value) end
        while #todo > 0 do
            local value = table.remove(todo)
            add(debug.getmetatable(value))
            if type(value) == "table" then
                for key, each in next, value do add(key) add(each) end
            elseif type(value) == "function" then
                for i = 1, 255 do
                    local name, each = debug.getupvalue(value, i)
                    if not name then break end
                    if name ~= "_ENV" then add(each) end
                end
            else
                for i = 1, 8 do
                    local each, there = debug.getuservalue(value, i)
                    if not there then break end
                    add(each)
                end
            end
        end
        for value in pairs(found) do
            if type(value) == "function" or value == scaleapi.null then found[value] = nil end
        end
        return found
    end

    it("reaches no table and no object of the program's, nor the key", function()
        for task in host:get_tasks { project_name = "p" } do assert(task.tags) end
        local theirs = tables_of_host()
        assert.is_true(theirs[scaleapi] and theirs[host] and theirs[scaleapi.operations] and theirs[scaleapi.json.array_mt])
        limit { hosts = { (other.url:gsub("^http://", "")) } }
        local got = table.pack(run([[
            local client = scaleapi.client()
            local tasks = client:get_tasks { project_name = "p" }
            local task = tasks()
            local _, err = pcall(client.cancel_task, client, "1")
            local job = scaleapi.spawn(function() end)
            local items = scaleapi.parallel(2, { 1, 2, 3 }, function(item) scaleapi.sleep(0.001) return item end)
            items()
            local fetched = scaleapi.fetch(url)
            return scaleapi, _G, client, tasks, task, task.tags, tasks._state, err, job, items, fetched,
                client:tasks { project_name = "p" }, scaleapi.after(1, print), scaleapi.bulk,
                scaleapi.describe("get_task"), scaleapi.times, scaleapi.json.decode "[[1],{}]", tasks._state.call]],
            { url = other.url }))
        local found, count = reach(got), 0
        for value in pairs(found) do
            count = count + 1
            local kind = type(value)
            assert(not theirs[value], "reached " .. tostring(value))
            if kind == "userdata" and value ~= scaleapi.null then assert.is_false(getmetatable(value)) end
            if kind == "string" then assert(not value:find(KEY, 1, true), "the key") end
        end
        assert.is_true(count > 500, count)
    end)

    it("does to itself alone what it does to tables and objects", function()
        run([[
            local client = scaleapi.client()
            local tasks = client:get_tasks { project_name = "p" }
            local task, seen = tasks(), {}
            local function spoil(value)
                if type(value) ~= "table" or seen[value] then return end
                seen[value] = true
                local metatable = getmetatable(value)
                if type(metatable) == "table" then spoil(metatable) end
                for key, each in next, value do
                    spoil(each)
                    if value ~= scaleapi and type(each) == "string" then rawset(value, key, "cancel_task") end
                    if type(each) == "function" then rawset(value, key, function() return "spoilt" end) end
                end
            end
            local _, err = pcall(client.cancel_task, client, "1")
            pcall(spoil, err)
            spoil(task)
            spoil(tasks)
            spoil(scaleapi)
            spoil(client)]], { getmetatable = getmetatable, next = next, rawset = rawset })
        assert.equal("pending", host:get_task("1").status)
        assert.equal("GET /v1/task/1", server:line())
        local count = 0
        for task in host:get_tasks { project_name = "p" } do count = count + #task.tags end
        assert.equal(4, count)
        assert.same({ 1, { x = scaleapi.null } }, scaleapi.json.decode '[1,{"x":null}]')
        host:cancel_task "1"
        assert.equal("POST /v1/task/1/cancel", server:line())
        assert.equal("comparison", scaleapi.TaskType.Comparison)
        assert.equal("pending", run("return client:get_task('1').status",
            { client = (function() limit() return limited.client() end)() }))
    end)

    it("cannot make core do what it may not with objects taken apart", function()
        run([[
            local client = scaleapi.client()
            local core, tasks = client._core, client:get_tasks { project_name = "p" }
            local task = tasks()
            local call, problem = core:start("cancel_task", { task_id = "1" })
            assert(call == nil and problem.kind == "not_allowed")
            call = core:start("get_task", { task_id = "1" })
            assert(not pcall(core.start, call, "cancel_task", { task_id = "1" }))
            rawset(client, "_core", setmetatable({}, { __index = function() return function() return core end end }))
            local page = tasks._page
            assert(page:count() == 2)
            for _, junk in ipairs { 1, "x", true, {}, { {} }, { 1, {}, false }, print, core, call, task } do
                pcall(page.open, page, junk, junk, junk, junk)
                pcall(page.open, page, {}, junk, junk, type(junk) == "table" and junk or {})
                pcall(page.next, page)
                pcall(page.bytes, page, junk)
                pcall(page.write, page, junk)
                pcall(core.start, core, junk, junk, junk, junk)
                pcall(core.start, core, "get_task", { task_id = junk }, junk, { timeout = junk })
                pcall(core.start, junk, "get_task", {})
                for _, key in ipairs { "_page", "_place", "_json", "_client", "_operation" } do
                    local copy = tasks() or task
                    rawset(copy, key, junk)
                    pcall(function() return copy.status, copy.tags, copy:json(), copy:as_table(), tostring(copy) end)
                    pcall(copy.refresh, copy)
                end
            end
            tasks._state.wanted[1] = {}
            pcall(tasks)
            pcall(function() for _ in tasks do end end)]], { rawset = rawset, setmetatable = setmetatable })
        for _, request in ipairs(server.requests) do assert.equal("GET", request.method) end
    end)

    it("has globals that lead nowhere", function()
        for _, name in ipairs { "debug", "package", "io", "dofile", "loadfile", "collectgarbage" } do
            assert.is_nil(environment[name], name)
        end
        assert.same({ "clock", "date", "difftime", "time" }, (function()
            local names = {}
            for name in pairs(environment.os) do table.insert(names, name) end
            table.sort(names)
            return names
        end)())
        assert.is_nil(environment.string.dump)
        for _, text in ipairs {
            "require 'scaleapi.core'", "require 'scaleapi.client'", "require 'io'", "require(nil)",
            "setmetatable({}, { __gc = print })", "assert(load(binary))", "assert(load(binary, 'x', 'b'))",
            "scaleapi.step(0)", "scaleapi.descriptor()", "setmetatable(select(2, pcall(scaleapi.csv)), {})",
        } do
            assert.is_false(pcall(run, text, { binary = string.dump(function() end) }), text)
        end
        assert.same({ n = 4 }, table.pack(run [[return getmetatable(""), getmetatable(scaleapi.client()),
            getmetatable(scaleapi.spawn(print)), getmetatable(scaleapi.json.decode "[]")]]))
        assert.equal(3, run "x = 1 return load('return x + 2')()")
        assert.is_nil(rawget(_G, "x"))
        assert.equal(7, run "local t = setmetatable({}, { __index = function() return 7 end }) return getmetatable(t).__index()")
        run "string.find, table.insert = nil, nil"
        assert.is_function(string.find)
        assert.is_function(table.insert)
    end)

    it("makes clients of the owner's, within what the owner said", function()
        limit { timeout = 5, max_in_flight = 3 }
        for name, value in pairs {
            api_key = "live_other", base_url = other.url, proxy = other.url, verify = false, ca_file = "/etc/passwd",
            cert_file = "x", key_file = "x", allow_http = true, user_agent = "x", http = "2", limits = {}, timeout = 6,
            max_in_flight = 4,
        } do
            local ok, problem = pcall(run, "scaleapi.client { [name] = value }", { name = name, value = value })
            assert.is_false(ok, name)
            assert.matches("^script:1: client option '" .. name .. "' ", problem)
        end
        assert.is_false(pcall(run, "scaleapi.client { timeout = 'x' }"))
        run "scaleapi.client { timeout = 4.5, max_in_flight = 1, max_attempts = 9, deadline = 10 }:get_task '1'"
        run "local c = scaleapi.client() c.api_key = 'x' c:get_task '1'"
        assert.equal(2, #server.requests)
        assert.equal(0, #other.requests)
    end)

    -- ------------------------------------------------------------------ hosts

    it("fetches from where it may, and not from the API", function()
        local place = other.url:gsub("^http://", "")
        for _, hosts in ipairs { {}, { "127.0.0.1" }, { "localhost:" .. place:match "%d+$" } } do
            limit { hosts = hosts }
            for _, url in ipairs { other.url, server.url .. "/v1/task/1", "http://0x7f.1:" .. place:match "%d+$",
                "http://" .. place .. "@evil.invalid/", "http://evil.invalid@" .. place .. "/" } do
                local err = fake.failure(run, "scaleapi.fetch(url)", { url = url })
                assert.is_truthy(err.kind == "not_allowed" or err.kind == "usage" and url:find "@", err.kind)
            end
        end
        assert.equal(0, sent())
        limit { hosts = { place } }
        assert.equal("other", run("return scaleapi.fetch(url .. '/x').body", { url = other.url }))
        refused("scaleapi.fetch(url)", { url = server.url })
        assert.same({ 0, 1, 1 }, { #server.requests, #other.requests, sent() })
    end)

    it("is led nowhere else by a redirect, a header, a proxy or a file", function()
        other:close()
        other = fake.start { { status = 302, headers = { Location = server.url .. "/v1/task/1" } } }
        local place = other.url:gsub("^http://", "")
        limit { hosts = { place } }
        local err = refused("scaleapi.fetch(url, { follow = true })", { url = other.url })
        assert.matches("the host 127.0.0.1:%d+ is not allowed here", err.message)
        assert.same({ 0, 1, 1 }, { #server.requests, #other.requests, sent() })
        for _, options in ipairs {
            "{ proxy = 'http://127.0.0.1:9' }", "{ ca_file = '/etc/passwd' }", "{ verify = false }",
            "{ headers = { Host = 'evil.invalid' } }", "{ headers = { hOST = 'evil.invalid' } }",
        } do
            refused("scaleapi.fetch(url, " .. options .. ")", { url = other.url })
        end
        assert.equal(1, #other.requests)
    end)

    -- -------------------------------------------------------- requests, files

    it("sends no more requests than it may, retries and redirects and all its clients included", function()
        limit { requests = 5 }
        local fine, kind = run [[
            local fine, kind = 0, nil
            for _, task, err in scaleapi.parallel(10, { "1", "2", "3", "4", "5", "6", "7", "8" }, function(id)
                return scaleapi.client():get_task(id)
            end) do
                if task then fine = fine + 1 else kind = err.kind end
            end
            return fine, kind]]
        assert.same({ 5, "not_allowed", 5, 5 }, { fine, kind, #server.requests, sent() })
        refused "scaleapi.client():get_task '1'"
        refused "for _ in scaleapi.client():get_tasks { project_name = 'p' } do end"
        assert.equal(5, #server.requests)
        server:close()
        server = fake.start { { status = 503, headers = { ["Retry-After"] = "0" } } }
        limit { requests = 2, max_attempts = 4 }
        local err = refused "scaleapi.client():get_task '1'"
        assert.same({ "no more than 2 requests are allowed here", 2, 2 }, { err.message, err.attempts, #server.requests })
        limit { requests = 0 }
        refused "scaleapi.client():get_task '1'"
    end)

    it("reads a file only if it may", function()
        local path = os.tmpname()
        assert(io.open(path, "w")):write("secret"):close()
        limit { operations = { "upload_file", "cancel_task" } }
        refused("scaleapi.client():upload_file { path = path }", { path = path })
        for _, rows in ipairs { "path", "path .. '.csv'" } do
            refused("scaleapi.bulk { client = scaleapi.client(), rows = " .. rows .. ", operation = 'cancel_task' }", { path = path })
        end
        refused("scaleapi.bulk { client = scaleapi.client(), rows = {}, journal = path, operation = 'cancel_task' }", { path = path })
        refused "return scaleapi.csv.rows"
        refused "return scaleapi.jsonl.open"
        refused "return scaleapi.journal.open"
        refused "return scaleapi.limited {}"
        run "scaleapi.client():upload_file { data = 'open', filename = 'x' }"
        assert.equal(1, #server.requests)
        limit { operations = "upload_file", files = true }
        run("scaleapi.client():upload_file { path = path }", { path = path })
        assert.matches("secret", server.requests[2].body)
        os.remove(path)
    end)

    -- ------------------------------------------------------------------- jobs

    it("has jobs of its own, and its errors are the program's to read", function()
        assert.same({ true, 7, "Job (done)" }, { run [[
            local job = scaleapi.spawn(function(x) scaleapi.sleep(0.001) return x end, 7)
            local value = job:wait()
            return job:is_done(), value, tostring(job)]] })
        assert.is_true(run [[
            local job = scaleapi.spawn(function() scaleapi.sleep(600) end)
            scaleapi.sleep(0.001)
            job:cancel()
            local ok, err = pcall(job.wait, job)
            return not ok and scaleapi.is_error(err, "canceled")]])
        local job = scaleapi.spawn(assert(load("scaleapi.sleep(600)", "=script", "t", environment)))
        scaleapi.sleep(0.001)
        job:cancel()
        assert.equal("canceled", fake.failure(job.wait, job).kind)
        run "scaleapi.after(0, function() error 'oh' end) scaleapi.sleep(0.01)"
        assert.equal(1, #require("scaleapi.scheduler").finish())
        assert.is_false(pcall(run, "scaleapi.spawn(print).wait {}"))
    end)

    it("ends with the program's loop, and leaves it as it was", function()
        local order = {}
        local one = scaleapi.spawn(function()
            for task in host:get_tasks { project_name = "p" } do table.insert(order, task.status) end
        end)
        run "for task in scaleapi.client():get_tasks { project_name = 'p' } do end scaleapi.client():close()"
        one:wait()
        assert.equal(4, #order)
        host:get_task "1"
    end)
end)

describe("limited", function()
    it("says what is wrong with it, at the line that called", function()
        for problem, options in pairs {
            ["no API key"] = {},
            ["unknown client option 'timout'; did you mean 'timeout'?"] = { api_key = "k", timout = 1 },
            ["no operation is called 'get_tsk'; did you mean 'get_task'?"] = { api_key = "k", operations = "get_tsk" },
            ["operations must be an array of strings"] = { api_key = "k", operations = { 1 } },
            ["hosts must be an array of strings"] = { api_key = "k", hosts = 7 },
            ["'http://x.com' is no host"] = { api_key = "k", hosts = { "http://x.com" } },
            ["requests must be a whole number, 0 or more"] = { api_key = "k", requests = -1 },
            ["files must be true or false"] = { api_key = "k", files = 1 },
            ["would send the key in the clear"] = { api_key = "k", base_url = "http://example.com" },
        } do
            local ok, message = pcall(function() scaleapi.limited(options) end)
            assert.is_false(ok)
            assert.is_truthy(tostring(message):find(problem, 1, true), message)
            assert.matches("limited_spec.lua:%d+: ", message)
        end
        assert.is_false(pcall(scaleapi.limited))
    end)
end)
