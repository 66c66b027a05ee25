--- One choice of an answer: what its pieces have said by now.
local lazy = require "yuanjing.base.lazy"
local merge = require "yuanjing.protocol.chat.merge"
local pieces = require "yuanjing.protocol.chat.pieces"

-- Few answers have a sound or calls.
local base64 = lazy.kept "yuanjing.base.base64"
local tool_calls = lazy.kept "yuanjing.protocol.chat.tool_calls"

local choice = {}

---@class yuanjing.ChoiceParts
---@field index integer
---@field content string[] of any choice but the first, whose reader has it
---@field reasoning string[] likewise
---@field refusal string[]
---@field calls? yuanjing.ToolCalls if it has any
---@field finish_reason? string
---@field is_over? boolean it has ended, and nothing came behind its end
---@field rest table the vendor's other fields
---@field message table the other fields of its message
---@field sounds string[] pieces of its audio, in base64
---@field private reasoning_kind? string the field its thoughts came in
local methods = {}
local ChoiceParts = { __index = methods }

-- The core reads these two as one.
local USUAL = { reasoning_content = "usual", reasoning = "usual" }

-- A vendor may send its thoughts in two fields, also in turns: the field that came
-- first is the one that is read. What the others say stays in `raw`.
function methods:_drop_copies(piece)
  if piece.reasoning == "" then return end
  local kind = USUAL[piece.reasoning_kind] or piece.reasoning_kind
  self.reasoning_kind = self.reasoning_kind or kind
  if kind ~= self.reasoning_kind then piece.reasoning = "" end
end

--- Thoughts were read in the core.
function methods:has_usual_thoughts()
  self.reasoning_kind = self.reasoning_kind or "usual"
end

function methods:_note_end(piece)
  self.finish_reason = piece.finish_reason or self.finish_reason
  if piece.finish_reason or piece.is_end then
    self.is_over = true
  elseif pieces.says_something(piece) then
    self.is_over = false
  end
end

function methods:_note_sound(data)
  self.sounds[#self.sounds + 1] = type(data) == "string" and data or nil
end

--- Takes all of a piece but its texts, and leaves of these what is none of the
--- vendor's copies.
---@param piece yuanjing.Piece
function methods:note(piece)
  if piece.choice then
    merge.rest(self.rest, piece.choice)
    merge.rest(self.message, piece.place)
  end
  self:_note_sound(piece.audio and piece.audio.data)
  if piece.tool_calls then
    self.calls = self.calls or tool_calls.new()
    self.calls:add_all(piece.tool_calls, piece.is_message)
  end
  self.refusal[#self.refusal + 1] = piece.refusal
  self:_drop_copies(piece)
  self:_note_end(piece)
end

--- Its audio as one base64, where the vendor padded each piece; nil: the pieces make
--- that as they are.
---@return string?
function methods:sound()
  if not table.concat(self.sounds):find("=[^=]") then return nil end
  local bytes = {}
  for n, piece in ipairs(self.sounds) do bytes[n] = base64.decode_any(piece) or "" end
  return base64.encode(table.concat(bytes))
end

--- Keeps the texts of a piece.
---@param piece yuanjing.Piece
function methods:keep(piece)
  self.content[#self.content + 1] = piece.content
  self.reasoning[#self.reasoning + 1] = piece.reasoning
end

---@param index integer
---@return yuanjing.ChoiceParts
function choice.new(index)
  return setmetatable({ index = index, content = {}, reasoning = {},
    refusal = {}, sounds = {}, calls = nil, rest = {}, message = {} },
    ChoiceParts)
end

return choice
