-- Whether a task that a look-up finds was made by the call or was there before, by the server's own clock; and what
-- time that is.

local scaleapi = require "scaleapi"
local sys = require "scaleapi.sys"
local fake = require "tests.spec.support.fake"

local PAYLOAD = { unique_id = "u", project = "p", attachment = "x" }
local DUPLICATE = { status = 409, body = '{"status_code":409,"error":"already used"}' }
local REFUSAL = { status = 400, body = '{"status_code":400,"error":"the batch is finalized"}' }
local HOURS = 3600

local server, client

-- An answer as of now by a clock that is so many seconds ahead of ours: a text, or a function that gives it then.
-- `more` are further headers.
local function dated(body, ahead, more)
    return function()
        local headers = { ["Content-Type"] = "application/json" }
        headers.Date = os.date("!%a, %d %b %Y %H:%M:%S GMT", math.floor(sys.time() + ahead))
        for name, value in pairs(more or {}) do headers[name] = value end
        return { body = type(body) == "function" and body() or body, headers = headers }
    end
end

-- A time so many seconds from now, as the API writes it.
local function time(ahead)
    return os.date("!%Y-%m-%dT%H:%M:%S.123Z", math.floor(sys.time() + ahead))
end

local function task(created_at)
    return ('{"task_id":"7","type":"imageannotation","status":"pending","project":"p","unique_id":"u",'
        .. '"params":{"attachment":"x"}%s}'):format(created_at and (',"created_at":"%s"'):format(created_at) or "")
end

local function page(document)
    return '{"docs":[' .. (document or "") .. '],"total":1,"limit":100,"offset":0,"has_more":false}'
end

local function serve(script)
    if client then client:close() end
    if server then server:close() end
    server = fake.start(script)
    client = server:client()
end

-- What becomes of a task whose creation failed and was then refused, if the look-up gives this answer.
local function outcome_of(answer)
    serve { { status = 500 }, DUPLICATE, answer }
    local made, outcome = client:create_task("imageannotation", PAYLOAD)
    assert.equal("7", made.task_id)
    return outcome
end

after_each(function()
    client:close()
    server:close()
    client, server = nil, nil
end)

describe("a task that is found after an unclear outcome", function()
    for _, skew in ipairs { 0, 5 * HOURS, -5 * HOURS } do
        it(("was there before if it is older than the call, by a clock %d h off"):format(skew // HOURS), function()
            assert.equal("existing", outcome_of(dated(page(task(time(skew - 60))), skew)))
            assert.equal("existing", outcome_of(dated(page(task(time(skew - 6))), skew)))
            assert.equal("created", outcome_of(dated(page(task(time(skew))), skew)))
            assert.equal("created", outcome_of(dated(page(task(time(skew + 1))), skew)))
        end)
    end

    it("counts as made within two seconds before the call, since dates are whole seconds", function()
        assert.equal("created", outcome_of(dated(function() return page(task(time(HOURS - 2))) end, HOURS)))
        assert.equal("existing", outcome_of(dated(function() return page(task(time(HOURS - 6))) end, HOURS)))
    end)

    it("is the call's while the pauses before the look-up last", function()
        local begun = task(time(HOURS))
        serve { { status = 500 }, { status = 503, headers = { ["Retry-After"] = "4" } }, DUPLICATE,
            dated(page(begun), HOURS) }
        assert.equal("created", select(2, client:create_task("imageannotation", PAYLOAD)))
    end)

    it("counts as made when nothing tells: no Date, no time, not of UTC, from a cache", function()
        local old = time(-60)
        assert.equal("created", outcome_of(dated(page(task(old)), 0, { Date = "soon" })))
        assert.equal("created", outcome_of(dated(page(task()), 0)))
        assert.equal("created", outcome_of(dated(page(task "yesterday"), 0)))
        assert.equal("created", outcome_of(dated(page(task(old:gsub("Z", "+02:00"))), 0)))
        assert.equal("created", outcome_of(dated(page(task(old)), 0, { Age = "3600" })))
        assert.equal("existing", outcome_of(dated(page(task(old)), 0, { Age = "0" })))
        assert.equal("existing", outcome_of(dated(page(task(old:gsub("Z", "+00:00"))), 0)))
    end)

    it("is told apart by an earlier answer's Date when the look-up has none", function()
        serve { dated(task(), 5 * HOURS), { status = 500 }, DUPLICATE,
            dated(page(task(time(5 * HOURS - 60))), 0, { Date = "soon" }) }
        client:get_task "7"
        assert.equal("existing", select(2, client:create_task("imageannotation", PAYLOAD)))
    end)

    it("is told apart likewise in the second API", function()
        local chat = { project_name = "p", unique_id = "u", template_variables = { a = 1 } }
        local function found(ahead)
            return dated(page(([[{"task_id":"7","type":"chat","status":"pending","project":"p","unique_id":"u",
                "params":{"template_variables":{"a":1}},"created_at":"%s"}]]):format(time(ahead))), 0)
        end
        for ahead, outcome in pairs { [-60] = "existing", [0] = "created" } do
            serve { { status = 500 }, DUPLICATE, found(ahead), '{"task_id":"7"}' }
            local made, how = client.v2:create_chat_task(chat)
            assert.same({ "7", outcome }, { made.task_id, how })
        end
    end)

    it("stays existing after a plain refusal, however young it is", function()
        serve { DUPLICATE, dated(page(task(time(60))), 0) }
        local options = { accept_existing = true }
        assert.equal("existing", select(2, client:create_task("imageannotation", PAYLOAD, options)))
    end)
end)

describe("a look-up after a plain refusal", function()
    local HTML = { body = "<html><title>Welcome</title></html>", headers = { ["Content-Type"] = "text/html" } }
    local OPTIONS = { accept_existing = true, bulk = true }

    it("asks three times at most who answers with something else", function()
        serve { REFUSAL, HTML }
        local err = fake.failure(client.create_task, client, "imageannotation", PAYLOAD, OPTIONS)
        assert.same({ "invalid_request", "the batch is finalized", false }, { err.kind, err.message, err.unclear })
        assert.equal(3, client:stats().lookups)
    end)

    it("finds the task behind two such answers", function()
        serve { REFUSAL, HTML, "[]", page(task()) }
        assert.equal("existing", select(2, client:create_task("imageannotation", PAYLOAD, OPTIONS)))
    end)

    it("is patient when the server is busy, or the id is known to be taken", function()
        local busy = { status = 500 }
        serve { REFUSAL, busy, busy, busy, page(task()) }
        assert.equal("existing", select(2, client:create_task("imageannotation", PAYLOAD, OPTIONS)))
        serve { DUPLICATE, HTML, HTML, HTML, page(task()) }
        assert.equal("existing", select(2, client:create_task("imageannotation", PAYLOAD, OPTIONS)))
    end)
end)

describe("the server's time", function()
    it("is what its answers say and what has passed since", function()
        serve { dated(task(), 5 * HOURS) }
        assert.is_nil(client:server_time())
        client:get_task "7"
        local ahead = client:server_time() - sys.time()
        assert.is_true(ahead > 5 * HOURS - 5 and ahead <= 5 * HOURS + 0.1, tostring(ahead))
        local before = client:server_time()
        scaleapi.sleep(0.2)
        assert.is_true(client:server_time() - before >= 0.19)
    end)

    it("is not taken from failures, nor from what is no date", function()
        serve { { status = 500, headers = { Date = "Thu, 17 Jun 2021 21:46:36 GMT" } }, dated(task(), 0, { Date = "soon" }) }
        client:get_task "7"
        assert.is_nil(client:server_time())
    end)

    it("follows when the server's clock is set", function()
        serve { dated(task(), 5 * HOURS), dated(task(), -5 * HOURS) }
        client:get_task "7"
        scaleapi.sleep(1.1) -- a date is good for a second
        client:get_task "7"
        assert.is_true(client:server_time() < sys.time())
    end)
end)
