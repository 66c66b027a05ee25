--- What an answer with a status other than 2xx refuses, and why.
local ascii = require "yuanjing.base.ascii"
local codes = require "yuanjing.protocol.answer.failure.code"
local documents = require "yuanjing.protocol.answer.document"
local failures = require "yuanjing.protocol.answer.failure"
local json = require "yuanjing.base.json"
local kinds = require "yuanjing.protocol.answer.failure.kind"
local number = require "yuanjing.base.number"
local page = require "yuanjing.protocol.answer.page"
local sse = require "yuanjing.protocol.chat.sse"
local texts = require "yuanjing.protocol.answer.failure.text"
local url = require "yuanjing.base.url"

local refusals = {}

local trim = ascii.trim

local KIND_OF_STATUS = {
  [400] = "invalid_request", [401] = "auth", [402] = "balance",
  [403] = "auth", [404] = "not_found",
}

-- The failure that any event of a stream reports.
local function said_in_events(body)
  local failure = failures.whole(sse.documents(body))
  return failure or { message = trim(body) }
end

-- The failure that any body reports; it may have no message.
local function said_in(body)
  if sse.is_stream(body) then return said_in_events(body) end
  local document = documents.read(body)
  if document then
    local failure = failures.whole(document)
    if failure then return failure, document end
    local text = texts.find(document)
    return { message = text or body,
             code = json.is_object(document) and codes.of(document) or nil },
      document
  end
  local text = page.is_markup(body) and page.markup_text(body) or page.plain_text(body)
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

-- The host alone: the rest of a location may hold a signature.
local function redirect_host(location)
  local parts = url.parse((location:gsub("^//", "http://")))
  return parts and parts.host ~= "" and parts.origin:gsub("^.*[/@]", "") or nil
end

local function redirect_message(location)
  location = trim(location or "")
  local host = redirect_host(location)
  local target = host and "to " .. host or "elsewhere on the same host"
  if location == "" then target = "to nowhere" end
  return "the answer is a redirect " .. target
    .. ", which is never followed"
end

-- 10485760 is "10.5 MB".
local function readable(bytes)
  if bytes < 1e5 then return ("%.0f bytes"):format(bytes) end
  return number.fixed(bytes / 1e6, 1) .. " MB"
end

local function message_of(refused, said)
  local status, sent = refused.status, refused.sent
  if status >= 300 and status < 400 then
    return redirect_message(refused.location)
  end
  if status == 413 then
    return "the request body was too large for the platform"
      .. (sent and (" (%s)"):format(readable(sent)) or "")
      .. (said.message and ": " .. said.message or "")
  end
  return said.message or "the platform gave no reason"
end

---@class yuanjing.Refused
---@field status integer
---@field body string
---@field sent? number bytes of the request's body
---@field retry_after? number seconds
---@field location? string of a redirect

--- The failure that such an answer reports: see envelope.refusal().
---@param refused yuanjing.Refused
---@return yuanjing.Failure
function refusals.of(refused)
  local said, document = said_in(refused.body)
  local known = said.kind ~= "platform" and said.kind or nil -- from a known text
  return {
    kind = known or kind_of(refused.status, said, refused.retry_after),
    message = message_of(refused, said),
    code = said.code, type = said.type, task = said.task, state = said.state,
    status = refused.status, retry_after = refused.retry_after,
    body = refused.body, document = document,
  }
end

return refusals
