--- How a sound is written in a text: base64 or hexadecimal. A text that is not
-- right is an error, never a shorter sound.
local base64 = require "yuanjing.base.base64"

local coding = {}

local SLICE = 16384 -- letters that are decoded at a time

local function of_hex(text)
  return (text:gsub("..", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

local function hex_problem(text)
  local at = text:find("[^0-9A-Fa-f]")
  if at then return ("byte %d is no hexadecimal"):format(at) end
  if #text % 2 ~= 0 then return "its last digit is alone" end
end

local CODINGS = {
  base64 = { problem = base64.problem, decode = base64.decode },
  hex = { problem = hex_problem, decode = of_hex },
}

--- A reader of the bytes in a text, a slice at a time: nil at the end. Or nil and
--- what is wrong with the text.
---@param name "base64"|"hex"
---@param text string
---@return (fun(): string?)?
---@return string? problem
function coding.reader(name, text)
  local one = CODINGS[name]
  if text:find("[ \t-\r]") then text = text:gsub("[ \t-\r]+", "") end
  local problem = one.problem(text)
  if problem then return nil, problem end
  local at = 1
  return function()
    if at > #text then return nil end
    local slice = text:sub(at, at + SLICE - 1)
    at = at + SLICE
    return one.decode(slice)
  end
end

return coding
