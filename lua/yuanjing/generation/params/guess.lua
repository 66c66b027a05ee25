--- Guesses parameters that are in no table of the catalog, by the names that
-- most models of the catalog have for them.
local fields = require "yuanjing.protocol.fields"
local media = require "yuanjing.base.media"
local target_of = require "yuanjing.generation.params.target"

local guess = {}

local function is_list(given)
  return type(given) == "table" and not media.is(given)
end

local function numbered(name, role, given)
  local slots = {}
  for i = 1, math.max(1, is_list(given) and #given or 1) do
    slots[i] = { name = fields.numbered(name, i), type = "file", role = role }
  end
  return slots
end

local function of_role(api, role, given)
  local name = fields.of_role(api, role, given.last_frame ~= nil)
  if role:find("_frame$") then
    return { { name = name, type = "file", role = role } }
  end
  if api == "legacy" then return numbered(name, role, given[role]) end
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
  local many = fields.is_of_files(name) or is_list(value)
  return { name = name, type = many and "files" or "file" }
end

--- The parameters for a given name; more than one for a list that is spread.
---@param api "v1"|"legacy"
---@param name string
---@param given table all that was given
---@return yuanjing.CatalogParam[]
function guess.slots(api, name, given)
  if target_of.is_role(name) then return of_role(api, name, given) end
  local is_medium = fields.is_of_media(name)
    or media.is_or_holds(given[name])
  return { guess.plain(name, given[name], is_medium) }
end

return guess
