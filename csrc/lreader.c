/* lreader: who waits for the news of which transfer, and is told.
 *
 * Whoever waits is in the pool's table of hearers, where each open transfer has
 * a place, behind what lfiber.c knows of this Lua. A fiber that reads a stream
 * waits in the reader itself and is gone on with from here, with the next values
 * of the stream: with many streams the cache holds nothing of any of them, and
 * each call left open, each table that is touched is felt. So its thread stays in
 * its place while it runs, and counts as a hearer only when the transfer says
 * that it is awaited.
 */
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

enum { HERE = 1 };

void yj_push_hearers(lua_State *L) {
  lua_createtable(L, HERE, 0);
  yj_push_here(L);
  lua_rawseti(L, -2, HERE);
}

void yj_take_place(lua_State *L, int pool, int transfer,
                   struct yj_transfer *t) {
  yj_getuservalue(L, pool);
  lua_pushvalue(L, -1);
  yj_setuservalue(L, transfer);
  lua_pushboolean(L, 0);
  t->place = luaL_ref(L, -2);
  lua_pop(L, 1);
}

void yj_leave_place(lua_State *L, int transfer, struct yj_transfer *t) {
  if (t->place == 0)
    return;
  yj_getuservalue(L, transfer);
  luaL_unref(L, -1, t->place);
  lua_pop(L, 1);
  t->place = 0;
  t->awaited = 0;
}

/* Whoever stands there: false is nobody.                   [-0, +1, -] */
static void push_hearer(lua_State *L, int hearers,
                        const struct yj_transfer *t) {
  lua_rawgeti(L, hearers, t->place);
  if (lua_isthread(L, -1) && !t->awaited) {
    lua_pop(L, 1);
    lua_pushboolean(L, 0);
  }
}

/* [-1, +0, m] */
static void set_hearer(lua_State *L, int hearers, struct yj_transfer *t) {
  t->awaited = 0;
  lua_rawseti(L, hearers, t->place);
}

/* hearer() -> who waits: a fiber's thread, or what hear() was told; or nil
 *                                                          [-0, +1, v] */
int yj_l_hearer(lua_State *L) {
  struct yj_transfer *t = yj_check_transfer(L);
  lua_settop(L, 1);
  if (t->place == 0)
    return 0;
  yj_getuservalue(L, 1); /* 2 */
  push_hearer(L, 2, t);
  return lua_toboolean(L, -1);
}

/* hear([hearer]): who is told of news; nil: nobody         [-0, +0, v] */
int yj_l_hear(lua_State *L) {
  struct yj_transfer *t = yj_check_transfer(L);
  lua_settop(L, 2);
  if (t->place == 0)
    return 0;
  yj_getuservalue(L, 1); /* 3 */
  push_hearer(L, 3, t);  /* 4 */
  if (lua_toboolean(L, 2) && lua_toboolean(L, 4) && !lua_rawequal(L, 2, 4))
    return luaL_error(L, NOT_ALONE);
  if (lua_isnil(L, 2))
    lua_pushboolean(L, 0);
  else
    lua_pushvalue(L, 2);
  set_hearer(L, 3, t);
  return 0;
}

/* hearers() -> a list of all who wait                      [-0, +1, v] */
int yj_l_hearers(lua_State *L) {
  int n = 0;
  yj_check_pool(L);
  lua_settop(L, 1);
  lua_newtable(L);       /* 2 */
  yj_getuservalue(L, 1); /* 3 */
  lua_pushnil(L);
  while (lua_next(L, 3) != 0) { /* 4: place, 5: hearer, or a free place */
    if (lua_tointeger(L, 4) != HERE && lua_toboolean(L, 5) &&
        !lua_isnumber(L, 5))
      lua_rawseti(L, 2, ++n);
    lua_settop(L, 4);
  }
  lua_settop(L, 2);
  return 1;
}

/* ---- reading ---- */

/* Has the fiber stand in the transfer's place; to be followed by a yield.
 *                                                          [-0, +1, v] */
static void stand(lua_State *L, int hearers, struct yj_transfer *t,
                  enum yj_wanted wanted, int as_bytes) {
  lua_rawgeti(L, hearers, t->place);
  if (lua_tothread(L, -1) != L) {
    if (lua_toboolean(L, -1) && (t->awaited || !lua_isthread(L, -1)))
      luaL_error(L, NOT_ALONE);
    lua_pushthread(L);
    set_hearer(L, hearers, t);
  }
  t->awaited = 1;
  t->wanted = (unsigned char)wanted;
  t->as_bytes = as_bytes != 0;
  lua_pushthread(L);
}

/* Whoever has stood there waits no more: nothing will come, and a thread that
 * has ended is not to be kept.                             [-0, +0, -] */
static void step_down(lua_State *L, int hearers, struct yj_transfer *t) {
  lua_rawgeti(L, hearers, t->place);
  if (lua_tothread(L, -1) == L) {
    lua_pushboolean(L, 0);
    set_hearer(L, hearers, t);
  }
  lua_pop(L, 1);
}

/* What there is of what is wanted: its values, or -1: nothing yet, and the fiber
 * may wait for it, which the stack is ready for.           [-0, +n, v] */
static int read_on(lua_State *L, int hearers, struct yj_transfer *t,
                   enum yj_wanted wanted, int as_bytes) {
  struct yj_chunk chunk;
  enum yj_event event;
  if (t->pool == NULL)
    return yj_push_fail(L, "closed");
  event = yj_read(wanted, next_of, t, &chunk);
  if (event == YJ_EVENT_PENDING) {
    lua_rawgeti(L, hearers, HERE);
    if (yj_may_wait(L)) {
      stand(L, hearers, t, wanted, as_bytes);
      return -1;
    }
  }
  if (event > YJ_EVENT_CHUNK)
    step_down(L, hearers, t);
  return push_read(L, t, wanted, as_bytes, event, &chunk);
}

static int read_by_method(lua_State *L, enum yj_wanted wanted) {
  struct yj_transfer *t = yj_check_transfer(L);
  int as_bytes = lua_toboolean(L, 2), n;
  lua_settop(L, 1);
  yj_getuservalue(L, 1); /* 2 */
  n = read_on(L, 2, t, wanted, as_bytes);
  return n < 0 ? lua_yield(L, 1) : n;
}

/* next(), text() and drain() are those of a decoder; but a fiber waits there,
 * and gets nothing when it is woken before. To others it is "pending". */
int yj_l_next(lua_State *L) { return read_by_method(L, YJ_CHUNKS); }
int yj_l_next_text(lua_State *L) { return read_by_method(L, YJ_TEXTS); }
int yj_l_drain(lua_State *L) { return read_by_method(L, YJ_ODDITIES); }

/* Upvalues of the function that texts() makes: the struct, and the userdata
 * that it is in. */
enum { TRANSFER = 1, HEARERS, USERDATA, OTHER };

#if LUA_VERSION_NUM >= 503

static int return_one(lua_State *L, int status, lua_KContext n) {
  (void)L, (void)status, (void)n;
  return 1;
}

/* Returns the text at the top, or what the other function makes of the n values
 * there; it may wait as well. */
static int return_text(lua_State *L, int n) {
  if (n == 1 && lua_type(L, -1) == LUA_TSTRING)
    return 1;
  lua_pushvalue(L, lua_upvalueindex(OTHER));
  lua_insert(L, -1 - n);
  lua_callk(L, n, 1, 0, return_one);
  return 1;
}

static int go_on(lua_State *L, int status, lua_KContext n) {
  (void)status, (void)n;
  return return_text(L, lua_gettop(L));
}

static int wait_for_text(lua_State *L) { return lua_yieldk(L, 1, 0, go_on); }

#else

/* It is gone on with at its caller, which has to look. */
static int return_text(lua_State *L, int n) { (void)L; return n; }
static int wait_for_text(lua_State *L) { return lua_yield(L, 1); }

#endif

static int read_text(lua_State *L) {
  struct yj_transfer *t = lua_touserdata(L, lua_upvalueindex(TRANSFER));
  int n;
  lua_settop(L, 0);
  n = read_on(L, lua_upvalueindex(HEARERS), t, YJ_TEXTS, 0);
  if (n >= 0)
    return return_text(L, n);
  lua_replace(L, 1);
  lua_settop(L, 1);
  return wait_for_text(L);
}

/* texts(other) -> a function: the next text; of what is none, what other(...)
 * returns. In 5.1 that is for its caller to do.            [-0, +1, v] */
int yj_l_texts(lua_State *L) {
  struct yj_transfer *t = yj_check_transfer(L);
  lua_settop(L, 2);
  lua_pushlightuserdata(L, t);
  yj_getuservalue(L, 1);
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_pushcclosure(L, read_text, OTHER);
  return 1;
}

/* ---- telling ---- */

/* Goes on with the fiber that is awaiting the transfer, if there is something to
 * read. Returns results of tell(), or 0: it waits. NB: the news are heard when
 * nothing can fail any more.                               [-0, +n, v] */
static int tell_fiber(lua_State *L, int hearers, int here, lua_State *co,
                      struct yj_transfer *t) {
  enum yj_wanted wanted = (enum yj_wanted)t->wanted;
  struct yj_chunk chunk;
  enum yj_event event = yj_read(wanted, next_of, t, &chunk);
  enum yj_course course;
  int n = 0;
  if (event != YJ_EVENT_PENDING)
    n = push_read(L, t, wanted, t->as_bytes, event, &chunk);
  yj_pool_forget(t->pool, t);
  if (n == 0)
    return 0;
  t->awaited = 0;
  if (event > YJ_EVENT_CHUNK) {
    lua_pushboolean(L, 0);
    set_hearer(L, hearers, t);
  }
  course = yj_switch(L, here, co, n);
  return course == YJ_WAITS ? 0 : 1 + yj_push_course(L, course);
}

/* tell([at]): goes on with the fibers that wait in readers for news, until that
 * time at the latest, but one at least -> whether there was anybody; another
 * hearer that has news, which ends this; or the thread of a fiber that does not
 * wait any more, and what switch() says of it              [-0, +n, v] */
int yj_l_tell(lua_State *L) {
  const struct yj_pool_box *box;
  lua_Number at = luaL_optnumber(L, 2, 9e12);
  int64_t ends = at >= 9e12 ? YJ_NEVER : (int64_t)(at * 1e6);
  struct yj_transfer *t;
  int did = 0;
  yj_check_pool(L);
  box = lua_touserdata(L, 1); /* which a fiber may close */
  lua_settop(L, 1);
  yj_getuservalue(L, 1);   /* 2 */
  lua_rawgeti(L, 2, HERE); /* 3 */
  while (box->pool != NULL && (t = yj_pool_first(box->pool)) != NULL) {
    int results = 1;
    lua_settop(L, 3);
    lua_pushboolean(L, 1); /* 4 */
    push_hearer(L, 2, t);  /* 5 */
    if (lua_isthread(L, 5))
      results = tell_fiber(L, 2, 3, lua_tothread(L, 5), t);
    else
      yj_pool_forget(box->pool, t);
    if (results > 0 && lua_toboolean(L, 5))
      return 1 + results;
    did |= lua_toboolean(L, 5);
    if (did && ends != YJ_NEVER && yj_now() >= ends)
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
  } while (!lua_toboolean(L, -1));
  return 1;
}
