/* host: an interpreter whose instructions are the same each time, for
 * callgrind. Lua's hashes begin with a seed made of the time and of some
 * addresses; other seeds, other collisions: some per cent. Here time stands
 * still, Lua is linked in, so that it lies where valgrind puts a program, and
 * the stack begins at a round address, whatever the kernel and the environment
 * put above it.
 * usage: lua script.lua [argument ...], with a module more:
 *
 *   counted.from()      counts from here on
 *   counted.upto(name)  and writes it, into a profile of that name
 */
#include <alloca.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <valgrind/callgrind.h>

time_t time(time_t *to) {
  if (to != NULL)
    *to = 0;
  return 0;
}

static int l_from(lua_State *L) {
  (void)L;
  CALLGRIND_ZERO_STATS;
  return 0;
}

static int l_upto(lua_State *L) {
  CALLGRIND_DUMP_STATS_AT(luaL_checkstring(L, 1));
  return 0;
}

static int open_counted(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"from", l_from}, {"upto", l_upto}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}

static void set_arg(lua_State *L, int argc, char **argv) {
  int i;
  lua_createtable(L, argc, 1);
  for (i = 0; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i - 1); /* the script is arg[0] */
  }
  lua_setglobal(L, "arg");
}

static int run(int argc, char **argv) {
  lua_State *L = luaL_newstate();
  int failed;
  if (L == NULL || argc < 2)
    return 2;
  luaL_openlibs(L);
  luaL_requiref(L, "counted", open_counted, 0);
  set_arg(L, argc, argv);
  lua_settop(L, 0);
  failed = luaL_dofile(L, argv[1]);
  if (failed)
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
  lua_close(L);
  return failed;
}

#define BLOCK 65536

/* What lies above is some KiB, and begins near the end of a block: half a block
 * below, the rounding can not go either way. */
int main(int argc, char **argv) {
  uintptr_t here = (uintptr_t)__builtin_frame_address(0) - BLOCK / 2;
  volatile char *above = alloca(BLOCK / 2 + here % BLOCK);
  above[0] = 0;
  return run(argc, argv);
}
