-- plain lua too
-- Every row of the operation table against servers of one answer: what goes out, what becomes of good answers, of broken
-- ones and of refusals, and what is said of wrong use. What the operations do is in operations_spec.lua.

local scaleapi = require "scaleapi"
local core = require "scaleapi.core"
local fake = dofile "tests/spec/support/fake.lua"
local rows = dofile "tests/spec/support/rows.lua"

local json = scaleapi.json

-- Of every operation, whatever it is; see scaleapi.h.
local COMMON_FAILURES = {
    [401] = "unauthorized", [402] = "not_enabled", [429] = "too_many_requests", [500] = "internal",
    [503] = "unavailable", [504] = "timeout",
}
local ANSWERED = '{"status_code":%d,"error":"The server\'s own words \\u00e9: \\"x\\"."}'
local WORDS = 'The server\'s own words é: "x".'

local server, client, answer

setup(function()
    server = fake.start(function(request) return type(answer) == "function" and answer(request) or answer end)
    client = server:client { max_attempts = 1 }
end)

teardown(function()
    client:close()
    server:close()
end)

before_each(function() server.requests = {} end)

-- Calls the row with what must be given; the server answers so.
local function call(row, response, safe)
    answer = response
    return rows.call(client, row, rows.arguments(row), nil, safe)
end

local function failure(row, response)
    return fake.failure(call, row, response)
end

-- What is sent is done at most once, so its failure leaves open whether it was.
local function may_have_been_done(row)
    return row["repeat"] == "never" or row["repeat"] == "unique_id"
end

-- A test of each row for which `applies` says so, or of all.
local function each_row(name, test, applies)
    for _, row in ipairs(rows.all) do
        if not applies or applies(row) then it(row.name .. " " .. name, function() test(row) end) end
    end
end

-- Whether it matters what the answer to the row is.
local function is_looked_at(row)
    return row.form ~= "any" and row.form ~= "address"
end

-- A function that tells whether a row has a parameter of which `is` is true.
local function has_parameter(is)
    return function(row)
        for _, parameter in ipairs(row.parameters) do
            if is(parameter, row) then return true end
        end
        return false
    end
end

local function scheme(row)
    return row.version == 2 and "Bearer test_key" or "Basic dGVzdF9rZXk6"
end

-- ------------------------------------------------------------------ requests

describe("the request of", function()
    each_row("goes to its path, by its method, with its key", function(row)
        local value = call(row, rows.answer(row))
        assert.is_truthy(value)
        local request = server.requests[1]
        assert.equal(1, #server.requests)
        assert.same({ row.method, rows.path(row), scheme(row) },
            { request.method, request.path, request.headers.authorization })
    end)

    each_row("has what was given by its wire name", function(row)
        call(row, rows.answer(row))
        local request = server.requests[1]
        local named = rows.arguments(row)
        for _, parameter in ipairs(row.parameters) do
            local given = named[parameter.name] ~= nil
            local wired = parameter.wire .. "="
            if parameter.place == "query" then
                assert.equal(given, ("&" .. (request.query or "")):find("&" .. wired, 1, true) ~= nil, wired)
            elseif parameter.place == "body" and (row.body == "fields" or row.body == "open") then
                assert.equal(given, json.decode(request.body)[parameter.wire] ~= nil, parameter.wire)
            end
        end
    end)
end)

-- -------------------------------------------------------------- good answers

describe("an answer of a newer server to", function()
    each_row("is read: unknown fields, unknown words", function(row)
        local value = call(row, rows.answer(row))
        if row.form == "address" then
            assert.equal("https://files.example.com/a%20b?c=d", value)
        elseif row.object == "StudioAssignments" then
            local one = value["e@example.com"]
            assert.same({ "e@example.com", { "p1", "p2" } }, { one.email, one.assigned_projects })
        else
            local object = rows.object(row, value)
            assert.same({ "levitating", "hologram", 1 }, { object.status, object.type, object.brand_new.deep[1] })
            if row.object then
                assert.is_nil(object.nothing)
                assert.equal("scaleapi." .. row.object, getmetatable(object).__name)
                assert.matches("^" .. row.object .. " ", tostring(object))
                assert.equal("i1", object:as_table().id)
            end
        end
    end)

    each_row("may have any status of success", function(row)
        for _, status in ipairs { 201, 202 } do
            assert.is_truthy(call(row, { status = status, body = rows.answer(row) }))
        end
    end, function(row) return row.form ~= "address" end)

    each_row("may be an empty list", function(row)
        local value = call(row, row.member and '{"' .. row.member .. '":[]}' or "[]")
        assert.equal(0, #(row.member and value[row.member] or value))
        assert.is_nil(rows.object(row, value))
    end, function(row) return row.form == "list" end)
end)

-- ------------------------------------------------------------ broken answers

-- What is no answer to an operation whose answer is an object or list.
local BROKEN = {
    ["is empty"] = "",
    ["is cut within its JSON"] = '{"task_id":"1","id":"1","name":"a","docs":[{"a"',
    ["is HTML"] = "<html><head><title>Login</title></head></html>",
    ["is plain text"] = "OK",
    ["is a number"] = "12",
    ["is null"] = "null",
    ["is a string"] = '"task_id"',
    ["has more behind it"] = '{"task_id":"1"}{"id":"1"}',
}

-- A failure of an answer that came with 200.
local function assert_bad_answer(row, err)
    local kind = may_have_been_done(row) and "ambiguous" or "bad_answer"
    assert.same({ kind, row.name }, { err.kind, err.operation })
    assert.is_true(#err.message > 10)
end

describe("an answer that is none to", function()
    for name, body in pairs(BROKEN) do
        each_row(name, function(row)
            if not is_looked_at(row) then
                assert.is_not_nil(call(row, body)) -- what it says is nobody's business
                return
            end
            assert_bad_answer(row, failure(row, body))
        end)
    end

    each_row("is of another JSON type", function(row)
        local is_array = row.form == "list" and not row.member
        assert_bad_answer(row, failure(row, is_array and "{}" or "[]"))
    end, is_looked_at)

    each_row("lacks what makes it one", function(row)
        local err = failure(row, '{"something":"else"}')
        assert.matches("has no " .. row.member .. "$", err.message)
    end, function(row) return row.member ~= nil end)

    each_row("breaks off in the middle", function(row)
        local body = row.form == "address" and "some file" or rows.answer(row)
        assert_bad_answer(row, failure(row, { body = body, cut = 5 }))
    end)

    each_row("never comes, for the connection is closed", function(row)
        local err = failure(row, { drop = true })
        assert.equal(may_have_been_done(row) and "ambiguous" or "network", err.kind)
        assert.is_nil(err.code)
        assert.is_true(err.unclear)
    end)
end)

-- -------------------------------------------------------------------- errors

local function kind_for(row, status)
    return status >= 500 and may_have_been_done(row) and "ambiguous" or COMMON_FAILURES[status]
end

-- The message, without what is put before the server's words when it is not known what was done.
local function words(err)
    return err.kind == "ambiguous" and err.message:match "not sent again, since it could then be done twice: (.*)"
        or err.message
end

describe("a failure that every operation has:", function()
    for status in pairs(COMMON_FAILURES) do
        each_row(tostring(status), function(row)
            local err = failure(row, { status = status, body = ANSWERED:format(status) })
            assert.same({ kind_for(row, status), status, WORDS, row.name, 1 },
                { err.kind, err.code, words(err), err.operation, err.attempts })
            assert.equal(status >= 429 and err.kind ~= "ambiguous", err.retriable)
            local request = server.requests[1]
            assert.same({ row.method, rows.path(row), scheme(row) },
                { request.method, request.path, request.headers.authorization })
            assert.equal(1, #server.requests)
        end)
    end
end)

describe("a documented failure:", function()
    for _, row in ipairs(rows.all) do
        for _, documented in ipairs(rows.failures(row)) do
            it(row.name .. " " .. documented.status .. " has the server's words", function()
                local err = failure(row, { status = documented.status, body = ANSWERED:format(documented.status) })
                assert.same({ documented.status, WORDS, row.name }, { err.code, err.message, err.operation })
                assert.is_false(err.unclear)
            end)
        end
    end
end)

-- Error bodies that are not as the documentation has them, and what is said.
local ODD_ERRORS = {
    ["an array"] = { '["a","b"]', '["a","b"]' },
    ["an array of nothing"] = { "[]", "[]" },
    ["an object as error"] = { '{"error":{"code":7,"why":"w"}}', '{"code":7,"why":"w"}' },
    ["another object"] = { '{"detail":"d"}', '{"detail":"d"}' },
    ["a message"] = { '{"message":"m"}', "m" },
    ["an error of null"] = { '{"error":null,"status_code":404}', '{"error":null,"status_code":404}' },
    ["HTML"] = { "<html><head><title> 404 Gone Fishing </title></head></html>", "404 Gone Fishing" },
    ["nothing"] = { "", "not found" },
    ["cut JSON"] = { '{"error":"hal', '{"error":"hal' },
    ["plain text"] = { "no such thing\n", "no such thing" },
}

describe("an error body that is", function()
    for name, odd in pairs(ODD_ERRORS) do
        each_row("<- " .. name .. ", gives a readable message", function(row)
            local err = failure(row, { status = 404, body = odd[1] })
            assert.same({ "not_found", 404, odd[2] }, { err.kind, err.code, err.message })
            assert.equal(row.name .. ": 404 not_found: " .. odd[2], tostring(err))
        end)
    end
end)

describe("the safe face of", function()
    each_row("returns nil and the error that is raised otherwise", function(row)
        local response = { status = 429, body = ANSWERED:format(429), headers = { ["Retry-After"] = "7" } }
        local raised = failure(row, response)
        local value, err = call(row, response, true)
        assert.is_nil(value)
        assert.is_true(scaleapi.is_error(err, "too_many_requests"))
        assert.equal(7, err.retry_after)
        for _, field in ipairs { "kind", "code", "message", "operation", "attempts", "retriable", "unclear", "retry_after" } do
            assert.equal(raised[field], err[field], field)
        end
        assert.is_truthy(call(row, rows.answer(row), true))
    end)
end)

-- ---------------------------------------------------------------- wrong use

-- Asserts that the function raises a text that begins at its own line, and that nothing is sent.
local function says(pattern, fn)
    local ok, message = pcall(fn)
    assert.is_false(ok)
    assert.is_string(message)
    assert.matches("^%S*operation_answers_spec.lua:%d+: .*" .. pattern, message)
    assert.equal(0, #server.requests)
end

-- Calls the row at a line of this file, by whichever of its methods there are.
local function by_every_method(row, named, options, pattern)
    says(pattern, function() return (rows.call(client, row, named, options)), nil end)
    says(pattern, function() return (rows.call(client, row, named, options, true)), nil end)
    if row.page ~= "none" then says(pattern, function() return (rows.iterate(client, row, named)), nil end) end
end

local function plain(text)
    return (text:gsub("%p", "%%%0"))
end

-- Beside an open or whole body, what is not known is the server's to judge.
local function is_checked(parameter, row)
    return row.body ~= "open" and row.body ~= "whole" and #parameter.name > 5 and parameter.value ~= "file"
end

local function has_a_kind(parameter, row)
    return row.body ~= "open" and parameter.value ~= "file" and parameter.value ~= "any"
end

local function is_one_word(parameter)
    return parameter.enumeration ~= nil and parameter.value == "string"
end

local function is_required(parameter)
    return parameter.required
end

describe("wrong use of", function()
    each_row("<- an unknown call option, is refused with what was meant", function(row)
        local pattern = "timout' for " .. plain(row.name) .. "; did you mean 'timeout'%?$"
        says(pattern, function() return (rows.call(client, row, rows.arguments(row), { timout = 1 })), nil end)
    end)

    each_row("<- a call option of a wrong value, is refused", function(row)
        for _, wrong in ipairs { { "timeout", "1" }, { "deadline", 0 }, { "max_attempts", 1.5 }, { "connect_timeout", true } } do
            local pattern = wrong[1] .. " for " .. plain(row.name) .. " must be a "
            says(pattern, function() return (rows.call(client, row, rows.arguments(row), { [wrong[1]] = wrong[2] })), nil end)
        end
    end)

    each_row("<- a misspelt option, is refused with what was meant", function(row)
        for _, parameter in ipairs(row.parameters) do
            if is_checked(parameter, row) then
                local named = rows.arguments(row)
                local misspelt = parameter.name:sub(1, 3) .. parameter.name:sub(5)
                named[misspelt] = rows.value(parameter)
                by_every_method(row, named, nil, ("unknown option '%s' for %s; did you mean '"):format(plain(misspelt),
                    plain(row.name)))
            end
        end
    end, has_parameter(is_checked))

    each_row("<- a required parameter is missing, is refused by name", function(row)
        for _, parameter in ipairs(row.parameters) do
            if is_required(parameter) then
                local named = rows.arguments(row)
                named[parameter.name], named.data = nil, nil
                local name = parameter.value == "file" and "path" or parameter.name
                by_every_method(row, named, nil, plain(row.name) .. " needs " .. name)
            end
        end
    end, has_parameter(is_required))

    each_row("<- none is given of what one must be, is refused with all of them", function(row)
        local named = rows.arguments(row)
        for name in row.one_of:gmatch "%S+" do named[name] = nil end
        by_every_method(row, named, nil, plain(row.name) .. " needs " .. row.one_of:match "^%S+" .. ".* or ")
    end, function(row) return row.one_of ~= nil end)

    each_row("<- a value of another kind, is refused", function(row)
        for _, parameter in ipairs(row.parameters) do
            if has_a_kind(parameter, row) then
                local named = rows.arguments(row)
                named[parameter.name] = function() end
                by_every_method(row, named, nil, plain(parameter.name))
            end
        end
    end, has_parameter(has_a_kind))

    each_row("<- a word that its parameter does not know, is refused with what was meant", function(row)
        for _, parameter in ipairs(row.parameters) do
            if is_one_word(parameter) then
                local word = rows.value(parameter)
                local named = rows.arguments(row)
                named[parameter.name] = word .. "x"
                by_every_method(row, named, nil, "'" .. plain(word) .. "x'.*did you mean '" .. plain(word) .. "'%?$")
            end
        end
    end, has_parameter(is_one_word))

    each_row("<- it is called with a dot, is refused", function(row)
        local face = row.version == 2 and client.v2 or client
        says("call it with a colon: ", function() return (face[rows.method(row)]("x")), nil end)
    end)
end)

describe("the table", function()
    it("names its operations once, and describes each", function()
        local seen = {}
        for _, row in ipairs(rows.all) do
            assert.is_nil(seen[row.name])
            seen[row.name] = true
            assert.is_table(core.describe(row.name).parameters)
            assert.matches("^/v[12]/", row.path)
            assert.equal(row.path:match "^/v(%d)", tostring(row.version))
        end
        assert.is_true(#rows.all >= 73)
    end)
end)
