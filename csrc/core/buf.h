/* buf: a growable run of bytes, appended at the end, consumed at the front.
 *
 * All zeroes is a valid, empty buffer that owns nothing.
 */
#pragma once

#include <stddef.h>

#pragma GCC visibility push(hidden)

struct yj_buf {
  char *data;  /* owned; NULL while cap is 0 */
  size_t head; /* first byte not consumed */
  size_t tail; /* one past the last byte */
  size_t cap;
};

/* The bytes not consumed yet. */
static inline const char *yj_buf_bytes(const struct yj_buf *b) {
  return b->data == NULL ? "" : b->data + b->head;
}

static inline size_t yj_buf_len(const struct yj_buf *b) {
  return b->tail - b->head;
}

/* Room for n more bytes at the end, or NULL: out of memory. yj_buf_commit()
 * makes it content. Moves the content: pointers into the buffer die here. */
char *yj_buf_reserve(struct yj_buf *b, size_t n);

static inline void yj_buf_commit(struct yj_buf *b, size_t n) { b->tail += n; }

/* 1, or 0 when out of memory: then nothing has changed. */
int yj_buf_append(struct yj_buf *b, const void *bytes, size_t n);

/* Drops n bytes (at most what is there) from the front. */
void yj_buf_consume(struct yj_buf *b, size_t n);

/* Drops the content, keeps the memory. */
static inline void yj_buf_clear(struct yj_buf *b) { b->head = b->tail = 0; }

/* Gives the memory back; the buffer is empty and usable again. */
void yj_buf_free(struct yj_buf *b);

#pragma GCC visibility pop
