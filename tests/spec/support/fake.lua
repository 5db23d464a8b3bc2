--[[
fake.lua - a server that answers by a script, for specs: what it is told, in order, and it keeps every
request. The last answer is repeated.

    local server = fake.start { { status = 500 }, { body = '{"task_id":"1"}' } }
    local client = server:client { max_attempts = 2 }
--]]

local scaleapi = require "scaleapi"
local server = require "scaleapi.server"

local fake = {}
local Fake = {}
Fake.__index = Fake

-- Retries wait for next to nothing in specs: Retry-After is the only pause that is not random, so specs that
-- retry ask for few attempts.
function fake.start(script)
    local self = setmetatable({ requests = {} }, Fake)
    local function handler(request)
        table.insert(self.requests, request)
        local answer = type(script) == "function" and script or script[math.min(#self.requests, #script)]
        if type(answer) == "function" then answer = answer(request, #self.requests) end
        if type(answer) == "string" then answer = { body = answer } end
        answer.status = answer.status or 200
        answer.headers = answer.headers or { ["Content-Type"] = "application/json" }
        answer.body = answer.body or ""
        return answer
    end
    self.server = server.listen { port = 0, handler = handler }
    self.url = self.server.url
    return self
end

-- A client of this server. More than one fits.
function Fake:client(options)
    local all = { api_key = "test_key", base_url = self.url }
    for key, value in pairs(options or {}) do all[key] = value end
    return scaleapi.client(all)
end

-- The last request, or the n-th: "POST /v1/task/x?a=b".
function Fake:line(n)
    local request = self.requests[n or #self.requests]
    return request and request.method .. " " .. request.path .. (request.query and "?" .. request.query or "")
end

function Fake:close()
    self.server:close()
end

--- The error that fn raises, which must be one of ours.
function fake.failure(fn, ...)
    local ok, err = pcall(fn, ...)
    assert(not ok, "nothing was raised")
    assert(scaleapi.is_error(err), "not an error object: " .. tostring(err))
    return err
end

return fake
