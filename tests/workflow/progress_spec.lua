-- What people see while bulk work goes on: scripts/lib/screen.lua and progress.lua, with a clock and a terminal that
-- are not real, and then under a real one.

local progress = require "scripts.lib.progress"
local screen = require "scripts.lib.screen"
local support = require "tests.workflow.support"

-- ----------------------------------------------------------- a pretended terminal

-- What stands on a terminal that was sent this: its lines, without blanks at the end. Knows what it should be sent and
-- nothing else.
local function look_at(text, width)
    local rows, row, column = { {} }, 1, 1
    local function go_down()
        row = row + 1
        rows[row] = rows[row] or {}
    end
    local at = 1
    while at <= #text do
        if text:sub(at, at + 2) == "\27[J" then
            for i = column, #rows[row] do rows[row][i] = nil end
            for i = #rows, row + 1, -1 do rows[i] = nil end
            at = at + 3
        else
            local byte = text:sub(at, at)
            at = at + 1
            if byte == "\r" then
                column = 1
            elseif byte == "\n" then
                go_down()
            else
                assert(byte:find "[\32-\126]", ("a byte that no plain terminal knows: %d"):format(byte:byte()))
                if column > width then
                    go_down()
                    column = 1
                end
                for i = #rows[row] + 1, column - 1 do rows[row][i] = " " end
                rows[row][column] = byte
                column = column + 1
            end
        end
    end
    local lines = {}
    for i, each in ipairs(rows) do lines[i] = table.concat(each):gsub(" +$", "") end
    while lines[#lines] == "" do lines[#lines] = nil end
    return lines
end

-- A file that keeps what is written; on a terminal of such a width (nil: it does not say), or not on one (false).
local function pretend(width, environment)
    local file = { written = {}, width = width }
    function file:write(text) table.insert(self.written, text) end
    function file.flush() end
    function file:text() return (table.concat(self.written):gsub("([^\r])\n", "%1\r\n")) end
    function file:lines() return look_at(self:text(), self.width or 80) end
    environment = environment or { TERM = "xterm" }
    return screen.new(file, function() return width ~= false end, function() return file.width end,
        function(name) return environment[name] end), file
end

describe("the screen", function()
    it("writes lines above the passing one, which is gone when it is cleared", function()
        local it, file = pretend(40)
        it:say "first"
        it:pass "half way"
        assert.same({ "first", "half way" }, file:lines())
        it:say "second"
        assert.same({ "first", "second", "half way" }, file:lines())
        it:pass "done"
        assert.same({ "first", "second", "done" }, file:lines())
        it:clear()
        it:say "third"
        assert.same({ "first", "second", "third" }, file:lines())
    end)

    it("never lets the passing line reach the edge", function()
        local it, file = pretend(10)
        it:pass "0123456789abc"
        it:pass "0123456789abd"
        assert.same({ "012345678" }, file:lines())
    end)

    -- When the terminal breaks the line in two, both halves lie behind the cursor then.
    it("leaves the cursor before the passing line", function()
        local it, file = pretend(40)
        it:pass(("x"):rep(39))
        assert.matches("\r$", file.written[#file.written])
        file.width = 20
        it:clear()
        assert.equal("\r \27[J\r", file.written[#file.written])
    end)

    it("does not write again what stands there, but when the width has changed", function()
        local it, file = pretend(40)
        it:pass "half way"
        it:pass "half way"
        assert.equal(1, #file.written)
        file.width = 60
        it:pass "half way"
        assert.equal(2, #file.written)
    end)

    it("has a passing line on terminals only that can have one", function()
        for _, case in ipairs {
            { false, { TERM = "xterm" } }, { 80, { TERM = "dumb" } }, { 80, { TERM = "" } }, { 80, {} },
        } do
            local it, file = pretend(case[1], case[2])
            assert.is_nil(it:room())
            it:pass "half way"
            it:clear()
            assert.same({}, file.written)
            it:say "line"
            assert.same({ "line\n" }, file.written)
        end
    end)

    it("takes a terminal that does not say how wide it is for a usual one", function()
        local it = pretend(nil)
        assert.equal(79, it:room())
    end)
end)

-- ------------------------------------------------------------------- progress

-- Progress on a pretended terminal and clock: the progress, the file, and a function that lets time pass and gives a
-- state with these fields.
local function begin(width, options, environment)
    local clock = 1000
    local all = { now = function() return clock end }
    for name, value in pairs(options or {}) do all[name] = value end
    local file
    all.screen, file = pretend(width, environment)
    local it = progress.new(all)
    return it, file, function(seconds, state)
        clock = clock + seconds
        local whole = { done = 0, counts = {}, in_flight = 0, retries = 0, resumed = false }
        for name, value in pairs(state) do whole[name] = value end
        it:update(whole)
    end
end

local function last(file)
    local lines = file:lines()
    return lines[#lines]
end

describe("progress on a terminal", function()
    it("shows a bar, what is done, the rate, retries, what is in flight and the time that is left", function()
        local _, file, pass = begin(80)
        pass(1, { total = 5000, done = 500, retries = 7, in_flight = 32 })
        assert.equal("[=>                   ]  10%  500/5000  500/s  7 retries  32 in flight  9s left", last(file))
        pass(1, { total = 5000, done = 1500, retries = 1, in_flight = 32, counts = { failed = 2, conflict = 1 } })
        assert.matches("^%[==> +%]  30%%  1500/5000  750/s  3 failed  1 retry  32 in flight  5s left$", last(file))
    end)

    it("shows no bar, share or time left while the total is unknown", function()
        local _, file, pass = begin(80)
        pass(2, { done = 30, in_flight = 4 })
        assert.equal("30 done  15/s  0 retries  4 in flight", last(file))
    end)

    it("says no rate before it knows one, and none of what an earlier run did", function()
        local _, file, pass = begin(80)
        pass(0.2, { total = 1000, done = 800, resumed = true, counts = { skipped = 800 } })
        assert.matches("80%%  800/1000  0 retries", last(file))
        pass(0.8, { total = 1000, done = 805, resumed = true, counts = { skipped = 800 } })
        assert.matches("805/1000  5%.0/s .* 39s left$", last(file))
    end)

    it("says the rate of the last seconds, and no time left when nothing moves", function()
        local _, file, pass = begin(80)
        pass(1, { total = 5000, done = 1000 })
        for _ = 1, 30 do pass(0.6, { total = 5000, done = 1000, in_flight = 2 }) end
        assert.matches("%]  20%%  1000/5000  0%.0/s  0 retries  2 in flight$", last(file))
    end)

    it("says 100% when it is true", function()
        local _, file, pass = begin(80)
        pass(1, { total = 1000, done = 999 })
        assert.matches("  99%%  ", last(file))
        pass(1, { total = 1000, done = 1000 })
        assert.matches("%[=+%]  100%%  1000/1000 ", last(file))
        pass(1, { total = 0, done = 0 })
        assert.matches("100%%  0/0", last(file))
    end)

    it("says how many were in flight at most since it was drawn", function()
        local _, file, pass = begin(80)
        for _, count in ipairs { 1, 30, 29 } do pass(0.04, { done = 5, in_flight = count }) end
        assert.matches("30 in flight", last(file))
        pass(0.2, { done = 6, in_flight = 2 })
        assert.matches(" 2 in flight", last(file))
    end)

    it("spells long times", function()
        for _, case in ipairs { { 61, "61s" }, { 125, "2m05s" }, { 3720, "1h02m" }, { 190000, "2d04h" } } do
            local _, file, pass = begin(80)
            pass(1, { total = case[1] + 1, done = 1 })
            assert.matches(" " .. (case[1] == 61 and "1m01s" or case[2]) .. " left$", last(file))
        end
    end)

    it("is drawn at most ten times a second", function()
        local _, file, pass = begin(80)
        for i = 1, 1000 do pass(0.002, { total = 1000, done = i }) end
        assert.is_true(#file.written >= 15 and #file.written <= 20, #file.written)
    end)

    it("leaves the least important out where the window is narrow, to the last column", function()
        local _, file, pass = begin(80)
        for width = 79, 1, -1 do
            file.width = width
            pass(0.2, { total = 5000, done = 500, retries = 7, in_flight = 32 })
            assert.is_true(#(file.written[#file.written]:match "^\r(.*)\27%[J\r$") < width, width)
        end
        file.width = 20
        pass(0.2, { total = 5000, done = 2500 })
        assert.matches("^50%%  2500/5000", file.written[#file.written]:match "^\r(.*)\27%[J\r$")
        file.width = 5
        pass(0.2, { total = 5000, done = 2500 })
        assert.equal("50%", file.written[#file.written]:match "^\r(.*)\27%[J\r$")
    end)

    it("is gone at the end, and lines stand above it meanwhile", function()
        local it, file, pass = begin(80)
        pass(1, { total = 10, done = 1 })
        it.screen:say "row 7 was refused"
        assert.equal("row 7 was refused", file:lines()[1])
        assert.matches("1/10", file:lines()[2])
        it:finish()
        assert.same({ "row 7 was refused" }, file:lines())
    end)

    it("says that it waits for a server that is away", function()
        local state = "open"
        local _, file, pass = begin(80, { client = { pace = function() return { state = state } end } })
        pass(1, { total = 10, done = 1 })
        assert.matches("waiting for the server$", last(file))
        state = "closed"
        pass(1, { total = 10, done = 2 })
        assert.matches("8s left$", last(file))
    end)
end)

describe("progress elsewhere", function()
    it("is a line every ten seconds", function()
        local it, file, pass = begin(false)
        for i = 1, 250 do pass(0.1, { total = 1000, done = i, retries = 2, in_flight = 5 }) end
        it:finish()
        assert.same({
            "10%, 100/1000, 10/s, 2 retries, 5 in flight, 1m30s left",
            "20%, 200/1000, 10/s, 2 retries, 5 in flight, 1m20s left",
        }, file:lines())
    end)

    it("is the same on a dumb terminal", function()
        local _, file, pass = begin(80, {}, { TERM = "dumb" })
        for i = 1, 105 do pass(0.1, { done = i }) end
        assert.same({ "100 done, 10/s, 0 retries, 0 in flight" }, file:lines())
    end)

    it("is nothing when it shall be quiet", function()
        for _, width in ipairs { 80, false } do
            local it, file, pass = begin(width, { quiet = true })
            for i = 1, 250 do pass(0.1, { total = 1000, done = i }) end
            it:finish()
            assert.same({}, file.written)
        end
    end)
end)

describe("explaining", function()
    local waiting

    local function client()
        waiting = {}
        return { changes = function()
            local list = waiting
            waiting = {}
            return list
        end }
    end

    local CHANGE = { time = 1001.5, what = "in flight 16 -> 32", why = "a round trip without refusals" }

    it("says each change of pace once with its cause, also when it shall be quiet", function()
        for _, quiet in ipairs { false, true } do
            local it, file, pass = begin(false, { explain = true, client = client(), quiet = quiet })
            table.insert(waiting, CHANGE)
            pass(2, { done = 1 })
            pass(2, { done = 1 })
            table.insert(waiting, { time = 1004, what = "in flight 32 -> 16", why = "429" })
            it:finish()
            assert.same({
                "    1.50 s  in flight 16 -> 32: a round trip without refusals", "    4.00 s  in flight 32 -> 16: 429",
            }, file:lines())
        end
    end)

    it("says nothing unless asked, or with a client that knows no changes", function()
        local it, file, pass = begin(false, { client = client() })
        table.insert(waiting, CHANGE)
        pass(2, { done = 1 })
        it:finish()
        assert.same({}, file.written)
        local other, other_file, pass_too = begin(false, { explain = true, client = {} })
        pass_too(2, { done = 1 })
        other:finish()
        assert.same({}, other_file.written)
    end)
end)

-- ------------------------------------------------------------ a real terminal

-- Runs a shell script under a terminal of such a width; gives what a person sees at the end, and all that was sent.
local function on_terminal(width, script, environment)
    support.write("inner.sh", ("stty cols %d\n%s\n"):format(width, script))
    local all = { TERM = "xterm" }
    for name, value in pairs(environment or {}) do all[name] = value end
    local code, text = support.shell("export S; script -qec 'sh ./inner.sh' /dev/null", all)
    assert.equal(0, code, text)
    return look_at(text, width), text
end

describe("under a terminal", function()
    before_each(support.setup)
    after_each(support.teardown)

    local WORK = [[
        local progress, report = require "scripts.lib.progress", require "scripts.lib.report"
        local scaleapi = require "scaleapi"
        local shown = progress.new { quiet = arg[1] == "quiet" }
        for i = 1, 60 do
            shown:update { total = 60, done = i, counts = {}, retries = 0, in_flight = 3 }
            if i == 30 then report.say("row %d was refused", i) end
            scaleapi.sleep(0.01)
        end
        shown:finish()
        report.say("60 rows: 59 created")
        report.print '{"total":60}']]

    local function work(width, environment, word)
        support.write("work.lua", WORK)
        return on_terminal(width, '"$S" work.lua ' .. (word or ""), environment)
    end

    it("people see the lines at the end, and saw a bar before", function()
        for _, width in ipairs { 80, 30, 20 } do
            local lines, text = work(width, { NO_COLOR = "1", LC_ALL = "C" })
            assert.equal("row 30 was refused60 rows: 59 created{\"total\":60}", table.concat(lines))
            local _, drawn = text:gsub("%S\27%[J\r", "")
            assert.is_true(drawn >= 4 and drawn <= 12, drawn)
            assert.equal(width == 80, text:find("[=", 1, true) ~= nil)
            assert.is_nil(text:find "\27%[[%d;]*m")
        end
    end)

    it("a dumb terminal and a quiet command get no sequences", function()
        for _, text in ipairs { select(2, work(80, { TERM = "dumb" })), (select(2, work(80, {}, "quiet"))) } do
            assert.equal("row 30 was refused\r\n60 rows: 59 created\r\n{\"total\":60}\r\n", text)
        end
    end)

    local function upload(words, script)
        support.write("rows.jsonl", support.rows(80))
        local environment = { SCALE_API_URL = support.sandbox "latency = 0.05", SCALE_API_KEY = "live_key" }
        local command = ('"$S" upload rows.jsonl --type %s --project p --create-project --concurrency 4 %s'):format(
            support.TYPE, words)
        return on_terminal(79, script and script:format(command) or command, environment)
    end

    it("an upload shows a bar and leaves its summary", function()
        local lines, text = upload ""
        assert.equal(2, #lines, table.concat(lines, "\n"))
        assert.equal("project 'p' of type namedentityrecognition is there", lines[1])
        assert.matches("^80 rows: 80 created, 0 existing, 0 failed; 0 retries, %d", lines[2])
        assert.matches("%[=+> *%]  [1-9]%d%%  %d+/80  %d+/s  0 retries  [34] in flight  %ds left\27%[J\r", text)
    end)

    it("an upload with --json is silent but for it", function()
        local lines, text = upload "--json"
        assert.is_nil(text:find("\27", 1, true))
        assert.matches('^{"conflict":0,"created":80', lines[2])
    end)

    it("Ctrl-C is answered with whole lines", function()
        local lines = upload("", [[%s & pid=$!; sleep 0.5; kill -INT $pid; wait $pid; test $? = 130]])
        local seen = table.concat(lines, "\n")
        assert.matches("\nfinishing what is in flight; Ctrl%-C again to stop at once\n", seen)
        assert.matches("run the same command again to go on", seen)
        assert.is_nil(seen:find("in flight  ", 1, true))
    end)
end)
