-- HTTP/2: asked for, many requests on one connection, and nothing done twice when the server ends it. nginx speaks it
-- in front of a plain server.

local scaleapi = require "scaleapi"
local sys = require "scaleapi.sys"
local fake = dofile "tests/spec/support/fake.lua"
local nginx = dofile "tests/spec/support/nginx.lua"

local TASK = '{"task_id":"1","type":"comparison","status":"pending"}'

local function describe_with_nginx(name, specs)
    if nginx.find() then return describe(name, specs) end
    print(name .. " is not tested: nginx is not installed")
end

describe_with_nginx("HTTP/2", function()
    local folder, server, front, client

    local function start(script, options)
        server = fake.start(script)
        options.folder, options.upstream = folder, server.url
        front = nginx.start(options)
    end

    local function connect(http, options)
        local all = { api_key = "live_key", base_url = front.url, ca_file = front.ca_file, http = http }
        for name, value in pairs(options or {}) do all[name] = value end
        client = scaleapi.client(all)
    end

    -- Calls fn for each number, 50 at a time. Returns the errors by number.
    local function at_once(count, fn)
        local problems, next_number = {}, 0
        local function numbers()
            next_number = next_number + 1
            return next_number <= count and next_number or nil
        end
        for number, _, problem in scaleapi.parallel(50, numbers, fn) do
            problems[number] = problem
        end
        return problems
    end

    local function create(number)
        return client:create_task("comparison", { unique_id = "u" .. number, attachments = { "x" } })
    end

    setup(function()
        folder = os.tmpname()
        os.remove(folder)
        assert(sys.make_directory(folder))
    end)

    teardown(function() os.execute("rm -rf " .. folder) end)

    after_each(function()
        if client then client:close() end
        if front then front:stop() end
        if server then server:close() end
        client, front, server = nil, nil, nil
    end)

    it("is not spoken unless it is asked for", function()
        start({ TASK }, { http2 = true })
        connect()
        client:get_task "1"
        assert.equal("HTTP/1.1 200\n", front:log(1))
        connect "1.1"
        client:get_task "1"
        assert.equal("HTTP/1.1 200\nHTTP/1.1 200\n", front:log(2))
    end)

    it("puts all requests on one connection", function()
        start({ TASK }, { http2 = true })
        connect "2"
        assert.same({}, at_once(200, create))
        assert.equal(("HTTP/2.0 200\n"):rep(200), front:log(200))
        assert.equal(1, client:stats().connections)
        assert.equal(50, client:stats().most_in_flight)
    end)

    it("is done without where the server has none", function()
        start({ TASK }, { http2 = false })
        connect "2"
        assert.same({}, at_once(100, create))
        assert.equal(("HTTP/1.1 200\n"):rep(100), front:log(100))
    end)

    it("sends at once, on another connection, what the server takes no more on this one", function()
        start({ TASK }, { http2 = true, requests = 30 })
        local retries = 0
        for round = 1, 20 do
            connect("2", { max_attempts = 1 })
            assert.same({}, at_once(50, create))
            assert.equal(50 * round, #server.requests)
            retries = retries + client:stats().retries
            client:close()
        end
        assert.is_true(retries > 0, "no connection ended while requests were under way")
    end)

    it("loses nothing, and does nothing twice, when that happens again and again", function()
        local made = {}
        start(function(request)
            local id = request.body:match '"unique_id":"(u%d+)"'
            made[id] = (made[id] or 0) + 1
            return TASK
        end, { http2 = true, requests = 60 })
        connect("2", { max_attempts = 6 })
        assert.same({}, at_once(1000, create))
        for number = 1, 1000 do assert.equal(1, made["u" .. number], number) end
        assert.is_true(client:stats().connections >= 1000 / 60)
    end)

    it("does not send again what could be done twice", function()
        local made = {}
        start(function(request)
            local id = request.body:match '"instruction":"(%d+)"'
            made[id] = (made[id] or 0) + 1
            return TASK
        end, { http2 = true, requests = 30 })
        connect "2"
        local problems = at_once(300, function(number)
            return client:create_task("comparison", { instruction = tostring(number), attachments = { "x" } })
        end)
        local unclear = 0
        for number = 1, 300 do
            local problem, times = problems[number], made[tostring(number)] or 0
            assert.is_true(times <= 1, number)
            if problem then
                unclear = unclear + 1
                assert.equal("ambiguous", problem.kind)
            else
                assert.equal(1, times, number)
            end
        end
        assert.is_true(unclear > 0, "no connection ended while requests were under way")
    end)

    it("ends a call by itself when its time is up, not its neighbours", function()
        start(function(request)
            if request.path:find "/slow$" then scaleapi.sleep(1) end
            return TASK
        end, { http2 = true })
        connect("2", { max_attempts = 1, timeout = 0.3 })
        local problems = at_once(3, function(number)
            return client:get_task(number == 2 and "slow" or "1")
        end)
        assert.same({ nil, "timeout", nil }, { nil, problems[2] and problems[2].kind, problems[3] })
        client:get_task "1"
        assert.equal(1, client:stats().connections)
    end)
end)

describe("a client", function()
    it("refuses other versions of HTTP", function()
        for _, version in ipairs { "3", "1.0", "", "2.0" } do
            local ok, message = pcall(scaleapi.client, { api_key = "k", http = version })
            assert.is_false(ok)
            assert.matches('http must be "1.1" or "2", not "' .. version .. '"', message, 1, true)
        end
        local ok, message = pcall(scaleapi.client, { api_key = "k", http = 2 })
        assert.is_false(ok)
        assert.matches("'http' must be a string, not number", message, 1, true)
    end)
end)
