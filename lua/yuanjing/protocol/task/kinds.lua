--- The kinds of files that a task may bring, the main thing first: of a video the
-- image is its cover. A result has the first file of each kind by its name, and
-- all of them in a list: `video`, `videos`. `output` is what has no kind of its
-- own.
---@alias yuanjing.FileKind "video"|"image"|"audio"|"output"

---@type yuanjing.FileKind[]
local kinds = { "video", "image", "audio", "output" }

-- "video_url", "videoUrls": each vendor has another name.
local ENDINGS = { "", "s", "_url", "_urls", "Url", "Urls" }

--- The fields of an answer in which files of a kind stand.
---@type table<string, string[]>
kinds.FIELDS = { output = { "output", "outputs" } }
for _, kind in ipairs { "video", "image", "audio" } do
  local names = {}
  for n, ending in ipairs(ENDINGS) do names[n] = kind .. ending end
  kinds.FIELDS[kind] = names
end

--- The kind of a file by its type: "video" for "video/mp4".
---@param mime? string
---@return string
function kinds.of_type(mime)
  local family = (mime or ""):match("^[A-Za-z]+")
  return kinds.FIELDS[family] and family or "output"
end

return kinds
