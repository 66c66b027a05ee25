--- Parts of the collector's work, for what piles up where it can not see it.
local collector = {}

-- KiB that Lua 5.5 lets a program allocate between two steps. There a step is
-- that much work whatever size is asked for, and the size is in bytes.
local BASIC = 11

-- As many basic steps as make up the size, or to the cycle's end.
local function basic_steps(kib)
  for _ = 1, math.ceil(kib / BASIC) do
    if collectgarbage("step", 0) then return end
  end
end

--- The work that so much newly allocated memory would cause.
---@type fun(kib: number)
collector.step = _VERSION == "Lua 5.5" and basic_steps
  or function(kib) collectgarbage("step", math.ceil(kib)) end

return collector
