#ifdef __linux__
#define _GNU_SOURCE
#endif
#include "signals.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
#define N_SIGNALS (sizeof signals / sizeof *signals)

static struct sigaction before[N_SIGNALS]; /* while is_catching */
static int is_catching;
static volatile sig_atomic_t caught;
static int wake_up[2] = {-1, -1}; /* a pipe; the handler writes to [1] */
static pid_t owner;               /* of the pipe */

/* NB: a signal handler: only what is async-signal-safe. */
static void on_signal(int number) {
  caught = number;
  if (wake_up[1] >= 0)
    yj_pipe_write(wake_up[1]);
}

/* A forked child has its own, or its signals would wake the parent. Without
 * one (no descriptor is left) a signal still ends the wait that it comes
 * in. */
static void open_wake_up(void) {
  int fds[2];
  if (owner == getpid() || yj_pipe_open(fds) != 0)
    return;
  memcpy(wake_up, fds, sizeof fds);
  owner = getpid();
}

void yj_signals_catch(void) {
  struct sigaction ours, old;
  size_t i;
  open_wake_up();
  memset(&ours, 0, sizeof ours);
  sigemptyset(&ours.sa_mask);
  ours.sa_handler = on_signal;
  ours.sa_flags = (int)SA_RESETHAND; /* no SA_RESTART: a read ends, too */
  caught = 0;
  for (i = 0; i < N_SIGNALS; i++) {
    sigaction(signals[i], NULL, &old);
    if (!is_catching)
      before[i] = old;
    if (old.sa_handler != SIG_IGN)
      sigaction(signals[i], &ours, NULL);
  }
  is_catching = 1;
}

int yj_signals_caught(void) { return caught; }

void yj_signals_release(void) {
  size_t i;
  for (i = 0; is_catching && i < N_SIGNALS; i++)
    sigaction(signals[i], &before[i], NULL);
  is_catching = 0;
}

yj_socket yj_signals_fd(void) { return wake_up[0]; }
