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

--- The line with that unique_id.
function payload.with_unique_id(line, unique_id)
    return (payload.complete(line, {}, function() return unique_id end))
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

local MOST_EQUAL = 1000 -- equal rows of which the others are looked for

local is_space = { [32] = true, [9] = true, [13] = true, [10] = true }

local function trim(line)
    local first, last = 1, #line
    while is_space[line:byte(first)] do first = first + 1 end
    while last > first and is_space[line:byte(last)] do last = last - 1 end
    return line:sub(first, last)
end

--- Returns a function that says the how manieth of equal lines a line is, whatever white space stands around it.
--- Remembers 64 bits of each line, and a count of those that came again.
function payload.counter()
    local seen, again = sys.key_set(), {}
    return function(line)
        local digest = sys.sha256_raw(trim(line))
        if seen:add(digest) then return 1 end
        local key = digest:sub(1, 8)
        again[key] = (again[key] or 1) + 1
        return again[key]
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

-- The rows of the equal lines, as far as they are shown: { { 3, 17 }, … }. `again` holds the digests of those
-- that came more than once.
local function rows_of_equal(lines, again)
    local groups, by_key = {}, {}
    for line, number in lines do
        local key = sys.sha256_raw(trim(line))
        local group = by_key[key]
        if again[key] and not group and #groups < MOST_SHOWN then
            group = {}
            groups[#groups + 1], by_key[key] = group, group
        end
        if group and #group < MOST_SHOWN then group[#group + 1] = number end
    end
    return groups
end

--- Looks through a file of JSON lines: how many rows there are, how many of them are equal to an earlier one, and the
--- numbers of such rows, in groups. `open` gives the iterator of the file's lines.
function payload.survey(open)
    local seen, again, total, equal = sys.key_set(), {}, 0, 0
    for line in open() do
        local digest = sys.sha256_raw(trim(line))
        total = total + 1
        if not seen:add(digest) then
            equal = equal + 1
            if equal <= MOST_EQUAL then again[digest] = true end
        end
    end
    return total, equal, equal > 0 and rows_of_equal(open(), again) or {}
end

return payload
