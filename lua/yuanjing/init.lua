--- yuanjing: the client of the 元境 platform (opencomputing.ai).
local client = require "yuanjing.client"
local job = require "yuanjing.job"

---@class yuanjing
---@field file fun(path: string, options?: yuanjing.MediaOptions): yuanjing.File a file, with more to say of it
---@field bytes fun(data: string, options?: yuanjing.MediaOptions): yuanjing.Bytes bytes to send as a file
---@field await_all function waits for many tasks; see many.await_all
---@field as_completed function many tasks in a loop, in the order they end; see many.as_completed
---@field loop yuanjing.Loop for another event loop to poll
---@field catalog table every model and its parameters, as data; see yuanjing.catalog
local yuanjing = {
  --- A client; see yuanjing.Options.
  new = client.new,
  --- The version of this module.
  version = require "yuanjing.version",
  --- Starts a job.
  async = job.async,
  --- Waits, and lets everything in flight go on.
  sleep = job.sleep,
  --- Moves every job on, and never waits: once a frame of a game.
  update = job.update,
}

-- Loaded when somebody first asks for it: the room, and what in it is meant.
local LATER = {
  file = { "media", "file" }, bytes = { "media", "bytes" },
  await_all = { "many", "await_all" },
  as_completed = { "many", "as_completed" },
  loop = { "pollable" }, catalog = { "catalog" },
}

return setmetatable(yuanjing, {
  __index = function(self, name)
    local place = LATER[name]
    if not place then return nil end
    local room = require("yuanjing." .. place[1])
    self[name] = place[2] and room[place[2]] or room
    return self[name]
  end,
})
