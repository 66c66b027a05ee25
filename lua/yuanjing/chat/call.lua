--- Chat calls: what a user asks, checked, and the answer as a reply or a
-- stream.
local protocols = require "yuanjing.protocol"
local categories = require "yuanjing.protocol.category"
local lazy = require "yuanjing.base.lazy"
local params_of = require "yuanjing.chat.params"
local chat_media = lazy.module "yuanjing.chat.media"
local errors = lazy.kept "yuanjing.errors"
local messages = lazy.module "yuanjing.chat.message"
local stream = lazy.kept "yuanjing.chat.stream"
local structured = lazy.module "yuanjing.chat.schema.asking"
local tools = lazy.module "yuanjing.chat.tools.tool"

local chat = {}

chat.DEFAULT_MODEL = "qwen3-max"

local function refused(problems)
  return nil, errors.new { kind = "invalid_request", call = "client:chat",
    message = table.concat(problems, "; "), problems = problems, attempts = 0 }
end

-- How the names of fields with media begin, also of those that people guess, by
-- their first letters.
local OF_MEDIA = { imag = "^image", pict = "^picture", vide = "^video",
  audi = "^audio", file = "^file" }

local function names_media(name)
  local beginning = OF_MEDIA[name:sub(1, 4)]
  return beginning and name:find(beginning)
end

-- Only a table can hold a medium, and of the texts those of certain names.
local function may_hold_media(params)
  for name, value in pairs(params) do
    if type(value) == "table"
      or type(name) == "string" and names_media(name) then
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
  local problems = params_of.problems(params, settings.validate)
  if not may_hold_media(params) then return nil, problems end
  local found = chat_media.of(params, problems, settings.validate)
  if found then
    media_problems(found, params, protocol, problems, settings.validate)
  end
  return found, problems
end

-- The media in the parts of messages are read, and out of the way of what looks
-- for files where they can not be sent.
local function read_messages(params, problems)
  local list = params.messages
  if type(list) ~= "table" then return params end
  local found = messages.read_media(list, problems)
  if not found then return params end
  local copy = {}
  for name, value in pairs(params) do copy[name] = value end
  copy.messages = messages.without_media(list, found)
  return copy
end

local FLAGS = { Y = true, y = true, N = false, n = false }

local function body_of(params, found)
  local body = { model = chat.DEFAULT_MODEL, stream = false, prompt = nil,
    messages = nil } -- in the size of most
  for name, value in pairs(params) do
    if not (found and found.taken[name]) then body[name] = value end
  end
  for _, field in ipairs(found and found.fields or {}) do
    body[field[1]] = field[2]
  end
  body.stream = params.stream == true
  body.category, body.think_tags = nil, nil
  body[categories.FIELD] = categories.chosen(params.category,
    params[categories.FIELD]) or found and chat_media.CATEGORY or nil
  if FLAGS[params.off_peak] ~= nil then
    body.off_peak = FLAGS[params.off_peak]
  end
  return body
end

local function ask(settings, protocol, body, asked, checked)
  return protocol.chat(settings, body, asked, function(response)
    return stream.read(response, protocol, asked)
  end, checked)
end

local function open_stream(settings, protocol, body, asked, checked)
  local response, err = protocol.chat_stream(settings, body, checked)
  if not response then return nil, err end
  return stream.new(response, protocol, asked)
end

--- Sends a chat call without a schema: see Client:chat.
function chat.send(settings, params)
  local protocol, unreadable = protocols.of(settings), {}
  if params.tools then params = tools.in_params(params, unreadable) end
  params = read_messages(params, unreadable)
  local found, problems = look_at(settings, params, protocol)
  for _, problem in ipairs(unreadable) do problems[#problems + 1] = problem end
  local body = body_of(params, found)
  local checked = found and #found.files > 0
    and chat_media.form(body, found.files, problems) or nil
  if #problems > 0 then return refused(problems) end
  local call = params.stream == true and open_stream or ask
  local asked = protocol.asked(body, params.think_tags)
  return call(settings, protocol, body, asked, checked)
end

--- See Client:chat.
function chat.call(settings, params)
  if params.schema == nil then return chat.send(settings, params) end
  return structured.call(settings, params, chat.send)
end

return chat
