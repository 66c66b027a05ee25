--- Files inside JSON, as data URIs: a mark stands in the text where the bytes
-- go, and those come from the core, piece by piece, as they are sent. So a file
-- of any size costs the same.
local json = require "yuanjing.json"

local embed = {}

-- A word that stands nowhere in the fields: nobody's prompt is taken for a file.
local function unused_word(object)
  local text = json.encode(object) or ""
  local n = 0
  while text:find(("yjfile%dx"):format(n), 1, true) do n = n + 1 end
  return ("yjfile%dx"):format(n)
end

--- Puts marked data URIs into the object. What the marks stand for, for
--- yuanjing.Request, and how long it is as sent; nil for no files.
---@param object table
---@param files { name: string, medium: yuanjing.Medium }[] of the kinds path and bytes
---@return { word: string, pieces: table[] }? embedded
---@return number? length
function embed.files(object, files)
  if #files == 0 then return nil end
  local embedded, length = { word = unused_word(object), pieces = {} }, 0
  for n, file in ipairs(files) do
    local medium = file.medium
    object[file.name] = ("data:%s;base64,%s%d;"):format(medium.type,
      embedded.word, n)
    embedded.pieces[n] = { path = medium.path, data = medium.data,
      base64 = true }
    length = length + math.floor((medium.size + 2) / 3) * 4
  end
  return embedded, length
end

return embed
