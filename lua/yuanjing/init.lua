--- yuanjing: the client of the 元境 platform (opencomputing.ai).
local client = require "yuanjing.client"

---@class yuanjing
local yuanjing = {
  --- A client; see yuanjing.Options.
  new = client.new,
  --- The version of this module.
  version = require "yuanjing.version",
  --- How calls wait.
  loop = require "yuanjing.loop",
}

return yuanjing
