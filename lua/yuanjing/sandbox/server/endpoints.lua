--- Names for the platform's paths, as tests use them: those of the client's own
-- list (docs/platform.md#endpoints). The legacy API's paths have the same names.
local names = {}

for _, paths in pairs(require "yuanjing.protocol.endpoints") do
  for name, path in pairs(paths) do names[path] = name end
end

return names
