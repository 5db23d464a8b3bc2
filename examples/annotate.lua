--[[
annotate.lua - from images and a CSV file to annotations. Copy it to start your own.

    build/scalua --sandbox=complete-after=2 examples/annotate.lua     on this machine, without a key
    SCALE_API_KEY=live_... build/scalua examples/annotate.lua         for real
--]]

local scaleapi = require "scaleapi"
local sys = require "scaleapi.sys"

local client = scaleapi.client {}
local data = (arg[0]:match("^.*/") or "./") .. "data/"
local run = os.date("!%Y-%m-%d %H:%M:%S") -- names and unique_ids of a run are its own
local started = scaleapi.now()

-- A project has one type of task. Its batch takes tasks until it is finalized; then people start.
local function new_batch(name, task_type)
    local project = client:create_project { project_name = name .. " " .. run, task_type = task_type, rapid = true }
    return client:create_batch { project = project.name, batch_name = project.name }
end

local images = new_batch("images", "imageannotation")
local airports = new_batch("airports", "textcollection")

local function image_task(name)
    local file = client:upload_file { path = data .. "images/" .. name }
    return client:create_task("imageannotation", {
        project = images.project, batch = images.name, unique_id = run .. " " .. name,
        instruction = "Draw a box around each animal, vehicle and cup.",
        attachment_type = "image", attachment = file.attachment_url,
        geometries = { box = { objects_to_annotate = { "animal", "vehicle", "cup" } } },
    })
end

local function airport_task(row)
    return client:create_task("textcollection", {
        project = airports.project, batch = airports.name, unique_id = run .. " " .. row.iata,
        instruction = "Look the airport up.",
        attachments = { { type = "text", content = ("%s, %s, %s"):format(row.name, row.city, row.state) } },
        fields = { { type = "number", field_id = "runways", title = "How many runways has it?", required = true } },
    })
end

-- 50 at a time, on one thread. Each call is tried again by itself where that is safe.
local function create_tasks(inputs, create)
    for _, _, problem in scaleapi.parallel(50, inputs, create) do
        if problem then error(problem) end
    end
end

create_tasks(sys.list(data .. "images"), image_task)
create_tasks(scaleapi.csv.rows(data .. "airports.csv"), airport_task)
images:finalize()
airports:finalize()

-- Asks now and then, less often the longer it takes.
local function wait_until_completed(batch)
    local pause = 0.25
    while batch:get_status().status ~= "completed" do
        scaleapi.sleep(pause)
        pause = math.min(pause * 1.5, 60)
    end
end

local results, count = assert(io.open("results.jsonl", "w")), 0
for _, batch in ipairs { images, airports } do
    wait_until_completed(batch)
    for task in client:get_tasks { project_name = batch.project, batch_name = batch.name, status = "completed" } do
        assert(results:write(task:json():gsub("[\r\n]", " "), "\n"))
        count = count + 1
    end
end
assert(results:close())

local seconds, stats = scaleapi.now() - started, client:stats()
print(("%d tasks annotated in %.1f seconds"):format(count, seconds))
print(("%d requests, %.0f a second, %d retries"):format(stats.requests, stats.requests / seconds, stats.retries))
print("results.jsonl has them, one a line, as the server gave them")
