--[[
sandbox.rules.projects - projects: versions of their params, ontologies, task templates.
--]]

local json = require("scaleapi").json
local documents = require "scaleapi.sandbox.documents"
local store = require "scaleapi.sandbox.store"
local times = require("scaleapi").times
local types = require "scaleapi.sandbox.types"
local wire = require "scaleapi.sandbox.wire"

local refuse = wire.refuse

-- What the server puts into a version itself, and `patch`, which steers.
local NOT_PARAMS = { version = true, created_at = true, patch = true }

local function find(c, name)
    return c.account.projects[name] or refuse(404, "Project with that name not found.")
end

-- ----------------------------------------------------------------- versions

local function put(params, name, layer)
    if not params.values[name] then table.insert(params.names, name) end
    params.values[name] = layer.values[name]
    params.spelled[name] = layer.spelled and layer.spelled[name]
end

local function take_out(params, name)
    params.values[name] = nil
    for i = #params.names, 1, -1 do
        if params.names[i] == name then table.remove(params.names, i) end
    end
end

-- A version of params: those of `base` (or none), overlaid with the fields.
local function new_version(c, base, fields)
    local params = { names = {}, values = {}, spelled = {}, created = c.account.time }
    for _, layer in ipairs { base or false, fields } do
        for _, name in ipairs(layer and layer.names or {}) do
            if not NOT_PARAMS[name] then put(params, name, layer) end
        end
    end
    if not wire.optional(params, "instruction", "string") then take_out(params, "instruction") end -- it is null
    return params
end

-- ----------------------------------------------------------------- creating

local function kind_of(fields)
    if wire.optional(fields, "rapid", "boolean") == "true" then return "rapid" end
    if wire.optional(fields, "studio", "boolean") == "true" then return "studio" end
    return "standard"
end

local PIPELINES = { standard_task = true, consensus_task = true }

-- How labelers of a Studio project work.
local function check_pipeline(fields, kind)
    local pipeline = wire.optional_text(fields, "pipeline")
    if pipeline and not PIPELINES[pipeline] then
        wire.refuse_parameter("pipeline", "must be one of standard_task, consensus_task")
    end
    if pipeline and kind ~= "studio" then wire.refuse_parameter("pipeline", "needs a Studio project") end
    wire.optional(fields, "consensus_attempts", "integer")
end

-- Members of the document that only repeat what was sent.
local function echo_of(fields)
    local parts = {}
    for _, name in ipairs { "rapid", "studio", "datasetId", "pipeline", "consensus_attempts" } do
        local raw = fields.values[name]
        if raw and raw ~= "null" then parts[#parts + 1] = ',"' .. name .. '":' .. raw end
    end
    return table.concat(parts)
end

local function create(c)
    local fields = wire.fields(c.request.body)
    local task_type = wire.needed_text(fields, "type")
    local name = wire.needed_text(fields, "name")
    if not types.by_name[task_type] then wire.refuse_parameter("type", "must be a task type") end
    local params, kind = wire.optional(fields, "params", "object"), kind_of(fields)
    check_pipeline(fields, kind)
    local project = {
        name = name, type = task_type, kind = kind, echo = echo_of(fields), versions = {},
        template_id = c.account.mark .. ("%016x"):format(#c.account.projects + 1),
    }
    if params or not c.world.assume.empty_history then
        project.versions[1] = new_version(c, nil, wire.members(params or "{}"))
    end
    if c.account.projects[name] then refuse(409, 'Project with name "%s" already exists.', name) end
    store.add_project(c.account, project)
    return documents.project(c.world, project)
end

-- -------------------------------------------------------------- one project

local function get(c, name)
    return documents.project(c.world, find(c, name))
end

local function set_params(c, name)
    local project = find(c, name)
    local fields = wire.fields(c.request.body)
    local patch = wire.optional(fields, "patch", "boolean") == "true"
    table.insert(project.versions, new_version(c, patch and project.versions[#project.versions], fields))
    return documents.project(c.world, project)
end

-- Refuses choices that stand twice, anywhere in the tree.
local function check_choices(raw, seen)
    for _, element in ipairs(json.elements(raw)) do
        local choice, inner = element, nil
        if json.type(element) == "object" then
            choice, inner = json.raw_field(element, "choice"), json.raw_field(element, "subchoices")
        end
        if not choice or json.type(choice) ~= "string" then
            wire.refuse_parameter("ontology", "must be of strings and objects with a choice")
        end
        local text = wire.text(choice)
        if seen[text] then wire.refuse_parameter("ontology", 'has the choice "' .. text .. '" twice') end
        seen[text] = true
        if inner and json.type(inner) == "array" then check_choices(inner, seen) end
    end
end

local function set_ontology(c, name)
    local project = find(c, name)
    local fields = wire.fields(c.request.body)
    local ontology = wire.needed(fields, "ontology", "array")
    local title = wire.optional(fields, "name", "string")
    check_choices(ontology, {})
    project.ontologies = project.ontologies or {}
    table.insert(project.ontologies, ('{"version":%d,"created_at":"%s",%s"ontology":'):format(#project.ontologies,
        times.format(c.account.time), title and '"name":' .. title .. "," or "") .. ontology .. "}")
    return documents.project(c.world, project)
end

local function template(c, name)
    local project = find(c, name)
    if not types.by_name[project.type].has_template then
        refuse(400, "Only chat and textcollection projects have task templates.")
    end
    return documents.template(c.world, project)
end

local function list(c)
    local archived = wire.boolean(c:query(), "archived", nil)
    local docs = {}
    for i = #c.account.projects, 1, -1 do
        local project = c.account.projects[i]
        if archived == nil or archived == (project.archived or false) then
            docs[#docs + 1] = documents.project(c.world, project)
        end
    end
    return "[" .. table.concat(docs, ",") .. "]"
end

return {
    { "POST", "/v1/projects", create },
    { "GET", "/v1/projects", list },
    { "GET", "/v1/projects/{name}", get },
    { "POST", "/v1/projects/{name}/setParams", set_params },
    { "POST", "/v1/projects/{name}/setOntology", set_ontology },
    { "GET", "/v1/projects/{name}/taskTemplates", template },
}
