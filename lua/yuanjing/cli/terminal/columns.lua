--- Rows of texts as a table; each column is as wide as its widest text.
local cells = require "yuanjing.cli.terminal.cells"

local GAP = "  "

---@param rows string[][]
---@return string[] lines
local function columns(rows)
  local widths, lines = {}, {}
  for _, row in ipairs(rows) do
    for i, text in ipairs(row) do
      widths[i] = math.max(widths[i] or 0, cells.width(text))
    end
  end
  for n, row in ipairs(rows) do
    local parts = {}
    for i, text in ipairs(row) do parts[i] = cells.pad(text, widths[i]) end
    lines[n] = table.concat(parts, GAP):gsub("[ \t-\r]+$", "")
  end
  return lines
end

return columns
