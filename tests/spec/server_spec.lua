-- plain lua too
-- scaleapi.server over real sockets: what it hands to its handler, what it sends, what it withstands.

local scaleapi = require "scaleapi"
local scheduler = require "scaleapi.scheduler"
local server = require "scaleapi.server"
local wire = dofile "tests/spec/support/wire.lua"

local CLOSE = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"

describe("a server", function()
    local s, requests, told

    -- A server that keeps what it gets; it answers what `handler` returns, or 200 and "fine".
    local function listen(handler, options)
        local all = { on_error = function(message, request) table.insert(told, { message, request }) end }
        for name, value in pairs(options or {}) do all[name] = value end
        function all.handler(request)
            table.insert(requests, request)
            return handler and handler(request) or { status = 200, body = "fine" }
        end
        s = server.listen(all)
        return s
    end

    local function send(pieces, seconds)
        return wire.send(s.port, pieces, seconds)
    end

    -- Turns the loop until it is so.
    local function wait_until(is_so)
        local deadline = scaleapi.now() + 5
        while not is_so() do
            assert(scaleapi.now() < deadline, "it did not come")
            scaleapi.sleep(0.005)
        end
    end

    before_each(function() requests, told = {}, {} end)
    after_each(function()
        if s then s:close() end
        s = nil
    end)

    describe("hands its handler", function()
        it("method, raw path, raw query, headers and body", function()
            listen()
            send("PUT /a%2Fb%20c/%C3%A9?x=%20y&z" .. CLOSE .. "X-One:  a b \r\nContent-Length: 4\r\n\r\n\0\r\n\255")
            assert.same({ "PUT", "/a%2Fb%20c/%C3%A9", "x=%20y&z", "\0\r\n\255" },
                { requests[1].method, requests[1].path, requests[1].query, requests[1].body })
            assert.equal("a b", requests[1].headers["x-one"])
            assert.is_nil(requests[1].headers["X-One"])
        end)

        it("no query where there is none, and an empty one where it is empty", function()
            listen()
            send("GET /a" .. CLOSE .. "\r\n")
            send("GET /a?" .. CLOSE .. "\r\n")
            assert.is_nil(requests[1].query)
            assert.equal("", requests[2].query)
            assert.equal("", requests[1].body)
        end)

        it("headers that came twice, joined", function()
            listen()
            send("GET /" .. CLOSE .. "X-A: 1\r\nx-a: 2\r\nX-B: 3\r\nX-A: 4\r\n\r\n")
            assert.same({ "1, 2, 4", "3" }, { requests[1].headers["x-a"], requests[1].headers["x-b"] })
        end)

        it("a chunked body in one piece", function()
            listen()
            send("POST /" .. CLOSE .. "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n")
            assert.equal("abcdefg", requests[1].body)
        end)

        it("a large body, byte by byte what was sent", function()
            listen()
            local body = {}
            for i = 1, 40000 do body[i] = ("%07d\0\r\n\255"):format(i) end
            body = table.concat(body)
            send("POST /" .. CLOSE .. "Content-Length: " .. #body .. "\r\n\r\n" .. body)
            assert.is_true(body == requests[1].body)
        end)

        it("a request that comes in drops", function()
            listen()
            local answer = send { "PO", 0.02, "ST /slow HT", 0.02, "TP/1.1\r\nHost: x\r\nConn", 0.02,
                "ection: close\r\nContent-Length: 6\r\n\r\nab", 0.02, "cd", 0.02, "ef" }
            assert.matches("^HTTP/1.1 200 ", answer)
            assert.equal("abcdef", requests[1].body)
        end)

        it("a request that waits to be told to go on", function()
            listen()
            local answer = send { "POST /" .. CLOSE .. "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n", 0.05, "abc" }
            assert.matches("^HTTP/1.1 100 .-HTTP/1.1 200 ", answer)
            assert.equal("abc", requests[1].body)
        end)
    end)

    describe("sends", function()
        it("status, headers and body", function()
            listen(function() return { status = 418, headers = { ["X-A"] = "b c", ["X-N"] = 7 }, body = "tea\0pot" } end)
            local answer = send("GET /" .. CLOSE .. "\r\n")
            assert.matches("^HTTP/1.1 418 ", answer)
            assert.matches("\r\nX%-A: b c\r\n", answer)
            assert.matches("\r\nX%-N: 7\r\n", answer)
            assert.matches("\r\nContent%-Length: 7\r\n", answer)
            assert.equal("tea\0pot", answer:sub(-7))
        end)

        it("an empty body when there is none", function()
            listen(function() return { status = 200 } end)
            assert.matches("\r\nContent%-Length: 0\r\n\r\n$", send("GET /" .. CLOSE .. "\r\n"))
        end)

        it("no body to HEAD", function()
            listen()
            assert.matches("\r\nContent%-Length: 4\r\n\r\n$", send("HEAD /" .. CLOSE .. "\r\n"))
        end)

        it("not a byte when told to drop", function()
            listen(function() return { drop = true } end)
            assert.equal("", send("POST /" .. CLOSE .. "Content-Length: 3\r\n\r\nabc"))
            assert.equal("abc", requests[1].body)
        end)

        for cut, body in pairs { [0] = "", [3] = "012", [10] = "0123456789", [99] = "0123456789" } do
            it("only " .. cut .. " bytes of ten when told to cut", function()
                listen(function() return { status = 200, body = "0123456789", cut = cut } end)
                local head, rest = send("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 0.3):match "^(.-\r\n\r\n)(.*)$"
                assert.matches("\r\nContent%-Length: 10\r\n", head)
                assert.equal(body, rest)
            end)
        end

        it("500 when the handler raises, and tells why elsewhere", function()
            listen(function() error "boom" end)
            local answer = send("GET /x" .. CLOSE .. "\r\n")
            assert.matches("^HTTP/1.1 500 ", answer)
            assert.not_matches("boom", answer)
            assert.matches("server_spec.lua:%d+: boom\nstack traceback", told[1][1])
            assert.equal("/x", told[1][2].path)
        end)

        it("500 when the handler raises what is no text", function()
            listen(function() error(setmetatable({}, { __tostring = function() return "an object" end })) end)
            assert.matches("^HTTP/1.1 500 ", send("GET /" .. CLOSE .. "\r\n"))
            assert.matches("^an object\nstack traceback", told[1][1])
        end)

        for name, response in pairs {
            ["is a text"] = "fine", ["has no status"] = { body = "x" }, ["has a status of 99"] = { status = 99 },
            ["has a status of 600"] = { status = 600 }, ["has half a status"] = { status = 200.5 },
            ["has a table as body"] = { status = 200, body = {} }, ["has a cut of -1"] = { status = 200, cut = -1 },
            ["has a broken header"] = { status = 200, headers = { ["X-A"] = "a\r\nb" } },
            ["has a header without a name"] = { status = 200, headers = { [""] = "b" } },
            ["has headers in a list"] = { status = 200, headers = { "a" } },
            ["has a table as header"] = { status = 200, headers = { a = {} } },
        } do
            it("500 for a response that " .. name, function()
                listen(function() return response end)
                assert.matches("^HTTP/1.1 500 ", send("GET /" .. CLOSE .. "\r\n"))
                assert.equal(1, #told)
            end)
        end

        it("500 even if on_error raises", function()
            listen(function() error "boom" end, { on_error = function() error "again" end })
            assert.matches("^HTTP/1.1 500 ", send("GET /" .. CLOSE .. "\r\n"))
            assert.matches("^HTTP/1.1 500 ", send("GET /" .. CLOSE .. "\r\n"))
        end)
    end)

    describe("answers", function()
        it("many requests on one connection", function()
            listen(function(request) return { status = 200, body = request.path } end)
            local first = "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
            local answer = send { first, 0.05, "GET /2 HTTP/1.1\r\nHost: x\r\n\r\nGET /3" .. CLOSE .. "\r\n" }
            assert.matches("\r\n\r\n/1HTTP/1.1 200 .*\r\n\r\n/2HTTP/1.1 200 .*\r\n\r\n/3$", answer)
            assert.same({ 1, 3 }, { s:stats().connections, s:stats().requests })
        end)

        it("requests beside each other while their handlers wait", function()
            local is_over = false
            listen(function(request)
                repeat scaleapi.sleep(0.01) until is_over or request.path == "/quick"
                return { status = 200, body = request.path }
            end)
            local slow = wire.start(s.port, "GET /slow" .. CLOSE .. "\r\n")
            wait_until(function() return #requests == 1 end)
            assert.matches("/quick$", send("GET /quick" .. CLOSE .. "\r\n"))
            assert.equal(1, s:stats().in_flight)
            is_over = true
            assert.matches("/slow$", slow())
            assert.equal(2, s:stats().most_in_flight)
            assert.equal(0, s:stats().in_flight)
        end)

        it("clients of its own process, while they wait", function()
            listen(function()
                scaleapi.sleep(0.05)
                return { status = 200, body = '{"status":"staging"}' }
            end)
            local client <close> = scaleapi.client { api_key = "test_x", base_url = s.url }
            local started = scaleapi.now()
            local jobs = {}
            for i = 1, 20 do jobs[i] = scaleapi.spawn(function() return client:batch_status "b" end) end
            for i = 1, 20 do assert.equal("staging", jobs[i]:wait().status) end
            assert.is_true(scaleapi.now() - started < 0.5)
            assert.equal(20, s:stats().most_in_flight)
        end)
    end)

    describe("withstands", function()
        it("a body larger than it takes: 413, and the connection ends", function()
            listen(nil, { max_body = 1000 })
            local answer = send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" .. ("x"):rep(200000))
            assert.matches("^HTTP/1.1 413 ", answer)
            assert.matches("Connection: close", answer)
            assert.equal(0, #requests)
        end)

        it("a chunked body larger than it takes", function()
            listen(nil, { max_body = 1000 })
            local chunk = "1000\r\n" .. ("x"):rep(4096) .. "\r\n"
            local answer = send("POST /" .. CLOSE .. "Transfer-Encoding: chunked\r\n\r\n" .. chunk:rep(10) .. "0\r\n\r\n")
            assert.matches("^HTTP/1.1 413 ", answer)
            assert.equal(0, #requests)
        end)

        it("a body of exactly what it takes", function()
            listen(nil, { max_body = 1000 })
            local answer = send("POST /" .. CLOSE .. "Content-Length: 1000\r\n\r\n" .. ("x"):rep(1000))
            assert.matches("^HTTP/1.1 200 ", answer)
        end)

        it("a sender that asks before it sends too much", function()
            listen(nil, { max_body = 1000 })
            local answer = send("POST /" .. CLOSE .. "Content-Length: 99999999999\r\nExpect: 100-continue\r\n\r\n")
            assert.matches("^HTTP/1.1 413 ", answer)
        end)

        for name, bytes in pairs {
            ["no HTTP"] = "\1\2\3 what?\r\n\r\n\r\n",
            ["a request without a host of its own"] = "GET\r\n\r\n",
            ["a length that is no number"] = "POST /" .. CLOSE .. "Content-Length: ten\r\n\r\n",
            ["a length below 0"] = "POST /" .. CLOSE .. "Content-Length: -1\r\n\r\nabc",
            ["a chunk whose size is no number"] = "POST /" .. CLOSE .. "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            ["headers without an end"] = "GET /" .. CLOSE .. ("X-Long: " .. ("x"):rep(1000) .. "\r\n"):rep(100),
            ["a target without an end"] = "GET /" .. ("x"):rep(100000),
        } do
            it(name .. ", and answers the next", function()
                listen()
                send(bytes, 0.3)
                assert.equal(0, #requests)
                assert.matches("^HTTP/1.1 200 ", send("GET /" .. CLOSE .. "\r\n"))
            end)
        end

        for name, lines in pairs {
            ["two lengths"] = "Content-Length: 2\r\nContent-Length: 5\r\n\r\n{}",
            ["a length and chunks"] = "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            ["an encoding that nobody knows"] = "Transfer-Encoding: gzip\r\n\r\n{}",
            ["a space in a header's name"] = "X Y: a\r\n\r\n",
            ["a control character in a header"] = "X: a\1b\r\n\r\n",
            ["a carriage return in a header"] = "X: a\rY: b\r\n\r\n",
            ["a header without a colon"] = "nonsense\r\n\r\n",
        } do
            it(name .. ": 400, and the connection ends", function()
                listen()
                local answer = send("POST / HTTP/1.1\r\nHost: x\r\n" .. lines)
                assert.matches("^HTTP/1.1 400 ", answer)
                assert.equal(0, #requests)
                assert.matches("^HTTP/1.1 200 ", send("GET /" .. CLOSE .. "\r\n"))
            end)
        end

        it("a method that is none: 400", function()
            listen()
            assert.matches("^HTTP/1.1 400 ", send("G\1T / HTTP/1.1\r\nHost: x\r\n\r\n"))
            assert.equal(0, #requests)
        end)

        it("headers that never end: 431, and a target that never ends: 414", function()
            listen()
            assert.matches("^HTTP/1.1 431 ", send("GET /" .. CLOSE .. ("X-Long: " .. ("x"):rep(1000) .. "\r\n"):rep(100)))
            assert.matches("^HTTP/1.1 414 ", send("GET /" .. ("x"):rep(100000)))
        end)

        it("a thousand requests in one piece", function()
            listen()
            local answer = send(("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"):rep(999) .. "GET /b" .. CLOSE .. "\r\n")
            assert.equal(1000, select(2, answer:gsub("HTTP/1.1 200 OK", "")))
            assert.equal("/b", requests[1000].path)
        end)

        it("more bodies at once than it has room for: 503, until those that have stopped are gone", function()
            listen(nil, { max_body = 24 << 20 })
            local head = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 25000000\r\n\r\n"
            local body, stopped = ("x"):rep(25000000), {}
            for i = 1, 7 do stopped[i] = wire.start(s.port, head .. body:sub(2), 8) end
            wait_until(function() return s:stats().open == 7 end)
            local answer
            wait_until(function()
                answer = send(head .. body)
                return not answer:find "^HTTP/1.1 200 "
            end)
            assert.matches("^HTTP/1.1 503 ", answer)
            assert.matches("\r\nRetry%-After: 1\r\n", answer)
            wait_until(function() return send(head .. body):find "^HTTP/1.1 200 " end)
            for i = 1, 7 do assert.equal("", stopped[i]()) end
        end)

        it("garbage behind a good request", function()
            listen()
            local answer = send("GET /good HTTP/1.1\r\nHost: x\r\n\r\n\0\0\0 garbage \r\n\r\n", 0.3)
            assert.matches("^HTTP/1.1 200 ", answer)
            assert.equal(1, #requests)
            assert.matches("^HTTP/1.1 200 ", send("GET /" .. CLOSE .. "\r\n"))
        end)

        it("a client that goes before its answer comes", function()
            listen(function(request)
                if request.path == "/slow" then scaleapi.sleep(0.3) end
                return { status = 200, body = ("x"):rep(100000) }
            end)
            send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n", 0.05)
            wait_until(function() return s:stats().in_flight == 0 end)
            assert.matches("^HTTP/1.1 200 ", send("GET /" .. CLOSE .. "\r\n"))
            assert.same({}, told)
        end)

        it("a client that goes in the middle of its body", function()
            listen()
            send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc", 0.05)
            wait_until(function() return s:stats().open == 0 end)
            assert.equal(0, #requests)
        end)

        it("a client that says nothing, for as long as idle_timeout says", function()
            listen(nil, { idle_timeout = 1 })
            local silent = wire.start(s.port, "GET / HT", 4)
            wait_until(function() return s:stats().open == 1 end)
            wait_until(function() return s:stats().open == 0 end)
            assert.not_matches("200", silent())
        end)

        it("more clients than max_connections, which wait", function()
            listen(nil, { max_connections = 1 })
            local first = wire.start(s.port, { "GET /" .. CLOSE, 0.1, "\r\n" })
            local second = wire.start(s.port, { "GET /" .. CLOSE, 0.1, "\r\n" })
            assert.matches("^HTTP/1.1 200 ", first())
            assert.matches("^HTTP/1.1 200 ", second())
            assert.equal(2, s:stats().connections)
        end)

        it("as many idle clients as max_connections: they make room", function()
            listen(nil, { max_connections = 2 })
            local idle = { wire.start(s.port, "GET / HT", 5), wire.start(s.port, "", 5) }
            wait_until(function() return s:stats().open == 2 end)
            local started = scaleapi.now()
            assert.matches("^HTTP/1.1 200 ", send("GET /" .. CLOSE .. "\r\n"))
            assert.is_true(scaleapi.now() - started < 3)
            for i = 1, 2 do assert.not_matches("200", idle[i]()) end
        end)

        it("as many busy clients as max_connections: no one has to go", function()
            listen(function(request)
                if request.path == "/slow" then scaleapi.sleep(2) end
                return { status = 200, body = request.path }
            end, { max_connections = 2 })
            local slow = { wire.start(s.port, "GET /slow" .. CLOSE .. "\r\n"), wire.start(s.port, "GET /slow" .. CLOSE .. "\r\n") }
            wait_until(function() return s:stats().in_flight == 2 end)
            assert.matches("/quick$", send("GET /quick" .. CLOSE .. "\r\n"))
            for i = 1, 2 do assert.matches("/slow$", slow[i]()) end
        end)
    end)

    describe("closes", function()
        it("with requests open, which end without an answer", function()
            local resumed = false
            listen(function()
                scaleapi.sleep(10)
                resumed = true
            end)
            local open = wire.start(s.port, "GET /" .. CLOSE .. "\r\n")
            wait_until(function() return #requests == 1 end)
            s:close()
            assert.equal("", open())
            assert.is_false(scaleapi.step()) -- no job is left
            assert.is_false(resumed)
            assert.same({}, told)
        end)

        it("from inside its handler", function()
            listen(function()
                s:close()
                return { status = 200 }
            end)
            assert.equal("", send("GET /" .. CLOSE .. "\r\n"))
            assert.same({}, told)
        end)

        it("although something has arrived that nobody was told of yet", function()
            listen()
            local open = wire.start(s.port, "GET /" .. CLOSE .. "\r\n")
            local deadline = scaleapi.now() + 0.3
            while scaleapi.now() < deadline do scheduler.pump() end -- notices, and runs nothing
            s:close()
            scaleapi.step()
            assert.equal("", open())
            assert.equal(0, #requests)
        end)

        it("twice, and frees its port", function()
            listen()
            local port = s.port
            s:close()
            s:close()
            assert.equal("Server (closed)", tostring(s))
            local again <close> = server.listen { port = port, handler = print }
            assert.equal(port, again.port)
        end)

        it("and leaves nothing behind", function()
            listen()
            send("GET /" .. CLOSE .. "\r\n")
            local left = setmetatable({ [s] = true }, { __mode = "k" })
            s:close()
            s = nil
            collectgarbage()
            collectgarbage()
            assert.is_nil(next(left))
        end)

        it("and still knows its counts", function()
            listen()
            send("GET /" .. CLOSE .. "\r\n")
            s:close()
            assert.same({ connections = 1, open = 0, requests = 1, in_flight = 0, most_in_flight = 1 }, s:stats())
        end)
    end)

    describe("says at the caller's line", function()
        local function problem(options)
            local ok, message = pcall(server.listen, options)
            assert.is_false(ok)
            return message
        end

        for expected, options in pairs {
            ["listen needs a table of options, not nil"] = false,
            ["listen needs a function as handler, not nil"] = {},
            ["listen knows no option 'prot'"] = { prot = 1, handler = print },
            ["port must be an integer from 0 to 65535"] = { port = 65536, handler = print },
            ["max_body must be an integer"] = { max_body = "x", handler = print },
            ["max_connections must be an integer from 1"] = { max_connections = 0, handler = print },
            ["idle_timeout must be an integer"] = { idle_timeout = 0.5, handler = print },
            ["host must be an IP address, not 'scale.com'"] = { host = "scale.com", handler = print },
        } do
            it("that " .. expected, function()
                assert.matches(expected:gsub("%p", "%%%0"), (problem(options or nil)))
            end)
        end

        it("which port is taken", function()
            listen()
            local ok, message = pcall(function()
                server.listen { port = s.port, handler = print }
            end)
            assert.is_false(ok)
            assert.matches("server_spec.lua:%d+: cannot listen on 127.0.0.1 port %d+: Address already in use", message)
        end)
    end)

    it("listens on localhost by name, and on IPv6 where there is one", function()
        listen(nil, { host = "localhost" })
        assert.matches("^http://127%.0%.0%.1:%d+$", s.url)
        local ok, other = pcall(server.listen, { host = "::1", handler = print })
        if ok then
            assert.matches("^http://%[::1%]:%d+$", other.url)
            other:close()
        end
    end)
end)
