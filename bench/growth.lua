-- What is measured of growth: the same work, ten and a hundred times as much of
-- it, or a thousand times the smallest there is. The suites are as in suites.lua;
-- a row of those that grow is named "label, size", which is its place on the
-- curve that figures.lua draws.
local LUAJIT = 'LUA_CPATH="build/luajit/?.so;$W/jit/?.so;;" exec luajit bench/'
local ON_54 = "exec lua5.4 bench/"

-- From what packages have, instead of the tree.
local function packaged(lua, command)
  return ([[LUA_PATH="$W/package/%s/?.lua;$W/package/%s/?/init.lua;$LUA_PATH" ]]
    .. [[LUA_CPATH="$W/package/%s/?.so;;" exec %s bench/]]):format(lua, lua, lua,
    lua) .. command
end

local function us(key, of) return { key, "CPU µs " .. of, "%.1f" } end

-- A row for each size of each way; SIZE in a command is the size.
local function growing(ways, sizes)
  local rows = {}
  for _, way in ipairs(ways) do
    for _, size in ipairs(sizes) do
      rows[#rows + 1] = { ("%s, %s"):format(way[1], size),
        (way[2]:gsub("SIZE", size)) }
    end
  end
  return rows
end

local function paced(how)
  return ("paced.lua %s SIZE 0 $PACED 20 500 4000"):format(how)
end

return {
  { name = "grow-streams", title = "More streams at once", rounds = 3,
    about = "Two events a second each, for 10 s.",
    rows = growing({ { "text()", ON_54 .. paced "text" },
      { "text(), LuaJIT", LUAJIT .. paced "text" },
      { "libcurl, bare", ON_54 .. paced "bare" } },
      { "100", "1000", "5000", "9000" }),
    figures = { us("us_per_event", "an event"),
      { "p99_ms", "late p99 ms", "%.2f" }, { "failed", "failed", "%d" },
      { "rss_mib", "peak MiB", "%.1f" } },
    against = {} },

  { name = "grow-open", title = "Opening streams", rounds = 7,
    about = "Up to where the network is waited for, each in a job.",
    rows = growing({ { "yuanjing", ON_54 .. "open.lua ours SIZE $PACED" },
      { "yuanjing, LuaJIT", LUAJIT .. "open.lua ours SIZE $PACED" },
      { "libcurl, bare", ON_54 .. "open.lua bare SIZE $PACED" } },
      { "100", "1000", "5000" }),
    figures = { us("us_per_stream", "a stream") }, against = {},
    profile = { "lua5.4 bench/open.lua ours 100 $PACED",
      "lua5.4 bench/open.lua ours 1100 $PACED", units = 1000,
      unit = "stream" } },

  { name = "grow-length", title = "Longer texts", rounds = 3,
    about = "MiB of text in one stream, 1,000 bytes an event. text() keeps "
      .. "nothing; the floor keeps the text, as finish() does.",
    rows = growing({
      { "text()", ON_54 .. "stream_yuanjing.lua text $SERVER/plain/longSIZE" },
      { "finish()",
        ON_54 .. "stream_yuanjing.lua finish $SERVER/plain/longSIZE" },
      { "floor", ON_54 .. "stream_floor.lua pull "
        .. "$SERVER/plain/longSIZE/llmage/v1/chat/completions" } },
      { "1", "10", "100" }),
    figures = { { "cpu_s", "CPU s", "%.3f" }, { "rss_mib", "peak MiB", "%.1f" } },
    against = {} },

  { name = "grow-question", title = "Longer questions", rounds = 5,
    about = "MiB of messages, about 500 bytes each.",
    rows = growing({
      { "yuanjing", ON_54 .. "question.lua ours SIZE $SERVER" },
      { "yuanjing, LuaJIT", LUAJIT .. "question.lua ours SIZE $SERVER" },
      { "cjson, libcurl", ON_54 .. "question.lua floor SIZE $SERVER" } },
      { "0.01", "0.1", "1", "9" }),
    figures = { { "ms", "CPU ms", "%.2f" } }, against = {},
    profile = { "lua5.4 bench/question.lua ours 1 $SERVER",
      "lua5.4 bench/question.lua ours 5 $SERVER", units = 20,
      unit = "MiB" } },

  { name = "small-uploads", title = "1,000 uploads of 8 KiB", rounds = 5,
    about = "One after the other, over one connection.",
    rows = {
      { "yuanjing", ON_54 .. "small_files.lua upload 1000 $SERVER "
        .. "$DATA/blob/8k" },
      { "curl -K", "exec sh bench/small_files_curl.sh upload 1000 $SERVER "
        .. "$DATA/blob/8k" } },
    figures = { { "cpu_s", "CPU s", "%.3f" }, { "wall_s", "wall s", "%.2f" } },
    against = { "curl -K" },
    profile = {
      "lua5.4 bench/small_files.lua upload 20 $SERVER $DATA/blob/8k",
      "lua5.4 bench/small_files.lua upload 120 $SERVER $DATA/blob/8k",
      units = 100, unit = "upload" } },

  { name = "small-downloads", title = "1,000 downloads of 8 KiB", rounds = 5,
    about = "Eight at a time; of each the query that tells where it is, and the "
      .. "file.",
    rows = {
      { "yuanjing", "rm -rf $DATA/small; mkdir $DATA/small; " .. ON_54
        .. "small_files.lua download 1000 $SERVER 8k $DATA/small" },
      { "curl --parallel", "rm -rf $DATA/small; mkdir $DATA/small; "
        .. "exec sh bench/small_files_curl.sh download 1000 $SERVER 8k "
        .. "$DATA/small" } },
    figures = { { "cpu_s", "CPU s", "%.3f" }, { "wall_s", "wall s", "%.2f" } },
    against = { "curl --parallel" },
    profile = { "lua5.4 bench/small_files.lua download 20 $SERVER 8k $DATA",
      "lua5.4 bench/small_files.lua download 120 $SERVER 8k $DATA",
      units = 100, unit = "download" } },

  { name = "first-call", title = "The first call of a program", rounds = 25,
    about = "Each loads its client and asks one question. packaged: as `make "
      .. "dist` packs it, precompiled.",
    rows = {
      { "yuanjing", ON_54 .. "first_call.lua ours $PACED/slow/1" },
      { "yuanjing, packaged",
        packaged("lua5.4", "first_call.lua ours $PACED/slow/1") },
      { "cjson, libcurl", ON_54 .. "first_call.lua floor $PACED/slow/1" },
      { "yuanjing, LuaJIT", LUAJIT .. "first_call.lua ours $PACED/slow/1" },
      { "yuanjing, LuaJIT, packaged",
        packaged("luajit", "first_call.lua ours $PACED/slow/1") },
      { "cjson, libcurl, LuaJIT",
        LUAJIT .. "first_call.lua floor $PACED/slow/1" } },
    figures = { { "cpu_s", "CPU s", "%.4f" }, { "wall_s", "wall s", "%.4f" } },
    against = { "cjson, libcurl" },
    profile = { "lua5.4 bench/first_call.lua floor $PACED/slow/1",
      "lua5.4 bench/first_call.lua ours $PACED/slow/1", units = 1,
      unit = "first call beyond the floor's" } },

  { name = "grow-tasks", title = "Waiting for more tasks", rounds = 5,
    about = "Each is done when it is asked for the third time. floor: libcurl "
      .. "and cjson, one request after the other.",
    rows = growing({
      { "await_all()", ON_54 .. "await.lua ours SIZE 3 $SERVER" },
      { "await_all(), LuaJIT", LUAJIT .. "await.lua ours SIZE 3 $SERVER" },
      { "floor", ON_54 .. "await.lua floor SIZE 3 $SERVER" } },
      { "10", "100", "1000", "10000" }),
    figures = { us("us_per_query", "a query"),
      { "rss_mib", "peak MiB", "%.1f" } },
    against = {} },

  { name = "frames", title = "A game whose characters talk", rounds = 3,
    about = "LuaJIT, 60 frames a second, 20 events a second each character.",
    rows = {
      { "50, 2 ms", LUAJIT .. "frames.lua 50 2 $PACED" },
      { "200, 2 ms", LUAJIT .. "frames.lua 200 2 $PACED" },
      { "500, 4 ms", LUAJIT .. "frames.lua 500 4 $PACED" } },
    figures = { { "p50_ms", "late p50 ms", "%.1f" },
      { "p99_ms", "late p99 ms", "%.1f" },
      { "mean_ms", "a frame, CPU ms", "%.2f" },
      { "over_cpu_ms", "over the budget, CPU ms", "%.2f" },
      { "idle_ns", "idle ns", "%.0f" } },
    against = {} },
}
