/* Any double as text and back, and any text that JSON takes for a number,
 * against libc in the C locale.
 * with: number json
 * seeds: numbers
 * short: 20000
 * options: -max_len=900 -dict=spec/fuzz/values.dict */
#include "fuzz.h"
#include "json.h"
#include "number.h"

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
  require_same(yj_number_read(out, len), value);
}

/* Anything may follow the number, as where two values stand in a row. */
static void check_reading(const char *text, size_t len) {
  size_t used = 0;
  char *copy;
  if (len == 0 || strchr("+-.0123456789", *text) == NULL ||
      (len > 1 && (text[1] | 0x20) >= 'i' && (text[1] | 0x20) <= 'n') ||
      yj_json_read(text, len, NULL, NULL, 0, &used, NULL) !=
          YJ_JSON_WHOLE)
    return;
  copy = malloc(len + 1);
  REQUIRE(copy != NULL);
  memcpy(copy, text, len);
  copy[len] = '\0';
  require_same(yj_number_read(text, len), strtod(copy, NULL));
  free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  double value;
  if (size < sizeof value)
    return 0;
  memcpy(&value, data, sizeof value);
  check_writing(value);
  check_reading((const char *)data + sizeof value, size - sizeof value);
  return 0;
}
