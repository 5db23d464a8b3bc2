--[[
sandbox.forms - forms that a JSON value can be held against. A form is a function(value, where) that refuses a decoded
value which will not do; `where` is what the value is called in the refusal, "fields[0].title". A member that is null
counts as absent, since the Python SDK sends None so, and those that nobody knows are let through.
--]]

local json = require("scaleapi").json
local wire = require "scaleapi.sandbox.wire"

local forms = {}

local refuse = wire.refuse_parameter

function forms.any() end

function forms.text(value, where)
    if type(value) ~= "string" then refuse(where, "must be a string") end
end

function forms.boolean(value, where)
    if type(value) ~= "boolean" then refuse(where, "must be a boolean") end
end

-- A number, also one in quotes: the Python SDK's tests send those. One too large for Lua is userdata.
local function number_of(value, where)
    local number = tonumber(type(value) == "userdata" and tostring(value) or value)
    if not number or type(value) == "string" and value:find "[xX]" then refuse(where, "must be a number") end
    return number
end

--- A number of `least` or more.
function forms.number(least)
    return function(value, where)
        if number_of(value, where) < (least or -math.huge) then refuse(where, ("must be %d or more"):format(least)) end
    end
end

--- An integer from `least` to `most`.
function forms.integer(least, most)
    return function(value, where)
        local number = math.tointeger(number_of(value, where))
        if not number then refuse(where, "must be an integer") end
        if number < least or number > (most or math.maxinteger) then
            refuse(where, most and ("must be between %d and %d"):format(least, most)
                or ("must be %d or more"):format(least))
        end
    end
end

--- One of these texts.
function forms.one_of(...)
    local known, list = {}, table.concat({ ... }, ", ")
    for _, each in ipairs { ... } do known[each] = true end
    return function(value, where)
        if not known[value] then refuse(where, "must be one of " .. list) end
    end
end

--- An array of elements of that form, so many at least and at most.
function forms.array(form, least, most)
    return function(value, where)
        if not json.is_array(value) then refuse(where, "must be an array") end
        if #value < (least or 0) then refuse(where, ("must have %d elements or more"):format(least)) end
        if most and #value > most then refuse(where, ("must have %d elements at most"):format(most)) end
        for i, element in ipairs(value) do form(element, ("%s[%d]"):format(where, i - 1)) end
    end
end

local function check_object(value, where)
    if type(value) ~= "table" or json.is_array(value) then refuse(where, "must be an object") end
end

-- In an order, so that the same value is always refused for the same cause.
local function sorted_names(object)
    local names = {}
    for name in pairs(object) do names[#names + 1] = name end
    table.sort(names)
    return names
end

--- An object whose members are all of that form, whatever they are called; or are called one of `known`.
function forms.map(form, known)
    return function(value, where)
        check_object(value, where)
        for _, name in ipairs(sorted_names(value)) do
            local inner = known and known[name] or not known and form
            if not inner then
                refuse(where .. "." .. name, "must be one of " .. table.concat(sorted_names(known), ", "))
            end
            inner(value[name], where .. "." .. name)
        end
    end
end

--- An object with members of these forms: { name = form }. Those in the array `needed` must be there. `also` is a
--- function(value, where) for what several members must be together.
function forms.object(members, needed, also)
    local names = sorted_names(members)
    return function(value, where)
        check_object(value, where)
        for _, name in ipairs(needed or {}) do
            if value[name] == nil or value[name] == json.null then refuse(where .. "." .. name, "is required") end
        end
        for _, name in ipairs(names) do
            local member = value[name]
            if member ~= nil and member ~= json.null then members[name](member, where .. "." .. name) end
        end
        if also then also(value, where) end
    end
end

--- Refuses a value whose member `most` is less than `least`.
function forms.ordered(least, most)
    return function(value, where)
        local low, high = tonumber(value[least]), tonumber(value[most])
        if low and high and high < low then refuse(where .. "." .. most, "must not be less than " .. least) end
    end
end

--- Holds the raw bytes of a value against a form.
function forms.check(form, raw, where)
    form(wire.decode(raw), where)
end

return forms
