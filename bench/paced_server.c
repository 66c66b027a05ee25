/* paced_server: chat streams at a steady pace, as the platform sends them.
 *
 *   paced_server PORT
 *
 *   POST /paced/EVENTS/GAP/...  so many events, GAP ms apart, then [DONE]
 *   POST /paced/EVENTS/GAP/WAIT/...  one event more at once, then WAIT ms nothing
 *   POST /idle/...              one event, then silence
 *   POST /slow/MS/...           a whole answer, after so long
 *
 * The content of an event is when it was sent: microseconds of
 * CLOCK_MONOTONIC. Streams begin anywhere within one gap, so that they do not
 * go in step. One thread, one epoll; GAP + WAIT and MS are below 8192.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <netinet/tcp.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 8192 /* of a wheel that turns one a millisecond */

static const char EVENT[] =
    "data: {\"id\": \"chatcmpl-2665dfd8-e05f-9d7f-adff-3c53c174a454\", "
    "\"object\": \"chat.completion.chunk\", \"created\": 1775019761, "
    "\"choices\": [{\"delta\": {\"content\": \"%015lld\", \"role\": null}, "
    "\"index\": 0}], \"model\": \"qwen3-max\", \"reasoning_content\": null, "
    "\"content\": \"%015lld\", \"finish\": \"0\", "
    "\"llmusageid\": \"K9_veNBxeqvrFfbGWXs0R\"}\n\n";
static const char DONE[] = "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n";
static const char HEAD[] = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                           "Transfer-Encoding: chunked\r\n\r\n";
static const char ANSWER[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 67\r\n\r\n"
    "{\"choices\":[{\"message\":{\"content\":\"slow\"},\"finish_reason\":\"stop\"}]}";

struct conn {
  int fd;            /* -1: closed, and freed when its slot comes */
  int is_due;        /* it stands in a slot */
  int answers;       /* a whole answer is due, not an event */
  long left;         /* events to send */
  int gap;           /* ms */
  struct conn *next; /* in its slot */
  size_t n;
  char in[2048];     /* a request, as far as it has come */
};

static int ep;
static struct conn *slots[SLOTS];
static long n_due;
static int64_t turned; /* the wheel, in ms */

static int64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void drop(struct conn *c) {
  close(c->fd);
  c->fd = -1;
  if (!c->is_due) free(c);
}

/* One that does not keep up spoils the figures; one that has left is read as
 * closed soon. */
static void put(struct conn *c, const void *bytes, size_t n) {
  ssize_t sent = send(c->fd, bytes, n, MSG_NOSIGNAL);
  if (sent == (ssize_t)n || (sent < 0 && errno != EAGAIN)) return;
  fputs("paced_server: a reader is too slow\n", stderr);
  exit(1);
}

static void schedule(struct conn *c, int64_t ms) {
  struct conn **slot = &slots[ms % SLOTS];
  c->next = *slot;
  *slot = c;
  c->is_due = 1;
  n_due++;
}

static void send_event(struct conn *c) {
  char event[512], framed[600];
  long long now = now_us();
  int n = snprintf(event, sizeof event, EVENT, now, now);
  n = snprintf(framed, sizeof framed, "%x\r\n%s\r\n", n, event);
  put(c, framed, (size_t)n);
}

static void be_due(struct conn *c) {
  if (c->answers) put(c, ANSWER, sizeof ANSWER - 1);
  else if (c->left > 0) send_event(c);
  else put(c, DONE, sizeof DONE - 1);
  if (c->answers || c->left-- <= 0) return;
  schedule(c, turned + c->gap);
}

static void turn(void) {
  struct conn *c = slots[turned % SLOTS], *next;
  slots[turned % SLOTS] = NULL;
  for (; c; c = next) {
    next = c->next;
    c->is_due = 0;
    n_due--;
    if (c->fd < 0) free(c);
    else be_due(c);
  }
}

static void answer(struct conn *c) {
  long a = 0, b = 0, wait = 0;
  c->n = 0;
  if ((c->answers = sscanf(c->in, "POST /slow/%ld/", &a) == 1)) {
    schedule(c, turned + a);
    return;
  }
  put(c, HEAD, sizeof HEAD - 1);
  if (sscanf(c->in, "POST /paced/%ld/%ld/%ld/", &a, &b, &wait) >= 2) {
    c->left = a;
    c->gap = (int)b;
    if (wait > 0) send_event(c);
    schedule(c, turned + 1 + wait + rand() % b);
  } else {
    send_event(c);
  }
}

static int is_whole(const struct conn *c) {
  const char *end = strstr(c->in, "\r\n\r\n");
  const char *length = strcasestr(c->in, "\r\nContent-Length:");
  size_t body = length ? strtoul(length + 17, NULL, 10) : 0;
  return end && c->n >= (size_t)(end + 4 - c->in) + body;
}

static void hear(struct conn *c) {
  ssize_t got = recv(c->fd, c->in + c->n, sizeof c->in - 1 - c->n, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    drop(c);
    return;
  }
  c->n += (size_t)got;
  c->in[c->n] = 0;
  if (is_whole(c)) answer(c);
}

static void watch(int fd, void *ptr) {
  struct epoll_event ev = {.events = EPOLLIN, .data.ptr = ptr};
  if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev)) { perror("epoll_ctl"); exit(1); }
}

static void welcome(int listener) {
  int fd, one = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    struct conn *c = calloc(1, sizeof *c);
    if (!c) abort();
    c->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    watch(fd, c);
  }
}

static int listen_at(int port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 4096)) {
    perror("paced_server: listen");
    exit(1);
  }
  return fd;
}

int main(int argc, char **argv) {
  struct epoll_event events[256];
  struct rlimit files;
  int i, n, listener = listen_at(argc > 1 ? atoi(argv[1]) : 0);
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  ep = epoll_create1(0);
  watch(listener, NULL);
  turned = now_us() / 1000;
  for (;;) {
    n = epoll_wait(ep, events, 256, n_due > 0 ? 1 : -1);
    if (n_due == 0) turned = now_us() / 1000;
    for (i = 0; i < n; i++) {
      if (events[i].data.ptr) hear(events[i].data.ptr);
      else welcome(listener);
    }
    while (turned < now_us() / 1000) {
      turned++;
      turn();
    }
  }
}
