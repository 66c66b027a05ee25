/* lpool: pool.h for Lua. lreader.c and ltransfer.c add methods. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "lcore.h"

static struct yj_pool_box *check_box(lua_State *L) {
  return yj_check_self(L, YJ_POOL_MT);
}

struct yj_pool *yj_check_pool(lua_State *L) {
  struct yj_pool_box *box = check_box(L);
  luaL_argcheck(L, box->pool != NULL, 1, "the pool is closed");
  return box->pool;
}

/* pool() -> Pool | nil, message                            [-0, +1|2, m] */
static int l_pool(lua_State *L) {
  struct yj_pool_box *box;
  int error;
  lua_settop(L, 0);
  box = yj_newuserdata(L, sizeof *box); /* 1 */
  box->pool = NULL;
  box->collect_at = 16;
  luaL_setmetatable(L, YJ_POOL_MT);
  yj_push_waiters(L);
  yj_setuservalue(L, 1);
  box->pool = yj_pool_new(&error);
  return box->pool != NULL ? 1 : yj_push_fail(L, strerror(error));
}

/* true | nil, "interrupted" | nil, message                 [-0, +1|2, m] */
static int push_moved(lua_State *L, int error) {
  if (error == EINTR)
    return yj_push_fail(L, "interrupted");
  return error == EPERM ? yj_push_fail(L, YJ_NOT_MINE)
                        : yj_push_outcome(L, error);
}

/* step([budget in seconds]): handles what is ready, never waits -> true,
 * whether more may be, whether a transfer is | nil, message  [-0, +2|3, v] */
static int l_step(lua_State *L) {
  struct yj_pool *pool = yj_check_pool(L);
  lua_Number budget = luaL_optnumber(L, 2, 0);
  int error;
  luaL_argcheck(L, budget >= 0 && budget <= 1e6, 2, "out of range");
  /* rounded up: 0 would be no limit */
  error = yj_pool_step(pool, (int64_t)(budget * 1e6) + (budget > 0));
  if (error != 0)
    return push_moved(L, error);
  lua_pushboolean(L, 1);
  lua_pushboolean(L, yj_pool_has_more(pool));
  lua_pushboolean(L, yj_pool_first(pool) != NULL);
  return 3;
}

/* Rounds up: a wait does not end before its time. */
static int to_ms(lua_Number seconds) {
  lua_Number ms = seconds * 1000;
  if (ms < 0)
    return -1;
  return ms >= INT_MAX ? INT_MAX : (int)ms + ((int)ms < ms);
}

/* wait([seconds [, unless_ready]]): until something happens, or with
 * unless_ready not at all when a transfer is ready; then as step()
 *                                                          [-0, +1|2, v] */
static int l_wait(lua_State *L) {
  struct yj_pool *pool = yj_check_pool(L);
  lua_Number seconds = luaL_optnumber(L, 2, -1);
  int is_ready = lua_toboolean(L, 3) && yj_pool_first(pool) != NULL;
  luaL_argcheck(L, seconds == seconds, 2, "not a number");
  return push_moved(L, yj_pool_wait(pool, is_ready ? 0 : to_ms(seconds)));
}

/* guard(f, ...): f(...), of which it returns one result. When f raises, it may
 * not have set its alarm: the next wait ends at once.      [-0, +1, v] */
static int l_guard(lua_State *L) {
  struct yj_pool_box *box = check_box(L);
  if (lua_pcall(L, lua_gettop(L) - 2, 1, 0) == LUA_OK)
    return 1;
  if (box->pool != NULL)
    yj_pool_alarm(box->pool, 0);
  return lua_error(L);
}

static int l_wake(lua_State *L) {
  yj_pool_wake(yj_check_pool(L));
  return 0;
}

/* alarm([at]): ends a wait at that time on the clock of now(), once; replaces
 * the alarm before; nil: none                              [-0, +0, v] */
static int l_alarm(lua_State *L) {
  struct yj_pool *pool = yj_check_pool(L);
  lua_Number at = luaL_optnumber(L, 2, HUGE_VAL);
  luaL_argcheck(L, at >= 0, 2, "out of range");
  yj_pool_alarm(pool, at >= 9e12 ? YJ_NEVER : (int64_t)(at * 1e6) + 1);
  return 0;
}

/* fd([is_polled]) -> a descriptor, readable when step() has something to do,
 * by the clock only while it is polled; nil: there is none [-0, +1, v] */
static int l_fd(lua_State *L) {
  int is_polled = lua_isnoneornil(L, 2) || lua_toboolean(L, 2);
  return yj_push_integer(L, yj_pool_fd(yj_check_pool(L), is_polled));
}

/* timeout() -> seconds until step() has something to do by the clock, or nil
 *                                                          [-0, +1, v] */
static int l_timeout(lua_State *L) {
  int64_t left = yj_pool_timeout(yj_check_pool(L));
  if (left == YJ_NEVER)
    lua_pushnil(L);
  else
    lua_pushnumber(L, (lua_Number)left / 1e6);
  return 1;
}

static int l_count(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)yj_pool_count(yj_check_pool(L)));
  return 1;
}

/* is_mine() -> whether this process made it                [-0, +1, v] */
static int l_is_mine(lua_State *L) {
  struct yj_pool_box *box = check_box(L);
  lua_pushboolean(L, box->pool != NULL && yj_pool_is_mine(box->pool));
  return 1;
}

/* close(), __gc and __close: idempotent; its transfers fail [-0, +0, v] */
static int l_close(lua_State *L) {
  struct yj_pool_box *box = check_box(L);
  struct yj_pool *pool = box->pool;
  box->pool = NULL;
  if (pool != NULL)
    yj_pool_close(pool);
  return 0;
}

static const luaL_Reg methods[] = {
    {"step", l_step},       {"wait", l_wait},   {"guard", l_guard},
    {"wake", l_wake},       {"alarm", l_alarm}, {"fd", l_fd},
    {"timeout", l_timeout}, {"count", l_count}, {"is_mine", l_is_mine},
    {"close", l_close},     {NULL, NULL}};

static const luaL_Reg functions[] = {{"pool", l_pool}, {NULL, NULL}};

void yj_open_pool(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  yj_new_class(L, YJ_POOL_MT, methods, l_close, l_close);
}
