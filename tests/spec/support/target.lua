--[[
target.lua - the server that the cases of operation_cases/ are tried on: a sandbox of this process, or any other that
has Scale's API, and the things that a case needs there. Nothing here or in the cases knows which it is, but for what is
said of `exact` and `seeded`.

    SCALE_SPEC_URL=http://127.0.0.1:8080  another server, instead of the sandbox
    SCALE_SPEC_LIVE_KEY, SCALE_SPEC_TEST_KEY   its keys (live_spec and test_spec if not given)
    SCALE_SPEC_IDS={"delivery_id":"…", …} what is there that the API cannot make, for the test key:
        delivery_id and delivery_name, project_id, schema_id, dataset_id, dataset_delivery_id, dataset_task_id,
        attachment_id
    SCALE_SPEC_LACKS=name,name            operations that it does not have
--]]

local scaleapi = require "scaleapi"
local base64 = require("scaleapi.sandbox.wire").base64
local wire = dofile "tests/spec/support/wire.lua"

local target = {}
local Target = {}
Target.__index = Target

local BOX = { box = { objects_to_annotate = { "cow" } } }

target.OPPOSITE = "a sandbox of opposite assumptions"

local names = 0
local run = ("%x"):format(os.time() % 0x1000000 * 1000 + math.random(0, 999))

-- ------------------------------------------------------------------- making

--- A name that nothing has yet. Such names must be quoted wherever they are sent.
function Target.name(_, word)
    names = names + 1
    return ("%s é/%s %d"):format(word, run, names)
end

--- An id in the form of Scale's that nothing has.
Target.no_id = "ffffffffffffffffffffffff"

local function with(fields, more)
    for key, value in pairs(more or {}) do fields[key] = value end
    return fields
end

--- Makes a project; its type is imageannotation unless `fields` say otherwise.
function Target:project(client, fields)
    return client:create_project(with({ task_type = "imageannotation", project_name = self:name "project" }, fields))
end

--- Makes a batch, in a project of its own if `fields` name none.
function Target:batch(client, fields, project_fields)
    local all = with({ batch_name = self:name "batch" }, fields)
    all.project = all.project or self:project(client, project_fields).name
    return client:create_batch(all)
end

--- The fields of an imageannotation task, the type whose needs are documented best.
function Target.fields(_, more)
    return with({ attachment_type = "image", attachment = "https://example.com/cow.png", geometries = BOX }, more)
end

--- Makes an imageannotation task.
function Target:task(client, more)
    return client:create_task("imageannotation", self:fields(more))
end

--- A task that is completed: with a test key they are at once.
function Target:completed_task(more)
    return self:task(self.test, more)
end

--- A task that is pending: with a live key, in a project.
function Target:pending_task(more)
    return self:task(self.live, with({ project = self:project(self.live).name }, more))
end

--- A batch of the second API, in a project of its own.
function Target:batch_v2(fields)
    local all = with({ name = self:name "batch" }, fields)
    all.project_name = all.project_name or self:project(self.test, { task_type = "chat" }).name
    return self.test.v2:create_batch(all)
end

--- A chat task, made by the second API with the test key.
function Target:chat_task(fields)
    local project = self:project(self.test, { task_type = "chat" })
    return self.test.v2:create_chat_task(with({ project_name = project.name }, fields)), project
end

--- The addresses of people who label.
function Target.labelers(_, client, count)
    local emails = {}
    for _, member in ipairs(client:list_teammates()) do
        if member.role == "labeler" and not member.expiry then table.insert(emails, member.email) end
    end
    if #emails < count then target.skip("the team has fewer than " .. count .. " labelers") end
    return emails
end

-- ------------------------------------------------------------------ waiting

--- Asks until the answer is true, for what a server says is done and does a little later. Returns the answer.
function Target.eventually(_, ask)
    local deadline = scaleapi.now() + 10
    while true do
        local answer = ask()
        if answer then return answer end
        assert(scaleapi.now() < deadline, "what was to happen did not")
        scaleapi.sleep(0.02)
    end
end

-- ----------------------------------------------------------------- skipping

local Skip = {}

--- Gives up a case that this server has not what it takes for.
function target.skip(why)
    error(setmetatable({ why = why }, Skip), 0)
end

--- Why a case was given up, if that is what was raised.
function target.skipped(problem)
    return getmetatable(problem) == Skip and problem.why or nil
end

-- ------------------------------------------------------------- what is there

-- Puts into a sandbox what the API can show but not make.
local function seed(self)
    local seeds = require "scaleapi.sandbox.seeds"
    local world = self.sandbox.world
    local function add(kind, fields) return seeds.apply(world, world.accounts.test, kind, fields) end
    local project_name = self:project(self.test, { task_type = "chat" }).name
    for _ = 1, 2 do self.test.v2:create_chat_task { project_name = project_name } end
    local schema = add("schema", { json = { type = "object" } })
    local delivery_name = self:name "delivery"
    local dataset = add("dataset", { name = "faces" })
    local part = add("dataset_delivery", { dataset_id = dataset, name = "first" })
    return {
        project_id = self.test.v2:get_project({ project_name = project_name }).id,
        delivery_name = delivery_name, schema_id = schema, dataset_id = dataset, dataset_delivery_id = part,
        delivery_id = add("delivery", { name = delivery_name, project_name = project_name, schema_id = schema }),
        dataset_task_id = add("dataset_task", { delivery_id = part, response = { deep = { 1 } },
            attachments = { ["att 1"] = "https://files.example.com/att%201" } }),
        attachment_id = "att 1",
    }
end

--- The id or name of something that was there before: see SCALE_SPEC_IDS.
function Target:seeded(name)
    self.ids = self.ids or seed(self)
    return self.ids[name] or target.skip("SCALE_SPEC_IDS has no " .. name)
end

-- ---------------------------------------------------------------- past the client

-- What came back, from its head and body.
local function read_refusal(answer)
    local status, body = answer:match "^HTTP/1%.1 (%d+)", answer:match "\r\n\r\n(.*)$"
    local text = body:match '"error"%s*:%s*"(.-[^\\])"' or body
    return { code = math.tointeger(tonumber(status)), message = text, raw = true }
end

--- Sends what the client would refuse to send, with the test key. Returns nil and { code, message } as a safe method
--- does; raises if it is not refused.
function Target:raw(method, path, body, content_type)
    local port = self.url:match "^http://127%.0%.0%.1:(%d+)/?$" or self.url:match "^http://localhost:(%d+)/?$"
    if not port then target.skip "bytes of our own are only sent to a server on this machine" end
    local v2 = path:find "^/v2/"
    local key = os.getenv "SCALE_SPEC_TEST_KEY" or "test_spec"
    local refusal = read_refusal(wire.send(math.tointeger(tonumber(port)), table.concat({
        method .. " " .. path .. " HTTP/1.1", "Host: 127.0.0.1:" .. port, "Connection: close",
        "Authorization: " .. (v2 and "Bearer " .. key or "Basic " .. base64(key .. ":")),
        "Content-Type: " .. (content_type or "application/json"), "Content-Length: " .. #(body or ""), "", body or "",
    }, "\r\n")))
    assert(refusal.code >= 400, method .. " " .. path .. " was answered with " .. refusal.code)
    return nil, refusal
end

-- ------------------------------------------------------------------ targets

local function with_clients(self, live_key, test_key)
    local function client(key) return scaleapi.client { api_key = key, base_url = self.url, max_attempts = 1 } end
    self.live, self.test = client(live_key or "live_spec"), client(test_key or "test_spec")
    self.nobody = client "nobody"
    return self
end

function Target:close()
    for _, client in ipairs { self.live, self.test, self.nobody } do client:close() end
    if not self.sandbox then return end
    self.sandbox:close()
end

-- The server of SCALE_SPEC_URL.
local function start_other()
    local ids = os.getenv "SCALE_SPEC_IDS"
    local self = setmetatable({ url = os.getenv "SCALE_SPEC_URL" }, Target)
    self.ids = ids and scaleapi.json.decode(ids) or {}
    return with_clients(self, os.getenv "SCALE_SPEC_LIVE_KEY", os.getenv "SCALE_SPEC_TEST_KEY")
end

-- A sandbox. `last_words` is what its last refusal said.
local function start_sandbox(assume, exact)
    local sandbox = require "scaleapi.sandbox"
    local self = setmetatable({ exact = exact, sandbox = sandbox.start { assume = assume } }, Target)
    local handle = self.sandbox.handle
    function self.sandbox.handle(world, request)
        local response = handle(world, request)
        if response.status >= 400 then self.last_words = scaleapi.json.decode(response.body).error end
        return response
    end
    self.url = self.sandbox.url
    return with_clients(self)
end

local function opposite()
    local assume = {}
    for name, values in pairs(require("scaleapi.sandbox.assumptions").values) do assume[name] = values[2] end
    return assume
end

--- What the cases are to be tried on: name -> function that starts it. `exact` ones keep to the statuses of the table
--- also where these are assumed.
function target.all()
    if os.getenv "SCALE_SPEC_URL" then return { ["another server"] = start_other } end
    return {
        ["the sandbox"] = function() return start_sandbox(nil, true) end,
        [target.OPPOSITE] = function() return start_sandbox(opposite(), false) end,
    }
end

--- The names of operations that the other server is said not to have, as a set.
function target.lacking()
    local lacking = {}
    for name in (os.getenv "SCALE_SPEC_LACKS" or ""):gmatch "[^,%s]+" do lacking[name] = true end
    return lacking
end

return target
