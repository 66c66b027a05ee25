/* A chat stream at any split: all that a reader can see is the same as when
 * the bytes come at once. One of the readings never compares a chunk with the
 * one before (shape.h), which must not show either. The texts of the chunks
 * add up to the text of the stream, and nothing is delivered that was not said
 * to be there.
 * with: decoder shape json sse buf */
#include "decoder.h"
#include "fuzz.h"

#define LONGEST ((size_t)9000)  /* more than is kept of an error page */
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
  see_text(chunk->finish_reason.text, chunk->finish_reason.len);
  see_number(chunk->usage);
  see_number(chunk->odd);
}

static void see_summary(const struct yj_decoder *d) {
  see_buf(&d->content);
  see_buf(&d->reasoning);
  see_buf(&d->finish_reason);
  see_buf(&d->tail);
  see_number(d->finished);
  see_number(d->begun);
  if (d->verdict == YJ_EVENT_BAD || d->verdict == YJ_EVENT_CUT)
    see_buf(&d->pending);
}

/* One way to read a stream. */
struct reading {
  struct yj_decoder decoder;
  size_t content, reasoning; /* bytes delivered */
  int shapeless;
};

static void check_chunk(struct reading *r, const struct yj_chunk *chunk,
                        int was_said) {
  r->content += chunk->content.len;
  r->reasoning += chunk->reasoning.len;
  REQUIRE(r->content == yj_buf_len(&r->decoder.content));
  REQUIRE(r->reasoning == yj_buf_len(&r->decoder.reasoning));
  REQUIRE(was_said || r->decoder.ended || chunk->content.len == 0);
}

/* Reads all there is: PENDING, or the verdict. */
static enum yj_event drain(struct reading *r) {
  struct yj_chunk chunk;
  enum yj_event event;
  for (;;) {
    int said = yj_decoder_has_unread(&r->decoder) ||
               yj_buf_len(&r->decoder.pending) > 0; /* a blank may end it */
    if (r->shapeless)
      yj_shape_free(&r->decoder.shape);
    event = yj_decoder_next(&r->decoder, &chunk);
    if (event != YJ_EVENT_CHUNK)
      return event;
    see_number(event);
    see_chunk(&chunk);
    check_chunk(r, &chunk, said);
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
  for (i = 0; at < text->len && event == YJ_EVENT_PENDING; i++, at += n) {
    n = sizes[i % n_sizes];
    n = n < text->len - at ? n : text->len - at;
    feed(&r.decoder, text->text + at, n);
    event = drain(&r);
  }
  yj_decoder_end(&r.decoder);
  event = drain(&r);
  REQUIRE(event > YJ_EVENT_CHUNK && event < YJ_EVENT_NO_MEMORY);
  see_number(event);
  REQUIRE(drain(&r) == event); /* it stays */
  see_summary(&r.decoder);
  yj_decoder_free(&r.decoder);
}

static void read_each_way(const struct yj_slice *text, size_t limit,
                          const size_t *sizes) {
  static const size_t one = 1;
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
