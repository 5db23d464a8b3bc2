-- export: write the tasks of a project or batch as JSONL
--[[
A line is a task as the server gave it, byte by byte. Every status, unless filtered. With -o the file is there when
it is complete, and not before.
--]]

local scaleapi = require "scaleapi"
local command = require "scripts.lib.command"
local output = require "scripts.lib.output"
local report = require "scripts.lib.report"

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
    parser:flag("--json", "Print the summary as one JSON object; on standard error unless -o is given.")
    local arguments = parser:parse()
    if not (arguments.project_name or arguments.batch_name) then parser:error "it needs --project or --batch" end
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

local function export(tasks, file)
    local count = 0
    repeat
        local written = file:write_page(tasks)
        count = count + written
    until written == 0
    file:finish()
    return count
end

command.run("export", function()
    local arguments = read_arguments()
    local started = scaleapi.now()
    local client = command.client(1)
    local file = output.new(arguments.o)
    local ok, count = pcall(function()
        file:open()
        local tasks = command.as_asked(client.get_tasks, client, filters_of(arguments), { check_in_full = true })
        return export(tasks, file)
    end)
    if not ok then
        file:abandon()
        error(count, 0)
    end
    local seconds = scaleapi.now() - started
    if arguments.json then
        report.json({ tasks = count, file = arguments.o, seconds = report.seconds(seconds) },
            arguments.o and io.stdout or io.stderr)
    else
        local place = arguments.o and " in " .. arguments.o or ""
        report.say("%s%s, %.1f seconds", report.count(count, "task"), place, seconds)
    end
    return command.DONE
end)
