/* checks.c - which findings concern a block, and in which words. */
#include <string.h>

#include "say/layout.h"

static bool is_about_sender(const struct finding *finding)
{
	return strncmp(finding->kind->id, "mx.sender_", 10) == 0;
}

static bool has_recipient_at(const struct explain_block *block, struct span domain)
{
	for (size_t i = 0; i < block->n; i++) {
		struct span address = block_address(block->recipients[i]);

		if (address.n > domain.n && address.p[address.n - domain.n - 1] == '@' &&
		    span_ieq(span_from(address, address.n - domain.n), domain))
			return true;
	}
	return false;
}

/* The checks that its cause asks for; of mail servers, those of its recipients. */
static bool concerns(const struct explain_block *block, const struct finding *finding)
{
	unsigned checks = checks_of_cause(block->diagnosis->cause);

	if (is_about_sender(finding))
		return (checks & WANT_SENDER_MX) != 0;
	if ((checks >> finding->check & 1) == 0)
		return false;
	return finding->check != CHECK_MX || finding->domain.n == 0 ||
		has_recipient_at(block, finding->domain);
}

/* The words for what kept a check from being made. */
static const char *reason_words(const struct language *language, const char *reason)
{
	static const struct {
		const char *reason;
		enum label label;
	} rows[] = {
		{ "timeout", LABEL_REASON_TIMEOUT }, { "busy", LABEL_REASON_BUSY },
		{ "limit", LABEL_REASON_LIMIT }, { "no_address", LABEL_REASON_NO_ADDRESS },
		{ "no_message", LABEL_REASON_NO_MESSAGE }, { "refused", LABEL_REASON_REFUSED },
		{ "dead", LABEL_REASON_DEAD }, { "domains", LABEL_REASON_DOMAINS },
	};

	for (size_t i = 0; reason != NULL && i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].reason, reason) == 0)
			return language_label(language, rows[i].label);
	return language_label(language, LABEL_REASON_DNS);
}

static void fill_values(struct arena *arena, const struct explanation *e,
			const struct finding *finding, struct values *values)
{
	const struct {
		enum placeholder which;
		struct span value;
	} rows[] = {
		{ VALUE_DOMAIN, finding->domain }, { VALUE_IP, finding->ip },
		{ VALUE_TERM, finding->term }, { VALUE_OTHER, finding->other },
		{ VALUE_RECORD, finding->record }, { VALUE_SELECTOR, finding->selector },
		{ VALUE_HOST, finding->host }, { VALUE_RESULT, finding->result },
		{ VALUE_LIST, finding->list },
	};

	*values = e->values;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		values->value[rows[i].which] = rows[i].value;
	values->value[VALUE_COUNT_N] = span_str(arena_printf(arena, "%zu", finding->count));
	values->value[VALUE_REASON] = span_str(reason_words(e->language, finding->reason));
}

static void make_line(struct arena *arena, const struct explanation *e,
		      const struct explain_block *block, const struct finding *finding,
		      struct check_line *line)
{
	const struct finding_text *text = language_finding(e->language, finding->kind);
	bool contradicts = block != NULL && !finding->disputed &&
		cause_is_listed(block->diagnosis->cause, finding->kind->contradicts);

	*line = (struct check_line){
		.finding = finding, .level = finding->kind->level,
		.found = contradicts && text->contradiction[0] != '\0' ? text->contradiction :
			text->found,
		.repair = finding->repairable && e->reader->inside ? text->repair : "",
	};
	fill_values(arena, e, finding, &line->values);
}

static size_t by_level(struct arena *arena, const struct explanation *e,
		       const struct explain_block *block, struct check_line *lines)
{
	size_t n = 0;

	for (int level = LEVEL_PROBLEM; level >= LEVEL_FINE; level--)
		for (size_t i = 0; i < e->findings->n; i++) {
			const struct finding *finding = &e->findings->list[i];

			if ((int)finding->kind->level == level && concerns(block, finding))
				make_line(arena, e, block, finding, &lines[n++]);
		}
	return n;
}

size_t block_checks(struct arena *arena, const struct explanation *e,
		    const struct explain_block *block, struct check_line **lines_r)
{
	*lines_r = NULL;
	if (e->findings == NULL || e->findings->n == 0 ||
	    (block != NULL && !block_is_trouble(block)))
		return 0;
	*lines_r = arena_array(arena, e->findings->n, sizeof(**lines_r));
	if (*lines_r == NULL)
		return 0;
	if (block != NULL)
		return by_level(arena, e, block, *lines_r);
	for (size_t i = 0; i < e->findings->n; i++)
		make_line(arena, e, NULL, &e->findings->list[i], &(*lines_r)[i]);
	return e->findings->n;
}
