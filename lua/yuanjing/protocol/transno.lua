--- The number of ours that a billable call carries with `reconcile = true`. The
-- platform keeps it in the history of the account, by which the outcome of the
-- call can be found (docs/platform.md#account). Seen in the platform's public
-- source, not yet confirmed live.
local core = require "yuanjing.core"
local record = require "yuanjing.protocol.answer.record"

local transno = {
  --- The name of the field.
  FIELD = "transno",
}

-- The calls of these paths are in the history.
local OF_HISTORY = "^/llmage/"

local MOST = 64 -- calls that are remembered

--- A number nobody has had: 96 random bits. The platform's own ids are not much
--- longer.
---@return string
function transno.new()
  return (core.random(12):gsub(".", function(char)
    return ("%02x"):format(char:byte())
  end))
end

-- Files go last.
local function add_part(parts, number)
  for n, part in ipairs(parts) do
    if part.name == transno.FIELD then return part.data end
    if part.file_name then
      table.insert(parts, n, { name = transno.FIELD, data = number })
      return number
    end
  end
  parts[#parts + 1] = { name = transno.FIELD, data = number }
  return number
end

-- NB: a copy, because the digest of a call is that of its body without it.
local function add_field(request, number)
  local given = record.word(request.json[transno.FIELD])
  if given then return given end
  local copy = { [transno.FIELD] = number }
  for name, value in pairs(request.json) do copy[name] = value end
  request.about.params = request.about.params or request.json
  request.json = copy
  return number
end

--- Adds a number to a request, unless the caller gave one.
---@param request yuanjing.Request
function transno.add(request)
  if request.base == "asset_url" or not request.path:find(OF_HISTORY) then
    return
  end
  local number = request.transno or transno.new()
  request.about = request.about or {}
  if request.json then
    request.transno = add_field(request, number)
  elseif request.parts then
    request.transno = add_part(request.parts, number)
  end
end

---@class yuanjing.ReceivedCall a call that the platform is known to have
---@field transno string
---@field at integer Unix time when it was answered
---@field kind string chat, image, video, ...
---@field took number seconds until it was answered
---@field id? string of its task

--- Remembers a call that the platform has answered.
---@param list yuanjing.ReceivedCall[]
---@param call yuanjing.ReceivedCall
function transno.received(list, call)
  if #list >= MOST then table.remove(list, 1) end
  list[#list + 1] = call
end

return transno
