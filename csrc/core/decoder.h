/* decoder: the bytes of a chat stream into chunks.
 *
 * Each complete JSON value is delivered as soon as its line is complete; the
 * end of the bytes ends the last line. A chunk that has nothing but the usual
 * fields is read in place, without a full decode. Any other is odd: its reader
 * decodes it, and gives back the texts in it by yj_decoder_add(). The text of
 * the whole stream is kept here, so that an error can hand out what came
 * before it. Nothing here knows Lua or libcurl.
 */
#pragma once

#include "buf.h"
#include "json.h"
#include "shape.h"
#include "sse.h"

#pragma GCC visibility push(hidden)

enum yj_event {
  YJ_EVENT_PENDING,   /* nothing whole yet: feed more */
  YJ_EVENT_CHUNK,
  YJ_EVENT_DONE,      /* [DONE] */
  YJ_EVENT_END,       /* the bytes end without a [DONE] */
  YJ_EVENT_CUT,       /* the bytes end inside a value */
  YJ_EVENT_BAD,       /* not JSON; pending has the text */
  YJ_EVENT_TOO_LARGE, /* one event is larger than the limit */
  YJ_EVENT_NO_MEMORY
};

/* Which chunks a reader wants; it gets the odd ones in any case. */
enum yj_wanted { YJ_CHUNKS, YJ_TEXTS, YJ_ODDITIES };

enum yj_odd {
  YJ_USUAL,
  YJ_ODD,    /* its reader has to decode it, and it may not be JSON */
  YJ_FAILING /* the same, in an event that is named as a failure */
};

/* One chunk. The slices are good until the next feed or next, and as long as
 * the decoder is pinned. */
struct yj_chunk {
  struct yj_slice json;
  struct yj_slice content;   /* in UTF-8; may be empty */
  struct yj_slice reasoning; /* in UTF-8; may be empty */
  unsigned char odd;         /* enum yj_odd; then there is only json */
  unsigned char usage;       /* it has a usage */
};

#define YJ_NAMES 8 /* sets of names that are kept apart */

/* All zeroes is a decoder at the start of a stream that owns nothing. */
struct yj_decoder {
  size_t limit;            /* of one event, in bytes; 0: the default */
  struct yj_buf inbox;     /* bytes that are not read yet */
  struct yj_sse sse;
  void (*on_unpin)(struct yj_decoder *d); /* after the last; may be NULL */
  unsigned pins;           /* how many hold slices of its buffers */
  enum yj_event verdict;   /* PENDING, or a final event, which stays */
  unsigned char begun;     /* something of an answer has come */
  unsigned char progress;  /* more than a sign of life has come; the owner
                              clears it */
  unsigned char finished;  /* the stream says that the answer is complete */
  unsigned char ended;     /* no more bytes will come */
  unsigned char closed;
  unsigned char watched;   /* its reader looks at each chunk: all are odd */

  unsigned char in_string, in_escape; /* where pending ends */
  unsigned char several;   /* pending begins with a value, or with nothing */
  unsigned char bare;      /* pending began in a bare line */
  unsigned char shape_odd; /* the shape's document was odd by itself */
  unsigned char tail_usage, tail_in_shape; /* it has one; it is the shape's */
  unsigned char n_names;
  uint16_t content_half, reasoning_half; /* of a surrogate pair: the next chunk
                                            may have the other */
  struct yj_buf pending;   /* lines that are no whole value yet */
  size_t depth;            /* open brackets in it */
  struct yj_shape shape;   /* of the last chunk: the next looks like it */
  struct yj_buf tail;      /* yj_decoder_tail(), unless it is the shape's */
  struct yj_buf first;     /* the first chunk with each set of names: later
                              ones differ in values alone */
  uint64_t names[YJ_NAMES]; /* hashes of these sets */
  struct yj_buf content, reasoning; /* of the whole stream so far */
  struct yj_buf aside;     /* bare lines that are no JSON: an error page, or
                              unknown fields */
  size_t usual;            /* how many chunks were not odd */
};

/* 1, or 0 when out of memory. What follows [DONE] is dropped. */
int yj_decoder_feed(struct yj_decoder *d, const char *bytes, size_t n);

/* No more bytes will come. */
void yj_decoder_end(struct yj_decoder *d);

enum yj_event yj_decoder_next(struct yj_decoder *d, enum yj_wanted wanted,
                              struct yj_chunk *chunk);

/* Adds a text and a reasoning in UTF-8, which the reader has found in an odd
 * chunk, to those of the stream. The slices become what there is to read of
 * them. 1, or 0 when out of memory. */
int yj_decoder_add(struct yj_decoder *d, struct yj_slice *content,
                   struct yj_slice *reasoning);

/* An event was lost: the verdict is NO_MEMORY from now on. */
enum yj_event yj_decoder_give_up(struct yj_decoder *d);

/* The last chunk, or the last that has a usage; empty: there was none. Good
 * until the next feed or next. */
const struct yj_buf *yj_decoder_tail(const struct yj_decoder *d);

/* Whether a line waits to be read: the reader is slow, not the sender. */
int yj_decoder_has_unread(const struct yj_decoder *d);

/* Code that copies slices of the buffers to where other code may run (a new
 * Lua string may run finalizers) pins them meanwhile. While there are pins
 * nothing may feed the decoder or call next, and close leaves the buffers to
 * the last unpin. NB: an error raised in between leaves its pin behind. What
 * it cut short is lost, so it is right that nothing is read any more;
 * yj_decoder_free() closes. */
static inline void yj_decoder_pin(struct yj_decoder *d) { d->pins++; }
void yj_decoder_unpin(struct yj_decoder *d);

/* Ends the stream and gives the buffers back. Idempotent. */
void yj_decoder_close(struct yj_decoder *d);

/* Gives the buffers back, pinned or not. */
void yj_decoder_free(struct yj_decoder *d);

#pragma GCC visibility pop
