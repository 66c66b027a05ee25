--- The text of a prompt: the words given, where `-` stands for what comes on
-- stdin; or that alone, when there are no words and nobody types.
local terminal = require "yuanjing.cli.terminal"

local function stdin()
  return ((io.read("*a") or ""):gsub("%s+$", ""))
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
  return (table.concat(parts, " "):match("^%s*(.-)%s*$"))
end

return prompt
