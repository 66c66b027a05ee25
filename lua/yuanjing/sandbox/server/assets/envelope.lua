--- The envelope of answers of the assets API; their HTTP status is always 200.
local json = require "yuanjing.sandbox.server.json"

local envelope = {}

--- The documented error messages.
envelope.TEXTS = {
  no_vendor = "供应商配置不存在",
  vendor_stopped = "供应商服务已停用",
  no_group = "无效的素材组合ID或无权访问",
  no_asset = "素材不存在或无权访问",
  unverified = "尚未完成认证或认证失败",
}

--- `flat`: without the documented envelope.
---@param data table a record
---@param flat? boolean
---@return table record
function envelope.success(data, flat)
  if not flat then return json.record("status", "ok", "data", data) end
  local record = json.record("success", true)
  local order = getmetatable(record).order
  for _, name in ipairs(getmetatable(data).order) do
    order[#order + 1], record[name] = name, data[name]
  end
  return record
end

---@param message string
---@param flat? boolean
---@return table record
function envelope.refusal(message, flat)
  if flat then return json.record("success", false, "message", message) end
  return json.record("status", "error", "data",
    json.record("message", message))
end

return envelope
