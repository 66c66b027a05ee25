/* buf: compared with a plain array of bytes, and at the limits of size_t. */
#include "buf.h"
#include "harness.h"

#include <stdint.h>

static unsigned long state = 1;

static size_t pick(size_t n) {
  state = state * 16807 % 2147483647;
  return (size_t)state % n;
}

/* A buffer of all zeroes can be read, consumed, cleared and freed. */
static void test_empty(void) {
  struct yj_buf b;
  memset(&b, 0, sizeof b);
  CHECK_BYTES("empty", yj_buf_bytes(&b), yj_buf_len(&b), "");
  yj_buf_consume(&b, 5);
  yj_buf_clear(&b);
  CHECK(yj_buf_len(&b) == 0);
  CHECK(yj_buf_append(&b, NULL, 0));
  CHECK_BYTES("nothing", yj_buf_bytes(&b), yj_buf_len(&b), "");
  yj_buf_free(&b);
  yj_buf_free(&b);
  CHECK(b.data == NULL && b.cap == 0);
  CHECK(yj_buf_append(&b, "again", 5));
  CHECK_BYTES("again", yj_buf_bytes(&b), yj_buf_len(&b), "again");
  yj_buf_free(&b);
}

static void test_consume(void) {
  struct yj_buf b;
  memset(&b, 0, sizeof b);
  CHECK(yj_buf_append(&b, "ab\0cd", 5));
  yj_buf_consume(&b, 2);
  CHECK_BYTES("front gone", yj_buf_bytes(&b), yj_buf_len(&b), "\0cd");
  yj_buf_consume(&b, SIZE_MAX);
  CHECK(yj_buf_len(&b) == 0 && b.head == 0);
  yj_buf_free(&b);
}

static void test_reserve(void) {
  struct yj_buf b;
  char *room;
  memset(&b, 0, sizeof b);
  room = yj_buf_reserve(&b, 1000);
  CHECK(room != NULL && yj_buf_len(&b) == 0);
  if (room != NULL)
    memset(room, 'x', 1000);
  yj_buf_commit(&b, 3);
  CHECK_BYTES("committed", yj_buf_bytes(&b), yj_buf_len(&b), "xxx");
  CHECK(yj_buf_reserve(&b, 0) == b.data + b.tail);
  yj_buf_free(&b);
}

/* A length that would overflow is refused, and the buffer stays as it is. */
static void test_huge(void) {
  static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2,
                                 SIZE_MAX / 2 + 1};
  struct yj_buf b, before;
  size_t i;
  memset(&b, 0, sizeof b);
  CHECK(yj_buf_append(&b, "abc", 3));
  yj_buf_consume(&b, 1);
  before = b;
  for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    CHECK(yj_buf_reserve(&b, sizes[i]) == NULL);
    CHECK(memcmp(&b, &before, sizeof b) == 0);
  }
  CHECK_BYTES("kept", yj_buf_bytes(&b), yj_buf_len(&b), "bc");
  yj_buf_free(&b);
}

/* After any operations the buffer equals an array. Its memory stays a small
 * multiple of the most bytes that it has held. */
static void test_against_array(void) {
  static char all[200000];
  struct yj_buf b;
  size_t from = 0, to = 0, most = 0, i;
  int same = 1, bounded = 1;
  memset(&b, 0, sizeof b);
  for (i = 0; i < sizeof all; i++)
    all[i] = (char)pick(256);
  while (to < sizeof all && same && bounded) {
    size_t n = pick(pick(8) == 0 ? 5000 : 100);
    n = n < sizeof all - to ? n : sizeof all - to;
    same = yj_buf_append(&b, all + to, n);
    to += n;
    most = to - from > most ? to - from : most;
    n = pick(pick(8) == 0 ? 6000 : 100);
    yj_buf_consume(&b, n);
    from += n < to - from ? n : to - from;
    same = same && yj_buf_len(&b) == to - from &&
           memcmp(yj_buf_bytes(&b), all + from, to - from) == 0;
    bounded = b.cap <= 4 * most + 512;
  }
  CHECK(same);
  CHECK(bounded);
  yj_buf_free(&b);
}

/* The bytes of a queue that is never empty are moved only seldom. */
static void test_linear(void) {
  struct yj_buf b;
  long i, moved = 0;
  const char *data = NULL;
  char bytes[64];
  memset(&b, 0, sizeof b);
  memset(bytes, 'x', sizeof bytes);
  for (i = 0; i < 1000; i++)
    yj_buf_append(&b, bytes, sizeof bytes);
  for (i = 0; i < 100000; i++) {
    size_t head = b.head;
    yj_buf_append(&b, bytes, sizeof bytes);
    moved += b.head < head || b.data != data;
    data = b.data;
    yj_buf_consume(&b, sizeof bytes);
  }
  CHECK(moved < 300);
  CHECK(b.cap <= 4 * 1001 * sizeof bytes);
  yj_buf_free(&b);
}

int main(void) {
  test_empty();
  test_consume();
  test_reserve();
  test_huge();
  test_against_array();
  test_linear();
  return harness_end();
}
