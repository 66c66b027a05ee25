-- The faults that a run with kills has found, as a summary for spec/run.sh.
local support = require "support"

--- Prints it, and ends the process.
---@param found table<string, any>
---@param names string[] the lists in it that must be empty
return function(found, names)
  local passed, failed = 0, 0
  for _, name in ipairs(names) do
    local list = found[name]
    if #list > 0 then print(name .. ": " .. table.concat(list, ", ")) end
    passed, failed = passed + (#list == 0 and 1 or 0),
      failed + (#list > 0 and 1 or 0)
  end
  support.clean()
  print(("%d passed, %d failed"):format(passed, failed))
  os.exit(failed == 0)
end
