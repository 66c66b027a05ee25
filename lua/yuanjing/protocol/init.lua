--- The protocols of the platform's APIs, by name. Each is loaded when it is
-- first used.
local lazy = require "yuanjing.base.lazy"

local api = {
  NAMES = { "v1", "legacy" },
}

--- The protocol of the API that a client has.
---@param settings table
function api.of(settings)
  return lazy.load("yuanjing.protocol." .. settings.api)
end

return api
