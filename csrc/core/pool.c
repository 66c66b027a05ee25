#define _GNU_SOURCE
#include "pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "curl_runtime.h"

#define MAX_SEEN 64

struct yj_pool {
  struct yj_poller poller;
  struct yj_multis multis;
  struct yj_ready seen[MAX_SEEN]; /* what was ready at the last look; from */
  int n_seen, turn;               /* turn on it has not been acted on */
  size_t looks;              /* in a row, each as full as can be */
  int64_t looked;            /* when the first of them was */
  struct yj_transfer *ready; /* a ring through queued.next, or NULL */
  struct yj_transfer **heap; /* by queued.due, from 1; owned */
  size_t n_heap, cap_heap;
  size_t n_flying, n_counted;
  int64_t alarm_at;          /* when the owner wants to be woken, or YJ_NEVER */
  int64_t now;
  unsigned generation;       /* of the process that made it */
};

/* ---- the heap of deadlines ---- */

static int64_t due_at(const struct yj_pool *p, size_t place) {
  return p->heap[place]->queued.due;
}

static void put(struct yj_pool *p, size_t place, struct yj_transfer *t) {
  p->heap[place] = t;
  t->queued.place = place;
}

static void sift_up(struct yj_pool *p, struct yj_transfer *t) {
  size_t place = t->queued.place;
  for (; place > 1 && due_at(p, place / 2) > t->queued.due; place /= 2)
    put(p, place, p->heap[place / 2]);
  put(p, place, t);
}

static void sift_down(struct yj_pool *p, struct yj_transfer *t) {
  size_t place = t->queued.place, child;
  for (; 2 * place <= p->n_heap; place = child) {
    child = 2 * place;
    if (child < p->n_heap && due_at(p, child + 1) < due_at(p, child))
      child++;
    if (due_at(p, child) >= t->queued.due)
      break;
    put(p, place, p->heap[child]);
  }
  put(p, place, t);
}

static int heap_grow(struct yj_pool *p) {
  size_t cap = p->cap_heap == 0 ? 16 : p->cap_heap * 2;
  struct yj_transfer **heap;
  if (p->n_heap + 1 < p->cap_heap)
    return 1;
  if (cap > SIZE_MAX / 2 / sizeof *heap)
    return 0;
  heap = realloc(p->heap, cap * sizeof *heap);
  if (heap == NULL)
    return 0;
  p->heap = heap;
  p->cap_heap = cap;
  return 1;
}

static void heap_insert(struct yj_pool *p, struct yj_transfer *t) {
  t->queued.place = ++p->n_heap;
  sift_up(p, t);
}

static void heap_remove(struct yj_pool *p, struct yj_transfer *t) {
  struct yj_transfer *last = p->heap[p->n_heap--];
  size_t place = t->queued.place;
  t->queued.place = 0;
  if (last == t)
    return;
  put(p, place, last);
  sift_up(p, last);
  sift_down(p, last);
}

/* The moment the pool must be moved on by the clock. */
static int64_t earliest(const struct yj_pool *p) {
  int64_t due = p->n_heap == 0 ? YJ_NEVER : due_at(p, 1);
  if (p->alarm_at < due)
    due = p->alarm_at;
  return p->multis.due < due ? p->multis.due : due;
}

/* A deadline that moved away stays where it is in the heap and is looked at again
 * when its old moment comes: an event costs no reordering. In a forked child the
 * alarm is still the parent's. */
void yj_pool_touch(struct yj_pool *p, struct yj_transfer *t) {
  enum yj_fault why;
  int64_t due;
  if (t->queued.place == 0 || !yj_pool_is_mine(p))
    return;
  due = yj_transfer_deadline(t, &why);
  if (due >= t->queued.due)
    return;
  t->queued.due = due;
  sift_up(p, t);
  yj_poller_alarm(&p->poller, due);
}

/* The system may give the number to another socket. */
static void forget_seen(struct yj_pool *p, int fd) {
  int i;
  for (i = p->turn; i < p->n_seen; i++)
    if (p->seen[i].fd == fd)
      p->seen[i].what = 0;
}

int yj_pool_watch(struct yj_pool *p, int fd, int what, unsigned tag) {
  if (what == 0)
    forget_seen(p, fd);
  return yj_poller_watch(&p->poller, fd, what, tag);
}

/* ---- its life ---- */

/* How many forks lead to this process, from 1; 0: forks are not noticed. Looked
 * at with each event, where getpid() would be a system call. NB: only libc's
 * fork() is noticed; system() and popen() exec after theirs. */
static unsigned generation;
static pthread_once_t forks_watched = PTHREAD_ONCE_INIT;

static void enter_child(void) { generation++; }

static void watch_forks(void) {
  generation = pthread_atfork(NULL, NULL, enter_child) == 0;
}

struct yj_pool *yj_pool_new(int *error) {
  struct yj_pool *p = calloc(1, sizeof *p);
  *error = ENOMEM;
  pthread_once(&forks_watched, watch_forks);
  if (p == NULL || generation == 0 || yj_curl_problem() != NULL) {
    free(p);
    return NULL;
  }
  p->n_counted = 1;
  p->alarm_at = YJ_NEVER;
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
  free(p->heap);
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
  enum yj_fault why;
  if (!yj_pool_is_mine(p) || !heap_grow(p) || !yj_multis_add(&p->multis, t))
    return 0;
  p->n_counted++;
  p->n_flying++;
  t->queued.due = yj_transfer_deadline(t, &why);
  heap_insert(p, t);
  yj_pool_rearm(p);
  return 1;
}

int yj_pool_remove(struct yj_pool *p, struct yj_transfer *t) {
  int mine = yj_pool_is_mine(p);
  heap_remove(p, t);
  p->n_flying--;
  yj_multi_remove(t, mine);
  return mine;
}

void yj_pool_forget(struct yj_pool *p, struct yj_transfer *t) {
  if (t->queued.next == NULL)
    return;
  if (p->ready == t)
    p->ready = t->queued.next == t ? NULL : t->queued.next;
  t->queued.prev->queued.next = t->queued.next;
  t->queued.next->queued.prev = t->queued.prev;
  t->queued.prev = t->queued.next = NULL;
}

void yj_pool_mark_ready(struct yj_pool *p, struct yj_transfer *t) {
  if (t->queued.next != NULL)
    return;
  if (p->ready == NULL) {
    p->ready = t->queued.prev = t->queued.next = t;
    return;
  }
  t->queued.next = p->ready;
  t->queued.prev = p->ready->queued.prev;
  t->queued.prev->queued.next = t;
  p->ready->queued.prev = t;
}

struct yj_transfer *yj_pool_first(const struct yj_pool *p) { return p->ready; }

void yj_pool_rearm(struct yj_pool *p) {
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

/* Fails what was out of time before all sockets had their turn: bytes that wait
 * in a socket come before any limit. */
static void expire(struct yj_pool *p) {
  if (!has_seen_all(p))
    return;
  p->looks = 0;
  while (p->n_heap > 0 && due_at(p, 1) <= p->looked) {
    struct yj_transfer *t = p->heap[1];
    enum yj_fault why = YJ_FAULT_NONE;
    int64_t due = yj_transfer_deadline(t, &why);
    if (due <= p->looked && !yj_transfer_has_reason(t, why)) {
      yj_transfer_fail(t, why);
      continue;
    }
    t->queued.due = yj_transfer_deadline(t, &why);
    sift_down(p, t);
  }
}

/* Finds out what is ready, unless a step that ran out of budget has left some:
 * no socket has a second turn before all had one. */
static int look(struct yj_pool *p, int ms) {
  int n;
  if (p->turn < p->n_seen) {
    p->now = yj_now();
    return 0;
  }
  n = yj_poller_wait(&p->poller, p->seen, MAX_SEEN, ms);
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
  if (yj_pool_is_mine(p))
    yj_poller_alarm(&p->poller, at);
}

int yj_pool_fd(const struct yj_pool *p) { return yj_poller_fd(&p->poller); }

int64_t yj_pool_timeout(const struct yj_pool *p) {
  int64_t at = earliest(p), now = yj_now();
  return at == YJ_NEVER ? YJ_NEVER : at > now ? at - now : 0;
}

size_t yj_pool_count(const struct yj_pool *p) { return p->n_flying; }

int64_t yj_pool_now(const struct yj_pool *p) { return p->now; }
