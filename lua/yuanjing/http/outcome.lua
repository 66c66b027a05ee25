--- What is known of a call whose outcome is not: enough to look for it at the
-- platform, and to know it again.
local digest = require "yuanjing.base.digest"

local outcome = {}

---@class yuanjing.About what a request that costs money is about
---@field model? string
---@field category? string
---@field params? any what it asks for, where that is more than its json

--- Adds that to the fields of an error.
---@param fields table of the kind outcome_unknown
---@param request yuanjing.Request
---@param left integer seconds since 1970 when it went out
function outcome.describe(fields, request, left)
  local about = request.about or {}
  fields.time, fields.model, fields.category = left, about.model, about.category
  fields.digest = digest(about.params or request.json)
  fields.message = ("%s (it left at %s)"):format(fields.message,
    os.date("!%Y-%m-%dT%H:%M:%SZ", left))
end

return outcome
