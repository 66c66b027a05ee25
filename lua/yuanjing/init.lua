--- yuanjing: the client of the 元境 platform (opencomputing.ai).
local dependency = require "yuanjing.base.dependency"
dependency "yuanjing.core"
local failures = require "yuanjing.runtime.job_failures"
local lazy = require "yuanjing.base.lazy"

-- Starting a job must not fail for want of a descriptor, nor polling.
lazy.keep { "yuanjing.runtime.job", "yuanjing.runtime.cancel_scope",
  "yuanjing.runtime.pollable", "yuanjing.runtime.loop", "yuanjing.runtime.fibers",
  "yuanjing.base.heap" }

---@class yuanjing
---@field catalog yuanjing.Catalog every model and its parameters, as data
---@field loop yuanjing.Loop for another event loop to poll
---@field on_error? fun(err: any, traceback: string) hook: a job failed, and no code awaited it
---@field version string of this module
---@field null userdata a null in a list of an answer
local yuanjing = {
  --- A client; see yuanjing.Options.
  ---@type fun(options?: yuanjing.Options): yuanjing.Client
  new = lazy.must("yuanjing.client", "new"),
  --- A file to send, for what a path alone can not express.
  ---@type fun(path: string, options?: yuanjing.MediaOptions): yuanjing.File
  file = lazy.fn("yuanjing.base.media", "file"),
  --- Bytes to send as a file.
  ---@type fun(data: string, options?: yuanjing.MediaOptions): yuanjing.Bytes
  bytes = lazy.fn("yuanjing.base.media", "bytes"),
  --- An asset as a medium, by its vendor_asset_id.
  ---@type fun(id: string): yuanjing.AssetRef
  asset_ref = lazy.fn("yuanjing.base.media", "asset_ref"),
  --- Waits for many tasks.
  ---@type fun(tasks: yuanjing.Tasks, options?: yuanjing.AwaitOptions): yuanjing.Results, yuanjing.Failures
  await_all = lazy.fn("yuanjing.task.await_many", "await_all"),
  --- Many tasks in a loop, in the order they end.
  ---@type fun(tasks: yuanjing.Tasks, options?: yuanjing.AwaitOptions): yuanjing.NextResult
  as_completed = lazy.fn("yuanjing.task.await_many", "as_completed"),
  --- A tool for a model.
  ---@type fun(options: yuanjing.ToolOptions): yuanjing.Tool
  tool = lazy.must("yuanjing.chat.tools.tool", "tool"),
  --- A function over a list, a few items at a time.
  ---@type fun(list: any[], fn: yuanjing.MapFunction, options?: yuanjing.MapOptions): yuanjing.Mapped, yuanjing.Failures
  map = lazy.fn("yuanjing.runtime.map", "map"),
  version = require "yuanjing.version",
  --- The value of null in a list of an answer. A field that is null is absent.
  null = require("yuanjing.base.json.cjson").null,
  --- Starts a job.
  ---@type fun(run: function, ...: any): yuanjing.Job
  async = lazy.fn("yuanjing.runtime.job", "async"),
  --- Waits; everything in flight goes on.
  ---@type fun(seconds: number)
  sleep = lazy.fn("yuanjing.runtime.job", "sleep"),
  --- Advances every job and never waits: call it once a frame in a game.
  ---@type fun(budget?: number)
  update = lazy.fn("yuanjing.runtime.job", "update"),
}

failures.look_in(yuanjing)
lazy.settle_in(yuanjing)

-- Fields that are loaded when they are first read.
local LATER = { catalog = "yuanjing.generation.catalog",
  loop = "yuanjing.runtime.pollable" }

return setmetatable(yuanjing, {
  __index = function(self, name)
    if not LATER[name] then return nil end
    self[name] = lazy.load(LATER[name])
    return self[name]
  end,
})
