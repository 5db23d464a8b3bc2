--[[
scaleapi.sandbox - Scale's API on this machine: same paths, same answers, same errors, and faults on demand.

    local sandbox = require "scaleapi.sandbox"
    local s = sandbox.start { complete_after = 2 }
    local client = scaleapi.client { api_key = "live_anything", base_url = s.url }

Keys: test_… and …|test complete tasks at once; tasks of live_… stay pending, unless complete_after says that people
take so many seconds, or s:complete(…) is called. Any other key is refused. Nothing is kept on disk.

A request passes handle: key, route, then a rule of rules/*.lua. Each rule is a function(context, parameters…) that
returns the body of a 200, or refuses. The context has world, account, request and :query().
--]]

local scaleapi = require "scaleapi"
local server = require "scaleapi.server"
local new_callbacks = require "scaleapi.sandbox.callbacks"
local complete_assumptions = require "scaleapi.sandbox.assumptions"
local new_faults = require "scaleapi.sandbox.faults"
local options = require "scaleapi.sandbox.options"
local router = require "scaleapi.sandbox.router"
local store = require "scaleapi.sandbox.store"
local wire = require "scaleapi.sandbox.wire"

local sandbox = {}

local MOST_BODY = 96 << 20 -- beyond the limit for files, so that the rule for them can say so

local rules = router.new(
    require "scaleapi.sandbox.rules.tasks",
    require "scaleapi.sandbox.rules.task_lists",
    require "scaleapi.sandbox.rules.batches",
    require "scaleapi.sandbox.rules.projects",
    require "scaleapi.sandbox.rules.files")

-- ----------------------------------------------------------------- requests

local JSON = { ["Content-Type"] = "application/json" }

local function refusal(status, text)
    return { status = status, headers = JSON, body = wire.error_body(status, text) }
end

-- The key: as the user name of basic authentication, or as a bearer token.
local function key_of(authorization)
    local scheme, value = (authorization or ""):match "^(%a+) +(.-) *$"
    scheme = (scheme or ""):lower()
    if scheme == "bearer" then return value end
    if scheme == "basic" then return (wire.unbase64(value) or ""):match "^[^:]*" end
end

-- The account that a key opens, or nil.
local function account_of_key(world, key)
    if not key then return nil end
    if key:find "^test_." or key:find ".|test$" then return world.accounts.test end
    if key:find "^live_." then return world.accounts.live end
end

-- The account that a header opens, or nil. The last one is remembered: it is nearly always the same.
local function account_of(world, authorization)
    if authorization == nil or authorization ~= world.last_authorization then
        world.last_authorization = authorization
        world.last_account = account_of_key(world, key_of(authorization))
    end
    return world.last_account
end

local function run(rule, context, parameters)
    local ok, body, content_type = pcall(rule, context, table.unpack(parameters))
    if ok then
        return { status = 200, headers = content_type and { ["Content-Type"] = content_type } or JSON, body = body }
    end
    if not wire.is_refusal(body) then error(body, 0) end
    return refusal(body.status, body.text)
end

-- What a rule is given.
local Context = {}
Context.__index = Context

--- The query, taken apart: name -> array of values.
function Context:query()
    self.parsed = self.parsed or wire.query(self.request.query)
    return self.parsed
end

--- Answers one request: a table as scaleapi.server gives it, to one as it takes it. Faults and latency are not here.
function sandbox.handle(world, request)
    local account = account_of(world, request.headers.authorization)
    if not account then return refusal(401, "Invalid API key.") end
    local rule, parameters = router.find(rules, request.method, request.path)
    if not rule then return refusal(404, "Not found.") end
    store.settle(world, account)
    return run(rule, setmetatable({ world = world, account = account, request = request }, Context), parameters)
end

-- --------------------------------------------------------------------- worlds

-- Raises, at the line of who called the function that called this, what is wrong with options.
local function checked(given)
    local all, problem = options.check(given or {})
    if all then all.assume, problem = complete_assumptions(all.assume) end
    if problem then error(problem, 3) end
    return all
end

--- A world without a server, for sandbox.handle. Options: complete_after, seed, assume (see assumptions.lua), clock.
function sandbox.new_world(given)
    return store.new_world(checked(given))
end

-- ---------------------------------------------------------------------- handle

local Sandbox = { __name = "scaleapi.Sandbox" }
Sandbox.__index = Sandbox

-- Completes a task if it is pending. Returns how many that are.
local function complete_task(account, task)
    if task.status ~= "pending" then return 0 end
    store.finish(account, task, account.time)
    return 1
end

local function complete_batch(account, batch)
    local count = 0
    for _, task in ipairs(batch.tasks) do count = count + complete_task(account, task) end
    return count
end

--- Completes tasks as people would: the tasks with these ids, and those of the batches with these names, whatever
--- complete_after says. Returns how many were pending. Raises on a name that is unknown.
function Sandbox:complete(...)
    local count = 0
    for _, name in ipairs { ... } do
        local known = false
        for _, account in pairs(self.world.accounts) do
            store.settle(self.world, account)
            local task, batch = store.find_task(account, name), account.batches[name]
            known = known or task ~= nil or batch ~= nil
            if task then count = count + complete_task(account, task) end
            if batch then count = count + complete_batch(account, batch) end
        end
        if not known then error("the sandbox has no task and no batch called '" .. tostring(name) .. "'", 2) end
    end
    return count
end

--- The server's counts: connections, open, requests, in_flight, most_in_flight; and tasks, faults, and callbacks, a
--- table (see callbacks.lua).
function Sandbox:stats()
    local stats = self._server:stats()
    stats.tasks = #self.world.accounts.live.tasks + #self.world.accounts.test.tasks
    stats.faults = self._faults
    stats.callbacks = self._callbacks:stats()
    return stats
end

--- Ends the sandbox; what was in it is gone. Closing twice is fine.
function Sandbox:close()
    self._server:close()
    self._callbacks:close()
end

Sandbox.__close = Sandbox.close

function Sandbox:__tostring()
    return "Sandbox " .. self.url
end

local DROP = { drop = true }

-- What the handler of a sandbox does with a request: the work, the wait, the fault.
local function answer(self, request, latency, next_fault)
    local fault = next_fault()
    if fault then self._faults = self._faults + 1 end
    local response, release
    if fault ~= "fail" and fault ~= "drop" then
        response, release = self._callbacks:hold(sandbox.handle, self.world, request)
    end
    if latency > 0 then scaleapi.sleep(latency) end
    if release then release() end
    if fault == "drop" or fault == "lose_drop" then return DROP end
    if fault then return refusal(500, "The sandbox was told to fail now and then.") end
    return response
end

--- Starts a sandbox on 127.0.0.1. Options: port (0: one that is free), complete_after and latency (seconds),
--- fail_rate, lost_answer_rate, drop_rate (0 to 1), seed, quiet (say nothing on standard error when the sandbox itself
--- fails), assume (see assumptions.lua), callbacks, callback_auth_key, callback_retry_base (see callbacks.lua). Returns
--- it, with url, port, world.
function sandbox.start(given)
    local all = checked(given)
    local self = setmetatable({ world = store.new_world(all), _faults = 0 }, Sandbox)
    local latency, next_fault = all.latency or 0, new_faults(all)
    local ok, listening = pcall(server.listen, {
        port = all.port or 0, max_body = MOST_BODY,
        handler = function(request) return answer(self, request, latency, next_fault) end,
        on_error = function(message)
            if not all.quiet then io.stderr:write("sandbox: ", message, "\n") end
        end,
    })
    if not ok then error((listening:gsub("^[^:]*:%d+: ", "")), 2) end
    self._server, self._callbacks = listening, new_callbacks(self.world, all)
    self.url, self.port = listening.url, listening.port
    return self
end

-- ------------------------------------------------------------------- shared

local shared, shared_text

--- The one sandbox of this process, started when it is first asked for. `text` is its options, "complete-after=2,
--- latency=0.05"; asking again with the same, or none, gives the same sandbox.
function sandbox.shared(text)
    text = text or ""
    if shared then
        if text ~= "" and text ~= shared_text then
            error(("the sandbox of this process runs with '%s' already, not with '%s'"):format(shared_text, text), 2)
        end
        return shared
    end
    local all, problem = options.parse(text)
    if not all then error(problem, 2) end
    shared, shared_text = sandbox.start(all), text
    return shared
end

return sandbox
