/* utf8: compared with a reader of one character after the other. */
#include "harness.h"
#include "utf8.h"

static unsigned long state = 1;

static size_t pick(size_t n) {
  state = state * 16807 % 2147483647;
  return (size_t)state % n;
}

/* The length of the character at p, told by its code point; 0: it is none. */
static size_t character(const unsigned char *p, size_t left) {
  static const unsigned long least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t n = *p < 0x80 ? 1 : *p >> 5 == 6 ? 2 : *p >> 4 == 14 ? 3
             : *p >> 3 == 30 ? 4 : 0, i;
  unsigned long code = n == 1 ? *p : *p & (0x7Fu >> n);
  if (n == 0 || n > left)
    return 0;
  for (i = 1; i < n; i++) {
    if (p[i] >> 6 != 2)
      return 0;
    code = code << 6 | (p[i] & 0x3F);
  }
  return code < least[n] || code > 0x10FFFF || code >> 11 == 0x1B ? 0 : n;
}

static size_t slowly(const char *text, size_t len) {
  size_t at = 0, n = 1;
  for (; at < len && n > 0; at += n)
    n = character((const unsigned char *)text + at, len - at);
  return at;
}

/* In memory of its own size, so that a sanitizer sees a byte too far. */
static int is_right(const char *text, size_t len) {
  char *copy = malloc(len + (len == 0));
  int right;
  if (copy == NULL)
    abort();
  memcpy(copy, text, len);
  right = yj_utf8_length(copy, len) == slowly(copy, len);
  free(copy);
  return right;
}

static const char *const SOUND[] = {"a", "plain text, long", "\n", "\xC3\xA9",
  "\xE4\xBD\xA0", "\xED\x9F\xBF", "\xEF\xBF\xBF", "\xF0\x9F\x98\x80",
  "\xF4\x8F\xBF\xBF", "\xE0\xA0\x80", "\xF0\x90\x80\x80", "\xC2\x80"};

/* Characters of all lengths; then a byte of them is another. */
static void test_any(void) {
  char text[400];
  int round, wrong = 0;
  for (round = 0; round < 50000; round++) {
    size_t len = 0, most = pick(330);
    while (len < most) {
      const char *next = SOUND[pick(sizeof SOUND / sizeof *SOUND)];
      memcpy(text + len, next, strlen(next));
      len += strlen(next);
    }
    wrong += yj_utf8_length(text, len) != len;
    wrong += !is_right(text, len - (len > 0 ? pick(len < 5 ? len : 5) : 0));
    if (len > 0)
      text[pick(len)] = (char)pick(256);
    wrong += !is_right(text, len);
  }
  CHECK(wrong == 0);
}

/* Three bytes of any kind, wherever a block begins and ends. */
static void test_places(void) {
  static const unsigned char kinds[] = {'a', 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF,
    0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF};
  const size_t n = sizeof kinds;
  char text[140];
  size_t at, i;
  for (at = 0; at < sizeof text - 4; at += at == 6 ? 52 : at == 75 ? 45 : 1) {
    int wrong = 0;
    for (i = 0; i < n * n * n; i++) {
      memset(text, 'a', sizeof text);
      text[at] = (char)kinds[i % n];
      text[at + 1] = (char)kinds[i / n % n];
      text[at + 2] = (char)kinds[i / n / n];
      text[at + 3] = (char)0x80;
      wrong += !is_right(text, sizeof text) + !is_right(text, at + 3);
    }
    CHECK(wrong == 0);
  }
}

int main(void) {
  test_any();
  test_places();
  return harness_end();
}
