-- Projects of the first API: what they do, and how each documented failure comes about. See operations_spec.lua.

local assert = require "luassert"

local function no_project(name, ...)
    local more = table.pack(...)
    return function(t) return t.test.safe[name](t.test.safe, t:name "no project", table.unpack(more)) end
end

return {
    create_project = {
        works = function(t)
            local name = t:name "project"
            local project = t.test:create_project { task_type = "textcollection", project_name = name,
                params = { instruction = "Read it.", title = "T" } }
            assert.same({ name, "textcollection", 0, "Read it.", "T" },
                { project.name, project.type, project.version, project.instruction, project.params.title })
            assert.equal(name, t.test:get_project(name).name)
        end,
        [400] = function(t) return t.test.safe:create_project("imageannotation", "") end,
        [409] = function(t) return t.test.safe:create_project("imageannotation", t:project(t.test).name) end,
    },
    get_project = {
        works = function(t)
            local made = t:project(t.test)
            local project = t.test:get_project(made.name)
            assert.same({ made.name, "imageannotation", made.created_at },
                { project.name, project.type, project.created_at })
            assert.matches("^Project .*, imageannotation$", tostring(project))
            assert.is_nil(t.live.safe:get_project(made.name)) -- a live key does not see what a test key made
        end,
        [404] = no_project "get_project",
    },
    get_projects = {
        works = function(t)
            local name = t:project(t.test).name
            local found = 0
            for project in t.test:get_projects() do found = found + (project.name == name and 1 or 0) end
            assert.equal(1, found)
            for _, project in ipairs(t.test:get_projects { archived = true }) do assert.not_equal(name, project.name) end
        end,
    },
    update_project = {
        works = function(t)
            local project = t:project(t.test, { params = { instruction = "old", title = "kept" } })
            assert.equal(project, project:update { patch = true, instruction = "new" })
            assert.same({ 1, "new", "kept" }, { project.version, project.instruction, project.params.title })
            project = t.test:update_project(project.name, { instruction = "newest" })
            assert.same({ 2, "newest" }, { project.version, project.instruction })
            assert.is_nil(project.params.title)
            assert.equal(2, t.test:get_project(project.name).version)
        end,
        [400] = {
            function(t) return t.test.safe:update_project(t:project(t.test).name, { instruction = 7 }) end,
            or_works = "[assumed] that params are checked",
        },
        [404] = no_project("update_project", { instruction = "x" }),
    },
    set_project_ontology = {
        works = function(t)
            local project = t:project(t.test)
            local ontology = { "cow", { choice = "horse", subchoices = { "mare", "foal" } } }
            assert.is_truthy(t.test:set_project_ontology(project.name, ontology))
        end,
        [404] = no_project("set_project_ontology", { "a" }),
    },
    get_project_template = {
        works = function(t)
            local project = t:project(t.test, { task_type = "textcollection" })
            local template = project:get_template()
            assert.is_string(template.id)
            assert.is_number(template.version)
            assert.equal(template.id, t.test:get_project_template(project.name).id)
        end,
        [400] = function(t) return t.test.safe:get_project_template(t:project(t.test).name) end,
        [404] = no_project "get_project_template",
    },
}
