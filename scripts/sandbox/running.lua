--[[
sandbox.running - a sandbox that runs: a world, the server in front of it, faults between the two, and the handle that
a Lua program has of it. What the handle can do to the world is control.lua's.
--]]

local scaleapi = require "scaleapi"
local server = require "scaleapi.server"
local new_callbacks = require "scaleapi.sandbox.callbacks"
local control = require "scaleapi.sandbox.control"
local new_faults = require "scaleapi.sandbox.faults"
local options = require "scaleapi.sandbox.options"
local state = require "scaleapi.sandbox.state"
local store = require "scaleapi.sandbox.store"
local wire = require "scaleapi.sandbox.wire"

local MOST_BODY = 96 << 20 -- beyond the limit for files, so that the rule for them can say so

local Sandbox = { __name = "scaleapi.Sandbox" }
Sandbox.__index = Sandbox

-- ----------------------------------------------------------- for control.lua

--- The counts since the start or the last reset: requests of Scale's API (control's are not counted), in_flight,
--- most_in_flight, faults and fault_kinds; connections and open are the server's; tasks is what the world holds.
function Sandbox:counts()
    local sockets, counted = self._server:stats(), self._counted
    local kinds = {}
    for kind, count in pairs(counted.fault_kinds) do kinds[kind] = count end
    return {
        connections = sockets.connections, open = sockets.open,
        requests = counted.requests, in_flight = counted.in_flight, most_in_flight = counted.most_in_flight,
        faults = counted.faults, fault_kinds = kinds,
        tasks = #self.world.accounts.live.tasks + #self.world.accounts.test.tasks,
        callbacks = self._callbacks:stats(),
    }
end

local function new_counts(in_flight)
    return { requests = 0, in_flight = in_flight, most_in_flight = in_flight, faults = 0, fault_kinds = {} }
end

local function complain(self, message)
    if not self._quiet then io.stderr:write("sandbox: ", message, "\n") end
end

-- From now on, what changes the world is kept in the state. That it cannot be is said once, until it can be again.
local function keep_changes(self)
    if not self._state then return end
    local was_said = false
    self.world.remember = function(...)
        local problem = self._state:write(...)
        if problem and not was_said then complain(self, problem) end
        was_said = problem ~= nil
        return problem
    end
end

--- Makes everything what it was at the start.
function Sandbox:empty()
    if self._state then
        local problem = self._state:restart()
        if problem then wire.refuse(503, "%s", problem) end
    end
    store.replace(self.world, store.new_world(self._shape))
    keep_changes(self)
    self._callbacks:restart()
    self.faults:set(self._fault_settings)
    self._counted = new_counts(self._counted.in_flight)
end

--- Keeps a call that changes the world; raises a refusal if that cannot be.
function Sandbox:remember(...)
    local problem = self.world.remember and self.world.remember(...)
    if problem then wire.refuse(503, "%s", problem) end
end

--- What it was started with.
function Sandbox:facts()
    return { url = self.url, seed = self._shape.seed, state = self._state and self._state.path }
end

-- --------------------------------------------------------------------- handle

-- Where a method returns what control.call returns, parentheses keep the method on the stack: wrong arguments are
-- raised at the line of who called it.

--- Completes tasks as people would: the tasks with these ids, and those of the batches with these names, whatever
--- complete_after says. Returns how many were pending. Raises on a name that is unknown.
function Sandbox:complete(...)
    return control.call(self, "complete", { names = { ... } }).completed
end

--- Ends the pending ones of these tasks (an id, or an array of ids) in error. Returns how many those were.
function Sandbox:fail(task_ids, reason)
    return control.call(self, "fail", { task_ids = type(task_ids) == "string" and { task_ids } or task_ids,
        reason = reason }).failed
end

--- Lets somebody begin to work on these tasks, which cannot be canceled from then on. Returns how many were pending.
function Sandbox:start_work(...)
    return control.call(self, "start", { task_ids = { ... } }).started
end

--- Makes completed tasks pending again. Returns how many were completed.
function Sandbox:recall(...)
    return control.call(self, "recall", { task_ids = { ... } }).recalled
end

--- Archives { batches = { names }, projects = { names } }. Returns how many.
function Sandbox:archive(what)
    return control.call(self, "archive", what).archived
end

--- Lets people accept their invitation to the team, by their e-mail addresses. Returns how many members those are.
function Sandbox:join(...)
    return control.call(self, "join", { emails = { ... } }).joined
end

--- Disables members of the team, who then work on nothing. Returns how many those are.
function Sandbox:disable(...)
    return control.call(self, "disable", { emails = { ... } }).disabled
end

--- Puts a task, a batch, a project or another kind of seeding.lua into the world, with fields as for the request that
--- makes one (and `type` for a task). `account` is "live" or "test"; live unless told. Returns it as the API shows it.
function Sandbox:seed(kind, fields, account)
    return scaleapi.json.decode(scaleapi.json.encode(
        control.call(self, "seed", { kind = kind, fields = fields, account = account })))
end

--- Lets so many seconds pass. Returns { now, advanced }.
function Sandbox:advance(seconds)
    return (control.call(self, "advance", { advance = seconds }))
end

--- The settings of faults, and others in their place: {} for no faults.
function Sandbox:get_faults()
    return (control.call(self, "faults"))
end

function Sandbox:set_faults(settings)
    return (control.call(self, "set_faults", settings))
end

--- What is taken for true; and other choices in the place of those that there were: {} for the usual ones.
function Sandbox:assumptions()
    return (control.call(self, "assumptions"))
end

function Sandbox:assume(chosen)
    return (control.call(self, "assume", chosen))
end

--- Counts; see Sandbox:counts.
function Sandbox:stats()
    return (control.call(self, "stats"))
end

--- Empties the world and makes all settings what they were at the start. The state's file is emptied, too.
function Sandbox:reset()
    control.call(self, "reset")
end

--- Ends the sandbox. What was in it is gone, unless it has a state. Closing twice is fine.
function Sandbox:close()
    self._server:close()
    self._callbacks:close()
    if self._state then self._state:close() end
end

Sandbox.__close = Sandbox.close

function Sandbox:__tostring()
    return "Sandbox " .. self.url
end

-- ------------------------------------------------------------------- requests

-- Counts a request until the value that it returns is closed.
local function count_request(self, fault)
    local counted = self._counted
    counted.requests = counted.requests + 1
    counted.in_flight = counted.in_flight + 1
    counted.most_in_flight = math.max(counted.most_in_flight, counted.in_flight)
    if fault then
        counted.faults = counted.faults + 1
        counted.fault_kinds[fault.kind] = (counted.fault_kinds[fault.kind] or 0) + 1
    end
    return self._leaving
end

-- The server dates answers by this machine's clock; those of a world that has another are dated here, so that they
-- agree with what it says of its tasks.
local function dated(self, response)
    local world = self.world
    if world.advanced == 0 and not self._shape.clock or response.drop then return response end
    local headers = { Date = os.date("!%a, %d %b %Y %H:%M:%S GMT", store.now(world) // 1000) }
    for name, value in pairs(response.headers or {}) do headers[name] = value end
    return { status = response.status, headers = headers, body = response.body, cut = response.cut }
end

-- The work, the wait, the fault.
local function answer(self, request)
    local fault = self.faults:next(request)
    local _ <close> = count_request(self, fault)
    local response, release
    if not fault or fault.work then response, release = self._callbacks:hold(self.handle, self.world, request) end
    local wait = (self.faults.settings.latency or 0) + (fault and fault.wait or 0)
    if wait > 0 then scaleapi.sleep(wait) end
    if release then release() end
    return fault and fault.answer(response) or response
end

-- ------------------------------------------------------------------- starting

-- Does again what the state holds. Returns what is wrong.
local function replay(self)
    local world = self.world
    local function again(kind, request)
        if kind == "control" then return control.replay(self, request) end
        local called = world.accounts[kind:match "^(%l+) callback$"]
        if called then
            return store.note_callback(world, called, store.find_task(called, request.path), request.method == "true")
        end
        request.headers.authorization = "Bearer " .. kind .. "_kept"
        self.handle(world, request)
    end
    local count, problem = self._state:replay(function(kind, time, request)
        world.pinned = time
        local ok, message = pcall(again, kind, request) -- what was refused, or went wrong, does so again
        if not ok and tostring(message):find "interrupted!$" then error(message, 0) end
    end)
    world.pinned = nil
    self.replayed = count
    return problem
end

-- Makes the world, and what goes wrong on the way to it. Returns what is wrong.
local function prepare(self, given)
    local problem
    if given.state then
        self._state, problem = state.open(given.state, given)
        if problem then return problem end
    end
    self._shape = self._state and self._state.shape or options.shape_of(given)
    self._shape.clock = given.clock
    self.world = store.new_world(self._shape)
    self._fault_settings = options.faults_of(given)
    self.faults = new_faults(self._shape.seed)
    self.faults:set(self._fault_settings)
    problem = self._state and replay(self)
    keep_changes(self)
    return problem
end

local function listen(self, given)
    return server.listen {
        port = given.port or 0, max_body = MOST_BODY, max_connections = given.max_connections,
        handler = function(request)
            if control.is_for(request.path) then return control.answer(self, request) end
            return dated(self, answer(self, request))
        end,
        on_error = function(message) complain(self, message) end,
    }
end

local running = {}

--- Starts a sandbox of checked options. `handle` answers the requests of Scale's API. Returns it, with url, port,
--- world; or nil and what is wrong.
function running.start(given, handle)
    local self = setmetatable({ handle = handle, _counted = new_counts(0), _quiet = given.quiet }, Sandbox)
    self._leaving = setmetatable({}, { __close = function()
        self._counted.in_flight = self._counted.in_flight - 1
    end })
    local problem = prepare(self, given)
    local ok, listening
    if not problem then
        ok, listening = pcall(listen, self, given)
        if not ok then problem = listening:gsub("^[^:]*:%d+: ", "") end
    end
    if problem then
        if self._state then self._state:close() end
        return nil, problem
    end
    self._server, self.url, self.port = listening, listening.url, listening.port
    self._callbacks = new_callbacks(self.world, given)
    return self
end

return running
