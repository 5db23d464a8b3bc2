-- scaleapi.journal: what is noted of rows, and what is made of it again.

local scaleapi = require "scaleapi"
local sys = require "scaleapi.sys"
local journal = scaleapi.journal

local HEADER = { { "server", "http://a" }, { "batch", "b" }, { "none", nil } }
local path

local function read()
    local file = assert(io.open(path, "rb"))
    local text = file:read "a"
    file:close()
    return text
end

local function write(text)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
end

local function open(options)
    options = options or {}
    options.header = options.header or HEADER
    return journal.open(path, options)
end

-- The journal's header line and these records.
local function write_records(records)
    open():close()
    write(read():match "^[^\n]*\n" .. records)
end

-- The error object that opening raises.
local function refusal(options)
    local ok, err = pcall(open, options)
    assert.is_false(ok)
    assert.is_true(scaleapi.is_error(err, "journal"), tostring(err))
    return err
end

before_each(function() path = os.tmpname() end)
after_each(function() os.execute(("rm -rf '%s' '%s.old'"):format(path, path)) end)

describe("a journal", function()
    it("gives again what was noted, the last of each row", function()
        local log = open()
        assert.is_false(log.resumed)
        for row = 1, 5 do log:record("s", row) end
        log:record("c", 1, "task1")
        log:record("e", 2, "task2")
        log:record("f", 3)
        log:record("d", 4, "canceled")
        log:record("c", 5, "task5")
        log:record("u", 5)
        assert.equal("task1", log:word(1))
        assert.is_true(log:close())
        log = open()
        assert.is_true(log.resumed)
        local letters = {}
        for row = 1, 6 do letters[row] = log:state(row) or "-" end
        assert.equal("cefdu-", table.concat(letters))
        assert.equal(1, log:count "c")
        assert.equal(5, log:highest())
        assert.equal("task1", log:word(1))
        assert.equal("task2", log:word(2))
        assert.equal("task5", log:word(5))
        assert.is_nil(log:word(3))
        log:close()
    end)

    it("has records in the file before start returns, all of a turn in one piece", function()
        local log = open()
        local sizes = {}
        for row = 1, 20 do
            scaleapi.spawn(function()
                log:start(row)
                sizes[#sizes + 1] = #read()
            end)
        end
        while #sizes < 20 do scaleapi.sleep(0.01) end
        for i = 2, 20 do assert.equal(sizes[1], sizes[i]) end
        assert.matches("s 1\n.*s 20\n$", read())
        log:close()
    end)

    it("takes at most 200 bytes a row", function()
        local log = open()
        local before = #read()
        for row = 999990, 1000000 do
            log:record("s", row)
            log:record("c", row, ("x"):rep(120))
        end
        log:record("c", 7, ("x"):rep(5000))
        log:record("c", 8, "two\nlines")
        log:close()
        assert.is_true(#read() - before < 11 * 200)
        open():close()
    end)

    it("drops a torn last line", function()
        for _, torn in ipairs { "s", "s ", "c 3", "c 3 tas", "\0\0\0" } do
            write_records("s 1\ns 2\nc 1 one\n" .. torn)
            local log = open()
            assert.equal("c", log:state(1))
            assert.equal("s", log:state(2))
            assert.is_nil(log:state(3))
            log:record("c", 2, "two")
            log:close()
            assert.matches("c 1 one\nc 2 two\n$", read())
        end
    end)

    it("begins anew when its header was torn", function()
        open():close()
        local header = read()
        for size = 0, #header - 1, 7 do
            write(header:sub(1, size))
            local log = open()
            assert.is_false(log.resumed)
            log:close()
            assert.matches('^{"scalua_journal":1,"server":"http://a","batch":"b","begun":[%d.]+}\n$', read())
        end
    end)

    it("refuses other work, naming both values of each difference", function()
        write_records "s 1\n"
        local err = refusal { header = { { "server", "http://z" }, { "batch", nil }, { "none", 7 } } }
        assert.equal("differs", err.reason)
        assert.matches("server was 'http://a' and is 'http://z' now", err.message)
        assert.matches("batch was 'b' and is none now", err.message)
        assert.matches("none was none and is 7 now", err.message)
        assert.matches("s 1\n$", read())
    end)

    it("takes other work when nothing of the old can be left", function()
        write_records "s 1\nf 1\ns 2\nx 2\n"
        local log = open { header = { { "server", "http://z" } } }
        assert.is_false(log.resumed)
        assert.is_nil(log:state(1))
        log:close()
        assert.matches('"http://z"', read())
    end)

    it("refuses what is no journal, and leaves it as it is", function()
        for _, text in ipairs { "hello\n", "hello", '{"a":1}\n', "[]\n", '{"scalua_journal":2}\ns 1\n' } do
            write(text)
            assert.equal("unusable", refusal().reason)
            assert.equal("unusable", refusal({ fresh = true }).reason)
            assert.equal(text, read())
        end
        os.remove(path)
        for _, records in ipairs { "s x\n", "s 0\n", "s 99999999999999\n", "\n", "S 1\n", "s1\n", "s 1x\n" } do
            write_records("s 1\n" .. records .. "s 2\n")
            assert.matches("byte %d+ begins no record", refusal().message)
            os.remove(path)
        end
        assert.equal("unusable", select(2, pcall(journal.open, path, {})).reason)
        assert.is_nil(sys.stat(path))
        assert(sys.make_directory(path))
        assert.matches("is a directory", refusal().message)
    end)

    it("is one holder's", function()
        local log = open()
        assert.equal("locked", refusal().reason)
        assert.equal("locked", refusal({ fresh = true }).reason)
        log:close()
        open():close()
    end)

    it("begins anew with fresh, and keeps the old one", function()
        write_records "s 1\nc 1 one\n"
        local text = read()
        local log = open { fresh = true }
        assert.is_false(log.resumed)
        assert.is_nil(log:state(1))
        log:close()
        local old = assert(io.open(path .. ".old"))
        assert.equal(text, old:read "a")
        old:close()
    end)

    it("replays a million rows in little time and memory", function()
        open():close()
        local file = assert(io.open(path, "ab"))
        for row = 1, 1000000 do file:write("s ", row, "\nc ", row, " 576ba74eec471ff9bb7c8f2f\n") end
        file:close()
        collectgarbage()
        local before, started = collectgarbage "count", scaleapi.now()
        local log = open()
        assert.is_true(scaleapi.now() - started < 3)
        collectgarbage()
        assert.is_true(collectgarbage "count" - before < 4096)
        assert.equal(1000000, log:count "c")
        assert.equal("576ba74eec471ff9bb7c8f2f", log:word(777777))
        log:close()
    end)
end)
