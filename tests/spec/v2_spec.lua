-- plain lua too
-- The second API: its key, its lists, its objects, and what becomes of an unclear outcome.

local scaleapi = require "scaleapi"
local fake = dofile "tests/spec/support/fake.lua"

local json = scaleapi.json

local function batch(status, more)
    return ('{"id":"b1","name":"b","project":"p1","created_at":"x","status":"%s","metadata":{}%s}'):format(status,
        more or "")
end

local function task(id, more)
    return ('{"task_id":"%s","project":"p1","status":"pending","created_at":"x"%s}'):format(id, more or "")
end

local server, client

local function serve(script, options)
    server = fake.start(script)
    client = server:client(options)
end

local function close()
    client:close()
    server:close()
end

describe("client.v2", function()
    after_each(close)

    it("sends the key as a bearer token, and client as a user name", function()
        serve { task "t1", '{"task_id":"t2"}', task "t3" }
        assert.equal("t1", client.v2:get_task { task_id = "t1" }.task_id)
        assert.equal("t2", client:get_task("t2").task_id)
        client.v2:get_task "t3"
        assert.same({ "Bearer test_key", "Basic dGVzdF9rZXk6", "Bearer test_key" }, {
            server.requests[1].headers.authorization, server.requests[2].headers.authorization,
            server.requests[3].headers.authorization })
        assert.equal("GET /v2/task?task_id=t1", server:line(1))
    end)

    it("uses the one base URL, however it ends", function()
        serve { task "t1" }
        for _, ending in ipairs { "", "/", "/v1", "/v2/", "/under/v2" } do
            local other = scaleapi.client { api_key = "test_key", base_url = server.url .. ending }
            other.v2:get_task "t1"
            assert.equal("GET " .. (ending:match "^/under" or "") .. "/v2/task?task_id=t1", server:line())
            other:close()
        end
    end)

    it("repeats the key of a list, and encodes what is in it", function()
        serve { task "t1" }
        client.v2:get_task { task_id = "a/b c", expand = { "project", "batch" }, opts = "submissions" }
        assert.equal("GET /v2/task?task_id=a%2Fb%20c&expand=project&expand=batch&opts=submissions", server:line())
    end)

    it("says that one of several is needed, at the caller's line", function()
        serve { task "t1" }
        for name, wanted in pairs {
            get_batch = "v2.get_batch needs batch_id or batch_name",
            get_project = "v2.get_project needs project_id or project_name",
            get_tasks = "v2.get_tasks needs project_id or project_name or batch_id or batch_name",
            create_chat_task = "v2.create_chat_task needs project_id or project_name or batch_id or batch_name",
            get_task = "v2.get_task needs task_id, a string",
        } do
            local ok, message = pcall(function() client.v2[name](client.v2, {}) end)
            assert.is_false(ok)
            assert.matches("^%S*v2_spec.lua:%d+: " .. wanted:gsub("%.", "%%.") .. "$", message)
        end
        assert.equal(0, #server.requests)
    end)

    it("suggests what was probably meant", function()
        serve { task "t1" }
        local function message_of(fn)
            return select(2, pcall(fn))
        end
        assert.matches("unknown operation 'get_tsak'; did you mean 'get_task'?",
            message_of(function() return client.v2.get_tsak end), 1, true)
        assert.matches("unknown option 'batchname' for v2.get_batch; did you mean 'batch_name'?",
            message_of(function() client.v2:get_batch { batchname = "b" } end), 1, true)
        assert.matches("unknown expand 'projects' for v2.get_task; did you mean 'project'?",
            message_of(function() client.v2:get_task { task_id = "t", expand = "projects" } end), 1, true)
        assert.matches("call it with a colon: client.v2:get_task(…)",
            message_of(function() client.v2.get_task { task_id = "t" } end), 1, true)
    end)

    it("returns errors where it is safe", function()
        serve { { status = 404, body = '{"status_code":404,"error":"No such task."}' } }
        for _, safe in ipairs { client.safe.v2, client.v2.safe } do
            local value, err = safe:get_task "t1"
            assert.is_nil(value)
            assert.same({ "not_found", 404, "v2.get_task", "No such task." },
                { err.kind, err.code, err.operation, err.message })
        end
    end)

    it("gives the address that a redirect names, however long, and asks nobody there", function()
        local address = "http://127.0.0.1:1/file?signature=" .. ("a"):rep(3000)
        serve { { status = 302, headers = { Location = address } }, { status = 302, headers = { Location = "/x" } } }
        assert.equal(address, client.v2:get_dataset_task_response_url("t/1", "a"))
        assert.equal("GET /v2/datasets/task/t%2F1/response_url/a", server:line())
        assert.equal(server.url .. "/x", client.v2:get_dataset_task_response_url("t", "a"))
        assert.equal(2, #server.requests)
    end)

    it("takes a redirect for an answer where an address is asked for only", function()
        serve { { status = 302, headers = { Location = "http://127.0.0.1:1/" } } }
        assert.equal("unexpected_status", fake.failure(client.v2.get_task, client.v2, "t").kind)
    end)
end)

describe("a list of the second API", function()
    after_each(close)

    local function tasks_page(token, ...)
        return ('{"tasks":[%s]%s}'):format(table.concat({ ... }, ","), token and ',"next_token":' .. token or "")
    end

    local function ids(iterator)
        local seen = {}
        for each in iterator do table.insert(seen, each.task_id) end
        return table.concat(seen, " ")
    end

    it("goes on by its token, its filters repeated", function()
        serve { tasks_page('"a/="', task "1", task "2"), tasks_page(nil, task "3") }
        assert.equal("1 2 3", ids(client.v2:get_tasks { project_name = "p", limit = 2 }))
        assert.equal("GET /v2/tasks?project_name=p&limit=2&next_token=a%2F%3D", server:line(2))
    end)

    for name, token in pairs { ["null"] = "null", ["empty"] = '""' } do
        it("ends when the token is " .. name, function()
            serve { tasks_page(token, task "1") }
            assert.equal("1", ids(client:v2_get_tasks { batch_id = "b" }))
            assert.equal(1, #server.requests)
        end)
    end

    it("ends with an error when a token comes twice", function()
        serve { tasks_page('"a"', task "1") }
        local err = fake.failure(ids, client.v2:get_tasks { batch_id = "b" })
        assert.equal("bad_answer", err.kind)
        assert.equal(2, #server.requests)
    end)

    it("ends with an error when its tokens go round in a circle", function()
        serve(function(_, n) return { body = tasks_page(('"%d"'):format(n % 7), task(n)) } end)
        local err = fake.failure(ids, client.v2:get_tasks { batch_id = "b" })
        assert.matches("same next_token twice", err.message)
        assert.is_true(#server.requests < 30)
    end)

    it("passes over some empty pages, and ends with an error at too many", function()
        serve(function(_, n) return { body = n == 5 and tasks_page(nil, task "1") or tasks_page(('"%d"'):format(n)) } end)
        assert.equal("1", ids(client.v2:get_tasks { batch_id = "b" }))
        server:close()
        serve(function(_, n) return { body = tasks_page(('"%d"'):format(n)) } end)
        local err = fake.failure(ids, client.v2:get_tasks { batch_id = "b" })
        assert.matches("10 empty pages in a row", err.message)
        assert.equal(10, #server.requests)
    end)

    it("says what else a page says", function()
        serve { '{"delivery":{"id":"d1","name":"first"},"tasks":[' .. task "1" .. '],"next_token":"a"}',
            '{"delivery":"d1","tasks":[]}' }
        local tasks = client.v2:get_delivery { delivery_id = "d1" }
        assert.equal("first", tasks.delivery.name)
        assert.equal("1", ids(tasks))
        assert.equal("d1", tasks.delivery)
        assert.is_nil(tasks.other)
    end)

    it("raises the failure of its first page from whatever is asked first", function()
        serve({ { status = 404 } }, { max_attempts = 1 })
        local tasks = client.v2:get_delivery { delivery_id = "d1" }
        assert.equal("not_found", fake.failure(function() return tasks.delivery end).kind)
        assert.is_nil(tasks())
    end)

    it("gives one page under its name without get_", function()
        serve { tasks_page('"a"', task "1") }
        local page = client.v2:tasks { project_name = "p" }
        assert.same({ "a", "1", 1 }, { page.next_token, page.tasks[1].task_id, #page.docs })
    end)

    it("that comes whole iterates as often as one likes", function()
        serve { '{"projects":[{"id":"1","name":"p"},{"id":"2","name":"q"}],"extra":1}' }
        local projects = client.v2:get_projects()
        local seen = {}
        for a in projects do
            for b in projects do table.insert(seen, a.name .. b.name) end
        end
        assert.same({ "pp", "pq", "qp", "qq" }, seen)
        assert.same({ 2, "q", true, true }, { #projects, projects[2].name, projects.projects == projects,
            projects:list() == projects })
        client.v2:get_projects():close()
    end)

    it("that comes whole iterates in the order that it has by then", function()
        serve { '{"projects":[{"id":"1","name":"p"},{"id":"2","name":"q"},{"id":"3","name":"r"}]}' }
        local projects = client.v2:get_projects()
        for _ in projects do end
        table.sort(projects, function(a, b) return a.name > b.name end)
        local seen = {}
        for each in projects do table.insert(seen, each.name) end
        assert.same({ "r", "q", "p" }, seen)
    end)

    for name, body in pairs { ["no list"] = "{}", ["no array"] = '{"projects":{}}', ["an array"] = "[]" } do
        it("does not take " .. name .. " for one", function()
            serve({ body }, { max_attempts = 1 })
            assert.equal("bad_answer", fake.failure(client.v2.get_projects, client.v2).kind)
        end)
    end
end)

describe("an object of the second API", function()
    after_each(close)

    it("is updated by what changes it", function()
        serve { batch "staging", batch "in_progress", '{"batch":' .. batch "paused" .. ',"message":"Paused."}',
            '{"message":"Resumed."}', '{"batch":' .. batch "cancelled" .. "}", batch("cancelled", ',"x":1') }
        local b = client.v2:get_batch { batch_name = "b" }
        assert.equal(b, b:finalize())
        assert.equal("in_progress", b.status)
        b:pause()
        assert.equal("paused", b.status)
        local operation = b:resume() -- says nothing of the batch
        assert.same({ "Resumed.", "paused" }, { operation.message, b.status })
        assert.is_nil(operation.batch)
        b:cancel()
        assert.equal("cancelled", b.status)
        b:set_metadata({ a = 1 }, { merge = true })
        assert.same({ '{"batch_id":"b1","metadata":{"a":1},"merge":true}', 1 }, { server.requests[6].body, b.x })
        for n, path in ipairs { "finalize", "pause", "resume", "cancel" } do
            assert.same({ "POST /v2/batch/" .. path, '{"batch_id":"b1"}' },
                { server:line(n + 1), server.requests[n + 1].body })
        end
    end)

    it("takes options beside its own id, and nothing else", function()
        serve { batch "in_progress" }
        local b = client.v2:get_batch { batch_name = "b" }
        for message, given in pairs {
            ["takes a table of options here, not string"] = { "x" }, ["batch_id of v2.pause_batch was given twice"] = {
                { batch_id = "b2" } }, ["got more arguments than it takes"] = { {}, {} },
            ["unknown option 'colour' for v2.pause_batch"] = { { colour = 1 } },
        } do
            local ok, problem = pcall(function() b:pause(table.unpack(given)) end)
            assert.is_false(ok)
            assert.matches("v2_spec.lua:%d+: ", problem)
            assert.matches(message, problem, 1, true)
        end
        assert.equal(1, #server.requests)
    end)

    it("gives the batch that an operation answers", function()
        serve { '{"batch":' .. batch "paused" .. ',"message":"Paused."}' }
        local operation = client.v2:pause_batch { batch_name = "b" }
        assert.same({ "Paused.", "paused", "b1" }, { operation.message, operation.batch.status, operation.batch.id })
        assert.equal('{"batch_name":"b"}', server.requests[1].body)
    end)

    it("is refreshed with what is asked for", function()
        serve { task "t1", task("t1", ',"batch":{"id":"b1"}'), task("t1", ',"metadata":{"a":1}') }
        local t = client.v2:get_task "t1"
        t:refresh { expand = "batch" }
        assert.same({ "GET /v2/task?task_id=t1&expand=batch", "b1" }, { server:line(), t.batch.id })
        t:set_metadata { a = 1 }
        assert.same({ '{"task_id":"t1","metadata":{"a":1}}', 1 }, { server.requests[3].body, t.metadata.a })
    end)

    it("reads what is new on the server, and what the SDK cannot read", function()
        local text = task("t1", [=[,"status":"dreaming","threads":[{"id":"x","turns":[{"id":"y","messages":[{
            "role":"critic","content":{"attachments":[{"url":"https://x.test/a"}]},
            "annotations":[{"id":"1","key":"k","type":"hologram","value":1.0}]}]}]}]]=])
        serve { text }
        local t = client.v2:get_task "t1"
        local message = t.threads[1].turns[1].messages[1]
        assert.same({ "dreaming", "critic", "https://x.test/a", "hologram", text }, { t.status, message.role,
            message.content.attachments[1].url, message.annotations[1].type, t:json() })
    end)

    it("holds a schema as a text and as what the text says", function()
        serve { '{"schema":{"id":"s1","json":"{\\"type\\":\\"object\\"}"}}' }
        local schema = client.v2:get_schema "s1"
        assert.same({ "s1", '{"type":"object"}', "object" }, { schema.id, schema.schema.json, schema.content.type })
    end)
end)

-- What a request meets (the answer that is lost, the refusal after it), and what stands on the server.
describe("an unclear outcome of the second API", function()
    after_each(close)

    local LOST = { status = 500 }
    local REFUSED = { status = 400, body = '{"status_code":400,"error":"Batch cannot be paused."}' }

    it("is not repeated when a batch could then be made twice", function()
        serve { LOST }
        local err = fake.failure(client.v2.create_batch, client.v2, { name = "b", project_name = "p" })
        assert.same({ "ambiguous", true, 1 }, { err.kind, err.unclear, #server.requests })
    end)

    for name, goal in pairs { finalize = "in_progress", pause = "paused", resume = "in_progress", cancel = "cancelled" } do
        it("of " .. name .. "_batch is found by reading the state", function()
            serve { LOST, batch(goal) }
            local operation = client.v2[name .. "_batch"](client.v2, { batch_name = "b/1" })
            local found = name == "finalize" and operation or operation.batch
            assert.same({ goal, "GET /v2/batch?batch_name=b%2F1", 2 }, { found.status, server:line(), #server.requests })
            assert.equal("Bearer test_key", server.requests[2].headers.authorization)
        end)
    end

    it("of a transition that did not happen is sent again", function()
        serve { LOST, batch "in_progress", '{"message":"Paused."}' }
        assert.equal("Paused.", client.v2:pause_batch { batch_id = "b1" }.message)
        assert.same({ "GET /v2/batch?batch_id=b1", "POST /v2/batch/pause" }, { server:line(2), server:line(3) })
    end)

    it("of a transition that was slow is found when the server refuses it the second time", function()
        serve { LOST, batch "in_progress", REFUSED, batch "paused" }
        assert.equal("paused", client.v2:pause_batch({ batch_id = "b1" }).batch.status)
    end)

    it("of a transition that shows only later is looked for a while", function()
        serve { LOST, batch "in_progress", REFUSED, batch "in_progress", batch "in_progress", batch "paused" }
        assert.equal("paused", client.v2:pause_batch({ batch_id = "b1" }).batch.status)
        assert.equal(6, #server.requests)
    end)

    it("of a transition is looked up by the name, when the id is null", function()
        serve { LOST, batch "in_progress" }
        assert.equal("b1", client.v2:finalize_batch({ batch_id = scaleapi.null, batch_name = "b" }).id)
        assert.equal("GET /v2/batch?batch_name=b", server:line(2))
    end)

    it("of a transition of no batch is ambiguous", function()
        serve { LOST }
        local err = fake.failure(client.v2.pause_batch, client.v2, { body = '{"batch_id":5}' })
        assert.same({ "ambiguous", 1 }, { err.kind, #server.requests })
    end)

    it("of a transition that the server refuses is the refusal", function()
        serve { LOST, batch "staging", REFUSED, batch "staging" }
        local err = fake.failure(client.v2.pause_batch, client.v2, { batch_id = "b1" })
        assert.same({ "invalid_request", "Batch cannot be paused." }, { err.kind, err.message })
    end)

    describe("of a chat task", function()
        local DUPLICATE = { status = 409, body = '{"status_code":409,"error":"The unique_id is already used."}' }
        local CHAT = '{"task_id":"t1","type":"chat","status":"pending","project":"p","params":{"template_variables":'
            .. '{"prompt":"hi"}},"metadata":{"a":1,"b":2},"unique_id":"u 1"}'

        local function create()
            return client.v2:create_chat_task { project_name = "p", unique_id = "u 1", metadata = { a = 1 },
                template_variables = { prompt = "hi" } }
        end

        it("without unique_id is ambiguous", function()
            serve { LOST }
            local err = fake.failure(client.v2.create_chat_task, client.v2, { project_name = "p" })
            assert.same({ "ambiguous", 1 }, { err.kind, #server.requests })
        end)

        it("that was made is found by its unique_id, and read in its own form", function()
            serve { LOST, DUPLICATE, '{"docs":[' .. CHAT .. "]}", task("t1", ',"batch":"b1"') }
            local made, outcome = create()
            assert.same({ "t1", "b1", "created" }, { made.task_id, made.batch, outcome })
            assert.same({ "GET /v1/tasks?unique_id=u%201", "GET /v2/task?task_id=t1" }, { server:line(3), server:line(4) })
            assert.same({ "Basic dGVzdF9rZXk6", "Bearer test_key" },
                { server.requests[3].headers.authorization, server.requests[4].headers.authorization })
        end)

        it("that was made is no success until it can be read", function()
            serve { LOST, DUPLICATE, '{"docs":[{"project":"p"}]}', '{"docs":[' .. CHAT .. "]}", "{}", task "t1" }
            assert.equal("t1", create().task_id)
            assert.equal("GET /v1/tasks?unique_id=u%201", server:line(4))
            assert.same({ "GET /v2/task?task_id=t1", 6 }, { server:line(6), #server.requests })
        end)

        for key, other in pairs { project = '"q"', metadata = '{"a":2}', params = '{"template_variables":{"prompt":"ho"}}',
            status = '"canceled"' } do
            it("is no success when the task found differs in " .. key, function()
                local found = json.decode(CHAT)
                found[key] = json.decode(other)
                serve { LOST, DUPLICATE, '{"docs":[' .. json.encode(found) .. "]}" }
                local err = fake.failure(create)
                assert.same({ "duplicate", 3 }, { err.kind, #server.requests })
                assert.matches("differs in", err.message)
            end)
        end

        it("leaves a plain 409 a duplicate", function()
            serve { DUPLICATE }
            assert.equal("duplicate", fake.failure(create).kind)
            assert.equal(1, #server.requests)
        end)

        it("stays a duplicate whose outcome is unclear when nothing is found", function()
            serve({ LOST, DUPLICATE, '{"docs":[]}' }, { max_attempts = 2 })
            local err = fake.failure(create)
            assert.same({ "duplicate", true }, { err.kind, err.unclear })
        end)
    end)
end)
