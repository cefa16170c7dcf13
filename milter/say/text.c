/* text.c - an explanation as plain text, 72 columns. */
#include <string.h>

#include "say/fill.h"
#include "say/layout.h"
#include "say/wrap.h"

enum { MAX_PARAGRAPH = 8192 };

static void add_template(struct buf *out, const char *template, const struct values *values,
			 const char *first, const char *rest)
{
	struct buf filled;

	buf_init(&filled, out->arena, MAX_PARAGRAPH);
	fill_text(&filled, template, values);
	out->failed |= filled.failed;
	wrap_add(out, buf_span(&filled), first, rest);
}

static void add_rule(struct buf *out, size_t width, char c)
{
	for (size_t i = 0; i < width && i < WRAP_COLUMNS; i++)
		buf_addc(out, c);
	buf_addc(out, '\n');
}

/* ---- sections ---- */

static const char *word(const struct explanation *e, enum label label)
{
	return language_label(e->language, label);
}

static void add_heading(struct buf *out, const struct explanation *e, enum label label)
{
	buf_addc(out, '\n');
	buf_adds(out, word(e, label));
	buf_addc(out, '\n');
}

static void add_fact_line(struct buf *out, const struct explanation *e, const struct fact *fact,
			  const char *indent)
{
	struct buf line;

	buf_init(&line, out->arena, MAX_PARAGRAPH);
	buf_addf(&line, "%s%s ", word(e, fact->label), word(e, LABEL_COLON));
	safe_text(&line, fact->value, FILL_MAX_VALUE);
	if (fact->note != NULL && fact->note[0] != '\0')
		buf_addf(&line, " (%s)", fact->note);
	wrap_add(out, buf_span(&line), indent, "    ");
}

static void add_recipients(struct buf *out, const struct explanation *e,
			   const struct explain_block *block)
{
	size_t named = block->n < LAYOUT_MAX_NAMES ? block->n : LAYOUT_MAX_NAMES;
	struct values more = { .value[VALUE_COUNT_N] =
		span_str(arena_printf(out->arena, "%zu", block->n - named)) };

	if (block_address(block->recipients[0]).n == 0)
		return;
	buf_addf(out, "%s%s", word(e, block->n > 1 ? LABEL_RECIPIENTS : LABEL_RECIPIENT),
		 word(e, LABEL_COLON));
	for (size_t i = 0; i < named; i++) {
		buf_adds(out, block->n > 1 ? "\n  " : " ");
		safe_text(out, block_address(block->recipients[i]), FILL_MAX_VALUE);
	}
	if (named < block->n) {
		buf_adds(out, "\n  ");
		fill_text(out, word(e, LABEL_AND_MORE), &more);
	}
	buf_addc(out, '\n');
}

static const char *hop_mark(const struct explain_block *block, enum hop hop)
{
	if (hop != block->stopped_at)
		return hop < block->stopped_at ? "✓" : "·";
	return block->action == ACTION_DELAYED ? "…" : "✗";
}

static void add_hops(struct buf *out, const struct explanation *e,
		     const struct explain_block *block)
{
	if (!block_is_trouble(block))
		return;
	add_heading(out, e, block->action == ACTION_DELAYED ? LABEL_WHERE_IT_WAITS
							    : LABEL_WHERE_IT_STOPPED);
	for (enum hop hop = HOP_SENDER; hop < HOP_COUNT; hop++) {
		buf_addf(out, "  %s %s", hop_mark(block, hop), word(e, hop_label(hop)));
		if (hop == block->stopped_at)
			buf_addf(out, " – %s", word(e, block_hop_state(block, hop)));
		buf_addc(out, '\n');
	}
	wrap_add(out, span_str(block_who(e, block)), "", "");
}

static void add_steps(struct buf *out, const struct explanation *e,
		      const struct explain_block *block)
{
	struct step steps[LAYOUT_MAX_STEPS];
	size_t n = block_steps(out->arena, e, block, steps);
	const char *hint = block_hint(block, false);

	if (n == 0 && hint == NULL)
		return;
	add_heading(out, e, LABEL_WHAT_YOU_CAN_DO);
	for (size_t i = 0; i < n; i++)
		add_template(out, steps[i].template, steps[i].values,
			     arena_printf(out->arena, "%2zu. ", i + 1), "    ");
	if (hint != NULL && n != 0)
		buf_addc(out, '\n');
	if (hint != NULL)
		add_template(out, hint, &block->values, "", "");
}

/* A record is to be copied: it stays on one line. */
static struct values unbroken(struct arena *arena, const struct values *values)
{
	struct span record = values->value[VALUE_RECORD];
	struct values copy = *values;
	struct buf out;

	buf_init(&out, arena, MAX_PARAGRAPH);
	for (size_t at = 0, end; at < record.n && at < FILL_MAX_RECORD; at = end + 1) {
		end = span_find_byte(record, at, ' ');
		buf_add(&out, span_slice(record, at, end));
		if (end < record.n)
			buf_adds(&out, WRAP_NO_BREAK);
	}
	if (!out.failed)
		copy.value[VALUE_RECORD] = buf_span(&out);
	return copy;
}

static void add_check(struct buf *out, const struct explanation *e,
		      const struct check_line *line)
{
	const struct values values = unbroken(out->arena, &line->values);

	static const char *const marks[] = {
		[LEVEL_FINE] = "  ✓ ", [LEVEL_NOTE] = "  · ", [LEVEL_PROBLEM] = "  ✗ ",
	};

	add_template(out, line->found, &values, marks[line->level], "    ");
	if (line->repair[0] != '\0')
		add_template(out, line->repair, &values,
			     arena_printf(out->arena, "    %s%s ", word(e, LABEL_REPAIR),
					  word(e, LABEL_COLON)), "      ");
}

static void add_checks(struct buf *out, const struct explanation *e,
		       const struct explain_block *block)
{
	struct check_line *lines;
	size_t n = block_checks(out->arena, e, block, &lines);

	if (n == 0)
		return;
	add_heading(out, e, LABEL_WHAT_WE_CHECKED);
	for (size_t i = 0; i < n; i++)
		add_check(out, e, &lines[i]);
}

void explain_checks_text(struct buf *out, const struct explanation *e)
{
	struct check_line *lines;
	size_t n = block_checks(out->arena, e, NULL, &lines);

	for (size_t i = 0; i < n; i++)
		add_check(out, e, &lines[i]);
}

static void add_for_admins(struct buf *out, const struct explanation *e,
			   const struct explain_block *block)
{
	struct fact facts[LAYOUT_MAX_FACTS];
	size_t n = block_facts(e, block, facts);
	const char *hint = block_hint(block, true);
	enum label label;
	struct span quote = block_quote(block, &label);

	add_heading(out, e, LABEL_FOR_ADMINS);
	for (size_t i = 0; i < n; i++)
		add_fact_line(out, e, &facts[i], "  ");
	if (quote.n != 0) {
		buf_addf(out, "  %s\n", word(e, label));
		safe_text_lines(out, quote, LAYOUT_MAX_REPLY, "  > ");
	}
	if (hint != NULL)
		add_template(out, hint, &block->values, "  - ", "    ");
	if (block_is_trouble(block))
		for (size_t i = 0; i < block->cause->admin.n; i++)
			add_template(out, block->cause->admin.list[i], &block->values, "  - ", "    ");
}

static void add_links(struct buf *out, const struct explanation *e,
		      const struct explain_block *block)
{
	const char *help = block_help(out->arena, e, block);
	const struct rule *rule = block->diagnosis->rule;

	if (help == NULL && (rule == NULL || rule->help == NULL))
		return;
	add_heading(out, e, LABEL_LEARN_MORE);
	if (help != NULL)
		buf_addf(out, "  %s\n", help);
	if (rule != NULL && rule->help != NULL)
		buf_addf(out, "  %s\n", rule->help);
}

static void add_block(struct buf *out, const struct explanation *e,
		      const struct explain_block *block)
{
	const char *happened[LAYOUT_MAX_HAPPENED], *title = block_is_trouble(block) ? block->cause->title :
		word(e, action_label(block->action));
	size_t n = block_happened(out->arena, e, block, happened);

	buf_addc(out, '\n');
	wrap_add(out, span_str(title), "", "");
	add_rule(out, wrap_width(span_str(title)), '-');
	add_recipients(out, e, block);
	add_heading(out, e, LABEL_WHAT_HAPPENED);
	for (size_t i = 0; i < n; i++)
		add_template(out, happened[i], &block->values, "", "");
	add_hops(out, e, block);
	add_steps(out, e, block);
	add_checks(out, e, block);
	add_for_admins(out, e, block);
	add_links(out, e, block);
}

static void add_explanation(struct buf *out, const struct explanation *e)
{
	struct fact facts[LAYOUT_MAX_FACTS];
	size_t n = message_facts(e, facts);
	struct values more = { .value[VALUE_COUNT_N] =
		span_str(arena_printf(out->arena, "%zu", e->more)) };

	add_template(out, e->title, &e->values, "", "");
	if (n > 0)
		buf_addc(out, '\n');
	for (size_t i = 0; i < n; i++)
		add_fact_line(out, e, &facts[i], "");
	if (e->forged) {
		buf_addc(out, '\n');
		add_template(out, word(e, LABEL_FORGED_TITLE), &e->values, "", "");
		add_template(out, word(e, LABEL_FORGED), &e->values, "", "");
	}
	for (size_t i = 0; i < e->n; i++)
		add_block(out, e, &e->blocks[i]);
	if (e->more > 0) {
		buf_addc(out, '\n');
		add_template(out, word(e, LABEL_MORE_RECIPIENTS), &more, "", "");
	}
	if (e->reader->contact != NULL)
		buf_addf(out, "\n%s%s %s\n", word(e, LABEL_CONTACT), word(e, LABEL_COLON),
			 e->reader->contact);
	buf_addc(out, '\n');
	add_template(out, word(e, e->reader->organization != NULL ? LABEL_FOOTER_ORGANIZATION
								  : LABEL_FOOTER),
		     &e->values, "", "");
}

void explain_text(struct buf *out, const struct explanation *e)
{
	add_explanation(out, e);
	if (e->second != NULL) {
		buf_addc(out, '\n');
		add_rule(out, WRAP_COLUMNS, '=');
		buf_addc(out, '\n');
		add_explanation(out, e->second);
	}
	if (e->own_text.n != 0) {
		buf_addc(out, '\n');
		add_rule(out, WRAP_COLUMNS, '-');
		buf_addf(out, "%s%s\n\n", word(e, LABEL_OWN_TEXT), word(e, LABEL_COLON));
		safe_text_lines(out, e->own_text, 64 * 1024, "");
	}
}
