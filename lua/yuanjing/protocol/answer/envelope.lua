--- Reads the bodies of answers. The HTTP status is not enough: inference
-- endpoints answer 200 before they call the vendor. The folder failure/ finds
-- failures in decoded documents, page.lua in other bodies.
--
-- A failure is a plain table. The caller adds what it knows (the call, the
-- attempts) and passes the table to errors.new(), which redacts the key.
local core = require "yuanjing.core"
local documents = require "yuanjing.protocol.answer.document"
local failures = require "yuanjing.protocol.answer.failure"
local json = require "yuanjing.base.json"
local lazy = require "yuanjing.base.lazy"
local number = require "yuanjing.base.number"
local record = require "yuanjing.protocol.answer.record"

-- Only an answer that is no plain success needs them.
local page = lazy.kept "yuanjing.protocol.answer.page"
local refusals = lazy.kept "yuanjing.protocol.answer.refusal"
lazy.keep { "yuanjing.base.url" } -- which refusals require

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

--- The document in a body, whatever it reports, with a warning if it had to be
--- repaired; or nil and the failure that the body has none.
---@param body string?
---@return table? document
---@return string|yuanjing.Failure|nil warning_or_failure
function envelope.document(body)
  body = body or ""
  local document, note, verdict = documents.read(body)
  if not document then return nil, page.failure(body, note, verdict) end
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
  return usage_within(documents.read(body), 0)
end

-- Heads --------------------------------------------------------------------

local function header(headers, name)
  local value = headers and headers[name]
  if type(value) == "table" then value = value[1] end
  return type(value) == "string" and value or nil
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
  return refusals.of { status = status, body = body or "", sent = sent,
    retry_after = envelope.retry_after(headers),
    location = header(headers, "location") }
end

return envelope
