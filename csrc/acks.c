#define _GNU_SOURCE
#include "acks.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define TRIAL ((int64_t)100000)      /* twice what a segment waits for another */
#define PAUSE ((int64_t)1000000)     /* until another is tried */
#define GOOD_FOR ((int64_t)60000000) /* what was found out */

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
  if (a->are_spared && ago < GOOD_FOR) {
    spare(fd);
  } else if (fd == a->tried && ago >= TRIAL) {
    a->are_spared = is_sparing(fd);
    a->tried = 0;
    a->since = now;
  } else if (ago >= PAUSE) {
    a->are_spared = 0;
    a->tried = fd;
    a->since = now;
    spare(fd);
  }
}
