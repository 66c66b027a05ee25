--- A long call on the screen: its progress, and what to do after an
-- interruption.
local core = require "yuanjing.core"
local progress = require "yuanjing.cli.terminal.progress"
local say = require("yuanjing.base.language").say
local session = require "yuanjing.cli.session"

local screen = {}

---@class yuanjing.cli.Screen
---@field line yuanjing.cli.Progress
---@field arguments table
---@field is_submitting boolean the current request costs money
---@field private began? number
---@field goes_on? string what was begun, and the command to continue

local function interrupted(self)
  if self.is_submitting then
    return say("interrupted while it was on its way: it may have been received "
      .. "and billed")
  end
  if not self.goes_on then return say "interrupted" end
  return say("interrupted; %s", self.goes_on)
end

-- Shows the progress of an upload.
local function on_event(self, event)
  local line = self.line
  if not self.is_submitting then return end
  if event.type == "request" then
    self.began = core.now()
    line:stage(say "sending")
  elseif event.type == "upload" then
    line:stage(say "uploading", nil, self.began)
    line:bytes(event.sent, event.total)
    if event.sent == event.total then
      line:done(say "uploaded", progress.size(event.total))
      line:stage(say "sending")
    end
  end
end

--- Runs work(client, screen) and shows its stages.
---@param arguments table
---@param work fun(client: yuanjing.Client, screen: yuanjing.cli.Screen): true?, yuanjing.Error?
---@return integer status
function screen.run(arguments, work)
  local self = { arguments = arguments, is_submitting = false,
    line = progress.new(arguments.verbose) }
  return session.run(arguments, function(client)
    return work(client, self)
  end, {
    on_event = function(event) on_event(self, event) end,
    tick = function() self.line:tick() end,
    over = function() self.line:stop() end,
    interrupted = function() return interrupted(self) end,
  })
end

return screen
