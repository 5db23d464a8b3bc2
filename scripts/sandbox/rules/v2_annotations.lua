--[[
sandbox.rules.v2_annotations - one annotation: of a completed chat task, or one that was seeded. It is shown with all
its details.
--]]

local threads = require "scaleapi.sandbox.threads"
local v2 = require "scaleapi.sandbox.v2"
local wire = require "scaleapi.sandbox.wire"

local function get(c)
    local id = v2.needed(v2.from_query(c), "annotation_id")
    local seeded = c.account.annotations[id]
    return seeded and seeded.json or threads.annotation(c.account, id)
        or wire.refuse(404, "Annotation with that id not found.")
end

return { { "GET", "/v2/annotation", get, query = { "annotation_id" } } }
