/* multis: libcurl's multi handles, each with so many transfers.
 *
 * A multi finds a socket in a table that does not grow (7.88: 911 places) and
 * a connection to use again in a list: with thousands in one each event and
 * each opening would walk memory that no cache has. A transfer goes to the
 * first that has room, so that connections are shared by as many as can be. All
 * report to the pool that owns them. Nothing here knows Lua, and who includes
 * this does not see libcurl.
 */
#ifndef YJ_MULTIS_H
#define YJ_MULTIS_H

#include <stddef.h>
#include <stdint.h>

#include "poller.h"
#include "sockets.h"

#pragma GCC visibility push(hidden)

struct yj_pool;
struct yj_transfer;

#define YJ_MULTIS 64 /* at most; the last one takes all there are beyond */

/* All zeroes in the first place. */
struct yj_multis {
  struct yj_pool *pool;
  unsigned n;  /* of the list, as many as were ever needed */
  int is_untidy;
  int64_t due; /* no later than any wants to be called by the clock, or
                  YJ_NEVER; 0: some wait to begin */
  struct yj_multi {
    void *curl;              /* NULL: not yet, or given up */
    struct yj_multis *all;
    struct yj_transfer *first, *last; /* in flight, through prev and next, */
    struct yj_transfer *waiting;      /* and from here on yet to begin */
    size_t n;                /* how many they are */
    int64_t due;             /* when curl wants to be called, or YJ_NEVER */
    int is_blind;            /* a socket is not watched: out of memory */
    struct yj_sockets sockets;
  } list[YJ_MULTIS];
};

/* With the first of them; 0: out of memory. */
int yj_multis_open(struct yj_multis *all, struct yj_pool *pool);

/* Puts the transfer in one with room, to begin in its turn when the clock is
 * heard; 0: out of memory. */
int yj_multis_add(struct yj_multis *all, struct yj_transfer *t);

/* Begins the exchange once more where it was; 0: out of memory. */
int yj_multi_again(struct yj_transfer *t);

/* Takes the transfer out of its list, and of curl if it is mine: not in a
 * forked child, where curl's part must be left alone. */
void yj_multi_remove(struct yj_transfer *t, int mine);

/* The connections of the multi. */
struct yj_sockets *yj_multi_sockets(struct yj_multi *multi);

/* Hands over what the poller has seen. Transfers that end by it are settled. */
void yj_multis_act(struct yj_multis *all, const struct yj_ready *ready);

/* Calls those whose time has come, and has some of those that wait begin: fewer
 * when the sockets already have more to say than is read at a time. */
void yj_multis_hear_clock(struct yj_multis *all, int64_t now, int is_busy);

/* Fails what is in one that ran out of memory, and gives up those that are
 * empty, but for the first of them, with their idle connections. Whether one
 * had run out of memory. Not on curl's stack. */
int yj_multis_tidy(struct yj_multis *all);

/* Fails every transfer. In a forked child (not mine) curl's part is left alone:
 * ending it would say goodbye on connections that are the parent's. */
void yj_multis_close(struct yj_multis *all, int mine);

/* Once they are closed and no transfer is in any. */
void yj_multis_free(struct yj_multis *all);

#pragma GCC visibility pop

#endif
