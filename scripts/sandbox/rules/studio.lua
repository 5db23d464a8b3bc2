--[[
sandbox.rules.studio - Scale Studio: who is assigned to which project, groups of labelers, and the order in which
batches are worked on.
--]]

local json = require("scaleapi").json
local people = require "scaleapi.sandbox.people"
local store = require "scaleapi.sandbox.store"
local wire = require "scaleapi.sandbox.wire"

local refuse = wire.refuse

local function names_of(things)
    local quoted = {}
    for i, thing in ipairs(things) do quoted[i] = wire.quote(thing.name) end
    return "[" .. table.concat(quoted, ",") .. "]"
end

-- Whether a member can be given work: active, or, if that is assumed, only invited yet.
local function can_be_assigned(c, member)
    return people.is_active(member) or people.is_invited(member) and c.world.assume.invited_can_be_assigned
end

-- The members with these addresses, who must be active.
local function find_active(c, emails)
    local members = {}
    for i, email in ipairs(emails) do
        members[i] = c.account.people.members[email]
        if not members[i] or not can_be_assigned(c, members[i]) then
            refuse(400, 'The team has no active member "%s".', email)
        end
    end
    return members
end

-- -------------------------------------------------------------- assignments

local function list_assignments(c)
    local parts = {}
    for _, member in ipairs(c.account.people.members) do
        if people.is_active(member) then
            parts[#parts + 1] = wire.quote(member.email) .. ":" .. names_of(member.projects)
        end
    end
    return "{" .. table.concat(parts, ",") .. "}"
end

-- A rule that does `change` with each of the members and projects that were sent.
local function assignments_rule(change)
    return function(c)
        local fields = wire.fields(c.request.body)
        local members = find_active(c, wire.needed_texts(fields, "emails"))
        local projects = wire.needed_texts(fields, "projects")
        for i, name in ipairs(projects) do
            projects[i] = c.account.projects[name]
                or refuse(c.world.assume.missing_place, 'Project "%s" not found.', name)
        end
        for _, member in ipairs(members) do
            for _, project in ipairs(projects) do change(member, project) end
        end
        return list_assignments(c)
    end
end

-- ------------------------------------------------------------------- groups

local function group_document(group)
    local workers = {}
    for i, member in ipairs(group.workers) do
        workers[i] = ('{"id":"%s","email":%s}'):format(member.id, wire.quote(member.email))
    end
    return ('{"id":"%s","name":%s,"numWorkers":%d,"isSingleton":%s,"workers":[%s]}'):format(group.id,
        wire.quote(group.name), #workers, group.singleton, table.concat(workers, ","))
end

local function find_project(c, name)
    return c.account.projects[name] or refuse(404, "Project with that name not found.")
end

-- The members with these addresses, who must be assigned to the project.
local function find_assigned(c, project, emails)
    local members = {}
    for i, email in ipairs(emails) do
        local member = c.account.people.members[email]
        if not member or not member.projects[project.name] then
            refuse(400, '"%s" is not assigned to project "%s".', email, project.name)
        end
        members[i] = member
    end
    return members
end

local function list_groups(c, project_name)
    local documents = {}
    for i, group in ipairs(find_project(c, project_name).groups or {}) do documents[i] = group_document(group) end
    return "[" .. table.concat(documents, ",") .. "]"
end

local function create_group(c, project_name)
    local project = find_project(c, project_name)
    local fields = wire.fields(c.request.body)
    local name = wire.needed_text(fields, "name")
    local workers = find_assigned(c, project, wire.needed_texts(fields, "emails"))
    if project.groups and project.groups[name] then refuse(409, 'Group with name "%s" already exists.', name) end
    return group_document(people.add_group(c.account, project, name, workers))
end

-- Members who were sent to be removed; who is not in the group, or in no team, is no matter.
local function members_of(c, emails)
    local members = {}
    for _, email in ipairs(emails) do members[#members + 1] = c.account.people.members[email] end
    return members
end

local function update_group(c, project_name, group_name)
    local project = find_project(c, project_name)
    local group = project.groups and project.groups[group_name] or refuse(404, "Group with that name not found.")
    local fields = wire.fields(c.request.body)
    local added = find_assigned(c, project, wire.needed_texts(fields, "add_emails"))
    local removed = members_of(c, wire.needed_texts(fields, "remove_emails"))
    if group.singleton then refuse(400, 'Group "%s" stands for one person and cannot be changed.', group_name) end
    people.change_group(group, added, removed)
    return group_document(group)
end

-- ------------------------------------------------------------------ batches

-- What Studio knows of a batch beside what everybody knows: its groups and its priority.
local function studio_of(batch)
    batch.studio = batch.studio or { groups = {} }
    return batch.studio
end

local function batch_document(batch)
    local studio = studio_of(batch)
    return table.concat {
        '{"id":"', batch.id, '","name":', wire.quote(batch.name), ',"projectId":"', batch.project.id,
        '","projectName":', wire.quote(batch.project.name),
        ',"batchType":"', batch.calibration and "Calibration" or "Production",
        '","studioPriority":', studio.priority or "null",
        (',"total":%d,"completed":%d,"groups":'):format(#batch.tasks, batch.counts.completed),
        names_of(studio.groups), "}",
    }
end

-- Whether `a` is worked on before `b`: first those that have a priority, then calibration batches, then the older.
local function goes_before(a, b)
    local mine, yours = studio_of(a).priority, studio_of(b).priority
    if mine ~= yours then return (mine or math.huge) < (yours or math.huge) end
    if a.calibration ~= b.calibration then return a.calibration end
    return a.number < b.number
end

-- The batches of Studio projects that are not completed, in the order in which they are worked on.
local function pending_batches(c)
    local pending = {}
    for _, batch in ipairs(c.account.batches) do
        if batch.project.kind == "studio" and store.batch_status(batch) ~= "completed" then
            pending[#pending + 1] = batch
        end
    end
    table.sort(pending, goes_before)
    return pending
end

local function list_batches(c)
    local documents = pending_batches(c)
    for i, batch in ipairs(documents) do documents[i] = batch_document(batch) end
    return "[" .. table.concat(documents, ",") .. "]"
end

-- The group of that name, or the assigned member of that address: it names the group that stands for them alone.
local function find_group(c, project, name)
    local group = project.groups and project.groups[name]
    local member = c.account.people.members[name]
    local is_assigned = member and member.projects[project.name]
    if not is_assigned and (not group or group.singleton) then refuse(400, 'Group "%s" not found.', name) end
    return group, member
end

local function assign_batch(c, name)
    local batch = c.account.batches[name] or refuse(404, "Batch with that name not found.")
    local project = batch.project
    if project.kind ~= "studio" then refuse(400, 'Batch "%s" is in no Studio project.', name) end
    local groups = wire.needed_texts(wire.fields(c.request.body), "groups")
    for _, group_name in ipairs(groups) do find_group(c, project, group_name) end
    for i, group_name in ipairs(groups) do
        local group, member = find_group(c, project, group_name)
        groups[i] = group or people.add_group(c.account, project, group_name, { member }, true)
    end
    studio_of(batch).groups = groups
    return batch_document(batch)
end

-- The names in [{"name":…}, …], and the place of each.
local function read_names(c)
    local names, places = json.elements(wire.needed(wire.fields(c.request.body), "batches", "array")), {}
    for place, element in ipairs(names) do
        if json.type(element) ~= "object" then wire.refuse_parameter("batches", "must be of objects with a name") end
        local name = wire.needed_text(wire.members(element), "name")
        if places[name] then wire.refuse_parameter("batches", 'has "' .. name .. '" twice') end
        names[place], places[name] = name, place
    end
    return names, places
end

local function set_priorities(c)
    local names, places = read_names(c)
    local pending, is_pending = pending_batches(c), {}
    for _, batch in ipairs(pending) do
        is_pending[batch.name] = true
        if not places[batch.name] then
            wire.refuse_parameter("batches", 'must have all pending batches; "' .. batch.name .. '" is missing')
        end
    end
    for _, name in ipairs(names) do
        if not is_pending[name] then refuse(400, 'Studio has no pending batch "%s".', name) end
    end
    for _, batch in ipairs(pending) do studio_of(batch).priority = places[batch.name] end
    return list_batches(c)
end

local function reset_priorities(c)
    for _, batch in ipairs(pending_batches(c)) do studio_of(batch).priority = nil end
    return list_batches(c)
end

-- --------------------------------------------------------------------- rules

-- The rule; with test keys it is refused, if that is assumed.
local function live(rule)
    return function(c, ...)
        if c.account.kind == "test" and c.world.assume.studio_needs_live then
            refuse(400, "Studio needs a live key.")
        end
        return rule(c, ...)
    end
end

return {
    { "GET", "/v1/studio/assignments", live(list_assignments) },
    { "POST", "/v1/studio/assignments/add", live(assignments_rule(people.assign)) },
    { "POST", "/v1/studio/assignments/remove", live(assignments_rule(people.unassign)) },
    { "GET", "/v1/studio/projects/{name}/groups", live(list_groups) },
    { "POST", "/v1/studio/projects/{name}/groups", live(create_group) },
    { "PUT", "/v1/studio/projects/{name}/groups/{group}", live(update_group) },
    { "GET", "/v1/studio/batches", live(list_batches) },
    { "PUT", "/v1/studio/batches/{name}", live(assign_batch) },
    { "POST", "/v1/studio/batches/set_priorities", live(set_priorities) },
    { "POST", "/v1/studio/batches/reset_priorities", live(reset_priorities) },
}
