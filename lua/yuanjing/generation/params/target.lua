--- Finds the row of the catalog for a call: by its model, and by the category,
-- which follows from the given media.
local catalog = require "yuanjing.generation.catalog"
local category = require "yuanjing.protocol.category"
local fields = require "yuanjing.protocol.fields"
local media = require "yuanjing.base.media"
local value = require "yuanjing.generation.params.value"

local target = {}

---@class yuanjing.Target
---@field api "v1"|"legacy"
---@field kind "image"|"video"
---@field model? string
---@field category? string
---@field row_id? string legacy
---@field row? yuanjing.CatalogRow nil: the catalog does not know the model
---@field rows yuanjing.CatalogRow[] all of that model's

local ROLES = {}
for _, role in ipairs(catalog.roles) do ROLES[role] = true end

--- Whether a name belongs to the vocabulary for media.
function target.is_role(name)
  return ROLES[name] == true
end

--- The parameters of a row with this name: one by the platform's name, or all
--- with this role.
---@param row yuanjing.CatalogRow
---@param name string
---@return yuanjing.CatalogParam[]
function target.params(row, name)
  local params = {}
  for _, param in ipairs(row.params) do
    if param.name == name then return { param } end
    if param.alias == name or param.role == name then
      params[#params + 1] = param
    end
  end
  return params
end

--- The categories of the rows that know a name.
function target.categories(rows, name)
  local categories = {}
  for _, row in ipairs(rows) do
    if not name or #target.params(row, name) > 0 then
      categories[#categories + 1] = row.category
    end
  end
  return categories
end

--- Whether a name is or may be a medium in one of the rows.
function target.is_medium(rows, name)
  if ROLES[name] then return true end
  for _, row in ipairs(rows) do
    local param = target.params(row, name)[1]
    if param and param.role then return true end
  end
  return false
end

-- Rows ---------------------------------------------------------------------

-- A legacy row may cover several models, and takes the model as a parameter.
local function is_of_model(row, model)
  if row.model == model then return true end
  if row.api ~= "legacy" then return false end
  local param = target.params(row, "model")[1]
  for _, choice in ipairs(param and param.choices or {}) do
    if choice == model then return true end
  end
  return false
end

local function rows_of(api, model)
  local rows = {}
  for _, row in ipairs(catalog) do
    if row.api == api and is_of_model(row, model) then
      rows[#rows + 1] = row
    end
  end
  return rows
end

local function row_of_id(id)
  for _, row in ipairs(catalog) do
    if id and row[fields.ROW_ID] == id then return row end
  end
end

local function row_in(rows, wanted)
  for _, row in ipairs(rows) do
    if row.category == wanted then return row end
  end
end

-- How badly a row fits the given media: first count media that it does not
-- take, then required media that are missing.
local function misfit(row, rows, given)
  local strange, missing = 0, 0
  for name in pairs(given) do
    if target.is_medium(rows, name) and #target.params(row, name) == 0 then
      strange = strange + 1
    end
  end
  for _, param in ipairs(row.params) do
    if param.role and param.required and given[param.name] == nil
      and given[param.role] == nil then
      missing = missing + 1
    end
  end
  return strange * 100 + missing
end

-- The row that fits best. Rows are in the order t2v, i2v, ref2v: without media
-- it is t2v if there is one, and a picture is a frame rather than a reference.
local function row_for(rows, given)
  local best, least
  if #rows == 1 then return rows[1] end
  for _, row in ipairs(rows) do
    local much = misfit(row, rows, given)
    if not least or much < least then best, least = row, much end
  end
  return best
end

-- The same for a model without known rows.
local function likely_category(kind, given)
  if kind == "image" then return "t2i" end
  local likely = "t2v"
  for key, medium in pairs(given) do
    local name = tostring(key)
    if ROLES[name] and name:find("^reference_")
      or fields.is_of_references(name) then
      return "ref2v"
    end
    if ROLES[name] or fields.is_of_media(name) or media.place_in(medium, name)
    then
      likely = "i2v"
    end
  end
  return likely
end

-- Checks -------------------------------------------------------------------

-- A given string, or nil; `doubt` is called for any other type.
local function text_of(given, name, doubt)
  local text = given[name]
  if text == nil or type(text) == "string" and text ~= "" then return text end
  doubt(name, text == "" and "empty" or "expected string, got " .. type(text))
end

-- The platform's own field may have a category that is unknown here.
local function category_of(given, doubt)
  local ours = text_of(given, "category", doubt)
  local wire = text_of(given, category.FIELD, doubt)
  if category.contradict(ours, wire) then
    doubt(nil, ("%s: %s and %s contradict each other"):format(category.BOTH,
      value.show(ours), value.show(wire)))
  end
  return category.chosen(ours, wire)
end

local function check_kind(self, doubt)
  local kind = self.rows[1].kind
  if kind == self.kind then return end
  doubt("model", ("%s makes %ss: call client:%s"):format(self.model, kind, kind))
end

local function check_category(self, doubt)
  if row_in(self.rows, self.category) then return end
  local meant = category.named(self.category)
  if row_in(self.rows, meant) then
    self.category = meant
    return
  end
  doubt("category", ("%s has no %s (it has %s)"):format(self.model,
    value.show(self.category),
    table.concat(target.categories(self.rows), ", ")), true)
end

-- The id of a row determines both model and category.
local function check_row_id(self, row, doubt)
  if is_of_model(row, self.model)
    and (not self.category or self.category == row.category) then
    return
  end
  doubt(fields.ROW_ID, ("%s is %s in category %s, not %s%s"):format(
    value.show(self.row_id), row.model, row.category, self.model,
    self.category and " in category " .. self.category or ""))
end

local function check_unknown(self, given, doubt)
  local known = (" (known: %s)"):format(
    table.concat(catalog.models(self.api, self.kind), ", "))
  if self.model == nil and self.row_id == nil then
    if given.model == nil then doubt("model", "missing" .. known) end
    if given.prompt == nil or given.prompt == "" then
      doubt("prompt", "missing")
    end
  elseif self.api == "legacy" and self.row_id == nil then
    doubt(fields.ROW_ID, ("none is known for %s%s"):format(
      value.show(self.model), known))
  end
end

local function find_row(self, given, doubt)
  local named = row_of_id(self.row_id)
  if named then
    self.model = self.model or named.model
    check_row_id(self, named, doubt)
    self.rows = { named }
    check_kind(self, doubt)
    return named
  end
  self.rows = self.model and rows_of(self.api, self.model) or {}
  if #self.rows == 0 then
    check_unknown(self, given, doubt)
    return nil
  end
  check_kind(self, doubt)
  if self.category then check_category(self, doubt) end
  return row_in(self.rows, self.category) or row_for(self.rows, given)
end

--- The target of a call. `doubt` is called with a parameter and its problem, and
--- with true for a problem that newer documents may not have; a target is
--- returned all the same, so that the other parameters can be checked, too.
---@param api "v1"|"legacy"
---@param kind "image"|"video"
---@param given table
---@param doubt fun(parameter: string?, problem: string, is_dated: boolean?)
---@return yuanjing.Target
function target.of(api, kind, given, doubt)
  local self = { api = api, kind = kind,
    model = text_of(given, "model", doubt),
    category = category_of(given, doubt),
    row_id = api == "legacy" and text_of(given, fields.ROW_ID, doubt) or nil }
  self.row = find_row(self, given, doubt)
  self.category = self.category or self.row and self.row.category
    or likely_category(kind, given)
  self.row_id = self.row_id or self.row and self.row[fields.ROW_ID]
  return self
end

return target
