--[[
scaleapi.client - a client: every operation of the table as a method, raising or (client.safe) returning
nil and the error; lists as iterators.
--]]

local core = require "scaleapi.core"
local arguments = require "scaleapi.arguments"
local environment = require "scaleapi.environment"
local errors = require "scaleapi.errors"
local objects = require "scaleapi.objects"
local pager = require "scaleapi.pager"
local scheduler = require "scaleapi.scheduler"

local json = core.json

local Client = { __name = "scaleapi.Client" }
local Safe = { __name = "scaleapi.SafeClient" }
local methods = {}      -- name -> function(client, …): raises
local safe_methods = {} -- name -> function(safe, …): returns nil, error

local rows = {}
for _, row in ipairs(core.operations) do rows[row.name] = row end

-- ---------------------------------------------------------------- answers

local function wrap_list(client, row, bytes)
    local list = {}
    local class = row.answer == "project_list" and objects.by_answer.project
    for i, element in ipairs(json.elements(bytes)) do list[i] = class.new(client, element, row.name) end
    return list
end

-- The answer's bytes as what the row says they are.
local function wrap(client, row, bytes)
    local class = objects.by_answer[row.answer]
    if class then return class.new(client, bytes, row.name) end
    if row.answer == "project_list" then return wrap_list(client, row, bytes) end
    if row.page ~= "none" then return pager.page(client, row, bytes) end
    local ok, value = pcall(json.decode, bytes)
    if ok then return value end
    errors.caught(value)
    return bytes -- some calls answer a plain "OK"
end

-- ------------------------------------------------------------------ calls

--- Starts an operation without waiting for it. Returns core's call; or nil, "usage", message;
--- or nil, "failed", the fields of an error.
function methods._start(client, row, ...)
    local bound, problem = arguments.bind(row, ...)
    if not bound then return nil, "usage", problem end
    if client._core:is_closed() then
        return nil, "failed", { kind = "closed", operation = row.name, message = "the client was closed", attempts = 0 }
    end
    local call, reason = client._core:start(row.name, bound.arguments, bound.body, bound.options)
    if call then return call end
    return nil, type(reason) == "table" and "failed" or "usage", reason
end

--- Waits for a started call. Returns "ok", bytes, existed; or "failed", the fields of an error.
function methods._await(_, call)
    scheduler.await(scheduler.wait_for_call(call))
    local bytes, more = call:result()
    if bytes then return "ok", bytes, more end
    return "failed", more
end

--- Runs an operation by name. Returns "ok", value, outcome; "usage", message; "failed", error fields.
function methods._invoke(client, name, ...)
    local row = rows[name]
    local call, how, problem = client:_start(row, ...)
    if not call then return how, problem end
    local state, bytes, existed = client:_await(call)
    if state ~= "ok" then return state, bytes end
    local ok, value = pcall(wrap, client, row, bytes)
    if not ok then
        return "failed", { kind = "bad_answer", operation = name, message = errors.caught(value), attempts = 1 }
    end
    return "ok", value, name == "create_task" and (existed and "existing" or "created") or nil
end

-- `invoke(client, …)` as a method that raises and one that returns the error.
local function define(name, invoke)
    methods[name] = function(client, ...)
        if getmetatable(client) ~= Client then
            error("call it with a colon: client:" .. name .. "(…)", 2)
        end
        local how, value, more = invoke(client, ...)
        if how == "usage" then error(value, 2) end
        if how == "failed" then errors.raise(value, 2) end
        if how == "iterator" then return pager.results(value) end
        return value, more
    end
    safe_methods[name] = function(safe, ...)
        if getmetatable(safe) ~= Safe then
            error("call it with a colon: client.safe:" .. name .. "(…)", 2)
        end
        local how, value, more = invoke(rawget(safe, "_client"), ...)
        if how == "usage" then error(value, 2) end
        if how == "failed" then return nil, errors.new(value) end
        if how == "iterator" then return pager.results(value) end
        return value, more
    end
end

for name, row in pairs(rows) do
    if row.page == "none" then
        define(name, function(client, ...) return client:_invoke(name, ...) end)
    end
end

-- ------------------------------------------------------------------ lists

-- Lists that Scale answers page by page: an iterator under the row's name, one page under the second.
local function define_pages(name, page_name, check)
    define(name, function(client, ...) return pager.open(client, rows[name], check, ...) end)
    define(page_name, function(client, ...) return client:_invoke(name, ...) end)
end

-- As in the official SDK: all tasks of an account are never meant.
local function needs_project_or_batch(named, name)
    for _, key in ipairs { "project_name", "project", "batch_name", "batch" } do
        if named[key] ~= nil then return nil end
    end
    return name .. " needs project_name or batch_name"
end

define_pages("get_tasks", "tasks", needs_project_or_batch)
define_pages("get_batches", "batches")
define_pages("list_assets", "assets")

--- How many tasks match: the filters of get_tasks. One request.
define("get_tasks_count", function(client, ...)
    local bound, problem = arguments.bind(rows.get_tasks, ...)
    if not bound then return "usage", problem end
    problem = needs_project_or_batch(bound.arguments, "get_tasks_count")
    if problem then return "usage", problem end
    bound.arguments.limit = 1
    local how, page = client:_invoke("get_tasks", bound.arguments, bound.options)
    if how ~= "ok" then return how, page end
    return "ok", page.total
end)

define("projects", function(client, ...) return client:_invoke("get_projects", ...) end)

-- ----------------------------------------------------------------- client

--- Counts: requests, retries, lookups, connections, bytes_sent, bytes_received, in_flight, most_in_flight, queued.
function methods.stats(client)
    return client._core:stats()
end

--- Ends the client's unfinished calls (kind `closed`) and closes its connections.
function methods.close(client)
    client._core:close()
    scheduler.settle()
end

--- What stands before /v1.
function methods.base_url(client)
    return client._core:base_url()
end

local function unknown(name, known)
    local names = {}
    for each in pairs(known) do
        if each:sub(1, 1) ~= "_" then table.insert(names, each) end
    end
    table.sort(names)
    local meant = type(name) == "string" and core.suggest(name, names)
    return "unknown operation '" .. tostring(name) .. "'" .. (meant and "; did you mean '" .. meant .. "'?" or "")
end

function Client.__index(_, name)
    return methods[name] or error(unknown(name, methods), 2)
end

function Client:__tostring()
    return self._core:is_closed() and "Client (closed)" or "Client " .. self._core:base_url()
end

Client.__close = methods.close

function Safe.__index(_, name)
    return safe_methods[name] or error(unknown(name, safe_methods), 2)
end

local client = {}

--- Makes a client. Options: api_key, base_url, timeout, upload_timeout, connect_timeout, deadline, verify, ca_file,
--- cert_file, key_file, proxy, user_agent, max_in_flight, max_attempts, max_answer, allow_http. What is not given
--- comes from the environment (see environment.lua). Times are seconds. Returns nil and what is wrong.
function client.new(options)
    local completed, problem = environment.complete(options or {})
    if not completed then return nil, problem end
    local ok, handle = pcall(core.client, core.loop(), completed)
    if not ok then return nil, (tostring(handle):gsub("^[^:]*:%d+: ", "")) end
    local self = setmetatable({ _core = handle }, Client)
    rawset(self, "safe", setmetatable({ _client = self }, Safe))
    return self
end

--- True for a client.
function client.is_client(value)
    return getmetatable(value) == Client
end

return client
