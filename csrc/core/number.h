/* number: numbers as text and back, the same in every locale.
 *
 * A host may change the decimal point at any time, even for one thread. So
 * libc gets no point: of what it writes only the digits are read, and strtod()
 * reads 7e-1 instead of 0.7. The rounding is libc's. Nothing here knows Lua or
 * libcurl.
 */
#pragma once

#include <stddef.h>

#pragma GCC visibility push(hidden)

#define YJ_NUMBER_SIZE 32    /* bytes of the longest text, and a zero byte */
#define YJ_NUMBER_DIGITS 17  /* tell any double from its neighbours */
#define YJ_NUMBER_SHORTEST 0 /* the fewest digits that are read as the same */

/* Writes a finite value, and a zero byte: a whole number below 2^64 with all
 * its digits, any other with that many significant digits at most (1 to 17, or
 * YJ_NUMBER_SHORTEST), in the form of "%.17g" in the C locale. Returns its
 * length, 0 for infinity and NaN. */
size_t yj_number_write(double value, int digits, char out[YJ_NUMBER_SIZE]);

/* Reads the number at the start of a text, which yj_json_read() has accepted,
 * and which is neither infinity nor NaN. Returns the nearest double; infinity
 * for a number that is too large. */
double yj_number_read(const char *text, size_t len);

#pragma GCC visibility pop
