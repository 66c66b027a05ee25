--- Wraps a text to a width in cells. A line may end at a blank, and behind a
-- Chinese character, but a closing sign never begins a line.
local cells = require "yuanjing.cli.terminal.cells"

local WIDE = "[\227-\239][\128-\191][\128-\191]"

-- Signs that belong to what is before or behind them.
local CLOSING = "，。；：！？、）”》"
local OPENING = "（“《"

local function is_in(sign, signs)
  return signs:find(sign, 1, true) ~= nil
end

-- The text in pieces that stay whole: a word with the blanks before it, or a
-- Chinese character with its signs.
local function pieces_of(text)
  local pieces, at, is_open = {}, 1, false
  while at <= #text do
    local piece = text:match("^ *" .. WIDE, at)
      or text:match("^ *[^ \227-\239]+", at) or text:sub(at)
    local sign = piece:match("^ *(.*)$")
    local joins = #pieces > 0 and piece == sign
      and (is_open or is_in(sign, CLOSING))
    if joins then
      pieces[#pieces] = pieces[#pieces] .. piece
    else
      pieces[#pieces + 1] = piece
    end
    is_open, at = is_in(sign, OPENING), at + #piece
  end
  return pieces
end

local function wrap_line(text, width)
  local lines, line = {}, text:match("^ *")
  for _, piece in ipairs(pieces_of(text:sub(#line + 1))) do
    local longer = line .. piece
    if line:find("[^ \t-\r]") and cells.width(longer) > width then
      lines[#lines + 1], longer = line, piece:match("^ *(.*)$")
    end
    line = longer
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

--- The text with line ends where it would be wider; its own line ends stay.
---@param text string
---@param width integer cells
---@return string
local function wrap(text, width)
  return (text:gsub("[^\n]+", function(line) return wrap_line(line, width) end))
end

return wrap
