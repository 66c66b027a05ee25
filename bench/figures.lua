-- figures.lua FOLDER: draws the measurements under $RESULTS into
-- FOLDER/bench-*.svg. A figure has its own background, so that it can be read
-- on any page; its colours follow the reader's choice of light or dark.
local curves = require "curves"
local results = require "results"
local svg = require "svg"
local folder = arg[1]

-- The label of each row in suites.lua, and its label in the figure; our rows
-- have our colour.
local FIGURES = {
  { file = "stream", suite = "stream-framed", key = "cpu_s", form = "%.2f s",
    title = "Reading a chat stream of 200,000 chunks: CPU time",
    { "text()", "yuanjing, stream:text()", is_ours = true },
    { "chunks()", "yuanjing, stream:chunks()", is_ours = true },
    { "floor", "libcurl in C, cjson in Lua" },
    { "eventsource-parser", "Node, eventsource-parser" },
    { "openai", "Node, openai" } },
  { file = "paced", suite = "paced-1000", key = "us_per_event",
    form = "%.1f µs", title = "1,000 live streams at once: CPU time an event",
    { "text()", "yuanjing, stream:text()", is_ours = true },
    { "libcurl, bare", "libcurl in C, no Lua" },
    { "libcurl + cjson", "libcurl in C, cjson in Lua" },
    { "openai", "Node, openai" } },
  { file = "late", suite = "paced-1000", key = "p99_ms", form = "%.1f ms",
    title = "1,000 live streams at once: 99 of 100 events are read within",
    { "text()", "yuanjing, stream:text()", is_ours = true },
    { "libcurl + cjson", "libcurl in C, cjson in Lua" },
    { "openai", "Node, openai" } },
  { file = "idle", suite = "idle", key = "kib_per_stream", form = "%.0f KiB",
    title = "An open stream that waits: memory",
    { "text()", "yuanjing, of 5,000", is_ours = true },
    { "libcurl, bare", "libcurl in C, of 5,000" },
    { "openai, 1,000", "Node, openai, of 1,000" } },
  { file = "base64", suite = "base64", key = "rss_mib", form = "%.0f MiB",
    title = "Sending a file of 512 MiB as base64 in JSON: peak memory",
    { "yuanjing, 512 MiB", "yuanjing", is_ours = true },
    { "base64, curl -T", "base64 | curl -T" },
    { "base64, curl -d", "base64 | curl --data-binary" } },
  { file = "startup", suite = "startup", key = "wall_s", form = "%.0f ms",
    scale = 1000, title = "Starting up: time until the module is loaded",
    { 'require "yuanjing"', 'Lua, require "yuanjing"', is_ours = true },
    { "cjson, libcurl", "Lua, cjson and libcurl alone" },
    { "openai", 'Node, require("openai")' } },
}

local WIDTH, LEFT, RIGHT, TOP, STEP, BAR = 720, 232, 92, 58, 32, 18

local function bar(row, n, most)
  local y = TOP + (n - 1) * STEP
  local width = math.max(1, row.value / most * (WIDTH - LEFT - RIGHT))
  return ([[
<text class="name" x="%d" y="%d">%s</text>
<rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="2"/>
<text x="%.1f" y="%d">%s</text>
]]):format(LEFT - 12, y + 14, svg.escape(row.name), row.class, LEFT, y, width, BAR,
    LEFT + width + 8, y + 14, svg.escape(row.printed))
end

-- The rows that were measured.
local function rows_of(figure)
  local rows, most = {}, 0
  local seen = results.load(("%s/%s.tsv"):format(os.getenv "RESULTS",
    figure.suite))
  for _, row in ipairs(figure) do
    local values = seen and seen:figure(row[1], figure.key)
    if values then
      local value = values.median * (figure.scale or 1)
      most = math.max(most, value)
      rows[#rows + 1] = { name = row[2], value = value,
        printed = figure.form:format(value), class = row.is_ours and "ours"
        or "bar" }
    end
  end
  return rows, most
end

local function draw(figure)
  local rows, most = rows_of(figure)
  if #rows == 0 then return end
  local bars = {}
  for n, row in ipairs(rows) do bars[n] = bar(row, n, most) end
  svg.write(("%s/bench-%s.svg"):format(folder, figure.file), WIDTH,
    TOP + #rows * STEP + 10, figure.title, table.concat(bars))
end

for _, figure in ipairs(FIGURES) do draw(figure) end
curves.draw(folder)
