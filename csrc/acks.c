#define _GNU_SOURCE
#include "acks.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define TRIAL ((int64_t)100000)   /* twice what a segment waits for another */
#define PAUSE ((int64_t)1000000)  /* until another is tried */

#ifdef TCP_QUICKACK

static void spare(int fd) {
  int quick = 0;
  setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &quick, sizeof quick);
}

static int is_sparing(int fd) {
  int quick = 1;
  socklen_t size = sizeof quick;
  return getsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &quick, &size) == 0 &&
         !quick;
}

#else

static void spare(int fd) { (void)fd; }
static int is_sparing(int fd) { (void)fd; return 0; }

#endif

void yj_acks_spare(struct yj_acks *a, int fd, int64_t now) {
  int64_t ago = now - a->since;
  if (a->are_spared) {
    spare(fd);
  } else if (fd == a->tried && ago >= TRIAL) {
    a->are_spared = is_sparing(fd);
    a->tried = 0;
  } else if (ago >= PAUSE) {
    a->tried = fd;
    a->since = now;
    spare(fd);
  }
}
