-- plain lua too
-- Lists: every document once, flat memory, the right end, and no loop for ever.

local scaleapi = require "scaleapi"
local fake = dofile "tests/spec/support/fake.lua"

local function document(n)
    return ('{"task_id":"%d","type":"t","status":"pending","params":{"n":%d}}'):format(n, n)
end

local function page(from, to, more)
    local docs = {}
    for n = from, to do table.insert(docs, document(n)) end
    return ('{"docs":[%s],"total":%d,"limit":100,"offset":0,%s}'):format(
        table.concat(docs, ","), to, more or '"has_more":false')
end

local function token(text)
    return '"has_more":true,"next_token":"' .. text .. '"'
end

local function ids(iterator)
    local seen = {}
    for task in iterator do table.insert(seen, task.task_id) end
    return table.concat(seen, " ")
end

describe("get_tasks", function()
    local server, client

    local function serve(script, options)
        server = fake.start(script)
        client = server:client(options)
    end

    after_each(function()
        client:close()
        server:close()
    end)

    it("gives every task of every page, and repeats the filters", function()
        serve { page(1, 3, token "a+/="), page(4, 5, token "b"), page(6, 6) }
        assert.equal("1 2 3 4 5 6", ids(client:get_tasks { project_name = "p q", tags = { "x" } }))
        assert.equal("GET /v1/tasks?project=p%20q&tags=x", server:line(1))
        assert.equal("GET /v1/tasks?project=p%20q&tags=x&next_token=a%2B%2F%3D", server:line(2))
        assert.equal(3, #server.requests)
    end)

    it("fetches the next page while this one is worked on, and no further", function()
        serve { page(1, 2, token "a"), page(3, 4, token "b"), page(5, 6) }
        local tasks = client:get_tasks { project_name = "p" }
        assert.equal("1", tasks().task_id)
        scaleapi.sleep(0.1)
        assert.equal(2, #server.requests)
        assert.equal("2", tasks().task_id)
        assert.equal(2, #server.requests)
    end)

    it("lists, and goes on where it was", function()
        serve { page(1, 2, token "a"), page(3, 3) }
        local tasks = client:get_tasks { batch_name = "b" }
        tasks()
        local rest = tasks:list()
        assert.equal(2, #rest)
        assert.is_nil(tasks())
        assert.same({}, tasks:list())
    end)

    it("gives one page as the SDK does", function()
        serve { page(1, 2, token "a") }
        local one = client:tasks { project = "p" }
        assert.same({ 2, 2, 100, 0, true, "a" },
            { #one.docs, one.total, one.limit, one.offset, one.has_more, one.next_token })
        assert.equal("2", one.docs[2].task_id)
    end)

    it("decodes what stands beside the documents as it does any JSON", function()
        serve { '{"docs":[{"task_id":"1"}],"empty":[],"big":123456789012345678901234567890}' }
        local tasks = client:get_tasks { project_name = "p" }
        assert.is_true(scaleapi.json.is_array(tasks.empty))
        assert.equal("123456789012345678901234567890", tostring(tasks.big))
        assert.equal('{"n":[[],123456789012345678901234567890]}',
            scaleapi.json.encode { n = { tasks.empty, tasks.big } })
    end)

    it("keeps an answer that is no page when it is asked for one", function()
        serve { document(1) }
        local call = client._core:start("get_task", { task_id = "1" })
        while not call:is_done() do scaleapi.step() end
        assert.has_error(function() call:page() end, "the answer is no page; call:result() has it")
        assert.equal(document(1), (call:result()))
    end)

    it("counts with one small request", function()
        serve { page(1, 1, token "a") }
        assert.equal(1, client:get_tasks_count { project_name = "p", status = "completed" })
        assert.equal("GET /v1/tasks?project=p&status=completed&limit=1", server:line())
    end)

    for name, last in pairs {
        ["has_more is false"] = '"has_more":false',
        ["has_more is false, whatever the token"] = '"has_more":false,"next_token":"x"',
        ["the token is null"] = '"has_more":false,"next_token":null',
        ["neither is there"] = '"x":1',
    } do
        it("ends when " .. name, function()
            serve { page(1, 2, last) }
            assert.equal("1 2", ids(client:get_tasks { project_name = "p" }))
            assert.equal(1, #server.requests)
        end)
    end

    it("ends with an error when the server says more and gives no token", function()
        serve { page(1, 2, '"has_more":true') }
        local seen = {}
        local err = fake.failure(function()
            for task in client:get_tasks { project_name = "p" } do table.insert(seen, task.task_id) end
        end)
        assert.equal("bad_answer", err.kind)
        assert.same({ "1", "2" }, seen)
        assert.equal(1, #server.requests)
    end)

    it("says where to begin only once, whatever that is called", function()
        serve { '{"docs":[{"id":"1"}],"next_token":"n"}', '{"docs":[{"id":"2"}]}', page(1, 1, token "n"), page(2, 2) }
        assert.equal(2, #client:list_assets({ project = "p", cursor = "c" }):list())
        assert.equal("1 2", ids(client:get_tasks { project_name = "p", offset = 5 }))
        assert.same({ "GET /v1/files?project=p&cursor=c", "GET /v1/files?project=p&next_token=n",
            "GET /v1/tasks?project=p&offset=5", "GET /v1/tasks?project=p&next_token=n" },
            { server:line(1), server:line(2), server:line(3), server:line(4) })
    end)

    it("ends with an error when the token is none", function()
        serve { page(1, 1, '"has_more":true,"next_token":7') }
        local tasks = client:get_tasks { project_name = "p" }
        assert.equal("1", tasks().task_id)
        local err = fake.failure(tasks)
        assert.same({ "bad_answer", "next_token of the answer is not a string", "get_tasks" },
            { err.kind, err.message, err.operation })
        assert.equal(1, #server.requests)
    end)

    it("ends with an error when a token comes twice", function()
        serve { page(1, 1, token "a"), page(2, 2, token "a") }
        local seen = {}
        local err = fake.failure(function()
            for task in client:get_tasks { project_name = "p" } do table.insert(seen, task.task_id) end
        end)
        assert.matches("same next_token twice", err.message)
        assert.same({ "1", "2" }, seen)
    end)

    it("raises a failure after the tasks that came before it", function()
        serve({ page(1, 2, token "a"), { status = 404, body = '{"error":"gone"}' } })
        local seen = {}
        local err = fake.failure(function()
            for task in client:get_tasks { project_name = "p" } do table.insert(seen, task.task_id) end
        end)
        assert.same({ "not_found", "gone", "get_tasks" }, { err.kind, err.message, err.operation })
        assert.same({ "1", "2" }, seen)
    end)

    for name, body in pairs {
        ["docs that are no array"] = '{"docs":{},"has_more":false}',
        ["no docs"] = '{"total":1}',
        ["a cut page"] = '{"docs":[{"task_id":"1"}',
    } do
        it("does not take " .. name .. " for a page", function()
            serve({ body }, { max_attempts = 1 })
            local err = fake.failure(function() ids(client:get_tasks { project_name = "p" }) end)
            assert.equal("bad_answer", err.kind)
        end)
    end

    it("reads each task's own field, whatever those before it had", function()
        local values = { '"a"', "1", "null", '"b\\n"', "[1]", '"a"', "", "true", "1e400", "false", '{"refresh":1}', "2.5" }
        local docs = {}
        for i, text in ipairs(values) do
            docs[i] = '{"refresh":1,"id" : ' .. i .. (text ~= "" and ',"x":' .. text or "") .. ',"y":"z"}'
        end
        serve { '{"docs":[' .. table.concat(docs, ", ") .. "]}" }
        local i = 0
        for task in client:get_tasks { project_name = "p" } do
            i = i + 1
            local expected
            if values[i] ~= "" and values[i] ~= "null" then expected = scaleapi.json.decode(values[i]) end
            assert.equal(i, task.id)
            assert.same(expected, task.x)
            assert.same(expected, task.x)
            assert.equal("z", task.y)
            assert.is_nil(task.absent)
            assert.is_function(task.refresh)
            assert.equal(task.x, task.x)
        end
        assert.equal(#values, i)
    end)

    it("writes page after page to a file, a line each, each document checked in full", function()
        local pretty = '{"docs":[{"task_id" :\n "1"}],' .. token "b" .. "}"
        serve({ page(1, 3, token "a"), pretty, page(4, 4, token "c"), '{"docs":[{"x":1},{"x":01}],"has_more":false}' },
            { max_attempts = 1 })
        local tasks = client:get_tasks { project_name = "p" }
        assert.equal("1", tasks().task_id)
        local name = os.tmpname()
        local file = assert(io.open(name, "wb"))
        assert.same({ 2, 1, 1 }, { tasks:write(file), tasks:write(file), tasks:write(file) })
        local err = fake.failure(tasks.write, tasks, file)
        assert.equal("bad_answer", err.kind)
        assert.matches("not JSON at byte 6: a number must not begin with 0", err.message)
        assert(file:close())
        local written = {}
        for line in io.lines(name) do table.insert(written, line) end
        os.remove(name)
        assert.same({ document(2), document(3), '{"task_id" :  "1"}', document(4), '{"x":1}' }, written)
        assert.equal(4, #server.requests)
    end)

    it("says why a file cannot be written to", function()
        serve { page(1, 3) }
        local tasks = client:get_tasks { project_name = "p" }
        local full = assert(io.open("/dev/full", "wb"))
        full:setvbuf "no"
        local count, why = tasks:write(full)
        assert.is_nil(count)
        assert.matches("No space left", why)
        full:close()
        assert.matches("write needs an open file", select(2, pcall(tasks.write, tasks, full)))
        assert.matches("write needs an open file", select(2, pcall(tasks.write, tasks, "name")))
    end)

    it("goes on where a job was canceled that waited for a page, with a request when somebody wants it", function()
        serve(function(_, n)
            scaleapi.sleep(0.03)
            return ('{"docs":[{"task_id":"%d"}],"total":1,"has_more":false}'):format(n)
        end)
        local tasks = client:get_tasks { project_name = "p" }
        local job = scaleapi.spawn(function() return tasks() end)
        scaleapi.sleep(0.01)
        job:cancel()
        assert.equal("canceled", fake.failure(job.wait, job).kind)
        scaleapi.sleep(0.05)
        assert.equal(1, #server.requests)
        assert.equal("2", tasks().task_id)
        assert.is_nil(tasks())
    end)

    it("may be shared by jobs, also when one of them is canceled", function()
        server = fake.start(function(_, n)
            scaleapi.sleep(0.02)
            return ('{"docs":[{"task_id":"%d"}],"has_more":%s,"next_token":"%d"}'):format(n, n < 6, n)
        end)
        client = server:client()
        local tasks = client:get_tasks { project_name = "p" }
        local seen, jobs = {}, {}
        for n = 1, 4 do
            jobs[n] = scaleapi.spawn(function()
                for task in tasks do table.insert(seen, task.task_id) end
            end)
        end
        scaleapi.sleep(0.005)
        jobs[1]:cancel()
        assert.equal("canceled", fake.failure(jobs[1].wait, jobs[1]).kind)
        for n = 2, 4 do jobs[n]:wait() end
        assert.equal("2 3 4 5 6", table.concat(seen, " "))
        client:close()
        server:close()
    end)

    it("lets go of a server that is closed between two tasks", function()
        local documents = ('{"task_id":"x"},'):rep(199) .. '{"task_id":"y"}'
        server = fake.start(function(_, n)
            scaleapi.sleep(0.001)
            return ('{"docs":[%s],"has_more":true,"next_token":"%d"}'):format(documents, n)
        end)
        client = server:client()
        local tasks = client:get_tasks { project_name = "p" }
        for _ = 1, 250 do tasks() end
        server:close()
        tasks:close()
        scaleapi.sleep(0.01)
        client:close()
    end)

    it("can be left early, closed, and closed again", function()
        serve { page(1, 2, token "a"), page(3, 4, token "b"), page(5, 6) }
        local tasks = client:get_tasks { project_name = "p" }
        for task in tasks do
            if task.task_id == "1" then break end
        end
        tasks:close()
        tasks:close()
        assert.is_nil(tasks())
        do
            local closing <close> = client:get_tasks { project_name = "p" }
            assert.truthy(closing())
        end
        scaleapi.sleep(0.05)
        assert.equal(0, client:stats().in_flight)
    end)

    it("survives a captured loop variable and an early break, and leaves nothing open", function()
        serve(function(request) return request.query:find "next_token" and page(6, 7) or page(1, 5, token "a") end)
        local kept = {}
        for _ = 1, 50 do
            for task in client:get_tasks { project_name = "p" } do
                kept[#kept + 1] = function() return task end
                if task.task_id == "2" then break end
            end
        end
        assert.equal(100, #kept)
        assert.equal("2", kept[100]().task_id)
        for _ = 1, 2 do collectgarbage() end
        assert.equal(0, client:stats().in_flight)
    end)

    it("drops the page under way when it is forgotten", function()
        serve(function(_, n)
            if n > 1 then scaleapi.sleep(5) end
            return { body = page(n, n, token(tostring(n))) }
        end)
        do
            local tasks = client:get_tasks { project_name = "p" }
            tasks()
            assert.equal(1, client:stats().in_flight)
        end
        collectgarbage()
        collectgarbage()
        assert.equal(0, client:stats().in_flight)
    end)

    it("keeps memory flat over 100,000 tasks", function()
        local text = page(1, 100):gsub('"has_more":false}$', "")
        serve(function(_, n)
            local last = n == 1000
            server.requests[n] = false
            return { body = text .. (last and '"has_more":false}' or token(tostring(n)) .. "}") }
        end)
        local count, early, late = 0, 0, 0
        for task in client:get_tasks { project_name = "p" } do
            count = count + 1
            if task.status ~= "pending" then error "wrong status" end
            if count % 1000 == 0 then
                collectgarbage()
                local kilobytes = collectgarbage "count"
                if count <= 10000 then early = math.max(early, kilobytes) else late = math.max(late, kilobytes) end
            end
        end
        assert.equal(100000, count)
        assert.is_true(late < early + 200, ("%.0f KB early, %.0f KB late"):format(early, late))
    end)
end)

describe("a task that a script keeps", function()
    local server, client

    after_each(function()
        client:close()
        server:close()
    end)

    -- Bytes of the pages that an iterator has had in use, as far as they are still held.
    local pages

    local function watch(iterator)
        pages[rawget(iterator, "_page")] = true
    end

    local function held()
        for _ = 1, 2 do collectgarbage() end
        local bytes = 0
        for each in pairs(pages) do bytes = bytes + each:size() end
        return bytes
    end

    before_each(function() pages = setmetatable({}, { __mode = "k" }) end)

    -- Pages of 50 tasks, each with so much text.
    local function serve(count, text)
        server = fake.start(function(_, n)
            if n > count then return document(n) end
            local docs = {}
            for i = 1, 50 do docs[i] = ('{"task_id":"%d-%d","n":[%d],"text":"%s"}'):format(n, i, i, text) end
            if count > 1 then server.requests[n] = false end
            return page(1, 0, n < count and token(tostring(n))):gsub("%[%]", function()
                return "[" .. table.concat(docs, ",") .. "]"
            end)
        end)
        client = server:client()
    end

    it("stays what it was, long after its page", function()
        serve(80, "x")
        local kept = {}
        for task in client:get_tasks { project_name = "p" } do
            if task.n[1] == 7 then kept[#kept + 1] = task end
        end
        assert.equal(80, #kept)
        for n, task in ipairs(kept) do
            assert.equal(n .. "-7", task.task_id)
            assert.equal("x", task.text)
            assert.same({ 7 }, task.n)
            assert.equal(('{"task_id":"%d-7","n":[7],"text":"x"}'):format(n), task:json())
            assert.equal("x", task:as_table().text)
        end
    end)

    it("is still a task of its client", function()
        serve(1, "x")
        local kept
        for task in client:get_tasks { project_name = "p" } do kept = kept or task end
        for _ = 1, 3 do collectgarbage() end
        kept:refresh()
        assert.equal("GET /v1/task/1-1", server:line(2))
        assert.equal("2", kept.task_id)
    end)

    it("does not keep its page", function()
        serve(100, ("x"):rep(4000)) -- 200 KB a page
        local kept = {}
        local tasks = client:get_tasks { project_name = "p" }
        for task in tasks do
            watch(tasks)
            if task.n[1] == 7 then kept[#kept + 1] = task end
            if #kept == 60 and task.n[1] == 7 then assert.is_true(held() < 10 * 205000, held()) end
        end
        assert.equal(100, #kept)
        assert.equal(0, held())
        assert.equal(4000, #kept[100].text)
    end)

    it("does not keep the page of an iterator that was dropped", function()
        serve(100000, ("x"):rep(4000))
        local kept = {}
        for n = 1, 20 do
            local tasks = client:get_tasks { project_name = "p" }
            kept[n] = tasks()
            watch(tasks)
        end
        assert.equal(0, held())
        assert.equal(4000, #kept[1].text)
    end)
end)

describe("get_batches", function()
    local function batches(from, to, rest)
        local docs = {}
        for n = from, to do table.insert(docs, ('{"name":"b%d","status":"staging"}'):format(n)) end
        return ('{"docs":[%s],"totalDocs":9,%s}'):format(table.concat(docs, ","), rest)
    end

    local function names(client)
        local seen = {}
        for batch in client:get_batches { project_name = "p" } do table.insert(seen, batch.name) end
        return table.concat(seen, " ")
    end

    for name, case in pairs {
        ["the limit in the answer"] = { '"limit":2,"offset":0,"has_more":true', "2" },
        ["what came, when there is no limit"] = { '"has_more":true', "3" },
        ["what came, when the limit is 0"] = { '"limit":0,"has_more":true', "3" },
    } do
        it("goes on by " .. name, function()
            local server = fake.start { batches(1, 3, case[1]), batches(4, 4, '"limit":2,"has_more":false') }
            local client = server:client()
            assert.equal("b1 b2 b3 b4", names(client))
            assert.equal("GET /v1/batches?project=p&offset=" .. case[2], server:line(2))
            client:close()
            server:close()
        end)
    end

    it("ends at an empty page", function()
        local server = fake.start { batches(1, 1, '"limit":1,"has_more":true'), batches(1, 0, '"limit":1,"has_more":true') }
        local client = server:client()
        assert.equal("b1", names(client))
        assert.equal(2, #server.requests)
        assert.equal(9, client:batches({}).total)
        client:close()
        server:close()
    end)
end)
