--[[
scripts.lib.shard - one part of N of a file's rows, for work that several machines share without speaking to each other:
which part a row belongs to is told by its bytes. Equal rows are in one part. Each part has files of its own beside the
input: FILE.shard-2-of-4.journal and so on.

    --shard 2/4        the second of four
    --shard auto       which one, and of how many, is what the scheduler says that started this process
    --shard auto/4     of four; which one is what the scheduler says
--]]

local sys = require "scaleapi.sys"
local command = require "scripts.lib.command"
local payload = require "scripts.lib.payload"
local report = require "scripts.lib.report"

local shard = {}

local MOST = 100000
local LOOK_EVERY = 4096 -- rows

local function stop(message, ...)
    command.stop(command.USAGE, message, ...)
end

-- ----------------------------------------------------------------- schedulers

local function whole(get, name)
    local text = get(name)
    local number = text and text:find "^%d+$" and math.tointeger(tonumber(text))
    return number or stop("--shard auto: %s is %s, not a whole number", name,
        text and ("'%s'"):format(text) or "not set")
end

-- The array's numbers may begin anywhere and have a step, but must not leave any out.
local function read_slurm(get)
    local id, least, most = whole(get, "SLURM_ARRAY_TASK_ID"), whole(get, "SLURM_ARRAY_TASK_MIN"),
        whole(get, "SLURM_ARRAY_TASK_MAX")
    local count = whole(get, "SLURM_ARRAY_TASK_COUNT")
    local step = get "SLURM_ARRAY_TASK_STEP" and whole(get, "SLURM_ARRAY_TASK_STEP") or 1
    local place = step > 0 and (id - least) / step or -1
    if least + (count - 1) * step ~= most or place < 0 or place >= count or place ~= math.floor(place) then
        stop("--shard auto: the numbers of the Slurm array leave some out between %d and %d; use --array=1-%d", least,
            most, count)
    end
    return math.floor(place) + 1, count
end

-- How each is known, and a function that returns the number of this process, from 1, and how many there are if it says.
local SCHEDULERS = {
    { name = "Slurm", sign = "SLURM_ARRAY_TASK_ID", read = read_slurm },
    { name = "Kubernetes", sign = "JOB_COMPLETION_INDEX",
      read = function(get) return whole(get, "JOB_COMPLETION_INDEX") + 1 end },
    { name = "GNU parallel", sign = "PARALLEL_SEQ", read = function(get) return whole(get, "PARALLEL_SEQ") end },
}

local function find_scheduler(get)
    local found
    for _, each in ipairs(SCHEDULERS) do
        if get(each.sign) and found then
            stop("--shard auto: both %s and %s say which one this is; give --shard I/N", found.name, each.name)
        end
        if get(each.sign) then found = each end
    end
    return found or stop("--shard auto: no scheduler says which one this is (a Slurm array, an indexed Kubernetes Job "
        .. "or GNU parallel would); give --shard I/N")
end

local function ask_scheduler(count, get)
    local scheduler = find_scheduler(get)
    local index, told = scheduler.read(get)
    if told and count and told ~= count then
        stop("--shard auto/%d: %s says that there are %d", count, scheduler.name, told)
    end
    count = told or count
        or stop("--shard auto: %s does not say how many there are; give --shard auto/N", scheduler.name)
    if index < 1 or index > count then
        stop("--shard auto: by %s this is number %d of %d", scheduler.name, index, count)
    end
    return index, count
end

-- -------------------------------------------------------------------- option

local function count_of(text)
    local count = math.tointeger(tonumber(text))
    return count and count >= 1 and count <= MOST and count or nil
end

-- "2/4" -> 2, 4; "auto/4" -> nil, 4; "auto" -> nil, nil; or false.
local function read(text)
    if text == "auto" then return nil, nil end
    local index, count = text:match "^(%w+)/(%d+)$"
    count = count and count_of(count)
    if index == "auto" and count then return nil, count end
    index = count and index:find "^%d+$" and count_of(index)
    if not index or index > count then return false end
    return index, count
end

local function convert(text)
    if read(text) == false then
        return nil, ("'%s' is not a shard, such as 1/4, 4/4, auto or auto/4"):format(text)
    end
    return text
end

--- The option.
function shard.add(parser)
    parser:option("--shard", "Take only part I of N of the rows, with a journal of its own; other processes, here or "
        .. "elsewhere, take the other parts. auto: as Slurm (array), Kubernetes (indexed Job, auto/N) or GNU parallel "
        .. "(auto/N) says."):argname "I/N":convert(convert)
end

--- The part that was asked for: { index, count, text = "2/4", word = "shard-2-of-4" }; nil for nil, all of it.
--- `get` stands in for os.getenv, for tests.
function shard.of(text, get)
    if not text then return nil end
    local index, count = read(text)
    if not index then index, count = ask_scheduler(count, get or os.getenv) end
    return { index = index, count = count, text = ("%d/%d"):format(index, count),
             word = ("shard-%d-of-%d"):format(index, count) }
end

-- ---------------------------------------------------------------------- rows

--- Whether the line belongs to the part.
function shard.has(part, line)
    local number = string.unpack("<j", payload.digest(line), 9) -- the first bytes sort rows into sets of keys
    return (number & math.maxinteger) % part.count + 1 == part.index
end

--- The iterator without what belongs to others; each turn gives a row, whose `line` tells.
function shard.filter(part, next_row)
    if not part then return next_row end
    return function()
        local row
        repeat row = next_row() until not row or shard.has(part, row.line)
        return row
    end
end

local Part = {}
Part.__index = Part

--- Like Reader:next of scaleapi.jsonl.
function Part:next()
    local line, number = self.reader:next()
    while line and not shard.has(self.part, line) do line, number = self.reader:next() end
    return line, number
end

Part.__call = Part.next

--- Passes over so many rows of the part. Returns how many there were.
function Part:skip(most)
    for passed = 0, most - 1 do
        if not self:next() then return passed end
    end
    return most
end

--- A reader that was surveyed, without the lines that belong to others; and how many are left. `look` is called now and
--- then.
function shard.only(part, reader, look)
    local self = setmetatable({
        reader = reader, part = part, digest = reader.digest, size = reader.size,
        template_digest = reader.template_digest,
    }, Part)
    local count, all = 0, 0
    for line in reader do
        all = all + 1
        if shard.has(part, line) then count = count + 1 end
        if look and all % LOOK_EVERY == 0 then look() end
    end
    reader:rewind()
    report.say("shard %s: %d of %s", part.text, count, report.count(all, "row"))
    return self, count
end

-- --------------------------------------------------------------------- files

--- The name that a part's journal begins with.
function shard.name(part, path)
    return part and path .. "." .. part.word or path
end

-- True for a journal that has more than its first line.
local function is_begun(path)
    local file = io.open(path, "rb")
    if not file then return false end
    local has_more = file:read "l" and file:read(1) ~= nil
    file:close()
    return has_more
end

-- "in 4 shards" for the journal of a part of that work, "in one piece" for that of all; or nil.
local function kind_of(name, base)
    if name == base .. ".journal" then return "in one piece" end
    if name:sub(1, #base) ~= base then return nil end
    local count = name:sub(#base + 1):match "^%.shard%-%d+%-of%-(%d+)%.journal$"
    return count and ("in %s shards"):format(count)
end

--- Ends the command when the work on the path was begun in another number of parts: their journals do not know what the
--- others did.
function shard.check_others(part, path)
    local folder, base = path:match "^(.*/)([^/]*)$"
    folder, base = folder or "", base or path
    local own = kind_of(shard.name(part, base) .. ".journal", base)
    for _, name in ipairs(sys.list(folder == "" and "." or folder) or {}) do
        local kind = kind_of(name, base)
        if kind and kind ~= own and is_begun(folder .. name) then
            stop("%s was begun %s (%s); go on so, or begin anew %s with --fresh", path, kind, folder .. name, own)
        end
    end
end

return shard
