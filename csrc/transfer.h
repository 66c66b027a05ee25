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

/* All zeroes is a valid, closed transfer. What each event of a stream needs
 * comes first and together: with many streams the cache has none of it. */
struct yj_transfer {
  struct yj_pool *pool; /* counted; NULL: closed */
  unsigned char hold, has_file;
  unsigned char once, events, sent, head_done, done, paused, taken, unread,
      discard;
  unsigned char torn; /* the owner has lost an event that it read */
  unsigned char awaited, wanted, as_bytes; /* the owner's own: whether a reader
                                              waits, and for what; */
  int place; /* and where its hearer stands */
  int status; /* of the last status line; 0: none came, 1xx: none but an
                 interim one */
  unsigned char is_ready; /* the pool's own: it has news, */
  struct yj_transfer *ready_prev, *ready_next; /* as have these */
  int64_t idle_from; /* 0: the idle clock has not begun */
  size_t high_water; /* bytes in the decoder's inbox that pause the sender */
  struct yj_decoder decoder; /* the body of a stream */
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
  int64_t saved;     /* bytes written to it */
  int64_t uploaded;  /* bytes of the body sent, when last looked at */
  struct yj_multi *multi;          /* it is in, and stays in; */
  struct yj_transfer *prev, *next; /* the multi's own: all that are */
  unsigned char stale; /* its connection was not fit to be used again */
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

/* The next event of a stream. CHUNK: its slices are good until the pool moves
 * on. END, with fault set or not, when nothing more will come. */
enum yj_event yj_transfer_next(struct yj_transfer *t, struct yj_chunk *chunk);

/* Gives back what is not needed once the head of the answer has been read: the
 * head, and what was sent, if all of it was. */
void yj_transfer_trim(struct yj_transfer *t);

/* Says where a body that was held goes: into the file from that offset on, which
 * ends there first. No other writer has it meanwhile. 0, or an errno. */
int yj_transfer_save(struct yj_transfer *t, const char *path, int64_t offset);

/* From now on what comes is dropped, and total is what is left to wait for the
 * end, so that the connection can serve again. */
void yj_transfer_discard(struct yj_transfer *t, int64_t total);

/* Ends the exchange at once, if it is not over. What came stays readable. */
void yj_transfer_cancel(struct yj_transfer *t);

/* Ends it and gives back all it owns. Idempotent; any order with the pool. */
void yj_transfer_close(struct yj_transfer *t);

/* For the pool: the moment it runs out of time, or YJ_NEVER, and of what. */
int64_t yj_transfer_deadline(const struct yj_transfer *t, enum yj_fault *why);

/* For the pool: whether more of a long body has gone out meanwhile, in which
 * case the server's time to answer begins anew. */
int yj_transfer_still_asks(struct yj_transfer *t);

/* For the pool: the exchange is over, or to be begun anew. */
void yj_transfer_settle(struct yj_transfer *t, int code);

/* For the pool: time is up, or the pool goes. */
void yj_transfer_fail(struct yj_transfer *t, enum yj_fault fault);

#pragma GCC visibility pop

#endif
