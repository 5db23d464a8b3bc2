-- plain lua too
-- What Lua lacks and workflows need.

local sys = require "scaleapi.sys"

-- Another process: runs Lua source with the module at hand, and says what it prints.
local lua = os.getenv "LUA" or "lua5.4"
local function elsewhere(source)
    local process = assert(io.popen(("'%s' -e '%s' 2>&1"):format(lua, source)))
    local output = process:read "a"
    process:close()
    return output
end

local function write(path, text)
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
end

describe("sys", function()
    local folder

    before_each(function()
        folder = os.tmpname()
        os.remove(folder)
        assert(sys.make_directory(folder))
    end)

    after_each(function()
        os.execute("rm -rf '" .. folder .. "'")
    end)

    describe("sha256", function()
        it("gives the published digests", function()
            assert.equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", sys.sha256 "")
            assert.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", sys.sha256 "abc")
            assert.equal("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
                sys.sha256(("a"):rep(1000000)))
        end)

        it("hashes every byte", function()
            assert.not_equal(sys.sha256 "a", sys.sha256 "a\0")
            assert.not_equal(sys.sha256 "\xFF", sys.sha256 "\xFE")
        end)

        it("gives the same as bytes", function()
            local hex = sys.sha256_raw "abc":gsub(".", function(byte) return ("%02x"):format(byte:byte()) end)
            assert.equal(sys.sha256 "abc", hex)
        end)

        it("takes strings alone: a number has no one spelling", function()
            assert.error_matches(function() sys.sha256(10) end, "string expected, got number")
            assert.error_matches(function() sys.sha256() end, "string expected")
            assert.error_matches(function() sys.sha256_raw {} end, "string expected")
        end)
    end)

    describe("a clock", function()
        it("monotonic never goes back and runs as fast as time passes", function()
            local before, wall = sys.monotonic(), sys.time()
            os.execute "sleep 0.05"
            local passed, wall_passed = sys.monotonic() - before, sys.time() - wall
            assert.is_true(passed >= 0.05 and passed < 5)
            assert.is_true(math.abs(passed - wall_passed) < 0.5)
        end)

        it("time is os.time with a fraction", function()
            assert.is_true(math.abs(sys.time() - os.time()) <= 1)
            assert.equal("float", math.type(sys.time()))
        end)
    end)

    describe("sync", function()
        it("brings what was written to the file", function()
            local path = folder .. "/data"
            local file <close> = assert(io.open(path, "w"))
            file:setvbuf("full", 65536)
            file:write "all of it"
            assert.equal(0, sys.stat(path).size)
            assert.is_true(sys.sync(file))
            assert.equal(9, sys.stat(path).size)
        end)

        it("flushes a pipe, which has nothing to sync", function()
            local pipe <close> = assert(io.popen("cat > '" .. folder .. "/out'", "w"))
            pipe:write "x"
            assert.is_true(sys.sync(pipe))
        end)

        it("says that the disk is full", function()
            local file = assert(io.open("/dev/full", "w"))
            file:write "x"
            local ok, message = sys.sync(file)
            assert.is_nil(ok)
            assert.equal("No space left on device", message)
            file:close()
        end)

        it("refuses a closed file, and what is no file", function()
            local file = assert(io.open(folder .. "/data", "w"))
            file:close()
            assert.error_matches(function() sys.sync(file) end, "the file is closed")
            assert.error_matches(function() sys.sync "data" end, "FILE%*")
            assert.error_matches(function() sys.sync() end, "FILE%*")
        end)
    end)

    describe("truncate", function()
        it("cuts a file, what is still to be written to it included, and goes on at its new end", function()
            local path = folder .. "/data"
            local file <close> = assert(io.open(path, "ab"))
            file:setvbuf("full", 65536)
            file:write "0123456789"
            assert.is_true(sys.truncate(file, 4))
            file:write "x"
            file:flush()
            assert.equal("0123x", assert(io.open(path, "rb")):read "a")
        end)

        it("makes a file longer, with zeros", function()
            local file <close> = assert(io.open(folder .. "/data", "w+b"))
            assert.is_true(sys.truncate(file, 3))
            assert.equal("\0\0\0", file:read "a")
        end)

        it("says what the system refuses", function()
            local file <close> = assert(io.open(folder .. "/data", "w"))
            file:write "x"
            file:flush()
            local reader <close> = assert(io.open(folder .. "/data", "r"))
            local ok, message = sys.truncate(reader, 0)
            assert.is_nil(ok)
            assert.equal("Invalid argument", message)
        end)

        it("refuses a closed file, and a size below 0", function()
            local file = assert(io.open(folder .. "/data", "w"))
            assert.error_matches(function() sys.truncate(file, -1) end, "must be 0 or more")
            assert.error_matches(function() sys.truncate(file) end, "number expected")
            file:close()
            assert.error_matches(function() sys.truncate(file, 0) end, "the file is closed")
        end)
    end)

    describe("raise_open_files", function()
        it("raises the limit as far as it may, and never lowers it", function()
            local output = assert(io.popen(([[ulimit -S -n 100; ulimit -H -n 300; "%s" -e '
                local sys = require "scaleapi.sys"
                print(sys.raise_open_files(0), sys.raise_open_files(200), sys.raise_open_files(150),
                    sys.raise_open_files(1000000))']]):format(lua))):read "a"
            assert.equal("100\t200\t200\t300\n", output)
        end)

        it("refuses what is no number of files", function()
            assert.error_matches(function() sys.raise_open_files(-1) end, "must be 0 or more")
            assert.error_matches(function() sys.raise_open_files "all" end, "number expected")
        end)
    end)

    describe("lock", function()
        it("makes the file and is free again after release", function()
            local path = folder .. "/lock"
            local lock = assert(sys.lock(path))
            assert.equal("file", sys.stat(path).type)
            lock:release()
            lock:release()
            assert(sys.lock(path)):release()
        end)

        it("holds against another holder in the same process", function()
            local path = folder .. "/lock"
            local _ <close> = assert(sys.lock(path))
            local second, message, code = sys.lock(path)
            assert.is_nil(second)
            assert.equal(path .. ": locked by somebody else", message)
            assert.equal(11, code)
        end)

        it("holds against another process, and dies with its own", function()
            local path = folder .. "/lock"
            local source = ([[
                local lock, message = require "scaleapi.sys".lock("%s")
                print(lock and "got it" or message)]]):format(path)
            local lock = assert(sys.lock(path))
            assert.equal(path .. ": locked by somebody else\n", elsewhere(source))
            lock:release()
            assert.equal("got it\n", elsewhere(source))
            assert(sys.lock(path)):release()
        end)

        it("is not inherited by a command that outlives it", function()
            local path = folder .. "/lock"
            local lock = assert(sys.lock(path))
            local _ <close> = assert(io.popen("cat >/dev/null", "w"))
            lock:release()
            assert(sys.lock(path)):release()
        end)

        it("is released when a variable of its goes out of scope, or it is collected", function()
            local path = folder .. "/lock"
            do
                local _ <close> = assert(sys.lock(path))
            end
            assert(sys.lock(path))
            collectgarbage()
            collectgarbage()
            assert(sys.lock(path)):release()
        end)

        it("leaves what stands in the file", function()
            local path = folder .. "/data"
            write(path, "keep me")
            assert(sys.lock(path)):release()
            assert.equal(7, sys.stat(path).size)
        end)

        it("says what is wrong with the path", function()
            local lock, message = sys.lock(folder .. "/none/lock")
            assert.is_nil(lock)
            assert.equal(folder .. "/none/lock: No such file or directory", message)
            lock, message = sys.lock(folder)
            assert.is_nil(lock)
            assert.equal(folder .. ": Is a directory", message)
        end)
    end)

    describe("list", function()
        it("gives sorted names, hidden ones too", function()
            for _, name in ipairs { "b", "a b", "B", ".hidden", "a" } do write(folder .. "/" .. name, "") end
            assert.same({ ".hidden", "B", "a", "a b", "b" }, sys.list(folder))
        end)

        it("gives an empty table for an empty folder", function()
            assert.same({}, sys.list(folder))
        end)

        it("tells a folder that is missing from a file", function()
            local names, message, code = sys.list(folder .. "/none")
            assert.is_nil(names)
            assert.equal(folder .. "/none: No such file or directory", message)
            assert.equal(2, code)
            write(folder .. "/file", "")
            names, message = sys.list(folder .. "/file")
            assert.is_nil(names)
            assert.equal(folder .. "/file: Not a directory", message)
        end)

        it("refuses a path with a zero byte, which would mean another", function()
            assert.error_matches(function() sys.list(folder .. "\0/none") end, "zero byte")
            assert.error_matches(function() sys.list(nil) end, "string expected")
        end)
    end)

    describe("stat", function()
        it("knows files, folders and others", function()
            write(folder .. "/file", "12345")
            os.execute("chmod 640 '" .. folder .. "/file'")
            local facts = sys.stat(folder .. "/file")
            assert.equal("file", facts.type)
            assert.equal(5, facts.size)
            assert.equal(tonumber("640", 8), facts.mode)
            assert.is_true(math.abs(facts.modified - sys.time()) < 60)
            assert.equal("directory", sys.stat(folder).type)
            assert.equal("other", sys.stat("/dev/null").type)
        end)

        it("follows a link, and says where it leads nowhere", function()
            os.execute(("ln -s none '%s/link'"):format(folder))
            local facts, message, code = sys.stat(folder .. "/link")
            assert.is_nil(facts)
            assert.equal(folder .. "/link: No such file or directory", message)
            assert.equal(2, code)
        end)
    end)

    describe("make_directory", function()
        it("makes one", function()
            assert.is_true(sys.make_directory(folder .. "/new"))
            assert.equal("directory", sys.stat(folder .. "/new").type)
        end)

        it("says that it is there, or that its parent is not", function()
            local ok, message, code = sys.make_directory(folder)
            assert.is_nil(ok)
            assert.equal(folder .. ": File exists", message)
            assert.equal(17, code)
            ok, message = sys.make_directory(folder .. "/a/b")
            assert.is_nil(ok)
            assert.equal(folder .. "/a/b: No such file or directory", message)
        end)
    end)

    describe("a file", function()
        it("is no terminal, and has no width", function()
            local file <close> = assert(io.open(folder .. "/data", "w"))
            assert.is_false(sys.is_terminal(file))
            assert.is_nil(sys.terminal_width(file))
        end)

        it("that is closed is refused", function()
            local file = assert(io.open(folder .. "/data", "w"))
            file:close()
            assert.error_matches(function() sys.is_terminal(file) end, "the file is closed")
            assert.error_matches(function() sys.terminal_width(file) end, "the file is closed")
            assert.error_matches(function() sys.terminal_width(1) end, "FILE%*")
        end)
    end)

    -- script(1) gives its command a terminal.
    it("knows a terminal and its width", function()
        write(folder .. "/tty.lua", [[
            local sys = require "scaleapi.sys"
            print(sys.is_terminal(io.stdout), sys.terminal_width(io.stdout))]])
        local command = ("script -qec \"stty cols 91; '%s' '%s/tty.lua'\" /dev/null </dev/null"):format(lua, folder)
        local process = assert(io.popen(command))
        assert.equal("true\t91", (process:read "a":gsub("%s+$", "")))
        process:close()
    end)

    describe("random_bytes", function()
        it("gives as many as asked for, never the same", function()
            for _, size in ipairs { 0, 1, 16, 257, 100000 } do assert.equal(size, #sys.random_bytes(size)) end
            assert.not_equal(sys.random_bytes(16), sys.random_bytes(16))
        end)

        it("refuses nonsense", function()
            assert.error_matches(function() sys.random_bytes(-1) end, "must be from 0")
            assert.error_matches(function() sys.random_bytes(1 << 40) end, "must be from 0")
            assert.error_matches(function() sys.random_bytes(1.5) end, "integer")
            assert.error_matches(function() sys.random_bytes() end, "number expected")
        end)
    end)

    describe("catch_interrupt", function()
        it("needs to be told what to do", function()
            assert.error_matches(function() sys.catch_interrupt() end, "boolean expected")
            assert.error_matches(function() sys.catch_interrupt(1) end, "boolean expected")
        end)

        it("counts nothing where nothing was pressed", function()
            local caught = sys.catch_interrupt(true)
            assert.equal("boolean", type(caught))
            assert.equal(0, sys.interrupted())
            sys.catch_interrupt(false)
        end)

        it("says no in plain Lua, which has no host", function()
            assert.equal("false 0\n", elsewhere [[
                package.loaded["scaleapi.sys"] = nil
                debug.getregistry()["scaleapi.interrupt"] = nil
                local sys = require "scaleapi.sys"
                io.write(tostring(sys.catch_interrupt(true)), " ", sys.interrupted(), "\n")]])
        end)
    end)
end)

describe("sys, for many rows:", function()
    it("row_states remember a letter and a place of each row", function()
        local states = sys.row_states()
        assert.is_nil(states:get(1))
        states:set(3, "c", 70)
        states:set(3, "u")
        states:set(5000, "f")
        assert.same({ "u", 70 }, { states:get(3) })
        assert.same({ "f", 0 }, { states:get(5000) })
        assert.is_nil(states:get(4))
        assert.is_nil(states:get(0))
        assert.is_nil(states:get(5001))
        assert.equal(0, states:count "c")
        assert.equal(1, states:count "u")
        assert.equal(5000, states:highest())
    end)

    it("row_states take complete lines, and say where one is none", function()
        local states = sys.row_states()
        assert.equal(16, states:replay("s 1\nc 1 task\nf 2", 100, "c") + 3)
        assert.same({ "c", 104 }, { states:get(1) })
        assert.is_nil(states:get(2))
        assert.same({ n = 2, nil, 4 }, table.pack(states:replay("s 2\nnonsense\n", 0, "")))
        for _, bad in ipairs { "\n", "s\n", "s \n", "s 0\n", "s -1\n", "s 4294967296\n", "s 3000000\n", "1 1\n" } do
            assert.is_nil((sys.row_states():replay(bad, 0, "")), bad)
        end
        assert.has_error(function() states:set(0, "c") end)
        assert.has_error(function() states:set(1, "cc") end)
        assert.has_error(function() states:replay("", -1, "") end)
    end)

    it("row_states say how many rows in a row have one of some letters", function()
        local states = sys.row_states()
        assert.equal(0, states:run(1, "c"))
        for row, letter in pairs { "c", "e", "c", "s", "c", nil, "c" } do states:set(row, letter) end
        assert.equal(3, states:run(1, "ce"))
        assert.equal(1, states:run(1, "c"))
        assert.equal(0, states:run(4, "ce"))
        assert.equal(1, states:run(5, "ce")) -- row 6 was never mentioned
        assert.equal(1, states:run(7, "ce"))
        assert.equal(0, states:run(8, "ce"))
        assert.equal(0, states:run(1 << 40, "ce"))
        assert.is_false((pcall(states.run, states, 0, "ce")))
    end)

    it("row_states write records, without words that would break them", function()
        local states = sys.row_states()
        assert.equal("s 3\n", states:note("s", 3))
        assert.equal("c 3 abc\n", states:note("c", 3, "abc", 70))
        assert.same({ "c", 70 }, { states:get(3) })
        assert.equal("k 3\n", states:note("k", 3))
        assert.same({ "k", 70 }, { states:get(3) })
        for _, word in ipairs { "", "a b", "a\nb", "a\127", "\0", ("x"):rep(129) } do
            assert.equal("c 1\n", states:note("c", 1, word))
        end
        assert.equal("c 1 " .. ("x"):rep(128) .. "\n", states:note("c", 1, ("x"):rep(128)))
        assert.is_false((pcall(states.note, states, "c", 0)))
        assert.is_false((pcall(states.note, states, "cc", 1)))
    end)

    it("a key_set can be asked and emptied", function()
        local keys = sys.key_set()
        assert.is_false(keys:has(("a"):rep(8)))
        for i = 1, 20000 do keys:add(sys.sha256_raw(tostring(i))) end
        assert.is_true(keys:has(sys.sha256_raw "77"))
        assert.is_false(keys:has(sys.sha256_raw "x"))
        keys:clear()
        assert.equal(0, #keys)
        assert.is_false(keys:has(sys.sha256_raw "77"))
        assert.is_true(keys:add(sys.sha256_raw "77"))
        assert.is_false((pcall(keys.has, keys, "short")))
    end)

    it("a key_set tells new keys from those in it", function()
        local keys = sys.key_set()
        for i = 1, 20000 do assert.is_true(keys:add(sys.sha256_raw(tostring(i)))) end
        for i = 1, 20000, 7 do assert.is_false(keys:add(sys.sha256_raw(tostring(i)))) end
        assert.is_true(keys:add(("\0"):rep(8)))
        assert.is_false(keys:add(("\0"):rep(8)))
        assert.equal(20001, #keys)
        assert.has_error(function() keys:add "short" end)
    end)

    it("sha256_file is that of all of the file", function()
        local path = os.tmpname()
        local text = ("some text\n"):rep(30000)
        local file = assert(io.open(path, "wb"))
        file:write(text)
        file:close()
        assert.equal(sys.sha256(text), sys.sha256_file(path))
        os.remove(path)
        assert.is_nil((sys.sha256_file(path)))
        assert.is_nil((sys.sha256_file "/"))
    end)
end)
