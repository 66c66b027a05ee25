#include "number.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "platform.h"

/* As "%.*g" writes it in the C locale: of a point, which may have many bytes,
 * only the place counts. Returns the length. */
static size_t write_digits(double value, int digits, char *out) {
  char text[YJ_NUMBER_SIZE + 16];
  const char *p;
  size_t n = 0;
  (void)snprintf(text, sizeof text, "%.*g", digits, value);
  for (p = text; *p != '\0'; p++)
    if (strchr("0123456789e+-", *p) != NULL)
      out[n++] = *p;
    else if (out[n - 1] != '.')
      out[n++] = '.';
  out[n] = '\0';
  return n;
}

/* Writes the fewest digits that are read as this value. Doubles differ for all
 * decimals of 15 digits, but for those so small that they have fewer bits. */
static size_t write_shortest(double value, char *out) {
  int digits = fabs(value) < DBL_MIN ? 1 : DBL_DIG;
  size_t n;
  do
    n = write_digits(value, digits, out);
  while (digits++ < YJ_NUMBER_DIGITS && yj_strtod(out) != value);
  return n;
}

size_t yj_number_write(double value, int digits, char out[YJ_NUMBER_SIZE]) {
  double size = fabs(value);
  if (!(size <= DBL_MAX))
    return 0;
  if (size < 18446744073709551616.0 && (double)(uint64_t)size == size)
    return (size_t)snprintf(out, YJ_NUMBER_SIZE, "%.0f", value);
  return digits == YJ_NUMBER_SHORTEST ? write_shortest(value, out)
                                      : write_digits(value, digits, out);
}
