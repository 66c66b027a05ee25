--- Numbers as texts and back, the same in every locale: a host may change the
-- decimal point at any time, and tostring(), `..`, ("%g"):format() and
-- tonumber() follow it.
local core = require "yuanjing.core"

local number = {}

-- A double of this size may be the rounding of a longer integer that LuaJIT
-- has read; beyond 64 bits no id or seed exists.
local LEAST_ROUNDED, MOST_ROUNDED = 2 ^ 53, 2 ^ 64

local function may_be_rounded(value)
  if math.type and math.type(value) == "integer" then return false end
  local size = math.abs(value)
  return size >= LEAST_ROUNDED and size <= MOST_ROUNDED
end

--- The text of a number as it is sent: all digits of an integer; of other
--- numbers the fewest digits that are read as the same number. Nil and why,
--- for infinity and NaN, and for a number that may have been rounded.
---@param value number
---@param place string where the text is used, for the message
---@return string? text
---@return string? problem
function number.text(value, place)
  if may_be_rounded(value) then
    return nil, "an integer of more than 15 digits may have been rounded: "
      .. "send it as a string"
  end
  local text = core.number(value)
  if text then return text end
  return nil, place .. " has no " .. tostring(value)
end

--- As tostring(), for a message.
---@param value any
---@return string
function number.show(value)
  return type(value) == "number" and core.number(value) or tostring(value)
end

--- A number with so many decimals, for a message.
---@param value number
---@param decimals integer
---@return string
function number.fixed(value, decimals)
  local text = ("%." .. decimals .. "f"):format(value)
  return (text:gsub("(%d)[^%d]+(%d)", "%1.%2"))
end

--- The finite number in a text, with "." as point and nothing around it.
---@param text any a number is returned unchanged
---@return number?
function number.read(text)
  if type(text) == "number" then return text end
  local sign, digits = tostring(text):match("^([-+]?)(%.?%d[%d.eE+-]*)$")
  if not digits then return nil end
  if digits:find("^%.") then digits = "0" .. digits end
  local value, used = core.decode(digits)
  value = tonumber(value) -- an integer of many digits is a text
  if used ~= #digits or not value or value == math.huge then return nil end
  return sign == "-" and -value or value
end

return number
