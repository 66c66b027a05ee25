--- "Did you mean" for the names of models.
local ascii = require "yuanjing.base.ascii"
local say = require("yuanjing.base.language").say
local suggest = require "yuanjing.base.suggest"

local names = {}

local MOST = 3 -- that are suggested

-- The models with the text in their names.
local function with(text, models)
  local list = {}
  for _, model in ipairs(models) do
    if ascii.lower(model):find(ascii.lower(text), 1, true) then
      list[#list + 1] = model
    end
  end
  return list
end

--- Whether a model has exactly that name.
---@param text string
---@param models string[]
---@return boolean
function names.is_known(text, models)
  for _, model in ipairs(models) do if model == text then return true end end
  return false
end

--- Whether the text is a part of names, and none of them.
---@param text string
---@param models string[]
---@return boolean
function names.is_part(text, models)
  return text ~= "" and not names.is_known(text, models)
    and #with(text, models) > 0
end

--- The models that were probably meant, as a question; nil: there is none.
---@param text string
---@param models string[]
---@return string?
function names.hint(text, models)
  local list = with(text, models)
  if #list == 0 then list[1] = suggest(text, models) end
  if #list == 0 then return nil end
  return say("did you mean %s?", table.concat(list, ", ", 1,
    math.min(#list, MOST)))
end

-- The kinds of a platform's refusal of a model.
local REFUSALS = { invalid_request = true, not_found = true, platform = true }

--- Adds the models that were probably meant to the platform's refusal of a model
--- that the catalog does not know.
---@param err yuanjing.Error
---@param model? string
---@param models string[]
function names.add_hint(err, model, models)
  local is_refusal = REFUSALS[err.kind] and err.attempts ~= 0
  if not is_refusal or not model or names.is_known(model, models) then return end
  err.hint = rawget(err, "hint") or names.hint(model, models)
end

return names
