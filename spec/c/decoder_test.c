/* decoder: its state from one chunk to the next. spec/core/decoder_spec.lua
 * reads streams, split at each place. */
#include "decoder.h"
#include "harness.h"

#define LIMIT ((size_t)16)
#define OVERLAP ((size_t)4) /* of the name of an event */

/* Reads everything, in pieces of n bytes: PENDING, or the final event. */
static enum yj_event read_in_pieces(struct yj_decoder *d, const char *text,
                                    size_t n) {
  size_t len = strlen(text), at;
  enum yj_event event = YJ_EVENT_PENDING;
  for (at = 0; at < len; at += n) {
    size_t left = len - at;
    struct yj_chunk chunk;
    CHECK(yj_decoder_feed(d, text + at, n < left ? n : left));
    do
      event = yj_decoder_next(d, YJ_CHUNKS, &chunk);
    while (event == YJ_EVENT_CHUNK);
  }
  return event;
}

/* At the final event the rest of the bytes is dropped, and all state about
 * them. A former version read behind their end. */
static void test_nothing_unread_after_the_verdict(void) {
  static const struct {
    const char *text;
    enum yj_event verdict;
  } rows[] = {
      {"{}\rdata: [DONE]\rmore that no line feed ends", YJ_EVENT_DONE},
      {"data: {}\n\ndata: {\"content\":\"too long\"}\r", YJ_EVENT_TOO_LARGE},
      {"{\"content\":\"x\"}\r{,\rmore\r\r", YJ_EVENT_BAD},
      {"data: {\"a\":\"very long\"}", YJ_EVENT_TOO_LARGE}};
  size_t i, n;
  for (i = 0; i < sizeof rows / sizeof *rows; i++)
    for (n = 1; n <= strlen(rows[i].text); n++) {
      struct yj_decoder d = {0};
      d.limit = LIMIT;
      CHECK_IN(rows[i].text,
               read_in_pieces(&d, rows[i].text, n) == rows[i].verdict);
      CHECK_IN(rows[i].text, !yj_decoder_has_unread(&d));
      yj_decoder_free(&d);
    }
}

/* Skipped bytes make no event, whatever their length and pieces, and none of
 * them is kept. */
static void test_long_lines_that_are_passed_over(void) {
  static const char *const texts[] = {
      ": a comment beyond the limit of an event\ndata: {}\n\n",
      "event: a name beyond the limit of an event\r\ndata: {}\r\n",
      "data: {}\n:\n: beyond the limit, and ended by nothing",
      "id: 0123456789012345678901234567890123456789\r\r{}\r"};
  size_t i, n;
  for (i = 0; i < sizeof texts / sizeof *texts; i++)
    for (n = 1; n <= strlen(texts[i]); n++) {
      struct yj_decoder d = {0};
      d.limit = LIMIT;
      CHECK_IN(texts[i],
               read_in_pieces(&d, texts[i], n) == YJ_EVENT_PENDING);
      CHECK_IN(texts[i], yj_buf_len(&d.inbox) <= OVERLAP);
      yj_decoder_free(&d);
    }
}

/* A chunk that begins with all the text so far is for its reader to judge: it
 * adds nothing by itself, also not half a character. */
static void test_text_that_grows(void) {
  static const struct {
    const char *second;
    int is_odd;
  } rows[] = {{"{\"content\":\"ab\\u000ac\"}", 1},
              {"{\"content\":\"ab\\nx\\ud83d\"}", 1},
              {"{\"content\":\"ab\\n\"}", 0},
              {"{\"content\":\"ab\"}", 0},
              {"{\"content\":\"b\\nabc\"}", 0},
              {"{\"content\":\"x\",\"reasoning_content\":\"ab\\nc\"}", 0}};
  size_t i;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    static const char first[] = "{\"content\":\"ab\\n\"}\n";
    struct yj_decoder d = {0};
    struct yj_chunk chunk;
    CHECK(yj_decoder_feed(&d, first, sizeof first - 1));
    CHECK(yj_decoder_next(&d, YJ_CHUNKS, &chunk) == YJ_EVENT_CHUNK);
    CHECK(!chunk.odd && yj_buf_len(&d.content) == 3);
    CHECK(yj_decoder_feed(&d, rows[i].second, strlen(rows[i].second)));
    CHECK(yj_decoder_feed(&d, "\n", 1));
    CHECK(yj_decoder_next(&d, YJ_CHUNKS, &chunk) == YJ_EVENT_CHUNK);
    CHECK_IN(rows[i].second, chunk.odd == rows[i].is_odd);
    CHECK_IN(rows[i].second,
             !rows[i].is_odd || (yj_buf_len(&d.content) == 3 &&
                                 chunk.content.len == 0 && !d.content_half));
    yj_decoder_free(&d);
  }
}

int main(void) {
  test_text_that_grows();
  test_nothing_unread_after_the_verdict();
  test_long_lines_that_are_passed_over();
  return harness_end();
}
