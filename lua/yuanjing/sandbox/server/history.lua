--- Checks `messages` and `tools` as the strictest vendors behind the platform do:
-- returns the first fault that one of them answers with 400, as a sentence. What
-- passes here passes at every vendor. Pure Lua, so that specs can use it, too.
local json = require "yuanjing.sandbox.server.json"

local history = {}

---@class yuanjing.sandbox.HistoryOptions
---@field reasoning? "reasoning"|"no-reasoning" what the vendor wants of
--- `reasoning_content`: each message with tool calls has it, or none has

-- Values -------------------------------------------------------------------

-- Each JSON library has its own value for null.
local function is_null(value)
  return value == nil or type(value) == "userdata" or
    type(value) == "table" and tostring(value) == "null"
end

local function is_text(value)
  return type(value) == "string" and value ~= ""
end

-- The length of a list | nil. An empty table is an empty list.
local function length_of(value)
  if type(value) ~= "table" or is_null(value) then return nil end
  local count = 0
  for key in pairs(value) do
    if type(key) ~= "number" then return nil end
    count = count + 1
  end
  return count == #value and count or nil
end

local function is_object(value)
  return type(value) == "table" and not is_null(value) and value[1] == nil
end

-- Arguments have to be the text of a JSON object.
local function is_object_text(text)
  if type(text) ~= "string" or not text:find("^%s*{") then return false end
  return json.decode(text) ~= nil
end

local function set_of(names)
  local set = {}
  for name in names:gmatch("%S+") do set[name] = true end
  return set
end

-- Content ------------------------------------------------------------------

local function url_problem(part, field)
  local holder = part[field]
  local url = is_object(holder) and holder.url or holder
  if not is_text(url) then return field .. ".url is missing" end
  if not url:find("^https?://.") and not url:find("^data:[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+;") and
    not url:find("^asset://.") then
    return field .. ".url is neither an address nor a data URI"
  end
end

local PARTS = {
  text = function(part)
    if not is_text(part.text) then return "its text is empty" end
  end,
  image_url = function(part) return url_problem(part, "image_url") end,
  video_url = function(part) return url_problem(part, "video_url") end,
  audio_url = function(part) return url_problem(part, "audio_url") end,
  input_audio = function(part)
    if not is_object(part.input_audio) or not is_text(part.input_audio.data) then
      return "input_audio.data is missing"
    end
  end,
  file = function(part)
    local file = part.file
    if not is_object(file) or
      not (is_text(file.file_data) or is_text(file.file_id)) then
      return "file.file_data and file.file_id are missing"
    end
  end,
}

local function part_problem(part, only_text)
  if not is_object(part) then return "is no object" end
  local check = PARTS[part.type]
  if not check then return ("has the unknown type %s"):format(tostring(part.type)) end
  if only_text and part.type ~= "text" then
    return ("is of type %s, which this role can not have"):format(part.type)
  end
  local problem = check(part)
  return problem and "is incomplete: " .. problem
end

local function parts_problem(parts, only_text)
  if length_of(parts) == nil then
    return "content: expected a text or a list of parts"
  end
  for n, part in ipairs(parts) do
    local problem = part_problem(part, only_text)
    if problem then return ("content[%d] %s"):format(n - 1, problem) end
  end
end

local function is_empty(content)
  return is_null(content) or content == "" or length_of(content) == 0
end

local function content_problem(message, only_text)
  local content = message.content
  if is_empty(content) then return "content is empty" end
  if type(content) ~= "string" then return parts_problem(content, only_text) end
end

-- Calls --------------------------------------------------------------------

local function call_problem(call)
  if not is_object(call) then return "is no object" end
  local called = call["function"]
  if not is_text(call.id) then return "has no id" end
  if call.type ~= "function" then return 'is not of type "function"' end
  if not is_object(called) then return "has no function" end
  local name = called.name
  if type(name) ~= "string" or #name > 64 or not name:find("^[A-Za-z0-9_.-]+$") then
    return "has a function.name that is none"
  end
  if not is_object_text(called.arguments) then
    return "has function.arguments that must be in JSON format, as an object"
  end
end

-- Adds the ids of the calls to those that need a result.
local function calls_problem(calls, state)
  if length_of(calls) == nil then return "tool_calls: expected a list" end
  if #calls == 0 then return "tool_calls: [] is too short" end
  state.called = {}
  for n, call in ipairs(calls) do
    local problem = call_problem(call)
    if problem then return ("tool_calls[%d] %s"):format(n - 1, problem) end
    if state.ids[call.id] then
      return ("tool_calls[%d] has the id %s, which another call has"):format(n - 1,
        call.id)
    end
    state.ids[call.id], state.open[call.id] = true, true
    state.called[n] = call.id
  end
end

-- Messages -----------------------------------------------------------------

local KEYS = {
  system = set_of "role content name",
  user = set_of "role content name",
  assistant = set_of("role content name tool_calls reasoning_content " ..
    "reasoning_details refusal audio"),
  tool = set_of "role content name tool_call_id",
}

local function key_problem(message)
  for key in pairs(message) do
    if not KEYS[message.role][key] then
      return ("%s: not a field of a message of the role %s"):format(
        tostring(key), message.role)
    end
  end
end

local REASONING = {
  reasoning = function(message)
    if not is_null(message.tool_calls) and
      type(message.reasoning_content) ~= "string" then
      return "The reasoning_content in the thinking mode must be passed back"
    end
  end,
  ["no-reasoning"] = function(message)
    if not is_null(message.reasoning_content) then
      return "reasoning_content is not supported in input messages"
    end
  end,
}

local function assistant_problem(message, state)
  local wanted = REASONING[state.reasoning]
  local problem = wanted and wanted(message)
  if problem then return problem end
  if is_null(message.tool_calls) then return content_problem(message, true) end
  if not is_empty(message.content) then
    problem = content_problem(message, true)
  end
  return problem or calls_problem(message.tool_calls, state)
end

local function tool_problem(message, state)
  local id = message.tool_call_id
  if not is_text(id) then return "tool_call_id is missing" end
  if not state.open[id] then
    return ("messages with role \"tool\" must be a response to a preceding " ..
      "message with \"tool_calls\": %s waits for no result"):format(id)
  end
  state.open[id] = nil
  return content_problem(message, true)
end

local ROLES = {
  system = function(message, state)
    if state.has_begun then return "System message must be at the beginning" end
    return content_problem(message, true)
  end,
  user = function(message, state)
    state.has_user = true
    return content_problem(message, false)
  end,
  assistant = assistant_problem,
  tool = tool_problem,
}

local function open_problem(state)
  for _, id in ipairs(state.called) do
    if state.open[id] then
      return ("An assistant message with \"tool_calls\" must be followed by " ..
        "tool messages responding to each \"tool_call_id\": %s has no result")
        :format(id)
    end
  end
end

local function message_problem(message, state)
  if not is_object(message) then return "expected an object" end
  local read = ROLES[message.role]
  if not read then return ("unknown role %s"):format(tostring(message.role)) end
  local problem = key_problem(message) or
    message.role ~= "tool" and open_problem(state)
  if problem then return problem end
  problem = read(message, state)
  state.has_begun = state.has_begun or message.role ~= "system"
  return problem
end

local function end_problem(messages, state)
  local problem = open_problem(state)
  if problem then return problem end
  if not state.has_user then return "there is no message of the user" end
  local last = messages[#messages].role
  if last ~= "user" and last ~= "tool" then
    return "the last message must be of the user or a tool, not of the " .. last
  end
end

--- What a strict vendor refuses in a list of messages | nil.
---@param messages any as they stand in the body, JSON's null as any reader has it
---@param options? yuanjing.sandbox.HistoryOptions
---@return string? problem
function history.problem(messages, options)
  if (length_of(messages) or 0) == 0 then
    return "messages: expected a list with a message in it, without holes"
  end
  local state = { open = {}, ids = {}, called = {},
    reasoning = (options or {}).reasoning }
  for n, message in ipairs(messages) do
    local problem = message_problem(message, state)
    if problem then return ("messages[%d]: %s"):format(n - 1, problem) end
  end
  local problem = end_problem(messages, state)
  return problem and "messages: " .. problem
end

-- Tools --------------------------------------------------------------------

local function tool_definition_problem(tool, names)
  local called = is_object(tool) and tool["function"]
  if not is_object(called) or tool.type ~= "function" then
    return 'is not of type "function"'
  end
  local name, parameters = called.name, called.parameters
  if type(name) ~= "string" or #name > 64 or not name:find("^[A-Za-z0-9_-]+$") then
    return "has a function.name that is none"
  end
  if names[name] then return "has the name of another: " .. name end
  names[name] = true
  if not is_null(parameters) and
    not (is_object(parameters) and parameters.type == "object") then
    return 'has function.parameters that are not of "type": "object"'
  end
end

local MODES = set_of "auto none required"

local function choice_problem(choice, names)
  if is_null(choice) or MODES[choice] then return nil end
  local called = is_object(choice) and choice["function"]
  if not is_object(called) or not names[called.name] then
    return "tool_choice: names none of the tools"
  end
end

--- What a strict vendor refuses in the tools of a request | nil.
---@param fields table the body: `tools`, `tool_choice`
---@return string? problem
function history.tools_problem(fields)
  local tools, names = fields.tools, {}
  if not is_null(tools) then
    if (length_of(tools) or 0) == 0 then
      return "tools: expected a list with a tool in it"
    end
    for n, tool in ipairs(tools) do
      local problem = tool_definition_problem(tool, names)
      if problem then return ("tools[%d] %s"):format(n - 1, problem) end
    end
  end
  return choice_problem(fields.tool_choice, names)
end

return history
