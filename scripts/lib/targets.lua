--[[
scripts.lib.targets - the projects and batches that commands work on: finding, making, finalizing them; what became of
their tasks.
--]]

local scaleapi = require "scaleapi"
local command = require "scripts.lib.command"
local report = require "scripts.lib.report"

local targets = {}

-- The thing; nil when there is none, or when this server cannot say. An error that all further calls would
-- meet as well is raised.
local function find(get, client, name)
    local thing, err = get(client.safe, name)
    if thing then return thing end
    if err.kind == "unauthorized" or err.kind == "forbidden" or err.retriable or not err.code then error(err, 0) end
    return nil, err.kind == "not_found"
end

local function find_project(client, name)
    return find(client.safe.get_project, client, name)
end

local function find_batch(client, name)
    return find(client.safe.get_batch, client, name)
end

local function check_project(project, name, task_type)
    if project.type and project.type ~= task_type then
        command.stop(command.USAGE, "project '%s' is of type %s, not %s", name, project.type, task_type)
    end
end

-- Another may have made it between our look and our call: then it is as good as found.
local function create(call, look_again)
    local thing, err = call()
    if thing then return thing end
    if err.kind ~= "duplicate" then error(err, 0) end
    return look_again() or error(err, 0)
end

--- Looks whether the project is there and of that type, makes it if it should be made. Returns true when the server
--- says that there is none.
function targets.prepare_project(client, arguments)
    local name, task_type = arguments.project, arguments.type
    local project, missing = find_project(client, name)
    if not project and missing and arguments.create_project then
        project = create(function()
            return command.as_asked(client.safe.create_project, client.safe,
                { project_name = name, task_type = task_type, rapid = arguments.rapid })
        end, function() return find_project(client, name) end)
        missing = false
        report.say("project '%s' of type %s is there", name, task_type)
    end
    if project then check_project(project, name, task_type) end
    return missing
end

--- The same for the batch, and whether it is of that project.
function targets.prepare_batch(client, arguments)
    local name, project = arguments.batch, arguments.project
    local batch, missing = find_batch(client, name)
    if not batch and missing and arguments.create_batch then
        batch = create(function()
            return client.safe:create_batch { project = project, batch_name = name }
        end, function() return find_batch(client, name) end)
        missing = false
        report.say("batch '%s' is there", name)
    end
    if batch and batch.project and batch.project ~= project then
        command.stop(command.USAGE, "batch '%s' belongs to project '%s', not '%s'", name, batch.project, project)
    end
    return missing
end

--- Finalizes a batch. Returns the batch and "finalized"; or, when the server refuses because it was finalized before,
--- the batch and "finalized before"; or nil and the error.
function targets.finalize(client, name)
    local batch, err = client.safe:finalize_batch(name)
    if batch then return batch, "finalized" end
    if err.kind ~= "invalid_request" and err.kind ~= "duplicate" then return nil, err end
    local found = client.safe:get_batch(name)
    if found and found.status and found.status ~= "staging" then return found, "finalized before" end
    return nil, err
end

local COUNT_PAUSES = { 0.5, 1, 2, 4 } -- seconds: what was just made or canceled may show a little later

-- How many tasks the batch has, without those that were canceled.
local function count_tasks(client, name)
    local filter = { batch_name = name }
    local all = client:get_tasks_count(filter)
    filter.status = "canceled"
    return all - client:get_tasks_count(filter)
end

-- Ends the command when there is no such batch.
local function must_be_there(client, name)
    local batch, err = client.safe:get_batch(name)
    if batch then return end
    if err.kind ~= "not_found" then error(err, 0) end
    command.stop(command.PARTIAL, "%s: %s", name, tostring(err))
end

--- Ends the command unless the server counts so many tasks in the batch, canceled ones aside; with `more`, it may
--- have others as well. Nothing is finalized then.
function targets.check_count(client, name, expected, more)
    local count = count_tasks(client, name)
    if count == 0 then must_be_there(client, name) end
    for i, pause in ipairs(COUNT_PAUSES) do
        if count == expected or count > expected and more then break end
        if i == 1 then
            report.say("batch '%s' has %s so far where %d %s expected; counting again for some seconds", name,
                report.count(count, "task"), expected, expected == 1 and "is" or "are")
        end
        scaleapi.sleep(pause)
        count = count_tasks(client, name)
    end
    if count == expected then return end
    if count > expected and more then
        return report.say("batch '%s' has %s, %d of them of this file", name, report.count(count, "task"), expected)
    end
    command.stop(command.PARTIAL, "batch '%s' has %s where %d %s expected; it is not finalized", name,
        report.count(count, "task"), expected, expected == 1 and "is" or "are")
end

--- Finalizes a batch that has at least so many tasks, by the server's count; like targets.finalize.
function targets.finalize_counted(client, name, expected)
    targets.check_count(client, name, expected, true)
    return targets.finalize(client, name)
end

--- The statuses of tasks that can no longer be canceled.
targets.FINAL = { completed = true, canceled = true, error = true }

--- Canceling the task failed: the task, if that is because it was done in the meantime, which is no failure; or nil.
function targets.look_again(client, task_id, err)
    if err.kind ~= "invalid_request" and err.kind ~= "duplicate" then return nil end
    local task = client.safe:get_task(task_id)
    return task and targets.FINAL[task.status] and task or nil
end

--- The counts of a batch by status; what the answer leaves out is 0.
function targets.counts(status)
    local counts = {}
    for _, name in ipairs { "pending", "completed", "error", "canceled" } do
        counts[name] = math.tointeger(status[name]) or 0
    end
    return counts
end

return targets
