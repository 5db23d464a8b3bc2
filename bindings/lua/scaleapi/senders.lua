--[[
scaleapi.senders - how a row of bulk work is sent by an operation, and what its answer means for the row.
--]]

local core = require "scaleapi.core"
local errors = require "scaleapi.errors"

local senders = {}

local rows = {}
for _, row in ipairs(core.operations) do rows[row.name] = row end

local REPEATABLE = { safe = true, name = true, state = true }

-- The row of the operation, or nil and what is wrong.
local function find(name)
    local told, problem = core.describe(tostring(name))
    local row = told and rows[told.name]
    if not row then return nil, problem or ("unknown operation '%s'"):format(tostring(name)) end
    if row.page ~= "none" then return nil, row.name .. " is a list: it has no rows to send" end
    return row
end

-- An error object for what a call raised about its arguments.
local function bad_row(problem)
    local message = errors.without_place(errors.caught(problem))
    return errors.new { kind = "bad_row", message = message, attempts = 0 }
end

local function failure(err)
    return { state = core.outcomes[err.kind] == "conflict" and "conflict" or "failed", error = err }
end

local function id_of(value)
    local ok, id = pcall(function() return value.task_id end)
    return ok and type(id) == "string" and id or nil
end

--- What the results of a call (of client.safe) are as an outcome; `done` is the word for success.
function senders.outcome(done, value, more)
    if value == nil and more ~= nil then return failure(more) end
    return { state = (more == "created" or more == "existing") and more or done, id = id_of(value) }
end

--- Call options for a row of bulk work.
function senders.options(row)
    local options = { bulk = true }
    if row["repeat"] == "unique_id" then options.accept_existing = true end
    return options
end

--- A function that says of a row's arguments, as a table by name, whether the operation may be done with them twice.
function senders.repeatable(row)
    return function(arguments)
        if row["repeat"] == "unique_id" then return type(arguments) == "table" and arguments.unique_id ~= nil end
        return REPEATABLE[row["repeat"]] or false
    end
end

local function problem_of(arguments)
    if type(arguments) ~= "table" then return bad_row "a row must be an object" end
end

--- The function that sends a table of arguments by the operation, the one that says whether it may be done twice, and
--- the one that says what is wrong with a row that cannot be sent at all.
function senders.of(client, name)
    local row, problem = find(name)
    if not row then error(problem, 4) end
    local face = row.version == 2 and client.v2.safe or client.safe
    local method, options = face[(row.name:gsub("^v2%.", ""))], senders.options(row)
    local function send(arguments)
        local ok, value, more = pcall(method, face, arguments, options)
        if not ok and errors.is_error(value) then error(value, 0) end -- the job was canceled
        if not ok then return failure(bad_row(value)) end
        return senders.outcome("done", value, more)
    end
    return send, senders.repeatable(row), problem_of
end

return senders
