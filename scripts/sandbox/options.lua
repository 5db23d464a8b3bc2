--[[
sandbox.options - what a sandbox can be told, checked: as a table, or as the text of SCALE_API_URL=sandbox:TEXT. The
settings of faults are among them; those can also be told while it runs.
--]]

local json = require("scaleapi").json
local assumptions = require "scaleapi.sandbox.assumptions"
local targets = require "scaleapi.sandbox.targets"
local unknown = require "scaleapi.sandbox.spelling"

local function number(least, most, what, more)
    local kind = { type = "number", least = least, most = most, what = what }
    for name, value in pairs(more or {}) do kind[name] = value end
    return kind
end

local RATE = number(0, 1, "a number from 0 to 1", { fault = true })
local SECONDS = "a number of seconds, 0 or more"

local KINDS = {
    complete_after = number(0, 1000000, SECONDS),
    seed = number(math.mininteger, math.maxinteger, "an integer", { integer = true }),
    port = number(0, 65535, "an integer from 0 to 65535", { integer = true }),
    max_connections = number(1, 1000000, "an integer, 1 or more", { integer = true }),
    state = { type = "string", what = "the name of a file" },
    callbacks = { type = "string", pattern = "^%l+$", one_of = { loopback = true, any = true, none = true },
        what = "loopback, any or none" },
    callback_auth_key = { type = "string", pattern = "^%g+$", what = "a text without spaces" },
    callback_retry_base = number(0, 1000000, SECONDS),
    latency = number(0, 1000000, SECONDS, { fault = true }),
    fail_rate = RATE, lost_answer_rate = RATE, drop_rate = RATE, garbage_rate = RATE,
    rate_limit = number(0.001, 1000000, "a number of requests a second, more than 0", { fault = true }),
    retry_after = number(0, 1000000, "a whole number of seconds", { fault = true, integer = true }),
    retry_after_date = { type = "boolean", what = "true or false", fault = true },
}

-- In a table alone; in a text, `assume` and `target` stand for one each.
local OTHERS = { quiet = true, assume = true, clock = true, targets = true }

local options = {}

-- Spelled as in a text.
local function shown(name)
    return (tostring(name):gsub("_", "-"))
end

local function names_of(is_wanted, spell)
    local names = {}
    for name, kind in pairs(KINDS) do
        if is_wanted(kind) then table.insert(names, spell(name)) end
    end
    return names
end

-- `spell` is how names are written: as in a text, or as in a table (tostring).
local function all_names(spell, ...)
    local names = names_of(function() return true end, spell)
    table.move({ ... }, 1, select("#", ...), #names + 1, names)
    table.sort(names)
    return names
end

local function check_value(name, value, spell)
    local kind = KINDS[name]
    local fits = type(value) == kind.type and value ~= ""
    if fits and kind.type == "number" then
        local exact = kind.integer and math.tointeger(value) or not kind.integer and value
        fits = exact and value == value and value >= kind.least and value <= kind.most
        if fits then value = exact end
    end
    if fits and kind.pattern then fits = value:find(kind.pattern) and (not kind.one_of or kind.one_of[value]) end
    if not fits then
        return nil, ("sandbox option %s must be %s, not %s"):format(spell(name), kind.what, tostring(value))
    end
    return value
end

-- A checked copy of the table; or nil and what is wrong, in words with names spelled so.
local function check(given, spell)
    local checked = {}
    for name, value in pairs(given) do
        local problem
        if KINDS[name] then
            checked[name], problem = check_value(name, value, spell)
        elseif name == "targets" then
            checked[name], problem = targets.check(value)
        elseif OTHERS[name] then
            checked[name] = value
            if name == "assume" then problem = select(2, assumptions.complete(value)) end
        else
            problem = unknown("sandbox option", spell(name), all_names(spell, "assume", "targets"))
        end
        if problem then return nil, problem end
    end
    return checked
end

--- A checked copy of the table; or nil and what is wrong.
function options.check(given)
    return check(given, tostring)
end

--- What of checked options shapes a world: seed, complete_after, and assume with all that there are.
function options.shape_of(checked)
    return { seed = checked.seed or 1, complete_after = checked.complete_after,
        assume = assumptions.complete(checked.assume) }
end

local function is_fault(name)
    return name == "targets" or KINDS[name] ~= nil and KINDS[name].fault == true
end

--- The settings of faults among checked options.
function options.faults_of(checked)
    local settings = {}
    for name, value in pairs(checked) do
        if is_fault(name) then settings[name] = value end
    end
    return settings
end

local function fault_names()
    local names = names_of(function(kind) return kind.fault end, tostring)
    table.insert(names, "targets")
    table.sort(names)
    return names
end

--- The same for a table that holds settings of faults and nothing else.
function options.check_faults(given)
    for name in pairs(given) do
        if not is_fault(name) then return nil, unknown("fault", name, fault_names()) end
    end
    return options.check(given)
end

-- -------------------------------------------------------------------- texts

local function add_assumption(given, value)
    local name, chosen = assumptions.parse(value)
    if not name then return chosen end
    given.assume = given.assume or {}
    if given.assume[name] ~= nil then return ("assumption %s is given twice"):format(name) end
    given.assume[name] = chosen
end

local function add_target(given, value)
    local ok, target = pcall(json.decode, value)
    if not ok then return ("a target must be a JSON object, not '%s'"):format(value) end
    given.targets = given.targets or {}
    table.insert(given.targets, target)
end

local VALUES = { ["true"] = true, ["false"] = false }

-- Puts one NAME=VALUE into `given`. Returns what is wrong with it.
local function add(given, name, value)
    if name == "assume" then return add_assumption(given, value) end
    if name == "target" then return add_target(given, value) end
    if not KINDS[name] then return unknown("sandbox option", shown(name), all_names(shown, "assume", "target")) end
    if given[name] ~= nil then return ("sandbox option %s is given twice"):format(shown(name)) end
    if KINDS[name].type == "number" then
        value = tonumber(value) or value
    elseif VALUES[value] ~= nil and KINDS[name].type == "boolean" then
        value = VALUES[value]
    end
    given[name] = value
end

--- Reads texts "NAME=VALUE", in which a name's - stands for _. Returns a checked table; or nil and what is wrong.
function options.parse_list(texts)
    local given = {}
    for _, text in ipairs(texts) do
        local name, value = text:match "^%s*([%w_%-]+)%s*=%s*(.-)%s*$"
        if not name then return nil, ("sandbox options are written NAME=VALUE, not '%s'"):format(text) end
        local problem = add(given, name:gsub("-", "_"), value)
        if problem then return nil, problem end
    end
    return check(given, shown)
end

--- Reads "complete-after=2,latency=0.05" likewise. A comma inside braces separates nothing.
function options.parse(text)
    local texts = {}
    local guarded = text:gsub("%b{}", function(inner) return (inner:gsub(",", "\0")) end)
    for each in guarded:gmatch "[^,]+" do table.insert(texts, (each:gsub("%z", ","))) end
    return options.parse_list(texts)
end

return options
