-- scaleapi.jsonl: the lines of a file, and a file that is not what it was.

local scaleapi = require "scaleapi"
local sys = require "scaleapi.sys"
local jsonl = scaleapi.jsonl

local BLOCK = 1 << 17 -- what is read at once
local path

before_each(function() path = os.tmpname() end)
after_each(function() os.remove(path) end)

local function write(text, mode)
    local file = assert(io.open(path, mode or "wb"))
    file:write(text)
    file:close()
end

local function open(text)
    write(text)
    return jsonl.open(path)
end

local function rest_of(reader)
    local list = {}
    for line, number in reader do list[#list + 1] = number .. ":" .. line end
    return table.concat(list, "|")
end

describe("jsonl", function()
    it("gives lines that are not blank, as they stand, with their numbers", function()
        assert.equal("1:a\r|4: b |7:c", rest_of(open "a\r\n\n \t\r\n b \n\n\v\f\nc"))
        assert.equal("1:a", rest_of(open "\xEF\xBB\xBFa\n"))
        assert.equal("2:\0b", rest_of(open("\n\0b\n" .. (" "):rep(200))))
        assert.equal("", rest_of(open "\n \r\n"))
        local lines = {}
        for line in jsonl.lines(path) do lines[#lines + 1] = line end
        assert.same({}, lines)
    end)

    it("gives lines of any length, wherever what is read at once ends", function()
        for _, length in ipairs { BLOCK - 2, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 7 } do
            local long = ("x"):rep(length)
            local reader = open("a\n" .. long .. "\nb\n" .. long)
            assert.equal(4, (reader:survey()))
            local sizes = {}
            for line in reader do sizes[#sizes + 1] = #line end
            assert.same({ 1, length, 1, length }, sizes)
            assert.is_nil(reader:next())
        end
    end)

    it("raises on a line that is too long, and on files that are none", function()
        local reader = open("a\n" .. ("x"):rep((32 << 20) + 2 * BLOCK))
        assert.equal("a", (reader:next()))
        local ok, problem = pcall(reader.next, reader)
        assert.is_false(ok)
        assert.matches("line 2 is longer than 32 MiB", problem)
        for text, word in pairs { [""] = "is empty", ["\x1f\x8bx"] = "is compressed", ["\1\2\3abc"] = "is not text" } do
            write(text)
            ok, problem = pcall(jsonl.open, path)
            assert.is_false(ok)
            assert.matches(word, problem)
        end
        for _, wrong in ipairs { "/", "/nonexistent", "/dev/null", 7 } do assert.is_false((pcall(jsonl.open, wrong))) end
    end)

    it("surveys a file from its start after an error", function()
        write("1\n" .. ("x"):rep(33 << 20))
        local lines <close> = setmetatable({ it = sys.lines(path) }, { __close = function(l) l.it:close() end })
        assert.has_error(function() while not lines.it:survey() do end end)
        write "1\n2\n"
        assert.equal(2, (lines.it:survey()))
    end)

    it("passes over lines", function()
        local reader = open "a\n\nb\nc\n \nd"
        assert.equal(0, reader:skip(0))
        assert.equal(2, reader:skip(2))
        assert.equal("c", (reader:next()))
        assert.equal(1, reader:skip(9))
        assert.equal(0, reader:skip(9))
        assert.is_nil(reader:next())
        assert.equal(0, reader:skip(9))
    end)
end)

describe("jsonl's survey", function()
    it("counts lines and equal ones, and knows the file's digest, as often as it is made", function()
        local reader = open "a\n b\r\n\na \nb\nc"
        local keys, again = sys.key_set(), sys.key_set()
        for _ = 1, 2 do
            assert.same({ 5, 2 }, { reader:survey(keys, again) })
            assert.equal(sys.sha256_file(path), reader.digest)
            assert.equal(sys.stat(path).size, reader.size)
            assert.equal(3, #keys)
            assert.equal(2, #again)
            assert.is_true(again:has(sys.sha256_raw "b"))
            assert.is_false(again:has(sys.sha256_raw "c"))
            keys:clear()
            again:clear()
        end
        assert.equal("1:a|2: b\r|4:a |5:b|6:c", rest_of(reader))
    end)

    it("looks up now and then in a large file", function()
        local line, looks = ("x"):rep(99) .. "\n", 0
        local reader = open(line:rep(300000))
        local keys, again = sys.key_set(), sys.key_set()
        assert.same({ 300000, 299999 }, { reader:survey(keys, again, function() looks = looks + 1 end) })
        assert.equal(sys.sha256_file(path), reader.digest)
        assert.is_true(looks >= 4 and looks < 20, looks)
        assert.equal(300000, reader:skip(1 << 40))
    end)

    it("lets nothing through that was not there", function()
        local function lines_of(first, last, word)
            local list = {}
            for i = first, last do list[#list + 1] = ("%s %08d %s\n"):format(word, i, ("x"):rep(80)) end
            return table.concat(list)
        end
        local text = lines_of(1, 5000, "old")
        local changes = {
            later = function() write(text:sub(1, -2) .. "\r") end,
            more = function() write("old line\n", "ab") end,
            ["no line feed"] = function() write(text:sub(1, -2)) end,
            fewer = function() write(text:sub(1, 2 * BLOCK)) end,
            nothing = function() write "" end,
            all = function() write(lines_of(1, 5000, "new")) end,
        }
        for name, change in pairs(changes) do
            for _, way in ipairs { "next", "skip" } do
                local reader = open(text)
                reader:survey()
                assert.equal(10, reader:skip(10))
                change()
                local ok, problem = true, nil
                local given = 0
                while ok do
                    local line
                    ok, line = pcall(reader[way], reader, 1)
                    if not ok then problem = line end
                    if line == nil or line == 0 then break end
                    if ok and way == "next" then assert.equal("old 0", line:sub(1, 5), name) end
                    given = given + 1
                end
                if way == "next" or not ok then
                    assert.is_true(scaleapi.is_error(problem, "changed"), name .. ": " .. tostring(problem))
                end
                assert.is_true(given < 5000, name)
                assert.is_nil((reader:next()))
            end
        end
    end)

    it("notices at the end a change of what was given, and another file in its place", function()
        for _, change in ipairs {
            function() write("b", "r+b") end,
            function() os.remove(path) end,
            function() os.remove(path) write "b\nb\n" end,
        } do
            local reader = open "a\nb\n"
            reader:survey()
            assert.equal("a", (reader:next()))
            change()
            assert.equal("b", (reader:next()))
            local ok, problem = pcall(reader.next, reader)
            assert.is_false(ok)
            assert.is_true(scaleapi.is_error(problem, "changed"))
            assert.is_nil((reader:next()))
        end
        local reader = open "a\n"
        reader:survey()
        os.remove(path)
        write "a\n"
        assert.equal("1:a", rest_of(reader))
    end)
end)
