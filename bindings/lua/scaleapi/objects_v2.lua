--[[
scaleapi.objects_v2 - what answers of the second API become. Threads, turns, messages and annotations inside a task are
plain tables; a field that may be an id or the whole object (project, batch, delivery) is what the server sent.
--]]

local json = require("scaleapi.core").json
local document = require "scaleapi.document"

-- A method that sends metadata; with { merge = true } it is merged into what is there.
local function metadata_method(class, operation, identifier_name, identifier)
    document.invoking(class, "set_metadata", operation, function(self, metadata, ...)
        return { [identifier_name] = document.own(self, identifier), metadata = metadata }, ...
    end)
end

-- A method of a class that is found by its id, sent under that name.
local function method(class, name, operation, identifier_name, identifier)
    document.invoking(class, name, operation, function(self, ...)
        return { [identifier_name] = document.own(self, identifier) }, ...
    end)
end

local Task = document.class("TaskV2", { "task_id", "status" })
method(Task, "refresh", "v2.get_task", "task_id", "task_id")
metadata_method(Task, "v2.set_task_metadata", "task_id", "task_id")

local Batch = document.class("BatchV2", { "name", "status" })
method(Batch, "refresh", "v2.get_batch", "batch_id", "id")
method(Batch, "finalize", "v2.finalize_batch", "batch_id", "id")
method(Batch, "pause", "v2.pause_batch", "batch_id", "id")
method(Batch, "resume", "v2.resume_batch", "batch_id", "id")
method(Batch, "cancel", "v2.cancel_batch", "batch_id", "id")
metadata_method(Batch, "v2.set_batch_metadata", "batch_id", "id")

-- What pausing, resuming and canceling answer: the batch as it was then, and what the server says of it.
local BatchOperation = document.class("BatchOperation", { "message" }, {
    batch = function(self)
        local bytes = document.raw(self, "batch")
        if not bytes or json.type(bytes) ~= "object" then return nil end
        local batch = Batch.new(self._client, bytes, self._operation)
        rawset(self, "batch", batch)
        return batch
    end,
})

-- A batch that is paused takes what the answer says of it.
document.takes(Batch, BatchOperation, function(operation) return operation.batch end)

local Project = document.class("ProjectV2", { "id", "name" })
method(Project, "refresh", "v2.get_project", "project_id", "id")

local Annotation = document.class("Annotation", { "id", "key", "type" })
method(Annotation, "refresh", "v2.get_annotation", "annotation_id", "id")

local DatasetTask = document.class("DatasetTask", { "task_id" })
method(DatasetTask, "refresh", "v2.get_dataset_task", "task_id", "task_id")

-- What is in it: { id, json }, json being a text that holds the schema.
local Schema = document.class("Schema", {}, {
    id = function(self) return self.schema.id end,
    content = function(self) return json.decode(self.schema.json) end,
})

return {
    TaskV2 = Task,
    BatchV2 = Batch,
    BatchOperation = BatchOperation,
    ProjectV2 = Project,
    Annotation = Annotation,
    Delivery = document.class("Delivery", { "id", "name" }),
    DeliveredTask = document.class("DeliveredTask", { "task_id" }),
    Dataset = document.class("Dataset", { "id", "name" }),
    DatasetDelivery = document.class("DatasetDelivery", { "id", "name" }),
    DatasetTask = DatasetTask,
    Schema = Schema,
}
