/* utf8: which bytes of a text are UTF-8. */
#pragma once

#include <stddef.h>

#pragma GCC visibility push(hidden)

/* How many bytes at the front are UTF-8. Surrogates, overlong forms, and what
 * is past U+10FFFF or cut off at the end, are none. */
size_t yj_utf8_length(const char *text, size_t len);

static inline int yj_utf8_is_tail(char c) { return (c & 0xC0) == 0x80; }

#pragma GCC visibility pop
