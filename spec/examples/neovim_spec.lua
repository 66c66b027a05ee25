-- examples/neovim in a real Neovim (LuaJIT suite only: it has no other Lua).
if not rawget(_G, "jit") then return end

local child = require "support.child"
local sandbox = require "yuanjing.sandbox"
local support = require "support"

local LATENCY = 0.2 -- seconds between two chunks; the story has 38

-- Sources the plugin and runs the body; shown() returns the buffer's text.
local SCRIPT = [[
vim.fn.setenv("YUANJING_BASE_URL", %q)
vim.fn.setenv("YUANJING_API_KEY", %q)
vim.cmd "source examples/neovim/plugin/yuanjing.lua"
local function shown()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), "\n")
end
local function pass(milliseconds, is_over)
  return vim.wait(milliseconds, is_over or function() return false end, 5)
end
%s
io.stdout:write(shown())]]

describe("Neovim's :Ask", function()
  local server
  before_each(function()
    server = assert(sandbox.start { latency = LATENCY })
  end)
  after_each(function()
    server:stop()
    support.clean()
  end)

  local function edit(body)
    local status, output = child.start_under("nvim --headless -u NONE -i NONE "
      .. "-n -c 'luafile %s' -c 'qall!'",
      SCRIPT:format(server.url, server.api_key, body))()
    assert.equal(0, status, output)
    return output
  end

  it("writes the answer into a buffer, as it comes", function()
    local shown = edit [[
      vim.cmd "Ask 你是谁"
      assert(pass(60000, function() return #shown():match("\n\n(.*)") > 0 end))
      assert(not shown():find("！$"))
      assert(pass(60000, function() return shown():find("！$") ~= nil end))]]
    assert.equal(1, (shown:find("# 你是谁\n\n我是元境沙箱里的 qwen3-max，", 1,
      true)))
  end)

  it("stops with a !, and with its buffer", function()
    for _, stop in ipairs { "Ask!", "bwipeout!" } do
      edit(([[
        vim.cmd "Ask 讲个故事"
        assert(pass(60000, function() return #shown():match("\n\n(.*)") > 0 end))
        vim.cmd %q
        local before = shown()
        pass(600)
        assert(shown() == before)]]):format(stop))
      local request = support.wait_until(function()
        local last = server:requests("chat")[1]
        return last and last.seconds and last
      end)
      assert.is_true(request.seconds < 20 * LATENCY, stop)
      server:clear()
    end
  end)

  it("shows what went wrong", function()
    local printed = edit [[
      vim.fn.setenv("YUANJING_API_KEY", "sk-wrong")
      local has_told = false
      vim.notify = function(text)
        io.stdout:write(text, "\n")
        has_told = true
      end
      vim.cmd "Ask x"
      pass(60000, function() return has_told end)]]
    assert.truthy(printed:find("^auth: "), printed)
  end)
end)
