#include "sha256.h"

#include <stdint.h>
#include <string.h>

#define BLOCK 64

static const uint32_t rounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t turn(uint32_t x, int n) { return x >> n | x << (32 - n); }

/* The message schedule of section 6.2.2, step 1. */
static void schedule(uint32_t w[64], const unsigned char *block) {
  int i;
  for (i = 0; i < 16; i++, block += 4)
    w[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 |
           (uint32_t)block[2] << 8 | block[3];
  for (; i < 64; i++) {
    uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = (turn(b, 17) ^ turn(b, 19) ^ b >> 10) + w[i - 7] +
           (turn(a, 7) ^ turn(a, 18) ^ a >> 3) + w[i - 16];
  }
}

static void take_block(uint32_t state[8], const unsigned char *block) {
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
  uint32_t w[64];
  int i;
  schedule(w, block);
  for (i = 0; i < 64; i++) {
    uint32_t one = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) +
                   ((e & f) ^ (~e & g)) + rounds[i] + w[i];
    uint32_t two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) +
                   ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + one;
    d = c, c = b, b = a, a = one + two;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d;
  state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

/* What is left, a one bit, zeroes, and the length in bits. */
static void take_end(uint32_t state[8], const unsigned char *rest, size_t left,
                     uint64_t bits) {
  unsigned char last[2 * BLOCK] = {0};
  size_t end = left < BLOCK - 8 ? BLOCK : 2 * BLOCK, i;
  memcpy(last, rest, left);
  last[left] = 0x80;
  for (i = 1; i <= 8; i++, bits >>= 8)
    last[end - i] = (unsigned char)bits;
  take_block(state, last);
  if (end > BLOCK)
    take_block(state, last + BLOCK);
}

void yj_sha256(const void *data, size_t n, unsigned char out[YJ_SHA256_SIZE]) {
  uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  const unsigned char *p = data;
  size_t left = n, i;
  for (; left >= BLOCK; left -= BLOCK, p += BLOCK)
    take_block(state, p);
  take_end(state, p, left, (uint64_t)n * 8);
  for (i = 0; i < YJ_SHA256_SIZE; i++)
    out[i] = (unsigned char)(state[i / 4] >> (24 - i % 4 * 8));
}
