--- Describes a call with an unknown outcome, so that a user can look for it at the
-- platform and recognise it.
local lazy = require "yuanjing.base.lazy"

local outcome = {}

---@class yuanjing.About what a billable request asks for
---@field model? string
---@field category? string
---@field seconds? number of a video whose duration is not given, by the documents
---@field params? any its parameters, if they are more than its json

-- The digest; nil if the module can not be loaded, because no descriptor is left.
local function digest_of(params)
  local ok, digest = pcall(lazy.load, "yuanjing.base.digest")
  return ok and digest(params) or nil
end

--- Adds the description to the fields of an error.
---@param fields table of the kind outcome_unknown
---@param request yuanjing.Request
---@param left integer when it was sent, in seconds since 1970
function outcome.describe(fields, request, left)
  local about = request.about or {}
  fields.time, fields.model, fields.category = left, about.model, about.category
  fields.digest = digest_of(about.params or request.json)
  fields.message = ("%s (it left at %s)"):format(fields.message,
    os.date("!%Y-%m-%dT%H:%M:%SZ", left))
end

--- What the history of the account is asked for.
---@param request yuanjing.Request
---@param left integer seconds since 1970 when it went out
---@param ended integer seconds since 1970: later nothing of it was sent
---@return yuanjing.WantedCall
function outcome.wanted(request, left, ended)
  local about = request.about or {}
  return { transno = request.transno, at = left, latest = ended,
    kind = request.billable, model = about.model, category = about.category,
    digest = digest_of(about.params or request.json) }
end

return outcome
