/* transfer: one HTTP exchange over libcurl, from description to verdict.
 *
 * The owner (a userdata) embeds the struct; the pool moves it on. Curl's
 * callbacks only move bytes: they queue what came and return. Each transfer
 * counts its pool, so that either may be collected first. Nothing here knows
 * Lua, and who includes this does not see libcurl.
 */
#ifndef YJ_TRANSFER_H
#define YJ_TRANSFER_H

#include <stdint.h>

#include "buf.h"
#include "decoder.h"
#include "request.h"

#pragma GCC visibility push(hidden)

struct yj_pool;
struct yj_multi;

/* Why a transfer failed. */
enum yj_fault {
  YJ_FAULT_NONE,
  YJ_FAULT_CURL, /* code and error say what */
  YJ_FAULT_CONNECT_TIMEOUT,
  YJ_FAULT_HEAD_TIMEOUT,
  YJ_FAULT_FIRST_TIMEOUT,
  YJ_FAULT_IDLE_TIMEOUT,
  YJ_FAULT_TOTAL_TIMEOUT,
  YJ_FAULT_RESEND, /* the connection died unanswered; libcurl was kept from
                      sending the request again */
  YJ_FAULT_TOO_LARGE,
  YJ_FAULT_NO_MEMORY,
  YJ_FAULT_FILE, /* a file could not be read or written: file_error */
  YJ_FAULT_ADDRESS, /* only a public address would do */
  YJ_FAULT_POOL, /* its pool was closed */
  YJ_FAULT_CANCELLED
};

/* The steps of an exchange, in their order. */
enum yj_step {
  YJ_STEP_NAME,    /* the name is looked up */
  YJ_STEP_CONNECT, /* the connection stands */
  YJ_STEP_TLS,     /* it is encrypted, where it is to be */
  YJ_STEP_ANSWER,  /* the first byte of the answer is here */
  YJ_STEPS         /* how many they are */
};

/* The states of an open transfer are these three; the first of each is where it
 * begins. It is closed when it has no pool, over when it is `done`.
 *
 * How far the exchange came, which stays known when it is over:
 *   CONNECTING -> ASKED -> ANSWERED
 *   CONNECTING -> STALE -> CONNECTING   once, on a new connection
 *   ASKED -> ASKED                      libcurl asks again; never if `once` */
enum yj_phase {
  YJ_CONNECTING, /* no byte of the request has left */
  YJ_STALE,      /* nor has it; the connection is not fit to be used again */
  YJ_ASKED,      /* some may have, and there is no whole head of an answer */
  YJ_ANSWERED
};

/* What becomes of the bytes of the body. From FULL on libcurl is paused; what
 * ends each of those pauses goes back to FLOWING. discard() leads from any to
 * DROPPED, which is for good. */
enum yj_flow {
  YJ_FLOWING,
  YJ_DROPPED,
  YJ_FULL,     /* until the reader of the stream has taken all there is */
  YJ_UNPLACED, /* until save() says where they go */
  YJ_PINNED    /* until unpin */
};

/* Whose turn it is in a stream: the limits first and idle are the sender's.
 *   SENDERS -> TAKING    the reader has taken an event
 *   any -> READERS       time seemed up, but the reader has not taken all
 *   any -> SENDERS       it has: the idle clock begins anew */
enum yj_turn { YJ_SENDERS, YJ_TAKING, YJ_READERS };

/* All zeroes is a valid, closed transfer. What each event of a stream needs
 * comes first and together: with many streams the cache has none of it. */
struct yj_transfer {
  struct yj_pool *pool; /* counted; NULL: closed */
  unsigned char phase, flow, turn; /* as above */
  unsigned char done;
  unsigned char hold, once, events; /* as in the request */
  unsigned char has_file;
  unsigned char news; /* what was taken is more than a sign of life */
  unsigned char awaited, wanted, as_bytes; /* the owner's own: whether a reader
                                              waits, and for what; */
  int place; /* and where its waiter stands */
  int status; /* of the last status line; 0: none came, 1xx: none but an
                 interim one */
  struct yj_transfer *ready_prev, *ready_next; /* the pool's own: those with
                                                  news; NULL: it has none */
  int64_t idle_from; /* 0: the idle clock has not begun */
  size_t high_water; /* bytes in the decoder's inbox that pause the sender */
  struct yj_decoder decoder; /* the body of a stream; its pins are those of all
                                buffers in here but the head's */
  struct yj_limits limits;
  int64_t started;
  int64_t asked;     /* since then it is for the server to answer */
  int64_t due;   /* the pool's own: where it stands in the heap of deadlines */
  size_t at;     /* its place there, from 1; 0: it is not there */

  void *easy;           /* curl's handle; NULL once the exchange is over */
  struct yj_outgoing out; /* gone once the exchange is over */
  struct yj_buf body;        /* any but a stream's */
  struct yj_buf head;        /* header lines of the last answer */
  size_t max_body;
  int file;          /* with has_file: where a body that was held goes; owned */
  int file_error;    /* errno of YJ_FAULT_FILE */
  int64_t file_from; /* where the first of its bytes stands there */
  int64_t saved;     /* bytes written to it */
  int peer_port;     /* of the URL, or 0 */
  unsigned char only_public, is_private; /* the host's address has to be a
                                            public one; it is none */
  int64_t uploaded;  /* bytes of the body sent, when last looked at */
  struct yj_multi *multi;          /* it is in, and stays in; */
  struct yj_transfer *prev, *next; /* the multi's own: all that are */
  enum yj_fault fault;
  int code;             /* curl's, 0: none */
  char error[256];      /* curl's words for it, may be empty */
  int64_t steps[YJ_STEPS]; /* once it is over: yj_transfer_step() */
};

/* Starts the exchange in the pool, with what t->out has to send; 0, or curl's
 * code: it was not started, and the transfer is closed. */
int yj_transfer_open(struct yj_transfer *t, struct yj_pool *pool,
                     const struct yj_request *request);

/* Bytes of the request's body that have gone out. */
int64_t yj_transfer_uploaded(const struct yj_transfer *t);

/* Microseconds from its start to that step, or 0: it did not come to that. */
int64_t yj_transfer_step(const struct yj_transfer *t, enum yj_step step);

int yj_is_out_of_memory(int code);

/* Words for one of curl's codes; static. */
const char *yj_curl_message(int code);

/* Seconds since 1970 of a date as headers have it, or -1. */
int64_t yj_date(const char *text);

/* The next event of a stream, which is not pinned. CHUNK: its slices are good
 * until the pool moves on, or the last unpin. END, with fault set or not, when
 * nothing more will come. */
enum yj_event yj_transfer_next(struct yj_transfer *t, struct yj_chunk *chunk);

/* Gives back what is not needed once the head of the answer has been read: the
 * head, and what was sent, if all of it was. */
void yj_transfer_trim(struct yj_transfer *t);

/* Says where a body that was held goes: into the file from that offset on, which
 * ends there first. The descriptor stays the caller's. 0, or an errno. */
int yj_transfer_save(struct yj_transfer *t, int fd, int64_t offset);

/* From now on what comes is dropped, and total is what is left to wait for the
 * end, so that the connection can serve again. */
void yj_transfer_discard(struct yj_transfer *t, int64_t total);

/* Ends the exchange at once, if it is not over. What came stays readable. */
void yj_transfer_cancel(struct yj_transfer *t);

/* As yj_decoder_pin(), for the stream and for the body: what libcurl delivers
 * meanwhile it is to keep, as it does for a slow reader. The head is no part of
 * that: libcurl can not be told to keep a head. */
void yj_transfer_unpin(struct yj_transfer *t);

/* Ends it and gives back all it owns, but for buffers that are pinned.
 * Idempotent; any order with the pool. */
void yj_transfer_close(struct yj_transfer *t);

/* For the pool: the moment it runs out of time, or YJ_NEVER, and of what. */
int64_t yj_transfer_deadline(const struct yj_transfer *t, enum yj_fault *why);

/* For the pool: whether it only seems out of time of that kind, in which case
 * its deadline is another one now: its reader is slow, or more of a long body has
 * gone out meanwhile, and the server's time to answer begins anew. */
int yj_transfer_has_reason(struct yj_transfer *t, enum yj_fault why);

/* For the pool: the exchange is over, or to be begun anew. */
void yj_transfer_finish(struct yj_transfer *t, int code);

/* For the pool: time is up, or the pool goes. */
void yj_transfer_fail(struct yj_transfer *t, enum yj_fault fault);

#pragma GCC visibility pop

#endif
