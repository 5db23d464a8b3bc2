--[[
sandbox.documents - tasks, batches, projects and files as JSON. What a client sent is in them byte by byte.
--]]

local json = require("scaleapi").json
local responses = require "scaleapi.sandbox.responses"
local store = require "scaleapi.sandbox.store"
local times = require "scaleapi.sandbox.times"
local wire = require "scaleapi.sandbox.wire"

local documents = {}
local quote = wire.quote

local function texts(values)
    local quoted = {}
    for i, value in ipairs(values) do quoted[i] = quote(value) end
    return "[" .. table.concat(quoted, ",") .. "]"
end

-- -------------------------------------------------------------------- tasks

local function params_of(task)
    return json.raw_field("{" .. task.fixed .. "}", "params")
end

local function response_of(task)
    local params = params_of(task)
    if task.status == "error" then return responses.make_error(responses.unreachable(params)) end
    return responses.make({ id = store.id_of(task), number = task.number, type = store.type_of(task) }, params)
end

--- One of a task's audits.
function documents.audit(time, accepted, comments)
    return ('{"audited_by":"customer@sandbox.invalid","audited_at":"%s","audit_time_secs":0,"audit_result":"%s",'
        .. '"comments":%s}'):format(times.format(time), accepted and "accepted" or "rejected", comments or "null")
end

--- accepted, rejected or pending; nil for a task that has not been completed.
function documents.review_status(world, task)
    if task.review then return task.review end
    return task.status == "completed" and world.assume.customer_review_pending and "pending" or nil
end

local function add_outcome(parts, world, task)
    if task.completed then
        parts[#parts + 1] = ',"completed_at":"' .. times.format(task.completed) .. '"'
        if task.fixed:find('"callback_url":', 1, true) then parts[#parts + 1] = ',"callback_succeeded":true' end
    end
    local review = documents.review_status(world, task)
    if review then parts[#parts + 1] = ',"customer_review_status":"' .. review .. '"' end
    if task.audits then parts[#parts + 1] = ',"audits":[' .. table.concat(task.audits, ",") .. "]" end
    if task.completed or task.status == "error" then
        local response = response_of(task)
        if response then parts[#parts + 1] = ',"response":' .. response end
    end
end

--- A task. `signed` adds the address of its attachment, if the assumption is that there is one.
function documents.task(world, task, signed)
    local parts = { "{", task.fixed, ',"status":"', task.status, '","updated_at":"', times.format(task.updated),
        '","metadata":', task.metadata or "{}" }
    if task.unique_id then parts[#parts + 1] = ',"unique_id":' .. quote(task.unique_id) end
    if task.tags then parts[#parts + 1] = ',"tags":' .. texts(task.tags) end
    add_outcome(parts, world, task)
    if signed and world.assume.signed_attachments then
        local attachment = json.raw_field(params_of(task), "attachment")
        if attachment then parts[#parts + 1] = ',"attachment_url":' .. attachment end
    end
    parts[#parts + 1] = "}"
    return table.concat(parts)
end

--- What limited_response shows of a task.
function documents.limited_task(_, task)
    local project = task.project and ',"project":' .. quote(task.project.name) or ""
    return ('{"task_id":"%s","status":"%s","metadata":'):format(store.id_of(task), task.status)
        .. (task.metadata or "{}") .. project .. "}"
end

-- ------------------------------------------------------------------ batches

-- ,"pending":1,… of the counts; those that are 0 only if that is assumed.
local function counts(world, batch)
    local parts = {}
    for _, status in ipairs { "pending", "completed", "error", "canceled" } do
        local count = batch.counts[status]
        if count > 0 or world.assume.zero_counts then
            parts[#parts + 1] = (',"%s":%d'):format(status, count)
        end
    end
    return table.concat(parts)
end

--- A batch; with `detailed` its tasks are counted.
function documents.batch(world, batch, detailed)
    local status = store.batch_status(batch)
    return table.concat {
        '{"name":', quote(batch.name), ',"project":', quote(batch.project.name),
        ',"status":"', status, '","created_at":"', times.format(batch.created), '","metadata":', batch.metadata,
        batch.callback and ',"callback":' .. batch.callback or "",
        status == "completed" and ',"completed_at":"' .. times.format(batch.ended) .. '"' or "",
        ',"calibration_batch":', tostring(batch.calibration), ',"self_label_batch":', tostring(batch.self_label),
        batch.priority and ',"priority":' .. batch.priority or "",
        detailed and counts(world, batch) or "",
        ',"archived":false}',
    }
end

--- A batch's status and how many of its tasks are how far.
function documents.batch_status(world, batch)
    return '{"status":"' .. store.batch_status(batch) .. '"' .. counts(world, batch) .. "}"
end

-- ----------------------------------------------------------------- projects

local function version(params, number)
    local parts = {}
    for i, name in ipairs(params.names) do
        parts[i] = params.spelled[name] .. ":" .. params.values[name] .. ","
    end
    return ('{%s"version":%d,"created_at":"%s"}'):format(table.concat(parts), number, times.format(params.created))
end

--- A project.
function documents.project(_, project)
    local versions = {}
    for i, params in ipairs(project.versions) do versions[i] = version(params, i - 1) end
    return table.concat {
        '{"name":', quote(project.name), ',"type":"', project.type, '","projectType":"', project.kind,
        '","created_at":"', times.format(project.created), '","created_with":"api","archived":false',
        project.echo,
        project.ontologies and ',"ontologies":[' .. table.concat(project.ontologies, ",") .. "]" or "",
        ',"param_history":[', table.concat(versions, ","), "]}",
    }
end

--- A project's task template.
function documents.template(_, project)
    local created = times.format(project.created)
    return ('{"id":"%s","version":%d,"created_at":"%s","updated_at":"%s","template_variables":{},'
        .. '"response_schema":null,"auto_onboard_enabled":false}'):format(project.template_id,
        math.max(#project.versions - 1, 0), created, created)
end

-- -------------------------------------------------------------------- files

--- A file.
function documents.file(_, file)
    local created = times.format(file.created)
    return table.concat {
        '{"id":"', file.id, '","attachment_url":', quote(file.url),
        ',"created_at":"', created, '","updated_at":"', created, '","mime_type":', quote(file.mime_type),
        file.size and (',"size":%d'):format(file.size) or "", ',"project_names":', texts(file.project_names),
        file.display_name and ',"display_name":' .. quote(file.display_name) or "",
        file.reference_id and ',"reference_id":' .. quote(file.reference_id) or "",
        file.metadata and ',"metadata":' .. file.metadata or "", "}",
    }
end

return documents
