--[[
scaleapi.journal - the file in which bulk work notes what it does with each row, so that it can be ended at any moment
and gone on with. Knows rows by their number, and nothing of calls.

The first line is a JSON object that says which work it is. Every other is a letter, a row's number and sometimes one
word more; the last line of a row counts:

    s 17                            its request is about to be sent
    c 17 576ba74eec471ff9bb7c8f2f   it made this task
    m 17 576ba74eec471ff9bb7c8f2f   this task was there, but the row had been started before: it may have made it
    e 17 576ba74eec471ff9bb7c8f2f   this task was there before
    d 17 canceled                   done in another way
    x 17                            what is there is another thing, or a canceled one
    f 17                            it failed
    a 17                            nobody knows whether it was done, and it must not be done twice
    o 17                            it was not sent after all
    u 17                            undone: its task is canceled and its unique_id is free
    k 17                            undone: its task is canceled and keeps its unique_id
    n 17                            not undone: its task could no longer be canceled

Records are written in one piece for all that comes up in a turn of the loop, before any of the requests is sent, and
brought to the disk at least once a second; where a request must not be sent twice, before it is sent.
--]]

local core = require "scaleapi.core"
local errors = require "scaleapi.errors"
local scheduler = require "scaleapi.scheduler"
local sys = require "scaleapi.sys"

local json = core.json

local FORMAT = 1
local START = '{"scalua_journal":'
local LONGEST_HEADER = 1 << 20
local CHUNK = 1 << 16
local SYNC_EVERY, SYNC_RECORDS = 1, 1000
local KEEPING = "cme" -- the letters whose place in the file is remembered, for the word behind the row
local IS_THERE = { c = true, m = true, e = true, n = true } -- whose task is there
local KEEPS = { c = true, m = true, e = true }
local NOTHING = "fxo" -- what leaves nothing behind

local Journal = {}
Journal.__index = Journal

local function fail(reason, message, ...)
    local text = select("#", ...) > 0 and message:format(...) or message
    error(errors.new { kind = "journal", reason = reason, message = text, attempts = 0 }, 0)
end

-- "path: why" without the path, which stands in front anyway.
local function why_of(path, why)
    why = tostring(why)
    return why:sub(1, #path + 2) == path .. ": " and why:sub(#path + 3) or why
end

-- ------------------------------------------------------------------ opening

local function lock(path)
    local facts = sys.stat(path)
    if facts and facts.type ~= "file" then
        fail("unusable", "%s is %s", path, facts.type == "directory" and "a directory" or "not a regular file")
    end
    local held, why, code = sys.lock(path)
    local EWOULDBLOCK = 11
    if held then return held end
    if code == EWOULDBLOCK then fail("locked", "%s is in use by another process", path) end
    fail("unusable", "cannot open %s: %s", path, why_of(path, why))
end

-- The first line as a table, and its length; nil when the file is empty or its header was torn.
local function read_header(path, file)
    local text = file:read(LONGEST_HEADER) or ""
    local line = text:match "^([^\n]*)\n"
    if not line and (START:sub(1, #text) == text or text:sub(1, #START) == START) then return nil end
    local ok, header = pcall(json.decode, line or "")
    if not ok or type(header) ~= "table" or not header.scalua_journal then
        fail("unusable", "%s is not a journal", path)
    end
    if header.scalua_journal ~= FORMAT then
        fail("unusable", "%s is a journal of format %s; this version reads format %d", path,
            tostring(header.scalua_journal), FORMAT)
    end
    return header, #line + 1
end

-- Reads all records into the states. Returns the place behind the last complete one.
local function replay(self, file, place)
    local rest = ""
    file:seek("set", place)
    while true do
        local chunk = file:read(CHUNK)
        if not chunk then return place end
        local text = rest .. chunk
        local taken, where = self.states:replay(text, place, KEEPING)
        if not taken then fail("unusable", "%s: byte %d begins no record", self.path, place + where + 1) end
        place, rest = place + taken, text:sub(taken + 1)
    end
end

-- What is said of a value of a header.
local function shown(value)
    if value == nil then return "none" end
    return type(value) == "string" and ("'%s'"):format(value) or tostring(value)
end

local function differences(before, header)
    local list = {}
    for _, pair in ipairs(header) do
        local name, value = pair[1], pair[2]
        if before[name] ~= value then
            list[#list + 1] = ("%s was %s and is %s now"):format(name, shown(before[name]), shown(value))
        end
    end
    return list
end

-- True when nothing that rows did can still be there.
local function is_void(states)
    local others = states:highest()
    for letter in NOTHING:gmatch "." do others = others - states:count(letter) end
    return others == 0
end

-- Takes up what the file holds, if it is the same work. False when there is nothing to take up.
local function take_up(self, header)
    local file, why = io.open(self.path, "rb")
    if not file then fail("unusable", "cannot read %s: %s", self.path, why_of(self.path, why)) end
    self.reader = file
    local before, place = read_header(self.path, file)
    if not before then return false end
    self.states = sys.row_states()
    self.size = replay(self, file, place)
    self.begun = before.begun
    self.before = before
    if not header then return true end
    local list = differences(before, header)
    if #list == 0 then return true end
    if is_void(self.states) then return false end
    fail("differs", "%s is of other work: %s", self.path, table.concat(list, "; "))
end

-- Opens the file behind its last complete record.
local function open_end(self)
    local file, why = io.open(self.path, "ab")
    if not file then fail("unusable", "cannot write %s: %s", self.path, why_of(self.path, why)) end
    file:setvbuf "no"
    self.file = file
    local ok, problem = sys.truncate(file, self.size)
    if not ok then fail("unusable", "cannot write %s: %s", self.path, why_of(self.path, problem)) end
end

local function write_header(self, header)
    local parts = { START .. FORMAT }
    for _, pair in ipairs(header) do
        if pair[2] ~= nil then
            parts[#parts + 1] = ("%s:%s"):format(json.encode(pair[1]), json.encode(pair[2]))
        end
    end
    self.begun = sys.time()
    parts[#parts + 1] = ('"begun":%.3f}\n'):format(self.begun)
    self.buffer[1] = table.concat(parts, ",")
    if not self:flush() or not self:sync() then fail("write", self.failed) end
end

-- A journal of before is kept under another name.
local function put_aside(self)
    local held, path = self.lock, self.path
    local ok, why = os.rename(path, path .. ".old")
    if not ok then fail("unusable", "cannot rename %s: %s", path, why_of(path, why)) end
    self.lock = lock(path)
    held:release()
end

local function open(self, options)
    local facts, problem = sys.stat(self.path)
    if not facts and not options.header then fail("unusable", "%s", problem) end
    self.lock = lock(self.path)
    if options.fresh and sys.stat(self.path).size > 0 then
        local file = io.open(self.path, "rb")
        read_header(self.path, file or fail("unusable", "cannot read %s", self.path))
        file:close()
        put_aside(self)
    end
    self.resumed = take_up(self, options.header) and self.states:highest() > 0
    if not self.before and not options.header then fail("unusable", "%s is empty", self.path) end
    local begins = not self.resumed and options.header ~= nil
    if begins then self.states, self.size = sys.row_states(), 0 end
    open_end(self)
    if begins then write_header(self, options.header) end
end

-- ------------------------------------------------------------------ records

--- Writes what has come up. False when the disk takes no more: then `failed` says why, and nothing more is written.
function Journal:flush()
    if self.failed then return false end
    if #self.buffer == 0 then return true end
    local text = table.concat(self.buffer)
    self.buffer, self.pending = {}, 0
    local ok, why = self.file:write(text)
    if not ok then
        self.failed = ("cannot write %s: %s"):format(self.path, why_of(self.path, why))
        sys.truncate(self.file, self.size) -- half a record; were it to stay, the next run would drop it
        return false
    end
    self.size = self.size + #text
    return true
end

--- Brings what was written to the disk.
function Journal:sync()
    if self.failed then return false end
    self.unsynced, self.synced_at, self.must_sync = 0, scheduler.now(), false
    local ok, why = sys.sync(self.file)
    if not ok then self.failed = ("cannot write %s: %s"):format(self.path, why_of(self.path, why)) end
    return ok
end

-- Lets go on who waited until it was written.
local function let_go(self)
    local waiting = self.waiting
    self.waiting = {}
    for _, wait in ipairs(waiting) do scheduler.complete(wait) end
end

-- Writes, in the next turn of the loop, what comes up in this one.
local function write_next_turn(self)
    if self.is_due then return end
    self.is_due = true
    scheduler.spawn(function()
        self.is_due = false
        if self.closed then return end
        self:flush()
        if self.must_sync then self:sync() end
        let_go(self)
        if self.unsynced >= SYNC_RECORDS then self:sync() end
    end)
end

--- To be called now and then; syncs what was written a second ago.
function Journal:tick()
    if self.unsynced > 0 and scheduler.now() - self.synced_at >= SYNC_EVERY and self:flush() then self:sync() end
end

--- Raises when it can no longer be written.
function Journal:check()
    if self.failed then fail("write", self.failed) end
end

--- Notes something of a row.
function Journal:record(letter, row, word)
    if self.failed then return end
    local text = self.states:note(letter, row, word, KEEPS[letter] and self.size + self.pending)
    local buffer = self.buffer
    buffer[#buffer + 1] = text
    self.pending = self.pending + #text
    self.unsynced = self.unsynced + 1
    if not self.is_due then write_next_turn(self) end
end

--- Notes that the row's request is about to be sent, and waits until that is written, and is on the disk if it is to be
--- `durable`; raises when that cannot be done.
function Journal:start(row, durable)
    self:record("s", row)
    local wait = {}
    self.waiting[#self.waiting + 1] = wait
    if durable then self.must_sync = true end
    if not self.is_due then write_next_turn(self) end
    scheduler.await(wait)
    self:check()
end

-- ------------------------------------------------------------------ reading

--- The letter of the row, or nil.
function Journal:state(row)
    return (self.states:get(row))
end

--- How many rows have one of the letters, one after the other from this row on.
function Journal:run(row, letters)
    return self.states:run(row, letters)
end

--- How many rows have the letter.
function Journal:count(letter)
    return self.states:count(letter)
end

--- The highest row that was noted.
function Journal:highest()
    return self.states:highest()
end

--- The word of the row's last record that made or found something, or nil.
function Journal:word(row)
    local letter, place = self.states:get(row)
    if not letter or place == 0 then return nil end
    self:flush()
    self.reader:seek("set", place)
    return (self.reader:read "l" or ""):match("^[cme] " .. row .. " (%S+)$")
end

-- Goes through the file's records that are a row's last about its task.
local function each_word(self, fn)
    local file <close> = assert(io.open(self.path, "rb"))
    local place = 0
    for line in file:lines "L" do
        local row, word = line:match "^[cme] (%d+) ?(%S*)\n$"
        if row and select(2, self.states:get(math.tointeger(row))) == place then fn(math.tointeger(row), word) end
        place = place + #line
    end
end

--- How many tasks the rows have that are done: rows may have one and the same. Works on a closed journal too.
function Journal:tasks()
    local ids, others = sys.key_set(), 0
    each_word(self, function(row, word)
        if not IS_THERE[self:state(row)] then return end
        if word == "" then others = others + 1 else ids:add(sys.sha256_raw(word)) end
    end)
    return #ids + others
end

--- Writes and syncs all, and lets others have the file. False when that failed; then `failed` says why.
function Journal:close()
    if self.closed then return self.failed == nil end
    self.closed = true
    local _ = self:flush() and self:sync()
    self.file:close()
    self.reader:close()
    self.lock:release()
    return self.failed == nil
end

local journal = {}

--- Opens the journal `path`. Options:
---   header   array of { name, value or nil }: which work it is. A journal with other values is refused, naming both.
---            nil: whatever is there is taken up, and `before` is its header
---   fresh    begins anew; the journal of before is kept as PATH.old
--- Raises an error of kind `journal`, whose `reason` is "differs", "locked", "unusable" or "write". `resumed` is true
--- when there were records.
function journal.open(path, options)
    local self = setmetatable({
        path = path, buffer = {}, waiting = {}, unsynced = 0, synced_at = scheduler.now(), size = 0,
        pending = 0,
    }, Journal)
    local ok, problem = pcall(open, self, options)
    if not ok then
        for _, name in ipairs { "file", "reader" } do
            if self[name] then self[name]:close() end
        end
        if self.lock then self.lock:release() end
        error(problem, 0)
    end
    return self
end

return journal
