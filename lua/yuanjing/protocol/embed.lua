--- Files inside JSON, as data URIs: a mark stands in the text where the bytes
-- go, and those come from the core, piece by piece, as they are sent. So a file
-- of any size costs the same.
local json = require "yuanjing.base.json"

local embed = {}

-- A word that stands nowhere in what is sent: nobody's prompt, and no file's
-- type, is taken for a file.
local function unused_word(object, files)
  local text, longest = json.encode(object) or "", 0
  for _, file in ipairs(files) do
    text = text .. (file.medium.url or file.medium.type)
  end
  for zeros in text:gmatch("yjfile(0*)") do
    longest = math.max(longest, #zeros)
  end
  return "yjfile" .. ("0"):rep(longest + 1) .. "x"
end

local function put(object, file, text)
  if not file.is_listed then
    object[file.name] = text
    return
  end
  local list = object[file.name] or {}
  list[#list + 1] = text
  object[file.name] = list
end

local function piece_of(medium)
  return { path = medium.path, data = medium.data, base64 = true,
    name = medium.name, type = medium.type, size = medium.size }
end

--- Puts marked data URIs into the object, and the texts among the media as they
--- are. What the marks stand for, for yuanjing.Request, and how long it is as
--- sent; nil for no files.
---@param object table
---@param files yuanjing.SentMedium[]
---@return { word: string, pieces: table[] }? embedded
---@return number? length
function embed.files(object, files)
  if #files == 0 then return nil end
  local embedded, length = { word = unused_word(object, files), pieces = {} }, 0
  for _, file in ipairs(files) do
    local medium, n = file.medium, #embedded.pieces + 1
    if medium.url then
      put(object, file, medium.url)
    else
      put(object, file, ("data:%s;base64,%s%d;"):format(medium.type,
        embedded.word, n))
      embedded.pieces[n] = piece_of(medium)
      length = length + math.floor((medium.size + 2) / 3) * 4
    end
  end
  return embedded, length
end

return embed
