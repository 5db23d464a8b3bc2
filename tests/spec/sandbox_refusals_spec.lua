-- What a refused request leaves behind in the sandbox: nothing. Every call that writes, with each of its fields missing
-- or wrong, against all that the world holds.

local json = require("scaleapi").json
local store = require "scaleapi.sandbox.store"
local new_world = dofile "tests/spec/support/world.lua"

local BOXES = [[ "attachment":"http://x.test/a","geometries":{"box":{"objects_to_annotate":["cow"]}} ]]
local COMMON = [[ "instruction":"i","callback_url":"http://127.0.0.1:9/","metadata":{},"priority":10,"unique_id":"new",
    "clear_unique_id_on_error":true,"tags":["t"],"project_param_version":0 ]]

-- What is asked -> a body that would do; TASK, DONE and TALK stand for the ids of tasks.
local CALLS = {
    ["POST /v1/task/imageannotation"] = "{" .. BOXES .. "," .. COMMON .. [[,"project":"boxes","batch":"b"}]],
    ["POST /v1/task/none"] = "{" .. COMMON .. "}",
    ["POST /v1/evaluation_tasks/imageannotation"] =
        "{" .. BOXES .. "," .. COMMON .. [[,"project":"rapid","expected_response":{},"initial_response":{}}]],
    ["POST /v1/training_tasks/imageannotation"] =
        "{" .. BOXES .. "," .. COMMON .. [[,"project":"rapid","expected_response":{}}]],
    ["POST /v1/task/DONE/cancel"] = "{}",
    ["POST /v1/task/TASK/cancel?clear_unique_id=maybe"] = "{}",
    ["POST /v1/task/DONE/audit"] = '{"accepted":true,"comments":"c"}',
    ["POST /v1/task/TASK/unique_id"] = '{"unique_id":"taken"}',
    ["POST /v1/task/TASK/setMetadata"] = '{"x":"' .. ("x"):rep(10240) .. '"}',
    ["POST /v1/task/TASK/tags"] = '["a","b","c","d","e","f"]',
    ["PUT /v1/task/TASK/tags"] = '["a","b","c","d","e"]',
    ["DELETE /v1/task/TASK/tags"] = "[1]",
    ["PUT /v1/audits"] = '{"task_id":"DONE","audit_result":"fixed","feedback_items":[]}',
    ["POST /v1/batches"] = [[{"project":"rapid","name":"new","callback":"http://127.0.0.1:9/","calibration_batch":true,
        "self_label_batch":false,"metadata":{}}]],
    ["POST /v1/batches/b/setMetadata"] = "[]",
    ["POST /v1/batches/b/prioritize"] = '{"priority":20}',
    ["POST /v1/batches/done/finalize"] = "{}",
    ["POST /v1/projects"] = [[{"type":"imageannotation","name":"new","params":{"instruction":"i"},"rapid":false,
        "studio":true,"pipeline":"standard_task","consensus_attempts":2}]],
    ["POST /v1/projects/boxes/setParams"] = '{"instruction":"i","patch":true}',
    ["POST /v1/projects/boxes/setOntology"] = '{"ontology":["a",{"choice":"a"}],"name":"n"}',
    ["POST /v1/files/import"] = [[{"file_url":"http://x.test/a","project_name":"boxes","display_name":"a",
        "reference_id":"r","metadata":{}}]],
    ["POST /v1/teams/invite"] = '{"emails":["new@x.test","no address"],"team_role":"member"}',
    ["POST /v1/teams/set_role"] = '{"emails":["manager@sandbox.invalid","customer@sandbox.invalid"],"team_role":"member"}',
    ["POST /v1/studio/assignments/add"] = '{"emails":["labeler1@sandbox.invalid"],"projects":["boxes","none"]}',
    ["POST /v1/studio/assignments/remove"] = '{"emails":["labeler1@sandbox.invalid","none"],"projects":["studio"]}',
    ["POST /v1/studio/projects/studio/groups"] = '{"name":"new","emails":["labeler1@sandbox.invalid"]}',
    ["PUT /v1/studio/projects/studio/groups/g"] = '{"add_emails":["labeler2@sandbox.invalid"],"remove_emails":[]}',
    ["PUT /v1/studio/batches/s"] = '{"groups":["labeler1@sandbox.invalid","none"]}',
    ["POST /v1/studio/batches/set_priorities"] = '{"batches":[{"name":"s"},{"name":"none"}]}',
    ["POST /v2/task/chat"] = [[{"project_name":"talks","batch_name":"v","template_variables":{},"metadata":{},
        "callback_url":"http://127.0.0.1:9/","unique_id":"new"}]],
    ["POST /v2/task/metadata"] = '{"task_id":"TALK","metadata":{"x":1},"merge":true}',
    ["POST /v2/batch"] = '{"name":"new","project_name":"talks","callback":"c","staging_batch":true,"metadata":{}}',
    ["POST /v2/batch/metadata"] = '{"batch_name":"v","metadata":{"x":1},"merge":true}',
    ["POST /v2/batch/finalize"] = '{"batch_name":"v","batch_id":"none"}',
    ["POST /v2/batch/pause"] = '{"batch_name":"v","batch_id":"none"}',
    ["POST /v2/batch/resume"] = '{"batch_name":"v"}',
    ["POST /v2/batch/cancel"] = '{"batch_name":"v","batch_id":"none"}',
}

local WRONG = { "null", "true", "5", "1.5", "99999999999999999999", '""', '"none"', '"taken"', "[]", "{}", "[{}]",
    '{"instruction":5}', '["a","b","c","d","e","f"]' }
local NO_BODIES = { "x", "{", "null", "[]", "{}", "5", "\239\187\191{}", ("["):rep(3000) .. ("]"):rep(3000) }

local function new_filled_world()
    local world = new_world()
    for name, more in pairs { boxes = '"studio":false', rapid = '"rapid":true', studio = '"studio":true' } do
        world:project(name, "imageannotation", more)
    end
    world:project("talks", "chat")
    world:batch("b", "boxes")
    world:batch("s", "studio")
    world:batch("done", "rapid")
    world:ok "POST /v1/batches/done/finalize"
    world:batch("v", "talks")
    local function task(body) return world:ok("POST /v1/task/imageannotation", "{" .. BOXES .. body .. "}").task_id end
    local ids = { TASK = task [[,"batch":"b","unique_id":"mine","tags":["t"] ]],
        DONE = task [[,"project":"boxes","unique_id":"taken"]] }
    ids.TALK = world:ok("POST /v2/task/chat", '{"batch_name":"v"}').task_id
    world:ok("POST /v1/studio/assignments/add", '{"emails":["labeler1@sandbox.invalid"],"projects":["studio"]}')
    world:ok("POST /v1/studio/projects/studio/groups", '{"name":"g","emails":["labeler1@sandbox.invalid"]}')
    world:ok "GET /v1/studio/batches"
    local account = world.world.accounts.live
    store.finish(account, store.find_task(account, ids.DONE), account.time)
    return world, ids
end

-- All that the accounts hold, as a text. A table that was seen before is its number.
local function picture(world)
    local parts, seen, count = {}, {}, 0
    local function draw(value)
        if type(value) ~= "table" then
            parts[#parts + 1] = tostring(value)
            return
        end
        if seen[value] then
            parts[#parts + 1] = "table " .. seen[value]
            return
        end
        count = count + 1
        seen[value] = count
        local names = {}
        for name in pairs(value) do names[#names + 1] = name end
        table.sort(names, function(a, b) return type(a) .. tostring(a) < type(b) .. tostring(b) end)
        for _, name in ipairs(names) do
            if name ~= "totals" then -- remembered by who counts
                parts[#parts + 1] = tostring(name) .. "="
                draw(value[name])
            end
        end
        parts[#parts + 1] = "end"
    end
    draw(world.world.accounts)
    return table.concat(parts, "\n")
end

-- The body with each of its fields missing, or wrong.
local function each_wrong(body, fn)
    for _, text in ipairs(NO_BODIES) do fn(text) end
    fn(body)
    if json.type(body) ~= "object" then return end
    local names, raws = json.members(body)
    for i in ipairs(names) do
        for _, wrong in ipairs { "", table.unpack(WRONG) } do
            local members = {}
            for j, name in ipairs(names) do
                local raw = j ~= i and raws[j] or wrong
                if raw ~= "" then members[#members + 1] = json.encode(name) .. ":" .. raw end
            end
            fn("{" .. table.concat(members, ",") .. "}")
        end
    end
end

describe("a refused request changes nothing:", function()
    for line, body in pairs(CALLS) do
        it(line, function()
            local refused = 0
            local world, ids = new_filled_world()
            local before = picture(world)
            each_wrong((body:gsub("%u%u%u%u", ids)), function(sent)
                local _, status = world:call((line:gsub("%u%u%u%u", ids)), sent)
                if status < 400 then
                    world, ids = new_filled_world()
                    before = picture(world)
                else
                    refused = refused + 1
                    assert.is_true(picture(world) == before, sent)
                end
            end)
            assert.is_true(refused > 0)
        end)
    end
end)
