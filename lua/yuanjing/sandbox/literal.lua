--- A value as a Lua literal in one line, which every Lua can read.
local core = require "yuanjing.core"

local literal -- mutual recursion

local function fields(value)
  local out = {}
  for name, item in pairs(value) do
    out[#out + 1] = ("[%s] = %s"):format(literal(name), literal(item))
  end
  return "{ " .. table.concat(out, ", ") .. " }"
end

local WRITERS = {
  -- The literals of \r and \26 differ between Lua versions, but all can read
  -- them.
  string = function(value) return (("%q"):format(value):gsub("\\\n", "\\n")) end,
  number = function(value)
    return core.number(value, 17) or value > 0 and "1e999" or "-1e999"
  end,
  boolean = tostring,
  table = fields,
}

--- Raises for a value without a literal: functions, userdata, tables in
--- themselves.
---@param value any
---@return string
function literal(value)
  local write = WRITERS[type(value)]
  if not write then error("a " .. type(value) .. " has no literal", 0) end
  return write(value)
end

return literal
