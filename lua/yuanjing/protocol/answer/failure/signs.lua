--- Classifies a document that has no known form: a failure, a success, a state of
-- work in progress, or a sign of life of the sender.
local ascii = require "yuanjing.base.ascii"
local json = require "yuanjing.base.json"
local names = require "yuanjing.protocol.answer.failure.names"
local record = require "yuanjing.protocol.answer.record"
local texts = require "yuanjing.protocol.answer.failure.text"

local signs = {}

local function set_of(text)
  local set = {}
  for word in text:gmatch("[^ \n]+") do set[word] = true end
  return set
end

-- Codes and words for success.
local WELL = set_of [[ 0 200 ok okay success succeed succeeded successful true done
  finished complete completed stop end_turn length tool_calls ]]

-- Words for work in progress, and signs of life.
local GOING_ON = set_of [[ processing pending running queued queueing queuing
  started starting created connected waiting in_progress
  ping pong keepalive keep-alive keep_alive heartbeat heart-beat noop alive ]]

-- A text in lower case, without punctuation at its ends.
local function plain(value)
  local text = record.word(value) or value == true and "true" or ""
  return (ascii.trim(ascii.lower(text)):gsub("^[!-/:-@[-`{-~]+", "")
    :gsub("[!-/:-@[-`{-~]+$", ""))
end

local function is_harmless(value)
  local text = plain(value)
  return WELL[text] or GOING_ON[text] or text == ""
end

-- The words with which a record may describe itself.
local function names_of(fields)
  return { plain(fields.type), plain(fields.event), plain(fields.object),
    plain(fields.status), plain(fields.state) }
end

-- Whether the record reports success: then its message is not a failure's.
local function is_well(fields)
  for _, name in ipairs(names_of(fields)) do
    if WELL[name] or GOING_ON[name] then return true end
  end
  for _, name in ipairs(names.CODES) do
    if WELL[plain(fields[name])] then return true end
  end
  return fields.success == true
end

local function is_named_failure(fields)
  for _, name in ipairs(names_of(fields)) do
    if name:find("error", 1, true) or name:find("fail", 1, true) then
      return true
    end
  end
  local status = tonumber(fields.status)
  return status ~= nil and status >= 400
end

local function has_telling_text(fields)
  for _, name in ipairs(names.TELLING_TEXTS) do
    local text = type(fields[name]) ~= "table" and fields[name]
      or name ~= "message" and texts.find(fields[name])
    if type(text) == "string" and not record.is_empty(text)
      and not is_harmless(text) then
      return true
    end
  end
  return false
end

local function of_failure(document, wraps)
  local fields = record.lowered(document)
  if not record.is_empty(fields.error) or is_named_failure(fields) then
    return true
  end
  for _, name in ipairs(wraps < record.MOST_WRAPPINGS and names.CONTAINERS
    or {}) do
    if json.is_object(fields[name]) and of_failure(fields[name], wraps + 1) then
      return true
    end
  end
  if is_well(fields) then return false end
  return record.first_word(fields, names.CODES) ~= nil
    or has_telling_text(fields)
end

--- Whether a record of no known form reports a failure: by its name, by a code,
--- or by a text in a field that only failures have.
---@param document table
---@return boolean
function signs.of_failure(document)
  return of_failure(document, 0)
end

--- Whether a text in the place of a JSON event is only a sign of life.
---@param text string
---@return boolean
function signs.of_life(text)
  if text:find("^[ \t-\r]*:") then return true end
  local said = plain(text)
  return said == "" or is_harmless((said:gsub("[ \t-\r]+", "-")))
    or said == "openrouter processing"
end

return signs
