/* ptr.h - does an address have a name that leads back to it?
 *
 * Forward-confirmed reverse DNS, as receivers ask for it (RFC 1912, 2.1). Whether an
 * address may be looked up at all (ip_is_public) is the caller's to decide. */
#ifndef WHYBOUNCE_PROBE_PTR_H
#define WHYBOUNCE_PROBE_PTR_H

#include "probe/address.h"
#include "probe/dns.h"

enum { PTR_MAX_NAMES = 5 };	/* that are followed */

enum ptr_state {
	PTR_OK,
	PTR_NONE,
	PTR_MISMATCH,		/* a name, but it does not lead back */
	PTR_TEMPERROR,
};

struct ptr_result {
	enum ptr_state state;
	struct span name;	/* the confirmed one, or the first */
	bool generic;		/* the name looks like an access line's: the address
				 * in digits in it */
	const char *reason;	/* PTR_TEMPERROR */
};
void ptr_check(struct dns *dns, const struct ip *ip, struct ptr_result *result_r);

/* Pure. */
/* Could it be a name in the DNS that everybody asks? "localhost", "192.0.2.1" and
 * "mail.local" could not. */
bool ptr_name_is_public(struct span name);
bool ptr_name_is_generic(const struct ip *ip, struct span name);

#endif
