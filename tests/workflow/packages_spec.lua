-- release only
-- What is made to be installed by others' tools: a rock, and Debian packages. tests/builds/run.sh tries more.

local support = require "tests.workflow.support"

local BUILD = (os.getenv "SCALUA" or "build/scalua"):match "^(.*)/scalua$"
local ROOT = io.popen("pwd"):read "l"
if BUILD:sub(1, 1) ~= "/" then BUILD = ROOT .. "/" .. BUILD end

-- Runs a shell script where $root is the checkout and $build the build; it must end well. Returns what it printed.
local function must(script, environment)
    environment = environment or {}
    environment.root, environment.build, environment.HOME = ROOT, BUILD, support.path ""
    local code, out, err = support.shell("set -e\nunset LUA_PATH LUA_CPATH LUA_INIT\n" .. script, environment)
    assert(code == 0, ("ended with %s:\n%s%s"):format(code, out, err))
    return out
end

before_each(support.setup)
after_each(support.teardown)

describe("the rock", function()
    it("is made from a checkout, by clang too, works in plain Lua, and goes away", function()
        -- What a clone has, but for the tests: a rock needs none.
        must [[mkdir clone && cd "$root"
            cp -r CMakeLists.txt scaleapi-dev-1.rockspec LICENSE README.md core bindings scripts examples "$HOME/clone"
            cd "$HOME/clone"
            luarocks --lua-version 5.4 make --tree "$HOME/tree" CC=clang >../log 2>&1 || { cat ../log; exit 1; }
            grep -q "C compiler identification is Clang" ../log]]
        local listed = "\n" .. must "cd tree && find . -type f | sort"
        for _, name in ipairs { "lib/lua/5.4/scaleapi/core.so", "lib/lua/5.4/scaleapi/sys.so",
            "lib/lua/5.4/scaleapi/server.so", "share/lua/5.4/scaleapi.lua", "share/lua/5.4/scaleapi/client.lua",
            "share/lua/5.4/scaleapi/sandbox/init.lua" } do
            assert.is_truthy(listed:find("\n./" .. name .. "\n", 1, true), name)
        end
        for _, other in ipairs { "/bin/", "libscaleapi", "%.h\n", "scalua%.1", "_spec" } do
            assert.is_nil(listed:find(other), other)
        end

        local url = support.sandbox()
        must([[eval "$(luarocks --lua-version 5.4 path --tree "$HOME/tree" --no-bin)"
            cd / && lua5.4 "$root/tests/guests/workflow.lua"]], {
            SCALE_API_KEY = "live_x", SCALE_API_URL = url, GUEST = "rock", GUEST_OUT = support.path "result" })
        assert.equal("Lua 5.4: 100 tasks, in_progress\n", support.read "result")
        assert.equal(100, #support.tasks(url, "rock", "live_x"))

        must "luarocks --lua-version 5.4 remove --tree tree scaleapi >log 2>&1"
        assert.equal("", must "find tree -name '*scaleapi*' -o -name '*.lua' -o -name '*.so'")
        assert.equal("", must [[cd clone && for name in *; do
            [ "$name" = build.luarocks ] || diff -r "$name" "$root/$name"; done]])

        -- The same build goes on to what else there is without the host.
        must [[cmake --build clone/build.luarocks -j2 >log 2>&1 || { cat log; exit 1; }
            cmake --install clone/build.luarocks --prefix "$PWD/there" >log 2>&1 || { cat log; exit 1; }]]
        listed = must "find there"
        assert.matches("/libscaleapi%.so%.0\n", listed)
        assert.is_nil(listed:find "/bin")
        assert.is_nil(listed:find "scalua%.1")
    end)

    it("is not made of another Lua", function()
        must "mkdir -p old/include && echo '#define LUA_VERSION_NUM 503' >old/include/lua.h && mkdir none"
        for prefix, complaint in pairs { old = "is not of Lua 5%.4", none = "there is no lua%.h under" } do
            local code, out, err = support.shell(('cmake -S "$root" -B out -DSCALUA=OFF -DLUA_PREFIX="$PWD/%s"'):format(
                prefix), { root = ROOT })
            assert.equal(1, code, out)
            assert.matches("LUA_PREFIX:.*" .. complaint, (err:gsub("%s+", " ")))
        end
    end)
end)

describe("the Debian packages", function()
    local NAMES = { "libscaleapi-dev", "libscaleapi0", "lua-scaleapi", "scalua" }
    -- Installs into a folder as if it were the system; what they depend on is the system's own.
    local DPKG = 'dpkg --root="$PWD/tree" --log="$PWD/dpkg.log" --force-not-root --force-depends '

    it("are installed, run, and are removed without a trace", function()
        must [[cpack -G DEB --config "$build/CPackConfig.cmake" -B "$PWD/out" >log 2>&1 || { cat log; exit 1; }
            mkdir -p tree/var/lib/dpkg/info tree/var/lib/dpkg/updates tree/var/lib/dpkg/triggers
            touch tree/var/lib/dpkg/status tree/var/lib/dpkg/available]]
        must(DPKG .. "-i out/*.deb >log 2>&1 || { cat log; exit 1; }")
        assert.equal(table.concat(NAMES, " ii \n") .. " ii \n",
            must [[dpkg-query --admindir=tree/var/lib/dpkg -W -f '${Package} ${db:Status-Abbrev}\n']])
        assert.equal("", must(DPKG .. "--verify"))

        -- What is promised to whom: a library's packages to each other, the rest to shared libraries alone.
        local needs = {}
        for _, name in ipairs(NAMES) do
            needs[name] = must("dpkg-deb -f out/" .. name .. "_*.deb Depends")
            must(("cd tree/usr/share/doc/%s; test -s copyright; gzip -t changelog.gz changelog.Debian.gz"):format(name))
        end
        assert.matches("^libscaleapi0 %(= [%w.-]+%), libcurl4%-openssl%-dev", needs["libscaleapi-dev"])
        for _, name in ipairs { "libscaleapi0", "lua-scaleapi", "scalua" } do
            assert.matches("libc6 %(>= ", needs[name])
            assert.matches("libcurl4 %(>= ", needs[name])
            assert.is_nil(needs[name]:find "lua5")
        end
        assert.is_nil(needs.libscaleapi0:find "ssl")
        assert.matches("libmicrohttpd", needs["lua-scaleapi"])

        local url = support.sandbox()
        local environment = { SCALE_API_KEY = "live_x", SCALE_API_URL = url, GUEST = "deb",
            GUEST_OUT = support.path "result" }
        must([[usr=$PWD/tree/usr lib=$(dirname "$(find "$PWD/tree/usr" -name 'libscaleapi.so.0')")
            export LUA_PATH="$usr/share/lua/5.4/?.lua;$usr/share/lua/5.4/?/init.lua" LUA_CPATH="$lib/lua/5.4/?.so"
            lua5.4 "$root/tests/guests/workflow.lua"
            unset LUA_PATH LUA_CPATH
            "$usr/bin/scalua" status deb >said
            man -l "$usr/share/man/man1/scalua.1.gz" >/dev/null 2>&1 || gzip -t "$usr/share/man/man1/scalua.1.gz"
            cc "$usr/share/doc/libscaleapi-dev/examples/c/blocking.c" \
                $(PKG_CONFIG_PATH="$lib/pkgconfig" pkg-config --cflags --libs scaleapi) -o blocking
            LD_LIBRARY_PATH="$lib" ./blocking >>said]], environment)
        assert.equal("Lua 5.4: 100 tasks, in_progress\n", support.read "result")
        assert.matches("deb.*in_progress.*unique_id\":\"sound%-17", support.read "said")

        must(DPKG .. "-P " .. table.concat(NAMES, " ") .. " >log 2>&1 || { cat log; exit 1; }")
        assert.equal("", must "find tree ! -type d ! -path 'tree/var/lib/dpkg/*'")
        assert.is_nil(must("ls tree"):find "usr")
    end)
end)
