#include "core/enrich.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/inquire.h"
#include "mail/address.h"
#include "mail/dsn.h"

enum { MAX_WORDS = 80 * 1024, MAX_HTML = 64 * 1024 };

static const char *const outcome_names[OUTCOME_COUNT] = {
	[OUTCOME_EXPLAINED] = "explained",
	[OUTCOME_NOT_A_BOUNCE] = "not_a_bounce",
	[OUTCOME_ALREADY] = "already",
	[OUTCOME_EXCLUDED] = "excluded",
	[OUTCOME_LEFT_ALONE] = "left_alone",
	[OUTCOME_FAILED] = "failed",
};

const char *outcome_name(enum outcome outcome)
{
	return outcome_names[outcome];
}

/* Whom the bounce is for: the envelope says it, else the To field. */
static struct span addressee(struct arena *arena, const struct message *message,
			     struct span rcpt)
{
	if (rcpt.n != 0)
		return dsn_address(arena, rcpt);
	return dsn_address(arena, header_unfold(arena,
				headers_find(&message->root->headers, "To")));
}

/* Did the returned message claim one of our domains as its author's? Its envelope
 * sender says nothing: it is why the bounce came to this reader. */
static bool is_from_us(const struct config *config, struct arena *arena,
		       const struct headers *returned)
{
	static const char *const names[] = { "From", "Sender" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct span value = header_unfold(arena, headers_find(returned, names[i]));

		if (config_is_local(config, address_host(dsn_address(arena, value))))
			return true;
	}
	return false;
}

/* With no local_domains every reader of a bounce that was generated here counts
 * as inside; of those that came in nothing is known then. */
static struct reader who_reads(const struct config *config, struct arena *arena,
			       const struct reading *reading, enum origin origin,
			       struct span domain)
{
	bool all = config->local_domains.n == 0 && origin == ORIGIN_GENERATED;

	return (struct reader){
		.inside = all || config_is_local(config, domain),
		.ours = origin == ORIGIN_GENERATED ||
			is_from_us(config, arena, &reading->bounce.returned_headers),
		.help_url = config->help_url,
	};
}

/* The words of the house, for its own people and about its own mail. */
static struct reader reader_of(const struct config *config, struct arena *arena,
			       const struct reading *reading, enum origin origin,
			       struct span address)
{
	struct span domain = address_host(address);
	struct reader reader = who_reads(config, arena, reading, origin, domain);

	if (!reader.inside || !reader.ours)
		return reader;
	reader.organization = config->organization;
	reader.contact = config->contact;
	for (unsigned i = 0; i < config->domains_n; i++) {
		const struct config_domain *d = &config->domains[i];

		if (!span_is(domain, d->domain))
			continue;
		reader.organization = d->organization != NULL ? d->organization : reader.organization;
		reader.contact = d->contact != NULL ? d->contact : reader.contact;
		reader.help_url = d->help_url != NULL ? d->help_url : reader.help_url;
	}
	return reader;
}

int enrich_read(const struct snapshot *snapshot, struct arena *arena,
		struct span message, struct reading *reading_r, struct error *error)
{
	struct bounce *bounce = &reading_r->bounce;

	if (message_parse(arena, message, &reading_r->message, error) != 0 ||
	    bounce_read(arena, &reading_r->message, bounce, error) != 0)
		return -1;
	reading_r->diagnoses = arena_array(arena, bounce->n, sizeof(*reading_r->diagnoses));
	if (reading_r->diagnoses == NULL)
		return error_set(error, "more memory needed than one message may take");
	for (size_t i = 0; i < bounce->n; i++)
		diagnose(snapshot->knowledge, snapshot->rules, bounce,
			 &bounce->recipients[i], &reading_r->diagnoses[i]);
	return 0;
}

/* -l, language_map, what the returned message asks for, the default. */
static const struct language *choose_language(const struct snapshot *snapshot,
					      const struct reading *reading,
					      struct span address, const char *forced,
					      struct error *error)
{
	const struct language *language;

	if (forced != NULL)
		return snapshot_language(snapshot, forced, error);
	language = language_map_find(snapshot->language_map, address);
	if (language != NULL)
		return language;
	return explain_language(snapshot->knowledge, &reading->bounce.returned_headers,
				snapshot->default_language);
}

/* What both languages are told of. */
struct told {
	struct reader reader;
	struct inquiry inquiry;
};

static int explain_in(const struct snapshot *snapshot, struct arena *arena,
		      const struct reading *reading, const struct language *language,
		      const struct told *told, struct explanation *explanation_r,
		      struct error *error)
{
	if (explain(arena, snapshot->knowledge, language, &reading->bounce,
		    reading->diagnoses, &told->reader, explanation_r) != 0)
		return error_set(error, "more memory needed than one message may take");
	explanation_r->findings = &told->inquiry.findings;
	explanation_r->forged = told->inquiry.forged;
	return 0;
}

/* What a check proves about the recipient's domain, where the reply told something
 * else of it: a domain that takes no mail exists. */
static const struct cause *proven_cause(const struct diagnosis *d, struct span domain,
					const struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->list[i];

		if (finding->kind->proves != NULL && span_ieq(finding->domain, domain) &&
		    cause_is_listed(d->cause, finding->kind->instead_of))
			return finding->kind->proves;
	}
	return NULL;
}

static void correct_diagnoses(const struct reading *reading, const struct findings *findings)
{
	for (size_t i = 0; i < reading->bounce.n; i++) {
		const struct bounce_recipient *r = &reading->bounce.recipients[i];
		struct diagnosis *d = &reading->diagnoses[i];
		struct span address = r->original.n != 0 ? r->original : r->recipient;
		const struct cause *cause = proven_cause(d, address_host(address), findings);

		if (cause == NULL)
			continue;
		d->cause = cause;
		d->who = cause->who;
		d->rule = NULL;		/* nor does its hint fit any more */
	}
}

int enrich_explain(const struct snapshot *snapshot, struct arena *arena,
		   const struct reading *reading, const struct enrich_request *request,
		   struct explanation *explanation_r, struct error *error)
{
	struct span address = addressee(arena, &reading->message, request->rcpt);
	const struct language *first =
		choose_language(snapshot, reading, address, request->language, error);
	const struct language *second = snapshot->second_language;
	struct told *told = arena_alloc(arena, sizeof(*told));
	struct explanation *below;

	if (first == NULL)
		return -1;
	if (told == NULL)
		return error_set(error, "more memory needed than one message may take");
	told->reader = reader_of(snapshot->config, arena, reading, request->origin, address);
	if (request->waiting != NULL)
		request->waiting(request->waiting_context, true);
	inquire(snapshot, arena, reading, request->origin, address, &told->reader, &told->inquiry);
	if (request->waiting != NULL)
		request->waiting(request->waiting_context, false);
	correct_diagnoses(reading, &told->inquiry.findings);
	if (explain_in(snapshot, arena, reading, first, told, explanation_r, error) != 0)
		return -1;
	if (second == NULL || second == first || request->language != NULL)
		return 0;
	below = arena_alloc(arena, sizeof(*below));
	if (below == NULL || explain_in(snapshot, arena, reading, second, told,
					below, error) != 0)
		return -1;
	explanation_r->second = below;
	return 0;
}

/* "user_unknown,mailbox_full": each cause once, as many as there is room for. */
static void list_causes(const struct reading *reading, char *list, size_t size)
{
	size_t n = 0;

	list[0] = '\0';
	for (size_t i = 0; i < reading->bounce.n; i++) {
		const char *id = reading->diagnoses[i].cause->id;
		bool known = false;

		for (size_t j = 0; j < i && !known; j++)
			known = strcmp(reading->diagnoses[j].cause->id, id) == 0;
		if (known || n + strlen(id) + 2 > size)
			continue;
		n += (size_t)snprintf(list + n, size - n, "%s%s", n != 0 ? "," : "", id);
	}
}

static void tally_all(const struct reading *reading, struct tally *tally)
{
	for (size_t i = 0; i < reading->bounce.n; i++)
		tally_recipient(tally, &reading->diagnoses[i], reading->bounce.recipients[i].action);
}

static void tally_checks(const struct findings *findings, struct tally *tally)
{
	for (size_t i = 0; findings != NULL && i < findings->n; i++)
		tally_verdict(tally, check_name(findings->list[i].check),
			      findings->list[i].verdict);
}

static unsigned now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (unsigned)((unsigned long long)t.tv_sec * 1000 + (unsigned)t.tv_nsec / 1000000);
}

static int render(struct arena *arena, const struct snapshot *snapshot,
		  const struct explanation *e, const struct enrich_result *result,
		  struct splice_words *words_r, struct error *error)
{
	struct buf text, html;
	const char *mark = arena_printf(arena, "%s; cause=%s; lang=%s%s", WHYBOUNCE_VERSION,
					result->causes, result->language,
					e->forged ? "; forged=yes" : "");

	buf_init(&text, arena, MAX_WORDS);
	buf_init(&html, arena, MAX_HTML);
	explain_text(&text, e);
	explain_html(&html, e);
	if (text.failed || html.failed || mark == NULL)
		return error_set(error, "the explanation is larger than allowed");
	*words_r = (struct splice_words){
		.text = buf_span(&text), .html = buf_span(&html),
		.mark = span_str(mark), .description = "Explanation",
	};
	if (snapshot->config->rewrite_subject)
		words_r->subject = explain_subject(arena, e);
	return 0;
}

static bool has_unknown_action(const struct bounce *bounce)
{
	for (size_t i = 0; i < bounce->n; i++)
		if (bounce->recipients[i].action == ACTION_UNKNOWN)
			return true;
	return false;
}

/* What the option `inbound` has against it, or NULL. */
static const char *objection_to_inbound(const struct config *config,
					const struct message *message, enum origin origin)
{
	if (origin != ORIGIN_INBOUND || config->inbound == INBOUND_ALL)
		return NULL;
	if (config->inbound == INBOUND_NONE)
		return "it came in over SMTP (inbound: none)";
	return headers_find(&message->root->headers, "DKIM-Signature") == NULL ? NULL :
		"it came in with a DKIM signature (inbound: unsigned)";
}

/* Anything but a bounce that we may change? Then why. */
static enum outcome reason_to_pass(const struct snapshot *snapshot, struct arena *arena,
				   const struct reading *reading,
				   const struct enrich_request *request,
				   enum splice_plan plan, const char **reason_r)
{
	const struct message *message = &reading->message;
	const char *objection = objection_to_inbound(snapshot->config, message, request->origin);

	*reason_r = "";
	if (headers_find(&message->root->headers, "X-Whybounce") != NULL)
		return OUTCOME_ALREADY;
	if (reading->bounce.shape == BOUNCE_NOT) {
		*reason_r = reading->bounce.not_because;
		return OUTCOME_NOT_A_BOUNCE;
	}
	if (config_excludes(snapshot->config, addressee(arena, message, request->rcpt)))
		return OUTCOME_EXCLUDED;
	if (objection != NULL) {
		*reason_r = objection;
		return OUTCOME_LEFT_ALONE;
	}
	if (has_unknown_action(&reading->bounce)) {
		*reason_r = "an action that RFC 3464 does not name";
		return OUTCOME_LEFT_ALONE;
	}
	if (reading->bounce.shape == BOUNCE_NOTIFICATION) {
		*reason_r = "written for a program";
		return OUTCOME_LEFT_ALONE;
	}
	if (plan == SPLICE_NOT) {
		*reason_r = "signed, encrypted or without a part to explain";
		return OUTCOME_LEFT_ALONE;
	}
	return OUTCOME_EXPLAINED;
}

static int fit(const struct snapshot *snapshot, struct arena *arena, const struct reading *reading,
	       const struct explanation *e, enum splice_plan plan, struct enrich_result *result,
	       struct error *error)
{
	struct splice_words words;

	if (render(arena, snapshot, e, result, &words, error) != 0)
		return -1;
	return splice_build(arena, &reading->message, &reading->bounce, plan, &words,
			    &result->edits, error);
}

/* What does not fit is not given up: the mail system's own text is kept as a part
 * instead of being quoted, then fewer blocks are shown, in one language at last. */
static int build(const struct snapshot *snapshot, struct arena *arena,
		 const struct enrich_request *request, const struct reading *reading,
		 enum splice_plan plan, struct enrich_result *result,
		 struct error *error)
{
	static const size_t blocks[] = { EXPLAIN_MAX_BLOCKS, EXPLAIN_MAX_BLOCKS, 5, 2, 1 };
	struct explanation explanation;
	unsigned started = now_ms();

	if (enrich_explain(snapshot, arena, reading, request, &explanation, error) != 0)
		return -1;
	result->tally.probe_ms = now_ms() - started;
	tally_checks(explanation.findings, &result->tally);
	list_causes(reading, result->causes, sizeof(result->causes));
	snprintf(result->language, sizeof(result->language), "%s",
		 language_tag(explanation.language));
	if (plan == SPLICE_REPLACE)
		explanation.own_text = splice_own_text(arena, &reading->bounce);
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		explain_shorten(&explanation, blocks[i]);
		if (fit(snapshot, arena, reading, &explanation, plan, result, error) == 0)
			return 0;
		plan = plan == SPLICE_REPLACE ? SPLICE_WRAP : plan;
		explanation.own_text = (struct span){ NULL, 0 };
	}
	explanation.second = NULL;
	return fit(snapshot, arena, reading, &explanation, plan, result, error);
}

void enrich(const struct snapshot *snapshot, struct arena *arena,
	    const struct enrich_request *request, struct enrich_result *result_r)
{
	struct reading reading;
	struct error error = { "" };
	const char *reason = error.text;
	enum splice_plan plan;

	*result_r = (struct enrich_result){ .outcome = OUTCOME_FAILED };
	if (enrich_read(snapshot, arena, request->message, &reading, &error) == 0) {
		plan = splice_plan(&reading.message, &reading.bounce);
		result_r->recipients = reading.bounce.n;
		result_r->outcome = reason_to_pass(snapshot, arena, &reading, request, plan,
						   &reason);
		if (result_r->outcome == OUTCOME_EXPLAINED &&
		    build(snapshot, arena, request, &reading, plan, result_r, &error) != 0) {
			result_r->outcome = OUTCOME_FAILED;
			reason = error.text;
		}
		if (result_r->outcome != OUTCOME_NOT_A_BOUNCE &&
		    result_r->outcome != OUTCOME_ALREADY)
			tally_all(&reading, &result_r->tally);
	}
	snprintf(result_r->reason, sizeof(result_r->reason), "%s", reason);
}
