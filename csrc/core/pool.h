/* pool: drives all transfers of a process.
 *
 * It has libcurl's multis over one poller, and looks at the transfers' time
 * limits itself (libcurl's LOW_SPEED would cost a timer a second each). It is
 * counted by its owner and by each open transfer; the last one frees it. In a
 * forked child it must not be moved on, for its sockets and its epoll set are
 * the parent's: it knows its process.
 */
#pragma once

#include <stdint.h>

#include "multis.h"
#include "poller.h"
#include "transfer.h"

#pragma GCC visibility push(hidden)

struct yj_pool;

/* A pool counted once, or NULL with the errno in *error. */
struct yj_pool *yj_pool_new(int *error);

/* Fails every transfer and gives up the owner's count. */
void yj_pool_close(struct yj_pool *pool);

/* Whether this process made it. */
int yj_pool_is_mine(const struct yj_pool *pool);

/* Handles what is ready now, for at most budget microseconds (0: all there
 * is). Returns 0, or an errno: EPERM in a forked child. */
int yj_pool_step(struct yj_pool *pool, int64_t budget);

/* Whether the last step may have left something that is ready. */
int yj_pool_has_more(const struct yj_pool *pool);

/* Waits at most ms (negative: until something happens), then steps. Returns 0,
 * or an errno; EINTR when a signal ended the wait. */
int yj_pool_wait(struct yj_pool *pool, int ms);

/* Ends the current or the next wait, and makes the descriptor readable. */
void yj_pool_wake(struct yj_pool *pool);

/* Ends a wait at that time as well, once; YJ_NEVER: no alarm. */
void yj_pool_alarm(struct yj_pool *pool, int64_t at);

/* The first transfer that is ready, or NULL. */
struct yj_transfer *yj_pool_first(const struct yj_pool *pool);

/* Takes it from those that are ready. */
void yj_pool_forget(struct yj_pool *pool, struct yj_transfer *t);

/* Readable when a step has something to do, by the clock only while it is
 * polled: that costs a system call each time; -1: there is none. */
int yj_pool_fd(struct yj_pool *pool, int is_polled);

/* Microseconds until a step has something to do by the clock, or YJ_NEVER. */
int64_t yj_pool_timeout(const struct yj_pool *pool);

/* How many transfers are in flight. */
size_t yj_pool_count(const struct yj_pool *pool);

/* ---- for transfers ---- */

/* Counts the transfer and starts it; 0: out of memory. */
int yj_pool_add(struct yj_pool *pool, struct yj_transfer *t);

/* Takes it out of curl; 0 in a forked child, where curl's part must be left
 * alone. It stays counted. */
int yj_pool_remove(struct yj_pool *pool, struct yj_transfer *t);

/* Gives up one count; the last one frees the pool. */
void yj_pool_leave(struct yj_pool *pool);

/* Its reader may have something to read, or its waiter to learn. */
void yj_pool_mark_ready(struct yj_pool *pool, struct yj_transfer *t);

/* Its deadline may have come nearer. */
void yj_pool_touch(struct yj_pool *pool, const struct yj_transfer *t);

/* Curl's own timer may have come nearer. */
void yj_pool_rearm(struct yj_pool *pool);

/* The time as of the last step. */
int64_t yj_pool_now(const struct yj_pool *pool);

/* ---- for the multis ---- */

/* As yj_poller_watch(); with 0, what was seen of the socket is forgotten. */
int yj_pool_watch(struct yj_pool *pool, yj_socket fd, int what, unsigned tag);

#pragma GCC visibility pop
