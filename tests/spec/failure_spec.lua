-- plain lua too
-- What can go wrong on the wire: every status, the network, and answers that are no answers.

local scaleapi = require "scaleapi"
local server_module = require "scaleapi.server"
local fake = dofile "tests/spec/support/fake.lua"

local TASK = '{"task_id":"1","type":"t","status":"pending"}'

describe("a failure", function()
    local server, client

    local function serve(script, options)
        server = fake.start(script)
        options = options or {}
        options.max_attempts = options.max_attempts or 1
        client = server:client(options)
    end

    local function failure()
        return fake.failure(client.get_task, client, "1")
    end

    after_each(function()
        if client then client:close() end
        if server then server:close() end
        client, server = nil, nil
    end)

    for code, kind in pairs {
        [400] = "invalid_request", [401] = "unauthorized", [402] = "not_enabled", [403] = "forbidden",
        [404] = "not_found", [405] = "unexpected_status", [408] = "timeout", [409] = "duplicate", [413] = "too_large",
        [422] = "invalid_request", [429] = "too_many_requests", [500] = "internal", [501] = "internal",
        [502] = "internal", [503] = "unavailable", [504] = "timeout", [530] = "internal",
    } do
        it("of status " .. code .. " is " .. kind, function()
            serve { { status = code, body = '{"status_code":' .. code .. ',"error":"words of the server"}' } }
            local err = failure()
            assert.same({ kind, code, "words of the server", "get_task", 1 },
                { err.kind, err.code, err.message, err.operation, err.attempts })
            assert.equal(("get_task: %d %s: words of the server"):format(code, kind), tostring(err))
            assert.is_true(scaleapi.is_error(err, kind))
            assert.is_false(scaleapi.is_error(err, "network"))
        end)
    end

    it("comes at the deadline, also of an upload and of a call that waits for its place", function()
        serve(function()
            scaleapi.sleep(60)
            return TASK
        end, { max_in_flight = 2, timeout = 3 })
        local other = scaleapi.spawn(function() return client:get_task "1" end)
        scaleapi.sleep(0.01)
        local began = scaleapi.now()
        local upload = scaleapi.spawn(function()
            return client:upload_file { data = "x", filename = "x", deadline = 0.3 }
        end)
        scaleapi.sleep(0.01)
        local queued = fake.failure(client.get_task, client, "1", { deadline = 0.2 })
        assert.same({ "timeout", 0, true, false }, { queued.kind, queued.attempts, queued.retriable, queued.unclear })
        assert.equal("timeout", fake.failure(upload.wait, upload).kind)
        assert.is_true(scaleapi.now() - began < 1, scaleapi.now() - began)
        assert.equal(2, #server.requests)
        other:cancel()
    end)

    it("with a Retry-After beyond all numbers ends at once", function()
        serve({ { status = 429, headers = { ["Retry-After"] = "9223372036854775807" } } }, { max_attempts = 2 })
        local err = failure()
        assert.same({ "too_many_requests", 1 }, { err.kind, err.attempts })
        assert.is_true(err.retry_after > 1e9)
    end)

    it("is returned by client.safe instead of raised", function()
        serve { { status = 404, body = '{"error":"no"}' }, TASK }
        local task, err = client.safe:get_task "1"
        assert.is_nil(task)
        assert.is_true(scaleapi.is_error(err, "not_found"))
        assert.equal("1", client.safe:get_task("1").task_id)
    end)

    it("knows where it was raised", function()
        serve { { status = 404 } }
        assert.matches("fake.lua", failure().where or "fake.lua")
        local ok, err = pcall(function()
            client:get_task "1"
        end)
        assert.is_false(ok)
        assert.matches("failure_spec.lua:%d+$", err.where)
    end)

    for name, case in pairs {
        ["an array"] = { '["a"]', '["a"]' },
        ["an object as error"] = { '{"error":{"code":1}}', '{"code":1}' },
        ["an error of null"] = { '{"error":null,"message":"m"}', "m" },
        ["another object"] = { '{"detail":"x"}', '{"detail":"x"}' },
        ["HTML"] = { "<html><head><title> 502 Bad Gateway </title></head><body>x</body></html>", "502 Bad Gateway" },
        ["plain text"] = { " sorry\n", "sorry" },
        ["nothing"] = { "", "the server failed" },
        ["cut JSON"] = { '{"error":"hal', '{"error":"hal' },
    } do
        it("reads an error body that is " .. name, function()
            serve { { status = 500, body = case[1] } }
            assert.equal(case[2], failure().message)
        end)
    end

    for name, body in pairs {
        ["is cut"] = '{"task_id":"1","params":{',
        ["is empty"] = "",
        ["is HTML"] = "<html></html>",
        ["is an array"] = "[]",
        ["has no task_id"] = '{"status":"pending"}',
        ["has more behind it"] = TASK .. TASK,
    } do
        it("of a 200 that " .. name .. " is bad_answer", function()
            serve { body }
            local err = failure()
            assert.same({ "bad_answer", 200, true }, { err.kind, err.code, err.retriable })
        end)
    end

    it("of a body shorter than announced is bad_answer", function()
        serve { { body = TASK, cut = 10 } }
        assert.equal("bad_answer", failure().kind)
    end)

    it("of an answer too large is too_large", function()
        serve({ TASK .. (" "):rep(5000) }, { max_answer = 1000 })
        local err = failure()
        assert.equal("too_large", err.kind)
        assert.matches("larger than 1000 bytes", err.message)
    end)

    it("of a field that is malformed is found when it is read", function()
        serve { '{"task_id":"1","type":tru,"status":"pending"}' }
        local ok, task = pcall(client.get_task, client, "1")
        if ok then
            local err = fake.failure(function() return task:json() end)
            assert.equal("bad_answer", err.kind)
        else
            assert.equal("bad_answer", task.kind)
        end
    end)

    it("of a redirect names where to, and does not follow it", function()
        serve { { status = 302, headers = { Location = "http://127.0.0.1:1/x" } } }
        local err = failure()
        assert.same({ "unexpected_status", 302 }, { err.kind, err.code })
        assert.matches("http://127.0.0.1:1/x", err.message)
        assert.equal(1, #server.requests)
    end)

    it("of a dropped connection is network, without a code", function()
        serve { { drop = true } }
        local err = failure()
        assert.same({ "network" }, { err.kind, err.code })
        assert.is_true(err.unclear)
    end)

    it("of a server that is not there is network, and nothing is unclear", function()
        serve { TASK }
        server:close()
        local err = failure()
        assert.equal("network", err.kind)
        assert.is_false(err.unclear)
        assert.is_true(err.retriable)
    end)

    it("of a name that is not there is network", function()
        client = scaleapi.client { api_key = "k", base_url = "https://nowhere.invalid", max_attempts = 1 }
        assert.equal("network", failure().kind)
    end)

    it("of a server that does not answer is timeout", function()
        serve({ function()
            scaleapi.sleep(2)
            return { body = TASK }
        end }, { timeout = 0.1 })
        local started = scaleapi.now()
        local err = failure()
        assert.same({ "timeout" }, { err.kind, err.code })
        assert.is_true(scaleapi.now() - started < 1)
        err = fake.failure(client.get_task, client, "1", { timeout = 0.05 })
        assert.equal("timeout", err.kind)
    end)

    it("never hands a late answer to the next request", function()
        serve({ function(_, n)
            if n == 1 then scaleapi.sleep(0.2) end
            return { body = ('{"task_id":"%d"}'):format(n) }
        end }, { timeout = 0.1 })
        assert.equal("timeout", failure().kind)
        scaleapi.sleep(0.2)
        assert.equal("2", client:get_task("1").task_id)
    end)

    it("of plain text where TLS should be is tls or network", function()
        serve { TASK }
        local secure = scaleapi.client { api_key = "k", base_url = server.url:gsub("^http:", "https:"), max_attempts = 1 }
        local err = fake.failure(secure.get_task, secure, "1")
        assert.truthy(err.kind == "tls" or err.kind == "network")
        secure:close()
    end)

    it("of a client that is closed is closed", function()
        serve { function()
            scaleapi.sleep(1)
            return { body = TASK }
        end }
        local job = scaleapi.spawn(function() return client:get_task "1" end)
        scaleapi.sleep(0.05)
        job:cancel()
        local err = fake.failure(job.wait, job)
        assert.equal("canceled", err.kind)
    end)

    it("does not stop the server module", function()
        assert.is_function(server_module.listen)
    end)
end)

describe("a request that failed", function()
    local server, client

    local function serve(script, options)
        server = fake.start(script)
        client = server:client(options)
    end

    after_each(function()
        client:close()
        server:close()
    end)

    it("is sent again after a passing failure", function()
        serve { { status = 500 }, { body = "{" }, { drop = true }, TASK }
        assert.equal("1", client:get_task("1").task_id)
        assert.equal(4, #server.requests)
        -- libcurl itself repeats a read on a kept connection that was dropped.
        assert.is_true(client:stats().retries >= 2)
    end)

    it("is given up after so many attempts", function()
        serve({ { status = 502 } }, { max_attempts = 3 })
        local err = fake.failure(client.get_task, client, "1")
        assert.equal(3, err.attempts)
        assert.matches("%(after 3 attempts%)$", tostring(err))
        fake.failure(client.get_task, client, "1", { max_attempts = 1 })
        assert.equal(4, #server.requests)
    end)

    it("waits as long as Retry-After says", function()
        serve { { status = 429, headers = { ["Retry-After"] = "1" } }, TASK }
        local started = scaleapi.now()
        client:get_task "1"
        assert.is_true(scaleapi.now() - started >= 1)
    end)

    it("ends at once when Retry-After lies beyond the deadline", function()
        serve({ { status = 429, headers = { ["Retry-After"] = "100" } } }, { deadline = 5 })
        local err = fake.failure(client.get_task, client, "1")
        assert.same({ "too_many_requests", 100, 1 }, { err.kind, err.retry_after, err.attempts })
    end)

    it("is not sent again when the task could then be made twice", function()
        for _, answer in ipairs { { status = 500 }, { drop = true }, { body = "{" } } do
            serve { answer, TASK }
            local err = fake.failure(client.create_task, client, "imageannotation", { attachment = "x" })
            assert.equal("ambiguous", err.kind)
            assert.is_true(err.unclear)
            assert.equal(1, #server.requests)
        end
    end)

    it("is sent again without unique_id when the server says that it did nothing", function()
        serve { { status = 429 }, TASK }
        assert.equal("1", client:create_task("imageannotation", { attachment = "x" }).task_id)
    end)

    it("is not sent again when it would append a version or an audit", function()
        serve { { status = 500 } }
        assert.equal("ambiguous", fake.failure(client.update_project, client, "p", { instruction = "x" }).kind)
        assert.equal("ambiguous", fake.failure(client.audit_task, client, "1", true).kind)
        assert.equal(2, #server.requests)
    end)

    it("is not repeated by libcurl behind our back", function()
        -- Connections that served one request and are closed on the next, unread.
        local served = {}
        serve { function(request)
            served[#served + 1] = request
            return #served % 2 == 1 and { body = TASK } or { drop = true }
        end }
        client:get_task "1"
        local err = fake.failure(client.create_task, client, "imageannotation", { attachment = "x" })
        assert.equal("ambiguous", err.kind)
        assert.equal(2, #served)
    end)
end)

describe("an unclear outcome", function()
    local server, client
    local PAYLOAD = { unique_id = "u&1#+%/ü", project = "p", instruction = "Do it.", attachment = "x",
        geometries = { box = { min_width = 10 } }, clear_unique_id_on_error = true }
    local MADE = '{"task_id":"7","type":"imageannotation","status":"pending","project":"p","unique_id":"u&1#+%/ü",' ..
        '"instruction":"Do it. And so on.","params":{"attachment":"x","geometries":{"box":{"min_width":1e1,"x":0}},"d":1}}'

    local function serve(script, options)
        server = fake.start(script)
        client = server:client(options)
    end

    local function page(document)
        return '{"docs":[' .. (document or "") .. '],"total":1,"limit":100,"offset":0,"has_more":false}'
    end

    after_each(function()
        client:close()
        server:close()
    end)

    local DUPLICATE = { status = 409, body = '{"status_code":409,"error":"already used"}' }

    it("of a task with a unique_id is resolved by sending again", function()
        serve { { status = 500 }, MADE }
        local task, outcome = client:create_task("imageannotation", PAYLOAD)
        assert.same({ "7", "created" }, { task.task_id, outcome })
    end)

    it("of a task that was made is found by its unique_id", function()
        for _, first in ipairs { { status = 500 }, { drop = true }, { body = "{" }, { status = 504 } } do
            serve { first, DUPLICATE, page(MADE) }
            local task, outcome = client:create_task("imageannotation", PAYLOAD)
            assert.same({ "7", "created" }, { task.task_id, outcome })
            assert.equal("GET /v1/tasks?unique_id=u%261%23%2B%25%2F%C3%BC", server:line())
            assert.equal(1, client:stats().lookups)
        end
    end)

    it("stays known through a clear refusal in between", function()
        serve { { status = 500 }, { status = 429 }, DUPLICATE, page(MADE) }
        assert.equal("7", client:create_task("imageannotation", PAYLOAD).task_id)
    end)

    it("is looked up until it is there", function()
        serve { { status = 500 }, DUPLICATE, page(), { status = 503 }, page(MADE) }
        assert.equal("7", client:create_task("imageannotation", PAYLOAD).task_id)
    end)

    it("is looked up again when the look-up's answer is cut", function()
        serve { { status = 500 }, DUPLICATE, { body = page(MADE), cut = 40 }, page(MADE) }
        assert.equal("7", client:create_task("imageannotation", PAYLOAD).task_id)
        local canceled = '{"task_id":"1","status":"canceled"}'
        serve { { body = canceled, cut = 10 }, { body = canceled, cut = 10 }, canceled }
        assert.equal("canceled", client:cancel_task("1").status)
        assert.equal("GET /v1/task/1", server:line())
    end)

    for _, garbage in ipairs { "42", "[1,2,3]", "null", '"OK"', "{}", '{"error":"busy"}' } do
        it("is looked up again when the look-up's answer is " .. garbage, function()
            serve { { status = 500 }, DUPLICATE, garbage, page(MADE) }
            assert.equal("7", client:create_task("imageannotation", PAYLOAD).task_id)
            serve { { status = 500 }, DUPLICATE, garbage, '{"name":"p","type":"textcollection"}' }
            assert.equal("p", client:create_project("textcollection", "p").name)
            serve { { status = 500 }, garbage, '{"name":"b","status":"in_progress"}' }
            assert.same({ "in_progress", 3 }, { client:finalize_batch("b").status, #server.requests })
            serve { { status = 500 }, garbage, '{"task_id":"1","status":"canceled"}' }
            assert.same({ "canceled", 3 }, { client:cancel_task("1").status, #server.requests })
            serve { { status = 500 }, garbage, '{"id":"1","status":"paused"}' }
            assert.equal("paused", client.v2:pause_batch { batch_id = "1" }.batch.status)
            assert.equal("GET /v2/batch?batch_id=1", server:line(3))
        end)
    end

    for name, document in pairs {
        ["type"] = (MADE:gsub('"imageannotation"', '"annotation"')),
        ["project"] = (MADE:gsub('"project":"p"', '"project":"q"')),
        ["a field"] = (MADE:gsub('"attachment":"x"', '"attachment":"y"')),
        ["a number deep inside"] = (MADE:gsub("1e1", "11")),
        ["instruction"] = (MADE:gsub("Do it%.", "Do that.")),
        ["being canceled"] = (MADE:gsub('"pending"', '"canceled"')),
    } do
        it("is no success when the task found differs in " .. name, function()
            serve { { status = 500 }, DUPLICATE, page(document) }
            local err = fake.failure(client.create_task, client, "imageannotation", PAYLOAD)
            assert.same({ "duplicate", 409, false }, { err.kind, err.code, err.unclear })
            assert.matches("^already used %(the task with that unique_id", err.message)
        end)
    end

    it("leaves a plain 409 a duplicate", function()
        serve { DUPLICATE }
        assert.equal("duplicate", fake.failure(client.create_task, client, "imageannotation", PAYLOAD).kind)
        assert.equal(1, #server.requests)
    end)

    it("takes an equal task for done when told to", function()
        serve { DUPLICATE, page(MADE) }
        local task, outcome = client:create_task("imageannotation", PAYLOAD, { accept_existing = true })
        assert.same({ "7", "existing" }, { task.task_id, outcome })
    end)

    it("takes a task with a digest for done whatever the server made of its fields", function()
        local rewritten = MADE:gsub('"attachment":"x"', '"attachment":"https://signed.test/x"')
        local options = { accept_existing = true, digest_id = true }
        serve { DUPLICATE, page(rewritten) }
        assert.same("existing", select(2, client:create_task("imageannotation", PAYLOAD, options)))
        for name, document in pairs {
            project = MADE:gsub('"project":"p"', '"project":"q"'), type = MADE:gsub('"imageannotation"', '"other"'),
            canceled = MADE:gsub('"pending"', '"canceled"'),
        } do
            serve { DUPLICATE, page(document) }
            local err = fake.failure(client.create_task, client, "imageannotation", PAYLOAD, options)
            assert.matches(name, err.message)
        end
    end)

    it("looks whether the task is there when a batch takes no more", function()
        local refusal = { status = 400, body = '{"error":"the batch is finalized"}' }
        serve { refusal, page(MADE) }
        assert.same("existing", select(2, client:create_task("imageannotation", PAYLOAD, { accept_existing = true })))
        serve { refusal, page() }
        local err = fake.failure(client.create_task, client, "imageannotation", PAYLOAD, { accept_existing = true })
        assert.same({ "invalid_request", "the batch is finalized", 2 }, { err.kind, err.message, #server.requests })
        serve { { status = 500 }, refusal, page(MADE) }
        assert.same("created", select(2, client:create_task("imageannotation", PAYLOAD)))
        serve { refusal }
        fake.failure(client.create_task, client, "imageannotation", PAYLOAD)
        assert.equal(1, #server.requests)
    end)

    it("of a batch or project is found by its name", function()
        serve { { status = 500 }, DUPLICATE, '{"name":"b /1","project":"p","status":"staging"}' }
        assert.equal("b /1", client:create_batch("p", "b /1").name)
        assert.equal("GET /v1/batches/b%20%2F1", server:line())
        serve { { status = 500 }, DUPLICATE, '{"name":"b","project":"other","status":"staging"}' }
        assert.equal("duplicate", fake.failure(client.create_batch, client, "p", "b").kind)
        serve { { status = 500 }, DUPLICATE, '{"name":"p","type":"textcollection"}' }
        assert.equal("p", client:create_project("textcollection", "p").name)
        serve { { status = 500 }, DUPLICATE, '{"name":"p","type":"annotation"}' }
        assert.equal("duplicate", fake.failure(client.create_project, client, "textcollection", "p").kind)
    end)

    it("of finalize and cancel is found by reading the state", function()
        serve { { status = 500 }, '{"name":"b","status":"in_progress"}' }
        assert.equal("in_progress", client:finalize_batch("b").status)
        assert.same({ "POST /v1/batches/b/finalize", "GET /v1/batches/b" }, { server:line(1), server:line(2) })
        serve { { drop = true }, '{"name":"b","status":"staging"}', '{"name":"b","status":"in_progress"}' }
        assert.equal("in_progress", client:finalize_batch("b").status)
        assert.equal("POST /v1/batches/b/finalize", server:line(3))
        serve { { status = 500 }, '{"task_id":"1","status":"canceled"}' }
        assert.equal("canceled", client:cancel_task("1").status)
        serve { { status = 500 }, '{"task_id":"1","status":"canceled","unique_id":"u"}', '{"task_id":"1","status":"canceled"}' }
        assert.is_nil(client:cancel_task("1", { clear_unique_id = true }).unique_id)
        assert.equal("POST /v1/task/1/cancel?clear_unique_id=true", server:line(3))
    end)

    it("of finalize is no success while the state cannot be read", function()
        serve { { status = 500 }, "{}", '{"status":"in_progress"}', '{"name":"b","status":"in_progress"}' }
        assert.equal("in_progress", client:finalize_batch("b").status)
        assert.same({ "GET /v1/batches/b", 4 }, { server:line(2), #server.requests })
    end)

    it("of finalize is not taken for done when the batch found has no status", function()
        serve { { status = 500 }, '{"name":"b"}', '{"name":"b","status":"in_progress"}' }
        assert.equal("in_progress", client:finalize_batch("b").status)
        assert.equal("GET /v1/batches/b", server:line(3))
    end)

    it("of a cancel that the server then refuses is the refusal", function()
        serve { { status = 500 }, '{"task_id":"1","status":"completed"}', { status = 400, body = '{"error":"done"}' },
            '{"task_id":"1","status":"completed"}' }
        local err = fake.failure(client.cancel_task, client, "1")
        assert.same({ "invalid_request", "done" }, { err.kind, err.message })
    end)

    it("of a unique_id that was set is not taken for somebody else's", function()
        serve { { status = 500 }, '{"task_id":"1"}', DUPLICATE, '{"task_id":"1","unique_id":"u"}' }
        assert.equal("u", client:update_task_unique_id("1", "u").unique_id)
    end)
end)
