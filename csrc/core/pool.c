#include "pool.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "curl_runtime.h"

#define MAX_SEEN 64
#define LOOK_GAP 10 /* microseconds for each transfer that is looked at: the
                       looks at all of them take some hundredths of the time
                       at most, and a limit of 10,000 is 0.1 s late */

struct yj_pool {
  struct yj_poller poller;
  struct yj_multis multis;
  struct yj_ready seen[MAX_SEEN]; /* what was ready at the last look; from */
  int n_seen, turn;               /* turn on it has not been acted on */
  size_t looks;              /* in a row, each as full as can be */
  int64_t looked;            /* when the first of them was */
  struct yj_transfer *ready; /* a ring through ready_next, or NULL */
  int64_t due;               /* no transfer runs out of time before */
  size_t n_flying, n_counted;
  int64_t alarm_at;          /* the owner's alarm, or YJ_NEVER */
  int is_polled;             /* another loop polls the descriptor */
  int64_t now;
  unsigned generation;       /* of the process that made it */
};

/* ---- the clock ---- */

static int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }

/* The moment the pool must be moved on by the clock. */
static int64_t earliest(const struct yj_pool *p) {
  return min(p->due, min(p->alarm_at, p->multis.due));
}

void yj_pool_touch(struct yj_pool *p, const struct yj_transfer *t) {
  enum yj_fault why;
  p->due = min(p->due, yj_transfer_deadline(t, &why));
  yj_pool_rearm(p);
}

/* The system may give the number to another socket. */
static void forget_seen(struct yj_pool *p, yj_socket fd) {
  int i;
  for (i = p->turn; i < p->n_seen; i++)
    if (p->seen[i].fd == fd)
      p->seen[i].what = 0;
}

int yj_pool_watch(struct yj_pool *p, yj_socket fd, int what, unsigned tag) {
  if (what == 0)
    forget_seen(p, fd);
  return yj_poller_watch(&p->poller, fd, what, tag);
}

/* ---- its life ---- */

/* How many forks lead to this process, from 1; 0: forks are not noticed.
 * Looked at with each event, where getpid() would be a system call. NB: only
 * libc's fork() is noticed; system() and popen() exec after theirs. */
static unsigned generation;
static yj_once forks_watched = YJ_ONCE;

static void enter_child(void) { generation++; }

static void watch_forks(void) {
  generation = yj_watch_forks(enter_child) == 0;
}

struct yj_pool *yj_pool_new(int *error) {
  struct yj_pool *p = calloc(1, sizeof *p);
  *error = ENOMEM;
  yj_call_once(&forks_watched, watch_forks);
  if (p == NULL || generation == 0 || !yj_curl_start()) {
    free(p);
    return NULL;
  }
  p->n_counted = 1;
  p->due = p->alarm_at = YJ_NEVER;
  p->now = yj_now();
  p->generation = generation;
  *error = yj_poller_open(&p->poller);
  if (*error != 0) {
    free(p);
    return NULL;
  }
  if (!yj_multis_open(&p->multis, p)) {
    *error = ENOMEM;
    yj_pool_close(p);
    return NULL;
  }
  return p;
}

int yj_pool_is_mine(const struct yj_pool *p) {
  return p->generation == generation;
}

void yj_pool_leave(struct yj_pool *p) {
  if (--p->n_counted > 0)
    return;
  yj_multis_free(&p->multis);
  free(p);
}

void yj_pool_close(struct yj_pool *p) {
  struct yj_sigpipe guard;
  yj_sigpipe_hold(&guard);
  yj_multis_close(&p->multis, yj_pool_is_mine(p));
  yj_sigpipe_release(&guard);
  yj_poller_close(&p->poller);
  yj_pool_leave(p);
}

/* ---- its transfers ---- */

int yj_pool_add(struct yj_pool *p, struct yj_transfer *t) {
  if (!yj_pool_is_mine(p) || !yj_multis_add(&p->multis, t))
    return 0;
  p->n_counted++;
  p->n_flying++;
  yj_pool_touch(p, t);
  return 1;
}

int yj_pool_remove(struct yj_pool *p, struct yj_transfer *t) {
  int mine = yj_pool_is_mine(p);
  p->n_flying--;
  yj_multi_remove(t, mine);
  return mine;
}

void yj_pool_forget(struct yj_pool *p, struct yj_transfer *t) {
  if (t->ready_next == NULL)
    return;
  if (p->ready == t)
    p->ready = t->ready_next == t ? NULL : t->ready_next;
  t->ready_prev->ready_next = t->ready_next;
  t->ready_next->ready_prev = t->ready_prev;
  t->ready_prev = t->ready_next = NULL;
}

void yj_pool_mark_ready(struct yj_pool *p, struct yj_transfer *t) {
  if (t->ready_next != NULL)
    return;
  if (p->ready == NULL) {
    p->ready = t->ready_prev = t->ready_next = t;
    return;
  }
  t->ready_next = p->ready;
  t->ready_prev = p->ready->ready_prev;
  t->ready_prev->ready_next = t;
  p->ready->ready_prev = t;
}

struct yj_transfer *yj_pool_first(const struct yj_pool *p) { return p->ready; }

/* In a forked child the alarm is still the parent's. */
void yj_pool_rearm(struct yj_pool *p) {
  if (p->is_polled && yj_pool_is_mine(p))
    yj_poller_alarm(&p->poller, earliest(p));
}

/* ---- moving on ---- */

/* Whether the last look may not have shown all: the timer may take a place. */
static int is_full(const struct yj_pool *p) {
  return p->n_seen >= MAX_SEEN - 1;
}

/* Whether each socket has had its turn since `looked`: a look that is not full
 * shows all, and full looks in a row each show others. */
static int has_seen_all(const struct yj_pool *p) {
  return p->turn == p->n_seen &&
         (!is_full(p) || p->looks > p->n_flying / MAX_SEEN);
}

/* Fails a transfer that was out of time before all sockets had their turn:
 * bytes that wait in a socket come before any limit. */
static void check_time(struct yj_pool *p, struct yj_transfer *t) {
  enum yj_fault why = YJ_FAULT_NONE;
  int64_t due = yj_transfer_deadline(t, &why);
  if (due <= p->looked) {
    if (!yj_transfer_has_reason(t, why)) {
      yj_transfer_fail(t, why);
      return;
    }
    due = yj_transfer_deadline(t, &why);
  }
  p->due = min(p->due, due);
}

/* Looks at all transfers once the first deadline is reached. Most deadlines
 * have moved away by then, so that this is rare, and an event costs nothing
 * here. */
static void expire(struct yj_pool *p) {
  const int64_t soonest = LOOK_GAP * (int64_t)p->n_flying;
  struct yj_transfer *t, *next;
  unsigned i;
  if (!has_seen_all(p))
    return;
  p->looks = 0;
  if (p->due > p->looked)
    return;
  p->due = YJ_NEVER;
  for (i = 0; i < p->multis.n; i++)
    for (t = p->multis.list[i].first; t != NULL; t = next) {
      next = t->next;
      check_time(p, t);
    }
  if (p->due < p->looked + soonest)
    p->due = p->looked + soonest;
}

/* The shorter of ms and what is left until the pool is due, rounded up. */
static int until_due(const struct yj_pool *p, int ms) {
  int64_t us = ms == 0 ? 0 : yj_pool_timeout(p);
  int64_t left = min(us / 1000 + (us % 1000 != 0), INT_MAX);
  return ms >= 0 && ms < left ? ms : (int)left;
}

/* Finds out what is ready, unless a step that ran out of budget has left some:
 * no socket has a second turn before all had one. */
static int look(struct yj_pool *p, int ms) {
  int n;
  if (p->turn < p->n_seen) {
    p->now = yj_now();
    return 0;
  }
  n = yj_poller_wait(&p->poller, p->seen, MAX_SEEN, until_due(p, ms));
  p->now = yj_now();
  if (n < 0)
    return -n;
  p->turn = 0;
  p->n_seen = n;
  if (p->looks++ == 0)
    p->looked = p->now;
  return 0;
}

/* At least one, then as long as there is budget. */
static void act_on_seen(struct yj_pool *p, int64_t budget) {
  int64_t ends = p->now + budget;
  while (p->turn < p->n_seen) {
    struct yj_ready one = p->seen[p->turn++];
    if (one.what != 0)
      yj_multis_act(&p->multis, &one);
    if (budget > 0 && yj_now() >= ends)
      break;
  }
}

/* Transfers that wait to begin do so a few at a time; with a budget, until it
 * is spent. */
static void act_on_clock(struct yj_pool *p, int64_t budget) {
  int64_t ends = p->now + budget;
  do
    yj_multis_act_on_clock(&p->multis, p->now, is_full(p));
  while (p->multis.due == 0 && budget > 0 && yj_now() < ends);
}

/* What may write to a connection, or close one. */
static void act(struct yj_pool *p, int64_t budget) {
  struct yj_sigpipe guard;
  yj_sigpipe_hold(&guard);
  act_on_seen(p, budget);
  act_on_clock(p, budget);
  if (yj_multis_tidy(&p->multis))
    p->turn = p->n_seen;  /* other sockets may have their numbers now */
  expire(p);
  yj_sigpipe_release(&guard);
}

static int move(struct yj_pool *p, int ms, int64_t budget) {
  int failed = yj_pool_is_mine(p) ? look(p, ms) : EPERM;
  if (failed)
    return failed;
  act(p, budget);
  if (p->alarm_at <= p->now)
    p->alarm_at = YJ_NEVER;
  yj_pool_rearm(p);
  return 0;
}

int yj_pool_has_more(const struct yj_pool *p) {
  return p->turn < p->n_seen || is_full(p);
}

int yj_pool_step(struct yj_pool *p, int64_t budget) {
  return move(p, 0, budget);
}

int yj_pool_wait(struct yj_pool *p, int ms) { return move(p, ms, 0); }

void yj_pool_wake(struct yj_pool *p) {
  if (yj_pool_is_mine(p))
    yj_poller_wake(&p->poller);
}

void yj_pool_alarm(struct yj_pool *p, int64_t at) {
  p->alarm_at = at;
  yj_pool_rearm(p);
}

int yj_pool_fd(struct yj_pool *p, int is_polled) {
  p->is_polled = is_polled;
  yj_pool_rearm(p);
  return yj_poller_fd(&p->poller);
}

int64_t yj_pool_timeout(const struct yj_pool *p) {
  int64_t at = earliest(p), now = yj_now();
  return at == YJ_NEVER ? YJ_NEVER : at > now ? at - now : 0;
}

size_t yj_pool_count(const struct yj_pool *p) { return p->n_flying; }

int64_t yj_pool_now(const struct yj_pool *p) { return p->now; }
