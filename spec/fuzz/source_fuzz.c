/* What goes out, against a copy of it made the simple way: pieces of all
 * kinds, read in pieces of all sizes, from the start again after a rewind, and
 * with a file that has become shorter or longer meanwhile.
 * with: source file path file_posix path_posix platform_posix buf
 * seeds: source
 * short: 6000
 * options: -max_len=200 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "path.h"
#include "source.h"

#define PIECES 4
#define LONGEST ((size_t)7000) /* of one piece */

static int files[PIECES]; /* a piece has its own, */
static char paths[PIECES][32]; /* by that path */
static char texts[PIECES][LONGEST];

/* All that is sent, and what has been taken of it. */
static char want[PIECES * (LONGEST / 3 + 1) * 4];
static size_t want_len;

static void stop(void) {
  int i;
  for (i = 0; i < PIECES; i++)
    unlink(paths[i]);
}

static void start(void) {
  int i;
  atexit(stop);
  for (i = 0; i < PIECES; i++) {
    strcpy(paths[i], "/tmp/yj-piece-XXXXXX");
    files[i] = mkstemp(paths[i]);
    REQUIRE(files[i] >= 0);
  }
}

/* RFC 4648, as a stream of bits */
static void want_base64(const char *text, size_t len) {
  static const char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  unsigned long bits = 0;
  size_t i, n_bits = 0, from = want_len;
  for (i = 0; i < len; i++) {
    bits = (bits << 8 | (unsigned char)text[i]) & 0xFFFF;
    for (n_bits += 8; n_bits >= 6; n_bits -= 6)
      want[want_len++] = digits[bits >> (n_bits - 6) & 63];
  }
  if (n_bits > 0)
    want[want_len++] = digits[bits << (6 - n_bits) & 63];
  while ((want_len - from) % 4 != 0)
    want[want_len++] = '=';
}

static void want_piece(const char *text, size_t len, enum yj_coding coding) {
  if (coding == YJ_BASE64) {
    want_base64(text, len);
    return;
  }
  memcpy(want + want_len, text, len);
  want_len += len;
}

static void set_file(int i, size_t len) {
  REQUIRE(ftruncate(files[i], (off_t)len) == 0);
  REQUIRE(pwrite(files[i], texts[i], len, 0) == (ssize_t)len);
}

static void add_file(struct yj_source *s, int i, size_t len,
                     enum yj_coding coding) {
  set_file(i, len);
  REQUIRE(yj_source_add_file(s, paths[i], coding) == 0);
}

/* A piece: how long, of what, in what manner. Its length, or -1 - length of a
 * file. */
static long add_piece(struct yj_source *s, int i, struct fuzz_input *in) {
  unsigned manner = fuzz_byte(in), seed;
  size_t len = fuzz_byte(in), at;
  enum yj_coding coding = manner & 1 ? YJ_BASE64 : YJ_PLAIN;
  int is_file = (manner & 6) == 6;
  if (i == 0 && manner >= 0xF0)
    len = 3072 * (1 + len % 2) + len % 7 - 3; /* around what is coded at once */
  seed = fuzz_byte(in);
  for (at = 0; at < len; at++)
    texts[i][at] = (char)(seed = seed * 75 + 74);
  if (is_file)
    add_file(s, i, len, coding);
  else
    REQUIRE(yj_source_add_bytes(s, texts[i], len, coding) == 0);
  want_piece(texts[i], len, coding);
  return is_file ? -1 - (long)len : (long)len;
}

/* Reads up to n bytes into a block of just that size; what comes is what
 * should. How many, or -1. */
static int64_t take(struct yj_source *s, size_t n, size_t *taken) {
  char *block = malloc(n == 0 ? 1 : n);
  int64_t got;
  REQUIRE(block != NULL);
  got = yj_source_read(s, block, n);
  REQUIRE(got <= (int64_t)n);
  if (got > 0) {
    REQUIRE((size_t)got <= want_len - *taken);
    REQUIRE_BYTES(block, (size_t)got, want + *taken, (size_t)got);
    *taken += (size_t)got;
  }
  free(block);
  return got;
}

/* Reads as the input says, then what is left; whether it came to the end. */
static int read_all(struct yj_source *s, struct fuzz_input *in) {
  size_t taken = 0, n;
  int64_t got;
  do {
    unsigned step = in->len > 0 ? fuzz_byte(in) : 254;
    if (step == 255) {
      yj_source_rewind(s);
      taken = 0;
    }
    n = step < 192 ? step % 32 : (step - 191) * 150;
    got = take(s, n, &taken);
  } while (got > 0 || (got == 0 && n == 0));
  REQUIRE(got < 0 || taken == want_len);
  return got == 0;
}

/* The file of piece i with another length: longer must not show, shorter
 * must, once. */
static void change_file(struct yj_source *s, int i, size_t len, unsigned how,
                        struct fuzz_input *in) {
  size_t other = how % 2 ? len + how : how / 2 * len / 128;
  int fails = other < len;
  REQUIRE(ftruncate(files[i], (off_t)other) == 0);
  REQUIRE(read_all(s, in) == !fails);
  if (fails)
    REQUIRE(s->error == YJ_CUT_SHORT);
  set_file(i, len);
  yj_source_rewind(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input in = {(const char *)data, size};
  struct yj_source s = {0};
  unsigned n = fuzz_byte(&in) % (PIECES + 1), how = fuzz_byte(&in), i;
  long lengths[PIECES];
  if (files[0] == 0)
    start();
  want_len = 0;
  for (i = 0; i < n; i++)
    lengths[i] = add_piece(&s, (int)i, &in);
  REQUIRE(s.length == (int64_t)want_len);
  for (i = 0; i < n; i++)
    if (lengths[i] < 0 && how > 0)
      change_file(&s, (int)i, (size_t)(-1 - lengths[i]), how, &in);
  REQUIRE(read_all(&s, &in));
  yj_source_rewind(&s);
  REQUIRE(read_all(&s, &in));
  yj_source_free(&s);
  return 0;
}
