-- plain lua too
-- One call at a time: what goes out, what comes back, and what wrong use says.

local scaleapi = require "scaleapi"
local fake = dofile "tests/spec/support/fake.lua"

local json = scaleapi.json
local TASK = '{"task_id":"30553edd0b6a93f8f05f0fee","type":"imageannotation","status":"pending","params":{},"metadata":{}}'
local BATCH = '{"name":"b","project":"p","status":"staging","created_at":"2021-01-01T00:00:00.000Z","metadata":{}}'

describe("a call", function()
    local server, client

    local function serve(script)
        server = fake.start(script)
        client = server:client()
    end

    after_each(function()
        client:close()
        server:close()
    end)

    it("sends key, agent and body as Scale reads them", function()
        serve { TASK }
        client:create_task("imageannotation", { attachment = "http://x/y.png", geometries = { box = {} } })
        local request = server.requests[1]
        assert.equal("POST /v1/task/imageannotation", server:line())
        assert.equal("Basic dGVzdF9rZXk6", request.headers.authorization)
        assert.equal("application/json", request.headers["content-type"])
        assert.matches("^scalua/%d+%.%d+%.%d+ libcurl/[%d.]+ %a+$", request.headers["user-agent"])
        assert.is_nil(request.headers["accept-encoding"])
        assert.equal('{"attachment":"http://x/y.png","geometries":{"box":{}}}', request.body)
    end)

    it("asks for a compressed answer where it may be large", function()
        serve { TASK }
        client:get_task "1"
        assert.matches("^deflate, gzip[%a, ]*$", server.requests[1].headers["accept-encoding"])
    end)

    it("says what is wrong beside a body that is text, at the caller's line", function()
        serve { TASK }
        local function message(...)
            local ok, text = pcall(function(...) return client:create_task(...), nil end, ...)
            assert.is_false(ok)
            return (assert(tostring(text):match "client_spec.lua:%d+: (.*)", tostring(text)))
        end
        local text = "{}"
        assert.matches("unknown call option 'bulc'.*did you mean 'bulk'", message("comparison", text, { bulc = true }))
        assert.matches("bulk for create_task must be true or false", message("comparison", text, { bulk = 1 }))
        assert.matches("takes a table of call options", message("comparison", text, "bulk"))
        assert.matches("got more arguments than it takes", message("comparison", text, {}, 1))
        assert.matches("not JSON at byte 2", message("comparison", "{", {}))
        assert.matches("did you mean 'comparison'", message("comparisn", text))
        assert.equal(0, #server.requests)
        assert.is_string(client:create_task("comparison", text, { timeout = 5, bulk = true }).task_id)
        assert.is_string(client:create_task("comparison", text, nil).task_id)
    end)

    it("sends each request as if it were the first one", function()
        serve { '{"task_id":"1","id":"1"}' }
        local big = '{"note":"' .. ("x"):rep(1100000) .. '"}'
        local calls = {
            { "POST /v1/task/imageannotation", function() client:create_task("imageannotation", '{"a":1}') end, '{"a":1}' },
            { "POST /v1/task/imageannotation", function() client:create_task("imageannotation", "{}") end, "{}" },
            { "GET /v1/task/1", function() client:get_task "1" end, "" },
            { "POST /v1/task/1/cancel", function() client:cancel_task "1" end, "" },
            { "POST /v1/task/comparison", function() client:create_task("comparison", big) end, big },
            { "GET /v1/task/2", function() client:get_task "2" end, "" },
            { "POST /v1/files/upload", function() client:upload_file { data = "x", filename = "n", project_name = "p" } end },
            { "DELETE /v1/task/1/unique_id", function() client:clear_task_unique_id "1" end, "" },
            { "POST /v1/task/1/unique_id", function() client:update_task_unique_id("1", "u") end, '{"unique_id":"u"}' },
            { "POST /v1/files/upload", function() client:upload_file { data = "y", filename = "n", project_name = "p" } end },
            { "POST /v1/task/imageannotation", function() client:create_task("imageannotation", "{}") end, "{}" },
        }
        for round = 1, 2 do
            for i, each in ipairs(calls) do
                each[2]()
                local number = (round - 1) * #calls + i
                assert.equal(each[1], server:line(number))
                local request = server.requests[number]
                if each[3] then assert.equal(each[3], request.body) end
                local kind = each[3] == "" and "nil" or each[3] and "application/json" or "multipart/form%-data; .*"
                assert.matches("^" .. kind .. "$", tostring(request.headers["content-type"]))
                assert.is_nil(request.headers.expect)
            end
        end
        assert.equal(1, client:stats().connections)
    end)

    it("puts the caller's extension behind the agent", function()
        serve { TASK }
        local named = server:client { user_agent = "acme/2" }
        named:get_task "1"
        assert.matches(" acme/2$", server.requests[1].headers["user-agent"])
        named:close()
    end)

    it("sends JSON text byte by byte", function()
        serve { TASK }
        local text = '{ "b" : 12345678901234567890, "a":1.10,\n"c":[],"d":{}, "e":"\\u00e9\\/" }'
        client:create_task("imageannotation", text)
        assert.equal(text, server.requests[1].body)
    end)

    it("encodes names and ids in the path with nothing safe", function()
        serve { BATCH }
        client:get_batch "b/1 é?#%"
        assert.equal("GET /v1/batches/b%2F1%20%C3%A9%3F%23%25", server:line())
        client:finalize_batch ".."
        assert.equal("POST /v1/batches/%2E%2E/finalize", server:line())
    end)

    it("sends an empty body with a POST that has none", function()
        serve { BATCH }
        client:finalize_batch "b"
        assert.equal("0", server.requests[1].headers["content-length"])
        assert.is_nil(server.requests[1].headers["content-type"])
    end)

    it("of an object acts on the thing that the server named, whatever was written over it", function()
        serve { TASK }
        local task = client:get_task "1"
        assert.is_false(pcall(function() task.status = "x" end))
        assert.equal("30553edd0b6a93f8f05f0fee", task.task_id)
        task.task_id = "another"
        task:cancel()
        assert.equal("POST /v1/task/30553edd0b6a93f8f05f0fee/cancel", server:line())
        assert.equal("30553edd0b6a93f8f05f0fee", task.task_id)
    end)

    it("sends empty objects and arrays as such", function()
        serve { TASK }
        client:set_task_metadata("1", {})
        assert.equal("{}", server.requests[1].body)
        client:set_task_tags("1", {})
        assert.equal("[]", server.requests[2].body)
        client:delete_task_tags("1", { "a" })
        assert.equal("DELETE /v1/task/1/tags", server:line())
        assert.equal('["a"]', server.requests[3].body)
    end)

    it("takes the SDK's names and the wire's", function()
        serve { BATCH }
        client:create_batch { project = "p", batch_name = "b", metadata = { a = 1 } }
        client:create_batch { project = "p", name = "b", metadata = { a = 1 } }
        client:create_batch("p", "b", { metadata = { a = 1 } })
        assert.equal('{"project":"p","name":"b","metadata":{"a":1}}', server.requests[1].body)
        assert.equal(server.requests[1].body, server.requests[2].body)
        assert.equal(server.requests[1].body, server.requests[3].body)
    end)

    it("takes lists that must be there in their place", function()
        serve { "[]", "[]", "{}", "{}", '{"name":"g"}', '{"name":"g"}', "[]" }
        client:invite_teammates({ "a@example.com" }, "member")
        client:invite_teammates { emails = { "a@example.com" }, team_role = "member" }
        assert.equal('{"emails":["a@example.com"],"team_role":"member"}', server.requests[1].body)
        assert.equal(server.requests[1].body, server.requests[2].body)
        client:add_studio_assignments({ "a@example.com" }, { "p" })
        client:add_studio_assignments({ "a@example.com" }, { projects = { "p" } })
        assert.equal('{"emails":["a@example.com"],"projects":["p"]}', server.requests[3].body)
        assert.equal(server.requests[3].body, server.requests[4].body)
        client:update_project_group("p", "g", {}, { "b@example.com" }, { timeout = 7 })
        client:update_project_group("p", "g", { add_emails = {}, remove_emails = { "b@example.com" }, timeout = 7 })
        assert.equal('{"add_emails":[],"remove_emails":["b@example.com"]}', server.requests[5].body)
        local other = scaleapi.json.decode(server.requests[6].body)
        assert.same(scaleapi.json.decode(server.requests[5].body), other)
        client:set_studio_batches_priorities { "b", "a" }
        assert.equal('{"batches":[{"name":"b"},{"name":"a"}]}', server.requests[7].body)
    end)

    it("updates a teammate's role from the list of all", function()
        serve { '[{"email":"a@example.com","role":"member"}]',
            '[{"email":"b@example.com","role":"admin"},{"email":"a@example.com","role":"manager"}]' }
        local person = client:list_teammates()[1]
        assert.equal(person, person:update_role("manager"))
        assert.equal("manager", person.role)
        assert.equal('{"emails":["a@example.com"],"team_role":"manager"}', server.requests[2].body)
    end)

    it("takes path parameters by name", function()
        serve { TASK }
        client:get_task { task_id = "a b" }
        assert.equal("GET /v1/task/a%20b", server:line())
        client:create_task { task_type = "textcollection", title = "t" }
        assert.equal("POST /v1/task/textcollection", server:line())
        assert.equal('{"title":"t"}', server.requests[2].body)
        client:set_task_tags { task_id = "1", tags = { "x" } }
        assert.equal('["x"]', server.requests[3].body)
    end)

    it("writes queries: lists, commas, times, booleans", function()
        serve { '{"docs":[],"total":0,"limit":100,"offset":0,"has_more":false}' }
        client:tasks {
            project_name = "a b&c", tags = { "x", "y/z" }, review_status = { "accepted", "fixed" },
            created_after = 1600000000, created_before = "2021-04-25", limited_response = true, limit = 7,
        }
        assert.equal("project=a%20b%26c&customer_review_status=accepted%2Cfixed&tags=x&tags=y%2Fz" ..
            "&start_time=2020-09-13T12%3A26%3A40.000Z&end_time=2021-04-25&limited_response=true&limit=7",
            server.requests[1].query)
    end)

    it("cancels with clear_unique_id", function()
        serve { TASK }
        client:cancel_task("1", { clear_unique_id = true })
        assert.equal("POST /v1/task/1/cancel?clear_unique_id=true", server:line())
        client:get_task("1"):cancel()
        assert.equal("POST /v1/task/30553edd0b6a93f8f05f0fee/cancel", server:line())
    end)

    it("uploads a file from disk as multipart, text parts first", function()
        serve { '{"id":"f","attachment_url":"scaledata://a/f"}' }
        local path = os.tmpname()
        local file = assert(io.open(path, "wb"))
        local bytes = ("\0\1\2\r\n--"):rep(50000)
        file:write(bytes):close()
        local result = client:upload_file { path = path, project_name = "p é", filename = "img one.png" }
        client:upload_file { file = path, project_name = "p é", filename = "img one.png" } -- as on the command line
        os.remove(path)
        assert.equal(#server.requests[1].body, #server.requests[2].body)
        assert.equal("scaledata://a/f", result.attachment_url)
        local request = server.requests[1]
        local boundary = request.headers["content-type"]:match "^multipart/form%-data; boundary=(.+)$"
        local project = request.body:find('name="project_name"\r\n\r\np é\r\n', 1, true)
        local data = request.body:find('name="file"; filename="img one.png"', 1, true)
        assert.truthy(boundary and project and data)
        assert.is_true(project < data)
        assert.truthy(request.body:find("\r\n\r\n" .. bytes .. "\r\n--" .. boundary, 1, true))
    end)

    it("uploads bytes under a name", function()
        serve { '{"id":"f","attachment_url":"scaledata://a/f"}' }
        client:upload_file { data = "hello", filename = "a.txt", metadata = { k = 1 } }
        assert.truthy(server.requests[1].body:find('filename="a.txt"', 1, true))
        assert.truthy(server.requests[1].body:find('{"k":1}', 1, true))
    end)

    it("takes a plain OK where no answer is needed", function()
        serve { "OK" }
        assert.equal("OK", client:audit_task("1", true, "good"))
        assert.equal('{"accepted":true,"comments":"good"}', server.requests[1].body)
    end)

    it("counts what it does", function()
        serve { TASK }
        for _ = 1, 3 do client:get_task "1" end
        local stats = client:stats()
        assert.equal(3, stats.requests)
        assert.equal(1, stats.connections)
        assert.equal(0, stats.retries)
        assert.equal(0, stats.in_flight)
        assert.equal(3 * #TASK, stats.bytes_received)
    end)

    it("keeps the key out of what it shows", function()
        serve { { status = 401, body = '{"status_code":401,"error":"Invalid API key."}' } }
        local err = fake.failure(client.get_task, client, "1")
        for _, text in ipairs { tostring(err), tostring(client), err.message } do
            assert.is_nil(text:find("test_key", 1, true))
        end
    end)
end)

-- A name that the system's resolver knows, other than localhost, and its address on this machine.
local function name_of_this_machine()
    for line in io.lines "/etc/hosts" do
        local address, name = line:match "^(127%.%S+)%s+(%S+)"
        if name and not name:find "localhost$" then return name, address end
    end
end

-- Resolving opens descriptors whose numbers the connection then takes over.
describe("a host that is given by name", function()
    it("is reached at the first call, by one and by many", function()
        local name, address = name_of_this_machine()
        if not name then return pending "no name in /etc/hosts" end
        local server = require("scaleapi.server").listen {
            host = address, handler = function() return { status = 200, body = '{"task_id":"1"}' } end,
        }
        for most = 1, 3 do
            local client = scaleapi.client {
                api_key = "test_key", base_url = ("http://%s:%d"):format(name, server.port), allow_http = true,
                max_attempts = 1, timeout = 3, max_in_flight = most,
            }
            local jobs = {}
            for n = 1, 8 do jobs[n] = scaleapi.spawn(function() return client:get_task("1").task_id end) end
            for _, job in ipairs(jobs) do assert.equal("1", job:wait()) end
            client:close()
        end
        server:close()
    end)
end)

describe("an object", function()
    local server, client
    local BIG = '{"task_id":"1","type":"t","status":"pending","big":12345678901234567890,"ns":1623966396359000123,' ..
        '"list":[],"object":{},"none":null,"nested":{"none":null,"deep":[1,2.50]},"status":"completed"}'

    before_each(function()
        server = fake.start { BIG }
        client = server:client()
    end)

    after_each(function()
        client:close()
        server:close()
    end)

    it("reads fields exactly, the last of two of one name", function()
        local task = client:get_task "1"
        assert.equal("completed", task.status)
        assert.equal(1623966396359000123, task.ns)
        assert.equal("12345678901234567890", tostring(task.big))
        assert.is_nil(task.none)
        assert.is_nil(task.absent)
        assert.equal(scaleapi.null, task.nested.none)
        assert.equal("[]", json.encode(task.list))
        assert.equal("{}", json.encode(task.object))
        assert.equal(BIG, task:json())
        assert.equal(scaleapi.null, task:as_table().none)
        assert.equal("Task 1, t, completed", tostring(task))
    end)

    it("refuses to be written to, at the caller's line", function()
        local task = client:get_task "1"
        local ok, message = pcall(function() task.status = "canceled" end)
        assert.is_false(ok)
        assert.matches("client_spec.lua:%d+: the fields of a Task are the server's", message)
    end)

    it("takes the new state of the thing it changes", function()
        local other = fake.start { BIG, '{"task_id":"1","type":"t","status":"canceled"}' }
        local mine = other:client()
        local task = mine:get_task "1"
        assert.equal("completed", task.status)
        assert.equal(task, task:cancel { clear_unique_id = true })
        assert.equal("canceled", task.status)
        assert.is_nil(task.ns)
        mine:close()
        other:close()
    end)

    it("has a batch's counts, zero where they are missing", function()
        local other = fake.start { BATCH, '{"status":"in_progress","pending":2}',
            '{"status":"completed","tasks_completed":7}' }
        local mine = other:client()
        local batch = mine:get_batch "b"
        assert.is_nil(batch.tasks_pending)
        local status = batch:get_status()
        assert.same({ 2, 0, 0, 0 }, { status.pending, status.completed, status.error, status.canceled })
        assert.equal("in_progress", batch.status)
        assert.equal(2, batch.tasks_pending)
        assert.equal("GET /v1/batches/b/status", other:line())
        assert.equal(7, mine:batch_status("b").completed)
        mine:close()
        other:close()
    end)

    it("reads a project's newest params", function()
        local other = fake.start { '{"name":"p","type":"t","param_history":[{"version":0,"instruction":"a"},' ..
            '{"version":1,"instruction":"b"}]}', '[{"name":"p","type":"t","param_history":[]}]' }
        local mine = other:client()
        local project = mine:get_project "p"
        assert.same({ 1, "b" }, { project.version, project.instruction })
        local projects = mine:get_projects()
        assert.equal(1, #projects)
        assert.is_nil(projects[1].version)
        mine:close()
        other:close()
    end)
end)

describe("wrong use", function()
    local server, client

    before_each(function()
        server = fake.start { TASK }
        client = server:client()
    end)

    after_each(function()
        assert.equal(0, #server.requests)
        client:close()
        server:close()
    end)

    local function says(pattern, fn)
        local ok, message = pcall(fn)
        assert.is_false(ok)
        assert.is_string(message)
        assert.matches("^%S*client_spec.lua:%d+: " .. pattern, message)
    end

    it("names operation, option and what was meant", function()
        says("unknown option 'proyect_name' for get_tasks; did you mean 'project_name'%?", function()
            return client:get_tasks { proyect_name = "p", batch_name = "b" }, nil
        end)
        says("unknown option 'projct_name' for get_tasks; did you mean 'project_name'%?", function()
            return client:get_tasks { projct_name = "p" }, nil
        end)
        says("unknown option 'projct_name' for get_tasks; did you mean 'project_name'%?", function()
            return client:get_tasks_count { projct_name = "p" }, nil
        end)
        says("unknown option 'colour' for create_batch, which takes project, batch_name, callback, calibration_batch, "
            .. "self_label_batch, metadata$", function()
            return client:create_batch { project = "p", batch_name = "b", colour = 1 }, nil
        end)
        says("unknown option 'colour' for list_teammates, which takes nothing$", function()
            return client:list_teammates { colour = 1 }, nil
        end)
        says("unknown task_type 'imageanotation' for create_task; did you mean 'imageannotation'%?", function()
            return client:create_task("imageanotation", {}), nil
        end)
        says("unknown call option 'timout' for create_task; did you mean 'timeout'%?", function()
            return client:create_task("imageannotation", {}, { timout = 1 }), nil
        end)
        says("unknown operation 'get_tsk'; did you mean 'get_task'%?", function() return client.get_tsk end)
        says("unknown operation 'get_tsk'; did you mean 'get_task'%?", function() return client.safe.get_tsk end)
    end)

    it("names what is missing or of the wrong kind", function()
        says("get_task needs task_id, a string", function() return client:get_task(), nil end)
        says("task_id of get_task must not be empty", function() return client:get_task "", nil end)
        says("create_batch needs batch_name, a string", function() return client:create_batch { project = "p" }, nil end)
        says("get_tasks needs project_name or batch_name", function() return client:get_tasks { status = "pending" }, nil end)
        says("get_tasks_count needs project_name or batch_name", function() return client:get_tasks_count {}, nil end)
        says("limit of get_tasks must be an integer", function() return client:tasks { limit = "many" }, nil end)
        says("limit of get_tasks must be an integer", function() return client:tasks { limit = 1.5 }, nil end)
        for _, tags in ipairs { { 1 }, { grey = true } } do
            says("tags of get_tasks must be a string or a list of strings", function()
                return client:tasks { tags = tags }, nil
            end)
        end
        says("accepted of audit_task must be true or false", function() return client:audit_task("1", "yes"), nil end)
        says("set_task_tags needs tags", function() return client:set_task_tags "1", nil end)
        says("tags of set_task_tags must be a list of strings", function() return client:set_task_tags("1", { a = 1 }), nil end)
        says("the body of create_task must be a JSON object", function()
            return client:create_task("imageannotation", "[]"), nil
        end)
        says("the body of create_task is not JSON at byte 2", function()
            return client:create_task("imageannotation", "{"), nil
        end)
        says("tags of add_task_tags must be a list of strings, or that as JSON; the text is not JSON at byte 1", function()
            return client:add_task_tags("1", "urgent"), nil
        end)
        says("create_task: cannot encode", function()
            return client:create_task("imageannotation", { x = function() end }), nil
        end)
        says("upload_file needs path", function() return client:upload_file {}, nil end)
        says("path must not have a NUL in it", function() return client:upload_file { path = "README.md\0.png" }, nil end)
        says("filename must be a string", function() return client:upload_file { data = "x", filename = 5 }, nil end)
        says("data must be a string", function() return client:upload_file { path = "README.md", data = {} }, nil end)
        says("path of upload_file was given twice", function()
            return client:upload_file { path = "a", file = "b" }, nil
        end)
        says("timeout for get_task must be a number more than 0", function()
            return client:get_task("1", { timeout = 0 }), nil
        end)
        says("get_task got more arguments", function() return client:get_task("1", {}, {}, {}), nil end)
        says("call it with a colon", function() return client.get_task("1"), nil end)
        says("project_name of get_tasks was given twice", function()
            return client:tasks("p", { project = "q" }), nil
        end)
    end)

    it("of a client is said at the caller's line", function()
        says("unknown client option 'api_kye'; did you mean 'api_key'%?", function()
            return scaleapi.client { api_key = "k", api_kye = "x" }, nil
        end)
        says("base_url 'ftp://x' does not begin", function()
            return scaleapi.client { api_key = "k", base_url = "ftp://x" }, nil
        end)
        says("base_url 'http://example.test' would send the key in the clear", function()
            return scaleapi.client { api_key = "k", base_url = "http://example.test" }, nil
        end)
        for _, url in ipairs { "https://live_secret:@api.scale.com", "live_secret@api.scale.com" } do
            says("base_url must not have a user or a key in it$", function()
                return scaleapi.client { api_key = "k", base_url = url }, nil
            end)
        end
        says("client option 'timeout' must be a number of seconds", function()
            return scaleapi.client { api_key = "k", timeout = "1" }, nil
        end)
        says("max_in_flight must be more than 0", function()
            return scaleapi.client { api_key = "k", max_in_flight = 0 }, nil
        end)
        for _, name in ipairs { "api_key", "base_url", "proxy", "ca_file" } do
            says("client option '" .. name .. "' must not have a NUL in it", function()
                return scaleapi.client { api_key = "k", [name] = "https://a\0b" }, nil
            end)
        end
        says("the API key has a space", function() return scaleapi.client { api_key = "a b" }, nil end)
        says("user_agent has a control character", function()
            return scaleapi.client { api_key = "k", user_agent = "x\r\nX-Evil: 1" }, nil
        end)
        says("no API key", function() return scaleapi.client { api_key = "" }, nil end)
        says("unknown TaskType 'ImageAnotation'; did you mean 'ImageAnnotation'%?", function()
            return scaleapi.TaskType.ImageAnotation
        end)
    end)

    it("of a file that cannot be read is an error object", function()
        local err = fake.failure(client.upload_file, client, { path = "/nowhere/x.png" })
        assert.equal("file", err.kind)
        assert.matches("cannot read /nowhere/x.png: No such file", err.message)
        err = fake.failure(client.upload_file, client, { path = "/tmp" })
        assert.matches("cannot read /tmp: Is a directory", err.message)
        local pipe = os.tmpname()
        os.remove(pipe)
        os.execute("mkfifo " .. pipe)
        err = fake.failure(client.upload_file, client, { path = pipe })
        os.remove(pipe)
        assert.matches("not a regular file", err.message)
    end)

    it("of a closed client is said", function()
        local mine = server:client()
        mine:close()
        mine:close()
        local err = fake.failure(mine.get_task, mine, "1")
        assert.same({ "closed", "get_task", 0 }, { err.kind, err.operation, err.attempts })
        assert.equal("closed", select(2, mine.safe:get_task "1").kind)
        assert.equal("closed", fake.failure(mine.get_tasks, mine, { project_name = "p" }).kind)
        assert.equal("Client (closed)", tostring(mine))
    end)
end)

describe("values", function()
    it("are there for those who want them checked", function()
        assert.equal("imageannotation", scaleapi.TaskType.ImageAnnotation)
        assert.equal("in_progress", scaleapi.BatchStatus.InProgress)
        assert.has_error(function() scaleapi.TaskType.New = "x" end)
    end)
end)
