--- The tool calls of an answer, out of the pieces they come in. Vendors differ in
-- which piece has the id, the index and the name, and in what they repeat; each
-- rule here was seen at one of them.
local core = require "yuanjing.core"
local json = require "yuanjing.base.json"
local number = require "yuanjing.base.number"

local tool_calls = {}

---@class yuanjing.ToolCall
---@field id string the model's, or call_1, call_2, ... where it gave none
---@field name string
---@field arguments? table nil where the model wrote no JSON object
---@field raw string the arguments as the model wrote them
---@field error? string what is wrong with the call; do not run it

---@class yuanjing.ToolCalls
---@field private _calls table[] in the order they began
---@field private _is_flooded? true there were too many
local methods = {}
local ToolCalls = { __index = methods }

-- Pieces -------------------------------------------------------------------

local function filled(value)
  if type(value) == "number" then value = number.show(value) end
  return type(value) == "string" and value ~= "" and value or nil
end

-- Arguments come as text; some vendors send the object itself.
local function text_of(arguments)
  if type(arguments) == "table" then return json.encode(arguments) end
  return filled(arguments)
end

-- What an item says; nil: nothing. Some fill up a list, or a field of old, with a
-- call of nothing.
local function read_piece(delta)
  if type(delta) ~= "table" then return nil end
  local called = type(delta["function"]) == "table" and delta["function"]
    or delta
  local id = filled(delta.id)
  local piece = { id = id and core.sound(id), name = filled(called.name),
    index = number.read(delta.index), arguments = text_of(called.arguments) }
  return (piece.id or piece.name or piece.arguments) and piece or nil
end

local function object_of(text)
  local value = json.decode(text)
  if type(value) == "string" then value = json.decode(value) end -- twice encoded
  return type(value) == "table" and value[1] == nil and value or nil
end

-- NB: asked for each piece that has a name; most arguments that are not whole do
-- not end as an object does.
local function is_whole(call)
  local last = call.arguments[#call.arguments]
  if not last or not last:find("[}\"][ \t-\r]*$") then return false end
  return object_of(table.concat(call.arguments)) ~= nil
end

local function is_unfinished(call)
  return #call.arguments > 0 and not is_whole(call)
end

-- The arguments of a call -------------------------------------------------

local NOTHING = { [""] = true, ['""'] = true, null = true, None = true }

-- Whether the last piece says once more all that was said before it. Some send the
-- whole at the end of its pieces, or with each of them.
local function is_last_whole(pieces)
  local last = pieces[#pieces]
  local function is_in_last(text)
    return last:sub(1, #text) == text or object_of(text) ~= nil
  end
  if #pieces < 2 or not object_of(last) then return false end
  if is_in_last(table.concat(pieces, "", 1, #pieces - 1)) then return true end
  for _, piece in ipairs(pieces) do
    if not is_in_last(piece) then return false end
  end
  return true
end

-- The pieces but for empty objects, which some send before or behind the others;
-- one, if there is nothing else.
local function without_empty(pieces)
  local rest = {}
  for _, piece in ipairs(pieces) do
    if piece ~= "{}" then rest[#rest + 1] = piece end
  end
  return #rest > 0 and rest or { pieces[1] }
end

-- The arguments as one text, and as an object if they are one.
local function join(pieces)
  local text = core.sound(table.concat(pieces))
  if NOTHING[text:match("^[ \t-\r]*(.-)[ \t-\r]*$")] then text = "{}" end
  local object = object_of(text)
  if object then return text, object end
  local rest = without_empty(pieces)
  local last = is_last_whole(rest) and rest[#rest]
    or core.sound(table.concat(rest))
  object = object_of(last)
  return object and last or text, object
end

-- Whose piece it is --------------------------------------------------------

-- A new id begins a new call, unless the one at hand has none yet, or the sender
-- makes up an id for each piece.
local function belongs_by_id(call, piece)
  if not piece.name then return true end
  if not call.id then return not (call.name and is_whole(call)) end
  return piece.name == call.name and is_unfinished(call)
end

-- Without an id, a name begins a new call where the one at hand is complete.
local function belongs(call, piece)
  return not (piece.name and call.name and is_whole(call))
end

-- Some repeat a call that was complete, without its id.
local function is_repeat(call, piece)
  return not piece.id and piece.name == call.name and piece.arguments
    and piece.arguments == table.concat(call.arguments)
end

-- What is beyond this belongs to a sender that has gone mad.
local MOST_CALLS, MOST_BYTES = 128, 2 ^ 20

function methods:_open(piece)
  local call = { arguments = {}, bytes = 0, index = piece.index }
  if #self._calls == MOST_CALLS then
    self._is_flooded = true
    return call
  end
  self._calls[#self._calls + 1] = call
  if piece.index then self._by_index[piece.index] = call end
  return call
end

-- A call that is complete does not change its name, and what differs from it has
-- no other index: its id is used twice.
local function is_another(call, piece)
  if not (piece.name and call.name and is_whole(call)) then return false end
  return piece.name ~= call.name or piece.arguments and piece.index
    and piece.index ~= call.index
    and piece.arguments ~= table.concat(call.arguments)
end

-- The call of a piece; nil: it only repeats one.
function methods:_find(piece)
  local known = piece.id and self._by_id[piece.id]
  if known and is_another(known, piece) then return self:_open(piece) end
  if known then
    if piece.index then self._by_index[piece.index] = known end
    return known
  end
  local call = self._calls[#self._calls]
  if piece.index then call = self._by_index[piece.index] end
  if not call then return self:_open(piece) end
  if is_repeat(call, piece) and is_whole(call) then return nil end
  local is_its = piece.id and belongs_by_id or belongs
  return is_its(call, piece) and call or self:_open(piece)
end

-- Merging ------------------------------------------------------------------

-- The first name counts. What differs from it before there are arguments is the
-- rest of it.
local function add_name(call, name)
  if not call.name then
    call.name = name
  elseif name ~= call.name and #call.arguments == 0 then
    call.name = call.name .. name
  end
end

local function add_arguments(call, text)
  if not text then return end
  call.bytes = call.bytes + #text
  call.is_too_long = call.bytes > MOST_BYTES
  if not call.is_too_long then call.arguments[#call.arguments + 1] = text end
end

function methods:_merge(call, piece)
  if piece.id then
    call.id = call.id or piece.id
    self._by_id[piece.id] = call
  end
  if piece.name then add_name(call, piece.name) end
  add_arguments(call, piece.arguments)
end

-- Whether a whole call is the n-th of those that came in pieces.
function methods:_is_again(piece, n)
  local call = self._has_pieces and self._calls[n]
  return call and call.name == piece.name
    and join(call.arguments) == join { piece.arguments }
end

-- Whether an item of a list is a call of its own: in a message it is one; in a
-- chunk if it stands beside another, and nothing says whose it is.
local function is_own(piece, n, is_first)
  return is_first or n > 1 and piece.name and not (piece.id or piece.index)
end

--- Takes the pieces of a chunk; or those of a message, each of which is a whole
--- call, where there have been none before. A message behind pieces has the same
--- calls once more.
---@param deltas table[]
---@param are_whole? boolean
function methods:add_all(deltas, are_whole)
  local is_first = are_whole and #self._calls == 0
  self._has_pieces = self._has_pieces or not are_whole
  for n, delta in ipairs(deltas) do
    local piece = read_piece(delta)
    if piece and not (are_whole and self:_is_again(piece, n)) then
      local call = is_own(piece, n, is_first) and self:_open(piece)
        or self:_find(piece)
      if call then self:_merge(call, piece) end
    end
  end
end

--- Takes the next piece: an item of `tool_calls` of a chunk or of a message, or
--- an old `function_call`.
---@param delta any
function methods:add(delta) self:add_all { delta } end

-- The end ------------------------------------------------------------------

local function problem_of(self, call, object, is_cut)
  if is_cut then
    return "the answer was cut off: the call may be incomplete"
  elseif self._is_flooded then
    return ("there are more than %d calls"):format(MOST_CALLS)
  elseif not call.name then
    return "the call has no name"
  elseif call.is_too_long then
    return "the arguments are too long"
  elseif not object then
    return "the arguments are no JSON object"
  end
end

-- An id that no other call of this answer has.
function methods:_unused_id(beginning, n)
  while self._by_id[beginning .. n] do n = n + 1 end
  local id = beginning .. n
  self._by_id[id] = true
  return id
end

-- Made once, so that whoever asks again is told the same.
function methods:_set_ids()
  local seen = {}
  for n, call in ipairs(self._calls) do
    if not call.id then
      call.id = self:_unused_id("call_", n)
    elseif seen[call.id] then
      call.id = self:_unused_id(call.id .. "_", 2)
    end
    seen[call.id] = true
  end
end

--- All calls, as far as they have come; nil: there are none.
---@param is_cut? boolean the answer broke off: none of them may be run
---@return yuanjing.ToolCall[]?
function methods:list(is_cut)
  local list = {}
  self:_set_ids()
  for n, call in ipairs(self._calls) do
    local text, object = join(call.arguments)
    list[n] = { id = call.id, name = core.sound(call.name or ""), arguments = object,
      raw = text, error = problem_of(self, call, object, is_cut) }
  end
  return #list > 0 and list or nil
end

---@return yuanjing.ToolCalls
function tool_calls.new()
  return setmetatable({ _calls = {}, _by_id = {}, _by_index = {} }, ToolCalls)
end

--- The calls of a list of pieces.
---@param deltas table[]
---@return yuanjing.ToolCall[]?
function tool_calls.merge(deltas)
  local calls = tool_calls.new()
  for _, delta in ipairs(deltas) do calls:add(delta) end
  return calls:list()
end

--- The calls as a message has them on the wire.
---@param calls yuanjing.ToolCall[]
---@param is_sound? boolean arguments that no vendor would take again become {}
---@return table[]
function tool_calls.to_wire(calls, is_sound)
  local list = {}
  for n, call in ipairs(calls) do
    local arguments = is_sound and not call.arguments and "{}" or call.raw
    list[n] = { id = call.id, type = "function",
      ["function"] = { name = call.name, arguments = arguments } }
  end
  return list
end

return tool_calls
