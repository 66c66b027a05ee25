/* number: compared with libc in the C locale, and in locales with other
 * points.
 * ldflags: -lm */
#define _POSIX_C_SOURCE 200809L
#include "harness.h"
#include "number.h"
#include "platform.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>

static uint64_t state = 88172645463325252u;

static uint64_t pick(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

/* Any bits, or a decimal of few digits. */
static double pick_double(void) {
  uint64_t bits = pick();
  double value;
  if (bits % 3 == 0) {
    char text[40];
    snprintf(text, sizeof text, "%de%d", (int)(pick() % 2000001) - 1000000,
             (int)(pick() % 30) - 20);
    return yj_strtod(text);
  }
  bits = pick();
  memcpy(&value, &bits, sizeof value);
  return value;
}

static int same(double a, double b) { return memcmp(&a, &b, sizeof a) == 0; }

static void check_text(double value, int digits, const char *want) {
  char out[YJ_NUMBER_SIZE] = "";
  size_t len = yj_number_write(value, digits, out);
  CHECK_IN(want, len == strlen(want) && strcmp(out, want) == 0);
  if (strcmp(out, want) != 0)
    fprintf(stderr, "  got [%s]\n", out);
}

static void test_texts(void) {
  static const struct {
    double value;
    const char *shortest, *seventeen;
  } rows[] = {
      {0, "0", "0"},
      {-0.0, "-0", "-0"},
      {1, "1", "1"},
      {-1.5, "-1.5", "-1.5"},
      {0.1, "0.1", "0.10000000000000001"},
      {0.7, "0.7", "0.69999999999999996"},
      {0.30000000000000004, "0.30000000000000004", "0.30000000000000004"},
      {0.33333333333333331, "0.3333333333333333", "0.33333333333333331"},
      {1775019761.123456, "1775019761.123456", "1775019761.1234560013"},
      {1e-4, "0.0001", "0.0001"},
      {0.00012, "0.00012", "0.00012"},
      {1.25e-5, "1.25e-05", "1.25e-05"},
      {1e15, "1000000000000000", "1000000000000000"},
      {9007199254740993.0, "9007199254740992", "9007199254740992"},
      {9223372036854775807.0, "9223372036854775808", "9223372036854775808"},
      {-9223372036854775808.0, "-9223372036854775808", "-9223372036854775808"},
      {18446744073709549568.0, "18446744073709549568", "18446744073709549568"},
      {18446744073709551616.0, "1.8446744073709552e+19",
       "1.8446744073709552e+19"},
      {1e100, "1e+100", "1e+100"},
      {-1e300, "-1e+300", "-1.0000000000000001e+300"},
      {DBL_MAX, "1.7976931348623157e+308", "1.7976931348623157e+308"},
      {DBL_MIN, "2.2250738585072014e-308", "2.2250738585072014e-308"},
      {4.9406564584124654e-324, "5e-324", "4.9406564584124654e-324"}};
  char want[64];
  size_t i;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    check_text(rows[i].value, YJ_NUMBER_SHORTEST, rows[i].shortest);
    snprintf(want, sizeof want, "%.17g", rows[i].value);
    if (fabs(rows[i].value) < 18446744073709551616.0 &&
        floor(rows[i].value) == rows[i].value)
      snprintf(want, sizeof want, "%.0f", rows[i].value);
    check_text(rows[i].value, 17, want);
  }
}

static void test_refused(void) {
  char out[YJ_NUMBER_SIZE];
  CHECK(yj_number_write(HUGE_VAL, 0, out) == 0);
  CHECK(yj_number_write(-HUGE_VAL, 17, out) == 0);
  CHECK(yj_number_write(HUGE_VAL - HUGE_VAL, 0, out) == 0);
}

static void test_readings(void) {
  static const char *const texts[] = {
      "0", "-0", "+5", "5.", ".5", "-.5e1", "1e5", "1E+05", "1e-5", "00012.50",
      "1e400", "-1e400", "1e-400", "0e999999999999999999999",
      "1e99999999999999999999", "1e-99999999999999999999", "0x1F", "0x.8",
      "-0x1.8p3", "0X1.8P-3", "0xA", "123456789012345678901234567890",
      "2.2250738585072011e-308", "1.7976931348623159e308",
      "9007199254740993", "9007199254740992.99999999999999999999",
      "0.500000000000000166533453693773481063544750213623046875",
      "1.5x", "1.5.5", "1e", "1e+", "1e5e5", "12z99999999999999999999",
      "0x", "0x1e5", "0x1.8p", "0xg", "7,5", "1.p5", "0x.8.8"};
  size_t i;
  for (i = 0; i < sizeof texts / sizeof *texts; i++)
    CHECK_IN(texts[i], same(yj_strtod(texts[i]), strtod(texts[i], NULL)));
}

/* Exactly between two doubles, or just above. */
static void test_long(void) {
  char text[3000];
  size_t len;
  int n, last;
  for (n = 740; n < 2900; n += 97)
    for (last = 0; last < 2; last++) {
      memset(text, '0', sizeof text);
      memcpy(text, "9007199254740993.", 17);
      text[n] = (char)('0' + last);
      len = (size_t)n + 1;
      text[len] = '\0';
      CHECK_IN(text, same(yj_strtod(text), strtod(text, NULL)));
      memcpy(text, "0.0000", 6); /* and after many zeroes */
      CHECK_IN(text, same(yj_strtod(text), strtod(text, NULL)));
    }
  memset(text, '9', sizeof text);
  text[2990] = '\0';
  CHECK(same(yj_strtod(text), strtod(text, NULL)));
  memcpy(text + 2980, "e-2970", 7);
  CHECK(same(yj_strtod(text), strtod(text, NULL)));
}

/* As "%.17g" writes it, and shortest: it is read as the same number, and no
 * text with one digit less is, except for rare numbers at a power of two. */
static void test_round_trip(int rounds) {
  char out[YJ_NUMBER_SIZE], want[400];
  int i, odd = 0;
  for (i = 0; i < rounds; i++) {
    double value = pick_double();
    if (!(fabs(value) <= DBL_MAX))
      continue;
    yj_number_write(value, 17, out);
    snprintf(want, sizeof want,
             fabs(value) < 18446744073709551616.0 && floor(value) == value
                 ? "%.0f" : "%.17g", value);
    odd += strcmp(out, want) != 0 || !same(strtod(out, NULL), value);
    odd += !same(yj_strtod(want), value);
    yj_number_write(value, YJ_NUMBER_SHORTEST, out);
    odd += !same(strtod(out, NULL), value) || !same(yj_strtod(out), value);
  }
  CHECK(odd == 0);
}

/* Texts that no double is written as. */
static void test_against_strtod(int rounds) {
  static const char alphabet[] = "00112345678999";
  char text[64];
  int i, k, odd = 0;
  for (i = 0; i < rounds; i++) {
    int n = 1 + (int)(pick() % 40), point = (int)(pick() % 60);
    for (k = 0; k < n; k++)
      text[k] = k == point ? '.' : alphabet[pick() % 14];
    if (n == 1)
      text[0] = '7';
    snprintf(text + n, sizeof text - (size_t)n, "e%d",
             (int)(pick() % 700) - 350);
    odd += !same(yj_strtod(text), strtod(text, NULL));
  }
  CHECK(odd == 0);
}

/* glibc never frees its copy of $LOCPATH. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:argz"; }

/* musl takes every name, and has a point in all locales. */
static int has_another_point(const char *locale) {
  char out[YJ_NUMBER_SIZE];
  if (setlocale(LC_ALL, locale) == NULL)
    return 0;
  snprintf(out, sizeof out, "%.1f", 0.5);
  return strcmp(out, "0.5") != 0;
}

/* The checks above ran in the C locale. `make locales` builds the others. */
static void test_locales(void) {
  static const char *const names[] = {"de_DE.UTF-8", "ps_AF.UTF-8"};
  size_t i;
  setenv("LOCPATH", "build/locales", 0);
  for (i = 0; i < sizeof names / sizeof *names; i++) {
    if (!has_another_point(names[i])) {
      harness_skip(names[i]);
      continue;
    }
    CHECK_IN(names[i], yj_strtod("0.5") < 0.75 && yj_strtod("0.5") > 0.25);
    CHECK_IN(names[i], same(yj_strtod("0x1.8p1"), 3));
    check_text(0.7, YJ_NUMBER_SHORTEST, "0.7");
    check_text(-1.25e-5, 17, "-1.2500000000000001e-05");
    check_text(1e15 + 0.5, YJ_NUMBER_SHORTEST, "1000000000000000.5");
    setlocale(LC_ALL, "C");
  }
}

int main(void) {
  test_texts();
  test_refused();
  test_readings();
  test_long();
  test_round_trip(20000);
  test_against_strtod(20000);
  test_locales();
  return harness_end();
}
