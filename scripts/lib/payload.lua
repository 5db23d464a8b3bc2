--[[
scripts.lib.payload - a line of JSON as the body of a request: its bytes as they stand, with fields put in front
only where it lacks them.
--]]

local scaleapi = require "scaleapi"
local sys = require "scaleapi.sys"

local json = scaleapi.json

local payload = {}

--- What is wrong with the line as a task, or nil.
function payload.problem(line)
    local ok, message = json.check(line)
    if not ok then return message end
    local kind = json.type(line)
    if kind ~= "object" then return ("not a JSON object but %s"):format(kind) end
    local unique_id = json.raw_field(line, "unique_id")
    local wrong = unique_id == '""' and "empty" or unique_id and json.type(unique_id)
    if wrong and wrong ~= "string" then
        return ("unique_id is %s: give it a text, or leave it out and have one made"):format(wrong)
    end
end

--- Prepares complete(): `fields` is an array of { name, value }.
function payload.members(fields)
    local members = {}
    for i, field in ipairs(fields) do
        members[i] = { name = field[1], text = ('"%s":%s,'):format(field[1], json.encode(field[2])) }
    end
    return members
end

--- The line with those of `members` put in that it lacks, and a unique_id made by identify(line) if it lacks
--- that. Returns the new line and the unique_id that was made, if any.
function payload.complete(line, members, identify)
    local added, unique_id = "", nil
    for _, member in ipairs(members) do
        if not json.raw_field(line, member.name) then added = added .. member.text end
    end
    if not json.raw_field(line, "unique_id") then
        unique_id = identify(line)
        added = added .. '"unique_id":"' .. unique_id .. '",'
    end
    if added == "" then return line end
    local brace = line:find("{", 1, true)
    if line:find("^[ \t\r\n]*}", brace + 1) then added = added:sub(1, -2) end
    return line:sub(1, brace) .. added .. line:sub(brace + 1), unique_id
end

local is_space = { [32] = true, [9] = true, [13] = true, [10] = true }

local function trim(line)
    local first, last = 1, #line
    while is_space[line:byte(first)] do first = first + 1 end
    while last > first and is_space[line:byte(last)] do last = last - 1 end
    return line:sub(first, last)
end

-- Counts how often each digest comes, by 64 bits of it. In many tables, since a big one takes half as much again
-- while it grows.
local function new_counter()
    local TABLES = 1024
    local counts = {}
    for i = 0, TABLES - 1 do counts[i] = {} end
    return function(digest)
        local key = tonumber(digest:sub(1, 16), 16)
        local part = counts[key % TABLES]
        local count = (part[key] or 0) + 1
        part[key] = count
        return count
    end
end

--- Returns a function that gives each line a unique_id: SHA-256 over the names given here and the line's trimmed
--- bytes. The n-th of equal lines counts n in, so that they stay tasks of their own, and yet the same file gives
--- the same ids again. Remembers a number of each line, not the line.
function payload.identifier(...)
    local names = table.concat({ ... }, "\0") .. "\0"
    local count_of = new_counter()
    return function(line)
        local text = names .. trim(line)
        local digest = sys.sha256(text)
        local count = count_of(digest)
        return count == 1 and digest or sys.sha256(text .. "\0" .. count)
    end
end

return payload
