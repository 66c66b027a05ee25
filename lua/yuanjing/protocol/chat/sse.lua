--- Bodies in the manner of a stream where none was asked for: a plain answer, or a
-- refusal. Whether a body is one is decided here alone.
local core = require "yuanjing.core"
local json = require "yuanjing.base.json"

local sse = {}

local FIELDS = { data = true, event = true, id = true, retry = true, [""] = true }

-- A line of a stream that says so by itself. A field that nobody knows does not.
local function begins_stream(line)
  local name = line:match("^([a-z]*):") or line
  return line ~= "" and FIELDS[name] == true
end

--- Whether the body begins as a stream of events does, perhaps behind fields that
--- the standard has passed over.
---@param body string
---@return boolean
function sse.is_stream(body)
  local from = body:find("^\239\187\191") and 4 or 1
  from = body:find("[^\r\n \t]", from)
  while from and not body:find("^[{%[<\"]", from) do
    local stop = body:find("[\r\n]", from) or #body + 1
    local line = body:sub(from, stop - 1)
    if begins_stream(line) then return true end
    if not line:find("^[%dA-Za-z_.-]+:") then return false end
    from = body:find("[^\r\n]", stop)
  end
  return false
end

--- The JSON documents of such a body, as far as they can be read.
---@param body string
---@return any[]
function sse.documents(body)
  local decoder, list = core.decoder(), {}
  decoder:feed(body)
  decoder:finish()
  local content, text = decoder:next()
  while content do
    list[#list + 1] = json.decode(text)
    content, text = decoder:next()
  end
  decoder:close()
  return list
end

return sse
