/* source_test: compares csrc/core/source.c with the bytes that it should send,
 * which are made here slowly: base64 bit by bit, from the definition. */
#define _GNU_SOURCE
#include "harness.h"
#include "path.h"
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONGEST 100

static char folder[] = "/tmp/yj_source_XXXXXX";

/* ---- the expected bytes ---- */

struct text {
  char *bytes;
  size_t len;
};

static struct text text_of(size_t n) {
  struct text text;
  size_t i;
  text.bytes = malloc(n == 0 ? 1 : n);
  text.len = n;
  if (text.bytes == NULL)
    abort();
  for (i = 0; i < n; i++)
    text.bytes[i] = (char)(i * 151 + (i >> 8) + 13);
  return text;
}

/* The six bits from bit `at` on, the first bit of a byte being its highest;
 * behind the end there are zeroes. */
static unsigned six_bits(const struct text *text, size_t at) {
  unsigned bits = 0;
  size_t i;
  for (i = at; i < at + 6; i++) {
    unsigned byte = i / 8 < text->len ? (unsigned char)text->bytes[i / 8] : 0;
    bits = bits * 2 + (byte >> (7 - i % 8)) % 2;
  }
  return bits;
}

static char digit_of(unsigned bits) {
  if (bits < 26)
    return (char)('A' + bits);
  if (bits < 52)
    return (char)('a' + bits - 26);
  if (bits < 62)
    return (char)('0' + bits - 52);
  return bits == 62 ? '+' : '/';
}

static struct text base64_of(const struct text *text) {
  struct text coded;
  size_t n = 0, at;
  coded.bytes = malloc(text->len * 2 + 8);
  if (coded.bytes == NULL)
    abort();
  for (at = 0; at < text->len * 8; at += 6)
    coded.bytes[n++] = digit_of(six_bits(text, at));
  while (n % 4 != 0)
    coded.bytes[n++] = '=';
  coded.len = n;
  return coded;
}

/* ---- reading ---- */

/* Reads everything, `step` bytes at a time into blocks of exactly that size.
 * The caller frees it. len is SIZE_MAX if the source failed. */
static struct text read_all(struct yj_source *s, size_t step) {
  struct text all = {NULL, 0};
  char *block = malloc(step);
  all.bytes = malloc((size_t)s->length + step);
  if (block == NULL || all.bytes == NULL)
    abort();
  for (;;) {
    int64_t got = yj_source_read(s, block, step);
    if (got < 0)
      all.len = SIZE_MAX;
    if (got <= 0 || all.len + (size_t)got > (size_t)s->length)
      break;
    memcpy(all.bytes + all.len, block, (size_t)got);
    all.len += (size_t)got;
  }
  free(block);
  return all;
}

static void expect(struct yj_source *s, size_t step, const struct text *want,
                   const char *what) {
  struct text got = read_all(s, step);
  CHECK_IN(what, got.len == want->len);
  if (got.len == want->len)
    CHECK_IN(what, memcmp(got.bytes, want->bytes, want->len) == 0);
  free(got.bytes);
}

static void expect_at_each_step(struct yj_source *s, const struct text *want,
                                const char *what) {
  size_t step;
  char block[1];
  CHECK_IN(what, s->length == (int64_t)want->len);
  for (step = 1; step <= 17; step++) {
    expect(s, step, want, what);
    CHECK_IN(what, yj_source_read(s, block, 1) == 0);
    yj_source_rewind(s);
  }
}

static const char *path_of(const char *name) {
  static char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static const char *write_file(const char *name, const struct text *text) {
  const char *path = path_of(name);
  FILE *file = fopen(path, "wb");
  if (file == NULL || fwrite(text->bytes, 1, text->len, file) != text->len ||
      fclose(file) != 0)
    abort();
  return path;
}

/* ---- tests ---- */

static void test_nothing(void) {
  struct yj_source s = {0};
  char byte;
  CHECK(yj_source_read(&s, &byte, 1) == 0);
  CHECK(s.length == 0);
  yj_source_rewind(&s);
  CHECK(yj_source_read(&s, &byte, 1) == 0);
  yj_source_free(&s);
  yj_source_free(&s);
}

/* RFC 4648 section 10 */
static void test_known_base64(void) {
  static const char *const rows[][2] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  size_t i;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct yj_source s = {0};
    struct text want = {NULL, 0};
    want.bytes = harness_copy(rows[i][1], strlen(rows[i][1]));
    want.len = strlen(rows[i][1]);
    CHECK(yj_source_add_bytes(&s, rows[i][0], strlen(rows[i][0]),
                              YJ_BASE64) == 0);
    expect_at_each_step(&s, &want, rows[i][0]);
    free(want.bytes);
    yj_source_free(&s);
  }
}

static void try_length(size_t n, enum yj_coding coding) {
  struct yj_source memory = {0}, file = {0};
  struct text text = text_of(n), coded = base64_of(&text);
  const struct text *want = coding == YJ_BASE64 ? &coded : &text;
  char what[40];
  snprintf(what, sizeof what, "%lu bytes, coding %d", (unsigned long)n,
           (int)coding);
  CHECK_IN(what, yj_source_add_bytes(&memory, text.bytes, n, coding) == 0);
  CHECK_IN(what, yj_source_add_file(&file, write_file("a", &text), coding) ==
                     0);
  expect_at_each_step(&memory, want, what);
  expect_at_each_step(&file, want, what);
  yj_source_free(&memory);
  yj_source_free(&file);
  free(text.bytes);
  free(coded.bytes);
}

static void test_lengths(void) {
  size_t n;
  for (n = 0; n <= LONGEST; n++) {
    try_length(n, YJ_PLAIN);
    try_length(n, YJ_BASE64);
  }
}

/* Lengths around the block that is encoded at a time, 1024 groups of three. */
static void test_long_base64(void) {
  static const size_t lengths[] = {3071, 3072, 3073, 6144, 6145, 10000};
  static const size_t steps[] = {1, 7, 4095, 4096, 4097, 65536};
  size_t i, j;
  for (i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    struct yj_source s = {0};
    struct text text = text_of(lengths[i]), coded = base64_of(&text);
    CHECK(yj_source_add_file(&s, write_file("b", &text), YJ_BASE64) == 0);
    for (j = 0; j < sizeof steps / sizeof *steps; j++) {
      expect(&s, steps[j], &coded, "long base64");
      yj_source_rewind(&s);
    }
    yj_source_free(&s);
    free(text.bytes);
    free(coded.bytes);
  }
}

static void append(struct text *all, const struct text *more) {
  all->bytes = realloc(all->bytes, all->len + more->len + 1);
  if (all->bytes == NULL)
    abort();
  memcpy(all->bytes + all->len, more->bytes, more->len);
  all->len += more->len;
}

/* Bytes, an empty piece, a file in base64, an empty file, bytes, a file: like
 * a JSON body with files. */
static void test_pieces(void) {
  struct yj_source s = {0};
  struct text text = text_of(50), coded = base64_of(&text), none = text_of(0);
  struct text all = {NULL, 0}, ends = {NULL, 2};
  ends.bytes = harness_copy("{}", 2);
  CHECK(yj_source_add_bytes(&s, "{}", 2, YJ_PLAIN) == 0);
  CHECK(yj_source_add_bytes(&s, NULL, 0, YJ_PLAIN) == 0);
  CHECK(yj_source_add_file(&s, write_file("c", &text), YJ_BASE64) == 0);
  CHECK(yj_source_add_file(&s, write_file("none", &none), YJ_BASE64) == 0);
  CHECK(yj_source_add_bytes(&s, "{}", 2, YJ_PLAIN) == 0);
  CHECK(yj_source_add_file(&s, path_of("c"), YJ_PLAIN) == 0);
  CHECK(yj_source_add_bytes(&s, "", 0, YJ_BASE64) == 0);
  append(&all, &ends);
  append(&all, &coded);
  append(&all, &ends);
  append(&all, &text);
  expect_at_each_step(&s, &all, "pieces");
  yj_source_free(&s);
  free(all.bytes);
  free(ends.bytes);
  free(coded.bytes);
  free(none.bytes);
  free(text.bytes);
}

static void test_rewind_in_the_middle(void) {
  struct yj_source s = {0};
  struct text text = text_of(90), coded = base64_of(&text), all = {NULL, 0};
  char block[200];
  size_t at;
  append(&all, &text);
  append(&all, &coded);
  CHECK(yj_source_add_bytes(&s, text.bytes, text.len, YJ_PLAIN) == 0);
  CHECK(yj_source_add_file(&s, write_file("d", &text), YJ_BASE64) == 0);
  for (at = 1; at < all.len; at += 11) {
    CHECK(yj_source_read(&s, block, at) == (int64_t)at);
    yj_source_rewind(&s);
    expect(&s, 13, &all, "after a rewind");
    yj_source_rewind(&s);
  }
  yj_source_free(&s);
  free(all.bytes);
  free(coded.bytes);
  free(text.bytes);
}

static void test_what_is_no_file(void) {
  struct yj_source s = {0};
  CHECK(yj_source_add_file(&s, folder, YJ_PLAIN) == EISDIR);
  CHECK(yj_source_add_file(&s, path_of("missing"), YJ_PLAIN) == ENOENT);
  CHECK(yj_source_add_file(&s, "", YJ_BASE64) == ENOENT);
  CHECK(yj_source_add_file(&s, "/dev/null", YJ_PLAIN) == YJ_NOT_A_FILE);
  CHECK(mkfifo(path_of("fifo"), 0600) == 0); /* opening it must not wait */
  CHECK(yj_source_add_file(&s, path_of("fifo"), YJ_PLAIN) == YJ_NOT_A_FILE);
  CHECK(s.first == NULL && s.length == 0);
  yj_source_free(&s);
}

/* The length was promised when the file was added. */
static void test_growing(void) {
  struct yj_source s = {0};
  struct text text = text_of(LONGEST), longer = text_of(2 * LONGEST);
  CHECK(yj_source_add_file(&s, write_file("e", &text), YJ_PLAIN) == 0);
  write_file("e", &longer);
  expect_at_each_step(&s, &text, "growing");
  yj_source_free(&s);
  free(longer.bytes);
  free(text.bytes);
}

static void try_shrinking(enum yj_coding coding) {
  struct yj_source s = {0};
  struct text text = text_of(LONGEST), got;
  CHECK(yj_source_add_file(&s, write_file("f", &text), coding) == 0);
  CHECK(truncate(path_of("f"), LONGEST - 1) == 0);
  got = read_all(&s, 16);
  CHECK(got.len == SIZE_MAX);
  CHECK(s.error == YJ_CUT_SHORT);
  free(got.bytes);
  write_file("f", &text);
  yj_source_rewind(&s);
  got = read_all(&s, 16);
  CHECK(got.len == (size_t)s.length); /* the file has its length again */
  free(got.bytes);
  yj_source_free(&s);
  free(text.bytes);
}

/* A file that was renamed or removed is still sent. */
static void test_replaced(void) {
  struct yj_source s = {0};
  struct text text = text_of(LONGEST);
  CHECK(yj_source_add_file(&s, write_file("g", &text), YJ_PLAIN) == 0);
  CHECK(remove(path_of("g")) == 0);
  expect_at_each_step(&s, &text, "removed");
  yj_source_free(&s);
  free(text.bytes);
}

/* Lengths of more than 32 bits, in a sparse file. */
static void test_huge(void) {
  const int64_t size = ((int64_t)5 << 30) + 1;
  struct text none = text_of(0);
  struct yj_source s = {0};
  const char *path = write_file("huge", &none);
  if (truncate(path, (off_t)size) == 0) {
    CHECK(yj_source_add_file(&s, path, YJ_PLAIN) == 0);
    CHECK(s.length == size);
    CHECK(yj_source_add_file(&s, path, YJ_BASE64) == 0);
    CHECK(s.length == size + (size + 2) / 3 * 4);
  }
  yj_source_free(&s);
  free(none.bytes);
}

static int open_files(void) {
  int fd, n = 0;
  for (fd = 0; fd < 64; fd++)
    n += fcntl(fd, F_GETFD) != -1;
  return n;
}

static void clean(void) {
  static const char *const names[] = {"a", "b", "c", "none", "d",
                                      "e", "f", "huge", "fifo"};
  size_t i;
  for (i = 0; i < sizeof names / sizeof *names; i++)
    (void)remove(path_of(names[i]));
  (void)rmdir(folder);
}

int main(void) {
  int before = open_files();
  if (mkdtemp(folder) == NULL)
    abort();
  test_nothing();
  test_known_base64();
  test_lengths();
  test_long_base64();
  test_pieces();
  test_rewind_in_the_middle();
  test_what_is_no_file();
  test_growing();
  try_shrinking(YJ_PLAIN);
  try_shrinking(YJ_BASE64);
  test_replaced();
  test_huge();
  CHECK(open_files() == before);
  clean();
  return harness_end();
}
