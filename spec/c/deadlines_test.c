/* The cost of time limits: 10,000 transfers that run out of time one after the
 * other within a minute. The clock is the test's own, and no transfer has a
 * socket: what is counted is how often the pool looks at a deadline.
 * ldflags: -Wl,--wrap=yj_now,--wrap=yj_poller_wait -Wl,--wrap=yj_transfer_deadline,--wrap=curl_multi_add_handle
 */
#include "harness.h"
#include "pool.h"

#include <curl/curl.h>

#define MANY 10000
#define SECOND ((int64_t)1000000)
#define SPREAD (60 * SECOND)
#define GAP 10 /* as in pool.c */

int64_t __wrap_yj_now(void);
int __wrap_yj_poller_wait(struct yj_poller *p, struct yj_ready *ready, int max,
                          int ms);
int64_t __real_yj_transfer_deadline(const struct yj_transfer *t,
                                    enum yj_fault *why);
int64_t __wrap_yj_transfer_deadline(const struct yj_transfer *t,
                                    enum yj_fault *why);
CURLMcode __wrap_curl_multi_add_handle(CURLM *multi, CURL *easy);

static int64_t now = SECOND;
static unsigned long looks;

int64_t __wrap_yj_now(void) { return now; }

int __wrap_yj_poller_wait(struct yj_poller *p, struct yj_ready *ready, int max,
                          int ms) {
  (void)p, (void)ready, (void)max, (void)ms;
  return 0;
}

int64_t __wrap_yj_transfer_deadline(const struct yj_transfer *t,
                                    enum yj_fault *why) {
  looks++;
  return __real_yj_transfer_deadline(t, why);
}

CURLMcode __wrap_curl_multi_add_handle(CURLM *multi, CURL *easy) {
  (void)multi, (void)easy;
  return CURLM_OK;
}

static struct yj_transfer transfers[MANY];
static int64_t dues[MANY];

static int open_all(struct yj_pool *pool) {
  int i, failed = 0;
  for (i = 0; i < MANY; i++) {
    struct yj_request request;
    memset(&request, 0, sizeof request);
    request.method = "GET";
    request.url = "http://127.0.0.1:1/";
    request.terms.events = 1;
    request.terms.timeouts.total = 10 * SECOND + SPREAD / MANY * i;
    dues[i] = now + request.terms.timeouts.total;
    failed += yj_transfer_open(&transfers[i], pool, &request) != 0;
  }
  return failed;
}

/* Moves on to the next moment that the pool asks for, until all are over. When
 * each was over goes into `ends`. */
static void run(struct yj_pool *pool, int64_t *ends) {
  int first = 0, i;
  while (first < MANY && yj_pool_timeout(pool) != YJ_NEVER) {
    now += yj_pool_timeout(pool);
    CHECK(yj_pool_step(pool, 0) == 0);
    for (i = first; i < MANY && transfers[i].done; i++)
      ends[i] = now;
    first = i;
  }
  CHECK(first == MANY);
}

static void test_each_runs_out_in_time(const int64_t *ends) {
  int i, early = 0, late = 0, others = 0;
  for (i = 0; i < MANY; i++) {
    early += ends[i] < dues[i];
    late += ends[i] > dues[i] + GAP * MANY;
    others += transfers[i].fault != YJ_FAULT_TOTAL_TIMEOUT;
  }
  CHECK(early == 0);
  CHECK(late == 0);
  CHECK(others == 0);
}

/* No more looks than one each GAP, however many transfers there are. */
static void test_looks_are_bounded(void) {
  printf("looks at a deadline: %.0f a second\n",
         (double)looks * SECOND / SPREAD);
  CHECK(looks <= (unsigned long)(SPREAD / GAP) + 2 * MANY);
}

int main(void) {
  static int64_t ends[MANY];
  int error, i;
  struct yj_pool *pool = yj_pool_new(&error);
  if (!CHECK(pool != NULL))
    return harness_end();
  CHECK(open_all(pool) == 0);
  run(pool, ends);
  test_each_runs_out_in_time(ends);
  test_looks_are_bounded();
  for (i = 0; i < MANY; i++)
    yj_transfer_close(&transfers[i]);
  yj_pool_close(pool);
  return harness_end();
}
