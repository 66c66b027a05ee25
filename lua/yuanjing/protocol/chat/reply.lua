--- Replies: what an answer that was put together comes to, the same for a plain
-- and a streamed one.
local ascii = require "yuanjing.base.ascii"
local core = require "yuanjing.core"
local endings = require "yuanjing.protocol.chat.endings"
local lazy = require "yuanjing.base.lazy"
local merge = require "yuanjing.protocol.chat.merge"
local pieces = require "yuanjing.protocol.chat.pieces"

local sent_tools = lazy.module "yuanjing.protocol.chat.sent_tools"
local think_tags = lazy.module "yuanjing.protocol.chat.think_tags"
local tool_calls = lazy.kept "yuanjing.protocol.chat.tool_calls"

local replies = {}

---@class yuanjing.Reply
---@field content string
---@field reasoning_content? string
---@field refusal? string the model's words where it refused; the content has them too
---@field finish_reason? string
---@field ended_by string the finish_reason, or what it comes to: "tool_calls", "stop", "max_steps", "limit"
---@field tool_calls? yuanjing.ToolCall[]
---@field message table to append to a list of `messages`
---@field choices yuanjing.Choice[] all of them, by index; `content` is that of the first
---@field usage? table<string, any>
---@field id? string
---@field model? string
---@field warnings? string[] parts that are no text, and signs that the model was not told of the tools
---@field steps? yuanjing.Step[] of a conversation: the calls that were answered, with their results
---@field data? any with a schema: the answer as a value that fits it
---@field schema? yuanjing.SchemaReport with a schema: how the answer was asked for
---@field raw table the platform's own document; of a stream all its chunks in one

---@class yuanjing.Choice
---@field index integer from 0
---@field content string
---@field reasoning_content? string
---@field refusal? string
---@field finish_reason? string
---@field ended_by string
---@field tool_calls? yuanjing.ToolCall[]
---@field message table

local function filled(value)
  return type(value) == "string" and value ~= "" and value or nil
end

-- The message of a choice as `raw` has it; or as it can go out again.
local function message_of(choice, is_sound)
  return { role = "assistant", content = choice.content,
    reasoning_content = choice.reasoning_content, refusal = choice.refusal,
    tool_calls = choice.tool_calls
      and tool_calls.to_wire(choice.tool_calls, is_sound) }
end

-- Some say "stop" of an answer that is calls, and of what is none they say
-- nothing.
local function end_of(reason, calls)
  if calls and (not reason or ascii.lower(reason) == "stop") then return "tool_calls" end
  return reason or "stop"
end

local function finish_choice(choice, content, reasoning)
  local reason = choice.finish_reason
  local made = {
    index = choice.index, content = core.sound(content),
    reasoning_content = filled(core.sound(reasoning)),
    refusal = filled(core.sound(table.concat(choice.refusal))),
    finish_reason = reason,
    tool_calls = choice.calls and choice.calls:list(endings.is_cut(reason)),
  }
  made.ended_by = end_of(reason, made.tool_calls)
  made.message = message_of(made, true)
  return made
end

-- The text and the thoughts of a choice, of which only the first has been read with
-- the tags of its thoughts in mind.
local function texts_of(self, choice, is_primary, content, reasoning)
  if is_primary then
    if self._tags then return self._tags:whole(content, reasoning) end
    return content, reasoning
  end
  content, reasoning = table.concat(choice.content), table.concat(choice.reasoning)
  if not self._tags then return content, reasoning end
  return think_tags.apart(content, reasoning)
end

-- All choices by index, and that whose text the answer is.
local function finish_choices(self, content, reasoning)
  local primary, list, chosen = self._main or 0, {}, nil
  self:_choice(primary)
  for index, choice in pairs(self._choices) do
    local is_primary = index == primary
    local made = finish_choice(choice,
      texts_of(self, choice, is_primary, content, reasoning))
    if is_primary then chosen = made end
    list[#list + 1] = made
  end
  table.sort(list, function(a, b) return a.index < b.index end)
  return list, chosen
end

-- Fields of a document that hold half a character each are sound again.
local function sound(value)
  if type(value) == "string" then return core.sound(value) end
  if type(value) ~= "table" then return value end
  for name, item in pairs(value) do value[name] = sound(item) end
  return value
end

local function raw_choice(choice, made)
  local raw = choice.rest
  raw.index, raw.finish_reason = made.index, made.finish_reason
  raw.message = choice.message
  local data = raw.message.audio and choice:sound()
  if data then raw.message.audio.data = data end
  for name, value in pairs(message_of(made)) do raw.message[name] = value end
  return raw
end

-- The document that all the chunks come to.
local function document_of(self, chunks, list, chosen)
  local document, usage = {}, nil
  table.insert(chunks, math.max(#chunks, 1), self._fields)
  for _, chunk in ipairs(chunks) do
    usage = pieces.usage(chunk, usage) or usage
    merge.top(document, chunk)
  end
  document.usage = usage
  document.delta, document.output, document.candidates = nil, nil, nil
  document.choices = {}
  for n, made in ipairs(list) do
    document.choices[n] = raw_choice(self._choices[made.index], made)
  end
  if document.content ~= nil then document.content = chosen.content end
  if document.reasoning_content ~= nil then
    document.reasoning_content = chosen.reasoning_content
  end
  if document.object == "chat.completion.chunk" then
    document.object = "chat.completion"
  end
  return self.has_halves and sound(document) or document
end

local function others_warning(self)
  local names = {}
  for name in pairs(self._others) do names[#names + 1] = tostring(name) end
  if #names == 0 then return nil end
  table.sort(names, ascii.less)
  return "the answer has parts that are no text, in raw: "
    .. table.concat(names, ", ")
end

local function warnings_of(self, reply)
  local list = { others_warning(self) }
  list[#list + 1] = self._tools and sent_tools.warning(self._tools, reply)
  return #list > 0 and list or nil
end

--- The reply. `document` is the platform's own of a plain answer; of a stream
--- there are the chunks that the core has kept, the last of all at the end.
---@param parts yuanjing.Assembly
---@param content string the text of the first choice
---@param reasoning string
---@param document? table
---@param chunks? table[]
---@return yuanjing.Reply
function replies.make(parts, content, reasoning, document, chunks)
  local list, chosen = finish_choices(parts, content, reasoning)
  document = document or document_of(parts, chunks or {}, list, chosen)
  local reply = {
    content = chosen.content, reasoning_content = chosen.reasoning_content,
    refusal = chosen.refusal, finish_reason = chosen.finish_reason,
    ended_by = chosen.ended_by, tool_calls = chosen.tool_calls,
    message = chosen.message, choices = list, usage = pieces.usage(document),
    id = filled(document.id), model = filled(document.model), raw = document,
  }
  reply.warnings = warnings_of(parts, reply)
  return reply
end

--- The documents one behind the other in a text, of which each is whole.
---@param text string
---@return table[]
function replies.documents(text)
  local list, from = {}, 1
  while from <= #text do
    local value, used = core.decode(text, from)
    if type(used) ~= "number" then break end
    list[#list + 1] = type(value) == "table" and value or nil
    from = from + used
  end
  return list
end

return replies
