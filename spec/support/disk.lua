-- A disk that is soon full: a script with its own tmpfs.
local child = require "support.child"
local support = require "support"

local disk = {}

--- Runs a script with a 300 KiB disk under the folder in its first argument.
--- Returns its output; or nil and why there is no such disk here.
---@param script string
---@return string? output
---@return string? problem
function disk.run(script)
  local folder = support.tempdir()
  support.write(folder .. "/script.lua",
    ("package.path, package.cpath = %q, %q\n"):format(package.path,
      package.cpath) .. script)
  local output = support.output(([[mkdir %s/small; unshare -rm sh -c '
    mount -t tmpfs -o size=300k tmpfs %s/small || exit 1
    timeout 120 %s %s/script.lua %s/small' 2>&1]]):format(folder, folder,
    child.interpreter(), folder, folder))
  if output:find("mount:", 1, true) or output:find("unshare:", 1, true) then
    return nil, output
  end
  return output
end

return disk
