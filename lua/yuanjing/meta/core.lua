---@meta yuanjing.core
-- What the C core offers the Lua layer. Private: it may change.

---@class yuanjing.core
local core = {}

--- Seconds on a clock that is never set.
---@return number
function core.now() end

--- The string of what next(true) brought as bytes.
---@param bytes userdata|string
---@return string
function core.text(bytes) end

--- The first JSON value of a text, or of what is left of it, with nulls in lists
--- only; or nil and why not.
---@param text string
---@param from? integer
---@param keep_halves? boolean of surrogate pairs, for sound()
---@return any value
---@return integer|"incomplete"|"invalid"|"null" used_or_problem bytes up to what is behind it
---@return integer? used of null
function core.decode(text, from, keep_halves) end

--- The text in UTF-8: halves of a surrogate pair are joined, what else is none
--- becomes U+FFFD.
---@param text string
---@return string
function core.sound(text) end

--- A number as text, the same in every locale: an integer, or a whole number
--- below 2^64, with all its digits; any other with that many significant digits
--- at most, or with the fewest that are read as the same number. Nil for infinity
--- and NaN.
---@param value number
---@param digits? integer 1 to 17; 0, the default: the fewest
---@return string?
function core.number(value, digits) end

--- Whether each number in a value is a whole one of at most 14 digits; with a name
--- also whether no table in it has a metatable or a field of that name. Calls no
--- metamethod; a table that is nested deeper than cjson goes is not plain.
---@param value any
---@param name? string
---@return boolean
function core.is_plain(value, name) end

--- Where the first byte stands that is not UTF-8.
---@param text string
---@return integer?
function core.utf8_error(text) end

--- Seconds since 1970 of a date in a header.
---@param text string
---@return number?
function core.date(text) end

--- Waits until a descriptor can be read; for a thread of the host's own. On
--- Windows only the standard streams can be waited for.
---@param fd integer
---@param seconds number
---@return boolean is_readable
function core.pollfd(fd, seconds) end

--- Initializes libcurl for the process, which the first pool would do otherwise.
--- Raises if that fails.
function core.start() end

---@return string libcurl's version and those of what it was built with
function core.curl_version() end

---@return string[] what libcurl was built with, of what matters here
function core.curl_features() end

---@return string? path libcurl's own bundle of certificates
function core.ca_file() end

---@return string? path libcurl's own folder of hashed certificates; nil: its bundle serves
function core.ca_path() end

---@param fd integer 1 is stdout
---@return boolean
function core.is_terminal(fd) end

---@param fd integer
---@return integer? columns
function core.terminal_width(fd) end

--- Has the terminal show UTF-8, until the process ends, where it has a setting
--- for that.
---@return boolean is_set false: the locale tells whether it does
function core.show_utf8() end

--- Reads from the terminal, where io.read() could not read every character.
---@return string|false|nil text nil: the end; false: io.read() reads stdin
function core.read_terminal() end

--- An argument of the command line in UTF-8, where C has it in another code page.
---@param from_end integer 0: the last one
---@param text string as C has it
---@return string? argument nil: it is the text
function core.argument(from_end, text) end

--- The value of a variable of the environment in UTF-8, where C has it in another
--- code page.
---@param name string
---@return string? value nil: it is as os.getenv() has it
function core.variable(name) end

--- From now on the first SIGINT, SIGTERM or SIGHUP is noted and ends a wait; a
--- second one does what it does by default. What is ignored stays ignored.
function core.catch_signals() end

---@return integer? number of the signal that came since
function core.caught_signal() end

--- The signals are again whose they were.
function core.release_signals() end

---@param limit? integer bytes of one event
---@return yuanjing.core.Decoder
function core.decoder(limit) end

---@return yuanjing.core.Pool?
---@return string? message
function core.pool() end

--- Has a coroutine go on as the fiber that runs.
---@param thread thread
---@return boolean? waits whether it yielded its own thread, which is how a fiber waits; nil: it failed
---@return any problem
function core.switch(thread) end

---@return thread? thread the fiber that runs, or in whose course this does
function core.fiber() end

--- Whether a yield would get across all that is being called here.
---@return boolean
function core.is_yieldable() end

--- From now on it waits in no reader.
---@param thread thread
function core.interrupt(thread) end

--- SHA-256 of a text, or of that part, as 64 hexadecimal digits.
---@param text string
---@param from? integer
---@param to? integer
---@return string
function core.sha256(text, from, to) end

--- Opens or makes a file to append to.
---@param path string
---@return yuanjing.core.File?
---@return string? message
---@return integer? errno
function core.file(path) end

--- Opens a file that is there. Only regular files are opened, so that nothing
--- waits; a link that another user may have made is not followed.
---@param path string
---@return yuanjing.core.File?
---@return string? message
---@return integer? number
function core.open_to_read(path) end

--- A file in the making, for this writer alone, empty, readable for whom the
--- target is if that is there.
---@param path string
---@param target? string
---@return yuanjing.core.File?
---@return string? message
---@return integer? number
function core.part(path, target) end

--- What a path, links followed, or a descriptor leads to.
---@param path string|integer
---@return "file"|"folder"|"pipe"|"socket"|"device"|nil kind
---@return string? identity_or_message the same for the same file, and no other
---@return number? size_or_number in bytes; of a failure its number, 2: there is nothing
---@return number? modified in seconds, by the system's clock
function core.look(path) end

--- Where a path leads if it is a link; there need be nothing.
---@param path string
---@return string?
---@return string? message
---@return integer? number
function core.resolve(path) end

--- Gives a file another name, under which there may be a file that others have
--- open.
---@param from string
---@param to string
---@return true?
---@return string? message
---@return integer? number
function core.rename(from, to) end

---@param path string
---@return true?
---@return string? message
---@return integer? number
function core.remove(path) end

--- Makes an empty file for this user alone.
---@return string? path
---@return string? message
---@return integer? number
function core.temporary() end

--- The names of all that is in a folder, with "/" behind each.
---@param folder string
---@return string?
---@return string? message
---@return integer? number
function core.names(folder) end

---@param path string
---@return string folder with the separator behind it, or ""
---@return string name
function core.split_path(path) end

--- Makes a folder, and those above it that are missing.
---@param path string
---@return true?
---@return string? message
---@return integer? number
function core.make_folders(path) end

--- Of which network the host of a URL is; nil: it is a name.
---@param host string
---@return "public"|"private"|nil
function core.network(host) end

--- So many random bytes, 16 at most, from the system. Takes no descriptor.
---@param n integer
---@return string
function core.random(n) end

--- A path from the root and without links.
---@param path string
---@return string?
---@return string? message
---@return integer? errno
function core.real_path(path) end

--- The names in the folder of that file are on the disk when this returns.
---@param path string
---@return true?
---@return string? message
---@return integer? errno
function core.sync_folder(path) end

--- What is appended to it is on the disk, whole or not at all. Locks are
--- advisory, of single bytes, and end with the process.
---@class yuanjing.core.File
local file = {}

---@return integer? bytes
---@return string? message
---@return integer? errno
function file:size() end

---@param from integer
---@param n integer
---@return string? bytes
---@return string? message
---@return integer? errno
function file:read(from, n) end

---@param text string
---@param durable? boolean on the disk when this returns
---@return true?
---@return string? message
---@return integer? errno
function file:append(text, durable) end

--- Writes at that offset.
---@param text string
---@param offset integer
---@return true?
---@return string? message
function file:write(text, offset) end

--- Makes room behind the end, where the file system can.
---@param n integer bytes
---@return true?
---@return string? message
---@return integer? errno
function file:reserve(n) end

---@param size integer
---@return true?
---@return string? message
---@return integer? errno
function file:truncate(size) end

---@return true?
---@return string? message
---@return integer? errno
function file:sync() end

--- Gives it the mode and, where that is allowed, the owner of another.
---@param other yuanjing.core.File
---@return true?
---@return string? message
---@return integer? errno
function file:copy_mode(other) end

--- How many names it has in its file system.
---@return integer?
---@return string? message
---@return integer? errno
function file:link_count() end

--- Locks a byte; false while another open file has it locked: it never waits.
---@param at integer
---@return boolean?
---@return string? message
---@return integer? errno
function file:lock(at) end

---@param at integer
---@return true?
---@return string? message
---@return integer? errno
function file:unlock(at) end

--- Whether another open file has that lock. Not to be asked about a lock that this
--- one has: Windows gives it away then.
---@param at integer
---@return boolean?
---@return string? message
---@return integer? errno
function file:is_locked(at) end

--- Whether the path still leads to this file.
---@param path string
---@return boolean
function file:is_at(path) end

--- Whether this process has opened it.
---@return boolean
function file:is_mine() end

--- A part is whole: it takes the place of what stands there, and its mode.
---@param from string the part's name until now
---@param to string
---@return true?
---@return string? message
---@return integer? number
function file:move(from, to) end

function file:close() end

--- A chat stream's bytes into chunks.
---@class yuanjing.core.Decoder
local decoder = {}

---@param bytes string
function decoder:feed(bytes) end

--- No more bytes will come.
function decoder:finish() end

--- Raises in a finalizer that has come while this very decoder is being read, as
--- feed() does; and when an error has cut a reading short.
---
--- The next chunk; or nil and "pending", "done", "end", "too_large",
--- "no_memory", or "bad" or "cut" with the text it is about.
---@param as_bytes? boolean the json as a userdata, for core.text()
---@return string? content
---@return string|userdata json_or_event
---@return string? reasoning_or_text
---@return boolean? has_usage
---@return boolean|"failing"|nil odd it has to be looked at as a whole; an event named as a failure
function decoder:next(as_bytes) end

--- The next text that is not empty; or nil, "odd", json, odd; or as next().
---@return string? content
---@return string? event
---@return string? json_or_text
---@return boolean|"failing"|nil odd
function decoder:text() end

--- Reads chunks away until there is something else: as text() without texts.
function decoder:drain() end

--- What the stream adds up to.
---@return string content
---@return string? reasoning
---@return string? first the first chunk with each set of names, one behind the other
---@return string? last_chunk
function decoder:summary() end

--- What its end needs, without the text, which may be long.
---@return boolean finished
---@return boolean begun
---@return boolean has_content
---@return string? last_with_usage its json
function decoder:outline() end

--- How much of it was read here.
---@return integer chunks that were not odd
---@return integer content bytes
---@return integer reasoning bytes
function decoder:usual() end

--- What was in an odd chunk, and whether the answer is complete now.
---@param content string
---@param reasoning string
---@param finished? boolean
---@return string content what there is to read of it
---@return string reasoning
function decoder:add(content, reasoning, finished) end

--- From now on each chunk is odd.
function decoder:watch() end

function decoder:close() end

---@class yuanjing.core.Timeouts seconds
---@field connect? number
---@field head? number
---@field first? number
---@field idle? number
---@field total? number

---@class yuanjing.core.Piece
---@field path? string
---@field data? string
---@field base64? boolean

---@class yuanjing.core.Part: yuanjing.core.Piece
---@field name string
---@field file_name? string
---@field type? string

---@class yuanjing.core.Request
---@field method string
---@field url string
---@field headers? string[] "Name: value"
---@field body? string|yuanjing.core.Piece|(string|yuanjing.core.Piece)[]
---@field parts? yuanjing.core.Part[]
---@field events? boolean a 2xx answer is a chat stream
---@field hold? boolean a 2xx answer's body waits for save()
---@field once? boolean libcurl may not send it a second time by itself
---@field peer_port? integer of the URL, for is_private()
---@field only_public? boolean with peer_port: nothing is sent to a private address
---@field timeouts? yuanjing.core.Timeouts
---@field proxy? string
---@field ca_file? string
---@field ca_path? string
---@field max_body? integer
---@field max_event? integer

--- All transfers of a process.
---@class yuanjing.core.Pool
local pool = {}

---@param request yuanjing.core.Request
---@return yuanjing.core.Transfer?
---@return string? message
---@return "io"|"invalid_request"|nil kind
function pool:open(request) end

--- Handles what is ready, for so many seconds at most.
---@param budget? number seconds
---@return true?
---@return boolean|string more whether more may be ready; or what failed
---@return boolean? is_ready whether a transfer is ready
function pool:step(budget) end

--- Waits until something happens, then as step().
---@param seconds? number
---@param unless_ready? boolean not at all where there are news
---@return true?
---@return string? message
function pool:wait(seconds, unless_ready) end

--- f(...), of which it returns one result. When that raises the next wait ends at
--- once.
---@param f function
---@param ... any
---@return any
function pool:guard(f, ...) end

--- Ends a wait.
function pool:wake() end

--- Ends a wait at that time as well, once, in place of an alarm set before.
---@param at? number on the clock of now(); nil: none
function pool:alarm(at) end

---@param is_polled? boolean false: nothing polls it any more
---@return integer? fd readable when step() has something to do
function pool:fd(is_polled) end

---@return number? seconds until step() has something to do by the clock
function pool:timeout() end

---@return any waiter the next of a transfer with news, as subscribe() was told; or a fiber's thread
function pool:ready() end

--- Goes on with the fibers that wait in readers for news.
---@param at? number until then on the clock of now(), but with one at least
---@return boolean did whether there was anybody
---@return any waiter another one that has news; or a fiber's thread that left
---@return boolean? waits of such a thread: what switch() says
---@return any problem
function pool:dispatch(at) end

---@return any[] waiters all who wait
function pool:waiters() end

---@return integer
function pool:count() end

---@return boolean
function pool:is_mine() end

function pool:close() end

--- One exchange; a reader of its stream as a Decoder is. next(), text() and
--- drain() wait in a fiber, and return nothing when it is woken before; elsewhere
--- they say "pending".
---@class yuanjing.core.Transfer
---@field next fun(self, as_bytes: boolean?): ...
---@field text fun(self): ...
---@field texts fun(self, other: function): fun(): ... the next text; or what other(...) makes of anything else; not in LuaJIT
---@field drain fun(self): ...
---@field summary fun(self): ...
local transfer = {}

--- Who is told when there are news; nil: nobody.
---@param waiter? any
function transfer:subscribe(waiter) end

--- As of a decoder.
---@return integer chunks
---@return integer content
---@return integer reasoning
function transfer:usual() end

--- As of a decoder; it is news.
---@param content string
---@param reasoning string
---@param finished? boolean
---@return string content
---@return string reasoning
function transfer:add(content, reasoning, finished) end

--- As of a decoder.
function transfer:watch() end

---@return any waiter
function transfer:waiter() end

---@return integer? status once the head is here
function transfer:status() end

---@return string lines of the head
function transfer:head() end

--- Gives back what is not needed once the head has been read: the head, and
--- what was sent, if all of it was.
function transfer:trim() end

---@return string what has come of a plain body
function transfer:body() end

---@return boolean
function transfer:done() end

---@return string? fault
---@return string message
---@return integer code libcurl's
---@return boolean sent something of the request may have left
---@return boolean answered
function transfer:failure() end

--- Where a body that was held goes: into the file from there on, which is cut.
---@param part yuanjing.core.File
---@param offset integer
---@return true?
---@return string? message
function transfer:save(part, offset) end

--- The next bytes of a body that was held; a slow reader pauses the sender. Nil:
--- none are here now.
---@return string?
---@return string? message
function transfer:read() end

--- Whether the host that was connected has no public address, as far as
--- peer_port lets it be known.
---@return boolean
function transfer:is_private() end

---@return integer bytes that save() has brought to the disk
function transfer:saved() end

---@return integer bytes of the request's body that have gone out
function transfer:uploaded() end

--- Seconds from its start to each step that it has come to.
---@return { name?: number, connect?: number, tls?: number, answer?: number }
function transfer:steps() end

--- Drops what comes, for so many seconds, so that the connection can serve
--- again.
---@param seconds number
function transfer:discard(seconds) end

--- Ends it at once; what came stays readable.
function transfer:cancel() end

function transfer:close() end

return core
