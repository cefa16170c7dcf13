/* dnsbl.h - is an address on a blocklist? RFC 5782.
 *
 * The zones are the admin's choice. Which answer means what, and where to ask
 * for removal, is known for well-known lists; answers that mean "ask us another
 * way" (127.255.255.x, outside 127/8) are "not checked", never "listed". */
#ifndef WHYBOUNCE_PROBE_DNSBL_H
#define WHYBOUNCE_PROBE_DNSBL_H

#include "probe/address.h"
#include "probe/dns.h"

enum dnsbl_state { DNSBL_CLEAR, DNSBL_LISTED, DNSBL_NOT_CHECKED };

struct dnsbl_result {
	enum dnsbl_state state;
	const char *zone;
	struct ip answer;	/* DNSBL_LISTED: 127.0.0.x */
	const char *list;	/* "Spamhaus PBL"; NULL: unknown list */
	const char *removal;	/* its removal page, ours by knowledge; or NULL */
	struct span text;	/* the list's TXT words, quoted only; or empty */
	const char *reason;
};
void dnsbl_check(struct dns *dns, const struct ip *ip, const char *zone,
		 struct dnsbl_result *result_r);

#endif
