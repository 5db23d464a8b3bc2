-- What is made of the operation table is what the table says now.

local scaleapi = require "scaleapi"
local support = require "tests.workflow.support"

local SCALUA = os.getenv "SCALUA" or "build/scalua"
local TYPES = "bindings/lua/scaleapi/meta.lua"

local function read(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read "a"
    file:close()
    return text
end

local function generate(kind)
    local pipe = assert(io.popen(("'%s' bindings/generate.lua %s 2>&1"):format(SCALUA, kind)))
    local text = pipe:read "a"
    return text, select(3, pipe:close())
end

-- The file is what the generator writes.
local function is_fresh(kind, path)
    local text, code = generate(kind)
    assert.equal(0, code, text)
    assert(text == read(path), ("%s is not what the operation table says; make it anew:\n"
        .. "    scalua bindings/generate.lua %s >%s"):format(path, kind, path))
end

local function contains(text, part)
    assert(text:find(part, 1, true), "not there: " .. part)
end

describe("the reference page", function()
    it("is what the table says", function()
        is_fresh("reference", "bindings/reference.md")
    end)

    it("has the methods of objects, and what fields can hold", function()
        local page = read "bindings/reference.md"
        local function section(heading)
            local _, from = page:find("\n" .. heading .. "\n", 1, true)
            return page:sub(assert(from, heading), page:find("\n##+ ", from))
        end
        contains(section "### Task object", "`:cancel` ([cancel_task](#cancel_task))")
        contains(section "### Batch object", "`:get_status` ([batch_status](#batch_status))")
        contains(section "### BatchV2 object", "`:pause` ([v2.pause_batch](#v2pause_batch))")
        contains(section "### Teammate object", "`:update_role` ([update_teammates_role](#update_teammates_role))")
        contains(section "### Batch object", "| `status` | [BatchStatus](#values) |")
        contains(section "### Batch object", "| `tasks_pending`? | integer |")
        contains(section "## Values", "| BatchStatusV2 | `staging`, `in_progress`, `completed`, `paused`, `cancelled` |")
    end)

    it("has every function of the module, and the options of the client", function()
        local page = read "bindings/reference.md"
        for name, value in pairs(scaleapi) do
            if type(value) == "function" then contains(page, "| `scaleapi." .. name .. "(") end
        end
        for _, name in ipairs { "get_tasks_count", "call", "stats", "close", "base_url" } do
            contains(page, "| `client:" .. name .. "(")
        end
        contains(page, "| `max_in_flight`? | integer | Requests at once, 50 |")
        contains(page, '| `headers`? | table&lt;string, string\\|number&gt; |')
    end)

    it("has every operation with its parameters, answer, failures and sources", function()
        local page = read "bindings/reference.md" .. "\n### "
        for _, row in ipairs(scaleapi.operations) do
            local told = scaleapi.describe(row.name)
            local _, from = page:find("\n### " .. row.name .. "\n", 1, true)
            local section = page:sub(assert(from, row.name), page:find("\n##+ ", from))
            contains(section, ("`%s %s` (%s)"):format(row.method, row.path, row.standing))
            contains(section, told.example)
            contains(section, told.unclear)
            for _, parameter in ipairs(told.parameters) do
                local line = assert(section:match("\n| `" .. parameter.name .. "` |([^\n]*)"), parameter.name)
                contains(line, parameter.about:gsub("[<>]", { ["<"] = "&lt;", [">"] = "&gt;" }) .. "")
                contains(line, "| " .. parameter.standing .. " |")
                if parameter.required then contains(line, "**Required.**") end
                if parameter.wire then contains(line, "`" .. parameter.wire .. "`") end
            end
            for _, failure in ipairs(told.failures) do
                contains(section, ("| %d | %s | %s |"):format(failure.status, failure.cause, failure.standing))
            end
            if row.object then contains(section, row.object) end
            if row.standing == "seen" then contains(section, "**unconfirmed") end
        end
    end)

    it("has no link that leads nowhere", function()
        local page = read "bindings/reference.md"
        local anchors = {}
        for title in page:gmatch "\n#+ ([^\n]+)" do
            anchors[title:lower():gsub("[^%w _-]", ""):gsub(" ", "-") .. ""] = true
        end
        for target in page:gmatch "%]%(#([^)]*)%)" do assert(anchors[target], "nothing is called " .. target) end
    end)
end)

describe("the types for editors", function()
    local text = read(TYPES)

    -- A class or a method with what is said of it stands between two blank lines.
    local classes, methods = {}, {}
    for block in (text .. "\n"):gmatch "(.-\n)\n+" do
        local name = block:match "^%-%-%-@class ([%w_.]+)"
        if name then classes[name] = block end
        local line = block:match "\n?function ([%w.:_]+)%("
        if line then methods[line] = block end
    end

    local function class(name)
        return assert(classes[name], "no class " .. name)
    end

    local function method(owner, name)
        return assert(methods[owner .. ":" .. name], "no method " .. owner .. ":" .. name)
    end

    it("are what the table says", function()
        is_fresh("types", TYPES)
    end)

    it("are Lua, and nothing that is run", function()
        assert(loadfile(TYPES, "t"))
        contains(text, "---@meta scaleapi\n")
        local code, out = support.shell([[test -z "$("$S" source scaleapi.meta 2>/dev/null)" && echo none]])
        assert.equal(0, code)
        assert.equal("none\n", out)
    end)

    it("name no type that is not there", function()
        local known = {}
        for kind, name in text:gmatch "\n%-%-%-@(%l+) (scaleapi[%w_.]*)" do
            if kind == "class" or kind == "alias" then known[name] = true end
        end
        for line in text:gmatch "[^\n]+" do
            if line:find "^%-%-%-@" then
                local types = line:gsub("^(%-%-%-@return [^ ]+) .*", "%1")
                for name in types:gmatch "%f[%w]scaleapi%.[%w_.]+" do
                    assert(known[name], ("%s is not there: %s"):format(name, line))
                end
                assert.matches("^%-%-%-@(%l+)", line)
                assert(({ meta = true, alias = true, class = true, field = true, param = true, overload = true,
                    generic = true, ["return"] = true })[line:match "^%-%-%-@(%l+)"], line)
            end
        end
    end)

    it("have every operation, in all four faces, with every parameter", function()
        for _, row in ipairs(scaleapi.operations) do
            local name = row.name:gsub("^v2%.", "")
            local names = row.page == "none" and { name } or { name, (name:gsub("^%l+_", "")) }
            for _, owner in ipairs(row.version == 2 and { "ClientV2", "SafeClientV2" } or { "Client", "SafeClient" }) do
                for _, each in ipairs(names) do
                    local lines = method(owner, each)
                    contains(lines, row.summary)
                    for _, parameter in ipairs(row.parameters) do
                        local positional = parameter.place == "path" or row.body == "whole"
                        if positional then contains(lines, "---@param " .. parameter.name .. " ") end
                    end
                    if owner:find "^Safe" then contains(lines, "scaleapi.Error?") end
                end
            end
            for _, parameter in ipairs(row.parameters) do
                local where = "scaleapi." .. row.name .. (parameter.place == "path" and ".Arguments" or ".Options")
                local mark = parameter.required and " " or "? "
                local field = parameter.value == "file" and "path? " or parameter.name .. mark
                contains(class(where), "\n---@field " .. field)
            end
            if row.object and row.object ~= "StudioAssignments" then class("scaleapi." .. row.object) end
        end
    end)

    it("know lists as iterators, and enumerations by their values", function()
        contains(method("Client", "get_tasks"), "---@return (fun(): scaleapi.Task?)|scaleapi.Task.Iterator\n")
        contains(method("ClientV2", "get_batches"), "---@return (fun(): scaleapi.BatchV2?)|scaleapi.BatchV2.Iterator\n")
        contains(method("Client", "tasks"), "---@return scaleapi.Task.Page\n")
        contains(method("Client", "get_projects"), "---@return scaleapi.Project.List\n")
        contains(method("Client", "v2_get_tasks"), "scaleapi.TaskV2.Iterator")
        contains(class "scaleapi.get_tasks.Options", "---@field status? scaleapi.enum.TaskStatus ")
        contains(text, '---@alias scaleapi.enum.TaskStatus "pending"|"completed"|"canceled"|"error"\n')
        contains(class "scaleapi.names.TaskType", '---@field ImageAnnotation "imageannotation"')
    end)

    it("have every enumeration and function of the module, and none that it lacks", function()
        local module = text:sub((assert(text:find("\n---@class scaleapi\n", 1, true))))
        for key, value in pairs(scaleapi) do
            if type(value) == "function" then contains(module, "function scaleapi." .. key .. "(")
            else contains(module, "---@field " .. key .. " ") end
        end
        for key in module:gmatch "function scaleapi%.([%w_]+)%(" do assert.is_function(scaleapi[key], key) end
        for key in module:gmatch "function json%.([%w_]+)%(" do assert.is_function(scaleapi.json[key], key) end
        for key in module:gmatch "function csv%.([%w_]+)%(" do assert.is_function(scaleapi.csv[key], key) end
    end)

    it("have every function of the module's own tables, and none that these lack", function()
        for _, name in ipairs { "csv", "jsonl", "journal", "times" } do
            for key in pairs(scaleapi[name]) do
                assert.matches(("\nfunction %s.%s("):format(name, key), text, 1, true)
            end
            for key in text:gmatch("\nfunction " .. name .. "%.([%w_]+)%(") do
                assert.is_function(scaleapi[name][key], name .. "." .. key)
            end
        end
    end)

    it("have no method that a client or an object lacks, and every method of objects", function()
        local client = scaleapi.client { api_key = "test_key", base_url = "http://127.0.0.1:1" }
        local faces = { Client = client, ClientV2 = client.v2, SafeClient = client.safe, SafeClientV2 = client.v2.safe }
        for owner, name in text:gmatch "\nfunction (%w+):([%w_]+)%(" do
            local face = faces[owner]
            if face then assert.is_function(face[name], owner .. ":" .. name) end
        end
        client:close()
        for name, object in pairs(require("scaleapi.objects").classes) do
            for key in pairs(object.methods or {}) do
                local owner = (key == "json" or key == "as_table") and "Object" or name
                method(owner, key)
            end
            for key in text:gmatch("\nfunction " .. name .. ":([%w_]+)%(") do
                assert.is_function(object.methods[key], name .. ":" .. key)
            end
        end
    end)
end)

describe("the generator", function()
    it("says how it is used", function()
        for _, words in ipairs { "", "nothing", "types more" } do
            local text, code = generate(words)
            assert.equal(2, code)
            assert.equal("usage: scalua bindings/generate.lua reference|types\n", text)
        end
    end)
end)

before_each(support.setup)
after_each(support.teardown)
