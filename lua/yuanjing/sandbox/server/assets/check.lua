--- Checks that the fields of a call exist and are texts.
local checks = require "yuanjing.sandbox.server.media.checks"
local json = require "yuanjing.sandbox.server.json"
local utf8 = require "yuanjing.sandbox.server.media.utf8"

local check = {}

--- What is wrong with the fields, or nil. The fields of a body that is not
--- UTF-8 are ignored.
---@param seen yuanjing.sandbox.Seen
---@param required string[]
---@param optional? string[]
---@return string? problem
function check.texts(seen, required, optional)
  if not utf8.is_valid(seen.body) then seen.fields = json.record() end
  for _, name in ipairs(required) do
    local problem = checks.text(seen, name)
    if problem then return problem end
  end
  for _, name in ipairs(optional or {}) do
    local problem = seen.fields[name] ~= nil and seen.fields[name] ~= "" and
      checks.text(seen, name)
    if problem then return problem end
  end
end

return check
