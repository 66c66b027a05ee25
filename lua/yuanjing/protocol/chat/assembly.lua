--- An answer that is put together: from one document, or from the chunks of a
-- stream. Plain and streamed replies are the same because both are made here.
--
-- The text of the first choice is not kept here: whoever reads the stream has it,
-- since most of its chunks are read in the core. take() gives what a document adds
-- to it; reply() is given all of it.
local ascii = require "yuanjing.base.ascii"
local choices = require "yuanjing.protocol.chat.choice"
local failures = require "yuanjing.protocol.answer.failure"
local lazy = require "yuanjing.base.lazy"
local merge = require "yuanjing.protocol.chat.merge"
local pieces = require "yuanjing.protocol.chat.pieces"
local replies = require "yuanjing.protocol.chat.reply"
local growth = lazy.kept "yuanjing.protocol.chat.growth"

local assembly = {}

---@class yuanjing.Taken
---@field content string what was added to the text of the first choice
---@field reasoning string
---@field finish_reason? string
---@field tool_calls? table[]
---@field is_complete? boolean the answer as a whole; nil: as it was
---@field is_progress boolean it is more than a sign of life
---@field is_alone boolean it has nothing but a sign of life
---@field has_place boolean it has a place for a text
---@field has_usage boolean

---@class yuanjing.Assembly
---@field private _fields table top-level fields of what was taken
---@field private _choices table<integer, table>
---@field private _mode? "one"|"many" whether `index` counts choices
---@field private _growth table<string, yuanjing.Growth> by kind of text
---@field private _tags? yuanjing.ThinkTags where the thoughts are in the text
---@field private _odd? string why something could not be read
---@field has_halves? true half characters may be in the fields
---@field private _tools? yuanjing.SentTools that the model was to be told of
---@field unread? string a document that has no place for a text
local methods = {}
local Assembly = { __index = methods }

-- So many events with rising indices count something else than choices.
local RISING = 8
-- A delta that ends the answer and is no shorter repeats a text.
local REPEATED = 8

-- Which choice -------------------------------------------------------------

function methods:_choice(index)
  local choice = self._choices[index]
  if not choice then
    choice = choices.new(index)
    self._choices[index] = choice
  end
  return choice
end

-- Some vendors count events in `index`: one choice in each, and the index rises.
-- As long as that may be so, those behind the first are held back. Decides, once
-- it can, whether they are choices.
function methods:_decide(list, usual)
  local index, last = list[1] and list[1].index, self._last
  if #list > 1 or self._asked > 1 then
    self._mode = "many"
  elseif index then
    if not last and usual > 0 then last = 0 end
    self._repeats = self._repeats or usual > 1 or index == last
    local rises = not last or index > last
    self._last = index
    if index > 0 and (self._repeats or self:_is_over(0))
      or not rises and last > 0 then
      self._mode = "many"
    elseif rises then
      self._rising = (self._rising or 0) + 1
      if self._rising > RISING then self._mode = "one" end
    end
  end
end

function methods:_is_over(index)
  local choice = self._choices[index]
  return choice ~= nil and choice.is_over == true
end

-- What a piece says ---------------------------------------------------------

-- What follows in a text behind another; nil: it does not begin with that.
local function behind(text, begin)
  if text:sub(1, #begin) == begin then return text:sub(#begin + 1) end
end

-- A message behind deltas is the whole once more. One behind messages goes on,
-- unless it begins with all that came before.
function methods:_message_increment(text, is_end, so_far)
  local rest = behind(text, so_far)
  if self._has_delta then return rest or "" end
  local is_known = self._is_cumulative or is_end and self._texts > 1
  if rest == "" and not is_known then return text end
  self._is_cumulative = self._is_cumulative or rest ~= nil
  return rest or text
end

-- MiniMax writes its thoughts in pieces, or whole. Of any other text the whole is
-- a gateway's fault, and could be chance.
function methods:_growth_of(kind, field)
  self._growth[kind] = self._growth[kind]
    or growth.new(field == "reasoning_details")
  return self._growth[kind]
end

-- What the text of a message adds to that of its kind so far.
function methods:_increment_of_message(text, kind, is_end, before)
  local held = self._growth[kind] and self._growth[kind]:release(text) or ""
  local length = before.lengths[kind] + #held
  if length == 0 or not self._has_delta and #text < length then return held .. text end
  return held .. self:_message_increment(text, is_end, before.text(kind) .. held)
end

-- What the text of a piece adds to that of its kind so far.
function methods:_increment(piece, kind, before)
  local text, length = piece[kind], before.lengths[kind]
  local is_end = piece.finish_reason ~= nil or piece.is_end
  if text == "" then return text end
  if piece.is_message then
    return self:_increment_of_message(text, kind, is_end, before)
  end
  local function so_far() return before.text(kind) end
  local is_again = is_end and self._texts > 1 and #text >= REPEATED
    and #text == length and text == so_far()
  if is_again then return "" end
  local field = kind == "reasoning" and piece.reasoning_kind or nil
  return self:_growth_of(kind, field):take(text, length, so_far)
end

function methods:_taken_apart(text, reasoning)
  local content, thoughts = self._tags:take(text)
  return content, reasoning .. thoughts
end

-- Adds a piece to its choice; what it adds to the answer's own text.
function methods:_add(piece, index, before)
  local choice = self:_choice(index)
  self._main = self._main or index
  if before.lengths.reasoning > 0 then choice:has_usual_thoughts() end
  choice:note(piece)
  if index ~= self._main then
    choice:keep(piece)
    return "", ""
  end
  local content = self:_increment(piece, "content", before)
  local reasoning = self:_increment(piece, "reasoning", before)
  if self._tags then content, reasoning = self:_taken_apart(content, reasoning) end
  if content ~= "" then self._texts = self._texts + 1 end
  if not piece.is_message and (content ~= "" or reasoning ~= "") then
    self._has_delta = true
  end
  return content, reasoning
end

-- Adds pieces, each to its choice: the index, or the place in the list.
function methods:_add_all(list, before)
  local contents, thoughts = {}, {}
  for n, piece in ipairs(list) do
    local index = self._mode == "many" and (piece.index or n - 1) or 0
    contents[n], thoughts[n] = self:_add(piece, index, before)
  end
  return table.concat(contents), table.concat(thoughts)
end

-- Held pieces --------------------------------------------------------------

-- Whether it is not known yet whose they are: they may be choices or events, or
-- choices before the first.
function methods:_are_held(list)
  local index = list[1] and list[1].index
  if self._mode == "one" or #list ~= 1 or not index or index == 0 then
    return false
  end
  return not self._mode or not self._main and #self._held < RISING
end

-- What is held back belongs to the lowest of its choices, where there is no
-- choice 0.
function methods:_release(list, before)
  local held = self._held
  self._held = {}
  for _, waiting in ipairs { held, list } do
    for _, piece in ipairs(self._main and {} or waiting) do
      self._lowest = math.min(self._lowest or math.huge, piece.index or 0)
    end
  end
  if self._mode == "many" then self._main = self._main or self._lowest end
  return self:_add_all(held, before)
end

--- The texts that are still held back, at the end.
---@return string content
---@return string reasoning
function methods:release(before)
  local content, reasoning = self:_release({}, before)
  local held = {}
  for kind, one in pairs(self._growth) do held[kind] = one:release() end
  content = (held.content or "") .. content
  reasoning = (held.reasoning or "") .. reasoning
  if not self._tags then return content, reasoning end
  content, reasoning = self:_taken_apart(content, reasoning)
  local rest, thoughts = self._tags:release()
  return content .. rest, reasoning .. thoughts
end

-- Taking -------------------------------------------------------------------

-- While nothing is decided, the last event speaks for all.
local function is_complete(self)
  local last = self._held[#self._held]
  if last and not self._mode then return last.finish_reason ~= nil end
  for _, choice in pairs(self._choices) do
    if not choice.is_over then return false end
  end
  return true
end

local FAILED = { error = true, failed = true, failure = true }

-- A choice may fail by itself.
local function failure_of(document, piece)
  local reason = piece.finish_reason and ascii.lower(piece.finish_reason)
  local err = piece.error
  if (err == nil or failures.is_empty(err)) and not FAILED[reason or ""] then
    return nil
  end
  local failure = failures.of { error = err }
    or failures.whole(document, true)
  if failure.message == failures.UNTOLD then
    failure.message = "the answer ended with " .. piece.finish_reason
  end
  return failure
end

-- Where a document is only there to show that its sender is.
local ALONE = { id = true, object = true, created = true, model = true,
  type = true, event = true, status = true, state = true, code = true,
  message = true, msg = true, success = true, time = true, timestamp = true }

local function is_alone(document, list, usage)
  if #list > 0 or usage then return false end
  for name, value in pairs(document) do
    if not ALONE[name] and not failures.is_empty(value) then return false end
  end
  return true
end

-- Of a sign of life there is only what it says of the answer.
local NAMES = { "id", "object", "created", "model" }

function methods:_merge_fields(document, taken)
  local usage = pieces.usage(document, self._fields.usage)
    or self._fields.usage
  if taken.is_alone then
    local names = {}
    for _, name in ipairs(NAMES) do names[name] = document[name] end
    document = names
  end
  merge.top(self._fields, document)
  self._fields.usage = usage
end

-- What the core has read of the first choice.
function methods:_note_usual(usual)
  if usual == 0 then return end
  self:_choice(0)
  self._main = self._main or 0
  self._has_delta = true
  self._texts = math.max(self._texts, usual)
end

function methods:_take_pieces(list, before)
  if self:_are_held(list) then
    self._held[#self._held + 1] = list[1]
    return "", ""
  end
  local content, reasoning = self:_release(list, before)
  local more, thought = self:_add_all(list, before)
  return content .. more, reasoning .. thought
end

-- What the pieces are besides texts.
local function describe(self, list, taken)
  local says, is_end = false, false
  for _, piece in ipairs(list) do
    says = says or pieces.says_something(piece)
    is_end = is_end or piece.finish_reason ~= nil or piece.is_end == true
    self._odd = self._odd or piece.odd
    if piece.others then self._others[piece.others] = true end
  end
  if says then taken.is_complete = is_end and is_complete(self) end
  taken.is_progress = taken.is_progress or says
  local first = list[1] or {}
  taken.finish_reason, taken.tool_calls = first.finish_reason, first.tool_calls
end

local function first_failure(document, list)
  for _, piece in ipairs(list) do
    local failure = failure_of(document, piece)
    if failure then return failure end
  end
end

--- Takes the next document of the answer. `before` is what is known of its text
--- by then: how long it is of each kind, the text itself, and how many chunks
--- were read in the core.
---@param document table
---@param before table { lengths, text(kind), usual }
---@return yuanjing.Taken
---@return table? failure fields of an error
function methods:take(document, before)
  local list = pieces.of(document)
  local usage = pieces.usage(document, self._fields.usage)
  local taken = { is_alone = is_alone(document, list, usage),
    is_progress = usage ~= nil and not self._fields.usage,
    has_place = #list > 0, has_usage = usage ~= nil }
  self:_merge_fields(document, taken)
  self:_note_usual(before.usual)
  if not self._mode then self:_decide(list, before.usual) end
  taken.content, taken.reasoning = self:_take_pieces(list, before)
  describe(self, list, taken)
  return taken, first_failure(document, list)
end

--- Whether the core has to hand over each chunk: choices are told apart here,
--- thoughts, and texts that grow.
---@return boolean
function methods:is_watching()
  if self._tags then return true end
  for _, one in pairs(self._growth) do
    if one:is_watching() then return true end
  end
  return self._mode == "many" or self._last ~= nil and self._last > 0
end

---@return table? usage as far as the platform has told it
function methods:usage() return self._fields.usage end

--- What was sent in the place of a text and is none, in words; nil: nothing.
---@return string?
function methods:problem()
  if self._odd then
    return ("the answer's content is no text but %s"):format(self._odd)
  end
end

--- The reply; see replies.make.
---@param content string the text of the first choice
---@param reasoning string
---@param document? table
---@param chunks? table[]
---@return yuanjing.Reply
function methods:reply(content, reasoning, document, chunks)
  return replies.make(self, content, reasoning, document, chunks)
end

--- @param asked? any what was asked for: { n = choices, tools = what to look for
--- where they may have been dropped, think_tags = what takes thoughts out of the
--- text }, or n alone
---@return yuanjing.Assembly
function assembly.new(asked)
  if type(asked) ~= "table" then asked = { n = asked } end
  return setmetatable({ _fields = {}, _choices = {}, _held = {}, _others = {},
    _growth = {}, _texts = 0, _asked = type(asked.n) == "number" and asked.n or 1,
    _tools = asked.tools, _tags = asked.think_tags }, Assembly)
end

assembly.documents = replies.documents

return assembly
