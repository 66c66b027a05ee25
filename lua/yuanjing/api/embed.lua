--- Files inside JSON, as data URIs: a mark stands in the text where the bytes
-- go, and those come from the core, piece by piece, as they are sent. So a file
-- of any size costs the same.
local json = require "yuanjing.json"

local embed = {}

-- A word that stands nowhere in what is sent: nobody's prompt, and no file's
-- type, is taken for a file.
local function unused_word(object, files)
  local text, longest = json.encode(object) or "", 0
  for _, file in ipairs(files) do text = text .. file.medium.type end
  for zeros in text:gmatch("yjfile(0*)") do
    longest = math.max(longest, #zeros)
  end
  return "yjfile" .. ("0"):rep(longest + 1) .. "x"
end

--- Puts marked data URIs into the object. What the marks stand for, for
--- yuanjing.Request, and how long it is as sent; nil for no files.
---@param object table
---@param files { name: string, medium: yuanjing.Medium }[] of the kinds path and bytes
---@return { word: string, pieces: table[] }? embedded
---@return number? length
function embed.files(object, files)
  if #files == 0 then return nil end
  local embedded, length = { word = unused_word(object, files), pieces = {} }, 0
  for n, file in ipairs(files) do
    local medium = file.medium
    object[file.name] = ("data:%s;base64,%s%d;"):format(medium.type,
      embedded.word, n)
    embedded.pieces[n] = { path = medium.path, data = medium.data,
      base64 = true, name = medium.name, type = medium.type,
      size = medium.size }
    length = length + math.floor((medium.size + 2) / 3) * 4
  end
  return embedded, length
end

return embed
