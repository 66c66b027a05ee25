--- What can go wrong in the world, as a value: `nil, err`. An err is a plain
-- table of fields that prints as one readable line, so that `assert`, `print`
-- and `..` work on it.
--
-- Secrets: whoever knows the key passes it to errors.new() (or redacts the
-- text first); the key is taken out before the text is cut, so that no half of
-- it can stay at the cut.
local json = require "yuanjing.json"

local errors = {}

---@class yuanjing.Error
---@field kind string one of errors.kinds
---@field message string
---@field code? string the platform's, or ours where its text is known
---@field type? string the platform's own word for the sort of error
---@field status? integer of HTTP
---@field call? string "POST /llmage/v1/chat/completions"
---@field body? string what was answered, cut
---@field attempts? integer 1 + retries made
---@field retryable boolean
---@field retry_after? number seconds
---@field partial? string the text so far, as the model wrote it
---@field task? any a task or its id
---@field problems? table
---@field hint? string what to do about it
local Error = {}

--- Every kind, by name. The values are true.
errors.kinds = {
  invalid_request = true, auth = true, balance = true, rate_limit = true,
  not_found = true, platform = true, server = true, transport = true,
  timeout = true, truncated = true, decode = true, task_failed = true,
  cancelled = true, io = true, outcome_unknown = true,
}

local HINTS = {
  auth = "invalid, expired, or not allowed from this address: "
    .. "check YUANJING_API_KEY",
  balance = "top up at the platform",
  rate_limit = "wait a while before the next call",
  truncated = "what came before the break is in err.partial or err.body",
  decode = "see err.body, and check the base URL and proxies",
  outcome_unknown = "it may have been received and billed: "
    .. "check before sending it again",
}

local FIELDS = {
  "kind", "message", "code", "type", "status", "call", "body", "attempts",
  "retry_after", "partial", "task", "problems", "hint",
}
local SECRETIVE = { "message", "code", "type", "call", "body", "hint" }

local CAP = 2048
local MARK = "..."

-- Cutting and redacting ----------------------------------------------------

local function cut(text, limit)
  if #text <= limit then return text end
  local stop = limit - #MARK
  for _ = 1, 3 do -- back to where a UTF-8 character starts
    local byte = text:byte(stop + 1)
    if byte < 128 or byte > 191 then break end
    stop = stop - 1
  end
  return text:sub(1, stop) .. MARK
end

--- A text short enough to show: at most `limit` bytes (2048), cut between
--- characters and then ending in "...", always UTF-8.
---@param text string
---@param limit? integer
---@return string
function errors.cap(text, limit)
  limit = limit or CAP
  return cut(json.mend_utf8(cut(text, limit)), limit)
end

local function percent(pattern)
  return function(char) return pattern:format(char:byte()) end
end

-- The shapes a key may have in a text: as it is, inside JSON with "/" escaped
-- or not, in a URL with either case of hexadecimal digits.
local function shapes(key)
  local quoted = json.encode(key)
  local escaped = quoted and quoted:sub(2, -2) or key
  return {
    key, key:match("^%s*(.-)%s*$"), escaped, (escaped:gsub("/", "\\/")),
    (key:gsub("[^%w._~-]", percent("%%%02X"))),
    (key:gsub("[^%w._~-]", percent("%%%02x"))),
  }
end

local function replace_all(text, secret)
  local out, position = {}, 1
  while true do
    local first, last = text:find(secret, position, true)
    if not first then break end
    out[#out + 1] = text:sub(position, first - 1)
    position = last + 1
  end
  if position == 1 then return text end
  out[#out + 1] = text:sub(position)
  return table.concat(out, "***")
end

-- A text that was cut inside the key ends in the key's first characters.
local function replace_tail(text, key)
  local body, mark = text, ""
  if text:sub(-#MARK) == MARK then
    body, mark = text:sub(1, -#MARK - 1), MARK
  end
  for length = math.min(#key - 1, #body), 4, -1 do
    if body:sub(-length) == key:sub(1, length) then
      return body:sub(1, -length - 1) .. "***" .. mark
    end
  end
  return text
end

-- "Bearer x", "bearer%20x"; the token ends at a blank or a quote.
local BEARER = "([Bb][Ee][Aa][Rr][Ee][Rr])"

local function redact_bearer(text)
  text = text:gsub(BEARER .. "(%s+)[^%s\"']+", "%1%2***")
  return (text:gsub(BEARER .. "%%20[^%s\"']+", "%1%%20***"))
end

--- The text without secrets: what follows "Bearer", and the key (of 4
--- characters or more) wherever and in whatever escaped shape it stands.
---@param text string
---@param key? string
---@return string
function errors.redact(text, key)
  text = redact_bearer(text)
  if not key or #key < 4 then return text end
  local secrets = shapes(key)
  table.sort(secrets, function(a, b) return #a > #b end)
  for _, secret in ipairs(secrets) do
    if #secret >= 4 then text = replace_all(text, secret) end
  end
  return replace_tail(text, key)
end

-- The value ----------------------------------------------------------------

local function check(fields)
  if type(fields) ~= "table" then
    error(("errors.new: expected table, got %s"):format(type(fields)), 3)
  end
  if not errors.kinds[fields.kind] then
    error(("errors.new: unknown kind %s"):format(tostring(fields.kind)), 3)
  end
  if type(fields.message) ~= "string" then
    error(("errors.new: message: expected string, got %s")
      :format(type(fields.message)), 3)
  end
end

local function redact_fields(err, key)
  for _, name in ipairs(SECRETIVE) do
    if type(err[name]) == "string" then
      err[name] = errors.redact(err[name], key)
    end
  end
end

--- An error value. Unknown fields are left behind, `body` is cut, `fields` is
--- not changed. With `key` no text but `partial`, which is the model's own,
--- can hold it; without, only "Bearer ..." is taken out.
--- `hint = false` leaves out the kind's own hint.
---@param fields table
---@param key? string
---@return yuanjing.Error
function errors.new(fields, key)
  check(fields)
  local err = { retryable = fields.retryable and true or false }
  for _, name in ipairs(FIELDS) do err[name] = fields[name] end
  redact_fields(err, key)
  if type(err.body) == "string" then err.body = errors.cap(err.body) end
  return setmetatable(err, Error)
end

---@param value any
---@return boolean
function errors.is(value)
  return type(value) == "table" and getmetatable(value) == Error
end

-- As one line --------------------------------------------------------------

-- Line breaks and control characters become blanks, so that a platform's text
-- can neither break a log line nor steer a terminal.
local function fold(text)
  text = json.mend_utf8(text)
  text = text:gsub("\194[\128-\159]", " ") -- U+0080..U+009F
  text = text:gsub("\226\128[\168-\174]", " ") -- separators, bidi overrides
  text = text:gsub("[ %z\1-\31\127]+", " ")
  return (text:gsub("^ ", ""):gsub(" $", ""))
end

local function task_id(task)
  if type(task) == "table" then return task.id end
  return task
end

local function counted(number, word)
  return ("%d %s%s"):format(number, word, number == 1 and "" or "s")
end

local function code_of(err)
  local code = err.code and tostring(err.code)
  if not code or err.message:find(code, 1, true) then return nil end
  return "code " .. code
end

-- What stands in the brackets, in this order.
local DETAILS = {
  function(err) return err.status and "HTTP " .. tostring(err.status) end,
  code_of,
  function(err) return err.call end,
  function(err)
    local id = task_id(err.task)
    return id and "task " .. tostring(id)
  end,
  function(err) return err.attempts and counted(err.attempts, "attempt") end,
  function(err)
    return err.retry_after and ("retry after %g s"):format(err.retry_after)
  end,
}

local function details(err)
  local list = {}
  for _, detail in ipairs(DETAILS) do
    list[#list + 1] = detail(err) or nil
  end
  if #list == 0 then return "" end
  return (" (%s)"):format(table.concat(list, ", "))
end

function Error:__index(name)
  return name == "hint" and HINTS[rawget(self, "kind")] or nil
end

function Error:__tostring()
  local hint = self.hint and "; " .. self.hint or ""
  return fold(self.kind .. ": " .. self.message .. details(self) .. hint)
end

function Error.__concat(left, right)
  return tostring(left) .. tostring(right)
end

Error.__name = "yuanjing.Error"

return errors
