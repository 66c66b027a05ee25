--- Options that a command does not have, such as --seed 7, become fields of its
-- request: --extra seed=7. A name near one of the command's own is a typing
-- mistake, and is refused before anything is paid for.
local language = require "yuanjing.base.language"
local suggest = require "yuanjing.base.suggest"

local fields = {}

local say = language.say

-- What must not be sent: advice follows instead.
local REFUSED = { ["--key"] = true, ["--api-key"] = true }

local function options_of(parser)
  local known, names = {}, {}
  for _, option in ipairs(parser._options) do
    for _, alias in ipairs(option._aliases) do
      known[alias] = option
      if alias:find("^%-%-") then names[#names + 1] = alias:sub(3) end
    end
  end
  return known, names
end

-- The parser of the command, and the place of its name among the words.
local function command_in(parser, words)
  for n, word in ipairs(words) do
    if word == "--" then return nil end
    local is_value = n > 1 and words[n - 1] == "--lang"
    if not word:find("^%-") and not is_value then
      for _, command in ipairs(parser._commands) do
        if command._name == word then return command, n end
      end
      return nil
    end
  end
end

-- Whether another command has that option: it is no field of a request.
local function is_of_another(parser, option)
  for _, command in ipairs(parser._commands) do
    if options_of(command)[option] then return true end
  end
  return false
end

-- The option that was probably meant: a near one, or one that begins like it.
local function meant(name, names)
  for _, known in ipairs(names) do
    if #name > 1 and known:sub(1, #name) == name then return known end
  end
  return suggest(name, names)
end

-- A value, which may be a negative number, but no other option.
local function is_value(word)
  return word ~= nil and (not word:find("^%-") or word:find("^%-%d") ~= nil)
end

-- The words of one unknown option, how many words it took, or nil and what is
-- wrong with it.
local function extra_of(words, n, names)
  local name, equals, value = words[n]:match("^%-%-([a-z][0-9a-z_-]*)(=?)(.*)$")
  if not name then return nil end
  local known = meant(name, names)
  if known then
    return nil, ("unknown option '--%s'\nDid you mean '--%s'?"):format(name,
      known)
  end
  local count = equals == "=" and 1 or 2
  if count == 2 then value = words[n + 1] end
  if count == 2 and not is_value(value) then
    return nil, say("--%s is no option of this command; as a field of the "
      .. "request it needs a value: --%s=true", name, name)
  end
  return { "--extra", name:gsub("-", "_") .. "=" .. value }, count
end

--- The words with --extra for options that the command does not have; nil and
--- what is wrong with one of them. Words of commands without --extra stay.
---@param parser table of argparse
---@param words string[]
---@return string[]?
---@return string? problem
function fields.as_extra(parser, words)
  local command, n = command_in(parser, words)
  local known, names = options_of(command or parser)
  if not known["--extra"] then return words end
  local list = {}
  for i = 1, n do list[i] = words[i] end
  n = n + 1
  while n <= #words and words[n] ~= "--" do
    local option = words[n]:match("^%-%-[^=]+")
    local extra, more
    if option and not known[option] and not REFUSED[option]
      and not is_of_another(parser, option) then
      extra, more = extra_of(words, n, names)
      if not extra and more then return nil, more end
    end
    for _, word in ipairs(extra or { words[n] }) do list[#list + 1] = word end
    n = n + (extra and more or 1)
  end
  for i = n, #words do list[#list + 1] = words[i] end
  return list
end

return fields
