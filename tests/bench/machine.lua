--[[
tests.bench.machine - what the benchmark runs: servers on one core, contestants on the other, and the folder they share.
--]]

local scaleapi = require "scaleapi"
local sys = require "scaleapi.sys"
local certificates = dofile "tests/spec/support/certificates.lua"

local machine = { tree = "build", folder = nil, ca_file = nil }

local pids = {}
local SERVER_CORE, CLIENT_CORE = "0", "1"

local function quote(word)
    return "'" .. tostring(word):gsub("'", "'\\''") .. "'"
end

local function join(words)
    local quoted = {}
    for i, word in ipairs(words) do quoted[i] = quote(word) end
    return table.concat(quoted, " ")
end

function machine.read(name)
    local file = assert(io.open(machine.folder .. "/" .. name, "rb"))
    local text = file:read "a"
    file:close()
    return text
end

function machine.write(name, text)
    local file = assert(io.open(machine.folder .. "/" .. name, "wb"))
    assert(file:write(text))
    assert(file:close())
    return machine.folder .. "/" .. name
end

--- The output of a shell command, or nil when it fails.
function machine.output(command)
    local pipe = assert(io.popen(command))
    local text = pipe:read "a"
    return pipe:close() and text or nil
end

function machine.setup()
    machine.folder = machine.output "mktemp -d":gsub("%s+$", "")
    machine.ca_file = machine.folder .. "/ca.pem"
    certificates.make(machine.folder)
end

function machine.teardown()
    for _, pid in ipairs(pids) do os.execute("kill " .. pid .. " 2>/dev/null") end
    if machine.folder then os.execute("rm -rf " .. quote(machine.folder)) end
end

-- ------------------------------------------------------------------ servers

local function start(words, log)
    local command = ("exec taskset -c %s %s"):format(SERVER_CORE, join(words))
    local pid = machine.output(("{ %s; } >%s 2>&1 </dev/null & echo $!"):format(command, quote(log))):match "%d+"
    pids[#pids + 1] = pid
    return pid
end

local function wait_for(log, pattern)
    for _ = 1, 1000 do
        local file = io.open(log)
        local found = file and file:read "a":match(pattern)
        if file then file:close() end
        if found then return found end
        scaleapi.sleep(0.01)
    end
    error("a server did not start: " .. log)
end

--- A server.c; `options` are its own, by name. Returns its URL.
function machine.server(options)
    local words = { machine.tree .. "/bench/bench_server" }
    for name, value in pairs(options) do
        words[#words + 1] = "--" .. name
        words[#words + 1] = value
    end
    local log = ("%s/server.%d"):format(machine.folder, #pids)
    start(words, log)
    return wait_for(log, "listening on (%S+)")
end

--- A sandbox as a process of its own. Returns its URL and process id.
function machine.sandbox()
    local log = ("%s/server.%d"):format(machine.folder, #pids)
    local pid = start({ machine.tree .. "/scalua", "sandbox" }, log)
    return wait_for(log, "(http://127%.0%.0%.1:%d+)"), pid
end

local CONFIGURATION = [[
daemon off; master_process off; pid FOLDER/nginx.pid; error_log FOLDER/nginx.error notice; USER
events { worker_connections 4000; }
http {
    access_log off; keepalive_requests 1000000000; client_max_body_size 10m; default_type application/json;
    client_body_temp_path FOLDER/body; proxy_temp_path FOLDER/proxy; fastcgi_temp_path FOLDER/fastcgi;
    uwsgi_temp_path FOLDER/uwsgi; scgi_temp_path FOLDER/scgi;
    upstream plain { server UPSTREAM; keepalive 500; keepalive_requests 1000000000; }
    server {
        listen 127.0.0.1:PORT ssl http2;
        ssl_certificate FOLDER/server.crt; ssl_certificate_key FOLDER/server.key;
        location / { proxy_pass http://plain; proxy_http_version 1.1; proxy_set_header Connection ""; ANSWER }
    }
}]]

--- nginx with HTTP/2 over https before a server; with `at_once` it answers tasks itself. Returns its URL, or nil
--- where there is no nginx.
function machine.nginx(upstream, port, at_once)
    local path = machine.output "PATH=$PATH:/usr/sbin command -v nginx"
    if not path then return nil end
    local task = '{"task_id":"1","type":"imageannotation","status":"pending","metadata":{},"params":{}}'
    local values = { FOLDER = machine.folder, PORT = port, UPSTREAM = upstream:match "//(.*)",
        USER = machine.output "id -u":match "%d+" == "0" and "user root;" or "",
        ANSWER = at_once and ("if ($request_method = POST) { return 200 '%s'; }"):format(task) or "" }
    local name = "nginx." .. port
    machine.write(name, (CONFIGURATION:gsub("%u%u%u%u+", function(word) return values[word] end)))
    local words = { path:match "%S+", "-p", machine.folder, "-c", machine.folder .. "/" .. name }
    start(words, machine.folder .. "/log." .. port)
    local url = "https://127.0.0.1:" .. port
    for _ = 1, 500 do
        if os.execute(("bash -c ': <>/dev/tcp/127.0.0.1/%s' 2>/dev/null"):format(port)) then return url end
        scaleapi.sleep(0.02)
    end
    error("nginx did not start: " .. machine.read "nginx.error")
end

-- -------------------------------------------------------------- contestants

local function environment(more)
    local words = { "env", "BENCH_CA=" .. machine.ca_file, "CURL_CA_BUNDLE=" .. machine.ca_file,
        "REQUESTS_CA_BUNDLE=" .. machine.ca_file, "SCALE_API_KEY=live_bench" }
    for name, value in pairs(more or {}) do words[#words + 1] = name .. "=" .. value end
    return words
end

local function run(words)
    local said = quote(machine.folder .. "/said")
    local measured = quote(machine.folder .. "/measured")
    local ok = os.execute(("%s >%s 2>&1 3>%s </dev/null"):format(join(words), said, measured))
    if not ok then error(join(words) .. ":\n" .. machine.read "said", 0) end
end

--- Runs a program. Returns seconds by the clock, of CPU, and its peak of memory in KB. A program that prints two
--- numbers has measured the first two itself.
function machine.measure(words, more)
    local all = environment(more)
    table.move({ machine.tree .. "/bench/bench_measure", CLIENT_CORE }, 1, 2, #all + 1, all)
    table.move(words, 1, #words, #all + 1, all)
    run(all)
    local wall, cpu, memory = machine.read "measured":match "(%S+) (%S+) (%d+)"
    local own_wall, own_cpu = machine.read "said":match "^(%d+%.%d+) (%d+%.%d+)\n$"
    return tonumber(own_wall or wall), tonumber(own_cpu or cpu), tonumber(memory)
end

--- The instructions that a program executes.
function machine.instructions(words, more)
    local all = environment(more)
    table.move({ "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null" }, 1, 3, #all + 1, all)
    table.move(words, 1, #words, #all + 1, all)
    run(all)
    return tonumber(machine.read "said":match "Collected : (%d+)")
end

--- Removes what an earlier run left, so that the next begins anew.
function machine.forget()
    os.execute(("rm -f %s/out.jsonl* %s/rows*.jsonl.*"):format(quote(machine.folder), quote(machine.folder)))
end

-- --------------------------------------------------------------------- rows

local function row(json, i)
    local fields = {
        unique_id = ("row-%08d"):format(i), instruction = "Draw a box around each cow.",
        project = "bench", batch = "bench", attachment_type = "image",
        attachment = ("https://images.test/%08d.jpg"):format(i),
        geometries = { box = { objects_to_annotate = { "Baby Cow", "Big Cow" }, min_height = 10 } },
        metadata = { row = i, note = "" },
    }
    fields.metadata.note = ("x"):rep(497 - #json.encode(fields))
    return json.encode(fields)
end

--- A file of so many rows of 497 bytes, a usual imageannotation task. Returns its path.
function machine.rows(count)
    local path = ("%s/rows-%d.jsonl"):format(machine.folder, count)
    if sys.stat(path) then return path end
    local file = assert(io.open(path, "wb"))
    for i = 1, count do file:write(row(scaleapi.json, i), "\n") end
    assert(file:close())
    return path
end

--- A file of a million bytes.
function machine.file()
    local path = machine.folder .. "/image"
    return sys.stat(path) and path or machine.write("image", sys.random_bytes(1000):rep(1000))
end

return machine
