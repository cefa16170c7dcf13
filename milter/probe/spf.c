#include "probe/spf.h"

#include "base/buf.h"
#include "probe/idna.h"
#include "probe/spf_walk.h"

enum { PATH_MAX_TEXT = 2048 };

/* Of one mechanism. */
enum match { NO_MATCH, MATCH, UNKNOWN };

const char *spf_result_name(enum spf_result_code code)
{
	static const char *const names[] = {
		"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror",
	};

	return names[code];
}

const char *spf_fault_name(enum spf_fault fault)
{
	static const char *const names[] = {
		"", "character", "mechanism", "missing", "extra", "address", "prefix",
		"domain", "macro", "twice",
	};

	return names[fault];
}

/* ---- decisions ---- */

static void decide(struct spf_walk *walk, const struct spf_frame *frame, struct span term)
{
	walk->frame = frame;
	walk->term = term;
}

static enum spf_result_code fail_with(struct spf_walk *walk, const struct spf_frame *frame,
				      struct span term, enum spf_problem problem)
{
	decide(walk, frame, term);
	walk->result->problem = problem;
	return SPF_PERMERROR;
}

static enum spf_result_code of_qualifier(char qualifier)
{
	switch (qualifier) {
	case '-':
		return SPF_FAIL;
	case '~':
		return SPF_SOFTFAIL;
	case '?':
		return SPF_NEUTRAL;
	default:
		return SPF_PASS;
	}
}

/* ---- mechanisms ---- */

/* A mechanism under evaluation. */
struct step {
	struct spf_walk *walk;
	const struct spf_frame *frame;
	const struct spf_term *term;
	enum spf_result_code error;	/* with UNKNOWN */
};

static enum match give_up(struct step *s, enum spf_problem problem)
{
	s->error = fail_with(s->walk, s->frame, s->term->text, problem);
	return UNKNOWN;
}

/* The question of a term itself; what it answers nothing to is counted. */
static enum match ask(struct step *s, struct span name, enum dns_type type,
		      struct dns_answer *answer_r)
{
	dns_query(s->walk->dns, name, type, answer_r);
	if (answer_r->status == DNS_TEMPORARY) {
		decide(s->walk, s->frame, s->term->text);
		s->error = spf_dns_problem(s->walk, answer_r->reason);
		return UNKNOWN;
	}
	if (answer_r->status != DNS_FOUND && ++s->walk->voids > SPF_MAX_VOID)
		return give_up(s, SPF_TOO_MANY_VOID);
	return answer_r->n > 0 ? MATCH : NO_MATCH;
}

static bool is_listed(const struct step *s, const struct dns_answer *answer)
{
	const struct ip *ip = &s->walk->who.ip;
	unsigned prefix = ip->bits == 128 ? s->term->prefix6 : s->term->prefix4;

	for (size_t i = 0; i < answer->n; i++) {
		struct ip net = { .bits = ip->bits };
		struct span data = answer->records[i].data;

		for (size_t k = 0; k < data.n && k < sizeof(net.bytes); k++)
			net.bytes[k] = (uint8_t)data.p[k];
		if (data.n > 0 && data.n == ip->bits / 8 && ip_in(ip, &net, prefix))
			return true;
	}
	return false;
}

static enum dns_type address_type(const struct step *s)
{
	return s->walk->who.ip.bits == 128 ? DNS_AAAA : DNS_A;
}

static enum match match_a(struct step *s, struct span name)
{
	struct dns_answer answer;
	enum match match = ask(s, name, address_type(s), &answer);

	return match == MATCH && !is_listed(s, &answer) ? NO_MATCH : match;
}

static enum match match_mx(struct step *s, struct span name)
{
	struct dns_answer hosts, answer;
	enum match match = ask(s, name, DNS_MX, &hosts);

	if (match == MATCH && hosts.n > SPF_MAX_MX)
		return give_up(s, SPF_TOO_MANY_MX);
	for (size_t i = 0; match == MATCH && i < hosts.n; i++)
		dns_begin(s->walk->dns, hosts.records[i].data, address_type(s));
	for (size_t i = 0; match == MATCH && i < hosts.n; i++) {
		if (!dns_name_is_valid(hosts.records[i].data))
			continue;
		dns_query(s->walk->dns, hosts.records[i].data, address_type(s), &answer);
		if (answer.status == DNS_TEMPORARY) {
			decide(s->walk, s->frame, s->term->text);
			s->error = spf_dns_problem(s->walk, answer.reason);
			return UNKNOWN;
		}
		if (is_listed(s, &answer))
			return MATCH;
	}
	return match == UNKNOWN ? UNKNOWN : NO_MATCH;
}

/* Errors of the DNS only mean that it does not match (5.5). */
static enum match match_ptr(struct step *s, struct span name)
{
	struct dns_answer answer;

	spf_ask_names(s->walk, &answer);
	if ((answer.status == DNS_NO_DATA || answer.status == DNS_NO_NAME) &&
	    ++s->walk->voids > SPF_MAX_VOID)
		return give_up(s, SPF_TOO_MANY_VOID);
	for (size_t i = 0; i < answer.n; i++) {
		struct span host = answer.records[i].data;

		if (dns_name_is_within(host, name) &&
		    spf_is_validated(s->walk, host))
			return MATCH;
	}
	return NO_MATCH;
}

static enum spf_result_code check_host(struct spf_walk *walk, const struct spf_frame *frame);

static enum match match_include(struct step *s, struct span name)
{
	struct spf_walk *walk = s->walk;
	struct span exp = walk->exp, exp_domain = walk->exp_domain;
	const struct spf_frame *frame = spf_frame_new(walk, s->frame, s->term->text, name);
	enum spf_result_code code = frame != NULL ? check_host(walk, frame) :
		spf_dns_problem(walk, "limit");

	walk->exp = exp;
	walk->exp_domain = exp_domain;
	if (code == SPF_NONE)
		return give_up(s, SPF_INCLUDE_NONE);
	s->error = code;
	if (code == SPF_TEMPERROR || code == SPF_PERMERROR)
		return UNKNOWN;
	return code == SPF_PASS ? MATCH : NO_MATCH;
}

static enum match charge(struct step *s)
{
	if (++s->walk->lookups > SPF_MAX_LOOKUPS)
		return give_up(s, SPF_TOO_MANY_LOOKUPS);
	return MATCH;
}

/* A name that cannot be asked for has no records (4.8). */
static enum match match_by_dns(struct step *s)
{
	struct dns_answer answer;
	struct span name;

	if (charge(s) == UNKNOWN)
		return UNKNOWN;
	name = spf_target(s->walk, s->frame, s->term->domain);
	if (name.n == 0)
		return s->term->kind == SPF_INCLUDE ? give_up(s, SPF_INCLUDE_NONE) : NO_MATCH;
	switch (s->term->kind) {
	case SPF_INCLUDE:
		return match_include(s, name);
	case SPF_A:
		return match_a(s, name);
	case SPF_MX:
		return match_mx(s, name);
	case SPF_PTR:
		return match_ptr(s, name);
	default:
		return ask(s, name, DNS_A, &answer);
	}
}

static enum match match_term(struct step *s)
{
	const struct ip *ip = &s->walk->who.ip;

	switch (s->term->kind) {
	case SPF_ALL:
		return MATCH;
	case SPF_IP4:
		return ip_in(ip, &s->term->net, s->term->prefix4) ? MATCH : NO_MATCH;
	case SPF_IP6:
		return ip_in(ip, &s->term->net, s->term->prefix6) ? MATCH : NO_MATCH;
	default:
		return spf_term_asks(s->term) ? match_by_dns(s) : NO_MATCH;
	}
}

/* ---- a record ---- */

static enum spf_result_code syntax_error(struct spf_walk *walk, const struct spf_frame *frame,
					 struct span record, const struct spf_term *term,
					 enum spf_fault fault)
{
	walk->result->fault = fault;
	walk->result->position = (size_t)(term->text.p - record.p);
	return fail_with(walk, frame, term->text, SPF_SYNTAX);
}

/* A mistake anywhere spoils the whole record (4.6). SPF_PASS: there is none. */
static enum spf_result_code validate(struct spf_walk *walk, const struct spf_frame *frame,
				     struct span record)
{
	struct span rest = spf_terms(record);
	unsigned redirects = 0, exps = 0;
	struct spf_term term;

	while (spf_next_term(&rest, &term)) {
		redirects += term.kind == SPF_REDIRECT;
		exps += term.kind == SPF_EXP;
		if (term.fault == SPF_FAULT_NONE && (redirects > 1 || exps > 1))
			term.fault = SPF_FAULT_TWICE;
		if (term.fault != SPF_FAULT_NONE)
			return syntax_error(walk, frame, record, &term, term.fault);
	}
	return SPF_PASS;
}

/* What is right and yet does nothing, or is better not used. */
static void notice_terms(struct spf_result *result, struct span record)
{
	struct span rest = spf_terms(record), onward = { NULL, 0 };
	struct spf_term term;
	bool ended = false;

	while (spf_next_term(&rest, &term)) {
		if (ended && term.qualifier != '\0' && result->unreached.n == 0)
			result->unreached = term.text;
		if (!ended && term.kind == SPF_PTR && term.fault == SPF_FAULT_NONE &&
		    result->ptr.n == 0)
			result->ptr = term.text;
		if (spf_term_is_mistaken(&term) && result->ignored.n == 0)
			result->ignored = term.text;
		if (term.kind == SPF_REDIRECT)
			onward = term.text;
		ended = ended || term.kind == SPF_ALL;
	}
	if (ended && result->unreached.n == 0)
		result->unreached = onward;
}

/* Records that will probably be needed: all at once. */
static void ask_ahead(struct spf_walk *walk, struct span record)
{
	struct span names[SPF_MAX_LOOKUPS], rest = spf_terms(record);
	struct spf_term term;
	size_t n = 0;

	while (n < SPF_MAX_LOOKUPS && spf_next_term(&rest, &term))
		if ((term.kind == SPF_INCLUDE || term.kind == SPF_REDIRECT) &&
		    span_find_byte(term.domain, 0, '%') == term.domain.n)
			names[n++] = term.domain;
	for (size_t i = 0; n > 1 && i < n; i++)
		dns_begin(walk->dns, names[i], DNS_TXT);
}

static enum spf_result_code redirect(struct spf_walk *walk, const struct spf_frame *frame,
				     const struct spf_term *term)
{
	struct step s = { walk, frame, term, SPF_NONE };
	const struct spf_frame *below;
	enum spf_result_code code;
	struct span name;

	if (charge(&s) == UNKNOWN)
		return s.error;
	name = spf_target(walk, frame, term->domain);
	if (name.n == 0)
		return fail_with(walk, frame, term->text, SPF_REDIRECT_NONE);
	below = spf_frame_new(walk, frame, term->text, name);
	if (below == NULL)
		return spf_dns_problem(walk, "limit");
	code = check_host(walk, below);
	if (code == SPF_NONE)
		return fail_with(walk, frame, term->text, SPF_REDIRECT_NONE);
	return code;
}

static bool allows_all(const struct spf_term *term)
{
	return term->kind == SPF_ALL && term->qualifier == '+';
}

/* The mechanism that ends the walk. What an include decided is told by its own
 * record, unless this one turns it round. */
static enum spf_result_code matched(struct spf_walk *walk, const struct spf_frame *frame,
				    const struct spf_term *term)
{
	if (term->kind != SPF_INCLUDE || term->qualifier != '+')
		decide(walk, frame, term->text);
	walk->result->problem = SPF_FINE;
	return of_qualifier(term->qualifier);
}

static enum spf_result_code evaluate(struct spf_walk *walk, const struct spf_frame *frame,
				     struct span record)
{
	struct span rest = spf_terms(record);
	struct spf_term term, onward = { .kind = SPF_ALL };

	walk->exp = walk->exp_domain = (struct span){ NULL, 0 };
	while (spf_next_term(&rest, &term))
		if (term.kind == SPF_EXP) {
			walk->exp = term.domain;
			walk->exp_domain = frame->domain;
		}
	for (rest = spf_terms(record); spf_next_term(&rest, &term); ) {
		struct step s = { walk, frame, &term, SPF_NONE };
		enum match match = NO_MATCH;

		if (term.kind == SPF_REDIRECT)
			onward = term;
		else
			match = match_term(&s);
		walk->result->allows_all = walk->result->allows_all || allows_all(&term);
		if (match == UNKNOWN)
			return s.error;
		if (match == MATCH)
			return matched(walk, frame, &term);
	}
	if (onward.kind == SPF_REDIRECT)
		return redirect(walk, frame, &onward);
	decide(walk, frame, (struct span){ NULL, 0 });
	walk->result->problem = SPF_FINE;
	return SPF_NEUTRAL;
}

static enum spf_result_code check_host(struct spf_walk *walk, const struct spf_frame *frame)
{
	struct span record;
	enum spf_result_code code = spf_find_record(walk, frame->above, frame->domain, &record);

	if (frame->above == NULL)
		walk->result->record = record;
	if (code != SPF_PASS) {
		/* the term that leads to a record that is not to be had */
		if (frame->above != NULL && code == SPF_TEMPERROR)
			decide(walk, frame->above, frame->via);
		else
			decide(walk, frame, (struct span){ NULL, 0 });
		return code;
	}
	code = validate(walk, frame, record);
	if (frame->above == NULL)
		notice_terms(walk->result, record);
	if (code != SPF_PASS)
		return code;
	ask_ahead(walk, record);
	return evaluate(walk, frame, record);
}

/* ---- the result ---- */

static void add_path(struct buf *out, const struct spf_frame *frame)
{
	if (frame->above == NULL) {
		buf_add(out, frame->domain);
		return;
	}
	add_path(out, frame->above);
	buf_adds(out, " > ");
	buf_add(out, frame->via);
}

/* A blank too many: "ip4: 192.0.2.1", "- all". What was meant, else empty; *term_r
 * becomes both pieces. */
static struct span without_blank(struct arena *arena, struct span record, size_t position,
				 struct span *term_r)
{
	struct span rest = span_from(record, position + term_r->n);
	struct spf_term next, whole;
	size_t end;

	if (!spf_next_term(&rest, &next) || next.text.n > DNS_MAX_NAME + 8)
		return (struct span){ NULL, 0 };
	spf_term_parse(span_str(arena_printf(arena, "%.*s%.*s", SPAN_FMT(*term_r),
					     SPAN_FMT(next.text))), &whole);
	if (whole.fault != SPF_FAULT_NONE || (whole.kind == SPF_ALL && whole.qualifier == '+'))
		return (struct span){ NULL, 0 };
	end = (size_t)(next.text.p - record.p) + next.text.n;
	*term_r = span_slice(record, position, end);
	return whole.text;
}

static void guess_term(struct spf_walk *walk)
{
	struct spf_result *result = walk->result;
	struct arena *arena = walk->dns->arena;

	result->likely = spf_likely_term(arena, result->term);
	if (result->likely.n == 0 && result->via.n == 0 && result->term.n <= 10 &&
	    (result->fault == SPF_FAULT_MISSING || spf_unqualified(result->term).n == 0))
		result->likely = without_blank(arena, result->record, result->position,
					       &result->term);
}

static void tell_where(struct spf_walk *walk)
{
	const struct spf_frame *frame = walk->frame;
	struct buf path;

	if (frame == NULL)
		return;
	buf_init(&path, walk->dns->arena, PATH_MAX_TEXT);
	add_path(&path, frame);
	walk->result->domain = frame->domain;
	walk->result->term = walk->term;
	walk->result->path = buf_span(&path);
	for (; frame->above != NULL; frame = frame->above)
		walk->result->via = frame->via;
	if (walk->result->problem == SPF_SYNTAX)
		guess_term(walk);
}

static bool is_plain(struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < ' ' || text.p[i] >= 0x7f)
			return false;
	return true;
}

/* Whatever is wrong with an explanation: there is none (6.2). */
static void explain(struct spf_walk *walk)
{
	struct spf_frame frame = { NULL, { NULL, 0 }, walk->exp_domain };
	struct dns_answer answer;
	struct span name;

	if (walk->exp.n == 0)
		return;
	name = spf_target(walk, &frame, walk->exp);
	if (name.n == 0)
		return;
	dns_query(walk->dns, name, DNS_TXT, &answer);
	if (answer.n == 1 && is_plain(answer.records[0].data) &&
	    spf_expand(walk, answer.records[0].data, SPF_TEXT_EXPLANATION, walk->exp_domain,
		   SPF_MAX_EXPLANATION, &walk->result->explanation) != 0)
		walk->result->explanation = (struct span){ NULL, 0 };
}

/* RFC 8616, 4. What is no domain stays as it is. */
static struct span in_ascii(struct arena *arena, struct span domain)
{
	char text[IDNA_MAX];
	struct span ascii = idna_ascii(domain, text);

	return ascii.p == text ? arena_copy(arena, ascii) : domain;
}

/* RFC 7208, 2.4 and 4.3. */
static struct span set_sender(struct spf_walk *walk, const struct spf_request *request)
{
	struct span sender = request->sender;
	size_t at = sender.n;

	while (at > 0 && sender.p[at - 1] != '@')
		at--;
	walk->who.local = span_slice(sender, 0, at > 0 ? at - 1 : 0);
	walk->who.domain = in_ascii(walk->dns->arena, sender.n > 0 ? span_from(sender, at) :
				    request->helo);
	if (walk->who.local.n == 0)
		walk->who.local = SPAN("postmaster");
	return walk->who.domain;
}

/* A name of several labels; address literals have none. */
static bool can_publish(struct span domain)
{
	return dns_name_is_valid(domain) && domain.p[0] != '[' &&
		span_find_byte(domain, 0, '.') + 1 < domain.n;
}

static enum spf_result_code begin(struct spf_walk *walk, struct span domain)
{
	const struct spf_frame *frame = spf_frame_new(walk, NULL, (struct span){ NULL, 0 }, domain);

	if (frame == NULL)
		return spf_dns_problem(walk, "limit");
	decide(walk, frame, (struct span){ NULL, 0 });
	if (!can_publish(domain)) {
		walk->result->problem = SPF_BAD_DOMAIN;
		return SPF_NONE;
	}
	return check_host(walk, frame);
}

void spf_check(struct dns *dns, const struct spf_request *request,
	       struct spf_result *result_r)
{
	struct spf_walk walk = { .dns = dns, .result = result_r };
	struct span domain;

	*result_r = (struct spf_result){ .code = SPF_NONE };
	walk.who.ip = request->ip;
	walk.who.helo = request->helo;
	walk.who.receiver = request->receiver;
	domain = set_sender(&walk, request);
	result_r->code = begin(&walk, domain);
	tell_where(&walk);
	result_r->lookups = walk.lookups;
	result_r->voids = walk.voids;
	if (request->explain && result_r->code == SPF_FAIL)
		explain(&walk);
	if (request->count_all && result_r->record.n > 0)
		spf_count(&walk, domain);
	spf_macros_free(walk.macros);
}
