--[[
scaleapi.objects - what answers become: Task, Batch, Project and so on, each a document with the methods that the
official SDK gives it. A method that changes the thing on the server updates the object. Those of the second API are
in objects_v2.lua.
--]]

local json = require("scaleapi.core").json
local document = require "scaleapi.document"
local errors = require "scaleapi.errors"
local objects_v2 = require "scaleapi.objects_v2"

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
        return document.own(self, name) or document.own(self, "tasks_" .. name) or 0
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

Batch.calls.get_status = "batch_status"

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
local EvaluationTask = document.class("EvaluationTask", { "id" })
local TrainingTask = document.class("TrainingTask", { "id" })
local FixlessAudit = document.class("FixlessAudit", { "id" })

-- ------------------------------------------------------------------ teams

-- The API's own name of a field that the SDK spells otherwise.
local function spelled(name)
    return function(self) return self[name] end
end

local Teammate = document.class("Teammate", { "email", "role" }, {
    first_name = spelled "firstName",
    last_name = spelled "lastName",
    is_studio_labeler = spelled "isStudioLabeler",
    disable_rapid_emails = spelled "disableRapidEmails",
})

--- Gives the member another role: labeler, member or manager. The answer has all members; this one is updated from it.
function Teammate.methods.update_role(self, role, ...)
    local named = { emails = { document.own(self, "email") }, role = role }
    local how, members = self._client:_invoke("update_teammates_role", named, ...)
    if how == "usage" then error(members, 2) end
    if how == "failed" then errors.raise(members, 2) end
    for _, member in ipairs(members) do
        if member.email == self.email then return document.replace(self, document.bytes(member)) end
    end
    return self
end

Teammate.methods.update_teammate_role = Teammate.methods.update_role
Teammate.calls.update_role, Teammate.calls.update_teammate_role = "update_teammates_role", "update_teammates_role"

-- ----------------------------------------------------------------- Studio

-- The elements of an array field as documents of a class; an empty list where there is none.
local function documents_of(class, name)
    return function(self)
        local bytes = document.raw(self, name)
        local list = json.array()
        for i, element in ipairs(bytes and json.type(bytes) == "array" and json.elements(bytes) or {}) do
            list[i] = class.new(self._client, element, self._operation)
        end
        rawset(self, name, list)
        return list
    end
end

local StudioWorker = document.class("StudioWorker", { "id", "email" })
local StudioProjectGroup = document.class("StudioProjectGroup", { "name" }, {
    num_workers = spelled "numWorkers",
    is_singleton = spelled "isSingleton",
    workers = documents_of(StudioWorker, "workers"),
})
local StudioBatch = document.class("StudioBatch", { "name" }, {
    project_id = spelled "projectId",
    project_name = spelled "projectName",
    batch_type = spelled "batchType",
    studio_priority = spelled "studioPriority",
})

-- The value of a map of assignments is an array of project names; its key, the e-mail address, is put beside it.
local StudioLabelerAssignment = document.class("StudioLabelerAssignment", { "email" })

-- The map as a table: e-mail address -> StudioLabelerAssignment.
local function assignments(client, bytes, operation)
    local map = {}
    local emails, projects = json.members(bytes)
    for i, email in ipairs(emails) do
        local text = ('{"email":%s,"assigned_projects":%s}'):format(json.encode(email), projects[i])
        map[email] = StudioLabelerAssignment.new(client, text, operation)
    end
    return map
end

-- ---------------------------------------------------------------- by name

local classes = {
    Task = Task,
    Batch = Batch,
    BatchStatus = BatchStatus,
    Project = Project,
    TaskTemplate = TaskTemplate,
    File = File,
    EvaluationTask = EvaluationTask,
    TrainingTask = TrainingTask,
    FixlessAudit = FixlessAudit,
    Teammate = Teammate,
    StudioProjectGroup = StudioProjectGroup,
    StudioBatch = StudioBatch,
    StudioAssignments = { new = assignments },
}
for name, class in pairs(objects_v2) do classes[name] = class end

local objects = { classes = classes } -- by the names that rows have for them

--- An object of the kind that a row names, of these bytes.
function objects.new(client, kind, bytes, operation)
    return classes[kind].new(client, bytes, operation)
end

return objects
