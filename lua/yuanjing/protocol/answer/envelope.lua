--- Reads the bodies of answers. The HTTP status is not enough: inference
-- endpoints answer 200 before they call the vendor. The folder failure/ finds
-- failures in decoded documents.
--
-- A failure is a plain table. The caller adds what it knows (the call, the
-- attempts) and passes the table to errors.new(), which redacts the key.
local ascii = require "yuanjing.base.ascii"
local core = require "yuanjing.core"
local codes = require "yuanjing.protocol.answer.failure.code"
local failures = require "yuanjing.protocol.answer.failure"
local json = require "yuanjing.base.json"
local kinds = require "yuanjing.protocol.answer.failure.kind"
local lazy = require "yuanjing.base.lazy"
local number = require "yuanjing.base.number"
local python = require "yuanjing.protocol.answer.python"
local record = require "yuanjing.protocol.answer.record"
local sse = require "yuanjing.protocol.chat.sse"
local texts = require "yuanjing.protocol.answer.failure.text"
local url = lazy.module "yuanjing.base.url"

local envelope = {}

---@class yuanjing.Failure
---@field kind string
---@field message string the platform's text
---@field code? string
---@field type? string
---@field task? { id: string, status?: string }
---@field state? string the status word that reports it, in capitals: ERROR, FAILED
---@field status? integer of HTTP, from refusal()
---@field retry_after? number seconds, from refusal()
---@field body? string from read() and refusal()
---@field document? table the decoded body, from read() and refusal()

local KIND_OF_STATUS = {
  [400] = "invalid_request", [401] = "auth", [402] = "balance",
  [403] = "auth", [404] = "not_found",
}

local ENTITIES = {
  amp = "&", lt = "<", gt = ">", quot = '"', nbsp = " ", ["#39"] = "'",
}

local trim = ascii.trim

--- The failure that a decoded document reports: see failures.of.
envelope.failure = failures.of

local function usage_within(document, wraps)
  if not json.is_object(document) then return nil end
  if json.is_object(document.usage) then return document.usage end
  if wraps == record.MOST_WRAPPINGS then return nil end
  for _, name in ipairs(record.WRAPPINGS) do
    local usage = usage_within(document[name], wraps + 1)
    if usage then return usage end
  end
end

-- Bodies -------------------------------------------------------------------

local REST_IGNORED = "the answer held more behind its first JSON value; "
  .. "it was ignored"
local PYTHON_READ = "the answer was a Python dict instead of JSON"

-- The document in a body and perhaps a warning; or nil, a message and the
-- decoder's verdict.
local function document_of(body)
  local value, rest, verdict = json.decode_first(body)
  if type(value) == "table" then
    return value, rest:find("[^ \t-\r]") and REST_IGNORED or nil
  end
  local document = python.read(body)
  if document then return document, PYTHON_READ end
  return nil, rest, verdict
end

local function element(html, lower, name)
  local _, open = lower:find("<" .. name .. "%f[^0-9A-Za-z][^>]*>")
  local close = open and lower:find("</" .. name, open, true)
  if not close then return nil end
  local text = html:sub(open + 1, close - 1):gsub("<[^>]*>", " ")
  text = trim(text:gsub("&(#?[0-9A-Za-z]+);", ENTITIES):gsub("[ \t-\r]+", " "))
  return text ~= "" and text or nil
end

local function is_markup(body)
  return body:find("^[ \t-\r]*<[A-Za-z!?]") ~= nil
end

-- The text of a proxy's page, or of an object store's error in XML.
local function markup_text(body)
  local lower = ascii.lower(body)
  return element(body, lower, "title") or element(body, lower, "h1")
    or element(body, lower, "message")
end

-- A body without JSON objects. If it is one JSON string, the quotes are removed.
local function plain_text(body)
  local value = json.decode(body)
  return trim(type(value) == "string" and value or body)
end

local function unreadable(kind, message, body)
  return { kind = kind, message = message, body = body }
end

-- Whether markup is XML and not a page: it declares itself, or has the element
-- <message> of an object store's error.
local function is_xml(body)
  local lower = ascii.lower(body)
  return not lower:find("<html", 1, true) and not lower:find("<!doctype", 1, true)
    and (lower:find("^[ \t-\r]*<%?xml") or lower:find("<message>", 1, true)) ~= nil
end

local function markup_failure(body)
  local text, is_of_xml = markup_text(body), is_xml(body)
  local message = ("the answer is %s%s"):format(is_of_xml and "XML" or "HTML",
    text and ": " .. text or "")
  local failure = unreadable("decode", message, body)
  failure.code = is_of_xml and element(body, ascii.lower(body), "code") or nil
  return failure
end

local function text_failure(body, problem, verdict)
  local text = plain_text(body)
  if texts.reads_like_error(text) then
    return unreadable("platform", text, body)
  end
  if verdict == "incomplete" and text:find("^[%[{]") then
    return unreadable("truncated", "the answer's JSON breaks off", body)
  end
  if text:find("^[%[{]") then
    return unreadable("decode", "the answer is broken JSON: " .. problem, body)
  end
  return unreadable("decode", "the answer is no JSON: " .. text, body)
end

-- The failure for a body without a document.
local function unread(body, problem, verdict)
  if not body:find("[^ \t-\r]") then
    return unreadable("decode", "the answer is empty", body)
  end
  if is_markup(body) then return markup_failure(body) end
  return text_failure(body, problem, verdict)
end

--- The document in a body, whatever it reports, with a warning if it had to be
--- repaired; or nil and the failure that the body has none.
---@param body string?
---@return table? document
---@return string|yuanjing.Failure|nil warning_or_failure
function envelope.document(body)
  body = body or ""
  local document, note, verdict = document_of(body)
  if not document then return nil, unread(body, note, verdict) end
  return document, note
end

--- Reads the body of an answer with a 2xx status. Returns the document, with a
--- warning if it had to be repaired; or nil and a failure. Its kind is
--- "platform" for a failure that the document reports ("not_found" for an asset
--- or a group), "truncated" for an incomplete document, "decode" for any other
--- body.
---@param body string?
---@return table? document
---@return string|yuanjing.Failure|nil warning_or_failure
function envelope.read(body)
  local document, note = envelope.document(body)
  if not document then return nil, note end
  local failure = envelope.failure(document)
  if not failure then return document, note end
  failure.body, failure.document = body, document
  return nil, failure
end

--- The usage that a body reports, unchanged; nil if there is none.
---@param body string
---@return table?
function envelope.usage(body)
  if not body:find('"usage"', 1, true) then return nil end
  return usage_within(document_of(body), 0)
end

-- Refusals -----------------------------------------------------------------

-- The failure that any event of a stream reports.
local function said_in_events(body)
  local failure = failures.whole(sse.documents(body))
  return failure or { message = trim(body) }
end

-- The failure that any body reports; it may have no message.
local function said_in(body)
  if sse.is_stream(body) then return said_in_events(body) end
  local document = document_of(body)
  if document then
    local failure = failures.whole(document)
    if failure then return failure, document end
    local text = texts.find(document)
    return { message = text or body,
             code = json.is_object(document) and codes.of(document) or nil },
      document
  end
  local text = is_markup(body) and markup_text(body) or plain_text(body)
  return { message = text ~= "" and text or nil }
end

local function kind_of(status, said, retry_after)
  local text = ascii.lower(table.concat({ said.message or "", said.code or "",
    said.type or "" }, " "))
  if status == 429 then return kinds.of_429(text, retry_after) end
  if status == 400 and kinds.says_balance(text, status) then
    return "balance"
  end
  if status >= 500 then return "server" end
  return KIND_OF_STATUS[status] or "platform"
end

local function header(headers, name)
  local value = headers and headers[name]
  if type(value) == "table" then value = value[1] end
  return type(value) == "string" and value or nil
end

-- The host alone: the rest of a location may hold a signature.
local function redirect_host(headers)
  local location = trim(header(headers, "location") or "")
  local parts = url.parse((location:gsub("^//", "http://")))
  return parts and parts.host ~= "" and parts.origin:gsub("^.*[/@]", "") or nil
end

local function redirect_message(headers)
  local host = redirect_host(headers)
  local target = host and "to " .. host or "elsewhere on the same host"
  if trim(header(headers, "location") or "") == "" then target = "to nowhere" end
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

--- The seconds that Retry-After requests. A date is compared with the server's
--- own clock.
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

--- The failure that an answer with a status other than 2xx reports. `headers`
--- has lower-case names. NB: redirects are never followed here.
---@param status integer
---@param headers? table<string, string>
---@param body? string
---@param sent? number bytes of the request's body
---@return yuanjing.Failure
function envelope.refusal(status, headers, body, sent)
  body = body or ""
  local said, document = said_in(body)
  local after = envelope.retry_after(headers)
  local known = said.kind ~= "platform" and said.kind or nil -- from a known text
  return {
    kind = known or kind_of(status, said, after),
    message = message_of(status, said, headers, sent),
    code = said.code, type = said.type, task = said.task, state = said.state,
    status = status, retry_after = after,
    body = body, document = document,
  }
end

return envelope
