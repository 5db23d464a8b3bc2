--[[
bindings.generate.module_page - what the module has beside its operations, for the reference page: read out of the types
that module_types.lua has for editors.
--]]

local module_types = require "bindings.generate.module_types"

local module_page = {}

local OWNERS = { -- what methods and functions are called on, by the name that they have in the types
    scaleapi = "scaleapi.", csv = "scaleapi.csv.", json = "scaleapi.json.", jsonl = "scaleapi.jsonl.",
    journal = "scaleapi.journal.", times = "scaleapi.times.", Client = "client:", Job = "job:", Lines = "lines:",
    Journal = "journal:",
}
local TABLES = { -- that are shown, in this order
    "ClientOptions", "CallOptions", "Limits", "Error", "Stats", "FetchOptions", "Hooks", "BulkOptions", "BulkResult",
}

-- All types as lines, what a script begins with first.
local function each_line()
    local client = module_types.client:format("Client", "ClientV2", "", "Client", "", "Client", "", "Client")
    local text = module_types.tail .. client .. module_types.beside .. module_types.head
    return (text .. "\n"):gmatch "(.-)\n"
end

-- "string|table<string, number> What it is": the type and what it is; a space inside brackets, or before what a
-- function returns, does not end a type.
local function split(text)
    local depth = 0
    for i = 1, #text do
        local letter = text:sub(i, i)
        if letter:find "[<({]" then depth = depth + 1
        elseif letter:find "[>)}]" then depth = depth - 1
        elseif letter == " " and depth == 0 and text:sub(i - 1, i - 1) ~= ":" then
            return text:sub(1, i - 1), text:sub(i + 1)
        end
    end
    return text, ""
end

local function read_field(line)
    local name, optional, rest = line:match "^%-%-%-@field ([%w_]+)(%??) (.*)$"
    if not name then return nil end
    local kind, about = split(rest)
    return { name = name, optional = optional ~= "", type = kind, about = about }
end

-- "function csv.rows(source, options) end" as it is called; nil for what is not shown.
local function read_call(line)
    local owner, rest = line:match "^function (%w+)[.:](.*) end$"
    return OWNERS[owner] and OWNERS[owner] .. rest
end

--- What there is: functions, a list of { call =, about = }; and tables, a list of { name =, about =, fields = }.
function module_page.read()
    local functions, classes, class, about = {}, {}, nil, {}
    for line in each_line() do
        local class_name, class_about = line:match "^%-%-%-@class scaleapi%.(%w+) ?(.*)$"
        if class_name then
            class = { name = class_name, about = class_about, fields = {} }
            classes[class_name] = class
        end
        local field, call = read_field(line), read_call(line)
        if field and class then table.insert(class.fields, field) end
        if call then table.insert(functions, { call = call, about = table.concat(about, " ") }) end
        if line:find "^%-%-%-[^@]" then table.insert(about, line:sub(4))
        elseif not line:find "^%-%-%-" then about = {} end
    end
    local tables = {}
    for i, name in ipairs(TABLES) do tables[i] = classes[name] end
    return functions, tables
end

return module_page
