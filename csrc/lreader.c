/* lreader: who waits for the news of which transfer, and is told.
 *
 * Whoever waits is in the pool's table of hearers, by the transfer's address. A
 * fiber that reads a stream waits in the reader itself and is gone on with from
 * here, with the next values of the stream: with many streams the cache holds
 * nothing of any of them, and each call left open, each table is felt.
 */
#include <string.h>

#include "lcore.h"

#define NOT_ALONE "somebody else is reading this already"

static enum yj_event next_of(void *source, struct yj_chunk *chunk) {
  return yj_transfer_next(source, chunk);
}

/* For lack of memory this may raise, and then what was read is lost: the reader
 * is told so when it comes back.                           [-0, +n, m] */
static int push_read(lua_State *L, struct yj_transfer *t,
                     enum yj_wanted wanted, int as_bytes, enum yj_event event,
                     const struct yj_chunk *chunk) {
  int n;
  t->torn = 1;
  n = yj_push_read(L, wanted, as_bytes, event, chunk, &t->decoder);
  t->torn = 0;
  return n;
}

/* ---- hearers ---- */

/* Of the transfer, a userdata.                             [-0, +1, -] */
static void push_hearer(lua_State *L, int hearers, struct yj_transfer *t) {
  lua_pushlightuserdata(L, t);
  lua_rawget(L, hearers);
}

/* [-1, +0, m] */
static void set_hearer(lua_State *L, int hearers, struct yj_transfer *t) {
  lua_pushlightuserdata(L, t);
  lua_insert(L, -2);
  lua_rawset(L, hearers);
}

/* hearer() -> who waits: a fiber's thread, or what hear() was told; or nil
 *                                                          [-0, +1, v] */
int yj_l_hearer(lua_State *L) {
  struct yj_transfer *t = yj_check_transfer(L);
  yj_getuservalue(L, 1);
  push_hearer(L, lua_gettop(L), t);
  return 1;
}

/* hear([hearer]): who is told of news; nil: nobody         [-0, +0, v] */
int yj_l_hear(lua_State *L) {
  struct yj_transfer *t = yj_check_transfer(L);
  lua_settop(L, 2);
  yj_getuservalue(L, 1); /* 3 */
  if (!lua_isnil(L, 2)) {
    push_hearer(L, 3, t);
    if (!lua_isnil(L, -1) && !lua_rawequal(L, -1, 2))
      return luaL_error(L, NOT_ALONE);
  }
  lua_pushvalue(L, 2);
  set_hearer(L, 3, t);
  return 0;
}

/* hearers() -> all of them, in a table by address: not to be changed
 *                                                          [-0, +1, v] */
int yj_l_hearers(lua_State *L) {
  yj_check_pool(L);
  yj_getuservalue(L, 1);
  return 1;
}

/* ---- reading ---- */

/* Leaves the fiber waiting in the reader: it is gone on with what that then
 * returns.                                                 [-0, +1, v] */
static int wait_here(lua_State *L, int hearers, struct yj_transfer *t,
                     enum yj_wanted wanted, int as_bytes) {
  push_hearer(L, hearers, t);
  if (!lua_isnil(L, -1))
    return luaL_error(L, NOT_ALONE);
  lua_pushthread(L);
  set_hearer(L, hearers, t);
  t->wanted = (unsigned char)wanted;
  t->as_bytes = as_bytes != 0;
  return yj_wait(L);
}

/* A fiber waits here for what it wants, and gets nothing when it is woken
 * before; to others it is "pending".                       [-0, +n, v] */
static int read_on(lua_State *L, int hearers, struct yj_transfer *t,
                   enum yj_wanted wanted, int as_bytes) {
  struct yj_chunk chunk;
  enum yj_event event;
  if (t->pool == NULL)
    return yj_push_fail(L, "closed");
  event = yj_read(wanted, next_of, t, &chunk);
  if (event == YJ_EVENT_PENDING && yj_may_wait(L))
    return wait_here(L, hearers, t, wanted, as_bytes);
  return push_read(L, t, wanted, as_bytes, event, &chunk);
}

static int read_by_method(lua_State *L, enum yj_wanted wanted) {
  struct yj_transfer *t = yj_check_transfer(L);
  int as_bytes = lua_toboolean(L, 2);
  lua_settop(L, 2);
  yj_getuservalue(L, 1); /* 3 */
  return read_on(L, 3, t, wanted, as_bytes);
}

/* next(), text() and drain() are those of a decoder, and wait. */
int yj_l_next(lua_State *L) { return read_by_method(L, YJ_CHUNKS); }
int yj_l_next_text(lua_State *L) { return read_by_method(L, YJ_TEXTS); }
int yj_l_drain(lua_State *L) { return read_by_method(L, YJ_ODDITIES); }

/* The function that texts() made: its upvalues are the transfer and the
 * hearers. */
static int read_text(lua_State *L) {
  struct yj_transfer *t = lua_touserdata(L, lua_upvalueindex(1));
  return read_on(L, lua_upvalueindex(2), t, YJ_TEXTS, 0);
}

/* texts() -> a function that is text(): it need not find out each time whose it
 * is                                                       [-0, +1, v] */
int yj_l_texts(lua_State *L) {
  yj_check_transfer(L);
  lua_settop(L, 1);
  yj_getuservalue(L, 1);
  lua_pushcclosure(L, read_text, 2);
  return 1;
}

/* ---- telling ---- */

/* Goes on with the fiber at the top, which waits in a reader, if there is
 * something to read. Returns results of tell(), or 0: it waits. NB: the news are
 * heard when nothing can fail any more.                    [-1, +n, v] */
static int tell_fiber(lua_State *L, struct yj_pool *pool, int hearers,
                      struct yj_transfer *t) {
  lua_State *co = lua_tothread(L, -1);
  struct yj_chunk chunk;
  enum yj_wanted wanted = (enum yj_wanted)t->wanted;
  enum yj_event event = yj_read(wanted, next_of, t, &chunk);
  enum yj_course course;
  int n = 0;
  if (event != YJ_EVENT_PENDING)
    n = push_read(L, t, wanted, t->as_bytes, event, &chunk);
  yj_pool_forget(pool, t);
  if (n == 0)
    return 0;
  lua_pushnil(L);
  set_hearer(L, hearers, t);
  course = yj_switch(L, co, n);
  return course == YJ_WAITS ? 0 : 1 + yj_push_course(L, course);
}

/* tell([at]): goes on with the fibers that wait in readers for news, until that
 * time at the latest, but one at least -> whether there was anybody; another
 * hearer that has news, which ends this; or the thread of a fiber that does not
 * wait any more, and what switch() says of it              [-0, +n, v] */
int yj_l_tell(lua_State *L) {
  struct yj_pool *pool;
  lua_Number at = luaL_optnumber(L, 2, 9e12);
  int64_t ends = at >= 9e12 ? YJ_NEVER : (int64_t)(at * 1e6);
  struct yj_transfer *t;
  int did = 0;
  pool = yj_check_pool(L);
  lua_settop(L, 1);
  yj_getuservalue(L, 1); /* 2 */
  while ((t = yj_pool_first(pool)) != NULL) {
    int results = 1;
    lua_settop(L, 2);
    lua_pushboolean(L, 1); /* 3 */
    push_hearer(L, 2, t);  /* 4 */
    if (lua_isthread(L, 4))
      results = tell_fiber(L, pool, 2, t);
    else
      yj_pool_forget(pool, t);
    did |= !lua_isnil(L, 4);
    if (results > 0 && !lua_isnil(L, 4))
      return 1 + results;
    pool = yj_check_pool(L); /* a fiber may have closed it */
    if (ends != YJ_NEVER && did && yj_now() >= ends)
      break;
  }
  lua_pushboolean(L, did);
  return 1;
}

/* ready() -> the next hearer, as hearer() gives it, of a transfer with news, or
 * nil                                                      [-0, +1, v] */
int yj_l_ready(lua_State *L) {
  struct yj_pool *pool = yj_check_pool(L);
  struct yj_transfer *t;
  lua_settop(L, 1);
  yj_getuservalue(L, 1); /* 2 */
  do {
    lua_settop(L, 2);
    t = yj_pool_first(pool);
    if (t == NULL)
      return 0;
    yj_pool_forget(pool, t);
    push_hearer(L, 2, t);
  } while (lua_isnil(L, -1));
  return 1;
}
