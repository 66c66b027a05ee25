--- One exchange: sends a request once and reads its answer.
local ascii = require "yuanjing.base.ascii"
local lazy = require "yuanjing.base.lazy"
local loop = require "yuanjing.runtime.loop"
local fault = lazy.kept "yuanjing.http.fault"

local exchange = {}

local MAX_REFUSAL = 2 ^ 20 -- bytes of a refusal that are read

local CR = ("\r"):byte()

-- Names as servers mostly write them: folding is the dearest part of a head.
local FOLDED = { Server = "server", Date = "date", Connection = "connection",
  ["Content-Type"] = "content-type", ["Content-Length"] = "content-length",
  ["Keep-Alive"] = "keep-alive", ["Transfer-Encoding"] = "transfer-encoding",
  ["Last-Modified"] = "last-modified", ETag = "etag", Vary = "vary",
  ["Accept-Ranges"] = "accept-ranges", ["Cache-Control"] = "cache-control",
  ["Content-Disposition"] = "content-disposition",
  ["Content-Range"] = "content-range" }

-- RFC 9112: a CR that ends no line counts as a blank.
local function without_cr(text)
  return text:find("\r", 1, true) and text:gsub("\r", " ") or text
end

--- The fields of the head of an answer, by their names in lower case.
--- NB: plain searches: a pattern looks at each byte of each head, which took as
--- long as all that libcurl does for it.
---@param head string
---@return table<string, string>
function exchange.headers(head)
  local headers, from = {}, 1
  local colon = head:find(":", 1, true)
  while colon do
    local ends = head:find("\n", from, true) or #head + 1
    if ends > colon then
      local name = head:sub(from, colon - 1)
      name = FOLDED[name] or ascii.lower(name)
      local first = head:find("[^ \t]", colon + 1) or #head + 1
      local last = head:byte(ends - 1) == CR and ends - 2 or ends - 1
      local value = without_cr(head:sub(first, last))
      headers[name] = headers[name] and headers[name] .. ", " .. value or value
      colon = head:find(":", ends, true)
    end
    from = ends + 1
  end
  return headers
end

--- The failure of a transfer, as fields of an error, or nil.
---@param transfer yuanjing.core.Transfer
---@param request yuanjing.Request
---@return table?
function exchange.failure(transfer, request)
  return transfer:failure() and fault.of(transfer, request) or nil
end

-- The length of the request's body, for a message, if it is known.
local function size_of(request, prepared)
  local body = prepared.body
  return request.length or type(body) == "string" and #body or nil
end

local function refused(request, prepared, response)
  local refusal = request.refusal(response.status,
    exchange.headers(response.head), response.body:sub(1, MAX_REFUSAL),
    size_of(request, prepared))
  refusal.status = response.status
  refusal.retryable = refusal.kind == "rate_limit"
    or response.status == 503 and refusal.retry_after ~= nil
    or refusal.kind == "server" and not request.billable
  return refusal
end

local function is_success(status)
  return status ~= nil and status >= 200 and status < 300
end

-- The body to keep for an error. A body that broke off is kept whole, because it
-- may be paid for. NB: not if it is too large: redacting it would block the host.
local function kept_of(response, failure)
  return failure.kind == "decode" and response.body:sub(1, MAX_REFUSAL)
    or response.body
end

-- Reads the answer to its end and closes the transfer.
local function read_plain(request, prepared, transfer)
  loop.wait_done(transfer)
  local failure, status = exchange.failure(transfer, request), transfer:status()
  local response = status and { status = status, head = transfer:head(),
    body = transfer:body(), failure = failure, call = nil }
  transfer:close()
  if not response then return nil, failure end
  if failure then
    failure.status, failure.body = status, kept_of(response, failure)
  end
  if not is_success(status) then
    return nil, refused(request, prepared, response)
  end
  if failure and failure.kind == "decode" then return nil, failure end
  return response
end

-- Waits for the head of the answer, and reports the progress of an upload.
local function await_head(call, transfer)
  if not call.request.length then return loop.wait_head(transfer) end
  while not transfer:status() and not transfer:done() do
    loop.wait(transfer)
    call.report_upload(transfer:uploaded())
  end
  call.report_upload(transfer:uploaded(), true)
end

-- A response with its body still to come. A stream does not need the headers.
-- NB: the body of the request is released here: it may be large, and the answer
-- may take long.
local function hand_on(request, transfer)
  local response = { status = transfer:status(), transfer = transfer }
  if not request.stream then
    response.headers = exchange.headers(transfer:head())
  end
  request.json, request.parts = nil, nil
  transfer:trim()
  return response
end

--- Sends the request of a call. Returns a response, or nil and the fields of an
--- error; and the transfer, if there was one.
---@param call yuanjing.Call
---@param prepared yuanjing.core.Request
---@return yuanjing.Response?
---@return table? failure
---@return yuanjing.core.Transfer?
function exchange.run(call, prepared)
  local transfer, message, kind = loop.open(prepared)
  if not transfer then return nil, { kind = kind, message = message } end
  await_head(call, transfer)
  local request = call.request
  if request.peer_port then request.is_private = transfer:is_private() end
  local hands_on = request.stream or request.hold
  if hands_on and is_success(transfer:status()) then
    return hand_on(request, transfer), nil, transfer
  end
  local response, failure = read_plain(request, prepared, transfer)
  return response, failure, transfer
end

return exchange
