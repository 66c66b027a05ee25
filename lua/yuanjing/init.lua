--- yuanjing: the client of the 元境 platform (opencomputing.ai).
require "yuanjing.need" "yuanjing.core"
local client = require "yuanjing.client"
local job = require "yuanjing.job"
local many = require "yuanjing.many"
local media = require "yuanjing.media"

---@class yuanjing
---@field catalog yuanjing.Catalog every model and its parameters, as data
---@field loop yuanjing.Loop for another event loop to poll
---@field version string of this module
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
  version = require "yuanjing.version",
  --- Starts a job.
  async = job.async,
  --- Waits, and lets everything in flight go on.
  sleep = job.sleep,
  --- Moves every job on, and never waits: once a frame of a game.
  update = job.update,
  loop = require "yuanjing.pollable",
}

return setmetatable(yuanjing, {
  __index = function(self, name)
    if name ~= "catalog" then return nil end
    self.catalog = require "yuanjing.catalog"
    return self.catalog
  end,
})
