-- The sandbox's rules for tasks of the second API: /v2/task… and /v2/tasks.

local json = require("scaleapi").json
local new_world = dofile "tests/spec/support/world.lua"

local NO_ID = { "unknown", ("a"):rep(24), "653d0f3c0000000000000001" }

local function chat(world, more)
    return world:ok("POST /v2/task/chat", ('{"project_name":"p"%s}'):format(more and "," .. more or ""))
end

describe("a v2 task", function()
    local world
    before_each(function()
        world = new_world { complete_after = 10 }
        world:project("p", "chat")
        world:project("q", "chat")
        world:project("boxes", "comparison")
        world:batch("b", "p")
    end)

    local function id_of(kind, name)
        return world:ok("GET /v2/" .. kind .. "?" .. kind .. "_name=" .. name).id
    end

    describe("is made in a chat project", function()
        it("which is named by name or by id, or in a batch of it", function()
            local project, batch = id_of("project", "p"), id_of("batch", "b")
            for body, in_batch in pairs {
                ['{"project_name":"p"}'] = false, ['{"project_id":"' .. project .. '"}'] = false,
                ['{"batch_name":"b"}'] = true, ['{"batch_id":"' .. batch .. '","project_name":"p"}'] = true,
                ['{"project_id":"' .. project .. '","project_name":"p","batch_name":null}'] = false,
            } do
                local task = world:ok("POST /v2/task/chat", body)
                assert.same({ project, in_batch and batch or nil }, { task.project, task.batch })
                assert.same(task, world:ok("GET /v2/task?task_id=" .. task.task_id))
            end
        end)

        it("pending with a live key, and is the same task in the first API", function()
            local task = chat(world, '"template_variables":{"prompt":"Hi"},"metadata":{"n":1.0},"batch_name":"b"')
            assert.same({ "pending", "2023-11-14T22:13:20.123Z", {}, { n = 1.0 } },
                { task.status, task.created_at, task.threads, task.metadata })
            assert.is_nil(task.completed_at)
            local first = world:ok("GET /v1/task/" .. task.task_id)
            assert.same({ "chat", "p", "b", { template_variables = { prompt = "Hi" } }, { n = 1.0 } },
                { first.type, first.project, first.batch, first.params, first.metadata })
        end)

        it("and keeps what was sent byte by byte", function()
            local task = chat(world, [["template_variables":{"z": 1.0, "a":[]},"metadata":{"b": 1e2},"callback_url":"http://x/\u00e9"]])
            local _, raw = world:ok("GET /v1/task/" .. task.task_id)
            assert.is_truthy(raw:find('"params":{"template_variables":{"z": 1.0, "a":[]}}', 1, true))
            assert.is_truthy(raw:find([["callback_url":"http://x/\u00e9"]], 1, true))
            _, raw = world:ok("GET /v2/task?task_id=" .. task.task_id)
            assert.is_truthy(raw:find('"metadata":{"b": 1e2}', 1, true))
        end)

        it("with the params of the project, and its type", function()
            world:project("lite", "chatlite", '"params":{"instruction":"Be kind.","x":7}')
            local task = world:ok("POST /v2/task/chat", '{"project_name":"lite"}')
            local first = world:ok("GET /v1/task/" .. task.task_id)
            assert.same({ "chatlite", { x = 7 } }, { first.type, first.params })
        end)

        it("once for a unique_id or an idempotency key", function()
            local task = chat(world, '"unique_id":"u"')
            assert.equal(('The unique_id ("u") is already used for a different task (%s).'):format(task.task_id),
                world:refused(409, "POST /v2/task/chat", '{"project_name":"p","unique_id":"u"}'))
            world:ok("POST /v2/task/chat", '{"project_name":"p"}', { ["idempotency-key"] = "k" })
            world:refused(409, "POST /v2/task/chat", '{"project_name":"p"}', { ["idempotency-key"] = "k" })
        end)

        for body, expected in pairs {
            ["{}"] = "Provide project_id, project_name, batch_id or batch_name.",
            ['{"project_name":""}'] = "Provide project_id, project_name, batch_id or batch_name.",
            ['{"project_name":7}'] = 'Parameter is invalid, reason: "project_name" must be a string',
            ['{"project_name":"boxes"}'] = 'Project "boxes" is of type comparison.',
            ['{"project_name":"q","batch_name":"b"}'] = 'Batch "b" does not belong to project "q".',
            ['{"project_name":"p","template_variables":[]}'] =
                'Parameter is invalid, reason: "template_variables" must be an object',
            ['{"project_name":"p","metadata":1}'] = 'Parameter is invalid, reason: "metadata" must be an object',
            ['{"project_name":"p","callback_url":1}'] = 'Parameter is invalid, reason: "callback_url" must be a string',
            ['{"project_name":"p","unique_id":""}'] = 'Parameter is invalid, reason: "unique_id" is required',
            ["x"] = "Invalid JSON in request body.",
            ["[]"] = "The request body must be an object.",
        } do
            it("not of " .. body, function()
                assert.equal(expected, world:refused(400, "POST /v2/task/chat", body))
                assert.same({}, world:ok("GET /v1/tasks").docs)
            end)
        end

        it("not with metadata of more than 10 KB", function()
            local body = '{"project_name":"p","metadata":{"x":"%s"}}'
            world:ok("POST /v2/task/chat", body:format(("x"):rep(10240 - 8)))
            assert.equal("Metadata must not exceed 10KB.",
                world:refused(400, "POST /v2/task/chat", body:format(("x"):rep(10241 - 8))))
        end)

        it("not in one that is unknown: 404, or 400 if that is assumed", function()
            local other = new_world { assume = { v2_missing_place = 400 } }
            for body, expected in pairs {
                ['{"project_name":"none"}'] = "Project with that name not found.",
                ['{"project_id":"none"}'] = "Project with that id not found.",
                ['{"batch_name":"none"}'] = "Batch with that name not found.",
                ['{"batch_id":"653d0f3c00000000b0000007"}'] = "Batch with that id not found.",
            } do
                assert.equal(expected, world:refused(404, "POST /v2/task/chat", body))
                assert.equal(expected, other:refused(400, "POST /v2/task/chat", body))
            end
        end)

        it("not when the id and the name are of two", function()
            local body = ('{"project_id":"%s","project_name":"q"}'):format(id_of("project", "p"))
            assert.equal("project_id and project_name name different things.",
                world:refused(400, "POST /v2/task/chat", body))
        end)
    end)

    it("that is unknown, or of the other world, is not found", function()
        local ids = { table.unpack(NO_ID) }
        ids[#ids + 1] = id_of("project", "p")
        world.key = "test_key"
        world:project("p", "chat")
        ids[#ids + 1] = chat(world).task_id
        world.key = "live_key"
        for _, id in ipairs(ids) do
            assert.equal("Task with that ID not found.", world:refused(404, "GET /v2/task?task_id=" .. id))
            assert.equal("Task with that ID not found.", world:refused(404, "POST /v2/task/metadata",
                ('{"task_id":"%s","metadata":{}}'):format(id)))
        end
        assert.equal("Provide task_id.", world:refused(400, "GET /v2/task"))
        assert.equal("Provide task_id.", world:refused(400, "GET /v2/task?task_id="))
    end)

    describe("shows", function()
        it("a thread when it is completed, and none before", function()
            local id = chat(world, '"template_variables":{"prompt":"Wh\\u0061t?"}').task_id
            assert.same(json.array {}, world:ok("GET /v2/task?task_id=" .. id).threads)
            world:wait(10)
            local task, raw = world:ok("GET /v2/task?task_id=" .. id)
            assert.same({ "completed", "2023-11-14T22:13:30.123Z" }, { task.status, task.completed_at })
            assert.is_truthy(raw:find('"content":{"text":"Wh\\u0061t?"}', 1, true))
            local turn = task.threads[1].turns[1]
            assert.same({ "user", "What?", "assistant" },
                { turn.messages[1].role, turn.messages[1].content.text, turn.messages[2].role })
            assert.is_truthy(turn.messages[2].content.text:find "^Made up by the sandbox")
            for _, message in ipairs(turn.messages) do assert.is_string(message.source_id) end
            assert.same(turn.annotations[1].value, world:ok("GET /v2/annotation?annotation_id=" .. turn.annotations[1].id).value)
        end)

        it("no thread when it is no conversation", function()
            world:task '"project":"boxes"'
            world:wait(10)
            local task = world:ok("GET /v2/tasks?project_name=boxes").tasks[1]
            assert.same({ "completed", {} }, { task.status, task.threads })
        end)

        it("an empty project if it lies in none", function()
            world.key = "test_key"
            local id = world:task().task_id
            assert.equal("", world:ok("GET /v2/task?task_id=" .. id).project)
            assert.equal("", world:ok("GET /v2/task?expand=project&expand=batch&task_id=" .. id).project)
        end)

        it("what went wrong, when it is in error", function()
            world:ok("POST /v1/task/comparison", '{"project":"boxes","attachments":["https://x.invalid/a"],"choices":["a"]}')
            world:wait(10)
            local task = world:ok("GET /v2/tasks?project_name=boxes").tasks[1]
            assert.same({ "error", { { message = "One or more attachments could not be downloaded." } } },
                { task.status, task.errors })
        end)

        it("its project and batch whole if they are expanded, one level deep", function()
            local id = chat(world, '"batch_name":"b"').task_id
            local project, batch = world:ok "GET /v2/project?project_name=p", world:ok "GET /v2/batch?batch_name=b"
            local line = "GET /v2/task?task_id=" .. id
            assert.same({ project, batch.id }, { world:ok(line .. "&expand=project").project, world:ok(line .. "&expand=project").batch })
            assert.same({ project.id, batch }, { world:ok(line .. "&expand=batch").project, world:ok(line .. "&expand=batch").batch })
            local both = world:ok(line .. "&expand=batch&expand=project")
            assert.same({ project, project, batch.id }, { both.project, both.batch.project, both.batch.id })
        end)

        it("of annotations, models and submissions what is asked for", function()
            world.key = "test_key"
            world:project("p", "chat")
            local line = "GET /v2/task?task_id=" .. chat(world).task_id
            local function parts(query)
                local thread = world:ok(line .. query).threads[1]
                local message, annotation = thread.turns[1].messages[2], thread.turns[1].annotations[1]
                return { annotation.title ~= nil, annotation.possible_values ~= nil, annotation.labels ~= nil,
                    message.annotations[1].description ~= nil, message.model_parameters ~= nil, thread.submissions ~= nil }
            end
            assert.same({ false, false, false, false, false, false }, parts "")
            assert.same({ true, true, true, true, false, false }, parts "&opts=annotation_details")
            assert.same({ false, false, false, false, true, true },
                parts "&opts=model_parameters&opts=submissions&opts=attachment_details")
        end)

        it("nothing that it does not know: 400, or no difference if that is assumed", function()
            local id = chat(world).task_id
            local line = "GET /v2/task?task_id=" .. id
            assert.equal('Parameter is invalid, reason: "expand" must be of project, batch',
                world:refused(400, line .. "&expand=project&expand=delivery"))
            assert.equal('Parameter is invalid, reason: "opts" must be of annotation_details, attachment_details, '
                .. "model_parameters, submissions", world:refused(400, line .. "&opts=annotation_details,submissions"))
            assert.equal(id, world:ok(line .. "&expand=&opts=").task_id)
            world = new_world { assume = { v2_unlisted_choice = "ignored" } }
            world:project("p", "chat")
            local task = chat(world)
            assert.same(task, world:ok("GET /v2/task?expand=x&opts=y&task_id=" .. task.task_id))
        end)
    end)

    describe("changes its metadata", function()
        local id
        before_each(function() id = chat(world, '"metadata":{"a":{"x": 1.0,"y":[1]},"b":2}').task_id end)

        local function set(more)
            local body = ('{"task_id":"%s",%s}'):format(id, more)
            local task, raw = world:ok("POST /v2/task/metadata", body)
            assert.same(task, world:ok("GET /v2/task?task_id=" .. id))
            assert.same(task.metadata, world:ok("GET /v1/task/" .. id).metadata)
            return raw:match '"metadata":(.*),"threads"'
        end

        it("as a whole", function()
            assert.equal('{"c": 3.0}', set '"metadata":{"c": 3.0}')
            assert.equal("{}", set '"metadata":{},"merge":false')
        end)

        it("or deeply merged, where the new values win", function()
            assert.equal('{"a":{"x":1.0,"y":{},"z":null},"b":{"c":1},"d":[]}',
                set '"merge":true,"metadata":{"d":[],"a":{"y":{},"z":null},"b":{"c":1}}')
            assert.equal('{"a":null,"b":{"c":1},"d":[]}', set '"merge":true,"metadata":{"\\u0061":null}')
        end)

        it("and when it was changed, in the first API", function()
            world:wait(3)
            set '"metadata":{}'
            assert.equal("2023-11-14T22:13:23.123Z", world:ok("GET /v1/task/" .. id).updated_at)
        end)

        for more, expected in pairs {
            ['"x":1'] = 'Parameter is invalid, reason: "metadata" is required',
            ['"metadata":[]'] = 'Parameter is invalid, reason: "metadata" must be an object',
            ['"metadata":{},"merge":"yes"'] = 'Parameter is invalid, reason: "merge" must be a boolean',
            ['"merge":true,"metadata":{"z":"' .. ("z"):rep(10240) .. '"}'] = "Metadata must not exceed 10KB.",
        } do
            it("not to " .. more:sub(1, 40), function()
                local before = world:ok("GET /v2/task?task_id=" .. id)
                assert.equal(expected, world:refused(400, "POST /v2/task/metadata", ('{"task_id":"%s",%s}'):format(id, more)))
                assert.same(before, world:ok("GET /v2/task?task_id=" .. id))
            end)
        end

        it("not of a task that is not named", function()
            assert.equal("Provide task_id.", world:refused(400, "POST /v2/task/metadata", '{"metadata":{}}'))
            world:refused(400, "POST /v2/task/metadata", '{"task_id":1,"metadata":{}}')
        end)
    end)

    describe("list", function()
        local ids
        before_each(function()
            ids = {}
            for i = 1, 5 do
                ids[i] = chat(world, i % 2 == 0 and '"batch_name":"b"' or nil).task_id
                world:wait(1)
            end
        end)

        local function numbers(query)
            local list = {}
            for i, task in ipairs(world:ok("GET /v2/tasks?" .. query).tasks) do
                for number, id in ipairs(ids) do list[i] = id == task.task_id and number or list[i] end
            end
            return list
        end

        it("has those of a project or a batch, the newest first", function()
            assert.same({ 5, 4, 3, 2, 1 }, numbers "project_name=p")
            assert.same({ 5, 4, 3, 2, 1 }, numbers("project_id=" .. id_of("project", "p")))
            assert.same({ 4, 2 }, numbers "batch_name=b")
            assert.same({ 4, 2 }, numbers("project_name=p&batch_id=" .. id_of("batch", "b")))
            assert.same({}, numbers "project_name=q&batch_name=b")
            assert.same({}, numbers "project_name=q")
        end)

        it("has those of a status", function()
            world:ok("POST /v1/task/" .. ids[5] .. "/cancel")
            world:wait(6)
            assert.same({ 2, 1 }, numbers "project_name=p&status=completed")
            assert.same({ 4, 3 }, numbers "project_name=p&status=pending")
            assert.same({ 5 }, numbers "project_name=p&status=canceled")
            assert.same({}, numbers "project_name=p&status=error")
            assert.same({}, numbers "project_name=p&status=deleted")
            assert.equal('Parameter is invalid, reason: "status" must be one of pending, completed, canceled, error, deleted',
                world:refused(400, "GET /v2/tasks?project_name=p&status=cancelled"))
        end)

        it("has those completed within bounds, the bounds included", function()
            world:wait(7)
            assert.same({ 3, 2, 1 }, numbers "project_name=p&completed_before=2023-11-14T22:13:32.123Z")
            assert.same({ 2 }, numbers("project_name=p&completed_after=2023-11-14T22:13:31.123%2B00:00"
                .. "&completed_before=2023-11-14T22:13:31.123"))
            for _, text in ipairs { "yesterday", "2023-13-01", "5" } do
                assert.equal('Parameter is invalid, reason: "completed_after" must be a date',
                    world:refused(400, "GET /v2/tasks?project_name=p&completed_after=" .. text))
            end
        end)

        it("leaves the bounds out, and cuts a limit that is too high, if that is assumed", function()
            world = new_world { assume = { bounds = "exclusive", limit_too_high = 200 } }
            world.key = "test_key"
            world:project("p", "chat")
            chat(world)
            local line = "GET /v2/tasks?project_name=p&limit=101&completed_after=2023-11-14T22:13:20."
            assert.same({}, world:ok(line .. "123Z").tasks)
            assert.is_table(world:ok(line .. "122Z").tasks[1])
        end)

        it("comes in pages that tasks made meanwhile do not shift", function()
            local first = world:ok "GET /v2/tasks?project_name=p&limit=2"
            assert.is_nil(first.tasks[3])
            assert.equal(ids[4], first.tasks[2].task_id)
            chat(world)
            local second = world:ok("GET /v2/tasks?project_name=p&limit=2&next_token=" .. first.next_token:gsub("=", "%%3D"))
            assert.same({ ids[3], ids[2] }, { second.tasks[1].task_id, second.tasks[2].task_id })
            local third = world:ok("GET /v2/tasks?project_name=p&limit=2&next_token=" .. second.next_token:gsub("=", "%%3D"))
            assert.equal(ids[1], third.tasks[1].task_id)
            assert.same({ nil, nil }, { third.tasks[2], third.next_token })
        end)

        it("refuses a token of another list", function()
            world:project("other", "chat")
            for _ = 1, 2 do chat(world) end
            local token = world:ok("GET /v2/tasks?project_name=p&limit=1").next_token:gsub("=", "%%3D")
            world:ok("GET /v2/tasks?project_name=p&next_token=" .. token)
            assert.equal("Invalid next_token.",
                world:refused(400, "GET /v2/tasks?project_name=other&next_token=" .. token))
        end)

        it("ends without a token when its last page is full, or with null if that is assumed", function()
            local _, raw = world:ok "GET /v2/tasks?project_name=p&limit=5"
            assert.is_nil(raw:find("next_token", 1, true))
            world = new_world { assume = { last_page_token = "null" } }
            world:project("p", "chat")
            _, raw = world:ok "GET /v2/tasks?project_name=p"
            assert.equal('{"tasks":[],"next_token":null}', raw)
        end)

        it("can be expanded, with opts", function()
            world:wait(10)
            local page = world:ok "GET /v2/tasks?project_name=p&limit=2&expand=project&expand=batch&opts=submissions"
            assert.same({ "p", "b" }, { page.tasks[1].project.name, page.tasks[2].batch.name })
            assert.is_table(page.tasks[1].threads[1].submissions)
            world:refused(400, "GET /v2/tasks?project_name=p&expand=tasks")
        end)

        for query, expected in pairs {
            [""] = "Provide project_id, project_name, batch_id or batch_name.",
            ["status=completed"] = "Provide project_id, project_name, batch_id or batch_name.",
            ["project_name=p&limit=0"] = 'Parameter is invalid, reason: "limit" must be between 1 and 100',
            ["project_name=p&limit=101"] = 'Parameter is invalid, reason: "limit" must be between 1 and 100',
            ["project_name=p&limit=x"] = 'Parameter is invalid, reason: "limit" must be between 1 and 100',
            ["project_name=p&next_token=x"] = "Invalid next_token.",
            ["project_name=p&next_token=eyJza2lwIjoxMDB9"] = "Invalid next_token.",
            ["project_name=p&next_token=WzFd"] = "Invalid next_token.",
            ["project_name=p&next_token=MQ"] = "Invalid next_token.",
        } do
            it("is refused for " .. query, function()
                assert.equal(expected, world:refused(400, "GET /v2/tasks?" .. query))
            end)
        end

        it("of a project or batch that is unknown: 404, or empty if that is assumed", function()
            local other = new_world { assume = { v2_unknown_filter = "empty" } }
            for query, expected in pairs {
                ["project_name=none"] = "Project with that name not found.",
                ["project_id=none"] = "Project with that id not found.",
                ["batch_name=none"] = "Batch with that name not found.",
                ["batch_id=none"] = "Batch with that id not found.",
            } do
                assert.equal(expected, world:refused(404, "GET /v2/tasks?" .. query))
                assert.same({}, other:ok("GET /v2/tasks?" .. query).tasks)
            end
            other:project "p"
            other:project "q"
            local line = "GET /v2/tasks?project_name=q&project_id=" .. other:ok("GET /v2/project?project_name=p").id
            assert.equal("project_id and project_name name different things.", other:refused(400, line))
            world:refused(404, "GET /v2/tasks?project_id=" .. id_of("batch", "b"))
        end)
    end)
end)
