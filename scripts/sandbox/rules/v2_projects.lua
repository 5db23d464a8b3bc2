--[[
sandbox.rules.v2_projects - projects of the second API, which only reads them.
--]]

local documents = require "scaleapi.sandbox.documents_v2"
local pages = require "scaleapi.sandbox.pages"
local v2 = require "scaleapi.sandbox.v2"
local wire = require "scaleapi.sandbox.wire"

local function get(c)
    local project = v2.project(c, v2.from_query(c))
    return documents.project(nil, project or wire.refuse(400, "Provide project_id or project_name."))
end

local function list(c)
    local is_created = v2.bounds(c, "created")
    local function is_wanted(project) return is_created(project.created) end
    return '{"projects":' .. pages.render_all(c.account.projects, is_wanted, documents.project) .. "}"
end

return {
    { "GET", "/v2/project", get, query = { "project_id", "project_name" } },
    { "GET", "/v2/projects", list, query = { "created_after", "created_before" } },
}
