#include "probe/doubt.h"

#include <string.h>

/* ---- what contradicts the reply ---- */

/* The name of who runs a list: "spamhaus" of "zen.spamhaus.org". */
static const char *operator_of(struct arena *arena, const char *zone)
{
	struct span name = span_str(zone), label = name;

	for (size_t dot = 0; dot < name.n; dot = span_find_byte(name, dot + 1, '.')) {
		struct span rest = span_from(name, dot == 0 ? 0 : dot + 1);
		size_t end = span_find_byte(rest, 0, '.');

		if (end + 1 < rest.n && end >= 4)
			label = span_slice(rest, 0, end);
	}
	return arena_string(arena, label);
}

/* Is a list that was asked the one that the reply speaks of? */
static bool names_a_list(struct arena *arena, const struct subject *s,
			 const struct prober_settings *settings)
{
	for (size_t z = 0; z < settings->zones_n; z++) {
		const char *name = operator_of(arena, settings->zones[z]);

		for (size_t i = 0; name != NULL && i < s->recipients_n; i++)
			if (span_ifind(s->recipients[i].reply, 0, name) < s->recipients[i].reply.n)
				return true;
	}
	return false;
}

/* Of what is in order for our addresses: the reply may be about another one, one of
 * them is not in order, or it speaks of another list. */
static void dispute(struct arena *arena, const struct subject *s,
		    const struct prober_settings *settings, struct findings *out)
{
	bool other = (s->named.bits != 0 && !s->shown) || s->left_out;
	bool disputed[CHECK_COUNT] = {
		[CHECK_SPF] = other, [CHECK_PTR] = other,
		[CHECK_DNSBL] = other || !names_a_list(arena, s, settings),
	};

	for (size_t i = 0; i < out->n; i++) {
		const struct finding *f = &out->list[i];

		if (f->kind->level == LEVEL_PROBLEM && f->check != CHECK_DKIM &&
		    f->check != CHECK_DMARC && f->check != CHECK_MX)
			disputed[f->check] = true;
	}
	for (size_t i = 0; i < out->n; i++) {
		struct finding *f = &out->list[i];

		f->disputed = disputed[f->check] ||	/* DMARC by SPF alone */
			(f->check == CHECK_DMARC && disputed[CHECK_SPF] && span_is(f->list, "SPF"));
	}
}

/* ---- what is not ours to repair ---- */

/* Whoever wrote a bounce that came in may have made up what it returns: its selectors
 * are not ours to publish, nor is mail without signature ours to sign, unless it shows
 * an address of ours. */
static void withhold(const struct subject *s, struct findings *out)
{
	for (size_t i = 0; s->inbound && i < out->n; i++) {
		struct finding *f = &out->list[i];

		if (f->check == CHECK_DKIM && (f->selector.n != 0 || !s->shown))
			f->repairable = false;
		if (f->check == CHECK_DMARC && !s->shown && strcmp(f->verdict, "fail") == 0)
			f->repairable = false;
	}
}

void doubt_findings(struct arena *arena, const struct subject *subject,
		    const struct prober_settings *settings, struct findings *findings)
{
	dispute(arena, subject, settings, findings);
	withhold(subject, findings);
}
