--[[
sandbox.seeds - puts into an account what the API shows but cannot make: deliveries, datasets, their deliveries and
tasks, schemas, annotations, reports of sensitive content, deletions of tasks.

    local id = seeds.apply(world.accounts.test, "dataset", { name = "faces" })
    seeds.apply(world.accounts.test, "dataset_delivery", { dataset_id = id, name = "first", turn_count = 3 })

The fields are as JSON would give them. What has an id takes an `id`; without one it is made up. A wrong field is
raised as a text, and then nothing has changed.
--]]

local json = require("scaleapi").json
local store = require "scaleapi.sandbox.store"
local threads = require "scaleapi.sandbox.threads"
local times = require("scaleapi").times

local seeds = {}

local function fail(text, ...)
    error(text:format(...), 0)
end

-- ------------------------------------------------------------------- fields

-- What is said of a field, and what it must be.
local CHECKS = {
    text = { "a text that is not empty", function(value) return type(value) == "string" and value ~= "" end },
    count = { "an integer, 0 or more", function(value) return math.type(value) == "integer" and value >= 0 end },
    date = { "a date", function(value) return type(value) == "string" and times.parse(value) ~= nil end },
    texts = { "an array of texts", function(value)
        if type(value) ~= "table" then return false end
        for key, each in pairs(value) do
            if math.type(key) ~= "integer" or type(each) ~= "string" then return false end
        end
        return true
    end },
    urls = { "an object of texts without white space", function(value)
        if type(value) ~= "table" then return false end
        for key, each in pairs(value) do
            if type(key) ~= "string" or type(each) ~= "string" or not each:find "^%g+$" then return false end
        end
        return true
    end },
    object = { "an object", function(value) return type(value) == "table" and not json.is_array(value) end },
    schema = { "an object, or a text of JSON", function(value)
        return type(value) == "table" or type(value) == "string" and json.check(value)
    end },
    any = { "", function() return true end },
}

local ANNOTATION_TYPES = {
    integer = true, boolean = true, text = true, category = true, category_multiple = true, file = true,
    workspace_container = true, ranked_choices = true, ranked_groups = true, rubric_criteria = true,
    rubric_rating = true, labeled_text = true,
}

local function names_of(shape)
    local names = {}
    for name in pairs(shape) do names[#names + 1] = name end
    table.sort(names)
    return table.concat(names, ", ")
end

-- The fields, checked against a shape (name -> { check, is required }); nulls are as if they were absent.
local function checked(kind, shape, fields)
    local values = {}
    if type(fields) ~= "table" then fail("%s: the fields must be an object", kind) end
    for name, value in pairs(fields) do
        if not shape[name] then fail("%s: unknown field '%s'; there are %s", kind, name, names_of(shape)) end
        if value ~= json.null then values[name] = value end
    end
    for name, field in pairs(shape) do
        local check, value = CHECKS[field[1]], values[name]
        if value == nil and field[2] then fail("%s: %s is required", kind, name) end
        if value ~= nil and not check[2](value) then fail("%s: %s must be %s", kind, name, check[1]) end
    end
    return values
end

-- --------------------------------------------------------- finding and adding

local function find(list, id, title)
    return list[id] or fail("there is no %s with the id '%s'", title, id)
end

local function find_project(account, values)
    local id, name = values.project_id, values.project_name
    local project = id and store.with_id(account.projects, id) or name and account.projects[name]
    if not id and not name then fail "delivery: project_id or project_name is required" end
    return project or fail("there is no project '%s'", id or name)
end

-- Puts a thing into a list, by its id and in order. `letter` is what an id that is made up has.
local function add(account, list, letter, thing)
    thing.number = #list + 1
    thing.id = thing.id or store.new_id(account, letter, thing.number)
    list[thing.id], list[thing.number] = thing, thing
    return thing.id
end

local function time_of(account, values)
    return values.delivered_at and math.floor(times.parse(values.delivered_at)) or account.time
end

-- -------------------------------------------------------------------- kinds

-- kind -> { list (absent: what is seeded has no id of its own), shape, add(account, values) -> id }
local kinds = {}

-- The tasks of a delivery: those that are named, or all that are completed and not delivered.
local function tasks_of(account, project, ids)
    local tasks, seen = {}, {}
    for _, id in ipairs(ids or {}) do
        local task = store.find_task(account, id)
        if not task or store.project_of(task) ~= project then fail("there is no task '%s' in the project", id) end
        if task.status ~= "completed" then fail("task %s is %s; completed ones are delivered", id, task.status) end
        if not seen[task] then table.insert(tasks, task) end
        seen[task] = true
    end
    for _, task in ipairs(ids and {} or project.tasks) do
        if task.status == "completed" and not task.delivery then table.insert(tasks, task) end
    end
    table.sort(tasks, function(a, b) return a.number < b.number end)
    return tasks
end

kinds.delivery = {
    list = "deliveries",
    shape = {
        id = { "text" }, name = { "text", true }, project_id = { "text" }, project_name = { "text" },
        task_ids = { "texts" }, schema_id = { "text" }, delivered_at = { "date" },
    },
    add = function(account, values)
        local project = find_project(account, values)
        if values.schema_id then find(account.schemas, values.schema_id, "schema") end
        if project.deliveries and project.deliveries[values.name] then
            fail("the project has a delivery '%s' already", values.name)
        end
        local delivery = {
            id = values.id, name = values.name, project = project, schema_id = values.schema_id,
            delivered = time_of(account, values), tasks = tasks_of(account, project, values.task_ids),
        }
        for _, task in ipairs(delivery.tasks) do task.delivery = delivery end
        project.deliveries = project.deliveries or {}
        project.deliveries[delivery.name] = delivery
        return add(account, account.deliveries, "d", delivery)
    end,
}

kinds.schema = {
    list = "schemas",
    shape = { id = { "text" }, json = { "schema", true } },
    add = function(account, values)
        local text = type(values.json) == "string" and values.json or json.encode(values.json)
        return add(account, account.schemas, "c", { id = values.id, json = text })
    end,
}

kinds.dataset = {
    list = "datasets",
    shape = { id = { "text" }, name = { "text", true } },
    add = function(account, values)
        return add(account, account.datasets, "7", { id = values.id, name = values.name })
    end,
}

kinds.dataset_delivery = {
    list = "dataset_deliveries",
    shape = {
        id = { "text" }, name = { "text", true }, dataset_id = { "text", true }, delivered_at = { "date" },
        turn_count = { "count" },
    },
    add = function(account, values)
        return add(account, account.dataset_deliveries, "6", {
            id = values.id, name = values.name, dataset = find(account.datasets, values.dataset_id, "dataset"),
            delivered = time_of(account, values), turn_count = values.turn_count, tasks = {},
        })
    end,
}

kinds.dataset_task = {
    list = "dataset_tasks",
    shape = { id = { "text" }, delivery_id = { "text", true }, response = { "object" }, attachments = { "urls" } },
    add = function(account, values)
        local delivery = find(account.dataset_deliveries, values.delivery_id, "delivery of a dataset")
        local task = {
            id = values.id, delivery = delivery, response = json.encode(values.response or {}),
            attachments = values.attachments or {}, -- id -> URL
        }
        table.insert(delivery.tasks, task)
        return add(account, account.dataset_tasks, "8", task)
    end,
}

local function find_chat_task(account, id)
    local task = store.find_task(account, id)
    if not task or not threads.is_chat(store.type_of(task)) then fail("there is no chat task '%s'", id) end
    return task
end

-- One with a task stands in its thread.

kinds.annotation = {
    list = "annotations",
    shape = {
        id = { "text" }, key = { "text", true }, type = { "text", true }, value = { "any" }, title = { "text" },
        description = { "text" }, labels = { "texts" }, possible_values = { "any" }, not_applicable = { "any" },
        cannot_assess = { "any" }, metadata = { "object" }, justification = { "text" }, task_id = { "text" },
    },
    add = function(account, values)
        if not ANNOTATION_TYPES[values.type] then fail("there is no type '%s' of annotations", values.type) end
        local task = values.task_id and find_chat_task(account, values.task_id)
        local fields = { id = values.id or "an_" .. store.new_id(account, "9", #account.annotations + 1) }
        for name, value in pairs(values) do
            if name ~= "task_id" then fields[name] = value end
        end
        local annotation = { id = fields.id, json = json.encode(fields) }
        if task then
            task.annotations = task.annotations or {}
            table.insert(task.annotations, annotation.json)
        end
        return add(account, account.annotations, "9", annotation)
    end,
}

-- A completed task that is reported shows no threads any more.
kinds.sensitive_content_report = {
    shape = { task_id = { "text", true }, type = { "text" }, message = { "text" } },
    add = function(account, values)
        local task = find_chat_task(account, values.task_id)
        local status = task.status
        if status ~= "completed" then fail("task %s is %s; completed ones are reported", values.task_id, status) end
        task.reports = task.reports or {}
        table.insert(task.reports, json.encode { type = values.type, message = values.message })
        return values.task_id
    end,
}

kinds.deletion = {
    shape = { task_id = { "text", true } },
    add = function(account, values)
        local task = store.find_task(account, values.task_id) or fail("there is no task '%s'", values.task_id)
        store.delete(account, task)
        return values.task_id
    end,
}

--- Adds one to an account, at the time of its last request, and returns its id, or its task's. `kind` is one of those
--- above. Raises a text that says what is wrong.
function seeds.apply(account, kind, fields)
    local of = kinds[kind] or fail("no '%s' can be seeded; there are %s", tostring(kind), names_of(kinds))
    local values = checked(kind, of.shape, fields)
    local id = values.id
    if id and account[of.list][id] then fail("there is a %s with the id '%s' already", kind, id) end
    return of.add(account, values)
end

--- What can be seeded, by kind.
seeds.kinds = kinds

return seeds
