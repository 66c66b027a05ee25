#include "multis.h"

#include "libcurl.h"
#include "pool.h"

#define MOST 512 /* transfers of one multi at a time */
#define AT_ONCE 16 /* of all begin between two looks at the sockets */

/* libcurl and the poller have the same numbers for it. */
typedef char same_bits[CURL_CSELECT_IN == YJ_READ && CURL_POLL_IN == YJ_READ &&
                               CURL_CSELECT_OUT == YJ_WRITE &&
                               CURL_POLL_OUT == YJ_WRITE &&
                               CURL_CSELECT_ERR == YJ_ERROR
                           ? 1 : -1];

/* ---- curl's callbacks ---- */

static void go_blind(struct yj_multi *m) {
  m->is_blind = 1;
  m->all->is_untidy = 1;
}

/* NB: never returns an error, after which the multi would refuse all work for
 * ever: the next step fails the transfers instead. */
static int on_socket_change(CURL *easy, curl_socket_t fd, int what, void *ud,
                            void *known) {
  struct yj_multi *m = ud;
  (void)easy, (void)known;
  if (yj_pool_watch(m->all->pool, fd, what == CURL_POLL_REMOVE ? 0 : what,
                    (unsigned)(m - m->all->list)) != 0) {
    go_blind(m);
    yj_pool_wake(m->all->pool);
  }
  return 0;
}

/* A timer that moved away is noticed when its old moment comes. The alarm
 * itself is set when the step ends. */
static int on_timer_change(CURLM *curl, long ms, void *ud) {
  struct yj_multi *m = ud;
  (void)curl;
  m->due = ms < 0 ? YJ_NEVER : yj_now() + (int64_t)ms * 1000;
  if (m->due < m->all->due)
    m->all->due = m->due;
  return 0;
}

/* A child that the host starts must not inherit the socket: that would keep
 * the connection, and the bill, open. */
static curl_socket_t open_socket(void *ud, curlsocktype purpose,
                                 struct curl_sockaddr *address) {
  struct yj_multi *m = ud;
  yj_socket fd = yj_socket_open(address->family, address->socktype,
                                address->protocol);
  (void)purpose;
  if (fd != YJ_NO_SOCKET)
    yj_sockets_add(&m->sockets, fd);
  return fd; /* curl's CURL_SOCKET_BAD is the same number */
}

/* In a forked child the parent's connection is left as it is. */
static int close_socket(void *ud, curl_socket_t fd) {
  struct yj_multi *m = ud;
  yj_sockets_remove(&m->sockets, fd);
  return yj_socket_close(fd, yj_pool_is_mine(m->all->pool));
}

/* ---- which one ---- */

/* libcurl's own limit, four connections for each transfer in flight, closes
 * some where ten end together. MAX_CONNECTION_AGE closes what stays unused. */
static int set_up(struct yj_multi *m) {
  CURLM *c = m->curl;
  return !curl_multi_setopt(c, CURLMOPT_SOCKETFUNCTION, on_socket_change) &&
         !curl_multi_setopt(c, CURLMOPT_SOCKETDATA, m) &&
         !curl_multi_setopt(c, CURLMOPT_TIMERFUNCTION, on_timer_change) &&
         !curl_multi_setopt(c, CURLMOPT_TIMERDATA, m) &&
         !curl_multi_setopt(c, CURLMOPT_MAXCONNECTS, (long)MOST);
}

/* A connection stays with its multi, whatever transfers it serves. */
static CURLcode set_sockets(struct yj_multi *m, CURL *easy) {
  CURLcode code = CURLE_OK;
  SET(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  SET(easy, CURLOPT_OPENSOCKETDATA, m);
  SET(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
  SET(easy, CURLOPT_CLOSESOCKETDATA, m);
  return code;
}

/* Makes curl's part if it is not there; 0: out of memory. */
static int make_curl(struct yj_multi *m) {
  if (m->curl != NULL)
    return 1;
  m->curl = curl_multi_init();
  if (m->curl == NULL || set_up(m))
    return m->curl != NULL;
  curl_multi_cleanup(m->curl);
  m->curl = NULL;
  return 0;
}

/* The first with room, or NULL: out of memory. */
static struct yj_multi *with_room(struct yj_multis *all) {
  struct yj_multi *m = all->list;
  while (m < all->list + YJ_MULTIS - 1 && m->n >= MOST)
    m++;
  if (m == all->list + all->n) {
    m->all = all;
    m->due = YJ_NEVER;
    all->n++;
  }
  return make_curl(m) ? m : NULL;
}

int yj_multis_open(struct yj_multis *all, struct yj_pool *pool) {
  all->pool = pool;
  all->due = YJ_NEVER;
  return with_room(all) != NULL;
}

/* ---- its transfers ---- */

static void link_in(struct yj_multi *m, struct yj_transfer *t) {
  t->multi = m;
  t->prev = m->last;
  t->next = NULL;
  *(m->last == NULL ? &m->first : &m->last->next) = t;
  m->last = t;
  if (m->waiting == NULL)
    m->waiting = t;
  m->n++;
}

static void link_out(struct yj_multi *m, struct yj_transfer *t) {
  *(t->prev == NULL ? &m->first : &t->prev->next) = t->next;
  *(t->next == NULL ? &m->last : &t->next->prev) = t->prev;
  if (m->waiting == t)
    m->waiting = t->next;
  t->prev = t->next = NULL;
  if (--m->n == 0)
    m->all->is_untidy = 1;
}

int yj_multis_add(struct yj_multis *all, struct yj_transfer *t) {
  struct yj_multi *m = with_room(all);
  if (m == NULL || set_sockets(m, t->easy) != CURLE_OK)
    return 0;
  link_in(m, t);
  all->due = 0;
  return 1;
}

int yj_multi_again(struct yj_transfer *t) {
  curl_multi_remove_handle(t->multi->curl, t->easy);
  return curl_multi_add_handle(t->multi->curl, t->easy) == CURLM_OK;
}

void yj_multi_remove(struct yj_transfer *t, int mine) {
  link_out(t->multi, t);
  if (mine)
    curl_multi_remove_handle(t->multi->curl, t->easy);
}

/* ---- moving on ---- */

/* NB: curl_multi_remove_handle() frees the message. */
static void finish_done(struct yj_multi *m) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(m->curl, &left)) != NULL) {
    char *transfer = NULL;
    if (message->msg != CURLMSG_DONE)
      continue;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    yj_transfer_finish((void *)transfer, (int)message->data.result);
  }
}

static void act(struct yj_multi *m, curl_socket_t fd, int mask) {
  int running;
  if (m->curl == NULL || m->is_blind)
    return;
  if (curl_multi_socket_action(m->curl, fd, mask, &running) != CURLM_OK)
    go_blind(m);  /* out of memory: some socket is not watched any more */
  if ((size_t)running < m->n)
    finish_done(m);
}

void yj_multis_act(struct yj_multis *all, const struct yj_ready *ready) {
  act(&all->list[ready->tag], ready->fd, ready->what);
}

/* Whether any has begun. If a thousand began together, the answers to the
 * first would wait until all requests are sent. */
static int begin_some(struct yj_multi *m, int *left) {
  int begun = 0;
  for (; m->waiting != NULL && *left > 0; --*left) {
    struct yj_transfer *t = m->waiting;
    m->waiting = t->next;
    if (curl_multi_add_handle(m->curl, t->easy) == CURLM_OK)
      begun = 1;
    else
      yj_transfer_fail(t, YJ_FAULT_NO_MEMORY);
  }
  return begun;
}

void yj_multis_act_on_clock(struct yj_multis *all, int64_t now, int is_busy) {
  int left = is_busy ? 1 : AT_ONCE;
  unsigned i;
  if (all->due > now)
    return;
  all->due = YJ_NEVER;
  for (i = 0; i < all->n; i++) {
    struct yj_multi *m = &all->list[i];
    if (begin_some(m, &left) || m->due <= now) {
      m->due = YJ_NEVER;
      act(m, CURL_SOCKET_TIMEOUT, 0);
    }
    if (m->due < all->due)
      all->due = m->due;
    if (m->waiting != NULL)
      all->due = 0;
  }
}

/* ---- giving up ---- */

static void fail_all(struct yj_multi *m, enum yj_fault fault) {
  while (m->first != NULL)
    yj_transfer_fail(m->first, fault);
}

static void give_up(struct yj_multi *m) {
  curl_multi_cleanup(m->curl);
  m->curl = NULL;
  m->due = YJ_NEVER;
  m->is_blind = 0;
}

/* NB: out of memory, libcurl (7.88) leaves an entry of a socket behind whose
 * next use divides by zero: so the whole multi is given up. */
static int give_up_blind(struct yj_multis *all) {
  unsigned i;
  int found = 0;
  for (i = 0; i < all->n; i++)
    if (all->list[i].is_blind) {
      fail_all(&all->list[i], YJ_FAULT_NO_MEMORY);
      give_up(&all->list[i]);
      found = 1;
    }
  return found;
}

/* The first empty one stays: where the load varies around what one multi
 * takes, its connections are needed again. */
static void give_up_empty(struct yj_multis *all) {
  unsigned i, empty = 0;
  for (i = 0; i < all->n; i++)
    if (all->list[i].curl != NULL && all->list[i].n == 0 && empty++ > 0)
      give_up(&all->list[i]);
}

int yj_multis_tidy(struct yj_multis *all) {
  int found;
  if (!all->is_untidy)
    return 0;
  found = give_up_blind(all);
  give_up_empty(all);
  all->is_untidy = 0;
  return found;
}

void yj_multis_close(struct yj_multis *all, int mine) {
  unsigned i;
  for (i = 0; i < all->n && mine; i++) {
    fail_all(&all->list[i], YJ_FAULT_POOL);
    if (all->list[i].curl != NULL)
      give_up(&all->list[i]);
  }
}

void yj_multis_free(struct yj_multis *all) {
  unsigned i;
  for (i = 0; i < all->n; i++)
    yj_sockets_free(&all->list[i].sockets);
}
