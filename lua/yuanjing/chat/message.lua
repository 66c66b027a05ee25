--- Messages as users write them: what can be wrong with a list of them, and the
-- media in their parts, which are read when they are sent.
local json = require "yuanjing.base.json"
local media = require "yuanjing.base.media"
local suggest = require "yuanjing.base.suggest"

-- NB: a conversation may have ten thousands of messages: a global name that each of
-- them asks for costs more than the check.
local next, type = next, type

local message = {}

---@class yuanjing.Message
---@field role "system"|"user"|"assistant"|"tool"|"developer"
---@field content? string|yuanjing.MessagePart[] what is said; an assistant's that has calls needs none
---@field tool_calls? table[] an assistant's: as in `reply.message`, or `reply.tool_calls`
---@field tool_call_id? string of the role "tool": the call that the content is the result of
---@field reasoning_content? string an assistant's: what it thought
---@field name? string

---@class yuanjing.MessagePart one of these; what has another `type` goes out as it is
---@field type? string "text", "image", "audio", "video", "file"; the field itself says so as well
---@field text? string
---@field image? yuanjing.AnyMedium
---@field audio? yuanjing.AnyMedium
---@field video? yuanjing.AnyMedium
---@field file? yuanjing.AnyMedium a document
---@field name? string of a medium: what it is sent as
---@field media_type? string of a medium: "image/png"

-- Media in parts -----------------------------------------------------------

local KINDS = { "image", "audio", "video", "file" }

local function is_medium(value)
  return type(value) == "string" or media.is(value)
end

--- Of which kind a part is, where it is a medium of ours: `image = "cat.jpg"`.
---@param part any
---@return string? kind
function message.kind_of(part)
  if type(part) ~= "table" then return nil end
  for _, kind in ipairs(KINDS) do
    local is_its = part.type == nil or part.type == kind
    if is_its and is_medium(part[kind]) then return kind end
  end
end

-- A medium of a part, with the name and the type that the part gives it.
local function given(part, kind)
  local value = part[kind]
  local options = { name = part.name, type = part.media_type }
  local is_text = type(value) == "string"
  if not is_text or not next(options) then return value end
  local is_path = not value:find("^[A-Za-z][0-9A-Za-z+.-]+:")
  return is_path and media.file(value, options) or value
end

--- The medium of a part, as it goes out; or nil and why not.
---@param part yuanjing.MessagePart
---@param kind string
---@return yuanjing.Medium?
---@return string? problem
function message.read_part(part, kind)
  local value = given(part, kind)
  -- NB: it may be megabytes, and is sent again with each question.
  if type(value) == "string" and media.is_plain_data(value) then
    return media.read(value)
  end
  return media.read_to_send(value, true)
end

-- Checks -------------------------------------------------------------------

local ROLES = { "assistant", "developer", "function", "system", "tool", "user" }
local IS_ROLE = {}
for _, role in ipairs(ROLES) do IS_ROLE[role] = true end

-- The highest place that a list uses; nil: it is no list.
local function length_of(list)
  local length = #list
  if json.is_list(list) then return length end
  for key in pairs(list) do
    if type(key) ~= "number" or key < 1 or key % 1 ~= 0 then return nil end
    length = math.max(length, key)
  end
  return length
end

-- Whatever JSON would make of these, no platform means it.
local function list_problem(messages)
  local length = length_of(messages)
  if not length then
    return "messages: expected a list; a single message goes into one as well: "
      .. "{ { role = ..., content = ... } }"
  end
  if length == 0 then return "messages: expected a message, the list is empty" end
  for n = 1, length do
    local item = messages[n]
    if item == nil then
      return ("messages[%d]: missing, the list goes on behind it"):format(n)
    elseif type(item) ~= "table" then
      return ("messages[%d]: expected a table, got %s"):format(n, type(item))
    end
  end
end

local function role_problem(item)
  local role = item.role
  if IS_ROLE[role] then return nil end
  local meant = type(role) == "string" and suggest(role, ROLES)
  return ("role: expected one of %s%s%s"):format(table.concat(ROLES, ", "),
    role == nil and "" or (", got %s"):format(type(role) == "string"
      and ("%q"):format(role) or type(role)),
    meant and (" (did you mean %q?)"):format(meant) or "")
end

local function content_problem(item)
  local content = item.content
  if content == nil or type(content) == "string" then return nil end
  if type(content) ~= "table" then
    return ("content: expected a text or a list of parts, got %s")
      :format(type(content))
  end
  local length = length_of(content)
  for n = 1, length or 0 do
    if content[n] == nil then
      return ("content[%d]: missing, the list goes on behind it"):format(n)
    end
  end
  if length == 0 then return "content: expected a part, the list is empty" end
end

local function result_problem(item)
  local id = item.tool_call_id
  if item.role ~= "tool" or type(id) == "string" and id ~= "" then return nil end
  return "tool_call_id: missing, it is the id of the call that this answers"
end

-- Whether JSON can hold the messages. If not, the encoder reports why.
local function is_writable(messages)
  return json.encode(messages) ~= nil
end

local CHECKS = { role_problem, content_problem, result_problem }

-- As most messages are.
local function is_text(item)
  if type(item) ~= "table" or type(item.content) ~= "string" then return false end
  local role = item.role
  return IS_ROLE[role] and role ~= "tool"
end

local function check_each(item, n, problems)
  for _, check in ipairs(CHECKS) do
    local problem = check(item)
    problems[#problems + 1] = problem
      and ("messages[%d].%s"):format(n, problem)
  end
end

local function each_problem(messages, problems)
  local found = #problems
  for n = 1, #messages do
    local item = messages[n]
    if not is_text(item) then check_each(item, n, problems) end
  end
  if #problems == found or is_writable(messages) then return end
  while #problems > found do problems[#problems] = nil end
end

-- Whether this is a list of nothing but texts, with nothing wrong: found in one
-- walk, because there may be ten thousands of them.
local function are_texts(messages)
  local count = 0
  for n, item in next, messages do
    count = count + 1
    if n ~= count or not is_text(item) then return false end
  end
  return count > 0
end

--- Adds what is wrong with a list of messages.
---@param messages any
---@param problems string[]
---@param validate boolean false: only what JSON would make something else of
function message.check(messages, problems, validate)
  if type(messages) ~= "table" or are_texts(messages) then return end
  local problem = list_problem(messages)
  problems[#problems + 1] = problem
  if validate and not problem then each_problem(messages, problems) end
end

-- Reading media --------------------------------------------------------------

local function read_parts(content, place, problems)
  local read
  for n, part in ipairs(content) do
    local kind = message.kind_of(part)
    if kind then
      local medium, problem = message.read_part(part, kind)
      if not medium then
        problems[#problems + 1] = ("%s.content[%d].%s: %s"):format(place, n,
          kind, problem)
      end
      read = read or {}
      read[n] = { kind = kind, medium = medium, detail = part.detail }
    end
  end
  return read
end

---@class yuanjing.ReadPart
---@field kind "image"|"audio"|"video"|"file"
---@field medium yuanjing.Medium
---@field detail? string

--- The media in messages, by message and part; nil: there are none.
---@param messages yuanjing.Message[]
---@param problems string[] is told what can not be read
---@return table<integer, table<integer, yuanjing.ReadPart>>?
function message.read_media(messages, problems)
  local found
  for n = 1, #messages do
    local item = messages[n]
    local content = type(item) == "table" and item.content
    if type(content) == "table" then
      local read = read_parts(content, ("messages[%d]"):format(n), problems)
      if read then
        found = found or {}
        found[n] = read
      end
    end
  end
  return found
end

--- A copy of messages without the media that were read out of them.
---@param messages yuanjing.Message[]
---@param found table<integer, table<integer, yuanjing.ReadPart>>
---@return table[]
function message.without_media(messages, found)
  local copies = {}
  for n, item in ipairs(messages) do
    copies[n] = item
    if found[n] then
      copies[n] = {}
      for name, value in pairs(item) do copies[n][name] = value end
      copies[n].content = {}
      for i, part in ipairs(item.content) do
        copies[n].content[i] = found[n][i] or part
      end
    end
  end
  return copies
end

-- If a file can not be read any more, the model gets a sentence in its place.
local function readable_part(part)
  local kind = message.kind_of(part)
  if not kind then return part end
  local medium = message.read_part(part, kind)
  if medium then return part end
  return { type = "text", text = ("(%s that was here can not be read any more)")
    :format(kind) }
end

--- The messages, but before the last of a user's media that are gone do not keep
--- the rest from being sent.
---@param messages yuanjing.Message[]
---@return yuanjing.Message[]
function message.with_readable(messages)
  local out, last = {}, 0
  for n, item in ipairs(messages) do
    if item.role == "user" then last = n end
  end
  for n, item in ipairs(messages) do
    out[n] = item
    if n < last and type(item.content) == "table" then
      out[n] = {}
      for name, value in pairs(item) do out[n][name] = value end
      out[n].content = {}
      for i, part in ipairs(item.content) do
        out[n].content[i] = readable_part(part)
      end
    end
  end
  return out
end

--- The names of kinds, as the fields of a question: images, audios, ...
message.KINDS = KINDS

return message
