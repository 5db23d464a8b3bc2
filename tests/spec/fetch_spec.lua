-- plain lua too
-- One plain request to any URL: what goes out, what comes back, how it fails.

local scaleapi = require "scaleapi"
local fake = dofile "tests/spec/support/fake.lua"

local fetch = scaleapi.fetch

local function reply(status, headers, body)
    return { status = status, headers = headers or {}, body = body }
end

describe("fetch", function()
    local served

    local function serve(script)
        served = fake.start(script)
        return served.url
    end

    before_each(function() served = nil end)
    after_each(function() if served then served:close() end end)

    -- Waits in turns of the loop until the condition holds.
    local function eventually(condition)
        local deadline = scaleapi.now() + 10
        while not condition() do
            assert(scaleapi.now() < deadline, "it did not come about")
            scaleapi.sleep(0.002)
        end
    end

    -- ------------------------------------------------------------- answers

    it("gets status, headers and body", function()
        local url = serve { reply(200, { ["X-Mixed-Case"] = "Some Text" }, "hello") }
        local answer = fetch(url .. "/a%2Fb/../c?d=e&f=%20#part")
        assert.same({ 200, "hello", "Some Text", "5" },
            { answer.status, answer.body, answer.headers["x-mixed-case"], answer.headers["content-length"] })
        assert.equal(url .. "/a%2Fb/../c?d=e&f=%20#part", answer.url)
        assert.equal("GET /a%2Fb/../c?d=e&f=%20", served:line())
        assert.equal("", served.requests[1].body)
    end)

    it("takes every status for an answer", function()
        local url = serve { reply(404, nil, "no"), reply(500, nil, "broken"), reply(204) }
        for _, expected in ipairs { { 404, "no" }, { 500, "broken" }, { 204, "" } } do
            local answer = fetch(url)
            assert.same(expected, { answer.status, answer.body })
        end
        assert.equal(3, #served.requests)
    end)

    it("sends method, headers and body", function()
        local url = serve { reply(200) }
        for i, method in ipairs { "POST", "PUT", "DELETE" } do
            fetch(url, { method = method, headers = { ["X-One"] = "1", ["x-number"] = 2, ["X-Empty"] = "" }, body = "body" })
            local request = served.requests[i]
            assert.same({ method, "1", "2", "", "body" }, { request.method, request.headers["x-one"],
                request.headers["x-number"], request.headers["x-empty"], request.body })
        end
    end)

    it("posts when there is a body and no method, without naming a type", function()
        fetch(serve { reply(200) }, { body = "" })
        local request = served.requests[1]
        assert.same({ "POST", "0" }, { request.method, request.headers["content-length"] })
        assert.is_nil(request.headers["content-type"])
        assert.is_nil(request.headers.expect)
    end)

    it("keeps bytes as they are, both ways", function()
        local bytes = {}
        for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
        bytes = table.concat(bytes):rep(5000) -- 1.28 MB
        local url = serve(function(request) return reply(200, nil, request.body:reverse()) end)
        assert.is_true(fetch(url, { body = bytes }).body == bytes:reverse())
    end)

    it("asks for headers alone", function()
        local answer = fetch(serve { reply(200, { ["X-Here"] = "yes" }, "not sent") }, { method = "HEAD" })
        assert.same({ 200, "", "yes", "8" },
            { answer.status, answer.body, answer.headers["x-here"], answer.headers["content-length"] })
        assert.equal("HEAD", served.requests[1].method)
    end)

    it("joins headers that come twice", function()
        local answer = fetch(serve { reply(200, { Twice = "same", twice = "same" }) })
        assert.equal("same, same", answer.headers.twice)
    end)

    -- ----------------------------------------------------------------- keys

    it("never sends the key, though a client speaks to the same server", function()
        local url = serve { reply(200, nil, '{"task_id":"1","type":"t","status":"pending"}') }
        local client = served:client()
        client:get_task "1"
        fetch(url)
        fetch(url, { body = "x" })
        client:close()
        assert.equal("Basic dGVzdF9rZXk6", served.requests[1].headers.authorization)
        assert.is_nil(served.requests[2].headers.authorization)
        assert.is_nil(served.requests[3].headers.authorization)
    end)

    it("sends an authorization that the caller gives, and only to the host that was asked", function()
        local url = serve(function(request)
            if request.path == "/1" then return reply(302, { Location = "/2" }) end
            local port = served.server.port
            if request.path == "/2" then return reply(307, { Location = ("http://localhost:%d/3"):format(port) }) end
            return reply(200)
        end)
        fetch(url .. "/1", { headers = { Authorization = "Bearer mine", cookie = "c" }, follow = true })
        local seen = {}
        for i, request in ipairs(served.requests) do
            seen[i] = (request.headers.authorization or "none") .. " " .. (request.headers.cookie or "none")
        end
        assert.same({ "Bearer mine c", "Bearer mine c", "none none" }, seen)
    end)

    -- ------------------------------------------------------------ redirects

    it("gives a redirect back unless told to follow", function()
        local answer = fetch(serve { reply(302, { Location = "/elsewhere" }, "moved") })
        assert.same({ 302, "/elsewhere", "moved" }, { answer.status, answer.headers.location, answer.body })
        assert.equal(1, #served.requests)
    end)

    it("follows redirects, and says where they led", function()
        local url = serve { reply(301, { Location = "b?x=1" }), reply(308, { Location = "/c" }), reply(200, nil, "there") }
        local answer = fetch(url .. "/a/a", { follow = true })
        assert.same({ 200, "there", url .. "/c" }, { answer.status, answer.body, answer.url })
        assert.same({ "GET /a/a", "GET /a/b?x=1", "GET /c" }, { served:line(1), served:line(2), served:line(3) })
    end)

    it("gets what a POST is sent on to with 303, and posts again with 307", function()
        local url = serve { reply(307, { Location = "/b" }), reply(303, { Location = "/c" }), reply(200) }
        fetch(url .. "/a", { body = "text", headers = { ["Content-Type"] = "text/plain" }, follow = true })
        assert.same({ "POST /a", "POST /b", "GET /c" }, { served:line(1), served:line(2), served:line(3) })
        assert.same({ "text", "" }, { served.requests[2].body, served.requests[3].body })
        assert.is_nil(served.requests[3].headers["content-type"])
    end)

    it("gives up after ten redirects", function()
        local url = serve { reply(302, { Location = "/again" }) }
        local err = fake.failure(fetch, url, { follow = true })
        assert.same({ "unexpected_status", 302 }, { err.kind, err.code })
        assert.matches("10 redirects", err.message)
        assert.equal(11, #served.requests)
    end)

    it("follows none to another protocol", function()
        local url = serve { reply(302, { Location = "file:///etc/passwd" }) }
        local err = fake.failure(fetch, url, { follow = true })
        assert.equal("unexpected_status", err.kind)
        assert.matches("file:///etc/passwd", err.message)
    end)

    -- ------------------------------------------------------- ways of waiting

    it("waits beside other jobs: many at once", function()
        local url = serve(function(request)
            scaleapi.sleep(0.05)
            return reply(200, nil, request.path)
        end)
        local jobs = {}
        for i = 1, 40 do jobs[i] = scaleapi.spawn(function() return fetch(url .. "/" .. i).body end) end
        for i = 1, 40 do assert.equal("/" .. i, jobs[i]:wait()) end
        assert.is_true(served.server:stats().most_in_flight > 30)
    end)

    it("works in a coroutine of the caller's and in a function that cannot yield", function()
        local url = serve { reply(200, nil, "x") }
        assert.equal("x", coroutine.wrap(function() return fetch(url).body end)())
        assert.equal("[x]", (("a"):gsub("a", function() return "[" .. fetch(url).body .. "]" end)))
    end)

    it("uses a connection again", function()
        local url = serve { reply(200, nil, "x") }
        for _ = 1, 5 do fetch(url) end
        assert.equal(1, served.server:stats().connections)
    end)

    it("ends when its job is canceled, and leaves nothing open", function()
        local url = serve(function()
            scaleapi.sleep(0.2)
            return reply(200)
        end)
        local job = scaleapi.spawn(function() return fetch(url) end)
        eventually(function() return #served.requests == 1 end)
        assert.equal(1, served.server:stats().open)
        job:cancel()
        assert.equal("canceled", fake.failure(job.wait, job).kind)
        eventually(function() return served.server:stats().in_flight == 0 end)
        eventually(function() return served.server:stats().open == 0 end) -- not kept for a next request
    end)

    -- ------------------------------------------------------------- failures

    it("says that nobody listens", function()
        local url = serve { reply(200) }
        served:close()
        local err = fake.failure(fetch, url)
        assert.same({ "network", "fetch", 1, true, false }, { err.kind, err.operation, err.attempts, err.retriable, err.unclear })
        assert.is_nil(err.code)
        assert.matches("^fetch: network: ", tostring(err))
    end)

    it("says that a host is unknown", function()
        assert.equal("network", fake.failure(fetch, "http://nowhere.invalid/").kind)
    end)

    it("is sent once: a dropped connection is an error", function()
        local url = serve(function() return { drop = true } end)
        for i, options in ipairs { {}, { body = "x" } } do
            local err = fake.failure(fetch, url, options)
            assert.same({ "network", true }, { err.kind, err.unclear })
            assert.equal(i, #served.requests)
        end
    end)

    it("says that an answer was cut", function()
        local url = serve(function() return { status = 200, body = ("x"):rep(1000), cut = 100 } end)
        local err = fake.failure(fetch, url)
        assert.same({ "bad_answer", 200 }, { err.kind, err.code })
    end)

    it("takes no answer that is larger than allowed", function()
        local url = serve { reply(200, nil, ("x"):rep(1001)) }
        local err = fake.failure(fetch, url, { max_answer = 1000 })
        assert.equal("too_large", err.kind)
        assert.matches("1000 bytes", err.message)
        assert.equal(1001, #fetch(url, { max_answer = 1001 }).body)
    end)

    it("gives up when the time is over, redirects included", function()
        local url = serve(function()
            scaleapi.sleep(0.08)
            return reply(302, { Location = "/again" })
        end)
        local began = scaleapi.now()
        local err = fake.failure(fetch, url, { timeout = 0.2, follow = true })
        assert.same({ "timeout", true }, { err.kind, err.retriable })
        assert.is_true(scaleapi.now() - began < 5)
        assert.is_true(#served.requests >= 2 and #served.requests <= 3)
    end)

    it("says that a URL is bad, at the caller's line, and sends nothing", function()
        serve { reply(200) }
        for url, message in pairs {
            [""] = "does not begin with http", ["ftp://127.0.0.1/"] = "does not begin with http",
            ["/etc/passwd"] = "does not begin with http", ["http://"] = "no host", ["https:///x"] = "no host",
            [served.url .. "/a b"] = "space", [served.url .. "/a\nX: y"] = "control character",
            [served.url .. "/\0"] = "control character",
            [served.url:gsub("//", "//user:secret@")] = "user or a password", -- and no count, as a key
        } do
            local line
            local ok, err = pcall(function()
                line = debug.getinfo(1, "l").currentline + 1
                local answer = fetch(url)
                return answer
            end)
            assert.is_false(ok, url)
            assert.is_true(scaleapi.is_error(err, "usage"), tostring(err))
            assert.matches(message, err.message, 1, true)
            assert.not_matches("secret", tostring(err))
            assert.matches("fetch_spec.lua:" .. line, err.where, 1, true)
        end
        assert.equal(0, #served.requests)
    end)

    it("says that a port is none", function()
        assert.equal("usage", fake.failure(fetch, "http://127.0.0.1:99999/").kind)
    end)

    for what, row in pairs {
        ["no URL"] = { {}, "fetch needs a URL, not nil" },
        ["a URL that is no text"] = { { 1 }, "fetch needs a URL, not number" },
        ["options that are no table"] = { { "http://a/", "x" }, "table of options, not string" },
        ["a misspelt option"] = { { "http://a/", { folow = true } }, "unknown option 'folow' for fetch; did you mean 'follow'?" },
        ["an option without a name"] = { { "http://a/", { "x" } }, "unknown option '1' for fetch" },
        ["another method"] = { { "http://a/", { method = "get" } }, "method must be GET, POST, PUT, DELETE or HEAD" },
        ["a body that is no text"] = { { "http://a/", { body = {} } }, "body must be a string" },
        ["no time"] = { { "http://a/", { timeout = 0 } }, "timeout must be a number of seconds, more than 0" },
        ["a time that is no number"] = { { "http://a/", { connect_timeout = 0 / 0 } }, "connect_timeout must be" },
        ["a size with a fraction"] = { { "http://a/", { max_answer = 1.5 } }, "max_answer must be a number of bytes" },
        ["follow as a text"] = { { "http://a/", { follow = "yes" } }, "follow must be true or false" },
        ["headers as an array"] = { { "http://a/", { headers = { "A: b" } } }, "table of names and texts" },
        ["a NUL in a header"] = { { "http://a/", { headers = { A = "b\0c" } } }, "control character" },
        ["a header that is a table"] = { { "http://a/", { headers = { A = {} } } }, "table of names and texts" },
    } do
        it("refuses " .. what, function()
            local ok, message = pcall(fetch, table.unpack(row[1]))
            assert.is_false(ok)
            assert.equal("string", type(message))
            assert.matches(row[2], message, 1, true)
        end)
    end

    for what, row in pairs {
        ["a line end in a header"] = { { headers = { A = "b\r\nC: d" } }, "control character" },
        ["a header's name with a space"] = { { headers = { ["A b"] = "c" } }, "no header's name" },
        ["a length"] = { { headers = { ["Content-Length"] = "3" }, body = "abc" }, "not for you to set" },
        ["a NUL in a file's name"] = { { ca_file = "a\0b" }, "ca_file must not have a NUL in it" },
        ["a NUL in a proxy's address"] = { { proxy = "http://127.0.0.1:1\0" }, "proxy must not have a NUL in it" },
        ["a GET with a body"] = { { method = "GET", body = "x" }, "has no body" },
    } do
        it("refuses " .. what .. ", and sends nothing", function()
            local err = fake.failure(fetch, serve { reply(200) }, row[1])
            assert.equal("usage", err.kind)
            assert.matches(row[2], err.message, 1, true)
            assert.equal(0, #served.requests)
        end)
    end
end)
