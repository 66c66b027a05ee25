/* The documents of a text, a line each: read one after the other through
 * shape.h, and each by itself. What came before must not show. A few bytes in
 * front of the text say with what to fill up the lines, so that a small change
 * makes a row of documents that look alike.
 * with: shape json buf
 * seeds: shape json
 * short: 30000
 * options: -max_len=400 -dict=spec/fuzz/json.dict */
#include "fuzz.h"
#include "keys.h"
#include "shape.h"

#define LONGEST ((size_t)4096)

static void check_value(const struct yj_json_value *got,
                        const struct yj_json_value *want) {
  REQUIRE(got->type == want->type);
  REQUIRE(got->escaped == want->escaped);
  REQUIRE(got->text == want->text && got->len == want->len);
}

/* `behind` bytes follow the document, at which nobody may look. */
static void read_both_ways(struct yj_shape *shape, const char *text,
                           size_t len, size_t behind) {
  struct yj_json_value got[FUZZ_SLOTS], want[FUZZ_SLOTS];
  size_t got_used = 0, want_used = 0, i;
  struct yj_json_rest rest = {0}, rest_too = {0};
  fuzz_hide(text + len, behind);
  REQUIRE(yj_shape_read(shape, text, len, fuzz_keys, got, FUZZ_SLOTS,
                        &got_used, &rest) ==
          yj_json_read(text, len, fuzz_keys, want, FUZZ_SLOTS, &want_used,
                       &rest_too));
  fuzz_unhide(text + len, behind);
  REQUIRE(rest.inside == rest_too.inside && rest.top == rest_too.top);
  REQUIRE(rest.same || rest.names == rest_too.names);
  REQUIRE(got_used == want_used);
  for (i = 0; i < FUZZ_SLOTS; i++)
    check_value(&got[i], &want[i]);
}

static void read_lines(const char *text, size_t len) {
  struct yj_shape shape = {{0}, 0, 0, 0, 0, {{0}}};
  const char *end = text + len;
  while (text < end) {
    const char *stop = memchr(text, '\n', (size_t)(end - text));
    stop = stop == NULL ? end : stop;
    read_both_ways(&shape, text, (size_t)(stop - text), (size_t)(end - stop));
    text = stop + 1;
  }
  yj_shape_free(&shape);
}

/* Each `mark` in the line becomes other bytes, many times over. */
static void read_alike(const char *line, size_t len, char mark,
                       const char *fills, size_t fill_len) {
  char *all = malloc(LONGEST);
  size_t n = 0, copy, i;
  REQUIRE(all != NULL);
  for (copy = 0; copy < 12 && n < LONGEST; copy++) {
    for (i = 0; i < len && n + fill_len + 1 < LONGEST; i++) {
      size_t take = line[i] == mark ? copy % (fill_len + 1) : 1;
      memcpy(all + n, line[i] == mark ? fills : line + i, take);
      n += take;
    }
    all[n++] = '\n';
  }
  all = realloc(all, n);
  REQUIRE(all != NULL);
  read_lines(all, n);
  free(all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {(const char *)data, size};
  unsigned how = fuzz_byte(&in);
  if (how % 2 == 0 || in.len < 4)
    read_lines(in.text, in.len);
  else
    read_alike(in.text + 4, in.len - 4, in.text[0], in.text + 1, 3);
  return 0;
}
