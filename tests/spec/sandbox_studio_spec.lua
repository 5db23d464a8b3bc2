-- The sandbox's rules for Scale Studio: /v1/studio/…

local json = require("scaleapi").json
local people = require "scaleapi.sandbox.people"
local new_world = dofile "tests/spec/support/world.lua"

local ONE, TWO = "labeler1@sandbox.invalid", "labeler2@sandbox.invalid"

describe("Studio", function()
    local world
    before_each(function()
        world = new_world()
        world:project("p", "comparison", '"studio":true')
        world:project("a/b é", "comparison", '"studio":true')
    end)

    local function assign(what, emails, projects)
        return world:ok("POST /v1/studio/assignments/" .. what,
            { emails = json.array(emails), projects = json.array(projects) })
    end

    describe("assigns", function()
        it("active members to projects, and answers everybody's", function()
            local none = world:ok "GET /v1/studio/assignments"
            assert.same(json.array {}, none[ONE])
            local all = assign("add", { ONE, TWO }, { "p", "a/b é" })
            assert.same({ "p", "a/b é" }, all[ONE])
            assert.same({ "p", "a/b é" }, all[TWO])
            assert.same(json.array {}, all["customer@sandbox.invalid"])
            assert.same(all, world:ok "GET /v1/studio/assignments")
            assert.same(all, assign("add", { ONE }, { "p" }))
            local fewer = assign("remove", { ONE }, { "p" })
            assert.same({ { "a/b é" }, { "p", "a/b é" } }, { fewer[ONE], fewer[TWO] })
            assert.same(fewer, assign("remove", { ONE }, { "p" }))
            assert.same(none, assign("remove", { ONE, TWO }, { "p", "a/b é" }))
        end)

        it("those who are only invited, whom it does not show until they come", function()
            world:ok("POST /v1/teams/invite", '{"emails":["a@x.test"],"team_role":"labeler"}')
            local function assigned() return world:ok("GET /v1/studio/assignments")["a@x.test"] end
            world:ok("POST /v1/studio/assignments/add", '{"emails":["a@x.test"],"projects":["p"]}')
            assert.is_nil(assigned())
            people.join(world.world.accounts.live.people.members["a@x.test"])
            assert.same({ "p" }, assigned())
        end)

        it("nobody who is only invited, if that is assumed, or who is disabled", function()
            world.world.assume.invited_can_be_assigned = false
            local members = world.world.accounts.live.people.members
            world:ok("POST /v1/teams/invite", '{"emails":["a@x.test"],"team_role":"labeler"}')
            local body = '{"emails":["' .. ONE .. '","a@x.test"],"projects":["p"]}'
            assert.equal('The team has no active member "a@x.test".',
                world:refused(400, "POST /v1/studio/assignments/add", body))
            assert.same({ json.array {} }, { world:ok("GET /v1/studio/assignments")[ONE] })
            assert.is_nil(world:ok("GET /v1/studio/assignments")["a@x.test"])
            people.join(members["a@x.test"])
            assert.same({ "p" }, world:ok("POST /v1/studio/assignments/add", body)["a@x.test"])
            people.disable(members["a@x.test"])
            assert.is_nil(world:ok("GET /v1/studio/assignments")["a@x.test"])
            world:refused(400, "POST /v1/studio/assignments/remove", body)
        end)

        for _, what in ipairs { "add", "remove" } do
            for expected, body in pairs {
                ['"emails" is required'] = '{"projects":[]}', ['"projects" is required'] = '{"emails":[]}',
                ['"emails" must be an array'] = '{"emails":"x","projects":[]}',
                ['"projects" must be an array of strings'] = '{"emails":[],"projects":[{}]}',
            } do
                it(what .. " is refused with " .. expected, function()
                    assert.equal("Parameter is invalid, reason: " .. expected,
                        world:refused(400, "POST /v1/studio/assignments/" .. what, body))
                end)
            end

            it(what .. " is refused with a project or member that is unknown", function()
                assert.equal('Project "none" not found.', world:refused(400, "POST /v1/studio/assignments/" .. what,
                    '{"emails":["' .. ONE .. '"],"projects":["p","none"]}'))
                assert.equal('The team has no active member "none".',
                    world:refused(400, "POST /v1/studio/assignments/" .. what, '{"emails":["none"],"projects":["p"]}'))
                assert.same(json.array {}, world:ok("GET /v1/studio/assignments")[ONE])
            end)
        end
    end)

    describe("groups", function()
        local PATH = "/v1/studio/projects/a%2Fb%20%C3%A9/groups"
        before_each(function() assign("add", { ONE, TWO }, { "a/b é" }) end)

        local function create(name, ...)
            return world:ok("POST " .. PATH, { name = name, emails = json.array { ... } })
        end

        it("members of a project, by names that are percent-encoded in paths", function()
            assert.same(json.array {}, world:ok("GET " .. PATH))
            local group = create("g/1 é?#%", ONE)
            assert.same({ "g/1 é?#%", 1, false, 1, ONE },
                { group.name, group.numWorkers, group.isSingleton, #group.workers, group.workers[1].email })
            assert.matches("^%x+$", group.id)
            assert.matches("^%x+$", group.workers[1].id)
            local path = PATH .. "/g%2F1%20%C3%A9%3F%23%25"
            local changed = world:ok("PUT " .. path, { add_emails = { TWO, ONE }, remove_emails = json.array { "x" } })
            assert.same({ group.id, 2 }, { changed.id, changed.numWorkers })
            changed = world:ok("PUT " .. path, { add_emails = json.array {}, remove_emails = { ONE } })
            assert.same({ { id = changed.workers[1].id, email = TWO } }, changed.workers)
            create("second")
            assert.same({ changed, { id = world:ok("GET " .. PATH)[2].id, name = "second", numWorkers = 0, isSingleton = false,
                workers = json.array {} } }, world:ok("GET " .. PATH))
            assert.same(json.array {}, world:ok "GET /v1/studio/projects/p/groups")
        end)

        it("nobody who is not assigned", function()
            local text = '"manager@sandbox.invalid" is not assigned to project "a/b é".'
            assert.equal(text, world:refused(400, "POST " .. PATH, '{"name":"g","emails":["manager@sandbox.invalid"]}'))
            assert.same(json.array {}, world:ok("GET " .. PATH))
            create("g", ONE)
            assert.equal(text, world:refused(400, "PUT " .. PATH .. "/g",
                { add_emails = { "manager@sandbox.invalid" }, remove_emails = { ONE } }))
            assert.equal(1, world:ok("GET " .. PATH)[1].numWorkers)
        end)

        it("nobody any longer whose assignment has ended", function()
            create("g", ONE, TWO)
            assign("remove", { ONE }, { "a/b é" })
            assert.same({ TWO }, { world:ok("GET " .. PATH)[1].workers[1].email })
            assert.equal(1, world:ok("GET " .. PATH)[1].numWorkers)
        end)

        it("under each name once in a project", function()
            create("g", ONE)
            assert.equal('Group with name "g" already exists.', world:refused(409, "POST " .. PATH, '{"name":"g","emails":[]}'))
            assign("add", { ONE }, { "p" })
            world:ok("POST /v1/studio/projects/p/groups", { name = "g", emails = { ONE } })
        end)

        for expected, body in pairs {
            ['"name" is required'] = '{"emails":[]}', ['"emails" is required'] = '{"name":"g"}',
            ['"name" must be a string'] = '{"name":1,"emails":[]}', ['"emails" must be an array'] = '{"name":"g","emails":{}}',
        } do
            it("not with " .. expected, function()
                assert.equal("Parameter is invalid, reason: " .. expected, world:refused(400, "POST " .. PATH, body))
            end)
        end

        it("and changes them with both lists only", function()
            create("g", ONE)
            assert.matches('"remove_emails" is required', world:refused(400, "PUT " .. PATH .. "/g", '{"add_emails":[]}'))
            assert.matches('"add_emails" is required', world:refused(400, "PUT " .. PATH .. "/g", '{"remove_emails":[]}'))
        end)

        it("of projects and names that are known", function()
            for _, line in ipairs { "GET /v1/studio/projects/none/groups", "POST /v1/studio/projects/none/groups",
                "PUT /v1/studio/projects/none/groups/g" } do
                assert.equal("Project with that name not found.", world:refused(404, line, "{}"))
            end
            assert.equal("Group with that name not found.",
                world:refused(404, "PUT " .. PATH .. "/none", '{"add_emails":[],"remove_emails":[]}'))
        end)
    end)

    describe("works on batches", function()
        before_each(function()
            world:project("other", "comparison")
            for _, name in ipairs { "one", "two/2", "three" } do
                world:batch(name, "p")
                world:wait(1)
            end
            world:batch("elsewhere", "other")
            assign("add", { ONE, TWO }, { "p" })
        end)

        local function names(list)
            local all = {}
            for i, batch in ipairs(list) do all[i] = batch.name end
            return all
        end

        local function set_priorities(...)
            local batches = json.array {}
            for i, name in ipairs { ... } do batches[i] = { name = name } end
            return world:ok("POST /v1/studio/batches/set_priorities", { batches = batches })
        end

        it("that are pending, from the oldest on", function()
            world:task '"batch":"one"'
            local task = world:task '"batch":"two/2"'
            local list = world:ok "GET /v1/studio/batches"
            assert.same({ "one", "two/2", "three" }, names(list))
            local batch = list[1]
            assert.same({ "p", "Production", json.null, 1, 0, json.array {} },
                { batch.projectName, batch.batchType, batch.studioPriority, batch.total, batch.completed, batch.groups })
            assert.matches("^%x+$", batch.id)
            assert.equal(batch.projectId, list[2].projectId)
            assert.not_equal(batch.id, list[2].id)
            world:ok "POST /v1/batches/two%2F2/finalize"
            world:ok("POST /v1/task/" .. task.task_id .. "/cancel")
            assert.same({ "one", "three" }, names(world:ok "GET /v1/studio/batches"))
        end)

        it("with calibration before others", function()
            world.world.accounts.live.batches.three.calibration = true -- the API makes none in Studio
            local list = world:ok "GET /v1/studio/batches"
            assert.same({ "three", "one", "two/2" }, names(list))
            assert.equal("Calibration", list[1].batchType)
        end)

        it("in an order that can be set, and set back", function()
            local list = set_priorities("three", "one", "two/2")
            assert.same({ "three", "one", "two/2" }, names(list))
            assert.same({ 1, 2, 3 }, { list[1].studioPriority, list[2].studioPriority, list[3].studioPriority })
            assert.same(list, world:ok "GET /v1/studio/batches")
            world:batch("four", "p")
            assert.same({ "three", "one", "two/2", "four" }, names(world:ok "GET /v1/studio/batches"))
            list = world:ok "POST /v1/studio/batches/reset_priorities"
            assert.same({ "one", "two/2", "three", "four" }, names(list))
            assert.equal(json.null, list[1].studioPriority)
        end)

        for expected, body in pairs {
            ['Parameter is invalid, reason: "batches" is required'] = '{"groups":[{"name":"one"}]}',
            ['Parameter is invalid, reason: "batches" must be an array'] = '{"batches":{}}',
            ['Parameter is invalid, reason: "batches" must be of objects with a name'] = '{"batches":["one"]}',
            ['Parameter is invalid, reason: "name" is required'] = '{"batches":[{}]}',
            ['Parameter is invalid, reason: "batches" must have all pending batches; "three" is missing'] =
                '{"batches":[{"name":"one"},{"name":"two/2"}]}',
            ['Parameter is invalid, reason: "batches" has "one" twice'] = '{"batches":[{"name":"one"},{"name":"one"}]}',
            ['Studio has no pending batch "elsewhere".'] =
                '{"batches":[{"name":"one"},{"name":"two/2"},{"name":"three"},{"name":"elsewhere"}]}',
            ['Studio has no pending batch "none".'] =
                '{"batches":[{"name":"one"},{"name":"two/2"},{"name":"three"},{"name":"none"}]}',
        } do
            it("in no order that is refused with: " .. expected, function()
                assert.equal(expected, world:refused(400, "POST /v1/studio/batches/set_priorities", body))
                assert.same({ "one", "two/2", "three" }, names(world:ok "GET /v1/studio/batches"))
            end)
        end

        it("by groups, which each call replaces; a member's address is one", function()
            world:ok("POST /v1/studio/projects/p/groups", { name = "g", emails = { ONE, TWO } })
            local batch = world:ok("PUT /v1/studio/batches/two%2F2", { groups = { "g", ONE, "g" } })
            assert.same({ "two/2", { "g", ONE } }, { batch.name, batch.groups })
            assert.same(batch, world:ok("GET /v1/studio/batches")[2])
            local groups = world:ok "GET /v1/studio/projects/p/groups"
            assert.same({ ONE, true, 1, ONE },
                { groups[2].name, groups[2].isSingleton, groups[2].numWorkers, groups[2].workers[1].email })
            assert.equal(('Group "%s" stands for one person and cannot be changed.'):format(ONE), world:refused(400,
                "PUT /v1/studio/projects/p/groups/" .. ONE, { add_emails = { TWO }, remove_emails = json.array {} }))
            assert.same({ "g" }, world:ok("PUT /v1/studio/batches/two%2F2", { groups = { "g" } }).groups)
            assert.same(json.array {}, world:ok("PUT /v1/studio/batches/two%2F2", '{"groups":[]}').groups)
            assert.equal(2, #world:ok "GET /v1/studio/projects/p/groups")
        end)

        it("by a member's address only while they are assigned, and then always to them", function()
            world:ok("PUT /v1/studio/batches/one", { groups = { ONE } })
            world:ok("POST /v1/studio/assignments/remove", { emails = { ONE }, projects = { "p" } })
            world:refused(400, "PUT /v1/studio/batches/one", { groups = { ONE } })
            world:ok("POST /v1/studio/assignments/add", { emails = { ONE }, projects = { "p" } })
            world:ok("PUT /v1/studio/batches/one", { groups = { ONE } })
            local groups = world:ok "GET /v1/studio/projects/p/groups"
            assert.same({ 1, 1 }, { #groups, groups[1].numWorkers })
        end)

        it("by no others", function()
            world:ok("POST /v1/studio/projects/p/groups", { name = "g", emails = { ONE } })
            for _, name in ipairs { "none", "manager@sandbox.invalid" } do
                assert.equal(('Group "%s" not found.'):format(name),
                    world:refused(400, "PUT /v1/studio/batches/one", { groups = { "g", TWO, name } }))
            end
            assert.same(json.array {}, world:ok("GET /v1/studio/batches")[1].groups)
            assert.equal(1, #world:ok "GET /v1/studio/projects/p/groups")
            assert.matches('"groups" is required', world:refused(400, "PUT /v1/studio/batches/one", "{}"))
            assert.equal("Batch with that name not found.", world:refused(404, "PUT /v1/studio/batches/none", '{"groups":[]}'))
            assert.equal('Batch "elsewhere" is in no Studio project.',
                world:refused(400, "PUT /v1/studio/batches/elsewhere", '{"groups":[]}'))
        end)

        it("that are called like an operation", function()
            world:batch("set_priorities", "p")
            assert.equal("set_priorities", world:ok("PUT /v1/studio/batches/set_priorities", '{"groups":[]}').name)
        end)
    end)

    it("takes test keys, unless it is assumed that it does not", function()
        world.key = "test_key"
        world:ok "GET /v1/studio/assignments"
        world = new_world { assume = { studio_needs_live = true } }
        world:ok "GET /v1/studio/assignments"
        world.key = "test_key"
        for _, line in ipairs { "GET /v1/studio/assignments", "POST /v1/studio/assignments/add",
            "POST /v1/studio/assignments/remove", "GET /v1/studio/projects/p/groups", "POST /v1/studio/projects/p/groups",
            "PUT /v1/studio/projects/p/groups/g", "GET /v1/studio/batches", "PUT /v1/studio/batches/b",
            "POST /v1/studio/batches/set_priorities", "POST /v1/studio/batches/reset_priorities" } do
            assert.equal("Studio needs a live key.", world:refused(400, line, "{}"))
        end
    end)
end)
