--[[
scaleapi.sandbox - Scale's API on this machine: same paths, same answers, same errors, and faults on demand.

    local sandbox = require "scaleapi.sandbox"
    local s = sandbox.start { complete_after = 2 }
    local client = scaleapi.client { api_key = "live_anything", base_url = s.url }

Keys: test_… and …|test complete tasks at once; tasks of live_… stay pending, unless complete_after says that people
take so many seconds, or s:complete(…) is called. Any other key is refused. Nothing is kept on disk, unless `state`
names a file. What else the handle can do, and /sandbox over HTTP: control.lua; what can go wrong: faults.lua.

A request passes handle: key, route, then a rule of rules/*.lua. Each rule is a function(context, parameters…) that
returns the body of a 200, or a table { status, headers, body } for another answer, or refuses. The context has world,
account, request and :query().
--]]

local options = require "scaleapi.sandbox.options"
local router = require "scaleapi.sandbox.router"
local running = require "scaleapi.sandbox.running"
local store = require "scaleapi.sandbox.store"
local wire = require "scaleapi.sandbox.wire"

local sandbox = {}

local rules = router.new(
    require "scaleapi.sandbox.rules.tasks",
    require "scaleapi.sandbox.rules.task_lists",
    require "scaleapi.sandbox.rules.batches",
    require "scaleapi.sandbox.rules.projects",
    require "scaleapi.sandbox.rules.files",
    require "scaleapi.sandbox.rules.quality",
    require "scaleapi.sandbox.rules.audits",
    require "scaleapi.sandbox.rules.outcomes",
    require "scaleapi.sandbox.rules.teams",
    require "scaleapi.sandbox.rules.studio",
    require "scaleapi.sandbox.rules.v2_tasks",
    require "scaleapi.sandbox.rules.v2_batches",
    require "scaleapi.sandbox.rules.v2_projects",
    require "scaleapi.sandbox.rules.v2_annotations",
    require "scaleapi.sandbox.rules.v2_deliveries",
    require "scaleapi.sandbox.rules.v2_datasets",
    require "scaleapi.sandbox.rules.v2_openapi")

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
    if ok and type(body) == "table" then
        return { status = body.status, headers = body.headers or JSON, body = body.body or "" }
    elseif ok then
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

-- Lets time pass up to now, and keeps a request that may change the world, if the world is kept. Returns what is wrong.
-- `is_settled`: both are done, as part of something that is kept instead, at whose time this one happens.
local function settle(world, account, request)
    if request.is_settled then return nil end
    store.settle(world, account)
    local is_read = request.method == "GET" or request.method == "HEAD"
    return not is_read and world.remember and world.remember(account.kind, account.time, request)
end

--- Answers one request: a table as scaleapi.server gives it, to one as it takes it. Faults and latency are not here.
function sandbox.handle(world, request)
    local account = account_of(world, request.headers.authorization)
    if not account then return refusal(401, "Invalid API key.") end
    local method = request.method == "HEAD" and "GET" or request.method -- the server sends no body to HEAD
    local rule, parameters = router.find(rules, method, request.path)
    if not rule then return refusal(404, "Not found.") end
    local problem = settle(world, account, request)
    if problem then return refusal(503, problem) end
    return run(rule, setmetatable({ world = world, account = account, request = request }, Context), parameters)
end

-- --------------------------------------------------------------------- worlds

-- Raises, at the line of who called the function that called this, what is wrong with options.
local function checked(given)
    local all, problem = options.check(given or {})
    return all or error(problem, 3)
end

--- Options for sandbox.start from texts "NAME=VALUE", in which a name's - stands for _; nil and what is wrong.
sandbox.read_options = options.parse_list

--- A world without a server, for sandbox.handle. Options: complete_after, seed, assume (see assumptions.lua), clock.
function sandbox.new_world(given)
    local all = checked(given)
    local shape = options.shape_of(all)
    shape.clock = all.clock
    return store.new_world(shape)
end

--- Starts a sandbox on 127.0.0.1. Options: port (0: one that is free), complete_after (seconds), seed, assume (see
--- assumptions.lua), state (a file that keeps the world), callbacks, callback_auth_key, callback_retry_base (see
--- callbacks.lua), max_connections, quiet (say nothing on standard error when
--- the sandbox itself fails); and what goes wrong: latency (seconds), fail_rate, lost_answer_rate, drop_rate,
--- garbage_rate (0 to 1), rate_limit (requests a second), retry_after, retry_after_date, targets (see targets.lua).
--- Returns it, with url, port, world, and the methods of running.lua.
function sandbox.start(given)
    local started, problem = running.start(checked(given), sandbox.handle)
    return started or error(problem, 2)
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
