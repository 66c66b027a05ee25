#define _GNU_SOURCE
#include "sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void yj_sockets_add(struct yj_sockets *s, int fd) {
  if (s->n == s->cap) {
    size_t cap = s->cap == 0 ? 8 : s->cap * 2;
    struct yj_socket *list = cap > SIZE_MAX / sizeof *list
                                 ? NULL : realloc(s->list, cap * sizeof *list);
    if (list == NULL)
      return;
    s->list = list;
    s->cap = cap;
  }
  s->list[s->n].fd = fd;
  s->list[s->n++].port = 0;
}

void yj_sockets_remove(struct yj_sockets *s, int fd) {
  size_t i = 0;
  while (i < s->n && s->list[i].fd != fd)
    i++;
  if (i < s->n)
    s->list[i] = s->list[--s->n];
}

static int port_of(int fd) {
  struct sockaddr_storage name;
  socklen_t size = sizeof name;
  memset(&name, 0, sizeof name);
  if (getsockname(fd, (struct sockaddr *)&name, &size) != 0)
    return 0;
  return ntohs(name.ss_family == AF_INET6
                   ? ((struct sockaddr_in6 *)&name)->sin6_port
                   : ((struct sockaddr_in *)&name)->sin_port);
}

static int has_bytes(int fd) {
  char byte;
  return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 ||
         (errno != EAGAIN && errno != EWOULDBLOCK);
}

/* Two may have the same port, to different hosts: then both must be quiet. */
int yj_sockets_is_quiet(struct yj_sockets *s, int port) {
  size_t i;
  int found = 0;
  for (i = 0; i < s->n; i++) {
    struct yj_socket *one = &s->list[i];
    if (one->port == 0)
      one->port = port_of(one->fd);
    if (one->port != port)
      continue;
    if (has_bytes(one->fd))
      return 0;
    found = 1;
  }
  return found;
}

void yj_sockets_free(struct yj_sockets *s) {
  free(s->list);
  memset(s, 0, sizeof *s);
}
