--- The modules of the specs' hosts that a Lua lacks.
local LUA = rawget(_G, "jit") and "LuaJIT" or _VERSION

local NOT_YET = "Debian has it for no Lua 5.5"
local NO_COPAS = "Debian has copas for Lua 5.1 and 5.2 only"
local NO_NEOVIM = "Neovim runs LuaJIT"

local REASONS = {
  cqueues = { ["Lua 5.5"] = NOT_YET },
  luv = { ["Lua 5.5"] = NOT_YET },
  copas = { ["Lua 5.3"] = NO_COPAS, ["Lua 5.4"] = NO_COPAS,
    ["Lua 5.5"] = NO_COPAS },
  ssl = { ["Lua 5.5"] = NOT_YET },
  vim = { ["Lua 5.3"] = NO_NEOVIM, ["Lua 5.4"] = NO_NEOVIM,
    ["Lua 5.5"] = NO_NEOVIM },
}

-- luasec wants OpenSSL, of which the specs of Windows have none.
if package.config:sub(1, 1) == "\\" then
  REASONS.ssl[LUA] = "none is built for Windows"
end

--- Why this Lua lacks that module; nil where it has to be there.
---@param module? string
---@return string?
return function(module)
  return module and REASONS[module] and REASONS[module][LUA]
end
