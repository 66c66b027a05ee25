--- What the chunks of a stream come to as one document: which fields go on from
-- chunk to chunk, and which are said anew.
local failures = require "yuanjing.protocol.answer.failure"

local merge = {}

-- Texts that say what something is, where others are pieces of a whole.
local IDENTITY = { id = true, type = true, role = true, name = true,
  format = true, status = true, object = true }

local function is_list(value)
  return type(value) == "table" and value[1] ~= nil
end

local merge_into -- below, for tables hold tables

-- What two values of a choice's field are together: lists and texts go on.
local function merged(old, new, name)
  if old == nil then return new end
  if is_list(old) and is_list(new) then
    for _, item in ipairs(new) do old[#old + 1] = item end
    return old
  end
  if type(old) == "table" and type(new) == "table" then
    merge_into(old, new)
    return old
  end
  if type(old) == "string" and type(new) == "string" and not IDENTITY[name]
    and old ~= new then
    return old .. new
  end
  return new
end

function merge_into(record, more)
  for name, value in pairs(more) do
    record[name] = merged(record[name], value, name)
  end
end

--- Lays a document over the fields at the top: the last that says something
--- counts.
---@param fields table
---@param document table
function merge.top(fields, document)
  for name, value in pairs(document) do
    if not failures.is_empty(value) or fields[name] == nil then
      fields[name] = value
    end
  end
end

-- Read into fields of their own.
local READ = { content = true, reasoning_content = true, reasoning = true,
  refusal = true, tool_calls = true, function_call = true, delta = true,
  message = true, finish_reason = true, index = true, text = true, parts = true,
  role = true, error = true, usage = true }

--- Adds what no room reads out of a choice or a message.
---@param rest table
---@param record table
function merge.rest(rest, record)
  for name, value in pairs(record) do
    if not READ[name] then rest[name] = merged(rest[name], value, name) end
  end
end

return merge
