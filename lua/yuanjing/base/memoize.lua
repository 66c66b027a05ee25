--- Caches the last result of a function of one value, for a function that is
-- mostly called with the same value as before.
local memoize = {}

---@param work_out fun(value: any): any not nil
---@return fun(value: any): any
function memoize.last(work_out)
  local asked, answer
  return function(value)
    if answer == nil or value ~= asked then
      answer = work_out(value)
      asked = value
    end
    return answer
  end
end

return memoize
