local support = require "support"

local BUILD = rawget(_G, "jit") and "luajit" or "5.4"
local LUA = rawget(_G, "jit") and "luajit" or "lua5.4"

-- What `make docs` writes, by the page.
local MADE = {
  ["docs/models.md"] = "docs/models.lua",
  ["docs/reference.md"] = "docs/reference.lua",
  ["lua/yuanjing/meta/models.lua"] = "docs/types.lua",
}

describe("made of the code is", function()
  for page, maker in pairs(MADE) do
    it(page .. " as it stands (else: make docs)", function()
      local made = support.output(("LUA_PATH='lua/?.lua;lua/?/init.lua;;' "
        .. "LUA_CPATH='build/%s/?.so;;' %s %s 2>&1"):format(BUILD, LUA, maker))
      assert.equal(made .. "\n", support.read(page))
    end)
  end
end)
