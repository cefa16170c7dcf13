#include "probe/dmarc.h"

#include <string.h>

#include "probe/idna.h"

/* ---- one name ---- */

enum finding {
	NOTHING,
	RECORD,			/* a single one that starts with the version */
	SEVERAL,
	NEARLY,			/* one that is meant to be DMARC, but is not */
	FAILED,
};

struct step {
	struct span domain;
	enum finding finding;
	struct dmarc_record record;	/* RECORD, NEARLY; FAILED: its reason */
};

static struct span record_name(struct arena *arena, struct span domain)
{
	return span_str(arena_printf(arena, "_dmarc.%.*s", SPAN_FMT(domain)));
}

/* Other texts that stand there are a wildcard's. */
static bool is_meant(struct span text)
{
	return span_ifind(text, 0, "dmarc") < text.n || span_ifind(text, 0, "v=dm") < text.n ||
		span_ifind(text, 0, "p=none") < text.n ||
		span_ifind(text, 0, "p=quarantine") < text.n ||
		span_ifind(text, 0, "p=reject") < text.n;
}

static void look_at(struct step *step, struct span text)
{
	struct dmarc_record record;

	if (dmarc_parse(text, &record)) {
		step->finding = step->finding == RECORD || step->finding == SEVERAL ?
			SEVERAL : RECORD;
		step->record = record;
	} else if (step->finding == NOTHING && is_meant(text)) {
		step->finding = NEARLY;
		step->record = record;
	}
}

static void take(struct dns *dns, struct step *step)
{
	struct span name = record_name(dns->arena, step->domain);
	struct dns_answer answer;

	if (!dns_name_is_valid(name))	/* too long: nothing can be there */
		return;
	dns_query(dns, name, DNS_TXT, &answer);
	if (answer.status == DNS_TEMPORARY) {
		step->finding = FAILED;
		step->record.reason = answer.reason;
	}
	for (size_t i = 0; i < answer.n; i++)
		look_at(step, answer.records[i].data);
	step->record.domain = step->domain;
}

/* ---- the tree walk, 4.10 ---- */

struct walk {
	struct step steps[DMARC_MAX_WALK];
	size_t n;
	const struct step *failed;	/* the first that did, or NULL */
};

static size_t labels_of(struct span domain)
{
	size_t n = domain.n != 0;

	for (size_t i = 0; i < domain.n; i++)
		n += domain.p[i] == '.';
	return n;
}

static struct span parent_of(struct span domain)
{
	return span_from(domain, span_find_byte(domain, 0, '.') + 1);
}

/* The last n labels of it, or all. */
static struct span last_labels(struct span domain, size_t n)
{
	for (size_t have = labels_of(domain); have > n; have--)
		domain = parent_of(domain);
	return domain;
}

/* In A-labels and lower case, without a last dot; empty where it is no domain name. */
static struct span canonical(struct arena *arena, struct span domain)
{
	char text[IDNA_MAX], *p;

	domain = idna_ascii(domain, text);
	if (domain.n > 0 && domain.p[domain.n - 1] == '.')
		domain.n--;
	if (!dns_name_is_valid(domain))
		return (struct span){ NULL, 0 };
	p = arena_string(arena, domain);
	for (size_t i = 0; p != NULL && i < domain.n; i++)
		p[i] = ascii_lower(p[i]);
	return (struct span){ p, p != NULL ? domain.n : 0 };
}

static size_t plan(struct span domain, struct span names[DMARC_MAX_WALK])
{
	size_t n = 0;

	while (domain.n != 0 && n < DMARC_MAX_WALK) {
		names[n++] = domain;
		domain = last_labels(parent_of(domain), DMARC_MAX_WALK - 1);
	}
	return n;
}

static void walk(struct dns *dns, struct span domain, struct walk *walk_r)
{
	struct span names[DMARC_MAX_WALK];
	size_t n = plan(domain, names);

	*walk_r = (struct walk){ .n = 0 };
	for (size_t i = 0; i < n; i++)
		dns_begin(dns, record_name(dns->arena, names[i]), DNS_TXT);
	while (walk_r->n < n) {
		struct step *step = &walk_r->steps[walk_r->n];

		step->domain = names[walk_r->n++];
		take(dns, step);
		if (step->finding == FAILED && walk_r->failed == NULL)
			walk_r->failed = step;
		if (step->finding == RECORD && step->record.psd != 'u')
			break;
	}
}

/* 4.10.2. What failed might have said otherwise. */
static struct span organizational(const struct walk *walk, bool *known_r)
{
	struct span start = walk->steps[0].domain, highest = start;

	*known_r = walk->failed == NULL;
	for (size_t i = 0; i < walk->n; i++) {
		const struct step *step = &walk->steps[i];

		if (step->finding != RECORD)
			continue;
		if (step->record.psd == 'n')
			return step->domain;
		if (step->record.psd == 'y')	/* of the start itself: the start */
			return last_labels(start, labels_of(step->domain) + 1);
		highest = step->domain;
	}
	return highest;
}

struct span dmarc_organizational(struct dns *dns, struct span domain, bool *known_r)
{
	struct span start = canonical(dns->arena, domain);
	struct walk steps;

	*known_r = false;
	if (start.n == 0)
		return domain;
	walk(dns, start, &steps);
	start = organizational(&steps, known_r);
	return *known_r ? start : steps.steps[0].domain;
}

/* ---- policy discovery, 4.10.1 ---- */

/* The record of the author domain, else that of its organizational domain, else
 * that of the public suffix above, which ended the walk. */
static const struct step *governing(const struct walk *walk, struct span organization)
{
	if (walk->steps[0].finding == RECORD)
		return &walk->steps[0];
	for (size_t i = 0; i < walk->n; i++)
		if (walk->steps[i].finding == RECORD &&
		    (span_eq(walk->steps[i].domain, organization) ||
		     walk->steps[i].record.psd == 'y'))
			return &walk->steps[i];
	return NULL;
}

/* Nothing governs: what is the most that can be said about why? */
static void explain_absence(const struct walk *walk, struct dmarc_record *record)
{
	for (size_t i = 0; i < walk->n; i++)
		if (walk->steps[i].finding == NEARLY) {
			*record = walk->steps[i].record;
			return;
		}
}

static void note_several(const struct walk *walk, struct dmarc_record *record)
{
	for (size_t i = 0; i < walk->n; i++)
		if (walk->steps[i].finding == SEVERAL) {
			record->several = true;
			record->several_at = walk->steps[i].domain;
			return;
		}
}

/* Where it was asked for SPF anyway. */
static struct span find_misplaced(struct dns *dns, struct span domain)
{
	struct dmarc_record record;
	struct dns_answer answer;

	if (!dns_is_known(dns, domain, DNS_TXT))
		return (struct span){ NULL, 0 };
	dns_query(dns, domain, DNS_TXT, &answer);
	for (size_t i = 0; i < answer.n; i++)
		if (dmarc_parse(answer.records[i].data, &record) && record.found)
			return record.text;
	return (struct span){ NULL, 0 };
}

/* RFC 8020; where the DNS does not tell, the domain is taken to exist. */
static bool is_missing(struct dns *dns, struct span domain)
{
	struct dns_answer answer;

	dns_query(dns, domain, DNS_A, &answer);
	return answer.status == DNS_NO_NAME;
}

static enum dmarc_policy applied(struct dns *dns, const struct walk *walk,
				 const struct dmarc_discovery *discovery)
{
	const struct dmarc_record *record = &discovery->record;
	enum dmarc_policy policy = record->p;

	if (discovery->from_above)
		policy = record->np != record->sp && is_missing(dns, walk->steps[0].domain) ?
			record->np : record->sp;
	if (record->testing && policy != DMARC_POLICY_NONE)
		policy--;
	return policy;
}

static void discover(struct dns *dns, const struct walk *walk,
		     struct dmarc_discovery *discovery)
{
	struct dmarc_record *record = &discovery->record;
	const struct step *step;

	discovery->organizational = organizational(walk, &discovery->organizational_known);
	step = governing(walk, discovery->organizational);
	if (step != &walk->steps[0] && walk->failed != NULL) {
		record->dns_failed = true;
		record->reason = walk->failed->record.reason;
	} else if (step != NULL) {
		*record = step->record;
		discovery->from_above = step != &walk->steps[0];
	} else {
		explain_absence(walk, record);
	}
	if (step != &walk->steps[0])
		note_several(walk, record);
	if (record->found)
		discovery->policy = applied(dns, walk, discovery);
	else if (!record->malformed && !record->several && !record->dns_failed)
		discovery->misplaced = find_misplaced(dns, walk->steps[0].domain);
	if (!discovery->organizational_known)
		discovery->organizational = walk->steps[0].domain;
}

void dmarc_discover(struct dns *dns, struct span author_domain,
		    struct dmarc_discovery *discovery_r)
{
	struct span start = canonical(dns->arena, author_domain);
	struct walk steps;

	*discovery_r = (struct dmarc_discovery){
		.record = { .psd = 'u' }, .organizational = author_domain,
	};
	if (start.n == 0) {
		discovery_r->record.dns_failed = true;
		discovery_r->record.reason = "name";
		return;
	}
	walk(dns, start, &steps);
	discover(dns, &steps, discovery_r);
}

/* ---- alignment ---- */

bool dmarc_is_aligned(struct dns *dns, struct span author_domain,
		      struct span other, bool strict, bool *known_r)
{
	struct span a = canonical(dns->arena, author_domain);
	struct span b = canonical(dns->arena, other);
	bool a_known, b_known;

	*known_r = a.n != 0 && b.n != 0;
	if (span_eq(a, b) || strict || !*known_r)
		return *known_r && span_eq(a, b);
	a = dmarc_organizational(dns, a, &a_known);
	b = dmarc_organizational(dns, b, &b_known);
	*known_r = a_known && b_known;
	return span_eq(a, b);
}

/* ---- reports ---- */

/* "mailto:a@example.net!10m": "example.net" */
static struct span report_domain(struct span uri)
{
	size_t at = span_find_byte(uri, 0, '@');

	if (!span_has_prefix(uri, "mailto:"))
		return (struct span){ NULL, 0 };
	uri = span_slice(uri, at + 1, span_find_byte(uri, at, '!'));
	return span_slice(uri, 0, span_find_byte(uri, 0, '?'));
}

static bool is_unasked(struct dns *dns, const struct dmarc_record *record, struct span domain,
		       struct span *name_r)
{
	struct dns_answer answer;
	bool known = true;

	if (!dns_name_is_valid(domain) || dns_name_is_within(domain, record->domain) ||
	    dns_name_is_within(record->domain, domain) ||
	    dmarc_is_aligned(dns, record->domain, domain, false, &known) || !known)
		return false;
	*name_r = span_str(arena_printf(dns->arena, "%.*s._report._dmarc.%.*s",
					SPAN_FMT(record->domain), SPAN_FMT(domain)));
	dns_query(dns, *name_r, DNS_TXT, &answer);
	for (size_t i = 0; i < answer.n; i++)
		if (span_has_prefix(answer.records[i].data, "v=DMARC1"))
			return false;
	return answer.status != DNS_TEMPORARY;
}

struct span dmarc_unasked(struct dns *dns, const struct dmarc_record *record,
			  struct span *name_r)
{
	for (size_t at = 0, end; at < record->rua.n; at = end + 1) {
		struct span domain;

		end = span_find_byte(record->rua, at, ',');
		domain = report_domain(span_trim(span_slice(record->rua, at, end)));
		if (is_unasked(dns, record, domain, name_r))
			return domain;
	}
	return (struct span){ NULL, 0 };
}
