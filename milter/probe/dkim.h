/* dkim.h - do the DKIM signatures of a returned message verify? RFC 6376, 8301,
 * 8463.
 *
 * libopendkim does the cryptography; keys come through the DNS of probe/dns.h.
 * Signature fields and key records are read strictly by us first (dkim_field.h,
 * dkim_key.h): the library sees only what is well-formed. A returned message is
 * often not whole: without its body only the header part of a signature can be
 * judged, and that is what is said then. */
#ifndef WHYBOUNCE_PROBE_DKIM_H
#define WHYBOUNCE_PROBE_DKIM_H

#include "probe/dns.h"

enum {
	DKIM_MAX_SIGNATURES = 3,	/* later ones are not looked at */
	DKIM_MAX_HEADER = 256 * 1024,	/* octets; a longer header is not judged */
};

enum dkim_verdict {
	DKIM_PASS,
	DKIM_FAIL,		/* changed, another key, expired, in the future */
	DKIM_PERMERROR,		/* the field or the key cannot be used */
	DKIM_TEMPERROR,		/* the DNS did not answer */
	DKIM_UNKNOWN,		/* not to be judged from what came back, or by us:
				 * problem FINE: intact, but the body did not come back;
				 * HEADER_CHANGED, MISMATCH: it does not fit, but fields
				 * that every message has did not come back;
				 * UNSUPPORTED */
};

enum dkim_problem {
	DKIM_FINE,
	DKIM_HEADER_CHANGED,	/* a signed header was altered, or is missing */
	DKIM_BODY_CHANGED,
	DKIM_OTHER_KEY,		/* the published key is not the one that signed */
	DKIM_MISMATCH,		/* one of HEADER_CHANGED and OTHER_KEY: Ed25519 does not
				 * tell which */
	DKIM_NO_KEY, DKIM_KEY_REVOKED, DKIM_KEY_BROKEN, DKIM_KEY_SHORT,
	DKIM_EXPIRED, DKIM_FUTURE,
	DKIM_BROKEN_SIGNATURE,	/* the field itself is malformed, or its i= is what t=s of
				 * the key forbids */
	DKIM_UNSUPPORTED,	/* algorithm or key we cannot judge */
	DKIM_DNS,
};

struct dkim_signature {
	enum dkim_verdict verdict;
	enum dkim_problem problem;
	struct span domain, selector;	/* d=, s=, in lower case; empty in a broken one */
	const char *algorithm;		/* "rsa-sha256", "ed25519-sha256", "rsa-sha1"; else
					 * NULL. Static. */
	unsigned key_bits;		/* 0: unknown */
	bool testing;			/* t=y in the key record */
	bool no_subdomains;		/* t=s */
	const char *reason;		/* DKIM_DNS: of the DNS. DKIM_KEY_BROKEN: as in
					 * struct dkim_key. BROKEN_SIGNATURE, UNSUPPORTED: the
					 * tag, or "syntax". Else NULL. Static. */
	struct span term, alias;	/* as in struct dkim_key; BROKEN_SIGNATURE: the flags of the
					 * key that forbid its i= */
};

struct dkim_result {
	struct dkim_signature signatures[DKIM_MAX_SIGNATURES];	/* from the top */
	size_t n;
	size_t more;		/* signatures beyond the limit */
	bool failed;		/* ours (memory, library, a monstrous header): nothing is
				 * known, n is 0 */
};

struct dkim_request {
	struct span message;	/* header, empty line, body as returned */
	struct span body;	/* where the body lies in it; empty with has_body: the
				 * message has none */
	bool has_body;		/* false: only the header came back, or a cut body */
};

/* The library's state, shared by all threads. Make it before a sandbox closes: it
 * verifies an example, which makes the library read what it needs. NULL: out of
 * memory, or a library that cannot do RSA and Ed25519 with SHA-256. */
struct dkim_verifier;
struct dkim_verifier *dkim_verifier_new(void);
void dkim_verifier_free(struct dkim_verifier *verifier);	/* NULL: nothing */
/* Spans of the result are in the arena of dns. */
void dkim_check(const struct dkim_verifier *verifier, struct dns *dns,
		const struct dkim_request *request, struct dkim_result *result_r);

/* The key record of a selector, for `check` and for mail without a signature. */
struct dkim_key {
	enum dkim_problem problem;	/* FINE, NO_KEY, KEY_REVOKED, KEY_BROKEN,
					 * KEY_SHORT, UNSUPPORTED, DNS */
	const char *type;		/* "rsa", "ed25519"; NULL: unknown. Static. */
	unsigned bits;			/* 0: unknown */
	bool testing;			/* t=y */
	bool no_subdomains;		/* t=s */
	const char *reason;		/* DNS: of the DNS. KEY_BROKEN: the tag that is wrong
					 * ("v", "k", "h", "s", "p"), "syntax", or "several"
					 * records. Else NULL. Static. */
	struct span term;		/* KEY_BROKEN: the piece without which the record would
					 * do, "h=sha1"; or empty */
	struct span flags;		/* t=, "t=y:s"; or empty */
	struct span alias;		/* NO_KEY: the name where a CNAME leads, and there is
					 * none; or empty */
};
void dkim_key(struct dns *dns, struct span domain, struct span selector,
	      struct dkim_key *key_r);
/* Does the domain publish keys at all? The name _domainkey exists where selectors
 * exist below it, and does not where none does (RFC 8020). 1: yes, 0: no, -1: not
 * known, also where a wildcard makes every name exist. Up to two queries. */
int dkim_has_keys(struct dns *dns, struct span domain);

#endif
