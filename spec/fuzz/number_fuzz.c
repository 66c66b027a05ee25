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

/* What strtod() takes has an end; a NaN has many forms. */
static void check_reading(const char *text, size_t len) {
  char *copy;
  size_t used = 0;
  if (yj_json_read(text, len, NULL, NULL, 0, &used) != YJ_JSON_WHOLE ||
      used != len)
    return;
  if (strspn(text, "+-.0123456789xXabcdefABCDEFpP") < len)
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
  char *text;
  if (size < sizeof value)
    return 0;
  memcpy(&value, data, sizeof value);
  check_writing(value);
  size -= sizeof value;
  text = malloc(size + 1);
  REQUIRE(text != NULL);
  memcpy(text, data + sizeof value, size);
  text[size] = '\0'; /* for strspn() alone */
  check_reading(text, size);
  free(text);
  return 0;
}
