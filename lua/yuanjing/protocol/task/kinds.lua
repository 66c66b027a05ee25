--- The kinds of files that a task may return, the main one first: an image beside
-- a video is its cover. A result has the first file of each kind in a field, and
-- all of them in a list: `video`, `videos`. `output` is any other kind.
---@alias yuanjing.FileKind "video"|"image"|"audio"|"output"

---@type yuanjing.FileKind[]
local kinds = { "video", "image", "audio", "output" }

--- The fields of a result with all files of a kind.
---@type table<string, string>
kinds.LISTS = { video = "videos", image = "images", audio = "audios",
  output = "outputs" }

-- Each vendor uses another name: "video_url", "videoUrls".
local ENDINGS = { "", "s", "_url", "_urls", "Url", "Urls" }

--- The fields of an answer that hold files of a kind.
---@type table<string, string[]>
kinds.FIELDS = { output = { "output", "outputs" } }
for _, kind in ipairs { "video", "image", "audio" } do
  local names = {}
  for n, ending in ipairs(ENDINGS) do names[n] = kind .. ending end
  kinds.FIELDS[kind] = names
end

--- The kind of a file, from its type: "video" for "video/mp4".
---@param mime? string
---@return string
function kinds.of_type(mime)
  local family = (mime or ""):match("^[A-Za-z]+")
  return kinds.FIELDS[family] and family or "output"
end

return kinds
