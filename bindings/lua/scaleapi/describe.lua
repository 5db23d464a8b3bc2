--[[
scaleapi.describe - an operation in words: what the reference page, the editor's types and `scalua api OPERATION --help`
say of it. The facts are the table's, the words stand here.
--]]

local core = require "scaleapi.core"
local fields = require "scaleapi.fields"

local rows = {}
for _, row in ipairs(core.operations) do rows[row.name] = row end

-- Who says so, by the table's marks.
local SOURCES = {
    sdk = "the official SDK does it so",
    docs = "Scale's documentation says so",
    seen = "unconfirmed: seen in third-party clients only",
    assumed = "nobody says so: our reading",
}

local BODIES = {
    none = "none",
    fields = "a JSON object of the parameters that stand in the body, and no others",
    open = "a JSON object; fields that are not listed here are sent as they are",
    whole = "the value of the one parameter that stands in the body",
    parts = "multipart/form-data",
}

-- What happens when nobody can tell whether the server did it: the connection broke, it answered 500, and so on.
local UNCLEAR = {
    safe = "It is sent again: to do it twice does no harm.",
    unique_id = "It is sent again if it has a unique_id; should the server then say that the unique_id is taken, the "
        .. "task that has it is fetched and compared. Without a unique_id it ends as ambiguous.",
    name = "It is sent again; should the server then say that the name is taken, what has the name is fetched and "
        .. "compared.",
    state = "The state is read, and it is sent again unless the state is what was asked for.",
    never = "It is not sent again, since that could do it twice: it ends as ambiguous.",
}

-- How every operation can fail.
local COMMON_FAILURES = {
    { status = 401, standing = "sdk", cause = "there is no key, or not a valid one" },
    { status = 402, standing = "sdk", cause = "it is not enabled for the account" },
    { status = 429, standing = "sdk", cause = "too many requests; it is tried again" },
    { status = 500, standing = "sdk", cause = "the server failed; it is tried again if that does no harm" },
    { status = 503, standing = "sdk", cause = "the server cannot be reached just now; likewise" },
    { status = 504, standing = "sdk", cause = "the server took too long; likewise" },
}

local function words_of(text)
    local words = {}
    for word in (text or ""):gmatch "%S+" do words[#words + 1] = word end
    return words
end

-- ----------------------------------------------------------------- answers

local function list_answer(row)
    local array = "an array of " .. row.object
    if not row.member then return array end
    local object = ("an object; its %s is %s"):format(row.member, array)
    if row.page == "none" then return object end
    return ("one page of the list: %s; the page after it is asked for by %s"):format(
        object, row.page == "token" and "next_token" or "offset")
end

local ANSWERS = {
    any = function() return "JSON of no known form, or a plain OK" end,
    object = function(row) return "an object: " .. row.object end,
    list = list_answer,
    address = function() return "the address of a file, which is not fetched; or the file, if the server sends it" end,
}

-- ---------------------------------------------------------------- examples

-- Values for examples, by the parameter's name. JSON is written as JSON.
local SAMPLES = {
    accepted = "true",
    add_emails = "ann@example.com",
    annotation_id = "annotation_abc123",
    attachment_id = "attachment_abc123",
    batch_id = "batch_abc123",
    batch_name = "kittens-1",
    batch_names = { "kittens-2", "kittens-1" },
    dataset_id = "dataset_abc123",
    delivery_id = "delivery_abc123",
    emails = { "ann@example.com", "bob@example.com" },
    expected_response = '{"annotations":{}}',
    file = "kitten.png",
    file_url = "https://example.com/kitten.png",
    metadata = '{"colour":"grey"}',
    name = "kittens-1",
    ontology = '["cat","dog"]',
    priority = "20",
    project = "kittens",
    project_group = "night shift",
    project_groups = "night shift",
    project_id = "project_abc123",
    project_name = "kittens",
    projects = "kittens",
    remove_emails = "[]",
    role = "labeler",
    schema_id = "schema_abc123",
    tags = { "grey", "indoors" },
    task_id = "30553edd0b6a93f8f05f0fee",
    task_type = "imageannotation",
    unique_id = "kitten-17",
    uuid = "4fa43f3a-81cf-492f-8b6e-3b7b2c824d05",
}

-- For a parameter that has none, by the kind of value.
local SAMPLE_OF_KIND = { integer = "10", boolean = "true", time = "2026-04-25", object = "{}", array = "[]", any = "1" }

local IN_KITTENS = { "project=kittens", "attachment_type=image", "attachment=https://example.com/kitten.png" }

-- What an example has beside what the row says is needed.
local MORE = {
    create_task = {
        "project=kittens", "unique_id=kitten-17", "attachment_type=image", "attachment=https://example.com/kitten.png",
        'geometries:={"box":{"objects_to_annotate":["kitten"]}}',
    },
    create_evaluation_task = IN_KITTENS,
    create_training_task = IN_KITTENS,
    create_fixless_audit = { "--input", "audit.json" },
    get_tasks = { "project_name=kittens", "status=completed" },
    list_quality_labelers = { "labeler_emails=ann@example.com" },
    update_project = { "patch=true", "instruction=Draw a box around each kitten." },
    ["v2.create_chat_task"] = { 'template_variables={"topic":"kittens"}', "unique_id=chat-17" },
}

local function quoted(word)
    if not word:find "[^%w_./:@%+,=-]" then return word end
    return "'" .. word:gsub("'", "'\\''") .. "'"
end

local function add_sample(words, parameter)
    local sample = SAMPLES[parameter.name] or SAMPLE_OF_KIND[parameter.value] or "x"
    for _, value in ipairs(type(sample) == "table" and sample or { sample }) do
        words[#words + 1] = parameter.name .. "=" .. value
    end
end

-- A command line that calls the operation: with what it needs, and what is most asked for.
local function example(row)
    local words = { "scalua", "api", row.name }
    local one = words_of(row.one_of)
    for _, parameter in ipairs(row.parameters) do
        if parameter.required or parameter.name == one[1] then add_sample(words, parameter) end
    end
    for _, word in ipairs(MORE[row.name] or {}) do words[#words + 1] = word end
    for i, word in ipairs(words) do words[i] = quoted(word) end
    return table.concat(words, " ")
end

-- -------------------------------------------------------------- everything

local function parameters_of(row, told)
    local list = {}
    for i, parameter in ipairs(row.parameters) do
        local more = told.parameters[parameter.name]
        list[i] = {
            name = parameter.name,
            wire = parameter.wire ~= parameter.name and parameter.wire or nil,
            place = parameter.place,
            value = parameter.value,
            kind = more.kind,
            required = parameter.required,
            enumeration = parameter.enumeration,
            values = more.values,
            standing = more.standing,
            about = more.about,
        }
    end
    return list
end

-- Its own failures and those that every operation has, by status.
local function failures_of(told)
    local list, own = {}, {}
    for _, failure in ipairs(told.failures) do
        list[#list + 1] = failure
        own[failure.status] = true
    end
    for _, failure in ipairs(COMMON_FAILURES) do
        if not own[failure.status] then list[#list + 1] = failure end
    end
    table.sort(list, function(a, b) return a.status < b.status end)
    return list
end

--- An operation in words, by any of its names; nil and a message for a name that is unknown. A table of: name, also
--- (the SDK's other names), summary, method, path, standing; parameters (name, wire if it is another, place, value,
--- kind, required, enumeration, values, standing, about), one_of (names of which one must be given); body, open (any
--- field may be in it), takes_body (it is JSON); answer, list (it has many), paged, object and fields (what is answered
--- or listed: its name; name, optional, type, about); failures (status, standing, cause), unclear, note, example,
--- sources (mark -> words).
local function describe(name)
    local told, problem = core.describe(tostring(name))
    if not told then return nil, problem end
    local row = rows[told.name]
    return {
        name = row.name,
        also = words_of(told.also),
        summary = row.summary,
        method = row.method,
        path = row.path,
        standing = row.standing,
        parameters = parameters_of(row, told),
        one_of = row.one_of and words_of(row.one_of),
        body = BODIES[row.body],
        open = row.body == "open",
        takes_body = row.body == "open" or row.body == "fields" or row.body == "whole",
        answer = ANSWERS[row.form](row),
        object = row.object,
        fields = row.object and fields.of(row.object),
        list = row.form == "list",
        paged = row.page ~= "none",
        failures = failures_of(told),
        unclear = UNCLEAR[row["repeat"]],
        note = told.note,
        example = example(row),
        sources = SOURCES,
    }
end

return describe
