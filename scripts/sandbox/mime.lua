--[[
sandbox.mime - guesses what a file is: by its first bytes, else by its name.
--]]

local STARTS = {
    { "\137PNG\r\n\26\n", "image/png" }, { "\255\216\255", "image/jpeg" }, { "GIF8", "image/gif" },
    { "%PDF-", "application/pdf" }, { "BM", "image/bmp" }, { "II*\0", "image/tiff" }, { "MM\0*", "image/tiff" },
    { "\26\69\223\163", "video/webm" }, { "OggS", "video/ogg" }, { "ID3", "audio/mpeg" }, { "fLaC", "audio/flac" },
    { "PK\3\4", "application/zip" }, { "\31\139", "application/gzip" },
}

local ENDINGS = {
    png = "image/png", jpg = "image/jpeg", jpeg = "image/jpeg", gif = "image/gif", webp = "image/webp",
    bmp = "image/bmp", tif = "image/tiff", tiff = "image/tiff", svg = "image/svg+xml", pdf = "application/pdf",
    mp4 = "video/mp4", mov = "video/quicktime", webm = "video/webm", ogg = "video/ogg", avi = "video/x-msvideo",
    mp3 = "audio/mpeg", wav = "audio/wav", flac = "audio/flac", txt = "text/plain", csv = "text/csv",
    html = "text/html", htm = "text/html", json = "application/json", jsonl = "application/jsonl",
    xml = "application/xml", zip = "application/zip", gz = "application/gzip", md = "text/markdown",
}

--- The media type of a file with this name and (if they are known) these bytes.
return function(name, data)
    data = data or ""
    for _, start in ipairs(STARTS) do
        if data:sub(1, #start[1]) == start[1] then return start[2] end
    end
    if data:sub(1, 4) == "RIFF" then
        local form = data:sub(9, 12)
        if form == "WEBP" then return "image/webp" elseif form == "WAVE" then return "audio/wav" end
    elseif data:sub(5, 8) == "ftyp" then
        return "video/mp4"
    end
    return ENDINGS[(name:match "%.(%w+)$" or ""):lower()] or "application/octet-stream"
end
