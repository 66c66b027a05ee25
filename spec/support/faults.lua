-- What a server can do to a call, as data, and what is then right for whoever
-- made the call. spec/faults_spec.lua tries each fault on every call of
-- support.fault_calls and writes docs/faults.md.
--   name, told   as in docs/faults.md; `told` goes on from "the server"
--   script       the steps (support.scripted) of a connection: a list, or what
--                makes one of a call; `scripts`: several, all of one outcome
--   url          instead of a script: there is no server
--   https        the server is asked for TLS, and speaks it where it is well
--   certificate  the connection begins with TLS, with this certificate
--   most         MiB that a call may cost at its worst
--   keeps        the half that came is kept in the error
--   ends         what brings the call back; "at once" unless said
--   always       outcomes where the server is that way for ever
--   once         outcomes where it is so once, and well from then on
-- An outcome is "kind requests/tries": the kind of the error, how many requests
-- came to the server (whole or in part), and how often the call was tried. The
-- rules behind them:
--   * what costs money is sent again only where nothing of it left, or where the
--     platform said that it did not take it; where it left and no answer began,
--     its outcome is unknown;
--   * what costs nothing is tried again wherever that may help (3 times), and a
--     file goes on from where it was (4 times without a byte more), or is fetched
--     whole once more where what came is no part of it;
--   * an answer that began and broke off is truncated, or a timeout, unless all of
--     its JSON is there; one that is whole and can not be read is decode.
local scripted = require "support.scripted"

-- Outcomes of what costs money (chat, stream, image, video, upload), of a status
-- query and of a download; then those that differ from that, by name.
local function cells(paid, status, download, others)
  local row = others or {}
  row.paid, row.status, row.download = paid, status, download
  return row
end

-- Steps ---------------------------------------------------------------------

local REQUEST, RESET, CLOSE = { "request" }, { "reset" }, { "close" }
local SILENCE = { "wait_close", 30 }
local MOMENT = { "sleep", 0.1 } -- until what was sent before a reset is read
local CHUNKED = "Transfer-Encoding: chunked\r\n"

local function head(call, lines)
  local etag = call.etag and "ETag: " .. call.etag .. "\r\n" or ""
  return "HTTP/1.1 200 OK\r\n" .. etag .. (lines or "") .. "\r\n"
end

local function head_with_length(call, length)
  return head(call, "Content-Length: " .. length .. "\r\n")
end

local function body(call)
  return table.concat(call.pieces)
end

local function half(call)
  return call.pieces[1] .. call.pieces[2]:sub(1, 6)
end

-- The head and so many whole chunks, then a part of the next.
local function chunks(call, n, part)
  local sent = { head(call, CHUNKED) }
  for i = 1, n do sent[i + 1] = scripted.chunk(call.pieces[i]) end
  if part then
    sent[#sent + 1] = scripted.chunk(call.pieces[n + 1]):sub(1, part)
  end
  return table.concat(sent)
end

-- A script that reads the request, answers with bytes (a string, or what makes
-- one of a call), and goes on with the steps behind them.
local function answer(bytes, ...)
  local rest = { ... }
  return function(call)
    local sent = type(bytes) == "string" and bytes or bytes(call)
    local steps = { REQUEST, { "send", sent } }
    for _, step in ipairs(rest) do steps[#steps + 1] = step end
    return steps
  end
end

local function whole(status, headers, text)
  return answer(scripted.answer(status, headers, text))
end

local function half_with_length(call)
  return head_with_length(call, #body(call)) .. half(call)
end

local function cut_at_each_chunk(call)
  local list = {}
  for n = 1, #call.pieces - 1 do
    list[#list + 1] = answer(chunks(call, n), MOMENT, RESET)(call)
  end
  for n = 0, #call.pieces - 1 do
    list[#list + 1] = answer(chunks(call, n, 8), MOMENT, RESET)(call)
  end
  return list
end

local function bad_chunk_sizes(call)
  local list = {}
  for n, size in ipairs { "zz", "-5", ("f"):rep(20), "" } do
    list[n] = answer(chunks(call, 1), MOMENT,
      { "send", size .. "\r\n" .. call.pieces[2] }, SILENCE)(call)
  end
  return list
end

-- A little, again and again: for a stream it is an event each time.
local function trickle(call)
  local little = call.is_stream and 'data: {"content":"x"}\n\n' or "x"
  return { REQUEST, { "send", head(call) .. half(call):sub(1, -7) },
    { "repeat", 400, { { "send", little }, { "sleep", 0.05 } } } }
end

-- As fast as can be; a file more slowly, for it goes to a real disk.
local function flood(call)
  local much = ("x"):rep(65536)
  local steps = { REQUEST, { "send", head(call) },
    { "fill", much, 1e6 } }
  if call.is_file then
    steps[3] = { "repeat", 1000, { { "send", much }, { "sleep", 0.05 } } }
  end
  return steps
end

local packed

-- What 100 MB of zeros make.
local function bomb(call)
  if not packed then
    local pipe = assert(io.popen("head -c 100000000 /dev/zero | gzip -9 -n"))
    packed = pipe:read("*a")
    pipe:close()
  end
  return head(call, ("Content-Encoding: gzip\r\nContent-Length: %d\r\n")
    :format(#packed)) .. packed
end

-- The alert "handshake failure".
local ALERT = "\21\3\3\0\2\2\40"

-- Shared by the faults that come when the request has left, unanswered.
local UNANSWERED = cells("outcome_unknown 1/1", "transport 3/3",
  "transport 3/3")
local UNANSWERED_ONCE = cells("outcome_unknown 1/1", "ok 2/2", "ok 2/2")

-- Faults --------------------------------------------------------------------

return {
  { title = "There is no connection",
    {
      name = "refused", told = "does not listen",
      url = "http://127.0.0.1:1",
      always = cells("transport 0/3", "transport 0/3", "transport 0/3"),
    },
    {
      name = "no address", told = "has a name that nobody knows",
      url = "http://no..such.invalid", -- no name at all: never asked for
      always = cells("transport 0/3", "transport 0/3", "transport 0/3"),
    },
    {
      name = "TLS alert", told = "refuses the handshake",
      https = true, script = { { "read", 1 }, { "send", ALERT }, CLOSE },
      always = cells("transport 0/3", "transport 0/3", "transport 0/3"),
      once = cells("ok 1/2", "ok 1/2", "ok 1/2"),
    },
    {
      name = "reset in the handshake", told = "resets it there",
      https = true, script = { { "read", 1 }, RESET },
      always = cells("transport 0/3", "transport 0/3", "transport 0/3"),
      once = cells("ok 1/2", "ok 1/2", "ok 1/2"),
    },
    {
      name = "no TLS", told = "speaks plain HTTP where TLS is asked for",
      https = true, script = { { "read", 1 },
        { "send", scripted.answer(400, {}, "plain") }, CLOSE },
      always = cells("transport 0/3", "transport 0/3", "transport 0/3"),
      once = cells("ok 1/2", "ok 1/2", "ok 1/2"),
    },
    {
      name = "silent handshake", told = "never goes on with it",
      https = true, script = { SILENCE }, ends = "connect limit",
      always = cells("timeout 0/3", "timeout 0/3", "timeout 0/3"),
      once = cells("ok 1/2", "ok 1/2", "ok 1/2"),
    },
    {
      name = "unknown certificate",
      told = "has a certificate that nobody vouches for",
      https = true, certificate = "unknown", script = {},
      always = cells("transport 0/1", "transport 0/1", "transport 0/1"),
      once = cells("transport 0/1", "transport 0/1", "transport 0/1"),
    },
    {
      name = "expired certificate", told = "has one that was good yesterday",
      https = true, certificate = "expired", script = {},
      always = cells("transport 0/1", "transport 0/1", "transport 0/1"),
      once = cells("transport 0/1", "transport 0/1", "transport 0/1"),
    },
    {
      name = "wrong host", told = "has one of another host",
      https = true, certificate = "wrong", script = {},
      always = cells("transport 0/1", "transport 0/1", "transport 0/1"),
      once = cells("transport 0/1", "transport 0/1", "transport 0/1"),
    },
  },

  { title = "There is no answer",
    {
      name = "closed at once", told = "closes the connection unread",
      script = { { "sleep", 0.1 }, CLOSE },
      always = cells("outcome_unknown 0/1", "transport 0/3", "transport 0/3"),
      once = cells("outcome_unknown 0/1", "ok 1/2", "ok 1/2"),
    },
    {
      name = "reset before the request",
      told = "resets when the first byte is here",
      script = { { "read", 1 }, RESET },
      always = cells("outcome_unknown 0/1", "transport 0/3", "transport 0/3"),
      once = cells("outcome_unknown 0/1", "ok 1/2", "ok 1/2"),
    },
    {
      name = "reset in the request", told = "resets when its head is here",
      script = { { "head" }, RESET },
      always = UNANSWERED, once = UNANSWERED_ONCE,
    },
    {
      name = "reset after the request", told = "resets when it is here",
      script = { REQUEST, RESET },
      always = UNANSWERED, once = UNANSWERED_ONCE,
    },
    {
      name = "closed after the request", told = "closes when it is here",
      script = { REQUEST, CLOSE },
      always = UNANSWERED, once = UNANSWERED_ONCE,
    },
    {
      name = "half close after the request", told = "sends an end, and listens",
      script = { REQUEST, { "half_close" }, SILENCE },
      always = UNANSWERED, once = UNANSWERED_ONCE,
    },
    {
      name = "silence", told = "takes the request and says nothing",
      script = { REQUEST, SILENCE }, ends = "first limit",
      always = cells("outcome_unknown 1/1", "no news 3/3", "timeout 3/3"),
      once = UNANSWERED_ONCE,
    },
    {
      name = "interim answers", told = "says 102 Processing for ever",
      script = { REQUEST, { "repeat", 999, {
        { "send", "HTTP/1.1 102 Processing\r\n\r\n" }, { "sleep", 0.05 } } } },
      ends = "first limit",
      always = cells("outcome_unknown 1/1", "no news 3/3", "timeout 3/3"),
      once = UNANSWERED_ONCE,
    },
    {
      name = "garbage", told = "answers with what is no HTTP",
      script = answer("\0\1\2 no such thing\r\n\r\n", CLOSE),
      always = UNANSWERED, once = UNANSWERED_ONCE,
    },
    {
      name = "reset in the status line", told = "resets after \"HTTP/1.1 2\"",
      script = answer("HTTP/1.1 2", MOMENT, RESET),
      always = UNANSWERED, once = UNANSWERED_ONCE,
    },
  },

  { title = "The head of the answer",
    {
      name = "reset in the head", told = "resets behind the status line",
      script = answer("HTTP/1.1 200 OK\r\nContent-Le", MOMENT, RESET),
      always = cells("truncated 1/1", "truncated 3/3", "truncated 3/3"),
      once = cells("truncated 1/1", "ok 2/2", "ok 2/2"),
    },
    {
      name = "silence in the head", told = "says no more behind it",
      script = answer("HTTP/1.1 200 OK\r\nContent-Le", SILENCE),
      ends = "first limit",
      always = cells("timeout 1/1", "no news 3/3", "timeout 3/3"),
      once = cells("timeout 1/1", "ok 2/2", "ok 2/2"),
    },
    {
      name = "100,000 headers", told = "sends so many",
      script = { REQUEST, { "send", "HTTP/1.1 200 OK\r\n" },
        { "fill", "X-Y: z\r\n", 100000 }, SILENCE },
      most = 16,
      always = cells("decode 1/1", "decode 1/1", "decode 1/1"),
      once = cells("decode 1/1", "decode 1/1", "decode 1/1"),
    },
    {
      name = "huge header", told = "sends one of 10 MB",
      script = { REQUEST, { "send", "HTTP/1.1 200 OK\r\nX-Y: " },
        { "fill", ("z"):rep(1000), 10000 }, SILENCE },
      most = 16,
      always = cells("decode 1/1", "decode 1/1", "decode 1/1"),
      once = cells("decode 1/1", "decode 1/1", "decode 1/1"),
    },
    {
      name = "502", told = "answers that it is a bad gateway",
      script = whole(502, {}, "<title>502 Bad Gateway</title>"),
      always = cells("server 1/1", "server 3/3", "server 3/3"),
      once = cells("server 1/1", "ok 2/2", "ok 2/2"),
    },
    {
      name = "503 with Retry-After", told = "says that it took nothing",
      script = whole(503, { ["Retry-After"] = "0", Connection = "close" },
        "later"),
      always = cells("server 3/3", "server 3/3", "server 3/3"),
      once = cells("ok 2/2", "ok 2/2", "ok 2/2"),
    },
    {
      name = "redirect loop", told = "leads back to the same place",
      script = whole(302, { Location = "/loop", Connection = "close" }, ""),
      always = cells("platform 1/1", "platform 1/1", "platform 12/12"),
    },
  },

  { title = "The body of the answer",
    {
      name = "reset after the head", told = "resets there",
      script = answer(function(call)
        return head_with_length(call, #body(call))
      end, MOMENT, RESET),
      always = cells("truncated 1/1", "truncated 3/3", "truncated 4/4"),
      once = cells("truncated 1/1", "ok 2/2", "ok 2/2"),
    },
    {
      name = "reset in the body", told = "resets halfway",
      script = answer(half_with_length, MOMENT, RESET),
      keeps = true,
      always = cells("truncated 1/1", "truncated 3/3", "truncated 5/5"),
      once = cells("truncated 1/1", "ok 2/2", "ok 2/2"),
    },
    {
      name = "length too large", told = "closes before so many bytes came",
      script = answer(half_with_length, CLOSE),
      keeps = true,
      always = cells("truncated 1/1", "truncated 3/3", "truncated 5/5"),
      once = cells("truncated 1/1", "ok 2/2", "ok 2/2"),
    },
    {
      -- a connection with bytes that libcurl has not read stays in its cache
      name = "length too small", told = "sends more than it says",
      script = answer(function(call)
        return head(call, ("Connection: close\r\nContent-Length: %d\r\n")
          :format(#half(call))) .. body(call)
      end, CLOSE),
      always = cells("truncated 1/1", "truncated 1/1", "cut short 1/1"),
      once = cells("truncated 1/1", "truncated 1/1", "cut short 1/1"),
    },
    {
      name = "no length", told = "closes halfway and never said how long it is",
      script = answer(function(call) return head(call) .. half(call) end, CLOSE),
      always = cells("truncated 1/1", "truncated 1/1", "truncated 5/5"),
      once = cells("truncated 1/1", "truncated 1/1", "ok 2/2"),
    },
    {
      name = "no length, TLS", told = "does so without ending TLS",
      https = true, certificate = "good",
      script = answer(function(call) return head(call) .. half(call) end,
        { "cut" }),
      keeps = true,
      always = cells("truncated 1/1", "truncated 1/1", "truncated 5/5"),
      once = cells("truncated 1/1", "truncated 1/1", "ok 2/2"),
    },
    {
      name = "half close in the body", told = "sends an end halfway, and listens",
      script = answer(half_with_length, { "half_close" }, SILENCE),
      keeps = true,
      always = cells("truncated 1/1", "truncated 3/3", "truncated 5/5"),
      once = cells("truncated 1/1", "ok 2/2", "ok 2/2"),
    },
    {
      name = "reset at each chunk", told = "resets behind and in every chunk",
      scripts = cut_at_each_chunk,
      always = cells("truncated 1/1", "truncated 3/3", "truncated 5/5"),
      once = cells("truncated 1/1", "ok 2/2", "ok 2/2"),
    },
    {
      name = "no last chunk", told = "closes where the end mark should be",
      script = answer(function(call) return chunks(call, #call.pieces) end,
        CLOSE),
      always = cells("ok 1/1", "ok 1/1", "truncated 5/5"),
      once = cells("ok 1/1", "ok 1/1", "ok 2/2"),
    },
    {
      name = "bad chunk size", told = "sends zz, -5, too many digits, none",
      scripts = bad_chunk_sizes,
      keeps = true,
      always = cells("truncated 1/1", "truncated 3/3", "truncated 5/5"),
      once = cells("truncated 1/1", "ok 2/2", "ok 2/2"),
    },
    {
      name = "silence in the body", told = "says no more halfway",
      script = answer(half_with_length, SILENCE),
      ends = "idle limit", keeps = true,
      always = cells("timeout 1/1", "no news 3/3", "timeout 5/5"),
      once = cells("timeout 1/1", "ok 2/2", "ok 2/2"),
    },
    {
      name = "a byte a second", told = "says no more than that, halfway",
      script = answer(half_with_length,
        { "repeat", 30, { { "sleep", 1 }, { "send", "x" } } }),
      ends = "idle limit",
      keeps = true,
      always = cells("timeout 1/1", "no news 3/3", "timeout 5/5"),
      once = cells("timeout 1/1", "ok 2/2", "ok 2/2"),
    },
    {
      name = "never done", told = "sends a little, again and again",
      script = trickle, ends = "total limit",
      keeps = true,
      always = cells("timeout 1/1", "no news 1/1", "timeout 1/1"),
      once = cells("timeout 1/1", "no news 1/1", "timeout 1/1"),
    },
    {
      name = "endless body", told = "sends without an end, fast",
      script = flood, ends = { download = "total limit" }, most = 160,
      always = cells("decode 1/1", "decode 1/1", "timeout 1/1"),
    },
    {
      name = "gzip bomb", told = "compresses 100 MB, which nobody asked for",
      script = answer(bomb, CLOSE), most = 16,
      always = cells("decode 1/1", "decode 1/1", "decode 2/2"),
      once = cells("decode 1/1", "decode 1/1", "ok 2/2"),
    },
    {
      name = "a page", told = "answers 200 with HTML",
      script = whole(200, { ["Content-Type"] = "text/html" },
        "<html><title>Welcome</title></html>"),
      always = cells("decode 1/1", "decode 1/1", "decode 2/2"),
      once = cells("decode 1/1", "decode 1/1", "ok 2/2"),
    },
    {
      name = "no bytes", told = "answers 200 with nothing",
      script = whole(200, {}, ""),
      always = cells("decode 1/1", "decode 1/1", "decode 2/2"),
      once = cells("decode 1/1", "decode 1/1", "ok 2/2"),
    },
  },
}
