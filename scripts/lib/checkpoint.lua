--[[
scripts.lib.checkpoint - how far a list came that is written to a file, so that it can be gone on with.

What is written says it itself: FILE.part holds tasks, one a line, in the list's order. FILE.part.journal says of which
list, and is locked as long as somebody writes. The list is gone on with at the time of the last whole line, whose tasks
are passed over by their ids: no page's token has to be kept, and none can have expired. That rests on the order, newest
first; where the lines are not in it, or do not say when their tasks were made, the whole list is read again, and what
is there already is passed over by its id.
--]]

local scaleapi = require "scaleapi"
local sys = require "scaleapi.sys"
local command = require "scripts.lib.command"

local journal, json, times = scaleapi.journal, scaleapi.json, scaleapi.times
local checkpoint = {}

local MARGIN = 1000 -- milliseconds: a server may read bounds as whole seconds
local SYNC_EVERY = 5 -- seconds

local Checkpoint = {}
Checkpoint.__index = Checkpoint

-- ------------------------------------------------------------------ reading

-- When a line's task was made, and what it is known by.
local function facts_of(line)
    local created, id = json.field(line, "created_at"), json.field(line, "task_id")
    return type(created) == "string" and times.parse(created) or nil, type(id) == "string" and id or line
end

-- Calls visit(created, id) for each line up to the first that is torn or no object. Returns the bytes and the lines.
local function each_line(path, visit)
    local file <close> = assert(io.open(path, "rb"))
    local bytes, count = 0, 0
    for line in file:lines "L" do
        if line:sub(-1) ~= "\n" or line:sub(1, 1) ~= "{" or not json.check(line) then break end
        visit(facts_of(line:sub(1, -2)))
        bytes, count = bytes + #line, count + 1
    end
    return bytes, count
end

local function digest(id)
    return sys.sha256_raw(id)
end

-- What is there: bytes and count; `last`, the time of the last line, with the `ids` of that time; or, if the lines are
-- not in order, `keys`, all ids.
local function read(path)
    local place = { ids = {} }
    local is_ordered = true
    place.bytes, place.count = each_line(path, function(created, id)
        is_ordered = is_ordered and created and (not place.last or created <= place.last)
        if not is_ordered then return end
        if created ~= place.last then place.last, place.ids = created, {} end
        place.ids[id] = true
    end)
    if is_ordered then return place end
    place.last, place.ids, place.keys = nil, nil, sys.key_set()
    each_line(path, function(_, id) place.keys:add(digest(id)) end)
    return place
end

-- ------------------------------------------------------------------ opening

-- What is wrong is said in words that are for this command.
local function open_journal(path, options)
    local ok, log = pcall(journal.open, path, options)
    if ok then return log end
    if not scaleapi.is_error(log, "journal") then error(log, 0) end
    if log.reason == "differs" then
        command.stop(command.USAGE, "%s; without --resume it begins anew", log.message)
    end
    command.stop(command.code_of(log), "%s", (log.message:gsub("^cannot open", "cannot write")))
end

local function begin_anew(self, header)
    self.log = open_journal(self.path, { header = header, fresh = true })
    os.remove(self.path .. ".old")
    self.place = { bytes = 0, count = 0, ids = {} }
end

--- The checkpoint of what is written to `output` (see output.lua). `header` says which list it is: an array of
--- { name, text or nil }. With `resume` what is there of the same list is gone on with; of another it is refused.
function checkpoint.open(output, header, resume)
    local part = output.path .. ".part"
    local self = setmetatable({ part = part, path = part .. ".journal", output = output }, Checkpoint)
    if resume and sys.stat(part) then
        if not sys.stat(self.path) then
            command.stop(command.USAGE, "%s is there, but not %s, which says of what it is a part; without --resume "
                .. "it begins anew", part, self.path)
        end
        self.log = open_journal(self.path, { header = header })
        self.place = self.log.resumed and read(part)
    end
    if not self.place then
        if self.log then self.log:close() end
        begin_anew(self, header)
    end
    self.count, self.synced_at = self.place.count, scaleapi.now()
    return self
end

--- The output was opened and has what is gone on with: from now on the two belong together.
function Checkpoint:begin()
    self.log:record("d", 1)
    if not (self.log:flush() and self.log:sync()) then command.stop(command.FAILURE, "%s", self.log.failed) end
end

-- -------------------------------------------------------------------- using

--- The filters with which the rest is asked for.
function Checkpoint:rest_of(filters)
    if not self.place.last then return filters end
    local rest = {}
    for name, value in pairs(filters) do rest[name] = value end
    rest.created_before = (self.place.last + MARGIN) / 1000
    return rest
end

--- True for a task that is not there yet.
function Checkpoint:is_new(task)
    local place = self.place
    if place.keys then return place.keys:add(digest(task.task_id or task:json())) end
    if not place.last then return true end
    local created, id = facts_of(task:json())
    if not created or created < place.last then return true end
    return created == place.last and not place.ids[id]
end

--- Something was written, be it a part of a page whose rest found no room.
function Checkpoint:has_something()
    local facts = sys.stat(self.part)
    return self.count > 0 or facts ~= nil and facts.size > 0
end

--- Nothing was written before: all tasks are new.
function Checkpoint:is_empty()
    return not (self.place.keys or self.place.last)
end

--- So many tasks were written.
function Checkpoint:written(count)
    local thousands = self.count // 1000
    self.count = self.count + count
    if self.count // 1000 > thousands and scaleapi.now() - self.synced_at >= SYNC_EVERY then
        self.output:sync()
        self.synced_at = scaleapi.now()
    end
end

--- All is written, or nothing of it is to stay.
function Checkpoint:remove()
    os.remove(self.path) -- while it is locked: afterwards it may be another's
    self.log:close()
end

--- What is written stays.
function Checkpoint:keep()
    self.log:close()
end

return checkpoint
