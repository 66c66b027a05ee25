--- The names of the fields of a submit and of a chat on the wire, by what they
-- mean. Users may give these names or the client's own; nothing outside this
-- folder compares with one of them.
local ascii = require "yuanjing.base.ascii"
local category = require "yuanjing.protocol.category"

local fields = {
  --- The legacy API's id of a model in a category.
  ROW_ID = "llmid",
  --- A chat's fields with media.
  OF_CHAT = { "image_file", "video_file", "audio_file" },
}

-- The head of a submit -----------------------------------------------------

--- What a submit begins with, in this order.
fields.HEAD = { fields.ROW_ID, "model", category.FIELD, "prompt" }

local FILLED_IN = { model = true, [category.FIELD] = true,
  [fields.ROW_ID] = true }

--- Whether the client fills the field in, by the model and the category.
---@param name any
---@return boolean
function fields.is_filled_in(name)
  return FILLED_IN[name] == true
end

--- Whether a name that was given is about the head. The v1 API has no ids of
--- rows.
---@param api "v1"|"legacy"
---@param name any
---@return boolean
function fields.is_of_head(api, name)
  return fields.is_filled_in(name)
    and (name ~= fields.ROW_ID or api == "legacy")
end

--- The values of the head, by their names. The legacy API knows no category, and
--- of the models just those that share an id: there these go out as given.
---@param api "v1"|"legacy"
---@param target { category?: string, row_id?: string }
---@param given table
---@return table<string, any>
function fields.head(api, target, given)
  local wanted = api == "legacy" and given[category.FIELD]
  if api ~= "legacy" then wanted = target.category end
  return { model = given.model, [fields.ROW_ID] = target.row_id,
    [category.FIELD] = wanted }
end

-- Media --------------------------------------------------------------------

-- Where no table names a field, it has the name that most models have for it.
local V1 = { first_frame = "image_file", last_frame = "image_file2",
  reference_images = "image_files", reference_videos = "video_files",
  reference_audios = "audio_files" }
local LEGACY = { first_frame = "image_file1", last_frame = "image_file2",
  reference_images = "image_file", reference_videos = "video_file",
  reference_audios = "audio_file" }

--- The field of a role. A first frame has another one where a last one goes
--- along.
---@param api "v1"|"legacy"
---@param role yuanjing.Role
---@param has_last_frame boolean
---@return string
function fields.of_role(api, role, has_last_frame)
  if role == "first_frame" and has_last_frame then return "image_file1" end
  return (api == "legacy" and LEGACY or V1)[role]
end

--- The n-th of fields that are numbered: image_file1, image_file2, ...
---@param name string one of them, or what they have in common
---@param n integer
---@return string
function fields.numbered(name, n)
  return name:gsub("%d*$", "") .. n
end

--- Whether a field of that name has a file, or several.
---@param name string
---@return boolean
function fields.is_of_media(name)
  return name:find("_files?%d*$") ~= nil
end

--- Whether a field of that name has a list of files.
---@param name string
---@return boolean
function fields.is_of_files(name)
  return name:find("files$") ~= nil
end

--- Whether a field of that name has references, for all that is known.
---@param name string
---@return boolean
function fields.is_of_references(name)
  return name:find("_files$") ~= nil
end

local OF_CHAT = { "^image%d*_files?%d*$", "^video%d*_files?%d*$",
  "^audio%d*_files?%d*$" }

--- Whether a chat's field of that name has a medium: a text in it is a path or a
--- URL.
---@param name string
---@return boolean
function fields.is_of_chat_media(name)
  return ascii.matches_any(name, OF_CHAT)
end

return fields
