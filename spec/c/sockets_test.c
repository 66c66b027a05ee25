/* sockets: two connections that have the same port of ours. */
#define _GNU_SOURCE
#include "harness.h"
#include "loopback.h"
#include "sockets.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in address_of(int fd) {
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
    abort();
  return address;
}

struct pair {
  int ours, theirs, port, peer;
};

/* A connection from that port of ours, or from any (0). */
static struct pair connect_from(int port) {
  struct sockaddr_in there, here = {.sin_family = AF_INET};
  struct pair p;
  char url[64];
  int on = 1, listener = loopback_listen(1, url, sizeof url);
  there = address_of(listener);
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  here.sin_port = htons((uint16_t)port);
  p.ours = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(p.ours, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(p.ours, (struct sockaddr *)&here, sizeof here) != 0 ||
      connect(p.ours, (struct sockaddr *)&there, sizeof there) != 0)
    abort();
  p.theirs = accept(listener, NULL, NULL);
  p.port = ntohs(address_of(p.ours).sin_port);
  p.peer = ntohs(there.sin_port);
  close(listener);
  return p;
}

int main(void) {
  struct pair one = connect_from(0), other = connect_from(one.port);
  struct yj_sockets sockets;
  memset(&sockets, 0, sizeof sockets);
  yj_sockets_add(&sockets, one.ours);
  yj_sockets_add(&sockets, other.ours);
  CHECK(one.port == other.port && one.peer != other.peer);
  CHECK(yj_sockets_is_quiet(&sockets, one.port, one.peer));
  CHECK(yj_sockets_is_quiet(&sockets, one.port, other.peer));
  CHECK(!yj_sockets_is_quiet(&sockets, one.port, one.port));
  close(one.theirs); /* its end is something to be read */
  CHECK(!yj_sockets_is_quiet(&sockets, one.port, one.peer));
  CHECK(yj_sockets_is_quiet(&sockets, one.port, other.peer));
  yj_sockets_remove(&sockets, other.ours);
  CHECK(!yj_sockets_is_quiet(&sockets, one.port, other.peer));
  yj_sockets_free(&sockets);
  return harness_end();
}
