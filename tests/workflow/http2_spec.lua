-- Commands over HTTP/2, as processes, with nginx in front of the sandbox.

local scaleapi = require "scaleapi"
local support = require "tests.workflow.support"
local nginx = dofile "tests/spec/support/nginx.lua"

local json = scaleapi.json

describe("over HTTP/2", function()
    local sandbox, front

    before_each(support.setup)
    after_each(function()
        if front then front:stop() end
        front = nil
        support.teardown()
    end)

    local function start(requests)
        sandbox = support.sandbox()
        front = nginx.start { folder = support.path ".", upstream = sandbox, http2 = true, requests = requests }
    end

    local function run(words)
        return support.scalua(words, { SCALE_API_URL = front.url, SCALE_API_KEY = "live_key",
            CURL_CA_BUNDLE = front.ca_file })
    end

    -- How many requests of this version there are among `count` or more.
    local function count_of(version, count)
        return select(2, front:log(count):gsub("HTTP/" .. version:gsub("%.", "%%."), ""))
    end

    it("upload makes each task once though the server ends the connection again and again", function()
        if not nginx.find() then return print "nginx is not installed: not tested" end
        start(50)
        support.write("rows.jsonl", support.rows(2000))
        local code, out, err = run { "upload", "rows.jsonl", "--type", support.TYPE, "--project", "p",
            "--create-project", "--http2", "--json" }
        assert.equal(0, code, err)
        local summary = json.decode(out)
        assert.same({ 2000, 0 }, { summary.created + summary.existing, summary.failed })
        assert.is_true(count_of("2.0", 2000) >= 2000)
        local times = {}
        for _, task in ipairs(support.tasks(sandbox, "p")) do
            local text = task.params.text
            times[text] = (times[text] or 0) + 1
        end
        for i = 1, 2000 do assert.equal(1, times["row " .. i], i) end
    end)

    it("is chosen by an option; both at once are none", function()
        if not nginx.find() then return print "nginx is not installed: not tested" end
        start(1000)
        for _, words in ipairs { {}, { "--http1.1" } } do
            assert.equal(0, (run { "api", "list_teammates", table.unpack(words) }))
        end
        assert.same({ 2, 0 }, { count_of("1.1", 2), count_of("2.0", 2) })
        assert.equal(0, (run { "api", "list_teammates", "--http2" }))
        assert.same({ 2, 1 }, { count_of("1.1", 3), count_of("2.0", 3) })
        local code, _, err = run { "api", "list_teammates", "--http2", "--http1.1" }
        assert.equal(2, code)
        assert.matches("can not be used together", err, 1, true)
    end)
end)
