--[[
sandbox.seeding - puts things into a world from outside: tasks, batches and projects by the rules that a client's
requests go through; what no request can make by the rules of seeds.lua.
--]]

local json = require("scaleapi").json
local seeds = require "scaleapi.sandbox.seeds"
local unknown = require "scaleapi.sandbox.spelling"
local wire = require "scaleapi.sandbox.wire"

local refuse = wire.refuse

-- kind -> the path of the request that makes one
local PATHS = {
    project = function() return "/v1/projects" end,
    batch = function() return "/v1/batches" end,
    task = function(fields)
        if type(fields.type) ~= "string" then refuse(400, "a task needs its type") end
        return "/v1/task/" .. (fields.type:gsub("%W", function(letter) return ("%%%02X"):format(letter:byte()) end))
    end,
}

local seeding = {}

local function by_rule(running, account, path, fields)
    local response = running.handle(running.world, {
        method = "POST", path = path, body = fields, is_settled = true,
        headers = { authorization = "Bearer " .. account .. "_seed", ["content-type"] = "application/json" },
    })
    if response.status == 200 then return json.raw(response.body) end
    refuse(response.status, "%s", json.decode(response.body).error)
end

local function by_seeds(running, account, kind, fields)
    local ok, id = pcall(seeds.apply, running.world.accounts[account], kind, fields)
    if not ok then refuse(400, "%s", id) end
    return { id = id }
end

local function all_kinds()
    local kinds = {}
    for kind in pairs(PATHS) do table.insert(kinds, kind) end
    for kind in pairs(seeds.kinds) do table.insert(kinds, kind) end
    table.sort(kinds)
    return kinds
end

--- A call of control.lua: `body` is the JSON of the arguments, from which the fields are taken as they were written.
function seeding.seed(running, arguments, body)
    local account = arguments.account or "live"
    if not running.world.accounts[account] then refuse(400, "account must be live or test, not '%s'", account) end
    local path = PATHS[arguments.kind]
    if path then return by_rule(running, account, path(arguments.fields), json.raw_field(body, "fields")) end
    if seeds.kinds[arguments.kind] then return by_seeds(running, account, arguments.kind, arguments.fields) end
    refuse(400, "%s", unknown("kind", arguments.kind, all_kinds()))
end

return seeding
