/* sse: bytes into the lines of an event stream.
 *
 * Reads what servers send: lines that end with LF, CRLF, CR or the stream, a
 * byte order mark before any line, `data:` with and without a blank, lines
 * without a field name. Skips comments and the fields event, id and retry, but
 * notes an event that is named as a failure. Linear in the bytes, however they
 * are split.
 */
#pragma once

#include "buf.h"

#pragma GCC visibility push(hidden)

/* All zeroes: at the start of a stream. */
struct yj_sse {
  size_t lf_free; /* so many bytes at the front hold no LF */
  size_t cr_free; /* so many bytes at the front hold no CR */
  unsigned char after_cr; /* an LF that comes next belongs to that CR */
  unsigned char dropping; /* inside a line that is skipped */
  unsigned char failing;  /* the event's name has "error" or "fail" in it */
};

enum yj_line {
  YJ_LINE_MORE, /* no whole line yet; at the end: none left */
  YJ_LINE_DATA, /* what followed `data:` */
  YJ_LINE_BARE, /* a line with no field name that the standard knows */
  YJ_LINE_BLANK
};

struct yj_slice {
  const char *text;
  size_t len;
};

/* Consumes the next line of `in`. With `ended` what is left counts as a line.
 * The slice lies in `in` and is good until something is appended to it. */
enum yj_line yj_sse_next(struct yj_sse *s, struct yj_buf *in, int ended,
                         struct yj_slice *line);

/* Whether yj_sse_next() would find data; consumes nothing. */
int yj_sse_has_data(const struct yj_sse *s, const struct yj_buf *in);

#pragma GCC visibility pop
