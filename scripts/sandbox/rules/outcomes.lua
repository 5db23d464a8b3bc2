--[[
sandbox.rules.outcomes - what comes after a task's end: its callback again, and the files of its response.
--]]

local documents = require "scaleapi.sandbox.documents"
local store = require "scaleapi.sandbox.store"
local tasks = require "scaleapi.sandbox.rules.tasks"
local wire = require "scaleapi.sandbox.wire"

local function send_callback(c, id)
    local task = tasks.find(c, id)
    if task.status ~= "completed" and task.status ~= "error" then
        wire.refuse(400, "Only tasks that are completed or in error have a callback to send.")
    end
    if not store.callback_of(task) then wire.refuse(400, "Task has no callback_url.") end
    if c.world.send_callback then c.world.send_callback(c.account, task) end -- a world without a server sends none
    return '{"success":true}'
end

-- The address in the response that has this UUID in it is where the file is.
local function response_url(c, id, uuid)
    local url = documents.response_url(tasks.find(c, id), uuid) or wire.refuse(404, "Response with that ID not found.")
    return { status = 302, headers = { Location = url } }
end

return {
    { "POST", "/v1/task/{id}/send_callback", send_callback },
    { "POST", "/v1/task/{id}/send-callback", send_callback },
    { "GET", "/v1/task/{id}/response_url/{uuid}", response_url },
}
