--[[
scaleapi.serve - makes the module `scaleapi.server` of lserver.c's raw functions: it ties a server to the loop,
and runs the handler of each request as a job.

    local server = require "scaleapi.server"
    local s = server.listen { port = 0, handler = function(request) return { status = 200, body = "hello" } end }
    print(s.url)

The loop must turn for a server to answer: while a job or a call waits, or by scaleapi.step.
--]]

local scheduler = require "scaleapi.scheduler"

local DEFAULTS = {
    host = "127.0.0.1",
    port = 0,              -- 0: one that is free
    max_body = 8 << 20,    -- bytes; a larger one is refused with 413
    max_connections = 1000, -- when there are so many, those that have been idle for a second make room
    idle_timeout = 60,     -- seconds; 0 for none
}
local FUNCTIONS = { handler = true, on_error = true }

local Server = { __name = "scaleapi.Server" }
Server.__index = Server

-- --------------------------------------------------------------- answering

-- nil, or what is wrong with what a handler returned.
local function problem_of(response)
    if type(response) ~= "table" then
        return "the handler must return a response, not " .. type(response)
    end
    local status, body, cut = response.status, response.body, response.cut
    if response.drop then return nil end
    if math.type(status) ~= "integer" or status < 200 or status > 599 then
        return "a response's status must be an integer from 200 to 599, not " .. tostring(status)
    elseif body ~= nil and type(body) ~= "string" then
        return "a response's body must be a string, not " .. type(body)
    elseif cut ~= nil and (math.type(cut) ~= "integer" or cut < 0) then
        return "a response's cut must be a number of bytes, not " .. tostring(cut)
    end
end

local function send(exchange, response)
    if response.drop then return exchange:drop() end
    exchange:respond(response.status, response.headers, response.body or "", response.cut)
end

local function with_traceback(problem)
    return debug.traceback(tostring(problem), 2)
end

local function run_handler(self, exchange, request)
    local response = self._handler(request)
    local problem = problem_of(response)
    if problem then error(problem, 0) end
    send(exchange, response)
end

-- Answers one request. Runs as a job.
local function answer(self, exchange, request)
    local ok, message = xpcall(run_handler, with_traceback, self, exchange, request)
    self._jobs[exchange] = nil
    if ok or self._closed then return end
    exchange:respond(500, nil, "The server's handler failed.\n")
    if self._on_error then pcall(self._on_error, message, request) end
end

-- ----------------------------------------------------------------- turning

local pump

-- Comes back when libmicrohttpd has work that its descriptor does not tell of: time-outs above all.
local function set_timer(self)
    local seconds = self._raw:timeout()
    if self._timer then
        if seconds and seconds >= self._due - scheduler.now() then return end
        self._timer:cancel()
        self._timer = nil
    end
    if not seconds then return end
    self._due = scheduler.now() + seconds
    self._timer = scheduler.after(seconds, function()
        self._timer = nil
        pump(self)
    end)
end

-- Lets libmicrohttpd work, and starts a job for each request that has arrived.
function pump(self)
    local list = self._list
    for i = 1, 2 * self._raw:run(list), 2 do
        local exchange, request = list[i], list[i + 1]
        list[i], list[i + 1] = false, false
        self._jobs[exchange] = scheduler.spawn_urgent(answer, self, exchange, request)
    end
    set_timer(self)
end

-- ------------------------------------------------------------------ public

--- Ends the server: every connection is closed, unanswered requests are dropped, their handlers' jobs
--- canceled. Closing twice is fine.
function Server:close()
    if self._closed then return end
    self._closed = true
    self._watch:close()
    self._turns:close()
    if self._timer then self._timer:cancel() end
    self._raw:close()
    for _, job in pairs(self._jobs) do job:cancel() end
    self._jobs = {}
end

Server.__close = Server.close

--- Counts: connections (accepted so far), open, requests, in_flight, most_in_flight.
function Server:stats()
    return self._raw:stats()
end

function Server:__tostring()
    return self._closed and "Server (closed)" or "Server " .. self.url
end

local function complete_options(options)
    local complete = {}
    for name, value in pairs(options) do
        if DEFAULTS[name] == nil and not FUNCTIONS[name] then
            error("listen knows no option '" .. tostring(name) .. "'", 3)
        end
        complete[name] = value
    end
    for name, value in pairs(DEFAULTS) do
        if complete[name] == nil then complete[name] = value end
    end
    if type(complete.handler) ~= "function" then
        error("listen needs a function as handler, not " .. type(complete.handler), 3)
    end
    if complete.host == "localhost" then complete.host = "127.0.0.1" end
    return complete
end

local function url_of(host, port)
    return ("http://%s:%d"):format(host:find(":", 1, true) and "[" .. host .. "]" or host, port)
end

return function(raw)
    local server = {}

    --- Starts a server. Options: handler, a function(request) that returns a response; host, port, max_body,
    --- max_connections, idle_timeout (above); on_error, a function(message, request) that is told when a handler
    --- fails, which is answered with 500.
    --- A request has method, path (still percent-encoded), query (or nil), headers (by lower-case names), body.
    --- A response has status, headers, body; or drop = true, to close the connection without an answer; with
    --- cut = n, all of the body is announced and n bytes of it are sent. A handler may wait, as any job may.
    --- Returns the server, with port and url; or raises, at the caller's line, why it cannot listen.
    function server.listen(options)
        if type(options) ~= "table" then error("listen needs a table of options, not " .. type(options), 2) end
        options = complete_options(options)
        local ok, handle, problem = pcall(raw.start, options)
        if not ok then error((handle:gsub("^bad argument.-%((.-)%)$", "%1")), 2) end
        if not handle then
            error(("cannot listen on %s port %d: %s"):format(options.host, options.port, problem), 2)
        end
        local self = setmetatable({
            port = handle:port(), _raw = handle, _handler = options.handler, _on_error = options.on_error,
            _list = {}, _jobs = {},
        }, Server)
        self.url = url_of(options.host, self.port)
        self._watch = scheduler.watch(handle:descriptor(), "r", function() pump(self) end)
        self._turns = scheduler.each_turn(function()
            if handle:is_due() then pump(self) end
        end, function() return handle:is_due() end)
        return self
    end

    return server
end
