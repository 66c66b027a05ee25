/* nginx_load: what bench/nginx.sh asks of an nginx, and what it saw.
 *
 *   nginx_load streams PORT PATH STREAMS EVENTS WORKER UPSTREAM
 *
 * Opens so many streams at once; each brings EVENTS lines that say when they
 * were sent (us of CLOCK_MONOTONIC). From when all have begun until one ends it
 * notes how late they are, the CPU of the process WORKER, how late answers to
 * /slow are, a handler that sleeps 50 ms, and what others did meanwhile: the
 * part of the machine that neither these processes nor idleness had. Lost
 * events are counted to the end.
 *
 *   nginx_load abort PORT PATH TIMES UPSTREAM_PORT
 *
 * Plays the upstream as well: sends one event, has the client leave, and notes
 * how long the upstream's connection stays open.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SLOW_US 50000
#define MAX_LATE 4000000

struct stream {
  int fd;
  long events;
  size_t n; /* of the line so far */
  char line[32];
};

struct sample {
  long n;
  int32_t *us;
};

static struct sample late = {0, NULL}, slow = {0, NULL};
static int ep, port;
static long n_begun, n_ended;
static int64_t measured = INT64_MAX; /* from when on; before that is no part */

static int64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void note(struct sample *s, int64_t us) {
  if (s->us == NULL) s->us = malloc(MAX_LATE * sizeof *s->us);
  if (s->us != NULL && s->n < MAX_LATE) s->us[s->n++] = (int32_t)us;
}

static int compare(const void *a, const void *b) {
  int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

static double at(struct sample *s, double part) {
  if (s->n == 0) return -1;
  qsort(s->us, (size_t)s->n, sizeof *s->us, compare);
  return s->us[(long)((double)(s->n - 1) * part)] / 1e3;
}

/* ---- the process */

/* Nanoseconds that all its threads have run: finer than the ticks of stat. */
static double cpu_of(const char *pid) {
  char path[300];
  double sum = 0, ns;
  struct dirent *task;
  DIR *dir;
  snprintf(path, sizeof path, "/proc/%s/task", pid);
  dir = opendir(path);
  if (dir == NULL) return 0;
  while ((task = readdir(dir)) != NULL) {
    FILE *file;
    snprintf(path, sizeof path, "/proc/%s/task/%s/schedstat", pid,
             task->d_name);
    file = fopen(path, "r");
    if (file == NULL) continue;
    if (fscanf(file, "%lf", &ns) == 1) sum += ns;
    fclose(file);
  }
  closedir(dir);
  return sum;
}

static double sum_of(const char *path, int first, int last) {
  FILE *file = fopen(path, "r");
  double sum = 0, value;
  int i;
  if (file == NULL || fscanf(file, "%*s") != 0) return 0;
  for (i = 1; i <= last && fscanf(file, "%lf", &value) == 1; i++)
    if (i >= first && i != 4 && i != 5) sum += value; /* idle, iowait */
  fclose(file);
  return sum;
}

/* What is used: by the worker, by all of ours, by everybody, and the most that
 * could be; in ns. */
struct use {
  double worker, ours, all, possible;
};

static struct use use_now(char **pids) {
  double tick = 1e9 / (double)sysconf(_SC_CLK_TCK);
  struct use u;
  char self[20];
  snprintf(self, sizeof self, "%d", (int)getpid());
  u.worker = cpu_of(pids[0]);
  u.ours = u.worker + cpu_of(pids[1]) + cpu_of(self);
  u.all = sum_of("/proc/stat", 1, 8) * tick;
  u.possible = (double)now_us() * 1e3 * (double)sysconf(_SC_NPROCESSORS_ONLN);
  return u;
}

/* ---- asking */

static int dial(void) {
  struct sockaddr_in a = {.sin_family = AF_INET,
                          .sin_port = htons((uint16_t)port)};
  int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a)) die("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

static void ask(int fd, const char *path, const char *connection) {
  char text[256];
  int n = snprintf(text, sizeof text,
                   "GET %s HTTP/1.1\r\nHost: x\r\nConnection: %s\r\n\r\n", path,
                   connection);
  if (send(fd, text, (size_t)n, MSG_NOSIGNAL) != n) die("send");
}

static void watch(int fd, void *ptr) {
  struct epoll_event ev = {.events = EPOLLIN, .data.ptr = ptr};
  if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev)) die("epoll_ctl");
}

/* ---- the streams */

/* Lines of 15 digits are events; others belong to the head and the chunks. */
static void hear_line(struct stream *s, int64_t now) {
  s->line[s->n] = 0;
  if (s->n == 15 && strspn(s->line, "0123456789") == 15) {
    if (s->events++ == 0) n_begun++;
    if (atoll(s->line) >= measured) note(&late, now - atoll(s->line));
  }
  s->n = 0;
}

static void hear(struct stream *s) {
  char bytes[16384];
  ssize_t i, got = recv(s->fd, bytes, sizeof bytes, 0);
  int64_t now = now_us();
  for (i = 0; i < got; i++) {
    if (bytes[i] == '\n') hear_line(s, now);
    else if (bytes[i] != '\r' && s->n < sizeof s->line - 1)
      s->line[s->n++] = bytes[i];
  }
  if (got > 0) return;
  close(s->fd);
  n_ended++;
}

/* The neighbour: asks again as soon as it is answered. */
static int64_t asked;

static void hear_neighbour(int fd) {
  char bytes[4096];
  ssize_t got = recv(fd, bytes, sizeof bytes - 1, 0);
  if (got <= 0) return; /* an old worker has gone */
  bytes[got] = 0;
  if (strstr(bytes, "done\n") == NULL) return;
  if (asked >= measured) note(&slow, now_us() - asked - SLOW_US);
  asked = now_us();
  ask(fd, "/slow", "keep-alive");
}

static void look(int neighbour, int64_t ends) {
  struct epoll_event events[256];
  int i, n = epoll_wait(ep, events, 256, 100);
  if (now_us() > ends) {
    fputs("nginx_load: the streams do not end\n", stderr);
    exit(1);
  }
  for (i = 0; i < n; i++) {
    if (events[i].data.ptr == NULL) hear_neighbour(neighbour);
    else hear(events[i].data.ptr);
  }
}

static void run_streams(char **argv) {
  long i, n = atol(argv[4]), events = atol(argv[5]), lost = 0;
  struct stream *all = calloc((size_t)n, sizeof *all);
  int64_t ends = now_us() + events * 40000 + 20000000;
  int neighbour = dial();
  struct use from, to;
  if (all == NULL) abort();
  for (i = 0; i < n; i++) {
    all[i].fd = dial();
    ask(all[i].fd, argv[3], "close");
    watch(all[i].fd, &all[i]);
  }
  watch(neighbour, NULL);
  asked = now_us();
  ask(neighbour, "/slow", "keep-alive");
  while (n_begun < n && n_ended == 0) look(neighbour, ends);
  if (n_ended > 0) {
    fputs("nginx_load: one has ended before all have begun\n", stderr);
    exit(1);
  }
  measured = now_us();
  from = use_now(argv + 6);
  while (n_ended == 0) look(neighbour, ends);
  to = use_now(argv + 6);
  measured = INT64_MAX;
  while (n_ended < n) look(neighbour, ends);
  for (i = 0; i < n; i++) lost += events - all[i].events;
  printf("events=%ld lost=%ld p50_ms=%.3f p99_ms=%.3f us_per_event=%.2f "
         "slow_p50_ms=%.2f slow_max_ms=%.2f others=%.2f\n",
         late.n, lost, at(&late, 0.5), at(&late, 0.99),
         (to.worker - from.worker) / 1e3 / (double)late.n, at(&slow, 0.5),
         at(&slow, 1), (to.all - from.all - to.ours + from.ours) /
         (to.possible - from.possible));
}

/* ---- leaving */

static int listen_at(int there) {
  struct sockaddr_in a = {.sin_family = AF_INET,
                          .sin_port = htons((uint16_t)there)};
  int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 64))
    die("listen");
  return fd;
}

static const char ANSWER[] =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3a\r\ndata: {\"choices\":[{\"delta\":{\"content\":\"000000000001\"}}]"
    "}\n\n\r\n";

/* Reads until there is that text, or, without one, the end. */
static void read_to(int fd, const char *text) {
  static char bytes[65536];
  size_t n = 0;
  for (;;) {
    ssize_t got = recv(fd, bytes + n, sizeof bytes - 1 - n, 0);
    if (got <= 0 && text == NULL) return;
    if (got <= 0) die("the connection ended");
    n += (size_t)got;
    bytes[n] = 0;
    if (text != NULL && strstr(bytes, text) != NULL) return;
    if (text == NULL) n = 0;
  }
}

static void leave_once(const char *path, int listener) {
  int upstream, client = dial();
  int64_t from;
  ask(client, path, "close");
  upstream = accept(listener, NULL, NULL);
  read_to(upstream, "\r\n\r\n");
  if (send(upstream, ANSWER, sizeof ANSWER - 1, MSG_NOSIGNAL) < 0) die("send");
  read_to(client, "000000000001");
  usleep(20000 + (useconds_t)(rand() % 60000));
  from = now_us();
  close(client);
  read_to(upstream, NULL);
  note(&late, now_us() - from);
  close(upstream);
}

static void run_abort(char **argv) {
  int i, times = atoi(argv[4]), listener = listen_at(atoi(argv[5]));
  for (i = 0; i < times; i++) leave_once(argv[3], listener);
  printf("aborts=%d p50_ms=%.2f max_ms=%.2f\n", times, at(&late, 0.5),
         at(&late, 1));
}

int main(int argc, char **argv) {
  if (argc < 6) return 2;
  ep = epoll_create1(0);
  port = atoi(argv[2]);
  if (strcmp(argv[1], "abort") == 0) run_abort(argv);
  else if (argc > 7) run_streams(argv);
  return 0;
}
