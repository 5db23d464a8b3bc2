--[[
scaleapi.csv - reads CSV, record by record, in flat memory. Plain Lua; knows nothing of the client.

    for row, line in csv.rows("airports.csv") do print(row.iata, row.name) end

Fields may be quoted; a quoted field may hold separators, line ends and, doubled, quotes. Lines end with LF,
CRLF or CR; a byte order mark is skipped, and so are empty lines. Values stay the strings that they are.
--]]

local csv = {}

local byte, find, sub, gsub = string.byte, string.find, string.sub, string.gsub
local QUOTE, LF, CR = byte '"', byte "\n", byte "\r"
local NOWHERE = math.maxinteger
local CHUNK = 1 << 16
local LONGEST = 1 << 24 -- bytes of one record: a quote left open must not read the file into memory

local OPTIONS = { separator = "string", header = "boolean or a list of names", ragged = "boolean" }

-- ---------------------------------------------------------------- the buffer

-- buffer: what was read and not yet handed out begins at `at`; lf, cr, quote, separated: where the next of each
-- stands, looked up when `at` has passed it; line: number of the line at `at`; keys: under which key a row has
-- its first, second, … field, where that is not its number.
local Reader = {}
Reader.__index = Reader

local function forget_marks(self)
    self.lf, self.cr, self.quote, self.separated = 0, 0, 0, 0
end

local function mark(self, name, character)
    if self[name] < self.at then self[name] = find(self.buffer, character, self.at, true) or NOWHERE end
    return self[name]
end

-- Line and column of a place in the record that begins at `at`.
local function position(self, place)
    local text = gsub(sub(self.buffer, self.at, place - 1), "\r\n?", "\n")
    local _, lines = gsub(text, "\n", "")
    local last = text:match "[^\n]*$"
    return self.line + lines, (utf8.len(last) or #last) + 1
end

local function fail(self, place, message)
    local line, column = position(self, place)
    error(("%s:%d:%d: %s"):format(self.name, line, column, message), 0)
end

-- Appends the next chunk; false at the end of the file. Grows with the record, so that a long one is not
-- copied again for every chunk.
local function fill(self)
    if self.ended then return false end
    local kept = #self.buffer - self.at + 1
    if kept > LONGEST then
        fail(self, self.at, ("a record of more than %d MiB; is a quote left open?"):format(LONGEST >> 20))
    end
    local chunk, why = self.file:read(math.max(CHUNK, kept))
    if not chunk and why then error(("%s: %s"):format(self.name, why), 0) end
    if not chunk or chunk == "" then
        self.ended = true
        if self.owned then self.file:close() end
        return false
    end
    self.buffer = sub(self.buffer, self.at) .. chunk
    self.at = 1
    forget_marks(self)
    return true
end

-- ------------------------------------------------------------------- records

-- Last byte of the line that begins at `at`, and where the next line begins; nil: not all of it is here.
local function line_end(self)
    local lf, cr = mark(self, "lf", "\n"), mark(self, "cr", "\r")
    if cr < lf then
        if cr == #self.buffer and not self.ended then return nil end
        return cr - 1, cr + 1 == lf and cr + 2 or cr + 1
    end
    if lf ~= NOWHERE then return lf - 1, lf + 1 end
    if not self.ended then return nil end
    return #self.buffer, #self.buffer + 1
end

-- Cuts a line without quotes into `row`. Returns the number of its fields.
local function split(self, last, row)
    local buffer, separator, keys = self.buffer, self.separator, self.keys
    local from, count = self.at, 1
    local place = mark(self, "separated", separator)
    while place <= last do
        row[keys[count] or count] = sub(buffer, from, place - 1)
        count = count + 1
        from = place + 1
        place = find(buffer, separator, from, true) or NOWHERE
    end
    self.separated = place
    row[keys[count] or count] = sub(buffer, from, last)
    return count
end

-- The quoted field that begins at `from`: its value, and where it ends; nil: not all of it is here.
local function quoted(self, from)
    local buffer = self.buffer
    local place, doubled = from + 1, false
    while true do
        local quote = find(buffer, '"', place, true)
        if not quote then
            if self.ended then fail(self, from, "this quote is never closed") end
            return nil
        end
        local after = byte(buffer, quote + 1)
        if after == nil and not self.ended then return nil end
        if after ~= QUOTE then
            local value = sub(buffer, from + 1, quote - 1)
            return doubled and gsub(value, '""', '"') or value, quote + 1
        end
        place, doubled = quote + 2, true
    end
end

-- The unquoted field that begins at `from`, likewise.
local function unquoted(self, from)
    local place = find(self.buffer, self.field_end, from)
    if not place and not self.ended then return nil end
    place = place or #self.buffer + 1
    return sub(self.buffer, from, place - 1), place
end

-- Cuts a record with quotes into `row`. Returns the number of its fields and where the next record begins;
-- nil: not all of it is here.
local function split_quoted(self, row)
    local buffer, at, count = self.buffer, self.at, 0
    while true do
        local is_quoted = byte(buffer, at) == QUOTE
        local value, place = (is_quoted and quoted or unquoted)(self, at)
        if not value then return nil end
        count = count + 1
        row[self.keys[count] or count] = value
        local after = byte(buffer, place)
        if after == self.separator_byte then
            at = place + 1
        elseif after == LF or after == nil then
            return count, place + 1
        elseif after == CR then
            if place == #buffer and not self.ended then return nil end
            return count, byte(buffer, place + 1) == LF and place + 2 or place + 1
        else
            fail(self, place, "text after a closing quote")
        end
    end
end

local function count_lines(text)
    local _, count = gsub(gsub(text, "\r\n?", "\n"), "\n", "")
    return count
end

-- Reads the record at `at` into `row`. Returns the number of its fields, where the next record begins and how
-- many lines this one takes; nil: not all of it is here.
local function read_record(self, row)
    local last, next_line = line_end(self)
    if not last then return nil end
    if mark(self, "quote", '"') > last then return split(self, last, row), next_line, 1 end
    local count, next_record = split_quoted(self, row)
    if not count then return nil end
    if next_record == next_line then return count, next_record, 1 end
    local text = sub(self.buffer, self.at, math.min(next_record, #self.buffer + 1) - 1)
    return count, next_record, math.max(1, count_lines(text))
end

-- Passes the line ends that stand before the next record. False at the end of the file.
local function skip_empty_lines(self)
    while true do
        local character = byte(self.buffer, self.at)
        if character == nil then
            if not fill(self) then return false end
        elseif character == CR then
            if self.at == #self.buffer then fill(self) end
            self.at = self.at + (byte(self.buffer, self.at + 1) == LF and 2 or 1)
            self.line = self.line + 1
        elseif character == LF then
            self.at, self.line = self.at + 1, self.line + 1
        else
            return true
        end
    end
end

-- The next record, the number of its fields and the line that it begins on; nil at the end.
local function next_record(self)
    if not skip_empty_lines(self) then return nil end
    local row = {}
    local count, after, lines = read_record(self, row)
    while not count do
        fill(self)
        count, after, lines = read_record(self, row)
    end
    local line = self.line
    self.at, self.line = after, line + lines
    return row, count, line
end

-- -------------------------------------------------------------------- opening

local function open(source, options)
    local self = setmetatable({ file = source, name = "CSV", buffer = "", at = 1, line = 1, keys = {} }, Reader)
    if type(source) == "string" then
        local file, why = io.open(source, "rb")
        if not file then error(why, 0) end
        self.file, self.name, self.owned = file, source, true
    end
    self.separator = options.separator or ","
    self.separator_byte = byte(self.separator)
    self.field_end = "[\r\n%" .. self.separator .. "]"
    forget_marks(self)
    while #self.buffer < 3 and fill(self) do end
    if sub(self.buffer, 1, 3) == "\xEF\xBB\xBF" then self.at = 4 end
    return self
end

local function check(source, options)
    local readable = type(source) == "table" or type(source) == "userdata"
    if type(source) ~= "string" and not (readable and source.read) then
        error("csv.rows needs a path or an open file, not " .. type(source), 3)
    end
    for name in pairs(options) do
        if not OPTIONS[name] then error(("unknown option '%s' for csv.rows"):format(tostring(name)), 3) end
    end
    local separator = options.separator or ","
    if type(separator) ~= "string" or not separator:find '^[^%w%c" \x80-\xFF]$' and separator ~= "\t" then
        error("the separator of csv.rows is one character, such as ',', ';', '|' or a tab", 3)
    end
    local header = options.header
    if header ~= nil and type(header) ~= "boolean" and type(header) ~= "table" then
        error("header of csv.rows is true, false or a list of names, not " .. type(header), 3)
    end
end

-- The names of the columns, or nil when there are none.
local function read_names(self, header)
    if header == false then return nil end
    if type(header) == "table" then return header end
    local names, _, line = next_record(self)
    local seen = {}
    for _, name in ipairs(names or {}) do
        if seen[name] then error(("%s:%d: two columns are called '%s'"):format(self.name, line, name), 0) end
        seen[name] = true
    end
    return names or {}
end

--- Iterates the records of a CSV file: `path or open file`, and an option table:
---   separator  "," by default
---   header     true (default): the first record names the columns; a list: these are their names;
---              false: a row is a list
---   ragged     true: rows with too few fields lack the last ones, fields too many stand under their number
--- Each turn gives the row and the number of the line it begins on; every row is a new table. The second result
--- is the list of names. Raises an error that names file, line and column: a quote that is never closed, text
--- after a closing quote, a wrong number of fields, two columns of one name.
function csv.rows(source, options)
    options = options or {}
    check(source, options)
    local self = open(source, options)
    local names = read_names(self, options.header)
    local width, ragged = names and #names, options.ragged
    self.keys = names or self.keys
    local function next_row()
        local row, count, line = next_record(self)
        if not row then return nil end
        width = width or count
        if count ~= width and not ragged then
            error(("%s:%d: %d field%s where %d %s expected"):format(self.name, line, count,
                count == 1 and "" or "s", width, width == 1 and "is" or "are"), 0)
        end
        return row, line
    end
    return next_row, names
end

return csv
