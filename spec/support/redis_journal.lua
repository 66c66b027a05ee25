-- What the specs of a journal in Redis share: a Redis and a sandbox for all of
-- them, and for each a journal of its own.
local redis = require "support.redis"
local sandbox = require "yuanjing.sandbox"
local yuanjing = require "yuanjing"

local Suite = {}
Suite.__index = Suite

--- For setup: starts a Redis, as `redis`, and a sandbox, as `sandbox`.
---@param options table of the sandbox
local function start(options)
  return setmetatable({ redis = redis.start(), count = 0,
    sandbox = assert(sandbox.start(options)) }, Suite)
end

--- For teardown.
function Suite:stop()
  redis.clean()
  self.sandbox:stop()
end

--- The URL of a new journal.
function Suite:new_url()
  self.count = self.count + 1
  return ("%s?name=spec%d"):format(self.redis.url, self.count)
end

--- A client of the sandbox.
---@param ... table? options; later ones count
function Suite:client(...)
  local all = { base_url = self.sandbox.url, api_key = self.sandbox.api_key,
    retries = 0 }
  for i = 1, select("#", ...) do
    for name, value in pairs((select(i, ...)) or {}) do all[name] = value end
  end
  return yuanjing.new(all)
end

return { start = start }
