--[[
sandbox.shapes - the forms of what is inside a task's fields: geometries, labels, attributes, text collection's fields,
relationships. See forms.lua for what a form is.
--]]

local json = require("scaleapi").json
local forms = require "scaleapi.sandbox.forms"
local wire = require "scaleapi.sandbox.wire"

local any, array, boolean, integer, map = forms.any, forms.array, forms.boolean, forms.integer, forms.map
local number, object, one_of, text = forms.number, forms.object, forms.one_of, forms.text

local shapes = {}

-- ------------------------------------------------------------------- labels

local label_object

--- A text, or an object with a choice and perhaps a tree of others below it.
function shapes.label(value, where)
    if type(value) ~= "string" then label_object(value, where) end
end

label_object = object({
    choice = text, display = text, description = text, subchoices = array(shapes.label),
}, { "choice" })

shapes.labels = array(shapes.label)

--- Labels, or the name of an ontology.
function shapes.objects_to_annotate(value, where)
    if type(value) ~= "string" then shapes.labels(value, where) end
end

local entity_label_object

--- A label of namedentityrecognition.
function shapes.entity_label(value, where)
    entity_label_object(value, where)
end

entity_label_object = object({
    name = text, description = text, display_name = text, children = array(shapes.entity_label), attributes = any,
}, { "name" })

-- --------------------------------------------------------------- geometries

local OBJECTS = shapes.objects_to_annotate

local function check_pixels(value, where)
    if value.can_rotate == true and value.integer_pixels == true then
        wire.refuse_parameter(where .. ".integer_pixels", "cannot be with can_rotate")
    end
end

local vertices = object({ objects_to_annotate = OBJECTS, min_vertices = integer(1), max_vertices = integer(1) }, nil,
    forms.ordered("min_vertices", "max_vertices"))

shapes.geometries = map(nil, {
    box = object({
        objects_to_annotate = OBJECTS, min_height = number(0), min_width = number(0), can_rotate = boolean,
        integer_pixels = boolean,
    }, nil, check_pixels),
    polygon = vertices,
    line = vertices,
    point = object {
        objects_to_annotate = OBJECTS,
        connections = array(object({ pair = array(any, 2, 2), connection_attribute = any }, { "pair" })),
    },
    cuboid = object {
        objects_to_annotate = OBJECTS, min_height = number(0), min_width = number(0), camera_height = number(),
        camera_intrinsics = object({ fx = number(), fy = number(), cx = number(), cy = number(), skew = number() },
            { "fx", "fy", "cx", "cy" }),
        camera_rotation_quaternion = object({ w = number(), x = number(), y = number(), z = number() },
            { "w", "x", "y", "z" }),
    },
    ellipse = object { objects_to_annotate = OBJECTS },
})

--- Prelabels, in the form of a response.
shapes.annotations = object({ annotations = array(any) }, { "annotations" })

shapes.attributes = map(object {
    type = one_of("category", "number", "angle", "text", "x_line", "y_line", "linked"), description = text,
    choices = array(any), allow_multiple = boolean, required = boolean, allowed_labels = array(text),
})

shapes.links = map(object {
    is_bidirectional = boolean, from_allowed_labels = array(text), to_allowed_labels = array(text),
})

shapes.context_attachments = array(object({ attachment = text }, { "attachment" }))

-- ------------------------------------------------------------ text collection

shapes.text_attachments = array(object({
    type = one_of("pdf", "image", "text", "video", "website", "audio"), content = text,
}, { "type", "content" }))

local field_object

local function field(value, where)
    field_object(value, where)
end

local choice

local function choices(value, where)
    array(choice, 1)(value, where)
end

choice = object({ label = text, value = any, hint = text, subchoices = choices }, { "label", "value" })

-- What a field must have beside what all have, by its type. The types that are not here need no more.
local NEEDED = { category = "choices", field_set = "fields" }

local function check_field(value, where)
    local name = NEEDED[value.type]
    if name and (value[name] == nil or value[name] == json.null) then
        wire.refuse_parameter(where .. "." .. name, "is required")
    end
    forms.ordered("min_responses_required", "max_responses_required")(value, where)
    forms.ordered("min_choices", "max_choices")(value, where)
end

field_object = object({
    type = text, field_id = text, title = text, description = text, hint = text, required = boolean,
    min_responses_required = integer(0, 100), max_responses_required = integer(1, 100), choices = choices,
    min_choices = integer(0), max_choices = integer(1), fields = array(field, 2), inline = boolean,
}, { "type", "field_id", "title" }, check_field)

-- Refuses a field_id that stands twice, also inside of sets.
local function check_ids(fields, where, seen)
    for i, each in ipairs(fields) do
        local place = ("%s[%d]"):format(where, i - 1)
        if seen[each.field_id] then wire.refuse_parameter(place .. ".field_id", "is used by another field, too") end
        seen[each.field_id] = true
        if json.is_array(each.fields) then check_ids(each.fields, place .. ".fields", seen) end
    end
end

local all_fields = array(field)

function shapes.text_fields(value, where)
    all_fields(value, where)
    check_ids(value, where, {})
end

-- -------------------------------------------------------------------- others

local taxonomy = object({
    type = one_of "category", description = text, choices = array(any), allow_multiple = boolean,
}, { "type", "choices" })

shapes.taxonomies = map(taxonomy)

local each_relationship = array(object({
    is_directed = boolean, name = text, display_name = text, source_label = text, target_label = text,
}, { "is_directed" }))

--- Relationships, which have all a name or none.
function shapes.relationships(value, where)
    each_relationship(value, where)
    local named = 0
    for _, relationship in ipairs(value) do
        if type(relationship.name) == "string" then named = named + 1 end
    end
    if named > 0 and named < #value then wire.refuse_parameter(where, "must be all with a name or all without") end
end

local function check_feature(value, where)
    local name = value.type == "group" and "title" or "label"
    if value[name] == nil or value[name] == json.null then
        wire.refuse_parameter(where .. "." .. name, "is required")
    end
end

shapes.features = array(object({ type = one_of("text", "block", "group"), label = text, title = text }, { "type" },
    check_feature))

return shapes
