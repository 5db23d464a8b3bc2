--[[
scripts.lib.work - bulk work as a command does it: scaleapi.bulk, ended by Ctrl-C in good order, and the exit code that
it ends with.
--]]

local scaleapi = require "scaleapi"
local sys = require "scaleapi.sys"
local command = require "scripts.lib.command"
local progress = require "scripts.lib.progress"
local report = require "scripts.lib.report"

local work = {
    USUAL_CONCURRENCY = 50, -- requests in flight, of commands that are not told
}

local LOOK_EVERY = 0.1 -- seconds, for Ctrl-C

-- Why it ended early, as an exit code.
local CODES = {
    key = command.KEY, refused = command.FAILURE, gave_up = command.GAVE_UP, disk = command.FAILURE,
    interrupted = command.INTERRUPTED, usage = command.USAGE, deadline = command.GAVE_UP,
}

-- The first Ctrl-C lets finish what is in flight, the second does not.
local function watch_interrupts(handle)
    if not sys.catch_interrupt(true) then return nil end
    return scaleapi.spawn(function()
        while sys.interrupted() == 0 do scaleapi.sleep(LOOK_EVERY) end
        handle.stop("interrupted", "interrupted")
        report.say("finishing what is in flight; Ctrl-C again to stop at once")
        while sys.interrupted() == 1 do scaleapi.sleep(LOOK_EVERY) end
        handle.abort()
    end)
end

--- Runs scaleapi.bulk with these options and returns its result. Shows how far it is, as the command's arguments say
--- (json, explain); without them nothing.
function work.run(options, arguments)
    arguments = arguments or { json = true }
    local shown = progress.new { quiet = arguments.json, explain = arguments.explain, client = options.client }
    local on_progress = options.on_progress
    function options.on_progress(state)
        shown:update(state)
        if on_progress then on_progress(state) end
    end
    local watcher
    local on_start = options.on_start
    function options.on_start(handle)
        watcher = watch_interrupts(handle)
        if on_start then on_start(handle) end
    end
    options.deadline = command.time_left()
    local ok, result = command.without_alarm(pcall, scaleapi.bulk, options)
    shown:finish()
    if watcher then
        watcher:cancel()
        sys.catch_interrupt(false)
    end
    if not ok then
        if scaleapi.is_error(result, "timeout") then command.time_left() end -- says so in its own words
        error(result, 0)
    end
    return result
end

--- The journal for what is done with the file, or nil: a sandbox in this process does not outlast it.
function work.journal_of(path)
    return not command.is_sandbox() and path .. ".journal" or nil
end

--- Says what to do when it ended early.
function work.say_how_to_go_on(result)
    if result.stopped then report.say "run the same command again to go on" end
end

--- The exit code that the work ends with; says why it ended early. Raises its problem. `failed`: how many rows or
--- names failed in all.
function work.end_code(result, failed)
    if result.problem then error(result.problem, 0) end
    local stopped = result.stopped
    if stopped then
        local why = stopped.reason == "deadline" and command.time_is_over() or stopped.why
        report.say("stopped: %s%s", why, stopped.error and command.advice(stopped.error) or "")
        return CODES[stopped.reason]
    end
    return (failed or result.failed) > 0 and command.PARTIAL or command.DONE
end

return work
