/* address.h - IP addresses: text, prefixes, and the names they have in the DNS.
 *
 * Pure. RFC 4291 (IPv6 text, RFC 5952 out), RFC 1035 3.5 and RFC 3596 2.5. */
#ifndef WHYBOUNCE_PROBE_ADDRESS_H
#define WHYBOUNCE_PROBE_ADDRESS_H

#include <stdint.h>

#include "base/arena.h"

struct ip {
	uint8_t bytes[16];	/* network order; IPv4: the first four */
	unsigned bits;		/* 32, 128; 0: none */
};

enum { IP_TEXT = 46 };		/* bytes of the longest text with its NUL */

/* "192.0.2.1", "2001:db8::1"; "[…]" and "IPv6:" of RFC 5321 4.1.3 are allowed.
 * IPv4-mapped addresses become IPv4. -1 for anything else. */
int ip_parse(struct span text, struct ip *ip_r);
/* Nothing but an address of that family (32, 128), none made another by mapping. */
int ip_parse_family(struct span text, unsigned bits, struct ip *ip_r);
bool ip_eq(const struct ip *a, const struct ip *b);
/* Both of one family, and alike in the first `prefix` bits. */
bool ip_in(const struct ip *ip, const struct ip *net, unsigned prefix);
const char *ip_text(const struct ip *ip, char text[IP_TEXT]);
/* "1.2.0.192.in-addr.arpa", "…ip6.arpa". */
struct span ip_reverse_name(struct arena *arena, const struct ip *ip);
/* The same digits in front of a blocklist zone (RFC 5782, 2.1 and 2.4). */
struct span ip_list_name(struct arena *arena, const struct ip *ip, const char *zone);
/* Private, loopback, link-local, documentation, multicast, reserved (RFC 6890):
 * not public, and never looked up. */
bool ip_is_public(const struct ip *ip);
/* Of a network of somebody's own: RFC 1918, 4193, 6598. */
bool ip_is_private(const struct ip *ip);
/* RFC 5737, 3849, 9637. Who asks a DNS on loopback may look these up too. */
bool ip_is_documentation(const struct ip *ip);

#endif
