/* harness: shared by the C tests. A test program calls the checks and ends
 * with `return harness_end();`, which prints the line `N passed, N failed`
 * (and `, N skipped`) and returns the exit status. A failed check prints its
 * place, and the program goes on. */
#ifndef HARNESS_H
#define HARNESS_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long harness_passed, harness_failed, harness_skipped;

/* 1, or 0 after a line on stderr: the expression, and `what` if there is one,
 * the case of a table that failed. */
static inline int harness_check(int ok, const char *file, int line,
                                const char *expression, const char *what) {
  if (ok) {
    harness_passed++;
    return 1;
  }
  harness_failed++;
  fprintf(stderr, "%s:%d: %s%s%s\n", file, line, expression,
          what == NULL ? "" : ": ", what == NULL ? "" : what);
  return 0;
}

static inline int harness_bytes(const char *got, size_t got_len,
                                const char *want, size_t want_len,
                                const char *file, int line, const char *what) {
  int ok = got_len == want_len &&
           (want_len == 0 || memcmp(got, want, want_len) == 0);
  if (!ok)
    fprintf(stderr, "  got [%.*s], want [%.*s]\n", (int)got_len,
            got == NULL ? "" : got, (int)want_len, want);
  return harness_check(ok, file, line, "same bytes", what);
}

/* For a check that is not possible here. */
static inline void harness_skip(const char *what) {
  harness_skipped++;
  printf("skipped: %s\n", what);
}

static inline int harness_end(void) {
  printf("%lu passed, %lu failed", harness_passed, harness_failed);
  if (harness_skipped > 0)
    printf(", %lu skipped", harness_skipped);
  putchar('\n');
  return harness_failed > 0;
}

#define CHECK(ok) harness_check(!!(ok), __FILE__, __LINE__, #ok, NULL)

/* the same in a loop over a table; `what` names the row */
#define CHECK_IN(what, ok) harness_check(!!(ok), __FILE__, __LINE__, #ok, what)

/* `want` is a string literal and may hold NUL bytes */
#define CHECK_BYTES(what, got, got_len, want)                                \
  harness_bytes(got, got_len, want, sizeof want - 1, __FILE__, __LINE__, what)

/* A malloc'd copy of exactly n bytes (one, if n is 0), so that a sanitizer
 * detects a read behind its end; the caller frees it. */
static inline char *harness_copy(const char *bytes, size_t n) {
  char *copy = malloc(n == 0 ? 1 : n);
  if (copy == NULL)
    abort();
  if (n > 0)
    memcpy(copy, bytes, n);
  return copy;
}

#endif
