--[[
scaleapi.document - an object of the API that keeps the server's own bytes and decodes a first-level field
when it is asked for. Task, Batch, Project and File are such documents with methods of their own.
--]]

local core = require "scaleapi.core"
local errors = require "scaleapi.errors"

local documents = core.documents
local null = core.json.null
local document = {}

local function malformed(self, message)
    message = errors.caught(message)
    return errors.new { kind = "bad_answer", operation = self._operation, message = message, attempts = 1 }
end

--- The whole object as a plain table; null stays scaleapi.null, arrays stay arrays. Raises bad_answer.
local function as_table(self)
    local ok, value = pcall(documents.decode, self)
    if not ok then error(malformed(self, value), 0) end
    return value
end

--- The server's own bytes, checked in full. Raises bad_answer if they are not JSON.
local function as_json(self)
    local ok, message = documents.check(self)
    if not ok then error(malformed(self, message), 0) end
    return documents.bytes(self)
end

-- A first-level field; null reads as nil. What was read once stays in the object.
local function read_field(self, key)
    local value = document.own(self, key)
    if value ~= nil then rawset(self, key, value) end
    return value
end

--- A field as the server sent it, whatever a script has written over it in the object: what a method acts on.
function document.own(self, key)
    local ok, value = pcall(documents.field, self, key)
    if not ok then error(malformed(self, value), 0) end
    if value == null then return nil end
    return value
end

--- The server's own bytes, unchecked; and those of a field, or nil.
document.bytes = documents.bytes
document.raw = documents.raw_field

--- Puts newer bytes into the object; what was read of the old ones is forgotten.
function document.replace(self, bytes)
    local client, operation = self._client, self._operation
    for key in next, self do rawset(self, key, nil) end
    rawset(self, "_client", client)
    rawset(self, "_operation", operation)
    rawset(self, "_json", bytes)
    return self
end

-- What a document of a page does not hold itself.
local ORIGIN = {
    _client = function(self) return (documents.origin(self)) end,
    _operation = function(self) return (select(2, documents.origin(self))) end,
}

--- Makes a class of documents. `name` is shown by tostring with the values of the fields named in `shown`;
--- `fields` may hold functions that compute a field the server does not send.
function document.class(name, shown, fields)
    local methods = { as_table = as_table, json = as_json }
    local class = { methods = methods, calls = {} } -- calls: method -> the operation that it calls
    local computed = fields or {}
    for key, compute in pairs(ORIGIN) do computed[key] = compute end
    local metatable = { __name = "scaleapi." .. name, __index = documents.index(methods, computed, read_field) }

    function metatable.__newindex(_, key)
        error("the fields of a " .. name .. " are the server's; '" .. tostring(key) .. "' cannot be set", 2)
    end

    function metatable.__tostring(self)
        local words = {}
        for _, key in ipairs(shown) do table.insert(words, tostring(self[key])) end
        return name .. " " .. table.concat(words, ", ")
    end

    function metatable.__pairs(self)
        return next, as_table(self), nil
    end

    function metatable.__eq(a, b)
        return getmetatable(a) == getmetatable(b) and documents.bytes(a) == documents.bytes(b)
    end

    --- What pages make their documents of.
    class.metatable = metatable

    --- A document of these bytes, made by that client's operation.
    function class.new(client, bytes, operation)
        return setmetatable({ _client = client, _json = bytes, _operation = operation }, metatable)
    end

    function class.is(value)
        return getmetatable(value) == metatable
    end

    --- Of an operation's answer: the document of this class that it is.
    function class.taken(value)
        return class.is(value) and value or nil
    end

    return class
end

-- What a method returns of the outcome of its operation: the document itself, if the answer says how it is now. To be
-- called as the last thing of the method, whose place it then takes.
local function take_outcome(class, self, how, value, more)
    if how == "usage" then error(value, 2) end
    if how == "failed" then errors.raise(value, 2) end
    local newer = class.taken(value)
    if newer then return document.replace(self, documents.bytes(newer)) end
    return value, more
end

local function check_self(class, self, name)
    if not class.is(self) then error("call it with a colon: object:" .. name .. "(…)", 3) end
end

--- Adds a method that calls an operation with the document's own identifier first, and takes the
--- answer's bytes as its own when the answer is such a document.
function document.method(class, name, operation, identifier)
    class.calls[name] = operation
    class.methods[name] = function(self, ...)
        check_self(class, self, name)
        return take_outcome(class, self, self._client:_invoke(operation, document.own(self, identifier), ...))
    end
end

-- The document's own arguments and what the user gave beside them, which cannot replace them. Or nil and what is wrong.
local function joined(operation, own, more, ...)
    if more ~= nil and type(more) ~= "table" then
        return nil, operation .. " takes a table of options here, not " .. type(more)
    elseif select("#", ...) > 0 and ... ~= nil then
        return nil, operation .. " got more arguments than it takes"
    end
    for key, value in pairs(more or {}) do
        if own[key] ~= nil then return nil, ("%s of %s was given twice"):format(key, operation) end
        own[key] = value
    end
    return own
end

--- The same, of an operation whose arguments all have names: `name_them(self, …)` returns the document's own, and the
--- options that were given.
function document.invoking(class, name, operation, name_them)
    class.calls[name] = operation
    class.methods[name] = function(self, ...)
        check_self(class, self, name)
        local named, problem = joined(operation, name_them(self, ...))
        if not named then error(problem, 2) end
        return take_outcome(class, self, self._client:_invoke(operation, named))
    end
end

--- Answers of another class say how a document of this one is now: `newest(answer)` returns that document, or nil.
function document.takes(class, other, newest)
    local taken = class.taken
    function class.taken(value)
        if other.is(value) then return newest(value) end
        return taken(value)
    end
end

return document
