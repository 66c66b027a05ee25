/* host: an interpreter small enough to be built with the sanitizers, which
 * then need not be preloaded into it and into every process it starts.
 * usage: lua script.lua [argument ...]
 */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>

static int traceback(lua_State *L) {
  luaL_traceback(L, L, lua_tostring(L, 1), 1);
  return 1;
}

static void set_arg(lua_State *L, int argc, char **argv) {
  int i;
  lua_newtable(L);
  for (i = 0; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i - 1); /* the script is arg[0] */
  }
  lua_setglobal(L, "arg");
}

int main(int argc, char **argv) {
  lua_State *L = luaL_newstate();
  int i, failed;
  if (L == NULL || argc < 2)
    return 2;
  luaL_openlibs(L);
  set_arg(L, argc, argv);
  luaL_checkstack(L, argc, NULL); /* there are more specs than slots */
  lua_pushcfunction(L, traceback);
  failed = luaL_loadfile(L, argv[1]);
  for (i = 2; i < argc && !failed; i++)
    lua_pushstring(L, argv[i]);
  if (!failed)
    failed = lua_pcall(L, argc - 2, 0, 1);
  if (failed)
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
  lua_close(L);
  return failed != 0;
}
