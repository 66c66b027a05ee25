/* address: tells public addresses from private ones, so that no server can
 * make us ask a machine behind our firewall.
 */
#pragma once

#pragma GCC visibility push(hidden)

enum yj_network {
  YJ_NO_ADDRESS, /* a name */
  YJ_PUBLIC,
  YJ_PRIVATE /* this machine, a link, an organisation's own network, or an
                address that no single host has */
};

/* For a host as a URL or a socket has it: IPv4 in each form that systems
 * accept (127.1, 0x7f000001), IPv6 with or without brackets and zone. */
enum yj_network yj_network_of(const char *host);

#pragma GCC visibility pop
