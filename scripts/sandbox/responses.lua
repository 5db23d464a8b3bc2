--[[
sandbox.responses - what the sandbox answers in place of people: valid in form, wrong on purpose, and saying so. The
same task always gets the same.
--]]

local json = require("scaleapi").json
local types = require "scaleapi.sandbox.types"

local NOTE = "Made up by the sandbox: nobody has looked at this task."
local PLACE = "https://sandbox.invalid/" -- no such host can exist

-- In a response that is remembered for all tasks alike, what is a task's own is held by these.
local UUID, ID = "\1", "\2"
local VARIANTS = 12       -- tasks that differ only by their place among these are alike
local MOST_REMEMBERED = 500

local array = json.array

-- name -> function(type, variant, field): the parts of a response, of what field "NAME" gives of the params
local builders = {}

-- name -> the params that it reads, if others are likely to have the same
local reads = {
    geometries = { "geometries" }, fields = { "fields" }, plain_fields = { "fields" },
    categories = { "categories", "taxonomies", "allow_multiple" },
    features = { "features" }, segments = { "labels" }, old_boxes = { "objects_to_annotate" },
    old_vertices = { "objects_to_annotate" }, old_cuboids = { "objects_to_annotate" }, old_fields = { "fields" },
    choices = { "choices" }, file = {}, files_of_events = {}, files_of_points = {}, messages = {},
}

-- Stands for a UUID that is the task's own, and the index's.
local function uuid(index)
    return UUID .. ("%04x"):format(index)
end

local function name_of(label)
    if type(label) ~= "table" then return label end
    local name = label.choice or label.label or label.name or label.value
    local inner = label.subchoices or label.children
    if type(inner) == "table" and inner[1] ~= nil then return name_of(inner[1]) end
    return name
end

-- One of the labels that were asked for.
local function pick(variant, labels)
    if type(labels) ~= "table" or #labels == 0 then return "made up" end
    return name_of(labels[variant % #labels + 1]) or "made up"
end

local function points(...)
    local vertices = array()
    for i = 1, select("#", ...), 2 do
        local x, y = select(i, ...)
        table.insert(vertices, { x = x, y = y })
    end
    return vertices
end

local function cuboid_vertices()
    local names = { "face-topleft", "face-bottomleft", "face-topright", "face-bottomright", "side-topcorner",
        "side-bottomcorner" }
    local vertices = points(10, 10, 10, 110, 110, 10, 110, 110, 130, 5, 130, 105)
    for i, name in ipairs(names) do
        vertices[i].description = name
        vertices[i].type = "vertex"
    end
    return vertices
end

local SHAPES = {
    { "box", function() return { left = 0, top = 0, width = 100, height = 100 } end },
    { "polygon", function() return { vertices = points(10, 10, 110, 110, 10, 110) } end },
    { "line", function() return { vertices = points(10, 10, 110, 110) } end },
    { "point", function() return { x = 10, y = 10 } end },
    { "cuboid", function() return { vertices = cuboid_vertices(), edges = array() } end },
    { "ellipse", function() return { vertices = points(50, 0, 100, 50, 50, 100, 0, 50) } end },
}

function builders.geometries(variant, field)
    local geometries, annotations = field "geometries", array()
    for i, shape in ipairs(SHAPES) do
        local asked = geometries[shape[1]]
        if asked ~= nil then
            local annotation = shape[2]()
            annotation.type = shape[1]
            annotation.label = pick(variant, type(asked) == "table" and asked.objects_to_annotate)
            annotation.uuid = uuid(i)
            annotation.attributes = {}
            table.insert(annotations, annotation)
        end
    end
    return { annotations = annotations, links = array(), global_attributes = {}, is_customer_fix = false }
end

local function field_value(variant, field)
    if field.type == "number" then return 0 end
    if field.type == "boolean" then return false end
    if field.type == "datetime" then return "1970-01-01T00:00:00.000Z" end
    if field.type == "category" then return pick(variant, field.choices) end
    if field.type == "field_set" then
        local values = {}
        for _, inner in ipairs(field.fields or {}) do values[tostring(inner.field_id)] = field_value(variant, inner) end
        return values
    end
    return "made up"
end

-- Of the two forms on record, the one with the values alone.
function builders.plain_fields(variant, field)
    local annotations = {}
    for _, each in ipairs(field "fields") do
        local value = field_value(variant, each)
        local most = tonumber(each.max_responses_required)
        annotations[tostring(each.field_id)] = most and most > 1 and array { value } or value
    end
    return { annotations = annotations }
end

function builders.fields(variant, field)
    local annotations = {}
    for _, each in ipairs(field "fields") do
        annotations[tostring(each.field_id)] = {
            type = each.type, field_id = each.field_id, response = { { field_value(variant, each) } },
        }
    end
    return { annotations = annotations }
end

function builders.categories(variant, field)
    local taxonomies = field "taxonomies"
    if type(taxonomies) == "table" then
        local chosen = {}
        for name, taxonomy in pairs(taxonomies) do chosen[name] = { pick(variant, taxonomy.choices) } end
        return { taxonomies = chosen }
    end
    local category = pick(variant, field "categories")
    return { category = field "allow_multiple" == true and { category } or category }
end

function builders.entities(variant, field)
    local text = field "text"
    local word = text:match "%w+" or ""
    local first = utf8.len(text, 1, text:find(word, 1, true) - 1) -- in code points
    return {
        annotations = array { { id = "e1", start = first, ["end"] = first + #word, text = word,
            label = pick(variant, field "labels") } },
        relationships = array(),
    }
end

function builders.segments(variant, field)
    local label, url = pick(variant, field "labels"), PLACE .. ID
    return {
        annotations = {
            unlabeled = url .. "/unlabeled.png", labeled = { [label] = url .. "/labeled.png" },
            combined = {
                image = url .. "/image.png", indexedImage = url .. "/indexed.png",
                extendedIndexedImage = url .. "/extended.png",
            },
        },
        labelMapping = { [label] = { index = 1, color = "#ff0000" } },
    }
end

function builders.features(variant, field)
    local labels = {}
    for _, feature in ipairs(field "features") do
        if type(feature) == "table" and feature.label then table.insert(labels, feature.label) end
    end
    return { annotations = array { {
        uuid = uuid(1), page = 0, label = pick(variant, labels), text = "made up", refs = array(),
        location = { type = "box", left = 0, top = 0, width = 100, height = 10 },
    } } }
end

-- The address of a file of a response: there are as many UUIDs as files.
local function file(index, name)
    return { url = ("%s%s/%s/%s.json"):format(PLACE, ID, uuid(index), name) }
end

function builders.file()
    return { annotations = file(1, "annotations") }
end

function builders.files_of_events()
    return { annotations = file(1, "annotations"), events = file(2, "events") }
end

function builders.files_of_points()
    return { annotations = file(1, "annotations"), point_segmentations = file(2, "points") }
end

function builders.messages()
    return { responses = array { { type = "text", output = "made up" } } }
end

-- The older types, as Scale's test server answers them.

function builders.old_boxes(variant, field)
    return { annotations = array { { left = 0, top = 0, width = 100, height = 100,
        label = pick(variant, field "objects_to_annotate") } } }
end

function builders.old_vertices(variant, field)
    return { annotations = array { { vertices = points(10, 10, 110, 110, 10, 110),
        label = pick(variant, field "objects_to_annotate") } } }
end

function builders.old_cuboids(variant, field)
    return { annotations = array { { vertices = cuboid_vertices(),
        label = pick(variant, field "objects_to_annotate") } } }
end

function builders.old_fields(_, field, task_type)
    local fields, answer = field "fields", {}
    for name, each in pairs(type(fields) == "table" and fields or {}) do
        answer[tostring(type(each) == "table" and (each.field_id or each.name) or name)] = "test response"
    end
    if task_type == "datacollection" then return { fields = answer, time_spent_in_seconds = 15 } end
    return { fields = answer, repeatable_fields = array { json.null, json.null } }
end

function builders.choices(variant, field)
    return { choice = pick(variant, field "choices") }
end

function builders.nothing()
    return nil
end

-- ---------------------------------------------------------------- responses

-- Cuts a text where something of a task's own is to stand: { text, UUID or ID, text, … }.
local function cut(text)
    local parts, at = {}, 1
    for first, which, behind in text:gmatch "()\\u000([12])()" do
        table.move({ text:sub(at, first - 1), which == "1" and UUID or ID }, 1, 2, #parts + 1, parts)
        at = behind
    end
    parts[#parts + 1] = text:sub(at)
    return parts
end

-- The response for a type, params and variant, by a builder, cut; false for a type that has none.
local function build(builder, task_type, variant, params)
    local function field(name)
        local value = json.field(params, name)
        return value
    end
    local ok, response = pcall(builders[builder], variant, field, task_type)
    if not ok then response = { annotations = array() } end -- params of a form that nobody expected
    if response == nil then return false end
    response.sandbox = NOTE
    return cut(json.encode(response))
end

local remembered, count = {}, 0

-- The same, built once for params that are alike.
local function recall(builder, task_type, variant, params)
    local names = reads[builder]
    if not names then return build(builder, task_type, variant, params) end
    local parts = { builder, task_type, variant }
    for _, name in ipairs(names) do parts[#parts + 1] = json.raw_field(params, name) or "" end
    local key = table.concat(parts, "\0")
    if remembered[key] == nil then
        if count >= MOST_REMEMBERED then remembered, count = {}, 0 end
        remembered[key], count = build(builder, task_type, variant, params), count + 1
    end
    return remembered[key]
end

local responses = {}

--- The response of a completed task as JSON, or nil for a type that has none. `params` is bytes, `form` "plain" for
--- textcollection's values alone.
function responses.make(id, number, task_type, params, form)
    local builder = types.by_name[task_type].response
    if builder == "fields" and form == "plain" then builder = "plain_fields" end
    local cuts = recall(builder, task_type, number % VARIANTS, params)
    if not cuts then return nil end
    if #cuts == 1 then return cuts[1] end
    local parts = table.move(cuts, 1, #cuts, 1, {})
    for i = 2, #parts, 2 do
        parts[i] = parts[i] == ID and id or ("%s-%s-4%s-8%s-%s"):format(id:sub(1, 8), id:sub(9, 12), id:sub(13, 15),
            id:sub(16, 18), id:sub(17))
    end
    return table.concat(parts)
end

--- Whether nothing can be downloaded from there: hosts that end in .invalid cannot exist.
function responses.is_unreachable(url)
    return (url:match "^https?://([^/:?#]+)" or ""):find "%.invalid$" ~= nil
end

--- The attachments that cannot be downloaded. An array of URLs, nil if there is none. `params` is bytes.
function responses.unreachable(params)
    local urls
    local function look(value)
        if type(value) == "table" then
            return look(value.attachment or value.content)
        elseif type(value) == "string" and responses.is_unreachable(value) then
            urls = urls or {}
            table.insert(urls, value)
        end
    end
    look(json.field(params, "attachment"))
    local attachments = json.field(params, "attachments")
    for _, each in ipairs(type(attachments) == "table" and attachments or {}) do look(each) end
    return urls
end

--- The response of a task in error, for a reason or for attachments that cannot be downloaded.
function responses.make_error(urls, reason)
    local attachments = array()
    for _, url in ipairs(urls or {}) do table.insert(attachments, { statusCode = 404, url = url }) end
    reason = reason or "One or more attachments could not be downloaded."
    return json.encode { error = reason, attachments = attachments, sandbox = NOTE }
end

return responses
