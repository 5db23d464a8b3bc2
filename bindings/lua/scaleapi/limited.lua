--[[
scaleapi.limited - the module with limits, for scripts that are not trusted: they may read, say, and talk to some hosts,
and so cannot spend the money of whose key it is.

    local limited, environment = scaleapi.limited { api_key = key, operations = "read", hosts = { "x.example.com" } }
    local script = assert(load(text, "=script", "t", environment))
    scaleapi.spawn(script):wait()

The script calls scaleapi.client() without a key, and all else as ever; what is against the limits raises an error of
kind not_allowed before anything is sent. It is core that refuses. A script gets a copy of the module's Lua files, with
tables of its own all through, so that whatever it does to them it does to itself: nothing that it can reach, or change,
is the program's. The key is not in there.
--]]

local core = require "scaleapi.core"
local environment = require "scaleapi.environment"
local errors = require "scaleapi.errors"
local scheduler = require "scaleapi.scheduler"

local searchers, preloaded = package.searchers, package.preload

local LIMITS = { operations = true, hosts = true, requests = true, files = true }

-- What a script may say of its own clients; no more than the program has said, if it has.
local SCRIPTS_OPTIONS = {
    timeout = true, upload_timeout = true, connect_timeout = true, deadline = true, give_up_after = true,
    max_attempts = true, max_in_flight = true, max_answer = true,
}

local function not_allowed(what)
    return { kind = "not_allowed", message = what .. " is not allowed here", attempts = 0 }
end

local function copy_of(values)
    local copy = {}
    for key, value in pairs(values) do copy[key] = value end
    return copy
end

local function deep_copy_of(values)
    local copy = {}
    for key, value in pairs(values) do copy[key] = type(value) == "table" and deep_copy_of(value) or value end
    return copy
end

-- ----------------------------------------------------------- what is shared

-- The scheduler, without what drives the loop or tells of other people's jobs and waits: a script has tokens for them.
local jobs = setmetatable({}, { __mode = "k" })  -- by what stands for them
local waits = setmetatable({}, { __mode = "k" }) -- likewise
local Job = { __name = "scaleapi.Job", __metatable = false, __index = {} }

for _, name in ipairs { "wait", "is_done", "cancel", "cancel_unsent" } do
    Job.__index[name] = function(self, ...)
        local job = jobs[self] or error("call it with a colon: job:" .. name .. "()", 2)
        return job[name](job, ...)
    end
end

function Job:__tostring()
    return tostring(jobs[self])
end

local function wait_of(token)
    local wait = waits[token]
    if not wait then
        wait = {}
        waits[token] = wait
    end
    return wait
end

local function standing_for(job)
    local token = setmetatable({}, Job)
    jobs[token] = job
    return token
end

local function shared_scheduler()
    return {
        spawn = function(...) return standing_for(scheduler.spawn(...)) end,
        spawn_watched = function(ended, ...)
            return standing_for(scheduler.spawn_watched(function(...) pcall(ended, ...) end, ...))
        end,
        await = function(token) return scheduler.await(wait_of(token)) end,
        complete = function(token) return scheduler.complete(wait_of(token)) end,
        wait_for_call = function(call)
            local token = {}
            waits[token] = scheduler.wait_for_call(call)
            return token
        end,
        sleep_on = function(names, name) return scheduler.sleep_on(wait_of(names), name) end,
        wake = function(names, name) return scheduler.wake(wait_of(names), name) end,
        -- As a job, for an error in it is not to end the program's turn.
        after = function(seconds, fn)
            return scheduler.after(seconds, type(fn) == "function" and function() scheduler.spawn(fn) end or fn)
        end,
        now = scheduler.now, pump = scheduler.pump, settle = scheduler.settle,
        sleep = scheduler.sleep,
    }
end

-- A module of which a script has nothing but its name.
local function withheld(name)
    local function refuse() errors.raise(not_allowed(name), 2) end
    return setmetatable({}, { __index = refuse, __call = refuse })
end

-- ------------------------------------------------------------------- limits

local function check_option(own, name, value)
    if not SCRIPTS_OPTIONS[name] then
        error(("client option '%s' is not for a limited script to set"):format(tostring(name)), 0)
    elseif type(value) == "number" and type(own[name]) == "number" and value > own[name] then
        error(("client option '%s' may be %s at most"):format(name, own[name]), 0)
    end
end

-- What a script gets for core: everything goes to the program's own client options, and stays within the limits.
local function limited_core(own, limits)
    local part = {
        version = core.version, lua_release = core.lua_release, metatable_of = core.metatable_of,
        json = copy_of(core.json), documents = copy_of(core.documents),
        describe = core.describe, suggest = core.suggest,
        operations = deep_copy_of(core.operations), enumerations = deep_copy_of(core.enumerations),
        loop = function() end,
    }
    part.json.array_mt = nil
    function part.client(_, options)
        local all = copy_of(own)
        for name, value in pairs(options) do
            check_option(own, name, value)
            all[name] = value
        end
        return core.client(core.loop(), all, limits)
    end
    function part.exchange(_, request)
        for _, name in ipairs { "ca_file", "proxy" } do
            if request[name] ~= nil then return nil, not_allowed("option " .. name) end
        end
        if request.verify == false then return nil, not_allowed "option verify" end
        local all = copy_of(request)
        all.ca_file, all.proxy, all.verify = own.ca_file, own.proxy, own.verify
        return core.exchange(core.loop(), all, limits)
    end
    return part
end

-- What stands for the environment variables: a script's clients are made of what the program gave.
local function limited_environment(own)
    return {
        complete = copy_of,
        ca_file = function() end,
        fingerprint = function() return environment.fingerprint(own.api_key) end,
    }
end

-- -------------------------------------------------------------- the modules

local code = {} -- of modules, as string.dump gives it, by name

local function loader_of(name)
    if preloaded[name] then return preloaded[name] end
    local problems = {}
    for _, searcher in ipairs(searchers) do
        local loader = searcher(name)
        if type(loader) == "function" then return loader end
        table.insert(problems, tostring(loader or ""))
    end
    error(("module '%s' is not found:%s"):format(name, table.concat(problems)), 0)
end

-- What module files need of the standard libraries.
local function libraries()
    local own = {
        io = { type = io and io.type }, os = { time = os.time, date = os.date },
        string = copy_of(string), table = copy_of(table), math = copy_of(math), coroutine = copy_of(coroutine),
    }
    for _, name in ipairs { "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "rawequal", "rawget", "rawset",
        "select", "setmetatable", "tonumber", "tostring", "type" } do
        own[name] = _G[name]
    end
    return own
end

-- Loads the module's files once more. `loaded` holds those that are not to be loaded.
local function load_again(loaded)
    local own = libraries()
    function own.require(name)
        if loaded[name] == nil then
            code[name] = code[name] or string.dump(loader_of(name))
            loaded[name] = assert(load(code[name], name, "b", own))(name)
        end
        return loaded[name]
    end
    return own.require "scaleapi"
end

-- ------------------------------------------------------------- environments

local SAFE = {
    "assert", "error", "ipairs", "next", "pairs", "pcall", "print", "rawequal", "rawget", "rawlen", "rawset", "select",
    "tonumber", "tostring", "type", "xpcall", "_VERSION",
}

-- Metatables are for those who made them; and none may have a finalizer, which would run anywhere in the program.
local function add_metatables(own)
    local made = setmetatable({}, { __mode = "k" })
    function own.setmetatable(value, metatable)
        if type(metatable) == "table" then
            if rawget(metatable, "__gc") ~= nil then error("__gc is not allowed here", 2) end
            made[metatable] = true
        end
        return setmetatable(value, metatable)
    end
    function own.getmetatable(value)
        local metatable = getmetatable(value)
        return type(metatable) == "table" and made[metatable] and metatable or nil
    end
end

-- Globals for a script: what can do no harm of Lua's own, and the module.
local function environment_for(module)
    local own = {
        string = copy_of(string), table = copy_of(table), math = copy_of(math), utf8 = copy_of(utf8),
        coroutine = copy_of(coroutine),
        os = { clock = os.clock, date = os.date, difftime = os.difftime, time = os.time },
        scaleapi = module,
    }
    own.string.dump = nil
    own._G = own
    for _, name in ipairs(SAFE) do own[name] = _G[name] end
    add_metatables(own)
    function own.require(name)
        if name == "scaleapi" then return module end
        error(("module '%s' is not for a limited script"):format(tostring(name)), 2)
    end
    function own.load(chunk, name, _, globals)
        return load(chunk, name, "t", globals == nil and own or globals)
    end
    return own
end

-- ------------------------------------------------------------------ opening

local function words_of(value, name)
    if type(value) == "string" then return { value } end
    if value ~= nil and type(value) ~= "table" then error(name .. " must be an array of strings", 0) end
    return value
end

local function limits_of(options)
    return core.limits {
        operations = words_of(options.operations, "operations"), hosts = words_of(options.hosts, "hosts"),
        requests = options.requests, files = options.files,
    }
end

-- The program's own options for clients, complete; a client is made of them once, so that what is wrong is said here.
local function own_options(options)
    local rest = {}
    for name, value in pairs(options) do
        if not LIMITS[name] then rest[name] = value end
    end
    local own, problem = environment.complete(rest)
    if not own then error(problem, 0) end
    core.client(core.loop(), own):close()
    return own
end

local function make(options)
    local limits, own = limits_of(options), own_options(options)
    local module = load_again {
        ["scaleapi.core"] = limited_core(own, limits), ["scaleapi.environment"] = limited_environment(own),
        ["scaleapi.errors"] = copy_of(errors), ["scaleapi.scheduler"] = shared_scheduler(),
        ["scaleapi.csv"] = withheld "csv", ["scaleapi.journal"] = withheld "journal",
        ["scaleapi.jsonl"] = withheld "jsonl", ["scaleapi.limited"] = withheld "limited",
        ["scaleapi.sys"] = withheld "sys",
    }
    return module, environment_for(module), function() return limits:requests() end
end

--- Makes the module with limits. Options: those of a client, which is what the script's clients are made of; and
---   operations   what is allowed: "read" (all that changes nothing; what it is if not given), names, patterns such as
---                "v2.get_*"; one, or an array
---   hosts        where fetch may go: "files.example.com", "*.example.com", "127.0.0.1:8080"; none if not given
---   requests     how many may be sent in all, by all of the script's clients and fetches
---   files        true: upload_file may send files of this machine, by their path
--- Returns the module for the script; globals for it, which have the module and what is harmless of Lua's libraries;
--- and a function that tells how many requests were sent.
return function(options)
    if type(options) ~= "table" then error("limited needs a table of options, not " .. type(options), 2) end
    local results = table.pack(pcall(make, options))
    if not results[1] then
        local problem = results[2]
        error(type(problem) == "string" and errors.without_place(errors.caught(problem)) or problem, 2)
    end
    return table.unpack(results, 2, results.n)
end
