--- The wires by name. Each is loaded when it is first used.
local later = require "yuanjing.later"

local api = {}

--- The wire a client speaks.
---@param settings table
function api.of(settings)
  return later.load("yuanjing.api." .. settings.api)
end

return api
