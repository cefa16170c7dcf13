/* probe.h - what the DNS says about the mail that bounced.
 *
 * Runs the checks that the causes of a bounce ask for (probes, in causes.yaml),
 * within one deadline and one number of queries, and tells what each found: a row
 * of findings.yaml with its values. No answer of the DNS is "not checked", never
 * "failed". A change is proposed only for a domain and an address of the house.
 *
 * A prober is shared by all threads. It lets a number of messages in at once and a
 * number per domain and second; the others are told "busy". */
#ifndef WHYBOUNCE_PROBE_PROBE_H
#define WHYBOUNCE_PROBE_PROBE_H

#include "know/know.h"
#include "probe/dkim.h"
#include "probe/dnsbl.h"
#include "probe/subject.h"

enum check {
	CHECK_SPF, CHECK_DKIM, CHECK_DMARC, CHECK_MX, CHECK_PTR, CHECK_DNSBL, CHECK_COUNT
};
const char *check_name(enum check check);	/* "spf", … */

/* A set of checks: bits of 1 << check, and WANT_SENDER_MX. */
enum { WANT_SENDER_MX = 1 << CHECK_COUNT, WANT_ALL = (1 << CHECK_COUNT) - 1 };
unsigned checks_of_cause(const struct cause *cause);

struct finding {
	const struct finding_kind *kind;
	enum check check;
	const char *verdict;	/* "pass", "none", "listed", "not_checked", … */
	const char *reason;	/* why it is not known: "timeout", "busy", …; or NULL */
	bool repairable;	/* what its repair says is ours to change */
	bool disputed;		/* the reply may be about another address, or another list: it
				 * contradicts nothing */
	struct span domain;	/* whose record, or whose mail servers */
	struct span detail;	/* exact, in the words of the record; or empty */
	/* values of its placeholders; empty where it has none */
	struct span ip, term, other, record, selector, host, result, list;
	size_t count;
};

enum { FINDINGS_MAX = 32 };
struct findings {
	struct finding *list;
	size_t n;
};

struct prober_settings {
	const struct dns_source *source;
	const struct knowledge *knowledge;
	struct house house;
	unsigned checks;		/* those that are switched on */
	const char *const *zones;	/* of blocklists */
	size_t zones_n;
	unsigned timeout_ms;		/* of all lookups for one message */
	unsigned messages;		/* at once */
};

struct prober;

/* Keeps the settings, not what they point to. NULL with an error. */
struct prober *prober_new(const struct prober_settings *settings, struct error *error);
void prober_free(struct prober *prober);	/* NULL is allowed */

/* Findings in the order of enum check. Never fails: what is not known says so. */
void probe_subject(struct prober *prober, struct arena *arena,
		   const struct subject *subject, unsigned wanted,
		   struct findings *findings_r);

/* What our own server found when the message came in, and wrote into it: asks
 * nobody. For bounces about mail of other people. */
void probe_reported(const struct prober *prober, struct arena *arena,
		    const struct subject *subject, unsigned wanted,
		    struct findings *findings_r);

/* `whybounce check`: a domain by itself, without a bounce. */
struct domain_request {
	struct span domain;
	struct ip ip;			/* bits 0: none given */
	struct span selector, sender;	/* empty: none given */
	struct span message, body;	/* empty: none given */
};
void probe_domain(struct prober *prober, struct arena *arena,
		  const struct domain_request *request, struct findings *findings_r);

#endif
