-- The sandbox's rules for files: /v1/files…

local json = require("scaleapi").json
local store = require "scaleapi.sandbox.store"
local new_world = dofile "tests/spec/support/world.lua"

local PNG = "\137PNG\r\n\26\n\0\r\n--B\r\n\r\n--\0"

-- A body of parts { head, data }, as the Python SDK sends it; and its Content-Type.
local function multipart(parts, boundary)
    boundary = boundary or "226a1e95"
    local pieces = {}
    for _, part in ipairs(parts) do
        pieces[#pieces + 1] = "--" .. boundary .. "\r\nContent-Disposition: form-data; " .. part[1] .. "\r\n\r\n" .. part[2] .. "\r\n"
    end
    return table.concat(pieces) .. "--" .. boundary .. "--\r\n",
        { ["content-type"] = "multipart/form-data; boundary=" .. boundary }
end

describe("uploading a file", function()
    local world
    before_each(function()
        world = new_world()
        world:project "p"
    end)

    local function upload(...)
        return world:ok("POST /v1/files/upload", ...)
    end

    local function refused(status, ...)
        return world:refused(status, "POST /v1/files/upload", ...)
    end

    it("answers the file", function()
        local file = upload(multipart { { 'name="project_name"', "p" }, { 'name="display_name"', "My image" },
            { 'name="reference_id"', "ref" }, { 'name="metadata"', '{"a": 1.0}' },
            { 'name="file"; filename="img one.png"', PNG } })
        assert.matches("^%x+%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x+$", file.id)
        assert.equal(36, #file.id)
        assert.matches("^scaledata://%x+/" .. file.id:gsub("%-", "%%-") .. "$", file.attachment_url)
        assert.same({ #PNG, "image/png", { "p" }, "My image", "ref", { a = 1.0 } }, { file.size, file.mime_type,
            file.project_names, file.display_name, file.reference_id, file.metadata })
    end)

    it("keeps its bytes, in the account it was sent to", function()
        local accounts = world.world.accounts
        local file = upload(multipart { { 'name="file"; filename="a.png"', PNG } })
        local empty = upload(multipart { { 'name="file"; filename="b"', "" } })
        assert.equal(PNG, store.file_bytes(accounts.live, file.id))
        assert.equal("", store.file_bytes(accounts.live, empty.id))
        assert.is_nil(store.file_bytes(accounts.test, file.id))
        assert.is_nil(store.file_bytes(accounts.live, "none"))
        local imported = world:ok("POST /v1/files/import", '{"file_url":"https://x.test/a.png"}')
        assert.is_nil(store.file_bytes(accounts.live, imported.id))
    end)

    it("needs no more than the file", function()
        local file = upload(multipart { { 'name="file"; filename="file"', "" } })
        assert.same({ 0, "application/octet-stream", json.array {}, "file" },
            { file.size, file.mime_type, file.project_names, file.display_name })
    end)

    it("keeps two files of the same bytes apart", function()
        local parts = { { 'name="file"; filename="a.txt"', "x" } }
        assert.not_equal(upload(multipart(parts)).id, upload(multipart(parts)).id)
    end)

    for name, case in pairs {
        ["a.jpg"] = { "?", "image/jpeg" }, ["a.JPEG"] = { "", "image/jpeg" }, ["x"] = { "GIF89a", "image/gif" },
        ["b"] = { "\255\216\255\224", "image/jpeg" }, ["a.txt"] = { "%PDF-1.7", "application/pdf" }, ["a.csv"] = { "a,b", "text/csv" },
        ["w"] = { "RIFF\0\0\0\0WEBPVP8", "image/webp" }, ["s"] = { "RIFF\0\0\0\0WAVEfmt", "audio/wav" },
        ["m"] = { "\0\0\0\24ftypmp42", "video/mp4" }, ["n.unknown"] = { "?", "application/octet-stream" },
    } do
        it("guesses that " .. name .. " is " .. case[2], function()
            local body, headers = multipart { { ('name="file"; filename="%s"'):format(name), case[1] } }
            assert.equal(case[2], upload(body, headers).mime_type)
        end)
    end

    it("believes a part that says what it is", function()
        local body, headers = multipart { { 'name="file"; filename="a.png"\r\nContent-Type: text/x', PNG } }
        assert.equal("text/x", upload(body, headers).mime_type)
    end)

    for shown, spelled in pairs {
        ["é 1.png"] = 'filename="é 1.png"', ['a"b.png'] = 'filename="a\\"b.png"', ['c"d.png'] = "filename=\"c%22d.png\"",
        ["plain.png"] = "filename=plain.png", ["ü.png"] = "filename*=UTF-8''%C3%BC.png", ["a;b.png"] = 'filename="a;b.png"',
        ["both.png"] = "filename=\"x.png\"; filename*=UTF-8''both.png", ["a\\b.png"] = 'filename="a\\\\b.png"',
    } do
        it("reads the name " .. shown, function()
            assert.equal(shown, upload(multipart { { 'name="file"; ' .. spelled, "x" } }).display_name)
        end)
    end

    it("takes a boundary in quotes, a preamble, and line ends inside a file", function()
        local body, headers = multipart({ { 'name="file"; filename="a"', "1\r\n2\n\r\n\r\n" } }, "=(a b)=")
        headers["content-type"] = 'Multipart/Form-Data; charset=x; boundary="=(a b)="'
        body = body:gsub("%-%-=%(a b%)=\r", "--=(a b)= \t\r")
        assert.equal(9, upload("preamble\r\n" .. body .. "epilogue", headers).size)
    end)

    it("takes 80 MB and no more", function()
        local parts = { { 'name="file"; filename="a"', ("x"):rep(1024 * 1024):rep(80) } }
        assert.equal(80 * 1024 * 1024, upload(multipart(parts)).size)
        parts[1][2] = parts[1][2] .. "x"
        assert.equal("File exceeds 80 MB.", refused(413, multipart(parts)))
    end)

    it("refuses a reference_id that was used", function()
        local parts = { { 'name="reference_id"', "r" }, { 'name="file"; filename="a"', "x" } }
        upload(multipart(parts))
        assert.equal('File with reference_id "r" already exists.', refused(409, multipart(parts)))
    end)

    for name, body in pairs {
        ["without a file"] = { { 'name="project_name"', "p" } }, ["with a file that has no name"] = { { 'name="file"', "x" } },
        ["with metadata that is no JSON"] = { { 'name="metadata"', "{" }, { 'name="file"; filename="a"', "x" } },
        ["with metadata that is no object"] = { { 'name="metadata"', "[]" }, { 'name="file"; filename="a"', "x" } },
        ["into a project that is unknown"] = { { 'name="project_name"', "x" }, { 'name="file"; filename="a"', "x" } },
        ["with a part that has no name"] = { { 'filename="a"', "x" } },
    } do
        it("refuses one " .. name, function() refused(400, multipart(body)) end)
    end

    it("refuses what is not in that form", function()
        local body, headers = multipart { { 'name="file"; filename="a"', "x" } }
        local expected = "The request body must be multipart/form-data."
        assert.equal(expected, refused(400, body, { ["content-type"] = "application/json" }))
        assert.equal(expected, refused(400, body, { ["content-type"] = "multipart/form-data" }))
        assert.equal(expected, refused(400, body, { ["content-type"] = "multipart/form-data; boundary=other" }))
        assert.equal(expected, refused(400, body, { ["content-type"] = "multipart/form-data; boundary=226a" }))
        assert.equal(expected, refused(400, body, {}))
        for _, cut in ipairs { 0, 5, 40, 70, #body - 8, #body - 5 } do
            assert.equal(expected, refused(400, body:sub(1, cut), headers), cut)
        end
    end)
end)

describe("importing a file", function()
    local world
    before_each(function()
        world = new_world()
        world:project "p"
    end)

    it("answers the file, without fetching it", function()
        local file, raw = world:ok("POST /v1/files/import",
            '{"file_url":"https://x.test/a%20b/cow.jpg?x=/y.png","project_name":"p","metadata":{"a": 1},"reference_id":"r","more":1}')
        assert.same({ "image/jpeg", "cow.jpg", { "p" }, "r" },
            { file.mime_type, file.display_name, file.project_names, file.reference_id, file.size })
        assert.is_truthy(raw:find('"metadata":{"a": 1}', 1, true))
        assert.equal('File with reference_id "r" already exists.',
            world:refused(409, "POST /v1/files/import", '{"file_url":"https://x.test/","reference_id":"r"}'))
    end)

    for _, body in ipairs { "{}", '{"file_url":null}', '{"file_url":7}', '{"file_url":"ftp://x"}', '{"file_url":"x.png"}',
        '{"file_url":"http://"}',
        '{"file_url":"https://x.invalid/a.png"}', '{"file_url":"http://x","metadata":[]}', '{"file_url":"http://x","project_name":"none"}',
        "[]", "x" } do
        it("refuses " .. body, function() world:refused(400, "POST /v1/files/import", body) end)
    end
end)

describe("a list of files", function()
    local world
    before_each(function()
        world = new_world()
        world:project "p"
        world:project "q"
        for i = 1, 5 do
            world:ok("POST /v1/files/import", ('{"file_url":"https://x.test/%d.jpg","project_name":"p","metadata":{"n":%d,"odd":%s}}')
                :format(i, i, i % 2 == 1))
        end
        world:ok("POST /v1/files/import", '{"file_url":"https://x.test/q.jpg","project_name":"q"}')
    end)

    local function names(query)
        local list, token = {}, ""
        repeat
            local page = world:ok("GET /v1/files?" .. query .. token)
            for _, file in ipairs(page.docs) do list[#list + 1] = file.display_name:match "^%w+" end
            assert.equal(page.has_more, page.next_token ~= nil)
            assert.is_true(#page.docs <= (tonumber(query:match "limit=(%d+)") or 100))
            token = page.next_token and "&next_token=" .. page.next_token:gsub("=", "%%3D")
        until not token
        return list
    end

    it("goes from the newest to the oldest of a project", function()
        assert.same({ "5", "4", "3", "2", "1" }, names "project=p")
        assert.same({ "5", "4", "3", "2", "1" }, names "project=p&limit=2")
        assert.same({ "q" }, names "project=q")
        assert.same({}, names "project=none")
    end)

    it("is filtered by metadata", function()
        assert.same({ "5", "3", "1" }, names "project=p&metadata=%7B%22odd%22:true%7D&limit=1")
        assert.same({ "3" }, names "project=p&metadata=%7B%22odd%22:true,%22n%22:3%7D")
        assert.same({}, names "project=q&metadata=%7B%22odd%22:true%7D")
    end)

    for _, query in ipairs { "", "project=p&limit=0", "project=p&metadata=x", "project=p&metadata=%5B%5D", "project=p&next_token=x",
        "project=p&cursor=ZmlsZTo5OQ" } do
        it("is refused with " .. (query == "" and "nothing" or query), function()
            world:refused(400, "GET /v1/files?" .. query)
        end)
    end
end)
