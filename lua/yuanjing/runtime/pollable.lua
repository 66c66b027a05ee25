--- `yuanjing.loop`: what another event loop needs to drive this one. Poll the one
-- descriptor for reading, and call step() when it can be read; the clock is in
-- there too. cqueues polls the object itself. Calls that wait belong into jobs
-- then: elsewhere they would stop the other loop.
local loop = require "yuanjing.runtime.loop"

---@class yuanjing.Loop
local pollable = {}

--- The descriptor to poll; nil where poll(2) serves in the place of epoll.
---@return integer?
function pollable.pollfd()
  return loop.watched_fd()
end

--- What to poll for: "r".
---@return string
function pollable.events()
  return "r"
end

--- Seconds until step() has something to do by the clock, or nil. Whoever polls
--- the descriptor need not ask.
---@return number?
function pollable.timeout()
  loop.watched_fd()
  return loop.pool():timeout()
end

--- Handles what there is to do, for so many seconds or a bit more; never waits.
---@param budget? number seconds; all there is unless given
function pollable.step(_, budget)
  if budget ~= nil then loop.check_seconds("loop:step", budget) end
  loop.drive(budget)
end

return pollable
