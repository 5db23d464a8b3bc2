--[[
scaleapi.client - a client: every operation of the table as a method, those of the first API of the client itself, those
of the second of client.v2; lists as iterators.
--]]

local core = require "scaleapi.core"
local arguments = require "scaleapi.arguments"
local environment = require "scaleapi.environment"
local errors = require "scaleapi.errors"
local faces = require "scaleapi.faces"
local list = require "scaleapi.list"
local objects = require "scaleapi.objects"
local pager = require "scaleapi.pager"
local scheduler = require "scaleapi.scheduler"
local slices = require "scaleapi.slices"

local json = core.json

local Client = { __name = "scaleapi.Client" }
local v1 = faces.pair("client", Client)
local v2 = faces.pair "client.v2"
local methods = v1.raising.methods
local keys = setmetatable({}, { __mode = "k" }) -- of each client; where nobody comes upon it who prints one

local rows = {}
for _, row in ipairs(core.operations) do rows[row.name] = row end

-- ---------------------------------------------------------------- answers

-- The answer's bytes as what the row says they are.
local function wrap(client, row, bytes)
    if row.form == "object" then return objects.new(client, row.object, bytes, row.name) end
    if row.form == "list" and row.page == "none" then
        local documents = row.member and pager.cut(row, bytes) or json.elements(bytes)
        for i, document in ipairs(documents) do
            documents[i] = objects.new(client, row.object, document, row.name)
        end
        return list.new(documents, row.member)
    end
    if row.form == "list" then return pager.page(client, row, bytes) end
    if row.form == "address" then return bytes end
    local ok, value = pcall(json.decode, bytes)
    if ok then return value end
    errors.caught(value)
    return bytes -- some calls answer a plain "OK"
end

-- ------------------------------------------------------------------ calls

-- Starts an operation without waiting for it. Returns core's call; or nil, "usage", message;
-- or nil, "failed", the fields of an error.
local function start(client, row, ...)
    local bound, problem = arguments.bind(row, ...)
    if not bound then return nil, "usage", problem end
    local call, reason = client._core:start(row.name, bound.arguments, bound.body, bound.options)
    if call then return call end
    return nil, type(reason) == "table" and "failed" or "usage", reason
end

-- Waits for a started call. Returns "ok", bytes, existed; or "failed", the fields of an error.
local function await(_, call)
    scheduler.await(scheduler.wait_for_call(call))
    local bytes, more = call:result()
    if bytes then return "ok", bytes, more end
    return "failed", more
end

-- Runs an operation. Returns "ok", the answer's bytes, existed; "usage", message; "failed", error fields.
local function run(client, row, ...)
    local call, how, problem = start(client, row, ...)
    if not call then return how, problem end
    return await(client, call)
end

-- Runs an operation. Returns "ok", value, outcome; "usage", message; "failed", error fields.
local function invoke(client, row, ...)
    local state, bytes, existed = run(client, row, ...)
    if state ~= "ok" then return state, bytes end
    local ok, value = pcall(wrap, client, row, bytes)
    if not ok then
        return "failed", { kind = "bad_answer", operation = row.name, message = errors.caught(value), attempts = 1 }
    end
    return "ok", value, row["repeat"] == "unique_id" and (existed and "existing" or "created") or nil
end

-- For the pager and for objects.
methods._start, methods._await = start, await

--- The same by the operation's name.
function methods._invoke(client, name, ...)
    return invoke(client, rows[name], ...)
end

-- The pair of faces that a row belongs to, and what its method is called there.
local function home_of(row)
    return row.version == 2 and v2 or v1, (row.name:gsub("^v2%.", ""))
end

for _, row in pairs(rows) do
    local pair, method = home_of(row)
    if row.page == "none" then
        faces.define(pair, method, function(client, ...) return invoke(client, row, ...) end)
    end
end

-- ------------------------------------------------------------------ lists

-- As in the official SDK: all tasks of an account are never meant. A misspelt name is for core to name.
local function needs_project_or_batch(named, name)
    for _, key in ipairs { "project_name", "project", "batch_name", "batch" } do
        if named[key] ~= nil then return nil end
    end
    for key in pairs(named) do
        if not arguments.parameter_name(rows.get_tasks, key) then return nil end
    end
    return name .. " needs project_name or batch_name"
end

local checks = { get_tasks = needs_project_or_batch }
local openers = { get_tasks = slices.open } -- the one list that comes by time and says how much there is

-- Lists that Scale answers page by page: an iterator under the row's name, one page under the name without its verb.
for name, row in pairs(rows) do
    local pair, method = home_of(row)
    if row.page ~= "none" then
        local open = openers[name] or pager.open
        faces.define(pair, method, function(client, ...) return open(client, row, checks[name], ...) end)
        faces.define(pair, (method:gsub("^%l+_", "")), function(client, ...) return invoke(client, row, ...) end)
    end
end

--- How many tasks match: the filters of get_tasks. One request.
faces.define(v1, "get_tasks_count", function(client, ...)
    local bound, problem = arguments.bind(rows.get_tasks, ...)
    if not bound then return "usage", problem end
    problem = needs_project_or_batch(bound.arguments, "get_tasks_count")
    if problem then return "usage", problem end
    bound.arguments.limit = 1
    local how, page = invoke(client, rows.get_tasks, bound.arguments, bound.options)
    if how ~= "ok" then return how, page end
    return "ok", page.total
end)

-- Names that the official SDK has beside.
faces.define(v1, "projects", function(client, ...) return invoke(client, rows.get_projects, ...) end)
faces.define(v1, "v2_get_tasks", function(client, ...) return pager.open(client, rows["v2.get_tasks"], nil, ...) end)

-- ------------------------------------------------------------------- bytes

-- The row of that name, which may be one that only the official SDK has for it; or nil and what is wrong.
local function find_row(name)
    if rows[name] then return rows[name] end
    local told, problem = core.describe(tostring(name))
    return told and rows[told.name], problem
end

--- Runs an operation by the name of its row ("get_task", "v2.get_task"), and returns the answer's bytes as the server
--- sent them: of a list, one page. A body of fields may be given whole, as JSON text: { body = text }.
faces.define(v1, "call", function(client, name, ...)
    local row, problem = find_row(name)
    if not row then return "usage", problem end
    local how, bytes = run(client, row, ...)
    return how, bytes
end)

-- ----------------------------------------------------------------- client

--- Counts: requests, retries, lookups, connections, bytes_sent, bytes_received, in_flight, most_in_flight, queued.
function methods.stats(client)
    return client._core:stats()
end

--- What time it is for the server, in seconds since 1970, by the Date of its last good answers; up to a second and an
--- answer's way early. nil while no answer had one.
function methods.server_time(client)
    return client._core:server_time()
end

--- How fast its bulk calls go: limit and in_flight (requests), rate (requests a second that they are held to, or nil),
--- state ("closed"; "open", "probing", "given_up": the server seems to be away), budget (retries in store).
function methods.pace(client)
    return client._core:pace()
end

--- What of that has changed since it was asked last: an array of { time, what, why }, of the last 32 changes at most.
function methods.changes(client)
    return client._core:changes()
end

--- Ends the client's unfinished calls (kind `closed`) and closes its connections.
function methods.close(client)
    client._core:close()
    scheduler.settle()
end

--- What stands before /v1 and /v2.
function methods.base_url(client)
    return client._core:base_url()
end

--- The first 16 digits of the SHA-256 of the client's key: tells keys apart and gives none away.
function methods.key_fingerprint(client)
    return environment.fingerprint(keys[client])
end

function Client:__tostring()
    return self._core:is_closed() and "Client (closed)" or "Client " .. self._core:base_url()
end

Client.__close = methods.close

local client = {}

--- Makes a client. Options: api_key, base_url, timeout, upload_timeout, connect_timeout, deadline, verify, ca_file,
--- cert_file, key_file, proxy, user_agent, max_in_flight, max_attempts, give_up_after, max_answer, allow_http. What is
--- not given comes from the environment (see environment.lua). Times are seconds. Returns nil and what is wrong.
function client.new(options)
    local completed, problem = environment.complete(options or {})
    if not completed then return nil, problem end
    local ok, handle = pcall(core.client, core.loop(), completed)
    if not ok then return nil, (tostring(handle):gsub("^[^:]*:%d+: ", "")) end
    local self = setmetatable({ _core = handle }, Client)
    keys[self] = completed.api_key
    rawset(self, "safe", faces.object(v1.safe, self))
    rawset(self, "v2", faces.object(v2.raising, self))
    rawset(self.v2, "safe", faces.object(v2.safe, self))
    rawset(self.safe, "v2", self.v2.safe)
    return self
end

return client
