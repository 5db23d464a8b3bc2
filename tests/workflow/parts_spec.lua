-- What the commands share: unique_ids, equal rows, names.

local command = require "scripts.lib.command"
local payload = require "scripts.lib.payload"

describe("payload.identifier", function()
    it("gives the same line the same unique_id, whatever stands around it", function()
        local one, other = payload.identifier("p", "b", "t"), payload.identifier("p", "b", "t")
        assert.equal(one '{"a":1}', other ' \t{"a":1}\r')
        assert.not_equal(one '{"a":2}', other '{"a":3}')
    end)

    it("depends on project, batch and type", function()
        local ids = {}
        for _, names in ipairs { { "p", "b", "t" }, { "pb", "", "t" }, { "p", "", "bt" }, { "p", "", "t" } } do
            ids[payload.identifier(table.unpack(names)) "{}"] = true
        end
        local count = 0
        for _ in pairs(ids) do count = count + 1 end
        assert.equal(4, count)
    end)

    it("tells equal lines apart, in the same way each time", function()
        local identify = payload.identifier("p", "", "t")
        local ids = { identify("{}", 1), identify("{}", 2), identify("{}", 3) }
        assert.not_equal(ids[1], ids[2])
        assert.not_equal(ids[2], ids[3])
        assert.equal(ids[1], identify "{}")
        assert.equal(ids[3], payload.identifier("p", "", "t")(" {}\r", 3))
    end)
end)

describe("payload.counter", function()
    it("counts equal lines, whatever stands around them", function()
        local count = payload.counter()
        local counts = {}
        for i, line in ipairs { "{}", '{"a":1}', " {}", "{}\r", '{"a":2}', '{"a":1} ' } do counts[i] = count(line) end
        assert.same({ 1, 1, 2, 3, 1, 2 }, counts)
        for i = 1, 60000 do assert.equal(i <= 30000 and 1 or 2, count(('{"b":%d}'):format((i - 1) % 30000))) end
    end)
end)

describe("payload.survey", function()
    local function survey(lines)
        return payload.survey(function()
            local place = 0
            return function()
                place = place + 1
                return lines[place], lines[place] and place * 10
            end
        end)
    end

    it("counts rows, and names those that are equal", function()
        local total, equal, groups = survey { "a", "b", " a", "c", "b", "a" }
        assert.equal(6, total)
        assert.equal(3, equal)
        assert.same({ { 10, 30, 60 }, { 20, 50 } }, groups)
        assert.same({ 0, 0, {} }, { survey {} })
    end)

    it("names some of very many", function()
        local lines = {}
        for i = 1, 5000 do lines[i] = "same" end
        for i = 5001, 9000 do lines[i] = tostring(i // 2) end
        local total, equal, groups = survey(lines)
        assert.equal(9000, total)
        assert.is_true(equal > 6900)
        assert.is_true(#groups >= 1 and #groups <= 10)
        assert.equal(10, #groups[1])
    end)
end)

describe("command.split_names", function()
    it("splits at commas, but for those behind a backslash, and drops repeated names", function()
        assert.same({ "a", "b c", "d,e", "f" }, command.split_names { "a,b c,a", "d\\,e,,f" })
        assert.same({}, command.split_names { "," })
    end)
end)
