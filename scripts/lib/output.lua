--[[
scripts.lib.output - a file that is there when it is complete, and not before: written under another name, brought to
the disk, renamed. What cannot be written ends the command.
--]]

local sys = require "scaleapi.sys"
local command = require "scripts.lib.command"

local output = {}

local Output = {}
Output.__index = Output

local function check(self, ok, why)
    if not ok then command.stop(command.FAILURE, "cannot write %s: %s", self.name, tostring(why)) end
end

--- The output to `path`; nil: to standard output. Nothing is there yet: so that whoever catches an interrupt can
--- abandon it, it is made first and opened then.
function output.new(path)
    return setmetatable({ name = path or "standard output", path = path, file = not path and io.stdout or nil }, Output)
end

--- Whether it is a file that is there when it is complete. A device or pipe is written to as it is.
function Output:is_file()
    local facts = self.path and sys.stat(self.path)
    if facts and facts.type == "directory" then command.stop(command.USAGE, "%s is a directory", self.path) end
    return self.path ~= nil and not (facts and facts.type == "other")
end

--- Opens it. `kept`: so many bytes that an earlier one left stay, and it is gone on with behind them.
function Output:open(kept)
    local path = self.path
    if path then
        local part = self:is_file() and path .. ".part" or nil
        local file, why = io.open(part or path, kept and "ab" or "wb")
        if not file then command.stop(command.USAGE, "cannot write %s", why) end
        self.file, self.part = file, part
        if kept then check(self, sys.truncate(file, kept)) end
    end
    self.file:setvbuf("full", 1 << 16)
end

--- Writes the texts.
function Output:write(...)
    local ok, why = self.file:write(...)
    if not ok then check(self, ok, why) end
end

--- Writes a JSON document as a line: a line end in it can only stand between its parts, where a space does as well.
function Output:write_document(text)
    if text:find("\n", 1, true) or text:find("\r", 1, true) then text = text:gsub("[\r\n]", " ") end
    self:write(text, "\n")
end

--- Brings to the disk what was written.
function Output:sync()
    check(self, sys.sync(self.file))
end

--- Writes the documents of one more page of a list, a line each. Returns how many there were; 0: all are written.
function Output:write_page(documents)
    local count, why = documents:write(self.file)
    check(self, count, why)
    return count
end

--- All is written: brings it to the disk and gives the file its name.
function Output:finish()
    check(self, self.file:flush())
    if not self.path then return end
    if self.part then check(self, sys.sync(self.file)) end
    local file = self.file
    self.file = nil
    check(self, file:close())
    if self.part then check(self, os.rename(self.part, self.path)) end
end

--- It will not be complete: leaves nothing behind.
function Output:abandon()
    if not self.path then return end
    if self.file then self.file:close() end
    if self.part then os.remove(self.part) end
end

--- It is not complete, but will be gone on with. What the disk did not take was no whole line.
function Output:keep()
    if not self.file then return end
    sys.sync(self.file)
    self.file:close()
    self.file = nil
end

return output
