-- What runs on Lua 5.1, 5.2, 5.3, 5.4 and LuaJIT alike, and nothing more.
std = "min"
include_files = {"**/*.lua", "*.rockspec", ".busted", ".luacheckrc", "bin/yuanjing"}
exclude_files = {"build", "yuanjing", "lua_modules", ".luarocks"}

-- Not in each of them: the code asks for these before it uses them.
read_globals = {
  "loadstring",
  "unpack",
  "setfenv",
  math = {fields = {"type", "tointeger"}},
  package = {fields = {"searchpath"}},
  table = {fields = {"unpack"}},
}

files[".busted"] = {
  read_globals = {"jit"}, -- chooses the build for the Lua that runs it
}

files["bin/yuanjing"] = {
  globals = {"_"}, -- where the shell's lines stand, which Lua skips
}

-- There `package` is a field to set, and the module it hides is not needed.
files["*.rockspec"] = {
  globals = {"package"},
}

files["spec"] = {
  std = "+busted",
}

-- Loaded by nginx only, so it may name what nginx gives it.
files["lua/yuanjing/sandbox/server*"] = {
  std = "+ngx_lua",
}

-- A program of its own, which only LuaJIT runs.
files["spec/support/server.lua"] = {
  std = "luajit",
}

-- Annotations: functions without bodies.
files["lua/yuanjing/meta"] = {
  unused_args = false,
  ignore = {"241"}, -- tables that only collect them
  max_line_length = false, -- a type can not be broken
}

-- LÖVE runs these, with LuaJIT.
files["examples/love"] = { std = "luajit+love" }
files["spec/support/love"] = { std = "luajit", globals = {"love"} }
files["packaging/love"] = { std = "luajit+love" }
files["bench/love"] = { std = "luajit", globals = {"love"} }

-- Neovim runs these, with LuaJIT.
files["examples/neovim"] = { std = "luajit", globals = {"vim"} }
files["spec/support/hosts/neovim.lua"] = { std = "luajit",
  globals = {"vim", "print"} }

-- These make a Windows Lua look like one at home.
files["tools/windows"] = { std = "max", ignore = { "122" } }
