-- upload: make a task of every line of a JSONL file, or of every row of a table
--[[
Each line is sent as it stands; project, batch and unique_id are put in where it lacks them. A row without a
unique_id gets one made from its bytes, so that uploading the same file again makes nothing twice.
Of a table in a CSV file each row becomes such a line by --template, a JSON file with places for the cells.
Rows that failed go to FILE.failed.jsonl, and why to FILE.errors.jsonl. What is done is noted in FILE.journal: ended at
any moment, the same command goes on where it was.
--]]

local scaleapi = require "scaleapi"
local sys = require "scaleapi.sys"
local command = require "scripts.lib.command"
local given = require "scripts.lib.given"
local outcomes = require "scripts.lib.outcomes"
local payload = require "scripts.lib.payload"
local report = require "scripts.lib.report"
local shard = require "scripts.lib.shard"
local tables = require "scripts.lib.tables"
local targets = require "scripts.lib.targets"
local work = require "scripts.lib.work"

-- What goes only with another option.
local NEEDS = {
    { "rapid", "create_project", "--rapid goes with --create-project" },
    { "create_batch", "batch", "--create-batch needs --batch" },
    { "finalize", "batch", "--finalize needs --batch" },
    { "allow_partial", "finalize", "--allow-partial goes with --finalize" },
    { "separator", "template", "--separator goes with --template" },
}

local TEMPLATE_HELP = [[
A table: FILE is CSV with a header, and T.json an object in which cells have their places:
    {"unique_id":"{id}","attachment":"{url}","metadata":{"size":"{w} x {h}","city":"{city?}"}}
"{id}"       the cell of that column: a number, true or false stays one as it is written,
             all else is text (0E0, 007 and 1,5 too). An empty cell is an error
"{id?}"      an empty cell leaves the key, or the element of a list, out
"{id|null}"  an empty cell gives null; "{id|none}" gives "none", "{id|}" an empty text
"{id:text}"  always text, as unique_id is anyway; "{id:json}" what the cell holds as JSON
"{{", "}}"   braces. In a longer text every cell is text
Columns are named as the header has them. A cell that does not fit is told, by line and column,
before anything is sent.]]

local RETURN = 13

-- As scaleapi.csv takes it.
local function separator(text)
    if text == "tab" then return "\t" end
    if text:find '^[^%w%c" \x80-\xFF]$' or text == "\t" then return text end
    return nil, ("'%s' is not a character that separates, such as ';', nor 'tab'"):format(text)
end

local function read_arguments()
    local parser = command.parser("upload", "Makes a task of every line of a JSONL file, or every row of a table.")
    parser:argument("file", "The file: one JSON object a line, or CSV with --template."):argname "FILE"
    command.add_name(parser, "--type", "T", "Type of the tasks, such as imageannotation."):count(1)
    command.add_name(parser, "--project", "P", "Project that they go into."):count(1)
    command.add_name(parser, "--batch", "B", "Batch that they go into.")
    parser:flag("--create-project", "Make the project if there is none.")
    parser:flag("--rapid", "Make it a Rapid project: its batches wait to be finalized.")
    parser:flag("--create-batch", "Make the batch if there is none.")
    parser:flag("--finalize", "Finalize the batch if every row is in, and the server counts as many.")
    parser:option("--allow-partial", "Finalize although up to N rows failed."):argname "N":convert(command.positive)
    parser:flag("--allow-equal-rows", "Make a task of each of rows that are equal.")
    command.add_name(parser, "--template", "T.json", "FILE is a table; this says what a row becomes, as below.")
    parser:option("--separator", "What stands between the cells of the table: a character, or tab (default: a comma).")
        :argname "C":convert(separator)
    shard.add(parser)
    parser:epilog(TEMPLATE_HELP)
    command.add_fresh(parser)
    command.add_common(parser)
    command.add_explain(parser)
    local arguments = parser:parse()
    for _, need in ipairs(NEEDS) do
        if arguments[need[1]] and not arguments[need[2]] then parser:error(need[3]) end
    end
    if arguments.shard and arguments.finalize then
        parser:error "--finalize does not go with --shard; when all are through: scalua finalize B --expect N"
    end
    arguments.shard = shard.of(arguments.shard)
    arguments.name = shard.name(arguments.shard, arguments.file) -- what its journal is called by
    return arguments
end

-- ---------------------------------------------------------------------- rows

local function say_equal(arguments, equal, groups)
    for _, group in ipairs(groups) do
        report.say("%s: lines %s are equal", arguments.file, table.concat(group, ", "))
    end
    command.stop(command.USAGE, "%s: %s equal to an earlier one; nothing was sent. Take out what is there by mistake, "
        .. "or give --allow-equal-rows to have a task of each", arguments.file,
        equal == 1 and "1 row is" or equal .. " rows are")
end

local function open(arguments)
    if arguments.template then
        return command.as_read(tables.open, { path = arguments.file, separator = arguments.separator,
            template = given.read(arguments.template), template_path = arguments.template })
    end
    if arguments.file:lower():find "%.[ct]sv$" then
        command.stop(command.USAGE, "%s is a table: --template says what is to be made of a row (see upload --help)",
            arguments.file)
    end
    return command.as_read(scaleapi.jsonl.open, arguments.file)
end

-- Opens the file and looks through it: { reader =, total =, equal =, again = }. Ends the command when it has no rows,
-- or equal ones that nobody said are meant.
local function survey(arguments)
    local reader = open(arguments)
    local total, equal, groups, again = command.as_read(payload.survey, reader, command.time_left)
    if total == 0 then command.stop(command.USAGE, "%s has no rows", arguments.file) end
    for _, note in ipairs(arguments.template and reader:notes() or {}) do report.say("%s", note) end
    if equal > 0 and not arguments.allow_equal_rows then say_equal(arguments, equal, groups) end
    if arguments.shard then reader, total = command.as_read(shard.only, arguments.shard, reader, command.time_left) end
    return { reader = reader, total = total, equal = equal, again = again }
end

-- The rows, each with the body of its request. Only where there are equal ones are they counted.
local function row_source(arguments, found)
    local reader, counter = found.reader, found.equal > 0 and payload.counter(found.again) or nil
    local fields = { { "project", arguments.project } }
    if arguments.batch then fields[2] = { "batch", arguments.batch } end
    local complete = payload.completer(fields,
        payload.identifier(arguments.project, arguments.batch or "", arguments.type))
    local function next_row()
        local line, number = command.as_read(reader.next, reader)
        if not line then return nil end
        local text = line:byte(-1) == RETURN and line:sub(1, -2) or line
        local count = counter and counter(text) or 1
        local body, more = complete(text, count)
        return { number = number, line = line, problem = not body and more or nil, body = body or nil,
                 unique_id = body and more or nil, count = count }
    end
    if counter then return next_row end -- those that are passed over count as well
    return setmetatable({ skip = function(_, most) return command.as_read(reader.skip, reader, most) end },
        { __call = next_row })
end

-- ------------------------------------------------------------------- sending

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

local function problem_of(row)
    return row.problem and { kind = "bad_json", message = row.problem, attempts = 0 }
end

-- Sends a row. `state.hint` explains a refusal as long as none was accepted; then the work need not go on.
local function sender(client, arguments, state)
    local own = { accept_existing = true, bulk = true }
    local made = { accept_existing = true, bulk = true, digest_id = true }
    return function(row)
        local task, outcome = command.as_asked(client.safe.create_task, client.safe, arguments.type, row.body,
            row.unique_id and made or own)
        row.body = nil
        if task then
            row.line, state.hint = nil, nil
            return { state = outcome, id = task.task_id }
        end
        if state.hint and (outcome.code == 400 or outcome.code == 404) then
            state.handle.stop("usage", state.hint)
            state.refused = state.hint
        end
        return { state = outcome.kind == "duplicate" and "conflict" or "failed", error = outcome }
    end
end

-- A row that failed as it stands in the file; one of equal rows with its unique_id, since alone it would get another.
local function mendable(row)
    if row.count == 1 or row.problem or not row.unique_id then return row.line end
    return payload.with_unique_id(row.line, row.unique_id)
end

local function recorder(state)
    return function(row, outcome)
        if outcome.id and state.ids then state.ids:add(sys.sha256_raw(outcome.id)) end
        if not outcome.error then return end
        local unique_id = row.unique_id
        if not unique_id and not row.problem then unique_id = scaleapi.json.field(row.line, "unique_id") end
        state.written:fail(row.number, mendable(row), unique_id, outcome.error)
    end
end

-- ------------------------------------------------------------------ finalize

-- How many tasks the rows are that are done. Rows with one unique_id are one task; each but the first found it there.
local function count_tasks(state, result)
    local rows = result.total - result.failed
    if state.ids then return #state.ids end
    local log = state.handle.journal
    local found = (result.counts.existing or 0) + log:count "e" + log:count "m"
    return found > 0 and log:tasks() or rows
end

-- Returns the batch, nil when there is nothing to finalize, or nil and the error.
local function finalize(client, arguments, state, result)
    if not arguments.finalize or result.stopped or result.problem then return nil end
    if result.failed > (arguments.allow_partial or 0) then
        report.say("batch '%s' is not finalized, since %s failed", arguments.batch, report.count(result.failed, "row"))
        return nil
    end
    local ok, batch, how = pcall(targets.finalize_counted, client, arguments.batch, count_tasks(state, result))
    if not ok then return nil, batch end
    if not batch then return nil, how end
    report.say("batch '%s' is %s: %s", arguments.batch, how, batch.status or "?")
    return batch
end

-- ------------------------------------------------------------------- telling

local function say_how_to_go_on(arguments, result, written)
    if written.count > 0 and result.stopped then
        report.say("%s failed; %s says why", report.count(written.count, "row"), written.errors_path)
    elseif written.count > 0 then
        report.say("%s failed; %s says why; mend and upload %s", report.count(written.count, "row"),
            written.errors_path, written.failed_path)
    end
    if result.stopped then
        report.say("%s tried; run the same command again%s to go on: what is there is not made again",
            report.count(result.total - result.left, "row"), arguments.fresh and ", without --fresh," or "")
    end
end

local function summary_of(arguments, result, finalized)
    local counts = result.counts
    local summary = {
        total = result.total, created = counts.created or 0, existing = counts.existing or 0,
        conflict = counts.conflict or 0, failed = counts.failed or 0, skipped = counts.skipped or 0,
        retries = result.retries, seconds = report.seconds(result.seconds),
    }
    if result.left > 0 then summary.left = result.left end
    if arguments.shard then summary.shard = arguments.shard.text end
    if arguments.finalize then summary.finalized = finalized end
    return summary
end

local function summarize(arguments, result, finalized)
    local summary = summary_of(arguments, result, finalized)
    if arguments.json then return report.json(summary) end
    report.say("%s: %d created, %d existing, %d failed%s%s; %d retries, %.1f seconds",
        report.count(summary.total, "row"), summary.created, summary.existing, summary.failed,
        summary.conflict > 0 and (", %d in conflict"):format(summary.conflict) or "",
        summary.skipped > 0 and (", %d done before"):format(summary.skipped) or "",
        summary.retries, summary.seconds)
end

-- -------------------------------------------------------------------- upload

-- Tasks that `undo` canceled without freeing their unique_ids cannot be made again.
local function say_what_is_held(arguments, handle)
    local held = handle.journal and handle.journal:count "k" or 0
    if held == 0 then return end
    report.say("%s canceled by undo and still %s; to make them again, free that first: "
        .. "scalua undo --clear-unique-id %s.journal", held == 1 and "1 task was" or held .. " tasks were",
        held == 1 and "holds its unique_id" or "hold their unique_ids", arguments.name)
end

local function run(client, arguments, state, found)
    return work.run({
        client = client, concurrency = arguments.concurrency, total = found.total,
        rows = row_source(arguments, found), send = sender(client, arguments, state), one_call = true,
        on_outcome = recorder(state),
        weigh = function(row) return row.line and #row.line or 0 end,
        problem_of = problem_of,
        repeatable = function() return true end, -- each has its unique_id
        journal = work.journal_of(arguments.name), fresh = arguments.fresh,
        input = { size = found.reader.size, digest = found.reader.digest },
        header = { { "type", arguments.type }, { "project", arguments.project }, { "batch", arguments.batch },
                   { "template", found.reader.template_digest },
                   { "shard", arguments.shard and arguments.shard.text } },
        prepare = function()
            state.hint = prepare(client, arguments)
            state.written = outcomes.open(arguments.file, arguments.shard and arguments.shard.word)
        end,
        on_start = function(handle)
            state.handle = handle
            say_what_is_held(arguments, handle)
        end,
    }, arguments)
end

local function upload(arguments, found, client)
    local state = { ids = arguments.finalize and not work.journal_of(arguments.name) and sys.key_set() or nil }
    local result = run(client, arguments, state, found)
    if state.refused then
        state.written:discard()
        command.stop(command.USAGE, "%s", state.refused)
    end
    state.written:close()
    local batch, problem = finalize(client, arguments, state, result)
    say_how_to_go_on(arguments, result, state.written)
    local nothing_done = result.problem and not next(result.counts) and result.failed == 0
    if not nothing_done then summarize(arguments, result, batch ~= nil) end
    if problem then error(problem, 0) end
    return work.end_code(result)
end

command.run("upload", function()
    local arguments = read_arguments()
    if arguments.file == "-" then
        command.stop(command.USAGE, "upload reads a file, which it can read again when something failed; not '-'")
    end
    if work.journal_of(arguments.name) and not arguments.fresh then
        shard.check_others(arguments.shard, arguments.file)
    end
    local found = survey(arguments)
    return upload(arguments, found, command.client(arguments.concurrency))
end)
