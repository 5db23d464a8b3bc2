-- What the commands share: unique_ids, equal rows, names.

local command = require "scripts.lib.command"
local scaleapi = require "scaleapi"
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

local path

before_each(function() path = os.tmpname() end)
after_each(function() os.remove(path) end)

local function reader_of(text)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
    return scaleapi.jsonl.open(path)
end

describe("payload.counter", function()
    it("counts equal lines, whatever stands around them", function()
        local _, _, _, again = payload.survey(reader_of "a\n b\t\na\r\nb\nc\n a")
        local count = payload.counter(again)
        local counts = {}
        for i, line in ipairs { "a", " b\t", "a\r", "b", "c", " a", "unknown" } do counts[i] = count(line) end
        assert.same({ 1, 1, 2, 2, 1, 3, 1 }, counts)
    end)
end)

describe("payload.survey", function()
    it("counts rows, and names those that are equal", function()
        local reader = reader_of "\na\nb\n\n a\n \nc\nb \r\na"
        local total, equal, groups = payload.survey(reader)
        assert.equal(6, total)
        assert.equal(3, equal)
        assert.same({ { 2, 5, 9 }, { 3, 8 } }, groups)
        assert.equal("a", (reader:next()))
        assert.same({ 0, 0, {} }, { table.unpack({ payload.survey(reader_of " \n\r\n") }, 1, 3) })
    end)

    it("names some of very many", function()
        local lines = {}
        for i = 1, 5000 do lines[i] = "same" end
        for i = 5001, 9000 do lines[i] = tostring(i // 2) end
        local total, equal, groups = payload.survey(reader_of(table.concat(lines, "\n")))
        assert.equal(9000, total)
        assert.equal(4999 + 1999, equal)
        assert.equal(10, #groups)
        assert.equal(10, #groups[1])
    end)
end)

describe("payload.completer", function()
    local complete = payload.completer({ { "project", 'p"' }, { "batch", "b" } }, function() return "made" end)

    it("puts in front what a line lacks, and nothing else", function()
        assert.same({ '{"project":"p\\"","batch":"b","unique_id":"made"}', "made" }, { complete "{}" })
        assert.same({ ' {"batch":"b","unique_id":"made", "project" : 1}', "made" }, { complete ' { "project" : 1}' })
        local whole = '{"unique_id":"u","a":{"batch":2},"batch":"x","project":"y"}'
        assert.same({ whole }, { complete(whole) })
        assert.equal('{"project":"p\\"","batch":"b","unique_id":"made","a":{"unique_id":"u"}}',
            (complete '{"a":{"unique_id":"u"}}'))
    end)

    it("says what is wrong", function()
        for line, word in pairs {
            ["{"] = "not JSON", ["[]"] = "not a JSON object but array", ['{"unique_id":7}'] = "unique_id is number",
            ['{"unique_id":""}'] = "unique_id is empty", ['{"unique_id":null}'] = "unique_id is null",
            ['{"unique_id":"a","unique_id":{}}'] = "unique_id is object", ["\xff"] = "not JSON",
        } do
            local body, problem = complete(line)
            assert.is_nil(body)
            assert.matches(word, problem)
        end
    end)
end)

describe("command.split_names", function()
    it("splits at commas, but for those behind a backslash, and drops repeated names", function()
        assert.same({ "a", "b c", "d,e", "f" }, command.split_names { "a,b c,a", "d\\,e,,f" })
        assert.same({}, command.split_names { "," })
    end)
end)
