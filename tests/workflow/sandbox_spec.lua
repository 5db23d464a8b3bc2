-- scalua sandbox as a process: what it prints, its exit codes, several clients of it.

local support = dofile "tests/workflow/support.lua"

describe("scalua sandbox", function()
    before_each(support.setup)
    after_each(support.teardown)

    -- Starts it, waits for its address, runs the script with $URL, ends it with SIGINT. Prints its exit code last.
    local function run(options, script)
        return support.shell(([[
            "$S" sandbox %s >out 2>err &
            pid=$!
            until [ -s out ]; do kill -0 $pid || exit 99; sleep 0.02; done
            URL=$(sed -n 's/^listening on //p' out)
            %s
            kill -INT $pid
            wait $pid
            echo "exit $?"]]):format(options, script))
    end

    it("says where it listens, serves, and ends with Ctrl-C", function()
        local _, out = run("--complete-after 0", [[
            curl -s -u live_a: "$URL/v1/projects" -d '{"name":"p","type":"comparison"}' >/dev/null
            curl -s -u live_a: "$URL/v1/task/comparison" -d '{"project":"p","attachments":[],"choices":[]}' >/dev/null
            curl -s -H 'Authorization: Bearer live_a' "$URL/v1/tasks?status=completed&limit=1"
            echo]])
        assert.matches('"total":1,', out)
        assert.matches("exit 0\n$", out)
        assert.matches("^listening on http://127%.0%.0%.1:%d+\n$", support.read "out")
        assert.matches("export SCALE_API_URL=http://127%.0%.0%.1:%d+\n", support.read "err")
    end)

    it("serves scalua in another process", function()
        local _, out = run("--seed 5", [[
            SCALE_API_URL=$URL SCALE_API_KEY=test_a "$S" -e '
                local client = require("scaleapi").client {}
                print(client:create_task("chat", {}).status)']])
        assert.matches("^completed\nexit 0\n$", out)
    end)

    it("fails requests as it is told to", function()
        local _, out = run("--fail-rate 1 --lost-answer-rate 0 --drop-rate 0 --latency 0.01", [[
            curl -s -o /dev/null -w '%{http_code}\n' -u live_a: "$URL/v1/projects"]])
        assert.matches("^500\nexit 0\n$", out)
    end)

    it("says that a port is taken: exit code 1", function()
        local _, out = run("", [["$S" sandbox --port "${URL##*:}" 2>&1; echo "second $?"]])
        assert.matches("sandbox: cannot listen on 127.0.0.1 port %d+: Address already in use\nsecond 1\nexit 0\n$", out)
    end)

    for _, words in ipairs { { "--port", "70000" }, { "--port", "x" }, { "--fail-rate", "1.5" }, { "--drop-rate", "-1" },
        { "--lost-answer-rate", "nan" }, { "--latency", "-1" }, { "--complete-after", "soon" }, { "--seed", "0.5" },
        { "--nonsense" }, { "word" } } do
        it("refuses " .. table.concat(words, " ") .. ": exit code 2", function()
            local code, out, err = support.scalua { "sandbox", table.unpack(words) }
            assert.equal(2, code)
            assert.equal("", out)
            assert.matches("^sandbox: ", err)
        end)
    end
end)
