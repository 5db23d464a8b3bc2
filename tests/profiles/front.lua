--[[
front.lua URL - a server for the profiles that stands in front of another and passes everything on. It counts, knows
which rows were sent when, and can be away: what is behind it goes on.

    GET  /front         what it counted
    POST /front/epoch   from now on it is another run that sends: rows that an earlier one sent are counted as `again`
    POST /front/away    {"seconds":S,"how":"refuse"|503|"silent"}: connections are refused, answered so, or not at all
--]]

local scaleapi = require "scaleapi"
local listen = require("scaleapi.server").listen

local json, now = scaleapi.json, scaleapi.now

local BACKEND = arg[1]
-- Of the request and of the answer: what belongs to one connection is not passed on.
local NOT_PASSED = {
    connection = true, ["content-length"] = true, ["transfer-encoding"] = true, host = true, ["keep-alive"] = true,
    ["accept-encoding"] = true, ["content-encoding"] = true, expect = true, date = true,
}

local counts = { requests = 0, posts = 0, rows = 0, in_flight = 0, epoch = 1, again = {} }
local last_epoch = {} -- unique_id -> the last epoch in which it was sent
local away = { till = 0 }
local server, listen_again

-- ---------------------------------------------------------------- counting

local function count(request)
    counts.requests = counts.requests + 1
    if now() > away.till and away.how then
        away.how, counts.first_after = nil, now() - away.till
    end
    local unique_id = request.method == "POST" and request.path:find "^/v1/task/[^/]+$"
        and json.field(request.body, "unique_id")
    if not unique_id then return end
    counts.posts = counts.posts + 1
    local before = last_epoch[unique_id]
    if not before then
        counts.rows = counts.rows + 1
    elseif before < counts.epoch then
        local name = tostring(counts.epoch)
        counts.again[name] = (counts.again[name] or 0) + 1
    end
    last_epoch[unique_id] = counts.epoch
end

-- ----------------------------------------------------------------- control

local function to_json(value)
    return { status = 200, headers = { ["Content-Type"] = "application/json" }, body = json.encode(value) }
end

local function begin_epoch()
    counts.epoch = counts.epoch + 1
    return to_json { epoch = counts.epoch }
end

local function go_away(body)
    local order = json.decode(body)
    away = { how = order.how, till = now() + order.seconds }
    if order.how == "refuse" then
        scaleapi.after(0.02, function() -- once this is answered
            server:close()
            scaleapi.after(away.till - now(), function() listen_again(server.port) end)
        end)
    end
    return to_json { away = true }
end

local function control(request)
    if request.path == "/front/epoch" then return begin_epoch() end
    if request.path == "/front/away" then return go_away(request.body) end
    return to_json(counts)
end

-- ----------------------------------------------------------------- passing

local function passed(headers)
    local list = {}
    for name, value in pairs(headers) do
        if not NOT_PASSED[name:lower()] then list[name] = value end
    end
    return list
end

local function pass_on(request)
    local query = request.query and request.query ~= "" and "?" .. request.query or ""
    local body = request.body ~= "" and request.body or nil
    local ok, answer = pcall(scaleapi.fetch, BACKEND .. request.path .. query,
        { method = request.method, headers = passed(request.headers), body = body, follow = false })
    if not ok then return { drop = true } end
    return { status = answer.status, headers = passed(answer.headers), body = answer.body }
end

local function handle(request)
    if request.path:find "^/front" then return control(request) end
    count(request)
    if now() < away.till then
        if away.how == "silent" then scaleapi.sleep(away.till - now()) end
        if math.type(away.how) == "integer" then return { status = away.how, body = "away\n" } end
        return { drop = true }
    end
    counts.in_flight = counts.in_flight + 1
    local answer = pass_on(request)
    counts.in_flight = counts.in_flight - 1
    return answer
end

function listen_again(port)
    server = listen { port = port, handler = handle }
end

listen_again(0)
print(server.url)
io.stdout:flush()
while true do scaleapi.sleep(3600) end
