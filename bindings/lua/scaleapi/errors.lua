--[[
scaleapi.errors - the object that a failed call raises.

Fields: kind, message, operation, code (HTTP status; nil when the server did not speak), attempts, retriable,
unclear (the server may have done what was asked), retry_after (seconds, nil), where (the caller's position).
--]]

local metatable_of = require("scaleapi.core").metatable_of

local errors = {}

-- Out of reach: scripts that are not trusted have errors too.
local Error = { __name = "scaleapi.Error", __metatable = false }

--- One readable line: "get_task: 404 not_found: Task with that ID not found."
function Error:__tostring()
    local parts = {}
    if self.operation then table.insert(parts, self.operation .. ": ") end
    if self.code then table.insert(parts, self.code .. " ") end
    table.insert(parts, self.kind .. ": " .. tostring(self.message))
    if (self.attempts or 0) > 1 then table.insert(parts, " (after " .. self.attempts .. " attempts)") end
    return table.concat(parts)
end

--- Makes an error object of a table of its fields, which may be one already.
function errors.new(fields)
    if metatable_of(fields) == Error then return fields end
    return setmetatable(fields, Error)
end

--- True if `value` is an error object of ours, and of that kind if one is given.
function errors.is_error(value, kind)
    return metatable_of(value) == Error and (kind == nil or value.kind == kind)
end

--- What a pcall inside the module caught, as text. A Ctrl-C is not for the module to catch: it goes on its way.
function errors.caught(message)
    if type(message) == "string" and message:find "interrupted!$" then error(message, 0) end
    return tostring(message)
end

--- A message without the place of ours that stands before it.
function errors.without_place(message)
    return (message:gsub("^[^\n]-:%d+: ", ""))
end

--- Raises it as if from the function `level` steps up (1: the caller of this one's caller).
function errors.raise(fields, level)
    local info = debug.getinfo(level + 1, "Sl")
    if info and info.currentline > 0 then fields.where = info.short_src .. ":" .. info.currentline end
    error(errors.new(fields), 0)
end

return errors
