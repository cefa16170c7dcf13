/* json.c - an explanation as JSON: one object per block, a line each. */
#include "base/json.h"
#include "say/fill.h"
#include "say/layout.h"

enum { MAX_PARAGRAPH = 8192, MAX_HAPPENED = 16 * 1024 };

static void add_template(struct json *json, const char *key, const char *template,
			 const struct values *values)
{
	struct buf filled;

	buf_init(&filled, json->out->arena, MAX_PARAGRAPH);
	fill_text(&filled, template, values);
	json_string(json, key, buf_span(&filled));
}

/* The keys of `check` (design, section 5), and the sentence. */
static void add_finding(struct json *json, const struct check_line *line)
{
	const struct finding *f = line->finding;

	json_open(json, NULL, '{');
	json_string(json, "check", span_str(check_name(f->check)));
	json_string(json, "verdict", span_str(f->verdict));
	if (f->reason != NULL)
		json_string(json, "reason", span_str(f->reason));
	json_string(json, "finding", span_str(f->kind->id));
	json_string(json, "domain", f->domain);
	json_string(json, "detail", f->detail);
	add_template(json, "text", line->found, &line->values);
	add_template(json, "repair", line->repair, &line->values);
	json_close(json, '}');
}

static void add_findings(struct json *json, const struct explanation *e,
			 const struct explain_block *block)
{
	struct check_line *lines;
	size_t n = block_checks(json->out->arena, e, block, &lines);

	json_open(json, "findings", '[');
	for (size_t i = 0; i < n; i++)
		add_finding(json, &lines[i]);
	json_close(json, ']');
}

/* All paragraphs as one. */
static void add_happened(struct json *json, const struct explanation *e,
			 const struct explain_block *block)
{
	struct arena *arena = json->out->arena;
	const char *happened[LAYOUT_MAX_HAPPENED];
	size_t n = block_happened(arena, e, block, happened);
	struct buf all;

	buf_init(&all, arena, MAX_HAPPENED);
	for (size_t i = 0; i < n; i++) {
		if (i != 0)
			buf_addc(&all, ' ');
		fill_text(&all, happened[i], &block->values);
	}
	json_string(json, "happened", buf_span(&all));
}

static void add_steps(struct json *json, const struct explanation *e,
		      const struct explain_block *block)
{
	struct step steps[LAYOUT_MAX_STEPS];
	size_t n = block_steps(json->out->arena, e, block, steps);

	json_open(json, "steps", '[');
	for (size_t i = 0; i < n; i++)
		add_template(json, NULL, steps[i].template, steps[i].values);
	json_close(json, ']');
}

static void add_block(struct buf *out, const struct explanation *e,
		      const struct explain_block *block)
{
	struct json json;

	json_init(&json, out);
	json_open(&json, NULL, '{');
	json_string(&json, "language", span_str(language_tag(e->language)));
	add_template(&json, "title", e->title, &e->values);
	json_open(&json, "recipients", '[');
	for (size_t i = 0; i < block->n; i++)
		json_string(&json, NULL, block_address(block->recipients[i]));
	json_close(&json, ']');
	json_string(&json, "action", span_str(dsn_action_name(block->action)));
	json_string(&json, "cause", span_str(block->diagnosis->cause->id));
	add_happened(&json, e, block);
	json_open(&json, "hops", '[');
	for (enum hop hop = HOP_SENDER; hop < HOP_COUNT; hop++)
		json_string(&json, NULL, span_str(language_label(e->language,
								 block_hop_state(block, hop))));
	json_close(&json, ']');
	json_string(&json, "who", span_str(who_name(block->diagnosis->who)));
	add_steps(&json, e, block);
	if (block->hint != NULL && block_is_trouble(block))
		add_template(&json, "hint", block->hint, &block->values);
	add_findings(&json, e, block);
	if (e->forged)
		json_bool(&json, "forged", true);
	json_string(&json, "reply", block->recipients[0]->reply);
	json_close(&json, '}');
	buf_addc(out, '\n');
}

void explain_json(struct buf *out, const struct explanation *e)
{
	for (size_t i = 0; i < e->n; i++)
		add_block(out, e, &e->blocks[i]);
}

void explain_checks_json(struct buf *out, const struct explanation *e)
{
	struct check_line *lines;
	size_t n = block_checks(out->arena, e, NULL, &lines);
	struct json json;

	for (size_t i = 0; i < n; i++) {
		json_init(&json, out);
		add_finding(&json, &lines[i]);
		buf_addc(out, '\n');
	}
}
