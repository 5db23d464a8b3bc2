-- export: write the tasks of a project or batch as JSONL
--[[
A line is a task as the server gave it, byte by byte. Every status, unless filtered. With -o the file is there when
it is complete, and not before: until then it is FILE.part, and with --resume the same command goes on with that.
--]]

local scaleapi = require "scaleapi"
local checkpoint = require "scripts.lib.checkpoint"
local command = require "scripts.lib.command"
local output = require "scripts.lib.output"
local report = require "scripts.lib.report"

local MOST_SLICES = 100 -- that get_tasks takes
-- Options that are filters of get_tasks, under which name, and what they are.
local FILTERS = {
    { "--project", "project_name", "P", "Tasks of this project." },
    { "--batch", "batch_name", "B", "Tasks of this batch." },
    { "--type", "task_type", "T", "Tasks of this type." },
    { "--status", "status", "S", "pending, completed, canceled or error." },
    { "--review-status", "review_status", "S", "accepted, fixed, commented, rejected or pending; repeatable.", true },
    { "--unique-id", "unique_id", "ID", "Tasks with this unique_id; repeatable.", true },
    { "--tag", "tags", "TAG", "Tasks with this tag; repeatable.", true },
    { "--created-after", "created_after", "TIME", "A time such as 2026-04-25 or 2026-04-25T03:14:15Z." },
    { "--created-before", "created_before", "TIME", "Likewise." },
    { "--completed-after", "completed_after", "TIME", "Likewise." },
    { "--completed-before", "completed_before", "TIME", "Likewise." },
    { "--updated-after", "updated_after", "TIME", "Likewise." },
    { "--updated-before", "updated_before", "TIME", "Likewise." },
}

local function read_arguments()
    local parser = command.parser("export", "Writes the tasks of a project or batch, one a line, newest first.")
    for _, filter in ipairs(FILTERS) do
        local option = command.add_name(parser, filter[1], filter[3], filter[4]):target(filter[2])
        if filter[5] then option:count "*" end
    end
    parser:flag("--limited-response", "Ask for a shorter form of each task.")
    parser:flag("--no-attachment-url", "Ask for tasks without the URLs of their attachments.")
    parser:option("--page-size", "Tasks a request, 1 to 100."):argname "N":convert(command.positive):target "limit"
    command.add_name(parser, "-o", "FILE", "Where to write, instead of standard output.")
    parser:option("--slices", ("Read so many parts of the list at once, 1 to %d; the order stays."):format(MOST_SLICES))
        :argname "N":convert(command.at_most(MOST_SLICES))
    parser:flag("--resume", "Keep what is written when it is interrupted, and go on with what an earlier run of the "
        .. "same command left in FILE.part. Tasks made since that run began are not looked for.")
    parser:flag("--json", "Print the summary as one JSON object; on standard error unless -o is given.")
    command.add_limits(parser)
    command.add_http(parser)
    local arguments = parser:parse()
    if not (arguments.project_name or arguments.batch_name) then parser:error "it needs --project or --batch" end
    if arguments.resume and not arguments.o then parser:error "--resume needs -o" end
    return arguments
end

local function filters_of(arguments)
    local filters = { limited_response = arguments.limited_response, limit = arguments.limit }
    if arguments.no_attachment_url then filters.include_attachment_url = false end
    for _, filter in ipairs(FILTERS) do
        local value = arguments[filter[2]]
        if type(value) ~= "table" or #value > 0 then filters[filter[2]] = value end
    end
    return filters
end

-- Which list it is, for a checkpoint.
local function header_of(client, filters)
    local header = {
        { "server", client:base_url() }, { "key", client:key_fingerprint() }, { "operation", "get_tasks" },
    }
    local function add(name)
        local value = filters[name]
        if type(value) == "table" then value = scaleapi.json.encode(value) end
        header[#header + 1] = { name, value ~= nil and tostring(value) or nil }
    end
    for _, filter in ipairs(FILTERS) do add(filter[2]) end
    add "limited_response"
    add "include_attachment_url"
    return header
end

-- Opens the file. Returns the checkpoint that goes with it: nil where none could be gone on with.
local function open(file, arguments, client, filters)
    if not file:is_file() or command.is_sandbox() then
        if arguments.resume and not command.is_sandbox() then
            command.stop(command.USAGE, "%s is no file: --resume cannot go on with it", arguments.o)
        end
        file:open()
        return nil
    end
    local point = checkpoint.open(file, header_of(client, filters), arguments.resume)
    file.point = point
    file:open(point.place.count > 0 and point.place.bytes or nil)
    point:begin()
    return point
end

-- Writes one task more, unless it is there already. Returns how many were written; 0: there is none left.
local function write_next(file, tasks, point)
    for task in tasks do
        if not point or point:is_new(task) then
            file:write_document(task:json())
            return 1
        end
    end
    return 0
end

local function export(file, arguments, client)
    local filters = filters_of(arguments)
    local point = open(file, arguments, client, filters)
    if point then filters = point:rest_of(filters) end
    filters.slices, filters.ordered = arguments.slices, arguments.slices and true
    local tasks <close> = command.as_asked(client.get_tasks, client, filters,
        not arguments.slices and { check_in_full = true } or nil)
    local count = 0
    local whole = not arguments.slices and (not point or point:is_empty()) -- pages as they come
    repeat
        local written = whole and file:write_page(tasks) or not whole and write_next(file, tasks, point)
        count = count + written
        if point then point:written(written) end
    until written == 0
    file:finish()
    if not point then return count, 0 end
    point:remove()
    return point.count, point.place.count
end

-- It came to nothing: leaves nothing behind, unless it is to be gone on with and there is something.
local function leave(file, arguments)
    local point = file.point
    if point and arguments.resume and point:has_something() then
        file:keep()
        point:keep()
        return report.say("what was written stays in %s; the same command goes on there", point.part)
    end
    file:abandon()
    if point then point:remove() end
end

command.run("export", function()
    local arguments = read_arguments()
    local started = scaleapi.now()
    local client = command.client(arguments.slices or 1)
    local file = output.new(arguments.o)
    local ok, count, before = pcall(export, file, arguments, client)
    if not ok then
        leave(file, arguments)
        error(count, 0)
    end
    local seconds = scaleapi.now() - started
    if arguments.json then
        report.json({ tasks = count, resumed = arguments.resume and before, file = arguments.o,
            seconds = report.seconds(seconds) }, arguments.o and io.stdout or io.stderr)
    else
        local place = arguments.o and " in " .. arguments.o or ""
        local earlier = before > 0 and (" (%d of them were there)"):format(before) or ""
        report.say("%s%s%s, %.1f seconds", report.count(count, "task"), place, earlier, seconds)
    end
    return command.DONE
end)
