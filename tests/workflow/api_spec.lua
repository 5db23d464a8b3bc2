-- scalua api, as a process.

local scaleapi = require "scaleapi"
local support = require "tests.workflow.support"

local json = scaleapi.json
local url

local function api(words, environment)
    table.insert(words, 1, "api")
    return support.scalua(words, environment or { SCALE_API_URL = url, SCALE_API_KEY = "live_key" })
end

-- The words are wrong: exit code 2, nothing on standard output, and this on standard error.
local function wrong(words, message)
    local code, out, err = api(words)
    assert.equal(2, code, err)
    assert.equal("", out)
    assert(err:find(message, 1, true), ("%q is not in: %s"):format(message, err))
    assert.not_matches("traceback", err)
    assert.not_matches("%.lua:%d", err)
end

-- A server that answers everything with this and writes down what it was asked.
local function start(answer, status)
    support.write("answer", answer)
    url = support.answering(([[
        local log = assert(io.open("requests", "ab"))
        log:write(request.method, " ", request.path, request.query and "?" .. request.query or "", "\n", request.body or "", "\n")
        log:close()
        return %d, io.open("answer", "rb"):read "a" ]]):format(status or 200))
end

-- What a server of start() was asked: "GET /v1/task/x", and the body. Then it forgets.
local function asked()
    local line, body = (support.read "requests" or ""):match "^([^\n]*)\n(.*)\n$"
    support.write("requests", "")
    return line or "", body
end

-- The words are right, and this is sent.
local function sends(words, line, body)
    local code, out, err = api(words)
    assert.equal(0, code, err)
    assert.equal("", err)
    local was, with = asked()
    assert.equal(line, was)
    assert.equal(body or "", with)
    return out
end

before_each(support.setup)
after_each(support.teardown)

describe("api --list", function()
    it("shows every operation: name, method, path", function()
        local code, out = support.scalua { "api", "--list" }
        assert.equal(0, code)
        local lines = {}
        for line in out:gmatch "([^\n]*)\n" do lines[#lines + 1] = line end
        assert.equal(#scaleapi.operations, #lines)
        assert(#lines >= 73)
        for i, row in ipairs(scaleapi.operations) do
            assert.same({ row.name, row.method, row.path }, { lines[i]:match "^(%S+) +(%S+) +(%S+)$" })
        end
        assert.matches("\nget_task +GET +/v1/task/{task_id}\n", out)
    end)

    it("stands alone, and an operation must be named otherwise", function()
        wrong({ "--list", "get_task" }, "--list stands alone")
        wrong({}, "it needs the name of an operation")
    end)
end)

describe("api --help", function()
    it("names every parameter of an operation, how it fails, and an example", function()
        for _, row in ipairs(scaleapi.operations) do
            local code, out = support.scalua { "api", row.name, "--help" }
            assert.equal(0, code)
            local told = scaleapi.describe(row.name)
            local plain = out:gsub("%s+", " ")
            local function says(text)
                assert(plain:find(text, 1, true), ("%s --help does not say: %s"):format(row.name, text))
            end
            says(row.name .. ": " .. row.summary)
            says(row.method .. " " .. row.path)
            says("scalua api " .. row.name)
            for _, parameter in ipairs(told.parameters) do
                says(" " .. parameter.name .. " ")
                says(parameter.about)
                says(parameter.kind)
                if parameter.wire then says("as " .. parameter.wire) end
                for _, value in ipairs(parameter.values or {}) do says(value) end
            end
            for _, failure in ipairs(told.failures) do says(failure.status .. " " .. failure.cause) end
            for _, status in ipairs { 401, 402, 429, 500, 503, 504 } do says(" " .. status .. " ") end
            for _, name in ipairs(told.also) do says(name) end
            if told.note then says((told.note:gsub("%s+", " "))) end
            if row.object then says(row.object) end
            assert.equal(row.standing == "seen", out:match "\n\n[^\n]*\n    unconfirmed" ~= nil, row.name)
            for line in out:gmatch "[^\n]+" do
                assert(#line <= 100 or line:find("scalua api", 1, true), "too long: " .. line)
            end
        end
    end)

    it("says which parameters are needed", function()
        local _, out = support.scalua { "api", "create_batch", "-h" }
        assert.matches("\n    project  +Required; a string, in the body%.", out)
        assert.matches("\n    batch_name +Required; a string, in the body as name%.", out)
        assert.matches("\n    metadata +an object %(JSON, or @FILE%), in the body%.", out)
        out = select(2, support.scalua { "api", "v2.get_batch", "-h" })
        assert.matches("It needs batch_id or batch_name%.", out)
    end)

    it("needs no key, and says what is wrong with the name", function()
        assert.equal(0, (support.scalua { "api", "get_task", "--help" }))
        wrong({ "get_tsk", "--help" }, "unknown operation 'get_tsk'; did you mean 'get_task'?")
    end)

    it("is what help shows, without an operation", function()
        local code, out = support.scalua { "api", "--help" }
        assert.equal(0, code)
        assert.matches("^Usage: scalua api ", out)
        for _, option in ipairs { "%-%-input", "%-%-all", "%-%-list", "NAME=VALUE" } do assert.matches(option, out) end
        assert.equal(out, (select(2, support.scalua { "help", "api" })))
    end)

    it("gives examples that are right", function()
        support.write("kitten.png", "not really")
        support.write("audit.json", "{}")
        url = support.serve [[
            local scaleapi = require "scaleapi"
            local function answer_of(row)
                if row.form == "list" and not row.member then return "[]" end
                local object = { task_id = "1", name = "n", id = "i", status = "s", schema = {} }
                if row.form == "list" then object[row.member] = scaleapi.array {} end
                return scaleapi.json.encode(object)
            end
            local function find(request)
                for _, exact in ipairs { true, false } do
                    for _, row in ipairs(scaleapi.operations) do
                        local pattern = "^" .. row.path:gsub("%p", "%%%0"):gsub("%%{.-%%}", "[^/]+") .. "$"
                        if row.method == request.method and request.path:find(pattern)
                            and (not exact or not row.path:find "{") then return row end
                    end
                end
            end
            local server = require("scaleapi.server").listen { port = 0, handler = function(request)
                local row = find(request)
                local log = assert(io.open("requests", "ab"))
                log:write(row.name, "\n\n")
                log:close()
                return { status = 200, body = answer_of(row), headers = { ["Content-Type"] = "application/json" } }
            end }
            print(server.url)
            io.stdout:flush()
            while true do scaleapi.sleep(3600) end]]
        for _, row in ipairs(scaleapi.operations) do
            local line = scaleapi.describe(row.name).example
            local code, _, err = support.shell(line:gsub("^scalua", '"$S"'), {
                SCALE_API_URL = url, SCALE_API_KEY = "live_key" })
            assert.equal(0, code, line .. "\n" .. err)
            assert.equal(row.name, (asked()), line)
        end
    end)
end)

describe("api OPERATION", function()
    it("calls by the row's name, and by the others that the SDK has", function()
        start '{"task_id":"1"}'
        sends({ "get_task", "task_id=a b" }, "GET /v1/task/a%20b")
        sends({ "v2.get_task", "task_id=t" }, "GET /v2/task?task_id=t")
        start '{"docs":[],"tasks":[]}'
        sends({ "tasks", "project_name=p" }, "GET /v1/tasks?project=p")
        sends({ "batches" }, "GET /v1/batches")
        sends({ "v2_get_tasks", "project_name=p" }, "GET /v2/tasks?project_name=p")
        sends({ "v2.get_openapi" }, "GET /v2/openapi")
        sends({ "get_openapi" }, "GET /v2/openapi")
        start "[]"
        sends({ "projects" }, "GET /v1/projects")
    end)

    it("says which operation was probably meant, without a key", function()
        local code, out, err = support.scalua { "api", "get_taskz" }
        assert.equal(2, code)
        assert.equal("", out)
        assert.equal("api: unknown operation 'get_taskz'; did you mean 'get_task'?\n", err)
        wrong({ "frobnicate" }, "unknown operation 'frobnicate'\n")
    end)

    it("prints the answer byte by byte, and ends its line", function()
        local answer = '{"task_id":"1","z":1.0,"a":9007199254740993123,"e":1e5,"n":null,"l":[],"o":{},"u":"\\u00e9\\/é"}'
        start(answer)
        assert.equal(answer .. "\n", (sends({ "get_task", "task_id=1" }, "GET /v1/task/1")))
        start '{\r\n "task_id" : "1" }\n'
        assert.equal('{\r\n "task_id" : "1" }\n', (sends({ "get_task", "task_id=1" }, "GET /v1/task/1")))
        start "OK"
        assert.equal("OK\n", (sends({ "resend_callback", "task_id=1" }, "POST /v1/task/1/send_callback")))
    end)

    it("prints one page of a list as it came", function()
        local page = '{"docs":[{"task_id":"1","x":1.0}],"total":2,"limit":1,"offset":0,"has_more":true,"next_token":"t"}'
        start(page)
        local out = sends({ "get_tasks", "project_name=p", "limit=1" }, "GET /v1/tasks?project=p&limit=1")
        assert.equal(page .. "\n", out)
    end)

    it("works on a sandbox from the beginning to the end", function()
        url = support.sandbox()
        assert.equal(0, (api { "create_project", "task_type=" .. support.TYPE, "project_name=p" }))
        local code, out, err = api { "create_task", "task_type=" .. support.TYPE, "project=p", "unique_id=u", "text=x",
            'labels:=[{"name":"a"}]', 'metadata={"b":1.0,"a":12345678901234567890}', "priority=30" }
        assert.equal(0, code, err)
        local task = json.decode(out)
        assert.equal("x", task.params.text)
        assert.equal(30, task.priority)
        assert.matches('"metadata":{"b":1%.0,"a":12345678901234567890}', out)
        code, out = api { "set_task_tags", "task_id=" .. task.task_id, "tags=a", "tags=b" }
        assert.equal(0, code)
        assert.same({ "a", "b" }, json.decode(out).tags)
        code, out = api { "get_tasks", "project_name=p", "--all" }
        assert.equal(0, code)
        assert.equal(task.task_id, json.field(out:match "^([^\n]+)\n$", "task_id"))
    end)
end)

describe("values of api", function()
    it("are read as the row says", function()
        start '{"task_id":"1","docs":[],"tasks":[],"id":"1"}'
        sends({ "get_tasks", "project=a&b" }, "GET /v1/tasks?project=a%26b")
        sends({ "get_tasks", "project=12" }, "GET /v1/tasks?project=12")
        sends({ "get_tasks", "project=a=b:=c" }, "GET /v1/tasks?project=a%3Db%3A%3Dc")
        sends({ "get_tasks", "limit=7", "offset=-1" }, "GET /v1/tasks?limit=7&offset=-1")
        sends({ "get_tasks", "limited_response=true" }, "GET /v1/tasks?limited_response=true")
        sends({ "cancel_task", "task_id=1", "clear_unique_id=false" }, "POST /v1/task/1/cancel?clear_unique_id=false")
        sends({ "get_tasks", "created_after=2026-04-25" }, "GET /v1/tasks?start_time=2026-04-25")
        sends({ "get_tasks", "created_after=20260425" }, "GET /v1/tasks?start_time=20260425")
        sends({ "get_tasks", "created_after=1777088055" }, "GET /v1/tasks?start_time=2026-04-25T03%3A34%3A15.000Z")
        sends({ "get_tasks", "tags=a", "tags=b,c" }, "GET /v1/tasks?tags=a&tags=b%2Cc")
        sends({ "get_tasks", "review_status=fixed", "review_status=accepted" },
            "GET /v1/tasks?customer_review_status=fixed%2Caccepted")
    end)

    it("are JSON in bodies, as it was written", function()
        start '{"id":"1","task_id":"1","name":"n"}'
        sends({ "create_batch", "project=p", "batch_name=b", 'metadata={"z":1.0,"a":[]}', "self_label_batch=true" },
            "POST /v1/batches", '{"project":"p","name":"b","self_label_batch":true,"metadata":{"z":1.0,"a":[]}}')
        sends({ "audit_task", "task_id=1", "accepted=false", "comments=12" }, "POST /v1/task/1/audit",
            '{"accepted":false,"comments":"12"}')
        sends({ "prioritize_batch", "batch_name=b", "priority=20" }, "POST /v1/batches/b/prioritize", '{"priority":20}')
        sends({ "set_project_ontology", "project_name=p", 'ontology=["b", {"choice":"a"}]' },
            "POST /v1/projects/p/setOntology", '{"ontology":["b", {"choice":"a"}]}')
        sends({ "create_batch", "project=p", "batch_name=b", "metadata:=null" }, "POST /v1/batches",
            '{"project":"p","name":"b","metadata":null}')
        sends({ "set_task_metadata", "task_id=1", 'metadata={"b":1.0, "a":2}' }, "POST /v1/task/1/setMetadata",
            '{"b":1.0, "a":2}')
        start "[]"
        sends({ "invite_teammates", "emails=a@b.c", "emails=d@e.f", "role=member" }, "POST /v1/teams/invite",
            '{"emails":["a@b.c","d@e.f"],"team_role":"member"}')
        sends({ "invite_teammates", 'emails=["a@b.c" ]', "team_role=member" }, "POST /v1/teams/invite",
            '{"emails":["a@b.c" ],"team_role":"member"}')
        sends({ "set_studio_batches_priorities", "batch_names=b", "batch_names=a" },
            "POST /v1/studio/batches/set_priorities", '{"batches":[{"name":"b"},{"name":"a"}]}')
        sends({ "set_studio_batches_priorities", 'batch_names=["b"]' },
            "POST /v1/studio/batches/set_priorities", '{"batches":[{"name":"b"}]}')
    end)

    it("may be lists of one, or of none", function()
        start '{"task_id":"1","name":"n"}'
        sends({ "set_task_tags", "task_id=1", "tags=a" }, "POST /v1/task/1/tags", '["a"]')
        sends({ "set_task_tags", "task_id=1", "tags=[]" }, "POST /v1/task/1/tags", "[]")
        sends({ "delete_task_tags", "task_id=1", 'tags=["a", "b"]' }, "DELETE /v1/task/1/tags", '["a", "b"]')
        sends({ "update_project_group", "project_name=p", "project_group=g", "add_emails=a@b.c", "remove_emails=[]" },
            "PUT /v1/studio/projects/p/groups/g", '{"add_emails":["a@b.c"],"remove_emails":[]}')
    end)

    it("may be fields that no row knows, where the body is open", function()
        start '{"task_id":"1","id":"1"}'
        sends({ "create_task", "task_type=imageannotation", "attachment=a.png", 'geometries:={"box":{"min":1.0}}', "n:=1.0",
            "tags=x", "priority=10", "number=7", "clear_unique_id_on_error=true" }, "POST /v1/task/imageannotation",
            '{"attachment":"a.png","clear_unique_id_on_error":true,"geometries":{"box":{"min":1.0}},"n":1.0,"number":"7",'
            .. '"priority":10,"tags":["x"]}')
        sends({ "create_task", "type=imageannotation" }, "POST /v1/task/imageannotation", "{}")
        sends({ "import_file", "file_url=http://x", "colour=red" }, "POST /v1/files/import",
            '{"colour":"red","file_url":"http://x"}')
        sends({ "create_fixless_audit", 'a:="b"' }, "PUT /v1/audits", '{"a":"b"}')
    end)

    it("may be in a file", function()
        start '{"name":"n","task_id":"1"}'
        support.write("meta.json", '{"z":1.0,\n"a":2}\n')
        sends({ "create_batch", "project=p", "batch_name=b", "metadata=@meta.json" }, "POST /v1/batches",
            '{"project":"p","name":"b","metadata":{"z":1.0,\n"a":2}\n}')
        sends({ "create_task", "task_type=t", "geometries:=@meta.json" }, "POST /v1/task/t",
            '{"geometries":{"z":1.0,\n"a":2}\n}')
        sends({ "create_batch", "project=p", "batch_name=@meta.json" }, "POST /v1/batches",
            '{"project":"p","name":"@meta.json"}')
        wrong({ "create_batch", "project=p", "batch_name=b", "metadata=@nowhere" }, "cannot read nowhere: ")
        wrong({ "create_batch", "project=p", "batch_name=b", "metadata=@." }, "cannot read .: ")
    end)

    it("may be files to upload", function()
        start '{"id":"1"}'
        support.write("kitten.png", "PNG\0bytes")
        for _, word in ipairs { "file=kitten.png", "path=kitten.png" } do
            local code, _, err = api { "upload_file", word, "project_name=p", 'metadata={"a":1.0}' }
            assert.equal(0, code, err)
            local line, body = asked()
            assert.equal("POST /v1/files/upload", line)
            assert(body:find("PNG\0bytes", 1, true))
            assert.matches('filename="kitten.png"', body)
            assert.matches('{"a":1%.0}', body)
        end
        assert.equal(0, (api { "upload_file", "data=abc", "filename=a.txt" }))
        assert.matches('filename="a.txt".-\r\n\r\nabc\r\n', (select(2, asked())))
        wrong({ "upload_file", "file=nowhere.png" }, "cannot read nowhere.png")
        wrong({ "upload_file", "project_name=p" }, "upload_file needs path, or data and filename")
        wrong({ "upload_file", "file=a", "path=b" }, "path of upload_file was given twice")
        assert.equal("", (asked()))
    end)

    it("that are wrong are named, and nothing is sent", function()
        start '{"task_id":"1"}'
        wrong({ "get_tasks", "limit=many" }, "limit of get_tasks must be an integer")
        wrong({ "get_tasks", "limit=1.5" }, "limit of get_tasks must be an integer")
        wrong({ "get_tasks", "limit=99999999999999999999" }, "limit of get_tasks must be an integer")
        wrong({ "get_tasks", "limit=" }, "limit of get_tasks must be an integer")
        wrong({ "get_tasks", "limited_response=yes" }, "limited_response of get_tasks must be true or false")
        wrong({ "get_tasks", 'project:="p"' }, "project_name of get_tasks must be a string")
        wrong({ "create_batch", "metadata={" }, "metadata of create_batch must be an object: not JSON at byte 2")
        wrong({ "create_batch", "metadata=[1]" }, "metadata of create_batch must be an object")
        wrong({ "set_task_metadata", "task_id=1", "metadata=[]" }, "metadata of set_task_metadata must be an object")
        wrong({ "set_project_ontology", "project_name=p", "ontology={}" }, "ontology of set_project_ontology must be an array")
        wrong({ "set_task_tags", "task_id=1", "tags=[1]" }, "tags of set_task_tags must be a list of strings")
        wrong({ "set_task_tags", "task_id=1", "tags=[a" }, "tags of set_task_tags must be a list of strings: not JSON")
        wrong({ "create_task", "task_type=t", "priority=high" }, "priority of create_task must be an integer")
        wrong({ "create_task", "task_type=t", "n:=x" }, "n of create_task: not JSON at byte 1")
        wrong({ "create_task", "task_type=imageanotation" },
            "unknown task_type 'imageanotation' for create_task; did you mean 'imageannotation'?")
        wrong({ "get_tasks", "status=complete" }, "did you mean 'completed'?")
        wrong({ "get_task", "task_id=" }, "task_id of get_task must not be empty")
        wrong({ "get_task", "task_id=\xff" }, "the value of task_id is not UTF-8")
        assert.equal("", (asked()))
    end)

    it("that are missing, unknown or doubled are named", function()
        start '{"task_id":"1"}'
        wrong({ "get_task" }, "get_task needs task_id, a string")
        wrong({ "create_task", "project=p" }, "create_task needs task_type, a string")
        wrong({ "set_task_tags", "task_id=1" }, "set_task_tags needs tags")
        wrong({ "create_batch", "project=p" }, "create_batch needs batch_name, a string")
        wrong({ "import_file" }, "import_file needs file_url, a string")
        wrong({ "v2.get_batch" }, "v2.get_batch needs batch_id or batch_name")
        wrong({ "get_tasks", "proyect_name=p" }, "unknown option 'proyect_name' for get_tasks; did you mean 'project_name'?")
        wrong({ "get_task", "task_id=1", "colour=red" }, "unknown option 'colour' for get_task")
        wrong({ "get_task", "task_id=1", "task_id=2" }, "task_id of get_task was given twice")
        wrong({ "get_tasks", "project=p", "project_name=p" }, "project_name of get_tasks was given twice")
        wrong({ "create_task", "task_type=t", "a=1", "a=2" }, "a of create_task was given twice")
        wrong({ "get_task", "12" }, "'12' is not NAME=VALUE")
        wrong({ "get_task", "=12" }, "'=12' is not NAME=VALUE")
        wrong({ "get_task", "--task-id", "1" }, "unknown option '--task-id'")
        assert.equal("", (asked()))
    end)
end)

describe("api --input", function()
    local BODY = '{"z":1.0,\n "name":"b", "project":"p","a":12345678901234567890}\n'

    it("sends a file as it stands", function()
        start '{"name":"b","task_id":"1"}'
        support.write("body.json", BODY)
        sends({ "create_batch", "--input", "body.json" }, "POST /v1/batches", BODY)
        sends({ "create_task", "task_type=t", "--input", "body.json" }, "POST /v1/task/t", BODY)
        support.write("accepted.json", '{"accepted":true}')
        sends({ "audit_task", "--input=accepted.json", "task_id=1" }, "POST /v1/task/1/audit", '{"accepted":true}')
        sends({ "set_batch_metadata", "batch_name=b", "--input", "body.json" }, "POST /v1/batches/b/setMetadata", BODY)
        support.write("tags.json", ' ["a"] ')
        sends({ "set_task_tags", "task_id=1", "--input", "tags.json" }, "POST /v1/task/1/tags", ' ["a"] ')
    end)

    it("reads standard input", function()
        start '{"name":"b"}'
        support.write("body.json", BODY)
        local code, out, err = support.shell('"$S" api create_batch --input - <body.json', {
            SCALE_API_URL = url, SCALE_API_KEY = "live_key" })
        assert.equal(0, code, err)
        assert.equal('{"name":"b"}\n', out)
        assert.same({ "POST /v1/batches", BODY }, { asked() })
    end)

    it("is checked before anything is sent", function()
        start '{"name":"b"}'
        support.write("bad.json", '{"a":1,}')
        support.write("list.json", "[1]")
        support.write("empty.json", "")
        support.write("body.json", BODY)
        support.write("nameless.json", '{"project":"p"}')
        wrong({ "create_batch", "--input", "bad.json" }, "bad.json: not JSON at byte 8")
        wrong({ "create_batch", "--input", "empty.json" }, "empty.json: not JSON")
        wrong({ "create_batch", "--input", "-" }, "standard input: not JSON")
        wrong({ "create_batch", "--input", "nowhere.json" }, "cannot read nowhere.json: ")
        wrong({ "create_batch", "--input", "." }, "cannot read .: ")
        wrong({ "create_batch", "--input", "list.json" }, "the body of create_batch must be a JSON object")
        wrong({ "create_task", "task_type=t", "--input", "list.json" }, "the body of create_task must be a JSON object")
        wrong({ "create_task", "--input", "body.json" }, "create_task needs task_type")
        wrong({ "create_batch", "--input", "nameless.json" }, "create_batch needs batch_name")
        wrong({ "set_task_tags", "task_id=1", "--input", "list.json" }, "tags of set_task_tags must be a list of strings")
        wrong({ "create_batch", "project=p", "--input", "body.json" }, "project of create_batch was given beside a whole body")
        wrong({ "create_task", "task_type=t", "x=1", "--input", "body.json" }, "x of create_task was given beside a whole body")
        wrong({ "get_task", "task_id=1", "--input", "body.json" }, "get_task takes no JSON body")
        wrong({ "upload_file", "data=x", "--input", "body.json" }, "upload_file takes no JSON body")
        assert.equal("", (asked()))
    end)
end)

describe("api --all", function()
    it("follows the pages of v1 and v2, one document a line, as the server gave it", function()
        url = support.answering [[
            if request.path == "/v1/batches" then
                if request.query:find "offset" then return 200, '{"docs":[{"name":"c"}],"limit":2,"has_more":false}' end
                return 200, '{"docs":[{"name":"a"},{"name":"b"}],"limit":2,"has_more":true}'
            end
            local member, version = "docs", request.path:match "^/(v%d)/tasks$"
            if version == "v2" then member = "tasks" end
            if request.query:find "next_token=t" then
                return 200, '{"' .. member .. '":[{"task_id":"3 of ' .. version .. '"}],"has_more":false}'
            end
            return 200, '{"' .. member .. '":[{"task_id":"1","z":1.0,\n"a":9007199254740993123},'
                .. '{"task_id":"2"}],"has_more":true,"next_token":"t"}' ]]
        for name, version in pairs { get_tasks = "v1", tasks = "v1", ["v2.get_tasks"] = "v2", v2_get_tasks = "v2" } do
            local code, out, err = api { name, "project_name=p", "--all" }
            assert.equal(0, code, err)
            assert.equal('{"task_id":"1","z":1.0, "a":9007199254740993123}\n{"task_id":"2"}\n{"task_id":"3 of '
                .. version .. '"}\n', out)
        end
        local code, out = api { "get_batches", "project_name=p", "--all" }
        assert.equal(0, code)
        assert.equal('{"name":"a"}\n{"name":"b"}\n{"name":"c"}\n', out)
    end)

    it("prints the elements of a list that comes whole", function()
        start '[{"name":"a","x":1.0},\n{"name":"b"}]'
        assert.equal('{"name":"a","x":1.0}\n{"name":"b"}\n', (sends({ "get_projects", "--all" }, "GET /v1/projects")))
        start '{"projects":[{"id":"1"},{"id":"2"}]}'
        assert.equal('{"id":"1"}\n{"id":"2"}\n', (sends({ "v2.get_projects", "--all" }, "GET /v2/projects")))
        start "[]"
        assert.equal("", (sends({ "list_teammates", "--all" }, "GET /v1/teams")))
    end)

    it("is for lists alone", function()
        start '{"task_id":"1"}'
        wrong({ "get_task", "task_id=1", "--all" }, "--all is for lists; get_task does not answer one")
        wrong({ "get_tasks", "--all" }, "get_tasks needs project_name or batch_name")
        assert.equal("", (asked()))
    end)

    it("gives what came before an error, and then says it", function()
        url = support.answering [[
            if request.query:find "next_token" then return 404, '{"status_code":404,"error":"gone"}' end
            return 200, '{"docs":[{"task_id":"1"}],"has_more":true,"next_token":"t"}' ]]
        local code, out, err = api { "get_tasks", "project_name=p", "--all" }
        assert.equal(1, code)
        assert.equal('{"task_id":"1"}\n', out)
        assert.equal("api: get_tasks: 404 not_found: gone\n", err)
    end)
end)

describe("an address", function()
    local function start_redirecting(status, headers, body)
        url = support.serve(([[
            local server = require("scaleapi.server").listen { port = 0, handler = function()
                return { status = %d, headers = %s, body = %q }
            end }
            print(server.url)
            io.stdout:flush()
            while true do require("scaleapi").sleep(3600) end]]):format(status, headers, body))
    end

    it("is printed, and not fetched", function()
        start_redirecting(302, '{ Location = "https://files.example/a?b=c&d" }', "")
        local code, out, err = api { "v2.get_dataset_task_response_url", "task_id=t", "attachment_id=a" }
        assert.equal(0, code, err)
        assert.equal("https://files.example/a?b=c&d\n", out)
        code, out = api { "get_task_response_url", "task_id=t", "uuid=u" }
        assert.equal(0, code)
        assert.equal("https://files.example/a?b=c&d\n", out)
    end)

    it("may be the file itself, to which nothing is added", function()
        start_redirecting(200, '{ ["Content-Type"] = "image/png" }', "PNG\0 no line end")
        local code, out, err = api { "get_task_response_url", "task_id=t", "uuid=u" }
        assert.equal(0, code, err)
        assert.equal("PNG\0 no line end", out)
    end)
end)

describe("exit codes of api", function()
    local function ends(code, status, body)
        start(body, status)
        local was, out, err = api { "prioritize_batch", "batch_name=b", "priority=10" }
        assert.equal(code, was, err)
        assert.equal("", out)
        return err
    end

    it("are 4 for keys, 5 for outages, 1 for the rest", function()
        assert.matches("401 unauthorized: no.-is SCALE_API_KEY the right key", ends(4, 401, '{"status_code":401,"error":"no"}'))
        ends(4, 403, '{"status_code":403,"error":"no"}')
        assert.equal("api: prioritize_batch: 404 not_found: no batch\n", ends(1, 404, '{"status_code":404,"error":"no batch"}'))
        ends(1, 400, '{"status_code":400,"error":"no"}')
        ends(1, 409, "")
        url = "http://127.0.0.1:1"
        assert.equal(5, (api { "get_task", "task_id=1" }))
    end)

    it("is 4 without a key, though not before what is wrong with the words", function()
        local code, out, err = support.scalua { "api", "get_task", "task_id=1" }
        assert.equal(4, code)
        assert.equal("", out)
        assert.matches("no API key", err)
        assert.equal(2, (support.scalua { "api", "get_tasks", "limit=x" }))
        assert.equal(2, (support.scalua { "api", "get_task", "task_id=1", "--all" }))
    end)

    it("is 1 when standard output takes nothing, and a reader may leave", function()
        start '{"task_id":"1"}'
        local environment = { SCALE_API_URL = url, SCALE_API_KEY = "live_key" }
        local code, _, err = support.shell('"$S" api get_task task_id=1 >/dev/full', environment)
        assert.equal(1, code)
        assert.matches("cannot write standard output", err)
        assert.not_matches("traceback", err)
        code, _, err = support.shell('"$S" api --list >/dev/full', environment)
        assert.equal(1, code)
        assert.matches("cannot write standard output", err)
        code, _, err = support.shell([[
            { "$S" api get_task task_id=1; echo $? >code; } | true
            cat code; [ "$(cat code)" = 141 ] || [ "$(cat code)" = 0 ] ]], environment)
        assert.equal(0, code)
        assert.equal("", err)
    end)

    it("is 130 on Ctrl-C", function()
        url = support.answering [[ require("scaleapi").sleep(60) return 200, "{}" ]]
        local code = support.interrupt({ "api", "get_task", "task_id=1" },
            { SCALE_API_URL = url, SCALE_API_KEY = "live_key" }, "sleep 0.3")
        assert.equal(130, code)
    end)
end)
