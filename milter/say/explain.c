#include "say/explain.h"

#include <string.h>

#include "base/utf8.h"
#include "mail/address.h"
#include "say/fill.h"
#include "say/layout.h"

enum { MAX_SUBJECT = 200 };

struct span block_address(const struct bounce_recipient *recipient)
{
	return recipient->original.n != 0 ? recipient->original : recipient->recipient;
}

/* ---- blocks: recipients with one cause ---- */

static bool same_rule(const struct diagnosis *a, const struct diagnosis *b)
{
	bool hint = (a->rule != NULL && a->rule->has_hint) || (b->rule != NULL && b->rule->has_hint);

	return a->cause == b->cause && a->who == b->who && (!hint || a->rule == b->rule);
}

static struct explain_block *find_block(struct explanation *e, const struct diagnosis *diagnosis,
					enum dsn_action action)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->blocks[i].action == action && same_rule(e->blocks[i].diagnosis, diagnosis))
			return &e->blocks[i];
	return NULL;
}

static bool has_prefix(const struct cause *cause, const char *family)
{
	return strcmp(cause->family->id, family) == 0;
}

/* The mailbox itself, the server that answered, or ours that found no way. */
static enum hop where_it_stopped(const struct bounce_recipient *r, const struct cause *cause)
{
	static const char *const at_mailbox[] = {
		"user_unknown", "mailbox_full", "mailbox_disabled", "moved",
	};

	if (r->action == ACTION_DELIVERED || r->action == ACTION_RELAYED ||
	    r->action == ACTION_EXPANDED)
		return HOP_COUNT;
	for (size_t i = 0; i < sizeof(at_mailbox) / sizeof(at_mailbox[0]); i++)
		if (has_prefix(cause, at_mailbox[i]))
			return HOP_MAILBOX;
	return r->reply.n != 0 || r->reply_code.n != 0 ? HOP_RECIPIENT_SERVER : HOP_SENDING_SERVER;
}

static void set_value(struct values *values, enum placeholder which, struct span value,
		      const struct language *language, enum label word)
{
	values->value[which] = value.n != 0 ? value : span_str(language_label(language, word));
}

static void fill_values(struct values *values, const struct explanation *e,
			const struct bounce_recipient *r)
{
	const struct language *language = e->language;
	struct span address = block_address(r);

	*values = e->values;
	set_value(values, VALUE_RECIPIENT, address, language, LABEL_WORD_RECIPIENT);
	set_value(values, VALUE_DOMAIN, address_host(address), language, LABEL_WORD_DOMAIN);
	set_value(values, VALUE_HOST, r->remote_mta, language, LABEL_WORD_HOST);
	set_value(values, VALUE_CODE, r->reply_code, language, LABEL_WORD_CODE);
	set_value(values, VALUE_STATUS, r->status, language, LABEL_WORD_CODE);
	values->value[VALUE_DATE] = r->will_retry_until;
}

/* A cause whose words promise another attempt ("greylisted"): of a failure, they
 * tell no more than why the last one failed. */
static void tell_that_it_is_over(struct explain_block *block, const struct explanation *e)
{
	const struct cause *expired = knowledge_cause(e->knowledge, SPAN("expired"));

	if (block->action != ACTION_FAILED || block->diagnosis->cause->who != WHO_NOBODY ||
	    expired == NULL)
		return;
	block->last_reason = block->cause->happened;
	block->cause = language_cause(e->language, expired);
	block->hint = NULL;
}

static void start_block(struct arena *arena, struct explanation *e, const struct diagnosis *d,
			const struct bounce_recipient *r)
{
	struct explain_block *block = &e->blocks[e->n++];

	*block = (struct explain_block){
		.recipients = arena_array(arena, e->bounce->n, sizeof(*block->recipients)),
		.diagnosis = d, .cause = language_cause(e->language, d->cause),
		.action = r->action, .stopped_at = where_it_stopped(r, d->cause),
		.hint = d->rule != NULL ? language_hint(e->language, d->rule) : NULL,
	};
	tell_that_it_is_over(block, e);
	fill_values(&block->values, e, r);
}

static void add_recipient(struct arena *arena, struct explanation *e, const struct diagnosis *d,
			  const struct bounce_recipient *r)
{
	struct explain_block *block = find_block(e, d, r->action);

	if (block == NULL && e->n < EXPLAIN_MAX_BLOCKS) {
		start_block(arena, e, d, r);
		block = &e->blocks[e->n - 1];
	}
	if (block == NULL)
		e->more++;
	else if (block->recipients != NULL)
		block->recipients[block->n++] = r;
}

/* ---- the title ---- */

struct title {
	enum label one, bare, many, subject;
};

static const struct title titles[] = {
	[ACTION_FAILED] = { LABEL_TITLE_FAILED_TO, LABEL_TITLE_FAILED,
			    LABEL_TITLE_FAILED_MANY, LABEL_SUBJECT_FAILED },
	[ACTION_DELAYED] = { LABEL_TITLE_DELAYED_TO, LABEL_TITLE_DELAYED,
			     LABEL_TITLE_DELAYED_MANY, LABEL_SUBJECT_DELAYED },
	[ACTION_DELIVERED] = { LABEL_TITLE_DELIVERED_TO, LABEL_TITLE_DELIVERED,
			       LABEL_TITLE_DELIVERED_MANY, LABEL_SUBJECT_DELIVERED },
	[ACTION_RELAYED] = { LABEL_TITLE_RELAYED_TO, LABEL_TITLE_RELAYED,
			     LABEL_TITLE_RELAYED_MANY, LABEL_SUBJECT_RELAYED },
	[ACTION_EXPANDED] = { LABEL_TITLE_EXPANDED_TO, LABEL_TITLE_EXPANDED,
			      LABEL_TITLE_EXPANDED_MANY, LABEL_SUBJECT_EXPANDED },
};

/* The action of all recipients; ACTION_NONE where they differ. */
static enum dsn_action common_action(const struct bounce *bounce)
{
	enum dsn_action action = bounce->n != 0 ? bounce->recipients[0].action : ACTION_FAILED;

	for (size_t i = 1; i < bounce->n; i++)
		if (bounce->recipients[i].action != action)
			return ACTION_NONE;
	return action == ACTION_UNKNOWN ? ACTION_NONE : action;
}

static bool any_action(const struct bounce *bounce, enum dsn_action action)
{
	for (size_t i = 0; i < bounce->n; i++)
		if (bounce->recipients[i].action == action)
			return true;
	return false;
}

/* Mixed: some arrived and some did not; else what became of it is all we say. */
static bool is_mixed(const struct bounce *bounce)
{
	return any_action(bounce, ACTION_FAILED) &&
		(any_action(bounce, ACTION_DELIVERED) || any_action(bounce, ACTION_RELAYED) ||
		 any_action(bounce, ACTION_EXPANDED));
}

static enum label title_label(const struct bounce *bounce)
{
	enum dsn_action action = common_action(bounce);

	if (action == ACTION_NONE)
		return is_mixed(bounce) ? LABEL_TITLE_MIXED : LABEL_TITLE_REPORT;
	if (bounce->n > 1)
		return titles[action].many;
	return bounce->n == 1 && block_address(&bounce->recipients[0]).n != 0 ?
		titles[action].one : titles[action].bare;
}

static enum label subject_label(const struct bounce *bounce)
{
	enum dsn_action action = common_action(bounce);

	if (action != ACTION_NONE)
		return titles[action].subject;
	return is_mixed(bounce) ? LABEL_SUBJECT_MIXED : LABEL_SUBJECT_REPORT;
}

static struct span returned(struct arena *arena, const struct bounce *bounce, const char *name)
{
	return header_decode(arena, headers_find(&bounce->returned_headers, name));
}

static struct span shortened(struct arena *arena, struct span s)
{
	return s.n <= MAX_SUBJECT ? s :
		span_str(arena_printf(arena, "%.*s…", SPAN_FMT(utf8_start(s, MAX_SUBJECT))));
}

static void message_values(struct arena *arena, struct explanation *e)
{
	const struct bounce *bounce = e->bounce;
	struct values *v = &e->values;
	struct span sender = returned(arena, bounce, "From");
	size_t open = span_find_byte(sender, 0, '<');

	if (open < sender.n)
		sender = span_slice(sender, open + 1, span_find_byte(sender, open, '>'));
	set_value(v, VALUE_SENDER, sender, e->language, LABEL_WORD_SENDER);
	set_value(v, VALUE_SENDER_DOMAIN, address_host(sender), e->language, LABEL_WORD_SENDER_DOMAIN);
	set_value(v, VALUE_REPORTER, bounce->reporting_mta, e->language, LABEL_WORD_REPORTER);
	set_value(v, VALUE_SUBJECT, shortened(arena, returned(arena, bounce, "Subject")), e->language,
		  LABEL_WORD_SUBJECT);
	set_value(v, VALUE_IP, SPAN(""), e->language, LABEL_WORD_IP);
	set_value(v, VALUE_ORGANIZATION, span_str(e->reader->organization), e->language,
		  LABEL_WORD_ORGANIZATION);
	set_value(v, VALUE_CONTACT, span_str(e->reader->contact), e->language, LABEL_WORD_CONTACT);
	if (bounce->n > 0)
		v->value[VALUE_RECIPIENT] = block_address(&bounce->recipients[0]);
	v->value[VALUE_COUNT_N] = span_str(arena_printf(arena, "%zu", bounce->n));
}

int explain(struct arena *arena, const struct knowledge *knowledge,
	    const struct language *language,
	    const struct bounce *bounce, const struct diagnosis *diagnoses,
	    const struct reader *reader, struct explanation *explanation_r)
{
	struct explanation *e = explanation_r;

	*e = (struct explanation){
		.language = language, .reader = reader, .bounce = bounce, .knowledge = knowledge,
		.blocks = arena_array(arena, EXPLAIN_MAX_BLOCKS, sizeof(*e->blocks)),
	};
	if (e->blocks == NULL)
		return -1;
	e->title = language_label(language, title_label(bounce));
	message_values(arena, e);
	for (size_t i = 0; i < bounce->n; i++)
		add_recipient(arena, e, &diagnoses[i], &bounce->recipients[i]);
	return arena->failed ? -1 : 0;
}

void explain_shorten(struct explanation *e, size_t blocks)
{
	while (e->n > blocks)
		e->more += e->blocks[--e->n].n;
	if (e->second != NULL)
		explain_shorten(e->second, blocks);
}

struct span explain_subject(struct arena *arena, const struct explanation *e)
{
	const char *template = language_label(e->language, subject_label(e->bounce));
	bool has_subject = headers_find(&e->bounce->returned_headers, "Subject") != NULL;
	struct buf out;

	buf_init(&out, arena, 4 * FILL_MAX_VALUE);
	fill_text(&out, has_subject ? template : e->title, &e->values);
	return buf_span(&out);
}

/* ---- which language ---- */

/* "q=0.8" of one element of Accept-Language, in thousandths. RFC 9110, 12.4.2. */
static unsigned weight_of(struct span element)
{
	size_t at = span_ifind(element, 0, "q=");
	unsigned weight = 0, digits = 0;

	if (at == element.n)
		return 1000;
	for (at += 2; at < element.n && digits < 4; at++) {
		if (ascii_isdigit(element.p[at])) {
			weight = weight * 10 + (unsigned)(element.p[at] - '0');
			digits++;
		} else if (element.p[at] != '.') {
			break;
		}
	}
	for (; digits < 4; digits++)
		weight *= 10;
	return weight;
}

static const struct language *best_of(const struct knowledge *knowledge, struct span list)
{
	const struct language *best = NULL;
	unsigned best_weight = 0, elements = 0;

	for (size_t at = 0; at < list.n && elements < 32; elements++) {
		size_t end = span_find_byte(list, at, ',');
		struct span element = span_slice(list, at, end);
		struct span tag = span_trim(span_slice(element, 0, span_find_byte(element, 0, ';')));
		const struct language *language = knowledge_language(knowledge, tag);
		unsigned weight = weight_of(element);

		if (language != NULL && weight > best_weight) {
			best = language;
			best_weight = weight;
		}
		at = end + 1;
	}
	return best;
}

const struct language *explain_language(const struct knowledge *knowledge,
					const struct headers *returned_headers,
					const struct language *fallback)
{
	static const char *const names[] = {
		"Accept-Language", "Content-Language", "X-Accept-Language",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct header *header = headers_find(returned_headers, names[i]);
		const struct language *language = header == NULL ? NULL :
			best_of(knowledge, span_trim(header->value));

		if (language != NULL)
			return language;
	}
	return fallback;
}
