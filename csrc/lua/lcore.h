/* lcore: what the files of the binding share. */
#ifndef YJ_LCORE_H
#define YJ_LCORE_H

#include "compat.h"
#include "decoder.h"
#include "pool.h"
#include "transfer.h"

#pragma GCC visibility push(hidden)

#define YJ_DECODER_MT "yuanjing.core.Decoder"
#define YJ_POOL_MT "yuanjing.core.Pool"
#define YJ_TRANSFER_MT "yuanjing.core.Transfer"

#define YJ_NOT_MINE "opened by another process, before a fork"

/* A Lua string takes its bytes from where they may be freed or moved while it is
 * made: LuaJIT collects before it copies, every Lua when the next string is made,
 * and a finalizer of the user's may close, feed or read what is being read. So
 * slices of a transfer or a decoder are pushed while that is pinned (decoder.h),
 * and whoever reads it meanwhile is refused with these words. */
#define YJ_IS_READ \
  "this is being read already, or an error cut its reading short"

/* Makes the metatable of a class, which is an upvalue of its methods; leaves
 * nothing. `collect` is called by the collector alone: nobody gets at the
 * metatable.                                               [-0, +0, m] */
void yj_new_class(lua_State *L, const char *name, const luaL_Reg *methods,
                  lua_CFunction close, lua_CFunction collect);

/* The object at index 1, for a method of that class: its metatable is not
 * looked up by name.                                       [-0, +0, v] */
void *yj_check_self(lua_State *L, const char *name);

/* nil, message                                             [-0, +2, m] */
int yj_push_fail(lua_State *L, const char *message);

/* What a reader of a stream is after. */
enum yj_wanted { YJ_CHUNKS, YJ_TEXTS, YJ_ODDITIES };

/* The readers of a stream, for whatever has a decoder: the next event of those
 * that are wanted out of `source`, by `next`; and its values, of a chunk's
 * document as text or as bytes for text().                 [-0, +n, m] */
typedef enum yj_event (*yj_next_fn)(void *source, struct yj_chunk *chunk);
enum yj_event yj_read(enum yj_wanted wanted, yj_next_fn next, void *source,
                      struct yj_chunk *chunk);
int yj_push_read(lua_State *L, enum yj_wanted wanted, int as_bytes,
                 enum yj_event event, const struct yj_chunk *chunk,
                 const struct yj_decoder *d);
int yj_push_summary(lua_State *L, const struct yj_decoder *d);
int yj_push_usual(lua_State *L, const struct yj_decoder *d);
int yj_add(lua_State *L, struct yj_decoder *d); /*      [-0, +2, v] */

/* What a request table says, in two parts. The first leaves strings on the
 * stack that the request points to                         [-0, +5, v];
 * the second returns 0, or how many results say why not    [-0, +0|n, v] */
void yj_read_request(lua_State *L, int request, struct yj_request *r);
int yj_read_outgoing(lua_State *L, int request, struct yj_outgoing *out);

void yj_open_decoder(lua_State *L);
void yj_open_file(lua_State *L);
void yj_open_pool(lua_State *L);
void yj_open_transfer(lua_State *L);

/* Functions for the module's table, each explained where it is. */
int yj_l_decoder(lua_State *L);
int yj_l_file(lua_State *L);
int yj_l_look(lua_State *L);
int yj_l_make_folders(lua_State *L);
int yj_l_network(lua_State *L);
int yj_l_open_to_read(lua_State *L);
int yj_l_part(lua_State *L);
int yj_l_resolve(lua_State *L);
int yj_l_pool(lua_State *L);
int yj_l_real_path(lua_State *L);
int yj_l_sync_folder(lua_State *L);

int yj_l_decode(lua_State *L);
int yj_l_number(lua_State *L);
int yj_l_text(lua_State *L);

int yj_l_is_terminal(lua_State *L);
int yj_l_terminal_width(lua_State *L);
int yj_l_catch_signals(lua_State *L);
int yj_l_caught_signal(lua_State *L);
int yj_l_release_signals(lua_State *L);

/* What came of a coroutine that went on. */
enum yj_course {
  YJ_WAITS,
  YJ_LEFT, /* it yielded otherwise, or returned */
  YJ_FAILED
};

/* What lfiber.c knows of this Lua, for the functions below. [-0, +1, -] */
void yj_push_here(lua_State *L);

/* Has the coroutine go on as the fiber that runs, with n values from the top of
 * the stack. When it fails it leaves why.                  [-n, +0|1, v] */
enum yj_course yj_switch(lua_State *L, int here, lua_State *co, int n);

/* While a coroutine that waits is held, switch() leaves it where it is: it goes
 * on at once, with what is being made for it. Whether it waits; and whether it is
 * still where it was held.                                 [-0, +0, -] */
int yj_hold(lua_State *co);
int yj_release(lua_State *co);

/* true: it waits; false: it has left; nil, message         [-0|1, +1|2, -] */
int yj_push_course(lua_State *L, enum yj_course course);

/* Whether L is the fiber that runs, can give way here (no function of C that
 * calls back is in between), and has not been stopped. `here` is at the top.
 *                                                         [-0, +0, -] */
int yj_may_wait(lua_State *L);

/* The table of a pool's waiters.                           [-0, +1, m] */
void yj_push_waiters(lua_State *L);

/* While a transfer is open it has a place among the pool's waiters.
 *                                                          [-0, +0, m] */
void yj_take_place(lua_State *L, int pool, int transfer,
                   struct yj_transfer *t);
void yj_leave_place(lua_State *L, int transfer, struct yj_transfer *t);

void yj_open_fiber(lua_State *L);
int yj_l_switch(lua_State *L);
int yj_l_fiber(lua_State *L);
int yj_l_is_yieldable(lua_State *L);
int yj_l_interrupt(lua_State *L);

/* Methods of a transfer and of a pool, each explained where it is. */
int yj_l_next(lua_State *L);
int yj_l_next_text(lua_State *L);
int yj_l_texts(lua_State *L);
int yj_l_drain(lua_State *L);
int yj_l_subscribe(lua_State *L);
int yj_l_waiter(lua_State *L);
int yj_l_dispatch(lua_State *L);
int yj_l_waiters(lua_State *L);
int yj_l_ready(lua_State *L);

/* The transfer whose method this is.                       [-0, +0, v] */
struct yj_transfer *yj_check_transfer(lua_State *L);

/* The open file that is that argument.                     [-0, +0, v] */
struct yj_file;
struct yj_file *yj_check_file(lua_State *L, int arg);

/* pool:open(request), which belongs to the transfer.       [-0, +1|2, v] */
int yj_l_open(lua_State *L);

/* The userdata of a pool. */
struct yj_pool_box {
  struct yj_pool *pool; /* NULL: closed */
};

/* The open pool whose method this is; raises when it is closed.
 *                                                          [-0, +0, v] */
struct yj_pool *yj_check_pool(lua_State *L);

#pragma GCC visibility pop

#endif
