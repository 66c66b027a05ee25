--- Checks that a text is UTF-8.
local utf8 = {}

-- A lead byte determines the length, so no match can begin inside a sequence.
local SEQUENCES = {
  "[\194-\223][\128-\191]",
  "\224[\160-\191][\128-\191]",
  "[\225-\236\238\239][\128-\191][\128-\191]",
  "\237[\128-\159][\128-\191]", -- without the surrogates
  "\240[\144-\191][\128-\191][\128-\191]",
  "[\241-\243][\128-\191][\128-\191][\128-\191]",
  "\244[\128-\143][\128-\191][\128-\191]",
}

---@param text string
---@return boolean
function utf8.is_valid(text)
  for _, pattern in ipairs(SEQUENCES) do text = text:gsub(pattern, " ") end
  return not text:find("[\128-\255]")
end

return utf8
