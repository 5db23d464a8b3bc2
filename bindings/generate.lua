--[[
generate.lua - writes what is made of the operation table, on standard output, from the root of the source folder:

    scalua bindings/generate.lua reference >bindings/reference.md
    scalua bindings/generate.lua types >bindings/lua/scaleapi/meta.lua

A spec says when one of the files is not what this writes.
--]]

local KINDS = { reference = "bindings.generate.reference", types = "bindings.generate.types" }

local module = KINDS[arg[1]]
if not module or arg[2] then
    io.stderr:write "usage: scalua bindings/generate.lua reference|types\n"
    os.exit(2)
end
io.write(require(module)())
