-- The host as a process: options, prompt, commands, jobs, signals, and what is built in.

local sys = require "scaleapi.sys"

local SCALUA = os.getenv "SCALUA" or "build/scalua"

local function read(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read "a"
    file:close()
    return text
end

local function write(path, text)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
end

local function quote(text)
    return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function first_line(command)
    local pipe = assert(io.popen(command))
    local line = pipe:read "l"
    pipe:close()
    return line
end

local ROOT = first_line "pwd"
if SCALUA:sub(1, 1) ~= "/" then SCALUA = ROOT .. "/" .. SCALUA end

local folder

-- Runs a shell command in the test's folder, where $S is scalua. Gives exit code, standard output and error.
local function shell(command, stdin)
    write(folder .. "/.in", stdin or "")
    write(folder .. "/.sh", command)
    local _, _, code = os.execute(("cd %s && S=%s timeout -k 1 60 sh ./.sh <.in >.out 2>.err")
        :format(quote(folder), quote(SCALUA)))
    return code, read(folder .. "/.out"), read(folder .. "/.err")
end

-- Runs scalua with the words as they stand.
local function scalua(words, stdin)
    local line = { '"$S"' }
    for _, word in ipairs(words) do line[#line + 1] = quote(word) end
    return shell(table.concat(line, " "), stdin)
end

-- Runs a script that says "ready", and sends it SIGINT `times` times, or until it has ended.
local function interrupt(script, times, options)
    write(folder .. "/interrupted.lua", script)
    os.remove(folder .. "/out")
    return shell(([[
        "$S" %s interrupted.lua >out 2>err </dev/null &
        pid=$!
        until grep -qs ready out; do sleep 0.01; done
        for n in %s; do kill -INT $pid 2>/dev/null || break; sleep 0.05; done
        wait $pid
        code=$?
        cat out
        cat err >&2
        exit $code]]):format(options or "", ("x "):rep(times)))
end

local READY = 'io.stdout:write "ready\\n" io.stdout:flush() '

before_each(function()
    folder = first_line "mktemp -d"
end)

after_each(function()
    os.execute("rm -rf " .. quote(folder))
end)

describe("scalua as lua", function()
    -- Runs the same words with both; they must not differ but for the name.
    local function same(words, stdin, environment)
        local results = {}
        for _, program in ipairs { "lua5.4", SCALUA } do
            local line = { environment or "", program == SCALUA and '"$S"' or program }
            for _, word in ipairs(words) do line[#line + 1] = quote(word) end
            local code, out, err = shell(table.concat(line, " "), stdin)
            local function plain(text)
                return (text:gsub(program:gsub("%p", "%%%0"), "PROGRAM"):gsub("scalua: ", "PROGRAM: "))
            end
            results[#results + 1] = { code = code, out = plain(out), err = plain(err) }
        end
        assert.same(results[1], results[2])
        return results[2]
    end

    local ARG = 'for i = -9, 9 do if arg[i] then print(i, arg[i]) end end print(...)'

    it("runs a script with its arguments", function()
        write(folder .. "/x.lua", ARG)
        assert.matches("2\tb c", same({ "x.lua", "a", "b c", "-e", "" }).out)
        same { "-e", "y = 1", "-W", "x.lua", "a" }
        same { "--", "x.lua", "--", "-v" }
        write(folder .. "/-odd.lua", ARG)
        same { "--", "-odd.lua" }
        write(folder .. "/-", ARG)
        same { "--", "-" }
    end)

    it("runs standard input", function()
        same({ "-", "a", "b" }, ARG)
        same({}, ARG)
        same({ "-e", "print(1)", "-" }, "print(2)")
        same({ "-" }, "#!first line\nerror()")
    end)

    it("runs -e, -l and -W in their order", function()
        same { "-e", "x = 1", "-eprint(x)", "-l", "string", "-lm=math", "-e", "print(string.rep('a', 3), m.pi)" }
        same { "-e", "warn 'not shown'", "-W", "-e", "warn 'shown'" }
        same { "-e", "print(arg[0], arg[1], #arg)" }
    end)

    it("gives syntax errors and errors with a traceback", function()
        write(folder .. "/bad.lua", "x = = 1")
        assert.equal(1, same({ "bad.lua" }).code)
        write(folder .. "/raises.lua", "local function f() error 'no' end\nf()")
        assert.equal(1, same({ "raises.lua" }).code)
        same { "-e", "x = " }
        same { "-e", "error()" }
        same { "-e", "error({})" }
        assert.equal(1, (scalua { "-l", "no_such_module", "-e", "print 'not reached'" }))
    end)

    it("runs LUA_INIT first, and ignores the environment with -E", function()
        write(folder .. "/init.lua", "print('init', arg[0])")
        same({ "-e", "print(1)" }, nil, "LUA_INIT='print(0)'")
        same({ "-e", "print(1)" }, nil, "LUA_INIT=@init.lua")
        same({ "-e", "print(1)" }, nil, "LUA_INIT='print(0)' LUA_INIT_5_4='print(54)'")
        same({ "-e", "print(1)" }, nil, "LUA_INIT='error(0)'")
        same({ "-E", "-e", "print(package.path)" }, nil, "LUA_INIT='print(0)' LUA_PATH=/nowhere")
        same({ "-e", "print(package.path, package.cpath)" }, nil, "LUA_PATH='a/?.lua;;' LUA_CPATH_5_4='b/?.so'")
    end)

    it("leaves by os.exit", function()
        assert.equal(3, same({ "-e", "os.exit(3)" }).code)
        assert.equal(4, same({ "-e", "os.exit(4, true)" }).code)
        assert.equal(1, same({ "-e", "os.exit(false)" }).code)
    end)
end)

describe("the prompt", function()
    local PROMPTS = "_PROMPT, _PROMPT2 = 'p> ', 'q> '"

    local function session(text)
        local code, out, err = scalua({ "-e", PROMPTS, "-i" }, text)
        assert.equal(0, code)
        return out:gsub("^[^\n]*\n", ""), err
    end

    it("prints the values of expressions and runs statements", function()
        assert.equal("p> 2\np> a\tnil\np> p> 5\np> p> \n", session "1 + 1\n= 'a', nil\nx = 5\nx\nlocal y\n")
        assert.equal("p> p> 1\tx\np> \n", session "function f() return 1, 'x' end\nf()")
    end)

    it("reads on while a statement is incomplete", function()
        assert.equal("p> q> q> 1\n2\np> \n", session "for i = 1, 2 do\nprint(i)\nend\n")
        assert.equal("p> q> q> 1\np> \n", session "do -- a comment\nprint(1)\nend\n")
        local out, err = session "f(\n"
        assert.equal("p> q> p> \n", out)
        assert.matches("^stdin:1: unexpected symbol near <eof>\n", err)
    end)

    it("goes on after errors", function()
        local out, err = session "error 'no'\nx x\nerror(nil)\n7\n"
        assert.equal("p> p> p> p> 7\np> \n", out)
        assert.matches("^stdin:1: no\nstack traceback:\n.-\nstdin:1: syntax error near 'x'\n%(error object", err)
    end)

    it("takes long lines and wide results", function()
        local out = session(("'%s'\nprint(select('#', table.unpack({}, 1, 500)))\n"):format(("x"):rep(20000)))
        assert.equal("p> " .. ("x"):rep(20000) .. "\np> 500\np> \n", out)
    end)

    it("prints by print, which may be the user's", function()
        local _, err = session "print = nil\n1\n"
        assert.matches("attempt to call a nil value", err)
    end)
end)

describe("scalua", function()
    it("prints its versions", function()
        for _, option in ipairs { "-v", "--version" } do
            local code, out = scalua({ option }, "print 'standard input is not run'")
            assert.equal(0, code)
            assert.matches("^scalua %d+%.%d+%.%d+  Lua 5%.4%.%d+  libcurl/%d[%d.]+\n$", out)
        end
    end)

    it("prompts on a terminal, and says who it is", function()
        local code, out = shell([[script -qec "'$S'" /dev/null]], "print(6 * 7)\n\4")
        assert.equal(0, code)
        assert.matches("scalua %d", out)
        assert.matches("> .-42\r\n", out)
    end)

    it("goes on with a prompt after a script, whatever became of it", function()
        write(folder .. "/x.lua", "seven = 7 error 'no'")
        local code, out, err = scalua({ "-i", "x.lua" }, "seven\n")
        assert.equal(0, code)
        assert.matches("> 7\n", out)
        assert.matches("x%.lua:1: no", err)
    end)

    it("refuses what it does not know with exit code 2", function()
        local function wrong(words, message)
            local code, out, err = scalua(words)
            assert.equal(2, code, err)
            assert.equal("", out)
            assert.equal("scalua: " .. message .. "\n", err)
        end
        wrong({ "--nonsense", "x.lua" }, "unknown option '--nonsense'; 'scalua --help' lists them")
        wrong({ "-x" }, "unknown option '-x'; 'scalua --help' lists them")
        wrong({ "-vx" }, "unknown option '-vx'; 'scalua --help' lists them")
        wrong({ "-e" }, "'-e' needs a value")
        wrong({ "-l", "-v" }, "'-l' needs a value")
        wrong({ "uplaod", "x.jsonl" }, "'uplaod' is neither a command nor a file; did you mean 'upload'?")
        wrong({ "qqq" }, "'qqq' is neither a command nor a file; 'scalua help' lists the commands")
        wrong({ "missing.lua" }, "cannot open missing.lua: No such file or directory")
        wrong({ "./upload" }, "cannot open ./upload: No such file or directory")
        wrong({ "." }, "cannot read .: Is a directory")
        wrong({ "" }, "'' is neither a command nor a file; 'scalua help' lists the commands")
        wrong({ "help", "uplaod" }, "'uplaod' is neither a command nor a file; did you mean 'upload'?")
        wrong({ "source", "qqq" }, "'qqq' is neither a command nor a file; 'scalua help' lists the commands")
        wrong({ "source" }, "source needs the name of a command; 'scalua help' lists them")
    end)

    it("says where an error object came from", function()
        write(folder .. "/x.lua", [[
            local Problem = { __tostring = function(self) return "problem " .. self.n end }
            local function f() error(setmetatable({ n = 7 }, Problem)) end
            f()]])
        local code, _, err = scalua { "x.lua" }
        assert.equal(1, code)
        assert.matches("^scalua: problem 7\nstack traceback:\n.*x%.lua:2: .*x%.lua:3: ", err)
    end)

    it("survives an error object that cannot say what it is", function()
        local code, _, err = scalua { "-e", "error(setmetatable({}, { __tostring = function() error 'again' end }))" }
        assert.equal(1, code)
        assert.matches("^scalua: .", err)
        code, _, err = scalua { "-e", "error(setmetatable({}, { __tostring = function() return 1 end }))" }
        assert.equal(1, code)
        assert.matches("^scalua: .", err)
    end)

    it("needs an arg that is a table", function()
        write(folder .. "/x.lua", "")
        local code, _, err = scalua { "-e", "arg = nil", "x.lua" }
        assert.equal(1, code)
        assert.matches("'arg' is not a table", err)
    end)
end)

describe("the sandbox option", function()
    local SAY = "print(os.getenv 'SCALE_API_URL', os.getenv 'SCALE_API_KEY')"

    local function said(environment, option)
        local _, out = shell(("env -u SCALE_API_KEY -u SCALE_API_KEY_FILE %s \"$S\" %s -e %s")
            :format(environment, option, quote(SAY)))
        return out
    end

    it("sets the address, and a key where there is none", function()
        assert.equal("sandbox:\ttest_sandbox\n", said("", "--sandbox"))
        assert.equal("sandbox:complete-after=2,latency=0.05\ttest_sandbox\n",
            said("SCALE_API_URL=https://example.com", "--sandbox=complete-after=2,latency=0.05"))
        assert.equal("sandbox:\ttest_sandbox\n", said("SCALE_API_KEY=", "--sandbox="))
    end)

    it("keeps a key that is there", function()
        assert.equal("sandbox:\tlive_x\n", said("SCALE_API_KEY=live_x", "--sandbox"))
        assert.equal("sandbox:\tnil\n", said("SCALE_API_KEY_FILE=key", "--sandbox"))
    end)

    it("goes before scripts and commands alone", function()
        write(folder .. "/x.lua", "print(arg[1], os.getenv 'SCALE_API_URL')")
        local _, out = shell '"$S" x.lua --sandbox'
        assert.equal("--sandbox\tnil\n", out)
    end)
end)

describe("a command", function()
    it("runs by its name, a file by its path", function()
        write(folder .. "/upload", "print('mine', ...)")
        local _, out = scalua { "./upload", "a" }
        assert.equal("mine\ta\n", out)
        local code, theirs = scalua { "upload", "--help" }
        assert.equal(0, code)
        assert.matches("^Usage: scalua upload", theirs)
    end)

    it("has its name and arguments in arg", function()
        assert(sys.make_directory(folder .. "/bindings"))
        assert(sys.make_directory(folder .. "/bindings/host"))
        assert(sys.make_directory(folder .. "/scripts"))
        write(folder .. "/bindings/host/manifest.txt", "")
        write(folder .. "/scripts/upload.lua", "print(arg[-1], arg[0], arg[1], ...)")
        local _, out = shell 'SCALUA_SOURCE=. "$S" -W upload a b'
        assert.equal("-W\tupload\ta\ta\tb\n", out)
        _, out = shell 'SCALUA_SOURCE=. "$S" help upload'
        assert.equal("nil\tupload\t--help\t--help\n", out)
    end)

    it("is printed by source, byte for byte", function()
        local code, out = scalua { "source", "upload" }
        assert.equal(0, code)
        assert.equal(read "scripts/upload.lua", out)
    end)

    it("behaves the same when its source is run as a script", function()
        local _, builtin = scalua { "upload", "--help" }
        local code, mine = shell '"$S" source upload >mine.lua && "$S" mine.lua --help'
        assert.equal(0, code)
        assert.equal(builtin, mine)
    end)

    it("prints a module's source too", function()
        local _, out = scalua { "source", "scaleapi.scheduler" }
        assert.equal(read "bindings/lua/scaleapi/scheduler.lua", out)
    end)

    it("is explained by help, as by --help", function()
        for _, name in ipairs { "upload", "status" } do
            local code, out = scalua { "help", name }
            local _, expected = scalua { name, "--help" }
            assert.equal(0, code)
            assert.equal(expected, out)
        end
    end)
end)

-- What stands in the manual page, without its markup.
local function manual()
    local text = read "bindings/host/scalua.1"
    return (text:gsub("\\f.", ""):gsub("\\%-", "-"):gsub("\n%.B[RI]? ", "\n"):gsub('"', ""))
end

-- name -> text of the items of a section of the page; `inside` picks the section.
local function items(section)
    local found = {}
    local body = assert(manual():match("\n%.SH " .. section .. "\n(.-)\n%.SH "), section .. " is missing")
    for name, text in body:gmatch "%.TP\n([^\n]+)\n([^\n]+)" do found[name] = text end
    return found
end

describe("help", function()
    local out

    before_each(function()
        out = select(2, scalua { "help" })
    end)

    it("is the same by every way to it", function()
        local ways = { { "--help" }, { "-h" }, { "help", "help" }, { "help", "source" }, { "help", "--help" } }
        for _, words in ipairs(ways) do
            local code, other = scalua(words)
            assert.equal(0, code)
            assert.equal(out, other)
        end
    end)

    it("lists every command with the first line of its script", function()
        local listed = out:match "\nCommands[^\n]*\n(.-)\n\n"
        for name in read("bindings/host/manifest.txt"):gmatch "\ncommand%s+(%S+)" do
            local summary = read("scripts/" .. name .. ".lua"):match("^%-%- " .. name .. ": ([^\n]+)\n")
            assert(summary, "scripts/" .. name .. ".lua does not begin with `-- " .. name .. ": what it does`")
            assert.matches("  " .. name .. " +" .. summary:gsub("%p", "%%%0") .. "\n", listed .. "\n")
        end
    end)

    it("says what the manual page says", function()
        local commands, options = {}, {}
        for name, text in (out:match "\nCommands[^\n]*\n(.-)\n\n" .. "\n"):gmatch "  (%S+) +([^\n]+)\n" do
            commands[name] = text
        end
        for name, text in out:match "\nOptions:\n(.*)$":gmatch "  (%-.-)  +([^\n]+)\n" do options[name] = text end
        assert.same(commands, items "COMMANDS")
        assert.same(options, items "OPTIONS")
    end)

    it("and the manual page is written without a mistake", function()
        if not os.execute "command -v groff >/dev/null" then return end
        local code, _, err = shell(("groff -man -Tutf8 -ww -z %s"):format(quote(ROOT .. "/bindings/host/scalua.1")))
        assert.equal(0, code)
        assert.equal("", err)
    end)
end)

describe("what is built in", function()
    -- The Lua files of the source folder, as the manifest should have them; meta.lua is for editors alone.
    local function expected()
        local lines = {}
        local pipe = assert(io.popen "find bindings/lua scripts -name '*.lua' ! -name meta.lua")
        for path in pipe:lines() do
            local command = path:match "^scripts/([^/]+)%.lua$"
            local name = path:gsub("^bindings/lua/", ""):gsub("^scripts/sandbox/", "scaleapi/sandbox/")
                :gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
            lines[path] = command and "command " .. command or "module " .. name
        end
        pipe:close()
        return lines
    end

    local function manifest()
        local lines = {}
        for line in io.lines "bindings/host/manifest.txt" do
            local kind, name, path = line:match "^(%l+)%s+(%S+)%s+(%S+)$"
            if kind and path ~= "@argparse" then lines[path] = kind .. " " .. name end
        end
        return lines
    end

    it("is every Lua file, under the name that its place says", function()
        local files, listed, wrong = expected(), manifest(), {}
        for path, entry in pairs(files) do
            if listed[path] ~= entry then wrong[#wrong + 1] = "missing: " .. entry .. " " .. path end
        end
        for path, entry in pairs(listed) do
            if files[path] ~= entry then wrong[#wrong + 1] = "wrong: " .. entry .. " " .. path end
        end
        assert.equal("", table.concat(wrong, "\n"))
    end)

    it("is what the files hold now", function()
        for path, entry in pairs(manifest()) do
            local _, out = scalua { "source", (entry:match " (.+)") }
            assert(read(path) == out, path .. " has changed since scalua was built")
        end
    end)

    it("has true names and line numbers", function()
        local code, out = scalua { "-e", [[
            local info = debug.getinfo(require("scaleapi").client, "S")
            print(info.source, info.linedefined)]] }
        assert.equal(0, code)
        local line, number = 0, nil
        for text in io.lines "bindings/lua/scaleapi.lua" do
            line = line + 1
            if text:find "^function scaleapi%.client%(" then number = line end
        end
        assert.equal("@bindings/lua/scaleapi.lua\t" .. number .. "\n", out)
    end)

    it("goes where scalua is copied, and wins over what lies there", function()
        write(folder .. "/scaleapi.lua", "error 'the wrong one'")
        assert(sys.make_directory(folder .. "/scaleapi"))
        write(folder .. "/scaleapi/errors.lua", "error 'the wrong one'")
        write(folder .. "/cjson.lua", "error 'the wrong one'")
        local code, out, err = shell [[
            cp "$S" ./copied && env -i LUA_PATH='./?.lua' LUA_CPATH=/nowhere ASAN_OPTIONS="$ASAN_OPTIONS" ./copied -e '
                local scaleapi, cjson = require "scaleapi", require "cjson"
                print(select(2, require "argparse"))
                for _, name in ipairs { "scaleapi.sys", "scaleapi.server", "scaleapi.sandbox", "cjson.safe",
                        "scripts.lib.command" } do require(name) end
                print(scaleapi.null == cjson.null, cjson.encode { 1 })']]
        assert.equal("", err)
        assert.equal(0, code)
        assert.equal("argparse.lua\ntrue\t[1]\n", out)
    end)

    it("leaves other modules where they are", function()
        write(folder .. "/mine.lua", "return 'mine'")
        local code, out, err = scalua { "-e", "print(require 'mine', require('lfs').currentdir(), require 'lpeg')" }
        assert.equal("", err)
        assert.equal(0, code)
        assert.matches("^mine\t" .. folder:gsub("%p", "%%%0"), out)
    end)

    it("says so when there is no such module", function()
        local code, _, err = scalua { "-e", "require 'scaleapi.nope'" }
        assert.equal(1, code)
        assert.matches("no module 'scaleapi.nope' in scalua", err)
        assert.matches("no file '[^\n]*scaleapi/nope%.lua'", err)
    end)

    it("sets no global but lua's own", function()
        local program = "local names = {} for name in pairs(_G) do names[#names + 1] = name end table.sort(names) " ..
            "print(table.concat(names, ' '))"
        local _, ours = scalua { "-e", program }
        local _, theirs = shell("lua5.4 -e " .. quote(program))
        assert.equal(theirs, ours)
    end)

    it("runs busted", function()
        write(folder .. "/good_spec.lua", "describe('x', function() it('y', function() assert.equal(1, 1) end) end)")
        write(folder .. "/bad_spec.lua", "describe('x', function() it('y', function() assert.equal(1, 2) end) end)")
        local code, out = shell '"$S" "$(command -v busted)" --output=plainTerminal good_spec.lua'
        assert.equal(0, code)
        assert.matches("1 success ", out)
        assert.equal(1, (shell '"$S" "$(command -v busted)" --output=plainTerminal bad_spec.lua'))
    end)

    describe("gives way to SCALUA_SOURCE", function()
        before_each(function()
            for _, name in ipairs { "/scripts", "/bindings", "/bindings/host", "/bindings/lua", "/bindings/lua/scaleapi" } do
                assert(sys.make_directory(folder .. name))
            end
            write(folder .. "/bindings/host/manifest.txt", "")
        end)

        it("file by file", function()
            write(folder .. "/bindings/lua/scaleapi/errors.lua", "return 'changed'")
            local code, out, err = shell [[SCALUA_SOURCE=. "$S" -e 'print(require "scaleapi.errors")
                print(type(require "scaleapi.csv"))']]
            assert.equal("", err)
            assert.equal(0, code)
            assert.equal("changed\tbindings/lua/scaleapi/errors.lua\ntable\n", out)
        end)

        it("with the error's own file name, and for source and help", function()
            write(folder .. "/scripts/upload.lua", "-- upload: something else\nx = = 1")
            local code, _, err = shell 'SCALUA_SOURCE=. "$S" upload'
            assert.equal(1, code)
            assert.matches("^scalua: %./scripts/upload%.lua:2: unexpected symbol", err)
            assert.matches("upload +something else\n", select(2, shell 'SCALUA_SOURCE=. "$S" help'))
            assert.matches("x = = 1$", select(2, shell 'SCALUA_SOURCE=. "$S" source upload'))
        end)

        it("and a wrong one is refused", function()
            local code, _, err = shell 'SCALUA_SOURCE=/nowhere "$S" -e ""'
            assert.equal(2, code)
            assert.equal("scalua: SCALUA_SOURCE: /nowhere/bindings/host/manifest.txt is not there\n", err)
        end)
    end)
end)

describe("the generator of what is built in", function()
    -- Runs it on a manifest; the file `x.lua` is there.
    local function embed(manifest)
        write(folder .. "/manifest", manifest)
        write(folder .. "/x.lua", "return 1")
        return shell([["${S%/*}/host/embed" manifest . out.c out.d @outside=x.lua]])
    end

    it("refuses a manifest that is wrong, naming the line", function()
        local function wrong(manifest, message)
            local code, _, err = embed(manifest)
            assert.equal(1, code)
            assert.equal(message .. "\n", err)
            assert.is_nil(sys.stat(folder .. "/out.c"))
        end
        wrong("module a x.lua\n\nmodule a x.lua\n", "manifest:3: a is there twice, see line 1")
        wrong("# two\ncommand a none.lua\n", "manifest:2: ./none.lua: No such file or directory")
        wrong("modul a x.lua\n", "manifest:1: 'modul' is neither module nor command")
        wrong("module a\n", "manifest:1: a line is: module|command NAME PATH")
        wrong("module a x.lua y\n", "manifest:1: a line is: module|command NAME PATH")
        wrong("module a @inside\n", "manifest:1: nobody said where @inside is")
        wrong('module a"b x.lua\n', "manifest:1: no quotes or backslashes in a name")
        wrong(("x"):rep(2000), "manifest:1: the line is too long")
    end)

    it("takes a module and a command of one name, an empty file, and one from outside", function()
        write(folder .. "/empty.lua", "")
        local code, _, err = embed "module b @outside\nmodule a empty.lua\ncommand a x.lua\n"
        assert.equal("", err)
        assert.equal(0, code)
        assert.matches('{"a", "empty.lua", module_0, 0},\n    {"b", "outside.lua", module_1, 8}', read(folder .. "/out.c"))
        assert.equal("out.c: \\\n  manifest \\\n  ./empty.lua \\\n  x.lua \\\n  ./x.lua\n", read(folder .. "/out.d"))
    end)

    it("leaves the file alone when nothing has changed", function()
        embed "module a x.lua\n"
        os.execute(("touch -d 2001-01-01 '%s/out.c'"):format(folder))
        local before = sys.stat(folder .. "/out.c").modified
        embed "module a x.lua\n# a comment\n"
        assert.equal(before, sys.stat(folder .. "/out.c").modified)
        embed "module b x.lua\n"
        assert.not_equal(before, sys.stat(folder .. "/out.c").modified)
    end)
end)

describe("jobs that a script leaves", function()
    local function run(script, ...)
        write(folder .. "/x.lua", "local scaleapi = require 'scaleapi' " .. script)
        return scalua { "x.lua", ... }
    end

    it("are driven to their end", function()
        local code, out = run [[
            scaleapi.spawn(function() scaleapi.sleep(0.02) print "second" end)
            print "first"]]
        assert.equal(0, code)
        assert.equal("first\nsecond\n", out)
    end)

    it("end the program with 1 and a report each when nobody read their errors", function()
        local code, out, err = run [[
            local function fails() error "bad luck" end
            scaleapi.spawn(function() scaleapi.sleep(0.01) fails() end)
            scaleapi.spawn(function() error(setmetatable({}, { __tostring = function() return "an object" end })) end)
            scaleapi.spawn(function() scaleapi.sleep(0.02) print "the others go on" end)]]
        assert.equal(1, code)
        assert.equal("the others go on\n", out)
        assert.matches("scalua: a job failed: x%.lua:1?2?: bad luck\nstack traceback:\n.-in upvalue 'fails'", err)
        assert.matches("scalua: a job failed: an object\n", err)
    end)

    it("may fail in peace when somebody read the error", function()
        local code, out, err = run [[
            local job = scaleapi.spawn(function() error "bad luck" end)
            print(pcall(job.wait, job))]]
        assert.equal(0, code)
        assert.matches("^false\t.*bad luck\n$", out)
        assert.equal("", err)
    end)

    it("do not run on after an error of the script", function()
        local code, out = run [[
            scaleapi.spawn(function() print "too late" end)
            error "no"]]
        assert.equal(1, code)
        assert.equal("", out)
    end)

    it("may end the program", function()
        assert.equal(7, (run [[scaleapi.spawn(function() os.exit(7, true) end) scaleapi.sleep(5)]]))
    end)

    it("are driven after a prompt and after -e too", function()
        local late = "scaleapi = require 'scaleapi' scaleapi.spawn(function() print 'late' end)"
        local code, out = scalua { "-e", late }
        assert.equal(0, code)
        assert.equal("late\n", out)
        code, out = scalua({ "-i" }, late .. "\n")
        assert.equal(0, code)
        assert.matches("late\n$", out)
    end)
end)

describe("Ctrl-C", function()
    local function stops(script)
        local code, out, err = interrupt(script, 1)
        assert.equal(130, code, err)
        assert.matches("^ready\n", out)
        assert.matches("^scalua: interrupted!\nstack traceback:\n", err)
        return out
    end

    it("stops a busy script", function()
        stops(READY .. "while true do end")
        stops(READY .. "pcall(string.rep, 'x') local t = {} while true do t[1] = tostring({}) end")
    end)

    it("stops a script that waits", function()
        stops("local scaleapi = require 'scaleapi' " .. READY .. "scaleapi.sleep(30)")
    end)

    it("stops a job that is busy, and with it the program", function()
        local job = "local scaleapi = require 'scaleapi' scaleapi.spawn(function() " .. READY .. "while true do end end)"
        stops(job .. ":wait()")
        stops(job)
        stops(job .. " scaleapi.spawn(function() scaleapi.sleep(30) end) scaleapi.sleep(30)")
    end)

    it("stops jobs that are left, and one that waits in a coroutine of its own", function()
        stops("local scaleapi = require 'scaleapi' scaleapi.spawn(function() " .. READY .. "scaleapi.sleep(30) end)")
        stops("local scaleapi = require 'scaleapi' scaleapi.spawn(function() coroutine.wrap(function() " .. READY ..
            "scaleapi.sleep(30) end)() end)")
    end)

    it("can be caught, once for each", function()
        local out = stops(READY .. "print(pcall(function() while true do end end)) " .. READY ..
            [[io.popen "kill -INT $PPID":close() while true do end]])
        assert.equal("ready\nfalse\tinterrupted!\nready\n", out)
    end)

    it("is raised once in a wait, and the next wait works", function()
        local code, out = interrupt("local scaleapi = require 'scaleapi' " .. READY ..
            "print(pcall(scaleapi.sleep, 30)) print(pcall(scaleapi.sleep, 0.01))", 1)
        assert.equal(0, code)
        assert.equal("ready\nfalse\tinterrupted!\ntrue\n", out)
    end)

    it("ends at once what does not listen, the second time", function()
        local code, out, err = interrupt(READY .. "coroutine.wrap(function() while true do end end)()", 50)
        assert.equal(130, code)
        assert.equal("ready\n", out)
        assert.equal("", err)
    end)

    it("ends a read at once", function()
        write(folder .. "/x.lua", READY .. "io.read()")
        local code, _, err = shell [[
            mkfifo pipe
            exec 3<>pipe
            "$S" x.lua <pipe >out &
            until grep -qs ready out; do sleep 0.01; done
            kill -INT $!
            wait $!]]
        assert.equal(130, code)
        assert.matches("^scalua: interrupted!", err)
    end)

    it("leads back to the prompt", function()
        write(folder .. "/session", READY .. "while true do end\nprint 'still here'\n")
        local code, out, err = shell [[
            "$S" -i <session >out &
            until grep -qs ready out; do sleep 0.01; done
            kill -INT $!
            wait $!
            code=$?
            cat out
            exit $code]]
        assert.equal(0, code)
        assert.matches("still here\n", out)
        assert.matches("^interrupted!", err)
    end)

    describe("while it is caught", function()
        local CATCH = [[
            local sys, scaleapi = require "scaleapi.sys", require "scaleapi"
            assert(sys.catch_interrupt(true)) ]]

        it("is counted and does nothing else", function()
            local code, out, err = interrupt(CATCH .. READY .. [[
                local before = 0
                while sys.interrupted() < 3 do
                    scaleapi.sleep(0.005)
                    if sys.interrupted() < before then error "counted backwards" end
                    before = sys.interrupted()
                end
                print(sys.interrupted())]], 3)
            assert.equal("", err)
            assert.equal(0, code)
            assert.equal("ready\n3\n", out)
        end)

        it("starts from 0 each time, and is raised again after catch_interrupt(false)", function()
            local code, out, err = interrupt(CATCH .. [[
                io.popen "kill -INT $PPID":close()
                while sys.interrupted() == 0 do end
                sys.catch_interrupt(true)
                print(sys.interrupted())
                sys.catch_interrupt(false) ]] .. READY .. "while true do end", 1)
            assert.equal(130, code)
            assert.equal("0\nready\n", out)
            assert.matches("^scalua: interrupted!", err)
        end)

        it("cuts no write short", function()
            write(folder .. "/x.lua", CATCH .. [[
                io.stderr:write "ready\n"
                for i = 1, 20 do assert(io.write(("x"):rep(50000))) end]])
            local _, out = shell [[
                mkfifo pipe
                { until [ -e go ]; do sleep 0.01; done; wc -c; } <pipe &
                "$S" x.lua >pipe 2>ready &
                until grep -qs ready ready; do sleep 0.01; done
                sleep 0.05
                kill -INT $!
                sleep 0.05
                kill -INT $!
                touch go
                wait]]
            assert.equal("1000000", (out:gsub("%s", "")))
        end)
    end)
end)

describe("standard output", function()
    local COUNT = "for i = 1, 100000 do io.write(i, '\\n') end"

    it("may be left by its reader: the program ends quietly", function()
        local _, out, err = shell(([[
            { "$S" -e "%s io.stderr:write 'never here'"; echo $? >code; } | head -n 1]]):format(COUNT))
        assert.equal("1\n", out)
        assert.equal("", err)
        assert.equal("141\n", read(folder .. "/code"))
    end)

    it("is not confused with another pipe that was left", function()
        local code, out = scalua { "-e", [[
            local pipe = io.popen("true", "w")
            local ok, message
            repeat
                ok, message = pipe:write(("x"):rep(10000))
                ok, message = ok and pipe:flush(), message
            until not ok
            print "still here"]] }
        assert.equal(0, code)
        assert.equal("still here\n", out)
    end)

    it("that is full is a failure, said once", function()
        local code, _, err = shell(([["$S" -e "%s" >/dev/full]]):format(COUNT))
        assert.equal(1, code)
        assert.matches("^scalua: cannot write standard output[^\n]*\n$", err)
        code, _, err = shell [["$S" -e "io.write 'x' os.exit(0, true)" >/dev/full]]
        assert.equal(1, code)
        assert.equal("scalua: cannot write standard output: No space left on device\n", err)
        code, _, err = shell [["$S" -e "print(1)" >/dev/full]]
        assert.equal(1, code)
        assert.matches("^scalua: cannot write standard output", err)
        code, _, err = shell [["$S" help >/dev/full]]
        assert.equal(1, code)
        assert.matches("^scalua: cannot write standard output", err)
    end)

    it("that is full changes no other exit code", function()
        local code, _, err = shell [["$S" -e "io.write 'x' os.exit(3)" >/dev/full]]
        assert.equal(3, code)
        assert.equal("", err)
    end)

    it("that is closed matters only to who writes", function()
        assert.equal(0, (shell [["$S" -e "" >&-]]))
        assert.equal(1, (shell [["$S" -e "io.write 'x'" >&-]]))
    end)
end)
