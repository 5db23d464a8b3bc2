--[[
sandbox.people - who works in an account: the members of its team, the projects that they are assigned to in Studio, and
the groups that they form there. It keeps what must always hold (disabled members are assigned to nothing, only assigned
ones are in a project's groups) and decides nothing else: that is the rules' part.
--]]

local people = {}

local INVITATION = 7 * 24 * 3600 * 1000 -- milliseconds until it ends

-- Somebody must be there: a team without an admin could not have a key.
local FIRST = {
    { email = "customer@sandbox.invalid", role = "admin", first_name = "Ada", last_name = "Admin" },
    { email = "manager@sandbox.invalid", role = "manager", first_name = "Max", last_name = "Manager" },
    { email = "labeler1@sandbox.invalid", role = "labeler", first_name = "Lea", last_name = "Labeler" },
    { email = "labeler2@sandbox.invalid", role = "labeler", first_name = "Leo", last_name = "Labeler" },
}

local function add_member(account, members, member)
    members[#members + 1] = member
    members[member.email] = member
    member.id = account.mark .. ("%016x"):format(#members)
    member.projects = {} -- that the member is assigned to: by name, and in the order of assignment
    return member
end

--- The people of a new account: `members` by e-mail address, and in the order in which they came;
--- and how many groups were made.
function people.new(account)
    local members = {}
    for _, each in ipairs(FIRST) do
        local member = { company = "Sandbox" }
        for name, value in pairs(each) do member[name] = value end
        add_member(account, members, member)
    end
    return { members = members, groups = 0 }
end

-- --------------------------------------------------------------------- team

--- Invites somebody. Who is invited already gets a new invitation; who is in the team stays what they are.
function people.invite(account, email, role)
    local members = account.people.members
    local member = members[email] or add_member(account, members, { email = email, role = role, expiry = 0 })
    if not member.expiry then return end
    member.role, member.expiry = role, account.time + INVITATION
end

--- Lets an invited member join the team.
function people.join(member)
    member.expiry = nil
end

--- Disables a member, who then works on nothing.
function people.disable(member)
    member.disabled = true
    for _, project in ipairs(table.move(member.projects, 1, #member.projects, 1, {})) do
        people.unassign(member, project)
    end
end

--- Whether a member has not come yet.
function people.is_invited(member)
    return member.expiry ~= nil and not member.disabled
end

--- Whether a member can work: neither invited nor disabled.
function people.is_active(member)
    return not member.expiry and not member.disabled
end

-- -------------------------------------------------------------- assignments

--- Assigns a member to a project. A group there that stands for them alone is theirs again.
function people.assign(member, project)
    if member.projects[project.name] then return end
    member.projects[project.name] = true
    table.insert(member.projects, project)
    local own = project.groups and project.groups[member.email]
    if own and own.singleton then people.change_group(own, { member }, {}) end
end

-- Takes `value` out of an array.
local function take_out(array, value)
    for i = #array, 1, -1 do
        if array[i] == value then table.remove(array, i) end
    end
end

--- Ends an assignment; the member leaves the project's groups.
function people.unassign(member, project)
    if not member.projects[project.name] then return end
    member.projects[project.name] = nil
    take_out(member.projects, project)
    for _, group in ipairs(project.groups or {}) do take_out(group.workers, member) end
end

-- ------------------------------------------------------------------- groups

--- Makes a group of members who are assigned to the project. `singleton`: it stands for one person.
function people.add_group(account, project, name, workers, singleton)
    local here = account.people
    here.groups = here.groups + 1
    project.groups = project.groups or {} -- by name, and in the order of creation
    local group = { id = account.mark .. ("9%015x"):format(here.groups), name = name, workers = workers,
        singleton = singleton or false }
    project.groups[name] = group
    table.insert(project.groups, group)
    return group
end

--- Changes who is in a group.
function people.change_group(group, added, removed)
    for _, member in ipairs(removed) do take_out(group.workers, member) end
    for _, member in ipairs(added) do
        take_out(group.workers, member)
        table.insert(group.workers, member)
    end
end

return people
