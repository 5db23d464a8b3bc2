--[[
sandbox.documents - tasks, batches, projects and files as JSON. What a client sent is in them byte by byte.
--]]

local json = require("scaleapi").json
local responses = require "scaleapi.sandbox.responses"
local store = require "scaleapi.sandbox.store"
local times = require("scaleapi").times
local wire = require "scaleapi.sandbox.wire"

local documents = {}
local quote = wire.quote

local function texts(values)
    local quoted = {}
    for i, value in ipairs(values) do quoted[i] = quote(value) end
    return "[" .. table.concat(quoted, ",") .. "]"
end

-- -------------------------------------------------------------------- tasks

--- What a task that is completed or in error has for an answer, as JSON; nil for a type that has none. `form` is
--- that of textcollection's values (see assumptions.lua).
function documents.response(task, form)
    local params = store.params_of(task)
    if task.status == "error" then return responses.make_error(responses.unreachable(params), task.failure) end
    return responses.make(store.id_of(task), task.number, store.type_of(task), params, form)
end

--- Where the file of a task's response is that has this UUID in its address; nil if there is none.
function documents.response_url(task, uuid)
    if not task.completed or not uuid:find "^[%x%-]+$" or #uuid ~= 36 then return nil end
    local response = documents.response(task) or ""
    return response:match('"(https://[^"]*/' .. uuid:gsub("%-", "%%-") .. '/[^"]*)"')
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

-- What a task that is over has more than others.
local function outcome(world, task)
    local completed, status = task.completed, task.status
    local review = documents.review_status(world, task)
    local response = (completed or status == "error") and documents.response(task, world.assume.textcollection_response)
    return (completed and ',"completed_at":"' .. times.format(completed) .. '"' or "")
        .. (review and ',"customer_review_status":"' .. review .. '"' or "")
        .. (task.audits and ',"audits":[' .. table.concat(task.audits, ",") .. "]" or "")
        .. (response and ',"response":' .. response or "")
end

local function signed_attachment(world, task)
    local attachment = world.assume.signed_attachments and json.raw_field(store.params_of(task), "attachment")
    return attachment and ',"attachment_url":' .. attachment or ""
end

-- Whether people have begun; of interest as long as they have not ended.
local function work_started(task)
    if task.started then return ',"work_started":true' end
    return task.status == "pending" and ',"work_started":false' or ""
end

--- A task. `signed` adds the address of its attachment, if the assumption is that there is one.
function documents.task(world, task, signed)
    return "{" .. task.fixed .. ',"status":"' .. task.status .. '","updated_at":"' .. times.format(task.updated)
        .. '","metadata":' .. (task.metadata or "{}")
        .. (task.unique_id and ',"unique_id":' .. (task.unique_raw or quote(task.unique_id)) or "")
        .. work_started(task)
        .. (task.tags and ',"tags":[' .. table.concat(task.tags, ",") .. "]" or "")
        .. (task.callback_succeeded ~= nil and ',"callback_succeeded":' .. tostring(task.callback_succeeded) or "")
        .. (task.status ~= "pending" and outcome(world, task) or "")
        .. (signed and signed_attachment(world, task) or "") .. "}"
end

--- What limited_response shows of a task.
function documents.limited_task(_, task)
    local project = store.project_of(task)
    project = project and ',"project":' .. quote(project.name) or ""
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
        ',"archived":', tostring(batch.archived or false), "}",
    }
end

--- A batch's status and how many of its tasks are how far.
function documents.batch_status(world, batch)
    return '{"status":"' .. store.batch_status(batch) .. '"' .. counts(world, batch) .. "}"
end

-- ----------------------------------------------------------------- projects

local function version(params, number)
    local parts = {}
    for i, name in ipairs(params.names) do parts[i] = wire.member(params, name) .. "," end
    return ('{%s"version":%d,"created_at":"%s"}'):format(table.concat(parts), number, times.format(params.created))
end

--- A project.
function documents.project(_, project)
    local versions = {}
    for i, params in ipairs(project.versions) do versions[i] = version(params, i - 1) end
    return table.concat {
        '{"name":', quote(project.name), ',"type":"', project.type, '","projectType":"', project.kind,
        '","created_at":"', times.format(project.created), '","created_with":"api","archived":',
        tostring(project.archived or false), project.echo,
        project.ontologies and ',"ontologies":[' .. table.concat(project.ontologies, ",") .. "]" or "",
        ',"param_history":[', table.concat(versions, ","), "]}",
    }
end

--- A project's task template.
function documents.template(_, project)
    local last = project.versions[#project.versions] or project
    return ('{"id":"%s","version":%d,"created_at":"%s","updated_at":"%s","template_variables":{},'
        .. '"response_schema":null,"auto_onboard_enabled":false}'):format(project.template_id,
        math.max(#project.versions - 1, 0), times.format(project.created), times.format(last.created))
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
