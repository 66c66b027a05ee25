/* ltransfer: transfer.h for Lua. */
#include <string.h>

#include "lcore.h"

static const char *const fault_names[] = {
    [YJ_FAULT_NONE] = "none",
    [YJ_FAULT_CURL] = "curl",
    [YJ_FAULT_CONNECT_TIMEOUT] = "connect_timeout",
    [YJ_FAULT_HEAD_TIMEOUT] = "head_timeout",
    [YJ_FAULT_FIRST_TIMEOUT] = "first_timeout",
    [YJ_FAULT_IDLE_TIMEOUT] = "idle_timeout",
    [YJ_FAULT_TOTAL_TIMEOUT] = "total_timeout",
    [YJ_FAULT_RESEND] = "resend",
    [YJ_FAULT_TOO_LARGE] = "too_large",
    [YJ_FAULT_NO_MEMORY] = "no_memory",
    [YJ_FAULT_POOL] = "pool"};

static struct yj_transfer *check(lua_State *L) {
  return luaL_checkudata(L, 1, YJ_TRANSFER_MT);
}

static struct yj_transfer *check_open(lua_State *L) {
  struct yj_transfer *t = check(L);
  luaL_argcheck(L, t->pool != NULL, 1, "the transfer is closed");
  return t;
}

/* ---- opening: reads the request, then hands it over in one go ---- */

/* Pushes the field; whether it is there, in which case it has that type.
 *                                                          [-0, +1, v] */
static int typed_field(lua_State *L, int table, const char *name, int type) {
  lua_getfield(L, table, name);
  if (!lua_isnil(L, -1) && lua_type(L, -1) != type)
    luaL_error(L, "%s: expected %s, got %s", name, lua_typename(L, type),
               luaL_typename(L, -1));
  return !lua_isnil(L, -1);
}

/* The string under `name`, which stays on the stack and so alive, or NULL.
 *                                                          [-0, +1, v] */
static const char *string_field(lua_State *L, int request, const char *name,
                                size_t *len) {
  size_t n = 0;
  const char *s = NULL;
  if (typed_field(L, request, name, LUA_TSTRING))
    s = lua_tolstring(L, -1, &n);
  if (len != NULL)
    *len = n;
  else if (s != NULL && strlen(s) != n)
    luaL_error(L, "%s: has a zero byte in it", name);
  return s;
}

static int flag_field(lua_State *L, int request, const char *name) {
  int flag;
  lua_getfield(L, request, name);
  flag = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return flag;
}

/* Bytes, as many as can be counted; 0 where there are none. [-0, +0, v] */
static size_t size_field(lua_State *L, int table, const char *name) {
  const size_t most = SIZE_MAX / 2;
  lua_Number n = 0;
  if (typed_field(L, table, name, LUA_TNUMBER))
    n = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return n > 0 ? (n < (lua_Number)most ? (size_t)n : most) : 0;
}

/* Seconds in Lua, microseconds in C, 0 where there is none; a limit that has
 * passed already is the shortest there is.                 [-0, +0, v] */
static int64_t limit_field(lua_State *L, int limits, const char *name) {
  lua_Number seconds = 0;
  int is_limit = typed_field(L, limits, name, LUA_TNUMBER);
  if (is_limit)
    seconds = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return is_limit +
         (int64_t)(seconds > 0 ? (seconds < 1e9 ? seconds : 1e9) * 1e6 : 0);
}

static void read_limits(lua_State *L, int request, struct yj_limits *limits) {
  if (typed_field(L, request, "limits", LUA_TTABLE)) {
    int at = lua_gettop(L);
    limits->connect = limit_field(L, at, "connect");
    limits->head = limit_field(L, at, "head");
    limits->first = limit_field(L, at, "first");
    limits->idle = limit_field(L, at, "idle");
    limits->total = limit_field(L, at, "total");
  }
  lua_pop(L, 1);
}

/* The header lines go into the transfer, which owns them from then on. */
static void read_headers(lua_State *L, int request, struct yj_transfer *t) {
  int i, n;
  n = typed_field(L, request, "headers", LUA_TTABLE)
          ? (int)lua_rawlen(L, -1) : 0;
  for (i = 1; i <= n; i++) {
    const char *line;
    size_t len;
    lua_rawgeti(L, -1, i);
    if (lua_type(L, -1) != LUA_TSTRING)
      luaL_error(L, "headers[%d]: expected string, got %s", i,
                 luaL_typename(L, -1));
    line = lua_tolstring(L, -1, &len);
    if (strlen(line) != len || !yj_transfer_add_header(t, line))
      luaL_error(L, "headers[%d]: has a control character in it", i);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

/* libcurl writes the method as it is: a line end in it would be a header. */
static void check_method(lua_State *L, const char *method) {
  if (*method == '\0' ||
      method[strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] != '\0')
    luaL_error(L, "method: expected capital letters");
}

/* Leaves the strings on the stack, which keeps them.       [-0, +6, v] */
static void read_request(lua_State *L, int request, struct yj_request *r) {
  memset(r, 0, sizeof *r);
  r->method = string_field(L, request, "method", NULL);
  r->url = string_field(L, request, "url", NULL);
  r->body = string_field(L, request, "body", &r->body_len);
  r->proxy = string_field(L, request, "proxy", NULL);
  r->ca_file = string_field(L, request, "ca_file", NULL);
  r->ca_path = string_field(L, request, "ca_path", NULL);
  if (r->method == NULL || r->url == NULL)
    luaL_error(L, "method and url are needed");
  check_method(L, r->method);
  r->events = flag_field(L, request, "events");
  r->once = flag_field(L, request, "once");
  r->max_body = size_field(L, request, "max_body");
  r->max_event = size_field(L, request, "max_event");
  read_limits(L, request, &r->limits);
}

/* Remembers the userdata of a transfer in the pool, weakly, so that ready()
 * can give it back.                                        [-0, +0, m] */
static void remember(lua_State *L, int pool, int transfer,
                     struct yj_transfer *t) {
  yj_getuservalue(L, pool);
  lua_pushlightuserdata(L, t);
  lua_pushvalue(L, transfer);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

/* open(request) -> Transfer | nil, message, code           [-0, +1|3, v] */
int yj_l_open(lua_State *L) {
  struct yj_pool *pool;
  struct yj_transfer *t;
  struct yj_request request;
  int code;
  yj_check_pool(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  luaL_checkstack(L, 16, NULL);
  t = yj_newuserdata(L, sizeof *t); /* 3 */
  memset(t, 0, sizeof *t);
  luaL_setmetatable(L, YJ_TRANSFER_MT);
  read_request(L, 2, &request);
  read_headers(L, 2, t);
  remember(L, 1, 3, t);
  /* a transfer hides 16 KiB behind a small userdata: let the collector feel it,
   * or dropped streams would pile up */
  lua_gc(L, LUA_GCSTEP, 16);
  pool = yj_check_pool(L, 1);  /* Lua has run: metamethods, finalizers */
  if (!yj_pool_is_mine(pool))
    return yj_push_fail(L, YJ_NOT_MINE);
  code = yj_transfer_open(t, pool, &request);
  if (code != 0) {
    yj_push_fail(L, yj_curl_message(code));
    lua_pushinteger(L, code);
    return 3;
  }
  lua_pushvalue(L, 3);
  return 1;
}

/* ---- reading ---- */

static enum yj_event next_of(void *source, struct yj_chunk *chunk) {
  return yj_transfer_next(source, chunk);
}

static int l_next(lua_State *L) {
  struct yj_transfer *t = check_open(L);
  return yj_push_next(L, next_of, t, &t->decoder);
}

static int l_text(lua_State *L) {
  struct yj_transfer *t = check_open(L);
  return yj_push_text(L, next_of, t, &t->decoder);
}

static int l_drain(lua_State *L) {
  struct yj_transfer *t = check_open(L);
  return yj_push_drain(L, next_of, t, &t->decoder);
}

static int l_summary(lua_State *L) {
  return yj_push_summary(L, &check_open(L)->decoder);
}

/* status() -> number once the head is here, or nil         [-0, +1, v] */
static int l_status(lua_State *L) {
  struct yj_transfer *t = check(L);
  if (t->head_done)
    lua_pushinteger(L, t->status);
  else
    lua_pushnil(L);
  return 1;
}

/* head() -> the raw lines of the head                      [-0, +1, v] */
static int l_head(lua_State *L) {
  struct yj_transfer *t = check(L);
  lua_pushlstring(L, yj_buf_bytes(&t->head), yj_buf_len(&t->head));
  return 1;
}

/* body() -> what has come of a plain body                  [-0, +1, v] */
static int l_body(lua_State *L) {
  struct yj_transfer *t = check(L);
  lua_pushlstring(L, yj_buf_bytes(&t->body), yj_buf_len(&t->body));
  return 1;
}

/* In a forked child nobody moves the transfers of the parent's pool. */
static int is_orphan(const struct yj_transfer *t) {
  return !t->done && (t->pool == NULL || !yj_pool_is_mine(t->pool));
}

/* done() -> whether nothing more will come                 [-0, +1, v] */
static int l_done(lua_State *L) {
  struct yj_transfer *t = check(L);
  lua_pushboolean(L, t->done || is_orphan(t));
  return 1;
}

static const char *fault_message(const struct yj_transfer *t) {
  if (t->fault != YJ_FAULT_CURL)
    return fault_names[t->fault];
  return t->error[0] != '\0' ? t->error : yj_curl_message(t->code);
}

/* failure() -> nil | fault, message, curl's code, sent, answered
 *                                                          [-0, +1|5, v] */
static int l_failure(lua_State *L) {
  struct yj_transfer *t = check(L);
  enum yj_fault fault = is_orphan(t) ? YJ_FAULT_POOL : t->fault;
  if (fault == YJ_FAULT_NONE) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushstring(L, fault_names[fault]);
  lua_pushstring(L, fault_message(t));
  lua_pushinteger(L, t->code);
  lua_pushboolean(L, t->sent);
  lua_pushboolean(L, t->status >= 200);
  return 5;
}

/* discard(seconds): drops what comes, so that the connection can serve again
 *                                                          [-0, +0, v] */
static int l_discard(lua_State *L) {
  struct yj_transfer *t = check(L);
  lua_Number seconds = luaL_checknumber(L, 2);
  luaL_argcheck(L, seconds >= 0 && seconds <= 1e6, 2, "out of range");
  yj_transfer_discard(t, (int64_t)(seconds * 1e6));
  return 0;
}

/* close(), __gc and __close: idempotent, any order         [-0, +0, v] */
static int l_close(lua_State *L) {
  yj_transfer_close(check(L));
  return 0;
}

static const luaL_Reg methods[] = {
    {"next", l_next},       {"text", l_text},       {"drain", l_drain},
    {"summary", l_summary}, {"status", l_status},   {"head", l_head},
    {"body", l_body},       {"done", l_done},       {"failure", l_failure},
    {"discard", l_discard}, {"close", l_close},     {NULL, NULL}};

void yj_open_transfer(lua_State *L) {
  yj_new_class(L, YJ_TRANSFER_MT, methods, l_close);
}
