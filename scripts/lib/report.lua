--[[
scripts.lib.report - what commands say: text for people on standard error, data on standard output.
--]]

local scaleapi = require "scaleapi"
local command = require "scripts.lib.command"
local screen = require "scripts.lib.screen"

local report = {}

--- A line for people.
function report.say(message, ...)
    if select("#", ...) > 0 then message = message:format(...) end
    screen.standard:say(message)
end

local function write(file, text)
    screen.standard:clear()
    local ok, why = file:write(text, "\n")
    if ok then ok, why = file:flush() end
    if not ok then command.stop(command.FAILURE, "cannot write standard output: %s", why) end
end

--- A line of data, on standard output.
function report.print(line)
    write(io.stdout, line)
end

--- One JSON object as a line on `file` (default: standard output).
function report.json(value, file)
    write(file or io.stdout, scaleapi.json.encode(value))
end

--- An error object as it stands in summaries.
function report.error(err)
    return { kind = err.kind, status = err.code, message = report.clean(err.message), attempts = err.attempts }
end

--- "1 row", "2 rows", "3 batches".
function report.count(number, noun)
    if number == 1 then return "1 " .. noun end
    return ("%d %s%s"):format(number, noun, noun:find "ch$" and "es" or "s")
end

--- Seconds to the millisecond, as a number for JSON.
function report.seconds(seconds)
    return math.floor(seconds * 1000 + 0.5) / 1000
end

--- The text with what is not UTF-8 replaced, so that it can stand in JSON.
function report.clean(text)
    local parts, from = {}, 1
    while true do
        local length, bad = utf8.len(text, from)
        if length then break end
        parts[#parts + 1] = text:sub(from, bad - 1)
        parts[#parts + 1] = "\u{FFFD}"
        from = bad + 1
    end
    parts[#parts + 1] = text:sub(from)
    return table.concat(parts)
end

return report
