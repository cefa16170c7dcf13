/* tally.h - what one bounce adds to the counters.
 *
 * Filled by whoever explains it, counted by whoever asked (core/metrics.h): in
 * the daemon these are two processes, and the counters outlive the first. Holds
 * names of ours only, never a word of the message; what does not fit is left out. */
#ifndef WHYBOUNCE_CORE_TALLY_H
#define WHYBOUNCE_CORE_TALLY_H

#include "mail/bounce.h"
#include "why/diagnose.h"

enum { TALLY_KINDS = 12, TALLY_CHECKS = 16, TALLY_NAME = 32 };

struct tally_kind {		/* recipients that share cause family, provider and action */
	char family[TALLY_NAME];
	char provider[TALLY_NAME];	/* "" where no provider's rule decided */
	enum dsn_action action;
	unsigned n;
};

struct tally_check {
	char check[TALLY_NAME];		/* "spf", "mx", … */
	char verdict[TALLY_NAME];	/* "fail", "not_checked", … */
	unsigned n;
};

struct tally {
	struct tally_kind kinds[TALLY_KINDS];
	size_t kinds_n;
	struct tally_check checks[TALLY_CHECKS];
	size_t checks_n;
	unsigned probe_ms;	/* time spent on the DNS; counted where there are checks */
};

void tally_recipient(struct tally *tally, const struct diagnosis *diagnosis,
		     enum dsn_action action);
/* One verdict of one check (design, section 5: the words of `whybounce check`). */
void tally_verdict(struct tally *tally, const char *check, const char *verdict);

#endif
