-- wait: wait until batches are completed
--[[
Says which are as they come, and ends when all are; its exit code tells a script that follows whether it may go on.
--]]

local command = require "scripts.lib.command"
local report = require "scripts.lib.report"
local screen = require "scripts.lib.screen"
local watch = require "scripts.lib.watch"
local work = require "scripts.lib.work"

local STEPS = { staging = 1, in_progress = 2, completed = 3 }

local function read_arguments()
    local parser = command.parser("wait", "Waits until batches are completed. Exit code: 0 all are, 3 some are not "
        .. "there, 5 the time is over or the server is away.")
    parser:argument("batch", "Names of batches."):argname "BATCH":args "+":convert(command.text)
    parser:option("--until", "Wait until they are so: in_progress or completed."):argname "STATUS":default "completed"
        :choices { "in_progress", "completed" }
    command.add_deadline(parser, "--timeout", "How long to wait, such as 2h, 90m, 1h30m or 45 (seconds); then the exit "
        .. "code is 5 (default: for ever).", command.duration)
    command.add_interval(parser)
    command.add_give_up(parser)
    command.add_json(parser)
    command.add_http(parser)
    return parser:parse()
end

-- Says once of each batch that it has come so far, or cannot.
local function teller(arguments, entries, is_done)
    local said = {}
    return function()
        local count = 0
        for _, name in ipairs(arguments.batch) do
            local entry = entries[name]
            if entry and not entry.failure and is_done(entry) then count = count + 1 end
            local text = entry and (entry.failure and tostring(entry.failure) or is_done(entry) and entry.status)
            if text and said[name] ~= text then report.say("%s: %s", name, text) end
            said[name] = text or said[name]
        end
        if not arguments.json then
            screen.standard:pass(("%d of %d %s"):format(count, #arguments.batch, arguments["until"]))
        end
    end
end

local function summarize(arguments, entries, is_done)
    local list, failed = watch.summarize(arguments.batch, entries)
    local waiting = #arguments.batch - failed
    for _, entry in ipairs(list) do
        if not entry.failure and is_done(entry) then waiting = waiting - 1 end
    end
    if arguments.json then report.json { batches = list, failed = failed, waiting = waiting } end
    return failed, waiting
end

command.run("wait", function()
    local arguments = read_arguments()
    arguments.batch = command.without_repeats(arguments.batch)
    local entries = {}
    local function is_done(entry)
        return (STEPS[entry.status] or 0) >= STEPS[arguments["until"]]
    end
    local ok, result = pcall(watch.run, {
        client = command.client(work.USUAL_CONCURRENCY), names = arguments.batch, entries = entries, is_done = is_done,
        interval = arguments.interval, concurrency = work.USUAL_CONCURRENCY,
        on_look = teller(arguments, entries, is_done),
    })
    if not ok and not command.is_stop(result) then error(result, 0) end
    local failed, waiting = summarize(arguments, entries, is_done)
    if not ok and waiting > 0 then
        report.say("%s not %s yet", waiting == 1 and "1 batch is" or waiting .. " batches are", arguments["until"])
    end
    if not ok then error(result, 0) end
    return work.end_code(result, failed)
end)
