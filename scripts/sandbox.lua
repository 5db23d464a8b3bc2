-- sandbox: run Scale's API on this machine, to try things without a key
--[[
Any number of programs can use it at once, until Ctrl-C. What is in it is gone then, unless --state names a file.
--]]

local sandbox = require "scaleapi.sandbox"
local scaleapi = require "scaleapi"
local sys = require "scaleapi.sys"
local command = require "scripts.lib.command"

local MOST_CONNECTIONS = 100000
local ENOUGH_CONNECTIONS = 10000
local OWN_FILES = 64 -- what it has open itself

local USE = [[
To use it, in another terminal:
    export SCALE_API_URL=URL
    export SCALE_API_KEY=test_anything    tasks are completed at once, with made-up answers
    export SCALE_API_KEY=live_anything    tasks FATE
To control it (the first shows all that there is):
    curl URL/sandbox
    curl URL/sandbox/stats
    curl URL/sandbox/clock -d '{"advance":60}'
    curl URL/sandbox/faults -X PUT -d '{"rate_limit":5}'
    curl URL/sandbox/reset -X POST
]]

local MORE = [[
While it runs, it is controlled at /sandbox, without a key: complete, fail and recall tasks; put
things in; let time pass; set faults; take the opposite of an assumption for true; read counts;
empty it. `curl URL/sandbox` lists the calls.

A target is JSON: {"match":"POST /v1/task/{type}","status":503,"times":2,"retry_after":1}. It hits
the next `times` (1) requests that match, after `skip` (0), with one of `status` (and `body`,
`headers`, `retry_after`), "drop":true and `garbage` (array, cut, empty, gzip, half, html, number),
or only with `latency`; with "after_work":true the work is done first. In a path, {anything} is one
segment, * is anything, and a / at the end goes on.]]

-- ---------------------------------------------------------------- arguments

-- option, what its value is called, what it is for; with `many` it can be given more than once
local OPTIONS = {
    { "--port", "N", "Listen on this port of 127.0.0.1; without it, or with 0, on one that is free." },
    { "--complete-after", "S", "Complete tasks of live keys after so many seconds, not never." },
    { "--state", "FILE", "Keep what is in it in this file, and go on with what the file holds." },
    { "--latency", "S", "Answer each request after so many seconds." },
    { "--fail-rate", "R", "The share of requests, from 0 to 1, that fail with 500, nothing done." },
    { "--lost-answer-rate", "R", "The share that are done, but end with 500 or without an answer." },
    { "--drop-rate", "R", "The share whose connection is dropped, done or not." },
    { "--garbage-rate", "R", "The share that are done, but answered with half a document, HTML, nothing, …" },
    { "--rate-limit", "N", "Refuse what is more than so many requests a second, with 429 and Retry-After." },
    { "--retry-after", "S", "What Retry-After then says, not when there is room again." },
    { "--target", "JSON", "A fault for the next requests of one kind (below).", many = true },
    { "--assume", "NAME=VALUE", "Take the opposite of what nobody could confirm for true; "
        .. "`curl URL/sandbox/assumptions` shows what there is.", many = true },
    { "--callbacks", "WHERE", "Post callbacks to loopback (only addresses of this machine), to any, or none." },
    { "--callback-auth-key", "KEY", "The key that callbacks carry; live_callback_auth_key without it." },
    { "--seed", "N", "Choose other requests to go wrong, and other ids." },
}

local function key_of(option)
    return option[1]:sub(3):gsub("-", "_")
end

local function read_arguments()
    local parser = command.parser("sandbox", "Runs Scale's API on this machine, for programs that speak HTTP.")
    for _, option in ipairs(OPTIONS) do
        local added = parser:option(option[1], option[3]):argname(option[2])
        if option.many then added:count "*" end
    end
    parser:flag("--retry-after-date", "Say it as a date.")
    parser:epilog(MORE)
    local arguments, texts = parser:parse(), {}
    for _, option in ipairs(OPTIONS) do
        local values = arguments[key_of(option)]
        for _, value in ipairs(option.many and values or { values }) do
            table.insert(texts, option[1]:sub(3) .. "=" .. value)
        end
    end
    if arguments.retry_after_date then table.insert(texts, "retry-after-date=true") end
    local options, problem = sandbox.read_options(texts)
    if not options then parser:error((problem:gsub("^sandbox option ", "--"))) end
    return options
end

-- ------------------------------------------------------------------ running

-- How many connections there can be. Says so if they are few.
local function count_connections()
    local most = math.min(sys.raise_open_files(MOST_CONNECTIONS + OWN_FILES) - OWN_FILES, MOST_CONNECTIONS)
    if most < ENOUGH_CONNECTIONS then
        io.stderr:write(("%d connections can be open at once, the limit of this machine for one program (ulimit -Hn)\n")
            :format(most))
    end
    return math.max(most, 1)
end

local PLACES = { loopback = "to addresses of this machine", any = "to any address", none = "nowhere" }

local function explain(running, options)
    local fate = "stay pending (see --complete-after)"
    if options.complete_after then fate = ("are completed after %g seconds"):format(options.complete_after) end
    io.stderr:write((USE:gsub("%f[%w_]%u+%f[^%w_]", { URL = running.url, FATE = fate })))
    io.stderr:write(("Callbacks go %s, with the header scale-callback-auth: %s\n"):format(
        PLACES[options.callbacks or "loopback"], options.callback_auth_key or "live_callback_auth_key"))
end

local function start(options)
    local began = scaleapi.now()
    local ok, running = pcall(sandbox.start, options)
    if not ok then command.stop(command.FAILURE, "%s", (tostring(running):gsub("^[^:]*:%d+: ", ""))) end
    if options.state then
        local what = "a new world"
        if running.replayed > 0 then
            what = ("went on after %d changes, read in %.1f seconds"):format(running.replayed, scaleapi.now() - began)
        end
        io.stderr:write(("%s: %s\n"):format(options.state, what))
    end
    return running
end

command.run("sandbox", function()
    local options = read_arguments()
    -- Much of what a big sandbox holds stays: looking at it all again each time it has grown by half is enough.
    collectgarbage("incremental", 150, 200)
    options.max_connections = count_connections()
    local running = start(options)
    sys.catch_interrupt(true)
    io.stdout:write("listening on ", running.url, "\n")
    io.stdout:flush()
    explain(running, options)
    while sys.interrupted() == 0 do scaleapi.step(3600) end
    running:close()
    return command.DONE
end)
