-- plain lua too
-- scaleapi.describe, and what client:call takes.

local scaleapi = require "scaleapi"
local fake = require "tests.spec.support.fake"

describe("describe", function()
    it("tells of every operation, in words", function()
        for _, row in ipairs(scaleapi.operations) do
            local told = scaleapi.describe(row.name)
            for _, key in ipairs { "name", "summary", "method", "path", "standing" } do
                assert.equal(row[key], told[key])
            end
            for _, key in ipairs { "body", "answer", "unclear", "example" } do assert.is_string(told[key], row.name) end
            assert.equal(#row.parameters, #told.parameters)
            for i, parameter in ipairs(told.parameters) do
                assert.equal(row.parameters[i].name, parameter.name)
                assert.is_string(parameter.kind)
                assert.is_string(parameter.about)
                assert.is_string(told.sources[parameter.standing], parameter.standing)
                assert.equal(row.parameters[i].enumeration ~= nil, parameter.values ~= nil)
            end
            for _, failure in ipairs(told.failures) do assert.is_string(told.sources[failure.standing], failure.standing) end
            if row.object then assert.is_table(told.fields, row.object) end
        end
    end)

    it("knows the values of an enumeration, in the table's order", function()
        local told = scaleapi.describe "get_tasks"
        for _, parameter in ipairs(told.parameters) do
            if parameter.name == "status" then
                assert.same({ "pending", "completed", "canceled", "error" }, parameter.values)
            end
        end
    end)

    it("has each way to fail once, by status", function()
        local statuses = {}
        for i, failure in ipairs(scaleapi.describe("get_task").failures) do statuses[i] = failure.status end
        assert.same({ 401, 402, 404, 429, 500, 503, 504 }, statuses)
    end)

    it("finds an operation by its other names", function()
        assert.equal("get_tasks", scaleapi.describe("tasks").name)
        assert.same({ "v2_get_tasks" }, scaleapi.describe("v2_get_tasks").also)
        assert.equal("get_openapi", scaleapi.describe("v2.get_openapi").name)
    end)

    it("says which name was probably meant", function()
        assert.same({ nil, "unknown operation 'get_tsk'; did you mean 'get_task'?" }, { scaleapi.describe "get_tsk" })
        assert.same({ nil, "unknown operation ''" }, { scaleapi.describe "" })
        assert.same({ nil, "unknown operation 'nil'" }, { scaleapi.describe(nil) })
    end)
end)

describe("call", function()
    local server, client

    before_each(function()
        server = fake.start { '{"docs":[],"name":"b","task_id":"1"}' }
        client = server:client()
    end)

    after_each(function()
        client:close()
        server:close()
    end)

    -- What fn raises, without the line.
    local function problem(fn, ...)
        local ok, message = pcall(fn, ...)
        assert.is_false(ok)
        assert.is_string(message)
        return (message:gsub("^[^:]*:%d+: ", ""))
    end

    it("takes the official SDK's names, and says what is wrong with others", function()
        client:call("tasks", { project_name = "p" })
        assert.equal("GET /v1/tasks?project=p", server:line())
        assert.equal("unknown operation 'get_taskz'; did you mean 'get_task'?", problem(client.call, client, "get_taskz"))
        assert.equal("unknown operation 'nil'", problem(client.call, client))
    end)

    it("takes a whole body, which is sent as it stands", function()
        local body = '{"z":1.0, "name":"b","project":"p"}'
        client:call("create_batch", { body = body })
        assert.equal(body, server.requests[1].body)
        client:create_batch { body = { name = "b", project = "p" } }
        assert.equal('{"name":"b","project":"p"}', server.requests[2].body)
        client:call("audit_task", "1", { body = '{"accepted":true}' })
        assert.equal("POST /v1/task/1/audit", server:line())
        assert.equal('{"accepted":true}', server.requests[3].body)
    end)

    it("refuses a whole body that is wrong", function()
        assert.matches("not JSON at byte 2", problem(client.call, client, "create_batch", { body = "{" }))
        assert.equal("the body of create_batch must be a JSON object", problem(client.call, client, "create_batch", { body = "[]" }))
        assert.equal("the body of create_batch must be a table or JSON text, not number",
            problem(client.call, client, "create_batch", { body = 1 }))
        assert.equal("create_batch needs project, a string", problem(client.call, client, "create_batch", { body = "{}" }))
        assert.equal("the body of create_batch was given already",
            problem(client.call, client, "create_batch", { body = "{}", project = "p" }))
        assert.equal("get_task takes no JSON body", problem(client.call, client, "get_task", "1", { body = "{}" }))
        assert.equal(0, #server.requests)
    end)
end)
