--[[
sandbox.state - keeps a world on disk: a file to which every request that may change the world is appended before it is
done, and so before it is answered. At the start they are done again, each at its own time, and so come out the same.

A file is a line that names the format, then records; the first holds what shapes the world (seed, complete_after,
assumptions) as JSON, each of the others a request, or what became of a callback. Keys are not in it: only whether one
was a live or a test key. A record that is not complete is the last one, and was never answered: it is cut off.
What is written is the system's when it is answered; a power cut may still lose the last seconds.
--]]

local json = require("scaleapi").json
local sys = require "scaleapi.sys"
local options = require "scaleapi.sandbox.options"

local FORMAT = 1
local FIRST_LINE = "scalua sandbox state, format %d\n"
local FRAME = "<I4I4c4" -- length, the same with all bits turned, the beginning of the SHA-256
local FRAME_SIZE = string.packsize(FRAME)
local KEPT_HEADERS = { "content-type", "idempotency-key" }

local State = {}
State.__index = State

-- -------------------------------------------------------------------- records

local function frame(payload)
    return string.pack(FRAME, #payload, ~#payload & 0xFFFFFFFF, sys.sha256_raw(payload):sub(1, 4)) .. payload
end

local function pack_request(kind, time, request)
    local target = request.query and request.path .. "?" .. request.query or request.path
    local headers = {}
    for _, name in ipairs(KEPT_HEADERS) do
        local value = request.headers and request.headers[name]
        if value then headers[#headers + 1] = string.pack("<s1s4", name, value) end
    end
    return string.pack("<s1i8s1s4B", kind, time, request.method, target, #headers) .. table.concat(headers)
        .. request.body
end

local function unpack_request(payload)
    local kind, time, method, target, count, at = string.unpack("<s1i8s1s4B", payload)
    local headers = {}
    for _ = 1, count do
        local name, value
        name, value, at = string.unpack("<s1s4", payload, at)
        headers[name] = value
    end
    local path, query = target:match "^([^?]*)%??(.*)$"
    return kind, time, { method = method, path = path, query = #path < #target and query or nil, headers = headers,
        body = payload:sub(at) }
end

-- The next record's payload; nil at the end, and behind the last complete record; nil and what is wrong if the file is
-- damaged.
local function read_record(file)
    local head = file:read(FRAME_SIZE)
    if not head or #head < FRAME_SIZE then return nil end
    local size, turned, check = string.unpack(FRAME, head)
    if size ~= ~turned & 0xFFFFFFFF then return nil, "damaged" end
    local payload = size == 0 and "" or file:read(size)
    if not payload or #payload < size then return nil end
    if sys.sha256_raw(payload):sub(1, 4) ~= check then return nil, "damaged" end
    return payload
end

-- ---------------------------------------------------------------------- shape

-- Returns where what is asked for now is not what the file was begun with.
local function difference(given, kept)
    local function other(name, now, before)
        return ("it was begun with %s %s, not %s"):format(name, tostring(before), tostring(now))
    end
    if given.seed and given.seed ~= kept.seed then return other("seed", given.seed, kept.seed) end
    if given.complete_after and given.complete_after ~= kept.complete_after then
        return other("complete-after", given.complete_after, kept.complete_after or "never")
    end
    for name, value in pairs(given.assume or {}) do
        if value ~= kept.assume[name] then return other("assumption " .. name, value, kept.assume[name]) end
    end
end

-- -------------------------------------------------------------------- opening

-- What the file begins with, but for the requests.
local function beginning(shape)
    return FIRST_LINE:format(FORMAT) .. frame(json.encode(shape))
end

-- True if the file ends before its beginning does: nobody ever was answered out of it.
local function is_unborn(text)
    local line = FIRST_LINE:format(FORMAT)
    return #text < #line and text == line:sub(1, #text)
end

-- Reads what the file begins with. Returns the shape (false: there is none yet); or nil and what is wrong.
local function read_beginning(file)
    local line = FIRST_LINE:format(FORMAT)
    local text = file:read(#line) or ""
    if is_unborn(text) then return false end
    if text ~= line then
        local format = text:match "^scalua sandbox state, format (%d+)\n"
        return nil, format and ("it is of format %s, and this version reads format %d"):format(format, FORMAT)
            or "it is not a state of the sandbox"
    end
    local payload, problem = read_record(file)
    if problem then return nil, "it is damaged at its beginning" end
    return payload and json.decode(payload) or false
end

-- Cuts the file at `size` bytes, at which the next record goes. Returns what is wrong.
local function cut(self, size)
    local ok, problem = sys.truncate(self.file, size)
    if not ok then return problem end
    self.size = size
end

-- Writes in one piece. A piece that came out in part is cut off again. Returns what is wrong.
local function append(self, bytes)
    if self.is_torn then
        local problem = cut(self, self.size)
        if problem then return problem end
        self.is_torn = false
    end
    local ok, problem = self.file:write(bytes)
    if ok then
        self.size = self.size + #bytes
        return nil
    end
    self.is_torn = cut(self, self.size) ~= nil
    return problem
end

-- Takes the shape from the file, or begins the file with that of `given`. Returns what is wrong.
local function settle_shape(self, given)
    local reader, problem = io.open(self.path, "rb")
    if not reader then return problem end
    local kept
    kept, problem = read_beginning(reader)
    self.first_request = reader:seek()
    reader:close()
    if problem then return problem end
    if kept then
        self.shape, self.size = kept, self.first_request
        return difference(given, kept)
    end
    self.shape = options.shape_of(given)
    problem = cut(self, 0) or append(self, beginning(self.shape))
    self.first_request = self.size
    return problem
end

local function open(path, given)
    local lock, problem = sys.lock(path)
    if not lock then return nil, (problem:gsub("locked by somebody else", "another sandbox has it")) end
    local self = setmetatable({ path = path, lock = lock }, State)
    local facts = sys.stat(path)
    if not facts or facts.type ~= "file" then return self, path .. ": it is not an ordinary file" end
    self.file, problem = io.open(path, "ab")
    if not self.file then return self, problem end
    self.file:setvbuf "no"
    problem = settle_shape(self, given)
    return self, problem and ("%s: %s"):format(path, (problem:gsub("^" .. path:gsub("%p", "%%%0") .. ": ", "")))
end

local state = {}

--- Opens a state, and makes its file if there is none. `given` is what was asked for: options, checked.
--- Returns it, with `shape`: these as they are to be; or nil and what is wrong.
function state.open(path, given)
    local self, problem = open(path, given)
    if not problem then return self end
    if self then self:close() end
    return nil, problem
end

-- --------------------------------------------------------------------- public

--- Calls fn(kind, time, request) for each request that is kept; kind is "live", "test" or "control", or "live callback"
--- or "test callback" for what store.note_callback keeps. What is not complete at the end is cut off.
--- Returns how many they were; or nil and what is wrong.
function State:replay(fn)
    local reader <close> = assert(io.open(self.path, "rb"))
    local count, size = 0, reader:seek("set", self.first_request)
    while true do
        local payload, problem = read_record(reader)
        if problem then
            return nil, ("%s: it is damaged at byte %d; `head -c %d` keeps what is before that"):format(self.path, size,
                size)
        end
        if not payload then break end
        fn(unpack_request(payload))
        count, size = count + 1, size + FRAME_SIZE + #payload
    end
    local problem = cut(self, size)
    if problem then return nil, problem end
    return count
end

--- Keeps a request. Returns what is wrong if it cannot: then it must not be done.
function State:write(kind, time, request)
    local problem = append(self, frame(pack_request(kind, time, request)))
    if not problem then return nil end
    return "The sandbox cannot keep its state: " .. problem
end

--- Forgets all requests. Returns what is wrong.
function State:restart()
    return cut(self, self.first_request)
end

--- Lets others have the file. Closing twice is fine.
function State:close()
    if self.file and io.type(self.file) == "file" then self.file:close() end
    self.lock:release()
end

return state
