-- nginx_host.lua FOLDER program | directives: the nginx of this machine, found
-- as the sandbox finds it, and the lines that its configuration begins with:
-- the Lua module, unless it is built in, and the user. Start it at the root of
-- the tree.
package.path = "lua/?.lua;" .. package.path
local host, problem = require "yuanjing.sandbox.machine".prepare(arg[1])
if not host then
  io.stderr:write("nginx_host.lua: ", problem, "\n")
  os.exit(1)
end

if arg[2] == "program" then
  print(host.nginx)
else
  for _, path in ipairs(host.modules) do
    print(('load_module "%s";'):format(path))
  end
  if host.user then print(("user %s;"):format(host.user)) end
end
