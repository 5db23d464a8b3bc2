--[[
scaleapi.environment - what a client takes from the environment when it is not told:
SCALE_API_KEY, or SCALE_API_KEY_FILE (readable by its owner only); SCALE_API_URL; SCALE_ALLOW_HTTP=1;
CURL_CA_BUNDLE, SSL_CERT_FILE. Proxies (HTTPS_PROXY, NO_PROXY) are libcurl's own to read.
--]]

local environment = {}

local SANDBOX = "^sandbox:(.*)$"

local function get(name)
    local value = os.getenv(name)
    return value ~= "" and value or nil
end

-- A key in a file that others can read is a key that is lost.
local function read_key_file(path)
    local sys = require "scaleapi.sys"
    local facts, message = sys.stat(path)
    if not facts then return nil, "SCALE_API_KEY_FILE: " .. message end
    if facts.mode & 0x3F ~= 0 then
        return nil, ("SCALE_API_KEY_FILE: %s can be read by others; chmod 600 %s"):format(path, path)
    end
    local file, problem = io.open(path)
    if not file then return nil, "SCALE_API_KEY_FILE: " .. problem end
    local key = (file:read "a" or ""):match "^%s*(.-)%s*$"
    file:close()
    if key == "" then return nil, "SCALE_API_KEY_FILE: " .. path .. " is empty" end
    return key
end

--- The key, or nil, or nil and what is wrong with the file that should hold it.
function environment.api_key()
    local key = get "SCALE_API_KEY"
    if key then return key end
    local path = get "SCALE_API_KEY_FILE"
    if path then return read_key_file(path) end
end

--- The first 16 digits of a key's SHA-256.
function environment.fingerprint(key)
    return require("scaleapi.sys").sha256(key):sub(1, 16)
end

--- The file of certificate authorities, or nil.
function environment.ca_file()
    return get "CURL_CA_BUNDLE" or get "SSL_CERT_FILE"
end

--- A copy of a client's options with what is missing taken from the environment; starts the sandbox of this
--- process if the base URL asks for it. Returns nil and what is wrong.
function environment.complete(options)
    local completed = {}
    for key, value in pairs(options) do completed[key] = value end
    completed.base_url = completed.base_url or get "SCALE_API_URL"
    local sandbox_options = type(completed.base_url) == "string" and completed.base_url:match(SANDBOX)
    if completed.api_key == nil then
        local key, problem = environment.api_key()
        if problem then return nil, problem end
        completed.api_key = key or sandbox_options and "test_sandbox" or nil
    end
    if completed.api_key == nil or completed.api_key == "" then
        return nil, "no API key: give api_key, or set SCALE_API_KEY or SCALE_API_KEY_FILE"
    end
    if sandbox_options then completed.base_url = require("scaleapi.sandbox").shared(sandbox_options).url end
    completed.ca_file = completed.ca_file or environment.ca_file()
    if completed.allow_http == nil and get "SCALE_ALLOW_HTTP" == "1" then completed.allow_http = true end
    return completed
end

return environment
