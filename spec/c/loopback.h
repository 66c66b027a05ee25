/* loopback: the listening socket of a test's server, and connections to it. */
#ifndef LOOPBACK_H
#define LOOPBACK_H

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Listens at a free port; writes the URL to `url`. */
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

/* A connection to a new listener: pair[0] is the client's end, from that port
 * (0: any), and pair[1] is the server's. */
static inline void loopback_connect(int port, int pair[2]) {
  struct sockaddr_in there, here = {.sin_family = AF_INET};
  socklen_t size = sizeof there;
  char url[64];
  int on = 1, listener = loopback_listen(1, url, sizeof url);
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  here.sin_port = htons((uint16_t)port);
  pair[0] = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(pair[0], SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (getsockname(listener, (struct sockaddr *)&there, &size) != 0 ||
      bind(pair[0], (struct sockaddr *)&here, sizeof here) != 0 ||
      connect(pair[0], (struct sockaddr *)&there, sizeof there) != 0)
    abort();
  pair[1] = accept(listener, NULL, NULL);
  close(listener);
}

#endif
