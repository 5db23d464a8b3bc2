-- release only
-- scalua wait, and how it and scalua status look at many batches, as processes.

local json = require("scaleapi").json
local screen = require "scripts.lib.screen"
local support = require "tests.workflow.support"

local url

local function run(words)
    return support.scalua(words, { SCALE_API_URL = url, SCALE_API_KEY = "live_key" })
end

-- A server that writes each request's path down, in "paths". `body` has `batch`, the n-th look at it, and returns its
-- fields as JSON; `list` says whether it has a list of batches of that many.
local function start(body, list)
    url = support.answering(([[
        local file = io.open("paths", "a")
        file:write(request.path, "\n")
        file:close()
        local function fields(batch)
            state[batch] = (state[batch] or 0) + 1
            local n = state[batch]
            %s
        end
        if request.path ~= "/v1/batches" then
            local text = fields(request.path:match "^/v1/batches/([^/]+)/status")
            if not text then return 404, '{"status_code":404,"error":"Batch not found."}' end
            return 200, "{" .. text .. "}"
        end
        local offset, docs = tonumber(request.query:match "offset=(%%d+)" or 0), {}
        for i = offset + 1, math.min(offset + 4, %d) do
            docs[#docs + 1] = ('{"name":"b%%d","project":"p",%%s}'):format(i, fields("b" .. i))
        end
        return 200, ('{"docs":[%%s],"totalDocs":%d,"limit":4,"has_more":%%s}'):format(table.concat(docs, ","),
            tostring(offset + 4 < %d))]]):format(body, list or 0, list or 0, list or 0))
end

local function paths()
    local counts = { list = 0, one = 0 }
    for path in support.read("paths"):gmatch "[^\n]+" do
        local kind = path == "/v1/batches" and "list" or "one"
        counts[kind] = counts[kind] + 1
    end
    return counts
end

local DONE_AT_3 = [[return n < 3 and '"status":"in_progress","pending":1' or '"status":"completed","completed":1']]

before_each(support.setup)
after_each(support.teardown)

describe("wait", function()
    it("ends with 0 when all are completed, and says so of each", function()
        start(DONE_AT_3)
        local code, out, err = run { "wait", "a", "b", "a", "--interval", "0.01" }
        assert.same({ 0, "", "a: completed\nb: completed\n" }, { code, out, err })
    end)

    it("--until in_progress takes what is further, too", function()
        start [[return batch == "a" and '"status":"completed"' or n < 3 and '"status":"staging"' or '"status":"in_progress"']]
        local code, _, err = run { "wait", "a", "b", "--interval", "0.01", "--until", "in_progress" }
        assert.same({ 0, "a: completed\nb: in_progress\n" }, { code, err })
    end)

    it("ends with 5 when the time is over, and says what is missing", function()
        start [[return batch == "a" and '"status":"completed"' or '"status":"in_progress","pending":7']]
        local code, out, err = run { "wait", "a", "b", "c", "--interval", "0.05", "--timeout", "0.4s", "--json" }
        assert.equal(5, code)
        assert.matches("2 batches are not completed yet\nwait: the time of 0.4 s %(%-%-timeout%) is over; run the same", err)
        local summary = json.decode(out)
        assert.same({ 3, 0, 2, 7 }, { #summary.batches, summary.failed, summary.waiting, summary.batches[2].pending })
    end)

    it("ends with 3 for a batch that is not there, after the others; with 4 for a wrong key, and 5 for no server", function()
        start [[return batch ~= "nope" and (n < 3 and '"status":"staging"' or '"status":"completed"')]]
        local code, out, err = run { "wait", "nope", "a", "--interval", "0.01", "--json" }
        assert.equal(3, code)
        assert.matches("^nope: batch_status: 404 not_found[^\n]+\na: completed\n$", err)
        assert.same({ 1, 0 }, { json.decode(out).failed, json.decode(out).waiting })
        url = support.sandbox()
        assert.equal(4, (support.scalua({ "wait", "a" }, { SCALE_API_URL = url, SCALE_API_KEY = "wrong" })))
        url = "http://127.0.0.1:1"
        assert.equal(5, (run { "wait", "a" }))
    end)

    it("ends with 130 on Ctrl-C", function()
        start [[return '"status":"staging"']]
        assert.equal(130, (support.interrupt({ "wait", "a", "--interval", "30" },
            { SCALE_API_URL = url, SCALE_API_KEY = "live_key" }, "[ -s paths ]")))
    end)

    it("refuses wrong use", function()
        for _, words in ipairs { {}, { "a", "--until", "done" }, { "a", "--until", "staging" }, { "a", "--interval", "0" },
            { "a", "--timeout", "soon" }, { "a", "--timeout", "2x" }, { "a", "--timeout", "h" }, { "a", "--timeout", "-1s" },
            { "a", "--timeout", "0" }, { "a", "--timeout", "101d" }, { "a", "--timeout", "" }, { "" } } do
            table.insert(words, 1, "wait")
            assert.equal(2, (run(words)), table.concat(words, " "))
        end
        local duration = require("scripts.lib.command").duration
        assert.same({ 7200, 5400, 5400, 45, 1.5, 86400 }, { duration "2h", duration "90m", duration "1h30m", duration "45",
            duration "1.5s", duration "1d" })
    end)
end)

describe("many batches", function()
    it("are asked for by pages of the list, as long as that saves requests", function()
        start(DONE_AT_3, 6)
        local code, out = run { "status", "b1", "b2", "b5", "b6", "--watch", "--interval", "0.01" }
        assert.equal(0, code)
        assert.same({ list = 6, one = 0 }, paths())
        assert.equal(1 + 4 + 4, select(2, out:gsub("\n", "")))
        code = run { "wait", "b1", "b2", "x", "b3", "--interval", "0.01" }
        assert.equal(0, code)
        assert.equal(3, paths().one) -- x alone, until it is completed
    end)

    it("are asked for one by one where the list does not tell", function()
        start([[return '"status":"completed"']], 6) -- without counts
        assert.equal(0, (run { "status", "b1", "b2", "b3" }))
        assert.same({ list = 1, one = 3 }, paths())
        start(DONE_AT_3, 6)
        os.remove(support.path "paths")
        assert.equal(0, (run { "wait", "x", "y", "b1", "--interval", "0.01" }))
        assert.equal(1, paths().list)
        os.remove(support.path "paths")
        url = support.answering [[
            local file = io.open("paths", "a")
            file:write(request.path, "\n")
            file:close()
            if request.path == "/v1/batches" then return 400, "{}" end
            return 200, '{"status":"completed"}']]
        assert.equal(0, (run { "status", "a", "b", "c" }))
        assert.same({ list = 1, one = 3 }, paths())
    end)

    it("tell the same by the sandbox's list as one by one", function()
        url = support.sandbox()
        local client, names = support.client(url), {}
        client:create_project { project_name = "p", task_type = support.TYPE }
        for i = 1, 4 do
            names[i] = "batch " .. i
            client:create_batch { project = "p", batch_name = names[i] }
            for _ = 1, i - 1 do
                client:create_task(support.TYPE, { project = "p", batch = names[i], text = "x", labels = { { name = "a" } } })
            end
        end
        local _, together = run { "status", "--json", table.unpack(names) }
        for i, entry in ipairs(json.decode(together).batches) do
            local _, alone = run { "status", "--json", names[i] }
            assert.same(json.decode(alone).batches[1], entry)
            assert.equal(i - 1, entry.pending)
        end
    end)

    it("are looked at less often while nothing changes", function()
        start [[return '"status":"in_progress"']]
        run { "wait", "a", "--interval", "0.1", "--timeout", "1.5s" }
        local looks = paths().one
        assert.is_true(looks >= 3 and looks <= 7, looks) -- without growing pauses 15
    end)
end)

describe("status --watch on a terminal", function()
    it("draws the table anew in its place, and leaves the last one", function()
        start [[if batch == "nope" then return nil end
            return n < 3 and '"status":"in_progress","pending":1' or '"status":"completed","completed":1']]
        local code, out = support.shell([[TERM=xterm script -qec '"$S" status a nope b --watch --interval 0.01' /dev/null]],
            { SCALE_API_URL = url, SCALE_API_KEY = "live_key" })
        assert.equal(3, code)
        local drawings = {}
        for drawing in (out:gsub("\r\n", "\n") .. "\27[J"):gmatch "\27%[J(.-)%f[\27]" do drawings[#drawings + 1] = drawing end
        assert.is_true(#drawings >= 3)
        assert.matches("\rbatch +status +pending[^\n]+\na +in_progress +1 +0[^\n]+\nnope: [^\n]*404[^\n]+\n"
            .. "b +in_progress +1[^\n]+\n[%d:]+  0 of 3 completed\n$", drawings[1])
        assert.matches("a +completed +0 +1[^\n]+\nnope: [^\n]+\nb +completed[^\n]+\n[%d:]+  2 of 3 completed\n$", drawings[3])
        assert.matches("\27%[5A\n\n\n\n\n$", (out:gsub("\r\n", "\n")))
    end)

    it("shows those that are open where there is no room for all", function()
        start [[return tonumber(batch) <= 30 and '"status":"completed"' or '"status":"staging"']]
        local names = {}
        for i = 1, 40 do names[i] = i end
        local _, out = support.shell(([[TERM=xterm timeout 2 script -qec '"$S" status %s --watch --interval 9 --deadline 1' /dev/null]])
            :format(table.concat(names, " ")), { SCALE_API_URL = url, SCALE_API_KEY = "live_key" })
        assert.equal(10, select(2, out:gsub("\n%d+ +staging", "")))
        assert.equal(10, select(2, out:gsub("\n%d+ +completed", "")))
        assert.matches("30 of 40 completed, 20 not shown", out)
    end)
end)

describe("what is drawn", function()
    it("is cut to the width, by characters, and nothing where nothing can be drawn anew", function()
        local written = {}
        local file = { write = function(_, text) written[#written + 1] = text end, flush = function() end }
        local function new(is_terminal)
            return screen.new(file, function() return is_terminal end, function() return 6 end, function() return "xterm" end)
        end
        local it = new(true)
        assert.is_true(it:draw { "äöüäöüäöü", "123456", "12" })
        it:keep()
        it:keep()
        assert.same({ "\r \27[J\räöüäö\n12345\n12\n\27[3A", "\n\n\n" }, written)
        assert.is_false(new(false):draw { "a" })
        assert.equal(2, #written)
    end)
end)
