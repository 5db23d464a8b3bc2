-- bulk: call an operation once for every line of a file
--[[
Each line of a JSONL file is an object of the operation's arguments by name; each record of a CSV file has them in its
columns. What is done is noted in FILE.OPERATION.journal: ended at any moment, the same command goes on where it was.
Lines that failed go to FILE.OPERATION.failed.jsonl, and why to FILE.OPERATION.errors.jsonl.

    scalua bulk set_task_tags tags.jsonl        {"task_id":"576b…","tags":["grey","indoors"]}
--]]

local scaleapi = require "scaleapi"
local command = require "scripts.lib.command"
local given = require "scripts.lib.given"
local outcomes = require "scripts.lib.outcomes"
local report = require "scripts.lib.report"
local shard = require "scripts.lib.shard"
local work = require "scripts.lib.work"

local json = scaleapi.json

local function read_arguments()
    local parser = command.parser("bulk", "Calls an operation once for every line of a file.")
    parser:argument("operation", "The operation, such as set_task_tags; scalua api --list shows all.")
        :argname "OPERATION"
    parser:argument("file", "Its arguments by name: an object a line, or CSV."):argname "FILE"
    shard.add(parser)
    command.add_fresh(parser)
    command.add_caution(parser)
    command.add_common(parser)
    command.add_explain(parser)
    local arguments = parser:parse()
    arguments.shard = shard.of(arguments.shard)
    return arguments
end

-- The operation in words and its row.
local function find(name)
    local operation, problem = scaleapi.describe(name)
    if not operation then command.stop(command.USAGE, "%s; see scalua api --list", problem) end
    if operation.paged then command.stop(command.USAGE, "%s is a list; see scalua api %s", name, name) end
    for _, row in ipairs(scaleapi.operations) do
        if row.name == operation.name then return operation, row end
    end
end

-- ----------------------------------------------------------------------- rows

-- Text that can stand in JSON.
local function writable(text)
    return utf8.len(text) and text or (text:gsub("[\x80-\xFF]", "\u{FFFD}"))
end

-- The columns of a record as arguments by name, read as `scalua api` reads its words; and what is wrong with the first
-- that cannot be: it stays as it is.
local function arguments_of(operation, row, record)
    local all, names, problem = {}, {}, nil
    for name, value in pairs(record) do
        if value ~= "" then names[#names + 1] = name end
    end
    table.sort(names)
    for _, name in ipairs(names) do
        local ok, read = pcall(given.by_name, operation, row, { name .. "=" .. record[name] })
        if not ok and not command.is_stop(read) then error(read, 0) end
        for key, value in pairs(ok and read or { [writable(name)] = writable(record[name]) }) do
            if all[key] ~= nil then problem = problem or ("%s of %s was given twice"):format(key, row.name) end
            all[key] = value
        end
        if not ok then problem = problem or read.message end
    end
    return all, problem
end

-- A row of a file: its bytes are what is to be fed back once it is mended.
local function row_of(number, line, value, problem)
    return { number = number, line = line, arguments = not problem and { n = 1, value } or nil, problem = problem }
end

local function from_csv(path, operation, row)
    local next_record = command.as_read(scaleapi.csv.rows, path)
    return function()
        local record, number = command.as_read(next_record)
        if not record then return nil end
        local values, problem = arguments_of(operation, row, record)
        local line = json.encode(values)
        return row_of(number, line, json.decode(line), problem)
    end
end

local function from_json(path)
    local next_line = command.as_read(scaleapi.jsonl.lines, path)
    return function()
        local line, number = command.as_read(next_line)
        if not line then return nil end
        local ok, value = pcall(json.decode, line)
        if ok and json.type(line) == "object" then return row_of(number, line, value) end
        local problem = ok and "not a JSON object but " .. json.type(line) or command.without_place(tostring(value))
        return row_of(number, line, nil, problem)
    end
end

local function open_rows(arguments, operation, row)
    local path = arguments.file
    local is_table = path:lower():find "%.csv$"
    return shard.filter(arguments.shard, is_table and from_csv(path, operation, row) or from_json(path))
end

-- -------------------------------------------------------------------- sending

local function bad_row(message)
    return { kind = "bad_row", message = message, attempts = 0 }
end

local function problem_of(row)
    return row.problem and bad_row(row.problem)
end

-- `safe` is client.safe or client.v2.safe; `options` those of a call in bulk work.
local function sender(safe, name, options)
    return function(row)
        local words = row.arguments
        words[words.n + 1] = options
        local ok, value, more = pcall(safe[name], safe, table.unpack(words, 1, words.n + 1))
        if ok then return scaleapi.senders.outcome("done", value, more) end
        if type(value) ~= "string" or value:find "interrupted!$" then error(value, 0) end
        return { state = "failed", error = bad_row(command.without_place(value)) }
    end
end

local function summarize(arguments, result)
    local counts, part = result.counts, arguments.shard
    if arguments.json then
        return report.json {
            shard = part and part.text,
            total = result.total, done = result.total - result.failed - result.left - (counts.skipped or 0),
            skipped = counts.skipped or 0, conflict = counts.conflict or 0, failed = counts.failed or 0,
            left = result.left > 0 and result.left or nil, retries = result.retries,
            seconds = report.seconds(result.seconds),
        }
    end
    report.say("%s: %d done%s, %d failed; %d retries, %.1f seconds", report.count(result.total, "row"),
        result.total - result.failed - result.left - (counts.skipped or 0),
        counts.skipped and (", %d done before"):format(counts.skipped) or "", result.failed, result.retries,
        result.seconds)
end

local function run(client, arguments, operation, row)
    local safe = row.version == 2 and client.v2.safe or client.safe
    local written, repeatable = nil, scaleapi.senders.repeatable(row)
    local part, name = arguments.shard, arguments.file .. "." .. row.name
    local path = work.journal_of(shard.name(part, name))
    if path and not arguments.fresh then shard.check_others(part, name) end
    local result = work.run({
        client = client, concurrency = arguments.concurrency, rows = open_rows(arguments, operation, row),
        send = sender(safe, (row.name:gsub("^v2%.", "")), scaleapi.senders.options(row)), one_call = true,
        problem_of = problem_of,
        repeatable = function(each) return repeatable(each.arguments and each.arguments[each.arguments.n]) end,
        journal = path, input = arguments.file, fresh = arguments.fresh,
        header = { { "call", row.name }, { "shard", part and part.text } },
        prepare = function()
            written = outcomes.open(arguments.file, (part and part.word .. "." or "") .. row.name)
        end,
        on_outcome = function(each, outcome)
            if outcome.error then written:fail(each.number, each.line, nil, outcome.error) end
        end,
    }, arguments)
    written:close()
    return result, written
end

-- Reads all rows, and says what is wrong with them.
local function check(arguments, operation, row)
    local total, wrong = 0, 0
    for each in open_rows(arguments, operation, row) do
        total = total + 1
        if each.problem then
            wrong = wrong + 1
            report.say("%s:%d: %s", arguments.file, each.number, each.problem)
        end
    end
    report.say("%s would be called for %s%s", row.name, report.count(total, "row"),
        wrong > 0 and (", %d of them wrong"):format(wrong) or "")
    return wrong > 0 and command.PARTIAL or command.DONE
end

command.run("bulk", function()
    local arguments = read_arguments()
    local operation, row = find(arguments.operation)
    if arguments.dry_run then return check(arguments, operation, row) end
    local client = command.client(arguments.concurrency)
    command.confirm(arguments, ("%s for each row of %s"):format(row.name, arguments.file))
    local result, written = run(client, arguments, operation, row)
    if written.count > 0 then
        report.say("%s failed; %s says why; mend and feed back %s", report.count(written.count, "row"),
            written.errors_path, written.failed_path)
    end
    work.say_how_to_go_on(result)
    summarize(arguments, result)
    return work.end_code(result)
end)
