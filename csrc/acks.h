/* acks: fast streams acknowledge what comes less often.
 *
 * Linux acknowledges a small segment when it is read: a packet for each event,
 * and more work than the reading. Told by TCP_QUICKACK, it waits for a second
 * segment, for 40 ms at most, until it has once waited for nothing; so it is
 * told again and again.
 *
 * A sender that has left Nagle's algorithm on would wait as well, with the next
 * event. So one stream is tried first: that it still goes by what it was told,
 * some events later, shows that its sender does not wait, and for a while the
 * senders of the others are taken to be like it.
 */
#ifndef YJ_ACKS_H
#define YJ_ACKS_H

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

#define YJ_ACKS_SMALL ((size_t)1024) /* bytes; with more nobody waits */
#define YJ_ACKS_EVERY 8

/* All zeroes in the first place. */
struct yj_acks {
  int are_spared; /* no sender waits for them */
  int tried;      /* the socket of the one that is tried; 0: none */
  int64_t since;  /* when that began, or was last found out */
};

/* To be told of the first of every so many small pieces that come from a
 * stream's socket. */
void yj_acks_spare(struct yj_acks *acks, int fd, int64_t now);

#pragma GCC visibility pop

#endif
