/* decoder: the bytes of a chat stream into chunks.
 *
 * The one rule of PLATFORM.md section 5: each complete JSON value is delivered
 * as soon as its line is complete; the last line is flushed at the end. What a
 * chunk says is read in place, without a full decode, and the text of the whole
 * stream is kept here, so that an error can hand out what came before it. It
 * takes bytes from anyone: nothing here knows Lua or libcurl.
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

/* One chunk. The slices are good until the next feed or next, and as long as
 * the decoder is pinned. */
struct yj_chunk {
  struct yj_slice json;
  struct yj_slice content;       /* unescaped; may be empty */
  struct yj_slice reasoning;     /* unescaped; may be empty */
  struct yj_slice finish_reason; /* unescaped; empty: none */
  int usage;                     /* it has a usage */
  int odd;                       /* it has a field that no healthy chunk has */
};

/* All zeroes is a decoder at the start of a stream that owns nothing. */
struct yj_decoder {
  struct yj_buf inbox;     /* bytes not looked at yet */
  unsigned pins;           /* how many hold slices of its buffers */
  struct yj_sse sse;
  enum yj_event verdict;   /* once it is a final one, it stays */
  unsigned char in_string, in_escape; /* where pending ends */
  unsigned char several;   /* pending begins with a value, or with nothing */
  unsigned char foreign;   /* pending is a body that is no stream at all */
  unsigned char begun;     /* a chunk has been delivered */
  unsigned char ended;     /* no more bytes will come */
  unsigned char closed;
  unsigned char finished;  /* a finish_reason or finish "1" was seen */
  unsigned char tail_usage;    /* the tail has one */
  unsigned char tail_in_shape; /* it is what the shape keeps */
  size_t limit;            /* of one event, in bytes; 0: the default */
  struct yj_buf pending;   /* lines that are no whole value yet */
  size_t depth;            /* open brackets in pending */
  struct yj_buf content;   /* the text of the stream so far */
  struct yj_shape shape;   /* of the last chunk: the next looks like it */
  struct yj_buf tail;      /* yj_decoder_tail() */
  struct yj_buf reasoning; /* the reasoning of the stream so far */
  struct yj_buf finish_reason;
};

/* 1, or 0 when out of memory. What follows [DONE] is dropped. */
int yj_decoder_feed(struct yj_decoder *d, const char *bytes, size_t n);

/* No more bytes will come. */
void yj_decoder_end(struct yj_decoder *d);

enum yj_event yj_decoder_next(struct yj_decoder *d, struct yj_chunk *chunk);

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
