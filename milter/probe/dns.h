/* dns.h - the DNS as the probes of one message see it.
 *
 * A source answers (resolver.h asks the network, tests answer from a table); a
 * struct dns adds what one message may take: a deadline for all lookups together
 * and a number of queries; what was asked once is not asked again. Names are checked
 * here once for all probes: labels of 1 to 63 octets, 253 in all (RFC 1035,
 * 2.3.4), no control characters; sources see them in lower case without a last
 * dot, and those in Unicode as A-labels. No answer is never an answer: whatever went wrong is DNS_TEMPORARY, with a
 * reason. */
#ifndef WHYBOUNCE_PROBE_DNS_H
#define WHYBOUNCE_PROBE_DNS_H

#include <stdint.h>

#include "base/arena.h"

enum {
	DNS_MAX_NAME = 253,
	DNS_MAX_QUERIES = 40,	/* of one message */
	DNS_MAX_RECORDS = 256,	/* of one answer; more are left out */
	DNS_MAX_BYTES = 512 * 1024,	/* of all answers to one message; the one that
				 * passes it is the last */
};

enum dns_type { DNS_A = 1, DNS_PTR = 12, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28 };

enum dns_status {
	DNS_FOUND,
	DNS_NO_DATA,		/* the name exists, such a record does not */
	DNS_NO_NAME,		/* NXDOMAIN */
	DNS_TEMPORARY,		/* no answer, SERVFAIL, bogus, out of time or budget */
};

struct dns_record {
	struct span data;	/* TXT: the strings joined, without separator. MX, PTR:
				 * a name in lower case without the last dot ("" is the
				 * root), '?' for octets no name has in text. A, AAAA: 4
				 * or 16 bytes in network order. */
	unsigned preference;	/* MX */
};

struct dns_answer {
	enum dns_status status;
	const char *reason;	/* DNS_TEMPORARY: "timeout", "servfail", "bogus",
				 * "busy", "limit", "name"; else NULL. Static. */
	struct dns_record *records;
	size_t n;		/* > 0 exactly with DNS_FOUND */
	struct span alias;	/* where a CNAME of the name leads; empty: there is none */
	bool secure;		/* validated with DNSSEC */
};

struct dns_source {
	/* Answers before deadline_ms (CLOCK_MONOTONIC); memory is the arena's.
	 * Thread-safe. */
	void (*query)(void *context, struct arena *arena, const char *name,
		      enum dns_type type, int64_t deadline_ms,
		      struct dns_answer *answer_r);
	/* Begin to ask, so that a later query finds the answer; or NULL. */
	void (*begin)(void *context, const char *name, enum dns_type type);
	void *context;
};

struct dns_known;	/* an answer that is kept */

/* What one message may still ask. One thread at a time. */
struct dns {
	const struct dns_source *source;
	struct arena *arena;
	int64_t deadline_ms;	/* CLOCK_MONOTONIC */
	unsigned left;		/* queries */
	unsigned left_ahead;	/* dns_begin */
	size_t bytes_left;
	struct dns_known *known;
};

/* timeout_ms: for all lookups together. */
void dns_init(struct dns *dns, const struct dns_source *source,
	      struct arena *arena, unsigned timeout_ms);
void dns_query(struct dns *dns, struct span name, enum dns_type type,
	       struct dns_answer *answer_r);
/* It was asked before: asking again costs nothing. */
bool dns_is_known(const struct dns *dns, struct span name, enum dns_type type);
/* Several questions at once cost the time of the slowest. Costs a query only
 * when it is asked; beyond DNS_MAX_QUERIES it does nothing. */
void dns_begin(struct dns *dns, struct span name, enum dns_type type);

/* One last dot is allowed; the root alone is not valid. */
bool dns_name_is_valid(struct span name);

/* Below it, and that or the domain itself; letters of either case are the same.
 * Nothing is within a domain that is empty. */
bool dns_name_is_below(struct span name, struct span domain);
bool dns_name_is_within(struct span name, struct span domain);

/* The clock of the deadlines. */
int64_t dns_now_ms(void);

#endif
