-- The sandbox's rules for a team's members: /v1/teams…

local json = require("scaleapi").json
local people = require "scaleapi.sandbox.people"
local new_world = dofile "tests/spec/support/world.lua"

describe("a team", function()
    local world
    before_each(function() world = new_world() end)

    local function by_email(members)
        local found = {}
        for _, member in ipairs(members) do found[member.email] = member end
        return found
    end

    for _, key in ipairs { "live_key", "test_key" } do
        it("has members from the start, with " .. key, function()
            world.key = key
            local members = world:ok "GET /v1/teams"
            assert.is_true(json.is_array(members))
            assert.is_true(#members > 0)
            local roles = {}
            for _, member in ipairs(members) do
                roles[member.role] = true
                assert.matches("^[^@]+@[^@]+$", member.email)
                assert.same({ "string", "string", "string", member.role == "labeler", false },
                    { type(member.firstName), type(member.lastName), type(member.company), member.isStudioLabeler,
                        member.disableRapidEmails })
                assert.is_nil(member.expiry)
            end
            assert.same({ admin = true, manager = true, labeler = true }, roles)
        end)
    end

    describe("is joined by those who are invited", function()
        local function invite(emails, role)
            return world:ok("POST /v1/teams/invite", { emails = json.array(emails), team_role = role })
        end

        it("who are answered with all others, and have an expiry until they come", function()
            local before = world:ok "GET /v1/teams"
            local members = invite({ "a@x.test", "b@x.test", "a@x.test" }, "member")
            assert.equal(#before + 2, #members)
            assert.same(members, world:ok "GET /v1/teams")
            local member = by_email(members)["a@x.test"]
            assert.same({ "member", "2023-11-21T22:13:20.123Z", json.null, false },
                { member.role, member.expiry, member.firstName, member.isStudioLabeler })
            people.join(world.world.accounts.live.people.members["a@x.test"])
            assert.is_nil(by_email(world:ok "GET /v1/teams")["a@x.test"].expiry)
        end)

        it("again while the invitation is open, with a new role and expiry", function()
            invite({ "a@x.test" }, "member")
            world:wait(3600)
            local members = invite({ "a@x.test" }, "labeler")
            local member = by_email(members)["a@x.test"]
            assert.same({ "labeler", true, "2023-11-21T23:13:20.123Z" }, { member.role, member.isStudioLabeler, member.expiry })
        end)

        it("but stay what they are if they are in the team", function()
            local before = world:ok "GET /v1/teams"
            assert.same(before, invite({ "customer@sandbox.invalid", "manager@sandbox.invalid" }, "labeler"))
        end)

        it("in one world and not in the other", function()
            invite({ "a@x.test" }, "member")
            world.key = "test_key"
            assert.is_nil(by_email(world:ok "GET /v1/teams")["a@x.test"])
        end)

        it("and are nobody if nobody is named", function()
            assert.equal(#world:ok "GET /v1/teams", #invite({}, "member"))
        end)
    end)

    describe("gives its members roles", function()
        it("also to those who are only invited, and answers all", function()
            world:ok("POST /v1/teams/invite", '{"emails":["a@x.test"],"team_role":"member"}')
            local members = world:ok("POST /v1/teams/set_role",
                '{"emails":["a@x.test","manager@sandbox.invalid"],"team_role":"labeler"}')
            assert.same({ "labeler", "labeler" },
                { by_email(members)["a@x.test"].role, by_email(members)["manager@sandbox.invalid"].role })
            assert.same(members, world:ok "GET /v1/teams")
            assert.equal("manager", by_email(world:ok("POST /v1/teams/set_role",
                '{"emails":["a@x.test"],"team_role":"manager"}'))["a@x.test"].role)
        end)

        it("but not to admins, nor to strangers; then nobody's role changes", function()
            local before = world:ok "GET /v1/teams"
            assert.equal("The role of an admin cannot be changed.", world:refused(400, "POST /v1/teams/set_role",
                '{"emails":["manager@sandbox.invalid","customer@sandbox.invalid"],"team_role":"member"}'))
            assert.equal('The team has no member "a%@x.test".', world:refused(400, "POST /v1/teams/set_role",
                '{"emails":["manager@sandbox.invalid","a%@x.test"],"team_role":"member"}'))
            assert.same(before, world:ok "GET /v1/teams")
        end)
    end)

    for _, path in ipairs { "/v1/teams/invite", "/v1/teams/set_role" } do
        for expected, body in pairs {
            ['"emails" is required'] = '{"team_role":"member"}', ['"team_role" is required'] = '{"emails":[]}',
            ['"emails" must be an array'] = '{"emails":"a@x.test","team_role":"member"}',
            ['"emails" must be an array of strings'] = '{"emails":[1],"team_role":"member"}',
            ['"team_role" must be one of labeler, member, manager'] = '{"emails":["a@x.test"],"team_role":"admin"}',
            ['"team_role" must be a string'] = '{"emails":["a@x.test"],"team_role":1}',
        } do
            it("refuses at " .. path .. " with " .. expected, function()
                assert.equal("Parameter is invalid, reason: " .. expected, world:refused(400, "POST " .. path, body))
            end)
        end

        it("refuses at " .. path .. " what is no JSON, or no object", function()
            world:refused(400, "POST " .. path, "{")
            world:refused(400, "POST " .. path, "[]")
        end)
    end

    for _, email in ipairs { "x", "x@", "@x.test", "a b@x.test", "a@b", "a@b@c.test", "" } do
        it("invites nobody with the address '" .. email .. "'", function()
            local before = world:ok "GET /v1/teams"
            assert.matches('"emails" must be e%-mail addresses', world:refused(400, "POST /v1/teams/invite",
                { emails = json.array { "good@x.test", email }, team_role = "member" }))
            assert.same(before, world:ok "GET /v1/teams")
        end)
    end
end)
