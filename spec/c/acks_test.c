/* acks: over TCP, from senders that wait for acknowledgements (Nagle's
 * algorithm) and that do not. Where the system does not go by TCP_QUICKACK as
 * Linux does, there is nothing to find. */
#define _GNU_SOURCE
#include "acks.h"
#include "harness.h"
#include "loopback.h"
#include "poller.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define GAP 5000 /* us from one event to the next */

static const char EVENT[] = "data: an event\n\n";

/* One after the other, for as long as somebody takes them. */
static void send_events(int fd, int waits) {
  int at_once = !waits;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  while (send(fd, EVENT, sizeof EVENT - 1, MSG_NOSIGNAL) > 0)
    usleep(GAP);
  _exit(0);
}

struct sender {
  pid_t child;
  int fd; /* what it sends comes out of here */
};

static struct sender start_sender(int waits) {
  struct sender s;
  int pair[2];
  loopback_connect(0, pair);
  s.fd = pair[0];
  s.child = fork();
  if (s.child == 0) {
    close(pair[0]);
    send_events(pair[1], waits);
  }
  close(pair[1]);
  return s;
}

static void stop_sender(struct sender s) {
  close(s.fd);
  kill(s.child, SIGKILL);
  waitpid(s.child, NULL, 0);
}

static void read_events(struct sender s, struct yj_acks *acks, int n) {
  char bytes[4096];
  int i;
  for (i = 0; i < n && recv(s.fd, bytes, sizeof bytes, 0) > 0; i++)
    if (i % YJ_ACKS_EVERY == 0)
      yj_acks_spare(acks, s.fd, yj_now());
}

/* What is found out by reading for as long as it takes. */
static int are_spared_by(int waits) {
  struct sender s = start_sender(waits);
  struct yj_acks acks;
  memset(&acks, 0, sizeof acks);
  read_events(s, &acks, 1);
  CHECK(acks.tried == s.fd && !acks.are_spared);
  while (acks.tried != 0)
    read_events(s, &acks, YJ_ACKS_EVERY);
  stop_sender(s);
  return acks.are_spared;
}

/* A machine that stands still for a moment looks like one that waits. */
static int are_spared_at_last(void) {
  int turns = 0;
  while (turns++ < 20)
    if (are_spared_by(0))
      return 1;
  return 0;
}

/* What was found out holds for others, and not for ever. */
static void test_for_a_while(void) {
  struct sender one = start_sender(0);
  struct yj_acks acks;
  acks.are_spared = 1;
  acks.tried = 0;
  acks.since = yj_now() - 30000000;
  read_events(one, &acks, 1);
  CHECK(acks.are_spared && acks.tried == 0);
  acks.since = yj_now() - 90000000;
  read_events(one, &acks, 1);
  CHECK(!acks.are_spared && acks.tried == one.fd);
  stop_sender(one);
}

/* Beside one that is tried no other is, for a while. */
static void test_one_at_a_time(void) {
  struct sender one = start_sender(0), other = start_sender(0);
  struct yj_acks acks;
  memset(&acks, 0, sizeof acks);
  read_events(one, &acks, 1);
  read_events(other, &acks, 1);
  CHECK(acks.tried == one.fd);
  acks.since = yj_now() - 60000000;
  read_events(other, &acks, 1);
  CHECK(acks.tried == other.fd);
  stop_sender(one);
  stop_sender(other);
}

/* Whether the system goes by it until the first wait for nothing. */
static int is_known(void) {
#ifdef TCP_QUICKACK
  int pair[2], quick = 0, before = 1, after = 0;
  socklen_t size = sizeof quick;
  char bytes[64];
  loopback_connect(0, pair);
  setsockopt(pair[0], IPPROTO_TCP, TCP_QUICKACK, &quick, size);
  if (send(pair[1], EVENT, sizeof EVENT - 1, 0) < 0 ||
      recv(pair[0], bytes, sizeof bytes, 0) < 0)
    abort();
  getsockopt(pair[0], IPPROTO_TCP, TCP_QUICKACK, &before, &size);
  usleep(300000);
  getsockopt(pair[0], IPPROTO_TCP, TCP_QUICKACK, &after, &size);
  close(pair[0]);
  close(pair[1]);
  return !before && after;
#else
  return 0;
#endif
}

int main(void) {
  test_one_at_a_time();
  test_for_a_while();
  if (is_known()) {
    CHECK(are_spared_at_last());
    CHECK(!are_spared_by(1));
  }
  return harness_end();
}
