--[[
scaleapi - a client for Scale AI's data annotation API.

    local scaleapi = require "scaleapi"
    local client = scaleapi.client { api_key = os.getenv "SCALE_API_KEY" }
    for task in client:get_tasks { project_name = "kittens" } do print(task.task_id, task.status) end

The module sets no global, prints nothing and keeps no state outside its lua_State.
--]]

local core = require "scaleapi.core"
local client = require "scaleapi.client"
local errors = require "scaleapi.errors"
local scheduler = require "scaleapi.scheduler"

local scaleapi = {
    version = core.version,
    null = core.json.null,         -- JSON's null, the same as cjson.null
    json = core.json,              -- the exact codec: decode, encode, check, …
    array = core.json.array,       -- marks a table as an array, so that {} is sent as []
    is_error = errors.is_error,    -- is_error(value [, kind])
    operations = core.operations,  -- the rows of the operation table
    suggest = core.suggest,        -- suggest(word, words): the one that was probably meant, or nil
    spawn = scheduler.spawn,
    sleep = scheduler.sleep,
    after = scheduler.after,
    step = scheduler.step,
    descriptor = scheduler.descriptor,
    timeout = scheduler.timeout,
    attach = scheduler.attach,
    now = scheduler.now,
    fetch = require "scaleapi.fetch",
    parallel = require "scaleapi.parallel",
}

--- Makes a client; see scaleapi/client.lua for its options.
function scaleapi.client(options)
    if options ~= nil and type(options) ~= "table" then
        error("client needs a table of options, not " .. type(options), 2)
    end
    local made, problem = client.new(options)
    return made or error(problem, 2)
end

-- scaleapi.TaskType.ImageAnnotation == "imageannotation"; an unknown name raises.
for name, values in pairs(core.enumerations) do
    scaleapi[name] = setmetatable({}, {
        __index = function(_, key)
            local names = {}
            for each in pairs(values) do table.insert(names, each) end
            local meant = type(key) == "string" and core.suggest(key, names)
            return values[key] or error(("unknown %s '%s'%s"):format(
                name, tostring(key), meant and "; did you mean '" .. meant .. "'?" or ""), 2)
        end,
        __newindex = function() error(name .. " cannot be changed", 2) end,
        __pairs = function() return next, values, nil end,
    })
end

-- Loaded when asked for: bulk work and its journal; readers of CSV and JSON lines; describe(name), operations in words;
-- times, as the API writes them.
local LATER = {
    bulk = "scaleapi.bulk", csv = "scaleapi.csv", describe = "scaleapi.describe", journal = "scaleapi.journal",
    jsonl = "scaleapi.jsonl", limited = "scaleapi.limited", senders = "scaleapi.senders", times = "scaleapi.times",
}

return setmetatable(scaleapi, { __index = function(self, key)
    if not LATER[key] then return nil end
    rawset(self, key, require(LATER[key]))
    return rawget(self, key)
end })
