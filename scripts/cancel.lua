-- cancel: cancel the tasks of batches that are not done yet
--[[
Tasks that are completed, canceled or in error are left alone; so are tasks that become so meanwhile. There is no
journal: what is to be done stands on the server, as each task's status, so the same command goes on where one that was
killed had come, and counts what is canceled already among what it leaves alone.
--]]

local command = require "scripts.lib.command"
local report = require "scripts.lib.report"
local targets = require "scripts.lib.targets"
local work = require "scripts.lib.work"

local function read_arguments()
    local parser = command.parser("cancel", "Cancels the tasks of batches. This cannot be undone.")
    command.add_name(parser, "--batch", "B[,B2]", "Batches; a comma inside a name is written '\\,'."):count "+"
    parser:flag("--clear-unique-id", "Free the unique_ids of the canceled tasks, to be used again.")
    command.add_caution(parser)
    command.add_common(parser)
    command.add_explain(parser)
    local arguments = parser:parse()
    arguments.batch = command.split_names(arguments.batch)
    if #arguments.batch == 0 then parser:error "--batch needs a name" end
    return arguments
end

-- Which of the batches are there, how many tasks are pending in them, and how many names are wrong.
local function survey(client, names)
    local found, pending, failed = {}, 0, 0
    for _, name in ipairs(names) do
        local status, err = client.safe:batch_status(name)
        if status then
            found[#found + 1] = name
            pending = pending + targets.counts(status).pending
        elseif err.kind == "not_found" then
            failed = failed + 1
            report.say("%s: %s", name, tostring(err))
        else
            error(err, 0)
        end
    end
    return found, pending, failed
end

-- The tasks of the batches, one after the other. Those that are done are counted in `skipped`. No filter by
-- status: what is canceled meanwhile must not move the pages.
local function task_source(client, names, skipped)
    local place, tasks = 0, nil
    return function()
        while true do
            local task = tasks and tasks()
            if not task then
                place = place + 1
                if not names[place] then return nil end
                tasks = client:get_tasks { batch_name = names[place] }
            elseif targets.FINAL[task.status] then
                skipped[task.status] = (skipped[task.status] or 0) + 1
            else
                return task.task_id
            end
        end
    end
end

local function canceller(client, arguments, skipped)
    local options = { clear_unique_id = arguments.clear_unique_id, bulk = true }
    return function(task_id)
        if arguments.dry_run then return { state = "canceled" } end
        local task, err = client.safe:cancel_task(task_id, options)
        if task then return { state = "canceled" } end
        local found = targets.look_again(client, task_id, err)
        if not found then return { state = "failed", error = err } end
        skipped[found.status] = (skipped[found.status] or 0) + 1
        return { state = "skipped" }
    end
end

local function list_counts(counts)
    local words = {}
    for _, status in ipairs { "completed", "canceled", "error" } do
        if counts[status] then words[#words + 1] = ("%d %s"):format(counts[status], status) end
    end
    return #words > 0 and table.concat(words, ", ") or "none"
end

local function summarize(arguments, result, skipped, unknown)
    local canceled, left_alone = result.counts.canceled or 0, 0
    for _, count in pairs(skipped) do left_alone = left_alone + count end
    if arguments.json then
        return report.json {
            canceled = canceled, skipped = skipped, failed = result.failed, dry_run = arguments.dry_run,
            total = result.total - (result.counts.skipped or 0) + left_alone,
            unknown_batches = unknown > 0 and unknown or nil, retries = result.retries,
            seconds = report.seconds(result.seconds),
        }
    end
    report.say("%d %s, %d failed; left alone: %s; %.1f seconds", canceled,
        arguments.dry_run and "would be canceled" or "canceled", result.failed, list_counts(skipped), result.seconds)
end

command.run("cancel", function()
    local arguments = read_arguments()
    local client = command.client(arguments.concurrency)
    local names, pending, unknown = survey(client, arguments.batch)
    if #names > 0 and not arguments.dry_run then
        command.confirm(arguments, ("cancel %s in %s"):format(
            report.count(pending, "task"), report.count(#names, "batch")))
    end
    local skipped = {}
    local result = work.run({
        rows = task_source(client, names, skipped), send = canceller(client, arguments, skipped),
        on_outcome = function(task_id, outcome)
            if outcome.error then report.say("task %s: %s", task_id, tostring(outcome.error)) end
        end,
        concurrency = arguments.concurrency, client = client,
    }, arguments)
    summarize(arguments, result, skipped, unknown)
    work.say_how_to_go_on(result)
    return work.end_code(result, result.failed + unknown)
end)
