--[[
sandbox.rules.task_lists - GET /v1/tasks: filters, pages, totals.

A list is read from the shelf that the filters name: a batch, else a project, else the account; its tasks lie in the
order of their creation, so that bounds on created_at and the place where a page begins are found by halving. A page
costs what lies on it, and what the other filters pass over to fill it.
--]]

local json = require("scaleapi").json
local bounds = require "scaleapi.sandbox.bounds"
local documents = require "scaleapi.sandbox.documents"
local pages = require "scaleapi.sandbox.pages"
local store = require "scaleapi.sandbox.store"
local times = require("scaleapi").times
local wire = require "scaleapi.sandbox.wire"

local STATUSES = { pending = true, completed = true, canceled = true, error = true }
local REVIEWS = { accepted = true, fixed = true, commented = true, rejected = true, pending = true }
local MOST_TOTALS = 100 -- remembered at a time

-- ------------------------------------------------------------------ filters

local function test_status(tests, query)
    local status = wire.last(query, "status")
    if not status then return end
    if not STATUSES[status] then
        wire.refuse_parameter("status", "must be one of pending, completed, canceled, error")
    end
    table.insert(tests, function(task) return task.status == status end)
    return status
end

local function test_type(tests, query)
    local wanted = wire.last(query, "type")
    if wanted then table.insert(tests, function(task) return store.type_of(task) == wanted end) end
end

local function test_review(tests, query, world)
    local values = wire.all(query, "customer_review_status")
    if not values then return end
    local wanted = {}
    for status in table.concat(values, ","):gmatch "[^,]+" do
        if not REVIEWS[status] then
            wire.refuse_parameter("customer_review_status", "must be of accepted, fixed, commented, rejected, pending")
        end
        wanted[status] = true
    end
    table.insert(tests, function(task) return wanted[documents.review_status(world, task)] end)
end

local function has_tag(task, tag)
    for _, raw in ipairs(task.tags or {}) do
        if wire.text(raw) == tag then return true end
    end
    return false
end

local function test_tags(tests, query, world)
    local wanted = wire.all(query, "tags")
    if not wanted then return end
    local all = world.assume.tags_match == "all"
    table.insert(tests, function(task)
        for _, tag in ipairs(wanted) do
            if has_tag(task, tag) ~= all then return not all end
        end
        return all
    end)
end

local function test_times(tests, query, world, field)
    local is_within, is_bounded = bounds.test(query, field .. "_after", field .. "_before", world.assume)
    if is_bounded then table.insert(tests, function(task) return is_within(task[field]) end) end
end

-- ------------------------------------------------------------------ sources

local function with_unique_ids(account, unique_ids)
    local tasks, seen = {}, {}
    for _, unique_id in ipairs(unique_ids) do
        local task = account.unique[unique_id]
        if task and not seen[task] then table.insert(tasks, task) end
        seen[task or false] = true
    end
    table.sort(tasks, function(a, b) return a.number < b.number end)
    return { tasks = tasks, is_left = true }
end

local NOTHING = { tasks = {}, is_left = true, counts = { pending = 0, completed = 0, canceled = 0, error = 0 } }

-- The shelf to read from; what it does not see to is left to a test. `is_left`: tasks that were on it may be gone.
local function choose_shelf(c, query, tests)
    local account, missing = c.account, c.world.assume.missing_filter
    local batch_name, project_name = wire.last(query, "batch"), wire.last(query, "project")
    local batch = batch_name and account.batches[batch_name]
    local project = project_name and account.projects[project_name]
    if project_name and not project and missing == 404 then wire.refuse(404, "Project with that name not found.") end
    if batch_name and not batch and missing == 404 then wire.refuse(404, "Batch with that name not found.") end
    if batch_name and not batch or project_name and not project then return NOTHING end
    local unique_ids = wire.all(query, "unique_id")
    if unique_ids then
        table.insert(tests, function(task)
            return (not batch or store.batch_of(task) == batch) and (not project or store.project_of(task) == project)
        end)
        return with_unique_ids(account, unique_ids)
    end
    if batch and project and batch.project ~= project then return NOTHING end
    return batch or project or account
end

-- Everything about a list but where a page begins: { tasks, is_left, low, high, tests, total (or nil: to be counted) }.
local function read_filters(c, query)
    local tests = {}
    local shelf = choose_shelf(c, query, tests)
    local status = test_status(tests, query)
    test_type(tests, query)
    test_review(tests, query, c.world)
    test_tags(tests, query, c.world)
    test_times(tests, query, c.world, "completed")
    test_times(tests, query, c.world, "updated")
    local low, high = bounds.read(query, "start_time", "end_time", c.world.assume)
    local list = { tasks = shelf.tasks, is_left = shelf.is_left, tests = tests, low = 1, high = #shelf.tasks }
    if low then
        list.low = pages.first_at_least(shelf.tasks, "created", low)
        list.high = high < math.maxinteger and pages.first_at_least(shelf.tasks, "created", high + 1) - 1 or list.high
    end
    if #tests == 0 then
        list.total = math.max(list.high - list.low + 1, 0)
    elseif #tests == 1 and status and not low then
        list.total = shelf.counts and shelf.counts[status]
    end
    return list
end

local function matches(tests, task)
    for i = 1, #tests do
        if not tests[i](task) then return false end
    end
    return true
end

-- ------------------------------------------------------------------- totals

-- What a list is about, whatever its page: the same for all of its pages, and for no other list.
local function key_of(query)
    local parts = {}
    for name, values in pairs(query) do
        if name ~= "limit" and name ~= "offset" and name ~= "next_token" then
            for _, value in ipairs(values) do parts[#parts + 1] = string.pack("ss", name, value) end
        end
    end
    table.sort(parts)
    return table.concat(parts)
end

local function count(list)
    local total = 0
    for i = list.low, list.high do
        if matches(list.tests, list.tasks[i]) then total = total + 1 end
    end
    return total
end

-- Counted once as long as no task changes, nor what is assumed: a list of many pages asks for it on each.
local function total_of(c, list, query)
    if list.total then return list.total end
    local account, assume = c.account, c.world.assume
    local totals = account.totals
    if not totals or totals.changes ~= account.changes or totals.assume ~= assume or totals.size >= MOST_TOTALS then
        totals = { changes = account.changes, assume = assume, size = 0, by_key = {} }
        account.totals = totals
    end
    local key = key_of(query)
    if not totals.by_key[key] then
        totals.by_key[key] = count(list)
        totals.size = totals.size + 1
    end
    return totals.by_key[key]
end

-- -------------------------------------------------------------------- pages

local function make_token(task)
    return wire.base64(('{"id":"%s","created_at":"%s"}'):format(store.id_of(task), times.format(task.created)))
end

-- The task that a token names.
local function read_token(account, token)
    local text = wire.unbase64(token)
    local ok, value = pcall(json.decode, text or "")
    local task = ok and type(value) == "table" and type(value.id) == "string" and store.find_task(account, value.id)
    if not task or value.created_at ~= times.format(task.created) then wire.refuse(400, "Invalid next_token.") end
    return task
end

-- Up to `limit` tasks, newest first, after passing over `offset`; and whether there are more. Nothing is looked for
-- when `total` were found.
local function collect(list, at, offset, limit, total)
    local page = {}
    while at >= list.low and total > 0 do
        local task = list.tasks[at]
        if matches(list.tests, task) then
            total = total - 1
            if offset > 0 then
                offset = offset - 1
            elseif #page == limit then
                return page, true
            else
                page[#page + 1] = task
            end
        end
        at = at - 1
    end
    return page, false
end

local function render(c, page, query)
    local document = wire.boolean(query, "limited_response", false) and documents.limited_task or documents.task
    local signed = wire.boolean(query, "include_attachment_url", false)
    local docs = {}
    for i, task in ipairs(page) do docs[i] = document(c.world, task, signed) end
    return table.concat(docs, ",")
end

local function list_tasks(c)
    local query = c:query()
    local limit = wire.limit(query, c.world.assume)
    local offset = wire.integer(query, "offset", 0, 0, math.maxinteger)
    local token = wire.last(query, "next_token")
    local list = read_filters(c, query)
    local at = list.high
    if token then
        at = math.min(at, pages.place_behind(list.tasks, read_token(c.account, token), list.is_left))
        offset = 0
    end
    local total = total_of(c, list, query)
    local page, has_more = collect(list, at, offset, limit, total)
    local next_token = ""
    if has_more then
        next_token = ',"next_token":"' .. make_token(page[#page]) .. '"'
    elseif c.world.assume.last_page_token == "null" then
        next_token = ',"next_token":null'
    end
    return ('{"docs":[%s],"total":%d,"limit":%d,"offset":%d,"has_more":%s%s}'):format(
        render(c, page, query), total, limit, offset, has_more, next_token)
end

return { { "GET", "/v1/tasks", list_tasks } }
