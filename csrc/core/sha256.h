/* sha256: FIPS 180-4, for a digest that anybody can make anew (sha256sum). */
#ifndef YJ_SHA256_H
#define YJ_SHA256_H

#include <stddef.h>

#pragma GCC visibility push(hidden)

#define YJ_SHA256_SIZE 32

void yj_sha256(const void *data, size_t n, unsigned char out[YJ_SHA256_SIZE]);

#pragma GCC visibility pop

#endif
