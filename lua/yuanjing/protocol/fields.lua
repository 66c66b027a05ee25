--- The platform's names for the fields of a submit and of a chat. Users may
-- write these names or the client's own. No code outside this folder contains
-- one of them.
local ascii = require "yuanjing.base.ascii"
local category = require "yuanjing.protocol.category"

local fields = {
  --- The legacy API's id of a model in a category.
  ROW_ID = "llmid",
  --- The fields of a chat that hold media.
  OF_CHAT = { "image_file", "video_file", "audio_file" },
}

-- The head of a submit -----------------------------------------------------

--- The first fields of a submit, in this order.
fields.HEAD = { fields.ROW_ID, "model", category.FIELD, "prompt" }

local FILLED_IN = { model = true, [category.FIELD] = true,
  [fields.ROW_ID] = true }

--- Whether the client sets the field itself, from the model and the category.
---@param name any
---@return boolean
function fields.is_filled_in(name)
  return FILLED_IN[name] == true
end

--- Whether a name that a user gave is a field of the head. The v1 API has no
--- ids of rows.
---@param api "v1"|"legacy"
---@param name any
---@return boolean
function fields.is_of_head(api, name)
  return fields.is_filled_in(name)
    and (name ~= fields.ROW_ID or api == "legacy")
end

--- The values of the head, by name. The legacy API has no category, and the
--- field `model` only where models share an id: there the user's values are
--- sent unchanged.
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

-- The names that most models use, for a model without an entry in the catalog.
local V1 = { first_frame = "image_file", last_frame = "image_file2",
  reference_images = "image_files", reference_videos = "video_files",
  reference_audios = "audio_files" }
local LEGACY = { first_frame = "image_file1", last_frame = "image_file2",
  reference_images = "image_file", reference_videos = "video_file",
  reference_audios = "audio_file" }

--- The field of a role. A first frame has another field if there is a last
--- frame, too.
---@param api "v1"|"legacy"
---@param role yuanjing.Role
---@param has_last_frame boolean
---@return string
function fields.of_role(api, role, has_last_frame)
  if role == "first_frame" and has_last_frame then return "image_file1" end
  return (api == "legacy" and LEGACY or V1)[role]
end

--- The n-th of numbered fields: image_file1, image_file2, ...
---@param name string one of them, or their common beginning
---@param n integer
---@return string
function fields.numbered(name, n)
  return name:gsub("%d*$", "") .. n
end

--- Whether a field of that name holds one file or several.
---@param name string
---@return boolean
function fields.is_of_media(name)
  return name:find("_files?%d*$") ~= nil
end

--- Whether a field of that name holds a list of files.
---@param name string
---@return boolean
function fields.is_of_files(name)
  return name:find("files$") ~= nil
end

--- Whether a field of that name probably holds references.
---@param name string
---@return boolean
function fields.is_of_references(name)
  return name:find("_files$") ~= nil
end

local OF_CHAT = { "^image%d*_files?%d*$", "^video%d*_files?%d*$",
  "^audio%d*_files?%d*$" }

--- Whether a chat's field of that name holds a medium: then a text in it is a
--- path or a URL.
---@param name string
---@return boolean
function fields.is_of_chat_media(name)
  return ascii.matches_any(name, OF_CHAT)
end

return fields
