--- Chat calls: what a user asks, checked, and the answer as a reply or a
-- stream.
local protocols = require "yuanjing.protocol"
local ascii = require "yuanjing.base.ascii"
local categories = require "yuanjing.protocol.category"
local errors = require "yuanjing.errors"
local lazy = require "yuanjing.base.lazy"
local stream = require "yuanjing.chat.stream"
local chat_media = lazy.module "yuanjing.chat.media"

local chat = {}

---@class yuanjing.ChatParams
---@field prompt? string what is asked; needed unless there are messages
---@field model? string "qwen3-max" when not given
---@field sys_prompt? string how the model shall answer
---@field stream? false
---@field messages? yuanjing.Message[] the conversation; replaces prompt
---@field category? string the platform's default is t2t, with media it is tm2t
---@field catelogid? string the wire's name for category
---@field image_file? yuanjing.AnyMedium a picture to ask about
---@field video_file? yuanjing.AnyMedium
---@field audio_file? yuanjing.AnyMedium
---@field off_peak? boolean|"Y"|"N"
---@field [string] any goes out untouched; a yuanjing.file and its like as a file

---@class yuanjing.StreamParams: yuanjing.ChatParams
---@field stream true the answer is a yuanjing.Stream

---@class yuanjing.Message
---@field role "system"|"user"|"assistant"
---@field content string

chat.DEFAULT_MODEL = "qwen3-max"

local TYPES = { prompt = "string", model = "string", sys_prompt = "string",
  stream = "boolean", messages = "table",
  category = "string", [categories.FIELD] = "string" }

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

local function contradiction(params)
  if categories.contradict(params.category, params[categories.FIELD]) then
    return categories.BOTH .. ": they contradict each other"
  end
end

-- The highest place that a list uses; nil: it is no list.
local function length_of(list)
  local length = 0
  for key in pairs(list) do
    if type(key) ~= "number" or key < 1 or key % 1 ~= 0 then return nil end
    length = math.max(length, key)
  end
  return length
end

-- Whatever JSON would make of these, no platform means it.
local function messages_problem(messages)
  if type(messages) ~= "table" then return nil end
  local length = length_of(messages)
  if not length then
    return "messages: expected a list; a single message goes into one as well: "
      .. "{ { role = ..., content = ... } }"
  end
  if length == 0 then return "messages: expected a message, the list is empty" end
  for n = 1, length do
    local message = messages[n]
    if message == nil then
      return ("messages[%d]: missing, the list goes on behind it"):format(n)
    elseif type(message) ~= "table" then
      return ("messages[%d]: expected a table, got %s")
        :format(n, type(message))
    end
  end
end

local function problems_of(params)
  local problems = { contradiction(params) }
  if params.messages == nil and (params.prompt == nil or params.prompt == "")
  then
    problems[#problems + 1] = "prompt: missing"
  end
  type_problems(params, problems)
  return problems
end

local function refused(problems)
  return nil, errors.new { kind = "invalid_request", call = "client:chat",
    message = table.concat(problems, "; "), problems = problems, attempts = 0 }
end

-- How the names of fields with media begin, also of those that people guess.
local OF_MEDIA = { "^image", "^picture", "^video", "^audio", "^file" }

-- Only a table can hold a medium, and of the texts those of certain names.
local function may_hold_media(params)
  for name, value in pairs(params) do
    if type(value) == "table"
      or type(name) == "string" and ascii.matches_any(name, OF_MEDIA) then
      return true
    end
  end
  return false
end

-- That vendor heeds the prompt alone (docs/platform.md#seen-elsewhere).
local function media_problems(found, params, protocol, problems, validate)
  if #found.files > 0 and protocol.name == "legacy" then
    problems[#problems + 1] = "the legacy wire takes no files in a chat: use a "
      .. 'client without api = "legacy"'
  end
  if validate and params.messages ~= nil then
    problems[#problems + 1] = "messages: not heeded along with media: give a "
      .. "prompt"
  end
end

-- The media among the parameters, and all that is wrong.
local function look_at(settings, params, protocol)
  local problems = settings.validate and problems_of(params) or {}
  problems[#problems + 1] = messages_problem(params.messages)
  if not may_hold_media(params) then return nil, problems end
  local found = chat_media.of(params, problems, settings.validate)
  if found then
    media_problems(found, params, protocol, problems, settings.validate)
  end
  return found, problems
end

local FLAGS = { Y = true, y = true, N = false, n = false }

local function body_of(params, found)
  local body = { model = chat.DEFAULT_MODEL }
  for name, value in pairs(params) do
    if not (found and found.taken[name]) then body[name] = value end
  end
  for _, field in ipairs(found and found.fields or {}) do
    body[field[1]] = field[2]
  end
  body.stream = params.stream == true
  body.category = nil
  body[categories.FIELD] = categories.chosen(params.category,
    params[categories.FIELD]) or found and chat_media.CATEGORY or nil
  if FLAGS[params.off_peak] ~= nil then
    body.off_peak = FLAGS[params.off_peak]
  end
  return body
end

local function ask(settings, protocol, body, checked)
  return protocol.chat(settings, body, function(response)
    return stream.read(response, protocol, body.n)
  end, checked)
end

local function open_stream(settings, protocol, body, checked)
  local response, err = protocol.chat_stream(settings, body, checked)
  if not response then return nil, err end
  return stream.new(response, protocol, body.n)
end

--- See Client:chat.
function chat.call(settings, params)
  local protocol = protocols.of(settings)
  local found, problems = look_at(settings, params, protocol)
  local body = body_of(params, found)
  local checked = found and #found.files > 0
    and chat_media.form(body, found.files, problems) or nil
  if #problems > 0 then return refused(problems) end
  local call = params.stream == true and open_stream or ask
  return call(settings, protocol, body, checked)
end

return chat
