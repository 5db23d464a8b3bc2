-- scalua export, as a process.

local json = require("scaleapi").json
local support = require "tests.workflow.support"

local url, client

local function export(words)
    table.insert(words, 1, "export")
    return support.scalua(words, { SCALE_API_URL = url, SCALE_API_KEY = "live_key" })
end

local function start()
    url = support.sandbox()
    client = support.client(url)
    client:create_project { project_name = "p", task_type = support.TYPE }
end

-- A server that gives so many pages of one task each, slowly.
local function start_pages(count)
    url = support.answering(([[
        require("scaleapi").sleep(0.1)
        return 200, json.encode { docs = { { task_id = tostring(count) } }, has_more = count < %d,
            next_token = tostring(count) } ]]):format(count))
end

local function create(text, more)
    local task = { project = "p", text = text, labels = { { name = "a" } } }
    for key, value in pairs(more or {}) do task[key] = value end
    return client:create_task(support.TYPE, task)
end

local function lines_of(text)
    local lines = {}
    for line in text:gmatch "([^\n]*)\n" do lines[#lines + 1] = line end
    return lines
end

-- The texts of the tasks that export gives with these words, in its order.
local function texts(words)
    local code, out, err = export(words)
    assert.equal(0, code, err)
    local list = {}
    for i, line in ipairs(lines_of(out)) do list[i] = json.decode(line).params.text end
    return list
end

before_each(support.setup)
after_each(support.teardown)

describe("export", function()
    it("writes every task as the server gives it, newest first", function()
        start()
        for i = 1, 250 do create("row " .. i) end
        local code, out, err = export { "--project", "p" }
        assert.equal(0, code)
        local lines, place = lines_of(out), 0
        for task in client:get_tasks { project_name = "p" } do
            place = place + 1
            assert.equal(task:json(), lines[place])
        end
        assert.equal(250, place)
        assert.equal(250, #lines)
        assert.matches("^250 tasks, %d+%.%d seconds\n$", err)
    end)

    it("changes nothing in a document but line ends between its parts", function()
        local documents = {
            '{"task_id":"1","big":9007199254740993123,"f":0.12345678901234567,"e":[],"o":{},"n":null,"z":1.0,"d":1e5}',
            '{\r\n  "task_id" : "2",\n\t"text":"a\\nb\\u00e9\\ud83d\\ude00é\\/ ","b":[1,\n2]\r\n}',
            '{"task_id":"3",\n"a":1}', '{"task_id":"4",\r"a":1}',
        }
        support.write("page.json", '{"docs":[' .. table.concat(documents, ",\n") .. '],"total":4,"has_more":false}')
        url = support.answering [[ return 200, io.open("page.json"):read "a" ]]
        local code, out = export { "--project", "p" }
        assert.equal(0, code)
        for i, document in ipairs(documents) do documents[i] = document:gsub("[\r\n]", " ") .. "\n" end
        assert.equal(table.concat(documents), out)
    end)

    it("writes to a file, which is not there before it is complete", function()
        start_pages(5)
        support.write("out.jsonl", "old\n")
        local code = support.shell([[
            "$S" export --project p -o out.jsonl &
            until [ -f out.jsonl.part ]; do sleep 0.01; done
            cp out.jsonl seen
            wait $!]], { SCALE_API_URL = url, SCALE_API_KEY = "live_key" })
        assert.equal(0, code)
        assert.equal("old\n", support.read "seen")
        assert.equal(5, #lines_of(support.read "out.jsonl"))
        assert.is_nil(support.read "out.jsonl.part")
    end)

    it("gives a summary as JSON", function()
        start()
        create "a"
        local code, out, err = export { "--project", "p", "-o", "ö ut.jsonl", "--json" }
        assert.equal(0, code)
        assert.equal("", err)
        local summary = json.decode(out)
        assert.same({ tasks = 1, file = "ö ut.jsonl", seconds = summary.seconds }, summary)
        code, out, err = export { "--project", "p", "--json" }
        assert.equal(0, code)
        assert.equal(1, #lines_of(out))
        assert.equal(1, json.decode(err).tasks)
    end)

    it("filters", function()
        start()
        client:create_batch { project = "p", batch_name = "b/1" }
        create("a", { unique_id = "u1", tags = { "x", "y" } })
        create("b", { unique_id = "u2", tags = { "x" } }):cancel()
        create("c", { batch = "b/1" })
        assert.same({ "c", "b", "a" }, texts { "--project", "p" })
        assert.same({ "c" }, texts { "--batch", "b/1" })
        assert.same({ "b" }, texts { "--project", "p", "--status", "canceled" })
        assert.same({}, texts { "--project", "p", "--type", "imageannotation" })
        assert.same({ "b", "a" }, texts { "--project", "p", "--unique-id", "u1", "--unique-id", "u2" })
        assert.same({ "b", "a" }, texts { "--project", "p", "--tag", "x" })
        assert.same({ "c", "b", "a" }, texts { "--project", "p", "--created-after", "2020-01-01" })
        assert.same({}, texts { "--project", "p", "--created-before", "2020-01-01" })
        assert.same({}, texts { "--project", "p", "--completed-after", "2020-01-01" })
    end)

    it("asks for what it was told to", function()
        url = support.answering [[
            local file = io.open("query", "w")
            file:write(request.query)
            file:close()
            return 200, '{"docs":[],"has_more":false}' ]]
        export { "--project", "a&b ü", "--batch", "b", "--status", "error", "--review-status", "accepted",
            "--review-status", "fixed", "--updated-after", "2026-01-01T00:00:00Z", "--limited-response", "--no-attachment-url" }
        local query = "&" .. support.read "query" .. "&"
        for _, part in ipairs { "project=a%26b%20%C3%BC", "batch=b", "status=error",
            "customer_review_status=accepted%2Cfixed", "updated_after=2026-01-01T00%3A00%3A00Z",
            "limited_response=true", "include_attachment_url=false" } do
            assert.is_truthy(query:find("&" .. part .. "&", 1, true), part .. " is not in " .. query)
        end
    end)

    it("writes an empty file when there is no task", function()
        start()
        local code = export { "--project", "nope", "-o", "out.jsonl" }
        assert.equal(0, code)
        assert.equal("", support.read "out.jsonl")
    end)
end)

describe("export, when something fails,", function()
    -- Exit code, these words on standard error, and no file.
    local function fails(expected_code, expected, words)
        local code, _, err = export(words)
        assert.equal(expected_code, code, err)
        assert.matches(expected, err)
        assert.not_matches("traceback", err)
        assert.is_nil(support.read "out.jsonl")
        assert.is_nil(support.read "out.jsonl.part")
    end

    it("leaves no file behind when a page does not come", function()
        url = support.answering [[
            if count == 1 then return 200, '{"docs":[{"task_id":"1"}],"has_more":true,"next_token":"x"}' end
            return 400, '{"status_code":400,"error":"Invalid next_token."}' ]]
        fails(1, "Invalid next_token", { "--project", "p", "-o", "out.jsonl" })
    end)

    it("leaves no file behind when a document stays no JSON", function()
        url = support.answering [[
            return 200, '{"docs":[{"task_id":"1"},{"task_id":"2","x":01}],"has_more":false}' ]]
        fails(5, "bad_answer: the answer is not JSON at byte 45: .*after 4 attempts", { "--project", "p", "-o", "out.jsonl" })
    end)

    it("asks again for a page that holds a document that is no JSON", function()
        url = support.answering [[
            return 200, ('{"docs":[{"task_id":"1"},{"task_id":"2","x":%s}],"has_more":false}'):format(count == 1 and "01" or "1") ]]
        assert.equal(0, (export { "--project", "p", "-o", "out.jsonl" }))
        assert.equal('{"task_id":"1"}\n{"task_id":"2","x":1}\n', support.read "out.jsonl")
    end)

    it("keeps an old file", function()
        url = support.answering [[ return 400, "{}" ]]
        support.write("old.jsonl", "old\n")
        fails(1, "400", { "--project", "p", "-o", "old.jsonl" })
        assert.equal("old\n", support.read "old.jsonl")
    end)

    it("says that the disk is full", function()
        start()
        for i = 1, 3 do create("row " .. i) end
        local environment = { SCALE_API_URL = url, SCALE_API_KEY = "live_key" }
        local code, _, err = support.shell('"$S" export --project p >/dev/full', environment)
        assert.equal(1, code)
        assert.equal("export: cannot write standard output: No space left on device\n", err)
        -- By a link: a device is written to as it is, and were it renamed over, root would lose it.
        code, _, err = support.shell('ln -s /dev/full full && "$S" export --project p -o full', environment)
        assert.equal(1, code)
        assert.equal("export: cannot write full: No space left on device\n", err)
        create(("x"):rep(20000))
        code, _, err = support.shell([[trap '' XFSZ; ulimit -f 16; "$S" export --project p -o out.jsonl]], environment)
        assert.equal(1, code)
        assert.matches("^export: cannot write out.jsonl: ", err)
        assert.is_nil(support.read "out.jsonl")
        assert.is_nil(support.read "out.jsonl.part")
    end)

    it("ends with 4 for a wrong key, 5 for a server that is not there", function()
        start()
        local code, _, err = support.scalua({ "export", "--project", "p", "-o", "out.jsonl" },
            { SCALE_API_URL = url, SCALE_API_KEY = "wrong" })
        assert.equal(4, code)
        assert.matches("401", err)
        assert.is_nil(support.read "out.jsonl.part")
        assert.equal(4, (support.scalua { "export", "--project", "p" }))
        url = "http://127.0.0.1:1"
        fails(5, "network", { "--project", "p", "-o", "out.jsonl" })
    end)

    it("ends with 2 for wrong use, before a request is sent", function()
        url = "http://127.0.0.1:1"
        fails(2, "needs %-%-project or %-%-batch", {})
        fails(2, "Did you mean '%-%-created%-after'", { "--project", "p", "--create-after", "2020" })
        fails(2, "did you mean 'completed'", { "--project", "p", "--status", "complete", "-o", "out.jsonl" })
        fails(2, "is a directory", { "--project", "p", "-o", "." })
        fails(2, "cannot write no/such/folder", { "--project", "p", "-o", "no/such/folder" })
        fails(2, "not a whole number", { "--project", "p", "--page-size", "x" })
    end)

    it("leaves no file behind on Ctrl-C", function()
        start_pages(1000)
        local code = support.interrupt({ "export", "--project", "p", "-o", "out.jsonl" },
            { SCALE_API_URL = url, SCALE_API_KEY = "live_key" }, "[ -f out.jsonl.part ]")
        assert.equal(130, code)
        assert.is_nil(support.read "out.jsonl")
        assert.is_nil(support.read "out.jsonl.part")
        assert.is_nil(support.read "out.jsonl.part.journal")
    end)
end)
