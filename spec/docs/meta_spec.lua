local support = require "support"

-- The rows {"name", l_name} of the binding, by file.
local CLASSES = { ["csrc/lua/lcore.c"] = "core", ["csrc/lua/ldecoder.c"] = "decoder",
  ["csrc/lua/lfile.c"] = "file", ["csrc/lua/lpool.c"] = "pool",
  ["csrc/lua/ltransfer.c"] = "transfer" }

describe("meta/core.lua", function()
  it("has a line for each function of the core", function()
    local meta = support.read("lua/yuanjing/meta/core.lua")
    local missing = {}
    for file, class in pairs(CLASSES) do
      for name in support.read(file):gmatch('{"([%w_]+)",%s+y?j?_?l_') do
        local separator = class == "core" and "." or ":"
        local line = "function " .. class .. separator .. name .. "("
        if not meta:find(line, 1, true)
          and not meta:find("---@field " .. name .. " fun", 1, true) then
          missing[#missing + 1] = line
        end
      end
    end
    assert.same({}, missing)
  end)
end)
