--[[
scripts.lib.command - what every command does alike: reading its arguments, making a client, ending with the
right exit code. Knows nothing of any one command.
--]]

local argparse = require "argparse"
local scaleapi = require "scaleapi"
local sys = require "scaleapi.sys"
local screen = require "scripts.lib.screen"

local command = {
    DONE = 0,          -- all done; what was there before counts as done
    FAILURE = 1,       -- an error nobody foresaw, a full disk
    USAGE = 2,         -- wrong usage; a file that is missing or cannot be read
    PARTIAL = 3,       -- some rows or names failed
    KEY = 4,           -- no key, or one that the server refuses
    GAVE_UP = 5,       -- the server cannot be reached or does not keep up, or the time is over; to be run again
    INTERRUPTED = 130, -- Ctrl-C
}

local NO_KEY = [[
no API key. Set SCALE_API_KEY, or SCALE_API_KEY_FILE to a file that only you can read.
To try it without a key: scalua --sandbox COMMAND …]]

local BEGAN = scaleapi.now()

-- The seconds that were given for an attempt, for the time without success, for all; what is not given is nil.
local limits = {}

-- ---------------------------------------------------------------------- ends

local Stop = {}

--- Ends the command: raises what command.run turns into the message on standard error and the exit code.
function command.stop(code, message, ...)
    if select("#", ...) > 0 then message = message:format(...) end
    error(setmetatable({ code = code, message = message }, Stop), 0)
end

--- True for what command.stop raised.
function command.is_stop(value)
    return getmetatable(value) == Stop
end

--- The exit code for an error object of a call that the command cannot do without.
function command.code_of(err)
    if err.kind == "unauthorized" or err.kind == "forbidden" then return command.KEY end
    if err.kind == "file" then return command.USAGE end
    if err.kind == "journal" then return err.reason == "write" and command.FAILURE or command.USAGE end
    if err.kind == "network" or err.kind == "timeout" or err.retriable then return command.GAVE_UP end
    return command.FAILURE
end

--- What to do about it, or nothing; to be put behind the error's text.
function command.advice(err)
    if err.kind == "unauthorized" or err.kind == "forbidden" then
        return " (is SCALE_API_KEY the right key for " .. (os.getenv "SCALE_API_URL" or "https://api.scale.com") .. "?)"
    end
    if err.kind == "changed" then
        return "; what was sent stood there before, and nothing else was: put that back and go on, or begin anew with "
            .. "--fresh: a row whose unique_id is there already is not made again"
    end
    if err.kind == "journal" and err.reason == "differs" then
        return "; --fresh begins anew, and makes again what is not there under its unique_id (rows that have none of "
            .. "their own get another in another project, batch or type)"
    end
    return ""
end

--- What a function of ours says at a line of ours is for the user, without the line.
function command.without_place(message)
    return (message:gsub("^[^\n]-:%d+: ", ""))
end

local function as_it_is(message)
    return message
end

local function pass(words_of, ok, ...)
    if ok then return ... end
    local problem = ...
    if type(problem) == "string" and not problem:find "interrupted!$" then
        command.stop(command.USAGE, "%s", words_of(problem))
    end
    error(problem, 0)
end

--- Calls fn(…), in which a value that the user gave may turn out to be wrong: then the command ends with that
--- message. Errors of calls are raised as they are.
function command.as_asked(fn, ...)
    return pass(command.without_place, pcall(fn, ...))
end

--- The same of a function that reads a file of the user's: a place in its message is one in that file.
function command.as_read(fn, ...)
    return pass(as_it_is, pcall(fn, ...))
end

local function end_of(problem)
    if command.is_stop(problem) then return problem.code, problem.message end
    if scaleapi.is_error(problem) then
        local code = command.code_of(problem)
        local again = code == command.GAVE_UP and "; the same command can be run again later" or ""
        return code, tostring(problem) .. command.advice(problem) .. again
    end
    if tostring(problem):find "interrupted!$" then return command.INTERRUPTED, "interrupted" end
    return command.FAILURE, tostring(problem)
end

local function with_traceback(problem)
    if type(problem) ~= "string" or problem:find "interrupted!$" then return problem end
    return debug.traceback(problem, 2)
end

--- Runs main(), which returns an exit code, and ends the process.
function command.run(name, main)
    local ok, result = xpcall(main, with_traceback)
    local code = result
    screen.standard:clear()
    if not ok then
        local message
        code, message = end_of(result)
        screen.standard:say(name .. ": " .. message)
    end
    os.exit(code, true)
end

-- ------------------------------------------------------------------ deadline

--- Why a command ends whose time is over.
function command.time_is_over()
    return ("the time of %g s (%s) is over"):format(limits.deadline, limits.deadline_option)
end

--- The seconds that are left; nil when there is no --deadline. Ends the command when there are none.
function command.time_left()
    if not limits.deadline then return nil end
    local left = BEGAN + limits.deadline - scaleapi.now()
    if left <= 0 then command.stop(command.GAVE_UP, "%s; run the same command again", command.time_is_over()) end
    return left
end

-- Whoever waits when the time is over is interrupted, as by Ctrl-C.
local function set_alarm()
    if not limits.deadline then return end
    limits.alarm = scaleapi.after(math.max(BEGAN + limits.deadline - scaleapi.now(), 0), command.time_left)
end

--- Calls fn(…), which ends by itself when the time is over.
function command.without_alarm(fn, ...)
    if not limits.alarm then return fn(...) end
    limits.alarm:cancel()
    local results = table.pack(fn(...))
    set_alarm()
    return table.unpack(results, 1, results.n)
end

-- ----------------------------------------------------------------- arguments

local function wrong_usage(parser, message)
    io.stderr:write(parser._name:gsub("^scalua ", ""), ": ", message, "\n", parser:get_usage(), "\n")
    os.exit(command.USAGE, true)
end

--- A parser for the command, with its first lines of help.
function command.parser(name, description)
    local parser = argparse("scalua " .. name, description)
    parser.error = wrong_usage
    parser:usage_max_width(100):help_max_width(100):usage_margin(4)
    return parser
end

--- A converter for options that are whole numbers, 1 or more.
function command.positive(text)
    local number = math.tointeger(tonumber(text))
    if not number or number < 1 then return nil, ("'%s' is not a whole number, 1 or more"):format(text) end
    return number
end

--- The same from 1 to `most`.
function command.at_most(most)
    return function(text)
        local number = math.tointeger(tonumber(text))
        if not number or number < 1 or number > most then
            return nil, ("'%s' is not a whole number, 1 to %d"):format(text, most)
        end
        return number
    end
end

--- A converter for seconds: a thousandth to a day.
function command.seconds(text)
    local number = tonumber(text)
    if not number or not (number >= 0.001 and number <= 86400) then
        return nil, ("'%s' is not a number of seconds, from 0.001 to 86400"):format(text)
    end
    return number
end

local SECONDS = { s = 1, m = 60, h = 3600, d = 86400 }

--- A converter for times such as 2h, 1h30m or 45: their seconds, a thousandth to a hundred days.
function command.duration(text)
    local seconds, rest = 0, text:find "%d$" and text .. "s" or text
    for number, unit in rest:gmatch "(%d+%.?%d*)([smhd])" do
        seconds = seconds + tonumber(number) * SECONDS[unit]
    end
    if rest:gsub("%d+%.?%d*[smhd]", "") ~= "" or not (seconds >= 0.001 and seconds <= 100 * SECONDS.d) then
        return nil, ("'%s' is not a time such as 2h, 90m, 1h30m or 45 (seconds), up to 100d"):format(text)
    end
    return seconds
end

--- A converter for what goes into requests as text, which is UTF-8.
function command.text(text)
    if text == "" then return nil, "the value is empty" end
    if not utf8.len(text) then return nil, "the value is not UTF-8" end
    return text
end

--- An option with such a value. Returns it, for more properties.
function command.add_name(parser, option, argname, description)
    return parser:option(option, description):argname(argname):convert(command.text)
end

--- The options of what cannot be undone.
function command.add_caution(parser)
    parser:flag("--yes", "Do not ask, on a terminal, whether to do it.")
    parser:flag("--dry-run", "Say what would be done, and do nothing.")
end

local function add_limit(parser, option, name, description, convert)
    local converter = convert or command.seconds
    parser:option(option, description):argname(convert and "TIME" or "S"):convert(converter)
        :action(function(arguments, _, value) arguments[name], limits[name] = value, value end)
end

--- The option that says how long all may take. `convert` reads it if it is not in seconds.
function command.add_deadline(parser, option, description, convert)
    limits.deadline_option = option
    add_limit(parser, option, "deadline", description, convert)
end

--- The option that says how long an outage may take.
function command.add_give_up(parser)
    add_limit(parser, "--give-up-after", "give_up_after",
        "Seconds without any success after which all ends, with exit code 5 (default: 600).")
end

--- The options that say how long something may take; command.client and whoever waits go by them.
function command.add_limits(parser)
    add_limit(parser, "--timeout", "timeout", "Seconds that one attempt may take (default: 60).")
    command.add_give_up(parser)
    command.add_deadline(parser, "--deadline",
        "Seconds that all may take; then what is in flight is broken off, with exit code 5.")
end

local http -- the version that was asked for

--- The options that choose the version of HTTP; command.client goes by them.
function command.add_http(parser)
    local function choose(version)
        return function() http = version end
    end
    parser:mutex(
        parser:flag("--http1.1", "Speak HTTP/1.1 (default), a connection for each request in flight.")
            :target "http1":action(choose "1.1"),
        parser:flag("--http2", "Speak HTTP/2 where the server has it over https: all requests on one connection.")
            :target "http2":action(choose "2"))
end

--- The option of what has a summary.
function command.add_json(parser)
    parser:flag("--json", "Print the summary as one JSON object, on standard output.")
end

--- The option of what looks again and again.
function command.add_interval(parser)
    parser:option("--interval", "Seconds between two looks at least; twelve times as many while nothing changes.", "5")
        :argname "S":convert(command.seconds)
end

--- The options that all commands with many requests share.
function command.add_common(parser)
    parser:option("--concurrency", "Requests in flight at most.", "50"):argname "N":convert(command.positive)
    command.add_json(parser)
    command.add_limits(parser)
    command.add_http(parser)
end

--- The option of what has a pace.
function command.add_explain(parser)
    parser:flag("--explain", "Say each time it goes faster or slower, and why.")
end

--- The options of what keeps a journal.
function command.add_fresh(parser)
    parser:flag("--fresh", "Begin anew, although a journal says how far an earlier run came.")
end

--- The names, each once, in their order.
function command.without_repeats(names)
    local list, seen = {}, {}
    for _, name in ipairs(names) do
        if not seen[name] then list[#list + 1] = name end
        seen[name] = true
    end
    return list
end

--- The names in texts such as "A,B"; a comma inside a name is written "\\,".
function command.split_names(texts)
    local names = {}
    for _, text in ipairs(texts) do
        for part in (text:gsub("\\,", "\0") .. ","):gmatch "([^,]*)," do
            if part ~= "" then names[#names + 1] = (part:gsub("\0", ",")) end
        end
    end
    return command.without_repeats(names)
end

-- -------------------------------------------------------------------- client

local function environment(name)
    local value = os.getenv(name)
    return value ~= "" and value or nil
end

--- True when the server is a sandbox in this process, which ends with it: a journal would be of no use.
function command.is_sandbox()
    return (environment "SCALE_API_URL" or ""):find "^sandbox:" ~= nil
end

local function read_key()
    local key = environment "SCALE_API_KEY"
    if key or not environment "SCALE_API_KEY_FILE" then return key end
    local file = io.open(environment "SCALE_API_KEY_FILE")
    key = file and file:read "a" or ""
    if file then file:close() end
    return key:match "^%s*(.-)%s*$"
end

-- A call that stands alone is all the success that there can be: its tries and pauses together may take as long.
local function client_options(concurrency)
    return { max_in_flight = concurrency, timeout = limits.timeout, give_up_after = limits.give_up_after,
             deadline = limits.give_up_after, http = http }
end

--- A client for `concurrency` requests at once, which keeps to the limits. Without a usable key or address the command
--- ends.
function command.client(concurrency)
    if not (environment "SCALE_API_KEY" or environment "SCALE_API_KEY_FILE" or command.is_sandbox()) then
        command.stop(command.KEY, NO_KEY)
    end
    local ok, client = pcall(scaleapi.client, client_options(concurrency))
    if ok then
        set_alarm()
        return client
    end
    local message = command.without_place(tostring(client)):gsub("set allow_http", "set SCALE_ALLOW_HTTP=1")
    command.stop(message:upper():find "API[ _]KEY" and command.KEY or command.USAGE, "%s", message)
end

--- "test" or "live", by the key; nil when the key does not say.
function command.key_kind()
    local key = read_key()
    if not key then return command.is_sandbox() and "test" or nil end
    if key:find "^test_" or key:find "|test$" then return "test" end
    if key:find "^live_" then return "live" end
end

-- ----------------------------------------------------------------- questions

--- Says what is about to be done and with which key; asks, on a terminal and without --yes, and ends the command
--- if the answer is no. Not on a terminal nobody could answer.
function command.confirm(arguments, what)
    local kind = command.key_kind()
    local sentence = what .. (kind and (", with a %s key"):format(kind) or "")
    if arguments.yes or not (sys.is_terminal(io.stdin) and sys.is_terminal(io.stderr)) then
        screen.standard:say(sentence)
        return
    end
    io.stderr:write(sentence, "? [y/N] ")
    io.stderr:flush()
    local answer = io.stdin:read "l"
    if not (answer and answer:lower():find "^%s*y") then command.stop(command.FAILURE, "nothing was done") end
end

return command
