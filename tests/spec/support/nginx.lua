--[[
nginx.lua - for specs of HTTP/2: nginx, which speaks it over https in front of a plain server.

    local nginx = dofile "tests/spec/support/nginx.lua"
    local front = nginx.start { folder = F, upstream = "http://127.0.0.1:8080", http2 = true, requests = 50 }
    front.url, front.ca_file
    front:log(1)        -- of each request its version and status: "HTTP/2.0 200"
    front:stop()

`requests`: after so many, a connection takes no more of them (over HTTP/2: GOAWAY).
--]]

local scaleapi = require "scaleapi"
local server = require "scaleapi.server"
local sys = require "scaleapi.sys"
local certificates = dofile "tests/spec/support/certificates.lua"

local nginx = {}
local Front = {}
Front.__index = Front

local CONFIGURATION = [[
daemon off; master_process off; pid FOLDER/nginx.pid; error_log FOLDER/nginx.error; USER
events { worker_connections 1000; }
http {
    log_format version '$server_protocol $status';
    access_log FOLDER/nginx.log version;
    client_body_temp_path FOLDER/body; proxy_temp_path FOLDER/proxy; fastcgi_temp_path FOLDER/fastcgi;
    uwsgi_temp_path FOLDER/uwsgi; scgi_temp_path FOLDER/scgi;
    upstream plain { server UPSTREAM; keepalive 200; }
    server {
        listen 127.0.0.1:PORT ssl HTTP2; keepalive_requests REQUESTS;
        ssl_certificate FOLDER/server.crt; ssl_certificate_key FOLDER/server.key;
        location / { proxy_pass http://plain; proxy_http_version 1.1; proxy_set_header Connection ""; }
    }
}]]

local function output_of(command)
    local pipe = assert(io.popen(command))
    local text = pipe:read "a"
    pipe:close()
    return (text:gsub("%s+$", ""))
end

--- Where nginx is, or nil.
function nginx.find()
    local path = output_of "PATH=$PATH:/usr/sbin command -v nginx"
    return path ~= "" and path or nil
end

local function free_port()
    local taken = server.listen { port = 0, handler = function() return {} end }
    local port = taken.port
    taken:close()
    return port
end

local function write(path, text)
    local file = assert(io.open(path, "w"))
    file:write(text):close()
end

local function wait_for(port, folder)
    for _ = 1, 500 do
        if os.execute(("bash -c ': <>/dev/tcp/127.0.0.1/%d' 2>/dev/null"):format(port)) then return end
        scaleapi.sleep(0.02)
    end
    error("nginx did not start: " .. output_of("cat " .. folder .. "/nginx.error"))
end

function nginx.start(options)
    local folder, port = options.folder, free_port()
    if not sys.stat(folder .. "/ca.pem") then certificates.make(folder) end
    os.remove(folder .. "/nginx.log")
    local values = { FOLDER = folder, PORT = tostring(port), REQUESTS = tostring(options.requests or 1000),
        UPSTREAM = options.upstream:match "//(.*)", HTTP2 = options.http2 and "http2" or "",
        USER = output_of "id -u" == "0" and "user root;" or "" }
    write(folder .. "/nginx.conf", (CONFIGURATION:gsub("%u[%u%d]+", values)))
    local pid = output_of(("%s -p %s -c %s/nginx.conf >/dev/null 2>&1 </dev/null & echo $!"):format(
        nginx.find(), folder, folder))
    wait_for(port, folder)
    return setmetatable({ url = ("https://127.0.0.1:%d"):format(port), ca_file = folder .. "/ca.pem", pid = pid,
        folder = folder }, Front)
end

--- What was asked of it, a line a request; waits until there are so many, for it writes after it has answered.
function Front:log(count)
    local text
    for _ = 1, 200 do
        local file = assert(io.open(self.folder .. "/nginx.log"))
        text = file:read "a"
        file:close()
        if select(2, text:gsub("\n", "")) >= count then break end
        scaleapi.sleep(0.01)
    end
    return text
end

function Front:stop()
    os.execute("kill " .. self.pid .. " 2>/dev/null")
end

return nginx
