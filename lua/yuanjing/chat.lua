--- Chat calls: what a user asks, checked, and the answer as a reply or a
-- stream.
local api = require "yuanjing.api"
local ascii = require "yuanjing.ascii"
local errors = require "yuanjing.errors"
local stream = require "yuanjing.stream"

local chat = {}

---@class yuanjing.ChatParams
---@field prompt? string what is asked; needed unless there are messages
---@field model? string "qwen3-max" when not given
---@field sys_prompt? string how the model shall answer
---@field stream? false
---@field messages? yuanjing.Message[] the conversation; replaces prompt
---@field catelogid? string the platform's default is t2t
---@field [string] any goes out untouched

---@class yuanjing.StreamParams: yuanjing.ChatParams
---@field stream true the answer is a yuanjing.Stream

---@class yuanjing.Message
---@field role "system"|"user"|"assistant"
---@field content string

chat.DEFAULT_MODEL = "qwen3-max"

local TYPES = { prompt = "string", model = "string", sys_prompt = "string",
  stream = "boolean", messages = "table", catelogid = "string" }

local function type_problems(params, problems)
  for name, wanted in pairs(TYPES) do
    local value = params[name]
    if value ~= nil and type(value) ~= wanted then
      problems[#problems + 1] = ("%s: expected %s, got %s")
        :format(name, wanted, type(value))
    end
  end
  table.sort(problems, ascii.less)
end

local function problems_of(params)
  local problems = {}
  if params.messages == nil and (params.prompt == nil or params.prompt == "")
  then
    problems[1] = "prompt: missing"
  end
  type_problems(params, problems)
  return problems
end

local function check(settings, params)
  if not settings.validate then return true end
  local problems = problems_of(params)
  if #problems == 0 then return true end
  return nil, errors.new { kind = "invalid_request", call = "client:chat",
    message = table.concat(problems, "; "), problems = problems, attempts = 0 }
end

local function body_of(params)
  local body = { model = chat.DEFAULT_MODEL }
  for name, value in pairs(params) do body[name] = value end
  body.stream = params.stream == true
  return body
end

local function ask(settings, body)
  local wire = api.of(settings)
  return wire.chat(settings, body, function(response)
    return stream.read(response, wire)
  end)
end

local function open_stream(settings, body)
  local wire = api.of(settings)
  local response, err = wire.chat_stream(settings, body)
  if not response then return nil, err end
  return stream.new(response, wire)
end

--- See Client:chat.
function chat.call(settings, params)
  local ok, err = check(settings, params)
  if not ok then return nil, err end
  local call = params.stream == true and open_stream or ask
  return call(settings, body_of(params))
end

return chat
