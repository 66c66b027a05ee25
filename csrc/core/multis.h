/* multis: libcurl's multi handles, each with a limited number of transfers.
 *
 * A multi finds a socket in a table that does not grow (7.88: 911 places) and
 * a connection to use again in a list. With 5,000 streams in one multi it
 * takes twice as long to open a stream, and the first event comes four times
 * as late. A transfer goes to the first multi that has room, so that as many
 * as possible share connections. The pool owns them. Nothing here knows Lua,
 * and a file that includes this does not see libcurl.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "poller.h"
#include "sockets.h"

#pragma GCC visibility push(hidden)

struct yj_pool;
struct yj_transfer;

#define YJ_MULTIS 64 /* at most; the last one takes all there are beyond */

/* All zeroes before yj_multis_open(). */
struct yj_multis {
  struct yj_pool *pool;
  unsigned n;    /* how many of the list were ever needed */
  int is_untidy; /* yj_multis_tidy() has something to do */
  int64_t due; /* when the first of them wants to be called by the clock, or
                  earlier, or YJ_NEVER; 0: some transfers wait to begin */
  struct yj_multi {
    void *curl; /* NULL: not made yet, or given up */
    struct yj_multis *all;
    struct yj_transfer *first, *last; /* in flight, through prev and next, */
    struct yj_transfer *waiting;      /* and from here on yet to begin */
    size_t n;                         /* how many they are */
    int64_t due;  /* when curl wants to be called, or YJ_NEVER */
    int is_blind; /* out of memory: it does not watch one of its sockets */
    struct yj_sockets sockets;
  } list[YJ_MULTIS];
};

/* Makes the first of them; 0: out of memory. */
int yj_multis_open(struct yj_multis *all, struct yj_pool *pool);

/* Puts the transfer in one with room, to begin when the clock is acted on; 0:
 * out of memory. */
int yj_multis_add(struct yj_multis *all, struct yj_transfer *t);

/* Begins the exchange once more where it was; 0: out of memory. */
int yj_multi_again(struct yj_transfer *t);

/* Takes the transfer out of its list, and of curl if it is mine: not in a
 * forked child, where curl's part must be left alone. */
void yj_multi_remove(struct yj_transfer *t, int mine);

/* Hands over what the poller has seen, and finishes the transfers that end. */
void yj_multis_act(struct yj_multis *all, const struct yj_ready *ready);

/* Calls those whose time has come, and begins some transfers that wait: fewer
 * when more sockets are ready than are handled at a time. */
void yj_multis_act_on_clock(struct yj_multis *all, int64_t now, int is_busy);

/* Fails the transfers of a multi that ran out of memory, and gives up the
 * empty ones, but for the first of them, with their idle connections. Whether
 * one had run out of memory. Not on curl's stack. */
int yj_multis_tidy(struct yj_multis *all);

/* Fails every transfer. In a forked child (not mine) curl's part is left
 * alone: to end it would close the parent's connections. */
void yj_multis_close(struct yj_multis *all, int mine);

/* Once they are closed and have no transfers. */
void yj_multis_free(struct yj_multis *all);

#pragma GCC visibility pop
