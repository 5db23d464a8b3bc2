--[[
world.lua - the sandbox's rules without a socket, for specs: a world whose clock the spec sets, and calls to it.

    local world = new_world { complete_after = 2 }
    local task, status, raw = world:call("POST /v1/task/x", '{"a":1}')
    world.now = world.now + 1000
--]]

local sandbox = require "scaleapi.sandbox"
local seeds = require "scaleapi.sandbox.seeds"
local store = require "scaleapi.sandbox.store"
local json = require("scaleapi").json

local World = {}
World.__index = World

--- Sends "METHOD /path?query" with the body, as world.key. Returns the answer decoded (its text if it is not JSON), the
--- status, its bytes, and its headers.
function World:call(line, body, headers)
    local method, path, query = line:match "^(%u+) ([^?]*)%??(.*)$"
    local all = { authorization = "Bearer " .. self.key }
    for name, value in pairs(headers or {}) do all[name] = value end
    local response = sandbox.handle(self.world, {
        method = method, path = path, query = query ~= "" and query or nil, headers = all,
        body = type(body) == "table" and json.encode(body) or body or "",
    })
    local ok, value = pcall(json.decode, response.body)
    return ok and value or response.body, response.status, response.body, response.headers
end

--- The same, which must be answered with 200.
function World:ok(line, body, headers)
    local value, status, raw = self:call(line, body, headers)
    assert(status == 200, line .. ": " .. raw)
    return value, raw
end

--- The same, which must be refused with this status; returns the text.
function World:refused(status, line, body, headers)
    local value, got, raw = self:call(line, body, headers)
    assert(got == status, ("%s: %d instead of %d: %s"):format(line, got, status, raw))
    assert(value.status_code == status, raw)
    return value.error
end

--- Makes a project; `more` is further JSON members, such as '"rapid":true'.
function World:project(name, task_type, more)
    return self:ok("POST /v1/projects", ('{"name":"%s","type":"%s"%s}'):format(name, task_type or "comparison",
        more and "," .. more or ""))
end

function World:batch(name, project, more)
    return self:ok("POST /v1/batches", ('{"name":"%s","project":"%s"%s}'):format(name, project,
        more and "," .. more or ""))
end

--- Makes a comparison task, the type that needs least.
function World:task(more)
    return self:ok("POST /v1/task/comparison", ('{"attachments":[],"choices":["yes","no"]%s}'):format(
        more and "," .. more or ""))
end

--- Seeds what the API cannot make, in the world of world.key; returns its id.
function World:seed(kind, fields)
    local account = self.world.accounts[self.key:match "^%l+"]
    store.settle(self.world, account)
    return seeds.apply(account, kind, fields)
end

--- Waits so many seconds.
function World:wait(seconds)
    self.now = self.now + math.floor(seconds * 1000)
end

return function(options)
    local self = setmetatable({ key = "live_key", now = 1700000000123 }, World) -- 2023-11-14T22:13:20.123Z
    local all = { clock = function() return self.now end }
    for name, value in pairs(options or {}) do all[name] = value end
    self.world = sandbox.new_world(all)
    return self
end
