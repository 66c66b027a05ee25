--- The kind of a failure, from its code, its type and its text.
local ascii = require "yuanjing.base.ascii"

local kinds = {}

-- Lua patterns for lower case. The word "balance" alone is enough for a 429, but
-- not for a 400, where it may be the name of a parameter.
local NO_MONEY = {
  "insufficient[ \t-\r_-]*funds?", "insufficient[ \t-\r_-]*balance",
  "insufficient[ \t-\r_-]*quota", "not enough balance", "arrearage",
  "余额", "欠费",
}
local BALANCE = { "balance", "funds" }
local RATE = {
  "%f[A-Za-z]rate%f[^A-Za-z]", "ratelimit", "ratequota", "frequen", "too many",
  "throttl", "concurren", "频", "限流", "并发",
}
-- For a code or a type.
local RATE_CODES = { "rate_?%-?limit", "ratequota", "too_?many_?requests",
  "throttl", "concurren" }
-- For the text beside a code that is a number.
local RATE_TEXTS = { "rate limit", "too many requests", "too frequent", "throttl",
  "频率", "频繁", "限流" }
local AUTH = { "invalid_?%-?api_?%-?key", "unauthori[sz]ed", "authentication",
  "^forbidden", "access_?denied", "permission_?denied", "permission_error" }

-- Patterns for a code or a type, and for the text beside a code that is a number.
-- The first row that matches counts.
local WORDS = {
  { kind = "balance", codes = NO_MONEY, texts = NO_MONEY },
  { kind = "auth", codes = AUTH, texts = AUTH },
  { kind = "rate_limit", codes = RATE_CODES, texts = RATE_TEXTS },
}

local OF_NUMBERS = { ["401"] = "auth", ["402"] = "balance", ["403"] = "auth" }

--- Whether a text reports that the account has no money.
---@param text string in lower case
---@param status? integer of HTTP
---@return boolean
function kinds.says_balance(text, status)
  if ascii.matches_any(text, NO_MONEY) then return true end
  return status == 429 and ascii.matches_any(text, BALANCE)
end

--- The kind of a 429: the platform means the balance unless the text or a
--- Retry-After names a rate.
---@param text string in lower case
---@param retry_after? number
---@return "balance"|"rate_limit"
function kinds.of_429(text, retry_after)
  if kinds.says_balance(text, 429) then return "balance" end
  if retry_after or ascii.matches_any(text, RATE) then return "rate_limit" end
  return "balance"
end

--- The kind that a failure's code or type names, else the kind that it has. The
--- text explains a code that is a number.
---@param failure yuanjing.Failure
---@return string
function kinds.named(failure)
  if failure.kind ~= "platform" then return failure.kind end
  local code, text = failure.code or "", ascii.lower(failure.message)
  local named = ascii.lower(code .. " " .. (failure.type or ""))
  if code == "429" then return kinds.of_429(named .. " " .. text) end
  if OF_NUMBERS[code] then return OF_NUMBERS[code] end
  local is_number = code:find("^%d+$") ~= nil
  for _, row in ipairs(WORDS) do
    if ascii.matches_any(named, row.codes)
      or is_number and ascii.matches_any(text, row.texts) then
      return row.kind
    end
  end
  return failure.kind
end

return kinds
