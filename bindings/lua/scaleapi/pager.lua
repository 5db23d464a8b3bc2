--[[
scaleapi.pager - lists that come page by page, as one page and as an iterator that fetches the next page while
the script works on this one.

The page after the one in use is a call of core in flight, not a coroutine: its retries need no Lua, an idle
iterator holds nothing, and one that is dropped takes its call with it. At most one page is fetched in vain.

Documents read in the bytes of their page. A few pages that were worked through are kept for a while, then let go:
what the script has kept of their documents gets its own bytes then.
--]]

local core = require "scaleapi.core"
local arguments = require "scaleapi.arguments"
local errors = require "scaleapi.errors"
local objects = require "scaleapi.objects"
local scheduler = require "scaleapi.scheduler"

local json = core.json
local pager = {}

-- A generic `for` with a closing value, a captured loop variable and `break` corrupts the stack in Lua before
-- 5.4.6 (Debian 12 has 5.4.4). There, leaving early is seen by the collector.
local SOUND_FOR = core.lua_release >= 50406

local MOST_KEPT = 4 << 20 -- bytes of pages that were worked through,
local MOST_PAGES = 8     -- and how many of them

local function bad_answer(row, message)
    return { kind = "bad_answer", operation = row.name, message = message, attempts = 1, retriable = false }
end

--- The documents of an answer that lists them in its row's member, as bytes; and its other fields. Raises.
function pager.cut(row, bytes)
    local docs, envelope = json.page(bytes, row.member)
    if not docs then error("the page has no " .. row.member, 0) end
    return docs, envelope
end

local function plain(value)
    if value == json.null then return nil end
    return value
end

-- What a page says beside its documents.
local function fields_of(envelope)
    local fields = {}
    for key, value in pairs(envelope) do fields[key] = plain(value) end
    fields.total = fields.total or fields.totalDocs
    return fields
end

--- One page as a table: docs (under the name that the API gives them as well), and what else it says: total, limit,
--- offset, has_more, next_token. Raises.
function pager.page(client, row, bytes)
    local docs, envelope = pager.cut(row, bytes)
    local page = fields_of(envelope)
    for i, document in ipairs(docs) do docs[i] = objects.new(client, row.object, document, row.name) end
    page.docs, page[row.member] = docs, docs
    return page
end

-- ------------------------------------------------------------- what is next

-- Sets the argument that asks for the page after this one. Returns false at the end of the list; nil and the
-- fields of an error when the server contradicts itself, which would otherwise be a loop for ever.
local function ask_next(state, page)
    local name, value = state.paging:next(page)
    if not name then return name, name == nil and bad_answer(state.row, value) or nil end
    local asked = state.arguments
    asked.next_token, asked.cursor, asked.offset = nil, nil, nil -- where the user began, too
    asked[name] = value
    return true
end

-- --------------------------------------------------------------- iterating

local Iterator = { __name = "scaleapi.Iterator" }
local methods = {}

local function start_fetching(state)
    local call, how, problem = state.client:_start(state.row, state.arguments, state.options)
    if call then
        state.call = call
        return
    end
    state.failure = how == "failed" and problem or bad_answer(state.row, problem)
end

local function take_page(call)
    scheduler.await(scheduler.wait_for_call(call))
    return call:page()
end

-- Waits for the call. Returns its page, or nil and the fields of an error. Other jobs that want the same page wait
-- until this one has it; should this one be canceled, and the call with it, the page is fetched again for whoever
-- comes next.
local function await_page(state, call)
    local waiting = {}
    state.waiting = waiting
    local ok, page, problem = pcall(take_page, call)
    state.waiting = nil
    state.is_lost = not ok and call:is_done()
    for _, wait in ipairs(waiting) do scheduler.complete(wait) end
    if not ok then error(page, 0) end
    return page, problem
end

-- Pages are let go in the order in which they were worked through.
local function let_go(state, most_bytes, most_pages)
    local pages = state.worked_through
    while pages[1] and (state.kept > most_bytes or #pages > most_pages) do
        local page = table.remove(pages, 1)
        state.kept = state.kept - page:size()
        page:let_go()
    end
end

-- Ends the iteration. What scripts keep of it is theirs.
local function finish(self)
    local state = self._state
    state.closed = true
    if self._page then
        self._page:let_go()
        rawset(self, "_page", nil)
    end
    let_go(state, 0, 0)
end

-- Makes the page the one in use.
local function open_page(self, page, envelope)
    local state, old = self._state, self._page
    if old then
        table.insert(state.worked_through, old)
        state.kept = state.kept + old:size()
        let_go(state, MOST_KEPT, MOST_PAGES)
    end
    state.fields = fields_of(envelope)
    page:open(objects.classes[state.row.object].metatable, state.client, state.row.name, state.wanted)
    rawset(self, "_page", page)
end

-- Waits for the page that is being fetched and has the one after it fetched. Returns false at the end.
local function turn_page(self)
    local state = self._state
    if state.is_lost then
        state.is_lost = false
        start_fetching(state)
    end
    local failure = state.failure
    local call = state.call
    if failure or not call then
        state.failure = nil
        finish(self)
        return false, failure
    end
    if state.waiting then
        local wait = {}
        table.insert(state.waiting, wait)
        scheduler.await(wait)
        return true
    end
    local page, problem = await_page(state, call)
    if state.closed then return false end
    state.call = nil
    local ok, envelope = pcall(function() return page and page:beside() end)
    if not page or not ok then
        finish(self)
        return false, problem or bad_answer(state.row, errors.caught(envelope))
    end
    local more, contradiction = ask_next(state, page)
    state.failure = contradiction
    if more then
        start_fetching(state)
        scheduler.pump() -- so that the request is on its way while the script works
    end
    open_page(self, page, envelope)
    return true
end

-- The next document where it is not simply the next one of its page.
local function next_document(self)
    local state = self._state
    while not state.closed do
        local page = self._page
        if page and state.call then scheduler.pump() end
        local document = page and page:next()
        if document then return document end
        local turned, failure = turn_page(self)
        if failure then return nil, failure end
        if not turned then break end
    end
end

--- The next document, or nil at the end. Raises what went wrong, after the documents that came before it.
Iterator.__call = core.documents.iterator(function(self)
    local value, failure = next_document(self)
    if failure then errors.raise(failure, 3) end -- the C function that calls this one stands between
    return value
end)

--- What the last page said beside its documents, by the API's names: tasks.total, tasks.delivery. Waits for the first
--- page; nil at what no page said.
function Iterator:__index(key)
    if methods[key] or key == "_page" then return methods[key] end
    local state = rawget(self, "_state")
    if not state.fields and not state.closed then
        local _, failure = turn_page(self)
        if failure then errors.raise(failure, 2) end
    end
    return state.fields and state.fields[key]
end

--- What is left, as a table.
function methods:list()
    local list = {}
    while true do
        local value, failure = next_document(self)
        if failure then errors.raise(failure, 2) end
        if not value then return list end
        list[#list + 1] = value
    end
end

--- Writes what is left of the page in use, or else the next one, to an open file: a JSON document a line, each checked
--- in full. Returns how many there were, 0 at the end; or nil and why it cannot be written. Raises what went wrong.
function methods:write(file)
    local state = self._state
    if io.type(file) ~= "file" then error("write needs an open file", 2) end
    while not state.closed do
        if self._page then
            local ok, count, why = pcall(self._page.write, self._page, file)
            if not ok then errors.raise(bad_answer(state.row, errors.caught(count)), 2) end
            if count ~= 0 then return count, why end
        end
        local _, failure = turn_page(self)
        if failure then errors.raise(failure, 2) end
    end
    return 0
end

--- Ends the iteration; a page that is being fetched is dropped. Closing twice is fine.
function methods:close()
    local state = self._state
    if state.call then state.call:cancel() end
    state.call = nil
    finish(self)
end

Iterator.__close = methods.close

-- One that is dropped: what scripts keep of it must not keep whole pages.
Iterator.__gc = finish

--- Opens an iterator over a row's list. `check(arguments, name)` may find the filters wrong.
--- Returns as client's invoke functions do. The first page is asked for at once.
function pager.open(client, row, check, ...)
    local bound, problem = arguments.bind(row, ...)
    if not bound then return "usage", problem end
    problem = check and check(bound.arguments, row.name)
    if problem then return "usage", problem end
    local state = {
        client = client, row = row, arguments = bound.arguments, options = bound.options,
        wanted = {}, worked_through = {}, kept = 0,
    }
    local call, how, reason = client:_start(row, state.arguments, state.options)
    if not call then return how, reason end
    state.call = call
    state.paging = core.paging(row.name, state.arguments.next_token, state.arguments.offset)
    local iterator = setmetatable({ _state = state }, Iterator)
    return "iterator", iterator
end

--- The results of a method that opens an iterator: with a closing value where Lua is sound.
function pager.results(iterator)
    if SOUND_FOR then return iterator, nil, nil, iterator end
    return iterator
end

return pager
