-- The sandbox's rules for projects: /v1/projects…

local json = require("scaleapi").json
local store = require "scaleapi.sandbox.store"
local new_world = dofile "tests/spec/support/world.lua"

describe("a project", function()
    local world
    before_each(function() world = new_world() end)

    describe("is made", function()
        it("with a first version of its params, empty if there are none", function()
            local project = world:project("p", "imageannotation")
            assert.same({ "p", "imageannotation", "standard", "2023-11-14T22:13:20.123Z" },
                { project.name, project.type, project.projectType, project.created_at })
            assert.same({ { version = 0, created_at = "2023-11-14T22:13:20.123Z" } }, project.param_history)
            assert.same(project, world:ok "GET /v1/projects/p")
        end)

        it("with what was sent, byte by byte", function()
            local project, raw = world:ok("POST /v1/projects", [[{"type":"comparison","name":"a/b é","rapid":true,
                "params":{ "z":[ ],"instruction":"\u0041", "n":1.0, "version":9, "created_at":"x" },"datasetId":null}]])
            assert.is_truthy(raw:find([["param_history":[{"z":[ ],"instruction":"\u0041","n":1.0,"version":0,"created_at":"2023]],
                1, true), raw)
            assert.same({ "rapid", true }, { project.projectType, project.rapid, project.datasetId })
            assert.same(project, world:ok "GET /v1/projects/a%2Fb%20%C3%A9")
        end)

        it("with null for what there is not, as the Python SDK sends it", function()
            local project = world:ok("POST /v1/projects",
                '{"type":"comparison","name":"p","params":null,"rapid":false,"studio":false,"datasetId":null}')
            assert.equal("standard", project.projectType)
        end)

        it("without a history, if that is assumed", function()
            world = new_world { assume = { empty_history = true } }
            assert.same(json.array {}, world:project("p").param_history)
            world:task '"project":"p"'
            assert.equal(0, world:ok("POST /v1/projects/p/setParams", '{"patch":true,"a":1}').param_history[1].version)
        end)

        for expected, body in pairs {
            ['"type" is required'] = '{"name":"p"}', ['"name" is required'] = '{"type":"comparison"}',
            ['"type" must be a task type'] = '{"name":"p","type":"x"}', ['"type" must be a string'] = '{"name":"p","type":[]}',
            ['"name" must be a string'] = '{"name":{},"type":"comparison"}',
            ['"params" must be an object'] = '{"name":"p","type":"comparison","params":[]}',
            ['"rapid" must be a boolean'] = '{"name":"p","type":"comparison","rapid":1}',
            ['"pipeline" must be one of standard_task, consensus_task'] =
                '{"name":"p","type":"comparison","studio":true,"pipeline":"other"}',
            ['"pipeline" needs a Studio project'] = '{"name":"p","type":"comparison","pipeline":"standard_task"}',
            ['"consensus_attempts" must be an integer'] =
                '{"name":"p","type":"comparison","studio":true,"consensus_attempts":"many"}',
            ['"instruction" must be a string'] = '{"name":"p","type":"comparison","params":{"instruction":5}}',
        } do
            it("not when " .. expected, function()
                assert.equal("Parameter is invalid, reason: " .. expected, world:refused(400, "POST /v1/projects", body))
                assert.same(json.array {}, world:ok "GET /v1/projects")
            end)
        end

        it("not twice with one name", function()
            world:project "p"
            assert.equal('Project with name "p" already exists.',
                world:refused(409, "POST /v1/projects", '{"name":"p","type":"textcollection"}'))
        end)
    end)

    it("that is unknown is refused everywhere", function()
        for _, line in ipairs { "GET ", "POST /setParams", "POST /setOntology", "GET /taskTemplates" } do
            local method, what = line:match "^(%u+) (.*)$"
            assert.equal("Project with that name not found.",
                world:refused(404, method .. " /v1/projects/none" .. what, "{}"))
        end
    end)

    it("is listed, newest first, as a bare array", function()
        for _, name in ipairs { "a", "b", "c" } do world:project(name) end
        local list = world:ok "GET /v1/projects"
        assert.same({ "c", "b", "a" }, { list[1].name, list[2].name, list[3].name })
        assert.equal(3, #world:ok "GET /v1/projects?archived=false")
        assert.same(json.array {}, world:ok "GET /v1/projects?archived=true")
        world:refused(400, "GET /v1/projects?archived=maybe")
        store.archive(world.world.accounts.live.projects.b)
        assert.is_true(world:ok("GET /v1/projects/b").archived)
        local archived, others = world:ok "GET /v1/projects?archived=True", world:ok "GET /v1/projects?archived=false"
        assert.same({ 1, "b", 2, "c" }, { #archived, archived[1].name, #others, others[1].name })
        assert.equal(3, #world:ok "GET /v1/projects")
    end)

    describe("gets new params", function()
        before_each(function() world:project("p", "comparison", [["params":{"a":1,"b\u0062":[ ],"c":3}]]) end)

        it("that replace the old ones", function()
            local history = world:ok("POST /v1/projects/p/setParams", '{"x":1,"patch":false}').param_history
            assert.same({ 2, 1 }, { #history, history[2].version })
            assert.same({ 1 }, { history[2].x, history[2].a, history[2].patch })
            assert.equal(1, history[1].a)
        end)

        it("laid over the old ones with patch", function()
            local _, raw = world:ok("POST /v1/projects/p/setParams", '{"patch":true,"a":2e0,"d":4}')
            assert.is_truthy(raw:find([[{"a":2e0,"b\u0062":[ ],"c":3,"d":4,"version":1,"created_at"]], 1, true), raw)
        end)

        it("that are none with an empty body", function()
            local history = world:ok("POST /v1/projects/p/setParams", "").param_history
            assert.same({ 1 }, { history[2].version, history[2].a })
        end)

        it("without an instruction where it is null", function()
            local history = world:ok("POST /v1/projects/p/setParams", '{"patch":true,"instruction":"x"}').param_history
            assert.equal("x", history[2].instruction)
            history = world:ok("POST /v1/projects/p/setParams", '{"patch":true,"instruction":null}').param_history
            assert.same({ 2, 1 }, { history[3].version, history[3].a })
            assert.is_nil(history[3].instruction)
        end)

        it("not when they are wrong", function()
            world:refused(400, "POST /v1/projects/p/setParams", '{"patch":"yes"}')
            world:refused(400, "POST /v1/projects/p/setParams", '{"instruction":5}')
            world:refused(400, "POST /v1/projects/p/setParams", "[]")
            assert.equal(1, #world:ok("GET /v1/projects/p").param_history)
        end)
    end)

    describe("gets an ontology", function()
        before_each(function() world:project "p" end)

        it("beside those it had", function()
            world:ok("POST /v1/projects/p/setOntology", '{"ontology":["a",{"choice":"b","subchoices":["c"]}],"name":"first"}')
            local project = world:ok("POST /v1/projects/p/setOntology", '{"ontology":["a"]}')
            assert.same({ 2, "first", 0, 1 }, { #project.ontologies, project.ontologies[1].name, project.ontologies[1].version,
                project.ontologies[2].version })
        end)

        for expected, body in pairs {
            ['"ontology" is required'] = "{}", ['"ontology" must be an array'] = '{"ontology":{}}',
            ['"ontology" has the choice "a" twice'] = '{"ontology":["a",{"choice":"b","subchoices":[{"choice":"a"}]}]}',
            ['"ontology" must be of strings and objects with a choice'] = '{"ontology":[{"display":"x"}]}',
        } do
            it("not when " .. expected, function()
                assert.equal("Parameter is invalid, reason: " .. expected,
                    world:refused(400, "POST /v1/projects/p/setOntology", body))
            end)
        end
    end)

    it("has a task template, if it is of textcollection or chat", function()
        world:project("t", "textcollection")
        world:project("c", "chat")
        world:project("i", "imageannotation")
        for _, name in ipairs { "t", "c" } do
            local template = world:ok("GET /v1/projects/" .. name .. "/taskTemplates")
            assert.matches("^%x+$", template.id)
            assert.same({ 0, {}, json.null, false }, { template.version, template.template_variables,
                template.response_schema, template.auto_onboard_enabled })
        end
        world:wait(5)
        world:ok("POST /v1/projects/c/setParams", '{"x":1}')
        local changed = world:ok "GET /v1/projects/c/taskTemplates"
        assert.same({ 1, "2023-11-14T22:13:20.123Z", "2023-11-14T22:13:25.123Z" },
            { changed.version, changed.created_at, changed.updated_at })
        assert.equal("Only chat and textcollection projects have task templates.",
            world:refused(400, "GET /v1/projects/i/taskTemplates"))
    end)
end)
