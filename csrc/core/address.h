/* address: which network an address is of, so that a server elsewhere can not
 * have us ask a machine behind our firewall. Nothing here knows Lua or libcurl.
 */
#ifndef YJ_ADDRESS_H
#define YJ_ADDRESS_H

#pragma GCC visibility push(hidden)

enum yj_network {
  YJ_NO_ADDRESS, /* a name */
  YJ_PUBLIC,
  YJ_PRIVATE /* this machine, a link, a network of an organisation's own, or
                an address that no single host has */
};

/* The network of a host as a URL or a socket has it: IPv4 in each form that
 * systems take (127.1, 0x7f000001), IPv6 with or without brackets and zone. */
enum yj_network yj_network_of(const char *host);

#pragma GCC visibility pop

#endif
