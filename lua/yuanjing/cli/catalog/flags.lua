--- The options of `image` and `video`, made from the catalog: one for each
-- parameter of any model of that kind, with its name on the command line.
local ascii = require "yuanjing.base.ascii"
local catalog = require "yuanjing.generation.catalog"
local fields = require "yuanjing.protocol.fields"
local errors = require "yuanjing.errors"
local faults = require "yuanjing.base.check.faults"
local number = require "yuanjing.base.number"
local say = require("yuanjing.base.language").say

local flags = {}

-- Parameters that the commands take in another way, or the client sets itself.
local function is_skipped(param)
  return param.name == "prompt" or fields.is_filled_in(param.name)
end

local HELP = {
  negative_prompt = "What should not be in it.",
  duration = "Seconds of video.",
  off_peak = "Cheaper, when the platform has time.",
  first_frame = "The picture it begins with: a file, a URL, or asset://ID.",
  last_frame = "The picture it ends with.",
  reference_images = "A picture to go by; may be given again. The prompt calls "
    .. "them 图片1, 图片2.",
  reference_videos = "A video to go by; may be given again.",
  reference_audios = "A sound to go by; may be given again.",
}

---@class yuanjing.cli.Flag
---@field name string of the client's parameter
---@field is_list boolean may be given several times
---@field is_switch boolean
---@field is_number boolean
---@field role? yuanjing.Role
---@field values (string|integer)[] what one model or another takes, of which
--- case is all the same

local function add_values(flag, param)
  for _, value in ipairs(param.choices or {}) do
    local folded = ascii.lower(number.show(value))
    if not flag.seen[folded] then
      flag.seen[folded] = true
      flag.values[#flag.values + 1] = value
    end
  end
end

local function flag_of(param)
  local name = param.role or param.alias or param.name
  return { name = name, role = param.role, values = {}, seen = {},
    is_list = name:find("^reference_") ~= nil, is_switch = param.flag or false,
    is_number = param.type == "integer" }
end

local function collect(kind)
  local list, by_name = {}, {}
  for _, row in ipairs(catalog) do
    for _, param in ipairs(row.kind == kind and row.params or {}) do
      local name = param.role or param.alias or param.name
      if not is_skipped(param) then
        if not by_name[name] then
          by_name[name] = flag_of(param)
          list[#list + 1] = by_name[name]
        end
        add_values(by_name[name], param)
      end
    end
  end
  return list
end

--- The option of a parameter. For a list it is the singular, given once an
--- item.
---@param name string
---@return string
function flags.option_of(name)
  return "--" .. name:gsub("_", "-"):gsub("^(reference%-.*)s$", "%1")
end

-- The values that a shell offers, as texts; nil: any.
local function choices_of(flag)
  local values = {}
  for i, value in ipairs(flag.values) do values[i] = number.show(value) end
  return #values > 0 and values or nil
end

local function help_of(flag)
  if HELP[flag.name] or #flag.values == 0 then return HELP[flag.name] end
  return say("%s; not each model takes each.",
    table.concat(choices_of(flag), ", "))
end

local function add(parser, flag)
  local name = flags.option_of(flag.name)
  if flag.is_switch then return parser:flag(name, help_of(flag)) end
  if flag.is_list then
    return parser:option(name, help_of(flag)):hidden_name(name .. "s")
      :target(flag.name):count("*"):argname "FILE"
  end
  return parser:option(name, help_of(flag)):target(flag.name)
    :argname(flag.role and "FILE" or flag.is_number and "SECONDS" or "VALUE")
end

--- Adds the options of a kind to the parser.
---@param parser table of argparse
---@param kind "image"|"video"
---@param is_for_completion? boolean with the values that a shell may offer
function flags.add(parser, kind, is_for_completion)
  local made = {}
  for i, flag in ipairs(collect(kind)) do
    made[i] = add(parser, flag)
    local choices = is_for_completion and not flag.is_switch
      and choices_of(flag)
    if choices then made[i]:choices(choices) end
  end
  parser:group("What the model takes (see `yuanjing catalog MODEL`)",
    (table.unpack or unpack)(made))
end

--- The given options, as parameters of the client's call.
---@param arguments table
---@param kind "image"|"video"
---@return table
function flags.given(arguments, kind)
  local params = {}
  for _, flag in ipairs(collect(kind)) do
    local value = arguments[flag.name]
    if type(value) ~= "table" or #value > 0 then params[flag.name] = value end
  end
  return params
end

-- The same fault, of the option.
local function of_option(fault, names)
  local name = fault.parameter
  return { parameter = names[name] and flags.option_of(name) or name,
    index = fault.index, text = fault.text }
end

--- A copy of an error about parameters that names the options instead.
---@param err yuanjing.Error
---@param kind "image"|"video"
---@return yuanjing.Error
function flags.with_options(err, kind)
  if not err.faults then return err end
  local names, copy, found = { model = true }, errors.new(err), faults.new(true)
  for _, flag in ipairs(collect(kind)) do names[flag.name] = true end
  for i, fault in ipairs(err.faults) do found[i] = of_option(fault, names) end
  for name, value in pairs(found:fields()) do copy[name] = value end
  copy.hint = err.hint and err.hint:gsub("`validate = false`",
    "`--no-validate`") or nil
  return copy
end

return flags
