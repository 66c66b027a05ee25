--- The messages of base/check.
local ascii = require "yuanjing.base.ascii"
local number = require "yuanjing.base.number"
local suggest = require "yuanjing.base.suggest"

local mistake = {}

-- The values that a rule allows, in words.
local function words_of(rule)
  if type(rule) == "string" then return rule end
  if rule.what then return rule.what end
  if rule.one_of then return "one of " .. table.concat(rule.one_of, ", ") end
  local words = rule.is_whole and "a whole number" or "a number"
  local least, most = rule.least, rule.most
  if least and most then
    return ("%s from %s to %s"):format(words, number.show(least),
      number.show(most))
  end
  if least then return ("%s, %s or more"):format(words, number.show(least)) end
  if rule.above then return words .. " above " .. number.show(rule.above) end
  return table.concat(rule, " or ")
end

-- What the caller passed. NB: a text is shown only if the rule has a list of
-- values: any other text may be a password.
local function shown(value, rule)
  for _, kind in ipairs(type(rule) == "table" and rule or {}) do
    if kind == type(value) then
      if kind == "number" then return ", got " .. number.show(value) end
      return rule.one_of and (", got %q"):format(value) or ""
    end
  end
  return ", got " .. type(value)
end

--- The message for a value that its rule does not allow.
---@param name string
---@param value any
---@param rule string|yuanjing.Rule
---@return string
function mistake.of_value(name, value, rule)
  return ("%s: expected %s%s"):format(name, words_of(rule), shown(value, rule))
end

--- The message for an unknown name, with the name that was probably meant, or else
--- all known names.
---@param kind string what it should name: "option"
---@param name any
---@param known table<string, any> by name
---@return string
function mistake.of_name(kind, name, known)
  local names = {}
  for one in pairs(known) do names[#names + 1] = one end
  table.sort(names, ascii.less)
  local meant = type(name) == "string" and suggest(name, names)
  return ('unknown %s "%s"%s'):format(kind, number.show(name),
    meant and (', did you mean "%s"?'):format(meant)
      or (" (known: %s)"):format(table.concat(names, ", ")))
end

return mistake
