--- What the platform's bodies mean. The HTTP status tells little (inference
-- answers 200 before the vendor is even called), so the bytes are read: every
-- error form of every API goes through here, and nothing else knows them.
--
-- Failures are plain tables that errors.new() takes as they are, after the
-- caller has added what it knows (call, attempts, the key to redact).
local ascii = require "yuanjing.ascii"
local core = require "yuanjing.core"
local json = require "yuanjing.json"
local number = require "yuanjing.number"
local python = require "yuanjing.api.python"

local envelope = {}

---@class yuanjing.Failure
---@field kind string
---@field message string the platform's text
---@field code? string
---@field type? string
---@field task? { id: string, status?: string }
---@field state? string the status word that said so, upper case: ERROR, FAILED
---@field status? integer of HTTP, from refusal()
---@field retry_after? number seconds, from refusal()
---@field body? string from read() and refusal()
---@field document? table what was decoded; from read() and refusal()

-- Data ---------------------------------------------------------------------

-- Texts of the assets API that have a meaning of their own.
local KNOWN_TEXTS = {
  { text = "无效的素材组合ID或无权访问", code = "group_not_found",
    kind = "not_found" },
  { text = "素材不存在或无权访问", code = "asset_not_found",
    kind = "not_found" },
  { text = "供应商配置不存在", code = "vendor_not_configured" },
  { text = "供应商服务已停用", code = "vendor_disabled" },
  { text = "尚未完成认证或认证失败", code = "verification_incomplete" },
}

local FAILING = { ERROR = true, FAILED = true, FAILURE = true, FAIL = true }

-- What a vendor's null looks like after Python made a string of it.
local ABSENT = { [""] = true, none = true, null = true }

-- Where a failure's text may be, the most telling first.
local TEXT_FIELDS = {
  "error", "message", "msg", "errmsg", "detail", "reason", "data",
}

local CODE_FIELDS = { "code", "errcode" }
local TASK_FIELDS = { "taskid", "task_id" }
local STATUS_FIELDS = { "status", "taskstatus" }

-- Where the real answer may be wrapped in ("resposne" is the wire's).
local WRAPPERS = { "data", "resposne", "response" }
local MAX_WRAPS = 3

-- Lua patterns on lower-case text. "balance" alone is enough for a 429, not
-- for a 400, where it may be a parameter's name.
local NO_MONEY = {
  "insufficient[ \t-\r_-]*funds?", "insufficient[ \t-\r_-]*balance",
  "insufficient[ \t-\r_-]*quota", "not enough balance", "arrearage",
  "余额", "欠费",
}
local BALANCE = { "balance", "funds" }
local RATE = {
  "%f[A-Za-z]rate%f[^A-Za-z]", "ratelimit", "ratequota", "frequen", "too many",
  "throttl", "concurren", "频", "限流", "并发",
}

-- A plain text with status 200 is no answer at all; these tell on whose side
-- it failed. Anchored, for a text may well talk about errors.
local ERROR_OPENINGS = {
  "^%[?error", "^%d%d%d:", "^%d%d%d[ \t-\r]+[A-Za-z]", "^exception",
  "^traceback",
  "^unauthorized", "^forbidden", "^not found", "^failed", "^bad request",
  "^internal server error", "^invalid", "^missing", "^{'error'",
  "^insufficient", "^错误", "^失败",
}

local KIND_OF_STATUS = {
  [400] = "invalid_request", [401] = "auth", [402] = "balance",
  [403] = "auth", [404] = "not_found",
}

local ENTITIES = {
  amp = "&", lt = "<", gt = ">", quot = '"', nbsp = " ", ["#39"] = "'",
}

-- Small readers ------------------------------------------------------------

-- NB: "%s+$" would try each blank in the midst of a text anew.
local function trim(text)
  local from = text:find("[^ \t-\r]")
  return from and text:match("^.*[^ \t-\r]", from) or ""
end

local function matches_any(text, patterns)
  for _, pattern in ipairs(patterns) do
    if text:find(pattern) then return true end
  end
  return false
end

-- A string, or a whole number's digits; nil for the rest. Ids and codes are
-- strings, whatever the wire made of them.
local function word(value)
  if type(value) == "string" then return value ~= "" and value or nil end
  if type(value) ~= "number" then return nil end
  return number.show(value)
end

local function first_word(record, names)
  for _, name in ipairs(names) do
    local found = word(record[name])
    if found then return found end
  end
end

-- Says nothing: null, false, 0, "", "None", and a table of nothing but those.
local function is_empty(value)
  if type(value) == "string" then
    return ABSENT[ascii.lower(trim(value))] or false
  end
  if type(value) ~= "table" then
    return value == nil or value == false or value == 0
  end
  for _, inner in pairs(value) do
    if not is_empty(inner) then return false end
  end
  return true
end

-- The text that tells most about a failure, however deep it is wrapped.
local function find_text(value)
  if type(value) == "string" then
    return not is_empty(value) and value or nil
  end
  if type(value) ~= "table" then return nil end
  if value[1] ~= nil then return find_text(value[1]) end
  for _, name in ipairs(TEXT_FIELDS) do
    local text = find_text(value[name])
    if text then return text end
  end
end

local function is_record(value)
  return type(value) == "table" and value[1] == nil
end

-- Failures in documents ----------------------------------------------------

-- Adds what a known text means.
local function with_meaning(failure)
  for _, known in ipairs(KNOWN_TEXTS) do
    if failure.message:find(known.text, 1, true) then
      failure.code = known.code
      failure.kind = known.kind or failure.kind
    end
  end
  return failure
end

local function status_word(document)
  for _, name in ipairs(STATUS_FIELDS) do
    local status = document[name]
    if type(status) == "string" and FAILING[ascii.upper(trim(status))] then
      return ascii.upper(trim(status))
    end
  end
end

local function has_errcode(document)
  local code = word(document.errcode)
  return code ~= nil and code ~= "0"
end

local function fails(document)
  return not is_empty(document.error) or status_word(document) ~= nil or
    document.success == false or has_errcode(document)
end

-- What is left to say of a failure without a text.
local function spelled_out(document)
  local err = document.error
  local spelled = type(err) == "table"
    and (word(err.code) or word(err.type) or json.encode(err))
  if spelled then return spelled end
  local status = status_word(document)
  return status and ("the platform reported the status " .. status)
    or "the platform reported a failure without a text"
end

-- The most precise code there is; 0 stands for a success in every API.
local function code_of(document)
  local err = document.error
  local code = is_record(err) and first_word(err, CODE_FIELDS)
    or first_word(document, CODE_FIELDS)
    or is_record(document.data) and first_word(document.data, CODE_FIELDS)
    or nil
  return code ~= "0" and code or nil
end

-- The task a failure is about: its id must not get lost.
local function task_of(document)
  local id = first_word(document, TASK_FIELDS) or
    is_record(document.data) and first_word(document.data, TASK_FIELDS)
  return id and { id = id, status = status_word(document) } or nil
end

local function describe(document)
  local err = document.error
  local message = find_text(document) or spelled_out(document)
  return with_meaning {
    kind = "platform",
    message = trim(message),
    code = code_of(document),
    type = is_record(err) and word(err.type) or nil,
    task = task_of(document),
    state = status_word(document),
  }
end

local function failure_within(document, wraps)
  if not is_record(document) then return nil end
  if fails(document) then return describe(document) end
  if wraps == MAX_WRAPS then return nil end
  for _, name in ipairs(WRAPPERS) do
    local failure = failure_within(document[name], wraps + 1)
    if failure then
      failure.task = failure.task or task_of(document)
      return failure
    end
  end
end

--- What a decoded document says of a failure; nil when it says nothing of one.
--- A task that has FAILED and an asset that has Failed are failures here:
--- `state` is then FAILED, while a query that failed has ERROR or none.
---@param document any
---@return yuanjing.Failure?
function envelope.failure(document)
  return failure_within(document, 0)
end

local function usage_within(document, wraps)
  if not is_record(document) then return nil end
  if is_record(document.usage) then return document.usage end
  if wraps == MAX_WRAPS then return nil end
  for _, name in ipairs(WRAPPERS) do
    local usage = usage_within(document[name], wraps + 1)
    if usage then return usage end
  end
end

-- Bodies -------------------------------------------------------------------

local REST_IGNORED = "the answer held more behind its first JSON value; "
  .. "it was ignored"
local PYTHON_READ = "the answer was a Python dict instead of JSON"

-- A body as a document and a warning; else nil, message, verdict.
local function document_of(body)
  local value, rest, verdict = json.decode_first(body)
  if type(value) == "table" then
    return value, rest:find("[^ \t-\r]") and REST_IGNORED or nil
  end
  local document = python.read(body)
  if document then return document, PYTHON_READ end
  return nil, rest, verdict
end

local function entity(name)
  return ENTITIES[name]
end

local function element(html, lower, name)
  local _, open = lower:find("<" .. name .. "%f[^0-9A-Za-z][^>]*>")
  local close = open and lower:find("</" .. name, open, true)
  if not close then return nil end
  local text = html:sub(open + 1, close - 1):gsub("<[^>]*>", " ")
  text = trim(text:gsub("&(#?[0-9A-Za-z]+);", entity):gsub("[ \t-\r]+", " "))
  return text ~= "" and text or nil
end

local function is_html(body)
  return body:find("^[ \t-\r]*<[A-Za-z!?]") ~= nil
end

-- What a proxy's page says of itself; an object store's XML as well.
local function html_text(body)
  local lower = ascii.lower(body)
  return element(body, lower, "title") or element(body, lower, "h1")
    or element(body, lower, "message")
end

local function reads_like_error(text)
  return matches_any(ascii.lower(text), ERROR_OPENINGS)
end

-- A body that is one JSON string is as plain as one without the quotes.
local function plain_text(body)
  local value = json.decode(body)
  return trim(type(value) == "string" and value or body)
end

local function unreadable(kind, message, body)
  return { kind = kind, message = message, body = body }
end

local function html_failure(body)
  local text = html_text(body)
  local message = "the answer is HTML" .. (text and ": " .. text or "")
  return unreadable("decode", message, body)
end

local function text_failure(body, problem, verdict)
  local text = plain_text(body)
  if reads_like_error(text) then
    return unreadable("platform", text, body)
  end
  if verdict == "incomplete" and text:find("^[%[{]") then
    return unreadable("truncated", "the answer's JSON breaks off", body)
  end
  if text:find("^[%[{]") then
    return unreadable("decode", "the answer is broken JSON: " .. problem, body)
  end
  return unreadable("decode", "the answer is no JSON: " .. text,
    body)
end

-- For a body that is no document.
local function unread(body, problem, verdict)
  if not body:find("[^ \t-\r]") then
    return unreadable("decode", "the answer is empty", body)
  end
  if is_html(body) then return html_failure(body) end
  return text_failure(body, problem, verdict)
end

--- Reads the body of an answer with a 2xx status. The document, and a warning
--- where the body was not quite one; or nil and what failed: kind "platform"
--- for what the platform says of itself ("not_found" for an asset or a group),
--- "truncated" for the beginning of one, "decode" for a body that is none.
---@param body string?
---@return table? document
---@return string|yuanjing.Failure|nil warning_or_failure
function envelope.read(body)
  body = body or ""
  local document, note, verdict = document_of(body)
  if not document then return nil, unread(body, note, verdict) end
  local failure = envelope.failure(document)
  if not failure then return document, note end
  failure.body, failure.document = body, document
  return nil, failure
end

--- What a body says of usage, as the platform has it; nil: nothing.
---@param body string
---@return table?
function envelope.usage(body)
  if not body:find('"usage"', 1, true) then return nil end
  return usage_within(document_of(body), 0)
end

-- Refusals -----------------------------------------------------------------

-- What any body says, as a failure that may lack a message.
local function said_in(body)
  local document = document_of(body)
  if document then
    local failure = envelope.failure(document)
    if failure then return failure, document end
    local text = find_text(document)
    return { message = text or body,
             code = is_record(document) and code_of(document) or nil }, document
  end
  local text = is_html(body) and html_text(body) or plain_text(body)
  return { message = text ~= "" and text or nil }
end

local function says_balance(text, status)
  if matches_any(text, NO_MONEY) then return true end
  return status == 429 and matches_any(text, BALANCE)
end

-- The platform's 429 is the balance unless something speaks for a rate.
local function kind_of_429(text, retry_after)
  if says_balance(text, 429) then return "balance" end
  if retry_after or matches_any(text, RATE) then return "rate_limit" end
  return "balance"
end

local function kind_of(status, said, retry_after)
  local text = ascii.lower(table.concat({ said.message or "",
    said.code or "", said.type or "" }, " "))
  if status == 429 then return kind_of_429(text, retry_after) end
  if status == 400 and says_balance(text, status) then return "balance" end
  if status >= 500 then return "server" end
  return KIND_OF_STATUS[status] or "platform"
end

local function header(headers, name)
  local value = headers and headers[name]
  if type(value) == "table" then value = value[1] end
  return type(value) == "string" and value or nil
end

-- Only the host: the rest of a location may hold a signature.
local function redirect_host(headers)
  local location = header(headers, "location") or ""
  local place = trim(location)
  local authority = place:match("^[A-Za-z][0-9A-Za-z+.-]*://([^/?# \t-\r]+)")
    or place:match("^//([^/?# \t-\r]+)")
  return authority and authority:gsub("^.*@", "") or nil
end

local function redirect_message(headers)
  local host = redirect_host(headers)
  local target = host and "to " .. host or "elsewhere on the same host"
  if not header(headers, "location") then target = "to nowhere" end
  return "the answer is a redirect " .. target
    .. ", which is never followed"
end

-- 10485760 is "10.5 MB".
local function readable(bytes)
  if bytes < 1e5 then return ("%.0f bytes"):format(bytes) end
  return number.fixed(bytes / 1e6, 1) .. " MB"
end

local function message_of(status, said, headers, sent)
  if status >= 300 and status < 400 then return redirect_message(headers) end
  if status == 413 then
    return "the request body was too large for the platform"
      .. (sent and (" (%s)"):format(readable(sent)) or "")
      .. (said.message and ": " .. said.message or "")
  end
  return said.message or "the platform gave no reason"
end

--- The seconds an answer asks to wait, by the clock of its own server.
---@param headers? table<string, string>
---@return number?
function envelope.retry_after(headers)
  local value = header(headers, "retry-after")
  if not value then return nil end
  local seconds = value:match("^[ \t-\r]*(%d+%.?%d*)[ \t-\r]*$")
  if seconds then return number.read(seconds) end
  local due = core.date(value)
  local now = core.date(header(headers, "date") or "") or os.time()
  return due and math.max(0, due - now) or nil
end

--- What an answer with another status than 2xx means. `headers` has lower-case
--- names. Nothing here is ever followed or sent again.
---@param status integer
---@param headers? table<string, string>
---@param body? string
---@param sent? number how long the request's body was
---@return yuanjing.Failure
function envelope.refusal(status, headers, body, sent)
  body = body or ""
  local said, document = said_in(body)
  local after = envelope.retry_after(headers)
  local known = said.kind ~= "platform" and said.kind or nil -- an asset's text
  return {
    kind = known or kind_of(status, said, after),
    message = message_of(status, said, headers, sent),
    code = said.code, type = said.type, task = said.task, state = said.state,
    status = status, retry_after = after,
    body = body, document = document,
  }
end

return envelope
