--- Messages as the wire has them: parts with media in the words of OpenAI's API,
-- which the platform's vendors share, and calls with their arguments as a text.
local ascii = require "yuanjing.base.ascii"
local embed = require "yuanjing.protocol.embed"
local json = require "yuanjing.base.json"
local tool_calls = require "yuanjing.protocol.chat.tool_calls"
local type = type

local messages = {}

--- The most that the platform takes as JSON (docs/platform.md#what-goes-out), in bytes.
messages.MOST_BYTES = 10 * 2 ^ 20

-- Calls --------------------------------------------------------------------

local function is_ours(call)
  return type(call) == "table" and call["function"] == nil
    and type(call.name) == "string"
end

local function arguments_of(call)
  if type(call.raw) == "string" then return call.raw end
  if type(call.arguments) == "string" then return call.arguments end
  return json.encode(call.arguments or {}) or "{}"
end

-- A call as a reply has it becomes one of the wire; one of the wire stays.
local function wire_calls(calls)
  local list = {}
  for n, call in ipairs(calls) do
    list[n] = is_ours(call) and tool_calls.to_wire { { id = call.id,
      name = call.name, raw = arguments_of(call) } }[1] or call
  end
  return list
end

-- Media --------------------------------------------------------------------

local FORMATS = { ["audio/mpeg"] = "mp3", ["audio/x-wav"] = "wav",
  ["audio/wave"] = "wav", ["audio/mp4"] = "m4a" }

local function format_of(medium)
  local kind = medium.type
  if not kind then
    return medium.url and medium.url:match("%.([0-9A-Za-z]+)$") or "wav"
  end
  return FORMATS[kind] or ascii.lower(kind:match("/x?%-?(.*)$"))
end

-- How each kind of medium stands in a message; `uri` and `data` write its bytes.
local PARTS = {
  image = function(read, write)
    return { type = "image_url", image_url = { url = write.uri(read.medium),
      detail = read.detail } }
  end,
  video = function(read, write)
    return { type = "video_url", video_url = { url = write.uri(read.medium) } }
  end,
  audio = function(read, write)
    local data = write.data(read.medium):gsub("^data:[^,]*;base64,", "")
    return { type = "input_audio", input_audio = { data = data,
      format = format_of(read.medium) } }
  end,
  file = function(read, write)
    return { type = "file", file = { filename = read.medium.name,
      file_data = write.uri(read.medium) } }
  end,
}

local function is_read(part)
  return type(part) == "table" and part.medium ~= nil and PARTS[part.kind] ~= nil
end

local function collect_media(list)
  local media = {}
  for _, message in ipairs(list) do
    local content = type(message.content) == "table" and message.content or {}
    for _, part in ipairs(content) do
      if is_read(part) then media[#media + 1] = part.medium end
    end
  end
  return media
end

local function wire_content(content, write)
  if type(content) ~= "table" then return content end
  local parts = {}
  for n, part in ipairs(content) do
    if is_read(part) then
      parts[n] = PARTS[part.kind](part, write)
    elseif type(part) == "table" and part.type == nil and part.text then
      parts[n] = { type = "text", text = part.text }
    else
      parts[n] = part
    end
  end
  return parts
end

-- The list with the same messages, if all of them go out as they are: then a
-- conversation of megabytes is not copied.
local function as_they_are(list)
  local same = {}
  for n = 1, #list do
    local message = list[n]
    if type(message.content) ~= "string" or message.tool_calls then return nil end
    same[n] = message
  end
  return same
end

local function wire_message(message, write)
  local copy = {}
  for name, value in pairs(message) do copy[name] = value end
  copy.content = wire_content(message.content, write)
  if type(message.tool_calls) == "table" then
    copy.tool_calls = #message.tool_calls > 0
      and wire_calls(message.tool_calls) or nil
  end
  return copy
end

-- What shows where the media stand in the texts of a body, without them.
local function texts_of(list)
  local function nothing() return "" end
  local texts = {}
  for n, message in ipairs(list) do
    texts[n] = wire_message(message, { uri = nothing, data = nothing })
  end
  return texts
end

--- Puts messages into a body as they go out. Where there are media: what their
--- marks stand for, and how long that is as sent.
---@param body table
---@param list table[] media in them as yuanjing.ReadPart
---@return table? embedded
---@return number? length
function messages.put(body, list)
  body.messages = as_they_are(list)
  if body.messages then return nil end
  local media = collect_media(list)
  body.messages = #media > 0 and texts_of(list) or nil
  local writer = embed.writer(#media > 0 and body or {}, media)
  local wired = {}
  for n, message in ipairs(list) do wired[n] = wire_message(message, writer) end
  body.messages = wired
  if #media == 0 then return nil end
  return writer.embedded, writer.length
end

return messages
