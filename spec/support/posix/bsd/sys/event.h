/* For `make posix-check`: what the core uses of the header of macOS and the
 * BSDs, so that a machine without it can compile that. */
#pragma once

#include <stdint.h>
#include <time.h>

struct kevent {
  uintptr_t ident;
  short filter;
  unsigned short flags;
  unsigned fflags;
  int64_t data;
  void *udata;
};

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EVFILT_TIMER (-7)
#define EV_ADD 0x1
#define EV_DELETE 0x2
#define EV_ONESHOT 0x10
#define EV_SET(k, i, fi, fl, ff, d, u)                           \
  ((k)->ident = (i), (k)->filter = (fi), (k)->flags = (fl),      \
   (k)->fflags = (ff), (k)->data = (d), (k)->udata = (void *)(u))

int kqueue(void);
int kevent(int queue, const struct kevent *changes, int n_changes,
           struct kevent *events, int n_events, const struct timespec *wait);
