--[[
tests.bench.options - what the benchmark was asked to do.
--]]

local options = {}

local USAGE = [[
usage: bash tests/bench/bench.sh [--only GROUP,…] [--rounds N] [--rows N] [--quick] [--lines | --markdown]
    --only        of create, wide, sequential, http2, iterate, everything, export, files, instructions, small, million;
                  without it, all but million
    --rounds N    of which the medians are taken (5)
    --rows N      how much work: tasks that are made; five times as many are read (20000)
    --quick       3 rounds of 4000 rows
    --lines       fields between tabs instead of a table, for other programs
    --markdown    the table of the README
]]

local GROUPS = { "create", "wide", "sequential", "http2", "iterate", "everything", "export", "files", "instructions",
    "small" }

local function stop()
    io.stderr:write(USAGE)
    os.exit(2)
end

local function choose(text)
    local known, chosen = { million = true }, {}
    for _, name in ipairs(GROUPS) do known[name] = true end
    for name in text:gmatch "[^,]+" do
        if not known[name] then stop() end
        chosen[name] = true
    end
    return chosen
end

local function number(text)
    local value = math.tointeger(tonumber(text))
    if not value or value < 1 then stop() end
    return value
end

function options.read(words)
    local read = { rounds = 5, rows = 20000, form = "table", only = choose(table.concat(GROUPS, ",")) }
    local i = 1
    local function value()
        i = i + 1
        return words[i] or stop()
    end
    while words[i] do
        local word = words[i]
        if word == "--only" then read.only = choose(value())
        elseif word == "--rounds" then read.rounds = number(value())
        elseif word == "--rows" then read.rows = number(value())
        elseif word == "--quick" then read.rounds, read.rows = 3, 4000
        elseif word == "--lines" or word == "--markdown" then read.form = word:sub(3)
        else stop() end
        i = i + 1
    end
    return read
end

return options
