-- The texts in Lua files: string literals, where `"a " .. "b"` is one.
local support = require "support"

local texts = {}

local ESCAPES = { n = "\n", t = "\t", r = "\r" }

local function unescaped(literal)
  return (literal:gsub("\\(%d%d?%d?)", function(code)
    return string.char(tonumber(code))
  end):gsub("\\([^%d])", function(sign) return ESCAPES[sign] or sign end))
end

-- The literal that begins at `at`: its text, its last place, and whether it is a
-- long one; nil: none does. Or the end of a comment, as the second result.
local function token_at(source, at)
  local dashes, level = source:match("^(%-*)%[(=*)%[", at)
  if dashes == "" or dashes == "--" then
    local first = at + #dashes + #level + 2
    local last, stop = source:find("]" .. level .. "]", first, true)
    if dashes == "--" then return nil, stop end
    return source:sub(first, last - 1):gsub("^\n", ""), stop
  end
  if source:find("^%-%-", at) then return nil, source:find("\n", at) end
  local quote = source:match("^[\"']", at)
  if not quote then return nil end
  local stop = at + 1
  while source:sub(stop, stop) ~= quote do
    stop = stop + (source:sub(stop, stop) == "\\" and 2 or 1)
  end
  return unescaped(source:sub(at + 1, stop - 1)), stop
end

--- The texts of a source, each with what stands before it in its line.
---@param source string
---@return { text: string, before: string }[]
function texts.of(source)
  local list, at, joined = {}, 1, false
  while at do
    at = source:find("[-%[\"']", at)
    if not at then break end
    local text, stop = token_at(source, at)
    if text and joined then
      list[#list].text = list[#list].text .. text
    elseif text then
      list[#list + 1] = { text = text,
        before = source:sub(math.max(1, at - 100), at - 1):match("[^\n]*$") }
    end
    at = (stop or at) + 1
    if text then
      local _, dots = source:find("^%s*%.%.%s*", at)
      joined = dots ~= nil and source:find("^[\"'[]", dots + 1) ~= nil
      at = joined and dots + 1 or at
    end
  end
  return list
end

--- The Lua files of a folder.
---@param folder string
---@return string[]
function texts.files(folder)
  local files = {}
  for path in support.output(("find %s -name '*.lua' | LC_ALL=C sort")
    :format(folder)):gmatch("[^\n]+") do
    files[#files + 1] = path
  end
  return files
end

return texts
