--- One exchange: sends a request once and reads its answer. Classifies the failures
-- by how far the exchange had come; http/retry decides whether to try again.
local ascii = require "yuanjing.base.ascii"
local loop = require "yuanjing.runtime.loop"

local exchange = {}

local MAX_REFUSAL = 2 ^ 20 -- bytes of a refusal that are read

local CR = ("\r"):byte()

-- Names as servers mostly write them: folding is the dearest part of a head.
local FOLDED = {}
for name in ("Server Date Content-Type Content-Length Connection Keep-Alive "
  .. "Transfer-Encoding Last-Modified ETag Accept-Ranges Cache-Control Vary "
  .. "Content-Disposition Content-Range"):gmatch("[^ ]+") do
  FOLDED[name] = ascii.lower(name)
end

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

-- libcurl's codes for failures before the request was sent that would happen again.
local LASTING = {
  [1] = true, [3] = true, [4] = true,                  -- URL, protocol
  [53] = true, [54] = true, [58] = true, [59] = true,  -- TLS set-up
  [60] = true, [66] = true, [77] = true, [83] = true, [91] = true,
}

local FAULTS = {
  connect_timeout = { "timeout", "no connection within the connect limit" },
  head_timeout = { "timeout", "no answer within the first limit" },
  first_timeout = { "timeout", "nothing came within the first limit" },
  idle_timeout = { "timeout", "nothing more came within the idle limit" },
  total_timeout = { "timeout", "not finished within the total limit" },
  resend = { "transport", "the connection was closed without an answer" },
  too_large = { "decode", "the head of the answer is larger than the limit" },
  max_body = { "decode", "the answer has more bytes than max_body" },
  file = { "io" },
  no_memory = { "io", "out of memory" },
  cancelled = { "cancelled", "ended from this side" },
  address = { "platform", "the redirect is not followed: it leads from a "
    .. "public address to a private one" },
  pool = { "cancelled", "the transfer was opened by a process that forked, "
    .. "or its pool was closed" },
}

-- The kind of a failure, by how far the exchange had come. A billable request that
-- was sent and not answered has an unknown outcome; an answer that had begun is
-- truncated.
local function kind_of(fault, sent, answered, billable)
  local kind = FAULTS[fault] and FAULTS[fault][1] or "transport"
  if kind ~= "timeout" and kind ~= "transport" then return kind end
  if billable and sent and not answered then return "outcome_unknown" end
  if kind == "transport" and answered then return "truncated" end
  return kind
end

local RETRIED = { transport = true, timeout = true, truncated = true }

-- NB: for a head that exceeds libcurl's own limit, newer versions report code 100,
-- and older ones report code 27, out of memory.
local function read_fault(transfer)
  local fault, message, code, sent, answered = transfer:failure()
  local is_in_head = answered and not transfer:status()
  if code == 100 or code == 27 and is_in_head then fault = "too_large" end
  if fault == "too_large" and transfer:status() then fault = "max_body" end
  return fault, message, code, sent, answered
end

-- libcurl's codes for failures of TLS.
local OF_TLS = { [35] = true, [51] = true, [53] = true, [54] = true, [58] = true,
  [59] = true, [60] = true, [64] = true, [66] = true, [77] = true, [80] = true,
  [82] = true, [83] = true, [90] = true, [91] = true, [98] = true }

-- Advice for faults, and for libcurl's codes: a certificate that can not be
-- verified, and a file of certificates that can not be read.
local HINTS = {
  address = "trust_redirects = true follows it",
  max_body = "the client's option max_body is the most bytes that are taken of "
    .. "an answer; this one came and may have been billed",
  [60] = "if your network has certificates of its own, name their PEM file: "
    .. "ca_file, or SSL_CERT_FILE in the environment",
  [77] = "check ca_file, and CURL_CA_BUNDLE, SSL_CERT_FILE and SSL_CERT_DIR in "
    .. "the environment",
}

--- The failure of a transfer, as fields of an error, or nil. It may be tried again
--- if nothing of the request was sent, or if the request costs nothing.
---@param transfer yuanjing.core.Transfer
---@param request yuanjing.Request
---@return table?
function exchange.failure(transfer, request)
  local fault, message, code, sent, answered = read_fault(transfer)
  if not fault then return nil end
  local kind = kind_of(fault, sent, answered, request.billable)
  local harmless = not sent or not request.billable
  return {
    kind = kind,
    code = kind == "timeout" and not sent and "no_connection" or nil,
    message = FAULTS[fault] and FAULTS[fault][2] or message,
    hint = HINTS[fault] or HINTS[code],
    step = OF_TLS[code] and "tls" or nil,
    sent = sent,
    retryable = RETRIED[kind] and harmless and (sent or not LASTING[code]),
  }
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
