-- Every row of the operation table: it works, and it fails in each documented way. The cases are in
-- support/operation_cases; a row or a failure without one is a failing test. They are tried on the sandbox, on a sandbox
-- of the opposite assumptions, or on another server: see support/target.lua.
--
-- What is [assumed] is not insisted on but where the sandbox makes the choice of the table: elsewhere another status of
-- refusal will do, and where a case has `or_works`, which says why, so will an answer.

local scaleapi = require "scaleapi"
local rows = dofile "tests/spec/support/rows.lua"
local target = dofile "tests/spec/support/target.lua"

local FILES = { "tasks", "batches", "projects", "files", "quality", "teams_studio", "v2_tasks", "v2_batches", "v2_deliveries" }

local KINDS = {
    [400] = "invalid_request", [401] = "unauthorized", [402] = "not_enabled", [403] = "forbidden", [404] = "not_found",
    [409] = "duplicate", [413] = "too_large", [415] = "unexpected_status", [422] = "invalid_request",
}

-- Cases by the row's name, and where each comes from.
local cases, origin = {}, {}
for _, file in ipairs(FILES) do
    for name, case in pairs(dofile("tests/spec/support/operation_cases/" .. file .. ".lua")) do
        assert(not cases[name], "two files have cases for " .. name)
        cases[name], origin[name] = case, file
    end
end

-- A failure's cases: an array of functions, with or_works, and slow if they take seconds: those are tried once.
local function provocations(case)
    return type(case) == "table" and case or { case }
end

-- ------------------------------------------------------------- completeness

describe("the cases", function()
    for _, row in ipairs(rows.all) do
        it("cover " .. row.name .. " in success and in each documented failure", function()
            local case = assert(cases[row.name], "no case for " .. row.name)
            assert.is_function(case.works)
            for _, failure in ipairs(rows.failures(row)) do
                assert.is_truthy(case[failure.status], ("no case for %s: %d, %s"):format(row.name, failure.status,
                    failure.cause))
                assert.is_function(provocations(case[failure.status])[1])
            end
        end)
    end

    it("are of nothing that is not in the table", function()
        for name, case in pairs(cases) do
            local row = assert(rows.by_name[name], origin[name] .. ".lua has cases for " .. name .. ", which is no row")
            local documented = { works = true }
            for _, failure in ipairs(rows.failures(row)) do documented[failure.status] = true end
            for key in pairs(case) do
                assert(documented[key], ("%s.lua: %s does not document %s"):format(origin[name], name, tostring(key)))
            end
        end
    end)

    it("give a failure's status once in each row", function()
        for _, row in ipairs(rows.all) do
            local seen = {}
            for _, failure in ipairs(rows.failures(row)) do
                assert.is_nil(seen[failure.status], row.name)
                assert.is_truthy(KINDS[failure.status], row.name)
                seen[failure.status] = true
            end
        end
    end)
end)

-- ------------------------------------------------------------------- trying

local function is_assumed(standing)
    return standing == "assumed" or standing == "seen"
end

-- The error must be what is documented, as far as that is known.
local function assert_refusal(t, row, failure, err)
    if t.exact or not is_assumed(failure.standing) then
        assert.equal(failure.status, err.code, err.message)
    else
        assert.is_truthy(KINDS[err.code], ("%s, with %s"):format(err.message, err.code))
    end
    assert.is_true(#err.message > 0)
    if err.raw then return end
    assert.is_true(scaleapi.is_error(err))
    assert.same({ KINDS[err.code], row.name, 1 }, { err.kind, err.operation, err.attempts })
    assert.is_false(err.unclear)
end

local function try_failure(t, row, failure, provoke, or_works)
    local value, err = provoke(t)
    if value ~= nil and or_works and not t.exact then return end
    assert(value == nil, "it worked, though " .. failure.cause)
    assert_refusal(t, row, failure, err)
    if t.sandbox and not err.raw then -- the message is the server's own
        assert.equal(t.last_words, err.message)
    end
end

-- Why the other server need not pass: it says that it does not have the operation, or that the key may not use it.
local function excused(row, problem)
    if not os.getenv "SCALE_SPEC_URL" or not scaleapi.is_error(problem) then return nil end
    if problem.code == 402 then return "not enabled: " .. tostring(problem) end
    local missing = problem.code == 404 or problem.code == 405 or problem.code == 501
    return missing and row.standing == "seen" and "unconfirmed, and not there: " .. tostring(problem) or nil
end

-- Runs a case; one that the other server has not what it takes for is pending, and says why.
local function run(t, row, case)
    if target.lacking()[row.name] then return pending(row.name .. ": SCALE_SPEC_LACKS") end
    local ok, problem = xpcall(case, function(problem)
        if type(problem) == "string" then return debug.traceback(problem, 2) end
        return problem
    end, t)
    if ok then return end
    local why = target.skipped(problem) or excused(row, problem)
    if not why then error(problem, 0) end
    pending(why)
end

for name, start in pairs(target.all()) do
    describe("on " .. name .. ",", function()
        local t

        setup(function() t = start() end)
        teardown(function() t:close() end)

        for _, row in ipairs(rows.all) do
            local case = cases[row.name] or {}
            it(row.name .. " works", function() run(t, row, case.works) end)
            it(row.name .. " fails with 401: the key is unknown", function()
                run(t, row, function()
                    try_failure(t, row, { status = 401, standing = "sdk", cause = "the key is unknown" }, function()
                        return rows.call(t.nobody, row, rows.arguments(row), nil, true)
                    end)
                end)
            end)
            for _, failure in ipairs(rows.failures(row)) do
                local all = provocations(case[failure.status])
                for i, provoke in ipairs(all.slow and name == target.OPPOSITE and {} or all) do
                    it(("%s fails with %d (%d): %s"):format(row.name, failure.status, i, failure.cause), function()
                        run(t, row, function() try_failure(t, row, failure, provoke, all.or_works) end)
                    end)
                end
            end
        end
    end)
end
