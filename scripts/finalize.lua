-- finalize: release staging batches to be worked on
--[[
A batch of a Rapid project takes tasks until it is finalized; then people start on it. One that was finalized
before counts as done.
--]]

local scaleapi = require "scaleapi"
local command = require "scripts.lib.command"
local report = require "scripts.lib.report"
local targets = require "scripts.lib.targets"
local work = require "scripts.lib.work"

local function read_arguments()
    local parser = command.parser("finalize", "Finalizes batches. This cannot be undone.")
    parser:argument("batch", "Names of batches."):argname "BATCH":args "+":convert(command.text)
    parser:option("--expect", "Finalize only if the batch has N tasks, canceled ones aside."):argname "N"
        :convert(command.positive)
    command.add_caution(parser)
    command.add_common(parser)
    command.add_explain(parser)
    local arguments = parser:parse()
    if arguments.expect and #arguments.batch > 1 then parser:error "--expect goes with one batch" end
    return arguments
end

local function finalize(client, name)
    local batch, how = targets.finalize(client, name)
    if not batch then return { state = "failed", error = how } end
    return { state = how, status = batch.status }
end

local function look(client, name)
    local batch, err = client.safe:get_batch(name)
    if not batch then return { state = "failed", error = err } end
    return { state = batch.status == "staging" and "to be finalized" or "left alone", status = batch.status }
end

local function describe(outcome)
    if outcome.error then return tostring(outcome.error) end
    return outcome.state .. (outcome.status and ", " .. outcome.status or "")
end

local function entry_of(name, outcome)
    if outcome.error then return { batch = name, failure = report.error(outcome.error) } end
    return { batch = name, outcome = outcome.state, status = outcome.status }
end

command.run("finalize", function()
    local arguments = read_arguments()
    local names = command.without_repeats(arguments.batch)
    local client = command.client(arguments.concurrency)
    if arguments.expect then targets.check_count(client, names[1], arguments.expect) end
    if not arguments.dry_run then command.confirm(arguments, "finalize " .. report.count(#names, "batch")) end
    local act, entries = arguments.dry_run and look or finalize, scaleapi.array {}
    local result = work.run({
        rows = names, send = function(name) return act(client, name) end,
        on_outcome = function(name, outcome)
            report.say("%s: %s", name, describe(outcome))
            entries[#entries + 1] = entry_of(name, outcome)
        end,
        concurrency = arguments.concurrency, client = client,
    }, arguments)
    if arguments.json then
        report.json { batches = entries, failed = result.failed, dry_run = arguments.dry_run,
            seconds = report.seconds(result.seconds) }
    end
    work.say_how_to_go_on(result)
    return work.end_code(result)
end)
