/* sockets: two connections with the same local port. */
#define _GNU_SOURCE
#include "harness.h"
#include "loopback.h"
#include "sockets.h"

#include <sys/socket.h>
#include <unistd.h>

struct connection {
  int ends[2], port, peer; /* ours first */
};

static int port_of(int fd) {
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
    abort();
  return ntohs(address.sin_port);
}

static struct connection connect_from(int port) {
  struct connection c;
  loopback_connect(port, c.ends);
  c.port = port_of(c.ends[0]);
  c.peer = port_of(c.ends[1]);
  return c;
}

int main(void) {
  struct connection one = connect_from(0), other = connect_from(one.port);
  struct yj_sockets sockets;
  memset(&sockets, 0, sizeof sockets);
  yj_sockets_add(&sockets, one.ends[0]);
  yj_sockets_add(&sockets, other.ends[0]);
  CHECK(one.port == other.port && one.peer != other.peer);
  CHECK(yj_sockets_is_quiet(&sockets, one.port, one.peer));
  CHECK(yj_sockets_is_quiet(&sockets, one.port, other.peer));
  CHECK(!yj_sockets_is_quiet(&sockets, one.port, one.port));
  close(one.ends[1]); /* the end makes the socket readable */
  CHECK(!yj_sockets_is_quiet(&sockets, one.port, one.peer));
  CHECK(yj_sockets_is_quiet(&sockets, one.port, other.peer));
  yj_sockets_remove(&sockets, other.ends[0]);
  CHECK(!yj_sockets_is_quiet(&sockets, one.port, other.peer));
  yj_sockets_free(&sockets);
  return harness_end();
}
