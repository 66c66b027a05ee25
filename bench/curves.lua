--- Draws how what is measured grows: a curve for each way, over the sizes that
-- the suites of growth.lua have. Both axes are logarithmic: what takes the same
-- time for each of them is level.
local results = require "results"
local suites = require "growth"
local svg = require "svg"

local curves = {}

-- Of each curve how its rows begin in growth.lua, and what it is called here.
local FIGURES = {
  { suite = "grow-streams", key = "us_per_event", unit = "µs",
    title = "More live streams at once: CPU time an event",
    { "text()", "yuanjing, Lua 5.4", class = "ours" },
    { "text(), LuaJIT", "yuanjing, LuaJIT", class = "ours dashed" },
    { "libcurl, bare", "libcurl in C, no Lua" } },
  { suite = "grow-question", key = "ms", unit = "ms", of = "MiB",
    title = "Longer conversations: CPU time to send one",
    { "yuanjing", "yuanjing, Lua 5.4", class = "ours" },
    { "yuanjing, LuaJIT", "yuanjing, LuaJIT", class = "ours dashed" },
    { "cjson, libcurl", "cjson and libcurl alone" } },
  { suite = "grow-length", key = "rss_mib", unit = "MiB", of = "MiB",
    title = "Longer texts: peak memory",
    { "text()", "yuanjing, stream:text()", class = "ours" },
    { "finish()", "yuanjing, stream:finish()", class = "ours dashed" },
    { "floor", "libcurl in C, cjson in Lua" } },
  { suite = "grow-tasks", key = "us_per_query", unit = "µs",
    title = "Waiting for more tasks: CPU time a query",
    { "await_all()", "yuanjing, Lua 5.4", class = "ours" },
    { "await_all(), LuaJIT", "yuanjing, LuaJIT", class = "ours dashed" },
    { "floor", "cjson and libcurl alone" } },
}

local WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 330, 84, 210, 58, 40

local function log10(x) return math.log(x) / math.log(10) end

-- The points of a way: those of its sizes that were measured.
local function points_of(seen, figure, way)
  local points = {}
  for _, suite in ipairs(suites) do
    for _, row in ipairs(suite.name == figure.suite and suite.rows or {}) do
      local label, size = row[1]:match("^(.*), ([%d.]+)$")
      local value = label == way[1] and seen:figure(row[1], figure.key)
      if value then
        points[#points + 1] = { size = tonumber(size), text = size,
          value = value.median }
      end
    end
  end
  return points
end

local function spread(ways)
  local least, most, first, last = math.huge, 0, math.huge, 0
  for _, points in ipairs(ways) do
    for _, point in ipairs(points) do
      least, most = math.min(least, point.value), math.max(most, point.value)
      first, last = math.min(first, point.size), math.max(last, point.size)
    end
  end
  return { x = log10(first), width = math.max(log10(last / first), 0.1),
    low = math.floor(log10(least)), high = math.ceil(log10(most * 1.01)) }
end

local function place(at, size, value)
  return LEFT + (log10(size) - at.x) / at.width * (WIDTH - LEFT - RIGHT),
    TOP + (at.high - log10(value)) / (at.high - at.low)
      * (HEIGHT - TOP - BOTTOM)
end

local function grid(at, figure, points)
  local lines = {}
  for power = at.low, at.high do
    local _, y = place(at, 10 ^ at.x, 10 ^ power)
    lines[#lines + 1] = ([[
<line class="grid" x1="%d" y1="%.1f" x2="%d" y2="%.1f"/>
<text class="name" x="%d" y="%.1f">%g %s</text>
]]):format(LEFT, y, WIDTH - RIGHT, y, LEFT - 10, y + 5, 10 ^ power, figure.unit)
  end
  for _, point in ipairs(points) do
    local x = place(at, point.size, 1)
    lines[#lines + 1] = ([[
<text x="%.1f" y="%d" text-anchor="middle">%s%s</text>
]]):format(x, HEIGHT - 14, point.text, figure.of and " " .. figure.of or "")
  end
  return table.concat(lines)
end

local function curve(at, way, points)
  local path = {}
  for n, point in ipairs(points) do
    path[n] = ("%.1f,%.1f"):format(place(at, point.size, point.value))
  end
  return ([[
<polyline class="curve %s" points="%s"/>
]]):format(way.class or "", table.concat(path, " "))
end

-- The names stand at the ends of their curves, in their order, and not on each
-- other.
local function names(at, ends)
  table.sort(ends, function(a, b) return a.value > b.value end)
  local lines, above = {}, 0
  for n, point in ipairs(ends) do
    local x, y = place(at, point.size, point.value)
    above = math.max(y + 5, above + 18)
    lines[n] = ([[
<text x="%.1f" y="%.1f">%s</text>
]]):format(x + 10, above, svg.escape(point.name))
  end
  return table.concat(lines)
end

local function draw(figure, folder)
  local seen = results.load(("%s/%s.tsv"):format(os.getenv "RESULTS",
    figure.suite))
  if not seen then return end
  local ways, ends, drawn = {}, {}, {}
  for n, way in ipairs(figure) do ways[n] = points_of(seen, figure, way) end
  if #ways[1] < 2 then return end
  local at = spread(ways)
  drawn[1] = grid(at, figure, ways[1])
  for n, points in ipairs(ways) do
    local last = points[#points]
    if last then
      drawn[#drawn + 1] = curve(at, figure[n], points)
      ends[#ends + 1] = { size = last.size, value = last.value,
        name = figure[n][2] }
    end
  end
  drawn[#drawn + 1] = names(at, ends)
  svg.write(("%s/bench-%s.svg"):format(folder, figure.suite), WIDTH, HEIGHT,
    figure.title, table.concat(drawn))
end

--- Draws those whose suites were run, into FOLDER/bench-grow-*.svg.
---@param folder string
function curves.draw(folder)
  for _, figure in ipairs(FIGURES) do draw(figure, folder) end
end

return curves
