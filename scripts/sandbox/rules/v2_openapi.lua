--[[
sandbox.rules.v2_openapi - the second API described to programs (OpenAPI 3.0), from the rows of its rules: what can be
asked, and by which keys. It says of answers only that they are JSON.
--]]

local scaleapi = require "scaleapi"

local json = scaleapi.json

local RULES = { "tasks", "batches", "projects", "annotations", "deliveries", "datasets" }

local LIST = { type = "array", items = { type = "string" } }
local SCHEMAS = {
    expand = LIST, opts = LIST,
    limit = { type = "integer", minimum = 1, maximum = 100, default = 100 },
}

local function schema_of(name)
    if name:find "_after$" or name:find "_before$" then return { type = "string", format = "date-time" } end
    return SCHEMAS[name] or { type = "string" }
end

local function parameters_of(path, query)
    local parameters = json.array()
    for name in path:gmatch "{(.-)}" do
        table.insert(parameters, { name = name, ["in"] = "path", required = true, schema = { type = "string" } })
    end
    for _, name in ipairs(query or {}) do
        table.insert(parameters, { name = name, ["in"] = "query", schema = schema_of(name) })
    end
    return parameters
end

local function response(description)
    return { description = description, content = { ["application/json"] = { schema = { type = "object" } } } }
end

local function operation_of(row)
    local method, path = row[1], row[2]
    return {
        operationId = method:lower() .. path:gsub("/v2", ""):gsub("[{}]", ""):gsub("/", "_"),
        parameters = parameters_of(path, row.query),
        requestBody = method == "POST" and response "The members of the request." or nil,
        responses = {
            ["200"] = response "Done.", ["400"] = response "A parameter is missing or wrong.",
            ["401"] = response "No valid API key.", ["404"] = response "No such thing.",
        },
    }
end

local function describe()
    local paths = {}
    for _, name in ipairs(RULES) do
        for _, row in ipairs(require("scaleapi.sandbox.rules.v2_" .. name)) do
            paths[row[2]] = paths[row[2]] or {}
            paths[row[2]][row[1]:lower()] = operation_of(row)
        end
    end
    return json.encode {
        openapi = "3.0.3",
        info = { title = "The second API of the sandbox", version = scaleapi.version },
        paths = paths,
        components = { securitySchemes = { bearer = { type = "http", scheme = "bearer" },
            basic = { type = "http", scheme = "basic" } } },
        security = json.array { { bearer = json.array() }, { basic = json.array() } },
    }
end

local described

local function get()
    described = described or describe()
    return described
end

return { { "GET", "/v2/openapi", get } }
