--[[
scaleapi.objects - what answers become: Task, Batch, BatchStatus, Project, TaskTemplate and File, each a
document with the methods that the official SDK gives it. A method that changes the thing on the server
updates the object.
--]]

local json = require("scaleapi.core").json
local document = require "scaleapi.document"

local objects = {}

-- ------------------------------------------------------------------- Task

local Task = document.class("Task", { "task_id", "type", "status" })

document.method(Task, "refresh", "get_task", "task_id")
document.method(Task, "cancel", "cancel_task", "task_id")
document.method(Task, "audit", "audit_task", "task_id")
document.method(Task, "update_unique_id", "update_task_unique_id", "task_id")
document.method(Task, "clear_unique_id", "clear_task_unique_id", "task_id")
document.method(Task, "set_metadata", "set_task_metadata", "task_id")
document.method(Task, "set_tags", "set_task_tags", "task_id")
document.method(Task, "add_tags", "add_task_tags", "task_id")
document.method(Task, "delete_tags", "delete_task_tags", "task_id")

-- ------------------------------------------------------------------ Batch

-- Counts of zero may be missing from the answer; some servers spell them tasks_pending and so on.
local function count(name)
    return function(self)
        local bytes = rawget(self, "_json")
        return json.field(bytes, name) or json.field(bytes, "tasks_" .. name) or 0
    end
end

local BatchStatus = document.class("BatchStatus", { "status" }, {
    pending = count "pending",
    completed = count "completed",
    error = count "error",
    canceled = count "canceled",
})

-- As the SDK's Batch: the counts are there once get_status was called.
local function last_count(name)
    return function(self)
        local status = rawget(self, "_status")
        return status and status[name]
    end
end

local Batch = document.class("Batch", { "name", "status" }, {
    tasks_pending = last_count "pending",
    tasks_completed = last_count "completed",
    tasks_error = last_count "error",
    tasks_canceled = last_count "canceled",
})

document.method(Batch, "refresh", "get_batch", "name")
document.method(Batch, "finalize", "finalize_batch", "name")
document.method(Batch, "set_metadata", "set_batch_metadata", "name")
document.method(Batch, "fetch_status", "batch_status", "name")

--- Asks for the batch's status and counts: updates status and tasks_pending, tasks_completed, tasks_error,
--- tasks_canceled, and returns the BatchStatus.
function Batch.methods.get_status(self)
    local status = self:fetch_status()
    rawset(self, "_status", status)
    rawset(self, "status", status.status)
    return status
end

-- ---------------------------------------------------------------- Project

-- The last version of the project's params, or an empty table.
local function newest_params(self)
    local history = self.param_history
    return type(history) == "table" and history[#history] or {}
end

local Project = document.class("Project", { "name", "type" }, {
    params = newest_params,
    version = function(self) return newest_params(self).version end,
    instruction = function(self) return newest_params(self).instruction end,
})

document.method(Project, "refresh", "get_project", "name")
document.method(Project, "update", "update_project", "name")
document.method(Project, "get_template", "get_project_template", "name")

local TaskTemplate = document.class("TaskTemplate", { "id", "version" })
local File = document.class("File", { "id", "attachment_url" })

--- By the answer kind of an operation's row.
objects.by_answer = {
    task = Task,
    batch = Batch,
    batch_status = BatchStatus,
    project = Project,
    template = TaskTemplate,
    file = File,
}

return objects
