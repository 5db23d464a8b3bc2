--[[
scaleapi.jsonl - a file of JSON lines, one line at a time, as the bytes that stand there. Flat memory, also for
a file that turns out to be one long line. Knows nothing of what is in a line.

    for line, number in scaleapi.jsonl.lines("rows.jsonl") do print(number, line) end

A reader can survey the file first. Then it gives only lines that stood there when it did: a changed one is noticed
before it is given.
--]]

local errors = require "scaleapi.errors"
local sys = require "scaleapi.sys"

local jsonl = {}

local Reader = {}
Reader.__index = Reader

local BINARY = 0.02  -- the share of control characters from which a file is no text
local START = 1 << 14 -- bytes of it that are looked at

local function looks_binary(text)
    local _, controls = text:gsub("[\0-\8\14-\31\127]", "")
    return controls > #text * BINARY
end

local function problem_of(start)
    if start == "" then return "is empty" end
    if start:find "^\x1f\x8b" then return "is compressed; decompress it first" end
    if looks_binary(start) then return "is not text; it takes a file of JSON objects, one a line" end
end

local function open(path)
    local facts, why = sys.stat(path)
    if not facts then return nil, why end
    if facts.type == "directory" then return nil, path .. " is a directory" end
    if facts.type ~= "file" then return nil, path .. " is not a regular file" end
    return sys.lines(path)
end

local function close(self)
    self.lines:close()
    self.ended = true
end

local function raise_changed(self)
    close(self)
    error(errors.new { kind = "changed", message = self.path .. " was changed while it was read", attempts = 0 }, 0)
end

-- Whoever wrote to it, or put another in its place, need not have changed anything.
local function check_end(self)
    if not self.digest or self.lines:is_untouched() then return end
    if sys.sha256_file(self.path) ~= self.digest then raise_changed(self) end
end

--- The next line that is not blank, without its line feed, and its number; nil at the end. Raises when it cannot be
--- read or is too long; an error of kind `changed` when the file is not what was surveyed.
function Reader:next()
    if self.ended then return nil end
    local line, number = self.lines:next()
    if line then return line, number end
    if number then raise_changed(self) end
    check_end(self)
    self.ended = true
    if not self.digest then close(self) end
end

Reader.__call = Reader.next

--- Passes over so many lines that are not blank. Returns how many there were.
function Reader:skip(most)
    if self.ended then return 0 end
    return self.lines:skip(most) or raise_changed(self)
end

--- Reads the whole file; then it stands at the start. Returns how many lines are not blank, and how many of them are
--- equal to an earlier one, whatever white space stands around them; for that it takes two empty sys.key_set: `keys`
--- gets a digest of each line, `again` of those that came again. `digest` and `size` are the file's then.
--- A large file takes a while: look(), if given, is called now and then.
function Reader:survey(keys, again, look)
    local rows, equal, digest, size
    repeat
        rows, equal, digest, size = self.lines:survey(keys, again)
        if look then look() end
    until rows
    self.digest, self.size = digest, size
    return rows, equal
end

--- Goes to the start, after a survey.
function Reader:rewind()
    self.lines:rewind()
    self.ended = false
end

--- Opens the file. Raises what is wrong: there is no such file, it is empty or no text. The reader may be called like
--- an iterator.
function jsonl.open(path)
    if type(path) ~= "string" then error("jsonl needs a path, not " .. type(path), 2) end
    local lines, why = open(path)
    if not lines then error(why, 0) end
    local self = setmetatable({ path = path, lines = lines }, Reader)
    local problem = problem_of(lines:peek():sub(1, START))
    if problem then
        close(self)
        error(("%s %s"):format(path, problem), 0)
    end
    return self
end

--- Iterates the lines of a file that are not blank: each turn gives the line, without its line feed, and its number.
--- Raises what is wrong: there is no such file, it is empty or no text, a line is too long.
function jsonl.lines(path)
    if type(path) ~= "string" then error("jsonl.lines needs a path, not " .. type(path), 2) end
    local reader = jsonl.open(path)
    return function() return reader:next() end
end

return jsonl
