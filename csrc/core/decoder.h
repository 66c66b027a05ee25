/* decoder: the bytes of a chat stream into chunks.
 *
 * The one rule of docs/platform.md#chat-streams: each complete JSON value is
 * delivered as soon as its line is complete; the last line is flushed at the
 * end. A chunk that holds nothing but the usual fields is read in place,
 * without a full decode. Any other is odd: its reader decodes it, and says by
 * yj_decoder_add() what there was in it. The text of the whole stream is kept
 * here, so that an error can hand out what came before it. It takes bytes from
 * anyone: nothing here knows Lua or libcurl.
 */
#ifndef YJ_DECODER_H
#define YJ_DECODER_H

#include "buf.h"
#include "json.h"
#include "shape.h"
#include "sse.h"

#pragma GCC visibility push(hidden)

enum yj_event {
  YJ_EVENT_PENDING,   /* nothing whole yet: feed more */
  YJ_EVENT_CHUNK,
  YJ_EVENT_DONE,      /* [DONE] */
  YJ_EVENT_END,       /* the bytes are over, and no [DONE] came */
  YJ_EVENT_CUT,       /* the bytes are over in the middle of a value */
  YJ_EVENT_BAD,       /* not JSON; the text lies in pending */
  YJ_EVENT_TOO_LARGE, /* one event is larger than the limit */
  YJ_EVENT_NO_MEMORY
};

/* Whether a chunk is odd. */
enum yj_odd {
  YJ_USUAL,
  YJ_ODD,    /* it has to be looked at as a whole, and may be no JSON */
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
  unsigned char news;        /* it is more than a sign of life */
};

#define YJ_NAMES 8 /* sets of names that are told apart */

/* All zeroes is a decoder at the start of a stream that owns nothing. */
struct yj_decoder {
  struct yj_buf inbox;     /* bytes not looked at yet */
  unsigned pins;           /* how many hold slices of its buffers */
  struct yj_sse sse;
  enum yj_event verdict;   /* once it is a final one, it stays */
  unsigned char in_string, in_escape; /* where pending ends */
  unsigned char several;   /* pending begins with a value, or with nothing */
  unsigned char bare;      /* pending began in a bare line */
  unsigned char begun;     /* something of an answer has come */
  unsigned char ended;     /* no more bytes will come */
  unsigned char closed;
  unsigned char finished;  /* the answer is said to be complete */
  unsigned char watched;   /* its reader looks at each chunk: all are odd */
  unsigned char shape_odd; /* what the shape keeps was, by itself */
  unsigned char n_names;
  unsigned char tail_usage;    /* the tail has one */
  unsigned char tail_in_shape; /* it is what the shape keeps */
  size_t limit;            /* of one event, in bytes; 0: the default */
  struct yj_buf pending;   /* lines that are no whole value yet */
  size_t depth;            /* open brackets in pending */
  struct yj_buf content;   /* the text of the stream so far */
  struct yj_shape shape;   /* of the last chunk: the next looks like it */
  struct yj_buf tail;      /* yj_decoder_tail() */
  struct yj_buf reasoning; /* the reasoning of the stream so far */
  struct yj_buf first;     /* the first chunk with each set of names, one behind
                              the other: later ones have but other values */
  struct yj_buf aside;     /* bare lines that are no JSON: an error page, or
                              fields that nobody knows */
  size_t usual;            /* how many chunks were */
  uint16_t content_half, reasoning_half; /* of a surrogate pair: its rest may
                                            come in the next chunk */
  uint64_t names[YJ_NAMES]; /* hashes of the sets that were seen */
};

/* 1, or 0 when out of memory. What follows [DONE] is dropped. */
int yj_decoder_feed(struct yj_decoder *d, const char *bytes, size_t n);

/* No more bytes will come. */
void yj_decoder_end(struct yj_decoder *d);

enum yj_event yj_decoder_next(struct yj_decoder *d, struct yj_chunk *chunk);

/* What the reader has found in an odd chunk: a text and a reasoning in UTF-8,
 * which go where those of the usual chunks are; they are then what there is to
 * read of them. 1, or 0 when out of memory. */
int yj_decoder_add(struct yj_decoder *d, struct yj_slice *content,
                   struct yj_slice *reasoning);

/* An event was lost for lack of memory, which it says from now on. */
enum yj_event yj_decoder_give_up(struct yj_decoder *d);

/* The last chunk, or the last that has a usage; empty: there was none. Good
 * until the next feed or next. */
const struct yj_buf *yj_decoder_tail(const struct yj_decoder *d);

/* Whether a line waits to be read: the reader is slow, not the sender. */
int yj_decoder_has_unread(const struct yj_decoder *d);

/* Whoever copies slices of the buffers to where that may run other code (a new
 * Lua string may run finalizers) pins them meanwhile. While there are pins no
 * one may feed the decoder or call next, and close leaves the buffers to the
 * last unpin. NB: an error raised in between leaves its pin behind. What it cut
 * short is lost, so it is right that nothing is read any more; close for good by
 * yj_decoder_free(). */
static inline void yj_decoder_pin(struct yj_decoder *d) { d->pins++; }
void yj_decoder_unpin(struct yj_decoder *d);

/* Ends the stream and gives the buffers back. Idempotent. */
void yj_decoder_close(struct yj_decoder *d);

/* Gives the buffers back, pinned or not. */
void yj_decoder_free(struct yj_decoder *d);

#pragma GCC visibility pop

#endif
