/* sockets: those that libcurl has open, found by their ports.
 *
 * Before libcurl (7.88) uses a connection it tells its ports, not its socket.
 * Bytes that came while the connection was idle libcurl would take for the
 * answer to the next request: it only looks whether the peer has closed.
 */
#pragma once

#include <stddef.h>

#include "platform.h"

#pragma GCC visibility push(hidden)

/* All zeroes is a valid, empty one. */
struct yj_sockets {
  struct yj_socket {
    yj_socket fd;
    int port, peer; /* local and remote; 0: not known yet */
  } *list; /* owned */
  size_t n, cap;
};

/* When out of memory the socket stays unknown, which is never quiet. */
void yj_sockets_add(struct yj_sockets *s, yj_socket fd);

void yj_sockets_remove(struct yj_sockets *s, yj_socket fd);

/* Whether there is one with these local and remote ports, and nothing waits to
 * be read from it, not even its end. */
int yj_sockets_is_quiet(struct yj_sockets *s, int port, int peer);

void yj_sockets_free(struct yj_sockets *s);

#pragma GCC visibility pop
