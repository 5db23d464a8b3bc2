--[[
sandbox.responses - what the sandbox answers in place of people: valid in form, wrong on purpose, and saying so. The
same task always gets the same.
--]]

local json = require("scaleapi").json
local types = require "scaleapi.sandbox.types"

local NOTE = "Made up by the sandbox: nobody has looked at this task."
local PLACE = "https://sandbox.invalid/" -- no such host can exist

local array = json.array
local builders = {}

-- A UUID that is the task's own, and the index's.
local function uuid(task, index)
    local id = task.id
    return ("%s-%s-4%s-8%s-%s%04x"):format(id:sub(1, 8), id:sub(9, 12), id:sub(13, 15), id:sub(16, 18),
        id:sub(17, 24), index)
end

local function name_of(label)
    if type(label) ~= "table" then return label end
    local name = label.choice or label.label or label.name or label.value
    local inner = label.subchoices or label.children
    if type(inner) == "table" and inner[1] ~= nil then return name_of(inner[1]) end
    return name
end

-- One of the labels that were asked for.
local function pick(task, labels)
    if type(labels) ~= "table" or #labels == 0 then return "made up" end
    return name_of(labels[task.number % #labels + 1]) or "made up"
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

function builders.geometries(task, field)
    local geometries, annotations = field "geometries", array()
    for i, shape in ipairs(SHAPES) do
        local asked = geometries[shape[1]]
        if asked ~= nil then
            local annotation = shape[2]()
            annotation.type = shape[1]
            annotation.label = pick(task, type(asked) == "table" and asked.objects_to_annotate)
            annotation.uuid = uuid(task, i)
            annotation.attributes = {}
            table.insert(annotations, annotation)
        end
    end
    return { annotations = annotations, links = array(), global_attributes = {}, is_customer_fix = false }
end

local function field_value(task, field)
    if field.type == "number" then return 0 end
    if field.type == "boolean" then return false end
    if field.type == "datetime" then return "1970-01-01T00:00:00.000Z" end
    if field.type == "category" then return pick(task, field.choices) end
    if field.type == "field_set" then
        local values = {}
        for _, inner in ipairs(field.fields or {}) do values[tostring(inner.field_id)] = field_value(task, inner) end
        return values
    end
    return "made up"
end

function builders.fields(task, field)
    local annotations = {}
    for _, each in ipairs(field "fields") do
        annotations[tostring(each.field_id)] = {
            type = each.type, field_id = each.field_id, response = { { field_value(task, each) } },
        }
    end
    return { annotations = annotations }
end

function builders.categories(task, field)
    local taxonomies = field "taxonomies"
    if type(taxonomies) == "table" then
        local chosen = {}
        for name, taxonomy in pairs(taxonomies) do chosen[name] = { pick(task, taxonomy.choices) } end
        return { taxonomies = chosen }
    end
    local category = pick(task, field "categories")
    return { category = field "allow_multiple" == true and { category } or category }
end

function builders.entities(task, field)
    local text = field "text"
    local word = text:match "%w+" or ""
    local first = utf8.len(text, 1, text:find(word, 1, true) - 1) -- in code points
    return {
        annotations = array { { id = "e1", start = first, ["end"] = first + #word, text = word,
            label = pick(task, field "labels") } },
        relationships = array(),
    }
end

function builders.segments(task, field)
    local label, url = pick(task, field "labels"), PLACE .. task.id
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

function builders.features(task, field)
    local labels = {}
    for _, feature in ipairs(field "features") do
        if type(feature) == "table" and feature.label then table.insert(labels, feature.label) end
    end
    return { annotations = array { {
        uuid = uuid(task, 1), page = 0, label = pick(task, labels), text = "made up", refs = array(),
        location = { type = "box", left = 0, top = 0, width = 100, height = 10 },
    } } }
end

function builders.file(task)
    return { annotations = { url = PLACE .. task.id .. "/annotations.json" } }
end

function builders.files_of_events(task)
    return { annotations = { url = PLACE .. task.id .. "/annotations.json" },
        events = { url = PLACE .. task.id .. "/events.json" } }
end

function builders.files_of_points(task)
    return { annotations = { url = PLACE .. task.id .. "/annotations.json" },
        point_segmentations = { url = PLACE .. task.id .. "/points.json" } }
end

function builders.messages()
    return { responses = array { { type = "text", output = "made up" } } }
end

-- The older types, as Scale's test server answers them.

function builders.old_boxes(task, field)
    return { annotations = array { { left = 0, top = 0, width = 100, height = 100,
        label = pick(task, field "objects_to_annotate") } } }
end

function builders.old_vertices(task, field)
    return { annotations = array { { vertices = points(10, 10, 110, 110, 10, 110),
        label = pick(task, field "objects_to_annotate") } } }
end

function builders.old_cuboids(task, field)
    return { annotations = array { { vertices = cuboid_vertices(), label = pick(task, field "objects_to_annotate") } } }
end

function builders.old_fields(task, field)
    local fields, answer = field "fields", {}
    for name, each in pairs(type(fields) == "table" and fields or {}) do
        answer[tostring(type(each) == "table" and (each.field_id or each.name) or name)] = "test response"
    end
    if task.type == "datacollection" then return { fields = answer, time_spent_in_seconds = 15 } end
    return { fields = answer, repeatable_fields = array { json.null, json.null } }
end

function builders.choices(task, field)
    return { choice = pick(task, field "choices") }
end

function builders.nothing()
    return nil
end

local responses = {}

--- The response of a completed task as JSON, or nil for a type that has none. `task` has id, number, type; `params`
--- is its bytes. A param of a form that nobody expected gives a response without annotations.
function responses.make(task, params)
    local function field(name)
        local value = json.field(params, name)
        return value
    end
    local ok, response = pcall(builders[types.by_name[task.type].response], task, field)
    if not ok then response = { annotations = array() } end
    if response == nil then return nil end
    response.sandbox = NOTE
    return json.encode(response)
end

--- The attachments that cannot be downloaded: those on hosts that end in .invalid, which cannot exist. An array of
--- URLs, nil if there is none. `text` is the bytes of a task's params.
function responses.unreachable(text)
    if not text:find(".invalid", 1, true) then return nil end
    local urls
    local function look(value)
        if type(value) == "table" then
            return look(value.attachment or value.content)
        elseif type(value) == "string" and (value:match "^https?://([^/:?#]+)" or ""):find "%.invalid$" then
            urls = urls or {}
            table.insert(urls, value)
        end
    end
    look(json.field(text, "attachment"))
    local attachments = json.field(text, "attachments")
    for _, each in ipairs(type(attachments) == "table" and attachments or {}) do look(each) end
    return urls
end

--- The response of a task in error.
function responses.make_error(urls)
    local attachments = array()
    for _, url in ipairs(urls or {}) do table.insert(attachments, { statusCode = 404, url = url }) end
    return json.encode { error = "One or more attachments could not be downloaded.", attachments = attachments,
        sandbox = NOTE }
end

return responses
