/* transfer: one HTTP exchange over libcurl, from its description to its
 * result.
 *
 * The owner, a userdata, embeds the struct; the pool drives it. Curl's
 * callbacks only move bytes: they queue what came and return. Each transfer
 * counts its pool, so that either may be collected first. Nothing here knows
 * Lua, and a file that includes this does not see libcurl.
 */
#pragma once

#include <stdint.h>

#include "buf.h"
#include "decoder.h"
#include "file.h"
#include "request.h"

#pragma GCC visibility push(hidden)

struct yj_pool;
struct yj_multi;

/* Why a transfer failed. */
enum yj_fault {
  YJ_FAULT_NONE,
  YJ_FAULT_CURL, /* see code and error */
  YJ_FAULT_CONNECT_TIMEOUT,
  YJ_FAULT_HEAD_TIMEOUT,
  YJ_FAULT_FIRST_TIMEOUT,
  YJ_FAULT_IDLE_TIMEOUT,
  YJ_FAULT_TOTAL_TIMEOUT,
  YJ_FAULT_RESEND, /* the connection died unanswered; libcurl was kept from
                      sending the request again */
  YJ_FAULT_TOO_LARGE,
  YJ_FAULT_NO_MEMORY,
  YJ_FAULT_FILE,    /* a file could not be read or written: file_error */
  YJ_FAULT_ADDRESS, /* the address is private: see only_public */
  YJ_FAULT_POOL,    /* its pool was closed */
  YJ_FAULT_CANCELLED
};

/* The steps of an exchange, in their order. */
enum yj_step {
  YJ_STEP_NAME,    /* the name is looked up */
  YJ_STEP_CONNECT, /* the connection is there */
  YJ_STEP_TLS,     /* and encrypted, where it is to be */
  YJ_STEP_ANSWER,  /* the first byte of the answer is here */
  YJ_STEPS
};

/* An open transfer has the three states below; each begins with its first
 * value. It is closed when it has no pool, over when it is `done`.
 *
 * How far the exchange came, which stays known when it is over:
 *   CONNECTING -> ASKED -> ANSWERED
 *   CONNECTING -> STALE -> CONNECTING   once, on a new connection
 *   ASKED -> ASKED                      libcurl asks again; never if `once` */
enum yj_phase {
  YJ_CONNECTING, /* no byte of the request has left */
  YJ_STALE,      /* no byte has left: the connection can not be used again */
  YJ_ASKED,      /* some may have, and no whole head of an answer is here */
  YJ_ANSWERED
};

/* What becomes of the bytes of the body. From FULL on libcurl is paused; the
 * end of each pause leads back to FLOWING. discard() leads from any to
 * DROPPED, which is for good. */
enum yj_flow {
  YJ_FLOWING,
  YJ_DROPPED,
  YJ_FULL,     /* until the reader has taken all there is */
  YJ_UNPLACED, /* until save() names a file, or read() begins */
  YJ_PINNED    /* until unpin */
};

/* Whose turn it is in a stream: the timeouts first and idle are the sender's.
 *   SENDERS -> TAKING   the reader has taken an event
 *   any -> READERS      time seemed up, but the reader has not taken all
 *   any -> SENDERS      it has: the idle clock begins anew */
enum yj_turn { YJ_SENDERS, YJ_TAKING, YJ_READERS };

/* When things happened, on the clock of yj_now(). */
struct yj_clock {
  int64_t started;
  int64_t asked;     /* since then the server has to answer */
  int64_t idle_from; /* 0: the idle clock has not begun */
};

/* Where a body that was held goes. */
struct yj_sink {
  int is_set;
  struct yj_file file; /* owned, when it is set */
  int64_t from;  /* the offset of the body's first byte in the file */
  int64_t saved; /* bytes written */
};

/* For the binding (lreader.c): the reader that waits in the transfer's slot of
 * the pool's table of waiters. */
struct yj_waiter {
  int slot; /* 0: it has none */
  unsigned char is_reading; /* a fiber waits there in a reader, for: */
  unsigned char wanted, as_bytes;
};

/* All zeroes is a valid, closed transfer. While its decoder is pinned libcurl
 * keeps what it receives, as it does for a slow reader. NB: but the head,
 * which libcurl can not keep back. */
struct yj_transfer {
  struct yj_decoder decoder; /* of a stream; its pins hold `body`, too. First:
                                a transfer's userdata serves as a decoder's */
  struct yj_pool *pool;            /* counted; NULL: closed */
  struct yj_multi *multi;          /* it is in, and stays in; */
  struct yj_transfer *prev, *next; /* the multi's list of all that are */
  void *easy;                      /* curl's handle; NULL once it is over */
  struct yj_outgoing out;          /* gone once it is over */
  struct yj_terms terms;
  unsigned char phase, flow, turn; /* as above */
  unsigned char done;
  unsigned char is_private; /* the host's address is not public */
  unsigned char is_read;    /* a body that was held goes to read() */
  struct yj_waiter waiter;
  struct yj_transfer *ready_prev, *ready_next; /* the pool's ring of those that
                                                  are ready; NULL: it is not */
  struct yj_clock clock;
  size_t high_water;         /* bytes in its inbox that pause the sender */
  struct yj_buf body;        /* any but a stream's */
  struct yj_buf head;        /* header lines of the last answer */
  int status; /* of the last status line; 0: none came, 1xx: only an interim */
  struct yj_sink sink;
  int64_t uploaded; /* bytes of the body sent, when last looked at */

  enum yj_fault fault;
  int code;                /* curl's, 0: none */
  int file_error;          /* errno of YJ_FAULT_FILE */
  char error[256];         /* curl's message, may be empty */
  int64_t steps[YJ_STEPS]; /* once it is over: yj_transfer_step() */
};

/* Starts the exchange in the pool, with what t->out has to send; 0, or curl's
 * code: it was not started, and the transfer is closed. */
int yj_transfer_open(struct yj_transfer *t, struct yj_pool *pool,
                     const struct yj_request *request);

/* Bytes of the request's body that have gone out. */
int64_t yj_transfer_uploaded(const struct yj_transfer *t);

/* Microseconds from its start to that step; 0: it did not come so far. */
int64_t yj_transfer_step(const struct yj_transfer *t, enum yj_step step);

int yj_is_out_of_memory(int code);

/* The message of one of curl's codes; static. */
const char *yj_curl_message(int code);

/* Seconds since 1970 of a date as headers have it, or -1. */
int64_t yj_date(const char *text);

/* The next event of a stream that is not pinned. The slices of a CHUNK are
 * good until the pool's next step, or the last unpin. END, with fault set or
 * not, when nothing more will come. */
enum yj_event yj_transfer_next(struct yj_transfer *t, enum yj_wanted wanted,
                               struct yj_chunk *chunk);

/* Gives back what is not needed once the head of the answer has been read: the
 * head, and what was sent, if all of it was. */
void yj_transfer_trim(struct yj_transfer *t);

/* Has a body that was held go into the file from that offset on, where the
 * file is cut first. The caller may close its own. 0, or an errno. */
int yj_transfer_save(struct yj_transfer *t, const struct yj_file *file,
                     int64_t offset);

/* Has more of a body that was held come into `body`, once all that is there
 * has been taken from it. 0, or EINVAL: it is not held, or goes to a file. */
int yj_transfer_read(struct yj_transfer *t);

/* Drops what comes from now on, and waits for the end so long at most, so that
 * the connection can serve again. */
void yj_transfer_discard(struct yj_transfer *t, int64_t total);

/* Ends the exchange at once, if it is not over. What came stays readable. */
void yj_transfer_cancel(struct yj_transfer *t);

/* Ends it and gives back all it owns, but for buffers that are pinned.
 * Idempotent; any order with the pool. */
void yj_transfer_close(struct yj_transfer *t);

/* ---- for the pool ---- */

/* The moment it runs out of time, or YJ_NEVER, and of what. */
int64_t yj_transfer_deadline(const struct yj_transfer *t, enum yj_fault *why);

/* Whether it only seems out of time of that kind, and its deadline is a later
 * one now: its reader is slow, or more of a long body has gone out
 * meanwhile. */
int yj_transfer_has_reason(struct yj_transfer *t, enum yj_fault why);

/* Ends the exchange, with curl's code, or begins it anew. */
void yj_transfer_finish(struct yj_transfer *t, int code);

/* Ends it: time is up, or the pool closes. */
void yj_transfer_fail(struct yj_transfer *t, enum yj_fault fault);

#pragma GCC visibility pop
