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

--- Opens it. A device or pipe is written to as it is.
function Output:open()
    local path = self.path
    if path then
        local facts = sys.stat(path)
        if facts and facts.type == "directory" then command.stop(command.USAGE, "%s is a directory", path) end
        self.part = not (facts and facts.type == "other") and path .. ".part" or nil
        local file, why = io.open(self.part or path, "wb")
        if not file then
            self.part = nil
            command.stop(command.USAGE, "cannot write %s", why)
        end
        self.file = file
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

return output
