--[[
scripts.lib.payload - a line of JSON as the body of a request: its bytes as they stand, with fields put in front
only where it lacks them.
--]]

local scaleapi = require "scaleapi"
local sys = require "scaleapi.sys"

local json = scaleapi.json

local payload = {}

local QUOTE = 34

-- What is wrong with an explicit unique_id, or nil.
local function problem_of_id(raw)
    local wrong = raw == '""' and "empty" or json.type(raw)
    if wrong == "string" then return nil end
    return ("unique_id is %s: give it a text, or leave it out and have one made"):format(wrong)
end

local function problem_of(line)
    local ok, message = json.check(line)
    if not ok then return message end
    local kind = json.type(line)
    if kind ~= "object" then return ("not a JSON object but %s"):format(kind) end
end

-- The line with text put in front of its first member.
local function insert(line, text)
    local brace = line:find("{", 1, true)
    if line:find("^[ \t\r\n]*}", brace + 1) then text = text:sub(1, -2) end
    return line:sub(1, brace) .. text .. line:sub(brace + 1)
end

--- The line, an object without a unique_id, with that one.
function payload.with_unique_id(line, unique_id)
    return insert(line, '"unique_id":"' .. unique_id .. '",')
end

--- Returns a function(line, count) that makes a body of a line: with those of `fields`, an array of { name, value },
--- that it lacks, and a unique_id made by identify(line, count) if it lacks that. Returns the body, and the unique_id
--- if it made one; or nil and what is wrong with the line as a task.
function payload.completer(fields, identify)
    local names, texts = { "unique_id" }, {}
    for i, field in ipairs(fields) do
        names[i + 1], texts[i + 1] = field[1], ('"%s":%s,'):format(field[1], json.encode(field[2]))
    end
    return function(line, count)
        local problem = problem_of(line)
        if problem then return nil, problem end
        local found, added, unique_id = { json.raw_fields(line, table.unpack(names)) }, "", nil
        for i = 2, #names do
            if not found[i] then added = added .. texts[i] end
        end
        if not found[1] then
            unique_id = identify(line, count)
            added = added .. '"unique_id":"' .. unique_id .. '",'
        elseif found[1]:byte() ~= QUOTE or found[1] == '""' then
            return nil, problem_of_id(found[1])
        end
        return added == "" and line or insert(line, added), unique_id
    end
end

local is_space = { [32] = true, [9] = true, [13] = true, [10] = true }

local function trim(line)
    local first, last = 1, #line
    while is_space[line:byte(first)] do first = first + 1 end
    while last > first and is_space[line:byte(last)] do last = last - 1 end
    return line:sub(first, last)
end

--- The digest of a line, whatever white space stands around it.
function payload.digest(line)
    return sys.sha256_raw(trim(line))
end

-- The same, and as much of it as a set of keys remembers.
local function key_of(line)
    local digest = payload.digest(line)
    return digest, string.unpack("j", digest)
end

--- Returns a function that says the how manieth of equal lines a line is, whatever white space stands around it.
--- `again` has the digests of the lines that come more than once.
function payload.counter(again)
    local counts = {}
    return function(line)
        local digest, key = key_of(line)
        if not again:has(digest) then return 1 end
        counts[key] = (counts[key] or 0) + 1
        return counts[key]
    end
end

--- Returns a function(line, n) that gives a line a unique_id: SHA-256 over the names given here and the line's trimmed
--- bytes. The n-th of equal lines (default: 1) counts n in, so that they are tasks of their own, and yet the same file
--- gives the same ids again.
function payload.identifier(...)
    local names = table.concat({ ... }, "\0") .. "\0"
    return function(line, count)
        local text = names .. trim(line)
        return sys.sha256((count or 1) == 1 and text or text .. "\0" .. count)
    end
end

local MOST_SHOWN = 10

-- The rows of the equal lines, as far as they are shown: { { 3, 17 }, … }.
local function rows_of_equal(reader, again)
    local groups, by_key, left = {}, {}, 0
    for line, number in reader do
        local digest, key = key_of(line)
        local group = by_key[key]
        if not group and #groups < MOST_SHOWN and again:has(digest) then
            group = {}
            groups[#groups + 1], by_key[key], left = group, group, left + MOST_SHOWN
        end
        if group and #group < MOST_SHOWN then
            group[#group + 1], left = number, left - 1
        end
        if #groups == MOST_SHOWN and left == 0 then break end
    end
    reader:rewind()
    return groups
end

--- Looks through a file of JSON lines, given its reader, which then stands at the start: how many rows there are, how
--- many of them are equal to an earlier one, the numbers of such rows, in groups, and the digests for payload.counter.
--- `look` is called now and then, since that takes a while.
function payload.survey(reader, look)
    local keys, again = sys.key_set(), sys.key_set()
    local total, equal = reader:survey(keys, again, look)
    keys:clear() -- before the rows are remembered: they are as many
    return total, equal, equal > 0 and rows_of_equal(reader, again) or {}, again
end

return payload
