#ifdef __linux__
#define _GNU_SOURCE
#endif
#include "poller.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "signals.h"

#if defined(YJ_USE_POLL) && defined(__has_include)
#if __has_include(<sys/event.h>)
#define HAS_KQUEUE
#include <fcntl.h>
#include <sys/event.h>
#include <time.h>
#include <unistd.h>
#endif
#endif

/* From now on a signal that is caught ends a wait, even if it came before. */
static void watch_signals(struct yj_poller *p) {
  yj_socket fd = yj_signals_fd();
  if (fd != p->signals && yj_poller_watch(p, fd, YJ_READ, 0) == 0)
    p->signals = fd;
}

/* Whether a signal is what is ready. */
static int is_signal(const struct yj_poller *p, yj_socket fd) {
  if (fd == p->signals)
    yj_pipe_drain(fd);
  return fd == p->signals;
}

#ifdef YJ_USE_POLL

/* ---- for another loop: a kqueue of all that is watched ---- */

#ifdef HAS_KQUEUE

static int change_queue(struct yj_poller *p, uintptr_t what, int filter,
                        int flags, int64_t data) {
  struct kevent change;
  EV_SET(&change, what, (short)filter, (unsigned short)flags, 0, data, 0);
  return kevent(p->queue, &change, 1, NULL, 0, NULL);
}

static int open_queue(struct yj_poller *p) {
  p->queue = kqueue();
  return p->queue < 0 || fcntl(p->queue, F_SETFD, FD_CLOEXEC) < 0 ? errno : 0;
}

static void close_queue(struct yj_poller *p) {
  if (p->queue >= 0)
    close(p->queue);
}

static void queue_socket(struct yj_poller *p, int fd, int what) {
  change_queue(p, (uintptr_t)fd, EVFILT_READ,
               what & YJ_READ ? EV_ADD : EV_DELETE, 0);
  change_queue(p, (uintptr_t)fd, EVFILT_WRITE,
               what & YJ_WRITE ? EV_ADD : EV_DELETE, 0);
}

static void queue_alarm(struct yj_poller *p, int64_t at) {
  int64_t ms = (at - yj_now() + 999) / 1000;
  change_queue(p, 0, EVFILT_TIMER, EV_ADD | EV_ONESHOT, ms > 0 ? ms : 0);
}

/* What was ready and is not any more leaves the queue when it is asked for. */
static void tidy_queue(struct yj_poller *p) {
  const struct timespec now = {0, 0};
  struct kevent seen[64];
  (void)kevent(p->queue, NULL, 0, seen, 64, &now);
}

#else

static int open_queue(struct yj_poller *p) {
  p->queue = -1;
  return 0;
}

#define close_queue(p) ((void)(p))
#define queue_socket(p, fd, what) ((void)(p), (void)(fd), (void)(what))
#define queue_alarm(p, at) ((void)(p), (void)(at))
#define tidy_queue(p) ((void)(p))

#endif

/* ---- the poller ---- */

int yj_poller_open(struct yj_poller *p) {
  int failed;
  memset(p, 0, sizeof *p);
  p->alarm = YJ_NEVER;
  p->signals = YJ_NO_SOCKET;
  failed = yj_pipe_open(p->pipe);
  if (failed)
    return failed;
  failed = open_queue(p);
  if (!failed)
    failed = yj_poller_watch(p, p->pipe[0], YJ_READ, 0);
  if (failed)
    yj_poller_close(p);
  return failed;
}

void yj_poller_close(struct yj_poller *p) {
  yj_pipe_close(p->pipe);
  close_queue(p);
  free(p->watched);
  free(p->tags);
}

static int grow(struct yj_poller *p) {
  size_t cap = p->cap == 0 ? 16 : p->cap * 2;
  struct pollfd *watched;
  unsigned *tags;
  if (p->n_watched < p->cap)
    return 0;
  if (cap > SIZE_MAX / 2 / sizeof *watched)
    return ENOMEM;
  watched = realloc(p->watched, cap * sizeof *watched);
  if (watched == NULL)
    return ENOMEM;
  p->watched = watched;
  tags = realloc(p->tags, cap * sizeof *tags);
  if (tags == NULL)
    return ENOMEM;
  p->tags = tags;
  p->cap = cap;
  return 0;
}

int yj_poller_watch(struct yj_poller *p, yj_socket fd, int what,
                    unsigned tag) {
  size_t i = 0;
  while (i < p->n_watched && p->watched[i].fd != fd)
    i++;
  if (what == 0) {
    if (i == p->n_watched)
      return 0;
    queue_socket(p, fd, 0);
    p->watched[i] = p->watched[--p->n_watched];
    p->tags[i] = p->tags[p->n_watched];
    return 0;
  }
  if (i == p->n_watched && grow(p) != 0)
    return ENOMEM;
  p->n_watched += i == p->n_watched;
  p->tags[i] = tag;
  p->watched[i].fd = fd;
  p->watched[i].revents = 0;
  p->watched[i].events = (short)((what & YJ_READ ? POLLIN : 0) |
                                 (what & YJ_WRITE ? POLLOUT : 0));
  queue_socket(p, fd, what);
  return 0;
}

/* Begins where the last call ended: with more than max ready all the time each
 * is reported in its turn. */
static int collect(struct yj_poller *p, struct yj_ready *ready, int max) {
  size_t i, sockets = p->n_watched - 1;
  int n = 0;
  for (i = 0; i < sockets && n < max; i++) {
    size_t at = 1 + p->turn % sockets;
    short got = p->watched[at].revents;
    p->turn = at;
    if (got == 0 || is_signal(p, p->watched[at].fd))
      continue;
    ready[n].fd = p->watched[at].fd;
    ready[n].tag = p->tags[at];
    ready[n++].what = (got & POLLIN ? YJ_READ : 0) |
                      (got & POLLOUT ? YJ_WRITE : 0) |
                      (got & ~(POLLIN | POLLOUT) ? YJ_ERROR : 0);
  }
  return n;
}

int yj_poller_wait(struct yj_poller *p, struct yj_ready *ready, int max,
                   int ms) {
  int n;
  watch_signals(p);
  do
    n = yj_poll(p->watched, p->n_watched, ms);
  while (n < 0 && errno == EINTR && ms == 0);
  if (n < 0)
    return -errno;
  if (p->alarm <= yj_now())
    p->alarm = YJ_NEVER;
  if (p->watched[0].revents != 0)
    yj_pipe_drain(p->pipe[0]);
  tidy_queue(p);
  return n == 0 ? 0 : collect(p, ready, max);
}

void yj_poller_alarm(struct yj_poller *p, int64_t at) {
  if (at >= p->alarm)
    return;
  p->alarm = at;
  queue_alarm(p, at);
}

void yj_poller_wake(struct yj_poller *p) { yj_pipe_write(p->pipe[1]); }

int yj_poller_fd(const struct yj_poller *p) { return p->queue; }

#else

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* As far as a time_t of 32 bits goes. An alarm beyond it is set for then, and
 * ends one wait in vain. */
#define FARTHEST (INT32_MAX * (int64_t)1000000)

static int set_timer(struct yj_poller *p, int64_t at) {
  struct itimerspec t;
  memset(&t, 0, sizeof t);
  at = at < 1 ? 1 : at;  /* all zeroes would disarm it */
  at = at > FARTHEST ? FARTHEST : at;
  t.it_value.tv_sec = (time_t)(at / 1000000);
  t.it_value.tv_nsec = (long)(at % 1000000 * 1000);
  return timerfd_settime(p->timer, TFD_TIMER_ABSTIME, &t, NULL);
}

int yj_poller_open(struct yj_poller *p) {
  int failed;
  p->alarm = YJ_NEVER;
  p->signals = YJ_NO_SOCKET;
  p->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (p->epoll < 0)
    return errno;
  p->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  failed = p->timer < 0 ? errno : yj_poller_watch(p, p->timer, YJ_READ, 0);
  if (failed == 0)
    return 0;
  if (p->timer >= 0)
    close(p->timer);
  close(p->epoll);
  return failed;
}

void yj_poller_close(struct yj_poller *p) {
  close(p->timer);
  close(p->epoll);
}

int yj_poller_watch(struct yj_poller *p, yj_socket fd, int what,
                    unsigned tag) {
  struct epoll_event event;
  memset(&event, 0, sizeof event);
  event.data.u64 = (uint64_t)tag << 32 | (uint32_t)fd;
  event.events = (what & YJ_READ ? (uint32_t)EPOLLIN : 0) |
                 (what & YJ_WRITE ? (uint32_t)EPOLLOUT : 0);
  if (what == 0) {
    epoll_ctl(p->epoll, EPOLL_CTL_DEL, fd, &event);
    return 0;
  }
  if (epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ||
      (errno == EEXIST && !epoll_ctl(p->epoll, EPOLL_CTL_MOD, fd, &event)))
    return 0;
  return errno;
}

/* The timer fired: it is not armed any more. */
static void clear_alarm(struct yj_poller *p) {
  uint64_t times;
  if (read(p->timer, &times, sizeof times) == (ssize_t)sizeof times)
    p->alarm = YJ_NEVER;
}

int yj_poller_wait(struct yj_poller *p, struct yj_ready *ready, int max,
                   int ms) {
  struct epoll_event events[64];
  int i, n, n_ready = 0;
  max = max < 64 ? max : 64;
  watch_signals(p);
  do
    n = epoll_wait(p->epoll, events, max, ms);
  while (n < 0 && errno == EINTR && ms == 0);
  if (n < 0)
    return -errno;
  for (i = 0; i < n; i++) {
    uint32_t got = events[i].events;
    int fd = (int)(uint32_t)events[i].data.u64;
    if (fd == p->timer) {
      clear_alarm(p);
      continue;
    }
    if (is_signal(p, fd))
      continue;
    ready[n_ready].fd = fd;
    ready[n_ready].tag = (unsigned)(events[i].data.u64 >> 32);
    ready[n_ready++].what = (got & EPOLLIN ? YJ_READ : 0) |
                            (got & EPOLLOUT ? YJ_WRITE : 0) |
                            (got & (EPOLLERR | EPOLLHUP) ? YJ_ERROR : 0);
  }
  return n_ready;
}

/* A later alarm than the armed one costs nothing: the early one ends one wait
 * in vain, and then the next is set. */
void yj_poller_alarm(struct yj_poller *p, int64_t at) {
  if (at >= p->alarm || set_timer(p, at) != 0)
    return;
  p->alarm = at;
}

/* No other alarm is earlier than 0: nothing sets the timer anew, and
 * unreadable, until a wait has cleared it. */
void yj_poller_wake(struct yj_poller *p) { yj_poller_alarm(p, 0); }

int yj_poller_fd(const struct yj_poller *p) { return p->epoll; }

#endif
