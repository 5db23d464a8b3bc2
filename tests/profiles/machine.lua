--[[
machine.lua - for the profiles: processes, the servers, and what they counted. README.md says what a server has to do.
--]]

local scaleapi = require "scaleapi"

local json, now, sleep = scaleapi.json, scaleapi.now, scaleapi.sleep

local machine = {}

local SCALUA = os.getenv "SCALUA" or "build/scalua"
local SERVER = os.getenv "SERVER"
local LONGEST_START = 20 -- seconds

local folder
local started = 0 -- processes
local living = {} -- process -> true

local function quote(text)
    return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function quoted(words)
    local list = {}
    for i, word in ipairs(words) do list[i] = quote(tostring(word)) end
    return table.concat(list, " ")
end

-- ------------------------------------------------------------------- files

function machine.path(name)
    return folder .. "/" .. name
end

--- The file's bytes, or nil.
function machine.read(name)
    local file = io.open(machine.path(name), "rb")
    if not file then return nil end
    local text = file:read "a"
    file:close()
    return text
end

--- Writes count texts, made by text(i), into a file.
function machine.write(name, count, text)
    local file = assert(io.open(machine.path(name), "wb"))
    for i = 1, count do assert(file:write(text(i))) end
    assert(file:close())
end

--- A new folder, in which all goes on.
function machine.setup()
    local pipe = assert(io.popen "mktemp -d")
    folder = pipe:read "l"
    pipe:close()
end

--- Ends what is running, and removes the folder.
function machine.teardown()
    for process in pairs(living) do process:kill() end
    living = {}
    os.execute("rm -rf " .. quote(folder))
end

-- --------------------------------------------------------------- processes

local Process = {}
Process.__index = Process

local function read_number(name)
    return tonumber(machine.read(name) or "")
end

-- Starts a shell command in the folder, as the leader of nothing: its id is that of the program itself.
local function start(command, environment)
    started = started + 1
    local self = setmetatable({ name = ".process" .. started, began = now() }, Process)
    local lines = {}
    for name, value in pairs(environment or {}) do lines[#lines + 1] = ("export %s=%s"):format(name, quote(value)) end
    lines[#lines + 1] = ("echo $$ >%s.pid"):format(self.name)
    lines[#lines + 1] = ("exec %s >%s.out 2>%s.err </dev/null"):format(command, self.name, self.name)
    machine.write(self.name .. ".sh", 1, function() return table.concat(lines, "\n") .. "\n" end)
    assert(os.execute(([[cd %s && { sh ./%s.sh; echo $? >%s.new; mv %s.new %s.end; } >/dev/null 2>&1 &]]):format(
        quote(folder), self.name, self.name, self.name, self.name)))
    while not read_number(self.name .. ".pid") do sleep(0.002) end
    self.pid = read_number(self.name .. ".pid")
    living[self] = true
    return self
end

--- Its exit code when it has ended.
function Process:ended()
    local code = read_number(self.name .. ".end")
    if code and living[self] then
        living[self] = nil
        self.seconds = now() - self.began
    end
    return code
end

--- Ends it, which it does not notice, and waits for it. False when it had ended before.
function Process:kill()
    if self:ended() then return false end
    os.execute(("kill -9 %d 2>/dev/null"):format(self.pid))
    return self:wait() == 137
end

--- Waits for its end, `seconds` at most. Returns the exit code; nil when it did not come.
function Process:wait(seconds)
    local deadline = seconds and now() + seconds
    while not self:ended() do
        if deadline and now() > deadline then return nil end
        sleep(0.01)
    end
    return self:ended()
end

function Process:output()
    return machine.read(self.name .. ".out") or ""
end

function Process:errors()
    return machine.read(self.name .. ".err") or ""
end

--- Starts scalua with these words.
function machine.scalua(words, environment)
    return start(quote(SCALUA) .. " " .. quoted(words), environment)
end

--- The same, and at the end it is known how much memory (KiB) and processor time (seconds) it took.
function machine.measured(words, environment)
    local self = start(("/usr/bin/time -v -o .time%d %s %s"):format(started + 1, quote(SCALUA), quoted(words)),
        environment)
    self.time = ".time" .. started
    return self
end

function Process:peak_memory()
    return tonumber((machine.read(self.time) or ""):match "Maximum resident set size %(kbytes%): (%d+)")
end

function Process:processor_time()
    local text = machine.read(self.time) or ""
    local user, system = text:match "User time %(seconds%): ([%d.]+)%s+System time .-: ([%d.]+)"
    return tonumber(user) + tonumber(system)
end

-- ----------------------------------------------------------------- servers

local function wait_for_url(process)
    local deadline = now() + LONGEST_START
    while true do
        local url = process:output():match "http://127%.0%.0%.1:%d+"
        if url then return url end
        if process:ended() or now() > deadline then
            error("the server did not start: " .. process:output() .. process:errors(), 0)
        end
        sleep(0.02)
    end
end

local FAULTS = { "latency", "rate_limit", "fail_rate", "lost_rate", "drop_rate", "cut_rate", "html_rate" }

-- What the sandbox calls them; its garbage is of more kinds than cut bodies and HTML.
local function sandbox_words(faults)
    local garbage = (faults.cut_rate or 0) + (faults.html_rate or 0)
    local words = { "sandbox" }
    for option, value in pairs {
        latency = faults.latency or 0, ["rate-limit"] = faults.rate_limit or 0, ["fail-rate"] = faults.fail_rate or 0,
        ["lost-answer-rate"] = faults.lost_rate or 0, ["drop-rate"] = faults.drop_rate or 0, ["garbage-rate"] = garbage,
    } do
        if value > 0 then words[#words + 1] = ("--%s=%s"):format(option, value) end
    end
    return words
end

local function server_command(faults)
    if not SERVER then return quote(SCALUA) .. " " .. quoted(sandbox_words(faults)) end
    local words = {}
    for _, name in ipairs(FAULTS) do
        if faults[name] then
            words[#words + 1] = "--" .. name:gsub("_", "-")
            words[#words + 1] = faults[name]
        end
    end
    return SERVER .. " " .. quoted(words)
end

local Server = {}
Server.__index = Server

--- Starts the server that is tried against, with these faults.
function machine.server(faults)
    local process = start(server_command(faults or {}))
    return setmetatable({ process = process, url = wait_for_url(process) }, Server)
end

local function get_json(url)
    local ok, answer = pcall(scaleapi.fetch, url)
    if not ok or answer.status ~= 200 then return nil end
    return json.decode(answer.body)
end

-- { requests, refused (with 429), tasks }, from the sandbox's words or from those of /_counts.
function Server:counts()
    local stats = get_json(self.url .. "/sandbox/stats")
    if stats then
        return { requests = stats.requests, refused = stats.fault_kinds.rate_limit or 0, tasks = stats.tasks }
    end
    local counts = get_json(self.url .. "/_counts")
    if not counts then error("the server has neither /sandbox/stats nor /_counts", 0) end
    local requests = counts.requests
    if type(requests) == "table" then
        local sum = 0
        for _, count in pairs(requests) do sum = sum + count end
        requests = sum
    end
    return { requests = requests, refused = (counts.statuses or {})["429"] or 0, tasks = counts.tasks_made }
end

function Server:close()
    self.process:kill()
end

--- Starts a Lua file beside this one as a server, with these words.
function machine.helper(name, ...)
    local pipe = assert(io.popen "pwd")
    local here = pipe:read "l"
    pipe:close()
    local process = machine.scalua { here .. "/tests/profiles/" .. name, ... }
    return setmetatable({ process = process, url = wait_for_url(process) }, Server)
end

--- A program of the build as a server, if it was built.
function machine.built(name, ...)
    local path = SCALUA:gsub("[^/]*$", "") .. name
    local file = io.open(path)
    if not file then return nil end
    file:close()
    local process = start(quote(path) .. " " .. quoted { ... })
    return setmetatable({ process = process, url = wait_for_url(process) }, Server)
end

--- A call of one that was started with machine.helper: POST with a body, or GET.
function Server:control(path, body)
    local answer = scaleapi.fetch(self.url .. path, body and { body = json.encode(body) } or nil)
    return json.decode(answer.body)
end

return machine
