--[[
sandbox.callbacks - posts to its callback_url what has become of a task, and to its callback that a batch is completed,
until somebody answers with 2xx: up to 20 times within 24 hours.

Each task and each batch has a queue: what is posted second waits until the first has arrived or been given up. The body
is made when the thing happens, so that it shows what was the case then. Options of a sandbox:

    callbacks            "loopback": only to addresses of this machine; "any"; "none"
    callback_auth_key    what the header scale-callback-auth says; live_callback_auth_key unless told
    callback_retry_base  seconds until a post is repeated the first time; they double each time. 1 unless told

Timers keep no program alive: one that ends while a receiver is away does not wait for it.
--]]

local scaleapi = require "scaleapi"
local documents = require "scaleapi.sandbox.documents"
local store = require "scaleapi.sandbox.store"
local wire = require "scaleapi.sandbox.wire"

local MOST_TRIES = 20
local LONGEST = 24 * 3600       -- seconds from the first try to the last
local LONGEST_PAUSE = 2 * 3600  -- so that all tries fit into it
local MOST_IN_FLIGHT = 16
local TIME_LIMIT = 10           -- seconds for one try
local MOST_ANSWER = 16 << 20    -- bytes; nobody reads them

-- Which news of a task are posted.
local POSTED = { completed = true, error = true, pending = true, audited = true, asked = true }

local Callbacks = {}
Callbacks.__index = Callbacks

-- ------------------------------------------------------------------- lines

-- First in, first out.
local function new_line()
    return { first = 1, last = 0 }
end

local function push(line, value)
    line.last = line.last + 1
    line[line.last] = value
end

local function pop(line)
    local value = line[line.first]
    line[line.first] = nil
    line.first = line.first + 1
    return value
end

-- ---------------------------------------------------------------- addresses

local function is_loopback(url)
    local authority = url:match "^%a+://([^/?#]*)"
    local host = (authority:match "^(%[[%x:]+%]):?%d*$" or authority:match "^([%w.%-]+):?%d*$" or ""):lower()
    return host == "localhost" or host == "[::1]" or host:find "^127%.%d+%.%d+%.%d+$" ~= nil
end

-- The address behind a raw callback, if it is one that is posted to. E-mail addresses are not.
local function address_of(self, raw)
    local url = raw and wire.text(raw)
    if not url or self.where == "none" or not url:lower():find "^https?://" then return nil end
    return (self.where == "any" or is_loopback(url)) and url or nil
end

-- ------------------------------------------------------------------- bodies

local function task_body(world, task)
    local document = documents.task(world, task)
    return ('{"task":%s,"task_id":"%s","response":%s,"status":"%s"}'):format(document, store.id_of(task),
        scaleapi.json.raw_field(document, "response") or "null", task.status)
end

local function batch_body(world, batch)
    return '{"batch":' .. documents.batch(world, batch) .. "}"
end

-- ------------------------------------------------------------------ sending

local pump

-- In the next turn of the loop: what has just been answered has left by then.
local function pump_soon(self)
    if self.pumping then return end
    self.pumping = scaleapi.after(0, function()
        self.pumping = nil
        pump(self)
    end)
end

local function make_ready(self, queue)
    push(self.ready, queue)
    pump_soon(self)
end

-- The first post of a queue is over, one way or the other.
local function finish(self, queue, succeeded)
    local post = table.remove(queue, 1)
    local name = succeeded and "delivered" or "given_up"
    self.counts[name] = self.counts[name] + 1
    self.counts.waiting = self.counts.waiting - 1
    if post.task then store.note_callback(self.world, post.account, post.task, succeeded) end
    if queue[1] then return make_ready(self, queue) end
    self.queues[queue.subject] = nil
end

local function repeat_later(self, queue)
    local post = queue[1]
    local pause = math.min(self.base * 2.0 ^ (post.tries - 1), LONGEST_PAUSE)
    if post.tries == MOST_TRIES or scaleapi.now() + pause - post.began > LONGEST then
        return finish(self, queue, false)
    end
    queue.timer = scaleapi.after(pause, function()
        queue.timer = nil
        make_ready(self, queue)
    end)
end

-- Posts what comes first in the queue. Runs as a job.
local function try(self, queue)
    local post = queue[1]
    local ok, answer = pcall(scaleapi.fetch, post.url, {
        method = "POST", body = post.body, timeout = TIME_LIMIT, max_answer = MOST_ANSWER,
        headers = { ["Content-Type"] = "application/json", ["scale-callback-auth"] = self.key },
    })
    queue.job = nil
    self.in_flight = self.in_flight - 1
    if self.queues[queue.subject] ~= queue then return end -- it was dropped meanwhile
    if not ok and not scaleapi.is_error(answer) then error(answer, 0) end
    if ok and answer.status >= 200 and answer.status < 300 then
        finish(self, queue, true)
    elseif not ok and answer.kind == "usage" then
        finish(self, queue, false) -- no address, however often it is tried
    else
        repeat_later(self, queue)
    end
    pump_soon(self)
end

function pump(self)
    while self.in_flight < MOST_IN_FLIGHT and self.ready.first <= self.ready.last do
        local queue = pop(self.ready)
        local first = queue[1]
        first.tries, first.began = first.tries + 1, first.began or scaleapi.now()
        self.in_flight = self.in_flight + 1
        self.counts.sent = self.counts.sent + 1
        queue.job = scaleapi.spawn(try, self, queue)
    end
end

-- Puts a post behind the others of its subject. Of a batch, one that has not been tried yet is replaced.
local function enqueue(self, post)
    local queue = self.queues[post.subject]
    local last = queue and queue[#queue]
    if last and not post.task and last.tries == 0 then
        last.body = post.body
        return
    end
    self.counts.waiting = self.counts.waiting + 1
    if queue then
        table.insert(queue, post)
    else
        self.queues[post.subject] = { post, subject = post.subject }
        make_ready(self, self.queues[post.subject])
    end
end

local function announce(self, account, raw, subject, task, body)
    if not raw or raw == '""' then return end
    local url = address_of(self, raw)
    if not url then
        self.counts.not_sent = self.counts.not_sent + 1
        return
    end
    local post = { url = url, account = account, subject = subject, task = task, body = body(self.world, subject),
        tries = 0 }
    if self.held then
        table.insert(self.held, post)
    else
        enqueue(self, post)
    end
end

-- ------------------------------------------------------------------ waking

-- The store completes what is due when somebody asks. For what has a callback, nobody need ask: a timer looks after it
-- as long as there is such a thing; once a second at least, since clocks may be set.
local function set_alarm(self)
    local dues = self.dues
    if self.alarm or dues.first > dues.last then return end
    local seconds = math.max(dues[dues.first] - store.now(self.world), 1) / 1000
    self.alarm = scaleapi.after(math.min(seconds, 1), function()
        self.alarm = nil
        local now = store.now(self.world)
        if dues[dues.first] <= now then store.settle(self.world, self.world.accounts.live) end
        while dues.first <= dues.last and dues[dues.first] <= now do pop(dues) end
        set_alarm(self)
    end)
end

-- Something will be due when complete_after has passed.
local function expect(self, account)
    local delay = self.world.complete_after
    if not delay or account.kind == "test" then return end
    local due = account.time + delay
    if self.dues[self.dues.last] ~= due then push(self.dues, due) end
    set_alarm(self)
end

-- Whether something will be posted when the task is over.
local function is_awaited(self, task)
    local batch = store.batch_of(task)
    return address_of(self, store.callback_of(task)) or batch and address_of(self, batch.callback)
end

-- The same for the tasks that are there already: a world may be older than its server.
local function expect_pending(self)
    local dues = {}
    for _, task in ipairs(self.world.complete_after and self.world.accounts.live.tasks or {}) do
        if task.status == "pending" and is_awaited(self, task) then
            local batch = store.batch_of(task)
            dues[#dues + 1] = math.max(task.created, batch and batch.let_go or 0) + self.world.complete_after
        end
    end
    table.sort(dues)
    for _, due in ipairs(dues) do push(self.dues, due) end
    set_alarm(self)
end

-- ------------------------------------------------------------------ public

--- Hears from the store what has become of a task or batch.
function Callbacks:notify(account, subject, cause)
    if cause == "released" then return expect(self, account) end
    if not subject.fixed then return announce(self, account, subject.callback, subject, nil, batch_body) end
    if cause == "created" then
        if is_awaited(self, subject) then expect(self, account) end
    elseif POSTED[cause] then
        announce(self, account, store.callback_of(subject), subject, subject, task_body)
    end
end

--- Calls fn(…) and holds back what it causes to be posted. Returns its result, and a function that posts it.
function Callbacks:hold(fn, ...)
    local held = {}
    self.held = held
    local ok, result = xpcall(fn, debug.traceback, ...)
    self.held = nil
    if not ok then error(result, 0) end
    return result, function()
        for _, each in ipairs(held) do enqueue(self, each) end
    end
end

--- Counts: sent (tries), delivered, given_up, waiting, and not_sent: to addresses that are not posted to.
function Callbacks:stats()
    local stats = {}
    for name, count in pairs(self.counts) do stats[name] = count end
    return stats
end

-- Drops all that waits, is due or is under way.
local function drop_all(self)
    if self.pumping then self.pumping.cancel() end
    if self.alarm then self.alarm.cancel() end
    for _, queue in pairs(self.queues or {}) do
        if queue.timer then queue.timer.cancel() end
        if queue.job then queue.job:cancel() end
    end
    self.pumping, self.alarm = nil, nil
    self.queues = {}        -- task or batch -> its posts, in order
    self.ready = new_line() -- queues whose first post can go out
    self.dues = new_line()  -- milliseconds since 1970, ascending
end

--- Begins anew, with what is in the world now.
function Callbacks:restart()
    drop_all(self)
    self.counts = { sent = 0, delivered = 0, given_up = 0, waiting = 0, not_sent = 0 }
    for _, account in pairs(self.world.accounts) do account.callbacks = self end
    self.world.send_callback = function(account, task) self:notify(account, task, "asked") end
    expect_pending(self)
end

--- Ends all of it. Closing twice is fine.
function Callbacks:close()
    drop_all(self)
    for _, account in pairs(self.world.accounts) do account.callbacks = nil end
    self.world.send_callback = nil
end

--- What posts from now on what becomes of a world's tasks and batches, and what its rules ask for by
--- world.send_callback(account, task). Options: callbacks, callback_auth_key, callback_retry_base.
return function(world, options)
    local self = setmetatable({
        world = world,
        where = options.callbacks or "loopback",
        key = options.callback_auth_key or "live_callback_auth_key",
        base = options.callback_retry_base or 1,
        in_flight = 0,
    }, Callbacks)
    self:restart()
    return self
end
