#include "probe/spf_walk.h"

enum { MAX_TEXT = 8192 };	/* of an expanded domain-spec before it is cut */

struct spf_frame *spf_frame_new(struct spf_walk *walk, const struct spf_frame *above,
				struct span via, struct span domain)
{
	struct spf_frame *frame = arena_alloc(walk->dns->arena, sizeof(*frame));

	if (frame != NULL)
		*frame = (struct spf_frame){ above, via, domain };
	return frame;
}

enum spf_result_code spf_dns_problem(struct spf_walk *walk, const char *reason)
{
	walk->result->problem = SPF_DNS;
	walk->result->reason = reason;
	return SPF_TEMPERROR;
}

/* For advice about the own domain only. */
static void guess_record(struct spf_walk *walk, const struct dns_answer *answer)
{
	const struct dns_record *list = answer->records;
	struct span records[3] = { { NULL, 0 } };
	struct arena *arena = walk->dns->arena;
	size_t n = 0;

	for (size_t i = 0; i < answer->n && n < 3; i++)
		if (spf_is_record(list[i].data))
			records[n++] = list[i].data;
	if (n == 2)
		walk->result->likely = spf_joined(arena, records[0], records[1]);
	for (size_t i = 0; n == 0 && walk->result->likely.n == 0 && i < answer->n; i++)
		walk->result->likely = spf_meant(arena, list[i].data);
}

enum spf_result_code spf_find_record(struct spf_walk *walk, const struct spf_frame *above,
				     struct span domain, struct span *record_r)
{
	struct dns_answer answer;
	size_t found = 0;

	*record_r = (struct span){ NULL, 0 };
	dns_query(walk->dns, domain, DNS_TXT, &answer);
	if (answer.status == DNS_TEMPORARY)
		return spf_dns_problem(walk, answer.reason);
	walk->result->problem = answer.status == DNS_NO_NAME ? SPF_NO_DOMAIN : SPF_NO_RECORD;
	for (size_t i = 0; i < answer.n; i++)
		if (spf_is_record(answer.records[i].data) && ++found == 1)
			*record_r = answer.records[i].data;
	if (found > 1)
		walk->result->problem = SPF_TWO_RECORDS;
	if (found != 1 && above == NULL)
		guess_record(walk, &answer);
	return found == 0 ? SPF_NONE : found == 1 ? SPF_PASS : SPF_PERMERROR;
}

/* RFC 7208, 7.3: a name that is too long loses labels on the left. */
static struct span cut_left(struct span name)
{
	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	while (name.n > DNS_MAX_NAME)
		name = span_from(name, span_find_byte(name, 0, '.') + 1);
	return name;
}

bool spf_is_validated(struct spf_walk *walk, struct span name)
{
	enum dns_type type = walk->who.ip.bits == 128 ? DNS_AAAA : DNS_A;
	struct span address = { (const char *)walk->who.ip.bytes, walk->who.ip.bits / 8 };
	struct dns_answer answer;

	dns_query(walk->dns, name, type, &answer);
	for (size_t i = 0; i < answer.n; i++)
		if (span_eq(answer.records[i].data, address))
			return true;
	return false;
}

void spf_ask_names(struct spf_walk *walk, struct dns_answer *answer_r)
{
	struct span name = ip_reverse_name(walk->dns->arena, &walk->who.ip);

	*answer_r = (struct dns_answer){ .status = DNS_TEMPORARY };
	if (walk->who.ip.bits == 0)
		return;
	dns_query(walk->dns, name, DNS_PTR, answer_r);
	if (answer_r->n > SPF_MAX_PTR)
		answer_r->n = SPF_MAX_PTR;
}

static bool suits(struct span name, struct span domain, int round)
{
	return round == 0 ? span_ieq(name, domain) : round == 2 || dns_name_is_below(name, domain);
}

/* %{p}: the domain itself, else a name below it, else any (7.3). */
static struct span client_name(struct spf_walk *walk, struct span domain)
{
	struct dns_answer answer;

	spf_ask_names(walk, &answer);
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < answer.n; i++)
			if (suits(answer.records[i].data, domain, round) &&
			    spf_is_validated(walk, answer.records[i].data))
				return answer.records[i].data;
	return SPAN("unknown");
}

int spf_expand(struct spf_walk *walk, struct span text, enum spf_text where,
		  struct span current, size_t limit, struct span *out_r)
{
	bool macros = span_find(text, 0, SPAN("%{")) < text.n;
	struct span client = { NULL, 0 };

	if (macros && walk->macros == NULL)
		walk->macros = spf_macros_new(&walk->who);
	if (macros && spf_text_asks(text))
		client = client_name(walk, current);
	return spf_macros_expand(walk->macros, walk->dns->arena, text, where, current,
				 client, limit, out_r);
}

struct span spf_target(struct spf_walk *walk, const struct spf_frame *frame,
		       struct span domain_spec)
{
	struct span name = domain_spec.n > 0 ? domain_spec : frame->domain;

	if (span_find_byte(name, 0, '%') < name.n &&
	    spf_expand(walk, name, SPF_TEXT_DOMAIN, frame->domain, MAX_TEXT, &name) != 0)
		return (struct span){ NULL, 0 };
	name = cut_left(name);
	return dns_name_is_valid(name) ? name : (struct span){ NULL, 0 };
}
