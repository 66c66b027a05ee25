/* multis: more transfers than one multi takes. The server holds its answers to
 * /N until N such requests have arrived, so that all are in flight at once.
 * Its answer has the number of connections so far and of those that are open.
 * ldflags: -Wl,--wrap=yj_poller_watch
 */
#define _GNU_SOURCE
#include "harness.h"
#include "loopback.h"
#include "pool.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST 512 /* as in multis.c */
#define MANY 1200
#define AT_ONCE 16 /* as in multis.c */
#define FILES 4096

/* ---- the server ---- */

static struct {
  int is_open, waits_for;
  size_t n;
  char in[1024];
} conns[FILES];
static int opened, open_now, epoll;

static void watch(int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
    _exit(1);
}

static void welcome(int listener) {
  int fd = accept(listener, NULL, NULL);
  if (fd < 0 || fd >= FILES)
    _exit(1);
  memset(&conns[fd], 0, sizeof conns[fd]);
  conns[fd].is_open = 1;
  opened++;
  open_now++;
  watch(fd);
}

static void answer(int fd) {
  char text[128];
  int n = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\n"
                   "Content-Length: 11\r\n\r\n%05d %05d", opened, open_now);
  conns[fd].waits_for = 0;
  conns[fd].n = 0;
  if (send(fd, text, (size_t)n, MSG_NOSIGNAL) != n)
    return; /* the client has gone; the test notices */
}

static void answer_all(int wanted) {
  int fd, n = 0;
  for (fd = 0; fd < FILES; fd++)
    n += conns[fd].is_open && conns[fd].waits_for == wanted;
  for (fd = 0; fd < FILES && n == wanted; fd++)
    if (conns[fd].is_open && conns[fd].waits_for == wanted)
      answer(fd);
}

static void hear(int fd) {
  char *in = conns[fd].in;
  ssize_t got = recv(fd, in + conns[fd].n, sizeof conns[fd].in - 1 -
                     conns[fd].n, 0);
  if (got <= 0) {
    conns[fd].is_open = 0;
    open_now--;
    close(fd);
    return;
  }
  conns[fd].n += (size_t)got;
  in[conns[fd].n] = 0;
  if (strstr(in, "\r\n\r\n") == NULL)
    return;
  conns[fd].waits_for = atoi(in + strlen("GET /"));
  answer_all(conns[fd].waits_for);
}

static void serve(int listener) {
  struct epoll_event events[64];
  int i, n;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  epoll = epoll_create1(0);
  watch(listener);
  for (;;) {
    n = epoll_wait(epoll, events, 64, -1);
    for (i = 0; i < n; i++)
      if (events[i].data.fd == listener)
        welcome(listener);
      else
        hear(events[i].data.fd);
  }
}

static char origin[64];

static pid_t start_server(void) {
  int listener = loopback_listen(MANY, origin, sizeof origin);
  pid_t child = fork();
  if (child == 0)
    serve(listener);
  close(listener);
  return child;
}

/* ---- what is tested ---- */

int __real_yj_poller_watch(struct yj_poller *p, int fd, int what, unsigned tag);
int __wrap_yj_poller_watch(struct yj_poller *p, int fd, int what, unsigned tag);

static int blind = -1; /* the multi whose sockets are no longer watched */
static unsigned char was_watched[FILES];

/* libcurl watches descriptors of its own as well: pairs, or an eventfd. */
static int is_connection(int fd) {
  struct sockaddr_storage name;
  socklen_t size = sizeof name;
  return getsockname(fd, (struct sockaddr *)&name, &size) == 0 &&
         name.ss_family == AF_INET;
}

int __wrap_yj_poller_watch(struct yj_poller *p, int fd, int what,
                           unsigned tag) {
  was_watched[fd] |= what != 0 && is_connection(fd);
  return (int)tag == blind && what != 0
             ? ENOMEM : __real_yj_poller_watch(p, fd, what, tag);
}

static struct yj_pool *pool;
static struct yj_transfer transfers[MANY];

static void open_pool(void) {
  int error;
  pool = yj_pool_new(&error);
  if (pool == NULL)
    abort();
}

/* Opens the transfers from `from` to before `to`. They are answered when
 * `wanted` requests have arrived. */
static void ask(int from, int to, int wanted) {
  struct yj_request request;
  char url[96];
  int i, good = 1;
  snprintf(url, sizeof url, "%s%d", origin, wanted);
  memset(&request, 0, sizeof request);
  request.method = "GET";
  request.url = url;
  request.proxy = "";
  request.terms.timeouts.total = 20000000;
  for (i = from; i < to; i++) {
    memset(&transfers[i], 0, sizeof transfers[i]);
    good &= yj_transfer_open(&transfers[i], pool, &request) == 0;
  }
  CHECK(good);
}

/* Closes them. Returns how many had ended for that reason. */
static int end(int from, int to, enum yj_fault fault) {
  int i, n = 0;
  for (i = from; i < to; i++) {
    while (!transfers[i].done && yj_pool_wait(pool, 1000) == 0)
      ;
    n += transfers[i].done && transfers[i].fault == fault;
    yj_transfer_close(&transfers[i]);
  }
  return n;
}

static void move_for(int ms) {
  int64_t ends = yj_now() + (int64_t)ms * 1000;
  while (yj_now() < ends)
    yj_pool_wait(pool, 20);
}

/* The numbers in the answer to the last one, which is closed. */
static void count(int *had, int *open) {
  struct yj_transfer *t = &transfers[MANY - 1];
  char text[12] = "";
  ask(MANY - 1, MANY, 1);
  while (!t->done && yj_pool_wait(pool, 1000) == 0)
    ;
  if (yj_buf_len(&t->body) < sizeof text)
    memcpy(text, yj_buf_bytes(&t->body), yj_buf_len(&t->body));
  if (sscanf(text, "%d %d", had, open) != 2)
    abort();
  yj_transfer_close(t);
}

static int connections_had(void) {
  int had, open;
  count(&had, &open);
  return had;
}

/* All at once, each on its own connection. Afterwards libcurl keeps as many
 * connections as for one multi. */
static void test_many(void) {
  int before, had, open;
  open_pool();
  before = connections_had();
  ask(0, MANY, MANY);
  CHECK(yj_pool_count(pool) == MANY);
  CHECK(end(0, MANY, YJ_FAULT_NONE) == MANY);
  CHECK(yj_pool_count(pool) == 0);
  yj_pool_step(pool, 0);
  count(&had, &open);
  CHECK(had == before + MANY - 1);
  CHECK(open <= MOST);
  yj_pool_close(pool);
}

/* Beside so many that are held, rounds of as many others: all rounds use the
 * connections of the first. */
static void test_reuse(int held, int again) {
  int before, round;
  open_pool();
  before = connections_had();
  ask(0, held, held + 1);
  for (round = 0; round < 3; round++) {
    ask(held, held + again, again);
    CHECK(end(held, held + again, YJ_FAULT_NONE) == again);
    yj_pool_step(pool, 0);
  }
  CHECK(connections_had() <= before + held + again);
  ask(held, held + 1, held + 1);
  CHECK(end(0, held + 1, YJ_FAULT_NONE) == held + 1);
  yj_pool_close(pool);
}

/* Out of memory in one multi: the others go on. */
static void test_blind(void) {
  open_pool();
  ask(0, MOST, MOST + 1);
  ask(MOST, MOST + 20, 9999);
  move_for(100);
  blind = 1;
  ask(MOST + 20, MOST + 21, 9999);
  CHECK(end(MOST, MOST + 21, YJ_FAULT_NO_MEMORY) == 21);
  blind = -1;
  CHECK(yj_pool_count(pool) == MOST);
  ask(MOST, MOST + 1, MOST + 1);
  CHECK(end(0, MOST + 1, YJ_FAULT_NONE) == MOST + 1);
  yj_pool_close(pool);
}

static void test_closed(void) {
  int had, open, turns = 0;
  open_pool();
  ask(0, MANY, 9999);
  move_for(100);
  yj_pool_close(pool);
  CHECK(end(0, MANY, YJ_FAULT_POOL) == MANY);
  open_pool();
  do {
    move_for(20);
    count(&had, &open);
  } while (open > 1 && turns++ < 250);
  CHECK(open == 1);
  yj_pool_close(pool);
}

/* The child ends its copies; the parent's transfers go on. */
static void test_forked(void) {
  int i, status = 0;
  pid_t child;
  open_pool();
  ask(0, MANY - 1, MANY);
  move_for(100);
  child = fork();
  if (child == 0) {
    int refused = yj_pool_step(pool, 0) == EPERM;
    yj_pool_close(pool);
    for (i = 0; i < MANY - 1; i++)
      yj_transfer_close(&transfers[i]);
    _exit(refused ? 0 : 1);
  }
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  ask(MANY - 1, MANY, MANY);
  CHECK(end(0, MANY, YJ_FAULT_NONE) == MANY);
  yj_pool_close(pool);
}

static int sockets_had(void) {
  int fd, n = 0;
  for (fd = 0; fd < FILES; fd++)
    n += was_watched[fd];
  return n;
}

/* The number that one step has begun. */
static int begun_by_step(int64_t budget) {
  int before = sockets_had();
  yj_pool_step(pool, budget);
  return sockets_had() - before;
}

/* One step begins some of them; with more time it begins all. One that is
 * closed before its turn does no harm. */
static void test_turns(void) {
  open_pool();
  memset(was_watched, 0, sizeof was_watched);
  ask(0, 5 * AT_ONCE, 5 * AT_ONCE - 1);
  CHECK(begun_by_step(0) == AT_ONCE);
  CHECK(yj_pool_timeout(pool) == 0);
  yj_transfer_close(&transfers[AT_ONCE]);
  CHECK(begun_by_step(1) == AT_ONCE);
  CHECK(begun_by_step(60000000) == 3 * AT_ONCE - 1);
  CHECK(begun_by_step(0) == 0);
  CHECK(end(0, AT_ONCE, YJ_FAULT_NONE) == AT_ONCE);
  CHECK(end(AT_ONCE + 1, 5 * AT_ONCE, YJ_FAULT_NONE) == 4 * AT_ONCE - 1);
  yj_pool_close(pool);
}

static int count_sent(int from, int to) {
  int i, n = 0;
  for (i = from; i < to; i++)
    n += transfers[i].phase >= YJ_ASKED;
  return n;
}

/* Beside answers that were not read yet, which may be late on a busy machine;
 * on the connections of earlier ones. */
static int begun_beside_answers(void) {
  int begun;
  open_pool();
  ask(0, 200, 200);
  while (count_sent(0, 200) < 200)
    yj_pool_wait(pool, 1000);
  usleep(200000);
  ask(200, 200 + AT_ONCE, 9999);
  yj_pool_step(pool, 0);
  begun = count_sent(200, 200 + AT_ONCE);
  CHECK(end(0, 200, YJ_FAULT_NONE) == 200);
  yj_pool_close(pool);
  CHECK(end(200, 200 + AT_ONCE, YJ_FAULT_POOL) == AT_ONCE);
  return begun;
}

static void test_busy(void) {
  int begun = 0, turns = 0;
  while (begun != 1 && turns++ < 10)
    begun = begun_beside_answers();
  CHECK(begun == 1);
}

int main(void) {
  struct rlimit files;
  pid_t child;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max < FILES ? files.rlim_max : FILES;
  if (setrlimit(RLIMIT_NOFILE, &files) != 0)
    return 1;
  child = start_server();
  test_turns();
  test_busy();
  test_many();
  test_reuse(0, 10);
  test_reuse(MOST - 100, 100);
  test_reuse(MOST, 4); /* around the size of one multi */
  test_blind();
  test_closed();
  test_forked();
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  return harness_end();
}
