-- What is to be reached: a figure of a suite's row, `at_most` so much, and
-- perhaps `at_least`. `over` a row: its quotient by that row's figure, round by
-- round; `above` a row: the difference.
local targets = {}

local function add(list)
  for _, target in ipairs(list) do targets[#targets + 1] = target end
end

local function stream(suite)
  add {
    { suite = suite, row = "text()", figure = "cpu_s", over = "floor",
      at_most = 0.2 },
    { suite = suite, row = "chunks()", figure = "cpu_s", over = "floor",
      at_most = 0.35 },
    { suite = suite, row = "chunks(), raw", figure = "cpu_s", over = "floor",
      at_most = 1.1 },
    { suite = suite, row = "text()", figure = "cpu_s", over = "openai",
      at_most = 0.05 },
    { suite = suite, row = "text()", figure = "cpu_s",
      over = "eventsource-parser", at_most = 0.85 },
    { suite = suite, row = "text()", figure = "rss_mib", at_most = 16 },
  }
end

local function paced(suite, p99_ms)
  add {
    { suite = suite, row = "text()", figure = "us_per_event",
      over = "libcurl, bare", at_most = 1.35 },
    { suite = suite, row = "text()", figure = "us_per_event",
      over = "libcurl + cjson", at_most = 1.25 },
    { suite = suite, row = "text()", figure = "p99_ms", at_most = p99_ms },
    { suite = suite, row = "text()", figure = "failed", at_most = 0 },
    { suite = suite, row = "text()", figure = "open_us", at_most = 300 },
    { suite = suite, row = "text()", figure = "first_p99_ms", at_most = 10 },
  }
end

stream "stream-plain"
stream "stream-framed"
stream "stream-tls"
paced("paced-1000", 5)
add {
  { suite = "paced-1000", row = "text()", figure = "us_per_event",
    over = "openai", at_most = 0.4 },
  { suite = "paced-1000", row = "text()", figure = "p50_ms", at_most = 1 },
}
paced("paced-5000", 10)
for _, row in ipairs { "thread_pool", "no thread_pool" } do
  for _, visitors in ipairs { 50, 500, 1000 } do
    local suite = "nginx-" .. visitors
    add {
      { suite = suite, row = row, figure = "us_per_event", over = "by hand",
        at_most = 1 },
      { suite = suite, row = row, figure = "lost", at_most = 0 },
    }
  end
  add {
    { suite = "nginx-1", row = row, figure = "p50_ms", at_most = 1.2 },
    { suite = "nginx-1000", row = row, figure = "begun_ms", over = "by hand",
      at_most = 1.3 },
    { suite = "nginx-visits", row = row, figure = "us_per_visit",
      over = "by hand", at_most = 1.3 },
  }
end
add {
  { suite = "escapes", row = "ours, lua5.4", figure = "decode_s",
    over = "cjson, lua5.4", at_most = 1 },
  { suite = "escapes", row = "ours, luajit", figure = "decode_s",
    over = "cjson, luajit", at_most = 1 },
  { suite = "upload", row = "yuanjing, 512 MiB", figure = "cpu_s",
    over = "curl -F", at_most = 1.0 },
  { suite = "upload", row = "yuanjing, 512 MiB", figure = "wall_s",
    over = "curl -F", at_most = 1.1 },
  { suite = "upload", row = "yuanjing, 512 MiB", figure = "rss_mib",
    above = "curl -F", at_most = 2 },
  { suite = "upload", row = "yuanjing, 1024 MiB", figure = "rss_mib",
    above = "yuanjing, 128 MiB", at_most = 1, at_least = -1 },
  { suite = "base64", row = "yuanjing, 512 MiB", figure = "cpu_s",
    over = "base64, curl -T", at_most = 1.25 },
  { suite = "base64", row = "yuanjing, 1024 MiB", figure = "rss_mib",
    above = "yuanjing, 128 MiB", at_most = 1, at_least = -1 },
  { suite = "download", row = "yuanjing, 512 MiB", figure = "cpu_s",
    over = "curl -o", at_most = 1.0 },
  { suite = "download", row = "yuanjing, 512 MiB", figure = "rss_mib",
    above = "yuanjing, 128 MiB", at_most = 1, at_least = -1 },

  { suite = "await", row = "await_all()", figure = "us_per_query",
    over = "floor", at_most = 1.3 },

  { suite = "startup", row = 'require "yuanjing"', figure = "cpu_s",
    over = "cjson, libcurl", at_most = 1.15 },
  { suite = "startup", row = 'require "yuanjing", packaged', figure = "cpu_s",
    over = "cjson, libcurl", at_most = 1.15 },
  { suite = "startup", row = 'require "yuanjing"', figure = "wall_s",
    over = "openai", at_most = 0.1 },
  { suite = "startup", row = 'require "yuanjing"', figure = "rss_mib",
    at_most = 12.5 },

  { suite = "update", row = "update()", figure = "idle_ns", at_most = 2000 },
  { suite = "update", row = "update()", figure = "live_max_ms", at_most = 1 },
  -- the budget, and a step of a TLS handshake, which can not be divided
  { suite = "update", row = "update()", figure = "tls_max_ms", at_most = 5 },

  { suite = "idle", row = "text()", figure = "kib_per_stream", at_most = 24 },
  { suite = "beside", row = "beside 5,000", figure = "us_per_event",
    over = "alone", at_most = 1.1, at_least = 0.9 },
  -- nothing, but for what opens and ends the wait
  { suite = "waiting", row = "yuanjing", figure = "us_per_second",
    at_most = 500 },
}

-- Growth --------------------------------------------------------------------

-- The same target for each size: rows are named "label, size".
local function growing(suite, figure, row, over, at_most, sizes)
  for _, size in ipairs(sizes) do
    add { { suite = suite, row = ("%s, %s"):format(row, size), figure = figure,
      over = ("%s, %s"):format(over, size), at_most = at_most } }
  end
end

growing("grow-streams", "us_per_event", "text()", "libcurl, bare", 1.35,
  { "100", "1000", "5000", "9000" })
growing("grow-streams", "us_per_event", "text(), LuaJIT", "libcurl, bare", 1.35,
  { "100", "1000", "5000", "9000" })
growing("grow-open", "us_per_stream", "yuanjing", "libcurl, bare", 2.9,
  { "100", "1000", "5000" })
growing("grow-question", "ms", "yuanjing", "cjson, libcurl", 1.1, { "1", "9" })
growing("grow-tasks", "us_per_query", "await_all()", "floor", 1.3,
  { "10", "100", "1000", "10000" })

add {
  -- MiB of text, and what the process has without any
  { suite = "grow-length", row = "text(), 100", figure = "rss_mib",
    above = "text(), 1", at_most = 110 },
  { suite = "grow-length", row = "finish(), 100", figure = "rss_mib",
    above = "finish(), 1", at_most = 210 },
  { suite = "grow-length", row = "text(), 100", figure = "cpu_s",
    over = "floor, 100", at_most = 1 },

  { suite = "small-uploads", row = "yuanjing", figure = "cpu_s",
    over = "curl -K", at_most = 1.3 },
  { suite = "small-uploads", row = "yuanjing", figure = "wall_s",
    over = "curl -K", at_most = 1.3 },
  { suite = "small-downloads", row = "yuanjing", figure = "wall_s",
    over = "curl --parallel", at_most = 1 },

  { suite = "first-call", row = "yuanjing", figure = "cpu_s",
    above = "cjson, libcurl", at_most = 0.002 },
  { suite = "first-call", row = "yuanjing, packaged", figure = "cpu_s",
    above = "cjson, libcurl", at_most = 0.002 },
  { suite = "first-call", row = "yuanjing, LuaJIT, packaged", figure = "cpu_s",
    above = "cjson, libcurl, LuaJIT", at_most = 0.002 },

  { suite = "frames", row = "200, 2 ms", figure = "p50_ms", at_most = 9 },
  { suite = "frames", row = "500, 4 ms", figure = "p50_ms", at_most = 10 },
  { suite = "frames", row = "50, 2 ms", figure = "over_cpu_ms", at_most = 0.3 },
  { suite = "frames", row = "200, 2 ms", figure = "over_cpu_ms",
    at_most = 0.3 },
  { suite = "frames", row = "500, 4 ms", figure = "over_cpu_ms",
    at_most = 0.3 },
  { suite = "frames", row = "200, 2 ms", figure = "idle_ns", at_most = 250 },
}

return targets
