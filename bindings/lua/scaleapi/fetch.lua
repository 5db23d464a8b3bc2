--[[
scaleapi.fetch - one plain HTTP request to any URL, for what lies beside the API: result files, callbacks. It never
carries the API key, and is sent once.

    local answer = scaleapi.fetch(task.response.annotations.url)
    assert(answer.status == 200)
    scaleapi.fetch(url, { method = "POST", headers = { ["Content-Type"] = "application/json" }, body = "{}" })
--]]

local core = require "scaleapi.core"
local environment = require "scaleapi.environment"
local errors = require "scaleapi.errors"
local scheduler = require "scaleapi.scheduler"

local METHODS = { GET = true, POST = true, PUT = true, DELETE = true, HEAD = true }

local function is_seconds(value)
    return type(value) == "number" and value > 0
end

local function is_size(value)
    return math.type(value) == "integer" and value >= 0
end

local function is(kind)
    return function(value) return type(value) == kind end
end

-- name -> what tells whether a value fits, and what fits
local OPTIONS = {
    method = { function(value) return METHODS[value] end, "GET, POST, PUT, DELETE or HEAD" },
    headers = { is "table", "a table" },
    body = { is "string", "a string" },
    timeout = { is_seconds, "a number of seconds, more than 0" },
    connect_timeout = { is_seconds, "a number of seconds, more than 0" },
    max_answer = { is_size, "a number of bytes" },
    follow = { is "boolean", "true or false" },
    verify = { is "boolean", "true or false" },
    ca_file = { is "string", "a string" },
    proxy = { is "string", "a string" },
}

local function unknown(name)
    local names = {}
    for each in pairs(OPTIONS) do table.insert(names, each) end
    local meant = type(name) == "string" and core.suggest(name, names)
    local hint = meant and "; did you mean '" .. meant .. "'?" or ""
    return "unknown option '" .. tostring(name) .. "' for fetch" .. hint
end

-- What is wrong with the options, or nil.
local function problem_of(options)
    for name, value in pairs(options) do
        local option = OPTIONS[name]
        if not option then return unknown(name) end
        if not option[1](value) then return ("fetch: %s must be %s"):format(name, option[2]) end
    end
    for name, value in pairs(options.headers or {}) do
        if type(name) ~= "string" or type(value) ~= "string" and type(value) ~= "number" then
            return "fetch: headers must be a table of names and texts"
        elseif (name .. value):find "\0" then
            return "fetch: a header has a control character in it"
        end
    end
end

-- { "Name: value", … }, in the order of the names.
local function lines_of(headers)
    local lines = {}
    for name, value in pairs(headers or {}) do table.insert(lines, name .. ": " .. value) end
    table.sort(lines)
    return lines
end

local function request_of(url, options)
    local request = {}
    for name, value in pairs(options) do request[name] = value end
    request.url = url
    request.method = options.method or options.body and "POST" or "GET"
    request.headers = lines_of(options.headers)
    request.ca_file = options.ca_file or environment.ca_file()
    return request
end

-- By lower-case names; of a header that stands there more than once, the values with commas between them.
local function headers_of(pairs_in_order)
    local headers = {}
    for i = 1, #pairs_in_order, 2 do
        local name, value = pairs_in_order[i]:lower(), pairs_in_order[i + 1]
        headers[name] = headers[name] and headers[name] .. ", " .. value or value
    end
    return headers
end

local function failed(fields)
    fields.operation = "fetch"
    errors.raise(fields, 3)
end

--- Sends a request and waits for its answer, of whatever status: { status, headers, body, url }, the headers by
--- lower-case names, `url` the last address when redirects were followed. Options: method (GET, or POST if there is
--- a body), headers (name -> text), body, timeout (60 seconds for all of it), connect_timeout (10), follow (redirects:
--- 10 at most, never from https to http), max_answer (256 MiB), verify, ca_file, proxy. Raises an error object when no
--- answer came: kind network, tls, timeout, too_large, bad_answer, or usage for a bad URL.
return function(url, options)
    if type(url) ~= "string" then error("fetch needs a URL, not " .. type(url), 2) end
    if options ~= nil and type(options) ~= "table" then
        error("fetch needs a table of options, not " .. type(options), 2)
    end
    options = options or {}
    local problem = problem_of(options)
    if problem then error(problem, 2) end
    -- No tail calls: an error names the line that called.
    if url:find "\0" then failed { kind = "usage", message = "the URL has a control character in it", attempts = 0 } end
    local exchange, refusal = core.exchange(core.loop(), request_of(url, options))
    if not exchange then failed(refusal) end
    scheduler.await(scheduler.wait_for_call(exchange))
    local status, headers, body, last_url = exchange:result()
    if not status then failed(headers) end
    return { status = status, headers = headers_of(headers), body = body, url = last_url }
end
