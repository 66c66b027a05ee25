/* lreader: who waits for the news of which transfer, and is told.
 *
 * Whoever waits is in the pool's table of waiters, where each open transfer has
 * a place, behind what lfiber.c knows of this Lua. A fiber that reads a stream
 * waits in the reader itself and is gone on with from here, with the next values
 * of the stream: with many streams the cache holds nothing of any of them, and
 * each call left open, each table that is touched is felt. So its thread stays in
 * its place while it runs, and counts as a waiter only when the transfer says
 * that it is awaited.
 */
#include "lcore.h"

#define NOT_ALONE "somebody else is reading this already"

static enum yj_event next_of(void *source, struct yj_chunk *chunk) {
  return yj_transfer_next(source, chunk);
}

/* ---- waiters ---- */

enum { HERE = 1, TELL_ALL, N_RESERVED = TELL_ALL };

static int dispatch_all(lua_State *L);

void yj_push_waiters(lua_State *L) {
  lua_createtable(L, N_RESERVED, 0);
  yj_push_here(L);
  lua_rawseti(L, -2, HERE);
  lua_pushcfunction(L, dispatch_all);
  lua_rawseti(L, -2, TELL_ALL);
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
static void push_waiter(lua_State *L, int waiters,
                        const struct yj_transfer *t) {
  lua_rawgeti(L, waiters, t->place);
  if (lua_isthread(L, -1) && !t->awaited) {
    lua_pop(L, 1);
    lua_pushboolean(L, 0);
  }
}

/* [-1, +0, m] */
static void set_waiter(lua_State *L, int waiters, struct yj_transfer *t) {
  t->awaited = 0;
  lua_rawseti(L, waiters, t->place);
}

/* waiter() -> who waits: a fiber's thread, or what subscribe() was told; or nil
 *                                                          [-0, +1, v] */
int yj_l_waiter(lua_State *L) {
  struct yj_transfer *t = yj_check_transfer(L);
  lua_settop(L, 1);
  if (t->place == 0)
    return 0;
  yj_getuservalue(L, 1); /* 2 */
  push_waiter(L, 2, t);
  return lua_toboolean(L, -1);
}

/* subscribe([waiter]): who is told of news; nil: nobody         [-0, +0, v] */
int yj_l_subscribe(lua_State *L) {
  struct yj_transfer *t = yj_check_transfer(L);
  lua_settop(L, 2);
  if (t->place == 0)
    return 0;
  yj_getuservalue(L, 1); /* 3 */
  push_waiter(L, 3, t);  /* 4 */
  if (lua_toboolean(L, 2) && lua_toboolean(L, 4) && !lua_rawequal(L, 2, 4))
    return luaL_error(L, NOT_ALONE);
  if (lua_isnil(L, 2))
    lua_pushboolean(L, 0);
  else
    lua_pushvalue(L, 2);
  set_waiter(L, 3, t);
  return 0;
}

/* waiters() -> a list of all who wait. NB: finalizers may open and close
 * transfers while the list grows: no lua_next() here.      [-0, +1, v] */
int yj_l_waiters(lua_State *L) {
  int i, n = 0;
  yj_check_pool(L);
  lua_settop(L, 1);
  lua_newtable(L);       /* 2 */
  yj_getuservalue(L, 1); /* 3 */
  for (i = N_RESERVED + 1; i <= (int)lua_rawlen(L, 3); i++) {
    lua_rawgeti(L, 3, i); /* a waiter, or the number of a free place */
    if (lua_toboolean(L, 4) && !lua_isnumber(L, 4))
      lua_rawseti(L, 2, ++n);
    lua_settop(L, 3);
  }
  lua_settop(L, 2);
  return 1;
}

/* ---- reading ---- */

/* Whether this very fiber stands there. One that was woken has not been told, and
 * waits no more.                                           [-0, +0, -] */
static int is_waiter(lua_State *L, int waiters, const struct yj_transfer *t) {
  int is_there;
  lua_rawgeti(L, waiters, t->place);
  is_there = lua_tothread(L, -1) == L;
  lua_pop(L, 1);
  return is_there;
}

/* Has the fiber stand in the transfer's place; to be followed by a yield.
 *                                                          [-0, +1, v] */
static void register_waiter(lua_State *L, int waiters, struct yj_transfer *t,
                  enum yj_wanted wanted, int as_bytes) {
  lua_rawgeti(L, waiters, t->place);
  if (lua_tothread(L, -1) != L) {
    if (lua_toboolean(L, -1) && (t->awaited || !lua_isthread(L, -1)))
      luaL_error(L, NOT_ALONE);
    lua_pushthread(L);
    set_waiter(L, waiters, t);
  }
  t->awaited = 1;
  t->wanted = (unsigned char)wanted;
  t->as_bytes = as_bytes != 0;
  lua_pushthread(L);
}

/* Whoever has stood there waits no more: nothing will come, and a thread that
 * has ended is not to be kept.                             [-0, +0, -] */
static void unregister_waiter(lua_State *L, int waiters, struct yj_transfer *t) {
  if (!is_waiter(L, waiters, t))
    return;
  lua_pushboolean(L, 0);
  set_waiter(L, waiters, t);
}

/* What there is of what is wanted: its values, or -1: nothing yet, and the fiber
 * may wait for it, which the stack is ready for.           [-0, +n, v] */
static int read_on(lua_State *L, int waiters, struct yj_transfer *t,
                   enum yj_wanted wanted, int as_bytes) {
  struct yj_chunk chunk;
  enum yj_event event;
  int n;
  if (t->pool == NULL)
    return yj_push_fail(L, "closed");
  if (t->decoder.pins > 0)
    return luaL_error(L, YJ_IS_READ);
  if (t->awaited)
    t->awaited = !is_waiter(L, waiters, t);
  event = yj_read(wanted, next_of, t, &chunk);
  if (event == YJ_EVENT_PENDING) {
    lua_rawgeti(L, waiters, HERE);
    if (yj_may_wait(L)) {
      register_waiter(L, waiters, t, wanted, as_bytes);
      return -1;
    }
  }
  if (event > YJ_EVENT_CHUNK)
    unregister_waiter(L, waiters, t);
  yj_decoder_pin(&t->decoder);
  n = yj_push_read(L, wanted, as_bytes, event, &chunk, &t->decoder);
  yj_transfer_unpin(t);
  return n;
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

/* Other code may run while news are handed over. The transfer is pinned then, and
 * the fiber that they are for is held. */
struct telling {
  int64_t ends;
  struct yj_transfer *t; /* whose news are being handed over, or NULL */
  lua_State *co;         /* to which fiber */
  enum yj_event event;
};

/* Whether the fiber still waits. NB: what was read and reached nobody would be
 * missing in the stream. */
static int end_telling(struct telling *now, int is_good) {
  struct yj_transfer *t = now->t;
  int is_there = yj_release(now->co);
  now->t = NULL;
  t->awaited = !is_good && t->place != 0;
  yj_transfer_unpin(t);
  if (!(is_good && is_there) && now->event == YJ_EVENT_CHUNK &&
      t->pool != NULL)
    yj_decoder_give_up(&t->decoder);
  return is_there;
}

/* The values for the fiber that awaits the transfer, none when that has been
 * closed meanwhile; -1: there is nothing to read, the fiber does not wait, or
 * somebody else is reading, after whom there are news again (unpin).
 *                                                          [-0, +n, m] */
static int push_event(lua_State *L, lua_State *co, struct yj_transfer *t,
                     struct telling *now) {
  enum yj_wanted wanted = (enum yj_wanted)t->wanted;
  struct yj_chunk chunk;
  int n;
  yj_pool_forget(t->pool, t);
  if (t->decoder.pins > 0 || !yj_hold(co))
    return -1;
  now->event = yj_read(wanted, next_of, t, &chunk);
  if (now->event == YJ_EVENT_PENDING) {
    yj_release(co);
    return -1;
  }
  now->t = t;
  now->co = co;
  t->awaited = 0;
  yj_decoder_pin(&t->decoder);
  n = yj_push_read(L, wanted, t->as_bytes, now->event, &chunk, &t->decoder);
  if (!end_telling(now, 1))
    return -1;
  return t->pool == NULL ? 0 : n;
}

/* Goes on with the fiber that is awaiting the transfer, if there is something to
 * read. Returns results of dispatch(), or 0: it waits.         [-0, +n, v] */
static int resume_fiber(lua_State *L, int waiters, int here, lua_State *co,
                      struct yj_transfer *t, struct telling *now) {
  int n = push_event(L, co, t, now);
  enum yj_course course;
  if (n < 0)
    return 0;
  if (now->event > YJ_EVENT_CHUNK && t->place != 0) {
    lua_pushboolean(L, 0);
    set_waiter(L, waiters, t);
  }
  course = yj_switch(L, here, co, n);
  return course == YJ_WAITS ? 0 : 1 + yj_push_course(L, course);
}

static int dispatch_all(lua_State *L) {
  struct telling *now = lua_touserdata(L, 2);
  const struct yj_pool_box *box = lua_touserdata(L, 1);
  struct yj_transfer *t;
  int did = 0;
  lua_settop(L, 1);
  yj_getuservalue(L, 1);   /* 2 */
  lua_rawgeti(L, 2, HERE); /* 3 */
  /* a fiber may close the pool */
  while (box->pool != NULL && (t = yj_pool_first(box->pool)) != NULL) {
    int results = 1;
    lua_settop(L, 3);
    lua_pushboolean(L, 1); /* 4 */
    push_waiter(L, 2, t);  /* 5 */
    if (lua_isthread(L, 5))
      results = resume_fiber(L, 2, 3, lua_tothread(L, 5), t, now);
    else
      yj_pool_forget(box->pool, t);
    if (results > 0 && lua_toboolean(L, 5))
      return 1 + results;
    did |= lua_toboolean(L, 5);
    if (did && now->ends != YJ_NEVER && yj_now() >= now->ends)
      break;
  }
  lua_pushboolean(L, did);
  return 1;
}

/* dispatch([at]): goes on with the fibers that wait in readers for news, until that
 * time at the latest, but one at least -> whether there was anybody; another
 * waiter that has news, which ends this; or the thread of a fiber that does not
 * wait any more, and what switch() says of it              [-0, +n, v] */
int yj_l_dispatch(lua_State *L) {
  lua_Number at = luaL_optnumber(L, 2, 9e12);
  struct telling now = {0, NULL, NULL, YJ_EVENT_PENDING};
  now.ends = at >= 9e12 ? YJ_NEVER : (int64_t)(at * 1e6);
  if (yj_pool_first(yj_check_pool(L)) == NULL) {
    lua_pushboolean(L, 0);
    return 1;
  }
  lua_settop(L, 1);
  yj_getuservalue(L, 1);        /* 2 */
  lua_rawgeti(L, 2, TELL_ALL);
  lua_pushvalue(L, 1);
  lua_pushlightuserdata(L, &now);
  if (lua_pcall(L, 2, LUA_MULTRET, 0) == LUA_OK)
    return lua_gettop(L) - 2;
  /* an error has come instead of the news: unpin has the fiber told so later */
  if (now.t != NULL)
    end_telling(&now, 0);
  return lua_error(L);
}

/* ready() -> the next waiter, as waiter() gives it, of a transfer with news, or
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
    push_waiter(L, 2, t);
  } while (!lua_toboolean(L, -1));
  return 1;
}
