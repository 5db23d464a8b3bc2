--[[
scaleapi.row_sources - where the rows of bulk work come from, and what tells whether they are the same as before.
--]]

local core = require "scaleapi.core"
local errors = require "scaleapi.errors"
local sys = require "scaleapi.sys"

local json = core.json

local row_sources = {}

local function header_of(size, digest)
    return { { "input_size", size }, { "input", digest } }
end

local function digest_of(path)
    local digest, why = sys.sha256_file(path)
    return digest or error(why, 0)
end

-- A line that is no JSON is a row that fails.
local function bad_row(number, problem)
    local message = errors.without_place(errors.caught(problem))
    return errors.new { kind = "bad_row", message = ("line %d: %s"):format(number, message), attempts = 0 }
end

local function json_rows(path)
    local reader = require("scaleapi.jsonl").open(path)
    return {
        next = function()
            local line, number = reader:next()
            if not line then return nil end
            local ok, row = pcall(json.decode, line)
            if ok then return row, number end
            return bad_row(number, row), number
        end,
        skip = function(most) return reader:skip(most) end,
        path = path,
        identity = function()
            reader:survey()
            return header_of(reader.size, reader.digest)
        end,
    }
end

local function each(list)
    local place = 0
    return function()
        place = place + 1
        return list[place], place
    end
end

local function skip_by(next_row)
    return function(most)
        for passed = 0, most - 1 do
            if next_row() == nil then return passed end
        end
        return most
    end
end

local function no_identity() return {} end

local function source_of(rows)
    local metatable = getmetatable(rows)
    if type(rows) == "string" then
        if not rows:lower():find "%.csv$" then return json_rows(rows) end
        local next_row = require("scaleapi.csv").rows(rows)
        return { next = next_row, skip = skip_by(next_row), path = rows }
    end
    if type(rows) == "function" then return { next = rows, skip = skip_by(rows), identity = no_identity } end
    if type(metatable) == "table" and metatable.__call then
        local function next_row() return rows() end
        local ok, own = pcall(function() return rows.skip end)
        local skip = ok and own and function(most) return own(rows, most) end
        return { next = next_row, skip = skip or skip_by(next_row), identity = no_identity }
    end
    if type(rows) == "table" then
        local next_row = each(rows)
        return { next = next_row, skip = skip_by(next_row), identity = no_identity }
    end
    error("rows for bulk must be a path, an array or an iterator, not " .. type(rows), 5)
end

local function is_same(a, b)
    return a and b and a.size == b.size and a.modified == b.modified
end

local function raise_changed(path)
    error(errors.new { kind = "changed", message = path .. " was changed while it was read", attempts = 0 }, 0)
end

-- Rows of a file that somebody else reads: none is given once the file is not what it was. What was read before it was
-- looked at is of the old contents.
local function guard(source, path)
    local next_row, skip, facts, digest = source.next, source.skip, nil, nil
    local function look()
        local now = sys.stat(path)
        if not is_same(facts, now) and sys.sha256_file(path) ~= digest then raise_changed(path) end
        facts = now
    end
    local function check(...)
        if facts then look() end
        return ...
    end
    function source.next() return check(next_row()) end
    function source.skip(most) return check(skip(most)) end
    function source.identity()
        local found = sys.stat(path)
        if not found or found.type ~= "file" then return { { "input", path } } end
        facts, digest = found, digest_of(path)
        return header_of(facts.size, digest)
    end
end

--- Returns { next =, skip = function(most) -> how many rows there were to be passed over, path = (of a file),
--- identity = function() -> array of { name, value } }. What comes after that raises an error of kind `changed` once
--- the file is not what it was.
function row_sources.open(rows, input)
    local source = source_of(rows)
    if type(input) == "table" then
        function source.identity() return header_of(input.size, input.digest) end
    elseif input or not source.identity then
        guard(source, input or source.path)
    end
    return source
end

return row_sources
