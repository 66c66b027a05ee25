/* ltransfer: transfer.h for Lua. lreader.c and ldecoder.c add methods. */
#include <string.h>

#include "lcore.h"
#include "path.h"

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
    [YJ_FAULT_FILE] = "file",
    [YJ_FAULT_ADDRESS] = "address",
    [YJ_FAULT_POOL] = "pool",
    [YJ_FAULT_CANCELLED] = "cancelled"};

struct yj_transfer *yj_check_transfer(lua_State *L) {
  return yj_check_self(L, YJ_TRANSFER_MT);
}

#define check yj_check_transfer

static struct yj_transfer *check_open(lua_State *L) {
  struct yj_transfer *t = check(L);
  luaL_argcheck(L, t->pool != NULL, 1, "the transfer is closed");
  return t;
}

/* ---- opening ---- */

/* The collector does not see the 16 KiB behind a transfer in flight: dropped
 * streams would pile up. So it makes a step with each opening while twice as
 * many are in flight as when it last came round.           [-0, +0, v] */
static void drive_collector(lua_State *L) {
  struct yj_pool_box *box = lua_touserdata(L, 1);
  size_t flying = yj_pool_count(yj_check_pool(L));
  if (box->collect_at > 4 * flying + 16)  /* there were more once */
    box->collect_at = 4 * flying + 16;
  if (flying >= box->collect_at && yj_iscollecting(L) &&
      yj_gcstep(L, 16))
    box->collect_at = 2 * flying + 16;
}

/* open(request) -> Transfer | nil, message, kind of error  [-0, +1|3, v] */
static int l_open(lua_State *L) {
  struct yj_pool *pool;
  struct yj_transfer *t;
  struct yj_request request;
  int code, results;
  yj_check_pool(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  t = yj_newuserdata(L, sizeof *t); /* 3 */
  memset(t, 0, sizeof *t);
  luaL_setmetatable(L, YJ_TRANSFER_MT);
  yj_read_request(L, 2, &request);
  results = yj_read_outgoing(L, 2, &t->out);
  if (results != 0)
    return results;
  yj_take_slot(L, 1, 3, t);
  drive_collector(L);
  pool = yj_check_pool(L);  /* again: metamethods and finalizers have run */
  if (!yj_pool_is_mine(pool))
    return yj_push_fail(L, YJ_NOT_MINE);
  code = yj_transfer_open(t, pool, &request);
  if (code != 0) {
    yj_push_fail(L, yj_curl_message(code));
    lua_pushstring(L, yj_is_out_of_memory(code) ? "io" : "invalid_request");
    return 3;
  }
  lua_pushvalue(L, 3);
  return 1;
}

/* ---- reading ---- */

/* status() -> number once the head is here, or nil         [-0, +1, v] */
static int l_status(lua_State *L) {
  struct yj_transfer *t = check(L);
  return yj_push_integer(L, t->phase == YJ_ANSWERED ? t->status : -1);
}

/* head() -> the raw lines of the head. NB: pins do not keep it: it is copied
 * before a finalizer may run.                              [-0, +1, v] */
static int l_head(lua_State *L) {
  struct yj_transfer *t = check(L);
  size_t room = yj_buf_len(&t->head), n;
  char *copy = lua_newuserdata(L, room); /* a finalizer may change the head */
  n = yj_buf_len(&t->head) < room ? yj_buf_len(&t->head) : room;
  memcpy(copy, yj_buf_bytes(&t->head), n);
  lua_pushlstring(L, copy, n);
  return 1;
}

/* trim(): gives memory back once the head has been read    [-0, +0, v] */
static int l_trim(lua_State *L) {
  yj_transfer_trim(check(L));
  return 0;
}

/* body() -> what has come of a plain body                  [-0, +1, v] */
static int l_body(lua_State *L) {
  struct yj_transfer *t = check(L);
  yj_decoder_pin(&t->decoder);
  lua_pushlstring(L, yj_buf_bytes(&t->body), yj_buf_len(&t->body));
  yj_decoder_unpin(&t->decoder);
  return 1;
}

/* In a forked child nothing moves the transfers of the parent's pool. */
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
  if (t->fault == YJ_FAULT_FILE && t->file_error == YJ_CUT_SHORT)
    return "a file became shorter while it was sent";
  if (t->fault == YJ_FAULT_FILE)
    return strerror(t->file_error);
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
  lua_pushboolean(L, t->phase >= YJ_ASKED);
  lua_pushboolean(L, t->status >= 200);
  return 5;
}

/* save(file, offset) -> true | nil, message, errno: a held body goes there
 *                                                          [-0, +1|3, v] */
static int l_save(lua_State *L) {
  struct yj_transfer *t = check_open(L);
  const struct yj_file *file = yj_check_file(L, 2);
  int64_t offset = yj_check_offset(L, 3);
  return yj_push_outcome(L, yj_transfer_save(t, file, offset));
}

/* read() -> the next bytes of a held body | nil: none here [-0, +1|2, v] */
static int l_read(lua_State *L) {
  struct yj_transfer *t = check_open(L);
  int error;
  if (t->decoder.pins > 0)
    return luaL_error(L, YJ_IS_READ);
  error = yj_transfer_read(t);
  if (error != 0)
    return yj_push_error(L, error);
  if (yj_buf_len(&t->body) == 0) {
    lua_pushnil(L);
    return 1;
  }
  yj_decoder_pin(&t->decoder); /* meanwhile nothing is added to the body */
  lua_pushlstring(L, yj_buf_bytes(&t->body), yj_buf_len(&t->body));
  yj_buf_clear(&t->body);
  yj_decoder_unpin(&t->decoder);
  return 1;
}

/* is_private() -> whether the host's address is not public [-0, +1, v] */
static int l_is_private(lua_State *L) {
  lua_pushboolean(L, check(L)->is_private);
  return 1;
}

/* saved() -> bytes of the body that the file has           [-0, +1, v] */
static int l_saved(lua_State *L) {
  yj_pushcount(L, check(L)->sink.saved);
  return 1;
}

/* uploaded() -> bytes of the body that have gone out       [-0, +1, v] */
static int l_uploaded(lua_State *L) {
  yj_pushcount(L, yj_transfer_uploaded(check(L)));
  return 1;
}

/* steps() -> seconds from the start to each step so far    [-0, +1, v] */
static int l_steps(lua_State *L) {
  static const char *const names[] = {
      [YJ_STEP_NAME] = "name", [YJ_STEP_CONNECT] = "connect",
      [YJ_STEP_TLS] = "tls", [YJ_STEP_ANSWER] = "answer"};
  struct yj_transfer *t = check(L);
  int step;
  lua_newtable(L);
  for (step = 0; step < YJ_STEPS; step++) {
    int64_t at = yj_transfer_step(t, (enum yj_step)step);
    if (at > 0) {
      lua_pushnumber(L, (lua_Number)at / 1e6);
      lua_setfield(L, -2, names[step]);
    }
  }
  return 1;
}

/* discard(seconds): see yj_transfer_discard()              [-0, +0, v] */
static int l_discard(lua_State *L) {
  struct yj_transfer *t = check(L);
  lua_Number seconds = luaL_checknumber(L, 2);
  luaL_argcheck(L, seconds >= 0 && seconds <= 1e6, 2, "out of range");
  yj_transfer_discard(t, (int64_t)(seconds * 1e6));
  return 0;
}

/* cancel(): see yj_transfer_cancel()                       [-0, +0, v] */
static int l_cancel(lua_State *L) {
  yj_transfer_cancel(check(L));
  return 0;
}

/* close() and __close: idempotent, any order               [-0, +0, v] */
static int l_close(lua_State *L) {
  struct yj_transfer *t = check(L);
  yj_transfer_close(t);
  yj_leave_slot(L, 1, t);
  return 0;
}

static int l_collect(lua_State *L) {
  check(L)->decoder.pins = 0;
  return l_close(L);
}

static const luaL_Reg methods[] = {
    {"status", l_status},         {"head", l_head},         {"body", l_body},
    {"done", l_done},             {"failure", l_failure},   {"save", l_save},
    {"is_private", l_is_private}, {"saved", l_saved},       {"trim", l_trim},
    {"uploaded", l_uploaded},     {"steps", l_steps},       {"close", l_close},
    {"discard", l_discard},       {"cancel", l_cancel},     {"read", l_read},
    {NULL, NULL}};

static const luaL_Reg pool_methods[] = {{"open", l_open}, {NULL, NULL}};

void yj_open_transfer(lua_State *L) {
  yj_new_class(L, YJ_TRANSFER_MT, methods, l_close, l_collect);
  yj_add_methods(L, YJ_TRANSFER_MT, yj_stream_methods);
  yj_add_methods(L, YJ_POOL_MT, pool_methods);
}
