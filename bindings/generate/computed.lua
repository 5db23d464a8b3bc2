--[[
bindings.generate.computed - what objects have beside the fields that the server sends, as "name? type about".
--]]

return {
    Batch = {
        "tasks_pending? integer Once get_status was called", "tasks_completed? integer", "tasks_error? integer",
        "tasks_canceled? integer",
    },
    Project = {
        "params table The newest version of its params", "version? integer Of the newest params",
        "instruction? string Of the newest params",
    },
    Teammate = {
        "first_name? string", "last_name? string", "is_studio_labeler? boolean", "disable_rapid_emails? boolean",
    },
    StudioProjectGroup = { "num_workers integer", "is_singleton boolean" },
    StudioBatch = { "project_id string", "project_name string", "batch_type string", "studio_priority? number" },
    Schema = { "id? string", "content any The schema, decoded" },
}
