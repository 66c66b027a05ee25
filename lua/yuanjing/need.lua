--- What has to be there besides this module, asked for in one place so that its
-- lack is told with what to do about it.

local ADVICE = {
  ["yuanjing.core"] = "yuanjing is not built for this Lua: `make build` in a "
    .. "checkout and LUA_CPATH as `make demo` says, or `luarocks make`",
  cjson = "yuanjing needs lua-cjson for this Lua: `apt install lua-cjson`, or "
    .. "`luarocks install lua-cjson`",
  argparse = "the command needs argparse for this Lua: "
    .. "`apt install lua-argparse`, or `luarocks install argparse`",
}

--- The module of that name; raises what to install where there is none.
---@param name "yuanjing.core"|"cjson"|"argparse"
---@return any
return function(name)
  local ok, module = pcall(require, name)
  if not ok then error(ADVICE[name] .. "\n" .. module, 0) end
  return module
end
