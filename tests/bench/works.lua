--[[
tests.bench.works - the work, and who does it: each work has a group, a title, how many things there are to be done, and
contestants. A contestant has a name, the words of its command for a URL and a count, and the share of the work that it
does (the slow ones a part, so that no row takes minutes). The first of each work is what the others are compared with.
--]]

local machine = require "tests.bench.machine"

local works = {}

local SCALUA, LUA = machine.tree .. "/scalua", "lua5.4"
local FLOOR, CORE = machine.tree .. "/bench/bench_floor", machine.tree .. "/bench/bench_core"

local function has(command)
    return os.execute(command .. " >/dev/null 2>&1") == true
end

local optional -- name -> whether it can run here

local function can_run(name)
    optional = optional or {
        ["lua-http"] = has "lua5.4 tests/bench/plain.lua check",
        ["LuaSocket"] = has "lua5.4 -e 'require \"ssl.https\" require \"cjson\"'",
        ["Python SDK"] = has "python3 -c 'import scaleapi'",
    }
    return optional[name] ~= false
end

--- The contestants that cannot run here, with what they lack.
function works.absent()
    local lacks = { ["lua-http"] = "lua-http", LuaSocket = "lua-socket, lua-sec",
        ["Python SDK"] = "a python3 that imports scaleapi" }
    local list = {}
    for name, lack in pairs(lacks) do
        if not can_run(name) then list[#list + 1] = name .. " (needs " .. lack .. ")" end
    end
    table.sort(list)
    return list
end

-- --------------------------------------------------------------- contestants

local function contestant(name, words, more)
    local made = { name = name, words = words, share = 1 }
    for key, value in pairs(more or {}) do made[key] = value end
    return made
end

local function upload_words(url, count, in_flight)
    return { SCALUA, "upload", machine.rows(count), "--type", "imageannotation", "--project", "bench",
        "--batch", "bench", "--concurrency", in_flight, "--json" }, { SCALE_API_URL = url }
end

local function creators(in_flight)
    return {
        contestant("libcurl", function(url, n)
            return { FLOOR, "post", url .. "/v1/task/imageannotation", machine.rows(n), n, in_flight }
        end, { counted = true }),
        contestant("C core", function(url, n)
            return { CORE, "post", url, machine.rows(n), n, in_flight }
        end, { counted = true }),
        contestant("Lua", function(url, n)
            return { SCALUA, "tests/bench/post.lua", url, machine.rows(n), in_flight }
        end, { counted = true, goal = in_flight == 50 and 0.9 or nil }),
        contestant("scalua upload", function(url, n) return upload_words(url, n, in_flight) end, { counted = true }),
        contestant("lua-http", function(url, n)
            return { LUA, "tests/bench/plain.lua", "post", url, machine.rows(n), in_flight }
        end, { share = 1 / 4 }),
        contestant("Python SDK", function(url, n)
            return { "python3", "tests/bench/sdk.py", "post", url, machine.rows(n), in_flight }
        end, { share = 1 / 40 }),
    }
end

local function readers(mode)
    local function page_url(url) return url .. "/v1/tasks?project=bench&limit=100" end
    local list = {}
    list[1] = contestant("libcurl", function(url) return { FLOOR, "pages", page_url(url) } end, { counted = true })
    if mode == "all" then
        list[2] = contestant("lua-cjson", function(url) return { SCALUA, "tests/bench/iterate.lua", url, "cjson" } end)
    else
        list[2] = contestant("C core", function(url) return { CORE, "pages", url } end, { counted = true })
    end
    list[3] = contestant("Lua", function(url) return { SCALUA, "tests/bench/iterate.lua", url, mode } end,
        { counted = true, goal = mode == nil and 0.8 or nil })
    list[4] = contestant("LuaSocket", function(url) return { LUA, "tests/bench/plain.lua", "pages", url } end)
    list[5] = contestant("Python SDK", function(url, n)
        return { "python3", "tests/bench/sdk.py", "pages", url, n, mode }
    end, { share = 1 / 10 })
    return list
end

local function exporters()
    local out = function() return machine.folder .. "/out.jsonl" end
    return {
        contestant("libcurl", function(url)
            return { FLOOR, "pages", url .. "/v1/tasks?project=bench&limit=100", out() }
        end, { counted = true }),
        contestant("scalua export", function(url)
            return { SCALUA, "export", "--project", "bench", "-o", out() }, { SCALE_API_URL = url }
        end, { counted = true, goal = 0.8 }),
    }
end

local function uploaders()
    return {
        contestant("libcurl", function(url, n)
            return { FLOOR, "files", url .. "/v1/files/upload", machine.file(), n, 8 }
        end),
        contestant("C core", function(url, n) return { CORE, "files", url, machine.file(), n, 8 } end),
        contestant("Lua", function(url, n) return { SCALUA, "tests/bench/files.lua", url, machine.file(), n, 8 } end),
        contestant("Python SDK", function(url, n)
            return { "python3", "tests/bench/sdk.py", "files", url, machine.file(), n, 8 }
        end, { share = 1 / 4 }),
    }
end

-- The same contestants over both versions of HTTP, those of `names`.
local function of_both_versions(list, names)
    local both = {}
    for _, version in ipairs { "1.1", "2" } do
        for _, each in ipairs(list) do
            if names[each.name] then
                both[#both + 1] = contestant(each.name .. ", HTTP/" .. version, function(...)
                    local words = each.words(...)
                    return words, { BENCH_HTTP = version }
                end)
            end
        end
    end
    return both
end

local function only(list, names)
    local kept = {}
    for _, each in ipairs(list) do
        if names[each.name] then kept[#kept + 1] = each end
    end
    return kept
end

-- --------------------------------------------------------------------- works

local OURS = { libcurl = true, ["C core"] = true, Lua = true, ["scalua upload"] = true }
local TWO = { libcurl = true, ["C core"] = true, Lua = true }

--- All works, for `rows` tasks to be made. A `place` is a server: http or https, slow (20 ms an answer) or not, or
--- nginx.
function works.all(rows)
    local tasks = rows * 10
    local list = {}
    local function add(group, title, place, count, contestants)
        local able = {}
        for _, each in ipairs(contestants) do
            if can_run(each.name) then able[#able + 1] = each end
        end
        list[#list + 1] = { group = group, title = title, place = place, count = count, contestants = able }
    end
    add("create", "create, 50 in flight, http", "http", rows, creators(50))
    add("create", "create, 50 in flight, https", "https", rows, creators(50))
    add("create", "create, 50 in flight, https, 20 ms", "https_slow", rows // 4, creators(50))
    add("wide", "create, 500 in flight, http", "http", rows, only(creators(500), OURS))
    add("sequential", "create, one by one, http", "http", rows // 4, creators(1))
    add("sequential", "create, one by one, https", "https", rows // 4, only(creators(1), OURS))
    add("http2", "create, 50 in flight, nginx", "nginx", rows, of_both_versions(creators(50), TWO))
    add("http2", "create, 50 in flight, nginx, 20 ms", "nginx_slow", rows // 4, of_both_versions(creators(50), TWO))
    add("http2", "iterate, nginx", "nginx", tasks, of_both_versions(readers(), TWO))
    add("iterate", "iterate, id and status, http", "http", tasks, readers())
    add("iterate", "iterate, id and status, https", "https", tasks, readers())
    add("iterate", "iterate, id and status, https, 20 ms", "https_short", tasks // 40, only(readers(), TWO))
    add("everything", "iterate, everything, http", "http", tasks, readers "all")
    add("export", "export to a file, http", "http", tasks, exporters())
    add("export", "export to a file, https", "https", tasks, exporters())
    add("files", "upload of 1 MB files, 8 in flight, http", "http", rows // 50, uploaders())
    add("files", "upload of 1 MB files, 8 in flight, https", "https", rows // 50, uploaders())
    return list
end

--- The works that are done once with a million things, for the memory they take.
function works.million()
    local list = {}
    for _, each in ipairs { { "create", creators(50) }, { "iterate", readers() }, { "export", exporters() } } do
        for _, one in ipairs(each[2]) do
            if one.counted and one.name ~= "libcurl" then
                list[#list + 1] = { title = each[1] .. ", " .. one.name, words = one.words }
            end
        end
    end
    return list
end

return works
