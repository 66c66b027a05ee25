--- The text of a prompt: the words given, where `-` stands for what comes on
-- stdin; or that alone, when there are no words and nobody types.
local terminal = require "yuanjing.cli.terminal"

local prompt = {}

local function stdin()
  return ((io.read("*a") or ""):gsub("%s+$", ""))
end

--- The words as one text; nil: there are none.
---@param words string[]
---@return string?
function prompt.of(words)
  if #words == 0 then return nil end
  local parts = {}
  for i, word in ipairs(words) do
    parts[i] = word == "-" and "\n" .. stdin() .. "\n" or word
  end
  return (table.concat(parts, " "):match("^%s*(.-)%s*$"))
end

--- The same, or what comes on stdin when it is no terminal.
---@param words string[]
---@return string?
function prompt.read(words)
  return prompt.of(words)
    or not terminal.is(terminal.STDIN) and stdin() or nil
end

return prompt
