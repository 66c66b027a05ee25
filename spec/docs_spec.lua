local support = require "support"

local BUILD = rawget(_G, "jit") and "luajit" or "5.4"
local LUA = rawget(_G, "jit") and "luajit" or "lua5.4"

describe("docs/models.md", function()
  it("is what the catalog says (else: make docs)", function()
    local made = support.output(("LUA_PATH='lua/?.lua;lua/?/init.lua;;' "
      .. "LUA_CPATH='build/%s/?.so;;' %s docs/models.lua"):format(BUILD, LUA))
    assert.equal(made .. "\n", support.read("docs/models.md"))
  end)
end)
