-- check.lua FOLDER [record]: compares the cost of each scenario, from the
-- profiles in that folder, with bench/budget.lua, and whether it is within 5 %
-- (or 16); or writes that file. Only instructions of the interpreter and the
-- core count: those of the C library, libcurl and the kernel depend on the
-- machine.
local callgrind = require "callgrind"

local BUDGET = "bench/budget.lua"
local SLACK, LEAST = 0.05, 16
local GROWTH = 16384 -- bytes: a table of Lua's own may grow in either size's run
local OURS = { ["core.so"] = true, lua = true }
local HEAD = [[
-- What a unit of each scenario of bench/budget takes; `make budget` writes it.
]]

local function first_line(command, pattern)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local line = pipe:read("*l") or ""
  pipe:close()
  return line:match(pattern) or line
end

-- Other compilers produce other instructions.
local function toolchain()
  return { compiler = first_line("cc -dumpfullversion", ".*"),
    lua = first_line("lua5.4 -v", "^Lua (%S+)"),
    processor = first_line("uname -m", ".*") }
end

local function instructions(path)
  local sum = 0
  callgrind.read(path, function(object, _, cost)
    if OURS[object] then sum = sum + cost end
  end)
  return sum
end

-- Of two runs of a size the later one counts: caches are warm then.
local function note(runs, name, units, what, value)
  runs[name] = runs[name] or { instructions = {}, bytes = {} }
  runs[name][what][tonumber(units)] = value
end

local function read_profiles(folder, runs)
  for n = 1, math.huge do
    local path = ("%s/profile.%d"):format(folder, n)
    local file = io.open(path)
    if not file then return end
    file:close()
    local name, units = (callgrind.name(path) or ""):match("^(.*) (%d+)$")
    if name then note(runs, name, units, "instructions", instructions(path)) end
  end
end

local function read_bytes(folder, runs)
  for line in io.lines(folder .. "/bytes") do
    local name, units, bytes = line:match("^(.*) (%d+) (%d+)$")
    note(runs, name, units, "bytes", tonumber(bytes))
  end
end

local function a_unit(run)
  local small, big = math.huge, 0
  for units in pairs(run) do
    small, big = math.min(small, units), math.max(big, units)
  end
  local difference = small == big and big or big - small
  local value = (run[big] - (small == big and 0 or run[small])) / difference
  return math.floor(value + 0.5), difference
end

-- "name, instructions" and "name, bytes" -> the cost of a unit, and its
-- possible error.
local function measure(folder)
  local runs, counts, chances = {}, {}, {}
  read_profiles(folder .. "/tree", runs)
  read_profiles(folder .. "/packaged", runs)
  read_bytes(folder, runs)
  for name, run in pairs(runs) do
    for what, sizes in pairs(run) do
      local key = name .. ", " .. what
      local count, units = a_unit(sizes)
      counts[key] = count
      chances[key] = what == "bytes" and GROWTH / units or 0
    end
  end
  return counts, chances
end

local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

local function record(counts)
  local file = assert(io.open(BUDGET, "w"))
  local made = toolchain()
  file:write(HEAD, "return {\n")
  for _, key in ipairs(sorted_keys(made)) do
    file:write(("  %s = %q,\n"):format(key, made[key]))
  end
  file:write("  counts = {\n")
  for _, name in ipairs(sorted_keys(counts)) do
    file:write(("    [%q] = %d,\n"):format(name, counts[name]))
  end
  file:write("  },\n}\n")
  file:close()
end

local function verdict(count, budget, chance)
  if not count then return "was not run" end
  if not budget then return "has no budget: make budget" end
  local slack = math.max(LEAST, budget * SLACK, chance or 0)
  if count > budget + slack then
    return "MORE than its budget; if it is worth it: make budget"
  elseif count < budget - slack then
    return "less than its budget: record the new budget: make budget"
  end
end

local function check(counts, chances, budgets)
  local names, passed, failed = {}, 0, 0
  for name in pairs(counts) do names[name] = true end
  for name in pairs(budgets) do names[name] = true end
  for _, name in ipairs(sorted_keys(names)) do
    local count, budget = counts[name], budgets[name]
    local problem = verdict(count, budget, chances[name])
    if problem then failed = failed + 1 else passed = passed + 1 end
    print(("%-30s %9s, budget %9s  %s"):format(name, count or "-",
      budget or "-", problem or "ok"))
  end
  print(("%d passed, %d failed"):format(passed, failed))
  return failed == 0
end

local function is_known(recorded, made)
  for key, value in pairs(made) do
    if recorded[key] ~= value then return false, key, value end
  end
  return true
end

local counts, chances = measure(arg[1])
if arg[2] == "record" then return record(counts) end
local recorded = dofile(BUDGET)
local known, what, value = is_known(recorded, toolchain())
if not known then
  print(("no budget for %s %s: nothing to compare"):format(what, value))
  return print("0 passed, 0 failed")
end
os.exit(check(counts, chances, recorded.counts))
