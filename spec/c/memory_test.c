/* Out of memory: an exchange in which the n-th allocation fails, for n = 0, 1,
 * 2 and so on, until no allocation fails. It must not crash, hang, leak (a
 * sanitizer or valgrind detects that) or return a wrong result. libcurl's
 * allocations fail as well as ours.
 * ldflags: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup
 */
#define _GNU_SOURCE
#include "harness.h"
#include "loopback.h"
#include "pool.h"

#include <curl/curl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);

static long until_failure; /* allocations that still succeed; below 0: all */
static int has_failed;

static int fails(void) {
  if (until_failure < 0 || until_failure-- > 0)
    return 0;
  has_failed = 1;
  return 1;
}

void *__wrap_malloc(size_t n) { return fails() ? NULL : __real_malloc(n); }

void *__wrap_calloc(size_t n, size_t size) {
  return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n) {
  return fails() ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *s) { return fails() ? NULL : __real_strdup(s); }

static const char *const answers[] = {
    "HTTP/1.1 200 OK\r\nX-Y: z\r\nConnection: close\r\n\r\n"
    "data: {\"choices\":[{\"delta\":{\"content\":\"ab\\n\"}}]}\n\n"
    "data: {\"choices\":[{\"delta\":\ndata: {\"content\":\"cd\"}}]}\n\n"
    "data: {\"content\":\"e\"}{\"content\":\"f\",\"usage\":{}}\n\n"
    "data: [DONE]\n\n",
    "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\n\r\nno"};

/* Sends the answer to each request, and closes. */
static void serve(int listener, const char *answer) {
  char request[4096];
  int client;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;) {
    client = accept(listener, NULL, NULL);
    if (client < 0)
      _exit(1);
    if (read(client, request, sizeof request) > 0 &&
        write(client, answer, strlen(answer)) > 0)
      shutdown(client, SHUT_WR);
    while (read(client, request, sizeof request) > 0)
      ;
    close(client);
  }
}

static pid_t start_server(const char *answer, char *url, size_t size) {
  int listener = loopback_listen(16, url, size);
  pid_t child = fork();
  if (child == 0)
    serve(listener, answer);
  close(listener);
  return child;
}

/* Reads to the end. Returns whether it was reached. */
static int read_all(struct yj_pool *pool, struct yj_transfer *t) {
  struct yj_chunk chunk;
  enum yj_event event = YJ_EVENT_PENDING;
  int turns = 0;
  while (turns < 1000 && event <= YJ_EVENT_CHUNK) {
    event = yj_transfer_next(t, YJ_CHUNKS, &chunk);
    if (event == YJ_EVENT_PENDING) {
      yj_pool_wait(pool, 100);
      turns++;
    }
  }
  while (turns++ < 1000 && !t->done)
    yj_pool_wait(pool, 100);
  return t->done;
}

static void check_whole(const struct yj_transfer *t, const char *text) {
  const struct yj_buf *got = t->terms.events && t->status == 200
                                 ? &t->decoder.content : &t->body;
  CHECK(t->fault == YJ_FAULT_NONE && t->code == 0);
  harness_bytes(yj_buf_bytes(got), yj_buf_len(got), text, strlen(text),
                __FILE__, __LINE__, NULL);
}

/* One exchange, in a new pool. */
static void exchange(const char *url, const char *text) {
  struct yj_transfer t;
  struct yj_request request;
  struct yj_pool *pool;
  int error, done;
  memset(&t, 0, sizeof t);
  memset(&request, 0, sizeof request);
  request.method = "POST";
  request.url = url;
  request.proxy = "";
  request.terms.events = 1;
  request.terms.timeouts.total = 5000000;
  pool = yj_pool_new(&error);
  if (pool == NULL)
    return;
  if (yj_outgoing_add_header(&t.out, "X-One: 1") == 0 &&
      yj_source_add_bytes(&t.out.body, "body", 4, YJ_PLAIN) == 0 &&
      yj_transfer_open(&t, pool, &request) == 0) {
    done = read_all(pool, &t);
    CHECK(done && t.fault != YJ_FAULT_TOTAL_TIMEOUT);
    CHECK(has_failed || t.decoder.verdict != YJ_EVENT_NO_MEMORY);
    if (done && !has_failed)
      check_whole(&t, text);
  }
  yj_transfer_close(&t);
  yj_pool_close(pool);
}

static void test_exchange(const char *answer, const char *text) {
  char url[64];
  pid_t child = start_server(answer, url, sizeof url);
  long n = -1;
  do {
    until_failure = n;
    has_failed = 0;
    exchange(url, text);
    n++;
  } while (has_failed || n == 0);
  until_failure = -1;
  CHECK(n > 50);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
}

int main(void) {
  if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, __wrap_malloc, free,
                           __wrap_realloc, __wrap_strdup,
                           __wrap_calloc) != CURLE_OK)
    return 1;
  test_exchange(answers[0], "ab\ncdef");
  test_exchange(answers[1], "no");
  return harness_end();
}
