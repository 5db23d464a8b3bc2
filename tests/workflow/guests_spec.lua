-- release only
-- The module in Debian's applications that carry a Lua 5.4 of their own, unmodified: each runs tests/guests/workflow.lua
-- from what was installed, found by LUA_PATH and LUA_CPATH alone.

local support = require "tests.workflow.support"

local BUILD = (os.getenv "SCALUA" or "build/scalua"):match "^(.*)/scalua$"
local ROOT = io.popen("pwd"):read "l"
if BUILD:sub(1, 1) ~= "/" then BUILD = ROOT .. "/" .. BUILD end

local prefix, url

-- Runs a shell script with the module at hand, and $guests the folder of what guests run.
local function shell(script)
    return support.shell("export TERM=xterm\n" .. script, {
        LUA_PATH = prefix .. "/share/lua/5.4/?.lua;" .. prefix .. "/share/lua/5.4/?/init.lua;" .. ROOT
            .. "/tests/guests/?.lua;;",
        LUA_CPATH = prefix .. "/lib/lua/5.4/?.so;;", SCALE_API_KEY = "live_x", SCALE_API_URL = url,
        GUEST = "guest", GUEST_OUT = support.path "result", guests = ROOT .. "/tests/guests",
    })
end

-- Runs it; the workflow must have come to its end, and the server must have what it made.
local function works(script)
    local _, out, err = shell(script)
    local said = support.read "result"
    assert(said, "the workflow left nothing; the application said:\n" .. out .. err)
    assert.equal("Lua 5.4: 100 tasks, in_progress\n", said)
    local seen = {}
    for _, task in ipairs(support.tasks(url, "guest", "live_x")) do seen[task.unique_id] = true end
    for i = 1, 100 do assert.is_true(seen["guest-" .. i]) end
    return out, err
end

-- No step takes long, but for what a busy machine makes of one or two.
local function is_polite(said)
    local steps, over = said:match "done: 400 of 400 in (%d+) steps, the longest [%d.]+ ms, (%d+) over 5 ms"
    assert(steps, said)
    assert.is_true(tonumber(steps) > 20, said)
    assert.is_true(tonumber(over) <= 2, said)
end

local PROSODY = [[
run_as_root = true
data_path = "."
plugin_paths = { "." }
interfaces = { "127.0.0.1" }
c2s_ports, s2s_ports = {}, {}
log = { info = "*console" }
modules_enabled = { "guest" }
VirtualHost "localhost"
]]

local LIGHTTPD = [[
server.document-root = "%s"
server.port = %d
server.bind = "127.0.0.1"
server.modules = ( "mod_magnet" )
magnet.attract-raw-url-to = ( "%s" )
]]

describe("a guest in", function()
    setup(function()
        prefix = io.popen("mktemp -d"):read "l"
        assert(os.execute(("cmake --install '%s' --prefix '%s' >/dev/null"):format(BUILD, prefix)))
    end)
    teardown(function() os.execute(("rm -r '%s'"):format(prefix)) end)
    before_each(function()
        support.setup()
        url = support.sandbox()
    end)
    after_each(support.teardown)

    it("lua5.4", function() works 'lua5.4 "$guests/workflow.lua"' end)

    it("clingo", function()
        support.write("program.lp", ('#script (lua)\ndofile "%s/tests/guests/workflow.lua"\n#end.\na.\n'):format(ROOT))
        assert.matches("SATISFIABLE", works "clingo program.lp")
    end)

    it("gnuplot, as the script of a terminal", function()
        works [[gnuplot -e "set terminal lua '$guests/workflow.lua'"]]
    end)

    it("mle, as a user script", function()
        works [[script -qc 'timeout 20 mle -H 1 -x "$guests/workflow.lua" /dev/null' /dev/null </dev/null]]
    end)

    it("neomutt", function()
        works [[HOME=$PWD neomutt -n -F /dev/null -e "lua-source $guests/workflow.lua" -D]]
    end)

    it("dnsmasq, in its script for leases", function()
        support.write("leases.lua", ([[
            function init() dofile "%s/tests/guests/workflow.lua" end
            function lease() end
            function shutdown() end]]):format(ROOT))
        works [[dnsmasq -k -p 0 --conf-file=/dev/null --user=$(id -un) --pid-file= --interface=lo --bind-interfaces \
                --dhcp-range=127.0.0.2,127.0.0.9 --dhcp-alternate-port=10067 --dhcp-leasefile="$PWD/leases" \
                --dhcp-luascript="$PWD/leases.lua" & pid=$!
            for n in $(seq 200); do [ -s result ] && break; sleep 0.05; done
            kill $pid; wait $pid; true]]
    end)

    describe("lighttpd", function()
        local port = 20000 + math.random(20000)

        local function serve(script)
            support.write("page.lua", script)
            support.write("lighttpd.conf", LIGHTTPD:format(support.path "", port, support.path "page.lua"))
            return ([[
                lighttpd -D -f lighttpd.conf >log 2>&1 & server=$!
                get() { curl -sS --max-time 20 "http://127.0.0.1:%d/$1"; }
                for n in $(seq 200); do grep -q started log && break; sleep 0.05; done
                ]]):format(port)
        end

        it("runs it to its end in one request", function()
            works(serve [[
                dofile(os.getenv "guests" .. "/workflow.lua")
                lighty.content = { "ran\n" }
                return 200]] .. "get run; kill $server; wait $server; cat log >&2")
        end)

        it("carries it on a little at each request, and answers others meanwhile", function()
            local _, out = shell(serve [[
                if lighty.env["uri.path"] ~= "/pump" then
                    lighty.content = { "other\n" }
                else
                    lighty.content = { require "pump" () .. "\n" }
                end
                return 200]] .. [[
                while true; do
                    said=$(get pump) || break
                    echo "$said"
                    get other
                    case $said in under*) ;; *) break ;; esac
                done
                kill $server; wait $server]])
            local others_meanwhile = 0
            for _ in out:gmatch "under way: [^\n]+\nother\n" do others_meanwhile = others_meanwhile + 1 end
            assert.is_true(others_meanwhile > 3, out)
            is_polite(out)
        end)
    end)

    describe("prosody", function()
        local function prosody(module)
            support.write("mod_guest.lua", module)
            support.write("prosody.cfg.lua", PROSODY)
            return [[
                prosody -F --config "$PWD/prosody.cfg.lua" >log 2>&1 & server=$!
                for n in $(seq 300); do grep -q 'guest.*ended' log && break; sleep 0.05; done
                kill $server; wait $server; cat log >&2]]
        end

        it("runs it in a timer, though no global may be made or read there", function()
            local _, err = works(prosody [[
                local run = assert(loadfile(os.getenv "guests" .. "/workflow.lua"))
                module:add_timer(0, function()
                    local ok, problem = pcall(run)
                    module:log("info", "ended: %s", ok and "well" or tostring(problem))
                end)]])
            assert.matches("ended: well", err)
        end)

        it("carries it on in a timer, while prosody does other things", function()
            local _, _, err = shell(prosody [[
                local pump, ticks = require "pump", 0
                module:add_timer(0, function()
                    local ok, said = pcall(pump)
                    if ok and said:find "^under way" then return 0.001 end
                    module:log("info", "other things meanwhile: %d", ticks)
                    module:log("info", "ended: %s", said)
                end)
                module:add_timer(0, function() ticks = ticks + 1 return 0.001 end)]])
            assert.is_true(tonumber(err:match "meanwhile: (%d+)") > 3, err)
            is_polite(err)
        end)
    end)
end)
