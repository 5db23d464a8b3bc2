--[[
scaleapi.row_sources - where the rows of bulk work come from, and what tells whether they are the same as before.
--]]

local core = require "scaleapi.core"
local errors = require "scaleapi.errors"
local sys = require "scaleapi.sys"

local json = core.json

local row_sources = {}

-- Size and digest of a file, or the text itself.
local function identity_of(input)
    local facts = sys.stat(input)
    if not facts or facts.type ~= "file" then return { { "input", input } } end
    local digest, why = sys.sha256_file(input)
    if not digest then error(why, 0) end
    return { { "input_size", facts.size }, { "input", digest } }
end

-- A line that is no JSON is a row that fails.
local function bad_row(number, problem)
    local message = errors.caught(problem):gsub("^[^\n]-:%d+: ", "")
    return errors.new { kind = "bad_row", message = ("line %d: %s"):format(number, message), attempts = 0 }
end

local function json_rows(path)
    local next_line = require("scaleapi.jsonl").lines(path)
    return function()
        local line, number = next_line()
        if not line then return nil end
        local ok, row = pcall(json.decode, line)
        return ok and row or bad_row(number, row), number
    end
end

local function csv_rows(path)
    return (require("scaleapi.csv").rows(path))
end

local function each(list)
    local place = 0
    return function()
        place = place + 1
        return list[place], place
    end
end

local function iterator_of(rows)
    local metatable = getmetatable(rows)
    if type(rows) == "string" then return (rows:lower():find "%.csv$" and csv_rows or json_rows)(rows), rows end
    if type(rows) == "function" then return rows end
    if type(metatable) == "table" and metatable.__call then return function() return rows() end end
    if type(rows) == "table" then return each(rows) end
    error("rows for bulk must be a path, an array or an iterator, not " .. type(rows), 4)
end

--- Returns { next =, path = (of a file), identity = function() -> array of { name, value } }.
function row_sources.open(rows, input)
    local next_row, path = iterator_of(rows)
    return { next = next_row, path = path, identity = function()
        if input or path then return identity_of(input or path) end
        return {}
    end }
end

return row_sources
