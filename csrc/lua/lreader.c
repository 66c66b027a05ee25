/* lreader: which reader waits for which transfer, and how it is resumed.
 *
 * The table of waiters is the pool's user value. Each open transfer has a slot
 * in it, which holds false, what subscribe() was given, or the thread of a
 * fiber. Such a fiber waits inside the reader itself and is resumed from here,
 * with the next values of the stream: with many streams each call left open,
 * and each table that is touched, costs a cache miss.
 */
#include "lcore.h"

#define NOT_ALONE "somebody else is reading this already"

/* ---- waiters ---- */

/* Keys of what every pool's table has. The positive ones are luaL_ref()'s:
 * each Lua keeps the list of its free slots under another of them. */
enum { HERE = -2, DISPATCH_ALL };

static int dispatch_all(lua_State *L);

void yj_push_waiters(lua_State *L) {
  lua_createtable(L, 0, 2);
  yj_push_here(L);
  lua_rawseti(L, -2, HERE);
  lua_pushcfunction(L, dispatch_all);
  lua_rawseti(L, -2, DISPATCH_ALL);
}

void yj_take_slot(lua_State *L, int pool, int transfer,
                  struct yj_transfer *t) {
  yj_getuservalue(L, pool);
  lua_pushvalue(L, -1);
  yj_setuservalue(L, transfer);
  lua_pushboolean(L, 0);
  t->waiter.slot = luaL_ref(L, -2);
  lua_pop(L, 1);
}

void yj_leave_slot(lua_State *L, int transfer, struct yj_transfer *t) {
  if (t->waiter.slot == 0)
    return;
  yj_getuservalue(L, transfer);
  luaL_unref(L, -1, t->waiter.slot);
  lua_pop(L, 1);
  t->waiter.slot = 0;
  t->waiter.is_reading = 0;
}

static void push_waiter(lua_State *L, int waiters,
                        const struct yj_transfer *t) {
  lua_rawgeti(L, waiters, t->waiter.slot);
}

/* Puts what is at the top into the slot.                   [-1, +0, -] */
static void set_waiter(lua_State *L, int waiters, struct yj_transfer *t) {
  t->waiter.is_reading = 0;
  lua_rawseti(L, waiters, t->waiter.slot);
}

static void clear_waiter(lua_State *L, int waiters, struct yj_transfer *t) {
  lua_pushboolean(L, 0);
  set_waiter(L, waiters, t);
}

/* waiter() -> a fiber's thread, what subscribe() was given, or nil
 *                                                          [-0, +1, v] */
static int l_waiter(lua_State *L) {
  struct yj_transfer *t = yj_check_transfer(L);
  lua_settop(L, 1);
  if (t->waiter.slot == 0)
    return 0;
  yj_getuservalue(L, 1); /* 2 */
  push_waiter(L, 2, t);
  return lua_toboolean(L, -1);
}

/* subscribe([waiter]): dispatch() returns it when the transfer is ready; nil:
 * no waiter                                                [-0, +0, v] */
static int l_subscribe(lua_State *L) {
  struct yj_transfer *t = yj_check_transfer(L);
  lua_settop(L, 2);
  if (t->waiter.slot == 0)
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

/* waiters() -> a list of all. NB: finalizers may open and close transfers
 * while the list grows: no lua_next() here.                [-0, +1, v] */
static int l_waiters(lua_State *L) {
  int i, n = 0;
  yj_check_pool(L);
  lua_settop(L, 1);
  lua_newtable(L);       /* 2 */
  yj_getuservalue(L, 1); /* 3 */
  for (i = 1; i <= (int)lua_rawlen(L, 3); i++) {
    lua_rawgeti(L, 3, i); /* a waiter, false, or luaL_ref()'s number */
    if (lua_toboolean(L, 4) && !lua_isnumber(L, 4))
      lua_rawseti(L, 2, ++n);
    lua_settop(L, 3);
  }
  lua_settop(L, 2);
  return 1;
}

/* ---- reading ---- */

/* A fiber that something else resumed does not wait any more. */
static void clear_own_waiter(lua_State *L, int waiters,
                             struct yj_transfer *t) {
  push_waiter(L, waiters, t);
  if (lua_tothread(L, -1) == L)
    clear_waiter(L, waiters, t);
  lua_pop(L, 1);
}

/* Has this fiber wait in the slot; a yield must follow.    [-0, +1, v] */
static void wait_in_slot(lua_State *L, int waiters, struct yj_transfer *t,
                         enum yj_wanted wanted, int as_bytes) {
  push_waiter(L, waiters, t);
  if (lua_toboolean(L, -1))
    luaL_error(L, NOT_ALONE);
  lua_pushthread(L);
  set_waiter(L, waiters, t);
  t->waiter.is_reading = 1;
  t->waiter.wanted = (unsigned char)wanted;
  t->waiter.as_bytes = as_bytes != 0;
  lua_pushthread(L);
}

/* Pushes the values of the next event that is wanted; or -1: there is none
 * yet, and the fiber waits for it once it has yielded the value at the top.
 *                                                          [-0, +n, v] */
static int read_on(lua_State *L, int waiters, struct yj_transfer *t,
                   enum yj_wanted wanted, int as_bytes) {
  struct yj_chunk chunk;
  enum yj_event event;
  int n;
  if (t->pool == NULL)
    return yj_push_fail(L, "closed");
  if (t->decoder.pins > 0)
    return luaL_error(L, YJ_IS_READ);
  if (t->waiter.is_reading)
    clear_own_waiter(L, waiters, t);
  event = yj_transfer_next(t, wanted, &chunk);
  if (event == YJ_EVENT_PENDING) {
    lua_rawgeti(L, waiters, HERE);
    if (yj_may_wait(L)) {
      wait_in_slot(L, waiters, t, wanted, as_bytes);
      return -1;
    }
    lua_pop(L, 1);
  }
  yj_decoder_pin(&t->decoder);
  n = yj_push_event(L, wanted, as_bytes, event, &chunk, &t->decoder);
  yj_decoder_unpin(&t->decoder);
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

/* next(), text() and drain() are those of a decoder, but a fiber waits in
 * them, and gets nothing when something else resumes it. Others get
 * "pending". */
static int l_next(lua_State *L) { return read_by_method(L, YJ_CHUNKS); }
static int l_text(lua_State *L) { return read_by_method(L, YJ_TEXTS); }
static int l_drain(lua_State *L) { return read_by_method(L, YJ_ODDITIES); }

#if LUA_VERSION_NUM >= 503

/* Upvalues of the function that texts() makes: the struct, the table of
 * waiters, the userdata that the struct is in, and what was given. */
enum { TRANSFER = 1, WAITERS, USERDATA, OTHER };

static int return_one(lua_State *L, int status, lua_KContext n) {
  (void)L, (void)status, (void)n;
  return 1;
}

/* Returns a text, or what the other function, which may wait as well, makes of
 * the values on the stack. */
static int return_text(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  if (lua_gettop(L) == 1 && lua_type(L, 1) == LUA_TSTRING)
    return 1;
  lua_pushvalue(L, lua_upvalueindex(OTHER));
  lua_insert(L, 1);
  lua_callk(L, lua_gettop(L) - 1, 1, 0, return_one);
  return 1;
}

static int read_text(lua_State *L) {
  struct yj_transfer *t = lua_touserdata(L, lua_upvalueindex(TRANSFER));
  lua_settop(L, 0);
  if (read_on(L, lua_upvalueindex(WAITERS), t, YJ_TEXTS, 0) >= 0)
    return return_text(L, 0, 0);
  lua_replace(L, 1);
  lua_settop(L, 1);
  return lua_yieldk(L, 1, 0, return_text);
}

/* texts(other) -> a function that returns the next text, or what other(...)
 * returns for any other event. 460 instructions a text less than a function of
 * Lua. LuaJIT's has none, which can not yield here.        [-0, +1, v] */
static int l_texts(lua_State *L) {
  struct yj_transfer *t = yj_check_transfer(L);
  lua_settop(L, 2);
  lua_pushlightuserdata(L, t);
  yj_getuservalue(L, 1);
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_pushcclosure(L, read_text, OTHER);
  return 1;
}

#endif

/* ---- dispatching ---- */

/* While an event is handed over finalizers may run. The transfer is pinned
 * then, and the fiber that gets the event is held. */
struct handover {
  int64_t ends;
  struct yj_transfer *t; /* NULL: none is going on */
  lua_State *co;
  enum yj_event event;
};

/* Whether the fiber still waits. NB: an event that was read and reached nobody
 * is lost, and the stream says so from now on. */
static int end_handover(struct handover *now, int is_good) {
  struct yj_transfer *t = now->t;
  int is_there = yj_release(now->co);
  now->t = NULL;
  t->waiter.is_reading = !is_good && t->waiter.slot != 0;
  yj_decoder_unpin(&t->decoder);
  if (!(is_good && is_there) && now->event == YJ_EVENT_CHUNK &&
      t->pool != NULL)
    yj_decoder_give_up(&t->decoder);
  return is_there;
}

/* The values for the fiber that waits for the transfer, none when that was
 * closed meanwhile. -1: there is nothing to read, the fiber does not wait, or
 * there is another reader, whose unpin makes the transfer ready again.
 *                                                          [-0, +n, m] */
static int read_for(lua_State *L, lua_State *co, struct yj_transfer *t,
                    struct handover *now) {
  enum yj_wanted wanted = (enum yj_wanted)t->waiter.wanted;
  struct yj_chunk chunk;
  int n;
  yj_pool_forget(t->pool, t);
  if (t->decoder.pins > 0 || !yj_hold(co))
    return -1;
  now->event = yj_transfer_next(t, wanted, &chunk);
  if (now->event == YJ_EVENT_PENDING) {
    yj_release(co);
    return -1;
  }
  now->t = t;
  now->co = co;
  t->waiter.is_reading = 0;
  yj_decoder_pin(&t->decoder);
  n = yj_push_event(L, wanted, t->waiter.as_bytes, now->event, &chunk,
                    &t->decoder);
  if (!end_handover(now, 1))
    return -1;
  return t->pool == NULL ? 0 : n;
}

/* Resumes the fiber that waits for the transfer, if there is something to
 * read. Returns results of dispatch(), or 0: it waits.     [-0, +n, v] */
static int resume_fiber(lua_State *L, int waiters, int here, lua_State *co,
                        struct yj_transfer *t, struct handover *now) {
  int n = read_for(L, co, t, now);
  enum yj_course course;
  if (n < 0)
    return 0;
  if (t->waiter.slot != 0)
    clear_waiter(L, waiters, t);
  course = yj_switch(L, here, co, n);
  return course == YJ_WAITS ? 0 : 1 + yj_push_course(L, course);
}

static int dispatch_all(lua_State *L) {
  struct handover *now = lua_touserdata(L, 2);
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

/* dispatch([at]): resumes the fibers whose transfers are ready, until that
 * time at the latest, but one at least -> whether there was any; another
 * waiter whose transfer is ready, which ends this; or the thread of a fiber
 * that does not wait any more, and what switch() returns for it [-0, +n, v] */
static int l_dispatch(lua_State *L) {
  lua_Number at = luaL_optnumber(L, 2, 9e12);
  struct handover now = {0, NULL, NULL, YJ_EVENT_PENDING};
  now.ends = at >= 9e12 ? YJ_NEVER : (int64_t)(at * 1e6);
  if (yj_pool_first(yj_check_pool(L)) == NULL) {
    lua_pushboolean(L, 0);
    return 1;
  }
  lua_settop(L, 1);
  yj_getuservalue(L, 1);        /* 2 */
  lua_rawgeti(L, 2, DISPATCH_ALL);
  lua_pushvalue(L, 1);
  lua_pushlightuserdata(L, &now);
  if (lua_pcall(L, 2, LUA_MULTRET, 0) == LUA_OK)
    return lua_gettop(L) - 2;
  if (now.t != NULL)
    end_handover(&now, 0); /* the fiber learns later that its event is lost */
  return lua_error(L);
}

/* ready() -> the waiter of the next transfer that is ready, or nil
 *                                                          [-0, +1, v] */
static int l_ready(lua_State *L) {
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

static const luaL_Reg transfer_methods[] = {
    {"next", l_next},     {"text", l_text},           {"drain", l_drain},
    {"waiter", l_waiter}, {"subscribe", l_subscribe},
#if LUA_VERSION_NUM >= 503
    {"texts", l_texts},
#endif
    {NULL, NULL}};

static const luaL_Reg pool_methods[] = {
    {"dispatch", l_dispatch}, {"ready", l_ready}, {"waiters", l_waiters},
    {NULL, NULL}};

void yj_open_reader(lua_State *L) {
  yj_add_methods(L, YJ_TRANSFER_MT, transfer_methods);
  yj_add_methods(L, YJ_POOL_MT, pool_methods);
}
