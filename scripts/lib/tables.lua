--[[
scripts.lib.tables - a table in a CSV file as lines of JSON, one made of each row by a template. A reader has the face
of a jsonl reader: it can be surveyed, and then gives only lines that it gave in the survey.

What counts is the lines, not the bytes of the file: `digest` and `size` are theirs, so that a table that was saved in
another way is the same, and one with another template is not.
--]]

local scaleapi = require "scaleapi"
local sys = require "scaleapi.sys"
local command = require "scripts.lib.command"
local template = require "scripts.lib.template"

local json = scaleapi.json

local tables = {}

local Reader = {}
Reader.__index = Reader

local START = 1 << 12
local MOST_IN_BLOCK, MOST_BYTES = 256, 1 << 18 -- lines that are compared to the survey before one of them is given
local LOOK_EVERY = 4096 -- rows
local MOST_SHOWN = 10

-- How files begin that are no table, and what to do about it.
local NO_TABLE = {
    { "^$", "is empty" },
    { "^PK\3\4", "is a spreadsheet or an archive; save the table as CSV" },
    { "^\xD0\xCF\x11\xE0", "is a spreadsheet; save the table as CSV" },
    { "^\x1f\x8b", "is compressed; decompress it first" },
    { "^\xFF\xFE", "is UTF-16; save it as UTF-8" },
    { "^\xFE\xFF", "is UTF-16; save it as UTF-8" },
    { "%z", "is not text" },
}

-- ------------------------------------------------------------------- opening

local function check_file(path)
    local facts, why = sys.stat(path)
    if not facts then error(why, 0) end
    if facts.type == "directory" then error(path .. " is a directory", 0) end
    if facts.type ~= "file" then error(path .. " is not a regular file", 0) end
    local file, problem = io.open(path, "rb")
    if not file then error(problem, 0) end
    local start = file:read(START) or ""
    file:close()
    for _, kind in ipairs(NO_TABLE) do
        if start:find(kind[1]) then error(("%s %s"):format(path, kind[2]), 0) end
    end
    return facts
end

local function check_names(path, names)
    if not names then error(path .. " has no header", 0) end
    for i, name in ipairs(names) do
        if not utf8.len(name) then
            error(("%s: the name of column %d is not UTF-8; save the table as UTF-8"):format(path, i), 0)
        end
    end
end

-- A file with another separator has but one column, in which that one stands.
local function separator_hint(names)
    local other = #names == 1 and names[1]:match "[;\t|]"
    if not other then return "" end
    return ("\nthe header is one column; perhaps the table needs --separator %s"):format(
        other == "\t" and "tab" or ("'%s'"):format(other))
end

-- Goes to the first row, reads the header on the way.
local function begin(self)
    self.records = scaleapi.csv.rows(self.path, { header = false, separator = self.separator })
    local names = self.records()
    self.row, self.block, self.place, self.read_blocks, self.mark = 1, {}, 0, 0, ""
    return names
end

local function compile(self, names)
    local build, more = template.compile(self.template, names)
    if build then
        self.build, self.places = build, more
        self.template_digest = sys.sha256(json.encode(json.decode(self.template))) -- however it is indented
        return
    end
    local lines = {}
    for i, problem in ipairs(more) do lines[i] = ("%s: %s"):format(self.template_path, problem) end
    error(table.concat(lines, "\n") .. separator_hint(names), 0)
end

--- Opens a table. `from`: { path =, template = (its text), template_path =, separator = (a comma) }. Raises what is
--- wrong with the file, its header or the template.
function tables.open(from)
    local self = setmetatable({
        path = from.path, separator = from.separator, template = from.template, template_path = from.template_path,
    }, Reader)
    self.facts = check_file(self.path)
    local names = begin(self)
    check_names(self.path, names)
    compile(self, names)
    return self
end

-- ------------------------------------------------------------------- reading

-- Where a row stands, in words: a spreadsheet counts rows, where an editor counts lines.
local function place_of(self, line)
    return ("%s:%d%s"):format(self.path, line, line ~= self.row and (" (row %d)"):format(self.row) or "")
end

-- The next row as { line =, number =, problem = }, number being that of the line of the file that it begins on.
local function next_row(self)
    local record, number = self.records()
    if not record then return nil end
    self.row = self.row + 1
    local line, problem = self.build(record)
    if not line then problem = ("%s: %s"):format(place_of(self, number), problem) end
    return { line = line, number = number, problem = problem }
end

-- The next rows, and their digests: a block begins and ends where it did before.
local function next_block(self)
    local rows, digests, bytes = {}, {}, 0
    while #rows < MOST_IN_BLOCK and bytes < MOST_BYTES do
        local row = next_row(self)
        if not row then break end
        local digest = sys.sha256_raw(row.line or row.problem)
        rows[#rows + 1], digests[#digests + 1] = row, digest
        bytes = bytes + #(row.line or "")
    end
    self.mark = sys.sha256_raw(self.mark .. table.concat(digests))
    return rows, digests, bytes
end

local function raise_changed(self)
    command.stop(command.FAILURE, "%s was changed while it was read%s", self.path, command.advice { kind = "changed" })
end

local function note_problems(problems, rows)
    for _, row in ipairs(rows) do
        if row.problem then
            problems.count = problems.count + 1
            if #problems < MOST_SHOWN then problems[#problems + 1] = row.problem end
        end
    end
end

local function raise_problems(problems)
    if problems.count == 0 then return end
    if problems.count > #problems then
        problems[#problems + 1] = ("and %d more of the kind"):format(problems.count - #problems)
    end
    error(("%s\n%s not as the template needs %s; nothing was sent"):format(table.concat(problems, "\n"),
        problems.count == 1 and "1 row is" or problems.count .. " rows are", problems.count == 1 and "it" or "them"), 0)
end

-- Reads all rows: how many there are, their bytes, and how many equal an earlier one. `keys` may be nil.
local function read_all(self, keys, again, look)
    local total, equal, size, problems, looked = 0, 0, 0, { count = 0 }, 0
    self.marks = {}
    repeat
        local rows, digests, bytes = next_block(self)
        note_problems(problems, rows)
        for _, digest in ipairs(keys and digests or {}) do
            if not keys:add(digest) then
                equal = equal + 1
                again:add(digest)
            end
        end
        self.marks[#self.marks + 1] = self.mark
        total, size = total + #rows, size + bytes
        if look and total - looked >= LOOK_EVERY then
            looked = total
            look()
        end
    until #rows == 0
    raise_problems(problems)
    return total, equal, size
end

--- Like Reader:survey of scaleapi.jsonl. Raises what is wrong with rows: which, and in which column.
function Reader:survey(keys, again, look)
    local total, equal, size = read_all(self, keys, again, look)
    self.digest, self.size = sys.sha256(self.mark .. total), size
    self:rewind()
    return total, equal
end

--- Goes to the first row.
function Reader:rewind()
    begin(self)
    self.ended = false
end

-- Whoever wrote to it, or put another in its place, need not have changed a row.
local function check_end(self)
    local now = sys.stat(self.path)
    if now and now.size == self.facts.size and now.modified == self.facts.modified then return end
    local ok, digest = pcall(function()
        local other = tables.open(self)
        other:survey()
        return other.digest
    end)
    if not ok or digest ~= self.digest then raise_changed(self) end
end

-- The next block, if it is as it was.
local function take_block(self)
    local ok, rows = pcall(next_block, self)
    if not ok and tostring(rows):find "interrupted!$" then error(rows, 0) end
    self.read_blocks = self.read_blocks + 1
    if not ok or self.mark ~= self.marks[self.read_blocks] then raise_changed(self) end
    self.block, self.place = rows, 0
    if #rows > 0 then return end
    check_end(self)
    self.ended = true
end

--- The next row as a line of JSON, and the number of the line of the file on which it begins; nil at the end. Ends the
--- command when the table is not what was surveyed.
function Reader:next()
    if self.place == #self.block and not self.ended then take_block(self) end
    if self.ended then return nil end
    self.place = self.place + 1
    local row = self.block[self.place]
    return row.line, row.number
end

Reader.__call = Reader.next

--- Passes over so many rows. Returns how many there were.
function Reader:skip(most)
    for passed = 0, most - 1 do
        if not self:next() then return passed end
    end
    return most
end

--- What to say of columns whose cells became texts here and numbers there, which is seldom meant.
function Reader:notes()
    local notes = {}
    for _, place in ipairs(self.places) do
        if place.literals > 0 and place.texts > 0 then
            notes[#notes + 1] = ("%s: of column '%s' %d cells are numbers, true or false, and %d are text; "
                .. "{%s:text} makes text of all"):format(self.path, place.name, place.literals, place.texts, place.name)
        end
    end
    return notes
end

return tables
