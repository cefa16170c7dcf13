/* dnsbl.h - is an address on a blocklist? RFC 5782.
 *
 * The zones are the admin's choice. Which answer means what, and where to ask for
 * removal, is known for well-known lists (dnsbl_lists.def). What is not an answer
 * about the address is "not checked", never "listed": a list that refuses to be
 * asked this way (127.255.255.x), that is closed, or that lists everything.
 * Whether an address may be looked up at all (ip_is_public) is the caller's to
 * decide. */
#ifndef WHYBOUNCE_PROBE_DNSBL_H
#define WHYBOUNCE_PROBE_DNSBL_H

#include "probe/address.h"
#include "probe/dns.h"

enum dnsbl_state { DNSBL_CLEAR, DNSBL_LISTED, DNSBL_NOT_CHECKED };

/* Why a list lists it. */
enum dnsbl_kind {
	DNSBL_UNKNOWN,		/* an unknown list, or an answer it does not document */
	DNSBL_SPAM,		/* it sent spam */
	DNSBL_EXPLOITED,	/* infected, taken over, an open proxy */
	DNSBL_DYNAMIC,		/* an access line, or a range that is not to send mail */
	DNSBL_RANGE,		/* its neighbours did */
};

struct dnsbl_result {
	enum dnsbl_state state;
	enum dnsbl_kind kind;
	const char *zone;
	struct ip answer;	/* DNSBL_LISTED: 127.x.y.z */
	const char *list;	/* "Spamhaus PBL"; NULL: unknown list. Static. */
	const char *removal;	/* its removal page, ours by knowledge; or NULL. Static. */
	struct span text;	/* the list's TXT words, quoted only; or empty */
	const char *reason;	/* NOT_CHECKED: of the DNS; "refused": it does not answer this
				 * resolver, or not without a key; "dead": it is closed, or
				 * lists everything; "domains": it lists no addresses */
};

/* Up to three queries. The most serious of several answers counts. */
void dnsbl_check(struct dns *dns, const struct ip *ip, const char *zone,
		 struct dnsbl_result *result_r);
/* Begin to ask, where that makes sense. */
void dnsbl_begin(struct dns *dns, const struct ip *ip, const char *zone);

#endif
