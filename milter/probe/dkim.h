/* dkim.h - do the DKIM signatures of a returned message verify? RFC 6376, 8463.
 *
 * libopendkim does the cryptography; keys come through the DNS of probe/dns.h.
 * A returned message is often not whole: without its body only the header part
 * of a signature can be judged, and that is what is said then. */
#ifndef WHYBOUNCE_PROBE_DKIM_H
#define WHYBOUNCE_PROBE_DKIM_H

#include "mail/header.h"
#include "probe/dns.h"

enum { DKIM_MAX_SIGNATURES = 3 };	/* later ones are not looked at */

enum dkim_verdict {
	DKIM_PASS, DKIM_FAIL, DKIM_PERMERROR, DKIM_TEMPERROR,
	DKIM_UNKNOWN,		/* intact as far as it can be seen: the body, or a
				 * signed header, did not come back */
};

enum dkim_problem {
	DKIM_FINE,
	DKIM_HEADER_CHANGED,	/* a signed header was altered, or is missing */
	DKIM_BODY_CHANGED,
	DKIM_OTHER_KEY,		/* the published key is not the one that signed */
	DKIM_NO_KEY, DKIM_KEY_REVOKED, DKIM_KEY_BROKEN, DKIM_KEY_SHORT,
	DKIM_EXPIRED, DKIM_FUTURE,
	DKIM_BROKEN_SIGNATURE,	/* the field itself is malformed */
	DKIM_UNSUPPORTED,	/* algorithm or key we cannot judge */
	DKIM_DNS,
};

struct dkim_signature {
	enum dkim_verdict verdict;
	enum dkim_problem problem;
	struct span domain, selector;	/* d=, s= */
	const char *algorithm;		/* "rsa-sha256", "ed25519-sha256", … or NULL */
	unsigned key_bits;		/* 0: unknown */
	bool testing;			/* t=y in the key record */
	bool no_subdomains;		/* t=s */
	const char *reason;		/* DKIM_DNS */
};

struct dkim_result {
	struct dkim_signature signatures[DKIM_MAX_SIGNATURES];
	size_t n;
	size_t more;		/* signatures beyond the limit */
	bool failed;		/* ours (memory, library): nothing is known */
};

struct dkim_request {
	struct span message;	/* header, empty line, body as returned */
	struct span body;	/* where the body lies in it; empty with has_body: the
				 * message has none */
	bool has_body;		/* false: only the header came back, or a cut body */
};

/* The library's state, shared by all threads. NULL: out of memory. */
struct dkim *dkim_new(void);
void dkim_free(struct dkim *dkim);
void dkim_check(const struct dkim *dkim, struct dns *dns,
		const struct dkim_request *request, struct dkim_result *result_r);

/* The key record of a selector, for `check` and for mail without a signature. */
struct dkim_key {
	enum dkim_problem problem;	/* FINE, NO_KEY, KEY_REVOKED, KEY_BROKEN,
					 * KEY_SHORT, DNS */
	const char *type;		/* "rsa", "ed25519" */
	unsigned bits;
	bool testing;
	const char *reason;
};
void dkim_key(struct dns *dns, struct span domain, struct span selector,
	      struct dkim_key *key_r);
/* Does the domain publish keys at all? _domainkey answers NODATA where selectors
 * exist below it, NXDOMAIN where none does (RFC 8020); -1: not known. */
int dkim_has_keys(struct dns *dns, struct span domain);

#endif
