--[[
callback.lua - keeps what Scale posts to a callback_url: each task as a line of a JSONL file. Copy it to start your own.

    SCALE_CALLBACK_AUTH_KEY=... build/scalua examples/callback.lua tasks.jsonl 8090

Give tasks the address at which this can be reached as their callback_url. To try it on this machine, run
build/scalua sandbox, and take live_callback_auth_key and http://127.0.0.1:8090/.
--]]

local scaleapi = require "scaleapi"
local server = require "scaleapi.server"
local sys = require "scaleapi.sys"

local json = scaleapi.json
local key = os.getenv "SCALE_CALLBACK_AUTH_KEY"
local path, port = arg[1], tonumber(arg[2] or "8090")
if not key or key == "" or not path or not math.tointeger(port) then
    io.stderr:write "usage: SCALE_CALLBACK_AUTH_KEY=KEY scalua callback.lua FILE.jsonl [PORT]\n"
    os.exit(2)
end

-- Takes as long for every wrong key, so that nobody can find the right one letter by letter.
local function is_key(text)
    local a, b, difference = sys.sha256_raw(text or ""), sys.sha256_raw(key), 0
    for i = 1, #a do difference = difference | (a:byte(i) ~ b:byte(i)) end
    return difference == 0
end

-- The same news may come twice. What tells news apart:
local function name_of(task)
    return table.concat({ tostring(json.field(task, "task_id")), tostring(json.field(task, "status")),
        tostring(json.field(task, "updated_at")) }, " ")
end

-- What is in the file already; a line that a crash left unfinished is given an end.
local file = assert(io.open(path, "a+b"))
local seen, torn = {}, false
for line in file:lines "L" do
    torn = line:sub(-1) ~= "\n"
    if json.check(line) then seen[name_of(line)] = true end
end
file:seek "end"
if torn then file:write "\n" end

local function keep(task)
    local name = name_of(task)
    if seen[name] then return end
    seen[name] = true
    local ok, why = file:write((task:gsub("[\r\n]", " ")), "\n")
    if ok then ok, why = file:flush() end
    if ok then return end
    io.stderr:write("cannot write ", path, ": ", why, "\n")
    os.exit(1) -- and what nobody answers is posted again
end

local function answer(request)
    if not is_key(request.headers["scale-callback-auth"]) then return { status = 401, body = "wrong key\n" } end
    if request.method ~= "POST" then return { status = 405, body = "only POST is understood\n" } end
    if not json.check(request.body) or json.type(request.body) ~= "object" then
        return { status = 400, body = "the body is no JSON object\n" }
    end
    local task = json.raw_field(request.body, "task") -- a batch's callback has none
    -- Scale wants its answer promptly: the work comes afterwards, in a job of its own.
    if task and json.type(task) == "object" then scaleapi.spawn(keep, task) end
    return { status = 200, body = "ok\n" }
end

local listening = server.listen { port = port, handler = answer }
print("callbacks for " .. path .. " at " .. listening.url .. "/")
io.stdout:flush()
sys.catch_interrupt(true)
while sys.interrupted() == 0 do scaleapi.step(3600) end
listening:close()
file:close()
