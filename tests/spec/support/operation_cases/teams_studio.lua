-- Teams and Studio: what they do, and how each documented failure comes about. Studio is tried with the live key: a test
-- key may be refused there. See operations_spec.lua.

local assert = require "luassert"

local function member(members, email)
    for _, each in ipairs(members) do
        if each.email == email then return each end
    end
end

local function new_address(t)
    return "spec-" .. t:name("person"):gsub("[^%w]+", "-") .. "@example.com"
end

local function has(list, value)
    for _, each in ipairs(list) do
        if each == value then return true end
    end
    return false
end

-- A Studio project, and labelers who are assigned to it.
local function studio(t, count)
    local project = t:project(t.live, { studio = true })
    local emails = t:labelers(t.live, count or 1)
    t.live:add_studio_assignments(emails, { project.name })
    return project, emails
end

-- A batch of a Studio project that is not worked on yet.
local function pending_batch(t, project)
    return t:batch(t.live, { project = project.name })
end

local function names(batches)
    local list = {}
    for i, batch in ipairs(batches) do list[i] = batch.name end
    return list
end

local function reversed(list)
    local other = {}
    for i, each in ipairs(list) do other[#list + 1 - i] = each end
    return other
end

return {
    list_teammates = {
        works = function(t)
            local members = t.test:list_teammates()
            assert.is_true(#members > 0)
            assert.matches("@", members[1].email)
            assert.is_string(members[1].role)
            assert.matches("^Teammate .+@.+, %a+$", tostring(members[1]))
        end,
    },
    invite_teammates = {
        works = function(t)
            local email = new_address(t)
            local members = t.test:invite_teammates({ email }, "member")
            assert.equal("member", member(members, email).role)
            assert.equal(email, member(t.test:list_teammates(), email).email)
        end,
        [400] = function(t) return t.test.safe:invite_teammates({ "no address" }, "member") end,
    },
    update_teammates_role = {
        works = function(t)
            local email = new_address(t)
            local person = member(t.test:invite_teammates({ email }, "labeler"), email)
            assert.equal("manager", person:update_role("manager").role)
            assert.equal("manager", member(t.test:list_teammates(), email).role)
            assert.equal("member", member(t.test:update_teammates_role({ email }, "member"), email).role)
        end,
        [400] = function(t)
            for _, each in ipairs(t.test:list_teammates()) do
                if each.role == "admin" then return t.test.safe:update_teammates_role({ each.email }, "member") end
            end
            return t.test.safe:update_teammates_role({ new_address(t) }, "member")
        end,
    },
    list_studio_assignments = {
        works = function(t)
            local project, emails = studio(t)
            local assignment = t.live:list_studio_assignments()[emails[1]]
            assert.equal(emails[1], assignment.email)
            assert.is_true(has(assignment.assigned_projects, project.name))
        end,
    },
    add_studio_assignments = {
        works = function(t)
            local project, emails = t:project(t.live, { studio = true }), t:labelers(t.live, 2)
            local all = t.live:add_studio_assignments({ emails[1], emails[2] }, { project.name })
            assert.is_true(has(all[emails[1]].assigned_projects, project.name))
            assert.is_true(has(all[emails[2]].assigned_projects, project.name))
        end,
        [400] = function(t)
            return t.live.safe:add_studio_assignments({ new_address(t) }, { t:project(t.live, { studio = true }).name })
        end,
    },
    remove_studio_assignments = {
        works = function(t)
            local project, emails = studio(t, 2)
            local all = t.live:remove_studio_assignments({ emails[1] }, { project.name })
            assert.is_false(has(all[emails[1]].assigned_projects, project.name))
            assert.is_true(has(t.live:list_studio_assignments()[emails[2]].assigned_projects, project.name))
        end,
        [400] = function(t)
            return t.live.safe:remove_studio_assignments(t:labelers(t.live, 1), { t:name "no project" })
        end,
    },
    list_project_groups = {
        works = function(t)
            local project, emails = studio(t)
            t.live:create_project_group(project.name, { emails[1] }, "group one")
            local groups = t.live:list_project_groups(project.name)
            assert.same({ 1, "group one", 1, emails[1] },
                { #groups, groups[1].name, groups[1].num_workers, groups[1].workers[1].email })
            assert.is_false(groups[1].is_singleton)
        end,
        [404] = function(t) return t.live.safe:list_project_groups(t:name "no project") end,
    },
    create_project_group = {
        works = function(t)
            local project, emails = studio(t, 2)
            local name = t:name "group"
            local group = t.live:create_project_group(project.name, { emails[1], emails[2] }, name)
            assert.same({ name, 2, 2 }, { group.name, group.num_workers, #group.workers })
            assert.equal("StudioProjectGroup " .. name, tostring(group))
        end,
        [400] = function(t)
            local project, emails = t:project(t.live, { studio = true }), t:labelers(t.live, 1)
            return t.live.safe:create_project_group(project.name, { emails[1] }, "group")
        end,
        [404] = function(t) return t.live.safe:create_project_group(t:name "no project", {}, "group") end,
        [409] = function(t)
            local project, emails = studio(t)
            t.live:create_project_group(project.name, { emails[1] }, "group")
            return t.live.safe:create_project_group(project.name, { emails[1] }, "group")
        end,
    },
    update_project_group = {
        works = function(t)
            local project, emails = studio(t, 2)
            local name = t:name "group"
            t.live:create_project_group(project.name, { emails[1] }, name)
            local group = t.live:update_project_group(project.name, name, { emails[2] }, { emails[1] })
            assert.same({ name, 1, emails[2] }, { group.name, #group.workers, group.workers[1].email })
            group = t.live:update_project_group { project_name = project.name, project_group = name,
                add_emails = { emails[1] }, remove_emails = {} }
            assert.equal(2, group.num_workers)
        end,
        [404] = {
            function(t) return t.live.safe:update_project_group(t:name "no project", "group", {}, {}) end,
            function(t)
                return t.live.safe:update_project_group(t:project(t.live, { studio = true }).name, "no group", {}, {})
            end,
        },
    },
    list_studio_batches = {
        works = function(t)
            local project = t:project(t.live, { studio = true })
            local batch = pending_batch(t, project)
            local found
            for _, each in ipairs(t.live:list_studio_batches()) do
                if each.name == batch.name then found = each end
            end
            assert.same({ batch.name, project.name, 0 }, { found.name, found.project_name, found.completed })
            assert.equal("StudioBatch " .. batch.name, tostring(found))
        end,
    },
    assign_studio_batches = {
        works = function(t)
            local project, emails = studio(t)
            local batch = pending_batch(t, project)
            t.live:create_project_group(project.name, { emails[1] }, "first group")
            local assigned = t.live:assign_studio_batches(batch.name, { "first group" })
            assert.same({ batch.name, { "first group" } }, { assigned.name, assigned.groups })
            assert.same({ emails[1] }, t.live:assign_studio_batches(batch.name, { emails[1] }).groups)
        end,
        [404] = function(t) return t.live.safe:assign_studio_batches(t:name "no batch", {}) end,
    },
    set_studio_batches_priorities = {
        works = function(t)
            local project = t:project(t.live, { studio = true })
            pending_batch(t, project)
            pending_batch(t, project)
            local order = reversed(names(t.live:list_studio_batches()))
            assert.same(order, names(t.live:set_studio_batches_priorities(order)))
            assert.same(order, names(t.live:list_studio_batches()))
        end,
        [400] = function(t)
            local project = t:project(t.live, { studio = true })
            pending_batch(t, project)
            pending_batch(t, project)
            local order = names(t.live:list_studio_batches())
            table.remove(order)
            return t.live.safe:set_studio_batches_priorities(order)
        end,
    },
    reset_studio_batches_priorities = {
        works = function(t)
            local project = t:project(t.live, { studio = true })
            local older, newer = pending_batch(t, project), pending_batch(t, project)
            t.live:set_studio_batches_priorities(reversed(names(t.live:reset_studio_batches_priorities())))
            local order = {}
            for place, name in ipairs(names(t.live:reset_studio_batches_priorities())) do order[name] = place end
            assert.is_true(order[older.name] < order[newer.name])
        end,
    },
}
