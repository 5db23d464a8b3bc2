-- Tasks of the first API: what they do, and how each documented failure comes about. See operations_spec.lua.

local assert = require "luassert"

-- The task as the server has it now.
local function fetch(client, task)
    return client:get_task(task.task_id)
end

local function six_tags()
    return { "a", "b", "c", "d", "e", "f" }
end

-- The id in the address of a file of the task's response, wherever the address stands; nil if it has none.
local function response_uuid(task)
    local text = task:json()
    return text:match 'response_url/([^/"?]+)' or text:match "/(%x+%-%x+%-%x+%-%x+%-%x+)/"
end

local function no_task(name, ...)
    local more = table.pack(...)
    return function(t) return t.test.safe[name](t.test.safe, t.no_id, table.unpack(more)) end
end

-- Makes a batch of a Rapid project that is finalized already.
local function finalized_batch(t)
    local batch = t:batch(t.live, nil, { rapid = true })
    batch:finalize()
    return batch
end

return {
    create_task = {
        works = function(t)
            local project = t:project(t.live)
            local unique_id = t:name "unique"
            local task = t:task(t.live, { project = project.name, unique_id = unique_id, instruction = "Box all cows.",
                metadata = { row = 7 }, tags = { "b", "a" }, priority = 30 })
            assert.same({ "imageannotation", "pending", project.name, unique_id, 30 },
                { task.type, task.status, task.project, task.unique_id, task.priority })
            assert.same({ row = 7 }, task.metadata)
            assert.same({ "b", "a" }, task.tags)
            assert.matches("^Box all cows%.", task.instruction)
            assert.equal("cow", task.params.geometries.box.objects_to_annotate[1])
            assert.equal(task.task_id, fetch(t.live, task).task_id)
            local done = t:eventually(function()
                local one = t:completed_task()
                return one:refresh().status == "completed" and one
            end)
            assert.is_table(done.response.annotations)
            assert.is_string(done.completed_at)
        end,
        [400] = {
            function(t) return t.test.safe:create_task("imageannotation", { attachment = "https://example.com/a.png" }) end,
            function(t) return t.test.safe:create_task("imageannotation", { geometries = {} }) end,
            function(t)
                local batch = finalized_batch(t)
                return t.live.safe:create_task("imageannotation", t:fields { batch = batch.name })
            end,
        },
        [404] = function(t) return t:raw("POST", "/v1/task/imagination", "{}") end, -- the client knows the types
        [409] = function(t)
            local unique_id = t:name "unique"
            t:task(t.test, { unique_id = unique_id })
            return t.test.safe:create_task("imageannotation", t:fields { unique_id = unique_id })
        end,
    },
    get_task = {
        works = function(t)
            local made = t:completed_task { metadata = { a = { 1, 2.5, "ü" } } }
            local task = fetch(t.test, made)
            assert.same({ made.task_id, "imageannotation", made.created_at },
                { task.task_id, task.type, task.created_at })
            assert.same({ 1, 2.5, "ü" }, task.metadata.a)
            assert.matches("^Task " .. made.task_id .. ", imageannotation, ", tostring(task))
        end,
        [404] = no_task "get_task",
    },
    cancel_task = {
        works = function(t)
            local unique_id = t:name "unique"
            local task = t:pending_task { unique_id = unique_id }
            assert.equal(task, task:cancel())
            assert.equal("canceled", task.status)
            assert.equal("canceled", fetch(t.live, task).status)
            assert.equal("canceled", t.live:cancel_task(task.task_id).status) -- again is fine
            task:cancel { clear_unique_id = true }
            assert.is_nil(fetch(t.live, task).unique_id)
            local again = t:pending_task { unique_id = unique_id }
            assert.equal(unique_id, again.unique_id)
        end,
        [400] = function(t) return t.test.safe:cancel_task(t:completed_task().task_id) end,
        [404] = no_task "cancel_task",
    },
    audit_task = {
        works = function(t)
            local task, other = t:completed_task(), t:completed_task()
            assert.is_truthy(task:audit(true, "well done")) -- [assumed] a plain OK, or the task
            assert.is_truthy(t.test:audit_task { task_id = other.task_id, accepted = false })
            local reviews = { fetch(t.test, task).customer_review_status, fetch(t.test, other).customer_review_status }
            if t.exact or #reviews > 0 then assert.same({ "accepted", "rejected" }, reviews) end -- [assumed] that it shows
        end,
        [400] = {
            function(t) return t.live.safe:audit_task(t:pending_task().task_id, true) end,
            or_works = "[assumed] that only completed tasks can be audited",
        },
        [404] = no_task("audit_task", true),
    },
    update_task_unique_id = {
        works = function(t)
            local first, second = t:name "unique", t:name "unique"
            local task = t:completed_task { unique_id = first }
            assert.equal(second, task:update_unique_id(second).unique_id)
            assert.equal(second, fetch(t.test, task).unique_id)
            assert.equal(first, t:completed_task({ unique_id = first }).unique_id) -- it is free again
        end,
        [400] = function(t) return t.test.safe:update_task_unique_id(t:completed_task().task_id, "") end,
        [404] = no_task("update_task_unique_id", "x"),
        [409] = function(t)
            local unique_id = t:name "unique"
            t:completed_task { unique_id = unique_id }
            return t.test.safe:update_task_unique_id(t:completed_task().task_id, unique_id)
        end,
    },
    clear_task_unique_id = {
        works = function(t)
            local unique_id = t:name "unique"
            local task = t:completed_task { unique_id = unique_id }
            assert.is_nil(task:clear_unique_id().unique_id)
            assert.is_nil(fetch(t.test, task).unique_id)
            assert.equal(unique_id, t:completed_task({ unique_id = unique_id }).unique_id)
            assert.is_nil(t.test:clear_task_unique_id(task.task_id).unique_id) -- there is none: that is fine
        end,
        [404] = no_task "clear_task_unique_id",
    },
    set_task_metadata = {
        works = function(t)
            local task = t:completed_task { metadata = { old = 1 } }
            task:set_metadata { new = { deep = { 1, "é" } } }
            assert.same({ new = { deep = { 1, "é" } } }, task.metadata)
            assert.same({ new = { deep = { 1, "é" } } }, fetch(t.test, task):as_table().metadata)
            assert.same({}, t.test:set_task_metadata(task.task_id, {}).metadata)
        end,
        [400] = function(t) return t.test.safe:set_task_metadata(t:completed_task().task_id, { x = ("x"):rep(10300) }) end,
        [404] = no_task("set_task_metadata", {}),
    },
    set_task_tags = {
        works = function(t)
            local task = t:completed_task { tags = { "old" } }
            task:set_tags { "b", "a" }
            assert.same({ "b", "a" }, task.tags)
            assert.same({ "b", "a" }, fetch(t.test, task).tags)
            local none = t.test:set_task_tags(task.task_id, {}).tags
            assert.equal(0, #(none or {})) -- [assumed] that there is an empty list then, or none
        end,
        [400] = function(t) return t.test.safe:set_task_tags(t:completed_task().task_id, six_tags()) end,
        [404] = no_task("set_task_tags", { "a" }),
    },
    add_task_tags = {
        works = function(t)
            local task = t:completed_task { tags = { "a", "b" } }
            task:add_tags { "b", "c" }
            assert.same({ "a", "b", "c" }, task.tags)
            assert.same({ "a", "b", "c" }, fetch(t.test, task).tags)
            assert.same({ "first" }, t.test:add_task_tags(t:completed_task().task_id, { "first" }).tags)
        end,
        [400] = function(t)
            local task = t:completed_task { tags = { "a", "b", "c" } }
            return t.test.safe:add_task_tags(task.task_id, { "d", "e", "f" })
        end,
        [404] = no_task("add_task_tags", { "a" }),
    },
    delete_task_tags = {
        works = function(t)
            local task = t:completed_task { tags = { "a", "b", "c" } }
            task:delete_tags { "b", "never there" }
            assert.same({ "a", "c" }, task.tags)
            assert.same({ "a", "c" }, fetch(t.test, task).tags)
        end,
        [404] = no_task("delete_task_tags", { "a" }),
    },
    get_tasks = {
        works = function(t)
            local project = t:project(t.test)
            local batch = t:batch(t.test, { project = project.name })
            local unique_id, tag = t:name "unique", t:name "tag"
            local made = {}
            for i = 1, 5 do
                local task = t:task(t.test, { batch = batch.name, tags = i > 3 and { tag } or nil,
                    unique_id = i == 1 and unique_id or nil })
                made[task.task_id] = true
            end
            local found, last = {}, nil
            for task in t.test:get_tasks { project_name = project.name, limit = 2 } do
                assert.is_true(made[task.task_id])
                assert.is_nil(found[task.task_id])
                assert.is_true(last == nil or task.created_at <= last) -- the newest first
                found[task.task_id], last = true, task.created_at
            end
            assert.same(made, found)
            assert.equal(5, t.test:get_tasks_count { batch_name = batch.name })
            assert.equal(2, #t.test:get_tasks({ project_name = project.name, tags = tag }):list())
            assert.equal(0, t.test:get_tasks_count { project_name = project.name, status = "pending" })
            local page = t.test:tasks { unique_id = { unique_id, "no such" }, project_name = project.name, limit = 1 }
            assert.same({ 1, unique_id, false }, { page.total, page.docs[1].unique_id, page.has_more })
            local short = t.test:tasks { project_name = project.name, limited_response = true, limit = 1 }
            assert.is_true(made[short.docs[1].task_id])
            assert.equal(0, t.test:get_tasks_count { project_name = project.name, created_after = "2099-01-01" })
        end,
        [400] = {
            function(t)
                local project = t:project(t.test)
                t:task(t.test, { project = project.name })
                return t.test.safe:tasks { project_name = project.name, created_after = "yesterday" }
            end,
            or_works = "[assumed] that filters are checked",
        },
    },
    resend_callback = {
        works = function(t)
            local task = t:completed_task { callback_url = "https://example.com/told" }
            assert.is_truthy(t.test:resend_callback(task.task_id))
        end,
        [400] = function(t)
            return t.live.safe:resend_callback(t:pending_task({ callback_url = "https://example.com/told" }).task_id)
        end,
        [404] = no_task "resend_callback",
    },
    get_task_response_url = {
        works = function(t)
            local task = t.test:create_task("videoannotation", { attachment_type = "video",
                attachment = "https://example.com/cow.mp4", geometries = t:fields().geometries })
            local uuid = t:eventually(function() return response_uuid(task:refresh()) end)
            local address = t.test:get_task_response_url(task.task_id, uuid)
            assert.is_true(#address > 0) -- [assumed] that it is an address: a server may send the file
        end,
        [404] = {
            no_task("get_task_response_url", "0a0b0c0d-0000-4000-8000-000000000001"),
            function(t)
                local task = t:completed_task()
                return t.test.safe:get_task_response_url(task.task_id, "0a0b0c0d-0000-4000-8000-000000000001")
            end,
        },
    },
}
