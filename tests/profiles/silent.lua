--[[
silent.lua - a server for the profiles that accepts connections and requests, and never answers.
--]]

local scaleapi = require "scaleapi"

local server = require("scaleapi.server").listen { port = 0, handler = function() scaleapi.sleep(86400) end }
print(server.url)
io.stdout:flush()
while true do scaleapi.sleep(3600) end
