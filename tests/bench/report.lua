--[[
tests.bench.report - what the benchmark prints: a table for people, one for the README, or lines for programs.
--]]

local report = {}

local PYTHON = "Python SDK"

-- Adds to each result its rate, and its ratios to the first and to the Python SDK's; `calls` is the ratio of
-- instructions.
local function compare(results)
    local floor, python = results[1], nil
    for _, result in ipairs(results) do
        if result.name == PYTHON then python = result end
    end
    for _, result in ipairs(results) do
        result.rate = 1 / result.wall
        result.ratio = floor.wall / result.wall
        if python then result.times, result.cpu_times = python.wall / result.wall, python.cpu / result.cpu end
        if result.instructions then result.calls = result.instructions / floor.instructions end
    end
end

local function text_of(value, form)
    return value and form:format(value) or ""
end

local COLUMNS = { -- heading, width, field, format
    { "a second", 10, "rate", "%.0f" },
    { "of libcurl", 10, "ratio", "%.2f" },
    { "goal", 5, "goal", "%.2f" },
    { "SDK x", 7, "times", "%.1f" },
    { "µs CPU", 9, "cpu", "%.1f" },
    { "SDK x", 7, "cpu_times", "%.1f" },
    { "instr.", 8, "instructions", "%.0f" },
    { "libcurl x", 9, "calls", "%.2f" },
    { "MB", 6, "memory", "%.1f" },
}

-- The fields of a result as they are shown: microseconds and megabytes.
local function shown(result)
    return setmetatable({ cpu = result.cpu * 1e6, memory = result.memory / 1024 }, { __index = result })
end

local function row(first, cell)
    local cells = { first .. (" "):rep(26 - utf8.len(first)) }
    for i, column in ipairs(COLUMNS) do
        local text = cell(column)
        cells[i + 1] = (" "):rep(column[2] - utf8.len(text)) .. text
    end
    return table.concat(cells, " ")
end

local function print_table(all)
    for _, results in ipairs(all) do
        print(("\n%s"):format(results[1].work.title))
        print(row("", function(column) return column[1] end))
        for _, result in ipairs(results) do
            local values = shown(result)
            print(row("  " .. result.name, function(column) return text_of(values[column[3]], column[4]) end))
        end
    end
end

local function print_lines(all)
    for _, results in ipairs(all) do
        for _, result in ipairs(results) do
            local values = shown(result)
            local cells = { result.work.group, result.work.title, result.name }
            for _, column in ipairs(COLUMNS) do
                cells[#cells + 1] = column[3] .. "=" .. text_of(values[column[3]], "%.6g")
            end
            print(table.concat(cells, "\t"))
        end
    end
end

local function part_of_python(result)
    if result.name == PYTHON then return "1" end
    return result.cpu_times and ("1/%.0f"):format(result.cpu_times) or ""
end

-- In the README stand the ratios; the rates are of one machine.
local function print_markdown(all)
    print "| work | by | rate, of libcurl's | CPU of the Python SDK's | instructions, of libcurl's | peak MB |"
    print "| --- | --- | --- | --- | --- | --- |"
    for _, results in ipairs(all) do
        for i, result in ipairs(results) do
            if i > 1 then
                local values = shown(result)
                print(("| %s | %s | %.2f | %s | %s | %.0f |"):format(i == 2 and result.work.title or "", result.name,
                    result.ratio, part_of_python(result), text_of(result.calls, "%.2f"), values.memory))
            end
        end
    end
end

--- Prints the results of all works.
function report.print(all, form)
    for _, results in ipairs(all) do compare(results) end
    if #all == 0 then return end
    local forms = { lines = print_lines, markdown = print_markdown, table = print_table }
    forms[form](all)
end

--- Prints single facts: { name, value, goal } as texts.
function report.print_facts(facts, form)
    if #facts == 0 then return end
    local heads = { lines = "", markdown = "\n| | measured | goal |\n| --- | --- | --- |\n", table = "\n" }
    local rows = { lines = "fact\t%s\t%s\t%s", markdown = "| %s | %s | %s |", table = "%-52s %-28s %s" }
    io.write(heads[form])
    for _, fact in ipairs(facts) do print(rows[form]:format(fact[1], fact[2], fact[3] or "")) end
end

return report
