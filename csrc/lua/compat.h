/* compat: what differs between the Luas, and nothing else. LuaJIT exports some
 * 5.2 names of its own: the functions here have yj_ names behind a #define.
 */
#pragma once

#ifdef __has_include
#if !__has_include(<lua.h>)
/* Not #error, after which a compiler continues for pages. */
#include "Lua's headers are missing: apt install liblua5.4-dev libluajit2-5.1-dev"
#endif
#endif

#include <lauxlib.h>
#include <lua.h>

#define YJ_LUAS "yuanjing runs on LuaJIT 2.1 and on Lua 5.3, 5.4 and 5.5"

#if LUA_VERSION_NUM < 501 || LUA_VERSION_NUM == 502
#error "yuanjing runs on LuaJIT 2.1 and on Lua 5.3, 5.4 and 5.5, not on this Lua"
#include "the end" /* stops the compiler: all its further errors are noise */
#endif

/* Raises on PUC 5.1, which loads what was built for LuaJIT, but whose
 * coroutines can not wait inside pcall() or a loop. Only LuaJIT can read
 * `goto`; its own tables may be hidden by a host.          [-0, +0, v] */
static inline void yj_check_lua(lua_State *L) {
#if LUA_VERSION_NUM == 501
  if (luaL_loadstring(L, "goto here ::here::") != 0)
    luaL_error(L, YJ_LUAS ", not on PUC Lua 5.1");
  lua_pop(L, 1);
#else
  (void)L;
#endif
}

#if LUA_VERSION_NUM == 501

#define LUA_OK 0
#define lua_rawlen lua_objlen
#define luaL_setfuncs yj_setfuncs
#define luaL_setmetatable yj_setmetatable

/* with one upvalue at most                                 [-nup, +0, m] */
static inline void yj_setfuncs(lua_State *L, const luaL_Reg *row, int nup) {
  for (; row->name != NULL; row++) {
    if (nup > 0)
      lua_pushvalue(L, -1);
    lua_pushcclosure(L, row->func, nup);
    lua_setfield(L, -2 - nup, row->name);
  }
  lua_pop(L, nup);
}

static inline void yj_setmetatable(lua_State *L, const char *name) {
  luaL_getmetatable(L, name);
  lua_setmetatable(L, -2);
}

#endif

/* yj_pushcount: a number of bytes, an integer where Lua has 64 bits for one.
 * yj_newuserdata: one that a table hangs on: its user value, in 5.1 its
 * environment. yj_newbytes: one that has none. */
#if LUA_VERSION_NUM >= 504
#define yj_newuserdata(L, size) lua_newuserdatauv((L), (size), 1)
#define yj_newbytes(L, size) lua_newuserdatauv((L), (size), 0)
#define yj_getuservalue(L, i) ((void)lua_getiuservalue((L), (i), 1))
#define yj_setuservalue(L, i) ((void)lua_setiuservalue((L), (i), 1))
#else
#define yj_newuserdata lua_newuserdata
#define yj_newbytes lua_newuserdata
#endif
#if LUA_VERSION_NUM == 503
#define yj_getuservalue(L, i) ((void)lua_getuservalue((L), (i)))
#define yj_setuservalue(L, i) ((void)lua_setuservalue((L), (i)))
#endif
#if LUA_VERSION_NUM >= 503
#define yj_pushcount(L, n) lua_pushinteger((L), (lua_Integer)(n))
#else
#define yj_pushcount(L, n) lua_pushnumber((L), (lua_Number)(n))
#define yj_getuservalue(L, i) lua_getfenv((L), (i))
#define yj_setuservalue(L, i) ((void)lua_setfenv((L), (i)))
#endif

/* Resumes a coroutine with n values that are on its stack; returns its status,
 * and in *left how many values it left there. */
#if LUA_VERSION_NUM >= 504
#define yj_resume lua_resume
#else
static inline int yj_resume(lua_State *co, lua_State *from, int n, int *left) {
#if LUA_VERSION_NUM >= 503
  int status = lua_resume(co, from, n);
#else
  int status = lua_resume(co, n);
  (void)from;
#endif
  *left = lua_gettop(co);
  return status;
}
#endif

/* Whether the collector works by itself: not when the host has stopped it, nor
 * in LuaJIT while a finalizer runs. */
#ifndef LUA_GCISRUNNING
#define LUA_GCISRUNNING 9 /* unknown to PUC 5.1: -1 */
#endif
#define yj_iscollecting(L) (lua_gc((L), LUA_GCISRUNNING, 0) != 0)

/* The work for so many newly allocated KiB; whether a cycle ended with it. */
#if LUA_VERSION_NUM >= 505
#define yj_gcstep(L, kib) lua_gc((L), LUA_GCSTEP, (size_t)(kib) * 1024)
#else
#define yj_gcstep(L, kib) lua_gc((L), LUA_GCSTEP, (int)(kib))
#endif

/* yj_crosses: whether a yield gets across all that is being called in L. PUC
 * 5.1 has no such function, but must be able to load this module, which
 * refuses it. yj_isyieldable: whether a C function may yield in L. NB: while a
 * finalizer runs LuaJIT takes such a yield, even in a coroutine that the
 * finalizer resumed, for that of a hook, and crashes at the next resume.
 * Outside ELF a weak symbol stays NULL though the function is there: PUC 5.1
 * is left to the loader, which refuses this module. */
#if LUA_VERSION_NUM >= 503
#define yj_crosses lua_isyieldable
#define yj_isyieldable lua_isyieldable
#else
#ifdef __ELF__
LUA_API int lua_isyieldable(lua_State *L) __attribute__((weak));
#define yj_crosses(L) (lua_isyieldable == NULL || lua_isyieldable(L))
#else
#define yj_crosses lua_isyieldable
#endif
#define yj_isyieldable(L) (yj_crosses(L) && yj_iscollecting(L))
#endif
