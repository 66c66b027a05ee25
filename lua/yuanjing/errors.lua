--- Errors as values: `nil, err`. An err is a table of fields that prints as
-- one readable line, so that `assert`, `print` and `..` work on it. No secret
-- stays in it: code that knows the key passes it to errors.new().
local core = require "yuanjing.core"

local errors = {}

local require = require

--- What happened. Programs branch on it.
---@alias yuanjing.ErrorKind
---| "invalid_request" # found before anything was sent (err.problems), or the platform's 400
---| "auth" # the key is wrong, has expired, or is not allowed from this address
---| "balance" # the account has no money left
---| "rate_limit" # too many calls: the platform took nothing
---| "not_found" # no such task, asset, group or file, or not yours
---| "platform" # any other refusal, and every failure reported inside a 200 or a stream
---| "server" # a status of 500 or more
---| "transport" # no connection, or it broke where nothing can have been billed
---| "timeout" # a time of `timeout` was over, or a wait took too long
---| "truncated" # the answer began and broke off; err.partial has a stream's text so far
---| "decode" # no readable answer: HTML, empty, broken JSON; err.body shows it
---| "task_failed" # the task or the asset itself failed; err.task, err.asset
---| "limit" # one of the client's own `limits` did not allow it; nothing was sent
---| "cancelled" # ended by this program: a closed stream, a cancelled job
---| "io" # a file, or memory
---| "outcome_unknown" # it was sent and not answered: it may have been received and billed

---@alias yuanjing.Settle fun(self, options?: yuanjing.SettleOptions): yuanjing.Settled, yuanjing.Error?

---@class yuanjing.Error
---@field kind yuanjing.ErrorKind
---@field message string
---@field code? string the platform's, or ours for a known text; no_connection: a timeout before it was sent
---@field type? string as the platform names it
---@field status? integer of HTTP
---@field call? string "POST /llmage/v1/chat/completions"
---@field body? string the answer: whole with a status of 2xx, because it may be paid for; else cut
---@field attempts? integer 1 + retries made; 0: nothing was sent
---@field retryable boolean calling again can not pay twice
---@field retry_after? number seconds
---@field partial? string the text so far, as the model wrote it, unredacted
---@field partial_reasoning? string of a stream: the reasoning so far
---@field task? yuanjing.Task|{ id: string, status?: string } the task that it is about: paid for, so keep its id
---@field asset? yuanjing.Asset the asset that it is about
---@field problems? string[] of invalid_request: one text for each parameter that is wrong
---@field faults? yuanjing.Fault[] of client:image, client:video and client:request: the problems, in parts
---@field step? "tls" of a call: the step of the way to the server that failed, as in a response event
---@field summary? string of a wait that took too long: the message without what to do
---@field time? integer of outcome_unknown: when it was sent, in seconds since 1970
---@field model? string of outcome_unknown
---@field category? string of outcome_unknown: t2v, i2v, ...
---@field digest? string of outcome_unknown: yuanjing.base.digest of the parameters
---@field messages? yuanjing.Message[] of talk:ask: what was said in it, and is no part of the conversation
---@field steps? yuanjing.Step[] of talk:ask: the calls that were answered in it
---@field reply? yuanjing.Reply of a schema: the answer that does not fit it
---@field usage? table of a schema: what the answers used
---@field transno? string of a billable call with `reconcile`: the number it carried
---@field hint? string what to do about it, in the reader's language: $YUANJING_LANG, else the locale's
---@field settle yuanjing.Settle of a billable call: looks for it in the history
local Error = {}

--- Every kind, with advice where there is any (else "").
errors.kinds = {
  invalid_request = "", platform = "", server = "", transport = "",
  timeout = "", task_failed = "", cancelled = "", io = "", not_found = "",
  auth = "invalid, expired, or not allowed from this address: "
    .. "check YUANJING_API_KEY; keys are made at https://ai.opencomputing.cn",
  balance = "top up at https://ai.opencomputing.cn",
  rate_limit = "wait a while before the next call",
  truncated = "what came before the break is in err.partial or err.body",
  decode = "what was answered is in err.body; check the base URL and proxies",
  limit = "a limit of this client, not of the platform; nothing was sent",
  outcome_unknown = "it may have been received and billed: look for it in the "
    .. "platform's console at that time before you send it again",
}

local FIELDS = { "kind", "message", "code", "type", "status", "call", "body",
  "attempts", "retry_after", "partial", "partial_reasoning", "task", "asset",
  "problems", "faults", "step", "summary", "time", "model", "category", "digest", "transno",
  "hint" }

-- Fields with text of the platform, which may repeat the key, and the longest
-- text that is kept of each. Not `partial`: that text is the model's.
local SECRETIVE = { message = 500, code = 100, type = 100, body = 2048,
  hint = 500, call = 200 }

-- Hints --------------------------------------------------------------------

-- A hint in the language of the reader; in English if that can not be loaded.
local function in_language(hint)
  local ok, text = pcall(function()
    return require("yuanjing.base.lazy").load("yuanjing.base.language").say(hint)
  end)
  return ok and text or hint
end

-- Secrets ------------------------------------------------------------------

-- The key as it is, in JSON with escaped slashes, and in a URL. NB: base/percent is
-- loaded by then, because http/request_builder requires it.
local function shapes_of(key)
  local in_url = require("yuanjing.base.percent").encode(key)
  local quoted = key:gsub('[\\"]', "\\%0")
  return { key, quoted, (quoted:gsub("/", "\\/")), in_url,
    (in_url:gsub("%%%x%x", string.lower)) }
end

-- NB: a whole answer may be in here. Looking is cheap, replacing is not.
local function replace(text, secret)
  if not text:find(secret, 1, true) then return text end
  local plain = secret:gsub("[^0-9A-Za-z]", "%%%0")
  return (text:gsub(plain, "***"))
end

local BEARER = "([Bb][Ee][Aa][Rr][Ee][Rr])"

--- The text without the key (of 4 characters or more) in any of its shapes.
---@param text string
---@param key? string
---@return string
function errors.without_key(text, key)
  if not key or #key < 4 then return text end
  for _, shape in ipairs(shapes_of(key)) do text = replace(text, shape) end
  return text
end

--- The text without what follows "Bearer", and without the key.
---@param text string
---@param key? string
---@return string
function errors.redact(text, key)
  text = errors.without_key(text, key)
  if not text:find(BEARER) then return text end
  text = text:gsub(BEARER .. "([ \t-\r]+)[^ \t-\r\"',}]+", "%1%2***")
  return (text:gsub(BEARER .. "%%20[^ \t-\r\"',}&]+", "%1%%20***"))
end

-- At most the first `stop` bytes of a text, ending between two characters.
local function cut(text, stop)
  stop = math.max(0, stop)
  for _ = 1, 3 do
    local byte = text:byte(stop + 1)
    if not byte or byte < 128 or byte > 191 then break end
    stop = stop - 1
  end
  return text:sub(1, stop)
end

--- A text short enough to show, cut between two characters.
---@param text string
---@param limit integer bytes
---@return string
function errors.cap(text, limit)
  if #text <= limit then return text end
  return cut(text, limit - 3) .. "..."
end

-- The text is redacted before it is cut, or half a key could stay at the cut.
-- A long text is first cut roughly, to bound the cost; then the end goes too,
-- as far as half a key in any form could reach.
local function showable(text, limit, key)
  local rough = 8 * limit
  local shown = errors.redact(cut(text, rough), key)
  if #text > rough and key then shown = cut(shown, #shown - 3 * #key) end
  return errors.cap(shown, limit)
end

-- A task's fields from an answer may repeat the key; a handle belongs to the
-- user and stays.
local function shown_task(task, key)
  if not key or type(task) ~= "table" or getmetatable(task) then return task end
  local shown = {}
  for name, value in pairs(task) do
    shown[name] = type(value) == "string" and errors.redact(value, key) or value
  end
  return shown
end

-- Settling -----------------------------------------------------------------

-- How an error is settled, by the error: not in it, for what it takes has the
-- key in it.
local settlers = setmetatable({}, { __mode = "k" })

--- Says how an error of a billable call is settled.
---@param err yuanjing.Error
---@param settle fun(options?: table): table, yuanjing.Error?
function errors.on_settle(err, settle)
  settlers[err] = settle
end

-- NB: the closure may refer to what refers to the error; the values of a weak
-- table do not keep a key of Lua 5.4, but they do on LuaJIT. It refers to the
-- settings and the request alone.
local function settle(self, options)
  local run = settlers[self]
  if not run then
    error("err:settle: this error is of no call that may have been billed", 2)
  end
  return run(options)
end

-- The value ----------------------------------------------------------------

local function is_accepted(status)
  return type(status) == "number" and status >= 200 and status < 300
end

--- An error from fields; unknown fields are dropped. `fields` may be an error
--- itself and is not changed. Its hint is shown in the language of the reader, if
--- yuanjing.base.language has it.
---@param fields table
---@param key? string is removed from every text
---@return yuanjing.Error
function errors.new(fields, key)
  if not errors.kinds[fields.kind] then
    error(("unknown kind of error: %s"):format(tostring(fields.kind)), 2)
  end
  if type(fields.message) ~= "string" then error("an error says what", 2) end
  local err = { retryable = fields.retryable and true or false }
  for _, name in ipairs(FIELDS) do
    local value, limit = rawget(fields, name), SECRETIVE[name]
    if name == "hint" and value then value = in_language(value) end
    if name == "body" and value and is_accepted(fields.status) then
      value = errors.redact(value, key)
    elseif limit and type(value) == "string" then
      value = showable(value, limit, key)
    end
    err[name] = value
  end
  err.task = shown_task(err.task, key)
  settlers[err] = settlers[fields]
  return setmetatable(err, Error)
end

---@param value any
---@return boolean
function errors.is(value)
  return type(value) == "table" and getmetatable(value) == Error
end

-- As one line --------------------------------------------------------------

local DETAILS = {
  { "status", "HTTP %s" }, { "code", "code %s" }, { "call", "%s" },
  { "attempts", "%s attempts", function(count) return count > 1 end },
  { "retry_after", "retry after %s s" },
  { "model", "model %s" }, { "category", "category %s" },
  { "digest", "digest %.12s" },
}

local function details_of(err)
  local list = {}
  for _, row in ipairs(DETAILS) do
    local name, format, is_worth = row[1], row[2], row[3]
    local value = err[name]
    if value and (not is_worth or is_worth(value)) then
      list[#list + 1] = format:format(
        type(value) == "number" and core.number(value) or value)
    end
  end
  for _, name in ipairs { "task", "asset" } do
    local handle = err[name]
    if handle then list[#list + 1] = name .. " " .. tostring(handle.id) end
  end
  return #list > 0 and (" (%s)"):format(table.concat(list, ", ")) or ""
end

-- Replaces line breaks and control characters: a text of the platform can
-- neither break a log line nor control a terminal.
local function fold(text)
  return (text:gsub("\194[\128-\159]", " "):gsub("[ %z\1-\31\127]+", " "))
end

function Error:__index(name)
  if name == "settle" then return settle end
  if name ~= "hint" then return nil end
  local hint = errors.kinds[rawget(self, "kind")]
  return hint and hint ~= "" and in_language(hint) or nil
end

function Error:__tostring()
  local hint = self.hint and "; " .. self.hint or ""
  return fold(self.kind .. ": " .. self.message .. details_of(self) .. hint)
end

function Error.__concat(left, right)
  return tostring(left) .. tostring(right)
end

Error.__name = "yuanjing.Error"

return errors
