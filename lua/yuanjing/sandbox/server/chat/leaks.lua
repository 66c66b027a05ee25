--- Tool calls as text, as gateways pass them on that do not parse the vendor's
-- own format.
local json = require "yuanjing.sandbox.server.json"

local leaks = {}

local function arguments_of(call)
  local arguments = json.decode(call.arguments)
  return type(arguments) == "table" and arguments or json.record()
end

local function as_text(value)
  return type(value) == "string" and value or json.encode(value)
end

-- Each argument, in the order in which it was written.
local function each_argument(call, template)
  local arguments, out = arguments_of(call), {}
  for _, name in ipairs((getmetatable(arguments) or {}).order or {}) do
    out[#out + 1] = template:format(name, as_text(arguments[name]))
  end
  return table.concat(out)
end

local function as_json(call)
  return ('{"name": %s, "arguments": %s}'):format(json.encode(call.name),
    call.arguments)
end

local FORMS = {
  qwen = function(call)
    return "<tool_call>\n" .. as_json(call) .. "\n</tool_call>\n"
  end,
  bare = as_json,
  glm = function(call)
    return "<tool_call>" .. call.name .. "\n" .. each_argument(call,
      "<arg_key>%s</arg_key>\n<arg_value>%s</arg_value>\n") .. "</tool_call>\n"
  end,
  minimax = function(call)
    return ('<minimax:tool_call>\n<invoke name="%s">\n%s</invoke>\n'):format(
      call.name, each_argument(call, '<parameter name="%s">%s</parameter>\n')) ..
      "</minimax:tool_call>\n"
  end,
  deepseek = function(call)
    return "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>" ..
      call.name .. "\n```json\n" .. call.arguments ..
      "\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>"
  end,
  kimi = function(call, n)
    return ("<|tool_calls_section_begin|><|tool_call_begin|>functions.%s:%d" ..
      "<|tool_call_argument_begin|>%s<|tool_call_end|>" ..
      "<|tool_calls_section_end|>"):format(call.name, n - 1, call.arguments)
  end,
  tail = function() return "</tool_call>" end,
}

--- The names of the forms, for a scenario's value.
leaks.NAMES = {}
for name in pairs(FORMS) do leaks.NAMES[name] = true end

--- Puts the calls of an answer into its text.
---@param answer yuanjing.sandbox.Composed
---@param form string
function leaks.put(answer, form)
  if #answer.calls == 0 then return end
  local out = { answer.content }
  for n, call in ipairs(answer.calls) do out[#out + 1] = FORMS[form](call, n) end
  answer.content, answer.calls = table.concat(out), {}
  answer.chunks, answer.finish = nil, "stop"
end

return leaks
