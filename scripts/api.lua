-- api: call any operation by its name and print what the server answers
--[[
The answer's bytes are printed as they came. `scalua api --list` shows the operations, `scalua api OPERATION --help`
what is to be known of one.
--]]

local scaleapi = require "scaleapi"
local command = require "scripts.lib.command"
local given = require "scripts.lib.given"
local operation_help = require "scripts.lib.operation_help"
local output = require "scripts.lib.output"
local report = require "scripts.lib.report"

local DESCRIPTION = [[
Calls an operation of Scale's API and prints the server's answer, byte by byte. It asks nothing: a write is done.]]

local function new_parser()
    local parser = command.parser("api", DESCRIPTION):add_help(false)
    parser:argument("operation", "Name of the operation; --list shows them all."):argname "OPERATION":args "?"
    parser:argument("words", "NAME=VALUE: a parameter. Lists: NAME=A NAME=B. JSON: as text, or @FILE. NAME:=JSON: "
        .. "a field of the body as JSON, where NAME=VALUE would be a string."):argname "NAME=VALUE":args "*"
    command.add_name(parser, "--input", "FILE", "The whole body, as JSON, is in this file; -: standard input.")
    parser:flag("--all", "Of a list: print what it lists, one a line, all pages of it.")
    command.add_http(parser)
    parser:flag("--list", "Show all operations: name, method, path.")
    parser:flag("-h --help", "Show this; with OPERATION, what is to be known of it: parameters, answer, errors.")
    return parser
end

-- ------------------------------------------------------------------ showing

local function row_of(operation)
    for _, row in ipairs(scaleapi.operations) do
        if row.name == operation.name then return row end
    end
end

local function list()
    local lines, width = {}, 0
    for _, row in ipairs(scaleapi.operations) do width = math.max(width, #row.name) end
    for i, row in ipairs(scaleapi.operations) do
        lines[i] = ("%-" .. width .. "s  %-6s  %s"):format(row.name, row.method, row.path)
    end
    report.print(table.concat(lines, "\n"))
end

-- ------------------------------------------------------------------ calling

-- An address may have the file itself as its answer, to which nothing is added.
local function is_text(row, bytes)
    return row.form ~= "address" or bytes:find "^https?://%S+$" ~= nil
end

local function print_answer(client, row, arguments, file)
    local bytes = command.as_asked(function()
        local answer = client:call(row.name, table.unpack(arguments, 1, arguments.n))
        return answer
    end)
    file:write(bytes)
    if is_text(row, bytes) and bytes:sub(-1) ~= "\n" then file:write "\n" end
end

-- The iterator over what a list lists, page by page or not.
local function open_list(client, row, arguments)
    local face = row.version == 2 and client.v2 or client
    local method = row.name:gsub("^v2%.", "")
    local iterator = face[method](face, table.unpack(arguments, 1, arguments.n))
    return iterator
end

local function print_all(client, row, arguments, file)
    for document in command.as_asked(open_list, client, row, arguments) do file:write_document(document:json()) end
end

local function call(arguments, operation, row)
    if arguments.all and row.form ~= "list" then
        command.stop(command.USAGE, "--all is for lists; %s does not answer one", row.name)
    end
    local body = arguments.input and given.read_body(arguments.input)
    local words = given.arguments(operation, row, arguments.words, body)
    local client = command.client(1)
    local file = output.new()
    file:open()
    local print_it = arguments.all and print_all or print_answer
    print_it(client, row, words, file)
    file:finish()
end

command.run("api", function()
    local parser = new_parser()
    local arguments = parser:parse()
    if not arguments.operation then
        if arguments.help then report.print(parser:get_help())
        elseif arguments.list then list()
        else parser:error "it needs the name of an operation; --list shows them" end
        return command.DONE
    end
    if arguments.list then parser:error "--list stands alone" end
    local operation, problem = scaleapi.describe(arguments.operation)
    if not operation then command.stop(command.USAGE, "%s", problem) end
    if arguments.help then report.print(operation_help.text(operation))
    else call(arguments, operation, row_of(operation)) end
    return command.DONE
end)
