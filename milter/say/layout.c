#include "say/layout.h"

#include <string.h>

static void add_fact(struct fact *facts, size_t *n, enum label label, struct span value)
{
	if (value.n != 0 && *n < LAYOUT_MAX_FACTS)
		facts[(*n)++] = (struct fact){ .label = label, .value = value };
}

size_t message_facts(const struct explanation *e, struct fact *facts)
{
	const struct headers *returned = &e->bounce->returned_headers;
	const struct header *date = headers_find(returned, "Date");
	size_t n = 0;

	if (headers_find(returned, "Subject") != NULL)
		add_fact(facts, &n, LABEL_SUBJECT, e->values.value[VALUE_SUBJECT]);
	if (date != NULL)
		add_fact(facts, &n, LABEL_SENT, span_trim(date->value));
	return n;
}

static const char *status_name(const struct explanation *e, struct span status)
{
	const struct code *code = knowledge_status(e->knowledge, status);

	return code == NULL || status.n == 0 ? NULL :
		language_status(e->language, code, status.p[0] - '0')->name;
}

static const char *reply_name(const struct explanation *e, struct span reply)
{
	const struct code *code = knowledge_reply(e->knowledge, reply);

	return code != NULL ? language_reply(e->language, code)->name : NULL;
}

size_t block_facts(const struct explanation *e, const struct explain_block *block,
		   struct fact *facts)
{
	const struct bounce_recipient *r = block->recipients[0];
	const struct bounce *bounce = e->bounce;
	size_t n = 0;

	add_fact(facts, &n, LABEL_REPLY_CODE, r->reply_code);
	if (n != 0)
		facts[0].note = reply_name(e, r->reply_code);
	add_fact(facts, &n, LABEL_STATUS_CODE, r->status);
	if (r->status.n != 0)
		facts[n - 1].note = status_name(e, r->status);
	add_fact(facts, &n, LABEL_COMMAND, r->command);
	add_fact(facts, &n, LABEL_REMOTE_SERVER, r->remote_mta);
	add_fact(facts, &n, LABEL_REPORTING_SERVER, bounce->reporting_mta);
	add_fact(facts, &n, LABEL_QUEUE_ID, bounce->queue_id);
	add_fact(facts, &n, LABEL_ACCEPTED, bounce->arrival_date);
	add_fact(facts, &n, LABEL_LAST_ATTEMPT, r->last_attempt);
	add_fact(facts, &n, LABEL_RETRY_UNTIL, r->will_retry_until);
	return n;
}

bool block_is_trouble(const struct explain_block *block)
{
	return block->action != ACTION_DELIVERED && block->action != ACTION_RELAYED &&
		block->action != ACTION_EXPANDED;
}

const char *block_hint(const struct explain_block *block, bool for_admins)
{
	enum who who = block->diagnosis->who;
	bool is_for_admins = who == WHO_SENDER_ADMIN || who == WHO_RECIPIENT_ADMIN;

	return block_is_trouble(block) && is_for_admins == for_admins ? block->hint : NULL;
}

/* The first check that found something to do about this bounce, and what that is. */
static const char *step_of_findings(const struct explanation *e, const struct explain_block *block,
				    const struct check_line *lines, size_t n, size_t *which_r)
{
	for (size_t i = 0; i < n; i++) {
		const struct finding_kind *kind = lines[i].finding->kind;
		const char *step = language_finding(e->language, kind)->step;

		*which_r = i;
		if (!cause_is_listed(block->diagnosis->cause, kind->explains))
			continue;
		if (step[0] != '\0')
			return step;
		if (lines[i].repair[0] != '\0')
			return language_label(e->language, LABEL_STEP_FINDINGS);
	}
	return NULL;
}

/* The check contradicts the reply, and no other one found a reason. */
static bool is_in_order_now(struct arena *arena, const struct explanation *e,
			    const struct explain_block *block)
{
	const struct cause *cause = block->diagnosis->cause;
	struct check_line *lines;
	size_t n = block_checks(arena, e, block, &lines);
	bool contradicted = false;

	for (size_t i = 0; i < n; i++) {
		const struct finding_kind *kind = lines[i].finding->kind;

		if (kind->level == LEVEL_PROBLEM && cause_is_listed(cause, kind->explains))
			return false;
		contradicted |= !lines[i].finding->disputed &&
			cause_is_listed(cause, kind->contradicts);
	}
	return contradicted;
}

/* A delay is told first, its reason after it: never as a failure. */
size_t block_happened(struct arena *arena, const struct explanation *e,
		      const struct explain_block *block,
		      const char *templates[LAYOUT_MAX_HAPPENED])
{
	bool until = block->recipients[0]->will_retry_until.n != 0;
	size_t n = 0;

	if (block->action == ACTION_DELAYED) {
		templates[n++] = language_label(e->language,
						until ? LABEL_DELAY_UNTIL : LABEL_DELAY_TRYING);
		if (strcmp(block->diagnosis->cause->id, "expired.delayed") == 0)
			return n;
		templates[n++] = language_label(e->language, LABEL_DELAY_REASON);
	}
	templates[n++] = block->cause->happened;
	if (block->last_reason != NULL) {
		templates[n++] = language_label(e->language, LABEL_DELAY_REASON);
		templates[n++] = block->last_reason;
	}
	if (is_in_order_now(arena, e, block))
		templates[n++] = language_label(e->language, LABEL_IN_ORDER_NOW);
	return n;
}

static void add_step(struct step *steps, size_t *n, const char *template,
		     const struct values *values)
{
	if (*n < LAYOUT_MAX_STEPS && template[0] != '\0')
		steps[(*n)++] = (struct step){ template, values };
}

/* A repair that an administrator has to make leaves nothing else to try. */
static bool settles(const struct explain_block *block, const char *step, const struct explanation *e)
{
	static const char *const families[] = { "auth_failure", "blocklisted", "ptr" };
	const struct cause *cause = block->diagnosis->cause;

	if (step != language_label(e->language, LABEL_STEP_FINDINGS))
		return false;
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (strcmp(cause->family->id, families[i]) == 0)
			return true;
	return false;
}

/* What a check makes of it. True: that is all there is to do. */
static bool add_steps_of_findings(struct arena *arena, const struct explanation *e,
				  const struct explain_block *block, struct step *steps, size_t *n)
{
	struct check_line *lines;
	size_t count = block_checks(arena, e, block, &lines), which;
	const char *step = step_of_findings(e, block, lines, count, &which);

	if (step != NULL)
		add_step(steps, n, step, &lines[which].values);
	else if (is_in_order_now(arena, e, block))
		add_step(steps, n, language_label(e->language, LABEL_STEP_IN_ORDER_NOW),
			 &block->values);
	if (step == NULL || !settles(block, step, e))
		return false;
	add_step(steps, n, language_label(e->language, LABEL_STEP_REPAIRED), &block->values);
	return true;
}

size_t block_steps(struct arena *arena, const struct explanation *e,
		   const struct explain_block *block, struct step steps[LAYOUT_MAX_STEPS])
{
	size_t n = 0;

	if (block->action == ACTION_DELAYED) {
		add_step(steps, &n, language_label(e->language, LABEL_DELAY_STEP_WAIT),
			 &block->values);
		add_step(steps, &n, language_label(e->language, LABEL_DELAY_STEP_NO_RESEND),
			 &block->values);
		return n;
	}
	if (add_steps_of_findings(arena, e, block, steps, &n))
		return n;
	for (size_t i = 0; i < block->cause->steps.n; i++)
		add_step(steps, &n, block->cause->steps.list[i], &block->values);
	return n;
}

enum label who_label(enum who who)
{
	static const enum label labels[] = {
		[WHO_SENDER] = LABEL_WHO_SENDER, [WHO_SENDER_ADMIN] = LABEL_WHO_SENDER_ADMIN,
		[WHO_RECIPIENT] = LABEL_WHO_RECIPIENT,
		[WHO_RECIPIENT_ADMIN] = LABEL_WHO_RECIPIENT_ADMIN, [WHO_NOBODY] = LABEL_WHO_NOBODY,
	};

	return labels[who];
}

const char *block_who(const struct explanation *e, const struct explain_block *block)
{
	enum who who = block->action == ACTION_DELAYED ? WHO_NOBODY : block->diagnosis->who;

	if (who == WHO_SENDER_ADMIN && !e->reader->inside)
		return language_label(e->language, LABEL_WHO_SENDER_ADMIN_OUTSIDE);
	return language_label(e->language, who_label(who));
}

enum label action_label(enum dsn_action action)
{
	switch (action) {
	case ACTION_DELAYED: return LABEL_ACTION_DELAYED;
	case ACTION_DELIVERED: return LABEL_ACTION_DELIVERED;
	case ACTION_RELAYED: return LABEL_ACTION_RELAYED;
	case ACTION_EXPANDED: return LABEL_ACTION_EXPANDED;
	default: return LABEL_ACTION_FAILED;
	}
}

enum label block_hop_state(const struct explain_block *block, enum hop hop)
{
	if (hop < block->stopped_at)
		return LABEL_HOP_PASSED;
	if (hop > block->stopped_at)
		return LABEL_HOP_NOT_REACHED;
	return block->action == ACTION_DELAYED ? LABEL_HOP_WAITING : LABEL_HOP_STOPPED;
}

enum label hop_label(enum hop hop)
{
	static const enum label labels[HOP_COUNT] = {
		[HOP_SENDER] = LABEL_HOP_SENDER, [HOP_SENDING_SERVER] = LABEL_HOP_SENDING_SERVER,
		[HOP_RECIPIENT_SERVER] = LABEL_HOP_RECIPIENT_SERVER,
		[HOP_MAILBOX] = LABEL_HOP_MAILBOX,
	};

	return labels[hop];
}

struct span block_quote(const struct explain_block *block, enum label *label_r)
{
	const struct bounce_recipient *r = block->recipients[0];

	*label_r = r->reply.n != 0 ? LABEL_OTHER_SERVER_WROTE : LABEL_MAIL_SYSTEM_WROTE;
	return r->reply.n != 0 ? r->reply : r->context;
}

const char *block_help(struct arena *arena, const struct explanation *e,
		       const struct explain_block *block)
{
	const char *base = e->reader->help_url;
	bool slash = base != NULL && span_has_suffix(span_str(base), "/");

	return base == NULL ? NULL :
		arena_printf(arena, "%s%s%s/cause/%s.html", base, slash ? "" : "/",
			     language_tag(e->language), block->diagnosis->cause->id);
}
