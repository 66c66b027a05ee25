#include "address.h"

#include <stdint.h>
#include <string.h>

#include "platform.h"

#define LONGEST 64 /* more than any address has, with its zone */

/* What is not public (RFC 6890). Without 198.18.0.0/15: proxies that work as a
 * network card (Clash, sing-box) answer each name with such an address. */
static const struct {
  uint32_t first;
  int bits;
} private_v4[] = {
    {0x00000000, 8},  /* this host */
    {0x0a000000, 8},  /* 10 */
    {0x64400000, 10}, /* 100.64: carriers' NAT */
    {0x7f000000, 8},  /* loopback */
    {0xa9fe0000, 16}, /* 169.254: link-local; metadata of clouds */
    {0xac100000, 12}, /* 172.16 */
    {0xc0000000, 24}, {0xc0000200, 24}, {0xc6336400, 24}, {0xcb007100, 24},
    {0xc0a80000, 16}, /* 192.168 */
    {0xe0000000, 3},  /* multicast, reserved, broadcast */
};

static enum yj_network network_of_v4(uint32_t address) {
  size_t i;
  for (i = 0; i < sizeof private_v4 / sizeof *private_v4; i++)
    if ((address ^ private_v4[i].first) >> (32 - private_v4[i].bits) == 0)
      return YJ_PRIVATE;
  return YJ_PUBLIC;
}

static uint32_t four_bytes(const unsigned char *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
         p[3];
}

/* Prefixes of IPv6 addresses that contain an IPv4 address, and where. */
static const struct {
  unsigned char prefix[12], bytes, at;
} carriers[] = {
    {{0}, 12, 12},                                             /* ::/96 */
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 12, 12},      /* mapped */
    {{0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0}, 12, 12},   /* NAT64 */
    {{0x20, 0x02}, 2, 2},                                      /* 6to4 */
};

/* Of the rest only 2000::/3 is public, without Teredo and documentation. */
static enum yj_network network_of_v6(const unsigned char *p) {
  size_t i;
  for (i = 0; i < sizeof carriers / sizeof *carriers; i++)
    if (memcmp(p, carriers[i].prefix, carriers[i].bytes) == 0)
      return network_of_v4(four_bytes(p + carriers[i].at));
  if (p[0] >> 5 != 1)
    return YJ_PRIVATE;
  return four_bytes(p) == 0x20010000 || four_bytes(p) == 0x20010db8
             ? YJ_PRIVATE : YJ_PUBLIC;
}

enum yj_network yj_network_of(const char *host) {
  struct in6_addr v6;
  uint32_t v4;
  char text[LONGEST];
  const char *from = *host == '[' ? host + 1 : host;
  size_t n = strcspn(from, "]%");
  if (n >= sizeof text)
    return YJ_NO_ADDRESS;
  memcpy(text, from, n);
  text[n] = '\0';
  if (inet_pton(AF_INET6, text, &v6) == 1)
    return network_of_v6(v6.s6_addr);
  v4 = ntohl(inet_addr(text)); /* which reads 127.1, too */
  return v4 != UINT32_MAX || strcmp(text, "255.255.255.255") == 0
             ? network_of_v4(v4) : YJ_NO_ADDRESS;
}
