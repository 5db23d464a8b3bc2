--[[
sandbox.options - what a sandbox can be told, checked: as a table, or as the text of SCALE_API_URL=sandbox:TEXT.
--]]

local RATE = { least = 0, most = 1, what = "a number from 0 to 1" }
local SECONDS = { least = 0, most = 1000000, what = "a number of seconds, 0 or more" }

local KINDS = {
    complete_after = SECONDS, latency = SECONDS,
    fail_rate = RATE, lost_answer_rate = RATE, drop_rate = RATE,
    seed = { least = math.mininteger, most = math.maxinteger, integer = true, what = "an integer" },
    port = { least = 0, most = 65535, integer = true, what = "an integer from 0 to 65535" },
    callbacks = { text = true, pattern = "^%l+$", one_of = { loopback = true, any = true, none = true },
        what = "loopback, any or none" },
    callback_auth_key = { text = true, pattern = "^%g+$", what = "a text without spaces" },
    callback_retry_base = SECONDS,
}
local OTHERS = { quiet = true, assume = true, clock = true } -- in a table alone

local options = {}

-- Spelled as in a text.
local function shown(name)
    return (tostring(name):gsub("_", "-"))
end

local function known()
    local names = {}
    for name in pairs(KINDS) do table.insert(names, shown(name)) end
    table.sort(names)
    return table.concat(names, ", ")
end

local function check_number(name, value)
    local kind = KINDS[name]
    local number = kind.integer and math.tointeger(value) or not kind.integer and tonumber(value)
    if type(value) ~= "number" or not number or number ~= number or number < kind.least or number > kind.most then
        return nil, ("sandbox option %s must be %s, not %s"):format(shown(name), kind.what, tostring(value))
    end
    return number
end

local function check_text(name, value)
    local kind = KINDS[name]
    if type(value) ~= "string" or not value:find(kind.pattern) or kind.one_of and not kind.one_of[value] then
        return nil, ("sandbox option %s must be %s, not %s"):format(shown(name), kind.what, tostring(value))
    end
    return value
end

--- A checked copy of the table; or nil and what is wrong.
function options.check(given)
    local checked = {}
    for name, value in pairs(given) do
        if KINDS[name] then
            local fine, problem = (KINDS[name].text and check_text or check_number)(name, value)
            if problem then return nil, problem end
            checked[name] = fine
        elseif OTHERS[name] then
            checked[name] = value
        else
            return nil, ("unknown sandbox option '%s'; there are %s"):format(shown(name), known())
        end
    end
    return checked
end

--- Reads "complete-after=2,latency=0.05". Returns a checked table; or nil and what is wrong.
function options.parse(text)
    local given = {}
    for each in text:gmatch "[^,]+" do
        local name, value = each:match "^%s*([%w_%-]+)%s*=%s*(.-)%s*$"
        if not name then return nil, ("sandbox options are written NAME=VALUE, not '%s'"):format(each) end
        name = name:gsub("-", "_")
        if not KINDS[name] then
            return nil, ("unknown sandbox option '%s'; there are %s"):format(shown(name), known())
        elseif given[name] ~= nil then
            return nil, ("sandbox option %s is given twice"):format(shown(name))
        end
        given[name] = not KINDS[name].text and tonumber(value) or value
    end
    return options.check(given)
end

return options
