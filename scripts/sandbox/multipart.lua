--[[
sandbox.multipart - takes a multipart/form-data body apart (RFC 7578). The bytes of a part stay what they are.
--]]

local wire = require "scaleapi.sandbox.wire"

local multipart = {}

-- A parameter of a header: name="value" or name=value. Inside quotes, \" and \\ are escapes of old, %22 of new.
local function parameter(header, name)
    local quoted = header:match('[; ]' .. name .. '="(.-[^\\])"') or header:match('[; ]' .. name .. '=""') and ""
    if quoted then return (quoted:gsub('\\(["\\])', "%1"):gsub("%%22", '"')) end
    return header:match("[; ]" .. name .. "=([^;%s\"]+)")
end

-- filename*=UTF-8''a%20b
local function extended_parameter(header, name)
    local value = header:match("[; ]" .. name .. "%*=[%w%-]*'[^']*'([^;%s]+)")
    return value and wire.unescape(value)
end

-- { name=, filename=, type=, data= } of one part; nil if it is none.
local function read_part(body, first, last)
    local head_end, data_start = body:find("\r\n\r\n", first - 2, true)
    if not head_end or data_start > last then return nil end
    local part = { data = body:sub(data_start + 1, last) }
    for line in body:sub(first, head_end - 1):gmatch "[^\r\n]+" do
        local name, value = line:match "^([%w%-]+):%s*(.-)%s*$"
        if name and name:lower() == "content-disposition" then
            part.name = parameter(value, "name")
            part.filename = extended_parameter(value, "filename") or parameter(value, "filename")
        elseif name and name:lower() == "content-type" then
            part.type = value
        end
    end
    return part.name and part
end

--- The parts of a body, an array of { name, filename, type, data }; nil if it is not in that form.
function multipart.parse(content_type, body)
    if not (content_type or ""):lower():find "^multipart/form%-data" then return nil end
    local boundary = parameter(content_type, "boundary")
    if not boundary or boundary == "" then return nil end
    local mark, parts = "--" .. boundary, {}
    local _, at = body:find(mark, 1, true)
    while at do
        if body:sub(at + 1, at + 2) == "--" then return parts end
        local line_end = select(2, body:find("^[ \t]*\r\n", at + 1))
        local next_mark, next_at = body:find("\r\n" .. mark, line_end and line_end - 1 or at, true)
        if not line_end or not next_mark then return nil end
        local part = read_part(body, line_end + 1, next_mark - 1)
        if not part then return nil end
        parts[#parts + 1] = part
        at = next_at
    end
    return nil
end

return multipart
