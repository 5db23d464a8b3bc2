--[[
sandbox.control - what a running sandbox can be told and asked, apart from Scale's API: one table of calls, which both
/sandbox/… over HTTP and the methods of the Lua handle go through. None needs a key, and no fault ever hits one.

A call gets the running sandbox and its arguments, decoded, and returns a table, which is the answer's JSON.
--]]

local json = require("scaleapi").json
local assumptions = require "scaleapi.sandbox.assumptions"
local options = require "scaleapi.sandbox.options"
local people = require "scaleapi.sandbox.people"
local seeding = require "scaleapi.sandbox.seeding"
local store = require "scaleapi.sandbox.store"
local times = require("scaleapi").times
local unknown = require "scaleapi.sandbox.spelling"
local wire = require "scaleapi.sandbox.wire"

local refuse = wire.refuse

local control = {}

-- -------------------------------------------------------------- what is meant

local ACCOUNTS = { "live", "test" }

-- Calls fn(account, task) for each of the tasks, when all are known. Returns how often it returned true.
local function each_task(running, ids, fn)
    local found = {}
    for i, id in ipairs(ids) do
        for _, kind in ipairs(ACCOUNTS) do
            local account = running.world.accounts[kind]
            local task = store.find_task(account, id)
            if task then found[i] = { account, task } end
        end
        if not found[i] then refuse(400, "the sandbox has no task '%s'", id) end
    end
    local count = 0
    for _, each in ipairs(found) do
        if fn(table.unpack(each)) then count = count + 1 end
    end
    return count
end

-- ---------------------------------------------------------------------- tasks

local function complete_task(account, task)
    if task.status ~= "pending" then return false end
    store.finish(account, task, account.time)
    return true
end

-- The tasks with these ids, and those of the batches with these names: { account, task } each.
local function tasks_called(running, names)
    local found = {}
    for _, name in ipairs(names) do
        local known = false
        for _, kind in ipairs(ACCOUNTS) do
            local account = running.world.accounts[kind]
            local task, batch = store.find_task(account, name), account.batches[name]
            known = known or task ~= nil or batch ~= nil
            if task then table.insert(found, { account, task }) end
            for _, each in ipairs(batch and batch.tasks or {}) do table.insert(found, { account, each }) end
        end
        if not known then refuse(400, "the sandbox has no task and no batch called '%s'", name) end
    end
    return found
end

local function complete(running, arguments)
    local count = 0
    for _, each in ipairs(tasks_called(running, arguments.names)) do
        if complete_task(table.unpack(each)) then count = count + 1 end
    end
    return { completed = count }
end

local function fail(running, arguments)
    return { failed = each_task(running, arguments.task_ids, function(account, task)
        if task.status ~= "pending" then return false end
        store.fail(account, task, account.time, arguments.reason or "The sandbox was told to fail this task.")
        return true
    end) }
end

local function start(running, arguments)
    return { started = each_task(running, arguments.task_ids, store.start_work) }
end

local function recall(running, arguments)
    return { recalled = each_task(running, arguments.task_ids, store.recall) }
end

-- -------------------------------------------------------- batches and projects

local function archive(running, arguments)
    local found = {}
    local function look_for(shelf, names)
        for _, name in ipairs(names or {}) do
            local known = false
            for _, kind in ipairs(ACCOUNTS) do
                local each = running.world.accounts[kind][shelf][name]
                if each then table.insert(found, each) end
                known = known or each ~= nil
            end
            if not known then refuse(400, "the sandbox has nothing called '%s' among its %s", name, shelf) end
        end
    end
    look_for("batches", arguments.batches)
    look_for("projects", arguments.projects)
    for _, each in ipairs(found) do store.archive(each) end
    return { archived = #found }
end

-- ---------------------------------------------------------------------- people

-- A call that does something to the members with these e-mail addresses, in whichever account they are, when all are
-- known. `done` is what their number is called.
local function of_members(done, change)
    return function(running, arguments)
        local found = {}
        for _, email in ipairs(arguments.emails) do
            local known = #found
            for _, kind in ipairs(ACCOUNTS) do
                table.insert(found, running.world.accounts[kind].people.members[email])
            end
            if #found == known then refuse(400, "nobody in the team is called '%s'", email) end
        end
        for _, member in ipairs(found) do change(member) end
        return { [done] = #found }
    end
end

-- ----------------------------------------------------------------------- clock

local function clock(running)
    return { now = times.format(store.now(running.world)), advanced = running.world.advanced / 1000 }
end

local LAST_TIME = 253402300799999 -- 9999-12-31T23:59:59.999Z: dates have four digits for a year

local function advance(running, arguments)
    local milliseconds = math.floor(arguments.advance * 1000)
    if store.last_time(running.world) + milliseconds > LAST_TIME then
        refuse(400, "the clock ends with the year 9999")
    end
    store.advance(running.world, milliseconds)
    return clock(running)
end

-- -------------------------------------------------------------------- settings

local function copy_of(value)
    if type(value) ~= "table" then return value end
    local copy = {}
    for name, each in pairs(value) do copy[name] = copy_of(each) end
    return copy
end

local function get_faults(running)
    local settings = copy_of(running.faults.settings)
    json.array(settings.targets)
    return settings
end

local function set_faults(running, arguments)
    local settings, problem = options.check_faults(arguments)
    if not settings then refuse(400, "%s", problem) end
    running.faults:set(settings)
    return get_faults(running)
end

local function get_assumptions(running)
    return copy_of(running.world.assume)
end

local function set_assumptions(running, arguments)
    local all, problem = assumptions.complete(arguments)
    if not all then refuse(400, "%s", problem) end
    running.world.assume = all
    return copy_of(all)
end

-- Not kept as others are: it empties what keeps them.
local function reset(running)
    running:empty()
    return { reset = true }
end

local function stats(running)
    return running:counts()
end

-- ----------------------------------------------------------------------- calls

local NAMES = { "an array of texts, one at least", function(value)
    if type(value) ~= "table" or #value == 0 then return false end
    for _, each in ipairs(value) do
        if type(each) ~= "string" then return false end
    end
    return true
end }
local TEXT = { "a text", function(value) return type(value) == "string" end }
local SECONDS = { "a number of seconds, 0 or more", function(value)
    return type(value) == "number" and value >= 0 and value <= 1e10
end }
local OBJECT = { "an object", function(value) return type(value) == "table" and not json.is_array(value) end }

local about -- below: it shows them all

-- name, method, path, what it is for, the function; `takes` (name -> kind; absent: whatever it likes), `needs` (names);
-- `changes`: what it does is kept in the state.
local CALLS = {
    { "about", "GET", "/sandbox", "what there is", function(...) return about(...) end, takes = {} },
    { "stats", "GET", "/sandbox/stats", "requests, connections, most in flight, tasks, faults", stats, takes = {} },
    { "complete", "POST", "/sandbox/complete", "complete tasks and batches, as people would", complete,
        takes = { names = NAMES }, needs = { "names" }, changes = true },
    { "fail", "POST", "/sandbox/fail", "end tasks in error", fail,
        takes = { task_ids = NAMES, reason = TEXT }, needs = { "task_ids" }, changes = true },
    { "start", "POST", "/sandbox/start", "begin to work on tasks, which cannot be canceled then", start,
        takes = { task_ids = NAMES }, needs = { "task_ids" }, changes = true },
    { "recall", "POST", "/sandbox/recall", "make completed tasks pending again", recall,
        takes = { task_ids = NAMES }, needs = { "task_ids" }, changes = true },
    { "archive", "POST", "/sandbox/archive", "archive batches and projects", archive,
        takes = { batches = NAMES, projects = NAMES }, needs = {}, changes = true },
    { "join", "POST", "/sandbox/join", "let people accept their invitation to the team",
        of_members("joined", people.join), takes = { emails = NAMES }, needs = { "emails" }, changes = true },
    { "disable", "POST", "/sandbox/disable", "disable members of the team",
        of_members("disabled", people.disable), takes = { emails = NAMES }, needs = { "emails" }, changes = true },
    { "seed", "POST", "/sandbox/seed", "put a task, a batch, a project or another thing in", seeding.seed,
        takes = { account = TEXT, kind = TEXT, fields = OBJECT }, needs = { "kind", "fields" }, changes = true },
    { "clock", "GET", "/sandbox/clock", "what time it is", clock, takes = {} },
    { "advance", "POST", "/sandbox/clock", "let so many seconds pass", advance,
        takes = { advance = SECONDS }, needs = { "advance" }, changes = true },
    { "faults", "GET", "/sandbox/faults", "what goes wrong", get_faults, takes = {} },
    { "set_faults", "PUT", "/sandbox/faults", "what is to go wrong; {} for nothing", set_faults },
    { "assumptions", "GET", "/sandbox/assumptions", "what is taken for true that nobody could confirm",
        get_assumptions, takes = {} },
    { "assume", "PUT", "/sandbox/assumptions", "what is to be taken for true; {} for the usual", set_assumptions,
        changes = true },
    { "reset", "POST", "/sandbox/reset", "an empty world, and all settings as they were at the start", reset,
        takes = {} },
}

local by_name = {}
for _, call in ipairs(CALLS) do
    call.name, call.method, call.path, call.what, call.run = table.unpack(call)
    by_name[call.name] = call
end

local function sorted_names(set)
    local names = {}
    for name in pairs(set) do table.insert(names, name) end
    table.sort(names)
    return names
end

function about(running)
    local facts, calls = running:facts(), json.array()
    for i, call in ipairs(CALLS) do
        calls[i] = { method = call.method, path = call.path, what = call.what,
            arguments = json.array(call.takes and sorted_names(call.takes)) }
    end
    facts.calls = calls
    return facts
end

-- ------------------------------------------------------------------ performing

local function check(call, arguments)
    for name, value in pairs(call.takes and arguments or {}) do
        local kind = call.takes[name]
        if not kind then
            local names = sorted_names(call.takes)
            if #names == 0 then refuse(400, "%s takes no arguments, not '%s' either", call.name, name) end
            refuse(400, "%s", unknown("argument", name, names))
        end
        if not kind[2](value) then refuse(400, "%s must be %s", name, kind[1]) end
    end
    for _, name in ipairs(call.needs or {}) do
        if arguments[name] == nil then refuse(400, "%s is missing: %s", name, call.takes[name][1]) end
    end
end

local function read_arguments(body)
    if not body:find "%S" then return {} end
    local ok, arguments = pcall(json.decode, body)
    if not ok then refuse(400, "the body is not JSON") end
    if json.type(body) ~= "object" then refuse(400, "the body must be a JSON object") end
    for name, value in pairs(arguments) do
        if value == json.null then arguments[name] = nil end
    end
    return arguments
end

-- Does what the call says: arguments as JSON. Raises a refusal.
local function perform(running, call, body)
    local arguments = read_arguments(body)
    check(call, arguments)
    if call.changes then
        store.settle_all(running.world)
        local request = { method = call.method, path = call.path, body = body }
        running:remember("control", store.last_time(running.world), request)
    end
    return call.run(running, arguments, body)
end

--- Does what the call of this name says, as a method of the Lua handle. Raises, at the line of who called the function
--- that called this, what is wrong with the arguments.
function control.call(running, name, arguments)
    local encoded, body = pcall(json.encode, arguments or {})
    if not encoded then error(body, 3) end
    if body == "[]" then body = "{}" end
    local ok, result = pcall(perform, running, by_name[name], body)
    if ok then return result end
    if not wire.is_refusal(result) then error(result, 0) end
    error(result.text, 3)
end

-- ------------------------------------------------------------------------ HTTP

-- Loopback alone reaches this server; but a page in a browser on this machine does, too, through a name of its own
-- that leads here, or by a request that it may send anywhere. Neither passes.
local function is_foreign(headers)
    local host = (headers.host or ""):lower():gsub(":%d+$", "")
    local is_local = host == "127.0.0.1" or host == "localhost" or host == "[::1]"
    return not is_local or headers.origin ~= nil or (headers["sec-fetch-site"] or "none") ~= "none"
end

-- The call for the request; or nil, a status and what is wrong.
local function find(request)
    local path, methods, paths = request.path:gsub("(.)/$", "%1"), {}, {}
    for _, call in ipairs(CALLS) do
        if call.path == path and call.method == request.method then return call end
        if call.path == path then table.insert(methods, call.method) end
        paths[call.path] = true
    end
    if #methods == 0 then return nil, 404, unknown("control call", path, sorted_names(paths)) end
    return nil, 405, ("%s is asked with %s, not %s"):format(path, table.concat(methods, " or "), request.method)
end

local function json_answer(status, body)
    return { status = status, headers = { ["Content-Type"] = "application/json" }, body = body .. "\n" }
end

--- Whether the path is one of these calls' and not one of Scale's API.
function control.is_for(path)
    return path:find "^/sandbox/" ~= nil or path == "/sandbox"
end

--- Answers a request to one.
function control.answer(running, request)
    if is_foreign(request.headers) then
        return json_answer(403, wire.error_body(403, "the sandbox is not controlled from web pages"))
    end
    local call, status, problem = find(request)
    if not call then return json_answer(status, wire.error_body(status, problem)) end
    local ok, result = pcall(perform, running, call, request.body)
    if ok then return json_answer(200, json.encode(result)) end
    if not wire.is_refusal(result) then error(result, 0) end
    return json_answer(result.status, wire.error_body(result.status, result.text))
end

--- Does again what a request that was remembered did.
function control.replay(running, request)
    local call = find(request)
    if call then perform(running, call, request.body) end
end

return control
