/* number: numbers as text, the same in every locale.
 *
 * A host may change the decimal point at any time, even for one thread. The
 * rounding is libc's.
 */
#pragma once

#include <stddef.h>

#pragma GCC visibility push(hidden)

#define YJ_NUMBER_SIZE 32    /* bytes of the longest text, and a zero byte */
#define YJ_NUMBER_DIGITS 17  /* tell any double from its neighbours */
#define YJ_NUMBER_SHORTEST 0 /* the fewest digits that are read as the same */

/* Writes a finite value, and a zero byte: a whole number below 2^64 with all
 * its digits, any other as "%.*g" in the C locale, with that many digits (1 to
 * 17, or YJ_NUMBER_SHORTEST). Returns its length, 0 for infinity and NaN. */
size_t yj_number_write(double value, int digits, char out[YJ_NUMBER_SIZE]);

#pragma GCC visibility pop
