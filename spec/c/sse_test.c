/* sse: every input, split at every place, in a block of exactly its size. */
#include "harness.h"
#include "sse.h"

#define BOM "\xEF\xBB\xBF"

/* A text and its expected lines: D, B or | for data, a bare line or a blank
 * line, with the line's text behind D and B. */
static const struct {
  const char *name, *bytes, *want;
  size_t len, want_len; /* 0: up to the zero byte */
} rows[] = {
    {"nothing", "", "", 0, 0},
    {"an event", "data: a\n\n", "Da|", 0, 0},
    {"no blank", "data:a\n", "Da", 0, 0},
    {"one blank of two", "data:  a\n", "D a", 0, 0},
    {"a tab is no blank", "data:\ta\n", "D\ta", 0, 0},
    {"CRLF", "data: a\r\n\r\ndata: b\r\n", "Da|Db", 0, 0},
    {"CR", "data: a\r\rdata: b\r", "Da|Db", 0, 0},
    {"all three", "data: a\rdata: b\ndata: c\r\n\n\r\r\n", "DaDbDc|||", 0, 0},
    {"LF CR", "a\n\rb\n", "Ba|Bb", 0, 0},
    {"a mark", BOM "data: a\n", "Da", 0, 0},
    {"a mark and nothing", BOM, "|", 0, 0},
    {"a mark and an end", BOM "\n", "|", 0, 0},
    {"half a mark", "\xEF\xBB", "B\xEF\xBB", 0, 0},
    {"no mark", "\xEF\xBBx\n", "B\xEF\xBBx", 0, 0},
    {"two marks", BOM BOM "\n", "B" BOM, 0, 0},
    {"a mark in the middle", "\n" BOM "data: a\n", "|Da", 0, 0},
    {"comments", ": x\n:\n::\ndata: a\n", "Da", 0, 0},
    {"other fields", "event: a\nid\nretry: 1\nid:\nevent:x\n", "", 0, 0},
    {"data alone", "data\ndata:\ndata: \n", "DDD", 0, 0},
    {"not quite fields", "datax: a\nidx\n event: a\nData: a\n",
     "Bdatax: aBidxB event: aBData: a", 0, 0},
    {"other names", "foo: bar\n", "Bfoo: bar", 0, 0},
    {"a last line not ended", "data: a\n\ndata: b", "Da|Db", 0, 0},
    {"a last bare line", "{\"a\":\n1}", "B{\"a\":B1}", 0, 0},
    {"a last comment", ": x", "", 0, 0},
    {"a last CR", "a\r", "Ba", 0, 0},
    {"blanks", " \n\t\n", "B B\t", 0, 0},
    {"colons", "data:::\n:data\n", "D::", 0, 0},
    {"a zero byte", "data: a\0b\n\0\n", "Da\0bB\0", 12, 6},
};

static size_t length_of(const char *text, size_t len) {
  return len > 0 ? len : strlen(text);
}

static void put(struct yj_buf *out, enum yj_line kind,
                const struct yj_slice *line) {
  static const char names[] = {[YJ_LINE_DATA] = 'D', [YJ_LINE_BARE] = 'B',
                               [YJ_LINE_BLANK] = '|'};
  yj_buf_append(out, &names[kind], 1);
  if (kind != YJ_LINE_BLANK)
    yj_buf_append(out, line->text, line->len);
}

/* Reads everything; returns whether has_data() was right and consumed nothing */
static int drain(struct yj_sse *s, struct yj_buf *in, int ended,
                 struct yj_buf *out) {
  struct yj_slice line;
  enum yj_line kind;
  int said = yj_sse_has_data(s, in), found = 0;
  for (;;) {
    kind = yj_sse_next(s, in, ended, &line);
    if (kind == YJ_LINE_MORE)
      break;
    found |= kind != YJ_LINE_BLANK;
    put(out, kind, &line);
  }
  return said == found || ended;
}

/* Reads it in pieces that end behind a and b, and checks the result. */
static void read_split(size_t row, size_t len, size_t a, size_t b) {
  char *bytes = harness_copy(rows[row].bytes, len);
  const size_t ends[] = {a, b, len};
  size_t i, from = 0, want_len = length_of(rows[row].want, rows[row].want_len);
  struct yj_sse s;
  struct yj_buf in, out;
  int honest = 1;
  memset(&s, 0, sizeof s);
  memset(&in, 0, sizeof in);
  memset(&out, 0, sizeof out);
  for (i = 0; i < 3; i++) {
    char *piece = harness_copy(bytes + from, ends[i] - from);
    yj_buf_append(&in, piece, ends[i] - from);
    free(piece);
    from = ends[i];
    honest &= drain(&s, &in, 0, &out);
  }
  drain(&s, &in, 1, &out);
  CHECK_IN(rows[row].name, honest);
  CHECK_IN(rows[row].name, yj_buf_len(&in) == 0);
  harness_bytes(yj_buf_bytes(&out), yj_buf_len(&out), rows[row].want, want_len,
                __FILE__, __LINE__, rows[row].name);
  yj_buf_free(&in);
  yj_buf_free(&out);
  free(bytes);
}

static void test_rows(void) {
  size_t row, a, b;
  for (row = 0; row < sizeof rows / sizeof *rows; row++) {
    size_t len = length_of(rows[row].bytes, rows[row].len);
    for (a = 0; a <= len; a++)
      for (b = a; b <= len; b++)
        read_split(row, len, a, b);
  }
}

/* A line is returned as soon as its end has arrived; a CR needs no LF. */
/* The name of an event marks a failure until the event ends, wherever it is
 * split. */
static void test_failing(void) {
  static const struct {
    const char *text;
    int failing;
  } events[] = {{"event: error\ndata: a\n", 1},
                {"event:response.failed\ndata: a\n", 1},
                {"event: Error_Event\r\ndata: a\r\n", 1},
                {"event: error\n\ndata: a\n", 0},
                {"event: message\ndata: error\n", 0},
                {"id: error\n: error\ndata: a\n", 0}};
  size_t i, cut;
  for (i = 0; i < sizeof events / sizeof *events; i++)
    for (cut = 0; cut <= strlen(events[i].text); cut++) {
      struct yj_sse s = {0};
      struct yj_buf in = {0};
      struct yj_slice line;
      enum yj_line kind;
      yj_buf_append(&in, events[i].text, cut);
      do
        kind = yj_sse_next(&s, &in, 0, &line);
      while (kind == YJ_LINE_BLANK);
      yj_buf_append(&in, events[i].text + cut, strlen(events[i].text) - cut);
      while (kind == YJ_LINE_MORE || kind == YJ_LINE_BLANK)
        kind = yj_sse_next(&s, &in, 1, &line);
      CHECK_IN(events[i].text, kind == YJ_LINE_DATA);
      CHECK_IN(events[i].text, s.failing == events[i].failing);
      yj_buf_free(&in);
    }
}

static void test_at_once(void) {
  struct yj_sse s;
  struct yj_buf in;
  struct yj_slice line;
  memset(&s, 0, sizeof s);
  memset(&in, 0, sizeof in);
  yj_buf_append(&in, "data: a", 7);
  CHECK(!yj_sse_has_data(&s, &in));
  CHECK(yj_sse_next(&s, &in, 0, &line) == YJ_LINE_MORE);
  yj_buf_append(&in, "\r", 1);
  CHECK(yj_sse_has_data(&s, &in));
  CHECK(yj_sse_next(&s, &in, 0, &line) == YJ_LINE_DATA);
  CHECK_BYTES("the line", line.text, line.len, "a");
  yj_buf_append(&in, "\n", 1);
  CHECK(!yj_sse_has_data(&s, &in));
  CHECK(yj_sse_next(&s, &in, 0, &line) == YJ_LINE_MORE);
  yj_buf_append(&in, "\n", 1);
  CHECK(!yj_sse_has_data(&s, &in));
  CHECK(yj_sse_next(&s, &in, 0, &line) == YJ_LINE_BLANK);
  yj_buf_free(&in);
}

/* 4 MiB of one line, read after each byte: quadratic growth would not end. */
static void test_linear(void) {
  struct yj_sse s;
  struct yj_buf in;
  struct yj_slice line;
  long i, early = 0;
  memset(&s, 0, sizeof s);
  memset(&in, 0, sizeof in);
  for (i = 0; i < 4L << 20; i++) {
    yj_buf_append(&in, i % 3 == 0 ? "\"" : "x", 1);
    early += yj_sse_next(&s, &in, 0, &line) != YJ_LINE_MORE;
  }
  yj_buf_append(&in, "\n", 1);
  CHECK(early == 0);
  CHECK(yj_sse_next(&s, &in, 0, &line) == YJ_LINE_BARE);
  CHECK(line.len == (size_t)4 << 20);
  yj_buf_free(&in);
}

int main(void) {
  test_rows();
  test_failing();
  test_at_once();
  test_linear();
  return harness_end();
}
