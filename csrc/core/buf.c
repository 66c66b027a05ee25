#include "buf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP ((size_t)64)
#define LITTLE ((size_t)4096)

/* Twice as much, so that the cost of moving stays linear. A small buffer, of
 * which there may be thousands, grows by half, and gets an eighth more than is
 * needed, for the next content is often a bit longer. */
static size_t grown(size_t cap, size_t needed) {
  size_t more = cap < LITTLE ? cap + cap / 2 : cap * 2;
  size_t enough = needed < LITTLE ? needed + needed / 8 : needed;
  if (more < FIRST_CAP)
    more = FIRST_CAP;
  return more < enough ? enough : more;
}

/* The content moves to the front of the same memory only if the consumed part
 * is at least as large, so that the cost stays linear. */
char *yj_buf_reserve(struct yj_buf *b, size_t n) {
  size_t len = yj_buf_len(b);
  if (b->data != NULL && n <= b->cap - b->tail)
    return b->data + b->tail;
  if (n > SIZE_MAX / 2 - len)
    return NULL;
  if (b->data == NULL || b->head < len || n > b->cap - len) {
    size_t cap = grown(b->cap, len + n);
    char *data = realloc(b->data, cap);
    if (data == NULL)
      return NULL;
    b->data = data;
    b->cap = cap;
  }
  memmove(b->data, b->data + b->head, len);
  b->head = 0;
  b->tail = len;
  return b->data + len;
}

int yj_buf_append(struct yj_buf *b, const void *bytes, size_t n) {
  char *room = yj_buf_reserve(b, n);
  if (room == NULL)
    return 0;
  if (n > 0)
    memcpy(room, bytes, n);
  b->tail += n;
  return 1;
}

void yj_buf_consume(struct yj_buf *b, size_t n) {
  size_t len = yj_buf_len(b);
  b->head += n < len ? n : len;
  if (b->head == b->tail)
    yj_buf_clear(b);
}

void yj_buf_free(struct yj_buf *b) {
  free(b->data);
  memset(b, 0, sizeof *b);
}
