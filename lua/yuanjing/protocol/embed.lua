--- Files inside JSON, as data URIs. The JSON has a marker in the place of the
-- bytes; the core reads the file piece by piece while it sends. So the memory
-- does not grow with the size of the file.
local json = require "yuanjing.base.json"

local embed = {}

-- A marker that does not occur in the request: no prompt and no type of a file
-- can be mistaken for it.
local function unused_word(object, media)
  local text, longest = json.encode(object) or "", 0
  for _, medium in ipairs(media) do
    text = text .. (medium.url or medium.type)
  end
  for zeros in text:gmatch("yjfile(0*)") do
    longest = math.max(longest, #zeros)
  end
  return "yjfile" .. ("0"):rep(longest + 1) .. "x"
end

local function piece_of(medium)
  return { path = medium.path, data = medium.data, base64 = true,
    name = medium.name, type = medium.type, size = medium.size }
end

---@class yuanjing.EmbedWriter
---@field uri fun(medium: yuanjing.Medium): string a data URI with a marker in it, or the URL
---@field data fun(medium: yuanjing.Medium): string the marker alone, or the URL
---@field embedded { word: string, pieces: table[] } for yuanjing.Request
---@field length number encoded bytes of the pieces

--- Makes a writer of markers for media into the texts of an object. The object must
--- hold everything else that is sent, so that the marker is unique.
---@param object table
---@param media yuanjing.Medium[]
---@return yuanjing.EmbedWriter
function embed.writer(object, media)
  local writer = { length = 0,
    embedded = { word = unused_word(object, media), pieces = {} } }
  function writer.data(medium)
    if medium.url then return medium.url end
    local n = #writer.embedded.pieces + 1
    writer.embedded.pieces[n] = piece_of(medium)
    writer.length = writer.length + math.floor((medium.size + 2) / 3) * 4
    return ("%s%d;"):format(writer.embedded.word, n)
  end
  function writer.uri(medium)
    if medium.url then return medium.url end
    return ("data:%s;base64,%s"):format(medium.type, writer.data(medium))
  end
  return writer
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

--- Adds the media to the object: a URL as a text, a file as a data URI with a
--- marker. Returns what the markers stand for (the field `embedded` of
--- yuanjing.Request) and the encoded length of the files; nil without files.
---@param object table
---@param files yuanjing.SentMedium[]
---@return { word: string, pieces: table[] }? embedded
---@return number? length
function embed.files(object, files)
  if #files == 0 then return nil end
  local media = {}
  for n, file in ipairs(files) do media[n] = file.medium end
  local writer = embed.writer(object, media)
  for _, file in ipairs(files) do put(object, file, writer.uri(file.medium)) end
  return writer.embedded, writer.length
end

return embed
