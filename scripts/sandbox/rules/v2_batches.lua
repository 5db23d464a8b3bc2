--[[
sandbox.rules.v2_batches - batches of the second API: get, list, create, metadata, and the transitions from one status
to another.
--]]

local documents = require "scaleapi.sandbox.documents_v2"
local merge = require "scaleapi.sandbox.merge"
local pages = require "scaleapi.sandbox.pages"
local store = require "scaleapi.sandbox.store"
local v2 = require "scaleapi.sandbox.v2"
local wire = require "scaleapi.sandbox.wire"

local refuse = wire.refuse

local EXPANDABLE = { "project" }
local STATUSES = { "staging", "in_progress", "completed", "paused", "cancelled" }

local function find(c, given)
    return v2.batch(c, given) or refuse(400, "Provide batch_id or batch_name.")
end

local function get(c)
    local view = v2.view(c, EXPANDABLE)
    return documents.batch(view, find(c, v2.from_query(c)))
end

local function list(c)
    local given, view = v2.from_query(c), v2.view(c, EXPANDABLE)
    local project, _, unknown = v2.filters(c, given)
    local status = v2.one_of(given, "status", STATUSES)
    local is_created, is_completed = v2.bounds(c, "created"), v2.bounds(c, "completed")
    local page, next_token = pages.read(c, {
        items = unknown and {} or c.account.batches,
        id_of = function(batch) return batch.id end,
        find = function(id) return store.with_id(c.account.batches, id) end,
        is_wanted = function(batch)
            local state = store.batch_state(batch)
            return (not project or batch.project == project) and (not status or state == status)
                and is_created(batch.created) and is_completed(state == "completed" and batch.ended or nil)
        end,
    })
    return '{"batches":' .. pages.render(page, documents.batch, view) .. next_token .. "}"
end

-- The project that a new batch is to lie in. An example of the documentation has `project`, an id or a name.
local function project_for(c, given)
    local status, either = c.world.assume.v2_missing_place, given "project"
    local project = v2.project(c, given, status)
        or either and (store.with_id(c.account.projects, either) or v2.project(c, function(name)
            return name == "project_name" and either or nil
        end, status))
    return project or refuse(400, "Provide project_id or project_name.")
end

local function create(c)
    local fields = wire.fields(c.request.body)
    local given = v2.from_body(fields)
    local name = wire.needed_text(fields, "name")
    local batch = {
        name = name, project = project_for(c, given),
        staged = wire.optional(fields, "staging_batch", "boolean") == "true",
        metadata = wire.optional(fields, "metadata", "object") or "{}",
        callback = given "callback" and fields.values.callback,
        calibration = false, self_label = false,
    }
    if c.account.batches[name] then refuse(409, 'Batch with name "%s" already exists.', name) end
    store.add_batch(c.account, batch)
    return documents.batch(v2.plain_view(c), batch)
end

local function set_metadata(c)
    local fields = wire.fields(c.request.body)
    local batch = find(c, v2.from_body(fields))
    local metadata = wire.needed(fields, "metadata", "object")
    local merges = wire.optional(fields, "merge", "boolean") == "true"
    batch.metadata = merges and merge(batch.metadata, metadata) or metadata
    return documents.batch(v2.plain_view(c), batch)
end

-- -------------------------------------------------------------- transitions

-- The batch that is asked for; refuses one that is not in a status from which the transition may be made.
local function find_in(c, from, done)
    local batch = find(c, v2.from_body(wire.fields(c.request.body)))
    local state = store.batch_state(batch)
    if not from[state] then
        refuse(c.world.assume.v2_refused_transition, "Batch in status %s cannot be %s.", state, done)
    end
    return batch
end

local function finalize(c)
    local batch = find_in(c, { staging = true }, "finalized")
    store.release(c.account, batch)
    return documents.batch(v2.plain_view(c), batch)
end

-- A rule for what is only said to have begun: { from, done, message, change }.
local function operation(of)
    return function(c)
        local batch, view = find_in(c, of.from, of.done), v2.plain_view(c)
        local before = documents.batch(view, batch)
        of.change(c, batch)
        local shown = c.world.assume.v2_operation_shows == "before" and before or documents.batch(view, batch)
        return '{"batch":' .. shown .. ',"message":' .. wire.quote(of.message) .. "}"
    end
end

local pause = operation {
    from = { in_progress = true }, done = "paused",
    message = "Batch pause initiated. Only unstarted tasks will be paused.",
    change = function(c, batch)
        if #batch.tasks > 0 or c.world.assume.v2_empty_batch_pauses then store.pause(batch) end
    end,
}

local resume = operation {
    from = { paused = true }, done = "resumed",
    message = "Batch resume initiated. Previously paused tasks will be resumed.",
    change = function(c, batch) store.resume(c.account, batch) end,
}

local cancel = operation {
    from = { staging = true, in_progress = true, paused = true }, done = "cancelled",
    message = "Batch cancellation initiated. Unstarted tasks will be cancelled.",
    change = function(c, batch) store.cancel_batch(c.account, batch) end,
}

return {
    { "GET", "/v2/batch", get, query = { "batch_id", "batch_name", "expand" } },
    { "GET", "/v2/batches", list, query = { "project_id", "project_name", "status", "created_after", "created_before",
        "completed_after", "completed_before", "limit", "next_token", "expand" } },
    { "POST", "/v2/batch", create },
    { "POST", "/v2/batch/finalize", finalize },
    { "POST", "/v2/batch/pause", pause },
    { "POST", "/v2/batch/resume", resume },
    { "POST", "/v2/batch/cancel", cancel },
    { "POST", "/v2/batch/metadata", set_metadata },
}
