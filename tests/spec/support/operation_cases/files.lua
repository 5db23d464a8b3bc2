-- Files: what they do, and how each documented failure comes about. See operations_spec.lua.

local assert = require "luassert"

local BOUNDARY = "spec-boundary"
local NO_FILE = ('--%s\r\nContent-Disposition: form-data; name="display_name"\r\n\r\nx\r\n--%s--\r\n'):format(BOUNDARY,
    BOUNDARY)
local TOO_LARGE = 80 * 1024 * 1024 + 1

local function upload(t, more)
    local all = { data = "\137PNG\r\n\26\n" .. ("\0"):rep(20), filename = "cow é.png" }
    for key, value in pairs(more or {}) do all[key] = value end
    return t.test.safe:upload_file(all)
end

return {
    upload_file = {
        works = function(t)
            local project, reference_id = t:project(t.test), t:name "reference"
            local file = assert(upload(t, { project_name = project.name, reference_id = reference_id,
                metadata = { a = 1 } }))
            assert.matches("^scaledata://", file.attachment_url)
            assert.same({ 28, "image/png" }, { file.size, file.mime_type })
            assert.is_string(file.id)
            assert.equal("File " .. file.id .. ", " .. file.attachment_url, tostring(file))
            local task = t:task(t.test, { attachment = file.attachment_url })
            assert.equal(file.attachment_url, task.params.attachment)
        end,
        [400] = function(t)
            return t:raw("POST", "/v1/files/upload", NO_FILE, "multipart/form-data; boundary=" .. BOUNDARY)
        end,
        [409] = function(t)
            local reference_id = t:name "reference"
            assert(upload(t, { reference_id = reference_id }))
            return upload(t, { reference_id = reference_id })
        end,
        [413] = { function(t) return upload(t, { data = ("x"):rep(TOO_LARGE) }) end, slow = true },
    },
    import_file = {
        works = function(t)
            local project = t:project(t.test)
            local file = t.test:import_file { file_url = "https://example.com/cow.png", project_name = project.name }
            assert.matches("^scaledata://", file.attachment_url)
            assert.is_string(file.id)
        end,
        [400] = function(t) return t.test.safe:import_file { file_url = "no address" } end,
        [409] = function(t)
            local fields = { file_url = "https://example.com/cow.png", reference_id = t:name "reference" }
            t.test:import_file(fields)
            return t.test.safe:import_file(fields)
        end,
    },
    list_assets = {
        works = function(t)
            local project, found = t:project(t.test), {}
            for i = 1, 3 do assert(upload(t, { project_name = project.name, data = "file " .. i })) end
            for file in t.test:list_assets { project = project.name, limit = 2 } do found[#found + 1] = file.id end
            assert.equal(3, #found)
            assert.is_string(t.test:assets({ project = project.name }).docs[1].attachment_url)
        end,
    },
}
