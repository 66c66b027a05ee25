#include "sse.h"

#include <string.h>

static const char BOM[] = "\xEF\xBB\xBF";

static void consume(struct yj_sse *s, struct yj_buf *in, size_t n) {
  s->lf_free -= n < s->lf_free ? n : s->lf_free;
  s->cr_free -= n < s->cr_free ? n : s->cr_free;
  yj_buf_consume(in, n);
}

/* Passes the byte order mark; 0: too few bytes to tell. */
static int begin(struct yj_sse *s, struct yj_buf *in, int ended) {
  size_t len = yj_buf_len(in), n = len < 3 ? len : 3;
  int same = memcmp(yj_buf_bytes(in), BOM, n) == 0;
  if (same && n < 3 && !ended)
    return 0;
  if (same && n == 3)
    consume(s, in, 3);
  s->begun = 1;
  return 1;
}

/* The first `byte` behind *clear, or the end; *clear follows, so that no byte
 * is looked at twice. */
static size_t find(const char *text, size_t len, size_t *clear, int byte) {
  const char *hit;
  if (*clear < len) {
    hit = memchr(text + *clear, byte, len - *clear);
    *clear = hit == NULL ? len : (size_t)(hit - text);
  }
  return *clear;
}

/* Takes one raw line; 0: none is whole. */
static int take_line(struct yj_sse *s, struct yj_buf *in, int ended,
                     struct yj_slice *line) {
  const char *text;
  size_t len, lf, end;
  if (s->after_cr && yj_buf_len(in) > 0) {
    s->after_cr = 0;
    if (*yj_buf_bytes(in) == '\n')
      consume(s, in, 1);
  }
  text = yj_buf_bytes(in);
  len = yj_buf_len(in);
  lf = find(text, len, &s->lf_free, '\n');
  end = find(text, lf, &s->cr_free, '\r');
  if (end == len && (!ended || len == 0))
    return 0;
  line->text = text;
  line->len = end;
  s->after_cr = end < len && text[end] == '\r';
  consume(s, in, end < len ? end + 1 : len);
  return 1;
}

/* Whether the line is the field `name`, alone or before a colon. */
static int is_field(const struct yj_slice *line, const char *name) {
  size_t n = strlen(name);
  return line->len >= n && memcmp(line->text, name, n) == 0 &&
         (line->len == n || line->text[n] == ':');
}

static void strip_name(struct yj_slice *line) {
  size_t n = 4;  /* data */
  if (n < line->len)
    n++;  /* the colon */
  if (n < line->len && line->text[n] == ' ')
    n++;
  line->text += n;
  line->len -= n;
}

static int is_passed_over(const struct yj_slice *line) {
  static const char *const names[] = {"event", "id", "retry"};
  size_t i;
  if (line->text[0] == ':')
    return 1;
  for (i = 0; i < sizeof names / sizeof *names; i++)
    if (is_field(line, names[i]))
      return 1;
  return 0;
}

/* Of a line that is passed over nothing need be kept: it may be longer than
 * anybody wants to hold. A name alone may yet become another one. */
static void drop_passed_over(struct yj_sse *s, struct yj_buf *in) {
  struct yj_slice line;
  line.text = yj_buf_bytes(in);
  line.len = yj_buf_len(in);
  if (line.len == 0)
    return;
  if (!s->dropping)
    s->dropping = is_passed_over(&line) &&
                  memchr(line.text, ':', line.len) != NULL;
  if (s->dropping)
    consume(s, in, line.len);
}

enum yj_line yj_sse_next(struct yj_sse *s, struct yj_buf *in, int ended,
                         struct yj_slice *line) {
  if (!s->begun && !begin(s, in, ended))
    return YJ_LINE_MORE;
  while (take_line(s, in, ended, line)) {
    int was_dropping = s->dropping;
    s->dropping = 0;
    if (was_dropping)
      continue;
    if (line->len == 0)
      return YJ_LINE_BLANK;
    if (is_field(line, "data")) {
      strip_name(line);
      return YJ_LINE_DATA;
    }
    if (!is_passed_over(line))
      return YJ_LINE_BARE;
  }
  drop_passed_over(s, in);
  return YJ_LINE_MORE;
}

int yj_sse_has_data(const struct yj_sse *s, const struct yj_buf *in) {
  struct yj_sse state = *s;
  struct yj_buf rest = *in;  /* a view: consuming moves only its indices */
  struct yj_slice line;
  enum yj_line kind;
  do
    kind = yj_sse_next(&state, &rest, 0, &line);
  while (kind == YJ_LINE_BLANK);
  return kind != YJ_LINE_MORE;
}
