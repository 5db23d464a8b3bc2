-- status: show the status of batches and how far their tasks are
--[[
--watch looks again and again until every batch is completed: on a terminal the table is drawn anew in its place, else
what has changed is shown, line by line.
--]]

local command = require "scripts.lib.command"
local report = require "scripts.lib.report"
local screens = require "scripts.lib.screen"
local watch = require "scripts.lib.watch"
local work = require "scripts.lib.work"

local COLUMNS = { "batch", "status", "pending", "completed", "error", "canceled" }
local MOST_DRAWN = 20 -- batches: a terminal has 24 lines

local function read_arguments()
    local parser = command.parser("status", "Shows the status of batches and how many of their tasks are in which.")
    parser:argument("batch", "Names of batches."):argname "BATCH":args "+":convert(command.text)
    parser:flag("--watch", "Look again until every batch is completed.")
    command.add_interval(parser)
    command.add_common(parser)
    return parser:parse()
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

-- ------------------------------------------------------------------- drawing

local function is_completed(entry)
    return entry.status == "completed"
end

-- The names that there is room for: those that are not completed before the others, each in their order.
local function choose(names, entries)
    local chosen = {}
    for _, wanted in ipairs { false, true } do
        for _, name in ipairs(names) do
            local entry = entries[name]
            if (entry and not entry.failure and is_completed(entry) or false) == wanted and #chosen < MOST_DRAWN then
                chosen[#chosen + 1], chosen[name] = name, true
            end
        end
    end
    return chosen
end

local function last_line(names, entries)
    local completed = 0
    for _, name in ipairs(names) do
        if entries[name] and is_completed(entries[name]) then completed = completed + 1 end
    end
    local more = #names - MOST_DRAWN
    return ("%s  %d of %d completed%s"):format(os.date "%H:%M:%S", completed, #names,
        more > 0 and (", %d not shown"):format(more) or "")
end

-- The table as lines, for a terminal.
local function picture_of(names, entries, widths)
    local lines, chosen = { line_of(COLUMNS, widths) }, choose(names, entries)
    for _, name in ipairs(names) do
        local entry = chosen[name] and entries[name]
        if entry and entry.failure then
            lines[#lines + 1] = ("%s: %s"):format(name, (tostring(entry.failure):gsub("%c", " ")))
        elseif chosen[name] then
            lines[#lines + 1] = line_of(cells_of(entry or { batch = name }), widths)
        end
    end
    lines[#lines + 1] = last_line(names, entries)
    return lines
end

local function shower(arguments, entries)
    local screen, names = new_screen(arguments), arguments.batch
    return function()
        local is_drawn = arguments.watch and not arguments.json
            and screens.output:draw(picture_of(names, entries, screen.widths))
        if not is_drawn then show(names, entries, screen) end
    end
end

command.run("status", function()
    local arguments = read_arguments()
    arguments.batch = command.without_repeats(arguments.batch)
    local entries = {}
    local ok, result = pcall(watch.run, {
        client = command.client(arguments.concurrency), names = arguments.batch, entries = entries,
        concurrency = arguments.concurrency, interval = arguments.interval, on_look = shower(arguments, entries),
        is_done = is_completed, once = not arguments.watch,
    })
    screens.output:keep()
    if not ok and not command.is_stop(result) then error(result, 0) end
    local list, failed = watch.summarize(arguments.batch, entries)
    if arguments.json then report.json { batches = list, failed = failed } end
    if not ok then error(result, 0) end
    return work.end_code(result, failed)
end)
