--- Scripts in their own processes, with functions for processes that Lua
-- lacks.
local support = require "support"

local child = {}

local jit = rawget(_G, "jit")

--- The interpreter that runs this.
function child.interpreter()
  local first = 0
  while arg[first - 1] do first = first - 1 end
  return arg[first]
end

-- The compiler's flags for the headers of a Lua. Like `make lua5.5`, it takes
-- LUA55_INC for a 5.5 that pkg-config does not know.
local function flags_of(lua)
  local folder = lua == "lua5.5" and os.getenv("LUA55_INC") or ""
  if folder ~= "" then return "-isystem " .. folder end
  return ("$(pkg-config --cflags %s)"):format(lua)
end

-- spec/support/process.c for this Lua, built unless it is there. It is never
-- unloaded: a signal may come after the state has been closed.
local function process_module()
  local lua = jit and "luajit" or _VERSION:lower():gsub(" ", "")
  local folder = "build/process/" .. lua
  local done = os.execute(([[
    so=%s/process.so source=spec/support/process.c
    test $so -nt $source && exit
    mkdir -p %s && cc -shared -fPIC -Wl,-z,nodelete -o $so.$$ %s $source &&
      mv $so.$$ $so]]):format(folder, folder, flags_of(lua)))
  assert(done == true or done == 0)
  return folder .. "/?.so"
end

-- The status is on the last line.
local function parse(text)
  local output, status = text:match("^(.-)\n*(%d+)\n*$")
  return tonumber(status), output
end

-- Memory of a forked child, or of a process that does not close its state, is
-- no leak.
local function leaves(script)
  return script:find('"process"', 1, true) or script:find("os.exit(0)", 1, true)
end

--- Starts a script under a command in which %s is replaced by its path. The
--- script may require "process" if it mentions it, and finds the id of its own
--- process in the environment, as YJ_PID. The returned function waits for its end
--- and returns its exit status and all of its output.
---@param command string
---@param script string
---@return fun(): integer, string
function child.start_under(command, script)
  local cpath = package.cpath
  if script:find('"process"', 1, true) then
    cpath = cpath .. ";" .. process_module()
  end
  local path = support.write(support.tempdir() .. "/script.lua",
    ("package.path, package.cpath = %q, %q\n"):format(package.path, cpath)
    .. script)
  -- NB: /proc/self would be of wine's server, where that opens the files.
  local words = "timeout 120 sh -c 'export YJ_PID=$$; exec \"$@\"' sh "
    .. command:format(path)
  if leaves(script) then words = "ASAN_OPTIONS=detect_leaks=0 " .. words end
  local pipe = assert(io.popen(words .. " 2>&1; code=$?; echo; echo $code"))
  return function()
    local text = pipe:read("*a")
    pipe:close()
    return parse(text)
  end
end

--- Starts a script with arguments, as start_under() does.
---@param script string
---@param ... string
---@return fun(): integer, string
function child.start(script, ...)
  return child.start_under(table.concat({ child.interpreter(), "%s", ... },
    " "), script)
end

--- Runs a script as start() does: its exit status and all of its output.
---@param script string
---@param ... string
---@return integer status
---@return string output
function child.run(script, ...)
  return child.start(script, ...)()
end

--- The output of a script in a process with that environment; a variable set
--- to false is unset.
---@param environment table<string, string|false>
---@param script string
---@return string
function child.output(environment, script)
  local words = { "env" }
  for name, value in pairs(environment) do
    if value then
      words[#words + 1] = ("%s='%s'"):format(name, value)
    else
      table.insert(words, 2, "-u " .. name)
    end
  end
  local file = support.write(support.tempdir() .. "/child.lua",
    ("package.path, package.cpath = %q, %q\n%s")
      :format(package.path, package.cpath, script))
  words[#words + 1] = child.interpreter() .. " " .. file .. " 2>&1"
  return support.output(table.concat(words, " "))
end

return child
