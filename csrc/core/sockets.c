#include "sockets.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void yj_sockets_add(struct yj_sockets *s, yj_socket fd) {
  if (s->n == s->cap) {
    size_t cap = s->cap == 0 ? 8 : s->cap * 2;
    struct yj_socket *list = cap > SIZE_MAX / sizeof *list
                                 ? NULL : realloc(s->list, cap * sizeof *list);
    if (list == NULL)
      return;
    s->list = list;
    s->cap = cap;
  }
  memset(&s->list[s->n], 0, sizeof *s->list);
  s->list[s->n++].fd = fd;
}

void yj_sockets_remove(struct yj_sockets *s, yj_socket fd) {
  size_t i = 0;
  while (i < s->n && s->list[i].fd != fd)
    i++;
  if (i < s->n)
    s->list[i] = s->list[--s->n];
}

/* Whether bytes wait in it, or its end. */
static int has_bytes(yj_socket fd) {
  struct pollfd watched = {fd, POLLIN, 0};
  return yj_poll(&watched, 1, 0) != 0;
}

static int port_of(yj_socket fd, int is_peer) {
  struct sockaddr_storage name;
  socklen_t size = sizeof name;
  int failed;
  memset(&name, 0, sizeof name);
  failed = is_peer ? getpeername(fd, (struct sockaddr *)&name, &size)
                   : getsockname(fd, (struct sockaddr *)&name, &size);
  if (failed)
    return 0;
  return ntohs(name.ss_family == AF_INET6
                   ? ((struct sockaddr_in6 *)&name)->sin6_port
                   : ((struct sockaddr_in *)&name)->sin_port);
}

static int has_ports(struct yj_socket *one, int port, int peer) {
  if (one->port == 0)
    one->port = port_of(one->fd, 0);
  if (one->port == port && one->peer == 0)
    one->peer = port_of(one->fd, 1);
  return one->port == port && one->peer == peer;
}

/* Connections to different hosts may have both ports in common: then all of
 * them must be quiet. */
int yj_sockets_is_quiet(struct yj_sockets *s, int port, int peer) {
  size_t i;
  int found = 0;
  for (i = 0; i < s->n; i++) {
    if (!has_ports(&s->list[i], port, peer))
      continue;
    if (has_bytes(s->list[i].fd))
      return 0;
    found = 1;
  }
  return found;
}

void yj_sockets_free(struct yj_sockets *s) {
  free(s->list);
  memset(s, 0, sizeof *s);
}
