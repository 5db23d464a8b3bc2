--[[
scripts.lib.template - a JSON text with places for the cells of a table, and the JSON that it becomes with a row's.

    "{city}"         the cell: a number, true or false stays one, anything else is text; an empty one is an error
    "{city?}"        an empty cell leaves the key, or the element, out
    "{city|none}"    an empty cell counts as what stands behind the bar; {city|null} is null, {city|} an empty text
    "{city:text}"    always text; {city:json} is JSON that stands in the cell
    "{city}, {state?}"   inside a longer text a cell is text
    "{{" "}}"        a brace of its own

A column is found by its name as the header has it. It knows nothing of files and of what is done with the JSON.
--]]

local scaleapi = require "scaleapi"

local json = scaleapi.json

local template = {}

local byte, find, sub, concat = string.byte, string.find, string.sub, table.concat
local ZERO, NINE, MINUS = byte "0", byte "9", byte "-"

local KINDS = { [""] = "any", [":text"] = "text", [":json"] = "json" }
local BOOLEANS = {
    ["true"] = "true", TRUE = "true", True = "true", ["false"] = "false", FALSE = "false", False = "false",
}
local IS_TEXT = { ["/unique_id"] = true } -- where the API takes nothing else
local MOST_NAMED = 20 -- columns, when none is near

-- -------------------------------------------------------------------- cells

-- The text as it stands between quotes; or nil and what is wrong with it.
local function escape(text)
    if not find(text, '[%c"\\\127-\255]') then return text end
    if not utf8.len(text) then return nil, "is not UTF-8" end
    return sub(json.encode(text), 2, -2)
end

local function quote(text)
    local escaped, problem = escape(text)
    if not escaped then return nil, problem end
    return '"' .. escaped .. '"'
end

-- Whether it is a number as JSON writes them. Where there is an exponent it has a sign, as programs write it: 0E0 is a
-- code.
local function is_number(text)
    local first = byte(text)
    if (first < ZERO or first > NINE) and first ~= MINUS then return false end
    local digits = text:match "^(.-)[eE][+-]%d+$" or text
    if digits:find "^%-?0%d" then return false end
    return digits:find "^%-?%d+$" ~= nil or digits:find "^%-?%d+%.%d+$" ~= nil
end

-- What stays as it is written, as JSON; or nil.
local function literal_of(text)
    return BOOLEANS[text] or is_number(text) and text or nil
end

-- JSON in a cell is one line then, as what is sent is.
local function compact(text)
    return (text:gsub("[\r\n]", " "))
end

-- By kind: a function(text, place) that makes JSON of a cell that is not empty; or nil and what is wrong with it.
local MAKE = {
    any = function(text, place)
        local literal = literal_of(text)
        if literal then
            place.literals = place.literals + 1
            return literal
        end
        place.texts = place.texts + 1
        return quote(text)
    end,
    text = quote,
    json = function(text)
        local ok, why = json.check(text)
        if not ok then return nil, "does not hold JSON: " .. why end
        return compact(text)
    end,
}

-- -------------------------------------------------------------------- places

-- "text?" behind a column's name: the kind of the place, and what an empty cell counts as (false: it is left out; nil:
-- it is an error); or nothing.
local function read_ending(text)
    local kind, rest = text:match "^(:?%a*)(.*)$"
    if kind:sub(1, 1) ~= ":" then kind, rest = "", text end
    if not KINDS[kind] then return nil end
    if rest == "" then return KINDS[kind], nil end
    if rest == "?" then return KINDS[kind], false end
    if rest:sub(1, 1) == "|" then return KINDS[kind], rest:sub(2) end
end

local function unknown_column(name, columns)
    for _, each in ipairs(columns) do
        if each:match "^%s*(.-)%s*$":lower() == name:match "^%s*(.-)%s*$":lower() then
            return ("there is no column '%s', but one '%s': write it as the header does"):format(name, each)
        end
    end
    local meant = scaleapi.suggest(name, columns)
    if meant then return ("there is no column '%s'; did you mean '%s'?"):format(name, meant) end
    local named = { table.unpack(columns, 1, MOST_NAMED) }
    return ("there is no column '%s'; there are %s%s"):format(name, table.concat(named, ", "),
        #columns > MOST_NAMED and ", …" or "")
end

-- The place that is written so between braces; or nil and what is wrong. Names are looked for from the longest on, so
-- that one may end as a place can.
local function read_place(text, columns)
    for length = #text, 1, -1 do
        local name = text:sub(1, length)
        local index = columns.index[name]
        if index then
            local kind, instead = read_ending(text:sub(length + 1))
            if kind and columns.twice[name] then return nil, ("two columns are called '%s'"):format(name) end
            if kind then
                return { name = name, index = index, kind = kind, instead = instead, literals = 0, texts = 0 }
            end
        end
    end
    local name, ending = text:match "^(.-)(:%a*)[?|]?.*$"
    if name and columns.index[name] then
        return nil, ("'%s' behind a column is neither :text nor :json"):format(ending)
    end
    return nil, unknown_column((text:gsub("|.*$", ""):gsub("%?$", ""):gsub(":%a*$", "")), columns)
end

-- The text as its pieces: strings, and places; or nil and what is wrong.
local function split(text, columns)
    local pieces, at = {}, 1
    while true do
        local brace = text:find("[{}]", at)
        pieces[#pieces + 1] = text:sub(at, (brace or 0) - 1)
        if not brace then return pieces end
        local character = text:sub(brace, brace)
        if text:sub(brace + 1, brace + 1) == character then
            pieces[#pieces + 1], at = character, brace + 2
        else
            local stop = character == "{" and text:find("}", brace, true)
            if not stop then
                return nil, ("a single %s; write %s for the character"):format(character, character:rep(2))
            end
            local place, problem = read_place(text:sub(brace + 1, stop - 1), columns)
            if not place then return nil, problem end
            pieces[#pieces + 1], at = place, stop + 1
        end
    end
end

local function without_empty(pieces)
    local list = {}
    for _, piece in ipairs(pieces) do
        if piece ~= "" then list[#list + 1] = piece end
    end
    return list
end

-- --------------------------------------------------------------------- nodes
-- A node is a list of what its JSON consists of: texts, and functions(record) that return a text, or nil and what is
-- wrong with a cell. One that is `optional` has but one function, which may return false: it is left out.

local function problem_of(place, what)
    return ("column '%s' %s"):format(place.name, what)
end

local function empty_cell(place)
    local name = place.name
    return problem_of(place, ("is empty ({%s?} would leave it out, {%s|null} give null)"):format(name, name))
end

-- A function(record) that gives make(cell, place), or `instead` of an empty cell.
local function reader(place, make, instead)
    local index = place.index
    return function(record)
        local cell = record[index]
        if cell == "" then
            if instead == nil then return nil, empty_cell(place) end
            return instead
        end
        local made, problem = make(cell, place)
        if not made then return nil, problem_of(place, problem) end
        return made
    end
end

-- What an empty cell gives: JSON, false for nothing, or nil for an error.
local function instead_of(place)
    local instead = place.instead
    if not instead then return instead end
    if instead == "null" then return "null" end
    if place.kind == "text" or instead == "" and place.kind == "any" then return quote(instead) end
    if place.kind == "any" then return literal_of(instead) or quote(instead) end
    local made, why = MAKE.json(instead)
    if not made then error("what stands behind the bar " .. why, 0) end
    return made
end

local function whole_place(place)
    return { reader(place, MAKE[place.kind], instead_of(place)), optional = place.instead == false }
end

local function part_of_text(place)
    if place.kind == "json" then error(("{%s:json} cannot stand in a longer text"):format(place.name), 0) end
    if place.instead == "null" then error(("{%s|null} cannot stand in a longer text"):format(place.name), 0) end
    local instead = place.instead
    return reader(place, escape, instead and escape(instead) or instead == false and "" or nil)
end

local function longer_text(pieces)
    local node = { '"' }
    for _, piece in ipairs(pieces) do
        node[#node + 1] = type(piece) == "string" and escape(piece) or part_of_text(piece)
    end
    node[#node + 1] = '"'
    return node
end

-- The node with neighbouring texts in one.
local function join(node)
    local joined = {}
    for _, part in ipairs(node) do
        local last = joined[#joined]
        if type(part) == "string" and type(last) == "string" then
            joined[#joined] = last .. part
        else
            joined[#joined + 1] = part
        end
    end
    return joined
end

-- The node as one function(record), or as the text that it always is.
local function to_function(node)
    local parts, calls = join(node), {}
    for i, part in ipairs(parts) do
        if type(part) == "function" then calls[#calls + 1] = { i, part } end
    end
    if #calls == 0 then return parts[1] end
    if #parts == 1 then return parts[1] end
    local texts = { table.unpack(parts) }
    return function(record)
        for i = 1, #calls do
            local call = calls[i]
            local text, problem = call[2](record)
            if not text then return text, problem end
            texts[call[1]] = text
        end
        return concat(texts)
    end
end

-- A key, in which braces mean the same, but which is the same for all rows.
local function key_of(key, state)
    local pieces, problem = split(key, state.columns)
    if not pieces then error(problem, 0) end
    for _, piece in ipairs(pieces) do
        if type(piece) == "table" then error("a key cannot have a place for a cell in it", 0) end
    end
    return json.encode(table.concat(pieces))
end

local function string_node(raw, pointer, state)
    local pieces, problem = split(json.decode(raw), state.columns)
    if not pieces then error(problem, 0) end
    pieces = without_empty(pieces)
    local first = pieces[1]
    if #pieces > 1 or type(first) ~= "table" then return longer_text(pieces) end
    if first.kind == "any" and IS_TEXT[pointer] then first.kind = "text" end
    table.insert(state.places, first)
    return whole_place(first)
end

-- Members of an object, or elements, of which some may be left out: each is { text in front, node }.
local function changing_sequence(parts)
    local calls, texts = {}, {}
    for i, part in ipairs(parts) do calls[i] = { part[1], to_function(part[2]) } end
    return function(record)
        local count = 0
        for i = 1, #calls do
            local call = calls[i]
            local text, problem = call[2], nil
            if type(text) == "function" then text, problem = text(record) end
            if text == nil then return nil, problem end
            if text then
                texts[count + 1], texts[count + 2], texts[count + 3] = count > 0 and "," or "", call[1], text
                count = count + 3
            end
        end
        return concat(texts, "", 1, count)
    end
end

local function sequence(opening, parts, closing)
    local node, is_fixed = { opening }, true
    for i, part in ipairs(parts) do
        if i > 1 then node[#node + 1] = "," end
        node[#node + 1] = part[1]
        table.move(part[2], 1, #part[2], #node + 1, node)
        if part[2].optional then is_fixed = false end
    end
    if not is_fixed then return { opening, changing_sequence(parts), closing } end
    node[#node + 1] = closing
    return node
end

local node_of

-- The node of a value of an object or array; what is wrong with it is noted, and then any node does.
local function child(raw, pointer, state)
    local ok, node = pcall(node_of, raw, pointer, state)
    if ok then return node end
    if type(node) ~= "string" then error(node, 0) end
    table.insert(state.problems, ("%s: %s"):format(pointer, node))
    return { "" }
end

local function object_node(raw, pointer, state)
    local names, values = json.members(raw)
    local parts, seen = {}, {}
    for i, name in ipairs(names) do
        local place = pointer .. "/" .. name:gsub("~", "~0"):gsub("/", "~1")
        if seen[name] then table.insert(state.problems, place .. ": this key stands there twice") end
        seen[name] = true
        local ok, key = pcall(key_of, name, state)
        if not ok then table.insert(state.problems, ("%s: %s"):format(place, key)) end
        parts[i] = { (ok and key or "") .. ":", child(values[i], place, state) }
    end
    return sequence("{", parts, "}")
end

local function array_node(raw, pointer, state)
    local parts = {}
    for i, element in ipairs(json.elements(raw)) do
        parts[i] = { "", child(element, pointer .. "/" .. i - 1, state) }
    end
    return sequence("[", parts, "]")
end

function node_of(raw, pointer, state)
    local kind = json.type(raw)
    if kind == "object" then return object_node(raw, pointer, state) end
    if kind == "array" then return array_node(raw, pointer, state) end
    if kind == "string" then return string_node(raw, pointer, state) end
    return { raw }
end

-- ------------------------------------------------------------------ template

local function columns_of(names)
    local columns = { index = {}, twice = {}, table.unpack(names) }
    for i, name in ipairs(names) do
        if columns.index[name] then columns.twice[name] = true else columns.index[name] = i end
    end
    return columns
end

local function check(text)
    local ok, why = json.check(text)
    if not ok then return nil, why end
    local kind = json.type(text)
    if kind ~= "object" then return nil, ("a template is a JSON object, not %s"):format(kind) end
    return true
end

--- Reads a template for a table with these columns. Returns build(record), which makes one line of JSON of a record,
--- an array of the cells, or returns nil and what is wrong with a cell; and the places that take a cell as it is, each
--- with its `name` and how many cells were `literals` (numbers, true and false) and `texts` so far. Or nil and an array
--- of what is wrong with the template.
function template.compile(text, names)
    local ok, why = check(text)
    if not ok then return nil, { why } end
    local state = { columns = columns_of(names), places = {}, problems = {} }
    local build = to_function(child(text, "", state))
    if #state.problems > 0 then return nil, state.problems end
    if type(build) == "string" then
        return nil, { ("there is no place for a cell in it, such as {%s}"):format(names[1]) }
    end
    local mixing = {}
    for _, place in ipairs(state.places) do
        if place.kind == "any" then mixing[#mixing + 1] = place end
    end
    return build, mixing
end

return template
