/* finder.h - from the results of checks to findings. Private to probe/.
 *
 * One find_… function per kind of result: it names the row of findings.yaml and
 * fills its values in. What a row of that name is missing for is left out. */
#ifndef WHYBOUNCE_PROBE_FINDER_H
#define WHYBOUNCE_PROBE_FINDER_H

#include "probe/dmarc.h"
#include "probe/mx.h"
#include "probe/probe.h"
#include "probe/ptr.h"
#include "probe/spf.h"

struct finder {
	const struct knowledge *knowledge;
	const struct house *house;
	struct arena *arena;
	struct findings *out;
};

/* A new finding "check.what", or NULL where there is no room or no such row. */
struct finding *finder_add(struct finder *f, enum check check, const char *what,
			   const char *verdict);
void find_not_checked(struct finder *f, enum check check, const char *reason);
/* An address as text, in the arena. */
struct span finder_ip(struct finder *f, const struct ip *ip);

/* ips: addresses that came out alike. ours: they are the house's. */
void find_spf(struct finder *f, struct span domain, const struct ip *ips, size_t n,
	      bool ours, const struct spf_result *result);
/* No address was given: the record itself is judged. */
void find_spf_record(struct finder *f, struct span domain, const struct spf_result *result);
/* trace: by a Received field; else by a reply. */
void find_spf_named(struct finder *f, struct span domain, const struct ip *ip, bool trace,
		    const struct spf_result *result);
void find_spf_forwarded(struct finder *f, struct span domain, struct span host);

void find_dkim_signature(struct finder *f, const struct dkim_signature *signature);
/* No signature is there, but not all of the header came back. */
void find_dkim_incomplete(struct finder *f, struct span domain);
void find_dkim_missing(struct finder *f, struct span domain, int has_keys);
void find_dkim_key(struct finder *f, struct span domain, struct span selector,
		   const struct dkim_key *key);

/* What DMARC makes of SPF and DKIM. */
struct dmarc_evidence {
	bool aligned_spf, aligned_dkim;	/* passes, and is aligned */
	bool unknown;		/* one of them could not be told, and might pass */
	struct span other;	/* a domain that passes but is not aligned; or empty */
};
void find_dmarc(struct finder *f, struct span domain, const struct dmarc_discovery *discovery,
		const struct dmarc_evidence *evidence);
/* The record by itself: dmarc.record, none, malformed, several, temperror. False
 * where there is a record to go by; then nothing was added. */
bool find_dmarc_record(struct finder *f, struct span domain,
		       const struct dmarc_discovery *discovery);
/* host is to get reports, and does not say at name that it wants them. */
void find_dmarc_reports(struct finder *f, struct span host, struct span name,
			const struct dmarc_discovery *discovery);
void find_dmarc_sound(struct finder *f, const struct dmarc_discovery *discovery);

void find_mx(struct finder *f, struct span domain, const struct mx_result *result);
void find_sender_mx(struct finder *f, struct span domain, const struct mx_result *result);
void find_ptr(struct finder *f, const struct ip *ip, bool ours, const struct ptr_result *result);
void find_dnsbl(struct finder *f, const struct ip *ip, bool ours,
		const struct dnsbl_result *result);
void find_dnsbl_clear(struct finder *f, const struct ip *ip);

#endif
