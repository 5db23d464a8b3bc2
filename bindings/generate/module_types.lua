--[[
bindings.generate.module_types - the part of the types that no table knows: what the module has beside its operations.
--]]

local module_types = {}

--- What stands before everything that is generated.
module_types.head = [[
---@meta scaleapi
-- luacheck: ignore
-- What an editor with LuaLS knows of the module. Made from the operation table by
-- `scalua bindings/generate.lua types`; do not edit. Nothing loads it.

---@alias scaleapi.time string ISO 8601, UTC

---@class scaleapi.CallOptions Of one call, beside its parameters.
---@field timeout? number Seconds for one attempt
---@field connect_timeout? number Seconds to connect
---@field deadline? number Seconds for the call with its retries and pauses
---@field max_attempts? integer How often it is sent at most
---@field accept_existing? boolean create_task: a task that has the unique_id already and is equal counts as made
---@field digest_id? boolean create_task: the unique_id is a digest of all that is sent
---@field idempotency_key? string Creating a task: sent as Idempotency-Key, which makes it safe to send it again
---@field check_in_full? boolean Of a list that comes page by page: no document of an answer may be malformed
---@field bulk? boolean One of many: goes when the pace allows, up to 8 times, and waits where another call fails

---@class scaleapi.ClientOptions What a client is made with.
---@field api_key? string Default: SCALE_API_KEY, or what is in the file SCALE_API_KEY_FILE
---@field base_url? string What stands before /v1 and /v2; default: SCALE_API_URL, or https://api.scale.com
---@field user_agent? string Put behind ours
---@field ca_file? string Certificates to trust, PEM
---@field cert_file? string Client certificate, PEM
---@field key_file? string Its key, PEM
---@field proxy? string URL
---@field timeout? number Seconds for one attempt, 60
---@field upload_timeout? number Seconds without progress of an upload, 30
---@field connect_timeout? number Seconds to connect, 10
---@field deadline? number Seconds for a call with its retries and pauses, 300
---@field verify? boolean Check the server's certificate, true
---@field max_in_flight? integer Requests at once, 50
---@field max_attempts? integer Sendings of one request, 4
---@field give_up_after? number Seconds without any success until bulk calls end, 600
---@field max_answer? integer Bytes of an answer
---@field allow_http? boolean Send the key over plain http to another host than this one
---@field http? "1.1"|"2" Over https: "1.1" (the default), or "2" where the server has it

---@class scaleapi.Stats What client:stats() counts.
---@field requests integer
---@field retries integer
---@field lookups integer
---@field connections integer
---@field bytes_sent integer
---@field bytes_received integer
---@field in_flight integer
---@field most_in_flight integer
---@field queued integer

---@class scaleapi.Pace How fast bulk calls go
---@field limit integer Requests that may be in flight
---@field in_flight integer Requests that are
---@field rate? number Requests a second that they are held to
---@field state "closed"|"open"|"probing"|"given_up" Anything but closed: the server seems to be away
---@field budget integer Retries in store

---@class scaleapi.Change One change of the pace
---@field time number Seconds, on the clock that now() gives
---@field what string "in flight 16 -> 32"
---@field why string

---@class scaleapi.Error What a failed call raises, or returns by client.safe.
---@field kind string What went wrong, as "not_found" or "timeout"
---@field message string The server's own words, where it spoke
---@field operation? string
---@field code? integer The HTTP status; nil when the server did not speak
---@field attempts integer How often it was sent
---@field retriable? boolean Another try later may succeed
---@field unclear? boolean The server may have done what was asked
---@field retry_after? number Seconds
---@field where? string The line that called

---@class scaleapi.Object What an answer becomes; its fields are the server's.
local Object = {}

---All of it as a plain table; null is scaleapi.null.
---@return table
function Object:as_table() end

---The server's own bytes.
---@return string
function Object:json() end

---@class scaleapi.Job What spawn returns.
local Job = {}

---Waits for its end. Returns what its function returned, raises what it raised.
---@return any ...
function Job:wait() end

---Whether it has ended.
---@return boolean
function Job:is_done() end

---Ends it: the wait that it is in raises an error of kind canceled.
function Job:cancel() end

]]

--- What stands behind it.
module_types.tail = [[
---@class scaleapi
---@field version string
---@field null lightuserdata JSON's null
---@field json scaleapi.json
---@field csv scaleapi.csv
---@field jsonl scaleapi.jsonl
---@field journal scaleapi.journal
---@field times scaleapi.times
---@field operations table[] The rows of the operation table
local scaleapi = {}

---Makes a client. What is not given comes from the environment.
---@param options? scaleapi.ClientOptions
---@return scaleapi.Client
function scaleapi.client(options) end

---@class scaleapi.Limits: scaleapi.ClientOptions What a script may not go beyond, beside what its clients are made of.
---@field operations? string|string[] "read" (the default), names, patterns such as "v2.get_*"
---@field hosts? string[] Where fetch may go: "files.example.com", "*.example.com", "127.0.0.1:8080"; default: nowhere
---@field requests? integer How many may be sent in all
---@field files? boolean upload_file may send files of this machine by their path

---The module with limits, for scripts that are not trusted; globals for such a script; and what tells how many
---requests were sent. What is against the limits raises kind not_allowed.
---@param options scaleapi.Limits
---@return scaleapi module
---@return table environment
---@return fun(): integer requests
function scaleapi.limited(options) end

---Is it an error of ours, and of that kind if one is given?
---@param value any
---@param kind? string
---@return boolean
function scaleapi.is_error(value, kind) end

---Marks a table as an array, so that {} is sent as [].
---@param values? table
---@return table
function scaleapi.array(values) end

---An operation in words; nil and a message for an unknown name.
---@param name scaleapi.OperationName
---@return table?
---@return string?
function scaleapi.describe(name) end

---Runs fn(...) as a job, beside all others.
---@param fn function
---@return scaleapi.Job
function scaleapi.spawn(fn, ...) end

---Waits; other jobs go on.
---@param seconds number
function scaleapi.sleep(seconds) end

---Calls fn() once after so many seconds; fn must not wait. Keeps no program alive.
---@param seconds number
---@param fn function
---@return { cancel: fun() }
function scaleapi.after(seconds, fn) end

---@class scaleapi.FetchOptions Of one fetch.
---@field method? "GET"|"POST"|"PUT"|"DELETE"|"HEAD" GET, or POST if there is a body
---@field headers? table<string, string|number>
---@field body? string
---@field timeout? number Seconds for all of it, 60
---@field connect_timeout? number Seconds, 10
---@field follow? boolean Follow redirects, 10 at most
---@field max_answer? integer Bytes
---@field verify? boolean Check the server's certificate
---@field ca_file? string
---@field proxy? string

---One plain request to any URL, without the key. Raises an error object when no answer came.
---@param url string
---@param options? scaleapi.FetchOptions
---@return { status: integer, headers: table<string, string>, body: string, url: string }
function scaleapi.fetch(url, options) end

---The word that was probably meant, if one is near.
---@param word string
---@param words string[]
---@return string?
function scaleapi.suggest(word, words) end

---One turn, for a host with a loop of its own. True while there is something left to do.
---@param seconds? number How long to wait at most
---@return boolean
function scaleapi.step(seconds) end

---The descriptor to watch, for a host with a loop of its own.
---@return integer
function scaleapi.descriptor() end

---Seconds until a step is due anyway.
---@return number?
function scaleapi.timeout() end

---@class scaleapi.Hooks Of a host whose loop takes descriptors and timers one by one.
---@field watch fun(descriptor: integer, events: "r"|"w"|"rw"|nil) To be watched from now on; nil: no more
---@field set_timer fun(seconds: number?) When step(0) is due, once, instead of what was said before; nil: not

---Tells a host's own loop what to watch; when something is ready or the time is over, it calls `scaleapi.step(0)`.
---@param hooks scaleapi.Hooks
---@return { close: fun() } handle Takes it back
function scaleapi.attach(hooks) end

---Seconds on a clock that never goes back.
---@return number
function scaleapi.now() end

---Runs fn(item) for each of the items, so many at a time; results as they come:
---`for item, result, err in scaleapi.parallel(50, items, fn) do`
---@generic Item, Result
---@param most integer
---@param items Item[]|(fun(): Item?)
---@param fn fun(item: Item): Result?
---@return fun(): Item, Result?, any
function scaleapi.parallel(most, items, fn) end

---@class scaleapi.BulkOptions Of bulk work.
---@field client scaleapi.Client
---@field rows string|table[]|(fun(): any) A path of JSON lines or CSV, an array, an iterator
---@field operation? scaleapi.OperationName Each row is the table of its arguments by name
---@field send? fun(row: any): { state: string, error?: scaleapi.Error, id?: string } Or how a row is sent
---@field repeatable? fun(row: any): boolean With send: false for what must not be done twice
---@field problem_of? fun(row: any): scaleapi.Error? With send: the error of a row that cannot be sent at all
---@field one_call? boolean With send: it makes one call and does nothing else
---@field deadline? number Seconds that all may take
---@field concurrency? integer Rows at a time at most, 50
---@field journal? string|true A path; true: that of the rows and ".journal"
---@field input? string|{ size: integer, digest: string } A path whose bytes tell if the rows are the same, or a text
---@field header? table[] { name, value }: what else tells whether it is the same work
---@field fresh? boolean Begin anew
---@field total? integer How many rows there are, for on_progress
---@field weigh? fun(row: any): integer Bytes that a row still holds once sent
---@field prepare? fun() Called once the journal is open
---@field on_start? fun(handle: { stop: fun(reason: string, why: string), abort: fun(), journal: table? })
---@field on_outcome? fun(row: any, outcome: { state: string, error?: scaleapi.Error, id?: string }) In the rows' order
---@field on_progress? fun(state: table)

---@class scaleapi.BulkResult What has become of bulk work.
---@field total integer Rows taken
---@field counts table<string, integer> By state; `skipped` were done before
---@field failed integer Failed or in conflict
---@field left integer Taken, but without an outcome
---@field retries integer
---@field seconds number
---@field resumed boolean
---@field stopped? { reason: string, why: string, error: scaleapi.Error? }
---@field problem any What the iterator or a function raised

---Many rows, each by a call, exactly once; with a journal it can be killed at any moment and started again.
---@param options scaleapi.BulkOptions
---@return scaleapi.BulkResult
function scaleapi.bulk(options) end

---@class scaleapi.csv
local csv = {}

---Iterates the records of a CSV file: each turn gives the row and the number of its line.
---@param source string|file* A path, or an open file
---@param options? { separator?: string, header?: boolean|string[], ragged?: boolean }
---@return fun(): table?, integer?
---@return string[]? names
function csv.rows(source, options) end

---@class scaleapi.jsonl Files of JSON lines, in flat memory.
local jsonl = {}

---Iterates the lines that are not blank: each turn gives the line's bytes and its number.
---@param path string
---@return fun(): string?, integer?
function jsonl.lines(path) end

---Opens a file of JSON lines. Raises when there is no such file, or it is empty or no text.
---@param path string
---@return scaleapi.Lines
function jsonl.open(path) end

---@class scaleapi.Lines What jsonl.open returns; it may be called like an iterator.
---@field size integer Bytes of the file when it was surveyed
---@field digest string Its SHA-256 then
local Lines = {}

---The next line that is not blank, and its number; nil at the end. Raises kind changed when the file is not what was
---surveyed.
---@return string?
---@return integer?
function Lines:next() end

---Passes over so many lines that are not blank. Returns how many there were.
---@param most integer
---@return integer
function Lines:skip(most) end

---Reads the whole file and goes back to its start. Returns how many lines are not blank.
---@return integer
function Lines:survey() end

---Goes to the start, after a survey.
function Lines:rewind() end

---@class scaleapi.journal The file in which bulk work notes what it does with each row.
local journal = {}

---Opens a journal. With `header` it is one of that work, and refused if it is of another; without, whatever is there.
---@param path string
---@param options { header?: table[], fresh?: boolean }
---@return scaleapi.Journal
function journal.open(path, options) end

---@class scaleapi.Journal What journal.open returns.
---@field resumed boolean There were records
---@field before? table<string, any> The header that was there
---@field failed? string Why it can no longer be written
local Journal = {}

---The letter of the row's last record, or nil: c made, m perhaps made, e was there, d done otherwise, x in conflict,
---f failed, a nobody knows, s begun, o not sent after all; u, k, n: undone and free, undone, not undone.
---@param row integer
---@return string?
function Journal:state(row) end

---How many rows have the letter.
---@param letter string
---@return integer
function Journal:count(letter) end

---The highest row that was noted.
---@return integer
function Journal:highest() end

---The task of the row, or nil.
---@param row integer
---@return string?
function Journal:word(row) end

---How many tasks the rows have that are done.
---@return integer
function Journal:tasks() end

---Notes something of a row.
---@param letter string
---@param row integer
---@param word? string
function Journal:record(letter, row, word) end

---Raises when it can no longer be written.
function Journal:check() end

---To be called now and then: brings to the disk what was written a second ago.
function Journal:tick() end

---Writes what has come up; false when the disk takes no more.
---@return boolean
function Journal:flush() end

---Writes all, and lets others have the file; false when that failed.
---@return boolean
function Journal:close() end

---@class scaleapi.times Dates as Scale writes and reads them.
local times = {}

---Milliseconds since 1970 of a date, or of a date and time with or without an offset; nil if it is neither.
---@param text string
---@return number?
function times.parse(text) end

---"2021-06-17T21:46:36.359Z"
---@param milliseconds number
---@return string
function times.format(milliseconds) end

---@class scaleapi.json The exact codec.
---@field null lightuserdata
local json = {}

---JSON text as a Lua value; null is scaleapi.null.
---@param text string
---@return any
function json.decode(text) end

---A Lua value as JSON text.
---@param value any
---@return string
function json.encode(value) end

---Whether the text is JSON; or nil and what is wrong.
---@param text string
---@return boolean?
---@return string? problem
function json.check(text) end

---The type of the value that the text begins with.
---@param text string
---@return string?
function json.type(text) end

---A first-level field of an object, decoded.
---@param text string
---@param key string
---@return any
function json.field(text, key) end

---A first-level field of an object, as its bytes.
---@param text string
---@param key string
---@return string?
function json.raw_field(text, key) end

---First-level fields of an object, as their bytes, in one pass: nil for one that it lacks.
---@param text string
---@param ... string At most 16 keys
---@return string? ...
function json.raw_fields(text, ...) end

---The elements of an array, as their bytes.
---@param text string
---@return string[]
function json.elements(text) end

---The members of an object: their names, and their values as bytes.
---@param text string
---@return string[] names
---@return string[] values
function json.members(text) end

---The same as scaleapi.array.
---@param values? table
---@return table
function json.array(values) end

---Whether it is a table that was decoded from an array, or marked as one.
---@param value any
---@return boolean
function json.is_array(value) end

---JSON text that is written as it stands.
---@param text string
---@return userdata
function json.raw(text) end

---A number that keeps its spelling.
---@param text string
---@return userdata
function json.number(text) end

return scaleapi
]]

--- What a client has beside its operations: its name, that of its v2, the line for `safe`, its name, what it returns
--- when it fails, and both again.
module_types.client = [[
---@class scaleapi.%s
---@field v2 scaleapi.%s The operations of the second API
%slocal %s = {}

---How many tasks match.
---@param options scaleapi.get_tasks.Options
---@return integer%s
function %s:get_tasks_count(options) end

---Runs an operation by its name. Returns the answer's bytes: of a list, one page.
---@param name scaleapi.OperationName
---@return string%s
function %s:call(name, ...) end
]]

--- And what only the client that raises has.
module_types.beside = [[
---Counts what it did so far.
---@return scaleapi.Stats
function Client:stats() end

---What time it is for the server, in seconds since 1970, by the Date of its answers; nil while none had one.
---@return number?
function Client:server_time() end

---How fast its bulk calls go.
---@return scaleapi.Pace
function Client:pace() end

---What of that has changed since it was asked last.
---@return scaleapi.Change[]
function Client:changes() end

---Ends its unfinished calls and closes its connections.
function Client:close() end

---What stands before /v1 and /v2.
---@return string
function Client:base_url() end

---The first 16 digits of the SHA-256 of the key: tells keys apart and gives none away.
---@return string
function Client:key_fingerprint() end
]]

return module_types
