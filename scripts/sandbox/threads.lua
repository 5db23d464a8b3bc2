--[[
sandbox.threads - the conversations that the second API shows of a completed chat task: valid in form, made up, and
saying so. The same task always has the same.
--]]

local json = require("scaleapi").json
local store = require "scaleapi.sandbox.store"
local times = require("scaleapi").times
local types = require "scaleapi.sandbox.types"
local wire = require "scaleapi.sandbox.wire"

local threads = {}
local quote = wire.quote

local ANSWER = "Made up by the sandbox: nobody has looked at this task."
local MODEL = '{"model":"sandbox","temperature":0.5,"max_completion_tokens":1000,"top_p":0.9,"top_k":4}'

-- Of an annotation, what is shown only if opts=annotation_details asks for it.
local DETAILS = { title = true, description = true, labels = true, possible_values = true }

-- -------------------------------------------------------------- annotations

local makers = {}

function makers.quality(task)
    return ('"type":"integer","title":"Quality","description":"How good is the answer?","value":%d,'
        .. '"possible_values":[1,2,3],"labels":["bad","so-so","good"]'):format(task.number % 3 + 1)
end

function makers.truthful(task)
    return '"type":"boolean","title":"Truthful","description":"Is the answer true?","value":'
        .. tostring(task.number % 2 == 0) .. ',"possible_values":[true,false],"labels":["yes","no"]'
end

local function made_up(task, key)
    return ('{"id":"an_%s_%s","key":"%s",%s}'):format(store.id_of(task), key, key, makers[key](task))
end

-- An annotation's JSON, without its details.
local function in_short(annotation)
    local fields, parts = wire.members(annotation), {}
    for _, name in ipairs(fields.names) do
        if not DETAILS[name] then parts[#parts + 1] = wire.member(fields, name) end
    end
    return "{" .. table.concat(parts, ",") .. "}"
end

-- An array of annotations.
local function render(annotations, opts)
    local parts = {}
    for i, annotation in ipairs(annotations) do
        parts[i] = opts.annotation_details and annotation or in_short(annotation)
    end
    return "[" .. table.concat(parts, ",") .. "]"
end

--- True for types whose tasks are conversations.
function threads.is_chat(task_type)
    return types.by_name[task_type].response == "messages"
end

local function has_threads(task)
    return task.status == "completed" and not task.reports and threads.is_chat(store.type_of(task))
end

--- The annotation with this id in its task's threads, as JSON with all details; or nil.
function threads.annotation(account, id)
    local task_id, key = id:match "^an_(%x+)_(%l+)$"
    local task = task_id and store.find_task(account, task_id)
    return task and makers[key] and has_threads(task) and made_up(task, key) or nil
end

-- ------------------------------------------------------------------ threads

-- What the task asked for, as a raw string.
local function prompt_of(task)
    local variables = json.raw_field(store.params_of(task), "template_variables")
    if not variables or json.type(variables) ~= "object" then return quote(ANSWER) end
    local prompt = json.raw_field(variables, "prompt")
    return prompt and json.type(prompt) == "string" and prompt or quote(ANSWER)
end

local function message(source_id, role, text, more)
    return ('{"role":"%s","content":{"text":'):format(role) .. text
        .. ('},"source_id":"%s"'):format(source_id) .. more .. "}"
end

local function turn(task, id, opts)
    local answer = ',"annotations":' .. render({ made_up(task, "truthful") }, opts)
        .. (opts.model_parameters and ',"model_parameters":' .. MODEL or "")
    return table.concat {
        '{"id":"turn_', id, '","messages":[',
        message("source_" .. id .. "_1", "user", prompt_of(task), ',"annotations":[]'), ",",
        message("source_" .. id .. "_2", "assistant", quote(ANSWER), answer),
        '],"annotations":', render({ made_up(task, "quality") }, opts), "}",
    }
end

--- The threads of a task, a JSON array: empty if it is not completed or no conversation. `opts` is a set.
function threads.of(task, opts)
    if not has_threads(task) then return "[]" end
    local id = store.id_of(task)
    local submissions = opts.submissions and ',"submissions":[{"submitted_at":"' .. times.format(task.completed)
        .. '","contributor_id":"sandbox"}]' or ""
    return table.concat {
        '[{"id":"thread_', id, '","turns":[', turn(task, id, opts), "]", submissions,
        ',"annotations":', render(task.annotations or {}, opts), "}]",
    }
end

return threads
