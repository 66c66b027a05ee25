/* source: a request body, in pieces from memory and from files.
 *
 * Pieces are read as they are sent, plain or in base64, so that files of any
 * size cost the same memory. The length of a piece is fixed when it is added:
 * a file that grows is sent up to there, one that shrinks fails.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

enum yj_coding { YJ_PLAIN, YJ_BASE64 };

struct yj_piece;

/* All zeroes: no pieces, owns nothing. */
struct yj_source {
  struct yj_piece *first, *last; /* owned */
  struct yj_piece *current;      /* being read; NULL: all is read */
  int64_t length;                /* of all pieces, as sent */
  int error;                     /* of the read that failed, or 0 */
};

/* Add a piece at the end; 0, or an error of path.h. Bytes are copied. A file
 * is opened here and read until the source is freed. */
int yj_source_add_bytes(struct yj_source *s, const void *bytes, size_t n,
                        enum yj_coding coding);
int yj_source_add_file(struct yj_source *s, const char *path,
                       enum yj_coding coding);

/* All that it sends, where that is in memory: owned by s. Else NULL. */
const char *yj_source_bytes(const struct yj_source *s);

/* Reads up to n bytes into out; 0 at the end, -1 when a file can not be read
 * or is shorter than it was, with s->error set. */
int64_t yj_source_read(struct yj_source *s, char *out, size_t n);

/* Back to the start. */
void yj_source_rewind(struct yj_source *s);

void yj_source_free(struct yj_source *s);

#pragma GCC visibility pop
