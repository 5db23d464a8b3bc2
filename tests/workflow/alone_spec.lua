-- release only
-- scalua alone: copied to an empty folder, with an empty environment, every command does its work.

local support = require "tests.workflow.support"

-- Runs a shell script in the folder where the copy is, in which `bare` is the copy with nothing in its environment but
-- that this machine's own Lua files are not to help, and `run` with a key and the sandbox's address too. It must end
-- well. Returns what it printed.
local function must(script)
    local code, out, err = support.shell([[set -e
        mkdir -p alone && cp "$S" alone/scalua && cd alone
        bare() { env -i LUA_PATH=/nowhere LUA_CPATH=/nowhere ./scalua "$@"; }
        run() { env -i LUA_PATH=/nowhere LUA_CPATH=/nowhere SCALE_API_KEY=live_x SCALE_API_URL="$url" ./scalua "$@"; }
        ]] .. script)
    assert(code == 0, ("ended with %s:\n%s%s"):format(code, out, err))
    return out
end

-- The names of the bundled commands, as `scalua help` lists them.
local function commands()
    local names = {}
    local list = must("env -i ./scalua help"):match "Commands[^\n]*\n(.-)\n\n"
    for name in list:gmatch "%f[^\n\0]  (%l+)" do names[#names + 1] = name end
    return names
end

-- Each does what only its own work shows; `sandbox` is the server, and `help` and `source` are not about it.
local STEPS = {
    { "api", [[run api create_project --input project.json | grep -q '"name":"p"']] },
    { "upload", [[run upload rows.jsonl --type textcollection --project p --batch b --create-batch 2>&1 |
        grep -q '3 created']] },
    { "status", [[run status b --json | grep -q '"staging"']] },
    { "finalize", [[run finalize b --expect 3 --yes && run status b --json | grep -q '"in_progress"']] },
    { "wait", [[run wait b --until in_progress --timeout 10]] },
    { "bulk", [[run export --project p -o all.jsonl && test "$(wc -l <all.jsonl)" = 3
        sed -E 's/.*"task_id":"([0-9a-f]+)".*/{"task_id":"\1","tags":["seen"]}/' all.jsonl >tags.jsonl
        run bulk set_task_tags tags.jsonl --yes]] },
    { "export", [[run export --project p --tag seen -o seen.jsonl && test "$(wc -l <seen.jsonl)" = 3]] },
    { "undo", [[head -n 1 rows.jsonl | sed s/one/other/ >more.jsonl
        run upload more.jsonl --type textcollection --project p --batch more --create-batch
        run undo more.jsonl.journal --yes
        test "$(run api get_tasks --all project_name=p status=canceled | wc -l)" = 1]] },
    { "cancel", [[run cancel --batch b --yes
        test "$(run api get_tasks --all project_name=p status=canceled | wc -l)" = 4]] },
}

describe("scalua alone", function()
    before_each(support.setup)
    after_each(support.teardown)

    it("needs the C library, libcurl and what that needs, and libmicrohttpd", function()
        local needs = must [[objdump -p scalua | awk '$1 == "NEEDED" { print $2 }' | sort | tr '\n' ' ']]
        assert.equal("libc.so.6 libcrypto.so.3 libcurl.so.4 libm.so.6 libmicrohttpd.so.12 ", needs)
    end)

    it("tells of every command, and has its source", function()
        local names = commands()
        assert.is_true(#names > #STEPS)
        for _, name in ipairs(names) do
            assert.matches("^[Uu]sage: scalua", must("bare help " .. name), name)
            if name ~= "help" and name ~= "source" then
                assert.matches("command.run", must("bare source " .. name), name)
                assert.equal(must("bare help " .. name), must("bare " .. name .. " --help"))
            end
        end
        assert.equal("5.4 function", must [[bare -e 'io.write(require("cjson").encode { _VERSION:sub(-3) } and
            _VERSION:sub(-3), " ", type(require("scaleapi").client))']])
    end)

    it("runs every command on a sandbox that is another copy of it", function()
        local done = { sandbox = true, help = true, source = true }
        local script = { [[
            env -i LUA_PATH=/nowhere LUA_CPATH=/nowhere ./scalua sandbox --port 0 >../said 2>&1 & sandbox=$!
            trap 'kill $sandbox' EXIT
            until url=$(grep -om 1 'http://[0-9.:]*' ../said); do kill -0 $sandbox; sleep 0.05; done
            echo '{"type":"textcollection","name":"p","instruction":"Look.","rapid":true}' >project.json
            for word in one two three; do
                echo '{"attachments":[{"type":"text","content":"'$word'"}],
                    "fields":[{"type":"text","field_id":"f","title":"F"}]}' | tr -d '\n'
                echo
            done >rows.jsonl]] }
        for _, step in ipairs(STEPS) do
            done[step[1]] = true
            script[#script + 1] = ("( set -e\n%s\n) >out 2>err || { echo %s failed; cat out err; exit 1; }"):format(
                step[2], step[1])
        end
        must(table.concat(script, "\n"))
        for _, name in ipairs(commands()) do assert.is_true(done[name], name .. " is not tried") end
    end)

    it("works in the sandbox inside it, and says what is wrong without a key", function()
        assert.matches("p\n", must [[bare --sandbox -e 'local client = require("scaleapi").client {}
            print(client:create_project { task_type = "textcollection", project_name = "p" }.name)']])
        assert.matches("SCALE_API_KEY", must "! bare status b 2>&1")
    end)
end)
