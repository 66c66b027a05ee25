--- What the output supports: whether it is a terminal, its width, characters
-- and colours.
local ascii = require "yuanjing.base.ascii"
local core = require "yuanjing.core"
local errors = require "yuanjing.errors"

local terminal = {}

terminal.STDIN, terminal.STDOUT, terminal.STDERR = 0, 1, 2

local FILES = { io.stdout, io.stderr }
local STYLES = { dim = "2", bold = "1", good = "32", bad = "31", mark = "36" }

local function env(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

---@param fd integer
---@return boolean
function terminal.is(fd)
  return core.is_terminal(fd)
end

--- Whether a line can be redrawn: it is a terminal with this ability.
function terminal.can_redraw(fd)
  return core.is_terminal(fd) and os.getenv("TERM") ~= "dumb"
end

--- The current number of columns: the window may have been resized.
---@param fd integer
---@return integer
function terminal.width(fd)
  return core.terminal_width(fd) or tonumber(env "COLUMNS") or 80
end

--- Whether the terminal can show more than ASCII.
---@return boolean
function terminal.is_utf8()
  if core.show_utf8() then return true end
  local locale = env "LC_ALL" or env "LC_CTYPE" or env "LANG" or ""
  return ascii.upper(locale):find("UTF%-?8") ~= nil
end

--- The text in a style, if styles are supported. See no-color.org.
---@param fd integer
---@param style "dim"|"bold"|"good"|"bad"|"mark"
---@param text string
---@return string
function terminal.paint(fd, style, text)
  if env "NO_COLOR" or not terminal.can_redraw(fd) then return text end
  return ("\27[%sm%s\27[0m"):format(STYLES[style], text)
end

--- The next line of stdin, without its end; nil at the end.
---@return string?
function terminal.read_line()
  local line = core.read_terminal()
  if line == false then return io.read("*l") end
  return line and (line:gsub("\r?\n$", ""))
end

--- Writes at once. Raises a yuanjing.Error if stdout fails, for example on a
--- full disk: lost output must not count as success.
---@param fd integer
---@param ... string
function terminal.write(fd, ...)
  local file = FILES[fd]
  local ok, problem = file:write(...)
  if ok then ok, problem = file:flush() end
  if ok or fd ~= terminal.STDOUT then return end
  error(errors.new { kind = "io", message = "stdout: " .. problem }, 0)
end

return terminal
