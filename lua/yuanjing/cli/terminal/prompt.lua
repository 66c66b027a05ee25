--- The text of a prompt: the given words, where `-` stands for stdin; or stdin
-- alone if there are no words and stdin is not a terminal. Call it inside
-- session.run(), which watches for Ctrl-C.
local ascii = require "yuanjing.base.ascii"
local core = require "yuanjing.core"
local errors = require "yuanjing.errors"
local output = require "yuanjing.cli.output"
local say = require("yuanjing.base.language").say
local terminal = require "yuanjing.cli.terminal.terminal"

-- NB: a signal also ends the read, and half a prompt must not be sent.
local function stdin()
  if terminal.is(terminal.STDIN) then output.note(say "Ctrl-D ends it.", "dim") end
  local text = io.read("*a") or ""
  if core.caught_signal() then
    error(errors.new { kind = "cancelled", message = say "interrupted" }, 0)
  end
  return (text:gsub("[ \t-\r]+$", ""))
end

---@param words string[]
---@return string? nil: none was given
local function prompt(words)
  if #words == 0 then
    return not terminal.is(terminal.STDIN) and stdin() or nil
  end
  local parts = {}
  for i, word in ipairs(words) do
    parts[i] = word == "-" and "\n" .. stdin() .. "\n" or word
  end
  return ascii.trim(table.concat(parts, " "))
end

return prompt
