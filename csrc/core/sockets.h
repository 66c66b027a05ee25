/* sockets: those that libcurl has open, known by their ports.
 *
 * libcurl (7.88) tells the ports of the connection it is about to use, and not
 * its socket. A socket that has served before is looked at here: libcurl itself
 * only looks whether it was closed, and would take what came while it was idle
 * as the answer to the next request.
 */
#ifndef YJ_SOCKETS_H
#define YJ_SOCKETS_H

#include <stddef.h>

#pragma GCC visibility push(hidden)

/* All zeroes is a valid, empty one. */
struct yj_sockets {
  struct yj_socket {
    int fd;
    int port, peer; /* ours and theirs; 0: not known yet */
  } *list; /* owned */
  size_t n, cap;
};

/* Without memory it stays unknown, and so never quiet. */
void yj_sockets_add(struct yj_sockets *s, int fd);

void yj_sockets_remove(struct yj_sockets *s, int fd);

/* Whether there is one with these ports of ours and theirs, and nothing waits to
 * be read from it, be it its end. */
int yj_sockets_is_quiet(struct yj_sockets *s, int port, int peer);

void yj_sockets_free(struct yj_sockets *s);

#pragma GCC visibility pop

#endif
