--[[
sandbox.store - the sandbox's state: a world with two accounts, live and test, that do not see each other; in each the
tasks, batches, projects and files, and what finds them quickly. It keeps what must always hold (indexes, counts, the
order of time) and decides nothing else: that is the rules' part.

A task keeps what never changes as one string of JSON members, `fixed`, and little beside it: a million of them fit in
two gigabytes. `tasks` and `counts` (by status) stand on every shelf a task lies on: its account, its project, its
batch. The tasks of a shelf are in the order of their creation.
--]]

local json = require("scaleapi").json
local sys = require "scaleapi.sys"
local new_random = require "scaleapi.sandbox.random"
local responses = require "scaleapi.sandbox.responses"
local times = require "scaleapi.sandbox.times"

local store = {}

-- ------------------------------------------------------------------- worlds

local function new_shelf(shelf)
    shelf.tasks = {}
    shelf.counts = { pending = 0, completed = 0, canceled = 0, error = 0 }
    return shelf
end

local function new_account(kind, random)
    return new_shelf {
        kind = kind,
        owner = ("%016x%08x"):format(random(), random() & 0xFFFFFFFF),
        mark = ("%08x"):format(random() & 0xFFFFFFFF), -- in the middle of its tasks' ids
        time = 0,              -- of the last request: never goes back
        changes = 0,           -- of tasks, so far
        unique = {},           -- unique_id -> task
        idempotency = {},      -- key -> true
        projects = {},         -- by name, and in the order of creation
        batches = {},
        files = {},            -- in the order of creation
        references = {},       -- reference_id -> file
        next_due = 1,          -- the first task that complete_after has not been applied to
        releases = {},         -- finalized batches whose tasks are still to be completed
        next_release = 1,
    }
end

local function wall_clock()
    return math.floor(sys.time() * 1000)
end

--- A new world. Options: complete_after (seconds), seed, assume (see assumptions.lua, completed already), clock (a
--- function that returns milliseconds since 1970).
function store.new_world(options)
    local random = new_random(options.seed or 1)
    return {
        clock = options.clock or wall_clock,
        complete_after = options.complete_after and math.floor(options.complete_after * 1000),
        assume = options.assume,
        random = random,
        accounts = { live = new_account("live", random), test = new_account("test", random) },
    }
end

--- Tells whoever posts callbacks what has become of a task or batch; nobody does that in a world without a server.
--- Causes: of a task created, audited, or its new status; of a batch released, completed.
function store.tell(account, subject, cause)
    if account.callbacks then account.callbacks:notify(account, subject, cause) end
end

--- A version 4 UUID.
function store.new_uuid(world)
    local a, b = world.random(), world.random()
    return ("%08x-%04x-4%03x-%04x-%012x"):format(a >> 32, a >> 16 & 0xFFFF, a & 0xFFF, b >> 48 & 0x3FFF | 0x8000,
        b & 0xFFFFFFFFFFFF)
end

-- -------------------------------------------------------------------- tasks

-- Ids begin with the time, so that they sort by creation, and end with the task's number in its account.
local function id_of(account, time, number)
    return ("%08x%s%08x"):format(time // 1000, account.mark, number)
end

--- The task's id, and its type: both stand in `fixed`, at its beginning.
function store.id_of(task)
    return task.fixed:sub(12, 35)
end

function store.type_of(task)
    return task.fixed:match('^"type":"([^"]*)"', 38)
end

--- The task's params, as JSON. They come last in `fixed`; inside a JSON text no quote stands alone, so nothing before
--- them looks like their name.
function store.params_of(task)
    local _, brace = task.fixed:find(',"params":{', 1, true)
    return task.fixed:sub(brace)
end

--- What `fixed` begins with.
function store.new_head(account, task_type)
    local id = id_of(account, account.time, #account.tasks + 1)
    return ('"task_id":"%s","type":"%s","created_at":"%s"'):format(id, task_type, times.format(account.time))
end

-- A common member of a task as raw bytes, or nil. It stands before the params, in which others may be so called.
local function common(task, name)
    local _, last = task.fixed:find(',"' .. name .. '":', 1, true)
    local params = last and task.fixed:find(',"params":{', 1, true)
    if not last or last > params then return nil end
    return json.raw_field("{" .. task.fixed .. "}", name)
end

--- The task's callback_url, as raw bytes; nil if it has none.
function store.callback_of(task)
    return common(task, "callback_url")
end

local function shelve(shelf, task)
    shelf.tasks[#shelf.tasks + 1] = task
    shelf.counts.pending = shelf.counts.pending + 1
end

--- The task's batch and project, or nil.
function store.batch_of(task)
    local place = task.place
    return place and place.project and place or nil
end

function store.project_of(task)
    local place = task.place
    return place and (place.project or place)
end

--- Adds a task, pending, and returns it. `place` is its batch, or its project if it has no batch, or nil.
function store.add_task(account, fixed, place, metadata)
    local task = { fixed = fixed, place = place, metadata = metadata, status = "pending", unique_id = nil,
        number = #account.tasks + 1, created = account.time, updated = account.time }
    shelve(account, task)
    local project, batch = store.project_of(task), store.batch_of(task)
    if project then shelve(project, task) end
    if batch then shelve(batch, task) end
    account.changes = account.changes + 1
    store.tell(account, task, "created")
    return task
end

--- The task with this id, or nil.
function store.find_task(account, id)
    if #id ~= 24 then return nil end
    local task = account.tasks[tonumber(id:sub(17), 16)]
    return task and store.id_of(task) == id and task or nil
end

--- Notes that a task has changed.
function store.touch(account, task, time)
    task.updated = time or account.time
    account.changes = account.changes + 1
end

local function recount(shelf, before, after)
    shelf.counts[before] = shelf.counts[before] - 1
    shelf.counts[after] = shelf.counts[after] + 1
end

-- Moves the task to another status, on every shelf.
local function move(account, task, status, time)
    local before, project, batch = task.status, store.project_of(task), store.batch_of(task)
    task.status = status
    recount(account, before, status)
    if project then recount(project, before, status) end
    if batch then
        recount(batch, before, status)
        if batch.counts.pending == 0 then batch.ended = time end
    end
    store.touch(account, task, time)
    -- Scale's test server says so before it has tried.
    if account.kind == "test" and store.callback_of(task) then task.callback_succeeded = true end
    store.tell(account, task, status)
    if batch and store.batch_status(batch) == "completed" then store.tell(account, batch, "completed") end
end

--- Cancels a pending task.
function store.cancel(account, task)
    move(account, task, "canceled", account.time)
end

--- Gives a task a unique_id, or with nil takes it away. `raw` is how it was written.
function store.set_unique_id(account, task, unique_id, raw)
    if task.unique_id then account.unique[task.unique_id] = nil end
    task.unique_id = unique_id
    task.unique_raw = raw and raw:find("\\", 1, true) and raw or nil -- else it is no other than its quoted text
    if unique_id then account.unique[unique_id] = task end
end

local function is_unreachable(task)
    return task.fixed:find(".invalid", 1, true) and responses.unreachable(store.params_of(task))
end

--- Ends a pending task: completed, or in error if an attachment of its cannot be downloaded.
function store.finish(account, task, time)
    if not is_unreachable(task) then
        task.completed = time
        return move(account, task, "completed", time)
    end
    if task.fixed:find('"clear_unique_id_on_error":true', 1, true) then store.set_unique_id(account, task, nil) end
    move(account, task, "error", time)
end

--- Makes a completed task pending again, as if nobody had worked on it.
function store.recall(account, task)
    task.completed, task.review = nil, nil
    move(account, task, "pending", account.time)
end

-- ------------------------------------------------------------------ batches

--- staging, in_progress or completed.
function store.batch_status(batch)
    if batch.staged and not batch.released then return "staging" end
    if #batch.tasks > 0 and batch.counts.pending == 0 then return "completed" end
    return "in_progress"
end

--- Releases a staging batch: its tasks are worked on from now on.
function store.release(account, batch)
    batch.released = account.time
    table.insert(account.releases, batch)
    store.tell(account, batch, store.batch_status(batch) == "completed" and "completed" or "released")
end

--- Makes a batch. `batch` has name, project, staged and what its document shows.
function store.add_batch(account, batch)
    batch.created = account.time
    account.batches[batch.name] = new_shelf(batch)
    table.insert(account.batches, batch)
end

-- --------------------------------------------------------- projects and files

--- Makes a project. `project` has name, type, kind (standard, rapid or studio) and an array `versions` of its params.
function store.add_project(account, project)
    project.created = account.time
    account.projects[project.name] = new_shelf(project)
    table.insert(account.projects, project)
end

--- Keeps a file's facts; its bytes are not kept.
function store.add_file(account, file)
    file.created = account.time
    table.insert(account.files, file)
    if file.reference_id then account.references[file.reference_id] = file end
end

-- --------------------------------------------------------------------- time

-- Tasks that nobody holds back are due in the order in which they were made.
local function finish_due_tasks(account, due)
    local tasks, next_due = account.tasks, account.next_due
    while tasks[next_due] and tasks[next_due].created <= due.latest do
        local task = tasks[next_due]
        local batch = store.batch_of(task)
        local held = batch and batch.staged
        if task.status == "pending" and not held then store.finish(account, task, task.created + due.delay) end
        next_due = next_due + 1
    end
    account.next_due = next_due
end

-- Those of staged batches are due in the order in which the batches were released.
local function finish_due_batches(account, due)
    local releases = account.releases
    while releases[account.next_release] and releases[account.next_release].released <= due.latest do
        local batch = releases[account.next_release]
        account.next_release = account.next_release + 1
        for _, task in ipairs(batch.tasks) do
            if task.status == "pending" then store.finish(account, task, batch.released + due.delay) end
        end
    end
end

--- Milliseconds since 1970, now in this world.
function store.now(world)
    return world.clock()
end

--- Lets time pass in the account, up to now: what has become due since the last request is completed. Looks at no
--- task twice.
function store.settle(world, account)
    account.time = math.max(account.time, store.now(world))
    local delay = world.complete_after
    if account.kind == "test" or not delay then return end
    local due = { delay = delay, latest = account.time - delay }
    finish_due_tasks(account, due)
    finish_due_batches(account, due)
end

return store
