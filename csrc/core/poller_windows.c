/* What poller.c needs of the system: WSAPoll(), and two sockets for a pipe,
 * for WSAPoll() takes nothing but sockets. */
#include "win32.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define LOOK 100 /* ms between two looks at sockets that connect */

static int is_connecting(const struct pollfd *one) {
  return (one->events & POLLOUT) != 0 && one->revents == 0;
}

static int has_connecting(const struct pollfd *watched, size_t n) {
  size_t i = 0;
  while (i < n && !is_connecting(&watched[i]))
    i++;
  return i < n;
}

static int has_failed(SOCKET s) {
  struct timeval now = {0, 0};
  fd_set failed;
  FD_ZERO(&failed);
  failed.fd_array[failed.fd_count++] = s;
  return select(0, NULL, NULL, &failed, &now) > 0;
}

/* Before Windows 10 2004 WSAPoll() never reports that a connection has failed;
 * select() does. NB: SO_ERROR is libcurl's to read, for it is read once. */
static int find_failed(struct pollfd *watched, size_t n) {
  size_t i;
  int found = 0;
  for (i = 0; i < n; i++)
    if (is_connecting(&watched[i]) && has_failed(watched[i].fd)) {
      watched[i].revents = POLLERR | POLLOUT;
      found++;
    }
  return found;
}

/* A connection that has ended is readable, as it is for poll(2). */
static void mark_ended(struct pollfd *watched, size_t n) {
  size_t i;
  for (i = 0; i < n; i++)
    if ((watched[i].revents & POLLHUP) != 0)
      watched[i].revents |= watched[i].events & POLLIN;
}

static int poll_for(struct pollfd *watched, size_t n, int ms) {
  int got = WSAPoll(watched, (ULONG)n, ms);
  if (got >= 0)
    return got + find_failed(watched, n);
  errno = yj_errno_of((DWORD)WSAGetLastError());
  return -1;
}

int yj_poll(struct pollfd *watched, size_t n, int ms) {
  const int64_t ends = ms < 0 ? INT64_MAX : yj_now() / 1000 + ms;
  int64_t left = ms < 0 ? INT_MAX : ms;
  int got;
  size_t i;
  for (i = 0; i < n; i++)
    watched[i].revents = 0;
  do {
    if (ms >= 0)
      left = ends - yj_now() / 1000;
    if (left < 0)
      left = 0;
    got = poll_for(watched, n,
                   has_connecting(watched, n) && left > LOOK ? LOOK
                   : ms < 0 ? -1 : (int)left);
  } while (got == 0 && left > 0);
  mark_ended(watched, n);
  return got;
}

/* ---- the pipe: UDP, for nobody else can send to connected sockets ---- */

static int bind_to_loopback(SOCKET s, struct sockaddr_in *name) {
  int size = sizeof *name;
  u_long on = 1;
  memset(name, 0, sizeof *name);
  name->sin_family = AF_INET;
  name->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return bind(s, (struct sockaddr *)name, sizeof *name) == 0 &&
         getsockname(s, (struct sockaddr *)name, &size) == 0 &&
         ioctlsocket(s, (long)FIONBIO, &on) == 0;
}

static int connect_to(SOCKET s, const struct sockaddr_in *name) {
  return connect(s, (const struct sockaddr *)name, sizeof *name) == 0;
}

int yj_pipe_open(yj_socket ends[2]) {
  struct sockaddr_in names[2];
  int error;
  ends[0] = yj_socket_open(AF_INET, SOCK_DGRAM, 0);
  ends[1] = yj_socket_open(AF_INET, SOCK_DGRAM, 0);
  if (bind_to_loopback(ends[0], &names[0]) &&
      bind_to_loopback(ends[1], &names[1]) && connect_to(ends[0], &names[1]) &&
      connect_to(ends[1], &names[0]))
    return 0;
  error = yj_errno_of((DWORD)WSAGetLastError());
  yj_pipe_close(ends);
  return error;
}

void yj_pipe_write(yj_socket end) { (void)send(end, "", 1, 0); }

void yj_pipe_drain(yj_socket end) {
  char bytes[64];
  while (recv(end, bytes, sizeof bytes, 0) > 0)
    ;
}

void yj_pipe_close(const yj_socket ends[2]) {
  closesocket(ends[0]);
  closesocket(ends[1]);
}
