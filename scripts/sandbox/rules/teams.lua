--[[
sandbox.rules.teams - the members of a team: list, invite, change of roles.
--]]

local people = require "scaleapi.sandbox.people"
local times = require("scaleapi").times
local wire = require "scaleapi.sandbox.wire"

local ROLES = { labeler = true, member = true, manager = true } -- an admin is made by nobody

local function text_or_null(text)
    return text and wire.quote(text) or "null"
end

local function document(member)
    return table.concat {
        '{"email":', wire.quote(member.email), ',"role":"', member.role,
        '","company":', text_or_null(member.company),
        ',"firstName":', text_or_null(member.first_name), ',"lastName":', text_or_null(member.last_name),
        ',"isStudioLabeler":', tostring(member.role == "labeler"), ',"disableRapidEmails":false',
        member.expiry and ',"expiry":"' .. times.format(member.expiry) .. '"' or "", "}",
    }
end

local function list(c)
    local documents = {}
    for i, member in ipairs(c.account.people.members) do documents[i] = document(member) end
    return "[" .. table.concat(documents, ",") .. "]"
end

local function read_request(c)
    local fields = wire.fields(c.request.body)
    local emails = wire.needed_texts(fields, "emails")
    local role = wire.needed_text(fields, "team_role")
    if not ROLES[role] then wire.refuse_parameter("team_role", "must be one of labeler, member, manager") end
    return emails, role
end

local function invite(c)
    local emails, role = read_request(c)
    for _, email in ipairs(emails) do
        if not wire.is_email(email) then wire.refuse_parameter("emails", "must be e-mail addresses") end
    end
    for _, email in ipairs(emails) do people.invite(c.account, email, role) end
    return list(c)
end

local function set_role(c)
    local emails, role = read_request(c)
    local members = c.account.people.members
    for _, email in ipairs(emails) do
        if not members[email] then wire.refuse(400, 'The team has no member "%s".', email) end
        if members[email].role == "admin" then wire.refuse(400, "The role of an admin cannot be changed.") end
    end
    for _, email in ipairs(emails) do members[email].role = role end
    return list(c)
end

return {
    { "GET", "/v1/teams", list },
    { "POST", "/v1/teams/invite", invite },
    { "POST", "/v1/teams/set_role", set_role },
}
