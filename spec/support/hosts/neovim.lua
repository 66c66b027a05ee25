-- Neovim's loop polls the descriptor; the step is scheduled, which buffer
-- changes require.
local hosts = require "support.hosts"
local yuanjing = require "yuanjing"

local PATIENCE = 60000 -- milliseconds for one case

-- Neovim's own print() writes to its user.
function print(...) io.stdout:write(table.concat({ ... }, "\t"), "\n") end

local function watch(poll)
  poll:start("r", function()
    poll:stop()
    vim.schedule(function()
      if poll:is_closing() then return end
      yuanjing.loop:step()
      watch(poll)
    end)
  end)
end

local function run(main, heartbeat)
  local poll = vim.loop.new_poll(yuanjing.loop:pollfd())
  local timer = vim.loop.new_timer()
  watch(poll)
  if heartbeat then
    local every = hosts.HEARTBEAT * 1000
    timer:start(every, every, vim.schedule_wrap(heartbeat))
  end
  local job = yuanjing.async(main)
  vim.wait(PATIENCE, function() return job.done end, 5)
  poll:close()
  timer:close()
  job:await()
end

return { run = run, is_driven = true }
