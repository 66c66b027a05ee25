/* A chat stream at any split: all that a reader can see is the same as when
 * the bytes come at once. One of the readings never compares a chunk with the
 * one before (shape.h), which must not show either. Nothing is lost: the
 * values of the chunks are what the lines hold, their texts add up to the text
 * of the stream, and what is kept of them is that of the last.
 * with: decoder shape json sse buf
 * seeds: decoder
 * short: 15000
 * options: -max_len=512 -dict=spec/fuzz/json.dict */
#include "decoder.h"
#include "fuzz.h"

#define LONGEST ((size_t)9000)  /* more than is kept of an error page */
#define ASIDE ((size_t)8 << 10) /* about what is kept of lines set aside */
#define BYTEWISE ((size_t)200)  /* the rest would take too long */

/* What the first reading saw; the others are held against it. */
struct tape {
  struct yj_buf bytes;
  size_t at; /* so much of it has been seen again */
  int recording;
};

static struct tape tape;

static void see(const void *bytes, size_t n) {
  if (tape.recording) {
    REQUIRE(yj_buf_append(&tape.bytes, bytes, n));
    return;
  }
  REQUIRE(tape.at <= yj_buf_len(&tape.bytes));
  REQUIRE_BYTES(bytes, n, yj_buf_bytes(&tape.bytes) + tape.at,
                n < yj_buf_len(&tape.bytes) - tape.at
                    ? n
                    : yj_buf_len(&tape.bytes) - tape.at);
  tape.at += n;
}

static void see_number(int number) {
  unsigned char byte = (unsigned char)number;
  see(&byte, 1);
}

static void see_text(const char *text, size_t len) {
  see(&len, sizeof len);
  see(text, len);
}

static void see_buf(const struct yj_buf *b) {
  see_text(yj_buf_bytes(b), yj_buf_len(b));
}

static void see_chunk(const struct yj_chunk *chunk) {
  see_text(chunk->json.text, chunk->json.len);
  see_text(chunk->content.text, chunk->content.len);
  see_text(chunk->reasoning.text, chunk->reasoning.len);
  see_number(chunk->usage);
  see_number(chunk->odd);
}

static void see_summary(const struct yj_decoder *d) {
  see_buf(&d->content);
  see_buf(&d->reasoning);
  see_buf(yj_decoder_tail(d));
  see_buf(&d->aside);
  see_number(d->finished);
  see_number(d->begun);
  if (d->verdict == YJ_EVENT_BAD || d->verdict == YJ_EVENT_CUT)
    see_buf(&d->pending);
}

/* ---- what the lines hold ---- */

static struct yj_buf held; /* all their bytes that are no blanks */
static size_t eaten;       /* so many of them came out again, but */
static size_t skipped;     /* so many did not */

static int is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void hold_lines(const struct yj_slice *text) {
  struct yj_sse s = {0};
  struct yj_buf in = {0};
  struct yj_slice line;
  char *out;
  size_t i;
  yj_buf_clear(&held);
  eaten = skipped = 0;
  out = yj_buf_reserve(&held, text->len);
  REQUIRE(out != NULL && yj_buf_append(&in, text->text, text->len));
  while (yj_sse_next(&s, &in, 1, &line) != YJ_LINE_MORE)
    for (i = 0; i < line.len; i++)
      if (!is_blank(line.text[i]))
        *out++ = line.text[i];
  yj_buf_commit(&held, (size_t)(out - held.data));
  yj_buf_free(&in);
}

/* These are the next that come out, perhaps behind some that were set aside. */
static void eat(const char *text, size_t len) {
  const char *want = yj_buf_bytes(&held);
  size_t left = yj_buf_len(&held), i;
  for (i = 0; i < len; i++) {
    if (is_blank(text[i]))
      continue;
    while (eaten < left && want[eaten] != text[i]) {
      eaten++;
      skipped++;
    }
    REQUIRE(eaten < left);
    eaten++;
  }
}

static size_t count_bytes(const struct yj_buf *b) {
  size_t i, n = 0;
  for (i = 0; i < yj_buf_len(b); i++)
    n += !is_blank(yj_buf_bytes(b)[i]);
  return n;
}

/* What did not come out was set aside: of that there is a limit. */
static void check_eaten(const struct yj_decoder *d, enum yj_event verdict) {
  size_t missing;
  if (verdict == YJ_EVENT_CUT)
    eat(yj_buf_bytes(&d->pending), yj_buf_len(&d->pending));
  missing = skipped + yj_buf_len(&held) - eaten;
  if (verdict == YJ_EVENT_END || verdict == YJ_EVENT_CUT)
    REQUIRE(missing == count_bytes(&d->aside) ||
            yj_buf_len(&d->aside) > ASIDE);
  if (verdict == YJ_EVENT_DONE)
    REQUIRE(missing >= sizeof "[DONE]" - 1);
}

/* ---- readings ---- */

/* One way to read a stream. */
struct reading {
  struct yj_decoder decoder;
  size_t content, reasoning; /* bytes delivered */
  struct yj_buf tail; /* what should be kept */
  int has_usage, shapeless;
};

static void keep(struct yj_buf *b, const struct yj_slice *slice) {
  yj_buf_clear(b);
  REQUIRE(yj_buf_append(b, slice->text, slice->len));
}

static void require_same(const struct yj_buf *got, const struct yj_buf *want) {
  REQUIRE_BYTES(yj_buf_bytes(got), yj_buf_len(got), yj_buf_bytes(want),
                yj_buf_len(want));
}

static void check_chunk(struct reading *r, const struct yj_chunk *chunk,
                        int was_said) {
  const struct yj_decoder *d = &r->decoder;
  r->content += chunk->content.len;
  r->reasoning += chunk->reasoning.len;
  REQUIRE(r->content == yj_buf_len(&d->content));
  REQUIRE(r->reasoning == yj_buf_len(&d->reasoning));
  REQUIRE(was_said || d->ended || chunk->content.len == 0);
  REQUIRE(chunk->odd == YJ_USUAL ||
          (chunk->content.len == 0 && chunk->reasoning.len == 0));
  /* a line feed that joins lines may come on top */
  REQUIRE(d->limit == 0 ||
          chunk->json.len <= d->limit + (memchr(chunk->json.text, '\n',
                                                chunk->json.len) != NULL));
}

/* Half a pair at the end of all: there was no such chunk. */
static int is_flushed(const struct yj_chunk *chunk) {
  return chunk->odd == YJ_USUAL && chunk->json.len == 2 &&
         chunk->content.len + chunk->reasoning.len > 0;
}

static void check_kept(struct reading *r, const struct yj_chunk *chunk) {
  size_t used;
  if (is_flushed(chunk))
    return;
  eat(chunk->json.text, chunk->json.len);
  if (yj_json_read(chunk->json.text, chunk->json.len, NULL, NULL, 0, &used,
                   NULL) != YJ_JSON_WHOLE)
    return;
  if (chunk->usage || !r->has_usage)
    keep(&r->tail, &chunk->json);
  r->has_usage |= chunk->usage;
  require_same(yj_decoder_tail(&r->decoder), &r->tail);
}

/* What is complete has been delivered; a NUL completes anything. */
static void check_pending(const struct yj_decoder *d) {
  const char *text = yj_buf_bytes(&d->pending);
  size_t len = yj_buf_len(&d->pending), used = 0;
  if (len > 0 && (*text == '{' || *text == '[') &&
      memchr(text, '\0', len) == NULL)
    REQUIRE(yj_json_read(text, len, NULL, NULL, 0, &used, NULL) != YJ_JSON_WHOLE ||
            used < len);
}

/* The next chunk has nothing to be compared with; the tail stays. */
static void forget_shape(struct yj_decoder *d) {
  if (d->tail_in_shape) {
    struct yj_slice text;
    text.text = yj_buf_bytes(&d->shape.text);
    text.len = yj_buf_len(&d->shape.text);
    keep(&d->tail, &text);
    d->tail_in_shape = 0;
  }
  yj_shape_free(&d->shape);
}

/* Reads all there is: PENDING, or the verdict. */
static enum yj_event drain(struct reading *r) {
  struct yj_chunk chunk;
  enum yj_event event;
  for (;;) {
    int said = yj_decoder_has_unread(&r->decoder) ||
               yj_buf_len(&r->decoder.pending) > 0; /* a blank may end it */
    if (r->shapeless)
      forget_shape(&r->decoder);
    event = yj_decoder_next(&r->decoder, YJ_CHUNKS, &chunk);
    if (event != YJ_EVENT_CHUNK)
      return event;
    see_number(event);
    see_chunk(&chunk);
    check_chunk(r, &chunk, said);
    if (tape.recording)
      check_kept(r, &chunk);
  }
}

/* Behind what has come nothing may be looked at. */
static void feed(struct yj_decoder *d, const char *bytes, size_t n) {
  struct yj_buf *in = &d->inbox;
  if (in->data != NULL)
    fuzz_unhide(in->data + in->tail, in->cap - in->tail);
  REQUIRE(yj_decoder_feed(d, bytes, n));
  if (in->data != NULL)
    fuzz_hide(in->data + in->tail, in->cap - in->tail);
}

static void read_in_pieces(const struct yj_slice *text, size_t limit,
                           const size_t *sizes, size_t n_sizes,
                           int shapeless) {
  struct reading r = {0};
  enum yj_event event = YJ_EVENT_PENDING;
  size_t at = 0, i, n;
  r.decoder.limit = limit;
  r.shapeless = shapeless;
  for (i = 0; at < text->len; i++, at += n) {
    n = sizes[i % n_sizes];
    n = n < text->len - at ? n : text->len - at;
    feed(&r.decoder, text->text + at, n);
    if (event == YJ_EVENT_PENDING)
      event = drain(&r); /* what comes after the verdict does not count */
    if (event == YJ_EVENT_PENDING && shapeless)
      check_pending(&r.decoder);
  }
  yj_decoder_end(&r.decoder);
  event = drain(&r);
  REQUIRE(event > YJ_EVENT_CHUNK && event < YJ_EVENT_NO_MEMORY);
  see_number(event);
  REQUIRE(drain(&r) == event); /* it stays */
  REQUIRE(event != YJ_EVENT_TOO_LARGE || (limit > 0 && text->len > limit));
  see_summary(&r.decoder);
  if (tape.recording)
    check_eaten(&r.decoder, event);
  yj_buf_free(&r.tail);
  yj_decoder_free(&r.decoder);
}

static void read_each_way(const struct yj_slice *text, size_t limit,
                          const size_t *sizes) {
  static const size_t one = 1;
  hold_lines(text);
  yj_buf_clear(&tape.bytes);
  tape.recording = 1;
  read_in_pieces(text, limit, &text->len, 1, 0);
  tape.recording = 0;
  tape.at = 0;
  read_in_pieces(text, limit, sizes, 3, 1);
  REQUIRE(tape.at == yj_buf_len(&tape.bytes));
  if (text->len > BYTEWISE)
    return;
  tape.at = 0;
  read_in_pieces(text, limit, &one, 1, 0);
  REQUIRE(tape.at == yj_buf_len(&tape.bytes));
}

/* The text over and over: what no short input gets to. */
static void read_long(const struct yj_slice *text, const size_t *sizes) {
  static char room[LONGEST];
  const size_t larger[] = {sizes[0] * 64, sizes[1] * 64, sizes[2] * 64};
  struct yj_slice all = {room, 0};
  while (text->len > 0 && text->len <= LONGEST - all.len) {
    memcpy(room + all.len, text->text, text->len);
    all.len += text->len;
  }
  read_each_way(&all, 0, larger);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {(const char *)data, size};
  struct yj_slice text;
  size_t sizes[3], i, limit = fuzz_byte(&in);
  for (i = 0; i < 3; i++)
    sizes[i] = fuzz_byte(&in) % 64 + 1;
  text.text = in.text;
  text.len = in.len;
  if (limit == 255)
    read_long(&text, sizes);
  else
    read_each_way(&text, limit < 128 ? 0 : (limit - 127) * 4, sizes);
  return 0;
}
