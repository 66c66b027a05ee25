/* lcore: what the files of the binding share. */
#pragma once

#include "compat.h"
#include "decoder.h"
#include "file.h"
#include "platform.h"
#include "pool.h"
#include "transfer.h"

#pragma GCC visibility push(hidden)

#define YJ_DECODER_MT "yuanjing.core.Decoder"
#define YJ_POOL_MT "yuanjing.core.Pool"
#define YJ_TRANSFER_MT "yuanjing.core.Transfer"

#define YJ_NOT_MINE "opened by another process, before a fork"

/* NB: to make a Lua string of a slice may run a finalizer, which may close,
 * feed or read what the slice lies in, and LuaJIT collects before it copies.
 * So a transfer or decoder is pinned (decoder.h) while its slices are pushed,
 * and reading it meanwhile raises this. */
#define YJ_IS_READ \
  "this is being read already, or an error cut its reading short"

/* Each adds its class, and its functions to the module's table, which is at
 * the top of the stack.                                    [-0, +0, m] */
void yj_open_decoder(lua_State *L);
void yj_open_document(lua_State *L);
void yj_open_fiber(lua_State *L);
void yj_open_file(lua_State *L);
void yj_open_pool(lua_State *L);
void yj_open_reader(lua_State *L); /* after the pool and the transfer */
void yj_open_terminal(lua_State *L);
void yj_open_transfer(lua_State *L); /* after the pool */

/* ---- classes ---- */

/* Makes the metatable of a class, which is an upvalue of its methods. Only the
 * collector calls `collect`: nobody gets at the metatable. [-0, +0, m] */
void yj_new_class(lua_State *L, const char *name, const luaL_Reg *methods,
                  lua_CFunction close, lua_CFunction collect);
void yj_add_methods(lua_State *L, const char *name, const luaL_Reg *methods);

/* The object at index 1, for a method of that class: its metatable is not
 * looked up by name.                                       [-0, +0, v] */
void *yj_check_self(lua_State *L, const char *name);

/* nil, message                                             [-0, +2, m] */
int yj_push_fail(lua_State *L, const char *message);

/* nil, message, the error of path.h                        [-0, +3, m] */
int yj_push_error(lua_State *L, int error);

/* true, or as yj_push_error()                              [-0, +1|3, m] */
int yj_push_outcome(lua_State *L, int error);

/* The number, or nil for a negative one.                   [-0, +1, -] */
int yj_push_integer(lua_State *L, lua_Integer n);

/* The open file that is that argument; bytes, from 0 on.   [-0, +0, v] */
struct yj_file *yj_check_file(lua_State *L, int arg);
int64_t yj_check_offset(lua_State *L, int arg);

/* The transfer whose method this is.                       [-0, +0, v] */
struct yj_transfer *yj_check_transfer(lua_State *L);

/* The userdata of a pool. */
struct yj_pool_box {
  size_t collect_at;    /* how many in flight drive the collector */
  struct yj_pool *pool; /* NULL: closed */
};

/* The open pool whose method this is.                      [-0, +0, v] */
struct yj_pool *yj_check_pool(lua_State *L);

/* ---- ldecoder.c, for all that has a decoder, pinned ---- */

/* The values of an event; with as_bytes, a chunk's document as bytes, for
 * text().                                                  [-0, +n, m] */
int yj_push_event(lua_State *L, enum yj_wanted wanted, int as_bytes,
                  enum yj_event event, const struct yj_chunk *chunk,
                  const struct yj_decoder *d);

/* Methods for a class whose userdata begins with a decoder. */
extern const luaL_Reg yj_stream_methods[];

/* ---- lrequest.c: a table that describes a request ---- */

/* Leaves strings on the stack that the request points to.  [-0, +5, v] */
void yj_read_request(lua_State *L, int request, struct yj_request *r);

/* 0, or how many results tell why not.                     [-0, +0|n, v] */
int yj_read_outgoing(lua_State *L, int request, struct yj_outgoing *out);

/* ---- lreader.c ---- */

/* The table of a pool's waiters.                           [-0, +1, m] */
void yj_push_waiters(lua_State *L);

/* An open transfer has a slot in it.                       [-0, +0, m] */
void yj_take_slot(lua_State *L, int pool, int transfer,
                  struct yj_transfer *t);
void yj_leave_slot(lua_State *L, int transfer, struct yj_transfer *t);

/* ---- lfiber.c ---- */

enum yj_course {
  YJ_WAITS,
  YJ_LEFT, /* it yielded otherwise, or returned */
  YJ_FAILED
};

/* What lfiber.c keeps in this Lua, for the functions below. [-0, +1, -] */
void yj_push_here(lua_State *L);

/* Resumes the coroutine, as the fiber that runs, with n values from the top of
 * the stack. When it fails it leaves the error.            [-n, +0|1, v] */
enum yj_course yj_switch(lua_State *L, int here, lua_State *co, int n);

/* While a suspended coroutine is held switch() does not resume it. Whether it
 * is held now; whether it was still held.                  [-0, +0, -] */
int yj_hold(lua_State *co);
int yj_release(lua_State *co);

/* true: it waits; false: it has left; nil, error           [-0|1, +1|2, -] */
int yj_push_course(lua_State *L, enum yj_course course);

/* Whether L is the fiber that runs, can yield here and has not been
 * interrupted. `here` is at the top.                       [-0, +0, -] */
int yj_may_wait(lua_State *L);

#pragma GCC visibility pop
