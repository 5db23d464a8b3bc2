-- undo: cancel the tasks that an upload has made, by its journal
--[[
Exactly those that the journal says this run made and that can still be canceled; what was there before stays. Each is
noted in the same journal: ended at any moment, the same command goes on where it was, and an upload afterwards makes
the tasks again. For that their unique_ids must be free: --clear-unique-id.
A row that was under way when a run was killed, and whose task the next run found, was made by the upload if it is
younger than the journal. The server's clock decides, told by the Date of its answers; of ours only what has passed
since the journal was begun (so it must not have been set meanwhile). Where that does not tell, the task stays.
--]]

local scaleapi = require "scaleapi"
local sys = require "scaleapi.sys"
local command = require "scripts.lib.command"
local report = require "scripts.lib.report"
local targets = require "scripts.lib.targets"
local work = require "scripts.lib.work"

-- Seconds that the server's dates, which are whole and as old as their way, may be apart from the times of its tasks.
local SLACK = 3
-- By the journal: made by this run; perhaps; canceled, but not free.
local MADE, PERHAPS, HELD = "c", "m", "k"

local function read_arguments()
    local parser = command.parser("undo", "Cancels the tasks that an upload has made. This cannot be undone.")
    parser:argument("journal", "The journal of the upload."):argname "FILE.jsonl.journal"
    parser:flag("--clear-unique-id", "Free the unique_ids of the canceled tasks, so that they can be made again.")
    parser:flag("--include-unsure", "Cancel also what this upload or somebody before it may have made.")
    command.add_caution(parser)
    command.add_common(parser)
    command.add_explain(parser)
    return parser:parse()
end

-- The journal, if it is of this server and key.
local function open(path, client)
    local log = scaleapi.journal.open(path, {})
    local now = { server = client:base_url(), key = client:key_fingerprint(), operation = "send" }
    for _, name in ipairs { "server", "key", "operation" } do
        if log.before[name] ~= now[name] then
            command.stop(command.USAGE, "%s is of other work: %s was '%s' and is '%s' now", path, name,
                tostring(log.before[name]), now[name])
        end
    end
    return log
end

-- ----------------------------------------------------------------- whose it is

-- When the journal was begun, by the server's clock; nil while nothing tells.
local function begun_there(client, log)
    local now, passed = client:server_time(), sys.time() - (tonumber(log.begun) or math.huge)
    return now and passed >= 0 and now - passed or nil
end

-- Seconds since 1970; nil where the server does not say them in UTC.
local function created(task)
    local text = tostring(task.created_at)
    local milliseconds = (text:find "Z$" or text:find "%+00:00$") and scaleapi.times.parse(text)
    return milliseconds and milliseconds / 1000
end

-- Did this upload make the task, which was there when a run that went on looked? True, false; or nil, and why that
-- cannot be told.
local function is_ours(client, log, task)
    local begun = begun_there(client, log)
    if not begun then return nil, "nothing tells how late it was for the server when the upload began" end
    local made = created(task)
    if not made then return nil, "the server does not say when, in UTC, it was made" end
    if made >= begun + SLACK then return true end
    if made < begun - SLACK then return false end
    return nil, "it was made at about the time when the upload began"
end

-- ----------------------------------------------------------------------- rows

-- The rows whose tasks are to be canceled, or freed: { number =, task =, letter = }.
local function row_source(log, arguments)
    local wanted = { [MADE] = true, [PERHAPS] = true, [HELD] = arguments.clear_unique_id }
    local number = 0
    return function()
        while number < log:highest() do
            number = number + 1
            local letter = log:state(number)
            if wanted[letter] then return { number = number, task = log:word(number), letter = letter } end
        end
    end
end

local function failed(err)
    return { state = "failed", error = err }
end

-- A task that is done meanwhile stays. Returns the outcome, and the letter for the journal.
local function look_again(client, row, err)
    local found = targets.look_again(client, row.task, err)
    if not found then return failed(err) end
    if found.status ~= "canceled" then return { state = "left" }, "n" end
    return { state = "canceled" }, found.unique_id and "k" or "u"
end

local function free(client, row)
    local task, err = client.safe:clear_task_unique_id(row.task, { bulk = true })
    if not task then return failed(err) end
    return { state = "freed" }, "u"
end

local function cancel(client, arguments, row)
    local task, err = client.safe:cancel_task(row.task, { clear_unique_id = arguments.clear_unique_id, bulk = true })
    if not task then return look_again(client, row, err) end
    return { state = "canceled" }, arguments.clear_unique_id and "u" or "k"
end

local function act(client, arguments, row)
    if row.letter == HELD then return free(client, row) end
    return cancel(client, arguments, row)
end

-- What becomes of the row without anything being changed; nil if its task is to be canceled, or freed.
local function spare(client, log, arguments, row)
    if not row.task then
        return failed { kind = "journal", message = "the journal does not say which task it is", attempts = 0 }
    end
    if row.letter ~= PERHAPS then return nil end
    local task, err = client.safe:get_task(row.task, { bulk = true })
    if not task then return failed(err) end
    local ours, why = is_ours(client, log, task)
    if ours == false then return { state = "left" }, "e" end
    if ours == nil and not arguments.include_unsure then return { state = "unsure", why = why } end
end

local function sender(client, log, arguments)
    return function(row)
        log:check()
        local outcome, letter = spare(client, log, arguments, row)
        if arguments.dry_run then return outcome or { state = row.letter == HELD and "freed" or "canceled" } end
        if not outcome then outcome, letter = act(client, arguments, row) end
        if letter then log:record(letter, row.number, row.task) end
        return outcome
    end
end

-- -------------------------------------------------------------------- telling

local function say_what_is_unknown(log, path)
    local begun = log:count "s"
    if begun == 0 then return 0 end
    report.say("%s under way when the upload ended, and may have been made: upload again to find out, then undo %s",
        begun == 1 and "1 row was" or begun .. " rows were", path)
    return begun
end

local function summarize(arguments, result, unknown)
    local counts = result.counts
    local summary = {
        canceled = counts.canceled or 0, freed = counts.freed, left_alone = counts.left or 0, unsure = counts.unsure,
        failed = result.failed, unknown = unknown > 0 and unknown or nil, dry_run = arguments.dry_run,
        retries = result.retries, seconds = report.seconds(result.seconds),
    }
    if arguments.json then return report.json(summary) end
    report.say("%d %s%s, %d left alone%s, %d failed; %.1f seconds", summary.canceled,
        arguments.dry_run and "would be canceled" or "canceled",
        summary.freed and (", %d freed"):format(summary.freed) or "", summary.left_alone,
        summary.unsure and (", %d unsure"):format(summary.unsure) or "", summary.failed, summary.seconds)
end

local function say_what_is_unsure(result, arguments)
    local unsure = result.counts.unsure or 0
    if unsure == 0 then return 0 end
    report.say("%s this upload may have made, or somebody before it, and %s; to cancel %s too: "
        .. "scalua undo --include-unsure%s %s", report.count(unsure, "task"), unsure == 1 and "it stays" or "they stay",
        unsure == 1 and "it" or "them", arguments.clear_unique_id and " --clear-unique-id" or "", arguments.journal)
    return unsure
end

local function say_what_is_needed(log, arguments)
    local held = log:count(HELD)
    if held == 0 or arguments.dry_run then return end
    report.say("%s canceled and still %s; before an upload can make %s again: scalua undo --clear-unique-id %s",
        held == 1 and "1 task is" or held .. " tasks are",
        held == 1 and "holds its unique_id" or "hold their unique_ids", held == 1 and "it" or "them", arguments.journal)
end

local function how_many(log, arguments)
    local words = "cancel " .. report.count(log:count(MADE), "task")
    local perhaps = log:count(PERHAPS)
    if perhaps > 0 then words = ("%s and %d that may be of this upload"):format(words, perhaps) end
    if arguments.clear_unique_id and log:count(HELD) > 0 then
        words = words .. ", free the unique_ids of " .. log:count(HELD)
    end
    return words
end

local function undo(log, arguments, client)
    local unknown = say_what_is_unknown(log, arguments.journal)
    if not arguments.dry_run then command.confirm(arguments, how_many(log, arguments)) end
    local result = work.run({
        client = client, concurrency = arguments.concurrency,
        rows = row_source(log, arguments), send = sender(client, log, arguments),
        on_outcome = function(row, outcome)
            if outcome.state == "unsure" then
                report.say("task %s of row %d stays: %s", row.task, row.number, outcome.why)
            elseif outcome.error then
                report.say("task %s: %s", row.task or "of row " .. row.number,
                    scaleapi.is_error(outcome.error) and tostring(outcome.error) or outcome.error.message)
            end
        end,
        on_progress = function() log:tick() end,
    }, arguments)
    summarize(arguments, result, unknown)
    local unsure = say_what_is_unsure(result, arguments)
    say_what_is_needed(log, arguments)
    work.say_how_to_go_on(result)
    return work.end_code(result, result.failed + unknown + unsure)
end

command.run("undo", function()
    local arguments = read_arguments()
    local client = command.client(arguments.concurrency)
    local log = open(arguments.journal, client)
    local ok, code = pcall(undo, log, arguments, client)
    local is_written = log:close()
    if not ok then error(code, 0) end
    if not is_written and code ~= command.FAILURE then command.stop(command.FAILURE, "%s", log.failed) end
    return code
end)
