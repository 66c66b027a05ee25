--- The requests that the server has received, read from its log.
--
-- The log has two JSON lines for each request: when it has arrived, and when
-- its answer has ended. So a request that hangs is visible, too.
local endpoints = require "yuanjing.sandbox.server.endpoints"
local json = require "yuanjing.base.json"
local shell = require "yuanjing.sandbox.shell"

local journal = {}

---@class yuanjing.sandbox.Request
---@field id integer 1, 2, 3 ... in the order of arrival
---@field at number of its arrival, in seconds since 1970
---@field method string
---@field path string
---@field endpoint? string chat, image, video, task, file ...: endpoints.lua
---@field query? string as sent
---@field headers table<string, string> lower-case names; secrets are masked
---@field auth "ok"|"wrong"|"missing"
---@field bytes integer length of the body
---@field body? string up to 16 KiB of it, secrets masked
---@field fields? table<string, any> the body, parsed: JSON, or the texts of a
--- form. Long values of a submit are cut, and an asset's data URI is { type,
--- size, md5 }
---@field files? table[] of a submit: name (the field), filename, type, size,
--- md5, head (16 bytes in hexadecimal); data URIs of JSON too
---@field order? string[] the names of a submit's parts or fields, in their order
---@field problem? string a submit's form was malformed or not whole
---@field model? string
---@field stream? boolean
---@field scenario? string
---@field status? integer of the answer; 499: the client disconnected before it
---@field sent? integer bytes of the answer, its head included
---@field seconds? number seconds until the answer had ended

local function merge(seen, order, line)
  local record = json.decode(line)
  if type(record) ~= "table" or not record.id then return end
  local known = seen[record.id]
  if not known then
    seen[record.id] = record
    order[#order + 1] = record
    return
  end
  for name, value in pairs(record) do known[name] = value end
end

local function read(path)
  local seen, order, open = {}, {}, 0
  local file = io.open(path)
  for line in file and file:lines() or function() end do
    merge(seen, order, line)
  end
  if file then file:close() end
  for _, record in ipairs(order) do
    if not record.status then open = open + 1 end
  end
  return order, open
end

-- The client may see the end of an answer some moments before the log has it.
local GRACE = 5 -- times 10 ms

--- The id of the last request, or 0.
---@param path string
---@return integer
function journal.last(path)
  local list = read(path)
  return #list > 0 and list[#list].id or 0
end

-- Adds the fields that follow from the record.
local function complete(record)
  record.endpoint = endpoints[record.path]
  local fields = not record.fields and record.body and json.decode(record.body)
  record.fields = type(fields) == "table" and fields or record.fields
end

--- All requests, in the order of arrival.
---@param path string
---@return yuanjing.sandbox.Request[]
function journal.read(path)
  local list, open = read(path)
  for _ = 1, GRACE do
    if open == 0 then break end
    shell.read("sleep 0.01 2>/dev/null")
    list, open = read(path)
  end
  for _, record in ipairs(list) do complete(record) end
  return list
end

return journal
