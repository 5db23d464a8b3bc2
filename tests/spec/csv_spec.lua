-- plain lua too
local csv = require "scaleapi.csv"

-- A file that gives its text in pieces of `size` bytes, whatever is asked for.
local function pieces(text, size)
    local at = 1
    return { read = function()
        if at > #text then return nil end
        local piece = text:sub(at, at + size - 1)
        at = at + size
        return piece
    end }
end

local function read(text, options, size)
    local rows, lines = {}, {}
    for row, line in csv.rows(pieces(text, size or 1 << 20), options) do
        rows[#rows + 1], lines[#lines + 1] = row, line
    end
    return rows, lines
end

local function list(text, size)
    return (read(text, { header = false }, size))
end

local function complaint(text, options, size)
    local ok, message = pcall(read, text, options or { header = false }, size)
    assert.is_false(ok)
    return message
end

describe("csv.rows", function()
    it("gives each row by the names in the header", function()
        local rows, lines = read "iata,name\nBOS,Logan\nJFK,Kennedy\n"
        assert.same({ { iata = "BOS", name = "Logan" }, { iata = "JFK", name = "Kennedy" } }, rows)
        assert.same({ 2, 3 }, lines)
    end)

    it("tells the names of the columns", function()
        local _, names = csv.rows(pieces("b,a\n1,2\n", 99))
        assert.same({ "b", "a" }, names)
    end)

    it("takes the names from the caller, and then the first line is a row", function()
        assert.same({ { x = "1", y = "2" } }, (read("1,2\n", { header = { "x", "y" } })))
    end)

    it("gives lists without a header", function()
        assert.same({ { "a", "b" }, { "1", "2" } }, list "a,b\n1,2\n")
    end)

    it("leaves values the strings that they are", function()
        assert.same({ { "007", " 1.50 ", "true", "" } }, list "007, 1.50 ,true,\n")
    end)

    it("reads quoted fields with separators, quotes and line ends in them", function()
        assert.same({ { "a,b", 'say "hi"', "two\nlines" }, { "c", "", "d" } },
            list '"a,b","say ""hi""","two\nlines"\nc,"",d\n')
        assert.same({ { "x\r\ny" }, { '"' }, { '""' }, { "" } }, list '"x\r\ny"\r\n""""\r\n""""""\r\n""')
    end)

    it("takes a quote inside an unquoted field as it stands", function()
        assert.same({ { '5" pipe', 'a"b' } }, list '5" pipe,a"b\n')
    end)

    it("takes LF, CRLF and CR for line ends, and needs none after the last line", function()
        for _, ending in ipairs { "\n", "\r\n", "\r" } do
            local expected = { { "a", "b" }, { "c", "d" }, { "e", "f" } }
            assert.same(expected, list("a,b" .. ending .. "c,d" .. ending .. "e,f"))
            assert.same(expected, list("a,b" .. ending .. '"c",d' .. ending .. 'e,"f"' .. ending))
        end
    end)

    it("skips a byte order mark and empty lines, and still counts the lines", function()
        local rows, lines = read "\xEF\xBB\xBFa,b\n\n1,2\r\n\r\n\n3,4\n\n"
        assert.same({ { a = "1", b = "2" }, { a = "3", b = "4" } }, rows)
        assert.same({ 3, 6 }, lines)
    end)

    it("counts the lines inside quoted fields", function()
        local _, lines = read('"a\nb\r\nc",1\n2,3\n"4\n",5\n6,7', { header = false })
        assert.same({ 1, 4, 5, 7 }, lines)
    end)

    it("takes another separator", function()
        assert.same({ { a = "1,5", b = "2" } }, (read("a;b\n1,5;2\n", { separator = ";" })))
        assert.same({ { a = "1", b = "2" } }, (read("a\tb\n1\t2\n", { separator = "\t" })))
        assert.same({ { a = "1", b = "2" } }, (read("a|b\n1|2\n", { separator = "|" })))
    end)

    it("reads the same however the bytes arrive", function()
        local text = '\xEF\xBB\xBFa,b\r\n"x,\r\ny","he said ""no"""\r\n\r\n\n1,"2"\r\n3,4\r\nlast,"ü"'
        local expected = { { "a", "b" }, { "x,\r\ny", 'he said "no"' }, { "1", "2" }, { "3", "4" }, { "last", "ü" } }
        for size = 1, #text do
            local rows, lines = read(text, { header = false }, size)
            assert.same(expected, rows)
            assert.same({ 1, 2, 6, 7, 8 }, lines)
        end
    end)

    it("reads fields longer than what is read at once", function()
        local long = ("é,\n"):rep(300000)
        assert.same({ { long, "x" }, { "y", "z" } }, list('"' .. long .. '",x\ny,z\n', 4096))
    end)

    it("reads the airports", function()
        local count, quoted = 0, nil
        for row in csv.rows "examples/data/airports.csv" do
            count = count + 1
            if row.name:find('"', 1, true) then quoted = quoted or row.name end
            assert.is_truthy(row.iata and row.latitude and row.longitude)
        end
        assert.equal(3376, count)
        assert.is_truthy(quoted)
    end)

    it("keeps its memory flat", function()
        local left, line = 300000, ('some,"quoted",row\n'):rep(100)
        local file = { read = function()
            left = left - 100
            return left >= 0 and line or nil
        end }
        collectgarbage()
        local before, most, count = collectgarbage "count", 0, 0
        for _ in csv.rows(file, { header = false }) do
            count = count + 1
            if count % 1000 == 0 then
                most = math.max(most, collectgarbage "count" - before)
            end
        end
        assert.equal(300000, count)
        assert.is_true(most < 8 * 1024, most .. " KiB")
    end)

    it("gives no rows for an empty file or a header alone", function()
        assert.same({}, (read ""))
        assert.same({}, (read "\n\n"))
        assert.same({}, (read "a,b\n"))
        assert.same({}, list "")
    end)
end)

describe("csv.rows on bad input", function()
    it("names line and column of a quote that is never closed", function()
        assert.equal("CSV:2:3: this quote is never closed", complaint 'a,b\n1,"2\n3,4\n')
        assert.equal("CSV:2:3: this quote is never closed", complaint('a,b\nü,"2\n3,4\n', nil, 1))
    end)

    it("names line and column of text after a closing quote", function()
        assert.equal("CSV:3:3: text after a closing quote", complaint 'a\n"b\nc"d\n')
        assert.equal("CSV:1:6: text after a closing quote", complaint 'a,"b" ,c\n')
    end)

    it("names the line of a row with too few or too many fields", function()
        assert.equal("CSV:3: 1 field where 2 are expected", complaint("a,b\n1,2\n3\n", {}))
        assert.equal("CSV:2: 3 fields where 2 are expected", complaint("a,b\n1,2,3\n", {}))
        assert.equal("CSV:2: 2 fields where 1 is expected", complaint "a\n1,2\n")
    end)

    it("takes such rows when told to", function()
        local rows = read("a,b\n1\n2,3,4\n", { ragged = true })
        assert.same({ { a = "1" }, { a = "2", b = "3", [3] = "4" } }, rows)
    end)

    it("refuses two columns of one name", function()
        assert.equal("CSV:2: two columns are called 'a'", complaint("\na,b,a\n1,2,3\n", {}))
    end)

    it("names a file that cannot be read", function()
        local ok, message = pcall(csv.rows, "no/such/file.csv")
        assert.is_false(ok)
        assert.matches("no/such/file.csv", message)
        ok, message = pcall(csv.rows, "examples")
        assert.is_false(ok)
        assert.matches("examples: .*directory", message)
    end)

    it("does not read a whole file into memory for an open quote", function()
        local given = 0
        local file = { read = function(_, size)
            given = given + size
            return given == size and '"' or ("x"):rep(size)
        end }
        local ok, message = pcall(csv.rows(file, { header = false }))
        assert.is_false(ok)
        assert.matches("is a quote left open", message)
        assert.is_true(given < 64 << 20)
    end)

    it("explains wrong use at the caller's line", function()
        local function wrong(expected, ...)
            local ok, message = pcall(function(...) csv.rows(...) end, ...)
            assert.is_false(ok)
            assert.matches("csv_spec.lua:%d+: .*" .. expected, message)
        end
        wrong("needs a path or an open file, not nil")
        wrong("needs a path or an open file, not number", 5)
        wrong("unknown option 'seperator'", "x.csv", { seperator = ";" })
        wrong("one character", "x.csv", { separator = ";;" })
        wrong("one character", "x.csv", { separator = '"' })
        wrong("one character", "x.csv", { separator = "\n" })
        wrong("one character", "x.csv", { separator = 5 })
        wrong("true, false or a list", "x.csv", { header = "yes" })
    end)
end)
