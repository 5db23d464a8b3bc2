--[[
scripts.lib.screen - what people see on standard error: lines, and below them at most one passing line, which is
written anew in its place and leaves nothing behind. Every line goes through here, so that the two never mix.

The passing line is ASCII without colours, so that neither the locale nor NO_COLOR has a say. The cursor waits at its
beginning: when the window gets narrower and the terminal breaks the line in two, both halves lie behind the cursor, and
one sequence removes them. That sequence is never sent from the first column, since tmux takes it in the first line
for clearing the screen, of which it keeps a copy in its history each time.
--]]

local sys = require "scaleapi.sys"

local screen = {}

local Screen = {}
Screen.__index = Screen

local HOME = "\r"
local CLEAR_REST = "\27[J" -- from the cursor to the end of the screen
local CLEAR = HOME .. " " .. CLEAR_REST .. HOME
local USUAL_WIDTH = 80 -- of a terminal that does not say

-- Sequences mean nothing to a dumb terminal.
local function understands_sequences(environment)
    local terminal = environment "TERM" or ""
    return terminal ~= "" and terminal ~= "dumb"
end

--- A screen on an open file. `is_terminal`, `width` and `environment` stand in for the system's, for tests.
function screen.new(file, is_terminal, width, environment)
    local can_pass = is_terminal(file) and understands_sequences(environment)
    return setmetatable({ file = file, can_pass = can_pass, width_of = width }, Screen)
end

local function write(self, text)
    self.file:write(text)
    self.file:flush()
end

--- How many characters a passing line can have; nil where there can be none. The window may have changed since the
--- last time.
function Screen:room()
    if not self.can_pass then return nil end
    return math.max((self.width_of(self.file) or USUAL_WIDTH) - 1, 0)
end

--- A line that stays.
function Screen:say(line)
    local passing = self.passing
    if not passing then return write(self, line .. "\n") end
    write(self, CLEAR .. line .. "\n" .. passing .. HOME)
end

--- Shows this in the place of the passing line, if there can be one.
function Screen:pass(text)
    local room = self:room()
    if not room then return end
    text = text:sub(1, room)
    if text == self.passing and room == self.shown_in then return end
    self.passing, self.shown_in = text, room
    write(self, HOME .. text .. CLEAR_REST .. HOME)
end

--- Removes the passing line.
function Screen:clear()
    if not self.passing then return end
    self.passing = nil
    write(self, CLEAR)
end

-- As much of the text as there is room for.
local function cut(text, room)
    if #text <= room then return text end
    local stop = utf8.len(text) and utf8.offset(text, room + 1)
    return stop and text:sub(1, stop - 1) or utf8.len(text) and text or text:sub(1, room)
end

--- Shows these lines in the place of those that were drawn before, where lines can pass: the cursor waits before the
--- first. They must be fewer than a screen has. Returns false elsewhere.
function Screen:draw(lines)
    local room = self:room()
    if not room then return false end
    local parts = { CLEAR }
    for _, line in ipairs(lines) do parts[#parts + 1] = cut(line, room) .. "\n" end
    write(self, table.concat(parts) .. ("\27[%dA"):format(#lines))
    self.drawn = #lines
    return true
end

--- What was drawn stays; what comes is written below.
function Screen:keep()
    if self.drawn then write(self, ("\n"):rep(self.drawn)) end
    self.drawn = nil
end

--- The one that all commands write to.
screen.standard = screen.new(io.stderr, sys.is_terminal, sys.terminal_width, os.getenv)

--- The one for tables that change, on standard output.
screen.output = screen.new(io.stdout, sys.is_terminal, sys.terminal_width, os.getenv)

return screen
