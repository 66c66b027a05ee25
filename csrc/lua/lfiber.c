/* lfiber: switches to coroutines and back, for fibers.lua, and knows which
 * fiber runs.
 */
#include "lcore.h"

/* The registry has a table under here_key, so that each Lua has its own. */
enum {
  INNERMOST = 1, /* the coroutine that runs as a fiber, or nil */
  INTERRUPTED    /* a weak set of those that may not wait any more, or nil */
};

static const char here_key = 0;

void yj_push_here(lua_State *L) {
  lua_pushlightuserdata(L, (void *)&here_key);
  lua_rawget(L, LUA_REGISTRYINDEX);
}

int yj_may_wait(lua_State *L) {
  int here = lua_gettop(L), may;
  lua_rawgeti(L, here, INNERMOST);
  may = lua_tothread(L, -1) == L && yj_isyieldable(L);
  lua_rawgeti(L, here, INTERRUPTED);
  if (may && !lua_isnil(L, -1)) {
    lua_pushthread(L);
    lua_rawget(L, -2);
    may = lua_isnil(L, -1);
  }
  lua_settop(L, here);
  return may;
}

/* A coroutine that waits has yielded itself. Removes what it yielded or
 * returned from its stack; on failure pushes the error.    [-0, +0|1, -] */
static enum yj_course course_of(lua_State *L, lua_State *co, int status,
                                int left) {
  int waits;
  if (status != LUA_YIELD && status != LUA_OK) {
    lua_xmove(co, L, 1);
    return YJ_FAILED;
  }
  waits = status == LUA_YIELD && left == 1 && lua_tothread(co, -1) == co;
  lua_pop(co, left);
  return waits ? YJ_WAITS : YJ_LEFT;
}

/* LuaJIT's lua_resume() does not check. */
static int is_suspended(lua_State *co) {
  lua_Debug frame;
  return lua_status(co) == LUA_YIELD ||
         (lua_status(co) == LUA_OK && lua_gettop(co) > 0 &&
          !lua_getstack(co, 0, &frame));
}

/* NB: the innermost fiber is safe from the collector. */
enum yj_course yj_switch(lua_State *L, int here, lua_State *co, int n) {
  int status, left;
  if (!is_suspended(co))
    luaL_error(L, "a coroutine that is not suspended can not go on");
  if (!lua_checkstack(co, n + 1))
    luaL_error(L, "stack overflow");
  lua_xmove(L, co, n);
  lua_rawgeti(L, here, INNERMOST);
  lua_pushthread(co);
  lua_xmove(co, L, 1);
  lua_rawseti(L, here, INNERMOST);
  status = yj_resume(co, L, n, &left);
  lua_rawseti(L, here, INNERMOST);
  return course_of(L, co, status, left);
}

/* Puts a mark on its stack, which a resume removes. There is room: the
 * coroutine is inside a C function. */
int yj_hold(lua_State *co) {
  if (!is_suspended(co))
    return 0;
  lua_pushlightuserdata(co, (void *)&here_key);
  return 1;
}

static int is_held(lua_State *co) {
  return lua_gettop(co) > 0 && lua_touserdata(co, -1) == (void *)&here_key;
}

int yj_release(lua_State *co) {
  int held = is_held(co);
  lua_pop(co, held);
  return held;
}

int yj_push_course(lua_State *L, enum yj_course course) {
  if (course == YJ_FAILED) {
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
  }
  lua_pushboolean(L, course == YJ_WAITS);
  return 1;
}

/* switch(thread): resumes it as a fiber -> true: it waits; false: it yielded
 * otherwise, or returned; nil, error: it failed            [-0, +1|2, v] */
static int l_switch(lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
  luaL_argcheck(L, co != NULL, 1, "thread expected");
  lua_settop(L, 1);
  yj_push_here(L);
  return yj_push_course(L, is_held(co) ? YJ_WAITS : yj_switch(L, 2, co, 0));
}

/* is_yieldable() -> whether the caller could yield          [-0, +1, -] */
static int l_is_yieldable(lua_State *L) {
  lua_pushboolean(L, yj_crosses(L));
  return 1;
}

/* fiber() -> the thread that runs as a fiber, even if this runs in a coroutine
 * inside it, or nil                                        [-0, +1, -] */
static int l_fiber(lua_State *L) {
  yj_push_here(L);
  lua_rawgeti(L, -1, INNERMOST);
  return 1;
}

/* [-0, +1, m] */
static void push_interrupted(lua_State *L, int here) {
  lua_rawgeti(L, here, INTERRUPTED);
  if (!lua_isnil(L, -1))
    return;
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "k");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_rawseti(L, here, INTERRUPTED);
}

/* interrupt(thread): it waits in no reader any more         [-0, +0, v] */
static int l_interrupt(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTHREAD);
  lua_settop(L, 1);
  yj_push_here(L); /* 2 */
  push_interrupted(L, 2);
  lua_pushvalue(L, 1);
  lua_pushboolean(L, 1);
  lua_rawset(L, -3);
  return 0;
}

static const luaL_Reg functions[] = {
    {"switch", l_switch},               {"fiber", l_fiber},
    {"is_yieldable", l_is_yieldable},   {"interrupt", l_interrupt},
    {NULL, NULL}};

void yj_open_fiber(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  lua_pushlightuserdata(L, (void *)&here_key);
  lua_createtable(L, INTERRUPTED, 0);
  lua_rawset(L, LUA_REGISTRYINDEX);
}
