/* loopback: the listening socket of a test's own server. */
#ifndef LOOPBACK_H
#define LOOPBACK_H

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A listener at a port that is free; its URL goes into `url`. */
static inline int loopback_listen(int backlog, char *url, size_t size) {
  struct sockaddr_in address;
  socklen_t len = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (listener < 0 ||
      bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
      listen(listener, backlog) != 0 ||
      getsockname(listener, (struct sockaddr *)&address, &len) != 0)
    abort();
  snprintf(url, size, "http://127.0.0.1:%d/", ntohs(address.sin_port));
  return listener;
}

#endif
