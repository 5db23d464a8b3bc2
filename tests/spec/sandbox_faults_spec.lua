-- plain lua too
-- What goes wrong when the sandbox is told so: rate limits, garbage, targets; at the start and while it runs.

local scaleapi = require "scaleapi"
local sandbox = require "scaleapi.sandbox"
local garbage = require "scaleapi.sandbox.garbage"
local options = require "scaleapi.sandbox.options"
local wire = dofile "tests/spec/support/wire.lua"

local json = scaleapi.json

local TASK = { attachments = scaleapi.array(), choices = { "yes", "no" } }
local KEY = "Host: x\r\nAuthorization: Bearer test_key\r\n"

describe("faults of a sandbox", function()
    local running, client

    local function start(given)
        running = sandbox.start(given or {})
        client = scaleapi.client { api_key = "test_key", base_url = running.url, max_attempts = 1, timeout = 5 }
        return running
    end

    after_each(function()
        if client then client:close() end
        if running then running:close() end
        running, client = nil, nil
    end)

    -- The raw answer to one request.
    local function ask(line)
        return wire.send(running.port, line .. " HTTP/1.1\r\n" .. KEY .. "Connection: close\r\n\r\n", 0.5)
    end

    local function create(unique_id)
        local fields = { unique_id = unique_id }
        for name, value in pairs(TASK) do fields[name] = value end
        return client.safe:create_task("comparison", fields)
    end

    -- The error's status, or "done", of so many creates.
    local function codes(count)
        local list = {}
        for i = 1, count do
            local made, err = create()
            list[i] = made and "done" or err.code or "none"
        end
        return list
    end

    describe("rate_limit", function()
        it("lets a second's worth pass, and refuses the rest with 429, nothing done", function()
            start { rate_limit = 3 }
            assert.same({ "done", "done", "done", 429, 429 }, codes(5))
            local stats = running:stats()
            assert.same({ 3, 5, 2, 2 }, { stats.tasks, stats.requests, stats.faults, stats.fault_kinds.rate_limit })
            assert.matches("Too many requests%.", ask "GET /v1/projects")
        end)

        it("lets more pass as time goes by", function()
            start { rate_limit = 4 }
            assert.same({ "done", "done", "done", "done", 429 }, codes(5))
            scaleapi.sleep(0.3)
            assert.same({ "done", 429 }, codes(2))
        end)

        it("says when to come again, in seconds", function()
            start { rate_limit = 0.25 }
            create()
            assert.matches("^HTTP/1.1 429 .*\r\nRetry%-After: 4\r\n", ask "GET /v1/projects")
        end)

        it("says it as it is told to: so many seconds, or a date", function()
            start { rate_limit = 0.25, retry_after = 7 }
            create()
            assert.matches("\r\nRetry%-After: 7\r\n", ask "GET /v1/projects")
            running:set_faults { rate_limit = 0.001, retry_after = 60, retry_after_date = true }
            create()
            local date = ask "GET /v1/projects":match "\r\nRetry%-After: (%a%a%a, %d%d %a%a%a %d%d%d%d %d%d:%d%d:%d%d GMT)\r\n"
            assert.is_true(date == os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 60)
                or date == os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 59), date)
        end)

        it("is kept by a client that waits as long as it is told", function()
            start { rate_limit = 0.5, retry_after = 2 }
            local patient <close> = scaleapi.client { api_key = "test_key", base_url = running.url, max_attempts = 4 }
            local started = scaleapi.now()
            for _ = 1, 2 do patient:create_task("comparison", TASK) end
            assert.is_true(scaleapi.now() - started >= 2)
            assert.equal(2, running:stats().tasks)
        end)
    end)

    describe("garbage", function()
        local function answer_of(name)
            start { targets = { { match = "GET /v1/projects", garbage = name } } }
            local answer = ask "GET /v1/projects"
            return answer:match "^HTTP/1.1 (%d+)", tonumber(answer:match "Content%-Length: (%d+)"),
                answer:match "\r\n\r\n(.*)$", answer
        end

        for name, expected in pairs {
            cut = { "200", 3, "[" }, half = { "200", 1, "[" }, empty = { "200", 0, "" }, array = { "200", 7, "[1,2,3]" },
            number = { "200", 2, "42" },
        } do
            it("of the kind " .. name, function()
                assert.same(expected, { table.unpack({ answer_of(name) }, 1, 3) })
            end)
        end

        it("of the kind html: 502", function()
            local status, _, body = answer_of "html"
            assert.equal("502", status)
            assert.matches("^<html>", body)
        end)

        it("of the kind gzip: what is compressed has no end", function()
            local status, size, body, answer = answer_of "gzip"
            assert.same({ "200", #body, "\x1f\x8b" }, { status, size, body:sub(1, 2) })
            assert.matches("Content%-Encoding: gzip", answer)
        end)

        it("hits a share of the requests, which are done all the same", function()
            start { garbage_rate = 1 }
            for _ = 1, 40 do create() end
            assert.same({ 40, 40, 40 }, { running:stats().tasks, running:stats().faults, running:stats().fault_kinds.garbage })
        end)

        it("does not move what other rates hit", function()
            local function failed(given)
                start(given)
                local list = codes(30)
                running:close()
                for i, code in ipairs(list) do list[i] = code == 500 end
                return list
            end
            assert.same(failed { fail_rate = 0.5, seed = 4 }, failed { fail_rate = 0.5, garbage_rate = 0.5, seed = 4 })
        end)

        it("keeps no client from making each task once", function()
            start { garbage_rate = 0.3, seed = 2 }
            local steady <close> = scaleapi.client { api_key = "test_key", base_url = running.url, max_attempts = 12 }
            local ids, failed = {}, {}
            for i = 1, 40 do ids[i] = "row " .. i end
            for _, made, err in scaleapi.parallel(20, ids, function(id)
                return steady:create_task("comparison", { attachments = scaleapi.array(), choices = { "a" }, unique_id = id },
                    { accept_existing = true })
            end) do
                if not made then table.insert(failed, tostring(err)) end
            end
            assert.same({}, failed)
            assert.equal(40, running:stats().tasks)
            assert.is_true(running:stats().faults > 5)
        end)
    end)

    describe("targets", function()
        it("hit the next requests that match, and no others", function()
            start { targets = { { match = "POST /v1/task/{type}", status = 503, times = 2, retry_after = 1 } } }
            assert.matches("^HTTP/1.1 200 ", ask "GET /v1/projects")
            assert.same({ 503, 503, "done" }, codes(3))
            assert.equal(1, running:stats().tasks)
        end)

        it("let as many pass as they are told to", function()
            start { targets = { { match = "POST /v1/task/comparison", status = 500, skip = 2 } } }
            assert.same({ "done", "done", 500, "done" }, codes(4))
        end)

        it("answer status, headers and body as they are told to, after the work or without it", function()
            start { targets = {
                { match = "POST /v1/task/*", status = 409, body = "no", headers = { ["X-Why"] = "because" }, after_work = true },
                { match = "GET /*", status = 504, body = "" },
            } }
            create "a"
            assert.equal(1, running:stats().tasks)
            assert.matches("^HTTP/1.1 504 .*\r\n\r\n$", ask "GET /v1/projects")
            local answer = ask "POST /v1/task/comparison"
            assert.matches("^HTTP/1.1 400 ", answer) -- the target is used up
        end)

        it("drop the connection, after the work or without it", function()
            start { targets = { { match = "* /v1/task/", drop = true, after_work = true }, { match = "* /v1/task/", drop = true } } }
            assert.same({ "none", "none", "done" }, codes(3))
            assert.equal(2, running:stats().tasks)
        end)

        it("make one request late and no other", function()
            start { targets = { { match = "GET /v1/projects", latency = 0.3 } } }
            local function seconds()
                local started = scaleapi.now()
                assert.equal(0, #client:get_projects())
                return scaleapi.now() - started
            end
            assert.is_true(seconds() > 0.299) -- a difference of two floats
            assert.is_true(seconds() < 0.25)
        end)

        it("go before what is random and what is limited", function()
            start { fail_rate = 1, rate_limit = 0.001, targets = { { match = "POST /v1/task/", status = 503 } } }
            assert.same({ 503, 500, 429 }, codes(3))
        end)

        for match, expected in pairs {
            ["GET /v1/task/{id}"] = { true, false, false }, ["GET /v1/task/"] = { true, true, true },
            ["GET /v1/task/*/b"] = { false, true, false }, ["* /v1/task/{id}/{x}"] = { false, true, true },
            ["GET /v1/task/a.c"] = { false, false, false }, ["POST /v1/task/"] = { false, false, false },
        } do
            it("match paths: " .. match, function()
                local targets = require "scaleapi.sandbox.targets"
                local found = {}
                for i, path in ipairs { "/v1/task/abc", "/v1/task/abc/b", "/v1/task/abc/b-c" } do
                    local list = targets.check { { match = match, drop = true } }
                    found[i] = targets.next(list, { method = "GET", path = path }) ~= nil
                end
                assert.same(expected, found)
            end)
        end

        for expected, target in pairs {
            ["a target must be a table, not 7"] = 7,
            ["a target needs match: a method and a path, as in 'POST /v1/task/{type}'"] = { status = 500 },
            ["a target's match must be a method and a path, as in 'POST /v1/task/{type}', not /v1/tasks"] =
                { match = "/v1/tasks", status = 500 },
            ["a target needs status, drop, garbage or latency"] = { match = "GET /" },
            ["a target has one of status, drop and garbage, not more"] = { match = "GET /", status = 500, drop = true },
            ["a target's body, headers and retry_after need a status"] = { match = "GET /", drop = true, body = "x" },
            ["unknown field of a target 'tims'; did you mean 'times'?"] = { match = "GET /", status = 500, tims = 2 },
            ["a target's times must be a whole number, 1 or more, not 0"] = { match = "GET /", status = 500, times = 0 },
            ["a target's status must be a status from 200 to 599, not 99"] = { match = "GET /", status = 99 },
            ["a target's garbage must be one of " .. table.concat(garbage.names, ", ") .. ", not dirt"] =
                { match = "GET /", garbage = "dirt" },
        } do
            it("are refused: " .. expected, function()
                local ok, message = pcall(sandbox.start, { targets = { target } })
                assert.is_false(ok)
                assert.equal(expected, (message:gsub("^[^ ]*:%d+: ", "")))
            end)
        end

        it("are refused when their headers would break the answer", function()
            local _, problem = options.check { targets = { { match = "GET /", status = 500, headers = { ["X-A"] = "a\r\nb" } } } }
            assert.matches("^a target's headers must be names and texts", problem)
        end)

        it("must be an array", function()
            assert.equal("targets must be an array, not have a match", select(2, options.check { targets = { match = "GET /" } }))
            assert.equal("targets must be an array, not 7", select(2, options.check { targets = 7 }))
        end)
    end)

    describe("can be told", function()
        it("as a text, a target in braces", function()
            assert.same({
                garbage_rate = 0.5, rate_limit = 10, retry_after_date = true,
                targets = { { match = "GET /v1/{x}", status = 503, times = 1, skip = 0, headers = { a = "b" } } },
            }, options.parse('rate-limit=10, garbage-rate=0.5, retry-after-date=true, '
                .. 'target={"match":"GET /v1/{x}","status":503,"headers":{"a":"b"}}'))
        end)

        for text, expected in pairs {
            ["target={x"] = "a target must be a JSON object, not '{x'",
            ["target=7"] = "a target must be a table, not 7",
            ["rate-limit=0"] = "sandbox option rate-limit must be a number of requests a second, more than 0, not 0",
            ["garbage-rate=2"] = "sandbox option garbage-rate must be a number from 0 to 1, not 2",
            ["retry-after=0.5"] = "sandbox option retry-after must be a whole number of seconds, not 0.5",
            ["retry-after-date=maybe"] = "sandbox option retry-after-date must be true or false, not maybe",
            ["assume=x"] = "an assumption is written NAME=VALUE, not 'x'",
            ["assume=x=1"] = "unknown assumption 'x'",
            ["assume=zero_counts=false,assume=zero_counts=true"] = "assumption zero_counts is given twice",
            ["assume=zero_counts=0"] = "assumption zero_counts must be true or false, not 0",
        } do
            it("but not " .. text, function()
                local checked, problem = options.parse(text)
                assert.is_nil(checked)
                assert.is_truthy(problem:find(expected, 1, true) == 1, problem)
            end)
        end

        it("while it runs, all that there are at once", function()
            start { fail_rate = 1 }
            assert.same({ 500 }, codes(1))
            local set = running:set_faults { targets = { { match = "POST /v1/task/", status = 503, times = 2 } } }
            assert.same({ targets = { { match = "POST /v1/task/", status = 503, times = 2, skip = 0 } } }, set)
            assert.same({ 503 }, codes(1))
            assert.equal(1, running:get_faults().targets[1].times)
            assert.same({ 503, "done" }, codes(2))
            running:set_faults { fail_rate = 1 }
            running:set_faults {}
            assert.same({ "done" }, codes(1))
        end)

        it("while it runs, but for what is no fault", function()
            start()
            for expected, settings in pairs {
                ["unknown fault 'fail_rat'; did you mean 'fail_rate'?"] = { fail_rat = 1 },
                ["sandbox option fail_rate must be a number from 0 to 1, not 2"] = { fail_rate = 2 },
                ["unknown field of a target 'tims'; did you mean 'times'?"] = { targets = { { match = "GET /", tims = 1 } } },
            } do
                local ok, message = pcall(function() running:set_faults(settings) end)
                assert.is_false(ok)
                assert.matches("sandbox_faults_spec.lua:%d+: " .. expected:gsub("%p", "%%%0"), message)
            end
            assert.matches("unknown fault 'port'", select(2, pcall(running.set_faults, running, { port = 1 })))
            assert.equal('{"targets":[]}', json.encode(running:get_faults()))
        end)
    end)
end)
