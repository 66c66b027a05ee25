--- The arguments of a call, as a model wrote them: an object that fits the tool's
-- parameters, or what is wrong in words that the model can mend.
local check = require "yuanjing.chat.schema.check"
local json = require "yuanjing.base.json"
local python = require "yuanjing.protocol.answer.python"

local arguments = {}

local MOST_BYTES = 64 * 1024 -- of what is worth a repair

local function object_in(text)
  local value = json.decode(text)
  return type(value) == "table" and value[1] == nil and value or nil
end

-- Commas before a bracket that closes, outside of texts.
local function without_trailing_commas(text)
  local out, from = {}, 1
  while true do
    local at = text:find('[",]', from)
    if not at then break end
    local stop = at
    if text:sub(at, at) == '"' then
      stop = at + 1
      while stop <= #text and text:sub(stop, stop) ~= '"' do
        stop = stop + (text:sub(stop, stop) == "\\" and 2 or 1)
      end
      out[#out + 1] = text:sub(from, stop)
    else
      local closes = text:find("^,[ \t-\r]*[%]}]", at)
      out[#out + 1] = text:sub(from, closes and at - 1 or at)
    end
    from = stop + 1
  end
  return table.concat(out) .. text:sub(from)
end

-- Repairs of a text that is nearly JSON, and their names: some remove what is
-- around it, some mend how it is written. A text that breaks off is not
-- repaired, for its missing part is unknown.
local WRAPPINGS = {
  { nil, function(text) return text end },
  { "a fence around it", function(text)
    return text:match("^[ \t-\r]*```[A-Za-z0-9]*[ \t-\r]*(.-)[ \t-\r]*```[ \t-\r]*$")
  end },
  { "text around it", function(text) return text:match("^[^{]*(%b{})[^}]*$") end },
}

local WRITINGS = {
  { nil, function(text) return text end },
  { "a comma before a bracket", without_trailing_commas },
  { "Python's way of writing", python.read },
}

local function named(wrapping, writing)
  if not (wrapping and writing) then return wrapping or writing end
  return wrapping .. ", " .. writing
end

--- The object in a text that is JSON, or nearly JSON; nil: there is none.
---@param text string
---@return table?
---@return string? repaired what was not as it should be
function arguments.read(text)
  if #text > MOST_BYTES then return object_in(text) end
  for _, wrapping in ipairs(WRAPPINGS) do
    local inner = wrapping[2](text)
    for _, writing in ipairs(inner and WRITINGS or {}) do
      local mended = writing[2](inner)
      if type(mended) == "string" then mended = object_in(mended) end
      if mended then return mended, named(wrapping[1], writing[1]) end
    end
  end
end

--- The arguments of a call for its tool; or nil and what is wrong with them.
---@param tool yuanjing.Tool|{ check: boolean, parameters: table }
---@param call yuanjing.ToolCall
---@return table?
---@return string? problem
---@return string? repaired
function arguments.of(tool, call)
  local object, repaired = call.arguments, nil
  if not object then object, repaired = arguments.read(call.raw) end
  if not object then
    return nil, "the arguments are no JSON object: " .. call.raw:sub(1, 200)
  end
  local problems = tool.check and check.value(tool.parameters, object) or {}
  if #problems > 0 then return nil, table.concat(problems, "; ") end
  return object, nil, repaired
end

return arguments
