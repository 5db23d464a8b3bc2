--[[
scaleapi.jsonl - a file of JSON lines, one line at a time, as the bytes that stand there. Flat memory, also for
a file that turns out to be one long line. Knows nothing of what is in a line.

    for line, number in scaleapi.jsonl.lines("rows.jsonl") do print(number, line) end
--]]

local sys = require "scaleapi.sys"

local jsonl = {}

local CHUNK = 1 << 17
local LONGEST = 32 << 20 -- bytes of a line
local BINARY = 0.02      -- the share of control characters from which a file is no text

-- Puts the next chunk behind what is left of this one; false at the end. A long line grows by as much as it
-- has, so that it is not copied for every chunk.
local function fill(self)
    if self.ended then return false end
    local left = #self.buffer - self.at + 1
    if left > LONGEST then
        error(("%s: line %d is longer than %d MiB"):format(self.path, self.number + 1, LONGEST >> 20), 0)
    end
    local chunk, why = self.file:read(math.max(CHUNK, left))
    if not chunk then
        self.ended = true
        if why then error(("%s: %s"):format(self.path, why), 0) end
        return false
    end
    self.buffer = self.buffer:sub(self.at) .. chunk
    self.at = 1
    return true
end

-- The next line without its "\n"; nil at the end.
local function next_line(self)
    local stop = self.buffer:find("\n", self.at, true)
    while not stop do
        local from = #self.buffer - self.at + 2
        if not fill(self) then break end
        stop = self.buffer:find("\n", from, true)
    end
    if not stop and self.at > #self.buffer then return nil end
    stop = stop or #self.buffer + 1
    local line = self.buffer:sub(self.at, stop - 1)
    self.at = stop + 1
    self.number = self.number + 1
    return line
end

-- The next line that is not blank, without its line feed, and its number; nil at the end.
local function next_row(self)
    local line = next_line(self)
    while line and not line:find "%S" do line = next_line(self) end
    if line then return line, self.number end
    self.file:close()
    self.file, self.ended, self.buffer = nil, true, ""
end

local function looks_binary(text)
    local _, controls = text:gsub("[\0-\8\14-\31\127]", "")
    return controls > #text * BINARY
end

local function check_start(self)
    fill(self)
    if self.buffer == "" then return "is empty" end
    if self.buffer:find "^\x1f\x8b" then return "is compressed; decompress it first" end
    if looks_binary(self.buffer) then return "is not text; it takes a file of JSON objects, one a line" end
    if self.buffer:sub(1, 3) == "\xEF\xBB\xBF" then self.at = 4 end
    return nil
end

local function open(path)
    local facts, why = sys.stat(path)
    if not facts then return nil, why end
    if facts.type == "directory" then return nil, path .. " is a directory" end
    if facts.type ~= "file" then return nil, path .. " is not a regular file" end
    return io.open(path, "rb")
end

--- Iterates the lines of a file that are not blank: each turn gives the line, without its line feed, and its number.
--- Raises what is wrong: there is no such file, it is empty or no text, a line is too long.
function jsonl.lines(path)
    if type(path) ~= "string" then error("jsonl.lines needs a path, not " .. type(path), 2) end
    local file, why = open(path)
    if not file then error(why, 0) end
    local self = { path = path, file = file, buffer = "", at = 1, number = 0 }
    local problem = check_start(self)
    if problem then
        file:close()
        error(("%s %s"):format(path, problem), 0)
    end
    return function()
        if self.file then return next_row(self) end
    end
end

return jsonl
