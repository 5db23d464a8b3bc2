--[[
sandbox.spelling - says that a name is unknown, and which was probably meant.
--]]

local suggest = require("scaleapi").suggest

--- "unknown option 'a'; did you mean 'b'?", or the names that there are if none is near. `names` is sorted.
return function(what, name, names)
    name = tostring(name)
    local meant = suggest(name, names)
    return ("unknown %s '%s'; "):format(what, name)
        .. (meant and ("did you mean '%s'?"):format(meant) or "there are " .. table.concat(names, ", "))
end
