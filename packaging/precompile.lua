-- precompile.lua FOLDER FILE: writes the modules of a first chat, which lie in
-- FOLDER, into FILE, as bytecode of the Lua that runs this. packaging/yuanjing.lua
-- reads it, and says what is in it.
--
-- The modules are those that a chat and a stream load, or read and keep, which is
-- tried here; nothing is sent, for nobody listens at that address. Lines are kept for error messages:
-- without them a first chat takes half a millisecond less.
local folder, out = arg[1], arg[2]
local here = arg[0]:match("^(.*)/") or "."
local compile = loadstring or load
local jit = rawget(_G, "jit")
local ordered = jit and dofile(here .. "/luajit_dump.lua")

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function bytecode(source, name, is_stripped)
  local text = string.dump(assert(compile(source, name)), is_stripped)
  return ordered and ordered(text) or text
end

local function ask()
  local client = require("yuanjing.init").new { api_key = "sk-none",
    base_url = "http://127.0.0.1:1", retries = 0 }
  client:chat { prompt = "hi" }
  client:chat { messages = { { role = "user", content = "hi" } }, stream = true }
end

local function loaded_modules()
  local names = {}
  for _, modules in ipairs { package.loaded, package.preload } do
    for name in pairs(modules) do
      if name:find "^yuanjing%." and name ~= "yuanjing.core" then
        names[#names + 1] = name
      end
    end
  end
  table.sort(names)
  return names
end

local function path_of(name)
  return assert(package.searchpath(name, folder .. "/?.lua;" .. folder
    .. "/?/init.lua", ".", "/")):sub(#folder + 2)
end

package.path = folder .. "/?.lua;" .. folder .. "/?/init.lua"
ask()
local lines, codes = {}, {}
for _, name in ipairs(loaded_modules()) do
  local path = path_of(name)
  local source = read(folder .. "/" .. path)
  local code = bytecode(source, "=lua/" .. path)
  lines[#lines + 1] = ("%s %d %s %d\n"):format(name, #source, path, #code)
  codes[#codes + 1] = code
end

local index = table.concat(lines)
local loader = bytecode(read(folder .. "/yuanjing.lua"), "=yuanjing.lua", true)
local file = assert(io.open(out, "wb"))
assert(file:write(jit and jit.version or _VERSION, loader, #index, "\n", index,
  table.concat(codes)))
assert(file:close())
