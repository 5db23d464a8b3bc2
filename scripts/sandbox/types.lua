--[[
sandbox.types - the task types: what a task of each must have, and what the server adds to its params. One table,
from which validation comes (check) and, by `response`, the made-up answers of responses.lua.

A field of `required` is { name, kind }, and may have each = { names that every element must have } and most = (how many
elements); or it is { any = { fields } } when one of several will do. Kinds are JSON's, and "any".
--]]

local json = require("scaleapi").json
local wire = require "scaleapi.sandbox.wire"

local ATTACHMENT = { "attachment", "string" }
local ATTACHMENTS = { "attachments", "array" }
local ATTACHMENT_OR_MORE = { any = { ATTACHMENT, ATTACHMENTS } }
local GEOMETRIES = { "geometries", "object" }
local INSTRUCTION = { "instruction", "string" }
local LABELS = { "labels", "array" }
local FEW_LABELS = { "labels", "array", most = 50 }
local OBJECTS = { "objects_to_annotate", "array" }

local ANNOTATION_DEFAULTS = { { "with_labels", "true" }, { "min_width", "0" }, { "min_height", "0" } }

local types = {
    -- today's
    imageannotation = { required = { ATTACHMENT, GEOMETRIES }, response = "geometries" },
    textcollection = {
        required = {
            { "attachments", "array", each = { "type", "content" } },
            { "fields", "array", each = { "type", "field_id", "title" } },
        },
        response = "fields",
    },
    categorization = {
        required = {
            ATTACHMENT, { "attachment_type", "string" }, INSTRUCTION,
            { any = { { "categories", "array" }, { "taxonomies", "object" } } },
        },
        defaults = { { "allow_multiple", "false" } },
        response = "categories",
    },
    namedentityrecognition = {
        required = { { "text", "string" }, { "labels", "array", each = { "name" } } },
        response = "entities",
    },
    segmentannotation = {
        required = { ATTACHMENT, FEW_LABELS },
        defaults = { { "allow_parent_labels", "false" } },
        response = "segments",
    },
    videoannotation = { required = { ATTACHMENT_OR_MORE, GEOMETRIES }, response = "file" },
    videoplaybackannotation = { required = { ATTACHMENT, GEOMETRIES }, response = "files_of_events" },
    documenttranscription = {
        required = { ATTACHMENT_OR_MORE, { "features", "array" } },
        response = "features",
    },
    lidarannotation = { required = { ATTACHMENTS, LABELS }, response = "file" },
    lidarsegmentation = { required = { ATTACHMENTS, LABELS }, response = "files_of_points" },
    lidarlinking = { required = { ATTACHMENTS }, response = "file" },
    lidartopdown = { required = { ATTACHMENTS }, response = "file" },

    -- older
    annotation = { required = { ATTACHMENT, OBJECTS }, defaults = ANNOTATION_DEFAULTS, response = "old_boxes" },
    polygonannotation = { required = { ATTACHMENT, OBJECTS }, defaults = { { "with_labels", "true" } },
        response = "old_vertices" },
    lineannotation = { required = { ATTACHMENT, OBJECTS },
        defaults = { { "with_labels", "true" }, { "splines", "false" } }, response = "old_vertices" },
    pointannotation = { required = { ATTACHMENT, OBJECTS }, defaults = { { "with_labels", "true" } },
        response = "nothing" },
    cuboidannotation = { required = { ATTACHMENT, OBJECTS },
        defaults = { { "min_annotations", "0" }, { "max_annotations", "0" } }, response = "old_cuboids" },
    transcription = { required = { INSTRUCTION, ATTACHMENT, { "fields", "any" } }, response = "old_fields" },
    datacollection = { required = { INSTRUCTION, ATTACHMENT, { "fields", "any" } }, response = "old_fields" },
    comparison = { required = { ATTACHMENTS, { "choices", "array" } }, response = "choices" },

    -- little is known of these
    documentmodel = { required = {}, response = "nothing" },
    laneannotation = { required = {}, response = "file" },
    videoboxannotation = { required = {}, response = "file" },
    videocuboidannotation = { required = {}, response = "file" },
    sensorfusion = { required = {}, response = "file" },
    federal2dvideoannotation = { required = {}, response = "file" },
    chat = { required = {}, response = "messages", has_template = true },
    chatexperimental = { required = {}, response = "messages", has_template = true },
    chatlite = { required = {}, response = "messages", has_template = true },
    multichat = { required = {}, response = "messages", has_template = true },
    multistage = { required = {}, response = "messages", has_template = true },
}
types.textcollection.has_template = true

local KINDS = { string = "a string", object = "an object", array = "an array" }

-- The elements of arrays that have been found to be right, by their bytes: the rows of one upload share them.
local seen = {}
local seen_count = 0

local function remember(field, raw)
    if seen_count >= 1000 then seen, seen_count = {}, 0 end
    seen[field] = seen[field] or {}
    seen[field][raw] = true
    seen_count = seen_count + 1
end

local function check_elements(field, raw)
    local name = field[1]
    if seen[field] and seen[field][raw] then return end
    for i, element in ipairs(json.elements(raw)) do
        local where = ("%s[%d]"):format(name, i - 1)
        if json.type(element) ~= "object" then wire.refuse_parameter(where, "must be an object") end
        for _, key in ipairs(field.each) do
            local value = json.raw_field(element, key)
            if value == nil or value == "null" then wire.refuse_parameter(where .. "." .. key, "is required") end
        end
    end
    remember(field, raw)
end

-- Whether the field is there; refuses one of another kind.
local function check_field(field, values)
    local raw = values[field[1]]
    if raw == nil or raw == "null" then return false end
    local kind = field[2]
    if kind ~= "any" and json.type(raw) ~= kind then
        wire.refuse_parameter(field[1], "must be " .. KINDS[kind])
    end
    if field.each then check_elements(field, raw) end
    if field.most and #json.elements(raw) > field.most then
        wire.refuse_parameter(field[1], ("must have %d elements at most"):format(field.most))
    end
    return true
end

local function refuse_missing(field)
    local first = field.any and field.any[1] or field
    if first == ATTACHMENT then wire.refuse(400, "Please include an attachment or attachments parameter.") end
    wire.refuse_parameter(first[1], "is required")
end

-- Refuses a task of the type whose fields (name -> raw bytes; those of its project among them) do not do.
local function check(task_type, values)
    for _, field in ipairs(types[task_type].required) do
        local there = not field.any and check_field(field, values)
        for _, each in ipairs(field.any or {}) do
            there = check_field(each, values) or there
        end
        if not there then refuse_missing(field) end
    end
end

return {
    by_name = types,
    check = check, -- check(task_type, values) refuses what will not do
}
