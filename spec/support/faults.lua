-- What a server can do to a call, as data, and what is then right for whoever
-- made the call. spec/docs/faults_spec.lua tries each fault on every call of
-- support.fault_calls and writes docs/faults.md.
--   name, behaviour  as in docs/faults.md; `behaviour` goes on from "the server"
--   script       the steps (support.scripted) of a connection: a list, or what
--                makes one of a call; `scripts`: several, all of one outcome
--   second       once: what makes the script of the connection behind it
--   url          instead of a script: there is no server
--   https        the server is asked for TLS, and speaks it where it is well
--   of_task      a download meets it where it asks for its task, not for the file
--   certificate  the connection begins with TLS, with this certificate
--   most         MiB that a call may cost at its worst
--   keeps        the half that came is kept in the error
--   ends         what brings the call back; "at once" unless said
--   always       outcomes where the server is that way for ever
--   once         outcomes where it is so once, and well from then on
--   newer        both of these since a version of `libcurl`; the page has the old
-- One of the two may lack. An outcome is "kind requests/tries": the kind of the
-- error, how many requests came to the server (whole or in part), and how often the
-- call was tried. The rules behind them:
--   * what costs money is sent again only where nothing of it left, or where the
--     platform said that it did not take it; where it left and no answer began,
--     its outcome is unknown;
--   * what costs nothing is tried again wherever that may help (3 times), and a
--     file goes on from where it was (4 times without a byte more), or is fetched
--     whole once more where what came is no part of it;
--   * an answer that began and broke off is truncated, or a timeout, unless all of
--     its JSON is there; one that is whole and can not be read is decode.
local scripted = require "support.scripted"

-- Outcomes of billable calls (chat, stream, image, video, upload), of a status
-- query and of a download; then exceptions, by name. False: not tried.
local function cells(paid, status, download, others)
  local row = others or {}
  row.paid, row.status, row.download = paid, status, download
  return row
end

-- For a chat, plain or streamed; no other call is tried.
local function in_chats(outcome)
  return { chat = outcome, stream = outcome }
end

-- Steps ---------------------------------------------------------------------

local REQUEST, RESET, CLOSE = { "request" }, { "reset" }, { "close" }
local SILENCE = { "wait_close", 120 }
local MOMENT = { "sleep", 0.1 } -- until the bytes sent before a reset are read
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

-- The head and so many complete chunks, then a part of the next.
local function chunks(call, n, part)
  local sent = { head(call, CHUNKED) }
  for i = 1, n do sent[i + 1] = scripted.chunk(call.pieces[i]) end
  if part then
    sent[#sent + 1] = scripted.chunk(call.pieces[n + 1]):sub(1, part)
  end
  return table.concat(sent)
end

-- A script that reads the request, sends bytes (a string, or a function of the
-- call), and goes on with further steps.
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

-- A little at a time: for a stream each piece is an event.
local function trickle(call)
  local little = call.is_stream and 'data: {"content":"x"}\n\n' or "x"
  return { REQUEST, { "send", head(call) .. half(call):sub(1, -7) },
    { "repeat", 400, { { "send", little }, { "sleep", 0.05 } } } }
end

-- As fast as possible; a file more slowly, because it is written to a real
-- disk.
local function flood(call)
  local much = ("x"):rep(65536)
  local steps = { REQUEST, { "send", head(call) },
    { "fill", much, 1e6 } }
  if call.is_file then
    steps[3] = { "repeat", 1000, { { "send", much }, { "sleep", 0.05 } } }
  end
  return steps
end

-- Successes ----------------------------------------------------------------

local CLOSED = { Connection = "close" }
local EVENTS = { ["Content-Type"] = "text/event-stream", Connection = "close" }
local END = "data: [DONE]\n\n"
local SO = 'data: {"content":"so "}\n\n'
local FAR = 'data: {"content":"far"}\n\n'

local function event(document) return "data: " .. document .. "\n\n" end

-- One script for each of the documents: a stream sends it as events, after
-- half of its text, with an end mark and without one. `others` has the
-- documents of calls that have their own.
local function documents(list, others)
  return function(call)
    local scripts = {}
    for _, document in ipairs(others and others[call.name] or list) do
      local printed = call.is_stream and SO .. event(document) or document
      scripts[#scripts + 1] = whole(200, CLOSED, printed)(call)
      if call.is_stream then
        scripts[#scripts + 1] = whole(200, EVENTS, printed .. END)(call)
      end
    end
    return scripts
  end
end

-- The same events for any call.
local function events(...)
  return whole(200, EVENTS, table.concat({ ... }))
end

-- Half of the answer, then signs of life: blanks if it is no stream.
local function signs_of_life(call)
  local list, begun = {}, call.is_stream and SO or half(call)
  for n, sign in ipairs(call.is_stream and { ": x", "ping", '{"type":"ping"}',
    '{"choices":[]}' } or { " " }) do
    list[n] = { REQUEST, { "send", head(call) .. begun },
      { "repeat", 400, { { "send", call.is_stream and event(sign) or sign },
        { "sleep", 0.05 } } } }
  end
  return list
end

-- The whole answer on a connection that stays open; for a stream without its
-- end mark.
local function complete_and_open(call)
  local all = call.is_stream and SO
    .. event '{"choices":[{"delta":{"content":"far"},"finish_reason":"stop"}]}'
    or body(call)
  return { REQUEST, { "send", head(call) .. all }, SILENCE }
end

-- A good answer with a field added at its end.
local function with_field(field)
  return answer(function(call)
    local sent = body(call):gsub("}([^}]*)$", "," .. field .. "}%1")
    return head_with_length(call, #sent) .. sent
  end)
end

-- Heads that declare a good answer to be a part, and its place.
local function placed(status, bytes_of, ranges)
  return function(call)
    local scripts, bytes = {}, bytes_of(call)
    for n, range in ipairs(ranges) do
      scripts[n] = whole(status, { Connection = "close", ETag = call.etag,
        ["Content-Range"] = range:format(#bytes - 1, #body(call)) }, bytes)(call)
    end
    return scripts
  end
end

local packed

-- 100 MB of zeros, compressed.
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

-- Outcomes of faults after the request was sent, without an answer.
local UNANSWERED = cells("outcome_unknown 1/1", "transport 3/3",
  "transport 3/3")
local UNANSWERED_ONCE = cells("outcome_unknown 1/1", "ok 2/2", "ok 2/2")

-- Faults --------------------------------------------------------------------

return {
  { title = "There is no connection",
    {
      name = "refused", behaviour = "does not listen",
      url = "http://127.0.0.1:1",
      always = cells("transport 0/3", "transport 0/3", "transport 0/3"),
    },
    {
      name = "no address", behaviour = "has a name that nobody knows",
      url = "http://no..such.invalid", -- never resolved: an invalid name
      always = cells("transport 0/3", "transport 0/3", "transport 0/3"),
    },
    {
      name = "TLS alert", behaviour = "refuses the handshake",
      https = true, script = { { "read", 1 }, { "send", ALERT }, CLOSE },
      always = cells("transport 0/3", "transport 0/3", "transport 0/3"),
      once = cells("ok 1/2", "ok 1/2", "ok 1/2"),
    },
    {
      name = "reset in the handshake", behaviour = "resets it there",
      https = true, script = { { "read", 1 }, RESET },
      always = cells("transport 0/3", "transport 0/3", "transport 0/3"),
      once = cells("ok 1/2", "ok 1/2", "ok 1/2"),
    },
    {
      name = "no TLS", behaviour = "speaks plain HTTP where TLS is asked for",
      https = true, script = { { "read", 1 },
        { "send", scripted.answer(400, {}, "plain") }, CLOSE },
      always = cells("transport 0/3", "transport 0/3", "transport 0/3"),
      once = cells("ok 1/2", "ok 1/2", "ok 1/2"),
    },
    {
      name = "silent handshake", behaviour = "never goes on with it",
      https = true, script = { SILENCE }, ends = "connect limit",
      always = cells("timeout 0/3", "timeout 0/3", "timeout 0/3"),
      once = cells("ok 1/2", "ok 1/2", "ok 1/2"),
    },
    {
      name = "unknown certificate",
      behaviour = "has a certificate that nobody vouches for",
      https = true, certificate = "unknown", script = {},
      always = cells("transport 0/1", "transport 0/1", "transport 0/1"),
      once = cells("transport 0/1", "transport 0/1", "transport 0/1"),
    },
    {
      name = "expired certificate", behaviour = "has one that was good yesterday",
      https = true, certificate = "expired", script = {},
      always = cells("transport 0/1", "transport 0/1", "transport 0/1"),
      once = cells("transport 0/1", "transport 0/1", "transport 0/1"),
    },
    {
      name = "wrong host", behaviour = "has one of another host",
      https = true, certificate = "wrong", script = {},
      always = cells("transport 0/1", "transport 0/1", "transport 0/1"),
      once = cells("transport 0/1", "transport 0/1", "transport 0/1"),
    },
  },

  { title = "There is no answer",
    {
      name = "closed at once", behaviour = "closes the connection unread",
      script = { { "sleep", 0.1 }, CLOSE },
      always = cells("outcome_unknown 0/1", "transport 0/3", "transport 0/3"),
      once = cells("outcome_unknown 0/1", "ok 1/2", "ok 1/2"),
    },
    {
      name = "reset before the request",
      behaviour = "resets when the first byte is here",
      script = { { "read", 1 }, RESET },
      always = cells("outcome_unknown 0/1", "transport 0/3", "transport 0/3"),
      once = cells("outcome_unknown 0/1", "ok 1/2", "ok 1/2"),
    },
    {
      name = "reset in the request", behaviour = "resets when its head is here",
      script = { { "head" }, RESET },
      always = UNANSWERED, once = UNANSWERED_ONCE,
    },
    {
      name = "reset after the request", behaviour = "resets when it is here",
      script = { REQUEST, RESET },
      always = UNANSWERED, once = UNANSWERED_ONCE,
    },
    {
      name = "closed after the request", behaviour = "closes when it is here",
      script = { REQUEST, CLOSE },
      always = UNANSWERED, once = UNANSWERED_ONCE,
    },
    {
      name = "half close after the request", behaviour = "sends an end, and listens",
      script = { REQUEST, { "half_close" }, SILENCE },
      always = UNANSWERED, once = UNANSWERED_ONCE,
    },
    {
      name = "silence", behaviour = "takes the request and says nothing",
      script = { REQUEST, SILENCE }, ends = "first limit",
      always = cells("outcome_unknown 1/1", "no news 3/3", "timeout 3/3"),
      once = UNANSWERED_ONCE,
    },
    {
      name = "interim answers", behaviour = "says 102 Processing for ever",
      script = { REQUEST, { "repeat", 999, {
        { "send", "HTTP/1.1 102 Processing\r\n\r\n" }, { "sleep", 0.05 } } } },
      ends = "first limit",
      always = cells("outcome_unknown 1/1", "no news 3/3", "timeout 3/3"),
      once = UNANSWERED_ONCE,
    },
    {
      name = "garbage", behaviour = "answers with what is no HTTP",
      script = answer("\0\1\2 no such thing\r\n\r\n", CLOSE),
      always = UNANSWERED, once = UNANSWERED_ONCE,
    },
    {
      name = "reset in the status line", behaviour = "resets after \"HTTP/1.1 2\"",
      script = answer("HTTP/1.1 2", MOMENT, RESET),
      always = UNANSWERED, once = UNANSWERED_ONCE,
    },
  },

  { title = "The head of the answer",
    {
      name = "reset in the head", behaviour = "resets behind the status line",
      script = answer("HTTP/1.1 200 OK\r\nContent-Le", MOMENT, RESET),
      always = cells("truncated 1/1", "truncated 3/3", "truncated 3/3"),
      once = cells("truncated 1/1", "ok 2/2", "ok 2/2"),
    },
    {
      name = "silence in the head", behaviour = "says no more behind it",
      script = answer("HTTP/1.1 200 OK\r\nContent-Le", SILENCE),
      ends = "first limit",
      always = cells("timeout 1/1", "no news 3/3", "timeout 3/3"),
      once = cells("timeout 1/1", "ok 2/2", "ok 2/2"),
    },
    {
      name = "100,000 headers", behaviour = "sends so many",
      script = { REQUEST, { "send", "HTTP/1.1 200 OK\r\n" },
        { "fill", "X-Y: z\r\n", 100000 }, SILENCE },
      most = 16,
      always = cells("decode 1/1", "decode 1/1", "decode 1/1"),
      once = cells("decode 1/1", "decode 1/1", "decode 1/1"),
    },
    {
      name = "huge header", behaviour = "sends one of 10 MB",
      script = { REQUEST, { "send", "HTTP/1.1 200 OK\r\nX-Y: " },
        { "fill", ("z"):rep(1000), 10000 }, SILENCE },
      most = 16,
      always = cells("decode 1/1", "decode 1/1", "decode 1/1"),
      once = cells("decode 1/1", "decode 1/1", "decode 1/1"),
    },
    {
      name = "502", behaviour = "answers that it is a bad gateway",
      script = whole(502, {}, "<title>502 Bad Gateway</title>"),
      always = cells("server 1/1", "server 3/3", "server 3/3"),
      once = cells("server 1/1", "ok 2/2", "ok 2/2"),
    },
    {
      name = "503 with Retry-After", behaviour = "says that it took nothing",
      script = whole(503, { ["Retry-After"] = "0", Connection = "close" },
        "later"),
      always = cells("server 3/3", "server 3/3", "server 3/3"),
      once = cells("ok 2/2", "ok 2/2", "ok 2/2"),
    },
    {
      name = "redirect loop", behaviour = "leads back to the same place",
      script = whole(302, { Location = "/loop", Connection = "close" }, ""),
      always = cells("platform 1/1", "platform 1/1", "platform 12/12"),
    },
  },

  { title = "The body of the answer",
    {
      name = "reset after the head", behaviour = "resets there",
      script = answer(function(call)
        return head_with_length(call, #body(call))
      end, MOMENT, RESET),
      always = cells("truncated 1/1", "truncated 3/3", "truncated 4/4"),
      once = cells("truncated 1/1", "ok 2/2", "ok 2/2"),
    },
    {
      name = "reset in the body", behaviour = "resets halfway",
      script = answer(half_with_length, MOMENT, RESET),
      keeps = true,
      always = cells("truncated 1/1", "truncated 3/3", "truncated 5/5"),
      once = cells("truncated 1/1", "ok 2/2", "ok 2/2"),
    },
    {
      name = "length too large", behaviour = "closes before so many bytes came",
      script = answer(half_with_length, CLOSE),
      keeps = true,
      always = cells("truncated 1/1", "truncated 3/3", "truncated 5/5"),
      once = cells("truncated 1/1", "ok 2/2", "ok 2/2"),
    },
    {
      -- a connection with unread bytes stays in libcurl's cache
      name = "length too small", behaviour = "sends more than it says",
      script = answer(function(call)
        return head(call, ("Connection: close\r\nContent-Length: %d\r\n")
          :format(#half(call))) .. body(call)
      end, CLOSE),
      always = cells("truncated 1/1", "truncated 1/1", "cut short 1/1"),
      once = cells("truncated 1/1", "truncated 1/1", "cut short 1/1"),
    },
    {
      name = "no length", behaviour = "closes halfway and never said how long it is",
      script = answer(function(call) return head(call) .. half(call) end, CLOSE),
      always = cells("truncated 1/1", "truncated 1/1", "truncated 5/5"),
      once = cells("truncated 1/1", "truncated 1/1", "ok 2/2"),
    },
    {
      name = "no length, TLS", behaviour = "does so without ending TLS",
      https = true, certificate = "good",
      script = answer(function(call) return head(call) .. half(call) end,
        { "cut" }),
      keeps = true,
      always = cells("truncated 1/1", "truncated 1/1", "truncated 5/5"),
      once = cells("truncated 1/1", "truncated 1/1", "ok 2/2"),
      newer = { libcurl = { 8, 14 },
        always = cells("truncated 1/1", "truncated 3/3", "truncated 5/5"),
        once = cells("truncated 1/1", "ok 2/2", "ok 2/2") },
    },
    {
      name = "half close in the body", behaviour = "sends an end halfway, and listens",
      script = answer(half_with_length, { "half_close" }, SILENCE),
      keeps = true,
      always = cells("truncated 1/1", "truncated 3/3", "truncated 5/5"),
      once = cells("truncated 1/1", "ok 2/2", "ok 2/2"),
    },
    {
      name = "reset at each chunk", behaviour = "resets behind and in every chunk",
      scripts = cut_at_each_chunk,
      always = cells("truncated 1/1", "truncated 3/3", "truncated 5/5"),
      once = cells("truncated 1/1", "ok 2/2", "ok 2/2"),
    },
    {
      name = "no last chunk", behaviour = "closes where the end mark should be",
      script = answer(function(call) return chunks(call, #call.pieces) end,
        CLOSE),
      always = cells("ok 1/1", "ok 1/1", "truncated 5/5"),
      once = cells("ok 1/1", "ok 1/1", "ok 2/2"),
    },
    {
      name = "bad chunk size", behaviour = "sends zz, -5, too many digits, none",
      scripts = bad_chunk_sizes,
      keeps = true,
      always = cells("truncated 1/1", "truncated 3/3", "truncated 5/5"),
      once = cells("truncated 1/1", "ok 2/2", "ok 2/2"),
    },
    {
      name = "silence in the body", behaviour = "says no more halfway",
      script = answer(half_with_length, SILENCE),
      ends = "idle limit", keeps = true,
      always = cells("timeout 1/1", "no news 3/3", "timeout 5/5"),
      once = cells("timeout 1/1", "ok 2/2", "ok 2/2"),
    },
    {
      name = "a byte a second", behaviour = "says no more than that, halfway",
      script = answer(half_with_length,
        { "repeat", 30, { { "sleep", 1 }, { "send", "x" } } }),
      ends = "idle limit",
      keeps = true,
      always = cells("timeout 1/1", "no news 3/3", "timeout 5/5"),
      once = cells("timeout 1/1", "ok 2/2", "ok 2/2"),
    },
    {
      name = "never done", behaviour = "sends a little, again and again",
      script = trickle, ends = "total limit",
      keeps = true,
      always = cells("timeout 1/1", "no news 1/1", "timeout 1/1"),
      once = cells("timeout 1/1", "no news 1/1", "timeout 1/1"),
    },
    {
      name = "endless body", behaviour = "sends without an end, fast",
      script = flood, ends = { download = "total limit" }, most = 160,
      always = cells("decode 1/1", "decode 1/1", "timeout 1/1"),
    },
    {
      name = "gzip bomb", behaviour = "compresses 100 MB, which nobody asked for",
      script = answer(bomb, CLOSE), most = 16,
      always = cells("decode 1/1", "decode 1/1", "decode 2/2"),
      once = cells("decode 1/1", "decode 1/1", "ok 2/2"),
    },
    {
      name = "a page", behaviour = "answers 200 with HTML",
      script = whole(200, { ["Content-Type"] = "text/html" },
        "<html><title>Welcome</title></html>"),
      always = cells("decode 1/1", "decode 1/1", "decode 2/2"),
      once = cells("decode 1/1", "decode 1/1", "ok 2/2"),
    },
    {
      name = "no bytes", behaviour = "answers 200 with nothing",
      script = whole(200, {}, ""),
      always = cells("decode 1/1", "decode 1/1", "decode 2/2"),
      once = cells("decode 1/1", "decode 1/1", "ok 2/2"),
    },
  },

  { title = "A success that tells of a failure",
    {
      name = "an error event",
      behaviour = "sends an event named error, and the end mark behind it",
      script = events(SO, 'event: error\ndata: {"what":"it broke"}\n\n', END),
      always = cells("decode 1/1", "decode 1/1", "decode 2/2",
        { chat = "platform 1/1", stream = "platform 1/1" }),
    },
    {
      name = "a failure in its own field",
      behaviour = "says base_resp, or object error",
      scripts = documents {
        '{"base_resp":{"status_code":1027,"status_msg":"it broke"}}',
        '{"object":"error","message":"too long"}' },
      always = cells("platform 1/1", "platform 1/1", "platform 2/2"),
      once = cells("platform 1/1", "platform 1/1", "ok 2/2"),
    },
    {
      name = "nothing but a message",
      behaviour = "says code and message, detail, msg, or has a list around an error",
      scripts = documents { '{"code":"Inspection","message":"bad words"}',
        '{"detail":"it broke"}', '{"detail":[{"loc":["body"],"msg":"required"}]}',
        '{"msg":"no such user"}',
        '[{"error":{"code":500,"message":"it broke"}}]' },
      always = in_chats "platform 1/1",
    },
    {
      name = "a code that is known", behaviour = "says that there is no money left",
      scripts = documents { '{"code":"Arrearage","message":"Access denied."}',
        '{"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}' },
      always = in_chats "balance 1/1",
    },
    {
      name = "a choice that failed",
      behaviour = "ends one with the reason error, or with an error in it",
      scripts = documents {
        '{"choices":[{"message":{"content":"so "},"finish_reason":"error"}]}',
        '{"choices":[{"message":{"content":"so "},"error":{"code":502}}]}' },
      always = cells("decode 1/1", "decode 1/1", "decode 2/2",
        { chat = "platform 1/1", stream = "platform 1/1" }),
    },
    {
      name = "429 in events",
      behaviour = "refuses for the rate, by an event",
      script = whole(429, EVENTS,
        'event: error\ndata: {"error":{"message":"rate limit"}}\n\n'),
      always = cells("rate_limit 3/3", "rate_limit 3/3", "rate_limit 3/3"),
      once = cells("ok 2/2", "ok 2/2", "ok 2/2"),
    },
  },

  { title = "An odd stream, or an odd answer",
    {
      name = "signs of life", behaviour = "halfway sends no more than those",
      scripts = signs_of_life, keeps = true,
      ends = { stream = "idle limit", chat = "total limit",
        image = "total limit", video = "total limit", upload = "total limit",
        status = "total limit", download = "total limit" },
      always = cells("timeout 1/1", "no news 1/1", "timeout 1/1"),
    },
    {
      name = "an end that is none",
      behaviour = "gives the reason null, none or nothing, and closes",
      scripts = function()
        local list = {}
        for n, reason in ipairs { "null", "None", "" } do
          list[n] = events(SO, event(('{"choices":[{"delta":{"content":"far"},'
            .. '"finish_reason":"%s"}]}'):format(reason)))()
        end
        return list
      end,
      always = cells("decode 1/1", "decode 1/1", "decode 2/2",
        { chat = "truncated 1/1", stream = "truncated 1/1" }),
    },
    {
      name = "text behind the end", behaviour = "goes on after a reason, and closes",
      script = events(SO, event '{"choices":[{"finish_reason":"stop"}]}', FAR),
      always = cells("decode 1/1", "decode 1/1", "decode 2/2",
        { chat = "truncated 1/1", stream = "truncated 1/1" }),
    },
    {
      name = "one choice of two", behaviour = "ends one, and closes in the other",
      script = events(
        event '{"choices":[{"index":0,"delta":{"content":"so far"}}]}',
        event '{"choices":[{"index":1,"delta":{"content":"x"}}]}',
        event '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'),
      always = cells("decode 1/1", "decode 1/1", "decode 2/2",
        { chat = "truncated 1/1", stream = "truncated 1/1" }),
    },
    {
      name = "complete and open", behaviour = "says all, and keeps the connection",
      script = complete_and_open,
      ends = { chat = "idle limit", image = "idle limit", video = "idle limit",
        upload = "idle limit", status = "idle limit", download = "idle limit" },
      always = cells("ok 1/1", "ok 1/1", "timeout 5/5"),
    },
    {
      name = "all of it again", behaviour = "repeats the whole message at the end",
      script = events(SO, FAR, event('{"choices":[{"finish_reason":"stop",'
        .. '"message":{"content":"so far"}}]}'), END),
      always = cells("decode 1/1", "decode 1/1", "decode 2/2",
        { chat = "ok 1/1", stream = "ok 1/1" }),
    },
    {
      name = "events for all",
      behaviour = "answers in events that begin with an id, whoever asked",
      script = events("id: 1\nfoo: bar\nevent: result\n", SO, FAR, END),
      always = cells("decode 1/1", "decode 1/1", "decode 2/2",
        { chat = "ok 1/1", stream = "ok 1/1" }),
    },
    {
      name = "half a character",
      behaviour = "has half of a surrogate pair in its answer",
      script = with_field '"x":"\\ud83d"',
      always = cells("ok 1/1", "ok 1/1", false),
    },
    {
      name = "broken JSON", behaviour = "has a word in it that is none",
      script = with_field '"x":tru',
      keeps = true,
      always = cells("decode 1/1", "decode 1/1", false),
    },
    {
      name = "no text", behaviour = "says true where a text should be",
      script = events(event '{"choices":[{"delta":{"content":true}}]}', END),
      always = cells("decode 1/1", "decode 1/1", "decode 2/2"),
    },
  },

  { title = "What is said of a task",
    {
      name = "a vendor's word for a failure",
      behaviour = "says fail, REJECTED, 超时, and why",
      of_task = true,
      scripts = documents({ '{"taskid":"77","status":"fail","fail_reason":"no"}',
        '{"taskid":"77","task_status":"REJECTED","task_status_msg":"no"}',
        '{"taskid":"77","status":"超时","output":{"message":"too long"}}' },
        { upload = { '{"status":"ok","data":{"id":"77","vendor_asset_id":"v",'
          .. '"status":"Failed","error_message":"no face"}}' } }),
      always = cells("task_failed 1/1", "task_failed 1/1", "task_failed 1/1",
        { chat = "platform 1/1", stream = "platform 1/1" }),
    },
    {
      name = "an unknown word and a reason", behaviour = "says BORKED, and why",
      of_task = true,
      scripts = documents {
        '{"taskid":"77","status":"BORKED","err_code":"E7","err_msg":"no gpu"}' },
      always = cells("ok 1/1", "task_failed 1/1", "task_failed 1/1",
        { chat = "platform 1/1", stream = "platform 1/1",
          upload = "platform 1/1" }),
    },
    {
      name = "a vendor's word for a success",
      behaviour = "says succeed, COMPLETED, done, ARCHIVED, and has a file",
      of_task = true,
      scripts = documents {
        '{"taskid":"77","status":"succeed","video":"/film.mp4"}',
        '{"taskid":"77","status":"COMPLETED","video":{"url":"/film.mp4"}}',
        '{"taskid":"77","status":"done","output":{"video_url":"/film.mp4"}}',
        '{"taskid":"77","status":"ARCHIVED","video":"/film.mp4"}' },
      always = cells("ok 1/1", "done 1/1", "ok 2/2",
        { chat = "platform 1/1", stream = "platform 1/1",
          upload = "decode 1/1" }),
    },
    {
      name = "no file", behaviour = "says SUCCEEDED, and why there is none",
      of_task = true,
      scripts = documents { '{"taskid":"77","status":"SUCCEEDED",'
        .. '"output":{"message":"bad picture"}}' },
      always = cells("ok 1/1", "done 1/1", "not_found 1/1",
        { chat = "platform 1/1", stream = "platform 1/1",
          upload = "platform 1/1" }),
    },
    {
      name = "not known yet", behaviour = "says once that the task does not exist",
      of_task = true,
      script = whole(200, CLOSED,
        '{"status":"ERROR","error":"taskid=77 not exist"}'),
      once = cells("platform 1/1", "not_found 1/1", "ok 3/3"),
    },
  },

  { title = "The place of a part",
    {
      name = "a slice with status 200", behaviour = "sends a part, and calls it all",
      scripts = placed(200, half, { "bytes 0-%d/%d" }),
      keeps = true,
      always = cells("truncated 1/1", "truncated 1/1", "decode 4/4"),
      once = cells("truncated 1/1", "truncated 1/1", "ok 2/2"),
    },
    {
      name = "another part", behaviour = "sends one from elsewhere, or from nowhere",
      scripts = placed(206, body, { "bytes 7-%d/%d", "bytes", "bytes 9-3/4" }),
      always = cells("ok 1/1", "ok 1/1", "decode 2/2"),
      once = cells("ok 1/1", "ok 1/1", "ok 2/2"),
    },
    {
      name = "another total", behaviour = "sends a part of a file of another length",
      scripts = placed(206, half, { "bytes 0-%d/999999" }),
      keeps = true,
      always = cells("truncated 1/1", "truncated 1/1", "decode 4/4"),
      once = cells("truncated 1/1", "truncated 1/1", "ok 3/3"),
    },
    {
      name = "a rest that is refused",
      behaviour = "breaks off halfway once, and then says 403 once",
      script = answer(half_with_length, CLOSE),
      second = whole(403, CLOSED, "expired"),
      once = cells("truncated 1/1", "auth 2/2", "ok 3/3"),
    },
  },
}
