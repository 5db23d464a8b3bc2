--[[
scaleapi.faces - the ways to call an operation: client:x, client.v2:x, which raise, and client.safe:x, client.v2.safe:x,
which return nil and the error. A face is a table of methods; client.lua fills them.
--]]

local core = require "scaleapi.core"
local errors = require "scaleapi.errors"
local pager = require "scaleapi.pager"

local faces = {}

local function unknown(name, known)
    local names = {}
    for each in pairs(known) do
        if each:sub(1, 1) ~= "_" then table.insert(names, each) end
    end
    table.sort(names)
    local meant = type(name) == "string" and core.suggest(name, names)
    return "unknown operation '" .. tostring(name) .. "'" .. (meant and "; did you mean '" .. meant .. "'?" or "")
end

--- A face: its methods and the metatable of the objects that have it. `spoken` is how people write such an object.
local function new_face(spoken, metatable)
    local methods = {}
    metatable = metatable or { __name = "scaleapi.Operations" }
    function metatable.__index(_, name)
        return methods[name] or error(unknown(name, methods), 2)
    end
    return { spoken = spoken, methods = methods, metatable = metatable }
end

-- Adds a method. `failed(fields)` is what becomes of an error.
local function add(face, name, invoke, failed)
    face.methods[name] = function(self, ...)
        if getmetatable(self) ~= face.metatable then
            error(("call it with a colon: %s:%s(…)"):format(face.spoken, name), 2)
        end
        local how, value, more = invoke(rawget(self, "_client") or self, ...)
        if how == "usage" then error(value, 2) end
        if how == "failed" then return failed(value) end
        if how == "iterator" then return pager.results(value) end
        return value, more
    end
end

-- Both are called as the last thing of a method, whose place they take.
local function raise(fields)
    errors.raise(fields, 2)
end

local function return_it(fields)
    return nil, errors.new(fields)
end

--- Two faces of one API: one that raises, one that returns errors.
function faces.pair(spoken, metatable)
    return { raising = new_face(spoken, metatable), safe = new_face(spoken .. ".safe") }
end

--- Adds a method to both. `invoke(client, …)` returns "ok", value, more; "iterator", an iterator; "usage", what is
--- wrong with the call; or "failed", the fields of an error.
function faces.define(pair, name, invoke)
    add(pair.raising, name, invoke, raise)
    add(pair.safe, name, invoke, return_it)
end

--- An object with the face, for that client.
function faces.object(face, client)
    return setmetatable({ _client = client }, face.metatable)
end

return faces
