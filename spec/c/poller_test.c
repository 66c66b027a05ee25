/* poller: epoll. The Makefile builds it again with YJ_USE_POLL, for poll(2). */
#define _GNU_SOURCE
#include "harness.h"
#include "poller.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define MANY 100
#define MAX 64

static struct yj_poller poller;
static struct yj_ready ready[MAX];

/* Milliseconds. What takes less than SOON has not waited for HANG, however slow
 * the machine is. */
enum { HANG = 60000, SOON = 30000 };

static int64_t ms_since(int64_t from) { return (yj_now() - from) / 1000; }

static int wait_for(int ms) {
  return yj_poller_wait(&poller, ready, MAX, ms);
}

/* Opens a pair of sockets, the first with a byte to read. */
static void open_pair(int pair[2]) {
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 ||
      write(pair[1], "x", 1) != 1)
    abort();
}

static void close_pair(const int pair[2]) {
  close(pair[0]);
  close(pair[1]);
}

static void test_empty(void) {
  int64_t from = yj_now();
  CHECK(wait_for(0) == 0);
  CHECK(ms_since(from) < SOON);
  CHECK(wait_for(30) == 0);
  CHECK(ms_since(from) >= 30);
}

static void test_sockets(void) {
  int pair[2];
  open_pair(pair);
  CHECK(yj_poller_watch(&poller, pair[0], YJ_WRITE, 7) == 0);
  CHECK(wait_for(0) == 1 && ready[0].fd == pair[0] && ready[0].tag == 7 &&
        ready[0].what == YJ_WRITE);
  CHECK(yj_poller_watch(&poller, pair[0], YJ_READ | YJ_WRITE, UINT_MAX) == 0);
  CHECK(wait_for(0) == 1 && ready[0].what == (YJ_READ | YJ_WRITE) &&
        ready[0].tag == UINT_MAX);
  CHECK(yj_poller_watch(&poller, pair[0], YJ_READ, 0) == 0);
  CHECK(wait_for(-1) == 1 && ready[0].what == YJ_READ);
  CHECK(wait_for(-1) == 1); /* level-triggered */
  close(pair[1]);
  CHECK(wait_for(0) == 1 && ready[0].what == (YJ_READ | YJ_ERROR));
  CHECK(yj_poller_watch(&poller, pair[0], 0, 0) == 0);
  CHECK(yj_poller_watch(&poller, pair[0], 0, 0) == 0);
  CHECK(wait_for(0) == 0);
  close(pair[0]);
}

/* A bad descriptor can not be watched; poll(2) reports it only in the wait. */
static void test_bad_descriptor(void) {
#ifndef YJ_USE_POLL
  int pair[2];
  open_pair(pair);
  close_pair(pair);
  CHECK(yj_poller_watch(&poller, pair[0], YJ_READ, 0) == EBADF);
  CHECK(yj_poller_watch(&poller, pair[0], 0, 0) == 0);
#endif
}

/* If more are ready than are asked for, each gets its turn. */
static void test_fairness(void) {
  static int pairs[MANY][2];
  char seen[MANY] = {0};
  int i, k, round, n, all = 1;
  for (i = 0; i < MANY; i++) {
    open_pair(pairs[i]);
    CHECK(yj_poller_watch(&poller, pairs[i][0], YJ_READ, (unsigned)i) == 0);
  }
  for (round = 0; round < 2; round++) {
    n = wait_for(0);
    CHECK(n == MAX);
    for (k = 0; k < n; k++)
      for (i = 0; i < MANY; i++)
        seen[i] = (char)(seen[i] | (pairs[i][0] == ready[k].fd &&
                                    ready[k].tag == (unsigned)i));
  }
  for (i = 0; i < MANY; i++) {
    all &= seen[i];
    CHECK(yj_poller_watch(&poller, pairs[i][0], 0, 0) == 0);
    close_pair(pairs[i]);
  }
  CHECK(all);
  CHECK(wait_for(0) == 0);
}

#ifndef YJ_USE_POLL

/* ---- with epoll an alarm ends a wait as well ---- */

static void test_alarm(void) {
  int64_t from = yj_now();
  yj_poller_alarm(&poller, from + 40000);
  yj_poller_alarm(&poller, from + 90000000); /* not later than that */
  CHECK(wait_for(HANG) == 0);
  CHECK(ms_since(from) >= 40 && ms_since(from) < SOON);
  from = yj_now();
  CHECK(wait_for(30) == 0); /* an alarm fires once */
  CHECK(ms_since(from) >= 30);
  yj_poller_alarm(&poller, from - 1);
  CHECK(wait_for(HANG) == 0);
  CHECK(ms_since(from) < SOON);
  yj_poller_alarm(&poller, YJ_NEVER);
  from = yj_now();
  CHECK(wait_for(30) == 0);
  CHECK(ms_since(from) >= 30);
}

/* A moment that a time_t of 32 bits can not hold is far all the same. */
static void test_far_alarm(void) {
  static const int64_t seconds[] = {INT64_MAX / 1000000 - 1,
                                    ((int64_t)1 << 32) + 1, (int64_t)1 << 31};
  size_t i;
  for (i = 0; i < sizeof seconds / sizeof *seconds; i++) {
    int64_t from = yj_now();
    yj_poller_alarm(&poller, seconds[i] * 1000000);
    CHECK(wait_for(30) == 0);
    CHECK(ms_since(from) >= 30);
    from = yj_now();
    yj_poller_alarm(&poller, from + 20000);
    CHECK(wait_for(HANG) == 0);
    CHECK(ms_since(from) < SOON);
  }
}

/* An alarm does not hide a socket, nor a socket an alarm. */
static void test_alarm_and_socket(void) {
  int pair[2];
  open_pair(pair);
  CHECK(yj_poller_watch(&poller, pair[0], YJ_READ, 0) == 0);
  yj_poller_alarm(&poller, yj_now() - 1);
  CHECK(wait_for(-1) == 1);
  CHECK(wait_for(-1) == 1);
  CHECK(yj_poller_watch(&poller, pair[0], 0, 0) == 0);
  close_pair(pair);
}

#endif

static void test_wake(void) {
  int64_t from = yj_now();
  yj_poller_wake(&poller);
  yj_poller_wake(&poller);
  yj_poller_alarm(&poller, from + 50000000); /* must not delay it */
  CHECK(wait_for(HANG) == 0);
  CHECK(ms_since(from) < SOON);
#ifndef YJ_USE_POLL
  yj_poller_alarm(&poller, yj_now() + 10000);
  CHECK(wait_for(HANG) == 0);
  CHECK(ms_since(from) < SOON);
#endif
}

/* Readable exactly when a wait would not block. */
static void test_descriptor(void) {
  struct pollfd one = {.fd = yj_poller_fd(&poller), .events = POLLIN};
  int pair[2];
  if (one.fd < 0) { /* poll(2) alone has none */
    CHECK(one.fd == -1);
    return;
  }
  wait_for(0);
  CHECK(poll(&one, 1, 0) == 0);
  yj_poller_alarm(&poller, yj_now() + 90000000);
  CHECK(poll(&one, 1, 0) == 0);
  yj_poller_alarm(&poller, yj_now() + 20000);
  CHECK(poll(&one, 1, HANG) == 1);
  CHECK(wait_for(0) == 0 && poll(&one, 1, 0) == 0);
  yj_poller_wake(&poller);
  CHECK(poll(&one, 1, 0) == 1);
  CHECK(wait_for(0) == 0 && poll(&one, 1, 0) == 0);
  open_pair(pair);
  CHECK(yj_poller_watch(&poller, pair[0], YJ_READ, 0) == 0);
  CHECK(poll(&one, 1, 0) == 1);
  CHECK(wait_for(0) == 1 && poll(&one, 1, 0) == 1);
  CHECK(yj_poller_watch(&poller, pair[0], 0, 0) == 0);
  CHECK(poll(&one, 1, 0) == 0);
  CHECK(fcntl(one.fd, F_GETFD) & FD_CLOEXEC);
  close_pair(pair);
}

static void on_signal(int number) { (void)number; }

static void test_signal(void) {
  struct sigaction action;
  struct itimerval timer;
  memset(&action, 0, sizeof action);
  memset(&timer, 0, sizeof timer);
  action.sa_handler = on_signal;
  sigaction(SIGALRM, &action, NULL);
  timer.it_value.tv_usec = timer.it_interval.tv_usec = 20000;
  setitimer(ITIMER_REAL, &timer, NULL);
  CHECK(wait_for(HANG) == -EINTR);
  memset(&timer, 0, sizeof timer);
  setitimer(ITIMER_REAL, &timer, NULL);
  CHECK(wait_for(0) == 0);
}

/* A call that does not wait is never interrupted, whatever signals arrive. */
static void test_signals_without_a_wait(void) {
  const struct itimerval often = {{0, 50}, {0, 50}}, never = {{0, 0}, {0, 0}};
  int64_t ends = yj_now() + 500000;
  int fewest = 0, got;
  setitimer(ITIMER_REAL, &often, NULL);
  while (yj_now() < ends) {
    got = wait_for(0);
    fewest = got < fewest ? got : fewest;
  }
  setitimer(ITIMER_REAL, &never, NULL);
  CHECK(fewest == 0);
}

static int has_default(int number) {
  struct sigaction action;
  sigaction(number, NULL, &action);
  return action.sa_handler == SIG_DFL;
}

/* A signal before the wait also ends it, once. */
static void test_caught_signal(void) {
  int64_t from;
  yj_signals_catch();
  CHECK(wait_for(0) == 0 && yj_signals_caught() == 0);
  raise(SIGTERM);
  yj_poller_alarm(&poller, yj_now() + 90000000); /* does not hide it */
  from = yj_now();
  CHECK(wait_for(HANG) == 0);
  CHECK(ms_since(from) < SOON);
  CHECK(yj_signals_caught() == SIGTERM && has_default(SIGTERM));
  from = yj_now();
  CHECK(wait_for(30) == 0);
  CHECK(ms_since(from) >= 30);
  yj_signals_catch();
  CHECK(yj_signals_caught() == 0 && !has_default(SIGTERM));
  yj_signals_release();
  CHECK(has_default(SIGTERM) && has_default(SIGINT));
}

/* Without a free descriptor it can not be opened, and leaks none. */
static void test_no_descriptors(void) {
  static int taken[65536];
  struct yj_poller other;
  int n = 0, left;
  while (n < 65536) {
    taken[n] = dup(0);
    if (taken[n] < 0)
      break;
    n++;
  }
  for (left = 0; left < 2 && n > 0; left++) {
    CHECK(yj_poller_open(&other) == EMFILE);
    close(taken[--n]);
  }
  while (n > 0)
    close(taken[--n]);
  CHECK(yj_poller_open(&other) == 0);
  yj_poller_close(&other);
}

int main(void) {
  if (yj_poller_open(&poller) != 0)
    return 1;
  test_empty();
  test_sockets();
  test_bad_descriptor();
  test_fairness();
#ifndef YJ_USE_POLL
  test_alarm();
  test_far_alarm();
  test_alarm_and_socket();
#endif
  test_wake();
  test_descriptor();
  test_signal();
  test_signals_without_a_wait();
  test_caught_signal();
  yj_poller_close(&poller);
  test_no_descriptors();
  return harness_end();
}
