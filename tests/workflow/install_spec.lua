-- release only
-- What `cmake --install` gives: a library for C programs, a module for Debian's Lua, the host. The examples in C are
-- built from what is installed, and run.

local support = require "tests.workflow.support"

local BUILD = (os.getenv "SCALUA" or "build/scalua"):match "^(.*)/scalua$"
local ROOT = io.popen("pwd"):read "l"
if BUILD:sub(1, 1) ~= "/" then BUILD = ROOT .. "/" .. BUILD end

-- Runs a shell script where $root is the checkout, $build the build and $prefix what was installed into.
local function shell(script, environment)
    environment = environment or {}
    environment.root, environment.build, environment.prefix = ROOT, BUILD, support.path "prefix"
    local code, out, err = support.shell('PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name scaleapi.pc)" 2>/dev/null):'
        .. '$PKG_CONFIG_PATH\nexport PKG_CONFIG_PATH\n' .. script, environment)
    return code, out, err
end

-- Likewise; it must end well. Returns what it printed.
local function must(script, environment)
    local code, out, err = shell(script, environment)
    assert(code == 0, ("ended with %s:\n%s%s"):format(code, out, err))
    return out
end

describe("installed", function()
    before_each(function()
        support.setup()
        must 'cmake --install "$build" --prefix "$prefix"'
    end)
    after_each(support.teardown)

    it("stands where the system's tools look", function()
        local listed = "\n" .. must 'cd "$prefix" && find . -type f | sort'
        for _, name in ipairs {
            "bin/scalua", "include/scaleapi.h", "include/scaleapi_json.h", "include/scaleapi_pace.h",
            "include/scaleapi_list.h",
            "lib/libscaleapi.a", "lib/pkgconfig/scaleapi.pc", "lib/cmake/scaleapi/scaleapi-config.cmake",
            "lib/lua/5.4/scaleapi/core.so", "lib/lua/5.4/scaleapi/sys.so", "lib/lua/5.4/scaleapi/server.so",
            "share/lua/5.4/scaleapi.lua", "share/lua/5.4/scaleapi/client.lua",
            "share/lua/5.4/scaleapi/sandbox/init.lua", "share/man/man1/scalua.1",
            "share/doc/scalua/examples/c/blocking.c",
        } do
            assert.is_truthy(listed:find("\n./" .. name .. "\n", 1, true), name)
        end
        assert.is_nil(listed:find "%.sh\n")
        -- Under /usr/local, which is where it goes unless told otherwise, Debian's Lua finds it by itself.
        local path = must "env -u LUA_PATH -u LUA_CPATH lua5.4 -e 'print(package.path, package.cpath)'"
        assert.is_truthy(path:find("/usr/local/share/lua/5.4/?.lua", 1, true))
        assert.is_truthy(path:find("/usr/local/lib/lua/5.4/?.so", 1, true))
    end)

    it("runs from there, with nothing of the checkout", function()
        assert.matches("^Usage: scalua", must 'cd / && "$prefix/bin/scalua" help upload')
        assert.equal("true\n", must [[
            export LUA_PATH="$prefix/share/lua/5.4/?.lua;$prefix/share/lua/5.4/?/init.lua"
            export LUA_CPATH="$prefix/lib/lua/5.4/?.so"
            cd / && lua5.4 -e '
                local scaleapi = require "scaleapi"
                local s <close> = require("scaleapi.sandbox").start {}
                local client = scaleapi.client { api_key = "live_x", base_url = s.url }
                print(client:create_project { task_type = "textcollection", project_name = "p" }.name == "p")']])
    end)

    it("is found by pkg-config, shared and static, and by a program in C++", function()
        support.write("version.cpp", [[
            #include <scaleapi.h>
            #include <cstdio>
            int main() { std::puts(scale_transport_name()); }]])
        local shared = must [[
            c++ version.cpp $(pkg-config --cflags --libs scaleapi) -Wl,-rpath,"$prefix/lib" -o shared && ./shared]]
        local static = must [[
            c++ version.cpp $(pkg-config --cflags scaleapi) "$prefix/lib/libscaleapi.a" \
                $(pkg-config --libs libcurl) -o static && ./static]]
        assert.matches("^libcurl/", shared)
        assert.equal(shared, static)
        assert.matches("%-lcurl", must "pkg-config --static --libs scaleapi")
    end)

    it("is found by CMake", function()
        support.write("CMakeLists.txt", [[
            cmake_minimum_required(VERSION 3.25)
            project(user C)
            find_package(scaleapi 0.1 REQUIRED)
            foreach(kind shared static)
                add_executable(${kind} main.c)
                target_link_libraries(${kind} PRIVATE scaleapi::${kind})
            endforeach()]])
        support.write("main.c", [[
            #include <scaleapi.h>
            #include <stdio.h>
            int main(void) { return puts(scale_transport_name()) < 0; }]])
        local said = must [[cmake -S . -B out -DCMAKE_PREFIX_PATH="$prefix" >log 2>&1 && cmake --build out >>log 2>&1 ||
            { cat log; exit 1; }
            out/shared && out/static]]
        assert.matches("^(libcurl/%S+)\n%1\n$", said)
        local code, _, err = shell [[sed -i 's/scaleapi 0.1/scaleapi 7/' CMakeLists.txt
            cmake -S . -B other -DCMAKE_PREFIX_PATH="$prefix"]]
        assert.not_equal(0, code)
        assert.matches("0%.1%.0", err)
    end)

    it("is found by CMake without libcurl's files, but for the static library", function()
        support.write("CMakeLists.txt", [[
            cmake_minimum_required(VERSION 3.25)
            project(user C)
            find_package(scaleapi QUIET COMPONENTS static)
            if(NOT scaleapi_FOUND)
                message(STATUS "no static library")
            endif()
            find_package(scaleapi REQUIRED COMPONENTS shared)
            add_executable(shared main.c)
            target_link_libraries(shared PRIVATE scaleapi::shared)]])
        support.write("main.c", [[
            #include <scaleapi.h>
            #include <stdio.h>
            int main(void) { return puts(scale_transport_name()) < 0; }]])
        local said = must [[export PKG_CONFIG_LIBDIR="$PWD"
            cmake -S . -B out -DCMAKE_PREFIX_PATH="$prefix" && cmake --build out >log && out/shared]]
        assert.matches("no static library", said)
        assert.matches("needs libcurl 7.88", said, 1, true)
        assert.matches("libcurl/%S+\n$", said)
    end)
end)

describe("the examples in C", function()
    local url

    local function build(name, packages)
        must(([[cc -Wall -Wextra -Werror "$prefix/share/doc/scalua/examples/c/%s.c" \
            $(pkg-config --cflags --libs %s) -Wl,-rpath,"$prefix/lib" -o %s]]):format(name, packages, name))
    end

    local function run(script)
        return must(script, { SCALE_API_KEY = "live_x", SCALE_API_URL = url })
    end

    before_each(function()
        support.setup()
        must 'cmake --install "$build" --prefix "$prefix"'
        url = support.sandbox()
    end)
    after_each(support.teardown)

    it("blocking: makes a task once and prints it", function()
        build("blocking", "scaleapi")
        local once = run "./blocking"
        assert.matches('^{"task_id":"%x+".*"unique_id":"sound%-17".*}\n$', once)
        assert.equal(once, run "./blocking")
    end)

    it("many: makes a thousand, once", function()
        build("blocking", "scaleapi")
        build("many", "scaleapi")
        run "./blocking"
        assert.equal("1000 made, 0 there before, 0 failed\n", run "./many sounds")
        assert.equal("0 made, 1000 there before, 0 failed\n", run "./many sounds")
        local code, out, err = shell("./many nowhere", { SCALE_API_KEY = "live_x", SCALE_API_URL = url })
        assert.equal(1, code)
        assert.equal("0 made, 0 there before, 1000 failed\n", out)
        assert.matches("^invalid_request: ", err)
    end)

    it("bulk: makes a task for each line once, though it is broken off, as upload does", function()
        build("blocking", "scaleapi")
        build("bulk", "scaleapi")
        run "./blocking"
        local fields = [["attachments":[{"type":"text","content":"%d"}],"fields":[{"type":"text","field_id":"n","title":"N"}]}]]
        local lines = {}
        for i = 1, 600 do
            lines[i] = ((i == 7 and '  { "unique_id":"seven",' or "{") .. fields):format(i)
        end
        lines[#lines + 1] = ""
        support.write("rows.jsonl", table.concat(lines, "\n"))
        local slow = support.sandbox "latency = 0.1"
        local environment = { SCALE_API_KEY = "live_x", SCALE_API_URL = slow }
        must("./blocking", environment)
        local code, out = shell([[./bulk rows.jsonl textcollection sounds >out & pid=$!
            sleep 0.3
            kill -INT $pid
            wait $pid
            code=$?
            cat out
            exit $code]], environment)
        assert.equal(130, code)
        local made = tonumber(out:match "^(%d+) done\n%d+ open\n$")
        assert.is_true(made and made > 0 and made < 600, out)
        assert.equal(("%d done\n%d existing\n"):format(600 - made, made),
            must("./bulk rows.jsonl textcollection sounds", environment))
        assert.equal(601, #support.tasks(slow, "sounds", "live_x")) -- and the one that blocking makes
        local said = must('"$S" upload rows.jsonl --type textcollection --project sounds --json', environment)
        assert.matches('"existing":600', said)
    end)

    it("bulk: counts what fails, and stops where nothing will do", function()
        build("bulk", "scaleapi")
        support.write("rows.jsonl", '{"instruction":"a"}\n[1]\n{"x":\n{}\n')
        local code, out, err = shell("./bulk rows.jsonl textcollection nowhere", { SCALE_API_KEY = "live_x", SCALE_API_URL = url })
        assert.equal(1, code)
        assert.equal("4 failed\n", out)
        assert.matches("no JSON object: %[1%]", err)
        support.write("rows.jsonl", ('{"instruction":"a"}\n'):rep(1000))
        code, out = shell("./bulk rows.jsonl textcollection p", { SCALE_API_KEY = "wrong", SCALE_API_URL = url })
        assert.equal(1, code)
        assert.is_true(tonumber(out:match "(%d+) hopeless\n$") < 200, out)
        code, out, err = shell "./bulk nothing textcollection p"
        assert.equal(2, code)
        assert.matches("^usage: ", out .. err)
    end)

    it("on_epoll: reads ids and prints statuses", function()
        build("blocking", "scaleapi")
        build("on_epoll", "scaleapi")
        local id = run("./blocking"):match '"task_id":"(%x+)"'
        local lines = {}
        for line in run(("printf '%s\\nnope\\n\\n%s\\n' | ./on_epoll"):format(id, id)):gmatch "[^\n]+" do
            lines[#lines + 1] = line
        end
        table.sort(lines)
        assert.same({ '"pending"', '"pending"', "not_found" }, lines)
        assert.equal("", run "./on_epoll </dev/null")
        assert.equal("not_found\n", run "echo nope >ids && ./on_epoll <ids")
        assert.equal("not_found\n", run "printf nope | ./on_epoll")
        assert.equal("a line is longer than 4095 bytes\n", run "head -c 5000 /dev/zero | ./on_epoll 2>&1 || true")
    end)

    it("on_libuv: tells of batches", function()
        build("on_libuv", "scaleapi libuv")
        local said = run "./on_libuv b1 'ü %'"
        assert.matches("b1: not_found\n", said)
        assert.matches("ü %%: not_found\n", said)
        assert.equal("", run "./on_libuv")
    end)

    it("limited: lets scripts read, and nothing else", function()
        build("limited", "lua5.4")
        local function limited(script)
            support.write("script.lua", script)
            return shell([[
                export LUA_PATH="$prefix/share/lua/5.4/?.lua;$prefix/share/lua/5.4/?/init.lua"
                export LUA_CPATH="$prefix/lib/lua/5.4/?.so"
                ./limited script.lua]], { SCALE_API_KEY = "live_x", SCALE_API_URL = url })
        end
        local code, out, err = limited [[
            local client = require("scaleapi").client()
            print(#client:get_projects(), io, os.getenv, package, debug)
            print(select(2, client.safe:create_project { task_type = "textcollection", project_name = "p" }))]]
        assert.same({ 0, "0\tnil\tnil\tnil\tnil\n" ..
            "create_project: not_allowed: create_project is not allowed here\n", "1 requests\n" }, { code, out, err })
        code, out, err = limited [[require("scaleapi").client():create_batch { project = "p", batch_name = "b" }]]
        assert.same({ 1, "", "create_batch: not_allowed: create_batch is not allowed here\n" }, { code, out, err })
        code, out, err = limited "\27Lua"
        assert.same({ 1, "" }, { code, out })
        assert.matches("binary chunk", err)
    end)

    describe("host", function()
        local function host(script, command)
            build("host", "lua5.4")
            support.write("script.lua", script)
            return shell(([[
                export LUA_PATH="$prefix/share/lua/5.4/?.lua;$prefix/share/lua/5.4/?/init.lua"
                export LUA_CPATH="$prefix/lib/lua/5.4/?.so"
                %s]]):format(command or "./host script.lua"), { SCALE_API_KEY = "live_x", SCALE_API_URL = url })
        end

        it("runs a script beside its own work, and gets all its memory back", function()
            local code, _, err = host [[
                local scaleapi = require "scaleapi"
                local client = scaleapi.client {}
                client:create_project { task_type = "textcollection", project_name = "p" }
                print(client:get_project("p").name, 7)]]
            assert.equal(0, code)
            assert.equal("script: p 7\nthe application went on meanwhile, 0 bytes held\n", err)
        end)

        it("cancels a script", function()
            local code, _, err = host([[
                local scaleapi = require "scaleapi"
                print "begun"
                scaleapi.sleep(600)]], [[
                ./host script.lua & pid=$!
                sleep 1
                kill -INT $pid
                wait $pid]])
            assert.equal(1, code)
            assert.matches("canceled", err)
            assert.matches(" 0 bytes held\n$", err)
        end)

        it("bounds a script's memory, and tells its errors", function()
            local code, _, err = host [[local t = {} for i = 1, 100 do t[i] = ("x"):rep(1 << 20) .. i end]]
            assert.equal(1, code)
            assert.matches("not enough memory", err)
            assert.matches(" 0 bytes held\n$", err)
            code, _, err = host "error { code = 1 }"
            assert.equal(1, code)
            assert.matches("^table: ", err)
        end)
    end)
end)
