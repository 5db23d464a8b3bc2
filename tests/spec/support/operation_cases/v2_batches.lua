-- Batches and projects of the second API: what they do, and how each documented failure comes about. See
-- operations_spec.lua.

local assert = require "luassert"

-- A batch with a task that nobody has begun: only such tasks, and the batch with them, are paused for certain.
local function waiting_batch(t)
    local project = t:project(t.live, { task_type = "chat" })
    local batch = t.live.v2:create_batch { name = t:name "batch", project_name = project.name }
    t.live.v2:create_chat_task { batch_id = batch.id }
    return batch
end

-- What the server says is done may be done a little later.
local function becomes(t, batch, status)
    t:eventually(function() return batch:refresh().status == status end)
end

-- Of an operation that names the batch in its body.
local function no_batch(name, more)
    return function(t)
        local named = { batch_name = t:name "no batch" }
        for key, value in pairs(more or {}) do named[key] = value end
        return t.test.v2.safe[name](t.test.v2.safe, named)
    end
end

return {
    ["v2.get_batch"] = {
        works = function(t)
            local made = t:batch_v2 { metadata = { a = 1 } }
            local batch = t.test.v2:get_batch { batch_id = made.id }
            assert.same({ made.id, made.name, "in_progress", { a = 1 } },
                { batch.id, batch.name, batch.status, batch.metadata })
            assert.equal(made.id, t.test.v2:get_batch({ batch_name = made.name }).id)
            assert.is_string(batch.project)
            assert.equal(batch.project, t.test.v2:get_batch({ batch_id = made.id, expand = "project" }).project.id)
            assert.equal("BatchV2 " .. made.name .. ", in_progress", tostring(batch))
        end,
        [400] = function(t) return t:raw("GET", "/v2/batch") end,
        [404] = no_batch "get_batch",
    },
    ["v2.get_batches"] = {
        works = function(t)
            local project, made, found = t:project(t.test, { task_type = "chat" }).name, {}, {}
            for _ = 1, 5 do made[t:batch_v2({ project_name = project }).id] = true end
            for batch in t.test.v2:get_batches { project_name = project, limit = 2 } do
                assert.is_nil(found[batch.id])
                found[batch.id] = true
            end
            assert.same(made, found)
            assert.equal(0, #t.test.v2:get_batches({ project_name = project, status = "paused" }):list())
        end,
        [400] = function(t)
            local project = t:batch_v2().project
            return t.test.v2.safe:batches { project_id = project, created_after = "yesterday" }
        end,
        [404] = {
            function(t) return t.test.v2.safe:batches { project_name = t:name "no project" } end,
            or_works = "[assumed] that such a list is refused; it may be empty",
        },
    },
    ["v2.create_batch"] = {
        works = function(t)
            local batch = t:batch_v2 { staging_batch = true, metadata = { a = 1 } }
            assert.same({ "staging", { a = 1 } }, { batch.status, batch.metadata }) -- [assumed] what the flag means
            assert.equal("in_progress", t:batch_v2().status)
            assert.equal(batch.name, t.test:get_batch(batch.name).name) -- the first API has it as well
        end,
        [400] = function(t) return t:raw("POST", "/v2/batch", "{}") end,
        [404] = function(t)
            return t.test.v2.safe:create_batch { name = t:name "batch", project_name = t:name "no project" }
        end,
        [409] = function(t)
            local batch = t:batch_v2()
            return t.test.v2.safe:create_batch { name = batch.name, project_id = batch.project }
        end,
    },
    ["v2.finalize_batch"] = {
        works = function(t)
            local batch = t:batch_v2 { staging_batch = true }
            assert.equal("in_progress", batch:finalize().status)
            becomes(t, batch, "in_progress")
        end,
        [400] = function(t) return t.test.v2.safe:finalize_batch { batch_id = t:batch_v2().id } end,
        [404] = no_batch "finalize_batch",
    },
    ["v2.pause_batch"] = {
        works = function(t)
            local batch = waiting_batch(t)
            local answer = t.live.v2:pause_batch { batch_id = batch.id }
            assert.equal(batch.id, answer.batch.id)
            assert.equal("Batch pause initiated. Only unstarted tasks will be paused.", answer.message)
            becomes(t, batch, "paused")
        end,
        [400] = function(t) return t.test.v2.safe:pause_batch { batch_id = t:batch_v2({ staging_batch = true }).id } end,
        [404] = no_batch "pause_batch",
    },
    ["v2.resume_batch"] = {
        works = function(t)
            local batch = waiting_batch(t)
            assert.equal(batch, batch:pause()) -- it takes what the answer says of it
            becomes(t, batch, "paused")
            local answer = t.live.v2:resume_batch { batch_name = batch.name }
            assert.equal("Batch resume initiated. Previously paused tasks will be resumed.", answer.message)
            becomes(t, batch, "in_progress")
        end,
        [400] = function(t) return t.test.v2.safe:resume_batch { batch_id = t:batch_v2().id } end,
        [404] = no_batch "resume_batch",
    },
    ["v2.cancel_batch"] = {
        works = function(t)
            local batch = waiting_batch(t)
            local answer = t.live.v2:cancel_batch { batch_id = batch.id }
            assert.equal("Batch cancellation initiated. Unstarted tasks will be cancelled.", answer.message)
            becomes(t, batch, "cancelled")
            t:eventually(function()
                return t.live:get_tasks({ batch_name = batch.name })().status == "canceled" -- one l in tasks
            end)
        end,
        [400] = function(t)
            local batch = t:batch_v2()
            assert.equal(batch, batch:cancel())
            becomes(t, batch, "cancelled")
            return t.test.v2.safe:cancel_batch { batch_id = batch.id }
        end,
        [404] = no_batch "cancel_batch",
    },
    ["v2.set_batch_metadata"] = {
        works = function(t)
            local batch = t:batch_v2 { metadata = { a = { b = 1 } } }
            batch:set_metadata({ a = { c = 2 } }, { merge = true })
            assert.same({ a = { b = 1, c = 2 } }, batch.metadata)
            t.test.v2:set_batch_metadata { batch_name = batch.name, metadata = { only = 1 } }
            assert.same({ only = 1 }, batch:refresh().metadata)
        end,
        [400] = function(t) return t:raw("POST", "/v2/batch/metadata", '{"metadata":{}}') end,
        [404] = no_batch("set_batch_metadata", { metadata = {} }),
    },
    ["v2.get_project"] = {
        works = function(t)
            local made = t:project(t.test, { task_type = "chat" })
            local project = t.test.v2:get_project { project_name = made.name }
            assert.equal(made.name, project.name)
            assert.equal(made.name, t.test.v2:get_project({ project_id = project.id }).name)
            assert.equal("ProjectV2 " .. project.id .. ", " .. made.name, tostring(project:refresh()))
        end,
        [400] = function(t) return t:raw("GET", "/v2/project") end,
        [404] = function(t) return t.test.v2.safe:get_project { project_name = t:name "no project" } end,
    },
    ["v2.get_projects"] = {
        works = function(t)
            local name, found = t:project(t.test, { task_type = "chat" }).name, 0
            for project in t.test.v2:get_projects { created_after = "2020-01-01" } do
                found = found + (project.name == name and 1 or 0)
            end
            assert.equal(1, found)
            assert.equal(0, #t.test.v2:get_projects { created_before = "2020-01-01" })
        end,
        [400] = function(t) return t.test.v2.safe:get_projects { created_after = "yesterday" } end,
    },
}
