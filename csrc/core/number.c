#include "number.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

/* The exact value between two doubles has 767 digits at most; of further
 * digits only matters whether all are zeroes. */
#define MOST_DIGITS 768
#define MOST_EXPONENT 100000 /* beyond it all is zero, or infinite */

static int is_digit(char c, int hex) {
  char small = (char)(c | 0x20);
  return (c >= '0' && c <= '9') || (hex && small >= 'a' && small <= 'f');
}

/* The exponent whose letter is at p, within limits; 0 without digits. */
static long read_exponent(const char *p, const char *end) {
  long value = 0, sign = 1;
  p++;
  if (p < end && (*p == '-' || *p == '+'))
    sign = *p++ == '-' ? -1 : 1;
  for (; p < end && is_digit(*p, 0) && value < 100000000; p++)
    value = value * 10 + (*p - '0');
  return sign * value;
}

/* Copies the digits from *p on to out, without point and leading zeroes, and
 * moves *p behind them. Adds to *scale how many are behind the point, less
 * those that had no room. Returns how many were copied. */
static size_t copy_digits(const char **p, const char *end, int hex, char *out,
                          long *scale) {
  int behind = 0, rest = 0;
  size_t n = 0;
  for (; *p < end && ((**p == '.' && !behind) || is_digit(**p, hex)); ++*p) {
    if (**p == '.') {
      behind = 1;
      continue;
    }
    *scale += behind;
    if (n == MOST_DIGITS) {
      *scale -= 1;
      rest |= **p != '0';
    } else if (n > 0 || **p != '0') {
      out[n++] = **p;
    }
  }
  if (rest)
    out[n - 1] = (char)(out[n - 1] == '0' ? '1' : out[n - 1]);
  return n;
}

double yj_number_read(const char *text, size_t len) {
  char plain[MOST_DIGITS + 32];
  const char *p = text, *end = text + len;
  char *o = plain;
  long scale = 0, exponent;
  int hex;
  if (p < end && (*p == '-' || *p == '+'))
    *o++ = *p++;
  hex = end - p > 1 && p[0] == '0' && (p[1] | 0x20) == 'x';
  *o++ = '0'; /* where no other digit follows */
  if (hex)
    *o++ = 'x';
  p += hex ? 2 : 0;
  o += copy_digits(&p, end, hex, o, &scale);
  exponent = hex ? -4 * scale : -scale;
  if (p < end && (*p | 0x20) == (hex ? 'p' : 'e'))
    exponent += read_exponent(p, end);
  if (labs(exponent) > MOST_EXPONENT)
    exponent = exponent < 0 ? -MOST_EXPONENT : MOST_EXPONENT;
  (void)snprintf(o, sizeof plain - (size_t)(o - plain), "%c%ld",
                 hex ? 'p' : 'e', exponent);
  return strtod(plain, NULL);
}

/* ---- writing ---- */

/* Writes the first n digits of a value that is not negative, rounded, and a
 * zero byte; returns the power of ten of the first. */
static int write_digits(double value, int n, char *digits) {
  char text[YJ_NUMBER_SIZE + 16]; /* and a point of many bytes */
  const char *p;
  (void)snprintf(text, sizeof text, "%.*e", n - 1, value);
  for (p = text; *p != 'e'; p++)
    if (is_digit(*p, 0))
      *digits++ = *p;
  *digits = '\0';
  return (int)read_exponent(p, text + strlen(text));
}

/* Writes the fewest digits that are read as this value. Doubles differ for all
 * decimals of 15 digits, but for those so small that they have fewer bits. */
static int write_shortest(double value, char *digits) {
  char text[YJ_NUMBER_SIZE];
  int n = value < DBL_MIN ? 1 : DBL_DIG, exponent;
  for (;; n++) {
    exponent = write_digits(value, n, digits);
    (void)snprintf(text, sizeof text, "%se%d", digits, exponent - n + 1);
    if (n == YJ_NUMBER_DIGITS || strtod(text, NULL) == value)
      return exponent;
  }
}

/* The length without the zeroes at the end. */
static int significant(const char *digits) {
  int n = (int)strlen(digits);
  while (n > 1 && digits[n - 1] == '0')
    n--;
  return n;
}

/* Writes 0.00012, 12.5 or 1.25e-07. */
static int lay_out(const char *digits, int exponent, char *out, size_t size) {
  int n = significant(digits), whole = exponent + 1;
  if (exponent < -4 || exponent >= YJ_NUMBER_DIGITS)
    return snprintf(out, size, "%c%s%.*se%+03d", digits[0], n > 1 ? "." : "",
                    n - 1, digits + 1, exponent);
  if (exponent < 0)
    return snprintf(out, size, "0.%.*s%.*s", -exponent - 1, "000", n, digits);
  if (n <= whole)
    return snprintf(out, size, "%.*s%.*s", n, digits, whole - n,
                    "0000000000000000");
  return snprintf(out, size, "%.*s.%.*s", whole, digits, n - whole,
                  digits + whole);
}

size_t yj_number_write(double value, int digits, char out[YJ_NUMBER_SIZE]) {
  char written[YJ_NUMBER_DIGITS + 1];
  double size = fabs(value);
  int exponent, len;
  if (!(size <= DBL_MAX))
    return 0;
  if (size < 18446744073709551616.0 && (double)(uint64_t)size == size)
    return (size_t)snprintf(out, YJ_NUMBER_SIZE, "%.0f", value);
  exponent = digits == YJ_NUMBER_SHORTEST
                 ? write_shortest(size, written)
                 : write_digits(size, digits, written);
  *out = '-';
  out += value < 0;
  len = lay_out(written, exponent, out, YJ_NUMBER_SIZE - 1);
  return (size_t)len + (value < 0);
}
