--[[
scripts.lib.watch - looks at batches, once or again and again, with as few requests as it takes: one page of the list of
batches tells of a hundred of them, and while nothing changes the pauses grow. Knows nothing of how it is shown.

An entry is what is known of a batch: { batch =, status =, pending =, completed =, error =, canceled = }, or { batch =,
failure = the error }.
--]]

local scaleapi = require "scaleapi"
local report = require "scripts.lib.report"
local targets = require "scripts.lib.targets"
local work = require "scripts.lib.work"

local watch = {}

local WORTH_A_PAGE = 3   -- batches to look at, from which on a page of the list is tried
local WORTH_ANOTHER = 2  -- batches that a page told of, from which on it is asked for again, and the one behind it
local GROWTH, MOST = 1.5, 12 -- of the pause, while nothing changes
local COUNTS = { "pending", "completed", "error", "canceled" }

-- ------------------------------------------------------------------- looking

local function entry_of(name, status)
    local entry = targets.counts(status)
    entry.batch, entry.status = name, status.status
    return entry
end

-- Whether the server adds counts to what it lists; of one batch zeros may be left out.
local function has_counts(batches)
    for _, batch in ipairs(batches) do
        for _, name in ipairs(COUNTS) do
            if batch[name] ~= nil then return true end
        end
    end
    return false
end

local function is_page(page)
    local ok, docs = pcall(function() return page.docs end)
    return ok and type(docs) == "table" and has_counts(docs)
end

-- Takes from one page what it tells of the names in `open`, which are removed from it. Returns how many; and whether
-- there is another page.
local function read_page(client, offset, open, entries)
    local page = client.safe:batches { detailed = true, offset = offset > 0 and offset or nil }
    if not page or not is_page(page) then return 0, 0, false end
    local found = 0
    for _, batch in ipairs(page.docs) do
        if open[batch.name] then
            entries[batch.name], open[batch.name] = entry_of(batch.name, batch), nil
            found = found + 1
        end
    end
    return found, #page.docs, page.has_more == true and #page.docs > 0
end

-- Reads pages, newest batches first, as long as they save requests. Returns the names that none told of.
local function read_pages(state, names, entries)
    local open, left, offset = {}, {}, 0
    for _, name in ipairs(names) do open[name] = true end
    repeat
        local found, size, has_more = read_page(state.client, offset, open, entries)
        if offset == 0 and found < WORTH_ANOTHER then state.is_one_by_one = true end
        offset = offset + size
    until found < WORTH_ANOTHER or not has_more or not next(open)
    for _, name in ipairs(names) do
        if open[name] then left[#left + 1] = name end
    end
    return left
end

local function look_one_by_one(state, names, entries)
    return work.run {
        rows = names, concurrency = state.concurrency, client = state.client,
        send = function(name)
            local status, err = state.client.safe:batch_status(name)
            if not status then return { state = "failed", error = err } end
            return { state = "read", entry = entry_of(name, status) }
        end,
        on_outcome = function(name, outcome)
            entries[name] = outcome.entry or { batch = name, failure = outcome.error }
        end,
    }
end

local function look(state, names, entries)
    if not state.is_one_by_one and #names >= WORTH_A_PAGE then names = read_pages(state, names, entries) end
    if #names == 0 then return { failed = 0 } end
    return look_one_by_one(state, names, entries)
end

-- ------------------------------------------------------------------ watching

-- The names that are worth another look.
local function unfinished(names, entries, is_done)
    local left = {}
    for _, name in ipairs(names) do
        local entry = entries[name]
        local gone = entry and entry.failure and not entry.failure.retriable
        if not gone and not (entry and is_done(entry)) then left[#left + 1] = name end
    end
    return left
end

-- An outage ends the first look, but not a watch that has begun.
local function must_end(result, round)
    return result.problem or result.stopped and (result.stopped.reason ~= "gave_up" or round == 1)
end

-- All that can change, as a text.
local function picture_of(names, entries)
    local parts = {}
    for _, name in ipairs(names) do
        local entry = entries[name] or {}
        parts[#parts + 1] = tostring(entry.status)
        for _, count in ipairs(COUNTS) do parts[#parts + 1] = tostring(entry[count]) end
    end
    return table.concat(parts, " ")
end

--- Looks at batches until all are done, or going on makes no sense. Options: `client`; `names`; `entries`, into which
--- what is known is put, by name; `concurrency`; `interval`, the shortest pause in seconds, which grows twelvefold
--- while nothing changes; is_done(entry); on_look(), called after each look; `once`: one look and no more. Returns the
--- result of the last look, as work.run does.
function watch.run(options)
    local state = { client = options.client, concurrency = options.concurrency }
    local names, entries, pause, before = options.names, options.entries, options.interval, nil
    for round = 1, math.maxinteger do
        local result = look(state, names, entries)
        options.on_look()
        names = options.once and {} or unfinished(names, entries, options.is_done)
        if #names == 0 or must_end(result, round) then return result end
        local picture = picture_of(options.names, entries)
        pause = picture == before and math.min(pause * GROWTH, options.interval * MOST) or options.interval
        before = picture
        scaleapi.sleep(pause)
    end
end

--- The entries as they stand in JSON, and how many are failures.
function watch.summarize(names, entries)
    local list, failed = scaleapi.array {}, 0
    for _, name in ipairs(names) do
        local entry = entries[name]
        if entry and entry.failure then
            entry = { batch = name, failure = report.error(entry.failure) }
            failed = failed + 1
        end
        list[#list + 1] = entry
    end
    return list, failed
end

return watch
