--[[
scripts.lib.outcomes - the rows that failed, and why: FILE.failed.jsonl with their bytes as they stood, to be mended
and fed back, and FILE.errors.jsonl with a record for each, in the same order. Neither is there when none failed.
--]]

local scaleapi = require "scaleapi"
local sys = require "scaleapi.sys"
local command = require "scripts.lib.command"
local report = require "scripts.lib.report"

local outcomes = {}

local Outcomes = {}
Outcomes.__index = Outcomes

local function check(path, ok, why)
    if ok then return end
    why = tostring(why)
    if why:sub(1, #path + 2) == path .. ": " then why = why:sub(#path + 3) end
    command.stop(command.FAILURE, "cannot write %s: %s", path, why)
end

local function remove(path)
    local ok, why, code = os.remove(path)
    local ENOENT = 2
    if code ~= ENOENT then check(path, ok, why) end
end

local function open(path)
    local file, why = io.open(path, "wb")
    check(path, file, why)
    file:setvbuf("full", 1 << 16)
    return file
end

-- "rows" -> "rows.failed", "rows.errors"; what failed of "rows.failed" goes to "rows.failed.2", and so on. With a word
-- for what is done with them, "rows.WORD.failed" and so on.
local function names_of(base, word)
    local name, number = base:match "^(.+)%.failed%.?(%d*)$"
    local ending = word and "." .. word or ""
    if not name or name:sub(-#ending) ~= ending and word then
        return base .. ending .. ".failed", base .. ending .. ".errors"
    end
    local suffix = "." .. (math.tointeger(tonumber(number)) or 1) + 1
    return name .. ".failed" .. suffix, name .. ".errors" .. suffix
end

--- The files beside `path`, whose ".jsonl" they take into their own names. Those of an earlier run are removed.
--- `count` is how many rows were written down. `word`, if given, tells apart what is done with the same file.
function outcomes.open(path, word)
    local failed, errors = names_of((path:gsub("%.jsonl$", "")), word)
    local self = { failed_path = failed .. ".jsonl", errors_path = errors .. ".jsonl", count = 0 }
    remove(self.failed_path)
    remove(self.errors_path)
    return setmetatable(self, Outcomes)
end

--- Writes down a row that failed: its number, the line's bytes, its unique_id (may be nil), and the error.
function Outcomes:fail(number, line, unique_id, err)
    if not self.failed then
        self.failed, self.errors = open(self.failed_path), open(self.errors_path)
    end
    local record = report.error(err)
    record.row, record.unique_id = number, unique_id
    record.status, record.attempts = err.code or scaleapi.null, err.attempts or 0
    check(self.failed_path, self.failed:write(line, "\n"))
    check(self.errors_path, self.errors:write(scaleapi.json.encode(record), "\n"))
    self.count = self.count + 1
end

local function finish(path, file)
    check(path, file:flush())
    check(path, sys.sync(file))
    check(path, file:close())
end

--- Brings what was written to the disk.
function Outcomes:close()
    if not self.failed then return end
    finish(self.failed_path, self.failed)
    finish(self.errors_path, self.errors)
    self.failed, self.errors = nil, nil
end

--- Takes back what was written.
function Outcomes:discard()
    self:close()
    remove(self.failed_path)
    remove(self.errors_path)
end

return outcomes
