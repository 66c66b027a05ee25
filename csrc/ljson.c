/* ljson: json.h for Lua, and what a document decoded by cjson needs. */
#include "lcore.h"

/* json_end(text) -> bytes of the first JSON value and the blanks behind it, or
 * nil, "incomplete" | "invalid"                            [-0, +1|2, v] */
int yj_l_json_end(lua_State *L) {
  size_t len, used = 0;
  const char *text = luaL_checklstring(L, 1, &len);
  switch (yj_json_read(text, len, NULL, NULL, 0, &used)) {
  case YJ_JSON_WHOLE:
    lua_pushinteger(L, (lua_Integer)used);
    return 1;
  case YJ_JSON_INCOMPLETE:
    return yj_push_fail(L, "incomplete");
  default:
    return yj_push_fail(L, "invalid");
  }
}

#define LONG 16 /* digits that a double may not hold */

/* has_long_number(text) -> whether 16 digits stand in a row. Of any 16 bytes in
 * a row one has an offset that 16 divides.                 [-0, +1, v] */
int yj_l_has_long_number(lua_State *L) {
  size_t len, at, from, to;
  const char *text = luaL_checklstring(L, 1, &len);
  int found = 0;
  for (at = 0; at < len && !found; at += LONG) {
    from = to = at;
    while (to < len && to - at < LONG && text[to] >= '0' && text[to] <= '9')
      to++;
    while (to > at && from > 0 && text[from - 1] >= '0' &&
           text[from - 1] <= '9')
      from--;
    found = to - from >= LONG;
  }
  lua_pushboolean(L, found);
  return 1;
}

static int is_null(lua_State *L, int i) {
  return lua_type(L, i) == LUA_TLIGHTUSERDATA && lua_touserdata(L, i) == NULL;
}

/* A list without its nulls: what follows one moves up, for a hole would make
 * the length mean nothing.                                 [-0, +0, m] */
static void close_up(lua_State *L, int list) {
  int i, kept = 0, n = (int)lua_rawlen(L, list);
  for (i = 1; i <= n; i++) {
    lua_rawgeti(L, list, i);
    if (is_null(L, -1))
      lua_pop(L, 1);
    else
      lua_rawseti(L, list, ++kept);
  }
  for (i = kept + 1; i <= n; i++) {
    lua_pushnil(L);
    lua_rawseti(L, list, i);
  }
}

/* Replaces the value at the top, which stands under the key below it, by what
 * lies above: existing fields may be set while a table is walked.
 *                                                          [-1, +0, m] */
static void put_back(lua_State *L, int table) {
  lua_pushvalue(L, -3); /* key value new key */
  lua_insert(L, -2);
  lua_rawset(L, table);
}

/* cjson 2.1.0 makes a float of every number: where Lua has integers, a whole
 * one becomes one again.                                   [-0, +0, m] */
static void settle_number(lua_State *L, int table) {
#if LUA_VERSION_NUM >= 503
  lua_Integer whole;
  if (lua_isinteger(L, -1) ||
      !lua_numbertointeger(lua_tonumber(L, -1), &whole) ||
      (lua_Number)whole != lua_tonumber(L, -1))
    return;
  lua_pushinteger(L, whole);
  put_back(L, table);
#else
  (void)L, (void)table;
#endif
}

/* [-0, +0, m] */
static void settle(lua_State *L, int table) {
  int holes = 0;
  luaL_checkstack(L, 8, "document nested too deep");
  lua_pushnil(L);
  while (lua_next(L, table)) { /* key value */
    if (lua_type(L, -1) == LUA_TTABLE) {
      settle(L, lua_gettop(L));
    } else if (lua_type(L, -1) == LUA_TNUMBER) {
      settle_number(L, table);
    } else if (is_null(L, -1) && lua_type(L, -2) == LUA_TNUMBER) {
      holes = 1;
    } else if (is_null(L, -1)) {
      lua_pushnil(L);
      put_back(L, table);
    }
    lua_pop(L, 1);
  }
  if (holes)
    close_up(L, table);
}

/* settle(document): takes cjson's nulls out of a decoded document, and makes
 * integers of whole numbers. The document is as deep as cjson allows.
 *                                                          [-0, +0, v] */
int yj_l_settle(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  settle(L, 1);
  return 0;
}
