-- The sandbox's rules for GET /v1/tasks: filters, dates, pages, totals.

local json = require("scaleapi").json
local new_world = dofile "tests/spec/support/world.lua"

-- The numbers in the metadata of the tasks that a query gives, all of its pages.
local function numbers(world, query, limit)
    local list, token = {}, nil
    repeat
        local page = world:ok(("GET /v1/tasks?%s&limit=%d%s"):format(query, limit or 100,
            token and "&next_token=" .. token:gsub("[^%w]", function(c) return ("%%%02X"):format(c:byte()) end) or ""))
        for _, task in ipairs(page.docs) do list[#list + 1] = task.metadata.n end
        token = page.next_token
        assert(page.has_more == (token ~= nil), "has_more and next_token disagree")
    until not token
    return list
end

describe("a list of tasks", function()
    local world

    -- A task a second: number n is made at 22:13:20.123 + n seconds.
    local function make(n, more)
        world:wait(1)
        return world:task(('"metadata":{"n":%d}%s'):format(n, more and "," .. more or ""))
    end

    before_each(function()
        world = new_world()
        world:project "p"
        world:project "q"
    end)

    it("is empty at first", function()
        assert.same({ docs = json.array {}, total = 0, limit = 100, offset = 0, has_more = false }, world:ok "GET /v1/tasks")
    end)

    it("goes from the newest to the oldest", function()
        for n = 1, 5 do make(n, '"project":"p"') end
        assert.same({ 5, 4, 3, 2, 1 }, numbers(world, ""))
        local page = world:ok "GET /v1/tasks?limit=2"
        assert.same({ 5, 2, 0, true }, { page.total, page.limit, page.offset, page.has_more })
        assert.equal("string", type(page.next_token))
    end)

    it("has the tasks as they are on their own", function()
        local task = make(1, '"project":"p","tags":["a"],"unique_id":"u"')
        assert.same(task, world:ok("GET /v1/tasks").docs[1])
    end)

    it("ignores query keys that are unknown, and empty ones", function()
        make(1, '"project":"p"')
        assert.equal(1, world:ok("GET /v1/tasks?nonsense=1&status=&project=&batch=&limit=&next_token=&x"
            .. "&unique_id=&tags=&tags=&type=&customer_review_status=&start_time=&limited_response=").total)
    end)

    describe("is filtered", function()
        before_each(function()
            world:batch("b1", "p")
            world:batch("b 2/?", "p")
            make(1, '"project":"p"')
            make(2, '"batch":"b1","tags":["x","y"],"unique_id":"u/2 é"')
            make(3, '"batch":"b1","tags":["x"],"unique_id":"u3"')
            make(4, '"batch":"b 2/?","tags":["y","z"]')
            make(5, '"project":"q"')
        end)

        for query, expected in pairs {
            ["project=p"] = { 4, 3, 2, 1 }, ["project=q"] = { 5 }, ["project=none"] = {},
            ["batch=b1"] = { 3, 2 }, ["batch=b%202%2F%3F"] = { 4 }, ["batch=b+2/%3f"] = { 4 }, ["batch=none"] = {},
            ["project=p&batch=b1"] = { 3, 2 }, ["project=q&batch=b1"] = {}, ["project=none&batch=b1"] = {},
            ["unique_id=u3"] = { 3 }, ["unique_id=u%2F2+%C3%A9"] = { 2 }, ["unique_id=none"] = {},
            ["unique_id=u3&unique_id=u/2%20%c3%a9&unique_id=u3&unique_id=none"] = { 3, 2 },
            ["unique_id=u3&batch=b1"] = { 3 }, ["unique_id=u3&project=q"] = {}, ["unique_id=u3&batch=b+2/%3f"] = {},
            ["tags=x"] = { 3, 2 }, ["tags=x&tags=y"] = { 2 }, ["tags=none"] = {}, ["tags=y&project=p"] = { 4, 2 },
            ["type=comparison"] = { 5, 4, 3, 2, 1 }, ["type=imageannotation"] = {},
            ["status=pending&project=p"] = { 4, 3, 2, 1 }, ["status=completed"] = {}, ["status=error"] = {},
            ["status=pending&type=imageannotation"] = {}, ["status=pending&tags=x"] = { 3, 2 }, ["%74ags=x&a+b=c"] = { 3, 2 },
            ["start_time=2023-11-14T22:13:23.123Z"] = { 5, 4, 3 }, ["start_time=2023-11-14T22:13:23.124Z"] = { 5, 4 },
            ["end_time=2023-11-14T22:13:22.123Z"] = { 2, 1 }, ["end_time=2023-11-14T22:13:22.122Z"] = { 1 },
            ["start_time=2023-11-14T22:13:22.123Z&end_time=2023-11-14T22:13:24.123Z&project=p"] = { 4, 3, 2 },
            ["start_time=2023-11-14T22:13:23.123Z&end_time=2023-11-14T22:13:22.123Z"] = {},
            ["start_time=2023-11-14T22:13:23Z&status=pending&batch=b1"] = { 3 },
            ["updated_after=2023-11-14T22:13:24.123Z"] = { 5, 4 }, ["updated_before=2023-11-14T22:13:21.5Z"] = { 1 },
            ["completed_after=2000-01-01"] = {}, ["completed_before=2100-01-01"] = {},
        } do
            it("by " .. query, function()
                assert.same(expected, numbers(world, query))
                assert.same(expected, numbers(world, query, 1))
                assert.equal(#expected, world:ok("GET /v1/tasks?limit=1&" .. query).total)
            end)
        end

        it("by status, and counts what changes", function()
            local ids = {}
            for _, task in ipairs(world:ok("GET /v1/tasks").docs) do ids[task.metadata.n] = task.task_id end
            world:ok("POST /v1/task/" .. ids[3] .. "/cancel")
            world:ok("POST /v1/task/" .. ids[5] .. "/cancel")
            assert.same({ 5, 3 }, numbers(world, "status=canceled"))
            assert.same({ 3 }, numbers(world, "status=canceled&project=p"))
            assert.same({ 2 }, numbers(world, "status=pending&batch=b1"))
            assert.equal(1, world:ok("GET /v1/tasks?limit=1&status=canceled&batch=b1").total)
            assert.same({ 3, 5 }, { #numbers(world, "status=pending"), #numbers(world, "") })
        end)

        it("by tags that change", function()
            local id = world:ok("GET /v1/tasks?unique_id=u3").docs[1].task_id
            assert.equal(2, world:ok("GET /v1/tasks?tags=x").total)
            world:ok("PUT /v1/task/" .. id .. "/tags", '["new"]')
            world:ok("DELETE /v1/task/" .. id .. "/tags", '["x"]')
            assert.same({ { 3 }, { 2 } }, { numbers(world, "tags=new"), numbers(world, "tags=x") })
            assert.equal(1, world:ok("GET /v1/tasks?tags=x").total)
        end)

        it("by review and completion", function()
            world.key = "test_key"
            local ids = {}
            for n = 1, 4 do ids[n] = make(n).task_id end
            world:ok("POST /v1/task/" .. ids[1] .. "/audit", '{"accepted":true}')
            world:ok("POST /v1/task/" .. ids[2] .. "/audit", '{"accepted":false}')
            assert.same({ 1 }, numbers(world, "customer_review_status=accepted"))
            assert.same({ 2, 1 }, numbers(world, "customer_review_status=accepted%2Crejected"))
            assert.same({ 4, 3, 1 }, numbers(world, "customer_review_status=pending,accepted"))
            assert.same({ 2, 1 }, numbers(world, "customer_review_status=accepted&customer_review_status=rejected"))
            assert.same({ 4 }, numbers(world, "completed_after=2023-11-14T22:13:29.123Z"))
            assert.same({ 1 }, numbers(world, "completed_before=2023-11-14T22:13:26.123Z"))
            assert.same({ 4, 3, 2, 1 }, numbers(world, "status=completed"))
        end)
    end)

    describe("takes as a date", function()
        before_each(function() make(1, '"project":"p"') end) -- at 2023-11-14T22:13:21.123Z

        for date, is_before in pairs {
            ["2023-11-14"] = true, ["2023-11-15"] = false, ["2023-11-14T22:13:21.123Z"] = true, ["2023-11-14t22:13:21z"] = true,
            ["2023-11-14T22:13:21"] = true, ["2023-11-14T22:14"] = false, ["2023-11-14%2022:13:21.122999"] = true,
            ["2023-11-14+22%3A13%3A21.123001"] = false, ["2023-11-14T22:13:21.123000000Z"] = true,
            ["2023-11-15T00:13:21.123%2B02:00"] = true, ["2023-11-15T00:13:21.123+02:00"] = true,
            ["2023-11-15T00:13:21.124%2B0200"] = false, ["2023-11-14T15:13:21.123-07:00"] = true,
            ["2023-11-14T15:13:22-07"] = false, ["2024-02-29"] = false, ["1970-01-01"] = true, ["0001-01-01"] = true,
        } do
            it(date, function()
                assert.equal(is_before and 1 or 0, world:ok("GET /v1/tasks?start_time=" .. date).total)
            end)
        end

        for _, date in ipairs { "yesterday", "2023-13-01", "2023-02-29", "2023-1-1", "2023-11-14T25:00:00Z", "2023-11-14T22:61Z",
            "2023-11-14T22:13:21.Z", "2023-11-14T22:13:21%2B2", "2023-11-14T22:13:21Zx", "1700000000", "2023-11-00", "2023-11-31" } do
            for _, name in ipairs { "start_time", "end_time", "completed_after", "completed_before", "updated_after",
                "updated_before" } do
                it("not " .. date .. " as " .. name, function()
                    assert.equal(('Parameter is invalid, reason: "%s" must be a date'):format(name),
                        world:refused(400, ("GET /v1/tasks?%s=%s"):format(name, date)))
                end)
            end
        end
    end)

    describe("refuses", function()
        for query, expected in pairs {
            ["limit=0"] = '"limit" must be between 1 and 100', ["limit=101"] = '"limit" must be between 1 and 100',
            ["limit=ten"] = '"limit" must be between 1 and 100', ["limit=-1"] = '"limit" must be between 1 and 100',
            ["limit=1.5"] = '"limit" must be between 1 and 100', ["limit=99999999999999999999"] = '"limit" must be between',
            ["offset=-1"] = '"offset" must be 0 or more', ["status=done"] = '"status" must be one of',
            ["customer_review_status=good"] = '"customer_review_status" must be of',
            ["limited_response=yes"] = '"limited_response" must be a boolean',
            ["include_attachment_url=2"] = '"include_attachment_url" must be a boolean',
        } do
            it(query, function()
                assert.is_truthy(world:refused(400, "GET /v1/tasks?" .. query):find(expected, 1, true))
            end)
        end

        it("a token that is none, or another account's", function()
            for n = 1, 3 do make(n, '"project":"p"') end
            local token = world:ok("GET /v1/tasks?limit=1").next_token
            local function refused(text)
                assert.equal("Invalid next_token.", world:refused(400, "GET /v1/tasks?next_token=" .. text))
            end
            for _, text in ipairs { "x", "e30%3D", "eyJpZCI6MX0%3D", "eyJpZCI6IngifQ%3D%3D", "bnVsbA%3D%3D", token:sub(1, -9) .. "AAAA" } do
                refused(text)
            end
            world.key = "test_key"
            refused(token:gsub("=", "%%3D"))
        end)
    end)

    it("refuses a token of another list, but not of one that a task has left since", function()
        for n = 1, 3 do make(n, ('"project":"p","unique_id":"u%d"'):format(n)) end
        make(4, '"project":"q"')
        local function token_of(query)
            return world:ok("GET /v1/tasks?limit=1&" .. query).next_token:gsub("=", "%%3D")
        end
        local token = token_of "project=p"
        assert.equal("Invalid next_token.", world:refused(400, "GET /v1/tasks?project=q&next_token=" .. token))
        assert.equal(2, #world:ok("GET /v1/tasks?next_token=" .. token).docs)
        token = token_of "unique_id=u1&unique_id=u2&unique_id=u3"
        world:ok("DELETE /v1/task/" .. world:ok("GET /v1/tasks?unique_id=u3").docs[1].task_id .. "/unique_id")
        assert.equal(2, #world:ok("GET /v1/tasks?unique_id=u1&unique_id=u2&unique_id=u3&next_token=" .. token).docs)
    end)

    it("shows little when a limited response is asked for", function()
        local task = make(1, '"project":"p","unique_id":"u"')
        local expected = { task_id = task.task_id, status = "pending", metadata = { n = 1 }, project = "p" }
        for _, flag in ipairs { "True", "true", "1" } do
            assert.same(expected, world:ok("GET /v1/tasks?limited_response=" .. flag).docs[1])
        end
        assert.same(task, world:ok("GET /v1/tasks?limited_response=False").docs[1])
    end)

    it("keeps its pages right while tasks are added and change", function()
        for n = 1, 10 do make(n, '"project":"p"') end
        local seen, token = {}, nil
        for round = 1, 4 do
            local page = world:ok("GET /v1/tasks?project=p&limit=3" .. (token and "&next_token=" .. token:gsub("=", "%%3D") or ""))
            for _, task in ipairs(page.docs) do seen[#seen + 1] = task.metadata.n end
            token = page.next_token
            make(100 + round, '"project":"p"')
            world:ok("POST /v1/task/" .. page.docs[1].task_id .. "/cancel")
            assert.equal(10 + round - 1, page.total)
        end
        assert.is_nil(token)
        assert.same({ 10, 9, 8, 7, 6, 5, 4, 3, 2, 1 }, seen)
    end)

    it("goes on behind a task that no longer fits the filter", function()
        for n = 1, 4 do make(n, '"project":"p"') end
        local page = world:ok("GET /v1/tasks?status=pending&limit=2")
        world:ok("POST /v1/task/" .. page.docs[2].task_id .. "/cancel")
        local rest = world:ok("GET /v1/tasks?status=pending&limit=2&next_token=" .. page.next_token:gsub("=", "%%3D"))
        assert.same({ 2, 1 }, { rest.docs[1].metadata.n, rest.docs[2].metadata.n })
        assert.is_false(rest.has_more)
    end)

    it("can be read by offset, too", function()
        for n = 1, 5 do make(n, '"project":"p"') end
        local page = world:ok "GET /v1/tasks?limit=2&offset=3"
        assert.same({ 2, 1, 3, false }, { page.docs[1].metadata.n, page.docs[2].metadata.n, page.offset, page.has_more })
        assert.equal(0, #world:ok("GET /v1/tasks?offset=9").docs)
    end)

    it("counts tasks made within one millisecond, each once", function()
        for n = 1, 7 do world:task(('"metadata":{"n":%d},"project":"p"'):format(n)) end
        assert.same({ 7, 6, 5, 4, 3, 2, 1 }, numbers(world, "end_time=2023-11-14T22:13:20.123Z", 2))
    end)

    it("ends with the token that is assumed", function()
        assert.is_nil(world:ok("GET /v1/tasks").next_token)
        local other = new_world { assume = { last_page_token = "null" } }
        assert.equal(json.null, other:ok("GET /v1/tasks").next_token)
    end)

    it("matches any of several tags, if that is assumed", function()
        local other = new_world { assume = { tags_match = "any" } }
        other.key = "test_key"
        other:task '"tags":["x"]'
        other:task '"tags":["y","z"]'
        other:task()
        assert.equal(2, other:ok("GET /v1/tasks?tags=x&tags=y").total)
    end)

    it("has the same total on every page", function()
        world.key = "test_key"
        for n = 1, 1000 do world:task(('"metadata":{"n":%d},"tags":["%d"]'):format(n, n % 7)) end
        local pages, token = 0, nil
        repeat
            local page = world:ok("GET /v1/tasks?limit=20&tags=3" .. (token and "&next_token=" .. token:gsub("=", "%%3D") or ""))
            assert.equal(143, page.total)
            pages, token = pages + 1, page.next_token
        until not token
        assert.equal(8, pages)
    end)

    it("is looked through no further when all that fits was found", function()
        for n = 1, 50 do make(n, '"project":"p"') end
        local store = require "scaleapi.sandbox.store"
        local looked, type_of = 0, store.type_of
        finally(function() store.type_of = type_of end)
        function store.type_of(...)
            looked = looked + 1
            return type_of(...)
        end
        world:ok "GET /v1/tasks?type=chat"
        assert.equal(50, looked)
        world:ok "GET /v1/tasks?type=chat"
        assert.equal(50, looked)
    end)

    it("has a total of its own for what only looks like another's filters", function()
        world:task '"tags":["a&b"],"project":"p"'
        world:task '"tags":["a","b"],"project":"p"'
        world:task '"tags":["b","a"],"project":"p"'
        assert.equal(1, world:ok("GET /v1/tasks?tags=a%26b").total)
        assert.equal(2, world:ok("GET /v1/tasks?tags=a&tags=b").total)
        assert.equal(0, world:ok("GET /v1/tasks?tags=a%00type%3Dx").total)
        assert.equal(0, world:ok("GET /v1/tasks?tags=a&type=x").total)
    end)

    it("leaves out what lies on a bound, if that is assumed", function()
        world = new_world { assume = { bounds = "exclusive" }, complete_after = 0 }
        world:project "p"
        for n = 1, 5 do make(n, '"project":"p"') end
        for _, names in ipairs { { "start_time", "end_time" }, { "completed_after", "completed_before" },
            { "updated_after", "updated_before" } } do
            assert.same({ 5, 4 }, numbers(world, names[1] .. "=2023-11-14T22:13:23.123Z"), names[1])
            assert.same({ 5, 4, 3 }, numbers(world, names[1] .. "=2023-11-14T22:13:23.1229Z"), names[1])
            assert.same({ 2, 1 }, numbers(world, names[2] .. "=2023-11-14T22:13:23.123Z"), names[2])
            assert.same({ 3, 2, 1 }, numbers(world, names[2] .. "=2023-11-14T22:13:23.1231Z"), names[2])
        end
        world:batch("b", "p")
        assert.equal(0, world:ok("GET /v1/batches?start_time=2023-11-14T22:13:25.123Z").totalDocs)
        assert.equal(1, world:ok("GET /v1/batches?start_time=2023-11-14T22:13:25.122Z").totalDocs)
    end)

    it("is refused for a place that is unknown, if that is assumed", function()
        world = new_world { assume = { missing_filter = 404 } }
        world:project "p"
        assert.equal(0, world:ok("GET /v1/tasks?project=p").total)
        assert.equal("Project with that name not found.", world:refused(404, "GET /v1/tasks?project=none"))
        assert.equal("Batch with that name not found.", world:refused(404, "GET /v1/tasks?batch=none"))
        assert.equal("Project with that name not found.", world:refused(404, "GET /v1/batches?project=none"))
    end)

    it("has 100 tasks at most where more are asked for, if that is assumed", function()
        world = new_world { assume = { limit_too_high = 200 } }
        world.key = "test_key"
        for n = 1, 101 do world:task(('"metadata":{"n":%d}'):format(n)) end
        local page = world:ok "GET /v1/tasks?limit=1000"
        assert.same({ 100, 100, true }, { #page.docs, page.limit, page.has_more })
        assert.equal(100, world:ok("GET /v1/batches?limit=101").limit)
        assert.equal('Parameter is invalid, reason: "limit" must be 1 or more', world:refused(400, "GET /v1/tasks?limit=0"))
    end)
end)
