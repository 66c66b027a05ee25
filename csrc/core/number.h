/* number: numbers as text and back, the same in every locale.
 *
 * A host may set another decimal point at any time, for one thread alone too.
 * So libc never sees a point: what it writes is read digit by digit, whatever
 * stands between them, and strtod() is asked for 7e-1 instead of 0.7. The
 * rounding is libc's. Nothing here knows Lua or libcurl.
 */
#ifndef YJ_NUMBER_H
#define YJ_NUMBER_H

#include <stddef.h>

#pragma GCC visibility push(hidden)

#define YJ_NUMBER_SIZE 32    /* bytes of the longest text, and a zero byte */
#define YJ_NUMBER_DIGITS 17  /* tell any double from its neighbours */
#define YJ_NUMBER_SHORTEST 0 /* the fewest digits that are read as the same */

/* Writes a finite value: a whole number below 2^64 with all its digits; any
 * other with that many significant digits at most (1 to 17, or
 * YJ_NUMBER_SHORTEST), laid out as by "%.17g" in the C locale. Ends it with a
 * zero byte; returns its length, 0 for infinity and NaN. */
size_t yj_number_write(double value, int digits, char out[YJ_NUMBER_SIZE]);

/* Reads the number at the start of a text, where yj_json_read() has found one
 * that is neither infinity nor NaN: a sign, digits with a point anywhere, an
 * exponent; hex digits behind 0x. What follows it does not matter. The nearest
 * double; infinity for one that is too large. */
double yj_number_read(const char *text, size_t len);

#pragma GCC visibility pop

#endif
