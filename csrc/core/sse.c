#include "sse.h"

#include <string.h>

static const char BOM[] = "\xEF\xBB\xBF";

static void consume(struct yj_sse *s, struct yj_buf *in, size_t n) {
  s->lf_free -= n < s->lf_free ? n : s->lf_free;
  s->cr_free -= n < s->cr_free ? n : s->cr_free;
  yj_buf_consume(in, n);
}

/* The place of the first `byte` from *clear on, or the end. *clear moves
 * there, so that no byte is looked at twice. */
static size_t find(const char *text, size_t len, size_t *clear, int byte) {
  const char *hit;
  if (*clear < len) {
    hit = memchr(text + *clear, byte, len - *clear);
    *clear = hit == NULL ? len : (size_t)(hit - text);
  }
  return *clear;
}

/* Consumes one raw line; 0: none is whole. */
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
  if (end >= 3 && memcmp(text, BOM, 3) == 0) {
    line->text += 3;
    line->len -= 3;
  }
  s->after_cr = end < len && text[end] == '\r';
  consume(s, in, end < len ? end + 1 : len);
  return 1;
}

/* Whether the line is the field `name`, alone or before a colon. */
static inline int is_field(const struct yj_slice *line, const char *name) {
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

/* Whether the text has the word, which is in small letters, in any case. */
static int contains(const struct yj_slice *text, const char *word) {
  size_t n = strlen(word), at, i;
  for (at = 0; at + n <= text->len; at++) {
    for (i = 0; i < n && (text->text[at + i] | 0x20) == word[i]; i++)
      continue;
    if (i == n)
      return 1;
  }
  return 0;
}

static void note_event(struct yj_sse *s, const struct yj_slice *line) {
  if (contains(line, "error") || contains(line, "fail"))
    s->failing = 1;
}

enum { OTHER = 1, EVENT };

/* What a skipped line is, or 0. */
static unsigned char skipped(const struct yj_slice *line) {
  if (is_field(line, "event"))
    return EVENT;
  return line->text[0] == ':' || is_field(line, "id") ||
                 is_field(line, "retry")
             ? OTHER
             : 0;
}

#define OVERLAP ((size_t)4) /* of a word of note_event() that is cut in two */

/* Consumes the part of a skipped line that is here: it may be of any length.
 * The field's name must be whole. */
static void drop_skipped(struct yj_sse *s, struct yj_buf *in) {
  struct yj_slice line = {yj_buf_bytes(in), yj_buf_len(in)};
  size_t kept;
  if (line.len == 0)
    return;
  if (!s->dropping && skipped(&line) != 0 &&
      memchr(line.text, ':', line.len) != NULL)
    s->dropping = skipped(&line);
  if (s->dropping == EVENT)
    note_event(s, &line);
  kept = s->dropping == EVENT ? OVERLAP : 0;
  if (s->dropping && line.len > kept)
    consume(s, in, line.len - kept);
}

enum yj_line yj_sse_next(struct yj_sse *s, struct yj_buf *in, int ended,
                         struct yj_slice *line) {
  while (take_line(s, in, ended, line)) {
    unsigned char what = s->dropping;
    s->dropping = 0;
    if (what == 0 && line->len == 0) {
      s->failing = 0;
      return YJ_LINE_BLANK;
    }
    if (what == 0 && is_field(line, "data")) {
      strip_name(line);
      return YJ_LINE_DATA;
    }
    if (what == 0)
      what = skipped(line);
    if (what == EVENT)
      note_event(s, line);
    if (what == 0)
      return YJ_LINE_BARE;
  }
  drop_skipped(s, in);
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
