--[[
sandbox.rules.quality - evaluation and training tasks of Rapid projects, and how labelers did on them.
--]]

local creation = require "scaleapi.sandbox.creation"
local people = require "scaleapi.sandbox.people"
local store = require "scaleapi.sandbox.store"
local times = require("scaleapi").times
local wire = require "scaleapi.sandbox.wire"

local refuse = wire.refuse

local SUPPORTED = {
    documenttranscription = true, segmentannotation = true, videoplaybackannotation = true, imageannotation = true,
    textcollection = true, namedentityrecognition = true,
}
local RESPONSES = { expected_response = true, initial_response = true } -- no params

-- ------------------------------------------------------------------ creating

-- Such tasks lie in no batch that is worked on: none is needed, and one may be finalized.
local function check_place(c, project)
    if not project then wire.refuse_parameter("project", "is required") end
    if project.kind ~= "rapid" and c.world.assume.quality_needs_rapid then
        refuse(400, 'Project "%s" is not a Rapid project.', project.name)
    end
end

local function document(c, quality, task_type, request, responses)
    local fields = request.fields
    local tags = request.tags and ',"tags":[' .. table.concat(request.tags, ",") .. "]" or ""
    return table.concat {
        '{"id":"', quality.id, '","type":"', task_type, '","created_at":"', times.format(c.account.time),
        '","instruction":', wire.optional(fields, "instruction", "string") or '""',
        creation.name_member(fields, "project", request.project), creation.name_member(fields, "batch", request.batch),
        request.version and ',"project_param_version":' .. request.version or "",
        ',"metadata":', request.metadata or "{}",
        request.unique_id and ',"unique_id":' .. request.unique_raw or "", tags,
        ',"params":', creation.params(fields, task_type, RESPONSES),
        ',"expected_response":', responses.expected,
        responses.initial and ',"initial_response":' .. responses.initial or "", "}",
    }
end

-- A rule that makes tasks of a kind, "evaluation" or "training".
local function create_rule(kind)
    return function(c, task_type)
        creation.check_type(c, task_type)
        if not SUPPORTED[task_type] then refuse(400, "There are no %s tasks of type %s.", kind, task_type) end
        local request = creation.read(c, task_type, wire.fields(c.request.body), check_place)
        local responses = { expected = wire.needed(request.fields, "expected_response", "object") }
        responses.initial = wire.optional(request.fields, "initial_response", "object")
        if responses.initial and kind == "training" then
            wire.refuse_parameter("initial_response", "is for evaluation tasks only")
        end
        local quality = { kind = kind, unique_id = request.unique_id, project = request.project }
        store.add_quality(c.account, quality)
        return document(c, quality, task_type, request, responses)
    end
end

-- ------------------------------------------------------------------ labelers

-- { value = true }, or nil if the query does not name it.
local function wanted(query, name)
    local values = wire.all(query, name)
    for _, value in ipairs(values or {}) do values[value] = true end
    return values
end

-- Every labeler is made up to have tried every task once, and to have been right.
local function all_attempts(c, query)
    local ids, emails = wanted(query, "quality_task_ids"), wanted(query, "labeler_emails")
    local attempts = {}
    for _, quality in ipairs(c.account.quality) do
        for _, member in ipairs(c.account.people.members) do
            local takes_part = member.role == "labeler" and people.is_active(member)
            if takes_part and (not ids or ids[quality.id]) and (not emails or emails[member.email]) then
                attempts[#attempts + 1] = { quality = quality, member = member }
            end
        end
    end
    return attempts
end

local function attempt_document(attempt)
    return ('{"quality_task_id":"%s","quality_task_type":"%s","labeler_email":%s,"project":%s,"attempted_at":"%s",'
        .. '"score":1,"sandbox":"Made up by the sandbox: nobody has looked at this task."}'):format(attempt.quality.id,
        attempt.quality.kind, wire.quote(attempt.member.email), wire.quote(attempt.quality.project.name),
        times.format(attempt.quality.created))
end

-- A token names the attempt that the page before it ended with, so that it stays right while there are more.
local function token_of(attempt)
    return wire.base64(attempt.quality.id .. " " .. attempt.member.email)
end

-- The place in the list where the page begins.
local function first_place(attempts, token)
    if not token then return 1 end
    for place, attempt in ipairs(attempts) do
        if token_of(attempt) == token then return place + 1 end
    end
    refuse(400, "Invalid next_token.")
end

local function list_labelers(c)
    local query = c:query()
    local limit = wire.limit(query, c.world.assume)
    local attempts, docs = all_attempts(c, query), {}
    local first = first_place(attempts, wire.last(query, "next_token"))
    local last = math.min(first + limit - 1, #attempts)
    for place = first, last do docs[#docs + 1] = attempt_document(attempts[place]) end
    local has_more = last < #attempts
    local token = has_more and ',"next_token":"' .. token_of(attempts[last]) .. '"' or ""
    return ('{"docs":[%s],"has_more":%s%s}'):format(table.concat(docs, ","), has_more, token)
end

return {
    { "POST", "/v1/evaluation_tasks/{type}", create_rule "evaluation" },
    { "POST", "/v1/training_tasks/{type}", create_rule "training" },
    { "GET", "/v1/quality/labelers", list_labelers },
}
