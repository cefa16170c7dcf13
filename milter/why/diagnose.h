/* diagnose.h - from what a bounce says to why it bounced.
 *
 * Pure. Precedence: admin rules, provider text, generic text, a specific
 * enhanced status, weak generic text, any enhanced status that tells something,
 * last generic text, a class that tells of security, reply code, class.
 * Actions are kept apart: delivered, relayed and expanded are never failures, a
 * delay that says nothing else is "expired.delayed". */
#ifndef WHYBOUNCE_WHY_DIAGNOSE_H
#define WHYBOUNCE_WHY_DIAGNOSE_H

#include "know/know.h"
#include "mail/bounce.h"
#include "why/rules.h"

enum decided_by {
	BY_ADMIN_RULE, BY_PROVIDER_RULE, BY_GENERIC_RULE, BY_STATUS,
	BY_REPLY_CODE, BY_CLASS, BY_ACTION, BY_NOTHING,
};

struct diagnosis {
	const struct cause *cause;	/* never NULL: "unknown" at the least */
	enum who who;			/* who can fix it */
	enum decided_by by;
	const struct rule *rule;	/* which rule, where one decided */
};

/* "gmail.no_such_user", "status 5.1.1", "reply 550", … for the `rule` column.
 * Written to text (size bytes), which is returned. */
const char *diagnosis_rule_name(const struct diagnosis *diagnosis,
				const struct bounce_recipient *recipient,
				char *text, size_t size);

/* rules may be NULL: then codes alone decide. bounce may be NULL. */
void diagnose(const struct knowledge *knowledge, const struct rules *rules,
	      const struct bounce *bounce,
	      const struct bounce_recipient *recipient,
	      struct diagnosis *diagnosis_r);
/* The same for a bare reply line. */
void diagnose_reply(struct arena *arena, const struct knowledge *knowledge,
		    const struct rules *rules, struct span line,
		    struct diagnosis *diagnosis_r);

enum { DIAGNOSE_MAX_WHY = 32 };

/* For `--why`: the decision first, then whatever else matched or would have
 * decided (every rule, the status, the reply code, the class), in the order of
 * precedence. Returns how many were written, at most size. Slow. */
size_t diagnose_why(const struct knowledge *knowledge, const struct rules *rules,
		    const struct bounce *bounce,
		    const struct bounce_recipient *recipient,
		    struct diagnosis *list, size_t size);

#endif
