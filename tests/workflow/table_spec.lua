-- scalua upload of tables: the template (scripts/lib/template.lua) and the command as a process.

local json = require("scaleapi").json
local support = require "tests.workflow.support"
local template = require "scripts.lib.template"

-- ------------------------------------------------------------------ template

-- What a template makes of a row of cells; or nil and what is wrong.
local function fill(text, cells, names)
    local build, problems = template.compile(text, names or { "a", "b", "c" })
    assert(build, not build and table.concat(problems, "\n"))
    return build(cells)
end

local function cell(text, place)
    return fill(('{"x":"%s"}'):format(place or "{a}"), { text, "", "" })
end

local function complaints(text, names)
    local build, problems = template.compile(text, names or { "a", "b", "c" })
    assert.is_nil(build)
    return table.concat(problems, "\n")
end

describe("a template", function()
    it("keeps numbers, true and false as they are written, and takes all else for text", function()
        for _, text in ipairs { "0", "-0", "12", "-1.50", "0.10", "1e-07", "1.5E+20", "12345678901234567890123" } do
            assert.equal(('{"x":%s}'):format(text), cell(text))
        end
        for _, text in ipairs { "007", "1.", ".5", "+1", "1,5", "1 000", "0E0", "1e5", "0x10", "-", "NaN", "null", "yes",
            " 1", "2021-01-02", "-01", "1.2.3", "ü", "[1]" } do
            assert.equal(('{"x":%s}'):format(json.encode(text)), cell(text))
        end
        for _, text in ipairs { "true", "TRUE", "True", "false", "FALSE", "False" } do
            assert.equal(('{"x":%s}'):format(text:lower()), cell(text))
        end
        assert.equal([[{"x":"\"\\\n"}]], cell '"\\\n')
    end)

    it("does with empty cells as it says", function()
        assert.same({ nil, "column 'a' is empty ({a?} would leave it out, {a|null} give null)" }, { cell "" })
        assert.equal('{}', cell("", "{a?}"))
        assert.equal('{"x":null}', cell("", "{a|null}"))
        assert.equal('{"x":""}', cell("", "{a|}"))
        assert.equal('{"x":0}', cell("", "{a|0}"))
        assert.equal('{"x":"0"}', cell("", "{a:text|0}"))
        assert.equal('{"x":[]}', cell("", "{a:json|[]}"))
        assert.equal('{"x":"a|b"}', cell("", "{a|a|b}"))
        assert.equal('{"x":7}', cell("7", "{a|none}"))
        local text = '{"p":"{a?}","q":["{a?}","{b}","{c?}",[]],"r":{"s":"{c?}"},"t":{}}'
        assert.equal('{"q":[2,[]],"r":{},"t":{}}', fill(text, { "", "2", "" }))
        assert.equal('{"p":1,"q":[1,2,3,[]],"r":{"s":3},"t":{}}', fill(text, { "1", "2", "3" }))
    end)

    it("puts cells into longer texts, as text", function()
        local text = '{"x":"{a}: {b?}/{c|-}\\n"}'
        assert.equal('{"x":"1.0: ü\\"/-\\n"}', fill(text, { "1.0", 'ü"', "" }))
        assert.equal('{"x":"true: /c\\n"}', fill(text, { "true", "", "c" }))
        assert.same({ nil, "column 'a' is empty ({a?} would leave it out, {a|null} give null)" }, { fill(text, { "", "b", "c" }) })
    end)

    it("takes text and JSON where it is told, and text for unique_id", function()
        assert.equal('{"x":"1"}', cell("1", "{a:text}"))
        assert.equal('{"x":{"k": [1,  2.50]}}', cell('{"k": [1,\n 2.50]}', "{a:json}"))
        assert.equal('{}', cell("", "{a:json?}"))
        assert.same({ nil, "column 'a' does not hold JSON: not JSON at byte 2: the text ends too early" }, { cell("[", "{a:json}") })
        assert.equal('{"unique_id":"17","deep":{"unique_id":17}}',
            fill('{"unique_id":"{a}","deep":{"unique_id":"{a}"}}', { "17" }))
    end)

    it("has braces of its own when they are doubled, and else stays as it is", function()
        assert.equal('{"{k}":"{a} {1} }{","n":1.10,"l":[1,{"m":null}],"s":"\\u00fc"}',
            (fill('{ "{{k}}" : "{{a}} {{{a}}} }}{{", "n":1.10,\n"l" : [1, {"m":null} ], "s":"\\u00fc"}', { "1" }):gsub("ü", "\\u00fc")))
    end)

    it("finds columns whose names end as places can", function()
        local names = { "ok?", "a|b", "n:text", "ü", "ok" }
        assert.equal('{"x":1,"y":2,"z":3,"u":4,"v":5,"w":null}',
            fill('{"x":"{ok?}","y":"{a|b}","z":"{n:text}","u":"{ü}","v":"{ok}","w":"{a|b|null}"}',
                { "1", "2", "3", "4", "5" }, names):gsub('"w":2', '"w":null'))
        assert.equal('{}', fill('{"x":"{ok??}"}', { "", "2", "3", "4", "5" }, names))
    end)

    it("says which columns there are not, all of them, and which were meant", function()
        local names = { "name", "City", "latitude", " state" }
        assert.equal("/a/0: there is no column 'latitud'; did you mean 'latitude'?\n"
            .. "/b~1c/d: there is no column 'city', but one 'City': write it as the header does\n"
            .. "/e: there is no column 'state', but one ' state': write it as the header does\n"
            .. "/f: there is no column 'wholly other'; there are name, City, latitude,  state",
            complaints('{"a":["{latitud}"],"b/c":{"d":"in {city?}"},"e":"{state|null}","f":"{wholly other}"}', names))
    end)

    it("refuses what it cannot be", function()
        assert.equal("not JSON at byte 5: the text ends too early", complaints '{"a"')
        assert.equal("a template is a JSON object, not array", complaints '["{a}"]')
        assert.equal("there is no place for a cell in it, such as {a}", complaints '{"a":"{{a}}"}')
        for text, problem in pairs {
            ["{"] = "a single {; write {{ for the character",
            ["a}"] = "a single }; write }} for the character",
            ["{a:int}"] = "':int' behind a column is neither :text nor :json",
            ["{a:json} b"] = "{a:json} cannot stand in a longer text",
            ["{a|null} b"] = "{a|null} cannot stand in a longer text",
            ["{a:json|x}"] = "what stands behind the bar does not hold JSON: not JSON at byte 1: a value is missing",
        } do
            assert.equal("/x: " .. problem, (complaints(('{"x":"%s"}'):format(text)):gsub("byte 1: .*", "byte 1: a value is missing")))
        end
        assert.equal("/{a}: a key cannot have a place for a cell in it", complaints '{"{a}":1}')
        assert.equal("/a: this key stands there twice", complaints '{"a":"{a}","a":1}')
        assert.equal("/x: two columns are called 'a'", complaints('{"x":"{a}"}', { "a", "a" }))
        assert.equal('{"x":2}', fill('{"x":"{b}"}', { "1", "2", "3" }, { "a", "b", "a" }))
    end)

    it("names the column that is not UTF-8", function()
        for _, place in ipairs { "{a}", "{a:text}", "in {a}" } do
            assert.same({ nil, "column 'a' is not UTF-8" }, { cell("M\xfcnchen", place) })
        end
    end)
end)

-- ------------------------------------------------------------------- upload

local TYPE = support.TYPE
local TASK = '{"unique_id":"{id}","text":"{text}","labels":[{"name":"{label|animal}"}],"metadata":{"n":"{n?}"}}'
local url

local function upload(file, more, environment)
    local words = { "upload", file, "--type", TYPE, "--project", "p", "--template", "task.json" }
    for _, word in ipairs(more or {}) do words[#words + 1] = word end
    local all = { SCALE_API_URL = url, SCALE_API_KEY = "live_key" }
    for name, value in pairs(environment or {}) do all[name] = value end
    return support.scalua(words, all)
end

local function summary_of(file, more)
    local words = { "--json" }
    for _, word in ipairs(more or {}) do words[#words + 1] = word end
    local code, out, err = upload(file, words)
    return code, out ~= "" and json.decode(out) or nil, err
end

-- A sandbox with project p, and the template.
local function start(options, task)
    url = support.sandbox(options)
    support.client(url):create_project { project_name = "p", task_type = TYPE }
    support.write("task.json", task or TASK)
end

local function table_of(count, first)
    local lines = { "id,text,label,n" }
    for i = first or 1, (first or 1) + count - 1 do lines[#lines + 1] = ('u%d,"row ""%d""",,%d'):format(i, i, i) end
    return table.concat(lines, "\r\n") .. "\r\n"
end

local function count_tasks()
    return support.count_tasks(url, "p")
end

describe("upload of a table", function()
    before_each(support.setup)
    after_each(support.teardown)

    it("makes a task of every row, the airports for one", function()
        url = support.sandbox()
        local lines = {}
        for line in io.lines "examples/data/airports.csv" do
            lines[#lines + 1] = line
            if #lines == 301 then break end
        end
        support.write("airports.csv", "\xEF\xBB\xBF" .. table.concat(lines, "\r\n"))
        support.write("airport.json", assert(io.open "examples/airport.json"):read "a")
        local code, _, err = support.scalua({ "upload", "airports.csv", "--template", "airport.json", "--type", "textcollection",
            "--project", "p", "--create-project" }, { SCALE_API_URL = url, SCALE_API_KEY = "live_key" })
        assert.equal(0, code, err)
        assert.matches("300 rows: 300 created", err)
        local tasks = {}
        for _, task in ipairs(support.tasks(url, "p")) do tasks[task.unique_id] = task:json() end
        assert.matches('"place":{"latitude":34.98560639,"longitude":%-106.0094661}', tasks["0E0"])
        assert.matches('"content":"Moriarty, Moriarty NM"', tasks["0E0"])
        assert.is_string(tasks["0E8"])
    end)

    it("is exactly once, killed or run again, however the table is saved", function()
        start "latency = 0.05"
        support.write("t.csv", table_of(120))
        local _, out = support.shell(([[
            for done in 0 20 40; do
                "$S" upload t.csv --template task.json --type %s --project p --concurrency 4 >/dev/null 2>&1 &
                until [ "$(grep -c '^c' t.csv.journal 2>/dev/null || true)0" -gt "${done}0" ]; do sleep 0.02; done
                kill -9 $!
                wait $! 2>/dev/null
                grep -c '^c' t.csv.journal
            done]]):format(TYPE), { SCALE_API_URL = url, SCALE_API_KEY = "live_key" })
        assert.is_true(tonumber(out:match "%d+") < 120, out)
        local code, summary, err = summary_of "t.csv"
        assert.equal(0, code, err)
        assert.equal(120, summary.created + summary.existing + summary.skipped)
        assert.equal(120, count_tasks())
        support.write("t.csv", (table_of(120):gsub("\r\n", "\n"):gsub("\n(u%d+),", '\n"%1",')))
        code, summary, err = summary_of "t.csv"
        assert.same({ 0, 120 }, { code, summary and summary.skipped }, err)
    end)

    it("is other work with another template, unless that says the same", function()
        start(nil, (TASK:gsub('"unique_id":"{id}",', "")))
        support.write("t.csv", table_of(20))
        assert.equal(0, (upload "t.csv"))
        local code, summary, err = summary_of("t.csv", { "--fresh" })
        assert.same({ 0, 20 }, { code, summary and summary.existing }, err)
        local before = support.read "t.csv.journal"
        support.write("task.json", (TASK:gsub('"unique_id":"{id}",', ""):gsub(",", ",\n    ")))
        code, summary, err = summary_of "t.csv"
        assert.same({ 0, 20 }, { code, summary and summary.skipped }, err)
        support.write("task.json", (TASK:gsub('"unique_id":"{id}",', ""):gsub("animal", "plant")))
        local out
        code, out, err = upload "t.csv"
        assert.equal("", out)
        assert.equal(2, code)
        assert.matches("template was '%x+' and is '%x+' now; input_size was %d+ and is %d+ now; input was", err)
        assert.equal(before, support.read "t.csv.journal")
        assert.equal(20, count_tasks())
        code, summary = summary_of("t.csv", { "--fresh" })
        assert.same({ 0, 20 }, { code, summary and summary.created })
    end)

    it("names row and column of every cell that does not fit, and sends nothing", function()
        start()
        support.write("t.csv", 'id,text,label,n\nu1,"two\nlines",,1\n,b,,\nu3,,,x\nu4,M\xfcller,,\n')
        local code, out, err = upload "t.csv"
        assert.same({ 2, "" }, { code, out })
        assert.matches("upload: t.csv:4 %(row 3%): column 'id' is empty %({id%?} would leave it out, {id|null} give null%)\n"
            .. "t.csv:5 %(row 4%): column 'text' is empty [^\n]+\nt.csv:6 %(row 5%): column 'text' is not UTF%-8\n"
            .. "3 rows are not as the template needs them; nothing was sent\n$", err)
        support.write("t.csv", "id,text,label,n\n" .. ("u,,,\n"):rep(30))
        code, out, err = upload "t.csv"
        assert.same({ 2, "" }, { code, out })
        assert.matches("^upload: t.csv:2: column 'text' is empty", err)
        assert.matches("t.csv:11: column 'text' is empty [^\n]+\nand 20 more of the kind\n30 rows are not", err)
        assert.equal(0, count_tasks())
        assert.is_nil(support.read "t.csv.journal")
    end)

    it("refuses a table that is broken, has equal rows, or is none", function()
        start()
        local function refuses(expected, text, more)
            support.write("t.csv", text)
            local code, out, err = upload("t.csv", more)
            assert.equal(2, code, err)
            assert.matches(expected, err)
            assert.not_matches("traceback", err)
            assert.equal("", out)
        end
        refuses("t.csv:3: 3 fields where 4 are expected", "id,text,label,n\nu1,a,,\nu2,a,\n")
        refuses("t.csv:2:4: this quote is never closed", 'id,text,label,n\nu1,"a,,\n')
        refuses("t.csv: lines 2, 4 are equal\n.*1 row is equal", "id,text,label,n\nu1,a,,\nu2,a,,\nu1,a,,\n")
        refuses("t.csv has no rows", "id,text,label,n\n")
        refuses("t.csv is empty", "")
        refuses("t.csv has no header", "\n\n")
        refuses("t.csv is a spreadsheet or an archive; save the table as CSV", "PK\3\4\20")
        refuses("t.csv is compressed", "\x1f\x8b\8\0")
        refuses("t.csv is UTF%-16; save it as UTF%-8", "\xFF\xFEi\0d\0")
        refuses("the name of column 2 is not UTF%-8", "id,gr\xfc\xdfe\n1,2\n")
        refuses("there is no column 'id'; .*\nthe header is one column; perhaps the table needs %-%-separator ';'",
            "id;text;label;n\nu1;a;;\n")
        refuses("task.json: /metadata/n: there is no column 'n'", "id,text,label\nu1,a,\n")
        local code, _, err = support.shell('mkdir d.csv; "$S" upload d.csv --type t --project p --template task.json')
        assert.same({ 2, "upload: d.csv is a directory\n" }, { code, err })
        assert.equal(0, count_tasks())
    end)

    it("takes other separators, and gives what failed as JSON lines to be mended", function()
        start()
        support.write("t.tsv", "id\ttext\tlabel\tn\nu1\ta,b\t\t1\nu2\tc\t\t\n")
        assert.equal(0, (upload("t.tsv", { "--separator", "tab" })))
        support.write("task.json", (TASK:gsub('"labels"', '"labls"')))
        support.write("t.csv", "id;text;label;n\nu3;x;y;1.50\n")
        local code, summary, err = summary_of("t.csv", { "--separator", ";" })
        assert.same({ 3, 1 }, { code, summary and summary.failed }, err)
        assert.equal('{"unique_id":"u3","text":"x","labls":[{"name":"y"}],"metadata":{"n":1.50}}\n', support.read "t.csv.failed.jsonl")
        local record = support.records("t.csv.errors.jsonl")[1]
        assert.same({ 2, "u3" }, { record.row, record.unique_id })
        support.write("t.csv.failed.jsonl", (support.read "t.csv.failed.jsonl":gsub("labls", "labels")))
        assert.equal(0, (support.scalua({ "upload", "t.csv.failed.jsonl", "--type", TYPE, "--project", "p" },
            { SCALE_API_URL = url, SCALE_API_KEY = "live_key" })))
        assert.equal(3, count_tasks())
    end)

    it("says which columns are numbers here and text there", function()
        start()
        support.write("t.csv", "id,text,label,n\n1,a,,1\n2,b,,x\n3,7,,2\n")
        local code, _, err = upload "t.csv"
        assert.equal(3, code, err) -- a text that is a number is refused
        assert.matches("t.csv: of column 'text' 1 cells are numbers, true or false, and 2 are text; {text:text} makes text of all", err)
        assert.matches("of column 'n' 2 cells are numbers", err)
        assert.not_matches("column 'id'", err)
    end)

    it("ends with 1 when the table is changed meanwhile, having sent nothing of the new contents", function()
        support.write("task.json", TASK)
        local text = table_of(4000)
        local function change(how)
            support.shell "rm -f t.csv.journal ids done"
            support.write("t.csv", text)
            url = support.answering(([[
                if request.method == "GET" then return 200, '{"name":"p"}' end
                local ids = io.open("ids", "a")
                ids:write(request.body:match '"unique_id":"(%%w+)"', "\n")
                ids:close()
                state.rows = (state.rows or 0) + 1
                if state.rows == 10 then %s end
                return 200, '{"task_id":"' .. count .. '"}']]):format(how))
            local code, _, err = upload("t.csv", { "--concurrency", "2" })
            assert.equal(1, code, err)
            assert.matches("t.csv was changed while it was read; what was sent stood there before", err)
            assert.not_matches("X", support.read "ids")
        end
        change [[os.execute "sed -i s/^u/X/ t.csv"]]
        change [[os.execute "sed s/^u/X/ t.csv >part; cat part >t.csv"]]
        change [[local f = io.open("t.csv", "a"); f:write "X1,a,,\n"; f:close()]]
        url = nil
    end)

    it("is asked for a template, and knows when there is none to take", function()
        support.write("t.csv", table_of(1))
        support.write("task.json", TASK)
        local function refuses(expected, ...)
            local code, _, err = support.scalua { "upload", "t.csv", "--type", "t", "--project", "p", ... }
            assert.equal(2, code)
            assert.matches(expected, err)
        end
        refuses "t.csv is a table: %-%-template says what is to be made of a row"
        refuses("%-%-separator goes with %-%-template", "--separator", ";")
        refuses("';;' is not a character that separates", "--separator", ";;", "--template", "task.json")
        refuses("cannot read none.json", "--template", "none.json")
        support.write("task.json", '{"a":')
        refuses("task.json: not JSON at byte", "--template", "task.json")
    end)
end)

describe("a large table", function()
    before_each(support.setup)
    after_each(support.teardown)

    it("is read in flat memory", function()
        local lines = {}
        for i = 1, 2000 do lines[i] = ("%%d%d,some text,label,%d\n"):format(i, i) end
        local block = table.concat(lines)
        local file = assert(io.open(support.path "t.csv", "wb"))
        file:write "id,text,label,n\n"
        for i = 1, 20 do file:write((block:gsub("%%d", "u" .. i .. "."))) end
        file:close()
        local reader = require("scripts.lib.tables").open { path = support.path "t.csv", template = TASK, template_path = "task.json" }
        local most = 0
        collectgarbage()
        local before = collectgarbage "count"
        local total = reader:survey(nil, nil, function() most = math.max(most, collectgarbage "count" - before) end)
        assert.equal(40000, total)
        local count = 0
        for line, number in reader do
            count = count + 1
            if count == 40000 then assert.equal('{"unique_id":"u20.2000","text":"some text"', line:sub(1, 42)) end
            assert.equal(count + 1, number)
            if count % 4000 == 0 then most = math.max(most, collectgarbage "count" - before) end
        end
        assert.equal(40000, count)
        assert.is_true(most < 8 * 1024, most .. " KiB")
    end)
end)
