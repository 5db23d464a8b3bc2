-- Batches of the first API: what they do, and how each documented failure comes about. See operations_spec.lua.

local assert = require "luassert"

local function no_batch(name, ...)
    local more = table.pack(...)
    return function(t) return t.test.safe[name](t.test.safe, t:name "no batch", table.unpack(more)) end
end

return {
    create_batch = {
        works = function(t)
            local project, name = t:project(t.test), t:name "batch"
            local batch = t.test:create_batch { project = project.name, batch_name = name, metadata = { a = 1 },
                callback = "https://example.com/done" }
            assert.same({ name, project.name, "in_progress", { a = 1 } },
                { batch.name, batch.project, batch.status, batch.metadata })
            assert.equal(name, t.test:get_batch(name).name)
            assert.equal("staging", t:batch(t.live, nil, { rapid = true }).status)
        end,
        [400] = function(t) return t.test.safe:create_batch(t:project(t.test).name, "") end,
        [404] = function(t) return t.test.safe:create_batch(t:name "no project", t:name "batch") end,
        [409] = function(t)
            local batch = t:batch(t.test)
            return t.test.safe:create_batch(t:project(t.test).name, batch.name) -- unique over all projects
        end,
    },
    get_batch = {
        works = function(t)
            local made = t:batch(t.test)
            local batch = t.test:get_batch(made.name)
            assert.same({ made.name, made.project, made.created_at }, { batch.name, batch.project, batch.created_at })
            assert.equal(made.name, made:refresh().name)
        end,
        [404] = no_batch "get_batch",
    },
    get_batches = {
        works = function(t)
            local project, made = t:project(t.test), {}
            for _ = 1, 5 do made[t:batch(t.test, { project = project.name }).name] = true end
            local found = {}
            for batch in t.test:get_batches { project_name = project.name, limit = 2 } do
                assert.is_nil(found[batch.name])
                found[batch.name] = true
            end
            assert.same(made, found)
            local page = t.test:batches { project_name = project.name, batch_status = "in_progress", limit = 1 }
            assert.same({ 5, 1, true }, { page.total, #page.docs, page.has_more })
            assert.equal(0, #t.test:get_batches({ project_name = project.name, batch_status = "staging" }):list())
        end,
        [400] = {
            function(t)
                return t.test.safe:batches { project_name = t:batch(t.test).project, created_after = "yesterday" }
            end,
            or_works = "[assumed] that filters are checked",
        },
    },
    batch_status = {
        works = function(t)
            local batch = t:batch(t.test)
            for _ = 1, 2 do t:task(t.test, { batch = batch.name }) end
            t:eventually(function() return t.test:batch_status(batch.name).completed == 2 end)
            local status = batch:get_status()
            assert.same({ 0, 2, 0, 0 }, { status.pending, status.completed, status.error, status.canceled })
            assert.same({ 0, 2 }, { batch.tasks_pending, batch.tasks_completed })
            assert.equal(status.status, batch.status)
        end,
        [404] = no_batch "batch_status",
    },
    finalize_batch = {
        works = function(t)
            local batch = t:batch(t.live, nil, { rapid = true })
            t:task(t.live, { batch = batch.name })
            assert.equal("in_progress", batch:finalize().status)
            assert.equal("in_progress", t.live:get_batch(batch.name).status)
            local plain = t:batch(t.test)
            assert.equal(plain.name, t.test:finalize_batch(plain.name).name) -- nothing to do, and fine
        end,
        [400] = {
            function(t)
                local batch = t:batch(t.live, nil, { rapid = true })
                t:task(t.live, { batch = batch.name })
                batch:finalize()
                return t.live.safe:finalize_batch(batch.name)
            end,
            or_works = "a remark in one official example alone: [assumed] that it is so everywhere",
        },
        [404] = no_batch "finalize_batch",
    },
    set_batch_metadata = {
        works = function(t)
            local batch = t:batch(t.test, { metadata = { old = 1 } })
            batch:set_metadata { new = "é" }
            assert.equal("é", batch.metadata.new) -- [assumed] that the old ones are gone, or are not
            assert.equal("é", t.test:get_batch(batch.name).metadata.new)
        end,
        [400] = function(t)
            local batch = t:batch(t.test, { batch_name = "spec-" .. t:name("batch"):gsub("[^%w]", "-") })
            return t:raw("POST", "/v1/batches/" .. batch.name .. "/setMetadata", "[1]")
        end,
        [404] = no_batch("set_batch_metadata", {}),
    },
    prioritize_batch = {
        works = function(t) assert.is_truthy(t.test:prioritize_batch(t:batch(t.test).name, 20)) end,
        [404] = no_batch("prioritize_batch", 20),
    },
}
