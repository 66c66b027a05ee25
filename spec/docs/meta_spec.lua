local support = require "support"

-- Whose the rows {"name", l_name} of an array are: `functions` are the module's,
-- `pool_methods` a pool's, `methods` those of the class that the file is named for.
local function class_of(array, file)
  if array == "functions" then return "core" end
  if array == "yj_stream_methods" then return "decoder" end
  return array:match("^(%l+)_methods$") or file:match("l(%l+)%.c$")
end

-- Calls on_row(class, name) for each.
local function each_row(on_row)
  local count = 0
  for file in support.output("ls csrc/lua/*.c"):gmatch("%S+") do
    for array, rows in support.read(file)
      :gmatch("luaL_Reg ([%w_]+)%[%] = (%b{});") do
      for name in rows:gmatch('{"([%w_]+)", l_') do
        on_row(class_of(array, file), name)
        count = count + 1
      end
    end
  end
  return count
end

describe("meta/core.lua", function()
  it("has a line for each function of the core", function()
    local meta = support.read("lua/yuanjing/meta/core.lua")
    local missing = {}
    local count = each_row(function(class, name)
      local separator = class == "core" and "." or ":"
      local line = "function " .. class .. separator .. name .. "("
      if not meta:find(line, 1, true)
        and not meta:find("---@field " .. name .. " fun", 1, true) then
        missing[#missing + 1] = line
      end
    end)
    assert.is_true(count > 80, count)
    assert.same({}, missing)
  end)
end)
