--- The envelopes of the assets API: all is told with status 200.
local json = require "yuanjing.sandbox.server.json"
local odds = require "yuanjing.sandbox.server.media.odds"
local play = require "yuanjing.sandbox.server.play"

local reply = {}

--- The documented refusals.
reply.TEXTS = {
  no_vendor = "供应商配置不存在",
  vendor_stopped = "供应商服务已停用",
  no_group = "无效的素材组合ID或无权访问",
  no_asset = "素材不存在或无权访问",
  unverified = "尚未完成认证或认证失败",
}

---@class yuanjing.sandbox.Reply an answer, before it becomes bytes
---@field data? table of a success
---@field message? string of a refusal
---@field flat? boolean {"success": ...} instead of the documented envelope

local function flat(draft)
  local record = json.record("success", draft.message == nil,
    "message", draft.message)
  local order = getmetatable(record).order
  for _, name in ipairs(draft.data and getmetatable(draft.data).order or {}) do
    order[#order + 1], record[name] = name, draft.data[name]
  end
  return record
end

local function wrapped(draft)
  return json.record("status", draft.message and "error" or "ok",
    "data", draft.data or json.record("message", draft.message))
end

-- `owner`: the group or the asset it is about, with its scenarios.
local function finish(seen, owner, draft)
  local odd = odds.new(owner, seen)
  odd:apply("reply", draft)
  local envelope = draft.flat and flat or wrapped
  return odd:tell(play.json(200, envelope(draft)))
end

---@param seen yuanjing.sandbox.Seen
---@param data table a record
---@param owner? { odd: table[] }
function reply.ok(seen, data, owner)
  return finish(seen, owner, { data = data })
end

---@param seen yuanjing.sandbox.Seen
---@param message string
---@param owner? { odd: table[] }
function reply.refuse(seen, message, owner)
  return finish(seen, owner, { message = message })
end

return reply
