--- The platform's documentation of its image and video models: a list of rows,
-- one for each API, model and category. It is data: the only source of the
-- checks, the types, the model page in docs/ and the command's help.
--
--     for _, row in ipairs(yuanjing.catalog) do print(row.model) end

local protocols = require "yuanjing.protocol"

---@class yuanjing.CatalogRow
---@field api "v1"|"legacy"
---@field model string
---@field category "t2i"|"t2v"|"i2v"|"ref2v"
---@field kind "image"|"video" which call makes it
---@field vendor? string nil: not told
---@field llmid? string the legacy API's id of model and category
---@field available boolean false: announced, but not opened yet
---@field params yuanjing.CatalogParam[] in the order they go out

---@class yuanjing.CatalogParam
---@field name string of the wire
---@field type "string"|"integer"|"file"|"files" with a role, "string" is a URL or a data URI
---@field required boolean
---@field default? string|integer what the server takes; need not be among the choices
---@field choices? (string|integer)[]
---@field minimum? integer
---@field maximum? integer
---@field max_count? integer of the files
---@field const? string the one value it may have
---@field flag? boolean "Y" or "N", which may be given as true or false
---@field alias? string the name the other models have for it
---@field role? yuanjing.Role

---@alias yuanjing.Role "first_frame"|"last_frame"|"reference_images"|"reference_videos"|"reference_audios"

---@class yuanjing.Catalog
---@field [integer] yuanjing.CatalogRow
local catalog = {}

for _, api in ipairs(protocols.NAMES) do
  for _, row in ipairs(require("yuanjing.generation.catalog." .. api)) do
    catalog[#catalog + 1] = row
  end
end

--- The names for media that work with every model.
---@type yuanjing.Role[]
catalog.roles = { "first_frame", "last_frame", "reference_images",
  "reference_videos", "reference_audios" }

--- The row of a model in a category; its first row if no category is given.
---@param api "v1"|"legacy"
---@param model string
---@param category? string
---@return yuanjing.CatalogRow?
function catalog.find(api, model, category)
  for _, row in ipairs(catalog) do
    if row.api == api and row.model == model
      and (category == nil or row.category == category) then
      return row
    end
  end
end

--- The names of the models, without repetition, in the catalog's order.
---@param api "v1"|"legacy"
---@param kind? "image"|"video"
---@return string[]
function catalog.models(api, kind)
  local models, seen = {}, {}
  for _, row in ipairs(catalog) do
    if row.api == api and (kind == nil or row.kind == kind)
      and not seen[row.model] then
      seen[row.model] = true
      models[#models + 1] = row.model
    end
  end
  return models
end

--- The rows that a key can use now: those whose model the platform lists, in that
--- category where it names categories.
---@param api "v1"|"legacy"
---@param list yuanjing.ModelList
---@return yuanjing.CatalogRow[]
function catalog.usable(api, list)
  local rows = {}
  for _, row in ipairs(catalog) do
    local named = list.categories[row.model]
    if row.api == api and named
      and (next(named) == nil or named[row.category]) then
      rows[#rows + 1] = row
    end
  end
  return rows
end

--- The categories of a model; none for an unknown model.
---@param api "v1"|"legacy"
---@param model string
---@return string[]
function catalog.categories(api, model)
  local categories = {}
  for _, row in ipairs(catalog) do
    if row.api == api and row.model == model then
      categories[#categories + 1] = row.category
    end
  end
  return categories
end

return catalog
