-- :Ask a question       streams the answer into a buffer of its own
-- :Ask!                 stops the answer that is being written
local yuanjing = require "yuanjing"

local job, poll

-- Neovim's loop watches the one descriptor. Its callbacks may not touch a buffer,
-- so the step is scheduled; until then the descriptor, still readable, must not
-- be polled.
local function watch()
  poll = vim.loop.new_poll(yuanjing.loop:pollfd())
  local function listen()
    poll:start("r", function()
      poll:stop()
      vim.schedule(function()
        yuanjing.loop:step()
        listen()
      end)
    end)
  end
  listen()
end

local function open_buffer(question)
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.bo[buffer].filetype = "markdown"
  vim.api.nvim_buf_set_lines(buffer, 0, -1, true, { "# " .. question, "", "" })
  vim.api.nvim_win_set_buf(0, buffer)
  return buffer
end

local function append(buffer, text)
  local lines = vim.api.nvim_buf_get_lines(buffer, -2, -1, true)
  local new = vim.split(lines[1] .. text, "\n", { plain = true })
  vim.api.nvim_buf_set_lines(buffer, -2, -1, true, new)
end

local function stop()
  if job and not job.done then job:cancel() end
end

-- A buffer that is wiped ends its answer, and with it what it costs.
local function write(question, buffer)
  local client = yuanjing.new()
  local stream, err = client:chat { prompt = question, stream = true }
  local chunk
  if stream then chunk, err = stream:next() end
  while chunk and vim.api.nvim_buf_is_valid(buffer) do
    append(buffer, chunk.content)
    chunk, err = stream:next()
  end
  if stream then stream:close() end
  if err then vim.notify(tostring(err), vim.log.levels.ERROR) end
end

vim.api.nvim_create_user_command("Ask", function(command)
  stop()
  if command.bang then return end
  if not poll then watch() end
  local question = command.args
  job = yuanjing.async(write, question, open_buffer((question:gsub("\n", " "))))
end, { nargs = "*", bang = true, desc = "Ask 元境; with !, stop" })
