-- plain lua too
local json = require("scaleapi").json
local cjson = require "cjson"

local function complaint(fn, ...)
    local ok, message = pcall(fn, ...)
    assert.is_false(ok)
    return message
end

local function read_file(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read "a"
    file:close()
    return text
end

local suite = "tests/data/json-test-suite/test_parsing/"

describe("json.decode", function()
    it("keeps integers integers and floats floats", function()
        local list = json.decode "[10, 10.0, 1e1, -0, 0, 1623966396359000123, 9223372036854775807, -9223372036854775808]"
        local types = {}
        for i, number in ipairs(list) do types[i] = math.type(number) end
        assert.same({ "integer", "float", "float", "float", "integer", "integer", "integer", "integer" }, types)
        assert.equal(1623966396359000123, list[6])
        assert.equal(math.maxinteger, list[7])
        assert.equal(math.mininteger, list[8])
        assert.equal("-0.0", tostring(list[4]))
    end)

    it("keeps all digits of floats", function()
        assert.equal(12345.678901234567, json.decode "12345.678901234567")
        assert.equal(5e-324, json.decode "5e-324")
        assert.equal(1.7976931348623157e308, json.decode "1.7976931348623157e308")
    end)

    it("keeps the spelling of numbers that fit neither", function()
        for _, text in ipairs { "18446744073709551615", "-9223372036854775809", "1e400", "-1e400", "1e-400" } do
            local number = json.decode(text)
            assert.equal("userdata", type(number))
            assert.equal(text, tostring(number))
            assert.equal('{"n":' .. text .. "}", json.encode { n = number })
            assert.equal(number, json.decode(text))
            assert.not_equal(number, json.decode "2e400")
        end
    end)

    it("keeps null at every level", function()
        assert.equal(json.null, json.decode "null")
        assert.equal(json.null, json.decode('[{"a":null}]')[1].a)
        assert.equal(cjson.null, json.null)
    end)

    it("tells arrays from objects when they are empty", function()
        local both = json.decode '{"a":[],"o":{}}'
        assert.is_true(json.is_array(both.a))
        assert.is_false(json.is_array(both.o))
        assert.is_true(json.is_array(both.a))
        assert.is_nil(getmetatable(both.o))
        assert.equal('{"a":[],"o":{}}', json.encode(both))
    end)

    it("decodes every escape, and zero bytes", function()
        assert.equal('"\\/\b\f\n\r\t', json.decode [["\"\\\/\b\f\n\r\t"]])
        assert.equal("A\u{e9}\u{20ac}\u{1F600}\0!", json.decode [["\u0041\u00e9\u20AC\ud83d\ude00\u0000!"]])
        local long = ("x\\n"):rep(100000)
        assert.equal(("x\n"):rep(100000), json.decode('"' .. long .. '"'))
    end)

    it("lets the last of a name hold", function()
        assert.same({ a = 3, b = 1 }, json.decode [[{"a":1,"b":1,"a":2,"\u0061":3}]])
        local members = {}
        for i = 1, 300 do members[i] = ('"k%d":%d'):format(i % 100, i) end
        local value = json.decode("{" .. table.concat(members, ",") .. "}")
        assert.equal(300, value.k0)
        assert.equal(201, value.k1)
    end)

    it("reads long arrays and large objects", function()
        local numbers, members = {}, {}
        for i = 1, 100000 do
            numbers[i] = tostring(i)
            members[i] = ('"k%d":%d'):format(i, i)
        end
        local list = json.decode("[" .. table.concat(numbers, ",") .. "]")
        local object = json.decode("{" .. table.concat(members, ",") .. "}")
        assert.equal(100000, #list)
        for i = 1, 100000 do
            if list[i] ~= i or object["k" .. i] ~= i then error("wrong at " .. i) end
        end
    end)

    it("says what is wrong, and at which byte", function()
        assert.equal("not JSON at byte 8: a name in quotes was expected", complaint(json.decode, '{"a":1,}'))
        assert.equal("not JSON at byte 1: the text ends too early", complaint(json.decode, ""))
        assert.equal("not JSON at byte 2: a value was expected", complaint(json.decode, "[NaN]"))
        assert.equal("not JSON at byte 5: something stands behind the value", complaint(json.decode, "[1] x"))
        assert.equal("not JSON at byte 4: bytes that are not UTF-8", complaint(json.decode, '["a\xff"]'))
        assert.equal("not JSON at byte 8: a lone surrogate, which UTF-8 cannot hold",
            complaint(json.decode, [[{"a":"x\ud800"}]]))
        assert.equal("not JSON at byte 2: a lone surrogate, which UTF-8 cannot hold", complaint(json.decode, [["\udc00"]]))
        assert.equal("not JSON at byte 4: a value was expected", complaint(json.decode, "[1,\0]"))
    end)

    it("bounds the depth", function()
        local function nested(depth) return ("["):rep(depth) .. ("]"):rep(depth) end
        assert.equal(nested(512), json.encode(json.decode(nested(512))))
        assert.equal("not JSON at byte 513: too many brackets are open at once", complaint(json.decode, nested(513)))
        assert.equal("not JSON at byte 513: too many brackets are open at once", complaint(json.decode, ("["):rep(100000)))
        assert.equal("not JSON at byte 4: too many brackets are open at once",
            complaint(json.decode, nested(4), { max_depth = 3 }))
        local deep = json.decode(nested(1024), { max_depth = 1024 })
        assert.equal(nested(1024), json.encode(deep, { max_depth = 1024 }))
        assert.matches("max_depth must be 1 to 1024", complaint(json.decode, "1", { max_depth = 1025 }))
    end)

    it("agrees with lua-cjson where that is right", function()
        local text = [=[{"s":"a\"\\\u00e9","n":-12.5,"t":true,"f":false,"z":null,"a":[1,[2,{"b":"c"}]],"o":{"x":{}}}]=]
        local ours, theirs = json.decode(text), cjson.decode(text)
        assert.same(theirs, ours)
        for _, name in ipairs { "y_string_allowed_escapes", "y_object_extreme_numbers", "y_structure_whitespace_array",
            "y_string_accepted_surrogate_pairs", "y_number_double_close_to_zero", "y_object_duplicated_key",
            "y_array_with_several_null", "y_string_utf8", "y_object_long_strings" } do
            local bytes = read_file(suite .. name .. ".json")
            assert.same(cjson.decode(bytes), json.decode(bytes), name)
        end
    end)

    it("takes what is JSON and refuses what is not", function()
        local names = io.popen("ls " .. suite)
        local count = 0
        for name in names:lines() do
            local text = read_file(suite .. name)
            local ok, result = pcall(json.decode, text)
            local kind = name:sub(1, 1)
            if kind == "y" then assert(ok, name) elseif kind == "n" then assert(not ok, name) end
            if ok then assert(json.check(json.encode(result)), name) end
            assert(ok or result:find "^not JSON at byte %d+: ", name)
            count = count + 1
        end
        names:close()
        assert.equal(318, count)
    end)
end)

describe("json.encode", function()
    it("sorts names bytewise, so that the same table is the same bytes", function()
        assert.equal('{"":0,"B":1,"a":2,"a b":3,"aa":4,"abcdefgh":5,"abcdefghi":6,"\u{e9}":7}', json.encode {
            ["\u{e9}"] = 7, abcdefghi = 6, abcdefgh = 5, aa = 4, ["a b"] = 3, a = 2, B = 1, [""] = 0,
        })
        local large, expected = {}, {}
        for i = 1, 1000 do
            large["key" .. i] = i
            expected[i] = ('"key%d":%d'):format(i, i)
        end
        table.sort(expected, function(one, other) return one:match '"(.-)"' < other:match '"(.-)"' end)
        assert.equal("{" .. table.concat(expected, ",") .. "}", json.encode(large))
    end)

    it("writes integers as integers and floats as floats", function()
        assert.equal("[10,10.0,0.1,-0.0,1e+300,12345.678901234567,0.30000000000000004,9223372036854775807]",
            json.encode { 10, 10.0, 0.1, -0.0, 1e300, 12345.678901234567, 0.1 + 0.2, math.maxinteger })
    end)

    it("gives back what was decoded", function()
        for _, text in ipairs {
            '{"a":[1,2.5,-0.0,1e400,18446744073709551615,[],{},null,"x\u{e9}\u{1F600}\\n"],"b":{"c":true},"d":false}',
            '[1623966396359000123,12345.678901234567,4.35,0.1,1e-7,5e-324]',
            '"\\u0000\\u001f\\"\\\\/\u{7f}"', "null", "[[[]]]", '{"":{"":{}}}',
        } do
            assert.equal(text, json.encode(json.decode(text)))
        end
    end)

    it("keeps every float", function()
        math.randomseed(7)
        for _ = 1, 5000 do
            local float = string.unpack("d", string.pack("i8", math.random(0)))
            if float == float and float ~= math.huge and float ~= -math.huge then
                local text = json.encode(float)
                assert(json.decode(text) == float and math.type(json.decode(text)) == "float", text)
                assert(tonumber(text) == float, text)
            end
        end
    end)

    it("writes lists and marked tables as arrays, others as objects", function()
        assert.equal("[1,[],{}]", json.encode { 1, json.array(), {} })
        assert.equal('{"a":[]}', json.encode { a = json.array {} })
        local list = json.decode "[1]"
        list[1] = nil
        assert.equal("[]", json.encode(list))
    end)

    it("takes tables made by lua-cjson", function()
        assert.equal('{"a":[1.0,null,{"b":"c"}],"e":{}}', json.encode(cjson.decode '{"a":[1,null,{"b":"c"}],"e":[]}'))
    end)

    it("writes raw text as it stands", function()
        assert.equal('[{"b": 1,  "a":1.10}]', json.encode { json.raw '{"b": 1,  "a":1.10}' })
        assert.equal("[1.10,1e5]", json.encode { json.number "1.10", json.number "1e5" })
        assert.equal("1.10", tostring(json.number "1.10"))
        assert.equal("not JSON at byte 4: a value was expected", complaint(json.raw, "[1,]"))
        assert.matches("not a JSON number", complaint(json.number, "0x10"))
        assert.not_equal(json.raw "1", json.number "1")
    end)

    it("names the place of what it cannot encode", function()
        assert.equal("cannot encode tasks[2].points: a function",
            complaint(json.encode, { tasks = { {}, { points = print } } }))
        assert.equal("cannot encode tasks[2].points: a list with holes",
            complaint(json.encode, { tasks = { {}, { points = { 1, nil, 3 } } } }))
        assert.equal("cannot encode the value: a function", complaint(json.encode, print))
        assert.equal("cannot encode the value: a nil", complaint(json.encode, nil))
        assert.equal("cannot encode the value: a thread", complaint(json.encode, coroutine.create(print)))
        assert.equal("cannot encode a.f: a userdata", complaint(json.encode, { a = { f = io.stdout } }))
        assert.equal("cannot encode [2]: a number that is not finite", complaint(json.encode, { 1, 0 / 0 }))
        assert.equal("cannot encode x: a number that is not finite", complaint(json.encode, { x = math.huge }))
        assert.equal("cannot encode x: text that is not UTF-8", complaint(json.encode, { x = "ab\xff" }))
        assert.equal('cannot encode ["a b"][1]: text that is not UTF-8', complaint(json.encode, { ["a b"] = { "\xc3" } }))
        assert.equal('cannot encode ["a?"]: text that is not UTF-8', complaint(json.encode, { ["a\xff"] = 1 }))
        assert.equal('cannot encode ["a?"].b: a function', complaint(json.encode, { ["a\n"] = { b = print } }))
    end)

    it("refuses tables that are neither list nor object", function()
        assert.equal("cannot encode the value: a table with both list items and names",
            complaint(json.encode, { 1, x = 2 }))
        assert.matches("cannot encode the value: a table with", complaint(json.encode, { x = 2, [1] = 1 }))
        assert.equal("cannot encode a: a table with a name that is a number", complaint(json.encode, { a = { [1.5] = 1 } }))
        assert.equal("cannot encode a: a table with a name that is a boolean",
            complaint(json.encode, { a = { [true] = 1 } }))
        assert.equal("cannot encode the value: a list with an item below 1", complaint(json.encode, { [0] = 1, 2 }))
        assert.equal("cannot encode the value: a table with both list items and names",
            complaint(json.encode, json.array { x = 1 }))
        assert.equal("cannot encode the value: a list with holes", complaint(json.encode, json.array { [2] = 1 }))
        assert.equal("cannot encode the value: a list with holes", complaint(json.encode, { [1000000000] = 1 }))
    end)

    it("finds circles", function()
        local circle = {}
        circle.me = circle
        assert.equal("cannot encode " .. ("me."):rep(15) .. "me...: tables nested too deeply, or in a circle",
            complaint(json.encode, circle))
        assert.equal("cannot encode [1][1]: tables nested too deeply, or in a circle",
            complaint(json.encode, { { {} } }, { max_depth = 2 }))
    end)

    it("goes on after a failure", function()
        local deep = { a = { b = { print } } }
        for _ = 1, 1000 do pcall(json.encode, deep) end
        assert.equal('{"a":1}', json.encode { a = 1 })
    end)

    it("is not disturbed by a collector that encodes too", function()
        local answers = {}
        for i = 1, 2000 do
            local name = "k" .. i
            setmetatable({}, { __gc = function() answers[#answers + 1] = json.encode { [name] = { 1, { 2 } } } end })
        end
        local large = {}
        for i = 1, 5000 do large["key" .. i] = { i, { text = ("x"):rep(i % 50) } } end
        local expected = json.encode(large)
        for _ = 1, 5 do
            collectgarbage "step"
            assert.equal(expected, json.encode(large))
        end
        collectgarbage()
        assert.is_true(#answers >= 2000)
        for _, answer in ipairs(answers) do assert.matches('^{"k%d+":%[1,%[2%]%]}$', answer) end
    end)

    it("encodes in coroutines", function()
        local wrapped = coroutine.wrap(function(value)
            while true do value = coroutine.yield(json.encode(value)) end
        end)
        assert.equal("[1]", wrapped { 1 })
        assert.equal('{"a":[2]}', wrapped { a = { 2 } })
        assert.equal("[3]", json.encode { 3 })
    end)

    it("agrees with lua-cjson where that is right", function()
        math.randomseed(11)
        local function value(depth)
            local kind = math.random(depth > 4 and 4 or 6)
            if kind == 1 then return math.random(-1000, 1000) end
            if kind == 2 then return math.random() < 0.5 end
            if kind == 3 then return ("a\"\\/\n\u{e9}\u{1}"):rep(math.random(3)) end
            if kind == 4 then return json.null end
            local made = {}
            for i = 1, math.random(5) do made[kind == 5 and i or "k" .. math.random(100)] = value(depth + 1) end
            return made
        end
        for _ = 1, 300 do
            local original = value(1)
            assert.same(original, json.decode(json.encode(original)))
            assert.same(original, json.decode(cjson.encode(original)))
            assert.same(cjson.decode(cjson.encode(original)), cjson.decode(json.encode(original)))
        end
    end)
end)

describe("json.array", function()
    it("marks a table, or a new one", function()
        local list = { 1 }
        assert.equal(list, json.array(list))
        assert.is_true(json.is_array(list))
        assert.is_true(json.is_array(json.array()))
        assert.is_false(json.is_array {})
        assert.is_false(json.is_array "x")
        assert.equal(list, json.array(list))
    end)

    it("refuses a table with another metatable, and what is no table", function()
        assert.matches("another metatable", complaint(json.array, setmetatable({}, {})))
        assert.matches("table expected", complaint(json.array, "x"))
    end)
end)

describe("json.check and json.outline", function()
    it("give true, or nil and a message", function()
        assert.is_true(json.check '{"a":[1]}')
        local good, message = json.check '{"a":[1,]}'
        assert.is_nil(good)
        assert.equal("not JSON at byte 9: a value was expected", message)
        assert.is_true(json.outline '{"a":[1,]}')
        good, message = json.outline '{"a":[1,'
        assert.is_nil(good)
        assert.equal("not JSON at byte 9: the text ends too early", message)
    end)

    it("bound the depth", function()
        assert.is_nil(json.check(("["):rep(513) .. ("]"):rep(513)))
        assert.is_nil(json.outline(("["):rep(513) .. ("]"):rep(513)))
        assert.is_nil(json.check("[[]]", { max_depth = 1 }))
    end)
end)

describe("json.type", function()
    it("tells by the first byte", function()
        local types = {}
        for i, raw in ipairs { "{}", " [1]", '"x"', "-1", "true", "null" } do types[i] = json.type(raw) end
        assert.same({ "object", "array", "string", "number", "boolean", "null" }, types)
        assert.is_nil(json.type "")
        assert.is_nil(json.type "x")
    end)
end)

describe("json.field", function()
    it("decodes one field", function()
        local text = '{"id":"x","n":10,"none":null,"list":[],"o":{"a":[1]},"id":"y"}'
        assert.equal("y", json.field(text, "id"))
        assert.equal("integer", math.type(json.field(text, "n")))
        assert.equal(json.null, json.field(text, "none"))
        assert.is_true(json.is_array(json.field(text, "list")))
        assert.same({ a = { 1 } }, json.field(text, "o"))
        assert.is_nil(json.field(text, "absent"))
        assert.is_nil(json.field("{}", "id"))
    end)

    it("raises on malformed documents, with the byte of the document", function()
        assert.equal("not JSON at byte 1: an object was expected", complaint(json.field, "[1]", "a"))
        assert.equal("not JSON at byte 7: the text ends too early", complaint(json.field, '{"a":1', "a"))
        assert.equal("not JSON at byte 11: a value was expected", complaint(json.field, '{"a":{"b":}}', "a"))
        assert.equal("not JSON at byte 15: a backslash outside of strings", complaint(json.field, '{"a":1,"b":[1,\\u0031]}', "a"))
        assert.equal("not JSON at byte 13: a lone surrogate, which UTF-8 cannot hold",
            complaint(json.field, '{"a":1,"b":"\\ud800"}', "b"))
    end)

    it("does not look at what it was not asked for", function()
        local text = '{"a":1,"b":"\\ud800","c":[nonsense]}'
        assert.equal(1, json.field(text, "a"))
        assert.equal('"\\ud800"', json.raw_field(text, "b"))
        assert.equal("[nonsense]", json.raw_field(text, "c"))
        assert.is_nil(json.raw_field(text, "d"))
    end)

    it("finds several fields in one pass", function()
        local text = '{"a":1,"b":"x","a":[2],"c":null}'
        assert.same({ n = 4, "[2]", nil, "null", '"x"' }, table.pack(json.raw_fields(text, "a", "d", "c", "b")))
        assert.equal(0, select("#", json.raw_fields(text)))
        assert.same({ n = 1 }, table.pack(json.raw_fields("{}", "a")))
        for _, wrong in ipairs { "[]", "7", "", "{", '{"a" 1}' } do
            assert.is_false((pcall(json.raw_fields, wrong, "a")))
        end
        local names = {}
        for i = 1, 17 do names[i] = "n" .. i end
        assert.is_false((pcall(json.raw_fields, "{}", table.unpack(names))))
        assert.is_false((pcall(json.raw_fields, "{}", {})))
    end)
end)

describe("json.members and json.elements", function()
    it("cut the first level", function()
        local names, raws = json.members '{"b": 1, "a\\n":[1, 2] ,"b":{"c":null}}'
        assert.same({ "b", "a\n", "b" }, names)
        assert.same({ "1", "[1, 2]", '{"c":null}' }, raws)
        assert.same({ '{"a": 1}', "2", '"]"' }, json.elements '[{"a": 1}, 2,"]"]')
        assert.same({ {}, {} }, { json.members "{}" })
        assert.same({}, json.elements "[]")
    end)

    it("raise on what they cannot cut", function()
        assert.equal("not JSON at byte 1: an object was expected", complaint(json.members, "[1]"))
        assert.equal("not JSON at byte 2: an array was expected", complaint(json.elements, " {}"))
        assert.equal("not JSON at byte 4: a value was expected", complaint(json.elements, "[1,]"))
        assert.equal("not JSON at byte 3: a lone surrogate, which UTF-8 cannot hold",
            complaint(json.members, '{"\\ud800":1}'))
    end)
end)

describe("json.page", function()
    local pretty = '{\n  "total" : 2,\n  "docs" : [\n    {"id": "a", "x": [1, 2]},\r\n    {\n\t"id": "b"}\n  ],\n'
        .. '  "has_more": false,\n  "next_token": null\n}\n'

    it("cuts a page into its documents", function()
        local docs, envelope = json.page(pretty, "docs")
        assert.same({ '{"id": "a", "x": [1, 2]}', '{\n\t"id": "b"}' }, docs)
        assert.same({ total = 2, has_more = false, next_token = json.null }, envelope)
    end)

    it("gives the bytes of a page that was joined of them", function()
        local documents = {}
        for i = 1, 500 do documents[i] = json.encode { id = i, text = ("]},\"\\{["):rep(i % 7) } end
        local docs, envelope = json.page('{"docs":[' .. table.concat(documents, ",") .. '],"n":500}', "docs")
        assert.same(documents, docs)
        assert.same({ n = 500 }, envelope)
    end)

    it("gives nil when there is no such array", function()
        local docs, envelope = json.page('{"total":0}', "docs")
        assert.is_nil(docs)
        assert.same({ total = 0 }, envelope)
        docs, envelope = json.page('{"docs":{"a":1}}', "docs")
        assert.is_nil(docs)
        assert.same({ docs = { a = 1 } }, envelope)
    end)

    it("lets the last of a name hold", function()
        local docs, envelope = json.page('{"docs":[1],"docs":[2,3]}', "docs")
        assert.same({ "2", "3" }, docs)
        assert.same({}, envelope)
        docs, envelope = json.page('{"docs":[1],"docs":4}', "docs")
        assert.is_nil(docs)
        assert.same({ docs = 4 }, envelope)
        docs, envelope = json.page('{"docs":4,"docs":[1]}', "docs")
        assert.same({ "1" }, docs)
        assert.same({}, envelope)
    end)

    it("raises on a page that is cut anywhere", function()
        local whole = #pretty - 1
        for size = 0, whole - 1 do
            local ok, message = pcall(json.page, pretty:sub(1, size), "docs")
            assert(not ok and message:find "^not JSON at byte ", size)
        end
        assert.equal("not JSON at byte 1: an object was expected", complaint(json.page, "[]", "docs"))
    end)
end)

describe("json.covers", function()
    it("finds what was sent in what is there", function()
        assert.is_true(json.covers('{"a":1.0,"b":{"c":[1],"d":2},"e":0}', '{"b":{"c":[1.0]},"a":1}'))
        local good, key = json.covers('{"a":1}', '{"a":1,"b\\n":2}')
        assert.is_nil(good)
        assert.equal("b\n", key)
        assert.is_nil((json.covers("[]", "{}")))
    end)

    it("lets texts go on where it may", function()
        local options = { prefixes = { "instruction", "title" } }
        assert.is_true(json.covers('{"instruction":"Draw. All."}', '{"instruction":"Draw."}', options))
        assert.is_nil((json.covers('{"instruction":"Draw. All."}', '{"instruction":"Draw."}')))
        assert.is_nil((json.covers('{"other":"Draw. All."}', '{"other":"Draw."}', options)))
    end)

    it("raises on malformed texts", function()
        assert.equal("not JSON at byte 7: the text ends too early", complaint(json.covers, '{"a":1', '{"a":1}'))
    end)
end)
