/* state: a Lua state with the module in it, for targets whose code is Lua:
 * spec/fuzz/<name>.lua gives a function that is called with each input and
 * must not raise. Which line of the module ran after which is counted where
 * libFuzzer looks for coverage. */
#ifndef FUZZ_STATE_H
#define FUZZ_STATE_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "fuzz.h"

int luaopen_yuanjing_core(lua_State *L);

#define FUZZ_COUNTERS (1U << 14)

__attribute__((used, section("__libfuzzer_extra_counters")))
static uint8_t fuzz_counters[FUZZ_COUNTERS];

/* FNV-1a of a file of the module; 0 for any other. */
static uint32_t fuzz_file(const char *source) {
  static const char folder[] = "@lua/yuanjing/";
  uint32_t hash = 2166136261U;
  if (strncmp(source, folder, sizeof folder - 1) != 0)
    return 0;
  for (; *source != '\0'; source++)
    hash = (hash ^ (unsigned char)*source) * 16777619U;
  return hash | 1;
}

static void fuzz_on_line(lua_State *L, lua_Debug *ar) {
  static const char *source;
  static uint32_t file, before;
  uint32_t here;
  uint8_t *counter;
  lua_getinfo(L, "S", ar);
  if (ar->source != source) {
    source = ar->source; /* Lua keeps it as long as the function */
    file = fuzz_file(source);
  }
  if (file == 0)
    return;
  here = (file + (uint32_t)ar->currentline) * 2654435761U >> 8;
  counter = &fuzz_counters[(here ^ before >> 1) % FUZZ_COUNTERS];
  *counter = (uint8_t)(*counter + (*counter < 255));
  before = here;
}

static int fuzz_traceback(lua_State *L) {
  luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
  return 1;
}

static void fuzz_check_call(lua_State *L, int failed) {
  if (!failed)
    return;
  fprintf(stderr, "%s\n", lua_tostring(L, -1));
  abort();
}

/* The handler of errors is at 1, the function at 2. */
static inline lua_State *fuzz_state(const char *script) {
  lua_State *L = luaL_newstate();
  REQUIRE(L != NULL);
  luaL_openlibs(L);
  luaL_requiref(L, "yuanjing.core", luaopen_yuanjing_core, 0);
  lua_settop(L, 0);
  fuzz_check_call(L, luaL_dostring(L, "package.path = 'lua/?.lua;"
                                      "lua/?/init.lua;spec/fuzz/?.lua;' .. "
                                      "package.path"));
  lua_pushcfunction(L, fuzz_traceback);
  fuzz_check_call(L, luaL_loadfile(L, script));
  fuzz_check_call(L, lua_pcall(L, 0, 1, 1));
  lua_sethook(L, fuzz_on_line, LUA_MASKLINE, 0);
  return L;
}

static inline void fuzz_call(lua_State *L, const uint8_t *data, size_t size) {
  lua_pushvalue(L, 2);
  lua_pushlstring(L, (const char *)data, size);
  fuzz_check_call(L, lua_pcall(L, 1, 0, 1));
}

#endif
