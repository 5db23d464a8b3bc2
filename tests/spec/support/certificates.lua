--[[
certificates.lua - for specs of https: a small authority and what it vouches for, made anew each time.

    local certificates = dofile "tests/spec/support/certificates.lua"
    certificates.make(folder)       -- ca.pem, and server, other, client as NAME.crt, .key and .pem (both)
--]]

local certificates = {}

--- Runs a shell command, which must end well.
function certificates.run(command)
    local ok = os.execute("{ " .. command .. "; } >/dev/null 2>&1")
    assert(ok, command)
end

function certificates.make(folder)
    local run = certificates.run
    local function certificate(name, subject, extension)
        run(("openssl req -newkey rsa:2048 -nodes -keyout %s/%s.key -out %s/%s.csr -subj /CN=%s"):format(
            folder, name, folder, name, subject))
        local file = assert(io.open(folder .. "/extension", "w"))
        file:write(extension, "\n"):close()
        run(("openssl x509 -req -in %s/%s.csr -CA %s/ca.pem -CAkey %s/ca.key -CAcreateserial -days 2 " ..
            "-extfile %s/extension -out %s/%s.crt && cat %s/%s.key %s/%s.crt > %s/%s.pem"):format(
            folder, name, folder, folder, folder, folder, name, folder, name, folder, name, folder, name))
    end
    run(("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=Spec CA' -keyout %s/ca.key -out %s/ca.pem"):format(
        folder, folder))
    certificate("server", "localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    certificate("other", "elsewhere", "subjectAltName=DNS:elsewhere.test")
    certificate("client", "somebody", "keyUsage=digitalSignature")
end

return certificates
