/* lcore: the module yuanjing.core. Private to yuanjing: it may change. */
#include "lcore.h"

#include <stdint.h>
#include <string.h>

#include "curl_runtime.h"
#include "sha256.h"
#include "utf8.h"

int yj_push_fail(lua_State *L, const char *message) {
  lua_pushnil(L);
  lua_pushstring(L, message);
  return 2;
}

int yj_push_error(lua_State *L, int error) {
  yj_push_fail(L, yj_path_problem(error));
  lua_pushinteger(L, error);
  return 3;
}

int yj_push_outcome(lua_State *L, int error) {
  if (error != 0)
    return yj_push_error(L, error);
  lua_pushboolean(L, 1);
  return 1;
}

int yj_push_integer(lua_State *L, lua_Integer n) {
  if (n < 0)
    lua_pushnil(L);
  else
    lua_pushinteger(L, n);
  return 1;
}

void yj_new_class(lua_State *L, const char *name, const luaL_Reg *methods,
                  lua_CFunction close, lua_CFunction collect) {
  const luaL_Reg events[] = {{"__gc", collect}, {"__close", close},
                             {NULL, NULL}};
  luaL_newmetatable(L, name);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__name");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pushvalue(L, -1);
  luaL_setfuncs(L, events, 1);
  lua_newtable(L);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  yj_add_methods(L, name, methods);
}

void yj_add_methods(lua_State *L, const char *name, const luaL_Reg *methods) {
  luaL_getmetatable(L, name);
  lua_getfield(L, -1, "__index");
  lua_pushvalue(L, -2);
  luaL_setfuncs(L, methods, 1);
  lua_pop(L, 2);
}

void *yj_check_self(lua_State *L, const char *name) {
  int is_self = 0;
  if (lua_getmetatable(L, 1)) {
    is_self = lua_rawequal(L, -1, lua_upvalueindex(1));
    lua_pop(L, 1);
  }
  return is_self ? lua_touserdata(L, 1) : luaL_checkudata(L, 1, name);
}

/* now() -> seconds on the monotonic clock                  [-0, +1, -] */
static int l_now(lua_State *L) {
  lua_pushnumber(L, (lua_Number)yj_now() / 1e6);
  return 1;
}

/* date(text) -> seconds since 1970 of a date in a header, or nil
 *                                                          [-0, +1, v] */
static int l_date(lua_State *L) {
  int64_t date = yj_date(luaL_checkstring(L, 1));
  lua_pushnumber(L, (lua_Number)date);
  return date >= 0;
}

/* Whether what stands at `at` is no number, or a whole one of 14 digits at
 * most.                                                    [-0, +0, -] */
static int is_plain_number(lua_State *L, int at) {
  lua_Number n = 0;
  if (lua_type(L, at) == LUA_TNUMBER)
    n = lua_tonumber(L, at);
  return n > -1e14 && n < 1e14 && (lua_Number)(int64_t)n == n;
}

/* The same of each number in the value at the top; with a name at index 2
 * also whether no table in it has that field or a metatable. Calls no
 * metamethod; a table that is nested too deep is not plain. [-0, +n, m] */
static int is_plain(lua_State *L, int depth) {
  int plain = is_plain_number(L, -1);
  if (!lua_istable(L, -1))
    return plain;
  if (depth == 0 || !lua_checkstack(L, 3) ||
      (!lua_isnil(L, 2) && lua_getmetatable(L, -1)))
    return 0;
  for (lua_pushnil(L); plain && lua_next(L, -2) != 0; lua_pop(L, 1))
    plain = is_plain_number(L, -2) && !lua_rawequal(L, -2, 2) &&
            is_plain(L, depth - 1);
  return plain;
}

/* is_plain(value[, name]) -> whether it is data as cjson takes it
 *                                                          [-0, +1, m] */
static int l_is_plain(lua_State *L) {
  lua_settop(L, 2);
  lua_pushvalue(L, 1);
  lua_pushboolean(L, is_plain(L, 1000));
  return 1;
}

/* random(n) -> so many random bytes, 16 at most            [-0, +1, v] */
static int l_random(lua_State *L) {
  char bytes[16];
  const lua_Integer n = luaL_checkinteger(L, 1);
  luaL_argcheck(L, n >= 0 && n <= (lua_Integer)sizeof bytes, 1, "0 to 16");
  if (yj_random(bytes, (size_t)n) != 0)
    return luaL_error(L, "the system has no random bytes");
  lua_pushlstring(L, bytes, (size_t)n);
  return 1;
}

/* utf8_error(text) -> position of the first byte that is not UTF-8, or nil
 *                                                          [-0, +1, v] */
static int l_utf8_error(lua_State *L) {
  size_t len, at;
  const char *text = luaL_checklstring(L, 1, &len);
  at = yj_utf8_length(text, len);
  return yj_push_integer(L, at < len ? (lua_Integer)at + 1 : -1);
}

/* sound(text) -> the text in UTF-8: halves of a surrogate pair become their
 * character, all else that is not UTF-8 U+FFFD             [-0, +1, v] */
static int l_sound(lua_State *L) {
  size_t len, at;
  const char *text = luaL_checklstring(L, 1, &len);
  luaL_Buffer b;
  char *scratch;
  lua_settop(L, 1);
  if (yj_utf8_length(text, len) == len)
    return 1;
  scratch = lua_newuserdata(L, len);
  memcpy(scratch, text, len);
  len = yj_json_join_halves(scratch, len, NULL);
  luaL_buffinit(L, &b);
  while (len > 0) {
    at = yj_utf8_length(scratch, len);
    luaL_addlstring(&b, scratch, at);
    if (at < len)
      luaL_addlstring(&b, "\xEF\xBF\xBD", 3);
    for (at += at < len; at < len && yj_utf8_is_tail(scratch[at]); at++)
      continue; /* the rest of what began there */
    scratch += at;
    len -= at;
  }
  luaL_pushresult(&b);
  return 1;
}

/* pollfd(fd, seconds) -> whether it can be read in that time. Any thread of
 * the host may call it: it touches nothing but the descriptor. [-0, +1, v] */
static int l_pollfd(lua_State *L) {
  int fd = (int)luaL_checkinteger(L, 1);
  lua_Number seconds = luaL_checknumber(L, 2);
  luaL_argcheck(L, seconds >= 0 && seconds <= 1e6, 2, "out of range");
  lua_pushboolean(L, yj_wait_readable(fd, (int)(seconds * 1e3)));
  return 1;
}

/* sha256(text[, from, to]) -> 64 hexadecimal digits         [-0, +1, v] */
static int l_sha256(lua_State *L) {
  static const char digits[] = "0123456789abcdef";
  unsigned char bytes[YJ_SHA256_SIZE];
  char text[2 * YJ_SHA256_SIZE];
  size_t len, i;
  const char *data = luaL_checklstring(L, 1, &len);
  lua_Integer from = luaL_optinteger(L, 2, 1);
  lua_Integer to = luaL_optinteger(L, 3, (lua_Integer)len);
  luaL_argcheck(L, from >= 1 && from <= to + 1, 2, "out of range");
  luaL_argcheck(L, to >= 0 && (size_t)to <= len, 3, "out of range");
  yj_sha256(data + from - 1, (size_t)(to - from + 1), bytes);
  for (i = 0; i < sizeof text; i++)
    text[i] = digits[bytes[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
  lua_pushlstring(L, text, sizeof text);
  return 1;
}

/* start(): initializes libcurl, which the first pool would do otherwise
 *                                                          [-0, +0, v] */
static int l_start(lua_State *L) {
  return yj_curl_start() ? 0 : luaL_error(L, "libcurl can not be initialized");
}

/* curl_version() -> string                                 [-0, +1, m] */
static int l_curl_version(lua_State *L) {
  lua_pushstring(L, yj_curl_version());
  return 1;
}

/* curl_features() -> list of names                         [-0, +1, m] */
static int l_curl_features(lua_State *L) {
  int i;
  lua_newtable(L);
  for (i = 0; yj_curl_feature(i) != NULL; i++) {
    lua_pushstring(L, yj_curl_feature(i));
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

/* ca_file() -> libcurl's bundle of certificates, or nil    [-0, +1, m] */
static int l_ca_file(lua_State *L) {
  lua_pushstring(L, yj_curl_ca_file()); /* NULL: nil */
  return 1;
}

/* ca_path() -> libcurl's folder of hashed certificates; nil: the bundle serves
 *                                                          [-0, +1, m] */
static int l_ca_path(lua_State *L) {
  lua_pushstring(L, yj_curl_ca_path()); /* NULL: nil */
  return 1;
}

static const luaL_Reg functions[] = {
    {"now", l_now},                     {"date", l_date},
    {"utf8_error", l_utf8_error},       {"sound", l_sound},
    {"is_plain", l_is_plain},           {"start", l_start},
    {"sha256", l_sha256},               {"random", l_random},
    {"pollfd", l_pollfd},               {"curl_version", l_curl_version},
    {"curl_features", l_curl_features}, {"ca_file", l_ca_file},
    {"ca_path", l_ca_path},             {NULL, NULL}};

/* LuaJIT loads what was built with PUC's headers: that is no error. */
#if LUA_VERSION_NUM == 501 && !defined(LUA_LJDIR)
#pragma message("this builds for LuaJIT 2.1; PUC Lua 5.1 will refuse it")
#endif

YJ_EXPORT int luaopen_yuanjing_core(lua_State *L);

int luaopen_yuanjing_core(lua_State *L) {
  yj_check_lua(L);
  if (yj_curl_problem() != NULL)
    return luaL_error(L, "%s", yj_curl_problem());
  /* and so libcurl, of which a thread may still look a name up when Lua
   * closes */
  yj_pin_library((void *)(uintptr_t)&luaopen_yuanjing_core);
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
  yj_open_decoder(L);
  yj_open_document(L);
  yj_open_fiber(L);
  yj_open_file(L);
  yj_open_terminal(L);
  yj_open_pool(L);
  yj_open_transfer(L);
  yj_open_reader(L);
  return 1;
}
