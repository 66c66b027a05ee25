--- Texts that some gateways send whole in each chunk: all so far, and more behind
-- it. That one text begins with another may also be chance ("1", "10"), so what
-- begins with all so far is held back until the chunks behind it show which it is.
local growth = {}

---@class yuanjing.Growth
---@field private _is_trusted boolean one text that grows is enough
---@field private _held string[] texts that are held back
---@field private _is_whole? boolean each text is all so far
local methods = {}
local Growth = { __index = methods }

-- In bytes. What begins with less than these is chance.
local MUCH, LITTLE = 8, 4

local function begins_with(text, beginning)
  return text:sub(1, #beginning) == beginning
end

-- Whether a text is a shorter one again and again, as a laugh is.
local function repeats(text, unit)
  return unit:rep(math.ceil(#text / #unit)):sub(1, #text) == text
end

function methods:_may_grow(text, length)
  if #self._held > 0 then return true end
  return self._is_whole and #text >= length or length > 0 and #text > length
end

-- One text that grows proves it where much had come before; else two do.
function methods:_is_proved(text, so_far)
  local is_enough = self._is_trusted or #so_far >= MUCH
    or #self._held > 1 and #text >= LITTLE
  return is_enough and not repeats(text, so_far)
end

--- What a text adds to those so far; "" also while it is held back.
---@param text string not empty
---@param length integer of the text so far, in bytes
---@param so_far fun(): string
---@return string
function methods:take(text, length, so_far)
  if not self:_may_grow(text, length) then return text end
  local before = so_far()
  if not begins_with(text, self._held[#self._held] or before) then
    return self:release() .. text
  end
  if not self._is_whole then
    self._held[#self._held + 1] = text
    if not self:_is_proved(text, before) then return "" end
    self._is_whole, self._held = true, {}
  end
  return text:sub(length + 1)
end

--- What is still held back: the texts were pieces. Not so if a text that is known
--- to be whole begins with the last of them.
---@param whole? string
---@return string
function methods:release(whole)
  local held = self._held
  self._held = {}
  if whole and #held > 0 and begins_with(whole, held[#held]) then return "" end
  return table.concat(held)
end

--- Whether the next text has to come here, however it begins.
---@return boolean
function methods:is_watching()
  return self._is_whole or #self._held > 0
end

---@param is_trusted boolean one text that grows is enough
---@return yuanjing.Growth
function growth.new(is_trusted)
  return setmetatable({ _is_trusted = is_trusted, _held = {} }, Growth)
end

return growth
