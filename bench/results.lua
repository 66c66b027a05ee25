--- The results of ab: the figures of each round, and their summary.
local results = {}

---@class bench.Results by label, then key, then round: a number
local Results = {}
Results.__index = Results

--- Nil if that suite has not been run.
---@param path string
---@return bench.Results?
function results.load(path)
  local file = io.open(path)
  if not file then return nil end
  local self = setmetatable({ _rows = {} }, Results)
  for line in file:lines() do
    local label, key, round, value = line:match("^(.-)\t(.-)\t(.-)\t(.*)$")
    local row = self._rows[label] or {}
    row[key] = row[key] or {}
    row[key][tonumber(round)] = tonumber(value)
    self._rows[label] = row
  end
  file:close()
  return self
end

-- The median, least, most and number of a map's values; or nil.
local function middle(values)
  local list = {}
  for _, value in pairs(values) do list[#list + 1] = value end
  if #list == 0 then return nil end
  table.sort(list)
  local low, high = math.floor((#list + 1) / 2), math.ceil((#list + 1) / 2)
  return { median = (list[low] + list[high]) / 2, least = list[1],
    most = list[#list], rounds = #list }
end

--- A figure over all rounds.
---@return { median: number, least: number, most: number, rounds: integer }?
function Results:figure(label, key)
  return middle((self._rows[label] or {})[key] or {})
end

--- A figure of one row beside that of another, round by round.
---@param combine fun(mine: number, others: number): number?
function Results:beside(label, other, key, combine)
  local mine = (self._rows[label] or {})[key] or {}
  local others = (self._rows[other] or {})[key] or {}
  local values = {}
  for round, value in pairs(mine) do
    if others[round] then values[round] = combine(value, others[round]) end
  end
  return middle(values)
end

function results.quotient(mine, others)
  return others ~= 0 and mine / others or nil
end

function results.difference(mine, others) return mine - others end

return results
