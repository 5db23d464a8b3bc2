-- plain lua too
-- https: own authorities, wrong certificates, client certificates. socat speaks TLS in front of a plain server.

local scaleapi = require "scaleapi"
local sys = require "scaleapi.sys"
local fake = dofile "tests/spec/support/fake.lua"
local certificates = dofile "tests/spec/support/certificates.lua"

local TASK = '{"task_id":"1","type":"t","status":"pending"}'

-- A free port: one that was just given to a server of ours.
local function free_port()
    local server = fake.start { TASK }
    local port = server.server.port
    server:close()
    return port
end

describe("https", function()
    local folder, server, pids

    -- TLS in front of the fake server; returns its URL.
    local function terminate(certificate, options)
        local port = free_port()
        local listen = ("OPENSSL-LISTEN:%d,bind=127.0.0.1,reuseaddr,fork,cert=%s/%s.pem,%s"):format(
            port, folder, certificate, options or "verify=0")
        local pipe = assert(io.popen(("socat '%s' TCP:127.0.0.1:%d >/dev/null 2>&1 & echo $!"):format(
            listen, server.server.port)))
        table.insert(pids, pipe:read "l")
        pipe:close()
        -- Until it listens.
        for _ = 1, 200 do
            local probe = os.execute(("socat -u OPEN:/dev/null TCP:127.0.0.1:%d 2>/dev/null"):format(port))
            if probe then break end
            scaleapi.sleep(0.01)
        end
        return ("https://127.0.0.1:%d"):format(port)
    end

    local function get(url, options)
        options.api_key, options.base_url, options.max_attempts = "test_key", url, 2
        local client = scaleapi.client(options)
        local ok, result = pcall(client.get_task, client, "1")
        client:close()
        return ok and result.task_id or result
    end

    setup(function()
        folder = os.tmpname()
        os.remove(folder)
        assert(sys.make_directory(folder))
        certificates.make(folder)
    end)

    teardown(function() certificates.run("rm -r " .. folder) end)

    before_each(function()
        pids = {}
        server = fake.start { TASK }
    end)

    after_each(function()
        for _, pid in ipairs(pids) do os.execute("kill " .. pid .. " 2>/dev/null") end
        server:close()
    end)

    it("works with an own authority", function()
        assert.equal("1", get(terminate "server", { ca_file = folder .. "/ca.pem" }))
        assert.equal("Basic dGVzdF9rZXk6", server.requests[1].headers.authorization)
    end)

    it("refuses a server that nobody vouches for, without sending the key", function()
        local err = get(terminate "server", {})
        assert.same({ "tls", 1, false }, { err.kind, err.attempts, err.retriable })
        assert.matches("certificate", err.message)
        assert.equal(0, #server.requests)
    end)

    it("refuses a certificate of another name", function()
        local err = get(terminate "other", { ca_file = folder .. "/ca.pem" })
        assert.equal("tls", err.kind)
        assert.equal(0, #server.requests)
    end)

    it("holds for the second API and for look-ups", function()
        local page = '{"docs":[{"task_id":"1","type":"comparison","unique_id":"u","params":{}}]}'
        server:close()
        server = fake.start { TASK, { status = 500 }, { status = 409 }, page }
        local client = scaleapi.client { api_key = "test_key", base_url = terminate "server",
            ca_file = folder .. "/ca.pem" }
        assert.equal("1", client.v2:get_task("1").task_id)
        assert.equal("1", client:create_task("comparison", { unique_id = "u" }).task_id)
        assert.equal("GET /v1/tasks?unique_id=u", server:line())
        client:close()
    end)

    it("can be told not to verify", function()
        assert.equal("1", get(terminate "other", { verify = false }))
    end)

    it("names an authority file that is not there", function()
        local err = get(terminate "server", { ca_file = "/nowhere/ca.pem" })
        assert.equal("tls", err.kind)
        assert.matches("/nowhere/ca.pem", err.message)
    end)

    it("shows a client certificate", function()
        local url = terminate("server", ("verify=1,cafile=%s/ca.pem"):format(folder))
        assert.equal("1", get(url, { ca_file = folder .. "/ca.pem", cert_file = folder .. "/client.crt",
            key_file = folder .. "/client.key" }))
        local err = get(url, { ca_file = folder .. "/ca.pem" })
        assert.truthy(err.kind == "tls" or err.kind == "network")
        assert.equal(1, #server.requests)
    end)

    it("is spoken by fetch, too, which trusts whom it is told to", function()
        local url = terminate "server"
        assert.equal(200, scaleapi.fetch(url, { ca_file = folder .. "/ca.pem" }).status)
        assert.equal(200, scaleapi.fetch(url, { verify = false }).status)
        assert.equal("tls", fake.failure(scaleapi.fetch, url).kind)
        assert.equal(2, #server.requests)
    end)

    it("takes the authority from the environment", function()
        local url, output = terminate "server", folder .. "/output"
        local script = ('print(require("scaleapi").fetch("%s").status)'):format(url)
        os.execute(("CURL_CA_BUNDLE=%s/ca.pem %s -e '%s' >%s 2>&1 &"):format(folder, os.getenv "LUA", script, output))
        local text
        for _ = 1, 1000 do
            local file = io.open(output)
            text = file and file:read "a" or ""
            if file then file:close() end
            if text ~= "" then break end
            scaleapi.sleep(0.01)
        end
        assert.equal("200\n", text)
    end)

    it("is not left by a redirect", function()
        server:close()
        server = fake.start(function() return { status = 302, headers = { Location = server.url .. "/plain" } } end)
        local err = fake.failure(scaleapi.fetch, terminate "server", { ca_file = folder .. "/ca.pem", follow = true })
        assert.same({ "unexpected_status", 302 }, { err.kind, err.code })
        assert.equal(1, #server.requests)
    end)
end)
