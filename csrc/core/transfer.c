#include "transfer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "curl_runtime.h"
#include "file.h"
#include "libcurl.h"
#include "pool.h"

#define HIGH_WATER ((size_t)256 << 10)
#define MAX_HEAD ((size_t)256 << 10)
#define MAX_BODY ((size_t)256 << 20)
#define LONG_BODY ((int64_t)1 << 20) /* to send it may take a while */
#define LAST_WAIT ((int64_t)1500000) /* for more, after a complete answer */

/* ---- curl's callbacks: on curl's stack, they move bytes and return ---- */

static int is_success(const struct yj_transfer *t) {
  return t->status >= 200 && t->status < 300;
}

static int is_paused(const struct yj_transfer *t) {
  return t->flow >= YJ_FULL;
}

static size_t pause_for(struct yj_transfer *t, enum yj_flow why) {
  t->flow = (unsigned char)why;
  return CURL_WRITEFUNC_PAUSE;
}

/* Ends the exchange: no byte was taken. */
static size_t refuse(struct yj_transfer *t, enum yj_fault why) {
  t->fault = why;
  return 0;
}

/* A stream's bytes queue up for the reader; when it is slow the sender is
 * paused, and yj_transfer_next() resumes it. */
static size_t take_event_bytes(struct yj_transfer *t, const char *data,
                               size_t n) {
  if (yj_buf_len(&t->decoder.inbox) >= t->high_water)
    return pause_for(t, YJ_FULL);
  return yj_decoder_feed(&t->decoder, data, n) ? n
                                               : refuse(t, YJ_FAULT_NO_MEMORY);
}

static size_t take_body_bytes(struct yj_transfer *t, const char *data,
                              size_t n) {
  size_t len = yj_buf_len(&t->body);
  int is_first = t->clock.idle_from == 0;
  if (len > t->terms.max_body || n > t->terms.max_body - len)
    return refuse(t, YJ_FAULT_TOO_LARGE);
  if (!yj_buf_append(&t->body, data, n))
    return refuse(t, YJ_FAULT_NO_MEMORY);
  t->clock.idle_from = yj_pool_now(t->pool);
  if (is_first)
    yj_pool_touch(t->pool, t);
  return n;
}

static size_t take_file_bytes(struct yj_transfer *t, const char *data,
                              size_t n) {
  struct yj_sink *sink = &t->sink;
  t->clock.idle_from = yj_pool_now(t->pool);
  t->file_error =
      yj_file_write(&sink->file, data, n, sink->from + sink->saved);
  if (t->file_error != 0)
    return refuse(t, YJ_FAULT_FILE);
  sink->saved += (int64_t)n;
  return n;
}

/* A body that is held waits until yj_transfer_save() names a file, or
 * yj_transfer_read() wants it: that one's sender is paused when it is slow. */
static size_t take_held_bytes(struct yj_transfer *t, const char *data,
                              size_t n) {
  if (t->sink.is_set)
    return take_file_bytes(t, data, n);
  if (!t->is_read)
    return pause_for(t, YJ_UNPLACED);
  if (yj_buf_len(&t->body) >= HIGH_WATER)
    return pause_for(t, YJ_FULL);
  return take_body_bytes(t, data, n);
}

static size_t on_body(char *data, size_t size, size_t n, void *ud) {
  struct yj_transfer *t = ud;
  (void)size;  /* always 1 */
  if (t->flow == YJ_DROPPED)
    return n;
  if (t->decoder.pins > 0)
    return pause_for(t, YJ_PINNED);
  yj_pool_mark_ready(t->pool, t);
  if (is_success(t) && t->terms.events)
    return take_event_bytes(t, data, n);
  if (is_success(t) && t->terms.hold)
    return take_held_bytes(t, data, n);
  return take_body_bytes(t, data, n);
}

/* As libcurl has read it, which takes more than the usual spellings. */
static int read_status(const struct yj_transfer *t) {
  long status = 0;
  curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
  return (int)status;
}

static int is_end_of_head(const char *line, size_t n) {
  return n == 0 || line[0] == '\r' || line[0] == '\n';
}

static size_t on_header(char *line, size_t size, size_t n, void *ud) {
  struct yj_transfer *t = ud;
  (void)size;  /* always 1 */
  if (t->phase == YJ_ANSWERED)
    return n;  /* a trailer */
  if (n >= 5 && memcmp(line, "HTTP/", 5) == 0) {
    t->status = read_status(t);
    yj_buf_clear(&t->head);
  } else if (is_end_of_head(line, n)) {
    if (t->status >= 200)  /* 1xx is not the answer yet */
      t->phase = YJ_ANSWERED;
    yj_pool_mark_ready(t->pool, t);
    return n;
  }
  if (yj_buf_len(&t->head) > MAX_HEAD - (n < MAX_HEAD ? n : MAX_HEAD))
    return refuse(t, YJ_FAULT_TOO_LARGE);
  return yj_buf_append(&t->head, line, n) ? n : refuse(t, YJ_FAULT_NO_MEMORY);
}

/* OpenSSL's, if the process has it. */
static union {
  void *found;
  int (*call)(const void *ssl);
} has_pending;
static union {
  void *found;
  const char *(*call)(int what);
} openssl_version;
static yj_once openssl_found = YJ_ONCE;

static void find_openssl(void) {
  has_pending.found = yj_symbol("SSL_has_pending");
  openssl_version.found = yj_symbol("OpenSSL_version");
}

/* Whether these functions are of the OpenSSL that libcurl was linked with: a
 * process may have two, and one must not look into the other's structures. */
static int knows_tls(const struct curl_tlssessioninfo *tls) {
  static const char prefix[] = "OpenSSL/";
  const size_t n = sizeof prefix - 1;
  const char *used;
  if (tls == NULL || tls->internals == NULL)
    return 0;
  yj_call_once(&openssl_found, find_openssl);
  if (has_pending.found == NULL || openssl_version.found == NULL)
    return 0;
  used = curl_version_info(CURLVERSION_NOW)->ssl_version;
  return used != NULL && strncmp(used, prefix, n) == 0 &&
         strncmp(used + n, openssl_version.call(0) + n, strlen(used + n)) == 0;
}

/* Whether TLS holds bytes that libcurl has not read: it reads no further than
 * an answer's length, and a record may hold more. Thanks to this check
 * billable calls keep their connections: a new one each would cost two round
 * trips, and 1.9 ms of CPU in place of 0.15. */
static int has_tls_bytes(const struct yj_transfer *t) {
  struct curl_tlssessioninfo *tls = NULL;
  curl_easy_getinfo(t->easy, CURLINFO_TLS_SSL_PTR, &tls);
  return knows_tls(tls) && has_pending.call(tls->internals);
}

/* Whether the connection has served before, and something came since: an
 * answer without a request, the end, or a message of TLS itself. */
static int is_stale(const struct yj_transfer *t, int local_port, int port) {
  long made = 0;
  curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &made);
  return made == 0 &&
         (has_tls_bytes(t) ||
          !yj_sockets_is_quiet(&t->multi->sockets, local_port, port));
}

/* Whether the request may go to the connected address. At another port than
 * the URL's it is a proxy's, and the proxy decides where to go. */
static int is_allowed(struct yj_transfer *t, const char *ip, int port) {
  if (t->terms.peer_port == 0 || t->terms.peer_port != port)
    return 1;
  t->is_private = yj_network_of(ip) == YJ_PRIVATE;
  return !t->terms.only_public || !t->is_private;
}

/* libcurl calls this when a connection is ready and no byte of the request is
 * written. It calls again when a reused connection died unanswered, or Expect
 * was refused, and it wants to send the request again, POST or not: a billable
 * one must not be; the answer to any other begins anew. After a stale
 * connection yj_transfer_finish() asks for a new one. */
static int on_ready_to_send(void *ud, char *ip, char *local_ip, int port,
                            int local_port) {
  struct yj_transfer *t = ud;
  (void)local_ip;
  if (!is_allowed(t, ip, port)) {
    t->fault = YJ_FAULT_ADDRESS;
    return CURL_PREREQFUNC_ABORT;
  }
  if (t->terms.once && t->phase >= YJ_ASKED) {
    t->fault = YJ_FAULT_RESEND;
    return CURL_PREREQFUNC_ABORT;
  }
  if (is_stale(t, local_port, port)) {
    t->phase = YJ_STALE;
    return CURL_PREREQFUNC_ABORT;
  }
  t->phase = YJ_ASKED;
  t->status = 0;
  yj_buf_clear(&t->head);
  yj_pool_touch(t->pool, t);
  return CURL_PREREQFUNC_OK;
}

/* ---- opening ---- */

static CURLcode set_callbacks(struct yj_transfer *t) {
  CURLcode code = CURLE_OK;
  SET(t->easy, CURLOPT_PRIVATE, t);
  SET(t->easy, CURLOPT_ERRORBUFFER, t->error);
  SET(t->easy, CURLOPT_WRITEFUNCTION, on_body);
  SET(t->easy, CURLOPT_WRITEDATA, t);
  SET(t->easy, CURLOPT_HEADERFUNCTION, on_header);
  SET(t->easy, CURLOPT_HEADERDATA, t);
  SET(t->easy, CURLOPT_PREREQFUNCTION, on_ready_to_send);
  SET(t->easy, CURLOPT_PREREQDATA, t);
  return code;
}

static void on_unpin(struct yj_decoder *d);

static void describe(struct yj_transfer *t, const struct yj_request *r) {
  t->terms = r->terms;
  if (t->terms.max_body == 0)
    t->terms.max_body = MAX_BODY;
  t->decoder.limit = t->terms.max_event;
  t->decoder.on_unpin = on_unpin;
  t->high_water = HIGH_WATER;
  t->clock.started = t->clock.asked = yj_now();
}

static CURLcode start(struct yj_transfer *t, const struct yj_request *r) {
  CURLcode code;
  t->easy = curl_easy_init();
  if (t->easy == NULL)
    return CURLE_OUT_OF_MEMORY;
  code = (CURLcode)yj_request_apply(r, &t->out, t->easy,
                                    yj_pool_count(t->pool));
  if (code == CURLE_OK)
    code = set_callbacks(t);
  if (code != CURLE_OK)
    return code;
  return yj_pool_add(t->pool, t) ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

/* Leaves the pool and curl; what was received stays. In a forked child curl's
 * part is left alone: to end it would close the parent's connection. */
static void end_exchange(struct yj_transfer *t) {
  struct yj_sigpipe guard;
  if (t->easy == NULL)
    return;
  yj_sigpipe_hold(&guard);
  if (yj_pool_remove(t->pool, t))
    curl_easy_cleanup(t->easy);
  yj_sigpipe_release(&guard);
  t->easy = NULL;
  yj_outgoing_free(&t->out);
}

int yj_transfer_open(struct yj_transfer *t, struct yj_pool *pool,
                     const struct yj_request *r) {
  CURLcode code;
  t->pool = pool;
  describe(t, r);
  code = start(t, r);
  if (code == CURLE_OK)
    return 0;
  /* never counted by the pool: only curl's part and our buffers go */
  if (t->easy != NULL)
    curl_easy_cleanup(t->easy);
  t->easy = NULL;
  t->pool = NULL;
  yj_transfer_close(t);
  return (int)code;
}

int64_t yj_transfer_uploaded(const struct yj_transfer *t) {
  curl_off_t sent = t->uploaded;
  if (t->easy != NULL)
    curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
  return (int64_t)sent;
}

int64_t yj_transfer_step(const struct yj_transfer *t, enum yj_step step) {
  static const CURLINFO infos[] = {
      [YJ_STEP_NAME] = CURLINFO_NAMELOOKUP_TIME_T,
      [YJ_STEP_CONNECT] = CURLINFO_CONNECT_TIME_T,
      [YJ_STEP_TLS] = CURLINFO_APPCONNECT_TIME_T,
      [YJ_STEP_ANSWER] = CURLINFO_STARTTRANSFER_TIME_T};
  curl_off_t at = t->steps[step];
  /* libcurl 8.21 has a time of it where no name was found, too */
  if (step == YJ_STEP_ANSWER && t->status == 0)
    return 0;
  if (t->easy != NULL)
    curl_easy_getinfo(t->easy, infos[step], &at);
  return (int64_t)at;
}

int yj_is_out_of_memory(int code) { return code == CURLE_OUT_OF_MEMORY; }

const char *yj_curl_message(int code) {
  return curl_easy_strerror((CURLcode)code);
}

int64_t yj_date(const char *text) {
  return (int64_t)curl_getdate(text, NULL);
}

/* ---- reading ---- */

/* Lets a paused sender continue. Curl may call on_body before this returns. */
static void resume(struct yj_transfer *t, enum yj_flow flow) {
  struct yj_sigpipe guard;
  CURLcode code;
  int was_paused = is_paused(t);
  if (!yj_pool_is_mine(t->pool))
    return;
  t->flow = (unsigned char)flow;
  if (!was_paused)
    return;
  yj_sigpipe_hold(&guard);
  code = curl_easy_pause(t->easy, CURLPAUSE_CONT);
  yj_sigpipe_release(&guard);
  if (code != CURLE_OK)
    yj_transfer_finish(t, (int)code);
  else
    yj_pool_rearm(t->pool);
}

/* The reader has taken all there was. The idle clock begins anew, if there was
 * more than a sign of life or the sender was paused, for that time is not the
 * sender's. A paused sender continues, past the high water if one event is
 * that large. NB: the pool need not know of a deadline that only moves
 * away. */
static void await_more(struct yj_transfer *t) {
  int begins = t->decoder.progress || is_paused(t);
  int is_nearer = t->turn == YJ_READERS || t->decoder.finished ||
                  (t->clock.idle_from == 0 && begins);
  if (begins)
    t->clock.idle_from = yj_now();
  t->turn = YJ_SENDERS;
  t->decoder.progress = 0;
  if (is_nearer)
    yj_pool_touch(t->pool, t);
  t->high_water = yj_buf_len(&t->decoder.inbox) + HIGH_WATER;
  if (is_paused(t))
    resume(t, YJ_FLOWING);
}

/* Continues what the pins have held up. */
static void on_unpin(struct yj_decoder *d) {
  struct yj_transfer *t = (struct yj_transfer *)d; /* its first member */
  if (t->pool == NULL) {
    yj_buf_free(&t->body);
    return;
  }
  if (t->waiter.is_reading)
    yj_pool_mark_ready(t->pool, t);
  if (t->flow == YJ_PINNED && !t->done)
    resume(t, YJ_FLOWING);
}

enum yj_event yj_transfer_next(struct yj_transfer *t, enum yj_wanted wanted,
                               struct yj_chunk *chunk) {
  enum yj_event event = yj_decoder_next(&t->decoder, wanted, chunk);
  if (event == YJ_EVENT_PENDING && !yj_pool_is_mine(t->pool))
    return YJ_EVENT_END; /* in a forked child nothing more will come */
  /* a sender that continues delivers at once what curl had kept */
  while (event == YJ_EVENT_PENDING && !t->done) {
    int was_paused = is_paused(t);
    await_more(t);
    if (!was_paused)
      break;
    event = yj_decoder_next(&t->decoder, wanted, chunk);
  }
  if (event == YJ_EVENT_CHUNK && t->turn == YJ_SENDERS)
    t->turn = YJ_TAKING;
  return event;
}

/* libcurl sends nothing again once the answer has begun. */
static int is_all_sent(const struct yj_transfer *t) {
  return t->easy != NULL && t->out.parts == NULL &&
         yj_transfer_uploaded(t) >= yj_outgoing_length(&t->out);
}

void yj_transfer_trim(struct yj_transfer *t) {
  CURLcode code = CURLE_OK;
  if (t->phase != YJ_ANSWERED)
    return;
  yj_buf_free(&t->head);
  if (!is_all_sent(t))
    return;
  SET(t->easy, CURLOPT_HTTPHEADER, NULL);
  if (t->out.has_body)
    SET(t->easy, CURLOPT_POSTFIELDS, NULL);
  if (code == CURLE_OK)
    yj_outgoing_free(&t->out);
}

static void close_file(struct yj_transfer *t) {
  if (t->sink.is_set)
    yj_file_close(&t->sink.file);
  t->sink.is_set = 0;
}

int yj_transfer_save(struct yj_transfer *t, const struct yj_file *file,
                     int64_t offset) {
  int error;
  if (!t->terms.hold || t->sink.is_set)
    return EINVAL;
  error = yj_file_lend(file, offset, &t->sink.file);
  if (error != 0)
    return error;
  t->sink.is_set = 1;
  t->sink.from = offset;
  t->turn = YJ_SENDERS;
  t->clock.idle_from = yj_now();
  if (!t->done) {
    yj_pool_touch(t->pool, t);
    if (t->flow == YJ_UNPLACED)
      resume(t, YJ_FLOWING);
  }
  return 0;
}

int yj_transfer_read(struct yj_transfer *t) {
  if (!t->terms.hold || t->sink.is_set)
    return EINVAL;
  t->is_read = 1;
  if (t->done || yj_buf_len(&t->body) > 0)
    return 0;
  if (t->turn == YJ_READERS || is_paused(t)) {
    t->turn = YJ_SENDERS;
    t->clock.idle_from = yj_now();
    yj_pool_touch(t->pool, t);
  }
  if (is_paused(t))
    resume(t, YJ_FLOWING);
  return 0;
}

void yj_transfer_discard(struct yj_transfer *t, int64_t total) {
  if (t->done || t->pool == NULL)
    return;
  memset(&t->terms.timeouts, 0, sizeof t->terms.timeouts);
  /* 0 would be no limit */
  t->terms.timeouts.total = yj_now() - t->clock.started + total + 1;
  yj_pool_touch(t->pool, t);
  resume(t, YJ_DROPPED);
}

/* ---- ending ---- */

int64_t yj_transfer_deadline(const struct yj_transfer *t, enum yj_fault *why) {
  const struct yj_timeouts *timeouts = &t->terms.timeouts;
  const struct yj_clock *clock = &t->clock;
  int is_senders = t->turn != YJ_READERS, is_idle = clock->idle_from != 0;
  const struct {
    int64_t limit, from;
    int applies;
    enum yj_fault fault;
  } rows[] = {
      {timeouts->total, clock->started, 1, YJ_FAULT_TOTAL_TIMEOUT},
      {timeouts->connect, clock->started, t->phase < YJ_ASKED,
       YJ_FAULT_CONNECT_TIMEOUT},
      {timeouts->head, clock->asked, t->phase != YJ_ANSWERED,
       YJ_FAULT_HEAD_TIMEOUT},
      {timeouts->first, clock->asked, is_senders && !is_idle,
       YJ_FAULT_FIRST_TIMEOUT},
      {timeouts->idle, clock->idle_from, is_senders && is_idle,
       YJ_FAULT_IDLE_TIMEOUT},
      {LAST_WAIT, clock->idle_from, is_senders && t->decoder.finished,
       YJ_FAULT_IDLE_TIMEOUT},
  };
  int64_t due = YJ_NEVER;
  size_t i;
  for (i = 0; i < sizeof rows / sizeof *rows; i++)
    if (rows[i].applies && rows[i].limit > 0 &&
        rows[i].from + rows[i].limit < due) {
      due = rows[i].from + rows[i].limit;
      *why = rows[i].fault;
    }
  return due;
}

static int is_unread(const struct yj_transfer *t) {
  return is_paused(t) || (t->terms.events && (t->turn != YJ_SENDERS ||
                                        yj_decoder_has_unread(&t->decoder)));
}

/* A long body still goes out: the server's time to answer begins anew. */
static int is_still_sending(struct yj_transfer *t) {
  int64_t uploaded;
  if (yj_outgoing_length(&t->out) < LONG_BODY)
    return 0;
  uploaded = yj_transfer_uploaded(t);
  if (uploaded <= t->uploaded)
    return 0;
  t->uploaded = uploaded;
  t->clock.asked = yj_now();
  return 1;
}

int yj_transfer_has_reason(struct yj_transfer *t, enum yj_fault why) {
  if ((why == YJ_FAULT_FIRST_TIMEOUT || why == YJ_FAULT_IDLE_TIMEOUT) &&
      is_unread(t)) {
    t->turn = YJ_READERS;
    return 1;
  }
  return (why == YJ_FAULT_HEAD_TIMEOUT || why == YJ_FAULT_FIRST_TIMEOUT) &&
         is_still_sending(t);
}

/* Has libcurl begin once more, on a new connection. */
static int begin_anew(struct yj_transfer *t) {
  t->phase = YJ_CONNECTING;
  return curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
         yj_multi_again(t);
}

/* libcurl does not always keep the errno, and then reports a failed connection
 * or a bad certificate: so this tries to open a pipe. */
static int is_short_of_descriptors(const struct yj_transfer *t) {
  yj_socket ends[2];
  long system = 0;
  int error;
  curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &system);
  if (system == EMFILE || system == ENFILE)
    return 1;
  error = yj_pipe_open(ends);
  if (error == 0)
    yj_pipe_close(ends);
  return error == EMFILE || error == ENFILE;
}

/* Adds to libcurl's message what to do about it. */
static void explain(struct yj_transfer *t) {
  static const char what[] = "too many open files (ulimit -n)";
  size_t n = strlen(t->error), room = sizeof t->error - sizeof what - 2;
  if (!is_short_of_descriptors(t))
    return;
  n = n < room ? n : room;
  (void)snprintf(t->error + n, sizeof t->error - n, n > 0 ? ": %s" : "%s",
                 what);
}

/* A success must have a head: after a 101 libcurl has none. */
void yj_transfer_finish(struct yj_transfer *t, int code) {
  int step;
  if (t->phase == YJ_STALE && begin_anew(t))
    return;
  if (t->file_error == 0)
    t->file_error = yj_outgoing_error(&t->out);
  if (code != CURLE_OK && t->fault == YJ_FAULT_NONE && t->file_error != 0)
    t->fault = YJ_FAULT_FILE;
  if (code == CURLE_OK && t->phase != YJ_ANSWERED)
    code = CURLE_WEIRD_SERVER_REPLY;
  if (code != CURLE_OK && t->fault == YJ_FAULT_NONE) {
    t->fault = YJ_FAULT_CURL;
    explain(t);
  }
  t->code = code;
  t->uploaded = yj_transfer_uploaded(t);
  for (step = 0; step < YJ_STEPS; step++)
    t->steps[step] = yj_transfer_step(t, (enum yj_step)step);
  t->done = 1;
  yj_decoder_end(&t->decoder);
  yj_pool_mark_ready(t->pool, t);
  end_exchange(t);
}

void yj_transfer_fail(struct yj_transfer *t, enum yj_fault fault) {
  t->fault = fault;
  yj_transfer_finish(t, CURLE_ABORTED_BY_CALLBACK);
}

void yj_transfer_cancel(struct yj_transfer *t) {
  if (!t->done && t->pool != NULL && yj_pool_is_mine(t->pool))
    yj_transfer_fail(t, YJ_FAULT_CANCELLED);
}

void yj_transfer_close(struct yj_transfer *t) {
  struct yj_pool *pool = t->pool;
  end_exchange(t);
  yj_outgoing_free(&t->out);
  close_file(t);
  yj_decoder_close(&t->decoder);
  if (t->decoder.pins == 0)
    yj_buf_free(&t->body);
  yj_buf_free(&t->head);
  t->pool = NULL;
  if (pool == NULL)
    return;
  yj_pool_forget(pool, t);
  yj_pool_leave(pool);
}
