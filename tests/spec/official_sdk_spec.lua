-- plain lua too
-- What the official Python SDK 2.18.4 gets wrong or leaves out, and we do not. The numbers are those of the list of its
-- faults in the notes on the API; those that concern examples, documentation or Python alone are not here.

local scaleapi = require "scaleapi"
local fake = dofile "tests/spec/support/fake.lua"

local TASK = '{"task_id":"1","type":"comparison","status":"pending","params":{},"metadata":{}}'
local PAGE = '{"docs":[' .. TASK .. '],"total":1,"limit":100,"offset":0,"has_more":false}'
local LOST = { status = 500 }
local DUPLICATE = { status = 409, body = '{"status_code":409,"error":"The unique_id is already used."}' }

local server, client

local function serve(script, options)
    server = fake.start(script)
    client = server:client(options)
end

describe("where the official SDK", function()
    after_each(function()
        client:close()
        server:close()
    end)

    it("1: opens a connection for each call, ours uses one for all", function()
        serve { TASK }
        for _ = 1, 20 do client:get_task "1" end
        for _ = 1, 20 do client.v2:get_task "1" end
        assert.equal(1, server.server:stats().connections)
    end)

    it("2: never repeats over http, ours does", function()
        serve { LOST, TASK }
        assert.equal("1", client:get_task("1").task_id)
    end)

    it("3: never repeats a PUT, ours does what can be repeated", function()
        serve { LOST, { drop = true }, TASK }
        assert.equal("1", client:add_task_tags("1", { "a" }).task_id)
        assert.equal("PUT /v1/task/1/tags", server:line())
    end)

    it("4: waits as long as Retry-After says without a limit, ours ends at the deadline", function()
        serve({ { status = 503, headers = { ["Retry-After"] = "100000" } } }, { deadline = 5 })
        assert.equal("unavailable", fake.failure(client.get_task, client, "1").kind)
        assert.equal(1, #server.requests)
    end)

    it("5: sends a task again that may be there, ours only where that makes nothing twice", function()
        serve { { drop = true } }
        for _, create in ipairs {
            function() client:create_task("comparison", { attachments = { "x" } }) end,
            function() client:create_evaluation_task("textcollection", { expected_response = {} }) end,
            function() client:create_training_task("textcollection", { expected_response = {} }) end,
            function() client:create_project_group("p", { emails = { "a@x.test" }, project_group = "g" }) end,
            function() client:create_fixless_audit { task_id = "1" } end,
            function() client:set_project_ontology("p", { ontology = { "a" } }) end,
            function() client.v2:create_batch { name = "b", project_name = "p" } end,
            function() client.v2:create_chat_task { project_name = "p" } end,
        } do
            local before = #server.requests
            assert.equal("ambiguous", fake.failure(create).kind)
            assert.equal(before + 1, #server.requests)
        end
    end)

    it("6: waits for ever, ours has time-outs", function()
        serve({ function()
            scaleapi.sleep(1)
            return { body = TASK }
        end }, { timeout = 0.05, max_attempts = 1 })
        assert.equal("timeout", fake.failure(client.v2.get_task, client.v2, "1").kind)
    end)

    it("8, 41: takes 200 alone for success, ours any 2xx", function()
        serve { { status = 201, body = TASK }, { status = 202, body = TASK }, { status = 201, body = '{"id":"1"}' },
            { status = 204, body = "" }, { status = 201, body = '{"id":"b1"}' } }
        assert.equal("1", client:create_task("comparison", {}).task_id)
        assert.equal("1", client:get_task("1").task_id)
        assert.equal("1", client:create_fixless_audit({}).id)
        assert.equal("", client:audit_task("1", true))
        assert.equal("b1", client.v2:create_batch({ name = "b", project_name = "p" }).id)
    end)

    it("9: dies of a 200 that is no JSON, ours says so", function()
        serve({ "OK" }, { max_attempts = 1 })
        assert.equal("bad_answer", fake.failure(client.get_task, client, "1").kind)
        assert.equal("bad_answer", fake.failure(client.list_teammates, client).kind)
    end)

    it("10: dies of a 409 to a call without body or with a list, ours raises it", function()
        serve { DUPLICATE }
        assert.equal("duplicate", fake.failure(client.cancel_task, client, "1").kind)
        assert.equal("duplicate", fake.failure(client.set_task_tags, client, "1", { "a" }).kind)
    end)

    it("11: takes 429, 500, 409 for a duplicate, and dies of a drop before a 409; ours finds the task", function()
        local made = '{"docs":[{"task_id":"1","type":"comparison","unique_id":"u","params":{"a":1}}]}'
        for _, first in ipairs { { { status = 429 }, LOST }, { { drop = true } } } do
            local script = { table.unpack(first) }
            table.move({ DUPLICATE, made }, 1, 2, #script + 1, script)
            serve(script)
            local task, outcome = client:create_task("comparison", { a = 1, unique_id = "u" })
            assert.same({ "1", "created" }, { task.task_id, outcome })
            client:close()
            server:close()
        end
    end)

    it("13, 14: looks an id up unquoted, and dies when nothing is found; ours quotes, and reports the 409", function()
        serve({ LOST, DUPLICATE, '{"docs":[]}' }, { max_attempts = 2 })
        local err = fake.failure(client.create_task, client, "comparison", { unique_id = "a&b#c" })
        assert.same({ "duplicate", 409, true }, { err.kind, err.code, err.unclear })
        assert.equal("GET /v1/tasks?unique_id=a%26b%23c", server:line())
    end)

    it("15: takes another task for the one whose unique_id was set, ours looks at the task itself", function()
        serve { LOST, TASK, DUPLICATE, TASK }
        local err = fake.failure(client.update_task_unique_id, client, "1", "u")
        assert.same({ "duplicate", "GET /v1/task/1" }, { err.kind, server:line() })
    end)

    it("16: dies of an error that is an array, ours reads it", function()
        serve { { status = 400, body = '["no","good"]' } }
        assert.equal('["no","good"]', fake.failure(client.get_task, client, "1").message)
    end)

    it("17: sends no body for what is empty, ours does", function()
        serve { TASK, TASK, '{"name":"p","type":"comparison","param_history":[]}' }
        client:set_task_tags("1", {})
        client:set_task_metadata("1", {})
        client:update_project "p"
        assert.same({ "[]", "{}", "{}" },
            { server.requests[1].body, server.requests[2].body, server.requests[3].body })
    end)

    it("18, 19: puts ids into paths unquoted and doubles slashes, ours does neither", function()
        serve { TASK }
        local other = scaleapi.client { api_key = "test_key", base_url = server.url .. "/" }
        other:get_task "a/b?x"
        assert.equal("GET /v1/task/a%2Fb%3Fx", server:line())
        other:close()
    end)

    it("20, 24: refuses created_after and cannot ask for errors, ours can", function()
        serve { PAGE }
        client:tasks { created_after = "2021-04-25", created_before = 1619308800, status = "error" }
        assert.equal("GET /v1/tasks?status=error&start_time=2021-04-25&end_time=2021-04-25T00%3A00%3A00.000Z",
            server:line())
    end)

    it("22: cannot filter batches by other times, and ends by has_more alone; ours does better", function()
        serve { '{"docs":[],"totalDocs":0,"limit":100,"offset":0,"has_more":true}' }
        assert.same({}, client:get_batches({ completed_after = 0, audited_before = 1, limit = 5 }):list())
        assert.matches("completed_after=1970%-01%-01T00%%3A00%%3A00.000Z", server:line())
        assert.equal(1, #server.requests)
        server:close()
        serve { '{"docs":[{"name":"b"}],"totalDocs":1,"limit":1,"offset":0,"has_more":true}' }
        local err = fake.failure(client:get_batches({}).list, client:get_batches {})
        assert.matches("same page twice", err.message)
    end)

    it("25, 26: loses initial_response and wraps workers, ours reads them", function()
        serve { '{"id":"e","expected_response":{},"initial_response":{"a":1}}',
            '{"id":"g","name":"g","numWorkers":2,"isSingleton":false,"workers":[{"id":"1","email":"a"},{"id":"2","email":"b"}]}',
            '[{"id":"g","name":"g","numWorkers":0,"isSingleton":false}]' }
        assert.equal(1, client:create_evaluation_task("textcollection", { expected_response = {} }).initial_response.a)
        local group = client:update_project_group("p", "g", { add_emails = { "b" }, remove_emails = {} })
        assert.same({ 2, "b", false }, { #group.workers, group.workers[2].email, group.is_singleton })
        assert.same({}, client:list_project_groups("p")[1].workers)
    end)

    it("27: compares equal tasks as unequal, ours compares what they are", function()
        serve { TASK }
        assert.equal(client:get_task "1", client:get_task "1")
    end)

    it("28, 29: needs metadata in a batch, and leaves objects as they were; ours does not", function()
        serve { '{"name":"b","status":"staging"}', '{"name":"b","status":"staging","metadata":{"a":1}}',
            '{"task_id":"1","metadata":{"b":2}}', '{"task_id":"1","tags":["x"]}' }
        local batch = client:get_batch "b"
        assert.is_nil(batch.metadata)
        batch:set_metadata { a = 1 }
        assert.equal(1, batch.metadata.a)
        local task = client:get_task "1"
        task:set_tags { "x" }
        assert.same({ "x" }, { task.tags[1] })
    end)

    it("30: checks no type before it sends, ours refuses what is a slip and sends what may be new", function()
        serve { TASK, '{"id":"1"}' }
        assert.matches("did you mean 'imageannotation'?", select(2, pcall(client.create_task, client, "imageanotation", {})),
            1, true)
        assert.matches("did you mean 'textcollection'?", select(2, pcall(client.create_evaluation_task, client,
            "textcolection", { expected_response = {} })), 1, true)
        assert.equal(0, #server.requests)
        client:create_task("holography", {})
        client:create_training_task("holography", { expected_response = {} })
        assert.equal("POST /v1/training_tasks/holography", server:line())
    end)

    it("31: has no call for some of the API, ours has", function()
        serve(function(request)
            if request.path == "/v1/projects" or request.path == "/v1/audits" then return { body = "[]" } end
            return { body = request.path == "/v1/files" and PAGE or "{}" }
        end)
        client:set_project_ontology("p", { ontology = { "a" } })
        client:get_projects { archived = true }
        client:prioritize_batch("b", 30)
        client:list_assets({ project = "p" }):list()
        client:get_fixless_audits { task_id = "1" }
        local lines = {}
        for n = 1, 5 do lines[n] = server:line(n) end
        assert.same({ "POST /v1/projects/p/setOntology", "GET /v1/projects?archived=true",
            "POST /v1/batches/b/prioritize", "GET /v1/files?project=p", "GET /v1/audits?task_id=1" }, lines)
    end)

    it("32, 33, 34: neither moves, nor repeats, nor wraps errors of the second API; ours does", function()
        serve { { status = 503 }, TASK }
        assert.equal("1", client.v2:get_task("1").task_id)
        server:close()
        local err = fake.failure(client.v2.get_task, client.v2, "1", { max_attempts = 1 })
        assert.same({ "network", "v2.get_task" }, { err.kind, err.operation })
    end)

    it("35: has no names for 402 and 429 of the second API, ours has", function()
        serve({ { status = 402 }, { status = 429 } }, { max_attempts = 1 })
        assert.equal("not_enabled", fake.failure(client.v2.get_task, client.v2, "1").kind)
        assert.equal("too_many_requests", fake.failure(client.v2.get_task, client.v2, "1").kind)
    end)

    it("43: drops the unique_id of a chat task, ours sends it", function()
        serve { TASK }
        client.v2:create_chat_task { project_name = "p", unique_id = "u" }
        assert.equal('{"project_name":"p","unique_id":"u"}', server.requests[1].body)
    end)

    describe("31: never sends an Idempotency-Key, ours", function()
        it("does when told to, each time", function()
            serve { LOST, TASK, TASK }
            assert.equal("1", client:create_task("comparison", { a = 1 }, { idempotency_key = "k-1" }).task_id)
            client:create_task("comparison", { a = 1 })
            assert.same({ "k-1", "k-1" }, { server.requests[1].headers["idempotency-key"],
                server.requests[2].headers["idempotency-key"] })
            assert.is_nil(server.requests[3].headers["idempotency-key"])
            assert.equal("Basic dGVzdF9rZXk6", server.requests[1].headers.authorization)
        end)

        it("leaves the 409 that follows a lost answer a duplicate whose outcome is unclear", function()
            serve { { drop = true }, DUPLICATE }
            local err = fake.failure(client.create_task, client, "comparison", {}, { idempotency_key = "k" })
            assert.same({ "duplicate", true, 2 }, { err.kind, err.unclear, #server.requests })
        end)

        it("refuses one that would break the header, or where there is none", function()
            serve { TASK }
            for _, key in ipairs { "", "a\r\nX: y", "a b", "é", "a\0b" } do
                local ok, message = pcall(function() client:create_task("comparison", {}, { idempotency_key = key }) end)
                assert.is_false(ok)
                assert.matches("official_sdk_spec.lua:%d+: idempotency_key .*must ", message)
            end
            assert.matches("get_task takes no idempotency_key",
                select(2, pcall(client.get_task, client, "1", { idempotency_key = "k" })))
            assert.equal(0, #server.requests)
        end)
    end)
end)
