/* poller: waits for sockets, for an alarm, for a wake-up and for a signal.
 *
 * On Linux it is one epoll descriptor with a timerfd inside: any other loop
 * can watch it, and its cost follows the events, not the sockets. With
 * YJ_USE_POLL, and where there is no epoll, poll(2) serves, on Windows
 * WSAPoll(). There another loop can watch a kqueue, where the system has them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "platform.h"

#pragma GCC visibility push(hidden)

#if !defined(__linux__) && !defined(YJ_USE_POLL)
#define YJ_USE_POLL 1
#endif

#define YJ_NEVER INT64_MAX

enum { YJ_READ = 1, YJ_WRITE = 2, YJ_ERROR = 4 };

struct yj_ready {
  yj_socket fd;
  unsigned tag; /* as watched */
  int what; /* YJ_READ | YJ_WRITE | YJ_ERROR */
};

struct yj_poller {
  int64_t alarm; /* us on the clock of yj_now(), or YJ_NEVER */
#ifdef YJ_USE_POLL
  struct pollfd *watched; /* owned; [0] is the wake-up pipe */
  unsigned *tags;         /* theirs; owned */
  size_t n_watched, cap;
  size_t turn; /* whose turn it is to be reported first */
  yj_socket pipe[2];
  int queue; /* a kqueue, which is never waited in; or -1 */
#else
  int epoll, timer;
#endif
  yj_socket signals; /* of signals.h, once it is watched; or YJ_NO_SOCKET */
};

/* 0, or an errno; then nothing is owned. */
int yj_poller_open(struct yj_poller *p);
void yj_poller_close(struct yj_poller *p);

/* Watches fd for `what`; 0 stops watching. The tag comes back in yj_ready. 0,
 * or an errno. */
int yj_poller_watch(struct yj_poller *p, yj_socket fd, int what,
                    unsigned tag);

/* Fills ready[0..max) with what is ready; waits at most ms, for ever if it is
 * negative, less if a wake-up or a signal that signals.h catches comes, with
 * epoll also the alarm, which are not reported. Returns how many, or -errno;
 * -EINTR when a signal ended the wait, and never with ms 0. */
int yj_poller_wait(struct yj_poller *p, struct yj_ready *ready, int max,
                   int ms);

/* Makes the descriptor readable at that time, or an earlier one set before. */
void yj_poller_alarm(struct yj_poller *p, int64_t at);

/* Ends the current or the next wait, and makes the descriptor readable;
 * whatever alarms are set in between. */
void yj_poller_wake(struct yj_poller *p);

/* A descriptor that is readable when a wait would not block, or -1. */
int yj_poller_fd(const struct yj_poller *p);

#pragma GCC visibility pop
