#include "core/inquire.h"

static bool is_trouble(enum dsn_action action)
{
	return action == ACTION_FAILED || action == ACTION_DELAYED;
}

/* What the causes of this bounce ask for. */
static unsigned wanted_checks(const struct reading *reading)
{
	unsigned checks = 0;

	for (size_t i = 0; i < reading->bounce.n; i++)
		if (is_trouble(reading->bounce.recipients[i].action))
			checks |= checks_of_cause(reading->diagnoses[i].cause);
	return checks;
}

/* With no local_domains all mail that we generate bounces for is taken for ours. */
static bool may_ask(const struct house *house, const struct subject *subject,
		    enum origin origin, const struct reader *reader)
{
	if (!reader->inside)
		return false;
	return subject->sender_is_ours ||
		(origin == ORIGIN_GENERATED && house->domains_n == 0);
}

void inquire(const struct snapshot *snapshot, struct arena *arena,
	     const struct reading *reading, enum origin origin, struct span rcpt,
	     const struct reader *reader, struct inquiry *inquiry_r)
{
	const struct house *house = &snapshot->house;
	unsigned wanted = wanted_checks(reading);
	bool inbound = origin == ORIGIN_INBOUND;
	struct subject subject;

	*inquiry_r = (struct inquiry){
		.forged = inbound && reader->inside &&
			subject_is_forged(arena, house, &reading->bounce),
	};
	if (snapshot->prober == NULL || wanted == 0 || inquiry_r->forged)
		return;
	subject_read(arena, house, &reading->bounce, rcpt, inbound, &subject);
	if (may_ask(house, &subject, origin, reader))
		probe_subject(snapshot->prober, arena, &subject, wanted, &inquiry_r->findings);
	else if (!inbound && !subject.sender_is_ours)
		probe_reported(snapshot->prober, arena, &subject, wanted, &inquiry_r->findings);
}
