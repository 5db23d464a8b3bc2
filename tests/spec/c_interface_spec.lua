-- release only
-- The C interface is described where it is declared: each function in a comment directly above it, or above the group that
-- it stands in without an empty line between, or behind it on its line.

local HEADERS = { "scaleapi.h", "scaleapi_json.h", "scaleapi_list.h", "scaleapi_pace.h" }

-- The functions that a header's text declares: { name =, declaration =, about = }.
local function declarations(text)
    local found, about, comment, declaration = {}, nil, nil, nil
    for line in (text .. "\n"):gmatch "(.-)\n" do
        if comment then
            comment = comment .. "\n" .. line
        elseif declaration then
            declaration = declaration .. " " .. line:match "^%s*(.-)$"
        elseif line:find "^/%*" then
            comment = line
        elseif line:find "^SCALE_API " then
            declaration = line
        else
            about = nil
        end
        if comment and comment:find "%*/%s*$" then
            about, comment = comment, nil
            if about:find "^/%* =====" then about = nil end
        end
        if declaration and declaration:find(";", 1, true) then
            local behind = declaration:match ";%s*(/%*.*%*/)%s*$"
            table.insert(found, {
                name = declaration:match "(scale_[%w_]+)%(", declaration = declaration, about = behind or about,
            })
            declaration = nil
        end
    end
    return found
end

local function read(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read "a"
    file:close()
    return text
end

-- What is wrong with the descriptions.
local function problems(text)
    local list = {}
    for _, each in ipairs(declarations(text)) do
        if not each.about then
            list[#list + 1] = each.name .. " is not described"
        elseif each.declaration:find("scale_error *error", 1, true) and not each.about:find "Errors?:" then
            list[#list + 1] = each.name .. " does not say its errors"
        end
    end
    return list
end

describe("the C interface", function()
    it("is described, function by function", function()
        local wrong, count = {}, 0
        for _, name in ipairs(HEADERS) do
            local text = read("core/include/" .. name)
            for _, problem in ipairs(problems(text)) do table.insert(wrong, name .. ": " .. problem) end
            count = count + #declarations(text)
        end
        assert.equal("", table.concat(wrong, "\n"))
        assert.is_true(count > 130, count)
    end)

    it("has no other headers", function()
        local listing = io.popen "ls core/include"
        local names = {}
        for name in listing:lines() do names[#names + 1] = name end
        listing:close()
        assert.same(HEADERS, names)
    end)

    it("would be found wanting without", function()
        assert.same({ "scale_a is not described", "scale_c is not described", "scale_e does not say its errors" }, problems [[
SCALE_API void scale_a(void);

/* What it does. */
SCALE_API void scale_b(int of,
                       int two_lines);

SCALE_API int scale_c(void);
SCALE_API int scale_d(void); /* behind it */

/* What it does. */
SCALE_API scale_status scale_e(scale_error *error);

/* What it does. Errors: usage. */
SCALE_API scale_status scale_f(scale_error *error);
SCALE_API scale_status scale_g(scale_error *error);
]])
    end)
end)
