-- json.lua - the codec beside lua-cjson, on a task of 1.4 KB and a page of a hundred of them. Prints
-- microseconds of CPU, the least of several rounds, and the ratio to lua-cjson's.
--
--     build/scalua tests/bench/json.lua

local json = require("scaleapi").json
local cjson = require "cjson"

local function box(label, left, top, uuid)
    return { type = "box", label = label, left = left, top = top, width = 140, height = 88.125, uuid = uuid,
        attributes = { age = "old" } }
end

local task = {
    task_id = "576ba74eec471ff9b01557cc", type = "imageannotation", status = "completed", project = "kittens",
    batch = "kittens-2024-06", unique_id = "c235d023af73", is_test = false, priority = 30, urgency = "standard",
    created_at = "2024-06-23T09:09:34.752Z", updated_at = "2024-06-23T10:02:11.101Z",
    completed_at = "2024-06-23T10:02:11.099Z", callback_url = "https://example.com/hook",
    instruction = "Draw a box around each baby cow and each big cow in the image. Please be precise, and do not "
        .. "include their shadows.",
    metadata = { row = 17, source = "farm-17", shot = "2024-06-20T11:00:00Z", reviewed = true },
    tags = { "first", "farm" }, audits = json.array {}, review = json.null,
    params = {
        attachment = "https://example.com/images/cows/0001/576ba74eec471ff9b01557cc.jpg", attachment_type = "image",
        padding = 12, paddingX = json.null, paddingY = json.null,
        geometries = { box = { objects_to_annotate = { "Baby Cow", "Big Cow" }, min_height = 10, min_width = 10 } },
        annotation_attributes = { age = { type = "category", description = "How old?", choices = { "young", "old" } } },
    },
    response = { annotations = {
        box("Big Cow", 12.5, 33.25, "65ec1f52-5902-4b39-bea9-ab6b4d58ef42"),
        box("Baby Cow", 312.7581, 130.25317, "0f5a3c1a-9c44-4d2e-a4ed-fb1ad6d3a6d1"),
    }, global_attributes = { weather = "sunny" } },
}
local text = json.encode(task)
local page = '{"docs":[' .. (text .. ","):rep(99) .. text .. '],"has_more":true,"next_token":"abc"}'
local floats = {}
for i = 1, 200 do floats[i] = math.random() * 1000 end
local floats_text = json.encode(floats)

local function measure(count, fn, ...)
    local least = math.huge
    for _ = 1, 10 do
        collectgarbage()
        local start = os.clock()
        for _ = 1, count do fn(...) end
        least = math.min(least, (os.clock() - start) / count * 1e6)
    end
    return least
end

local function compare(what, count, ours, theirs, value)
    local one, other = measure(count, ours, value), measure(count, theirs, value)
    print(("%-36s %8.2f   lua-cjson %8.2f   ratio %.2f"):format(what, one, other, one / other))
end

local function show(what, time)
    print(("%-36s %8.2f"):format(what, time))
end

compare(("decode %d bytes"):format(#text), 2000, json.decode, cjson.decode, text)
compare(("encode %d bytes"):format(#text), 2000, json.encode, cjson.encode, cjson.decode(text))
compare("decode 200 floats", 500, json.decode, cjson.decode, floats_text)
compare("encode 200 floats", 500, json.encode, cjson.encode, floats)
show("check in full", measure(5000, json.check, text))
show("outline", measure(5000, json.outline, text))
show("look up one field", measure(5000, json.field, text, "status"))
show("cut a page, each document", measure(100, json.page, page, "docs") / 100)
