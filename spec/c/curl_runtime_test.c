/* curl_runtime: the guard against SIGPIPE, for a libcurl that needs it.
 * ldflags: -Wl,--wrap=curl_version_info */
#define _GNU_SOURCE
#include "curl_runtime.h"
#include "harness.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "libcurl.h"

curl_version_info_data *__real_curl_version_info(CURLversion now);
curl_version_info_data *__wrap_curl_version_info(CURLversion now);

curl_version_info_data *__wrap_curl_version_info(CURLversion now) {
  static curl_version_info_data data;
  data = *__real_curl_version_info(now);
  data.version_num = YJ_CURL_7_80;
  return &data;
}

static volatile sig_atomic_t n_signals;

static void on_signal(int number) {
  (void)number;
  n_signals++;
}

/* Writes to a pipe without a reader; returns whether it failed with EPIPE. */
static int write_in_vain(void) {
  int fds[2], failed;
  if (pipe(fds) != 0)
    abort();
  close(fds[0]);
  failed = write(fds[1], "x", 1) < 0 && errno == EPIPE;
  close(fds[1]);
  return failed;
}

static int is_blocked(void) {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  return sigismember(&mask, SIGPIPE);
}

static int is_pending(void) {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGPIPE);
}

static void test_guard(void) {
  struct yj_sigpipe outer, inner;
  yj_sigpipe_hold(&outer);
  CHECK(write_in_vain() && is_blocked());
  yj_sigpipe_hold(&inner);
  CHECK(write_in_vain() && is_blocked());
  yj_sigpipe_release(&inner);
  CHECK(is_blocked());
  yj_sigpipe_release(&outer);
  CHECK(n_signals == 0 && !is_blocked() && !is_pending());
  CHECK(write_in_vain() && n_signals == 1); /* the host's own is kept */
}

/* For a host that blocks SIGPIPE it stays blocked, and pending if it was. */
static void test_host_that_blocks(void) {
  struct yj_sigpipe guard;
  sigset_t pipe, before;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  yj_sigpipe_hold(&guard);
  CHECK(write_in_vain());
  yj_sigpipe_release(&guard);
  CHECK(is_blocked() && !is_pending());
  CHECK(write_in_vain() && is_pending());
  yj_sigpipe_hold(&guard);
  yj_sigpipe_release(&guard);
  CHECK(is_blocked() && is_pending());
  n_signals = 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  CHECK(n_signals == 1);
}

int main(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  sigaction(SIGPIPE, &action, NULL);
  CHECK(yj_curl_problem() == NULL && yj_curl_start() && yj_curl_start());
  CHECK(yj_curl_is(YJ_CURL_7_80) && !yj_curl_is(YJ_CURL_7_87));
  test_guard();
  test_host_that_blocks();
  return harness_end();
}
