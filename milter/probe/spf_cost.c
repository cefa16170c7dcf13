#include "probe/spf_walk.h"

enum { MAX_TARGETS = 100 };	/* names that are worked out for one count */

struct count {
	struct spf_walk walk;	/* a copy: what it meets is no decision */
	struct spf_result result;
	bool want_voids;
	unsigned targets;
	bool whole, loops;	/* loops: below the row that is counted */
};

/* Others want to ask too. */
static bool may_ask(const struct count *c, struct span name, enum dns_type type)
{
	return dns_is_known(c->walk.dns, name, type) || c->walk.dns->left > SPF_KEEP_QUERIES;
}

static bool is_above(const struct spf_frame *frame, struct span domain)
{
	while (frame != NULL && !span_ieq(frame->domain, domain))
		frame = frame->above;
	return frame != NULL;
}

static bool ends_in_all(struct span record)
{
	struct span rest = spf_terms(record);
	struct spf_term term;

	while (spf_next_term(&rest, &term))
		if (term.kind == SPF_ALL && term.fault == SPF_FAULT_NONE)
			return true;
	return false;
}

static enum dns_type type_of(const struct count *c, enum spf_kind kind)
{
	switch (kind) {
	case SPF_MX:
		return DNS_MX;
	case SPF_PTR:
		return DNS_PTR;
	case SPF_A:
		return c->walk.who.ip.bits == 128 ? DNS_AAAA : DNS_A;
	default:
		return DNS_A;
	}
}

static void count_void(struct count *c, struct span name, enum spf_kind kind,
		       struct spf_cost *cost)
{
	enum dns_type type = type_of(c, kind);
	struct dns_answer answer;

	if (kind == SPF_PTR)
		name = ip_reverse_name(c->walk.dns->arena, &c->walk.who.ip);
	if (!may_ask(c, name, type)) {
		c->whole = false;
		return;
	}
	dns_query(c->walk.dns, name, type, &answer);
	cost->voids += answer.status == DNS_NO_DATA || answer.status == DNS_NO_NAME;
}

static void count_term(struct count *c, const struct spf_frame *frame,
		       const struct spf_term *term, struct spf_cost *cost);

static void count_record(struct count *c, const struct spf_frame *above,
			 const struct spf_term *term, struct span domain, struct spf_cost *cost)
{
	const struct spf_frame *frame;
	struct span record, rest;
	struct spf_term inner;
	bool redirects;

	if (is_above(above, domain)) {
		c->loops = true;
		return;
	}
	frame = spf_frame_new(&c->walk, above, term->text, domain);
	if (frame == NULL || !may_ask(c, domain, DNS_TXT)) {
		c->whole = false;
		return;
	}
	if (spf_find_record(&c->walk, above, domain, &record) == SPF_TEMPERROR)
		c->whole = false;
	redirects = !ends_in_all(record);
	for (rest = spf_terms(record); spf_next_term(&rest, &inner); )
		if (inner.kind != SPF_REDIRECT || redirects)
			count_term(c, frame, &inner, cost);
}

static void count_term(struct count *c, const struct spf_frame *frame,
		       const struct spf_term *term, struct spf_cost *cost)
{
	bool leads_on = term->kind == SPF_INCLUDE || term->kind == SPF_REDIRECT;
	struct span name;

	if (term->fault != SPF_FAULT_NONE || !spf_term_asks(term))
		return;
	cost->lookups++;
	if (!leads_on && !c->want_voids)
		return;
	if (++c->targets > MAX_TARGETS) {
		c->whole = false;
		return;
	}
	name = spf_target(&c->walk, frame, term->domain);
	if (name.n == 0)
		return;
	if (leads_on)
		count_record(c, frame, term, name, cost);
	else
		count_void(c, name, term->kind, cost);
}

static void add_row(struct spf_result *result, const struct spf_cost *cost)
{
	result->lookups += cost->lookups;
	if (cost->lookups > 0 && result->costs_n < SPF_MAX_COSTS)
		result->costs[result->costs_n++] = *cost;
}

static void count_rows(struct count *c, const struct spf_frame *top, struct spf_result *result)
{
	struct span rest = spf_terms(result->record);
	bool redirects = !ends_in_all(result->record);
	struct spf_term term;
	unsigned voids = 0;

	while (spf_next_term(&rest, &term)) {
		struct spf_cost cost = { .term = term.text };

		if (term.kind == SPF_REDIRECT && !redirects)
			continue;
		c->loops = false;
		count_term(c, top, &term, &cost);
		if (c->loops && result->loop.n == 0)
			result->loop = term.text;
		add_row(result, &cost);
		voids += cost.voids;
	}
	if (voids > result->voids)
		result->voids = voids;
}

void spf_count(struct spf_walk *walk, struct span domain)
{
	struct spf_result *result = walk->result;
	struct count c = { .walk = *walk, .whole = true };
	const struct spf_frame *top;
	unsigned evaluated = result->lookups;

	c.walk.result = &c.result;
	c.want_voids = result->problem == SPF_TOO_MANY_VOID;
	top = spf_frame_new(&c.walk, NULL, (struct span){ NULL, 0 }, domain);
	result->costs = arena_array(walk->dns->arena, SPF_MAX_COSTS, sizeof(*result->costs));
	if (top == NULL || result->costs == NULL)
		return;
	result->lookups = 0;
	count_rows(&c, top, result);
	walk->macros = c.walk.macros;
	result->counted = c.whole;
	/* a loop, or what was not seen, costs at least what was met */
	if (result->lookups < evaluated)
		result->lookups = evaluated;
}
