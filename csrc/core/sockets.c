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

static int has_ports(struct yj_socket *one, int port, int peer) {
  if (one->port == 0)
    one->port = yj_socket_port(one->fd, 0);
  if (one->port == port && one->peer == 0)
    one->peer = yj_socket_port(one->fd, 1);
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
    if (yj_socket_has_bytes(s->list[i].fd))
      return 0;
    found = 1;
  }
  return found;
}

void yj_sockets_free(struct yj_sockets *s) {
  free(s->list);
  memset(s, 0, sizeof *s);
}
