/* mx.h - can a domain receive mail, and is it perhaps misspelt?
 *
 * RFC 5321 section 5, RFC 2181 section 10.3 (no MX is an alias), RFC 7505 (null MX).
 * Hosts are looked up until one has an address: of the others nothing is told. */
#ifndef WHYBOUNCE_PROBE_MX_H
#define WHYBOUNCE_PROBE_MX_H

#include "probe/address.h"
#include "probe/dns.h"

enum { MX_MAX_HOSTS = 5 };	/* whose addresses are looked up */

enum mx_state {
	MX_OK,			/* at least one host has an address */
	MX_IMPLICIT,		/* no MX, but an address (5.1): ok. An address literal too. */
	MX_NULL,		/* RFC 7505 */
	MX_NONE,		/* neither MX nor address */
	MX_NOWHERE,		/* MX hosts without any address; host: the first */
	MX_ADDRESS,		/* the same, and the first is an IP address: ip */
	MX_PRIVATE,		/* hosts, or the domain itself, with addresses of a private
				 * network alone: ip */
	MX_UNREACHABLE,		/* with none but loopback, 0.0.0.0 and their kind: ip */
	MX_NO_DOMAIN,		/* the name does not exist */
	MX_TEMPERROR,
};

struct mx_result {
	enum mx_state state;
	struct span host;	/* OK: the most preferred one that has an address; PRIVATE,
				 * UNREACHABLE: the one of ip; NOWHERE, ADDRESS: the most
				 * preferred one; IMPLICIT: the domain; else empty */
	struct ip ip;
	struct span dot;	/* MX_NOWHERE, or an alias that may be a wildcard: a host that
				 * has an address; to its name the zone's was added, for the
				 * last dot is missing; or empty */
	struct span alias;	/* host, where an MX record names it, is a CNAME: where that
				 * leads; or empty */
	size_t hosts;		/* that the MX records name */
	bool null_beside;	/* a null MX stands beside them, which 7505 does not allow */
	const char *likely;	/* MX_NO_DOMAIN, MX_NONE, MX_NULL: a common mail domain
				 * one edit away ("gmail.com" for gmial.com); or NULL */
	const char *reason;	/* MX_TEMPERROR */
};
void mx_check(struct dns *dns, struct span domain, struct mx_result *result_r);

/* A common mail domain one edit (insert, delete, replace, swap) away, never the
 * domain itself; NULL: none, or several. Pure. A-labels only. */
const char *mx_likely_domain(struct span domain);

#endif
