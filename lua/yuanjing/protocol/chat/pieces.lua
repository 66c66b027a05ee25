--- What one document of an answer brings: a whole reply, or a chunk of one. Each
-- vendor has its own place for a text; here all of them become pieces of the same
-- form, one for each choice.
local ascii = require "yuanjing.base.ascii"
local json = require "yuanjing.base.json"
local number = require "yuanjing.base.number"

local pieces = {}

---@class yuanjing.Piece
---@field index? integer of the choice
---@field content string may be empty
---@field reasoning string may be empty
---@field reasoning_kind? string the field it came in
---@field refusal? string which is the content then
---@field tool_calls? table[] pieces of calls
---@field audio? table with its base64 in `data`
---@field finish_reason? string
---@field is_message? boolean it may hold all that was said before as well
---@field is_end? boolean it is complete, without a reason
---@field choice? table the vendor's own
---@field place? table what holds the text in it
---@field odd? string what could not be read as text, in a word
---@field error? any that stands in the choice

-- Texts --------------------------------------------------------------------

local ABSENT = { [""] = true, null = true, none = true }

--- A reason that is one: vendors make texts of their nulls.
---@param value any
---@return string?
function pieces.reason(value)
  if type(value) == "number" then return number.show(value) end
  if type(value) ~= "string" or ABSENT[ascii.lower(value)] then return nil end
  return value
end

local THINKING = { thinking = true, reasoning = true, reasoning_text = true,
  summary_text = true }

-- A text on its way: what was read so far, and what was not.
local function new_text()
  return { content = {}, reasoning = {} }
end

local add_value -- (text, value, kind)

local function add(text, kind, value)
  local list = text[kind]
  list[#list + 1] = value
end

-- A part of a list: {type = "text", text = ...} and its kin. One of another type,
-- like a picture, stays in `raw`.
local function add_part(text, part, kind)
  if THINKING[part.type] then kind = "reasoning" end
  local refusal = part.type == "refusal" and part.refusal
  if refusal then text.refusal = (text.refusal or "") .. tostring(refusal) end
  local value = refusal or part.text or part.thinking or part.reasoning
    or part.content or part.value or part.summary
  if part.thought == true then kind = "reasoning" end -- Gemini
  if value ~= nil then return add_value(text, value, kind) end
  if type(part.type) ~= "string" then text.odd = text.odd or "object" end
  text.others = text.others or part.type
end

function add_value(text, value, kind)
  if type(value) == "string" then
    add(text, kind, value)
  elseif type(value) == "number" then
    add(text, kind, number.show(value))
  elseif type(value) == "boolean" then
    text.odd = "boolean"
  elseif type(value) == "table" and (value[1] ~= nil or next(value) == nil) then
    for _, part in ipairs(value) do add_value(text, part, kind) end
  elseif type(value) == "table" then
    add_part(text, value, kind)
  end
end

-- The first of these fields that holds anything, read as that kind.
local function add_first(text, kind, place, names)
  for _, name in ipairs(names) do
    if place[name] ~= nil and place[name] ~= "" then
      local before = #text[kind]
      add_value(text, place[name], kind)
      if #text[kind] > before then return name end
    end
  end
end

local REASONING = { "reasoning_content", "reasoning", "thinking",
  "reasoning_details" }
local CONTENT = { "content", "text", "parts" }

local function has_anything(place)
  return type(place) == "table" and next(place) ~= nil
end

-- The pieces of calls: a list, or one alone; else the field of old, which some
-- gateways fill in as well.
local function read_calls(place)
  local calls = place.tool_calls
  if type(calls) ~= "table" then calls = {} end
  if calls["function"] then calls = { calls } end
  for _, call in ipairs(calls) do
    if has_anything(call) then return calls end
  end
  return has_anything(place.function_call) and { place.function_call } or nil
end

-- What holds a text, as a piece.
local function read_place(place, choice)
  local text = new_text()
  add_first(text, "content", place, CONTENT)
  local has_thoughts = #text.reasoning > 0 -- among the parts of the content
  local kind = add_first(text, "reasoning", place, REASONING)
  local refusal = text.refusal
  if type(place.refusal) == "string" and place.refusal ~= "" then
    refusal = place.refusal
    if #text.content == 0 then add(text, "content", refusal) end
  end
  return {
    content = table.concat(text.content),
    reasoning = table.concat(text.reasoning), refusal = refusal,
    reasoning_kind = has_thoughts and "content" or kind,
    tool_calls = read_calls(place),
    audio = has_anything(place.audio) and place.audio or nil,
    odd = text.odd, others = text.others, choice = choice,
    place = choice and place,
  }
end

-- Choices ------------------------------------------------------------------

-- A text that has a field of its own, in the form of a delta.
local function as_place(value, name)
  if type(value) == "table" then return value end
  if value == nil or value == "" then return nil end
  return { [name or "content"] = value }
end

-- A chunk has a delta, a reply a message, and some have both: then the delta is
-- what is new.
local function read_choice(choice)
  local delta = as_place(choice.delta)
  local message = as_place(choice.message)
  local piece
  if has_anything(delta) then piece = read_place(delta, choice) end
  local says = piece and (piece.content ~= "" or piece.reasoning ~= ""
    or piece.tool_calls)
  if not says and message then
    piece = read_place(message, choice)
    piece.is_message = true
  elseif not says and choice.text ~= nil then
    piece = read_place({ content = choice.text }, choice)
  elseif not says and choice.content ~= nil then -- Gemini
    piece = read_place(as_place(choice.content), choice)
  end
  piece = piece or read_place({}, choice)
  piece.index = type(choice.index) == "number" and choice.index or nil
  piece.finish_reason = pieces.reason(choice.finish_reason)
    or pieces.reason(choice.finishReason)
  local err = choice.error
  piece.error = err ~= nil and err ~= "" and err or nil
  return piece
end

local function choices_of(document)
  local output = type(document.output) == "table" and document.output or {}
  for _, list in ipairs { document.choices or false, output.choices or false,
    document.candidates or false } do
    if type(list) == "table" and type(list[1]) == "table" then return list end
  end
end

-- What OpenAI's responses call their deltas.
local function delta_name(kind)
  if type(kind) ~= "string" or kind:find("output_text", 1, true) then
    return "content"
  end
  if kind:find("reason", 1, true) or kind:find("think", 1, true) then
    return "reasoning"
  end
  if kind:find("refusal", 1, true) then return "refusal" end
end

local END_FIELDS = { "finish_reason", "stop_reason", "done_reason" }

local function reason_of(document, place)
  for _, record in ipairs { document, place or false, document.output or false } do
    for _, name in ipairs(type(record) == "table" and END_FIELDS or {}) do
      local reason = pieces.reason(record[name])
      if reason then return reason end
    end
  end
end

-- Whether it is an end that gives no reason.
local function is_end(document)
  return document.type == "message_stop" or document.done == true
    or document.is_end == true or document.type == "response.completed"
end

-- Where a document without choices keeps its text: (place, is it the whole?).
local function find_place(document)
  local output, delta = document.output, document.delta
  if type(delta) == "table" then -- Cohere puts a message into it
    return type(delta.message) == "table" and delta.message or delta
  end
  if type(delta) == "string" and delta_name(document.type) then
    return { [delta_name(document.type)] = delta }
  end
  if type(document.message) == "table" then return document.message, false end
  if type(document.type) == "string" and document.type:find("%.done$")
    and type(document.text) == "string" then -- all of what came in deltas
    return { [delta_name(document.type) or "content"] = document.text }, true
  end
  if type(output) == "table" and output[1] == nil and output.text ~= nil then
    return { content = output.text }, true -- DashScope's own
  end
  for _, name in ipairs { "content", "text", "result", "response" } do
    local value = document[name]
    if type(value) == "string" or name == "content" and value ~= nil then
      return { content = value, reasoning_content = document.reasoning_content }
    end
  end
  if document.reasoning_content ~= nil then return document end
end

local function read_without_choices(document)
  local place, is_whole = find_place(document)
  local reason = reason_of(document, place)
  local piece = read_place(place or {})
  piece.is_message = is_whole or nil
  piece.finish_reason, piece.is_end = reason, is_end(document) or nil
  return (place or reason or piece.is_end) and piece or nil
end

-- The copies at the top of the document, where its choice has none.
local function add_copies(document, piece)
  if piece.content == "" and not piece.odd and not piece.refusal then
    local text = new_text()
    add_first(text, "content", document, { "content" })
    piece.content = table.concat(text.content)
  end
  if piece.reasoning == "" then
    local text = new_text()
    add_first(text, "reasoning", document, { "reasoning_content" })
    piece.reasoning = table.concat(text.reasoning)
    piece.reasoning_kind = "reasoning_content"
  end
end

--- The pieces of a document, one for each of its choices; empty: it has no place
--- for a text.
---@param document table
---@return yuanjing.Piece[]
function pieces.of(document)
  local choices, list = choices_of(document), {}
  if not choices then
    list[1] = read_without_choices(document)
    return list
  end
  for _, choice in ipairs(choices) do
    if type(choice) == "table" then list[#list + 1] = read_choice(choice) end
  end
  if #list == 1 then add_copies(document, list[1]) end
  return list
end

--- Whether a piece has anything in it.
---@param piece yuanjing.Piece
---@return boolean
function pieces.says_something(piece)
  return piece.content ~= "" or piece.reasoning ~= "" or piece.odd ~= nil
    or piece.others ~= nil or piece.tool_calls ~= nil or piece.audio ~= nil
    or piece.finish_reason ~= nil or piece.is_end ~= nil
end

-- Usage --------------------------------------------------------------------

local function is_zero(usage)
  for _, value in pairs(usage) do
    if type(value) == "table" then
      if not is_zero(value) then return false end
    elseif value ~= 0 and value ~= json.null then
      return false
    end
  end
  return true
end

--- The usage that a document tells, if it is one; nil for all zeroes where
--- another is known.
---@param document table
---@param known? table
---@return table?
function pieces.usage(document, known)
  local choice = type(document.choices) == "table" and document.choices[1]
  for _, usage in ipairs { document.usage or false,
    type(choice) == "table" and choice.usage or false,
    document.usageMetadata or false } do
    if type(usage) == "table" and not (known and is_zero(usage)) then
      return usage
    end
  end
end

return pieces
