--[[
sandbox.rules.files - files: upload, import, list. store.file_bytes gives what was uploaded.
--]]

local json = require("scaleapi").json
local documents = require "scaleapi.sandbox.documents"
local guess_type = require "scaleapi.sandbox.mime"
local multipart = require "scaleapi.sandbox.multipart"
local responses = require "scaleapi.sandbox.responses"
local store = require "scaleapi.sandbox.store"
local wire = require "scaleapi.sandbox.wire"

local refuse = wire.refuse

local MOST_BYTES = 80 * 1024 * 1024

-- Makes the file and answers it. `file` has what its document shows but its id and address.
local function keep(c, file, project_name)
    if project_name and not c.account.projects[project_name] then
        refuse(c.world.assume.missing_place, 'Project "%s" not found.', project_name)
    end
    if file.reference_id and c.account.references[file.reference_id] then
        refuse(409, 'File with reference_id "%s" already exists.', file.reference_id)
    end
    file.project_names = { project_name }
    file.id = store.new_uuid(c.world)
    file.url = "scaledata://" .. c.account.owner .. "/" .. file.id
    store.add_file(c.account, file)
    return documents.file(c.world, file)
end

local function metadata_of(text)
    if not text then return nil end
    if not json.check(text) or json.type(text) ~= "object" then
        wire.refuse_parameter("metadata", "must be an object")
    end
    return text
end

local function upload(c)
    local parts = multipart.parse(c.request.headers["content-type"], c.request.body)
    if not parts then refuse(400, "The request body must be multipart/form-data.") end
    local by_name = {}
    for _, part in ipairs(parts) do by_name[part.name] = part end
    local function text(name)
        local part = by_name[name]
        return part and part.data ~= "" and part.data or nil
    end
    local sent = by_name.file
    if not sent or not sent.filename then wire.refuse_parameter("file", "is required") end
    if #sent.data > MOST_BYTES then refuse(413, "File exceeds 80 MB.") end
    return keep(c, {
        bytes = sent.data, size = #sent.data, mime_type = sent.type or guess_type(sent.filename, sent.data),
        display_name = text "display_name" or sent.filename, reference_id = text "reference_id",
        metadata = metadata_of(text "metadata"),
    }, text "project_name")
end

-- Nothing is fetched: the sandbox reaches no other machine. What can be nowhere is refused as if it had tried.
local function import(c)
    local fields = wire.fields(c.request.body)
    local url = wire.needed_text(fields, "file_url")
    if not url:find "^https?://[^/]" then wire.refuse_parameter("file_url", "must be an http or https URL") end
    if responses.is_unreachable(url) then refuse(400, "The file could not be downloaded.") end
    local name = url:match "^[^?#]*":match "([^/]*)$"
    return keep(c, {
        mime_type = guess_type(name), display_name = wire.optional_text(fields, "display_name") or name,
        reference_id = wire.optional_text(fields, "reference_id"),
        metadata = wire.optional(fields, "metadata", "object"),
    }, wire.optional_text(fields, "project_name"))
end

-- --------------------------------------------------------------------- list

local function belongs(file, project_name, metadata)
    if file.project_names[1] ~= project_name then return false end
    return not metadata or file.metadata ~= nil and json.covers(file.metadata, metadata) == true
end

-- A token names the place in the list where the page before it ended.
local function read_token(c, query)
    local token = wire.last(query, "next_token") or wire.last(query, "cursor")
    if not token then return #c.account.files end
    local place = tonumber((wire.unbase64(token) or ""):match "^file:(%d+)$")
    if not place or place > #c.account.files then refuse(400, "Invalid next_token.") end
    return place - 1
end

local function list(c)
    local query = c:query()
    local project = wire.last(query, "project") or wire.refuse_parameter("project", "is required")
    local limit = wire.limit(query, c.world.assume)
    local metadata = metadata_of(wire.last(query, "metadata"))
    local docs, last, has_more = {}, nil, false
    for place = read_token(c, query), 1, -1 do
        local file = c.account.files[place]
        if belongs(file, project, metadata) then
            has_more = #docs == limit
            if has_more then break end
            docs[#docs + 1], last = documents.file(c.world, file), place
        end
    end
    local token = has_more and ',"next_token":"' .. wire.base64("file:" .. last) .. '"' or ""
    return ('{"docs":[%s],"has_more":%s%s}'):format(table.concat(docs, ","), has_more, token)
end

return {
    { "POST", "/v1/files/upload", upload },
    { "POST", "/v1/files/import", import },
    { "GET", "/v1/files", list },
}
