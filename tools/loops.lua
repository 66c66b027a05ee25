-- Checks that no file assigns to a variable of a `for` loop, for Lua 5.5 refuses
-- that of the first one:   luajit tools/loops.lua FILE...
-- The parser is luacheck's, which itself has no such check.
local check_state = require "luacheck.check_state"

local STAGES = { "parse", "unwrap_parens", "linearize" }

local function analysed(source)
  local state = check_state.new(source)
  for _, name in ipairs(STAGES) do
    require("luacheck.stages." .. name).run(state)
  end
  return state
end

local function is_of_a_loop(variable)
  return variable.type == "loop" or variable.type == "loopi"
end

local failed = false

local function report(path, item)
  for variable in pairs(item.set_variables or {}) do
    if item.tag == "Set" and is_of_a_loop(variable) then
      failed = true
      print(("%s:%d: assigns to the variable of its loop: %s"):format(path,
        item.node.line, variable.name))
    end
  end
end

for _, path in ipairs(arg) do
  local file = assert(io.open(path))
  for _, line in ipairs(analysed(file:read("*a")).lines) do
    for _, item in ipairs(line.items) do report(path, item) end
  end
  file:close()
end
if failed then os.exit(1) end
print("loops: no variable of a loop is assigned")
