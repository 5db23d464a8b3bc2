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

    it("says how to control it, in lines that work", function()
        support.write("ask", [[
            sed -n 's/^    curl //p' err >lines
            while read -r line; do
                eval "set -- $line"
                url=${1#*://} method=GET body=
                shift
                while [ $# -gt 0 ]; do
                    case $1 in
                    -X) method=$2 ;;
                    -d) body=$2; [ $method = PUT ] || method=POST ;;
                    esac
                    shift 2
                done
                exec 3<>"/dev/tcp/127.0.0.1/${URL##*:}"
                printf '%s /%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s' \
                    $method "${url#*/}" "${url%%/*}" ${#body} "$body" >&3
                head -n 1 <&3
            done <lines]])
        local _, out = run("", "URL=$URL bash ask")
        assert.equal(("HTTP/1.1 200 OK\r\n"):rep(5) .. "exit 0\n", out)
    end)

    it("explains all of its options", function()
        local code, out = support.scalua { "sandbox", "--help" }
        assert.equal(0, code)
        for option in ([[port complete-after state latency fail-rate lost-answer-rate drop-rate garbage-rate rate-limit
            retry-after retry-after-date target assume seed]]):gmatch "%S+" do
            assert.is_truthy(out:find("\n   --" .. option, 1, true), option)
        end
    end)

    it("does as its options say", function()
        local _, out = run([[--rate-limit 1000 --garbage-rate 0 --retry-after 3 --retry-after-date --assume zero_counts=false \
            --assume tags-match=any --target '{"match":"GET /v1/projects","status":503,"body":"a, b"}']],
            with_client("test_a", [[
                local first = select(2, client.safe:get_projects())
                print(first.code, #client:get_projects())]]))
        assert.equal("503\t0\nexit 0\n", out)
    end)

    for _, words in ipairs { { "--assume", "x=1" }, { "--assume", "zero_counts" }, { "--assume", "zero_counts=0" },
        { "--target", "{" }, { "--target", '{"match":"GET /"}' }, { "--rate-limit", "0" }, { "--retry-after", "x" },
        { "--garbage-rate", "7" }, { "--state", "" } } do
        it("refuses " .. table.concat(words, " ") .. ": exit code 2", function()
            local code, out, err = support.scalua { "sandbox", table.unpack(words) }
            assert.same({ 2, "" }, { code, out })
            assert.matches("^sandbox: ", err)
        end)
    end

    it("says when this machine lets it have few connections", function()
        local _, _, err = support.shell([[
            ulimit -n 600
            "$S" sandbox 2>&1 >out & pid=$!
            until [ -s out ]; do kill -0 $pid || exit 99; sleep 0.02; done
            kill -INT $pid; wait $pid]])
        assert.equal("", err)
        assert.matches("^536 connections can be open at once, the limit of this machine for one program", support.read ".out")
    end)

    describe("in a crowd that says little", function()
        -- So many connections, while a client makes 100 tasks, one after the other. `limit` is what ulimit takes.
        -- Returns how many came, how many the server closed meanwhile, and how long the client took.
        local function crowd(count, limit)
            local code, out, err = support.shell(([[
                mkfifo stop
                ( ulimit %s; "$S" sandbox >out 2>err & echo $! >pid )
                until [ -s out ]; do kill -0 $(cat pid) || exit 99; sleep 0.02; done
                URL=$(sed -n 's/^listening on //p' out)
                "${S%%/*}/helpers/idle" ${URL##*:} %d <stop >crowd & idle=$!
                exec 9>stop
                until [ -s crowd ]; do kill -0 $idle || exit 98; sleep 0.05; done
                %s
                exec 9>&-
                wait $idle
                cat crowd
                kill -INT $(cat pid)]]):format(limit, count, with_client("test_a", [[
                    local now = require("scaleapi").now
                    local started, tasks = now(), {}
                    for i = 1, 100 do
                        tasks[i] = client:create_task("comparison", { attachments = { "a" }, choices = { "b" } })
                    end
                    print(("%.3f seconds"):format(now() - started))]])))
            assert.same({ 0, "" }, { code, err })
            local seconds, came, closed = out:match "^(%S+) seconds\n(%d+) open\n(%d+) closed\n$"
            return tonumber(came), tonumber(closed), tonumber(seconds)
        end

        it("still answers, and lets them sit as long as there is room", function()
            local _, limit = support.shell "ulimit -Hn"
            local count = math.min(10000, (tonumber(limit) or 1000000) - 200)
            local came, closed, seconds = crowd(count, "-S -n 1000")
            assert.same({ count, 0 }, { came, closed })
            assert.is_true(seconds < 10, seconds)
        end)

        it("still answers when there is no room: who has been idle for longest goes", function()
            local came, closed, seconds = crowd(400, "-n 200")
            assert.equal(400, came)
            assert.is_true(closed >= 200, closed)
            assert.is_true(seconds < 10, seconds)
        end)
    end)

    describe("with --state", function()
        it("loses nothing that was answered, however it ends", function()
            support.write("rows.jsonl", support.rows(6000))
            local start = [["$S" sandbox --state state $port >out 2>>err &
                pid=$!
                until [ -s out ]; do kill -0 $pid || exit 99; sleep 0.02; done
                export SCALE_API_URL=$(sed -n 's/^listening on //p' out)
                port="--port ${SCALE_API_URL##*:}"
                ]]
            local _, out = support.shell(start .. [[
                "$S" -e 'require("scaleapi").client{}:create_project { project_name = "p", task_type = "]] .. support.TYPE .. [[" }'
                "$S" upload rows.jsonl --project p --type ]] .. support.TYPE .. [[ >upload.out 2>&1 &
                upload=$!
                for wait in 0.3 0.2 0.4; do
                    sleep $wait
                    kill -KILL $pid; wait $pid 2>/dev/null
                    : >out
                    ]] .. start .. [[
                done
                wait $upload; echo "upload $?"
                "$S" export --project p -o before.jsonl >/dev/null 2>&1
                kill -KILL $pid; wait $pid 2>/dev/null
                : >out
                ]] .. start .. [[
                "$S" export --project p -o after.jsonl >/dev/null 2>&1
                cmp before.jsonl after.jsonl && echo same
                kill -INT $pid; wait $pid; echo "exit $?"]], { SCALE_API_KEY = "live_key" })
            assert.equal("upload 0\nsame\nexit 0\n", out)
            assert.matches("state: a new world\n.*state: went on after %d+ changes", support.read "err")
            local seen = {}
            for _, task in ipairs(support.records "after.jsonl") do
                assert.is_nil(seen[task.unique_id])
                seen[task.unique_id] = true
                seen[#seen + 1] = task
            end
            assert.equal(6000, #seen)
        end)

        it("keeps the sandbox inside a process, too", function()
            local script = [[-e 'local client = require("scaleapi").client {}
                client.safe:create_project { project_name = "p" .. #client:get_projects(), task_type = "comparison" }
                print(#client:get_projects())']]
            local code, out = support.shell(('"$S" --sandbox=state=world,seed=3 %s\n'):format(script):rep(3))
            assert.same({ 0, "1\n2\n3\n" }, { code, out })
            local _, _, err = support.shell(('"$S" --sandbox=state=world,seed=4 %s\n'):format(script))
            assert.matches("world: it was begun with seed 3, not 4", err)
        end)

        it("is one process's at a time", function()
            local _, out = run("--state state", [["$S" sandbox --state state 2>&1; echo "second $?"]])
            assert.equal("sandbox: state: another sandbox has it\nsecond 1\nexit 0\n", out)
        end)

        it("answers 503 while it cannot write, says so once, and then goes on with what was answered", function()
            local script = with_client("test_a", [[
                local made, refused = 0, 0
                client:create_project { project_name = "p", task_type = "comparison" }
                for i = 1, 60 do
                    local ok, err = client.safe:create_task("comparison", { project = "p", attachments = { "x" }, choices = { "a" },
                        unique_id = "row " .. i })
                    if ok then made = made + 1 else refused = refused + 1; assert(err.code == 503, err) end
                end
                print(made + refused, made > 5, refused > 5, made == client:get_tasks_count { project_name = "p" })
                io.open("made", "w"):write(made)]])
            local code, out = support.shell(([[
                trap '' XFSZ
                for limit in 8 unlimited; do
                    ( ulimit -f $limit 2>/dev/null
                    "$S" sandbox --state state >out 2>>err & pid=$!
                    until [ -s out ]; do kill -0 $pid || exit 99; sleep 0.02; done
                    URL=$(sed -n 's/^listening on //p' out)
                    if [ $limit = 8 ]; then %s
                    else %s
                    fi
                    kill -INT $pid; wait $pid; echo "exit $?"; rm out ) || exit
                done]]):format(script, with_client("test_a", [[
                    print(client:get_tasks_count { project_name = "p" } == io.open("made"):read "n")]])))
            assert.same({ 0, "60\ttrue\ttrue\ttrue\nexit 0\ntrue\nexit 0\n" }, { code, out })
            assert.equal(1, select(2, support.read "err":gsub("The sandbox cannot keep its state: File too large", "")))
        end)
    end)
end)
