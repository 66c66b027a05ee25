--- What several answers have used together, as far as the platform said so.
local sums = {}

local function add_to(sum, more)
  for name, value in pairs(more) do
    if type(value) == "number" then
      sum[name] = (type(sum[name]) == "number" and sum[name] or 0) + value
    elseif type(value) == "table" then
      sum[name] = add_to(type(sum[name]) == "table" and sum[name] or {}, value)
    elseif sum[name] == nil then
      sum[name] = value
    end
  end
  return sum
end

--- Both usages as one; nil where neither is known.
---@param sum? table is changed
---@param usage? table is not
---@return table?
function sums.add(sum, usage)
  if not usage then return sum end
  return add_to(sum or {}, usage)
end

return sums
