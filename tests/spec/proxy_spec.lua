-- plain lua too
-- Proxies: what goes through one, for both APIs, and what never does.

local scaleapi = require "scaleapi"
local fake = dofile "tests/spec/support/fake.lua"

local TASK = '{"task_id":"1","status":"pending"}'

describe("a proxy", function()
    local proxy, clients

    local function client(options)
        local all = { api_key = "test_key", allow_http = true, base_url = "http://api.invalid", max_attempts = 1 }
        for key, value in pairs(options) do all[key] = value end
        clients[#clients + 1] = scaleapi.client(all)
        return clients[#clients]
    end

    before_each(function()
        clients = {}
        proxy = fake.start { TASK }
    end)

    after_each(function()
        for _, each in ipairs(clients) do each:close() end
        proxy:close()
    end)

    it("carries the requests of both APIs, and the key is for the server", function()
        local c = client { proxy = proxy.url }
        c:get_task "1"
        c.v2:get_task "1"
        assert.equal("GET http://api.invalid/v1/task/1", proxy:line(1))
        assert.equal("GET http://api.invalid/v2/task?task_id=1", proxy:line(2))
        assert.same({ "Basic dGVzdF9rZXk6", "Bearer test_key", "api.invalid" }, { proxy.requests[1].headers.authorization,
            proxy.requests[2].headers.authorization, proxy.requests[1].headers.host })
        assert.is_nil(proxy.requests[1].headers["proxy-authorization"])
        assert.matches("^scalua/%S+ libcurl/%S+ %a+$", proxy.requests[1].headers["user-agent"])
    end)

    it("that is asked for a tunnel learns who asks, and not the key", function()
        local c = client { proxy = proxy.url, base_url = "https://api.invalid" }
        fake.failure(c.get_task, c, "1")
        local request = proxy.requests[1]
        assert.equal("CONNECT", request.method)
        assert.matches("^scalua/", request.headers["user-agent"])
        assert.is_nil(request.headers.authorization)
    end)

    it("carries look-ups too", function()
        proxy:close()
        proxy = fake.start { { status = 500 }, { status = 409 },
            '{"docs":[{"task_id":"1","type":"comparison","unique_id":"u","params":{}}]}' }
        local task = client({ proxy = proxy.url, max_attempts = 2 }):create_task("comparison", { unique_id = "u" })
        assert.equal("1", task.task_id)
        assert.equal("GET http://api.invalid/v1/tasks?unique_id=u", proxy:line())
    end)

    it("is never asked for what is on this machine", function()
        local server = fake.start { TASK }
        for _, host in ipairs { "127.0.0.1", "localhost" } do
            local c = client { proxy = proxy.url, base_url = server.url:gsub("127%.0%.0%.1", host) }
            assert.equal("1", c:get_task("1").task_id)
            assert.equal("1", c.v2:get_task("1").task_id)
        end
        assert.equal(0, #proxy.requests)
        server:close()
    end)

    it("that is not there is a network error, and nothing was sent", function()
        local url = proxy.url
        proxy:close()
        for _, call in ipairs { "get_task", "v2.get_task" } do
            local c = client { proxy = url }
            local err = fake.failure(c.call, c, call, "1")
            assert.same({ "network", false }, { err.kind, err.unclear })
        end
        proxy = fake.start { TASK }
    end)
end)
