--- Whether the model was told of the tools that a request had: a gateway may drop
-- them and say nothing. There is no proof, but there are signs.
local json = require "yuanjing.base.json"

local sent_tools = {}

---@class yuanjing.SentTools
---@field bytes integer of the tools as JSON
---@field names table<string, true>
---@field is_forced boolean the model had to call one

local function is_forced(choice)
  return type(choice) == "table" or choice == "required"
end

local function names_of(tools)
  local names = {}
  for _, tool in ipairs(tools) do
    local described = type(tool) == "table" and tool["function"]
    local name = type(described) == "table" and described.name
    if type(name) == "string" then names[name] = true end
  end
  return names
end

--- What is to be remembered of a request; nil: it has no tools.
---@param body table
---@return yuanjing.SentTools?
function sent_tools.of(body)
  local tools = body.tools
  if type(tools) ~= "table" or #tools == 0 or body.tool_choice == "none" then
    return nil
  end
  return { bytes = #(json.encode(tools) or ""), names = names_of(tools),
    is_forced = is_forced(body.tool_choice) }
end

-- Signs --------------------------------------------------------------------

-- No tokenizer makes one token of more than 8 bytes of JSON on average.
local BYTES_OF_A_TOKEN = 8

local function prompt_is_too_small(sent, reply)
  local tokens = reply.usage and reply.usage.prompt_tokens
  if type(tokens) ~= "number" or tokens <= 0 then return nil end
  if tokens >= sent.bytes / BYTES_OF_A_TOKEN then return nil end
  return ("the prompt counts %.0f tokens, less than the tools alone need")
    :format(tokens)
end

-- How models write a call where nobody reads it out of their text.
local MARKS = { "<tool_call>", "</tool_call>", "<|tool", "<function_call>",
  "<function=", "[TOOL_CALLS]" }

local FENCED = "^[ \t-\r]*```[A-Za-z]*[ \t-\r]*(.-)[ \t-\r]*```[ \t-\r]*$"

local function named_call(text, names)
  local call = json.decode(text:match(FENCED) or text)
  if type(call) ~= "table" then return nil end
  call = type(call[1]) == "table" and call[1] or call
  if type(call["function"]) == "table" then call = call["function"] end
  local name = call.name or call["function"]
  return names[name] and name
end

local function call_is_text(sent, reply)
  for _, mark in ipairs(MARKS) do
    if reply.content:find(mark, 1, true) then
      return ("the text has a call in it (%s)"):format(mark)
    end
  end
  local name = named_call(reply.content, sent.names)
  return name and ("the text is a call of %s"):format(name)
end

local function is_not_forced(sent, reply)
  return sent.is_forced and reply.content ~= ""
    and "a call was asked for and text came"
end

local SIGNS = { call_is_text, is_not_forced, prompt_is_too_small }

--- The warning for a reply without calls that looks as if the tools had been
--- dropped; nil: it does not. Which sign that is stands in the text.
---@param sent yuanjing.SentTools
---@param reply yuanjing.Reply
---@return string?
function sent_tools.warning(sent, reply)
  if reply.tool_calls then return nil end
  for _, sign in ipairs(SIGNS) do
    local found = sign(sent, reply)
    if found then
      return "the model may not have been told of the tools: " .. found
    end
  end
end

return sent_tools
