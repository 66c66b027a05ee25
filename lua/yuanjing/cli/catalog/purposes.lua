--- What a model is wanted for: the name of a command, or of an option that the
-- model has to take. `models --for` and `catalog --for` choose by it.
local catalog = require "yuanjing.generation.catalog"
local flags = require "yuanjing.cli.catalog.flags"
local say = require("yuanjing.base.language").say

local purposes = {}

-- The categories of the platform that a command asks for.
local CATEGORIES = { chat = { "t2t", "tm2t" }, image = { "t2i" },
  video = { "t2v", "i2v", "ref2v" } }

local MEDIA = {}
for n, role in ipairs(catalog.roles) do
  MEDIA[n] = flags.option_of(role):sub(3)
end

--- What `--for` takes.
purposes.NAMES = { "image", "video" }
for _, name in ipairs(MEDIA) do
  purposes.NAMES[#purposes.NAMES + 1] = name
end

--- Converter for argparse.
---@param names string[]
function purposes.reader(names)
  return function(text)
    text = text:gsub("^%-%-", "")
    for _, name in ipairs(names) do if text == name then return name end end
    return nil, say("one of %s is expected, not '%s'",
      table.concat(names, ", "), text)
  end
end

local function takes(row, option)
  for _, param in ipairs(row.params) do
    if param.role and flags.option_of(param.role) == "--" .. option then
      return true
    end
  end
  return false
end

--- Whether a row of the catalog is good for it.
---@param row yuanjing.CatalogRow
---@param purpose string
---@return boolean
function purposes.fits(row, purpose)
  return row.kind == purpose or takes(row, purpose)
end

local function has_category(named, purpose)
  for _, category in ipairs(CATEGORIES[purpose]) do
    if named[category] then return true end
  end
  return next(named) == nil
end

--- The models of the platform's list that are good for it. A model of which the
--- platform names no category stays in: it may be.
---@param models yuanjing.ModelList
---@param purpose string
---@return string[]
function purposes.among(models, purpose)
  local wanted, list = {}, {}
  for _, row in ipairs(models.usable) do
    if purposes.fits(row, purpose) then wanted[row.model] = true end
  end
  for _, model in ipairs(models) do
    local is_good = wanted[model]
    if is_good == nil and CATEGORIES[purpose] then
      is_good = has_category(models.categories[model] or {}, purpose)
    end
    if is_good then list[#list + 1] = model end
  end
  return list
end

return purposes
