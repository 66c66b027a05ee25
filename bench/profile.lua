-- profile.lua SMALL BIG UNITS UNIT: instructions a unit, which is (BIG - SMALL)
-- / UNITS of two callgrind profiles: by object, then the functions that take
-- most.
local callgrind = require "callgrind"
local small, big, units, unit = arg[1], arg[2], tonumber(arg[3]), arg[4]

local by_object, by_function, all = {}, {}, 0

local function add(path, weight)
  callgrind.read(path, function(object, name, instructions)
    local share, where = instructions * weight, object .. ": " .. name
    by_object[object] = (by_object[object] or 0) + share
    by_function[where] = (by_function[where] or 0) + share
    all = all + share
  end)
end

local function print_most(title, map, count)
  local names = {}
  for name in pairs(map) do names[#names + 1] = name end
  table.sort(names, function(a, b) return map[a] > map[b] end)
  print(title)
  for i = 1, math.min(count, #names) do
    print(("%10.0f %5.1f %%  %s"):format(map[names[i]],
      map[names[i]] / all * 100, names[i]))
  end
end

add(small, -1 / units)
add(big, 1 / units)
print(("%.0f instructions a %s"):format(all, unit))
print_most("by object", by_object, 10)
print_most("by function", by_function, 25)
