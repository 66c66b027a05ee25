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

/* Makes the metatable of a class, which is an upvalue of its methods; leaves
 * nothing.                                                 [-0, +0, m] */
void yj_new_class(lua_State *L, const char *name, const luaL_Reg *methods,
                  lua_CFunction close);

/* The object at index 1, for a method of that class: its metatable is not
 * looked up by name.                                       [-0, +0, v] */
void *yj_check_self(lua_State *L, const char *name);

/* nil, message                                             [-0, +2, m] */
int yj_push_fail(lua_State *L, const char *message);

/* The readers of a stream, for whatever has a decoder. `next` brings the next
 * event out of `source`, which owns `d`.                   [-0, +n, m] */
typedef enum yj_event (*yj_next_fn)(void *source, struct yj_chunk *chunk);
int yj_push_next(lua_State *L, yj_next_fn next, void *source,
                 const struct yj_decoder *d);
int yj_push_text(lua_State *L, yj_next_fn next, void *source,
                 const struct yj_decoder *d);
int yj_push_drain(lua_State *L, yj_next_fn next, void *source,
                  const struct yj_decoder *d);
int yj_push_summary(lua_State *L, const struct yj_decoder *d);

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
int yj_l_pool(lua_State *L);
int yj_l_sync_folder(lua_State *L);

int yj_l_decode(lua_State *L);
int yj_l_text(lua_State *L);

int yj_l_is_terminal(lua_State *L);
int yj_l_terminal_width(lua_State *L);
int yj_l_catch_signals(lua_State *L);
int yj_l_caught_signal(lua_State *L);
int yj_l_release_signals(lua_State *L);

/* pool:open(request), which belongs to the transfer.       [-0, +1|2, v] */
int yj_l_open(lua_State *L);

/* The open pool whose method this is; raises when it is closed.
 *                                                          [-0, +0, v] */
struct yj_pool *yj_check_pool(lua_State *L);

#pragma GCC visibility pop

#endif
