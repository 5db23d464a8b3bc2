-- status: show the status of batches and how far their tasks are
--[[
--watch looks again and again until every batch is completed, and shows what has changed.
--]]

local scaleapi = require "scaleapi"
local command = require "scripts.lib.command"
local report = require "scripts.lib.report"
local targets = require "scripts.lib.targets"
local work = require "scripts.lib.work"

local COLUMNS = { "batch", "status", "pending", "completed", "error", "canceled" }

local function read_arguments()
    local parser = command.parser("status", "Shows the status of batches and how many of their tasks are in which.")
    parser:argument("batch", "Names of batches."):argname "BATCH":args "+":convert(command.text)
    parser:flag("--watch", "Look again until every batch is completed.")
    parser:option("--interval", "Seconds between two looks.", "5"):argname "S":convert(command.seconds)
    command.add_common(parser)
    return parser:parse()
end

-- Asks for these batches and puts an entry for each into `entries`, by name.
local function look(client, names, arguments, entries)
    return work.run {
        rows = names, concurrency = arguments.concurrency, client = client,
        send = function(name)
            local status, err = client.safe:batch_status(name)
            if not status then return { state = "failed", error = err } end
            local entry = targets.counts(status)
            entry.batch, entry.status = name, status.status
            return { state = "read", entry = entry }
        end,
        on_outcome = function(name, outcome)
            entries[name] = outcome.entry or { batch = name, failure = outcome.error }
        end,
    }
end

-- ------------------------------------------------------------------- showing

local function width_of(text)
    return utf8.len(text) or #text
end

local function widths_of(names)
    local widths = {}
    for i, column in ipairs(COLUMNS) do widths[i] = math.max(#column, i > 2 and 7 or 11) end
    for _, name in ipairs(names) do widths[1] = math.max(widths[1], width_of(name)) end
    return widths
end

-- Words to the left, numbers to the right.
local function line_of(cells, widths)
    local padded = {}
    for i, cell in ipairs(cells) do
        local text = tostring(cell)
        local filling = (" "):rep(widths[i] - width_of(text))
        padded[i] = i > 2 and filling .. text or text .. filling
    end
    return table.concat(padded, "  ")
end

local function cells_of(entry)
    local cells = {}
    for i, column in ipairs(COLUMNS) do cells[i] = entry[column] or "?" end
    return cells
end

-- Shows the entries that differ from what was shown last; those that failed on standard error.
local function show(names, entries, screen)
    for _, name in ipairs(names) do
        local entry = entries[name]
        local line = entry and (entry.failure and tostring(entry.failure) or line_of(cells_of(entry), screen.widths))
        if line and screen[name] ~= line then
            screen[name] = line
            if entry.failure then report.say("%s: %s", name, line)
            elseif not screen.quiet then screen.print(line) end
        end
    end
end

-- A table with its headings; while watching, each line begins with the time.
local function new_screen(arguments)
    local screen = { widths = widths_of(arguments.batch), quiet = arguments.json }
    local begun = false
    function screen.print(line)
        if not begun then
            report.print((arguments.watch and (" "):rep(10) or "") .. line_of(COLUMNS, screen.widths))
            begun = true
        end
        report.print((arguments.watch and os.date "%H:%M:%S  " or "") .. line)
    end
    return screen
end

-- ------------------------------------------------------------------ watching

-- The names that are worth another look.
local function unfinished(names, entries)
    local left = {}
    for _, name in ipairs(names) do
        local entry = entries[name]
        local gone = entry and entry.failure and not entry.failure.retriable
        if not gone and not (entry and entry.status == "completed") then left[#left + 1] = name end
    end
    return left
end

-- An outage ends the first look, but not a watch that has begun.
local function must_end(result, round)
    return result.problem or result.stopped and (result.stopped.reason ~= "gave_up" or round == 1)
end

local function look_and_show(client, arguments, entries)
    local screen, names, round = new_screen(arguments), arguments.batch, 0
    while true do
        round = round + 1
        local result = look(client, names, arguments, entries)
        show(names, entries, screen)
        names = arguments.watch and unfinished(names, entries) or {}
        if #names == 0 or must_end(result, round) then return result end
        scaleapi.sleep(arguments.interval)
    end
end

local function summarize(names, entries)
    local list, failed = scaleapi.array {}, 0
    for _, name in ipairs(names) do
        local entry = entries[name]
        if entry and entry.failure then
            entry = { batch = name, failure = report.error(entry.failure) }
            failed = failed + 1
        end
        list[#list + 1] = entry
    end
    return list, failed
end

command.run("status", function()
    local arguments = read_arguments()
    arguments.batch = command.without_repeats(arguments.batch)
    local entries = {}
    local ok, result = pcall(look_and_show, command.client(arguments.concurrency), arguments, entries)
    if not ok and not command.is_stop(result) then error(result, 0) end
    local list, failed = summarize(arguments.batch, entries)
    if arguments.json then report.json { batches = list, failed = failed } end
    if not ok then error(result, 0) end
    return work.end_code(result, failed)
end)
