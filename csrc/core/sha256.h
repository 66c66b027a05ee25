/* sha256: FIPS 180-4, for a digest that anybody can make anew (sha256sum). */
#pragma once

#include <stddef.h>

#pragma GCC visibility push(hidden)

#define YJ_SHA256_SIZE 32

void yj_sha256(const void *data, size_t n, unsigned char out[YJ_SHA256_SIZE]);

#pragma GCC visibility pop
