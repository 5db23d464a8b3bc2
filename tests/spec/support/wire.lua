--[[
wire.lua - raw bytes to a server of this process, for specs: what no well-behaved client would send. The sender is a
shell with /dev/tcp, so that this process is free to answer.

    local answer = wire.send(port, "GET / HTTP/1.1\r\n…")            everything that came back until the close
    local answer = wire.send(port, { "GET", 0.1, " / HTTP/1.1…" })    with pauses in seconds
--]]

local scaleapi = require "scaleapi"

local wire = {}

local function write(path, text)
    local file = assert(io.open(path, "wb"))
    assert(file:write(text))
    assert(file:close())
end

local function read(path)
    local file = io.open(path, "rb")
    if not file then return nil end
    local text = file:read "a"
    file:close()
    return text
end

-- Waits in turns of the loop until the file is there.
local function wait_for(path, seconds)
    local deadline = scaleapi.now() + seconds
    while not read(path) do
        assert(scaleapi.now() < deadline, "the sender did not end")
        scaleapi.sleep(0.005)
    end
end

--- Starts to send; returns a function that waits and returns what came back. `seconds`: how long the sender listens
--- at most after its last byte, 5 unless told.
function wire.start(port, pieces, seconds)
    if type(pieces) == "string" then pieces = { pieces } end
    local base = os.tmpname()
    local script = { "exec 3<>/dev/tcp/127.0.0.1/" .. port .. " || exit 1" }
    for i, piece in ipairs(pieces) do
        if type(piece) == "number" then
            script[#script + 1] = "sleep " .. piece
        else
            write(base .. "." .. i, piece)
            script[#script + 1] = ("cat %s.%d >&3"):format(base, i)
        end
    end
    script[#script + 1] = ("timeout %g cat <&3 >%s.answer"):format(seconds or 5, base)
    script[#script + 1] = ("mv %s.answer %s.done"):format(base, base)
    write(base, table.concat(script, "\n"))
    assert(os.execute(("bash %s >/dev/null 2>&1 </dev/null &"):format(base)))
    return function()
        wait_for(base .. ".done", 20)
        local answer = read(base .. ".done")
        os.execute("rm -f " .. base .. "*")
        return answer
    end
end

function wire.send(...)
    return wire.start(...)()
end

return wire
