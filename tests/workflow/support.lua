--[[
support.lua - for the specs of commands: a folder for each test, commands as processes in it, and servers as
processes: a sandbox, or one that the test writes itself.
--]]

local scaleapi = require "scaleapi"

local support = {}

local SCALUA = os.getenv "SCALUA" or "build/scalua"
local folder
local servers = {} -- process ids

local function quote(text)
    return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function output_of(command)
    local pipe = assert(io.popen(command))
    local text = pipe:read "a"
    pipe:close()
    return (text:gsub("\n$", ""))
end

if SCALUA:sub(1, 1) ~= "/" then SCALUA = output_of "pwd" .. "/" .. SCALUA end

-- ------------------------------------------------------------------- files

function support.path(name)
    return folder .. "/" .. name
end

--- The file's bytes, or nil.
function support.read(name)
    local file = io.open(support.path(name), "rb")
    if not file then return nil end
    local text = file:read "a"
    file:close()
    return text
end

function support.write(name, text)
    local file = assert(io.open(support.path(name), "wb"))
    assert(file:write(text))
    assert(file:close())
end

--- The file's lines decoded, or nil.
function support.records(name)
    local text = support.read(name)
    if not text then return nil end
    local list = {}
    for line in text:gmatch "[^\n]+" do list[#list + 1] = scaleapi.json.decode(line) end
    return list
end

--- A new folder; to be called before each test.
function support.setup()
    folder = output_of "mktemp -d"
end

--- Ends the servers and removes the folder; to be called after each test.
function support.teardown()
    for _, pid in ipairs(servers) do os.execute(("kill %d 2>/dev/null"):format(pid)) end
    servers = {}
    os.execute("rm -rf " .. quote(folder))
end

-- --------------------------------------------------------------- processes

local function exports(environment)
    local lines = { "unset SCALE_API_KEY SCALE_API_KEY_FILE SCALE_API_URL" }
    for name, value in pairs(environment) do lines[#lines + 1] = ("export %s=%s"):format(name, quote(value)) end
    return table.concat(lines, "\n") .. "\n"
end

--- Runs a shell script in the folder, in which "$S" is scalua. Returns exit code, standard output, standard error.
--- `environment` holds variables; one of scalua's that is not there is not set.
function support.shell(script, environment)
    support.write(".sh", exports(environment or {}) .. script)
    local _, _, code = os.execute(("cd %s && S=%s timeout -k 1 120 sh ./.sh </dev/null >.out 2>.err"):format(
        quote(folder), quote(SCALUA)))
    return code, support.read ".out", support.read ".err"
end

local function words(list)
    local line = { '"$S"' }
    for _, word in ipairs(list) do line[#line + 1] = quote(word) end
    return table.concat(line, " ")
end

--- Runs scalua with these words, likewise.
function support.scalua(list, environment)
    return support.shell(words(list), environment)
end

--- Runs scalua with these words and sends it Ctrl-C when the shell condition holds, and `times` in all.
function support.interrupt(list, environment, condition, times)
    return support.shell(words(list) .. ([[ &
        pid=$!
        until %s; do sleep 0.02; done
        for n in %s; do kill -INT $pid; sleep 0.3; done 2>/dev/null
        wait $pid]]):format(condition, ("x "):rep(times or 1)), environment)
end

--- Runs a Lua text as a server in the background: it prints its URL when it is there. Returns the URL.
function support.serve(text)
    local name = ".server" .. #servers + 1
    support.write(name, text)
    local pid = output_of(("cd %s && %s %s >%s.out 2>&1 </dev/null & echo $!"):format(
        quote(folder), quote(SCALUA), name, name))
    servers[#servers + 1] = math.tointeger(pid)
    local deadline = scaleapi.now() + 20
    while true do
        local url = (support.read(name .. ".out") or ""):match "(http://%S+)\n"
        if url then return url end
        assert(scaleapi.now() < deadline, "the server did not start: " .. (support.read(name .. ".out") or ""))
        scaleapi.sleep(0.02)
    end
end

--- Starts a sandbox as a process of its own, with these options as Lua writes them. Returns its URL.
function support.sandbox(options)
    return support.serve(([[
        local sandbox = require("scaleapi.sandbox").start { %s }
        print(sandbox.url)
        io.stdout:flush()
        while true do require("scaleapi").sleep(3600) end]]):format(options or ""))
end

--- Starts a server of which the Lua text is the handler's body: it has `request`, `json`, and `count`, the number of
--- the request, and returns a status and a body. Returns its URL.
function support.answering(body)
    return support.serve(([[
        local json, count, state = require("scaleapi").json, 0, {}
        local function answer(request, count, json, state) %s end
        local server = require("scaleapi.server").listen { port = 0, handler = function(request)
            count = count + 1
            local status, text = answer(request, count, json, state)
            return { status = status, body = text, headers = { ["Content-Type"] = "application/json" } }
        end }
        print(server.url)
        io.stdout:flush()
        while true do require("scaleapi").sleep(3600) end]]):format(body))
end

-- ----------------------------------------------------------------- looking

--- A client of a server, with a live key unless another is given.
function support.client(url, key)
    return scaleapi.client { base_url = url, api_key = key or "live_key" }
end

--- All tasks of a project, oldest first.
function support.tasks(url, project, key)
    local tasks = support.client(url, key):get_tasks({ project_name = project }):list()
    local list = {}
    for i = #tasks, 1, -1 do list[#list + 1] = tasks[i] end
    return list
end

--- How many tasks a project has that are not canceled; fails on two with the same text.
function support.count_tasks(url, project)
    local seen, count = {}, 0
    for _, task in ipairs(support.tasks(url, project)) do
        if task.status ~= "canceled" then
            assert(not seen[task.params.text], "twice: " .. tostring(task.params.text))
            seen[task.params.text], count = true, count + 1
        end
    end
    return count
end

--- `count` rows of text to be annotated, as JSONL.
function support.rows(count, first)
    local lines = {}
    for i = first or 1, (first or 1) + count - 1 do
        lines[#lines + 1] = ('{"text":"row %d","labels":[{"name":"animal"}]}\n'):format(i)
    end
    return table.concat(lines)
end

support.TYPE = "namedentityrecognition" -- the type of those rows

return support
