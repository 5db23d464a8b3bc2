-- The sandbox's rules for evaluation and training tasks of Rapid projects, and for how labelers did on them.

local json = require("scaleapi").json
local people = require "scaleapi.sandbox.people"
local new_world = dofile "tests/spec/support/world.lua"

local EXPECTED = '{"annotations":{"q":{"type":"category","field_id":"q","response":[["no"]],"n":1.0}},"z":[ ],"a":12345678901234567890}'
local BODIES = {
    textcollection = '{"attachments":[],"fields":[],"expected_response":%s,"project":"textcollection"%s}',
    imageannotation = '{"attachment":"u","geometries":{},"expected_response":%s,"project":"imageannotation"%s}',
    documenttranscription = '{"attachment":"u","features":[],"expected_response":%s,"project":"documenttranscription"%s}',
    segmentannotation = '{"attachment":"u","labels":[],"expected_response":%s,"project":"segmentannotation"%s}',
    videoplaybackannotation = '{"attachment":"u","geometries":{},"expected_response":%s,"project":"videoplaybackannotation"%s}',
    namedentityrecognition = '{"text":"t","labels":[],"expected_response":%s,"project":"namedentityrecognition"%s}',
}

local function body(task_type, more)
    return BODIES[task_type]:format(EXPECTED, more and "," .. more or "")
end

local function new_rapid_world(options)
    local world = new_world(options)
    for task_type in pairs(BODIES) do world:project(task_type, task_type, '"rapid":true') end
    return world
end

for _, kind in ipairs { "evaluation", "training" } do
    local PATH = "POST /v1/" .. kind .. "_tasks/"

    describe("an " .. kind .. " task", function()
        local world
        before_each(function() world = new_rapid_world() end)

        for task_type in pairs(BODIES) do
            it("can be of type " .. task_type, function()
                local task = world:ok(PATH .. task_type, body(task_type))
                assert.same({ task_type, task_type }, { task.type, task.project })
                assert.matches("^%x+$", task.id)
                assert.equal(24, #task.id)
                assert.is_nil(task.task_id)
            end)
        end

        it("answers what was sent, byte by byte", function()
            local task, raw = world:ok(PATH .. "textcollection", body("textcollection",
                '"x":[ 1.0, 1e2 ],"metadata":{"b":1, "a":2},"instruction":"a\\/b","unique_id":"\\u0041","tags":["t","t"],"expected_r":1'))
            assert.is_truthy(raw:find('"expected_response":' .. EXPECTED, 1, true), raw)
            assert.is_truthy(raw:find('"params":{"attachments":[],"fields":[],"x":[ 1.0, 1e2 ],"expected_r":1}', 1, true), raw)
            assert.is_truthy(raw:find('"metadata":{"b":1, "a":2}', 1, true), raw)
            assert.is_truthy(raw:find('"instruction":"a\\/b"', 1, true), raw)
            assert.is_truthy(raw:find('"unique_id":"\\u0041"', 1, true), raw)
            assert.same({ { "t" }, "2023-11-14T22:13:20.123Z" }, { task.tags, task.created_at })
            assert.is_nil(task.initial_response)
        end)

        it("that is refused for its last field takes no unique_id", function()
            for _, wrong in ipairs { '"instruction":5', '"clear_unique_id_on_error":5' } do
                world:refused(400, PATH .. "textcollection", body("textcollection", '"unique_id":"u",' .. wrong))
            end
            world:ok(PATH .. "textcollection", body("textcollection", '"unique_id":"u"'))
        end)

        it("is no task that is listed, fetched or canceled", function()
            local task = world:ok(PATH .. "textcollection", body "textcollection")
            assert.equal(0, world:ok("GET /v1/tasks").total)
            world:refused(404, "GET /v1/task/" .. task.id)
            world:refused(404, "POST /v1/task/" .. task.id .. "/cancel")
        end)

        it("inherits from its project, whose params are held against the same rules", function()
            world:project("p", "textcollection", '"rapid":true,"params":{"fields":[],"x":1}')
            local task = world:ok(PATH .. "textcollection", '{"project":"p","attachments":[],"expected_response":{}}')
            assert.same({ 1, 0 }, { task.params.x, task.project_param_version })
            assert.matches('"attachments" is required',
                world:refused(400, PATH .. "textcollection", '{"project":"p","expected_response":{}}'))
        end)

        it("can name a batch for its project", function()
            world:batch("b", "textcollection")
            local task = world:ok(PATH .. "textcollection", '{"batch":"b","attachments":[],"fields":[],"expected_response":{}}')
            assert.same({ "b", "textcollection" }, { task.batch, task.project })
            assert.equal(0, world:ok("GET /v1/batches/b/status").pending)
        end)

        for expected, case in pairs {
            ['Parameter is invalid, reason: "expected_response" is required'] = '"expected_response":null',
            ['Parameter is invalid, reason: "expected_response" must be an object'] = '"expected_response":[]',
            ['Parameter is invalid, reason: "project" is required'] = '"project":null',
            ['Project "none" not found.'] = '"project":"none"',
            ['Project "imageannotation" is of type imageannotation.'] = '"project":"imageannotation"',
            ['Project "standard" is not a Rapid project.'] = '"project":"standard"',
            ['Parameter is invalid, reason: "fields" is required'] = '"fields":null',
            ['Parameter is invalid, reason: "fields[0].title" is required'] = '"fields":[{"type":"text","field_id":"a"}]',
            ['Parameter is invalid, reason: "initial_response" must be an object'] = '"initial_response":1',
            ["Metadata must not exceed 10KB."] = '"metadata":{"a":"' .. ("x"):rep(10240) .. '"}',
            ["At most 5 tags are allowed."] = '"tags":["1","2","3","4","5","6"]',
        } do
            it("is refused with: " .. expected, function()
                world:project("standard", "textcollection")
                assert.equal(expected, world:refused(400, PATH .. "textcollection", body("textcollection", case)))
                assert.equal(0, #world.world.accounts.live.quality)
            end)
        end

        it("is refused for other types, and for those that are unknown", function()
            world:project("old", "annotation", '"rapid":true')
            assert.equal(("There are no %s tasks of type annotation."):format(kind), world:refused(400, PATH .. "annotation",
                '{"project":"old","attachment":"u","objects_to_annotate":["a"],"expected_response":{}}'))
            assert.equal("Unknown task type: nonsense", world:refused(404, PATH .. "nonsense", "{}"))
            world:refused(400, PATH .. "textcollection", "{")
            world:refused(400, PATH .. "textcollection", "[]")
            world:refused(404, PATH:gsub("POST", "GET") .. "textcollection")
        end)

        it("does not share a unique_id with another, nor with a task", function()
            local task = world:ok(PATH .. "textcollection", body("textcollection", '"unique_id":"u"'))
            local text = 'The unique_id ("u") is already used for a different task (%s).'
            for _, other in ipairs { "evaluation", "training" } do
                assert.equal(text:format(task.id), world:refused(409, ("POST /v1/%s_tasks/textcollection"):format(other),
                    body("textcollection", '"unique_id":"u"')))
            end
            world:project "p"
            assert.equal(text:format(task.id),
                world:refused(409, "POST /v1/task/comparison", '{"attachments":[],"choices":[],"project":"p","unique_id":"u"}'))
            local plain = world:task '"project":"p","unique_id":"v"'
            assert.equal(text:format(task.id),
                world:refused(409, "POST /v1/task/" .. plain.task_id .. "/unique_id", '{"unique_id":"u"}'))
            assert.equal(text:gsub('"u"', '"v"'):format(plain.task_id),
                world:refused(409, PATH .. "textcollection", body("textcollection", '"unique_id":"v"')))
        end)

        it("can be in another project, if that is assumed", function()
            world = new_rapid_world { assume = { quality_needs_rapid = false } }
            world:project("standard", "textcollection")
            world:ok(PATH .. "textcollection", body("textcollection", '"project":"standard"'))
        end)
    end)
end

describe("an initial response", function()
    local world
    before_each(function() world = new_rapid_world() end)

    it("is given back by evaluation tasks as it was sent", function()
        local task, raw = world:ok("POST /v1/evaluation_tasks/textcollection",
            body("textcollection", '"initial_response":{ "b":1.0,"a":[] }'))
        assert.is_truthy(raw:find('"initial_response":{ "b":1.0,"a":[] }', 1, true), raw)
        assert.is_nil(task.params.initial_response)
        assert.is_nil(world:ok("POST /v1/evaluation_tasks/textcollection",
            body("textcollection", '"initial_response":null')).initial_response)
    end)

    it("is refused by training tasks", function()
        assert.equal('Parameter is invalid, reason: "initial_response" is for evaluation tasks only',
            world:refused(400, "POST /v1/training_tasks/textcollection", body("textcollection", '"initial_response":{}')))
    end)
end)

describe("labelers", function()
    local world, ids
    before_each(function()
        world, ids = new_rapid_world(), {}
        for i = 1, 3 do
            local kind = i == 2 and "training" or "evaluation"
            ids[i] = world:ok(("POST /v1/%s_tasks/textcollection"):format(kind), body "textcollection").id
        end
    end)

    -- "1 labeler1", … of every page.
    local function attempts(query)
        local number, found, token = {}, {}, ""
        for i, id in ipairs(ids) do number[id] = i end
        repeat
            local page = world:ok("GET /v1/quality/labelers?" .. query .. token)
            for _, each in ipairs(page.docs) do
                found[#found + 1] = number[each.quality_task_id] .. " " .. each.labeler_email:match "^[^@]+"
                assert.equal(number[each.quality_task_id] == 2 and "training" or "evaluation", each.quality_task_type)
                assert.equal("textcollection", each.project)
                assert.matches("Made up", each.sandbox)
            end
            assert.equal(page.has_more, page.next_token ~= nil)
            token = page.next_token and "&next_token=" .. page.next_token:gsub("=", "%%3D"):gsub("%+", "%%2B")
        until not token
        return found
    end

    local ALL = { "1 labeler1", "1 labeler2", "2 labeler1", "2 labeler2", "3 labeler1", "3 labeler2" }

    it("have tried every task", function()
        assert.same(ALL, attempts "")
        assert.same(ALL, attempts "limit=1")
        assert.same(ALL, attempts "limit=4")
        world.key = "test_key"
        assert.same(json.array {}, world:ok("GET /v1/quality/labelers").docs)
    end)

    it("are found by task and by address", function()
        assert.same({ "2 labeler1", "2 labeler2" }, attempts("quality_task_ids=" .. ids[2]))
        assert.same({ "1 labeler2", "3 labeler2" },
            attempts("labeler_emails=labeler2%40sandbox.invalid&limit=1&quality_task_ids=" .. ids[1]
                .. "&quality_task_ids=" .. ids[3] .. "&quality_task_ids=none"))
        assert.same({}, attempts "quality_task_ids=none")
        assert.same({}, attempts "labeler_emails=customer@sandbox.invalid")
        assert.same(ALL, attempts "labeler_emails=&quality_task_ids=")
    end)

    it("are those who work", function()
        people.disable(world.world.accounts.live.people.members["labeler1@sandbox.invalid"])
        world:ok("POST /v1/teams/invite", '{"emails":["a@x.test"],"team_role":"labeler"}')
        assert.same({ "1 labeler2", "2 labeler2", "3 labeler2" }, attempts "")
    end)

    it("have pages that stay right while tasks are added", function()
        local token = world:ok("GET /v1/quality/labelers?limit=6").next_token
        assert.is_nil(token)
        token = world:ok("GET /v1/quality/labelers?limit=4").next_token
        world:ok("POST /v1/training_tasks/textcollection", body "textcollection")
        local page = world:ok("GET /v1/quality/labelers?next_token=" .. token:gsub("=", "%%3D"))
        assert.same({ 4, ids[3] }, { #page.docs, page.docs[1].quality_task_id })
    end)

    for _, query in ipairs { "limit=0", "limit=101", "limit=x", "next_token=x" } do
        it("are not listed with " .. query, function() world:refused(400, "GET /v1/quality/labelers?" .. query) end)
    end
end)
