-- scalua sandbox as a process: what it prints, its exit codes, several clients of it.

local support = dofile "tests/workflow/support.lua"

describe("scalua sandbox", function()
    before_each(support.setup)
    after_each(support.teardown)

    -- Starts it, waits for its address, runs the script with $URL, ends it with SIGINT. Prints its exit code last.
    local function run(options, script)
        return support.shell(([[
            rm -f out # of a run before: it would be taken for this one's
            "$S" sandbox %s >out 2>err &
            pid=$!
            until [ -s out ]; do kill -0 $pid || exit 99; sleep 0.02; done
            URL=$(sed -n 's/^listening on //p' out)
            %s
            kill -INT $pid
            wait $pid
            echo "exit $?"]]):format(options, script))
    end

    -- Runs a Lua text in another process, with a client of it.
    local function with_client(key, text)
        return ([[SCALE_API_URL=$URL SCALE_API_KEY=%s "$S" -e '
            local client = require("scaleapi").client { max_attempts = 1 }
            %s']]):format(key, text)
    end

    it("says where it listens, serves other processes, and ends with Ctrl-C", function()
        local _, out = run("--complete-after 0 --seed 5", with_client("live_a", [[
            client:create_project { project_name = "p", task_type = "chat" }
            client:create_task("chat", { project = "p" })]]) .. "\n" .. with_client("live_b", [[
            print(client:tasks { project_name = "p", status = "completed" }.total)]]))
        assert.equal("1\nexit 0\n", out)
        assert.matches("^listening on http://127%.0%.0%.1:%d+\n$", support.read "out")
        assert.matches("export SCALE_API_URL=http://127%.0%.0%.1:%d+\n", support.read "err")
    end)

    it("fails requests as it is told to", function()
        local _, out = run("--fail-rate 1 --lost-answer-rate 0 --drop-rate 0 --latency 0.01",
            with_client("test_a", "print(select(2, client.safe:get_projects()).code)"))
        assert.equal("500\nexit 0\n", out)
    end)

    it("says where callbacks go and which key they carry", function()
        run("", "true")
        assert.matches("Callbacks go to addresses of this machine, with the header scale%-callback%-auth: "
            .. "live_callback_auth_key\n$", support.read "err")
        run("--callbacks any --callback-auth-key mine", "true")
        assert.matches("Callbacks go to any address, with the header scale%-callback%-auth: mine\n$", support.read "err")
    end)

    it("posts callbacks to whom it is told to, with its key", function()
        local receiver = support.serve [[
            local server = require("scaleapi.server").listen { handler = function(request)
                local file = io.open("received", "a")
                file:write(request.headers["scale-callback-auth"], "\n")
                file:close()
                return { status = 200 }
            end }
            print(server.url)
            io.stdout:flush()
            while true do require("scaleapi").sleep(3600) end]]
        local script = with_client("test_a", ([[
            client:create_project { project_name = "p", task_type = "chat" }
            client:create_task("chat", { project = "p", callback_url = "%s" })]]):format(receiver))
        local _, out = run("--callback-auth-key mine", script .. "\nuntil [ -s received ]; do sleep 0.02; done")
        assert.equal("exit 0\n", out)
        assert.equal("mine\n", support.read "received")
        run("--callbacks none", script .. "\nsleep 0.2")
        assert.equal("mine\n", support.read "received")
    end)

    it("says that a port is taken: exit code 1", function()
        local _, out = run("", [["$S" sandbox --port "${URL##*:}" 2>&1; echo "second $?"]])
        assert.matches("sandbox: cannot listen on 127.0.0.1 port %d+: Address already in use\nsecond 1\nexit 0\n$", out)
    end)

    for _, words in ipairs { { "--port", "70000" }, { "--port", "x" }, { "--fail-rate", "1.5" }, { "--drop-rate", "-1" },
        { "--lost-answer-rate", "nan" }, { "--latency", "-1" }, { "--complete-after", "soon" }, { "--seed", "0.5" },
        { "--callbacks", "all" }, { "--callback-auth-key", "a b" },
        { "--nonsense" }, { "word" } } do
        it("refuses " .. table.concat(words, " ") .. ": exit code 2", function()
            local code, out, err = support.scalua { "sandbox", table.unpack(words) }
            assert.equal(2, code)
            assert.equal("", out)
            assert.matches("^sandbox: ", err)
        end)
    end
end)
