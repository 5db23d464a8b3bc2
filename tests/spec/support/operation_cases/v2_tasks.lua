-- Tasks and annotations of the second API: what they do, and how each documented failure comes about. What the client
-- refuses to send is sent past it. See operations_spec.lua.

local assert = require "luassert"

-- The first annotation anywhere in the threads of a task.
local function find_annotation(value)
    if type(value) ~= "table" then return nil end
    if type(value.annotations) == "table" and value.annotations[1] then return value.annotations[1] end
    for _, inner in pairs(value) do
        local found = find_annotation(inner)
        if found then return found end
    end
end

-- A chat task that is completed.
local function completed_chat(t, fields)
    local task, project = t:chat_task(fields)
    t:eventually(function() return task:refresh().status == "completed" end)
    return task, project
end

return {
    ["v2.get_task"] = {
        works = function(t)
            local made, project = completed_chat(t, { metadata = { a = 1 }, template_variables = { prompt = "Hé?" } })
            local task = t.test.v2:get_task(made.task_id)
            assert.same({ made.task_id, "completed", { a = 1 } }, { task.task_id, task.status, task.metadata })
            assert.is_string(task.project)
            assert.is_true(#task.threads[1].turns > 0)
            local whole = t.test.v2:get_task { task_id = made.task_id, expand = { "project", "batch" },
                opts = "annotation_details" }
            assert.same({ task.project, project.name }, { whole.project.id, whole.project.name })
            assert.equal("TaskV2 " .. made.task_id .. ", completed", tostring(task))
        end,
        [400] = function(t) return t:raw("GET", "/v2/task") end,
        [404] = function(t) return t.test.v2.safe:get_task(t.no_id) end,
    },
    ["v2.get_tasks"] = {
        works = function(t)
            local _, project = t:chat_task()
            for _ = 1, 4 do t.test.v2:create_chat_task { project_name = project.name } end
            local found, count = {}, 0
            for task in t.test.v2:get_tasks { project_name = project.name, limit = 2 } do
                assert.is_nil(found[task.task_id])
                found[task.task_id], count = true, count + 1
            end
            assert.equal(5, count)
            local pending = t.test.v2:get_tasks { project_name = project.name, status = "pending" }
            assert.equal(0, #pending:list())
            assert.equal(5, #t.test:v2_get_tasks({ project_name = project.name }):list())
        end,
        [400] = function(t) return t:raw("GET", "/v2/tasks") end,
        [404] = {
            function(t) return t.test.v2.safe:tasks { project_name = t:name "no project" } end,
            or_works = "[assumed] that such a list is refused; it may be empty",
        },
    },
    ["v2.create_chat_task"] = {
        works = function(t)
            local unique_id = t:name "unique"
            local task, project = t:chat_task { template_variables = { prompt = "Why?" }, metadata = { a = { 1 } },
                unique_id = unique_id }
            assert.is_string(task.task_id)
            assert.same({ a = { 1 } }, task.metadata)
            assert.equal(unique_id, t.test:get_task(task.task_id).unique_id)
            assert.equal(1, t.test:get_tasks_count { project_name = project.name })
            local live = t.live.v2:create_chat_task { project_name = t:project(t.live, { task_type = "chat" }).name }
            assert.equal("pending", live.status)
        end,
        [400] = function(t) return t:raw("POST", "/v2/task/chat", "{}") end,
        [404] = function(t) return t.test.v2.safe:create_chat_task { project_name = t:name "no project" } end,
        [409] = function(t)
            local unique_id = t:name "unique"
            local _, project = t:chat_task { unique_id = unique_id }
            return t.test.v2.safe:create_chat_task { project_name = project.name, unique_id = unique_id }
        end,
    },
    ["v2.set_task_metadata"] = {
        works = function(t)
            local task = t:chat_task { metadata = { a = { b = 1 } } }
            task:set_metadata({ a = { c = 2 } }, { merge = true })
            assert.same({ a = { b = 1, c = 2 } }, task.metadata)
            t.test.v2:set_task_metadata { task_id = task.task_id, metadata = { only = 1 }, merge = false }
            assert.same({ only = 1 }, task:refresh().metadata)
        end,
        [400] = function(t) return t:raw("POST", "/v2/task/metadata", "{}") end,
        [404] = function(t) return t.test.v2.safe:set_task_metadata { task_id = t.no_id, metadata = {} } end,
    },
    ["v2.get_annotation"] = {
        works = function(t)
            local known = find_annotation(completed_chat(t).threads)
            local annotation = t.test.v2:get_annotation(known.id)
            assert.same({ known.id, known.key, known.type }, { annotation.id, annotation.key, annotation.type })
            assert.same(known.value, annotation.value)
            assert.equal(known.id, annotation:refresh().id)
        end,
        [400] = function(t) return t:raw("GET", "/v2/annotation") end,
        [404] = function(t) return t.test.v2.safe:get_annotation "an_none" end,
    },
    get_openapi = {
        works = function(t)
            local api = t.test.v2:get_openapi()
            assert.is_truthy(type(api) == "string" and #api > 0 or api.paths["/v2/task"])
        end,
    },
}
