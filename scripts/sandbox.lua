-- sandbox: run Scale's API on this machine, to try things without a key
--[[
Any number of programs can use it at once, until Ctrl-C. What is in it is gone then.
--]]

local sandbox = require "scaleapi.sandbox"
local scaleapi = require "scaleapi"
local sys = require "scaleapi.sys"
local command = require "scripts.lib.command"

local USE = [[
To use it, in another terminal:
    export SCALE_API_URL=%s
    export SCALE_API_KEY=test_anything    tasks are completed at once, with made-up answers
    export SCALE_API_KEY=live_anything    tasks %s
]]

-- ---------------------------------------------------------------- arguments

local function number(least, most, what, integer)
    return function(text)
        local value = tonumber(text)
        if integer then value = value and math.tointeger(value) end
        if not value or value ~= value or value < least or value > most then
            return nil, ("'%s' is not %s"):format(text, what)
        end
        return value
    end
end

local port = number(0, 65535, "a port number", true)
local rate = number(0, 1, "a number from 0 to 1")
local seconds = number(0, 1000000, "a number of seconds")
local whole = number(math.mininteger, math.maxinteger, "a whole number", true)

local function key(text)
    if text:find "^%g+$" then return text end
    return nil, ("'%s' is not a text without spaces"):format(text)
end

local function read_arguments()
    local parser = command.parser("sandbox", "Runs Scale's API on this machine, for programs that speak HTTP.")
    parser:option("--port", "Listen on this port of 127.0.0.1; 0 for one that is free.", "0")
        :argname "N":convert(port)
    parser:option("--complete-after", "Complete tasks of live keys after so many seconds, not never.")
        :argname "S":convert(seconds)
    parser:option("--latency", "Answer each request after so many seconds.", "0"):argname "S":convert(seconds)
    parser:option("--fail-rate", "The share of requests that fail with 500, nothing done.", "0")
        :argname "R":convert(rate)
    parser:option("--lost-answer-rate", "The share that are done, but end with 500 or without an answer.", "0")
        :argname "R":convert(rate)
    parser:option("--drop-rate", "The share whose connection is dropped, done or not.", "0"):argname "R":convert(rate)
    parser:option("--callbacks", "Post callbacks to addresses of this machine, to any, or none.", "loopback")
        :argname "WHERE":choices { "loopback", "any", "none" }
    parser:option("--callback-auth-key", "The key that callbacks carry.", "live_callback_auth_key"):argname "KEY"
        :convert(key)
    parser:option("--seed", "Choose other requests to go wrong.", "1"):argname "N":convert(whole)
    return parser:parse()
end

-- ------------------------------------------------------------------ running

local PLACES = { loopback = "to addresses of this machine", any = "to any address", none = "nowhere" }

local function explain(running, arguments)
    local complete_after = arguments.complete_after
    local fate = "stay pending (see --complete-after)"
    if complete_after then fate = ("are completed after %g seconds"):format(complete_after) end
    io.stderr:write(USE:format(running.url, fate))
    io.stderr:write(("Callbacks go %s, with the header scale-callback-auth: %s\n"):format(
        PLACES[arguments.callbacks], arguments.callback_auth_key))
end

command.run("sandbox", function()
    local arguments = read_arguments()
    sys.catch_interrupt(true)
    -- Much of what a big sandbox holds stays: looking at it all again each time it has grown by half is enough.
    collectgarbage("incremental", 150, 200)
    local ok, running = pcall(sandbox.start, {
        port = arguments.port, complete_after = arguments.complete_after, latency = arguments.latency,
        fail_rate = arguments.fail_rate, lost_answer_rate = arguments.lost_answer_rate,
        drop_rate = arguments.drop_rate, seed = arguments.seed,
        callbacks = arguments.callbacks, callback_auth_key = arguments.callback_auth_key,
    })
    if not ok then command.stop(command.FAILURE, "%s", (tostring(running):gsub("^[^:]*:%d+: ", ""))) end
    io.stdout:write("listening on ", running.url, "\n")
    io.stdout:flush()
    explain(running, arguments)
    while sys.interrupted() == 0 do scaleapi.step(3600) end
    running:close()
    return command.DONE
end)
