-- The sandbox's rules for single tasks: /v1/task/…

local json = require("scaleapi").json
local store = require "scaleapi.sandbox.store"
local new_world = dofile "tests/spec/support/world.lua"

local IMAGE = '{"attachment":"https://x.test/a.jpg","geometries":{"box":{"objects_to_annotate":["cow","pig"]}}}'
local TEXT = [[{"attachments":[{"type":"text","content":"x"}],
    "fields":[{"type":"category","field_id":"q","title":"?","choices":[{"label":"Yes","value":"yes"}]},
              {"type":"number","field_id":"n","title":"#"},{"type":"text","field_id":"t","title":"#"}]}]]

local function with(object, more)
    return (object:gsub("}%s*$", "," .. more .. "}"))
end

describe("a key", function()
    local world
    before_each(function() world = new_world() end)

    it("comes as basic authentication or as a bearer token", function()
        world:ok("GET /v1/projects", "", { authorization = "Basic bGl2ZV9hOg==" }) -- live_a:
        world:ok("GET /v1/projects", "", { authorization = "basic  dGVzdF9hOg" })   -- test_a:, unpadded
        world:ok("GET /v1/projects", "", { authorization = "Bearer abc|user|test" })
    end)

    for name, header in pairs {
        ["of another kind"] = "Bearer secret_1", ["without an end"] = "Bearer live_", ["of another scheme"] = "Digest live_a",
        ["that is not base64"] = "Basic !!!", ["that is empty"] = "Basic Og==", ["without a scheme"] = "live_a", [""] = "",
        ["that only ends like one"] = "Bearer mytest_x", ["of a test account without a user"] = "Bearer |test",
    } do
        it(name .. " is refused", function()
            assert.equal("Invalid API key.", world:refused(401, "GET /v1/projects", "", { authorization = header }))
        end)
    end

    it("that is missing is refused", function()
        local answer = require("scaleapi.sandbox").handle(world.world, { method = "GET", path = "/v1/x", headers = {} })
        assert.equal(401, answer.status)
        assert.equal("application/json", answer.headers["Content-Type"])
    end)

    it("opens the live world or the test world, which do not see each other", function()
        world:project("p")
        local task = world:task '"project":"p","unique_id":"u"'
        world.key = "test_key"
        world:refused(404, "GET /v1/projects/p")
        world:refused(404, "GET /v1/task/" .. task.task_id)
        assert.same(json.array {}, world:ok("GET /v1/tasks").docs)
        world:task '"unique_id":"u"'
    end)
end)

describe("a route", function()
    local world = new_world()

    for _, line in ipairs { "GET /", "GET /v1", "GET /v1/", "GET /v1/tasks/", "GET //v1/tasks", "GET /v2", "GET /v2/task/x",
        "POST /v1/tasks", "GET /v1/nothing", "GET /v1/task/", "PATCH /v1/task/x", "GET /v1/task/a/b/c", "GET v1/tasks",
        "GET /v1/batches//status", "DELETE /v1/batches/b" } do
        it(line .. " is unknown", function()
            assert.equal("Not found.", world:refused(404, line))
        end)
    end

    it("is there for HEAD where it is for GET, and nowhere else", function()
        for line, status in pairs { ["HEAD /v1/projects"] = 200, ["HEAD /v1/projects/none"] = 404, ["HEAD /v2/projects"] = 200,
            ["HEAD /v1/files/upload"] = 404 } do
            local _, got = world:call(line)
            assert.equal(status, got, line)
        end
    end)
end)

describe("creating a task", function()
    local world
    before_each(function()
        world = new_world()
        world.key = "test_key"
    end)

    local function create(task_type, body)
        return world:ok("POST /v1/task/" .. task_type, body)
    end

    local function refused(status, task_type, body, headers)
        return world:refused(status, "POST /v1/task/" .. task_type, body, headers)
    end

    it("answers the task", function()
        local task = create("imageannotation", with(IMAGE, [["instruction":"Draw","callback_url":"http://c.test/",
            "metadata":{"a":1},"unique_id":"u","tags":["x","y","x"],"priority":20]]))
        assert.matches("^%x+$", task.task_id)
        assert.equal(24, #task.task_id)
        assert.same({ "imageannotation", "completed", "Draw", "http://c.test/", "u", 20, true },
            { task.type, task.status, task.instruction, task.callback_url, task.unique_id, task.priority, task.is_test })
        assert.same({ a = 1 }, task.metadata)
        assert.same({ "x", "y" }, task.tags)
        assert.equal("https://x.test/a.jpg", task.params.attachment)
        assert.is_nil(task.params.unique_id)
        assert.equal("2023-11-14T22:13:20.123Z", task.created_at)
        assert.is_true(task.callback_succeeded)
        assert.same(task, world:ok("GET /v1/task/" .. task.task_id))
    end)

    it("with little leaves out what there is not", function()
        local task = create("imageannotation", IMAGE)
        for _, name in ipairs { "unique_id", "tags", "project", "batch", "callback_url", "callback_succeeded", "audits" } do
            assert.is_nil(task[name], name)
        end
        assert.same({ "", {}, 0 }, { task.instruction, task.metadata, task.priority })
    end)

    it("gives ids that sort by creation", function()
        local last = ""
        for i = 1, 300 do
            if i % 100 == 0 then world:wait(1) end
            local task = create("imageannotation", IMAGE)
            assert.is_true(last < task.task_id)
            last = task.task_id
        end
    end)

    it("gives back what was sent byte by byte", function()
        local params = [["attachment":"https:\/\/x.test/\u00e9\ud83d\ude00.jpg",  "geometries" : {"b\u006fx":{ }},"z":1623966396359000123,
            "a":[12345.678901234567, 1E+2,-0,0.10, 123456789012345678901234567890, 1e400 ],"e\u006d":"\u0000\u001f\"\\",
            "empty":[],"none":null,"o":{ },"\u00fc":{"b":1,"a":2,"b":3},"lone":["\ud800"],"q\"\\":"\":","t":true]]
        local _, raw = create("imageannotation",
            "{" .. params .. ',"metadata": {"x" : [ ] },"instruction":"a\\/b","unique_id":"\\u0041","tags":["\\u0042"]}')
        for _, part in ipairs { [["attachment":"https:\/\/x.test/\u00e9\ud83d\ude00.jpg"]], [["geometries":{"b\u006fx":{ }}]],
            [["z":1623966396359000123]],
            [=["a":[12345.678901234567, 1E+2,-0,0.10, 123456789012345678901234567890, 1e400 ]]=],
            [["e\u006d":"\u0000\u001f\"\\"]],
            [["empty":[],"none":null,"o":{ },"\u00fc":{"b":1,"a":2,"b":3},"lone":["\ud800"],"q\"\\":"\":","t":true]],
            [["metadata":{"x" : [ ] }]], [["instruction":"a\/b"]], [["unique_id":"\u0041"]], [=["tags":["\u0042"]]=] } do
            assert.is_truthy(raw:find(part, 1, true), part .. "\nis not in\n" .. raw)
        end
    end)

    it("keeps the order of the params, and the last of two with one name", function()
        local _, raw = create("imageannotation", [[{"z":1,"attachment":"u","b":2,"z":3,"geometries":{},"a":4}]])
        assert.is_truthy(raw:find([["params":{"z":3,"attachment":"u","b":2,"geometries":{},"a":4}]], 1, true), raw)
    end)

    it("adds the server's defaults where nothing was sent", function()
        local old = create("annotation", [[{"attachment":"u","objects_to_annotate":["a"],"min_width":"30"}]])
        assert.same({ true, "30", 0 }, { old.params.with_labels, old.params.min_width, old.params.min_height })
        assert.is_false(create("categorization",
            [[{"attachment":"u","attachment_type":"text","instruction":"i","categories":["a"]}]]).params.allow_multiple)
    end)

    it("takes null for a common field as if it were not there", function()
        local task = create("imageannotation", with(IMAGE, [["unique_id":null,"project":null,"batch":null,"metadata":null,
            "tags":null,"callback_url":null,"instruction":null,"priority":null]]))
        assert.same({ nil, nil, {}, "" }, { task.unique_id, task.project, task.metadata, task.instruction })
    end)

    it("refuses a type that is unknown", function()
        assert.equal("Unknown task type: nonsense", refused(404, "nonsense", IMAGE))
        assert.equal('Unknown task type: a"?', refused(404, "a%22%ff", IMAGE))
    end)

    for name, body in pairs { ["no JSON"] = "{", ["JSON with more behind"] = IMAGE .. "x", ["a lone surrogate as name"] = '{"\\ud800":1}',
        ["a lone surrogate as unique_id"] = with(IMAGE, '"unique_id":"\\ud800"'), ["no UTF-8"] = '{"a":"\255"}' } do
        it("refuses " .. name, function()
            assert.equal("Invalid JSON in request body.", refused(400, "imageannotation", body))
        end)
    end

    it("refuses a body that is no object", function()
        assert.equal("The request body must be an object.", refused(400, "imageannotation", "[]"))
        assert.equal("The request body must be an object.", refused(400, "imageannotation", "null"))
    end)

    it("takes an empty body as {}", function()
        create("chat", "")
        create("chat", " \n")
    end)

    local ATTACHMENT = "Please include an attachment or attachments parameter."
    local function required(name) return ('Parameter is invalid, reason: "%s" is required'):format(name) end
    local function must(name, kind) return ('Parameter is invalid, reason: "%s" must be %s'):format(name, kind) end

    for expected, case in pairs {
        [ATTACHMENT] = { "imageannotation", '{"geometries":{}}' },
        [required "geometries"] = { "imageannotation", '{"attachment":"u"}' },
        [must("attachment", "a string")] = { "imageannotation", '{"attachment":{},"geometries":{}}' },
        [must("geometries", "an object")] = { "imageannotation", '{"attachment":"u","geometries":[]}' },
        [required "attachments"] = { "textcollection", '{"fields":[]}' },
        [required "fields"] = { "textcollection", '{"attachments":[]}' },
        [must("attachments", "an array")] = { "textcollection", '{"attachments":"u","fields":[]}' },
        [required "attachments[0].content"] = { "textcollection", '{"attachments":[{"type":"pdf"}],"fields":[]}' },
        [required "fields[1].title"] = { "textcollection",
            '{"attachments":[],"fields":[{"type":"text","field_id":"a","title":"t"},{"type":"text","field_id":"b"}]}' },
        [must("fields[0]", "an object")] = { "textcollection", '{"attachments":[],"fields":["a"]}' },
        [required "categories"] = { "categorization", '{"attachment":"u","attachment_type":"text","instruction":"i"}' },
        [required "attachment_type"] = { "categorization", '{"attachment":"u","instruction":"i","categories":["a"]}' },
        [required "text"] = { "namedentityrecognition", '{"labels":[]}' },
        [required "labels[0].name"] = { "namedentityrecognition", '{"text":"t","labels":[{}]}' },
        [required "labels"] = { "segmentannotation", '{"attachment":"u"}' },
        [must("labels", ""):gsub("be $", "have 50 elements at most")] = { "segmentannotation",
            '{"attachment":"u","labels":["a"' .. (',"a"'):rep(50) .. "]}" },
        [required "features"] = { "documenttranscription", '{"attachments":["u"]}' },
        [required "objects_to_annotate"] = { "polygonannotation", '{"attachment":"u"}' },
        [required "choices"] = { "comparison", '{"attachments":[]}' },
        [required "instruction"] = { "transcription", '{"attachment":"u","fields":{}}' },
        [must("metadata", "an object")] = { "imageannotation", with(IMAGE, '"metadata":[]') },
        [must("tags", "an array of strings")] = { "imageannotation", with(IMAGE, '"tags":[1]') },
        [must("tags", "an array")] = { "imageannotation", with(IMAGE, '"tags":"a"') },
        [must("unique_id", "a string")] = { "imageannotation", with(IMAGE, '"unique_id":7') },
        [required "unique_id"] = { "imageannotation", with(IMAGE, '"unique_id":""') },
        [must("priority", "an integer")] = { "imageannotation", with(IMAGE, '"priority":1.5') },
        [must("instruction", "a string")] = { "imageannotation", with(IMAGE, '"instruction":{}') },
        [must("callback_url", "a string")] = { "imageannotation", with(IMAGE, '"callback_url":false') },
        [must("project", "a string")] = { "imageannotation", with(IMAGE, '"project":1') },
        ["At most 5 tags are allowed."] = { "imageannotation", with(IMAGE, '"tags":["1","2","3","4","5","6"]') },
        ["Metadata must not exceed 10KB."] = { "imageannotation", with(IMAGE, '"metadata":{"a":"' .. ("x"):rep(10240) .. '"}') },
        ['Project "nowhere" not found.'] = { "imageannotation", with(IMAGE, '"project":"nowhere"') },
        ['Batch "nowhere" not found.'] = { "imageannotation", with(IMAGE, '"batch":"nowhere"') },
    } do
        it("refuses with: " .. expected:sub(1, 80), function()
            assert.equal(expected, refused(400, case[1], case[2]))
            assert.equal(0, #world:ok("GET /v1/tasks").docs)
        end)
    end

    it("takes one of several where one will do", function()
        create("videoannotation", '{"attachments":["u"],"geometries":{}}')
        create("videoannotation", '{"attachment":"u","geometries":{}}')
        create("documenttranscription", '{"attachment":"u","features":[]}')
        create("categorization", '{"attachment":"u","attachment_type":"text","instruction":"i","taxonomies":{}}')
        assert.equal(ATTACHMENT, refused(400, "videoannotation", '{"geometries":{}}'))
    end)

    it("with a live key needs a project or a batch", function()
        world.key = "live_key"
        assert.equal(required "project", refused(400, "imageannotation", IMAGE))
        world:project("p", "imageannotation")
        world:batch("b", "p")
        assert.equal("p", create("imageannotation", with(IMAGE, '"batch":"b"')).project)
        assert.is_false(create("imageannotation", with(IMAGE, '"project":"p"')).is_test)
    end)

    it("refuses a unique_id that another task has", function()
        local task = create("imageannotation", with(IMAGE, '"unique_id":"a\\"b"'))
        assert.equal(('The unique_id ("a"b") is already used for a different task (%s).'):format(task.task_id),
            refused(409, "textcollection", with(TEXT, '"unique_id":"a\\u0022b"')))
    end)

    it("refuses an idempotency key that was used", function()
        local headers = { ["idempotency-key"] = "k" }
        world:refused(400, "POST /v1/task/imageannotation", "{}", headers)
        world:ok("POST /v1/task/imageannotation", IMAGE, headers)
        assert.equal("The idempotency key is already in use for a different request.",
            refused(409, "imageannotation", IMAGE, headers))
        create("imageannotation", IMAGE)
    end)

    describe("in a project", function()
        it("refuses another type than the project's", function()
            world:project("p", "textcollection")
            assert.equal('Project "p" is of type textcollection.',
                refused(400, "imageannotation", with(IMAGE, '"project":"p"')))
        end)

        it("refuses a batch of another project", function()
            world:project("p", "imageannotation")
            world:project("q", "imageannotation")
            world:batch("b", "q")
            assert.equal('Batch "b" does not belong to project "p".',
                refused(400, "imageannotation", with(IMAGE, '"project":"p","batch":"b"')))
        end)

        it("that is Rapid needs a batch, and not one that is finalized", function()
            world.key = "live_key"
            world:project("p", "imageannotation", '"rapid":true')
            world:batch("b", "p")
            assert.equal(required "batch", refused(400, "imageannotation", with(IMAGE, '"project":"p"')))
            create("imageannotation", with(IMAGE, '"batch":"b"'))
            world:ok("POST /v1/batches/b/finalize")
            assert.equal('Batch "b" is already finalized and takes no new tasks.',
                refused(400, "imageannotation", with(IMAGE, '"batch":"b"')))
        end)

        it("inherits the newest params, field by field", function()
            world:project("p", "imageannotation",
                [["params":{"attachment":"old","geometries":{"b\u006fx":{}},"\u0078":[ ],"instruction":"all"}]])
            world:ok("POST /v1/projects/p/setParams", [[{"patch":true,"y":1e0}]])
            local task, raw = create("imageannotation", [[{"project":"p","attachment":"mine","instruction":"this"}]])
            assert.same({ "mine", "this\nall", 1 }, { task.params.attachment, task.instruction, task.project_param_version })
            assert.is_truthy(raw:find([["geometries":{"b\u006fx":{}},"\u0078":[ ],"y":1e0]], 1, true), raw)
            assert.is_nil(task.params.version)
            assert.equal("all", create("imageannotation", [[{"project":"p"}]]).instruction)
        end)

        it("inherits what is a task's own from nobody, and the instruction where it has none", function()
            world:project("p", "imageannotation", [["params":{"unique_id":"u","project":"q","batch":"b","type":"x","tags":["t"],
                "attachment":"u","geometries":{},"instruction":"all"}]])
            for _, sent in ipairs { "", ',"instruction":null', ',"instruction":""' } do
                local task = create("imageannotation", '{"project":"p"' .. sent .. "}")
                assert.same({ "p", "all", "imageannotation", { "t" } }, { task.project, task.instruction, task.type, task.tags })
                assert.same({}, { task.unique_id, task.batch })
            end
            assert.equal(must("instruction", "a string"), refused(400, "imageannotation", '{"project":"p","instruction":5}'))
        end)

        it("inherits where it says null, which is what the Python SDK makes of None", function()
            world:project("p", "imageannotation", [["params":{"attachment":"theirs","geometries":{},"priority":20}]])
            local task = create("imageannotation", '{"project":"p","attachment":null,"geometries":null,"priority":null}')
            assert.same({ "theirs", {}, 20 }, { task.params.attachment, task.params.geometries, task.priority })
        end)

        it("inherits no version that nobody can count to", function()
            world:project("p", "imageannotation")
            refused(400, "imageannotation", with(IMAGE, '"project":"p","project_param_version":99999999999999999999'))
        end)

        it("inherits another version when asked, or none", function()
            world:project("p", "imageannotation", [["params":{"x":1}]])
            world:ok("POST /v1/projects/p/setParams", [[{"x":2}]])
            for version, x in pairs { [0] = 1, [1] = 2 } do
                for _, name in ipairs { "project_param_version", "project_version" } do
                    local task = create("imageannotation", with(IMAGE, ('"project":"p","%s":%d'):format(name, version)))
                    assert.same({ x, version }, { task.params.x, task.project_param_version })
                end
            end
            local none = create("imageannotation", with(IMAGE, '"project":"p","project_param_version":-1'))
            assert.same({ nil, nil }, { none.params.x, none.project_param_version })
            assert.equal(must("project_param_version", "a version of the project's params"):gsub("must be", "must be"),
                refused(400, "imageannotation", with(IMAGE, '"project":"p","project_param_version":2')))
        end)
    end)
end)

describe("a task of a test key", function()
    local world
    before_each(function()
        world = new_world()
        world.key = "test_key"
    end)

    local function response(task_type, body)
        local task = world:ok("POST /v1/task/" .. task_type, body)
        assert.same({ "completed", "pending" }, { task.status, task.customer_review_status })
        assert.equal(task.created_at, task.completed_at)
        if task.response then assert.matches("[Mm]ade up", task.response.sandbox) end
        return task.response
    end

    it("has a made-up box with a label among those asked for", function()
        local answer = response("imageannotation", IMAGE)
        local box = answer.annotations[1]
        assert.same({ "box", 0, 0, 100, 100 }, { box.type, box.left, box.top, box.width, box.height })
        assert.is_true(box.label == "cow" or box.label == "pig")
        assert.matches("^%x+%-%x%x%x%x%-4%x%x%x%-8%x%x%x%-%x+$", box.uuid)
        assert.equal(36, #box.uuid)
        assert.same({ json.array {}, {} }, { answer.links, answer.global_attributes })
    end)

    it("has one annotation of each geometry, with labels from within trees of them", function()
        local answer = response("imageannotation", [[{"attachment":"u","geometries":{"polygon":{"objects_to_annotate":
            [{"choice":"a","subchoices":[{"choice":"b"}]}]},"ellipse":{},"cuboid":{},"line":{},"point":{},"box":{}}}]])
        local types, seen = {}, {}
        for i, each in ipairs(answer.annotations) do
            types[i] = each.type
            assert.is_nil(seen[each.uuid])
            seen[each.uuid] = true
        end
        assert.same({ "box", "polygon", "line", "point", "cuboid", "ellipse" }, types)
        assert.equal("b", answer.annotations[2].label)
    end)

    it("gets the same response whenever it is read, another task another", function()
        local first = world:ok("POST /v1/task/imageannotation", IMAGE)
        local second = world:ok("POST /v1/task/imageannotation", IMAGE)
        assert.same(first.response, world:ok("GET /v1/task/" .. first.task_id).response)
        assert.not_equal(first.response.annotations[1].uuid, second.response.annotations[1].uuid)
        assert.not_equal(first.response.annotations[1].label, second.response.annotations[1].label)
    end)

    it("gets the response of its own type, whatever was answered before", function()
        local OLD = [[{"attachment":"u","objects_to_annotate":["a"]}]]
        for i = 1, 26 do
            local first = response(i % 2 == 0 and "annotation" or "polygonannotation", OLD).annotations[1]
            assert.equal(i % 2 == 0, first.vertices == nil)
        end
        world:ok("POST /v1/task/annotation", OLD)
        for _ = 1, 12 do assert.is_nil(response("annotation", OLD).annotations[1].vertices) end
    end)

    it("names its own files", function()
        local task = world:ok("POST /v1/task/segmentannotation", [[{"attachment":"u","labels":["car"]}]])
        assert.is_truthy(task.response.annotations.combined.image:find(task.task_id, 1, true))
    end)

    it("answers textcollection with a response for each field", function()
        local annotations = response("textcollection", TEXT).annotations
        assert.same({ type = "category", field_id = "q", response = { { "Yes" } } }, annotations.q)
        assert.same({ { 0 } }, annotations.n.response)
        assert.same({ { "made up" } }, annotations.t.response)
    end)

    it("answers the other types in their forms", function()
        assert.equal("a", response("categorization",
            [[{"attachment":"u","attachment_type":"text","instruction":"i","categories":["a"]}]]).category)
        assert.same({ "a" }, response("categorization", [[{"attachment":"u","attachment_type":"text","instruction":"i",
            "categories":["a"],"allow_multiple":true}]]).category)
        assert.same({ genre = { "x" } }, response("categorization", [[{"attachment":"u","attachment_type":"text",
            "instruction":"i","taxonomies":{"genre":{"type":"category","choices":["x"]}}}]]).taxonomies)
        assert.same({ { id = "e1", start = 1, ["end"] = 4, text = "Ada", label = "person" } }, response(
            "namedentityrecognition", [[{"text":"«Ada»","labels":[{"name":"person"}]}]]).annotations)
        assert.equal(1, response("segmentannotation", [[{"attachment":"u","labels":["car"]}]]).labelMapping.car.index)
        assert.matches("^https://", response("videoannotation", [[{"attachment":"u","geometries":{}}]]).annotations.url)
        assert.matches("^https://", response("videoplaybackannotation", [[{"attachment":"u","geometries":{}}]]).events.url)
        assert.equal("total", response("documenttranscription",
            [[{"attachment":"u","features":[{"type":"text","label":"total"}]}]]).annotations[1].label)
        assert.equal("made up", response("chat", "{}").responses[1].output)
    end)

    it("answers the older types as Scale's test server does", function()
        local OLD = [[{"attachment":"u","objects_to_annotate":["big cow"]}]]
        assert.same({ { left = 0, top = 0, width = 100, height = 100, label = "big cow" } },
            response("annotation", OLD).annotations)
        assert.same({ { x = 10, y = 10 }, { x = 110, y = 110 }, { x = 10, y = 110 } },
            response("polygonannotation", OLD).annotations[1].vertices)
        assert.equal(6, #response("cuboidannotation", OLD).annotations[1].vertices)
        assert.is_nil(response("pointannotation", OLD))
        local transcription = response("transcription", [[{"instruction":"i","attachment":"u","fields":{"title":"x"}}]])
        assert.same({ { title = "test response" }, { json.null, json.null } },
            { transcription.fields, transcription.repeatable_fields })
        assert.equal(15, response("datacollection",
            [[{"instruction":"i","attachment":"u","fields":{"a":"x"}}]]).time_spent_in_seconds)
        assert.equal("yes", response("comparison", [[{"attachments":[],"choices":["yes"]}]]).choice)
    end)

    for name, case in pairs {
        ["choices of no known form"] = { "comparison", [[{"attachments":[],"choices":[{},7]}]] },
        ["fields of no known form"] = { "transcription", [[{"instruction":"i","attachment":"u","fields":[1]}]] },
        ["an ontology by name"] = { "imageannotation", [[{"attachment":"u","geometries":{"box":{"objects_to_annotate":"x"}}}]] },
        ["an empty text"] = { "namedentityrecognition", [[{"text":"","labels":[]}]] },
        ["taxonomies without choices"] = { "categorization",
            [[{"attachment":"u","attachment_type":"t","instruction":"i","taxonomies":{"a":{"type":"category","choices":[]}}}]] },
    } do
        it("is completed even with " .. name, function() response(case[1], case[2]) end)
    end

    it("whose attachment cannot be there ends in error", function()
        local task = world:ok("POST /v1/task/textcollection", [[{"attachments":[{"type":"pdf","content":"https://a.invalid/x"},
            {"type":"pdf","content":"https://a.test/.invalid"}],"fields":[],"unique_id":"u","clear_unique_id_on_error":true}]])
        assert.same({ "error", "One or more attachments could not be downloaded." }, { task.status, task.response.error })
        assert.same({ { statusCode = 404, url = "https://a.invalid/x" } }, task.response.attachments)
        assert.equal("completed", world:ok("POST /v1/task/imageannotation",
            '{"attachment":"https://a.invalid.test/x","geometries":{}}').status)
        assert.is_nil(task.unique_id)
        assert.equal(0, world:ok("GET /v1/tasks?unique_id=u").total)
        assert.equal("v", world:ok("POST /v1/task/imageannotation", [[{"attachment":"https://a.invalid/","geometries":{},
            "unique_id":"v","x":{"a":1,"clear_unique_id_on_error":true}}]]).unique_id)
        assert.equal("Task is in error and cannot be canceled.",
            world:refused(400, "POST /v1/task/" .. task.task_id .. "/cancel"))
    end)
end)

describe("a task", function()
    local world, task
    before_each(function()
        world = new_world()
        world:project("p")
        task = world:task '"project":"p"'
    end)

    local function ok(method, what, body)
        return world:ok(method .. " /v1/task/" .. task.task_id .. what, body)
    end

    local function refused(status, method, what, body)
        return world:refused(status, method .. " /v1/task/" .. task.task_id .. what, body)
    end

    for _, line in ipairs { "GET ", "POST /cancel", "POST /audit", "POST /unique_id", "DELETE /unique_id", "POST /setMetadata",
        "POST /tags", "PUT /tags", "DELETE /tags" } do
        local method, what = line:match "^(%u+) (.*)$"
        it("that is unknown is refused: " .. line, function()
            for _, id in ipairs { "x", "000000000000000000000000", task.task_id:sub(1, -2), task.task_id .. "0",
                task.task_id:upper():gsub("^.", "F"), ("z"):rep(24), (" "):rep(24) } do
                assert.equal("Task with that ID not found.", world:refused(404, method .. " /v1/task/" .. id .. what, "{}"))
            end
        end)
    end

    describe("is canceled", function()
        it("once, and again without effect", function()
            world:wait(1)
            local canceled = ok("POST", "/cancel")
            assert.same({ "canceled", "2023-11-14T22:13:21.123Z" }, { canceled.status, canceled.updated_at })
            world:wait(1)
            assert.same(canceled, ok("POST", "/cancel"))
            assert.is_nil(canceled.response)
        end)

        it("and keeps its unique_id, or loses it when asked to", function()
            ok("POST", "/unique_id", { unique_id = "u" })
            assert.equal("u", ok("POST", "/cancel").unique_id)
            world:refused(409, "POST /v1/task/comparison", '{"attachments":[],"choices":[],"project":"p","unique_id":"u"}')
            assert.equal("u", ok("POST", "/cancel?clear_unique_id=False").unique_id)
            assert.is_nil(ok("POST", "/cancel?clear_unique_id=true").unique_id)
            world:task '"project":"p","unique_id":"u"'
        end)

        it("unless it is completed", function()
            world.key = "test_key"
            task = world:task()
            assert.equal("Task is already completed and cannot be canceled.", refused(400, "POST", "/cancel"))
            assert.equal("completed", ok("GET", "").status)
        end)

        it("unless work on it has begun", function()
            local account = world.world.accounts.live
            assert.is_false(task.work_started)
            world:wait(1)
            store.settle(world.world, account)
            assert.is_true(store.start_work(account, store.find_task(account, task.task_id)))
            local started = ok("GET", "")
            assert.same({ "pending", true, "2023-11-14T22:13:21.123Z" },
                { started.status, started.work_started, started.updated_at })
            assert.equal("Task is already being worked on and cannot be canceled.", refused(400, "POST", "/cancel"))
            assert.same(started, ok("GET", ""))
            assert.equal(1, world:ok("GET /v1/tasks?status=pending").total)
        end)

        it("and then is not worked on any more", function()
            local account = world.world.accounts.live
            ok("POST", "/cancel")
            assert.is_false(store.start_work(account, store.find_task(account, task.task_id)))
            assert.is_nil(ok("GET", "").work_started)
        end)

        it("and refuses a flag that is no boolean", function()
            assert.equal('Parameter is invalid, reason: "clear_unique_id" must be a boolean',
                refused(400, "POST", "/cancel?clear_unique_id=yes"))
            assert.equal("pending", ok("GET", "").status)
        end)
    end)

    describe("is audited", function()
        before_each(function()
            world.key = "test_key"
            task = world:task()
        end)

        it("accepted or rejected, each time anew", function()
            assert.equal("OK", ok("POST", "/audit", '{"accepted":true,"comments":null}'))
            assert.equal("accepted", ok("GET", "").customer_review_status)
            ok("POST", "/audit", '{"accepted":false,"comments":"no \\u0041"}')
            local audited = ok("GET", "")
            assert.equal("rejected", audited.customer_review_status)
            assert.same({ "accepted", "rejected" }, { audited.audits[1].audit_result, audited.audits[2].audit_result })
            assert.same({ json.null, "no A" }, { audited.audits[1].comments, audited.audits[2].comments })
        end)

        it("with a boolean", function()
            assert.matches('"accepted" is required', refused(400, "POST", "/audit", "{}"))
            assert.matches('"accepted" must be a boolean', refused(400, "POST", "/audit", '{"accepted":"true"}'))
            assert.equal("pending", ok("GET", "").customer_review_status)
        end)

        it("only when it is completed", function()
            world.key = "live_key"
            task = world:task '"project":"p"'
            assert.equal("Only completed tasks can be audited.", refused(400, "POST", "/audit", '{"accepted":true}'))
        end)
    end)

    it("is pending again when it is recalled", function()
        world = new_world { complete_after = 1 }
        world:project "p"
        world:batch("b", "p")
        task = world:task '"batch":"b"'
        local account = world.world.accounts.live
        local kept = store.find_task(account, task.task_id)
        assert.is_false(store.recall(account, kept))
        world:wait(1)
        assert.same({ "completed", "pending" }, { ok("GET", "").status, ok("GET", "").customer_review_status })
        world:wait(5)
        store.settle(world.world, account)
        assert.is_true(store.recall(account, kept))
        local recalled = ok("GET", "")
        assert.same({ "pending", "2023-11-14T22:13:26.123Z" }, { recalled.status, recalled.updated_at })
        assert.same({}, { recalled.completed_at, recalled.response, recalled.customer_review_status })
        assert.same({ "in_progress", 1, 0 }, { world:ok("GET /v1/batches/b/status").status,
            world:ok("GET /v1/batches/b/status").pending, world:ok("GET /v1/batches/b/status").completed })
        assert.equal(0, world:ok("GET /v1/tasks?completed_after=2000-01-01").total)
    end)

    describe("changes its unique_id", function()
        it("to one that is free", function()
            assert.equal("u", ok("POST", "/unique_id", '{"unique_id":"u"}').unique_id)
            assert.equal("v", ok("POST", "/unique_id", '{"unique_id":"v"}').unique_id)
            world:task '"project":"p","unique_id":"u"'
        end)

        it("to its own, which is no change", function()
            local before = ok("POST", "/unique_id", '{"unique_id":"u"}')
            world:wait(1)
            assert.same(before, ok("POST", "/unique_id", '{"unique_id":"u"}'))
        end)

        it("not to one that is taken, missing, or no text", function()
            local other = world:task '"project":"p","unique_id":"u"'
            assert.equal(('The unique_id ("u") is already used for a different task (%s).'):format(other.task_id),
                refused(409, "POST", "/unique_id", '{"unique_id":"u"}'))
            assert.matches('"unique_id" is required', refused(400, "POST", "/unique_id", ""))
            assert.matches('"unique_id" is required', refused(400, "POST", "/unique_id", '{"unique_id":""}'))
            assert.matches('"unique_id" must be a string', refused(400, "POST", "/unique_id", '{"unique_id":1}'))
        end)

        it("to none, also twice", function()
            ok("POST", "/unique_id", '{"unique_id":"u"}')
            assert.is_nil(ok("DELETE", "/unique_id").unique_id)
            assert.is_nil(ok("DELETE", "/unique_id").unique_id)
            assert.equal(0, world:ok("GET /v1/tasks?unique_id=u").total)
        end)
    end)

    describe("changes its metadata", function()
        it("as a whole", function()
            ok("POST", "/setMetadata", '{"a":1}')
            assert.same({ b = 2 }, ok("POST", "/setMetadata", ' {"b":2} ').metadata)
        end)

        it("to {} with an empty body", function()
            ok("POST", "/setMetadata", '{"a":1}')
            assert.same({}, ok("POST", "/setMetadata", "").metadata)
        end)

        it("to objects of 10 KB at most", function()
            local text = '{"a":"' .. ("x"):rep(10232) .. '"}'
            assert.equal(10232, #ok("POST", "/setMetadata", text).metadata.a)
            assert.equal("Metadata must not exceed 10KB.", refused(400, "POST", "/setMetadata", (text:gsub("x", "xx", 1))))
            assert.equal("The request body must be an object.", refused(400, "POST", "/setMetadata", "[]"))
            assert.equal("Invalid JSON in request body.", refused(400, "POST", "/setMetadata", "{a:1}"))
        end)
    end)

    describe("changes its tags", function()
        local function tags(method, body)
            return ok(method, "/tags", body).tags
        end

        it("all at once, by more, by less", function()
            assert.is_nil(task.tags)
            assert.same({ "b", "a" }, tags("POST", '["b","a","b"]'))
            assert.same({ "b", "a", "c" }, tags("PUT", '["a","c"]'))
            assert.same({ "a" }, tags("DELETE", '["b","x","\\u0063"]'))
            assert.same({ "z" }, tags("POST", '["z"]'))
        end)

        it("to none", function()
            tags("POST", '["a"]')
            assert.same(json.array {}, tags("DELETE", '["a"]'))
            tags("POST", '["a"]')
            assert.same(json.array {}, tags("POST", ""))
            assert.same({}, tags("PUT", "[]"))
        end)

        it("not by taking away what was never there", function()
            assert.is_nil(tags("DELETE", '["a"]'))
        end)

        it("to five at most, all texts", function()
            tags("POST", '["1","2","3","4","5"]')
            assert.equal("At most 5 tags are allowed.", refused(400, "PUT", "/tags", '["6"]'))
            assert.equal(5, #tags("PUT", '["5"]'))
            assert.equal("At most 5 tags are allowed.", refused(400, "POST", "/tags", '["1","2","3","4","5","6"]'))
            assert.matches('"tags" must be an array of strings', refused(400, "POST", "/tags", "[null]"))
            assert.equal("The request body must be an array.", refused(400, "PUT", "/tags", '{"tags":[]}'))
        end)
    end)

    it("notes the time of each change", function()
        for _, change in ipairs { { "POST", "/setMetadata", "{}" }, { "POST", "/tags", "[]" },
            { "POST", "/unique_id", '{"unique_id":"u"}' }, { "DELETE", "/unique_id" }, { "POST", "/cancel" } } do
            local before = ok("GET", "").updated_at
            world:wait(1)
            assert.is_true(before < ok(table.unpack(change)).updated_at, change[2])
        end
        assert.equal(task.created_at, ok("GET", "").created_at)
    end)
end)

describe("what is assumed about tasks can be turned round:", function()
    local function world_with(assume)
        local world = new_world { assume = assume }
        world.key = "test_key"
        return world
    end

    it("audit_answer, audit_only_completed, customer_review_pending", function()
        local world = world_with { audit_answer = "task", customer_review_pending = false, audit_only_completed = false }
        local task = world:task()
        assert.is_nil(task.customer_review_status)
        assert.equal("accepted", world:ok("POST /v1/task/" .. task.task_id .. "/audit", '{"accepted":true}').customer_review_status)
        world.key = "live_key"
        world:project "p"
        local pending = world:task '"project":"p"'
        world:ok("POST /v1/task/" .. pending.task_id .. "/audit", '{"accepted":true}')
    end)

    it("unknown_type, missing_place, live_needs_project", function()
        local world = world_with { unknown_type = 400, missing_place = 404, live_needs_project = false }
        world:refused(400, "POST /v1/task/nonsense", "{}")
        world:refused(404, "POST /v1/task/comparison", '{"project":"x"}')
        world.key = "live_key"
        world:task()
    end)

    it("canceled_frees_unique_id, error_can_be_canceled", function()
        local world = world_with { canceled_frees_unique_id = true, error_can_be_canceled = true }
        local task = world:ok("POST /v1/task/imageannotation", '{"attachment":"http://x.invalid","geometries":{},"unique_id":"u"}')
        assert.equal("error", task.status)
        local canceled = world:ok("POST /v1/task/" .. task.task_id .. "/cancel")
        assert.same({ "canceled" }, { canceled.status, canceled.unique_id })
    end)

    it("signed_attachments", function()
        local world = world_with { signed_attachments = true }
        world:ok("POST /v1/task/imageannotation", '{"attachment":"http://x","geometries":{}}')
        assert.equal("http://x", world:ok("GET /v1/tasks?include_attachment_url=True").docs[1].attachment_url)
        assert.is_nil(world:ok("GET /v1/tasks").docs[1].attachment_url)
    end)

    it("started_can_be_canceled", function()
        local world = new_world { assume = { started_can_be_canceled = true } }
        world:project "p"
        local account, task = world.world.accounts.live, world:task '"project":"p"'
        store.start_work(account, store.find_task(account, task.task_id))
        assert.equal("canceled", world:ok("POST /v1/task/" .. task.task_id .. "/cancel").status)
    end)

    it("tags_gone", function()
        local world = world_with { tags_gone = "absent" }
        local path = "/v1/task/" .. world:task('"tags":["a","b"]').task_id .. "/tags"
        assert.same({ "b" }, world:ok("DELETE " .. path, '["a"]').tags)
        assert.is_nil(world:ok("DELETE " .. path, '["b"]').tags)
        assert.is_nil(world:ok("POST " .. path, "").tags)
    end)

    it("idempotent_repeat", function()
        local world = world_with { idempotent_repeat = 200 }
        local headers = { ["idempotency-key"] = "k" }
        local body = '{"attachments":[],"choices":["yes"]}'
        local task = world:ok("POST /v1/task/comparison", body, headers)
        assert.same(task, world:ok("POST /v1/task/comparison", body, headers))
        assert.equal(1, world:ok("GET /v1/tasks").total)
        local refused = "The idempotency key is already in use for a different request."
        assert.equal(refused, world:refused(409, "POST /v1/task/comparison", body .. " ", headers))
        assert.equal(refused, world:refused(409, "POST /v1/task/annotation", body, headers))
    end)

    it("textcollection_response", function()
        local world = world_with { textcollection_response = "plain" }
        local line, body = "POST /v1/task/textcollection", [[{"attachments":[],"fields":[
            {"type":"text","field_id":"t","title":"t","max_responses_required":2},{"type":"number","field_id":"n","title":"t"},
            {"type":"field_set","field_id":"s","title":"t","fields":[{"type":"text","field_id":"a","title":"t"},
                {"type":"boolean","field_id":"b","title":"t"}]}]}]]
        local task = world:ok(line, body)
        assert.same({ t = { "made up" }, n = 0, s = { a = "made up", b = false } }, task.response.annotations)
        assert.same(task, world:ok("GET /v1/tasks").docs[1])
        assert.same({ { 0 } }, world_with {}:ok(line, body).response.annotations.n.response) -- whatever was built before
    end)
end)
