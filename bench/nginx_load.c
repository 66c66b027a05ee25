/* nginx_load: what bench/nginx.sh asks of a proxy, and what it saw.
 *
 *   nginx_load streams PORT PATH VISITORS EVENTS PID
 *
 * Opens so many streams at once; each brings EVENTS lines that say when they
 * were sent (us of CLOCK_MONOTONIC), alone or as an event's content. It notes
 * how long it takes until all have begun, and the CPU of the process PID
 * meanwhile; from then until one ends, how late the events are, the CPU, and
 * how late answers to /slow are, a handler that sleeps 50 ms. Lost events are
 * counted to the end.
 *
 *   nginx_load visits PORT PATH VISITORS VISITS PID
 *
 * So many visitors at once, each of whom leaves when the stream ends; another
 * comes then, until there have been VISITS. Notes the CPU of PID for a visit,
 * and how long one takes; not of the first fifth, which warms it up.
 *
 *   nginx_load leave PORT PATH TIMES UPSTREAM_PORT
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
  int64_t asked;
  long events;
  size_t n; /* of the line so far */
  char line[512];
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
    if (task->d_name[0] == '.') continue; /* ".." is the process */
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

/* When the event of this line was sent, or 0: the line belongs to the head or
 * to the frame of a chunk. */
static int64_t sent_at(const char *line) {
  static const char CONTENT[] = "\"content\": \"";
  const char *found = strstr(line, CONTENT);
  const char *digits = found == NULL ? line : found + sizeof CONTENT - 1;
  return strspn(digits, "0123456789") == 15 ? atoll(digits) : 0;
}

static void hear_line(struct stream *s, int64_t now) {
  int64_t sent;
  s->line[s->n] = 0;
  s->n = 0;
  sent = sent_at(s->line);
  if (sent == 0) return;
  if (s->events++ == 0) n_begun++;
  if (sent >= measured) note(&late, now - sent);
}

/* Returns whether it has ended. */
static int hear(struct stream *s) {
  char bytes[16384];
  ssize_t i, got = recv(s->fd, bytes, sizeof bytes, 0);
  int64_t now = now_us();
  for (i = 0; i < got; i++) {
    if (bytes[i] == '\n') hear_line(s, now);
    else if (bytes[i] != '\r' && s->n < sizeof s->line - 1)
      s->line[s->n++] = bytes[i];
  }
  if (got > 0) return 0;
  close(s->fd);
  n_ended++;
  return 1;
}

static void begin(struct stream *s, const char *path) {
  memset(s, 0, sizeof *s);
  s->fd = dial();
  s->asked = now_us();
  ask(s->fd, path, "close");
  watch(s->fd, s);
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
  int64_t begun, began = now_us(), ends = began + events * 40000 + 20000000;
  int neighbour = dial();
  double before = cpu_of(argv[6]), from, to;
  if (all == NULL) abort();
  for (i = 0; i < n; i++) begin(&all[i], argv[3]);
  watch(neighbour, NULL);
  asked = now_us();
  ask(neighbour, "/slow", "keep-alive");
  while (n_begun < n && n_ended == 0) look(neighbour, ends);
  if (n_ended > 0) {
    fputs("nginx_load: one has ended before all have begun\n", stderr);
    exit(1);
  }
  begun = measured = now_us();
  from = cpu_of(argv[6]);
  while (n_ended == 0) look(neighbour, ends);
  to = cpu_of(argv[6]);
  measured = INT64_MAX;
  while (n_ended < n) look(neighbour, ends);
  for (i = 0; i < n; i++) lost += events - all[i].events;
  printf("events=%ld lost=%ld p50_ms=%.3f p99_ms=%.3f us_per_event=%.2f "
         "slow_p50_ms=%.2f slow_max_ms=%.2f begun_ms=%.1f open_us=%.0f\n",
         late.n, lost, at(&late, 0.5), at(&late, 0.99),
         (to - from) / 1e3 / (double)late.n, at(&slow, 0.5), at(&slow, 1),
         (double)(begun - began) / 1e3, (from - before) / 1e3 / (double)n);
}

/* ---- visits */

static struct stream *next_end(void) {
  for (;;) {
    struct epoll_event event;
    int n = epoll_wait(ep, &event, 1, 10000);
    if (n == 0) {
      fputs("nginx_load: the streams do not end\n", stderr);
      exit(1);
    }
    if (n > 0 && hear(event.data.ptr)) return event.data.ptr;
  }
}

static void run_visits(char **argv) {
  long n = atol(argv[4]), visits = atol(argv[5]), warm = visits / 5, begun;
  struct stream *all = calloc((size_t)n, sizeof *all);
  double from = 0;
  if (all == NULL) abort();
  for (begun = 0; begun < n && begun < visits; begun++)
    begin(&all[begun], argv[3]);
  while (n_ended < visits) {
    struct stream *s = next_end();
    if (n_ended > warm) note(&late, now_us() - s->asked);
    if (n_ended == warm) from = cpu_of(argv[6]);
    if (begun++ < visits) begin(s, argv[3]);
  }
  printf("visits=%ld us_per_visit=%.1f p50_ms=%.2f p99_ms=%.2f\n", late.n,
         (cpu_of(argv[6]) - from) / 1e3 / (double)late.n, at(&late, 0.5),
         at(&late, 0.99));
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

static void run_leave(char **argv) {
  int i, times = atoi(argv[4]), listener = listen_at(atoi(argv[5]));
  for (i = 0; i < times; i++) leave_once(argv[3], listener);
  printf("times=%d p50_ms=%.2f max_ms=%.2f\n", times, at(&late, 0.5),
         at(&late, 1));
}

int main(int argc, char **argv) {
  if (argc < 6) return 2;
  ep = epoll_create1(0);
  port = atoi(argv[2]);
  if (strcmp(argv[1], "leave") == 0) run_leave(argv);
  else if (argc > 6 && strcmp(argv[1], "visits") == 0) run_visits(argv);
  else if (argc > 6) run_streams(argv);
  return 0;
}
