--[[
run.lua [--quick] [WORD…] - runs the profiles and prints what must hold, what was measured, and whether it held. Exit
code 0 when all that ran held.
--]]

local machine = require "tests.profiles.machine"

local profiles = {}
for _, name in ipairs { "pace", "exactness", "reading", "scale" } do
    for _, profile in ipairs(require("tests.profiles." .. name)) do profiles[#profiles + 1] = profile end
end

local ROW = "%-10s %-54s %-72s %s"

local function read_arguments()
    local words, quick = {}, false
    for _, word in ipairs(arg) do
        if word == "--quick" then
            quick = true
        elseif word:find "^%-" then
            io.stderr:write("usage: sh tests/profiles/run.sh [--quick] [WORD...]\n")
            os.exit(2)
        else
            words[#words + 1] = word
        end
    end
    return words, quick
end

local function is_chosen(profile, words)
    for _, word in ipairs(words) do
        if profile.name:find(word, 1, true) then return true end
    end
    return #words == 0
end

-- Runs one profile in a folder of its own. What raised did not hold.
local function run(profile, quick)
    machine.setup()
    local ok, measured, holds = xpcall(profile.run, debug.traceback, profile.sizes[quick and "quick" or "whole"])
    machine.teardown()
    if ok then return measured, holds end
    io.stderr:write(profile.name, ": ", tostring(measured), "\n")
    return "could not be measured: " .. tostring(measured):match "[^\n]*", false
end

local words, quick = read_arguments()
local held, failed = 0, 0
print(ROW:format("profile", "must hold", "measured", "ok"))
for _, profile in ipairs(profiles) do
    if is_chosen(profile, words) then
        local measured, holds = run(profile, quick)
        print(ROW:format(profile.name, profile.requires, measured, holds and "ok" or "NOT"))
        io.stdout:flush()
        held, failed = held + (holds and 1 or 0), failed + (holds and 0 or 1)
    end
end
print(("%d held, %d did not"):format(held, failed))
os.exit(failed == 0 and held > 0 and 0 or 1, true)
