--- The JSON document in the body of an answer.
local json = require "yuanjing.base.json"
local lazy = require "yuanjing.base.lazy"
local python = lazy.kept "yuanjing.protocol.answer.python"

local document = {}

local REST_IGNORED = "the answer held more behind its first JSON value; "
  .. "it was ignored"
local PYTHON_READ = "the answer was a Python dict instead of JSON"

--- The document in a body and perhaps a warning; or nil, a message and the
--- decoder's verdict.
---@param body string
---@return table? document
---@return string? warning_or_message
---@return string? verdict
function document.read(body)
  local value, rest, verdict = json.decode_first(body)
  if type(value) == "table" then
    return value, rest:find("[^ \t-\r]") and REST_IGNORED or nil
  end
  local dict = python.read(body)
  if dict then return dict, PYTHON_READ end
  return nil, rest, verdict
end

return document
