--[[
sandbox.store - the sandbox's state: a world with two accounts, live and test, that do not see each other; in each the
tasks, batches, projects, files and people, and what finds them quickly. It keeps what must always hold (indexes,
counts, the order of time) and decides nothing else: that is the rules' part.

A task keeps what never changes as one string of JSON members, `fixed`, and little beside it: a million of them fit in
two gigabytes. `tasks` and `counts` (by status) stand on every shelf a task lies on: its account, its project, its
batch. The tasks of a shelf are in the order of their creation.
--]]

local json = require("scaleapi").json
local sys = require "scaleapi.sys"
local new_random = require "scaleapi.sandbox.random"
local people = require "scaleapi.sandbox.people"
local responses = require "scaleapi.sandbox.responses"
local times = require("scaleapi").times

local store = {}

-- ------------------------------------------------------------------- worlds

local function new_shelf(shelf)
    shelf.tasks = {}
    shelf.counts = { pending = 0, completed = 0, canceled = 0, error = 0 }
    return shelf
end

local function new_account(kind, random)
    local account = new_shelf {
        kind = kind,
        owner = ("%016x%08x"):format(random(), random() & 0xFFFFFFFF),
        mark = ("%08x"):format(random() & 0xFFFFFFFF), -- in the middle of its tasks' ids
        time = 0,              -- of the last request: never goes back
        changes = 0,           -- of tasks, so far
        unique = {},           -- unique_id -> task
        idempotency = {},      -- key -> { task, request }
        projects = {},         -- by name, and in the order of creation
        batches = {},
        files = {},            -- by id, and in the order of creation
        references = {},       -- reference_id -> file
        deliveries = {},       -- these, by id and in the order in which they were seeded
        schemas = {},
        annotations = {},
        datasets = {},
        dataset_deliveries = {},
        dataset_tasks = {},
        next_due = 1,          -- the first task that complete_after has not been applied to
        releases = {},         -- of batches that were held back: { batch, at }
        next_release = 1,
        quality = {},          -- evaluation and training tasks, in the order of creation
        quality_unique = {},   -- unique_id -> one of them
        audits = {},           -- fixless ones, by id, and in the order of creation
    }
    account.people = people.new(account)
    return account
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
        advanced = 0, -- milliseconds that it was told to be ahead of its clock
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

--- Makes a world another one, in its place: whoever holds it sees what `other` was.
function store.replace(world, other)
    for name in pairs(world) do world[name] = nil end
    for name, value in pairs(other) do world[name] = value end
end

--- A version 4 UUID.
function store.new_uuid(world)
    local a, b = world.random(), world.random()
    return ("%08x-%04x-4%03x-%04x-%012x"):format(a >> 32, a >> 16 & 0xFFFF, a & 0xFFF, b >> 48 & 0x3FFF | 0x8000,
        b & 0xFFFFFFFFFFFF)
end

-- -------------------------------------------------------------------- tasks

-- What ids begin with: the time, so that they sort by creation (until 2106, when eight digits begin anew).
local function time_part(account)
    return ("%08x"):format(account.time // 1000 & 0xFFFFFFFF)
end

-- A task's id ends with its number in its account.
local function new_task_id(account)
    return ("%s%s%08x"):format(time_part(account), account.mark, #account.tasks + 1)
end

--- An id for something else than a task. `letter` is a hexadecimal digit that tells what: no task has it there.
function store.new_id(account, letter, number)
    return ("%s%s%s%07x"):format(time_part(account), account.mark, letter, number)
end

--- The project or batch with this id in a list of them, or nil.
function store.with_id(list, id)
    local thing = list[tonumber(id:sub(18), 16)] -- its number is the end of its id
    return thing and thing.id == id and thing or nil
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
    return ('"task_id":"%s","type":"%s","created_at":"%s"'):format(new_task_id(account), task_type,
        times.format(account.time))
end

-- A member of a task that few have, as raw bytes, or nil. Deep in the params others may be so called.
local function rare(task, name)
    if not task.fixed:find(',"' .. name .. '":', 1, true) then return nil end
    return json.raw_field("{" .. task.fixed .. "}", name)
end

--- The task's callback_url, as raw bytes; nil if it has none.
function store.callback_of(task)
    return rare(task, "callback_url")
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

-- Notes that a batch is completed, if it is.
local function end_batch(account, batch, time)
    if store.batch_status(batch) ~= "completed" then return end
    batch.ended = time
    store.tell(account, batch, "completed")
end

-- Moves the task to another status, on every shelf.
local function move(account, task, status, time)
    local before, project, batch = task.status, store.project_of(task), store.batch_of(task)
    task.status = status
    recount(account, before, status)
    if project then recount(project, before, status) end
    if batch then recount(batch, before, status) end
    store.touch(account, task, time)
    -- Scale's test server says so before it has tried.
    if account.kind == "test" and store.callback_of(task) then task.callback_succeeded = true end
    store.tell(account, task, status)
    if batch and before == "pending" then end_batch(account, batch, time) end
end

--- Notes that work on a pending task has begun. Returns whether it was pending.
function store.start_work(account, task)
    if task.status ~= "pending" then return false end
    if not task.started then
        task.started = true
        store.touch(account, task)
    end
    return true
end

--- Notes what came out when a task was audited.
function store.review(account, task, result)
    task.review = result
    local batch = store.batch_of(task)
    if batch then batch.audited = account.time end
    store.touch(account, task)
    store.tell(account, task, "audited")
end

--- Cancels a pending task.
function store.cancel(account, task)
    move(account, task, "canceled", account.time)
end

--- Deletes a task. It can still be seen: the second API calls it deleted, and the first, which has no such word,
--- canceled.
function store.delete(account, task)
    task.completed, task.review, task.deleted = nil, nil, true
    move(account, task, "canceled", account.time)
end

--- A task's status in the words of the second API, which has deleted too.
function store.task_state(task)
    return task.deleted and "deleted" or task.status
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

--- Ends a pending task in error; `reason` is what its response says, if not that an attachment cannot be downloaded.
function store.fail(account, task, time, reason)
    if rare(task, "clear_unique_id_on_error") then store.set_unique_id(account, task, nil) end
    task.failure = reason
    move(account, task, "error", time)
end

--- Ends a pending task: completed, or in error if an attachment of its cannot be downloaded.
function store.finish(account, task, time)
    if not is_unreachable(task) then
        task.completed = time
        return move(account, task, "completed", time)
    end
    store.fail(account, task, time)
end

--- Recalls a completed task, to be done again: it is pending, and complete_after does not apply to it any more. Returns
--- whether it was completed.
function store.recall(account, task)
    if task.status ~= "completed" then return false end
    task.completed, task.review = nil, nil
    move(account, task, "pending", account.time)
    return true
end

--- Notes whether the task's callback has arrived, and keeps it if the world is kept: nobody posts it again.
function store.note_callback(world, account, task, succeeded)
    task.callback_succeeded = succeeded
    if not world.remember then return end
    world.remember(account.kind .. " callback", store.last_time(world),
        { method = tostring(succeeded), path = store.id_of(task), body = "" })
end

-- ------------------------------------------------------------------ batches

--- staging, in_progress or completed. The first API has no other words: for it a paused batch is in progress, and
--- one that was cancelled is completed, as soon as nobody works on its tasks any more.
function store.batch_status(batch)
    if batch.cancelled then return batch.counts.pending == 0 and "completed" or "in_progress" end
    if batch.staged and not batch.released then return "staging" end
    if #batch.tasks > 0 and batch.counts.pending == 0 then return "completed" end
    return "in_progress"
end

--- The same in the words of the second API, which has paused and cancelled too.
function store.batch_state(batch)
    if batch.cancelled then return "cancelled" end
    local status = store.batch_status(batch)
    return status == "in_progress" and batch.paused and "paused" or status
end

-- Notes that the tasks which lie in a batch now are worked on from now on, and not since they were made.
local function let_go(account, batch)
    batch.let_go = account.time
    table.insert(account.releases, { batch = batch, at = account.time })
    store.tell(account, batch, "released")
end

--- Releases a staging batch: its tasks are worked on from now on.
function store.release(account, batch)
    batch.released = account.time
    let_go(account, batch)
    end_batch(account, batch, account.time)
end

--- Pauses a batch: until it is resumed, time completes none of its tasks that nobody works on yet.
function store.pause(batch)
    batch.paused = true
end

--- Resumes a paused batch: its tasks are worked on from now on.
function store.resume(account, batch)
    batch.paused = nil
    let_go(account, batch)
end

--- Cancels a batch, and the tasks in it that nobody works on yet.
function store.cancel_batch(account, batch)
    batch.cancelled = account.time
    end_batch(account, batch, account.time) -- now, or with the last of its tasks
    for _, task in ipairs(batch.tasks) do
        if task.status == "pending" and not task.started then store.cancel(account, task) end
    end
    if batch.paused then store.resume(account, batch) end -- so that time completes what is left
end

--- Makes a batch. `batch` has name, project, staged and what its document shows.
function store.add_batch(account, batch)
    batch.created, batch.number = account.time, #account.batches + 1
    batch.id = store.new_id(account, "b", batch.number)
    account.batches[batch.name] = new_shelf(batch)
    table.insert(account.batches, batch)
end

-- --------------------------------------------------------- projects and files

--- Makes a project. `project` has name, type, kind (standard, rapid or studio) and an array `versions` of its params.
function store.add_project(account, project)
    project.created = account.time
    project.id = store.new_id(account, "a", #account.projects + 1)
    account.projects[project.name] = new_shelf(project)
    table.insert(account.projects, project)
end

--- Archives a project or batch, as the dashboard does; or with false brings it back.
function store.archive(place, archived)
    place.archived = archived ~= false
end

--- Keeps a file: its facts, and as `bytes` what was uploaded.
function store.add_file(account, file)
    file.created = account.time
    account.files[file.id] = file
    table.insert(account.files, file)
    if file.reference_id then account.references[file.reference_id] = file end
end

--- The bytes of the file with this id, as they were uploaded; nil for one that is unknown or was only imported.
function store.file_bytes(account, id)
    local file = account.files[id]
    return file and file.bytes
end

-- ------------------------------------------------------------------ quality

--- Keeps an evaluation or training task: { kind, project, unique_id }.
function store.add_quality(account, quality)
    table.insert(account.quality, quality)
    quality.id, quality.created = store.new_id(account, "e", #account.quality), account.time
    if quality.unique_id then account.quality_unique[quality.unique_id] = quality end
end

--- Keeps a fixless audit: { task_id, … }.
function store.add_audit(account, audit)
    table.insert(account.audits, audit)
    audit.id = store.new_id(account, "f", #account.audits)
    account.audits[audit.id] = audit
end

-- --------------------------------------------------------------------- time

-- Whether a task is or was held back, by a batch that was in staging or paused. A pause does not hold tasks that people
-- work on already.
local function is_held(task)
    local batch = store.batch_of(task)
    if not batch or batch.staged or task.started then return batch and batch.staged end
    return batch.paused or batch.let_go and task.created <= batch.let_go
end

-- Tasks that nobody holds back are due in the order in which they were made.
local function finish_due_tasks(account, due)
    local tasks, next_due = account.tasks, account.next_due
    while tasks[next_due] and tasks[next_due].created <= due.latest do
        local task = tasks[next_due]
        if task.status == "pending" and not is_held(task) then store.finish(account, task, task.created + due.delay) end
        next_due = next_due + 1
    end
    account.next_due = next_due
end

local function finish_released(account, release, delay)
    local batch, at = release.batch, release.at
    local holds = batch.paused or batch.let_go ~= at
    for _, task in ipairs(batch.tasks) do
        if task.status == "pending" and task.created <= at and (task.started or not holds) then
            store.finish(account, task, at + delay)
        end
    end
end

-- Those that were held back are due in the order in which their batches were let go; a batch that has been paused
-- since then counts from when it is resumed.
local function finish_due_batches(account, due)
    local releases = account.releases
    while releases[account.next_release] and releases[account.next_release].at <= due.latest do
        finish_released(account, releases[account.next_release], due.delay)
        account.next_release = account.next_release + 1
    end
end

--- Milliseconds since 1970, now in this world.
function store.now(world)
    return world.pinned or world.clock() + world.advanced
end

-- Looks at no task twice.
local function settle_until(world, account, time)
    account.time = math.max(account.time, time)
    local delay = world.complete_after
    if account.kind == "test" or not delay then return end
    local due = { delay = delay, latest = account.time - delay }
    finish_due_tasks(account, due)
    finish_due_batches(account, due)
end

--- Lets time pass in the account, up to now: what has become due since the last request is completed.
function store.settle(world, account)
    settle_until(world, account, store.now(world))
end

--- The time of the last request to either account.
function store.last_time(world)
    return math.max(world.accounts.live.time, world.accounts.test.time)
end

--- Lets time pass in both accounts, up to the same moment.
function store.settle_all(world)
    local time = math.max(store.now(world), store.last_time(world))
    for _, account in pairs(world.accounts) do settle_until(world, account, time) end
end

--- Lets so many milliseconds more pass.
function store.advance(world, milliseconds)
    world.advanced = world.advanced + milliseconds
    store.settle_all(world)
end

return store
