--- The wires by name. Each is loaded when it is first used.
local api = {}

--- The wire a client speaks.
---@param settings table
function api.of(settings)
  return require("yuanjing.api." .. settings.api)
end

return api
