/* Any double as text, against libc in the C locale.
 * with: number platform_posix
 * seeds: numbers
 * short: 20000
 * options: -max_len=8 */
#include "fuzz.h"
#include "number.h"
#include "platform.h"

#include <math.h>

static void require_same(double got, double want) {
  REQUIRE_BYTES((const char *)&got, sizeof got, (const char *)&want,
                sizeof want);
}

static void check_writing(double value) {
  char out[YJ_NUMBER_SIZE], want[32];
  size_t len = yj_number_write(value, YJ_NUMBER_DIGITS, out);
  if (!isfinite(value)) {
    REQUIRE(len == 0);
    return;
  }
  snprintf(want, sizeof want,
           fabs(value) < 18446744073709551616.0 && floor(value) == value
               ? "%.0f" : "%.17g", value);
  REQUIRE_BYTES(out, len, want, strlen(want));
  len = yj_number_write(value, YJ_NUMBER_SHORTEST, out);
  REQUIRE(len == strlen(out) && len <= strlen(want));
  require_same(strtod(out, NULL), value);
  require_same(yj_strtod(out), value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  double value;
  if (size < sizeof value)
    return 0;
  memcpy(&value, data, sizeof value);
  check_writing(value);
  return 0;
}
