--- "Did you mean": the known name that is nearest to a mistyped one.
local ascii = require "yuanjing.base.ascii"

-- Edit distance: letters to add, drop, change or swap.
local function distance(left, right)
  local before, last = {}, {}
  for j = 0, #right do last[j] = j end
  for i = 1, #left do
    local row = { [0] = i }
    for j = 1, #right do
      local same = left:byte(i) == right:byte(j)
      row[j] = math.min(last[j] + 1, row[j - 1] + 1,
        last[j - 1] + (same and 0 or 1))
      if i > 1 and j > 1 and left:byte(i) == right:byte(j - 1)
        and left:byte(i - 1) == right:byte(j) then
        row[j] = math.min(row[j], before[j - 2] + 1)
      end
    end
    before, last = last, row
  end
  return last[#right]
end

--- The nearest candidate, the first of equals; nil if none is near enough.
---@param name string
---@param candidates string[]
---@return string?
local function suggest(name, candidates)
  if #name > 64 then return nil end
  local best
  local nearest = math.max(1, math.min(3, math.floor(#name / 3))) + 1
  for _, candidate in ipairs(candidates) do
    local steps = distance(ascii.lower(name), candidate)
    if steps < nearest then best, nearest = candidate, steps end
  end
  return best
end

return suggest
