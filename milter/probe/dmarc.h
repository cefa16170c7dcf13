/* dmarc.h - what a domain asks receivers to do, and whether mail was aligned.
 *
 * RFC 9989: policy discovery and organizational domain by DNS tree walk (4.10),
 * no public suffix list. Names in Unicode are A-labels; case and a last dot do not count. */
#ifndef WHYBOUNCE_PROBE_DMARC_H
#define WHYBOUNCE_PROBE_DMARC_H

#include "probe/dns.h"

enum { DMARC_MAX_WALK = 8 };	/* queries of one tree walk, RFC 9989 4.10 */

enum dmarc_policy { DMARC_POLICY_NONE, DMARC_POLICY_QUARANTINE, DMARC_POLICY_REJECT };
const char *dmarc_policy_name(enum dmarc_policy policy);

/* At most one of found, malformed and dns_failed is true. */
struct dmarc_record {
	bool found;
	bool malformed;		/* there is one that receivers ignore; term: why */
	bool several;		/* more than one record at several_at: ignored. One above
				 * may be found nevertheless. */
	bool dns_failed;	/* not known; reason: of the DNS */
	const char *reason;
	struct span domain;	/* where it was found, or is malformed */
	struct span text;
	struct span term;	/* the first piece that is wrong, "p=" where that is missing;
				 * with found: it counts as its default */
	struct span several_at;
	enum dmarc_policy p, sp, np;	/* sp and np fall back as the RFC says */
	bool testing;		/* t=y */
	bool strict_spf, strict_dkim;	/* aspf=s, adkim=s */
	char psd;		/* 'y', 'n', 'u' */
	bool has_rua;		/* with a URI that is one */
	struct span rua;	/* as written; or empty */
};

/* The record that governs an author domain, and the policy that applies to it
 * (p of the domain itself, sp or np of a domain above, t taken into account). */
struct dmarc_discovery {
	struct dmarc_record record;
	struct span organizational;	/* organizational domain of the author domain; itself
					 * where the DNS does not tell */
	bool organizational_known;
	enum dmarc_policy policy;	/* what receivers are asked to do; none without a
					 * record */
	bool from_above;		/* it is a parent's record */
	struct span misplaced;		/* the record that stands at the author domain itself,
					 * where nobody looks, and none is found; or empty */
};
void dmarc_discover(struct dns *dns, struct span author_domain,
		    struct dmarc_discovery *discovery_r);
/* The organizational domain alone; the domain itself where the DNS does not
 * tell (known_r false). */
struct span dmarc_organizational(struct dns *dns, struct span domain, bool *known_r);

/* A domain that is to get reports by mail, and does not publish that it wants them
 * (RFC 9990, 4); *name_r is where it would. Empty: there is none, or the DNS does not
 * tell. */
struct span dmarc_unasked(struct dns *dns, const struct dmarc_record *record,
			  struct span *name_r);

/* Parse one record's text: pure, for tests, fuzzing and `check`. Sets found or
 * malformed and what the text says. False: no DMARC record at all, for v=DMARC1
 * does not stand first; others may stand beside it. */
bool dmarc_parse(struct span text, struct dmarc_record *record_r);

/* The record that a faulty text was meant to be: its version set right, and a missing
 * p= put in as p=none. Empty: no idea. */
struct span dmarc_meant(struct arena *arena, struct span text);

/* Identifier alignment, RFC 9989: relaxed compares organizational domains. Without
 * known_r the answer is a guess. */
bool dmarc_is_aligned(struct dns *dns, struct span author_domain,
		      struct span other, bool strict, bool *known_r);

#endif
