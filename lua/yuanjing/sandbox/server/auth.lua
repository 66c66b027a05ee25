--- Checks the key. As on the platform, only the exact prefix "Bearer " counts,
-- and the rest is taken literally.
local play = require "yuanjing.sandbox.server.play"

local auth = {}

local known = {}

---@param keys string[]
function auth.configure(keys)
  known = {}
  for _, key in ipairs(keys) do known[key] = true end
end

---@param header? string of Authorization
---@return "ok"|"wrong"|"missing"
function auth.judge(header)
  if not header then return "missing" end
  local key = header:match("^Bearer (.*)$")
  return key and known[key] and "ok" or "wrong"
end

function auth.refusal()
  return play.fail(401, "Invalid API Key")
end

return auth
