--- The machine and the software of the measurements; names no host.

-- The first line of a command's output, or the part that matches.
local function printed(command, pattern)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local text = pipe:read("*a")
  pipe:close()
  return text:match(pattern or "^[^\n]*")
end

local CPU = "grep -m 1 'model name' /proc/cpuinfo"

local function package_version(name)
  local file = io.open(("%s/%s/package.json"):format(os.getenv "NODE_PATH",
    name))
  if not file then return nil end
  local text = file:read("*a")
  file:close()
  return text:match('"version": *"(.-)"')
end

--- Pairs of a component and its version; missing components are left out.
---@return string[][]
return function()
  local list = {}
  local function add(what, which)
    if which then list[#list + 1] = { what, which } end
  end
  add("processor", printed(CPU, ": *([^\n]+)"))
  add("processors", printed "nproc")
  add("memory", printed("grep MemTotal /proc/meminfo", "(%d+) kB") // 2 ^ 20
    .. " GiB")
  add("system", printed "uname -srm")
  add("C compiler", printed("cc --version"))
  add("Lua", printed("lua5.4 -v", "Lua (%S+)"))
  add("libcurl", printed "pkg-config --modversion libcurl")
  add("OpenSSL", printed("openssl version", "OpenSSL (%S+)"))
  add("nginx", printed("nginx -v", "nginx/(%S+)"))
  add("curl", printed("curl --version", "curl (%S+)"))
  add("Node", printed("node --version", "v(%S+)"))
  add("openai (npm)", package_version "openai")
  add("eventsource-parser (npm)", package_version "eventsource-parser")
  add("yuanjing", require "yuanjing.version")
  return list
end
