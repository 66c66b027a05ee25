--- A function of one value that is mostly asked for the value it was asked for
-- before: then it does not work it out again.
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
