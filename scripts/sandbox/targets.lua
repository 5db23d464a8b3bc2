--[[
sandbox.targets - faults that hit the next requests of one kind, for trying what a client does about them:

    { match = "POST /v1/task/{type}", status = 503, times = 2, retry_after = 1 }

`match` is a method (or *) and a path, in which {anything} stands for one segment, * for anything at all, and a / at
the end for whatever follows it. `skip` requests that match pass, the next `times` (1) are hit. What happens to them is
one of: `status` (with `body`, `headers`), `drop` (the connection), `garbage` (see garbage.lua); or nothing but
`latency`, so many seconds before the answer. With `after_work` the request is done first; garbage always is.
--]]

local garbage = require "scaleapi.sandbox.garbage"
local unknown = require "scaleapi.sandbox.spelling"

local targets = {}

-- name -> what a value must be, and a function that tells
local function is_whole(least)
    return function(value) return math.type(value) == "integer" and value >= least end
end

local function is_a(kind)
    return function(value) return type(value) == kind end
end

local function are_headers(value)
    if type(value) ~= "table" then return false end
    for name, text in pairs(value) do
        if type(name) ~= "string" or not name:find "^[%w_%-]+$" or type(text) ~= "string" or text:find "[\r\n%z]" then
            return false
        end
    end
    return true
end

local FIELDS = {
    match = { "a method and a path, as in 'POST /v1/task/{type}'",
        function(value) return type(value) == "string" and value:find "^[%u*]+ /" ~= nil end },
    times = { "a whole number, 1 or more", is_whole(1) },
    skip = { "a whole number, 0 or more", is_whole(0) },
    status = { "a status from 200 to 599",
        function(value) return math.type(value) == "integer" and value >= 200 and value <= 599 end },
    body = { "a text", is_a "string" },
    headers = { "names and texts", are_headers },
    retry_after = { "a whole number of seconds", is_whole(0) },
    after_work = { "true or false", is_a "boolean" },
    drop = { "true", function(value) return value == true end },
    garbage = { "one of " .. table.concat(garbage.names, ", "),
        function(value) return garbage.by_name[value] ~= nil end },
    latency = { "a number of seconds",
        function(value) return type(value) == "number" and value >= 0 and value <= 1000000 end },
}

local names = {}
for name in pairs(FIELDS) do table.insert(names, name) end
table.sort(names)

-- "POST /v1/task/{type}" as a pattern for "POST /v1/task/chat".
local function pattern_of(match)
    local pattern = match:gsub("[%^%$%(%)%%%.%[%]%+%-%?]", "%%%0"):gsub("%b{}", "[^/]+"):gsub("%*", ".*")
    return "^" .. pattern .. (match:find "/$" and "" or "$")
end

local patterns = setmetatable({}, { __mode = "k" }) -- target -> pattern

-- Returns what is wrong with one.
local function problem_of(target)
    if type(target) ~= "table" then return "a target must be a table, not " .. tostring(target) end
    if target.match == nil then return "a target needs match: " .. FIELDS.match[1] end
    local outcomes = 0
    for name, value in pairs(target) do
        local field = FIELDS[name]
        if not field then return unknown("field of a target", name, names) end
        if not field[2](value) then
            return ("a target's %s must be %s, not %s"):format(name, field[1], tostring(value))
        end
        if name == "status" or name == "drop" or name == "garbage" then outcomes = outcomes + 1 end
    end
    if outcomes > 1 then return "a target has one of status, drop and garbage, not more" end
    if outcomes == 0 and not target.latency then return "a target needs status, drop, garbage or latency" end
    if not target.status and (target.body or target.headers or target.retry_after) then
        return "a target's body, headers and retry_after need a status"
    end
end

--- A copy of an array of them, complete; or nil and what is wrong.
function targets.check(given)
    if type(given) ~= "table" then return nil, "targets must be an array, not " .. tostring(given) end
    local checked = {}
    for _, target in ipairs(given) do
        local problem = problem_of(target)
        if problem then return nil, problem end
        local copy = { times = 1, skip = 0 }
        for name, value in pairs(target) do copy[name] = value end
        patterns[copy] = pattern_of(copy.match)
        table.insert(checked, copy)
    end
    for place in pairs(given) do
        if not checked[place] then return nil, "targets must be an array, not have a " .. tostring(place) end
    end
    return checked
end

--- The first of the targets that the request is for, counted down and taken out when it is used up; or nil.
function targets.next(list, request)
    if #list == 0 then return nil end
    local line = request.method .. " " .. request.path
    for i, target in ipairs(list) do
        if line:find(patterns[target]) then
            if target.skip == 0 then
                target.times = target.times - 1
                if target.times == 0 then table.remove(list, i) end
                return target
            end
            target.skip = target.skip - 1
        end
    end
end

return targets
