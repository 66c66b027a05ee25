#include "utf8.h"

#include <stdint.h>
#include <string.h>

#define BLOCK 64
#define BEFORE 3 /* so many bytes may tell what the next one has to be */

/* Whether a block is sound, when what is before it is; its last sequence may
 * go on behind it. There are BEFORE bytes in front of p. All bytes are looked
 * at alike, without a branch: so the compiler takes sixteen at a time, and a
 * text that goes from one script to another is as fast as any. */
static int is_sound_block(const unsigned char *p) {
  unsigned char wrong = 0;
  int i;
  for (i = 0; i < BLOCK; i++) {
    unsigned char c = p[i], b = p[i - 1];
    unsigned char is_due = (b >= 0xC0) | (p[i - 2] >= 0xE0) | (p[i - 3] >= 0xF0);
    wrong |= is_due ^ ((c & 0xC0) == 0x80);
    wrong |= (c == 0xC0) | (c == 0xC1) | (c > 0xF4);
    wrong |= ((b == 0xE0) & (c < 0xA0)) | ((b == 0xED) & (c > 0x9F));
    wrong |= ((b == 0xF0) & (c < 0x90)) | ((b == 0xF4) & (c > 0x8F));
  }
  return !wrong;
}

/* How many bytes the sequence at p has, which is not ASCII; 0: it is none. */
static size_t sequence_length(const unsigned char *p, size_t left) {
  const size_t n = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
  size_t i;
  if (p[0] < 0xC2 || p[0] > 0xF4 || left < n)
    return 0;
  for (i = 1; i < n; i++)
    if (!yj_utf8_is_tail((char)p[i]))
      return 0;
  if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ||
      (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))
    return 0;
  return n;
}

/* 8 where the next 8 bytes are ASCII, else 1: the first is. */
static size_t ascii_length(const unsigned char *p, size_t left) {
  uint64_t eight;
  if (left < sizeof eight)
    return 1;
  memcpy(&eight, p, sizeof eight);
  return (eight & UINT64_C(0x8080808080808080)) == 0 ? sizeof eight : 1;
}

/* The place of the first sequence from `at` on that is not sound, or one that
 * is at or behind `end`. */
static size_t pass_sound(const unsigned char *text, size_t at, size_t end,
                         size_t len) {
  size_t n = 1;
  for (; at < end && n > 0; at += n)
    n = text[at] < 0x80 ? ascii_length(text + at, len - at)
                        : sequence_length(text + at, len - at);
  return at;
}

size_t yj_utf8_length(const char *text, size_t len) {
  const unsigned char *p = (const unsigned char *)text;
  size_t at = pass_sound(p, 0, len < BEFORE ? len : BEFORE, len);
  if (at < BEFORE || len - at < BLOCK)
    return at < BEFORE ? at : pass_sound(p, at, len, len);
  while (len - at >= BLOCK && is_sound_block(p + at))
    at += BLOCK;
  do /* the last sequence may go on behind the blocks */
    at--;
  while (yj_utf8_is_tail(text[at]));
  return pass_sound(p, at, len, len);
}
