-- Writes lua/yuanjing/meta/models.lua from the catalog:   make docs
local catalog = require "yuanjing.generation.catalog"
local fields = require "yuanjing.protocol.fields"

local HEAD = [[
---@meta yuanjing.meta.models
-- What client:image and client:video take, for editors: a class for each model
-- and category. Made from yuanjing.catalog by `make docs`; not to be edited.

--- A model that the catalog does not know: sent as it is given.
---@class yuanjing.OtherModelParams
---@field model string
---@field category? string
---@field prompt? string
---@field [string] any
]]

local ROLES = {
  first_frame = "the first picture",
  last_frame = "the last picture",
  reference_images = "pictures to go by",
  reference_videos = "videos to go by",
  reference_audios = "sounds to go by",
}

local LISTED = { reference_images = true, reference_videos = true,
  reference_audios = true }

-- The parameters that each call takes besides those of the catalog.
local COMMON = {
  { "extra", "table<string, any>", "goes out unchecked" },
  { "note", "string", "the user's own, for the journal; never sent" },
}

local UNITS = { duration = "seconds" }

local function quoted(value)
  return type(value) == "string" and ("%q"):format(value) or tostring(value)
end

-- A default is always allowed, even if it is none of the choices.
local function values_of(param)
  local list, has_default = {}, param.default == nil
  for n, value in ipairs(param.choices) do
    list[n] = quoted(value)
    has_default = has_default or value == param.default
  end
  if not has_default then list[#list + 1] = quoted(param.default) end
  if param.flag then list[#list + 1] = "boolean" end
  return table.concat(list, "|")
end

local function type_of(param)
  if param.role then
    return LISTED[param.role] and "yuanjing.AnyMedium[]|yuanjing.AnyMedium"
      or "yuanjing.AnyMedium"
  end
  return param.choices and values_of(param) or param.type
end

local function about(param)
  local list = {}
  local function add(text) list[#list + 1] = text end
  if UNITS[param.name] then add(UNITS[param.name]) end
  if param.minimum then
    add(("%d to %d"):format(param.minimum, param.maximum))
  end
  if param.max_count then add(("at most %d"):format(param.max_count)) end
  if param.default ~= nil then add("default: " .. param.default) end
  return table.concat(list, "; ")
end

local function field(name, required, type, text)
  local line = ("---@field %s%s %s %s"):format(name, required and "" or "?",
    type, text)
  return (line:gsub(" +$", ""))
end

-- A parameter with two names: the one of all models, and the platform's own.
local function add_named(param, lines)
  local name, is_known = param.role or param.alias, false
  local function add(...) lines[#lines + 1] = field(...) end
  for _, line in ipairs(lines) do
    is_known = is_known or line:find("@field " .. name .. "?", 1, true)
  end
  if not is_known then -- of a role several may stand for one
    add(name, false, type_of(param), (param.required and "needed; " or "")
      .. (ROLES[param.role] or about(param))
      .. (param.max_count and "; " .. about(param) or ""))
  end
  local type = param.type == "string" and param.role and "yuanjing.AnyMedium"
    or type_of(param)
  add(param.name, false, type, "the wire's name of " .. name)
end

local function add_field(param, lines)
  if fields.is_filled_in(param.name) and not param.choices then return end
  if param.role or param.alias then return add_named(param, lines) end
  lines[#lines + 1] = field(param.name, param.required, type_of(param),
    about(param))
end

local function class_name(row)
  local kind = row.kind == "image" and "ImageParams" or "VideoParams"
  local legacy = row.api == "legacy" and "legacy." or ""
  return ("yuanjing.%s%s.%s_%s"):format(legacy, kind,
    row.model:gsub("[^%w]", "_"), row.category)
end

local function has_models(row)
  for _, param in ipairs(row.params) do
    if param.name == "model" and param.choices then return true end
  end
end

local function heading(row)
  return ("--- %s, %s%s%s"):format(row.model, row.category,
    row.vendor and ", " .. row.vendor or "",
    row.available and "" or ", not opened yet")
end

local function class_of(row)
  local lines = { heading(row), "---@class (exact) " .. class_name(row) }
  local function add(...) lines[#lines + 1] = field(...) end
  if not has_models(row) then
    add("model", row.api == "v1", quoted(row.model), "")
  end
  add("category", false, quoted(row.category), "follows from the media")
  add("catelogid", false, quoted(row.category), "the wire's name of category")
  if row.llmid then
    add("llmid", false, quoted(row.llmid), "follows from model and category")
  end
  for _, param in ipairs(row.params) do add_field(param, lines) end
  for _, common in ipairs(COMMON) do
    lines[#lines + 1] = field(common[1], false, common[2], common[3])
  end
  return table.concat(lines, "\n")
end

-- The parameters of a call: those of any model of its kind.
local function union_of(name, kind, api)
  local lines = { "---@alias " .. name }
  for _, row in ipairs(catalog) do
    if row.kind == kind and row.api == api then
      lines[#lines + 1] = ("---| %s # %s, %s"):format(class_name(row),
        row.model, row.category)
    end
  end
  lines[#lines + 1] = "---| yuanjing.OtherModelParams # any other model"
  return table.concat(lines, "\n")
end

local parts = { HEAD }
for _, row in ipairs(catalog) do parts[#parts + 1] = class_of(row) .. "\n" end
parts[#parts + 1] = "--- What client:image takes.\n"
  .. union_of("yuanjing.ImageParams", "image", "v1") .. "\n"
parts[#parts + 1] = "--- What client:video takes.\n"
  .. union_of("yuanjing.VideoParams", "video", "v1") .. "\n"
parts[#parts + 1] = "--- The same on the legacy wire.\n"
  .. union_of("yuanjing.legacy.VideoParams", "video", "legacy")
io.write(table.concat(parts, "\n"), "\n")
