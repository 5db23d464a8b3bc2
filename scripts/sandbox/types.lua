--[[
sandbox.types - the task types: what a task of each must have, and what the server adds to its params. One table,
from which validation comes (check) and, by `response`, the made-up answers of responses.lua.

A field is { name, form } (see forms.lua). Those of `required` must be there; one may be { any = { fields } } when one
of several will do. Those of `optional` are held against their form if they are. `also` is a function(values) for what
is more to be said: values are raw bytes.
--]]

local forms = require "scaleapi.sandbox.forms"
local shapes = require "scaleapi.sandbox.shapes"
local wire = require "scaleapi.sandbox.wire"

local any, array, boolean, number, one_of, text = forms.any, forms.array, forms.boolean, forms.number, forms.one_of,
    forms.text

local ATTACHMENT = { "attachment", text }
local ATTACHMENTS = { "attachments", array(any) }
local URLS = { "attachments", array(text) }
local ATTACHMENT_OR_MORE = { any = { ATTACHMENT, URLS } }
local GEOMETRIES = { "geometries", shapes.geometries }
local INSTRUCTION = { "instruction", text }
local LABELS = { "labels", shapes.labels }
local FEW_LABELS = { "labels", array(shapes.label, 0, 50) }
local OBJECTS = { "objects_to_annotate", shapes.labels }
local ATTRIBUTES = { "annotation_attributes", shapes.attributes }
local CONTEXT = { "context_attachments", shapes.context_attachments }
local HYPOTHESIS = { "hypothesis", shapes.annotations }

local ANNOTATION_DEFAULTS = { { "with_labels", "true" }, { "min_width", "0" }, { "min_height", "0" } }
local LEAST_SIZE = { { "with_labels", boolean }, { "min_width", number(0) }, { "min_height", number(0) } }

-- Optional fields of all annotation of images and videos with geometries; and more of them.
local function drawing(...)
    local fields = {
        ATTRIBUTES, HYPOTHESIS, { "links", shapes.links }, { "base_annotations", shapes.annotations },
        { "padding", number() }, { "paddingX", number() }, { "paddingY", number() },
        { "can_add_base_annotations", boolean }, { "can_edit_base_annotations", boolean },
        { "can_delete_base_annotations", boolean }, { "can_edit_base_annotation_labels", boolean },
    }
    return table.move({ ... }, 1, select("#", ...), #fields + 1, fields)
end

-- A task's own attachment is no context.
local function check_context(values)
    if not values.context_attachments or values.context_attachments == "null" then return end
    for i, each in ipairs(wire.decode(values.context_attachments)) do
        if values.attachment and wire.decode(values.attachment) == each.attachment then
            wire.refuse_parameter(("context_attachments[%d].attachment"):format(i - 1), "is the task's own attachment")
        end
    end
end

-- Which of the two must be there hangs on what they are.
local function check_video(values)
    local kind = values.attachment_type
    local name = kind == '"image"' and "attachments" or kind == '"video"' and "attachment"
    if name and (values[name] == nil or values[name] == "null") then wire.refuse_parameter(name, "is required") end
end

local types = {
    -- today's
    imageannotation = {
        required = { ATTACHMENT, GEOMETRIES },
        optional = drawing({ "attachment_type", one_of "image" }, CONTEXT),
        also = check_context,
        response = "geometries",
    },
    textcollection = {
        required = { { "attachments", shapes.text_attachments }, { "fields", shapes.text_fields } },
        optional = { { "title", text }, { "description", text }, { "responses_required", forms.integer(1, 100) } },
        response = "fields",
    },
    categorization = {
        required = {
            ATTACHMENT, { "attachment_type", text }, INSTRUCTION,
            { any = { { "categories", array(text) }, { "taxonomies", shapes.taxonomies } } },
        },
        optional = { { "allow_multiple", boolean } },
        defaults = { { "allow_multiple", "false" } },
        response = "categories",
    },
    namedentityrecognition = {
        required = { { "text", text }, { "labels", array(shapes.entity_label) } },
        optional = { { "relationships", shapes.relationships }, { "merge_newlines", boolean } },
        response = "entities",
    },
    segmentannotation = {
        required = { ATTACHMENT, FEW_LABELS },
        optional = { { "allow_unlabeled", boolean }, ATTRIBUTES, CONTEXT },
        also = check_context,
        defaults = { { "allow_parent_labels", "false" } },
        response = "segments",
    },
    videoannotation = {
        required = { ATTACHMENT_OR_MORE, GEOMETRIES },
        optional = drawing({ "attachment_type", one_of("image", "video") }, { "frame_rate", number(0) }),
        also = check_video,
        response = "file",
    },
    videoplaybackannotation = {
        required = { ATTACHMENT, GEOMETRIES },
        optional = drawing({ "frame_rate", number(0) }, { "annotation_frame_rate", number(0) },
            { "video_frame_rate", number(0) }),
        response = "files_of_events",
    },
    documenttranscription = {
        required = { ATTACHMENT_OR_MORE, { "features", shapes.features } },
        optional = { { "lang", text }, { "geometry", one_of("box", "polygon") } },
        response = "features",
    },
    lidarannotation = {
        required = { URLS, LABELS },
        optional = {
            { "attachment_type", text }, { "max_distance_meters", number(0) }, { "meters_per_unit", number(0) },
            { "pitch_and_roll_enabled", boolean }, ATTRIBUTES,
        },
        response = "file",
    },
    lidarsegmentation = { required = { URLS, LABELS }, response = "files_of_points" },
    lidarlinking = { required = { URLS }, response = "file" },
    lidartopdown = { required = { URLS }, response = "file" },

    -- older
    annotation = { required = { ATTACHMENT, OBJECTS }, optional = LEAST_SIZE, defaults = ANNOTATION_DEFAULTS,
        response = "old_boxes" },
    polygonannotation = { required = { ATTACHMENT, OBJECTS }, defaults = { { "with_labels", "true" } },
        response = "old_vertices" },
    lineannotation = { required = { ATTACHMENT, OBJECTS },
        defaults = { { "with_labels", "true" }, { "splines", "false" } }, response = "old_vertices" },
    pointannotation = { required = { ATTACHMENT, OBJECTS }, defaults = { { "with_labels", "true" } },
        response = "nothing" },
    cuboidannotation = { required = { ATTACHMENT, OBJECTS },
        defaults = { { "min_annotations", "0" }, { "max_annotations", "0" } }, response = "old_cuboids" },
    transcription = { required = { INSTRUCTION, ATTACHMENT, { "fields", any } }, response = "old_fields" },
    datacollection = { required = { INSTRUCTION, ATTACHMENT, { "fields", any } }, response = "old_fields" },
    comparison = { required = { ATTACHMENTS, { "choices", array(any) } }, response = "choices" },

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

-- Values that have been found to be right, by field and bytes: the rows of one upload share them.
local seen = {}
local seen_count = 0
local MOST_SEEN = 1 << 14 -- bytes of one

local function remember(field, raw)
    if #raw > MOST_SEEN then return end
    if seen_count >= 1000 then seen, seen_count = {}, 0 end
    seen[field] = seen[field] or {}
    seen[field][raw] = true
    seen_count = seen_count + 1
end

-- Whether the field is there; refuses one that is not of its form.
local function check_field(field, values)
    local name, form = field[1], field[2]
    local raw = values[name]
    if raw == nil or raw == "null" then return false end
    if form == any or form == text and raw:byte() == 34 or seen[field] and seen[field][raw] then return true end
    forms.check(form, raw, name)
    remember(field, raw)
    return true
end

local function refuse_missing(field)
    local first = field.any and field.any[1] or field
    if first == ATTACHMENT then wire.refuse(400, "Please include an attachment or attachments parameter.") end
    wire.refuse_parameter(first[1], "is required")
end

-- Refuses a task of the type whose fields (name -> raw bytes; those of its project among them) do not do.
local function check(task_type, values)
    local declared = types[task_type]
    for _, field in ipairs(declared.required) do
        local there = not field.any and check_field(field, values)
        for _, each in ipairs(field.any or {}) do
            there = check_field(each, values) or there
        end
        if not there then refuse_missing(field) end
    end
    for _, field in ipairs(declared.optional or {}) do check_field(field, values) end
    if declared.also then declared.also(values) end
end

return {
    by_name = types,
    check = check, -- check(task_type, values) refuses what will not do
}
