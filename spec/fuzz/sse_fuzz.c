/* The lines of an event stream, at any split, against a plain reading of the
 * rules in sse.h with the whole text at hand.
 * with: sse buf
 * seeds: decoder
 * short: 20000
 * options: -max_len=512 -dict=spec/fuzz/json.dict */
#include "fuzz.h"
#include "sse.h"

#define MOST_LINES 4096
#define BYTEWISE ((size_t)200) /* the rest would take too long */

struct line {
  enum yj_line kind;
  struct yj_slice slice;
};

static struct line lines[MOST_LINES];
static size_t n_lines;

/* ---- the rules, read plainly ---- */

static int names(const struct yj_slice *line, const char *field) {
  size_t n = strlen(field);
  return line->len >= n && memcmp(line->text, field, n) == 0 &&
         (line->len == n || line->text[n] == ':');
}

static int is_passed_over(const struct yj_slice *line) {
  return line->text[0] == ':' || names(line, "event") || names(line, "id") ||
         names(line, "retry");
}

static void add_line(const char *text, size_t len) {
  struct line line = {YJ_LINE_BARE, {text, len}};
  if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
    line.slice.text = text += 3;
    line.slice.len = len -= 3;
  }
  if (len == 0) {
    line.kind = YJ_LINE_BLANK;
  } else if (names(&line.slice, "data")) {
    size_t n = len == 4 ? 4 : 5;
    line.kind = YJ_LINE_DATA;
    n += n < len && text[n] == ' ';
    line.slice.text += n;
    line.slice.len -= n;
  } else if (is_passed_over(&line.slice)) {
    return;
  }
  REQUIRE(n_lines < MOST_LINES);
  lines[n_lines++] = line;
}

static void split(const char *text, size_t len) {
  size_t at, start = 0;
  n_lines = 0;
  for (at = 0; at < len; at++) {
    if (text[at] != '\r' && text[at] != '\n')
      continue;
    add_line(text + start, at - start);
    if (text[at] == '\r' && at + 1 < len && text[at + 1] == '\n')
      at++;
    start = at + 1;
  }
  if (start < len)
    add_line(text + start, len - start);
}

/* ---- the reader ---- */

static size_t n_read;

/* Reads all there is; what is said of data beforehand must be so. */
static void drain(struct yj_sse *s, struct yj_buf *in, int ended) {
  int said = yj_sse_has_data(s, in), found = 0;
  struct yj_slice line;
  enum yj_line kind;
  while ((kind = yj_sse_next(s, in, ended, &line)) != YJ_LINE_MORE) {
    REQUIRE(n_read < n_lines);
    REQUIRE(kind == lines[n_read].kind);
    if (kind != YJ_LINE_BLANK)
      REQUIRE_BYTES(line.text, line.len, lines[n_read].slice.text,
                    lines[n_read].slice.len);
    found |= kind != YJ_LINE_BLANK;
    n_read++;
  }
  REQUIRE(ended || said == found);
}

/* In pieces of these sizes, over and over. Behind what has come nothing may
 * be looked at. */
static void read_in_pieces(const char *text, size_t len, const size_t *sizes,
                           size_t n_sizes) {
  struct yj_sse s = {0};
  struct yj_buf in = {0};
  size_t at = 0, i, n;
  n_read = 0;
  for (i = 0; at < len; i++) {
    n = sizes[i % n_sizes] < len - at ? sizes[i % n_sizes] : len - at;
    if (in.data != NULL)
      fuzz_unhide(in.data + in.tail, in.cap - in.tail);
    REQUIRE(yj_buf_append(&in, text + at, n));
    fuzz_hide(in.data + in.tail, in.cap - in.tail);
    at += n;
    drain(&s, &in, 0);
  }
  drain(&s, &in, 1);
  REQUIRE(n_read == n_lines && yj_buf_len(&in) == 0);
  yj_buf_free(&in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const size_t one = 1;
  struct fuzz_input in = {(const char *)data, size};
  size_t sizes[3], i;
  (void)fuzz_byte(&in); /* the limit of the decoder, which has the same seeds */
  for (i = 0; i < 3; i++)
    sizes[i] = fuzz_byte(&in) % 64 + 1;
  if (in.len >= MOST_LINES)
    return -1;
  split(in.text, in.len);
  read_in_pieces(in.text, in.len, &in.len, 1);
  read_in_pieces(in.text, in.len, sizes, 3);
  if (in.len <= BYTEWISE)
    read_in_pieces(in.text, in.len, &one, 1);
  return 0;
}
