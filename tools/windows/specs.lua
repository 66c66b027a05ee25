-- busted under wine, on a Windows Lua: Debian's Lua files, with stand-ins for two
-- of its C modules, which it uses for the time and for colours.
local core = require "yuanjing.core"

require "bridge"

package.preload.system = function()
  return { gettime = os.time, monotime = core.now, sleep = function() end }
end
package.preload.term = function()
  return { isatty = function() return false end }
end

-- Specs and the sandbox find files beside them by their own paths, on the Linux side
-- too.
local search = package.searchpath
function package.searchpath(name, path, separator, slash)
  return search(name, path, separator, slash or "/")
end

local searchers = package.searchers or package.loaders
searchers[2] = function(name)
  local path, problem = package.searchpath(name, package.path)
  if not path then return problem end
  return assert(loadfile(path)), path
end

-- The sandbox finds its shell and its nginx there.
require("yuanjing.sandbox.shell").is_here = true

-- The specs start scripts of their own on the Linux side.
local first = 0
while arg[first - 1] do first = first - 1 end
arg[first] = os.getenv("YJ_WINE_LUA")

require "busted.runner"({ standalone = false })
