--- Loads what this module depends on, in one place, so that a missing
-- dependency is reported with what to install. It also checks the version of
-- Lua.

local LUAS = "yuanjing runs on LuaJIT 2.1 and on Lua 5.3, 5.4 and 5.5, not on "

-- PUC 5.1 and LuaJIT have the same _VERSION; only LuaJIT can parse this.
local function is_luajit()
  return (loadstring or load)("goto here ::here::") ~= nil
end

if _VERSION == "Lua 5.2" or _VERSION == "Lua 5.1" and not is_luajit() then
  error(LUAS .. "PUC " .. _VERSION, 0)
end

local ADVICE = {
  ["yuanjing.core"] = "yuanjing is not built for this Lua: `make build` in a "
    .. "checkout and LUA_CPATH as `make demo` says, or `luarocks make`",
  cjson = "yuanjing needs lua-cjson for this Lua: `apt install lua-cjson`, or "
    .. "`luarocks install lua-cjson`",
  argparse = "the command needs argparse for this Lua: "
    .. "`apt install lua-argparse`, or `luarocks install argparse`",
}

local WRONG_LIBCURL = "yuanjing needs libcurl 7.80 or later, and can not use the "
  .. "one that it found"

-- The core's own message explains why it can not be loaded; the system's
-- message names a missing library.
local function explain(name, problem)
  if problem:find("^yuanjing ") or problem:find("not enough memory", 1, true)
  then
    return problem
  end
  local is_of_libcurl = problem:find("symbol: curl_", 1, true)
    or problem:find("libcurl[0-9A-Za-z.-]*: ")
  return (is_of_libcurl and WRONG_LIBCURL or ADVICE[name]) .. "\n" .. problem
end

--- The module of that name; raises what to install if it is missing.
---@param name "yuanjing.core"|"cjson"|"argparse"
---@return any
return function(name)
  local ok, module = pcall(require, name)
  if not ok then error(explain(name, tostring(module)), 0) end
  return module
end
