--[[
sandbox.assumptions - what nobody has published about Scale's API, and what the sandbox takes for true. Each is a
switch, so that a client can be tried against the opposite:

    sandbox.start { assume = { last_page_token = "null" } }
--]]

local unknown = require "scaleapi.sandbox.spelling"

local assumptions = {
    audit_answer = { "ok", "task" },                -- the body of a successful audit: a plain OK, or the task
    audit_only_completed = { true, false },         -- other tasks are refused with 400
    batch_metadata = { "replace", "merge" },        -- what a batch's setMetadata does with the keys that are not sent
    bounds = { "inclusive", "exclusive" },          -- of times in lists: what lies exactly on one is within, or not
    canceled_frees_unique_id = { false, true },     -- canceling a task frees its unique_id without being asked
    customer_review_pending = { true, false },      -- a completed task has a review status before an audit
    empty_history = { false, true },                -- param_history of a project made without params is [], not [{…}]
    error_can_be_canceled = { false, true },        -- canceling a task in error is not refused
    fixless_audit_reviews = { true, false },        -- a fixless audit changes the task's review status
    idempotent_repeat = { 409, 200 },               -- the same request with the same Idempotency-Key: 200 is its answer
    invited_can_be_assigned = { true, false },      -- to projects; they show once they have come
    last_page_token = { "absent", "null" },         -- next_token of the last page of tasks
    limit_too_high = { 400, 200 },                  -- a limit above 100: 200 answers with 100
    live_needs_project = { true, false },           -- a task made with a live key needs a project or batch
    missing_batch_project = { 404, 400 },           -- a batch in a project that is unknown
    missing_filter = { 200, 404 },                  -- tasks of a project or batch that is unknown: no list
    missing_place = { 400, 404 },                   -- a task in a project or batch that is unknown
    quality_needs_rapid = { true, false },          -- evaluation and training tasks only in Rapid projects
    second_finalize = { 400, 200 },                 -- finalizing a Rapid or Studio batch again
    signed_attachments = { false, true },           -- include_attachment_url adds attachment_url to tasks
    started_can_be_canceled = { false, true },      -- canceling a task that is worked on already is not refused
    studio_needs_live = { false, true },            -- test keys are refused by Studio, with 400
    tags_gone = { "empty", "absent" },              -- tags of a task after its last one was removed
    tags_match = { "all", "any" },                  -- of several tags asked for
    textcollection_response = { "described", "plain" }, -- values with type and field_id, or alone
    unknown_type = { 404, 400 },                    -- a task of a type that is unknown
    zero_counts = { true, false },                  -- a batch's status names counts that are 0

    -- of the second API
    v2_delivery_expanded = { false, true },         -- a page of a delivery's tasks names it whole, unasked
    v2_empty_batch_pauses = { true, false },        -- pausing a batch without tasks does something
    v2_missing_place = { 404, 400 },                -- a task or batch in a project or batch that is unknown
    v2_operation_shows = { "after", "before" },     -- the status of the batch that pause, resume and cancel answer
    v2_refused_transition = { 400, 409 },           -- finalizing, pausing … a batch that cannot be
    v2_unknown_filter = { 404, "empty" },           -- a list of a project or batch that is unknown
    v2_unlisted_choice = { 400, "ignored" },        -- an `expand` or `opts` that the operation does not know
}

local names = {}
for name in pairs(assumptions) do table.insert(names, name) end
table.sort(names)

local module = {}

--- All of them, with those in `chosen` (name -> value) changed. Returns nil and what is wrong with it.
function module.complete(chosen)
    local all = {}
    for name, values in pairs(assumptions) do all[name] = values[1] end
    for name, value in pairs(chosen or {}) do
        local values = assumptions[name]
        if not values then
            return nil, unknown("assumption", name, names)
        elseif value ~= values[1] and value ~= values[2] then
            return nil, ("assumption %s must be %s or %s, not %s"):format(name, tostring(values[1]),
                tostring(values[2]), tostring(value))
        end
        all[name] = value
    end
    return all
end

--- What "name=value" chooses: the name, and the value as it is meant, which is the text itself if it is neither of
--- the two. Returns nil and what is wrong with it.
function module.parse(text)
    local name, value = text:match "^([%w_%-]+)=(.*)$"
    if not name then return nil, ("an assumption is written NAME=VALUE, not '%s'"):format(text) end
    name = name:gsub("-", "_")
    for _, each in ipairs(assumptions[name] or {}) do
        if tostring(each) == value then return name, each end
    end
    return name, value
end

--- The values that an assumption may have, by name.
module.values = assumptions

return module
