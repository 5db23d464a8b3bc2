--[[
scripts.lib.operation_help - what `scalua api OPERATION --help` shows: an operation as scaleapi.describe tells it, laid
out for a terminal.
--]]

local operation_help = {}

local WIDTH = 100

-- How a value of a kind is written on the command line, where that is not plain.
local WRITTEN = {
    strings = "repeat it for more",
    comma_strings = "repeat it for more",
    string_list = "repeat it for more, or a JSON array",
    name_list = "repeat it for more, or a JSON array",
    object = "JSON, or @FILE",
    array = "JSON, or @FILE",
    any = "JSON, or @FILE",
    file = "its path",
}

-- Appends the text to the lines, wrapped at spaces; each line begins with the margin, the first with `head`.
local function wrap(lines, head, margin, text)
    local line = head
    local empty = true
    for word in text:gmatch "%S+" do
        if not empty and #line + 1 + #word > WIDTH then
            lines[#lines + 1] = line
            line, empty = margin, true
        end
        line = line .. (empty and "" or " ") .. word
        empty = false
    end
    lines[#lines + 1] = line
end

-- An entry of a list: the name to the left, the text beside it.
local function entry(lines, name, text)
    local margin = (" "):rep(26)
    local head = "    " .. name .. (" "):rep(22 - #name)
    if #name > 20 then
        lines[#lines + 1] = "    " .. name
        head = margin
    end
    wrap(lines, head, margin, text)
end

local function paragraph(lines, title, text)
    lines[#lines + 1] = ""
    lines[#lines + 1] = title .. ":"
    if text then wrap(lines, "    ", "    ", text) end
end

local function has(list, value)
    for _, each in ipairs(list or {}) do
        if each == value then return true end
    end
    return false
end

-- "required; a string, in the path. Id of the task. [sdk]"
local function parameter_text(operation, parameter, marks)
    local words = {}
    if parameter.required then words[#words + 1] = "Required;"
    elseif has(operation.one_of, parameter.name) then words[#words + 1] = "One of them is required;" end
    words[#words + 1] = parameter.kind .. (WRITTEN[parameter.value] and " (" .. WRITTEN[parameter.value] .. ")" or "")
    words[#words] = words[#words] .. ", in the " .. parameter.place
    if parameter.wire then words[#words] = words[#words] .. " as " .. parameter.wire end
    words[#words] = words[#words] .. "."
    words[#words + 1] = parameter.about .. "."
    if parameter.values then
        words[#words + 1] = "Known values: " .. table.concat(parameter.values, ", ") .. "."
    end
    words[#words + 1] = "[" .. parameter.standing .. "]"
    marks[parameter.standing] = true
    return table.concat(words, " ")
end

local function add_parameters(lines, operation, marks)
    paragraph(lines, "Parameters", #operation.parameters == 0 and "none" or nil)
    for _, parameter in ipairs(operation.parameters) do
        entry(lines, parameter.name, parameter_text(operation, parameter, marks))
    end
    if operation.one_of then
        wrap(lines, "    ", "    ", "It needs " .. table.concat(operation.one_of, " or ") .. ".")
    end
    if operation.open then
        wrap(lines, "    ", "    ", "Any other name is a field of the body: NAME=VALUE a string, NAME:=JSON any JSON.")
    end
    if operation.takes_body then wrap(lines, "    ", "    ", "--input FILE gives the whole body as JSON.") end
end

local function add_answer(lines, operation)
    paragraph(lines, "Answer", operation.answer)
    if operation.list then
        wrap(lines, "    ", "    ", operation.paged and "--all follows the pages and prints what they list, one a line."
            or "--all prints what it lists, one a line.")
    end
    if not operation.fields then return end
    paragraph(lines, ("Fields of %s (?: not always there)"):format(operation.object))
    for _, field in ipairs(operation.fields) do
        local about = field.about and ": " .. field.about or ""
        entry(lines, field.name .. (field.optional and "?" or ""), field.type:gsub("^enum%.", "") .. about)
    end
end

local function add_failures(lines, operation, marks)
    paragraph(lines, "How it can fail")
    for _, failure in ipairs(operation.failures) do
        entry(lines, tostring(failure.status), ("%s [%s]"):format(failure.cause, failure.standing))
        marks[failure.standing] = true
    end
end

local function add_sources(lines, operation, marks)
    paragraph(lines, "Who says so")
    for _, mark in ipairs { "sdk", "docs", "seen", "assumed" } do
        if marks[mark] then entry(lines, "[" .. mark .. "]", operation.sources[mark]) end
    end
end

--- The text, without a line end behind it.
function operation_help.text(operation)
    local marks = { [operation.standing] = true }
    local lines = {}
    wrap(lines, "", "    ", operation.name .. ": " .. operation.summary)
    lines[#lines + 1] = ""
    lines[#lines + 1] = ("    %s %s  [%s]"):format(operation.method, operation.path, operation.standing)
    if operation.standing == "seen" then lines[#lines + 1] = "    " .. operation.sources.seen end
    if #operation.also > 0 then lines[#lines + 1] = "    also called " .. table.concat(operation.also, ", ") end
    paragraph(lines, "Example")
    lines[#lines + 1] = "    " .. operation.example
    add_parameters(lines, operation, marks)
    paragraph(lines, "Body", operation.body)
    add_answer(lines, operation)
    if operation.note then paragraph(lines, "Note", operation.note) end
    paragraph(lines, "When it is not clear whether the server did it", operation.unclear)
    add_failures(lines, operation, marks)
    add_sources(lines, operation, marks)
    return table.concat(lines, "\n")
end

return operation_help
