--[[
sandbox.router - finds the rule of a request: { method, path, rule } rows, as a tree by segments of the path.

A path is split before it is decoded, so that a name with a %2F in it stays one segment. A {parameter} takes any
segment that is not empty; literal segments go before it.
--]]

local wire = require "scaleapi.sandbox.wire"

local router = {}

local function new_node()
    return { literals = {}, parameter = nil, rules = {} }
end

local function insert(node, row)
    local method, path, rule = table.unpack(row)
    for segment in path:gmatch "[^/]+" do
        if segment:find "^{" then
            node.parameter = node.parameter or new_node()
            node = node.parameter
        else
            node.literals[segment] = node.literals[segment] or new_node()
            node = node.literals[segment]
        end
    end
    assert(not node.rules[method], "two rules for " .. method .. " " .. path)
    node.rules[method] = rule
end

--- A tree of the rows in these arrays.
function router.new(...)
    local root = new_node()
    for _, rows in ipairs { ... } do
        for _, row in ipairs(rows) do insert(root, row) end
    end
    return root
end

-- The rule behind the segment that begins after the slash at `slash`. Appends what parameters stand for to `values`.
local function match(node, method, path, slash, values)
    if not slash then return node.rules[method] end
    local next_slash = path:find("/", slash + 1, true)
    local text = wire.unescape(path:sub(slash + 1, (next_slash or 0) - 1))
    local literal = node.literals[text]
    local rule = literal and match(literal, method, path, next_slash, values)
    if rule or not node.parameter or text == "" then return rule end
    values[#values + 1] = text
    rule = match(node.parameter, method, path, next_slash, values)
    if not rule then values[#values] = nil end
    return rule
end

--- The rule for method and raw path, and an array of the parameters' values; nil if there is none.
function router.find(tree, method, path)
    local values = {}
    if path:sub(1, 1) ~= "/" then return nil end
    return match(tree, method, path, 1, values), values
end

return router
