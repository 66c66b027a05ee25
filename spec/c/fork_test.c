/* fork_test: a connection and a child that was forked without exec. A transfer
 * that the parent ends is closed at once, although the child also has the
 * socket. The child can not end it. Every socket always has FD_CLOEXEC.
 * ldflags: -Wl,--wrap=socket
 */
#define _GNU_SOURCE
#include "harness.h"
#include "loopback.h"
#include "pool.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"

static int opened, opened_with_cloexec;

int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol) {
  opened++;
  opened_with_cloexec += (type & SOCK_CLOEXEC) != 0;
  return __real_socket(family, type, protocol);
}

struct exchange {
  struct yj_pool *pool;
  struct yj_transfer transfer;
  int server; /* its end of the connection */
};

static int has_news(int fd, int ms) {
  struct pollfd watched = {.fd = fd, .events = POLLIN};
  return poll(&watched, 1, ms) > 0;
}

/* Begins a stream and waits for its head. */
static void begin(struct exchange *e) {
  char url[64], bytes[4096];
  int error, tries, listener = loopback_listen(1, url, sizeof url);
  struct yj_request request;
  memset(&request, 0, sizeof request);
  memset(&e->transfer, 0, sizeof e->transfer);
  request.method = "GET";
  request.url = url;
  request.proxy = "";
  request.terms.events = 1;
  e->pool = yj_pool_new(&error);
  opened = opened_with_cloexec = 0;
  if (e->pool == NULL || yj_transfer_open(&e->transfer, e->pool, &request) != 0)
    abort();
  for (tries = 0; tries < 100 && !has_news(listener, 0); tries++)
    yj_pool_wait(e->pool, 20);
  e->server = accept(listener, NULL, NULL);
  for (tries = 0; tries < 100 && !has_news(e->server, 0); tries++)
    yj_pool_wait(e->pool, 20);
  if (recv(e->server, bytes, sizeof bytes, 0) <= 0 ||
      send(e->server, HEAD, strlen(HEAD), 0) < 0)
    abort();
  for (tries = 0; tries < 100 && e->transfer.phase != YJ_ANSWERED;
       tries++)
    yj_pool_wait(e->pool, 20);
  CHECK(e->transfer.phase == YJ_ANSWERED);
  close(listener);
}

static void end(struct exchange *e) {
  yj_transfer_close(&e->transfer);
  yj_pool_close(e->pool);
}

static void test_cloexec(void) {
  struct exchange e;
  begin(&e);
  CHECK(opened > 0 && opened_with_cloexec == opened);
  end(&e);
  close(e.server);
}

/* cancel() and close() of a transfer, close() of the pool. */
static void test_parent_ends(int way) {
  struct exchange e;
  char byte;
  pid_t child;
  begin(&e);
  child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  if (way == 0)
    yj_transfer_cancel(&e.transfer);
  else if (way == 1)
    yj_transfer_close(&e.transfer);
  else
    yj_pool_close(e.pool);
  CHECK(has_news(e.server, 60000) && recv(e.server, &byte, 1, 0) <= 0);
  if (way < 2)
    yj_pool_close(e.pool);
  yj_transfer_close(&e.transfer);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  close(e.server);
}

/* The child cancels, closes and collects its copy, or only exits. */
static void test_child_ends(int way) {
  struct exchange e;
  struct yj_chunk chunk;
  int tries, status;
  pid_t child;
  begin(&e);
  child = fork();
  if (child == 0) {
    if (way == 0) {
      yj_transfer_cancel(&e.transfer);
      end(&e);
    } else if (way == 1) {
      yj_pool_close(e.pool);
      yj_transfer_close(&e.transfer);
    }
    if (way == 2)
      exit(0);
    _exit(0); /* without the leak check: curl's objects are left as they are */
  }
  waitpid(child, &status, 0);
  CHECK(status == 0);
  CHECK(!has_news(e.server, 50));
  if (send(e.server, "data: {\"content\":\"x\"}\n\n", 23, MSG_NOSIGNAL) != 23)
    abort();
  for (tries = 0; tries < 100; tries++) {
    if (yj_transfer_next(&e.transfer, YJ_CHUNKS, &chunk) == YJ_EVENT_CHUNK)
      break;
    yj_pool_wait(e.pool, 20);
  }
  CHECK(tries < 100);
  end(&e);
  close(e.server);
}

int main(void) {
  int way;
  test_cloexec();
  for (way = 0; way < 3; way++)
    test_parent_ends(way);
  for (way = 0; way < 3; way++)
    test_child_ends(way);
  return harness_end();
}
