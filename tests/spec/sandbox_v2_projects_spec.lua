-- The sandbox's rules for what the second API only reads: projects, annotations, and the description of itself.

local json = require("scaleapi").json
local new_world = dofile "tests/spec/support/world.lua"

describe("a v2 project", function()
    local world
    before_each(function()
        world = new_world()
        world:project("p", "chat")
        world:wait(5)
        world:project("é/1 ?", "comparison")
    end)

    it("is the one that the first API made, with an id that stays", function()
        local project = world:ok "GET /v2/project?project_name=p"
        assert.same({ "p", "2023-11-14T22:13:20.123Z" }, { project.name, project.created_at })
        assert.is_truthy(project.id:find "^%x+$" and #project.id == 24)
        world:ok("POST /v1/projects/p/setParams", '{"instruction":"x"}')
        assert.same(project, world:ok("GET /v2/project?project_id=" .. project.id))
        assert.same(project, world:ok("GET /v2/project?project_name=p&project_id=" .. project.id))
        assert.equal("é/1 ?", world:ok("GET /v2/project?project_name=%C3%A9/1%20%3F").name)
    end)

    it("is listed, the newest first, within bounds that are included", function()
        local function names(query)
            local list = {}
            for i, project in ipairs(world:ok("GET /v2/projects" .. query).projects) do list[i] = project.name end
            return table.concat(list, ",")
        end
        assert.equal("é/1 ?,p", names "")
        assert.equal("p", names "?created_before=2023-11-14T22:13:20.123Z")
        assert.equal("é/1 ?", names "?created_after=2023-11-14T22:13:20.124Z")
        assert.equal("", names "?created_after=2024-01-01")
        assert.equal('Parameter is invalid, reason: "created_after" must be a date',
            world:refused(400, "GET /v2/projects?created_after=now"))
        world.key = "test_key"
        assert.equal("", names "")
    end)

    it("is refused without a name, with an unknown one, and with that of another", function()
        local id = world:ok("GET /v2/project?project_name=p").id
        assert.equal("Provide project_id or project_name.", world:refused(400, "GET /v2/project"))
        assert.equal("Provide project_id or project_name.", world:refused(400, "GET /v2/project?project_name="))
        assert.equal("Project with that name not found.", world:refused(404, "GET /v2/project?project_name=P"))
        for _, unknown in ipairs { "p", id:sub(1, -2), id:sub(1, -2) .. "9", ("z"):rep(24) } do
            assert.equal("Project with that id not found.", world:refused(404, "GET /v2/project?project_id=" .. unknown))
        end
        world:refused(400, "GET /v2/project?project_name=%C3%A9/1%20%3F&project_id=" .. id)
        world.key = "test_key"
        world:refused(404, "GET /v2/project?project_id=" .. id)
    end)
end)

describe("a v2 annotation", function()
    local world, task
    before_each(function()
        world = new_world()
        world:project("p", "chat")
        task = world:ok("POST /v2/task/chat", '{"project_name":"p"}')
    end)

    it("of a task is there when the task is completed, with all details", function()
        local id = ("an_%s_quality"):format(task.task_id)
        assert.equal("Annotation with that id not found.", world:refused(404, "GET /v2/annotation?annotation_id=" .. id))
        world.key = "test_key"
        world:project("p", "chat")
        task = world:ok("POST /v2/task/chat", '{"project_name":"p"}')
        local thread = world:ok("GET /v2/task?opts=annotation_details&task_id=" .. task.task_id).threads[1]
        for _, annotation in ipairs { thread.turns[1].annotations[1], thread.turns[1].messages[2].annotations[1] } do
            assert.same(annotation, world:ok("GET /v2/annotation?annotation_id=" .. annotation.id))
            assert.is_table(annotation.possible_values)
        end
        world:refused(404, "GET /v2/annotation?annotation_id=an_" .. task.task_id .. "_none")
    end)

    it("that was seeded is as it was seeded, and in its task's thread if it has one", function()
        world.key = "test_key"
        world:project("p", "chat")
        task = world:ok("POST /v2/task/chat", '{"project_name":"p"}')
        local fields = { key = "tone", type = "category", value = "warm", title = "Tone", possible_values = { "warm", "cold" },
            metadata = { criteria = "an_x" }, task_id = task.task_id }
        local id = world:seed("annotation", fields)
        local annotation = world:ok("GET /v2/annotation?annotation_id=" .. id)
        assert.same({ "tone", "category", "warm", "Tone", { criteria = "an_x" } },
            { annotation.key, annotation.type, annotation.value, annotation.title, annotation.metadata })
        assert.is_nil(annotation.task_id)
        local line = "GET /v2/task?task_id=" .. task.task_id
        assert.same(annotation, world:ok(line .. "&opts=annotation_details").threads[1].annotations[1])
        assert.same({ id = id, key = "tone", type = "category", value = "warm", metadata = { criteria = "an_x" } },
            world:ok(line).threads[1].annotations[1])
        assert.equal("named", world:seed("annotation", { id = "named", key = "k", type = "text" }))
        assert.same({ id = "named", key = "k", type = "text" }, world:ok "GET /v2/annotation?annotation_id=named")
    end)

    it("is refused without an id or with an unknown one", function()
        assert.equal("Provide annotation_id.", world:refused(400, "GET /v2/annotation"))
        for _, id in ipairs { "x", "an_", "an_" .. task.task_id, "an_" .. ("0"):rep(24) .. "_quality" } do
            world:refused(404, "GET /v2/annotation?annotation_id=" .. id)
        end
    end)
end)

describe("the v2 description", function()
    local world = new_world()
    local description = world:ok "GET /v2/openapi"

    it("is of a form that programs know", function()
        assert.equal("3.0.3", description.openapi)
        assert.is_string(description.info.version)
    end)

    it("has every route and key that there is", function()
        local count = 0
        for path, operations in pairs(description.paths) do
            for method, operation in pairs(operations) do
                count = count + 1
                local line = method:upper() .. " " .. path:gsub("[{}]", "")
                assert.not_equal("Not found.", (world:call(line, "{}")).error, line)
                assert.is_true(json.is_array(operation.parameters))
            end
        end
        assert.equal(25, count)
        local names = {}
        for _, parameter in ipairs(description.paths["/v2/datasets/task/{taskId}/response_url/{attachmentId}"].get.parameters) do
            names[parameter.name] = parameter["in"]
        end
        assert.same({ taskId = "path", attachmentId = "path" }, names)
    end)

    it("says how keys are to be written", function()
        local schemas = {}
        for _, parameter in ipairs(description.paths["/v2/tasks"].get.parameters) do
            schemas[parameter.name] = parameter.schema
        end
        assert.same({ "array", "date-time", 100, "string" },
            { schemas.expand.type, schemas.completed_after.format, schemas.limit.maximum, schemas.batch_id.type })
    end)

    it("needs a key", function()
        world.key = "x"
        world:refused(401, "GET /v2/openapi")
    end)
end)
