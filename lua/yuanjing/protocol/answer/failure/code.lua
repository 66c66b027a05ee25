--- The code of a failure: finds it in a document.
local json = require "yuanjing.base.json"
local lazy = require "yuanjing.base.lazy"
local names = lazy.kept "yuanjing.protocol.answer.failure.names"
local record = require "yuanjing.protocol.answer.record"

local codes = {}

-- A code in `error` is more precise than one beside it; in other records a code
-- counts only if there is none outside.
local function code_of(document, depth)
  local fields = record.lowered(document)
  local own = record.first_word(fields, names.CODES)
  for _, name in ipairs(depth < record.MOST_WRAPPINGS and names.CODE_PLACES
    or {}) do
    local place = fields[name]
    local code = json.is_object(place) and (name == "error" or not own)
      and code_of(place, depth + 1)
    if code then return code end
  end
  return own ~= "0" and own or nil -- 0 stands for a success in every API
end

--- The most precise code in a document, which may be no failure at all.
---@param document table
---@return string?
function codes.of(document)
  return code_of(document, 0)
end

local function is_failing(value)
  local code = value ~= nil and record.word(value)
  return code and code ~= "0" or false
end

--- Whether there is a code in a field that only failures have. MiniMax has its
--- own field for the outcome of a call.
---@param document table
---@return boolean
function codes.tell_failure(document)
  local base = document.base_resp
  return is_failing(document.errcode) or is_failing(document.error_code)
    or base ~= nil and json.is_object(base) and is_failing(base.status_code)
end

return codes
