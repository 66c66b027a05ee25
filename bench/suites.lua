-- What is measured. A suite is a few commands that run in turn, in a shell with
-- what run.sh exports: the servers' addresses, and $DATA, where the files are.
--
--   rows      label and command; one that needs what is not here is left out
--   figures   key, what it is called, how it is printed; the first is compared
--   against   the rows that it is compared with
--   profile   a command of ours at two sizes, and by how much they differ
local STREAM = "lua5.4 bench/stream_yuanjing.lua %s %s/200k"
local FLOOR = "lua5.4 bench/stream_floor.lua %s "
  .. "%s/200k/llmage/v1/chat/completions"
local UPDATE = [[lua5.4 -e 'local y = require "yuanjing" ]]
  .. [[for _ = 1, %d do y.update() end']]
local CPU = { "cpu_s", "CPU s", "%.3f" }
local WALL = { "wall_s", "wall s", "%.2f" }
local RSS = { "rss_mib", "peak MiB", "%.1f" }

local function ours(way) return "lua5.4 bench/" .. way end

local function node(file) return "node bench/" .. file end

local function stream_rows(base)
  return {
    { "text()", STREAM:format("text", base) },
    { "chunks()", STREAM:format("chunks", base) },
    { "chunks(), raw", STREAM:format("raw", base) },
    { "finish()", STREAM:format("finish", base) },
    { "floor", FLOOR:format("pull", base) },
    { "libcurl alone", FLOOR:format("skim", base) },
    { "openai", node("stream_openai.cjs " .. base .. "/200k/llmage/v1"),
      needs = "openai" },
    { "eventsource-parser", node("stream_parser.cjs " .. base
      .. "/200k/llmage/v1/chat/completions"), needs = "eventsource-parser" },
  }
end

local function stream(name, title, base)
  return { name = name, title = title, rounds = 7, rows = stream_rows(base),
    about = "200,000 chunks of 330 bytes. floor: libcurl, lines split in C, "
      .. "cjson. libcurl alone: nothing is decoded, no Lua.",
    figures = { CPU, WALL, RSS },
    against = { "floor", "openai", "eventsource-parser" },
    profile = { "lua5.4 bench/stream_yuanjing.lua text " .. base .. "/2k",
      "lua5.4 bench/stream_yuanjing.lua text " .. base .. "/20k",
      units = 18000, unit = "chunk" } }
end

local function paced_rows(streams, how)
  local rows = {}
  for _, row in ipairs {
    { "text()", "lua5.4 bench/paced.lua text %d 0 $PACED %s" },
    { "chunks()", "lua5.4 bench/paced.lua chunks %d 0 $PACED %s" },
    { "libcurl, bare", "lua5.4 bench/paced.lua bare %d 0 $PACED %s" },
    { "libcurl + cjson", "lua5.4 bench/paced.lua decoded %d 0 $PACED %s" },
    { "openai", "node bench/paced_openai.cjs %d $PACED %s", needs = "openai" },
  } do
    if streams <= 1000 or not row.needs then
      rows[#rows + 1] = { row[1], row[2]:format(streams, how),
        needs = row.needs }
    end
  end
  return rows
end

local function paced(streams, events, gap, wait, rounds)
  return { name = "paced-" .. streams, rounds = rounds,
    title = ("%d paced streams"):format(streams),
    about = ("%d events each, one every %d ms, once all are open. Late: from "
      .. "its sending until it is read."):format(events, gap),
    rows = paced_rows(streams, ("%d %d %d"):format(events, gap, wait)),
    figures = { { "us_per_event", "CPU µs an event", "%.2f" },
      { "p50_ms", "late p50 ms", "%.2f" }, { "p99_ms", "late p99 ms", "%.2f" },
      { "failed", "failed", "%d" }, { "open_us", "CPU µs to open", "%.0f" },
      { "first_p99_ms", "first event late p99 ms", "%.1f" },
      { "rss_mib", "peak MiB", "%.1f" } },
    against = { "libcurl, bare", "libcurl + cjson", "openai" },
    profile = {
      ("lua5.4 bench/paced.lua text 100 0 $PACED 20 %d"):format(gap),
      ("lua5.4 bench/paced.lua text 100 0 $PACED 60 %d"):format(gap),
      units = 4000, unit = "event" } }
end

-- Node takes 5 s to begin 500 visitors: their first ends before the last begins.
local NODE_VISITORS = 50

local function nginx_rows(mode, visitors, numbers)
  local rows = {}
  for _, row in ipairs {
    { "thread_pool", "thread_pool" }, { "no thread_pool", "no_pool" },
    { "by hand", "by_hand" }, { "proxy_pass", "proxy_pass" },
    { "Node, openai", "openai", needs = "openai", most = NODE_VISITORS },
  } do
    if visitors <= (row.most or visitors) then
      rows[#rows + 1] = { row[1], ("sh bench/nginx.sh %s %s %d %s"):format(mode,
        row[2], visitors, numbers), needs = row.needs }
    end
  end
  return rows
end

local function nginx(visitors, events, gap)
  return { name = "nginx-" .. visitors, rounds = 5,
    title = "Visitors of an nginx worker: " .. visitors,
    about = ("Each reads a chat stream through it, %d events, one every %d ms. "
      .. "by hand: a reader on nginx's own sockets. Late: from its sending until "
      .. "the visitor has it. slow: a handler beside it that sleeps 50 ms.")
      :format(events, gap),
    rows = nginx_rows("streams", visitors, ("%d %d"):format(events, gap)),
    figures = { { "us_per_event", "CPU µs an event", "%.1f" },
      { "p50_ms", "late p50 ms", "%.2f" }, { "p99_ms", "late p99 ms", "%.2f" },
      { "slow_max_ms", "slow late, most ms", "%.1f" },
      { "begun_ms", "all begun ms", "%.0f" }, { "lost", "lost", "%d" } },
    against = { "by hand", "proxy_pass" } }
end

local function decode_rows()
  local rows = {}
  for _, build in ipairs { "5.4", "luajit" } do
    local lua = build == "luajit" and build or "lua" .. build
    for _, who in ipairs { "ours", "cjson" } do
      rows[#rows + 1] = { who .. ", " .. lua,
        ('LUA_CPATH="build/%s/?.so;;" exec %s bench/decode.lua %s'):format(build,
          lua, who) }
    end
  end
  return rows
end

local function sized(command, ...)
  local rows = {}
  for i, mib in ipairs { ... } do
    rows[i] = { ("yuanjing, %d MiB"):format(mib),
      (command:gsub("SIZE", mib)) }
  end
  return rows
end

local function with(rows, ...)
  for _, row in ipairs { ... } do rows[#rows + 1] = row end
  return rows
end

local suites = {
  stream("stream-plain", "A chat stream, with a length", "$SERVER/plain"),
  stream("stream-framed", "A chat stream, a frame for each event",
    "$SERVER/framed"),
  stream("stream-tls", "A chat stream, framed, over TLS", "$SERVER_TLS/framed"),
  paced(1000, 100, 20, 2500, 5),
  paced(5000, 30, 100, 2500, 3),

  nginx(1, 250, 20),
  nginx(50, 250, 20),
  nginx(500, 250, 20),
  nginx(1000, 60, 100),
  { name = "nginx-visits", rounds = 5,
    title = "A visit to an nginx worker",
    about = "Ten visitors at once, again and again: a stream is opened, brings "
      .. "two events and ends.",
    rows = nginx_rows("visits", 10, "2000"),
    figures = { { "us_per_visit", "CPU µs a visit", "%.0f" },
      { "p50_ms", "takes p50 ms", "%.2f" }, { "p99_ms", "p99 ms", "%.2f" } },
    against = { "by hand", "proxy_pass" } },

  { name = "escapes", title = "A document of escapes", rounds = 5,
    about = "50 MB of \\u4f60 in one string, decoded.",
    rows = decode_rows(),
    figures = { { "decode_s", "CPU s", "%.4f" } },
    against = { "cjson, lua5.4", "cjson, luajit" } },

  { name = "upload", title = "Upload: a form with a file", rounds = 7,
    rows = with(sized(ours "upload_yuanjing.lua $SERVER $DATA/blob/SIZE",
      512, 128, 1024),
      { "curl -F", "curl -sS -o /dev/null -F model=m -F catelogid=i2v "
        .. "-F prompt=hi -F image_file=@$DATA/blob/512 "
        .. "$SERVER/llmage/v1/video/generations" }),
    figures = { CPU, WALL, RSS }, against = { "curl -F" },
    profile = { ours "upload_yuanjing.lua $SERVER $DATA/blob/4",
      ours "upload_yuanjing.lua $SERVER $DATA/blob/128",
      units = 124, unit = "MiB" } },

  { name = "base64", title = "Upload: a file as base64 in JSON", rounds = 5,
    about = "The peers are all their processes: `base64 | curl`, by way of "
      .. "memory or streamed.",
    rows = with(sized(ours "base64_yuanjing.lua $SERVER $DATA/blob/SIZE",
      512, 128, 1024),
      { "base64, curl -d", "sh bench/base64_curl.sh "
        .. "$SERVER/reallife_asset/api/rl_upload.dspy $DATA/blob/512" },
      { "base64, curl -T", "sh bench/base64_curl.sh "
        .. "$SERVER/reallife_asset/api/rl_upload.dspy $DATA/blob/512 -T" }),
    figures = { CPU, WALL, RSS },
    against = { "base64, curl -d", "base64, curl -T" },
    profile = { ours "base64_yuanjing.lua $SERVER $DATA/blob/4",
      ours "base64_yuanjing.lua $SERVER $DATA/blob/128",
      units = 124, unit = "MiB" } },

  { name = "download", title = "Download: a result to a file", rounds = 7,
    about = "Each with removing its file of the round before.",
    rows = with(sized("rm -f $DATA/saved-SIZE; exec "
      .. "lua5.4 bench/download_yuanjing.lua $SERVER SIZE $DATA/saved-SIZE",
      512, 128),
      { "curl -o", "rm -f $DATA/saved-curl; exec "
        .. "curl -sS -o $DATA/saved-curl $SERVER/blob/512" }),
    figures = { CPU, WALL, RSS }, against = { "curl -o" },
    profile = { ours "download_yuanjing.lua $SERVER 4 $DATA/saved",
      ours "download_yuanjing.lua $SERVER 128 $DATA/saved",
      units = 124, unit = "MiB" } },

  { name = "await", title = "Waiting for 1,000 tasks", rounds = 7,
    about = "Each is done when it is asked for the third time. floor: libcurl "
      .. "and cjson, one request after the other.",
    rows = { { "await_all()", ours "await.lua ours 1000 3 $SERVER" },
      { "floor", ours "await.lua floor 1000 3 $SERVER" } },
    figures = { { "us_per_query", "CPU µs a query", "%.1f" }, WALL, RSS },
    against = { "floor" },
    profile = { ours "await.lua ours 20 3 $SERVER",
      ours "await.lua ours 120 3 $SERVER", units = 300, unit = "query" } },

  { name = "startup", title = "Starting up", rounds = 25,
    about = "The first is what any client of this kind loads. packaged: as "
      .. "`make dist` packs it, precompiled.",
    rows = {
      { "cjson, libcurl", [[lua5.4 -e 'require "cjson" ]]
        .. [[package.loadlib("libcurl.so.4", "*")']] },
      { 'require "yuanjing"', [[lua5.4 -e 'require "yuanjing"']] },
      { 'require "yuanjing", packaged', [[LUA_PATH="$W/package/lua5.4/?.lua;]]
        .. [[$W/package/lua5.4/?/init.lua;$LUA_PATH" ]]
        .. [[LUA_CPATH="$W/package/lua5.4/?.so;;" exec lua5.4 -e 'require "yuanjing"']] },
      { "curl --version", "curl --version" },
      { "openai", [[node -e 'require("openai")']], needs = "openai" } },
    figures = { { "cpu_s", "CPU s", "%.4f" }, { "wall_s", "wall s", "%.4f" },
      RSS },
    against = { "cjson, libcurl", "openai" },
    profile = { "lua5.4 -e ''", [[lua5.4 -e 'require "yuanjing"']], units = 1,
      unit = "require" } },

  { name = "update", title = "A frame of a game", rounds = 5,
    about = "update() 60 times a second: with nothing in flight; with 20 live "
      .. "streams of 50 events a second; with 20 TLS connections opened in one "
      .. "frame, and a budget of 2 ms.",
    rows = { { "update()", ours "update.lua $PACED $SERVER_TLS" } },
    figures = { { "idle_ns", "idle ns", "%.0f" },
      { "opening_max_ms", "20 opened, worst ms", "%.2f" },
      { "live_p99_ms", "20 live, p99 ms", "%.2f" },
      { "live_max_ms", "worst ms", "%.2f" },
      { "live_max_cpu_ms", "by CPU", "%.2f" },
      { "tls_max_ms", "20 TLS opened, worst ms", "%.2f" },
      { "tls_max_cpu_ms", "by CPU", "%.2f" } },
    against = {},
    profile = { UPDATE:format(1e4), UPDATE:format(1e5), units = 9e4,
      unit = "call" } },

  { name = "idle", title = "5,000 idle streams", rounds = 3,
    rows = { { "text()", ours "idle.lua text 5000 $PACED" },
      { "libcurl, bare", ours "idle.lua bare 5000 $PACED" },
      { "openai, 1,000", node "paced_openai.cjs 1000 $PACED",
        needs = "openai" } },
    figures = { { "kib_per_stream", "KiB a stream", "%.1f" },
      { "lua_kib", "of it Lua's", "%.1f" }, CPU },
    against = { "libcurl, bare", "openai, 1,000" } },

  { name = "beside", title = "An event beside 5,000 idle streams", rounds = 5,
    about = "200 streams of 50 events a second. bare: libcurl alone, whose table "
      .. "of sockets has 911 places.",
    rows = { { "beside 5,000", ours "paced.lua text 200 5000 $PACED 300" },
      { "alone", ours "paced.lua text 200 0 $PACED 300" },
      { "bare, beside 5,000", ours "paced.lua bare 200 5000 $PACED 300" },
      { "bare, alone", ours "paced.lua bare 200 0 $PACED 300" } },
    figures = { { "us_per_event", "CPU µs an event", "%.2f" },
      { "p99_ms", "late p99 ms", "%.2f" } },
    against = { "alone", "bare, alone" } },

  { name = "waiting", title = "Waiting for a slow answer", rounds = 3,
    rows = { { "yuanjing", ours "wait.lua 3 $PACED" } },
    figures = { { "us_per_second", "CPU µs a second", "%.1f" } },
    against = {} },
}

for _, suite in ipairs(require "growth") do suites[#suites + 1] = suite end

return suites
