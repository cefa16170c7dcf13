#include "core/tally.h"

#include <stdio.h>
#include <string.h>

static bool is_kind(const struct tally_kind *kind, const struct tally_kind *wanted)
{
	return kind->action == wanted->action && strcmp(kind->family, wanted->family) == 0 &&
		strcmp(kind->provider, wanted->provider) == 0;
}

void tally_recipient(struct tally *tally, const struct diagnosis *diagnosis,
		     enum dsn_action action)
{
	const struct rule *rule = diagnosis->rule;
	struct tally_kind kind = { .action = action, .n = 1 };

	snprintf(kind.family, sizeof(kind.family), "%s", diagnosis->cause->family->id);
	if (rule != NULL && rule->provider != NULL)
		snprintf(kind.provider, sizeof(kind.provider), "%s", rule->provider);
	for (size_t i = 0; i < tally->kinds_n; i++)
		if (is_kind(&tally->kinds[i], &kind)) {
			tally->kinds[i].n++;
			return;
		}
	if (tally->kinds_n < TALLY_KINDS)
		tally->kinds[tally->kinds_n++] = kind;
}

void tally_verdict(struct tally *tally, const char *check, const char *verdict)
{
	struct tally_check row = { .n = 1 };

	snprintf(row.check, sizeof(row.check), "%s", check);
	snprintf(row.verdict, sizeof(row.verdict), "%s", verdict);
	for (size_t i = 0; i < tally->checks_n; i++)
		if (strcmp(tally->checks[i].check, row.check) == 0 &&
		    strcmp(tally->checks[i].verdict, row.verdict) == 0) {
			tally->checks[i].n++;
			return;
		}
	if (tally->checks_n < TALLY_CHECKS)
		tally->checks[tally->checks_n++] = row;
}
