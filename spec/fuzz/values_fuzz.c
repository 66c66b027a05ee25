/* The small readers of the core as Lua calls them, against plain ones: what is
 * UTF-8, what is a date, what is a JSON value.
 * with: all
 * ldflags: -llua5.4 -lcurl
 * seeds: values
 * short: 60000
 * options: -max_len=128 -detect_leaks=0 -dict=spec/fuzz/values.dict */
#define _GNU_SOURCE
#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <time.h>

#include "fuzz.h"

int luaopen_yuanjing_core(lua_State *L);

enum { UTF8_ERROR = 1, DATE, DECODE, UTF8_LEN, N_FUNCTIONS };

static lua_State *L; /* the functions are at their indices */

static void start(void) {
  static const char *const names[] = {"utf8_error", "date", "decode"};
  size_t i;
  L = luaL_newstate();
  REQUIRE(L != NULL);
  luaL_openlibs(L);
  luaL_requiref(L, "yuanjing.core", luaopen_yuanjing_core, 0);
  for (i = 0; i < sizeof names / sizeof *names; i++)
    lua_getfield(L, 1, names[i]);
  lua_remove(L, 1);
  REQUIRE(luaL_dostring(L, "return utf8.len") == LUA_OK);
  REQUIRE(lua_gettop(L) == N_FUNCTIONS - 1);
}

/* f(text) -> two values at the top */
static void call(int f, const char *text, size_t len) {
  lua_settop(L, N_FUNCTIONS - 1);
  lua_pushvalue(L, f);
  lua_pushlstring(L, text, len);
  lua_call(L, 1, 2);
}

/* Lua's own reader says where the first sequence begins that is none. */
static void check_utf8(const char *text, size_t len) {
  lua_Integer want = 0;
  call(UTF8_LEN, text, len);
  if (lua_isnil(L, -2))
    want = lua_tointeger(L, -1);
  call(UTF8_ERROR, text, len);
  REQUIRE(lua_isnil(L, -2) == (want == 0));
  REQUIRE(lua_tointeger(L, -2) == want);
}

/* What it makes of a document is compared with cjson's in bodies.lua. */
static void check_decode(const char *text, size_t len) {
  call(DECODE, text, len);
  if (lua_isnil(L, -2)) {
    const char *verdict = lua_tostring(L, -1);
    REQUIRE(strcmp(verdict, "incomplete") == 0 ||
            strcmp(verdict, "invalid") == 0 || strcmp(verdict, "null") == 0);
    return;
  }
  REQUIRE(lua_tointeger(L, -1) > 0 && lua_tointeger(L, -1) <= (long)len);
}

/* Nothing, or a whole number of seconds. */
static void check_any_date(const char *text, size_t len) {
  call(DATE, text, len);
  if (lua_isnil(L, -2))
    return;
  REQUIRE(lua_type(L, -2) == LUA_TNUMBER);
  REQUIRE(lua_tonumber(L, -2) >= 0 && isfinite(lua_tonumber(L, -2)));
  REQUIRE(floor(lua_tonumber(L, -2)) == lua_tonumber(L, -2));
}

/* A date as a header has it, in each of the three ways of RFC 9110. */
static void check_real_date(const char *text, size_t len) {
  static const char *const formats[] = {"%a, %d %b %Y %H:%M:%S GMT",
                                        "%A, %d-%b-%y %H:%M:%S GMT",
                                        "%a %b %e %H:%M:%S %Y"};
  char date[64];
  struct tm tm;
  uint32_t bits = 0;
  time_t at;
  size_t i, n;
  memcpy(&bits, text, len < sizeof bits ? len : sizeof bits);
  /* from 1971 to 2037: curl_getdate() takes 70 for 2070 */
  at = 31536000 + (time_t)(bits % (2145916800U - 31536000U));
  REQUIRE(gmtime_r(&at, &tm) != NULL);
  for (i = 0; i < sizeof formats / sizeof *formats; i++) {
    n = strftime(date, sizeof date, formats[i], &tm);
    call(DATE, date, n);
    if (lua_tonumber(L, -2) != (double)at)
      fuzz_show("date", date, n);
    REQUIRE(lua_tonumber(L, -2) == (double)at);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *text = (const char *)data;
  if (L == NULL)
    start();
  check_utf8(text, size);
  check_decode(text, size);
  check_any_date(text, size);
  if (size > 0 && size % 8 == 0)
    check_real_date(text, size);
  return 0;
}
