--- The wires by name. Each is loaded when it is first used.
local lazy = require "yuanjing.base.lazy"

local api = {}

--- The wire a client speaks.
---@param settings table
function api.of(settings)
  return lazy.load("yuanjing.protocol." .. settings.api)
end

return api
