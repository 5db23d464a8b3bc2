--[[
sandbox.v2 - how the second API is asked: its calls have one flat path each, and name things by id or by name among the
keys of a query or a body. What a rule of rules/v2_*.lua reads of a request, it reads with this.
--]]

local bounds = require "scaleapi.sandbox.bounds"
local pages = require "scaleapi.sandbox.pages"
local store = require "scaleapi.sandbox.store"
local wire = require "scaleapi.sandbox.wire"

local v2 = {}

local refuse = wire.refuse

-- -------------------------------------------------------------- identifiers

--- A function that gives what a key of the query says, or nil.
function v2.from_query(c)
    local query = c:query()
    return function(name) return wire.last(query, name) end
end

--- The same of the members of a body.
function v2.from_body(fields)
    return function(name)
        local text = wire.optional_text(fields, name)
        return text ~= "" and text or nil
    end
end

--- What a key says that must be there.
function v2.needed(given, name)
    return given(name) or refuse(400, "Provide %s.", name)
end

local function choose(by_id, by_name, what)
    if by_id and by_name and by_id ~= by_name then
        refuse(400, "%s_id and %s_name name different things.", what, what)
    end
    return by_id or by_name
end

-- The thing that WHAT_id or WHAT_name names; the functions find it or give nil. `status` refuses one that is unknown.
local function named(given, what, with_id, with_name, status)
    local id, name = given(what .. "_id"), given(what .. "_name")
    local title = what:sub(1, 1):upper() .. what:sub(2)
    local by_id, by_name = id and with_id(id), name and with_name(name)
    if id and not by_id then refuse(status or 404, "%s with that id not found.", title) end
    if name and not by_name then refuse(status or 404, "%s with that name not found.", title) end
    return choose(by_id, by_name, what)
end

local function in_list(list)
    return function(id) return store.with_id(list, id) end, function(name) return list[name] end
end

--- The project that project_id or project_name names; nil if neither is given.
function v2.project(c, given, status)
    local with_id, with_name = in_list(c.account.projects)
    return named(given, "project", with_id, with_name, status)
end

--- The batch that batch_id or batch_name names; nil if neither is given.
function v2.batch(c, given, status)
    local with_id, with_name = in_list(c.account.batches)
    return named(given, "batch", with_id, with_name, status)
end

--- The delivery that delivery_id names, or delivery_name in a project; nil if neither is given.
function v2.delivery(c, given, project)
    return named(given, "delivery", function(id) return c.account.deliveries[id] end, function(name)
        if not project then refuse(400, "Provide project_id or project_name with delivery_name.") end
        return project.deliveries and project.deliveries[name]
    end)
end

--- The project and the batch that a list is asked of; nil for what is not given. The third is true if there is one
--- that is unknown, and unknown ones are assumed to have empty lists.
function v2.filters(c, given)
    if c.world.assume.v2_unknown_filter == 404 then return v2.project(c, given), v2.batch(c, given), false end
    local ok, project, batch = pcall(function() return v2.project(c, given), v2.batch(c, given) end)
    if ok then return project, batch, false end
    if project.status ~= 404 then error(project, 0) end
    return nil, nil, true
end

-- ------------------------------------------------------------------ choices

local function is_among(list, value)
    for _, each in ipairs(list) do
        if each == value then return true end
    end
    return false
end

local function choices(c, name, known)
    local chosen = {}
    for _, value in ipairs(c:query()[name] or {}) do
        if is_among(known, value) then
            chosen[value] = true
        elseif value ~= "" and c.world.assume.v2_unlisted_choice == 400 then
            wire.refuse_parameter(name, "must be of " .. table.concat(known, ", "))
        end
    end
    return chosen
end

local OPTIONS = { "annotation_details", "attachment_details", "model_parameters", "submissions" }

--- What documents_v2 is to show: { world, expand, opts }. `known` is an array of what can be expanded.
function v2.view(c, known)
    return { world = c.world, expand = choices(c, "expand", known), opts = choices(c, "opts", OPTIONS) }
end

--- The same for an answer in which nothing can be chosen.
function v2.plain_view(c)
    return { world = c.world, expand = {}, opts = {} }
end

--- One of the values, or nil; refuses another.
function v2.one_of(given, name, known)
    local value = given(name)
    if value and not is_among(known, value) then
        wire.refuse_parameter(name, "must be one of " .. table.concat(known, ", "))
    end
    return value
end

--- The statuses that tasks can be filtered by.
v2.TASK_STATUSES = { "pending", "completed", "canceled", "error", "deleted" }

-- -------------------------------------------------------------------- lists

--- A page of a list of tasks, as `pages` gives it: of those that is_wanted(task), or of all.
function v2.page_of_tasks(c, tasks, is_wanted)
    return pages.read(c, {
        items = tasks, id_of = store.id_of, is_wanted = is_wanted or function() return true end,
        find = function(id) return store.find_task(c.account, id) end,
    })
end

--- A function that tells whether a time (or nil) lies within the bounds WHAT_after and WHAT_before of the query.
function v2.bounds(c, what)
    return (bounds.test(c:query(), what .. "_after", what .. "_before", c.world.assume))
end

return v2
