-- nginx_summary.lua FILE: of lines `STREAMS WAY name=value ...`, one a round,
-- the median, least and most of each figure, and by how much ours is more than
-- the reader's of the same round.
local rows, order, reader = {}, {}, {}

local function row_of(key)
  if not rows[key] then
    rows[key] = {}
    order[#order + 1] = key
  end
  return rows[key]
end

local function add(row, name, value)
  row[name] = row[name] or {}
  table.insert(row[name], value)
end

for line in io.lines(arg[1]) do
  local streams, way, rest = line:match("^(%S+) (%S+) (.*)")
  local row = row_of(("%4d %-8s"):format(streams, way))
  local figures = {}
  for name, value in rest:gmatch("(%S+)=(%S+)") do
    figures[name] = tonumber(value)
    add(row, name, figures[name])
  end
  if way == "by_hand" then reader[streams] = figures end
  local base = reader[streams]
  add(row, "cpu_ratio", figures.us_per_event / base.us_per_event)
  add(row, "p50_more", figures.p50_ms - base.p50_ms)
end

local function formatted(list, form)
  table.sort(list)
  return (form .. " " .. form .. ".." .. form):format(
    list[math.ceil(#list / 2)], list[1], list[#list])
end

local COLUMNS = {
  { "us_per_event", "%.1f" }, { "cpu_ratio", "%.2f" }, { "p50_ms", "%.2f" },
  { "p50_more", "%.2f" }, { "p99_ms", "%.2f" }, { "slow_max_ms", "%.1f" },
  { "others", "%.2f" }, { "lost", "%d" },
}

local function cells(row)
  local list = {}
  for i, column in ipairs(COLUMNS) do
    list[i] = ("%-18s"):format(row and formatted(row[column[1]], column[2])
      or column[1])
  end
  return table.concat(list, " ")
end

print("streams way   " .. cells())
for _, key in ipairs(order) do print(key .. " " .. cells(rows[key])) end
