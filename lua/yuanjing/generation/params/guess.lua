--- Guesses parameters that are in no table of the catalog.
--
-- First frames are image_file, or image_file1 if there is a last one
-- (image_file2); references are image_files, video_files, audio_files. In the
-- legacy API all are numbered: image_file1, image_file2, video_file1. Most
-- models of the catalog do the same. A name that ends in _file, _files or
-- _file1 is a medium.
local media = require "yuanjing.base.media"
local target_of = require "yuanjing.generation.params.target"

local guess = {}

local V1 = { first_frame = "image_file", last_frame = "image_file2",
  reference_images = "image_files", reference_videos = "video_files",
  reference_audios = "audio_files" }
local LEGACY = { first_frame = "image_file1", last_frame = "image_file2",
  reference_images = "image_file", reference_videos = "video_file",
  reference_audios = "audio_file" }

local function is_list(given)
  return type(given) == "table" and not media.is(given)
end

local function numbered(name, role, given)
  local slots = {}
  for i = 1, math.max(1, is_list(given) and #given or 1) do
    slots[i] = { name = name .. i, type = "file", role = role }
  end
  return slots
end

local function of_role(api, role, given)
  local value, name = given[role], (api == "legacy" and LEGACY or V1)[role]
  if role == "first_frame" and given.last_frame ~= nil then
    name = "image_file1"
  end
  if role:find("_frame$") then
    return { { name = name, type = "file", role = role } }
  end
  if api == "legacy" then return numbered(name, role, value) end
  return { { name = name, type = "files", role = role } }
end

--- One parameter with this name. The type "any" is for values that are not
--- media.
---@param name string
---@param value any
---@param is_medium boolean
---@return yuanjing.CatalogParam
function guess.plain(name, value, is_medium)
  if not is_medium then return { name = name, type = "any" } end
  local many = name:find("files$") or is_list(value)
  return { name = name, type = many and "files" or "file" }
end

--- The parameters for a given name; more than one for a list that is spread.
---@param api "v1"|"legacy"
---@param name string
---@param given table all that was given
---@return yuanjing.CatalogParam[]
function guess.slots(api, name, given)
  if target_of.is_role(name) then return of_role(api, name, given) end
  local is_medium = name:find("_files?%d*$") ~= nil
    or media.is_or_holds(given[name])
  return { guess.plain(name, given[name], is_medium) }
end

return guess
