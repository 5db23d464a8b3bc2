-- upload: make a task of every line of a JSONL file
--[[
Each line is sent as it stands; project, batch and unique_id are put in where it lacks them. A row without a
unique_id gets one made from its bytes, so that uploading the same file again makes nothing twice.
Rows that failed go to FILE.failed.jsonl, and why to FILE.errors.jsonl.
--]]

local scaleapi = require "scaleapi"
local bulk = require "scripts.lib.bulk"
local command = require "scripts.lib.command"
local outcomes = require "scripts.lib.outcomes"
local payload = require "scripts.lib.payload"
local report = require "scripts.lib.report"
local rows = require "scripts.lib.rows"
local targets = require "scripts.lib.targets"

local ATTEMPTS = 8
local DONE = { created = { state = "created" }, existing = { state = "existing" } }

local function read_arguments()
    local parser = command.parser("upload", "Makes a task of every line of a JSONL file.")
    parser:argument("file", "The file: one JSON object a line."):argname "FILE.jsonl"
    command.add_name(parser, "--type", "T", "Type of the tasks, such as imageannotation."):count(1)
    command.add_name(parser, "--project", "P", "Project that they go into."):count(1)
    command.add_name(parser, "--batch", "B", "Batch that they go into.")
    parser:flag("--create-project", "Make the project if there is none.")
    parser:flag("--rapid", "Make it a Rapid project: its batches wait to be finalized.")
    parser:flag("--create-batch", "Make the batch if there is none.")
    parser:flag("--finalize", "Finalize the batch if no row failed.")
    command.add_common(parser)
    local arguments = parser:parse()
    if arguments.rapid and not arguments.create_project then parser:error "--rapid goes with --create-project" end
    for _, name in ipairs { "create_batch", "finalize" } do
        if arguments[name] and not arguments.batch then
            parser:error(("--%s needs --batch"):format(name:gsub("_", "-")))
        end
    end
    return arguments
end

-- Finds the project and the batch, or makes them. Returns what to say when the rows turn out to be refused.
local function prepare(client, arguments)
    local name = arguments.project
    if targets.prepare_project(client, arguments) then
        return ("there is no project '%s'; --create-project makes it"):format(name)
    end
    if arguments.batch and targets.prepare_batch(client, arguments) then
        return ("there is no batch '%s'; --create-batch makes it"):format(arguments.batch)
    end
end

local function row_source(reader, arguments)
    local identify = payload.identifier(arguments.project, arguments.batch or "", arguments.type)
    local fields = { { "project", arguments.project } }
    if arguments.batch then fields[2] = { "batch", arguments.batch } end
    local members = payload.members(fields)
    return function()
        local line, number = reader:next()
        if not line then return nil end
        local text = line:byte(-1) == 13 and line:sub(1, -2) or line
        local problem, body, unique_id = payload.problem(text), nil, nil
        if not problem then body, unique_id = payload.complete(text, members, identify) end
        return { number = number, line = line, problem = problem, body = body, unique_id = unique_id }
    end
end

local function failed(kind, message)
    return { state = "failed", error = { kind = kind, message = message, attempts = 0 } }
end

-- Sends a row. `hint` explains a refusal as long as none was accepted.
local function sender(client, arguments, hint)
    local given = { accept_existing = true, max_attempts = ATTEMPTS }
    local made = { accept_existing = true, max_attempts = ATTEMPTS, digest_id = true }
    return function(row)
        if row.problem then return failed("bad_json", row.problem) end
        local task, outcome = command.as_asked(client.safe.create_task, client.safe, arguments.type, row.body,
            row.unique_id and made or given)
        row.body = nil
        if task then
            row.line, hint = nil, nil
            return DONE[outcome]
        end
        if hint and (outcome.code == 400 or outcome.code == 404) then command.stop(command.USAGE, "%s", hint) end
        return { state = "failed", error = outcome }
    end
end

local function recorder(written)
    return function(row, outcome)
        if not outcome.error then return end
        local unique_id = row.unique_id
        if not unique_id and not row.problem then unique_id = scaleapi.json.field(row.line, "unique_id") end
        written:fail(row.number, row.line, unique_id, outcome.error)
    end
end

-- Returns the batch, nil when there is nothing to finalize, or nil and the error.
local function finalize(client, arguments, result)
    if not arguments.finalize or result.failed > 0 or result.stopped or result.problem then return nil end
    local batch, how = targets.finalize(client, arguments.batch)
    if not batch then return nil, how end
    report.say("batch '%s' is %s: %s", arguments.batch, how, batch.status or "?")
    return batch
end

local function say_how_to_go_on(result, written)
    if written.count > 0 and result.stopped then
        report.say("%s failed; %s says why", report.count(written.count, "row"), written.errors_path)
    elseif written.count > 0 then
        report.say("%s failed; %s says why; mend and upload %s", report.count(written.count, "row"),
            written.errors_path, written.failed_path)
    end
    if result.stopped then
        report.say("%s tried; run the same command again to go on: what is there is not made again",
            report.count(result.total - result.left, "row"))
    end
end

local function summarize(arguments, result, finalized)
    local counts = result.counts
    local summary = {
        total = result.total, created = counts.created or 0, existing = counts.existing or 0, failed = result.failed,
        retries = result.retries, seconds = report.seconds(result.seconds),
    }
    if result.left > 0 then summary.left = result.left end
    if arguments.finalize then summary.finalized = finalized end
    if arguments.json then return report.json(summary) end
    report.say("%s: %d created, %d existing, %d failed; %d retries, %.1f seconds",
        report.count(summary.total, "row"), summary.created, summary.existing, summary.failed, summary.retries,
        summary.seconds)
end

local function upload(arguments, reader, client)
    collectgarbage("incremental", 140) -- what is remembered of each row would otherwise weigh twice
    local hint = prepare(client, arguments)
    local written = outcomes.open(arguments.file)
    local result = bulk.run {
        rows = row_source(reader, arguments), send = sender(client, arguments, hint), record = recorder(written),
        weigh = function(row) return row.line and #row.line or 0 end,
        concurrency = arguments.concurrency, client = client,
    }
    written:close()
    if result.total == 0 and not result.problem then
        command.stop(command.USAGE, "%s has no rows", arguments.file)
    end
    local batch, problem = finalize(client, arguments, result)
    say_how_to_go_on(result, written)
    local nothing_done = result.problem and not next(result.counts) and result.failed == 0
    if not nothing_done then summarize(arguments, result, batch ~= nil) end
    if problem then error(problem, 0) end
    return bulk.end_code(result)
end

command.run("upload", function()
    local arguments = read_arguments()
    if arguments.file == "-" then
        command.stop(command.USAGE, "upload reads a file, which it can read again when something failed; not '-'")
    end
    local reader = rows.open(arguments.file)
    return upload(arguments, reader, command.client(arguments.concurrency))
end)
