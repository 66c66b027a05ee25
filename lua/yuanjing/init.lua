--- yuanjing: the client of the 元境 platform (opencomputing.ai).
local client = require "yuanjing.client"
local many = require "yuanjing.many"
local media = require "yuanjing.media"

---@class yuanjing
---@field catalog table every model and its parameters, as data; see yuanjing.catalog
local yuanjing = {
  --- A client; see yuanjing.Options.
  new = client.new,
  --- A file to send, where a path alone would not say enough.
  file = media.file,
  --- Bytes to send as a file.
  bytes = media.bytes,
  --- Waits for many tasks.
  await_all = many.await_all,
  --- Many tasks in a loop, in the order they end.
  as_completed = many.as_completed,
  --- The version of this module.
  version = require "yuanjing.version",
  --- How calls wait.
  loop = require "yuanjing.loop",
}

return setmetatable(yuanjing, {
  __index = function(self, name)
    if name ~= "catalog" then return nil end
    self.catalog = require "yuanjing.catalog"
    return self.catalog
  end,
})
