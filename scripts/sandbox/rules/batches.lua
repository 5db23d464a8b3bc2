--[[
sandbox.rules.batches - batches of the first API.
--]]

local bounds = require "scaleapi.sandbox.bounds"
local documents = require "scaleapi.sandbox.documents"
local merge = require "scaleapi.sandbox.merge"
local store = require "scaleapi.sandbox.store"
local wire = require "scaleapi.sandbox.wire"

local refuse = wire.refuse

local STATUSES = { staging = true, in_progress = true, completed = true }

local function find(c, name)
    return c.account.batches[name] or refuse(404, "Batch with that name not found.")
end

-- ----------------------------------------------------------------- creating

local function flag(fields, name, project)
    local on = wire.optional(fields, name, "boolean") == "true"
    if on and project.kind ~= "rapid" then
        wire.refuse_parameter(name, "needs a Rapid project")
    end
    return on
end

local function create(c)
    local fields = wire.fields(c.request.body)
    local project_name = wire.needed_text(fields, "project")
    local name = wire.needed_text(fields, "name")
    local callback = wire.optional(fields, "callback", "string")
    local project = c.account.projects[project_name]
    if not project then refuse(c.world.assume.missing_batch_project, "Project with that name not found.") end
    local batch = {
        name = name, project = project, staged = project.kind ~= "standard",
        metadata = wire.optional(fields, "metadata", "object") or "{}",
        callback = callback ~= '""' and callback or nil,
        calibration = flag(fields, "calibration_batch", project),
        self_label = flag(fields, "self_label_batch", project),
    }
    if c.account.batches[name] then refuse(409, 'Batch with name "%s" already exists.', name) end
    store.add_batch(c.account, batch)
    return documents.batch(c.world, batch)
end

-- ---------------------------------------------------------------- one batch

local function get(c, name)
    return documents.batch(c.world, find(c, name))
end

local function status(c, name)
    return documents.batch_status(c.world, find(c, name))
end

-- Batches of projects that are neither Rapid nor Studio have nothing to be finalized; asking for it is fine.
local function finalize(c, name)
    local batch = find(c, name)
    if store.batch_status(batch) == "staging" then
        store.release(c.account, batch)
    elseif batch.staged and c.world.assume.second_finalize == 400 then
        refuse(400, "Batch in status %s cannot be finalized.", store.batch_status(batch))
    end
    return documents.batch(c.world, batch)
end

local function set_metadata(c, name)
    local batch = find(c, name)
    local sent = wire.object_body(c.request.body)
    batch.metadata = c.world.assume.batch_metadata == "merge" and merge(batch.metadata, sent) or sent
    return documents.batch(c.world, batch)
end

local function prioritize(c, name)
    local batch = find(c, name)
    local priority = wire.needed(wire.fields(c.request.body), "priority", "integer")
    local number = tonumber(priority)
    if number < 10 or number > 30 then wire.refuse_parameter("priority", "must be between 10 and 30") end
    batch.priority = priority
    return '{"result":"success"}'
end

-- --------------------------------------------------------------------- lists

-- A function that tells whether a batch is asked for.
local function read_filters(c, query)
    local project, wanted = wire.last(query, "project"), wire.last(query, "status")
    if project and not c.account.projects[project] and c.world.assume.missing_filter == 404 then
        refuse(404, "Project with that name not found.")
    end
    if wanted and not STATUSES[wanted] then
        wire.refuse_parameter("status", "must be one of staging, in_progress, completed")
    end
    local exclude_archived = wire.boolean(query, "exclude_archived", false)
    local is_created = bounds.test(query, "start_time", "end_time", c.world.assume)
    local is_completed = bounds.test(query, "completed_after", "completed_before", c.world.assume)
    local is_audited = bounds.test(query, "audited_after", "audited_before", c.world.assume)
    return function(batch)
        local now = store.batch_status(batch)
        return (not project or batch.project.name == project) and (not wanted or now == wanted)
            and is_created(batch.created) and is_completed(now == "completed" and batch.ended)
            and is_audited(batch.audited) and not (exclude_archived and batch.archived)
    end
end

local function list(c)
    local query = c:query()
    local limit = wire.limit(query, c.world.assume)
    local offset = wire.integer(query, "offset", 0, 0, math.maxinteger)
    local detailed = wire.boolean(query, "detailed", false)
    local is_wanted = read_filters(c, query)
    local docs, total = {}, 0
    for i = #c.account.batches, 1, -1 do
        local batch = c.account.batches[i]
        if is_wanted(batch) then
            total = total + 1
            if total > offset and #docs < limit then docs[#docs + 1] = documents.batch(c.world, batch, detailed) end
        end
    end
    return ('{"docs":[%s],"totalDocs":%d,"limit":%d,"offset":%d,"has_more":%s}'):format(
        table.concat(docs, ","), total, limit, offset, total - offset > #docs)
end

return {
    { "POST", "/v1/batches", create },
    { "GET", "/v1/batches", list },
    { "GET", "/v1/batches/{name}", get },
    { "GET", "/v1/batches/{name}/status", status },
    { "POST", "/v1/batches/{name}/finalize", finalize },
    { "POST", "/v1/batches/{name}/setMetadata", set_metadata },
    { "POST", "/v1/batches/{name}/prioritize", prioritize },
}
