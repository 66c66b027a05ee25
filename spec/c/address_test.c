/* address_test: the network of a host, in all forms of its address. */
#include "address.h"
#include "harness.h"

static const char *const public_hosts[] = {
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255",
    "100.128.0.0", "126.255.255.255", "128.0.0.1", "169.253.255.255",
    "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255",
    "192.169.0.0", "198.18.0.7", "223.255.255.255", "134744072", "0x8080808",
    "2400:3200::1", "[2606:4700:4700::1111]", "::ffff:8.8.8.8",
    "64:ff9b::808:808", "2002:808:808::1"};

static const char *const private_hosts[] = {
    "0.0.0.0", "0", "127.0.0.1", "127.1", "127.255.255.255", "0x7f000001",
    "2130706433", "017700000001", "10.0.0.1", "10.255.255.255", "100.64.0.1",
    "100.127.255.255", "169.254.169.254", "172.16.0.1", "172.31.255.255",
    "192.168.0.1", "192.0.0.1", "192.0.2.1", "224.0.0.1", "255.255.255.255",
    "::", "::1", "[::1]", "::127.0.0.1", "::ffff:127.0.0.1",
    "[::ffff:10.0.0.1]", "::ffff:a9fe:a9fe", "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:c0a8:101::1",
    "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "[fe80::1%25eth0]",
    "fec0::1", "ff02::1", "100::1", "2001:db8::1", "2001:0:1::1"};

static const char *const names[] = {
    "", "localhost", "example.com", "1.2.3.4.example", "1.2.3.4.5", "::g",
    "999.1.1.1", ("a-name-that-is-far-longer-than-any-address-there-is-in-any-"
                  "of-the-families.example.com")};

#define ALL(list, network)                                        \
  do {                                                            \
    size_t i;                                                     \
    for (i = 0; i < sizeof list / sizeof *list; i++)              \
      harness_check(yj_network_of(list[i]) == (network), __FILE__, \
                    __LINE__, #network, list[i]);                 \
  } while (0)

int main(void) {
  ALL(public_hosts, YJ_PUBLIC);
  ALL(private_hosts, YJ_PRIVATE);
  ALL(names, YJ_NO_ADDRESS);
  return harness_end();
}
