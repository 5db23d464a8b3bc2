-- Evaluation and training tasks and fixless audits: what they do, and how each documented failure comes about. See
-- operations_spec.lua.

local assert = require "luassert"

local RIGHT = { annotations = { { type = "box", label = "cow", left = 1, top = 2, width = 3, height = 4 } } }

local function rapid(t)
    return t:project(t.live, { rapid = true }).name
end

return {
    create_evaluation_task = {
        works = function(t)
            local task = t.live:create_evaluation_task("imageannotation",
                t:fields { project = rapid(t), expected_response = RIGHT, initial_response = { annotations = {} } })
            assert.is_string(task.id)
            assert.equal("cow", task.expected_response.annotations[1].label)
            assert.is_table(task.initial_response.annotations)
            assert.equal("EvaluationTask " .. task.id, tostring(task))
        end,
        [400] = {
            function(t)
                return t.live.safe:create_evaluation_task("imageannotation",
                    t:fields { project = rapid(t), expected_response = "a word" })
            end,
        },
    },
    create_training_task = {
        works = function(t)
            local task = t.live:create_training_task("imageannotation",
                t:fields { project = rapid(t), expected_response = RIGHT })
            assert.is_string(task.id)
            assert.equal("cow", task.expected_response.annotations[1].label)
        end,
        [400] = function(t)
            return t.live.safe:create_training_task("imageannotation",
                t:fields { project = rapid(t), expected_response = "a word" })
        end,
    },
    list_quality_labelers = {
        works = function(t) assert.is_table(t.live:list_quality_labelers { limit = 10 }) end,
    },
    create_fixless_audit = {
        works = function(t)
            local task = t:completed_task()
            local audit = t.test:create_fixless_audit { task_id = task.task_id, audit_result = "accepted" }
            assert.is_string(audit.id)
            assert.equal(audit.id, t.test:get_fixless_audits({ id = audit.id })[1].id)
        end,
        [400] = function(t) return t.test.safe:create_fixless_audit {} end,
    },
    get_fixless_audits = {
        works = function(t)
            local task, other = t:completed_task(), t:completed_task()
            local audit = t.test:create_fixless_audit { task_id = task.task_id, audit_result = "rejected" }
            t.test:create_fixless_audit { task_id = other.task_id, audit_result = "accepted" }
            local audits = t.test:get_fixless_audits { task_id = task.task_id }
            assert.same({ 1, audit.id }, { #audits, audits[1].id })
        end,
    },
}
