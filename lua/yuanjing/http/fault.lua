--- Classifies the failure of a transfer by how far its exchange had come: the kind of
-- the error, and whether sending again is harmless. http/retry decides whether to.
local fault = {}

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
local function kind_of(name, sent, answered, billable)
  local kind = FAULTS[name] and FAULTS[name][1] or "transport"
  if kind ~= "timeout" and kind ~= "transport" then return kind end
  if billable and sent and not answered then return "outcome_unknown" end
  if kind == "transport" and answered then return "truncated" end
  return kind
end

local RETRIED = { transport = true, timeout = true, truncated = true }

-- NB: for a head that exceeds libcurl's own limit, newer versions report code 100,
-- and older ones report code 27, out of memory.
local function read_fault(transfer)
  local name, message, code, sent, answered = transfer:failure()
  local is_in_head = answered and not transfer:status()
  if code == 100 or code == 27 and is_in_head then name = "too_large" end
  if name == "too_large" and transfer:status() then name = "max_body" end
  return name, message, code, sent, answered
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

--- The failure of a transfer that failed, as fields of an error. It may be tried again
--- if nothing of the request was sent, or if the request costs nothing.
---@param transfer yuanjing.core.Transfer
---@param request yuanjing.Request
---@return table
function fault.of(transfer, request)
  local name, message, code, sent, answered = read_fault(transfer)
  local kind = kind_of(name, sent, answered, request.billable)
  local harmless = not sent or not request.billable
  return {
    kind = kind,
    code = kind == "timeout" and not sent and "no_connection" or nil,
    message = FAULTS[name] and FAULTS[name][2] or message,
    hint = HINTS[name] or HINTS[code],
    step = OF_TLS[code] and "tls" or nil,
    sent = sent,
    retryable = RETRIED[kind] and harmless and (sent or not LASTING[code]),
  }
end

return fault
