--[[
sandbox.garbage - answers that no client should take for what they pretend to be, by name.
--]]

local JSON = { ["Content-Type"] = "application/json" }
local HTML = { ["Content-Type"] = "text/html" }
local GZIP = { ["Content-Type"] = "application/json", ["Content-Encoding"] = "gzip" }

local GZIP_BEGINNING = "\x1f\x8b\8\0\0\0\0\0\0\3\xab\x56"

local by_name = {}

-- Half of the document, and the connection ends: the length that was announced is that of all of it.
function by_name.cut(response)
    return { status = 200, headers = response.headers, body = response.body .. " ", cut = #response.body // 2 }
end

-- Half of the document, as if that were all.
function by_name.half(response)
    return { status = 200, headers = response.headers, body = response.body:sub(1, #response.body // 2) }
end

function by_name.html()
    return { status = 502, headers = HTML, body = "<html><head><title>502 Bad Gateway</title></head></html>\n" }
end

function by_name.empty()
    return { status = 200, headers = JSON, body = "" }
end

function by_name.array()
    return { status = 200, headers = JSON, body = "[1,2,3]" }
end

function by_name.number()
    return { status = 200, headers = JSON, body = "42" }
end

-- The beginning of something compressed that nobody asked for.
function by_name.gzip()
    return { status = 200, headers = GZIP, body = GZIP_BEGINNING }
end

local names = {}
for name in pairs(by_name) do table.insert(names, name) end
table.sort(names)

return {
    names = names,     -- sorted
    by_name = by_name, -- name -> function(response) that returns what is sent in its place
}
