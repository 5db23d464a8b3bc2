-- plain.lua - the same work as others would do it in Lua: lua-http on coroutines for tasks, LuaSocket for pages (with
-- LuaSec over https), lua-cjson for both. No retries, no checks. Prints how many there were.
--
--     lua5.4 plain.lua post BASE FILE IN_FLIGHT
--     lua5.4 plain.lua check                 whether lua-http is there
--     lua5.4 plain.lua pages BASE [all]      the same: lua-cjson has no part of a text to decode
--
-- Debian's lua-http lies where Lua 5.3 looks for it, and works with 5.4 all the same.

package.path = package.path .. ";/usr/share/lua/5.3/?.lua;/usr/share/lua/5.3/?/init.lua;/usr/share/lua/5.2/?.lua"

local cjson = require "cjson"
local what, base = arg[1], arg[2]
local CA = os.getenv "BENCH_CA"
local KEY = "Basic bGl2ZV9iZW5jaDo="

local function post(file, in_flight)
    local cqueues = require "cqueues"
    local http = require "http.client"
    local new_headers = require("http.headers").new
    local scheme, host, port = base:match "^(%w+)://([%d.]+):(%d+)$"
    local lines, count = io.open(file), 0
    local options = { host = host, port = tonumber(port), tls = scheme == "https", version = 1.1 }
    if options.tls then
        local context = require("http.tls").new_client_context()
        context:getStore():add(CA)
        options.ctx = context
    end

    -- One connection, one task after the other.
    local function work()
        local connection = assert(http.connect(options))
        for line in function() return lines:read "l" end do
            line = cjson.encode(cjson.decode(line)) -- a table is what a script has
            local headers, stream = new_headers(), connection:new_stream()
            headers:append(":method", "POST")
            headers:append(":scheme", scheme)
            headers:append(":authority", host .. ":" .. port)
            headers:append(":path", "/v1/task/imageannotation")
            headers:append("authorization", KEY)
            headers:append("content-type", "application/json")
            headers:append("content-length", tostring(#line))
            assert(stream:write_headers(headers, false))
            assert(stream:write_body_from_string(line))
            local answer = assert(stream:get_headers())
            assert(answer:get ":status" == "200")
            assert(cjson.decode(assert(stream:get_body_as_string())).task_id)
            stream:shutdown()
            count = count + 1
        end
        connection:close()
    end

    local queue = cqueues.new()
    for _ = 1, in_flight do queue:wrap(work) end
    assert(queue:loop())
    print(count)
end

-- LuaSocket makes a connection for each request of its own accord; so does this.
local function pages()
    local secure = base:find "^https" ~= nil
    local request = require(secure and "ssl.https" or "socket.http").request
    local ltn12 = require "ltn12"
    local count, token = 0, nil
    repeat
        local parts = {}
        local url = base .. "/v1/tasks?project=bench&limit=100" .. (token and "&next_token=" .. token or "")
        local _, status = request { url = url, headers = { authorization = KEY }, sink = ltn12.sink.table(parts),
            protocol = secure and "any" or nil, verify = secure and "peer" or nil, cafile = secure and CA or nil }
        assert(status == 200, status)
        local page = cjson.decode(table.concat(parts))
        for _, task in ipairs(page.docs) do
            if task.task_id and task.status == "completed" then count = count + 1 end
        end
        token = page.next_token
    until not token
    print(count)
end

if what == "check" then require "http.client" elseif what == "post" then post(arg[3], tonumber(arg[4])) else pages() end
