--- The option --extra: fields of a request that have no option of their own.
local json = require "yuanjing.base.json"
local say = require("yuanjing.base.language").say

local extra = {}

-- JSON is sent as such (a number, true, a list); any other value as a text.
local function value_of(text)
  local value = json.decode(text)
  if value == nil then return text end
  return value
end

local function pair_of(text)
  local name, value = text:match("^([^=]+)=(.*)$")
  if name then return { name, value_of(value) } end
  return nil, say("NAME=VALUE is expected, not '%s'", text)
end

--- Adds the option to a command.
function extra.option(parser)
  return parser:option("--extra", "Another field, such as temperature=0.2; may "
    .. "be given again."):argname "NAME=VALUE":count("*"):convert(pair_of)
end

--- The fields that were given, or nil.
---@return table<string, any>?
function extra.given(arguments)
  local fields
  for _, pair in ipairs(arguments.extra) do
    fields = fields or {}
    fields[pair[1]] = pair[2]
  end
  return fields
end

return extra
