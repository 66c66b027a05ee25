--- The text of a failure: finds it in a document, and knows what some texts mean.
local ascii = require "yuanjing.base.ascii"
local names = require "yuanjing.protocol.answer.failure.names"
local record = require "yuanjing.protocol.answer.record"

local texts = {}

-- Texts of the assets API that imply a code, and some a kind.
local KNOWN = {
  { text = "无效的素材组合ID或无权访问", code = "group_not_found",
    kind = "not_found" },
  { text = "素材不存在或无权访问", code = "asset_not_found",
    kind = "not_found" },
  { text = "供应商配置不存在", code = "vendor_not_configured" },
  { text = "供应商服务已停用", code = "vendor_disabled" },
  { text = "尚未完成认证或认证失败", code = "verification_incomplete" },
}

-- Lua patterns for the beginning of an error's plain text in lower case. They are
-- anchored, because the answer of a model may talk about errors.
local OPENINGS = {
  "^%[?error", "^%d%d%d:", "^%d%d%d[ \t-\r]+[A-Za-z]", "^exception", "^traceback",
  "^unauthorized", "^forbidden", "^not found", "^failed", "^bad request",
  "^internal server error", "^invalid", "^missing", "^{'error'",
  "^insufficient", "^错误", "^失败", "^bad gateway", "^gateway time",
  "^service unavailable", "^too many requests", "^rate limit", "^quota",
  "^upstream ",
}

--- The most specific text about a failure, at any depth of wrapping.
---@param value any
---@return string?
function texts.find(value)
  if type(value) == "string" then
    return not record.is_empty(value) and value or nil
  end
  if type(value) ~= "table" then return nil end
  if value[1] ~= nil then return texts.find(value[1]) end
  local fields = record.lowered(value)
  for _, name in ipairs(names.TEXTS) do
    local text = texts.find(fields[name])
    if text then return text end
  end
end

--- Whether a plain text in the place of an answer is an error message.
---@param text string
---@return boolean
function texts.reads_like_error(text)
  return ascii.matches_any(ascii.lower(text), OPENINGS)
end

--- A failure of the platform with that text. A known text sets the code and the
--- kind.
---@param text string
---@return yuanjing.Failure
function texts.failure(text)
  local failure = { kind = "platform", message = ascii.trim(text) }
  for _, known in ipairs(KNOWN) do
    if failure.message:find(known.text, 1, true) then
      failure.code = known.code
      failure.kind = known.kind or failure.kind
    end
  end
  return failure
end

return texts
