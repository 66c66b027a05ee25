/* fuzz: what the targets share. Each is one file with the function that
 * libFuzzer calls for every input; a property that does not hold ends the
 * process, and libFuzzer keeps the input. An input begins with a few bytes
 * that steer the target, so that its text ends where its memory does. */
#ifndef FUZZ_H
#define FUZZ_H

#include <sanitizer/asan_interface.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_show(const char *what, const char *bytes, size_t n) {
  size_t i;
  fprintf(stderr, "  %s, %lu bytes: ", what, (unsigned long)n);
  for (i = 0; i < n && i < 400; i++)
    fprintf(stderr, bytes[i] >= ' ' && bytes[i] <= '~' ? "%c" : "\\x%02x",
            (unsigned char)bytes[i]);
  fputc('\n', stderr);
}

static inline void fuzz_fail(const char *file, int line, const char *what) {
  fprintf(stderr, "%s:%d: %s\n", file, line, what);
  abort();
}

#define REQUIRE(ok) \
  do { \
    if (!(ok)) \
      fuzz_fail(__FILE__, __LINE__, #ok); \
  } while (0)

static inline void fuzz_same(const char *got, size_t got_len, const char *want,
                             size_t want_len, const char *file, int line) {
  if (got_len == want_len &&
      (want_len == 0 || memcmp(got, want, want_len) == 0))
    return;
  fuzz_show("got", got, got_len);
  fuzz_show("want", want, want_len);
  fuzz_fail(file, line, "not the same bytes");
}

#define REQUIRE_BYTES(got, got_len, want, want_len) \
  fuzz_same((got), (got_len), (want), (want_len), __FILE__, __LINE__)

/* An input, read from its front; behind its end there are zeroes. */
struct fuzz_input {
  const char *text;
  size_t len;
};

static inline unsigned fuzz_byte(struct fuzz_input *in) {
  if (in->len == 0)
    return 0;
  in->len--;
  return (unsigned char)*in->text++;
}

/* Lets a text seem to end sooner: whoever reads n bytes from `end` on is
 * caught. fuzz_unhide() undoes it. */
static inline void fuzz_hide(const char *end, size_t n) {
  ASAN_POISON_MEMORY_REGION(end, n);
}

static inline void fuzz_unhide(const char *end, size_t n) {
  ASAN_UNPOISON_MEMORY_REGION(end, n);
}

#endif
