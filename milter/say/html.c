/* html.c - an explanation as a mail in HTML: tables and inline style, readable
 * at 320 pixels, one <style> for dark mode only. Nothing of a message becomes
 * markup or a link: see fill.h. */
#include <string.h>

#include "say/fill.h"
#include "say/layout.h"

enum { HTML_MAX_OWN_TEXT = 16 * 1024 };

#define FONT "font-family:-apple-system,'Segoe UI',Roboto,'Noto Sans','Noto Sans Thai',Arial,sans-serif;"
#define MUTED "color:#5f6773;"

static const char dark_style[] =
	"<style>\n"
	"@media (prefers-color-scheme: dark) {\n"
	".wb-page{background:#16181c !important}\n"
	".wb-card{background:#22252b !important;border-right-color:#3a3f47 !important;"
	"border-bottom-color:#3a3f47 !important;border-left-color:#3a3f47 !important}\n"
	".wb-text{color:#e8eaed !important}\n"
	".wb-muted{color:#a9b0ba !important}\n"
	".wb-quote{background:#2b2f36 !important;color:#d5d9df !important}\n"
	".wb-line{border-color:#3a3f47 !important}\n"
	".wb-link{color:#8ab4f8 !important}\n"
	"}\n"
	"</style>\n";

/* Colours of the badge: what became of the message, at one glance. */
static const struct colours {
	const char *back, *ink, *bar;
} failed = { "#fce8e6", "#a50e0e", "#d93025" },
  delayed = { "#fef7e0", "#7a4f01", "#f29900" },
  arrived = { "#e6f4ea", "#0d652d", "#1e8e3e" };

static const struct colours *colours_of(const struct explain_block *block)
{
	if (block->action == ACTION_DELAYED)
		return &delayed;
	return block_is_trouble(block) ? &failed : &arrived;
}

static const char *word(const struct explanation *e, enum label label)
{
	return language_label(e->language, label);
}

static void add_word(struct buf *out, const struct explanation *e, enum label label)
{
	html_escape(out, word(e, label));
}

static void add_heading(struct buf *out, const struct explanation *e, enum label label)
{
	buf_adds(out, "<h3 class=\"wb-text\" style=\"margin:20px 0 6px;font-size:16px;"
		 "line-height:1.35;color:#1f2328\">");
	add_word(out, e, label);
	buf_adds(out, "</h3>\n");
}

static void add_paragraph(struct buf *out, const char *template, const struct values *values)
{
	buf_adds(out, "<p class=\"wb-text\" style=\"margin:0 0 8px;color:#1f2328\">");
	fill_html(out, template, values);
	buf_adds(out, "</p>\n");
}

static void add_fact(struct buf *out, const struct explanation *e, const struct fact *fact)
{
	buf_adds(out, "<div class=\"wb-muted\" style=\"" MUTED "overflow-wrap:anywhere\">");
	add_word(out, e, fact->label);
	add_word(out, e, LABEL_COLON);
	buf_adds(out, " <span class=\"wb-text\" style=\"color:#1f2328\">");
	safe_html(out, fact->value, FILL_MAX_VALUE);
	buf_adds(out, "</span>");
	if (fact->note != NULL && fact->note[0] != '\0') {
		buf_adds(out, " (");
		html_escape(out, fact->note);
		buf_addc(out, ')');
	}
	buf_adds(out, "</div>\n");
}

static void add_recipients(struct buf *out, const struct explanation *e,
			   const struct explain_block *block)
{
	size_t named = block->n < LAYOUT_MAX_NAMES ? block->n : LAYOUT_MAX_NAMES;
	struct values more = { .value[VALUE_COUNT_N] =
		span_str(arena_printf(out->arena, "%zu", block->n - named)) };

	if (block_address(block->recipients[0]).n == 0)
		return;
	buf_adds(out, "<div class=\"wb-muted\" style=\"" MUTED "overflow-wrap:anywhere\">");
	add_word(out, e, block->n > 1 ? LABEL_RECIPIENTS : LABEL_RECIPIENT);
	add_word(out, e, LABEL_COLON);
	for (size_t i = 0; i < named; i++) {
		buf_adds(out, block->n > 1 ? "<br>\n" : " ");
		buf_adds(out, "<b class=\"wb-text\" style=\"color:#1f2328\">");
		safe_html(out, block_address(block->recipients[i]), FILL_MAX_VALUE);
		buf_adds(out, "</b>");
	}
	if (named < block->n) {
		buf_adds(out, "<br>\n");
		fill_html(out, word(e, LABEL_AND_MORE), &more);
	}
	buf_adds(out, "</div>\n");
}

/* ---- where it stopped ---- */

static void add_hop(struct buf *out, const struct explanation *e,
		    const struct explain_block *block, enum hop hop)
{
	const struct colours *c = colours_of(block);
	bool here = hop == block->stopped_at, passed = hop < block->stopped_at;
	const char *mark = passed ? "✓" : here ? (block->action == ACTION_DELAYED ? "…" : "✕") : "";

	buf_addf(out, "<tr><td style=\"width:26px;padding:3px 0;vertical-align:top\">"
		 "<div style=\"width:20px;height:20px;border-radius:10px;text-align:center;"
		 "font-size:12px;line-height:20px;background:%s;color:#ffffff\">%s</div></td>"
		 "<td class=\"%s\" style=\"padding:3px 0 3px 6px;%s\">",
		 passed ? "#1e8e3e" : here ? c->bar : "#c4c9d0", mark,
		 passed || here ? "wb-text" : "wb-muted",
		 passed || here ? "color:#1f2328" : MUTED);
	if (here)
		buf_adds(out, "<b>");
	add_word(out, e, hop_label(hop));
	if (here) {
		buf_adds(out, "</b> – ");
		add_word(out, e, block_hop_state(block, hop));
	}
	buf_adds(out, "</td></tr>\n");
}

static void add_hops(struct buf *out, const struct explanation *e,
		     const struct explain_block *block)
{
	if (!block_is_trouble(block))
		return;
	add_heading(out, e, block->action == ACTION_DELAYED ? LABEL_WHERE_IT_WAITS
							    : LABEL_WHERE_IT_STOPPED);
	buf_adds(out, "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\">\n");
	for (enum hop hop = HOP_SENDER; hop < HOP_COUNT; hop++)
		add_hop(out, e, block, hop);
	buf_adds(out, "</table>\n");
	add_paragraph(out, block_who(e, block), &block->values);
}

/* ---- the sections ---- */

static void open_list(struct buf *out, const char *element)
{
	buf_addf(out, "<%s class=\"wb-text\" style=\"margin:0 0 8px;padding:0 0 0 22px;"
		 "padding-inline:22px 0;color:#1f2328\">\n", element);
}

static void add_item(struct buf *out, const char *template, const struct values *values)
{
	buf_adds(out, "<li style=\"margin:0 0 6px\">");
	fill_html(out, template, values);
	buf_adds(out, "</li>\n");
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
	open_list(out, "ol");
	for (size_t i = 0; i < n; i++)
		add_item(out, steps[i].template, steps[i].values);
	buf_adds(out, "</ol>\n");
	if (hint != NULL)
		add_paragraph(out, hint, &block->values);
}

/* ---- what we checked ---- */

static void add_check(struct buf *out, const struct explanation *e, const struct check_line *line)
{
	static const struct {
		const char *mark, *colour;
	} marks[] = {
		[LEVEL_FINE] = { "✓", "#1e8e3e" }, [LEVEL_NOTE] = { "·", "#5f6773" },
		[LEVEL_PROBLEM] = { "✕", "#d93025" },
	};

	buf_addf(out, "<tr><td style=\"width:22px;padding:2px 0;vertical-align:top;font-weight:bold;"
		 "color:%s\">%s</td><td class=\"wb-text\" style=\"padding:2px 0;color:#1f2328;"
		 "overflow-wrap:anywhere\">", marks[line->level].colour, marks[line->level].mark);
	fill_html(out, line->found, &line->values);
	if (line->repair[0] != '\0') {
		buf_adds(out, "<div class=\"wb-quote\" style=\"background:#f3f4f6;color:#33383f;"
			 "border-radius:6px;padding:6px 10px;margin:4px 0 6px\"><b>");
		add_word(out, e, LABEL_REPAIR);
		add_word(out, e, LABEL_COLON);
		buf_adds(out, "</b> ");
		fill_html(out, line->repair, &line->values);
		buf_adds(out, "</div>");
	}
	buf_adds(out, "</td></tr>\n");
}

static void add_checks(struct buf *out, const struct explanation *e,
		       const struct explain_block *block)
{
	struct check_line *lines;
	size_t n = block_checks(out->arena, e, block, &lines);

	if (n == 0)
		return;
	add_heading(out, e, LABEL_WHAT_WE_CHECKED);
	buf_adds(out, "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" "
		 "style=\"table-layout:fixed;width:100%\">\n");
	for (size_t i = 0; i < n; i++)
		add_check(out, e, &lines[i]);
	buf_adds(out, "</table>\n");
}

static void add_quote(struct buf *out, const struct explanation *e,
		      const struct explain_block *block)
{
	enum label label;
	struct span quote = block_quote(block, &label);

	if (quote.n == 0)
		return;
	buf_adds(out, "<div class=\"wb-muted\" style=\"margin:8px 0 4px;" MUTED "\">");
	add_word(out, e, label);
	buf_adds(out, "</div>\n<div class=\"wb-quote\" dir=\"ltr\" style=\"background:#f3f4f6;"
		 "color:#33383f;border-radius:6px;padding:8px 10px;font-family:ui-monospace,Menlo,"
		 "Consolas,monospace;font-size:12px;overflow-wrap:anywhere\">");
	safe_html_lines(out, quote, LAYOUT_MAX_REPLY);
	buf_adds(out, "</div>\n");
}

static void add_for_admins(struct buf *out, const struct explanation *e,
			   const struct explain_block *block)
{
	struct fact facts[LAYOUT_MAX_FACTS];
	size_t n = block_facts(e, block, facts);
	const char *hint = block_hint(block, true);

	buf_adds(out, "<div class=\"wb-line\" style=\"border-top:1px solid #e3e6ea;margin-top:20px;"
		 "font-size:13px\">\n");
	add_heading(out, e, LABEL_FOR_ADMINS);
	for (size_t i = 0; i < n; i++)
		add_fact(out, e, &facts[i]);
	add_quote(out, e, block);
	if (block_is_trouble(block) && (hint != NULL || block->cause->admin.n != 0)) {
		buf_adds(out, "<div style=\"height:8px\"></div>\n");
		open_list(out, "ul");
		if (hint != NULL)
			add_item(out, hint, &block->values);
		for (size_t i = 0; i < block->cause->admin.n; i++)
			add_item(out, block->cause->admin.list[i], &block->values);
		buf_adds(out, "</ul>\n");
	}
	buf_adds(out, "</div>\n");
}

/* Links come from our configuration and our knowledge alone. */
static void add_link(struct buf *out, const char *url, const char *text, const struct values *values)
{
	buf_adds(out, "<div><a class=\"wb-link\" style=\"color:#0b57d0\" href=\"");
	html_escape(out, url);
	buf_adds(out, "\">");
	fill_html(out, text, values);
	buf_adds(out, "</a></div>\n");
}

static void add_links(struct buf *out, const struct explanation *e,
		      const struct explain_block *block)
{
	const char *help = block_help(out->arena, e, block);
	const struct rule *rule = block->diagnosis->rule;
	struct values values = block->values;

	if (help == NULL && (rule == NULL || rule->help == NULL))
		return;
	add_heading(out, e, LABEL_LEARN_MORE);
	if (help != NULL)
		add_link(out, help, word(e, LABEL_LINK_HELP), &values);
	if (rule == NULL || rule->help == NULL)
		return;
	values.value[VALUE_OTHER] = span_str(rule->provider);
	add_link(out, rule->help, rule->provider != NULL ? word(e, LABEL_LINK_PROVIDER) : rule->help,
		 &values);
}

static void add_badge(struct buf *out, const struct explanation *e,
		      const struct explain_block *block)
{
	const struct colours *c = colours_of(block);

	buf_addf(out, "<div><span style=\"display:inline-block;background:%s;color:%s;"
		 "border-radius:12px;padding:2px 10px;font-size:13px;font-weight:bold\">",
		 c->back, c->ink);
	add_word(out, e, action_label(block->action));
	buf_adds(out, "</span></div>\n");
}

static void add_block(struct buf *out, const struct explanation *e,
		      const struct explain_block *block)
{
	const char *happened[LAYOUT_MAX_HAPPENED];
	size_t n = block_happened(out->arena, e, block, happened);

	buf_addf(out, "<div class=\"wb-card\" style=\"background:#ffffff;border:1px solid #e3e6ea;"
		 "border-top:4px solid %s;border-radius:10px;padding:16px;margin:0 0 16px\">\n",
		 colours_of(block)->bar);
	add_badge(out, e, block);
	if (block_is_trouble(block)) {
		buf_adds(out, "<h2 class=\"wb-text\" style=\"margin:8px 0;font-size:19px;line-height:1.3;"
			 "color:#1f2328\">");
		html_escape(out, block->cause->title);
		buf_adds(out, "</h2>\n");
	}
	add_recipients(out, e, block);
	add_heading(out, e, LABEL_WHAT_HAPPENED);
	for (size_t i = 0; i < n; i++)
		add_paragraph(out, happened[i], &block->values);
	add_hops(out, e, block);
	add_steps(out, e, block);
	add_checks(out, e, block);
	add_for_admins(out, e, block);
	add_links(out, e, block);
	buf_adds(out, "</div>\n");
}

static void add_own_text(struct buf *out, const struct explanation *e)
{
	if (e->own_text.n == 0)
		return;
	buf_adds(out, "<details style=\"margin:0 0 16px\"><summary class=\"wb-muted\" style=\"" MUTED
		 "cursor:pointer\">");
	add_word(out, e, LABEL_OWN_TEXT);
	buf_adds(out, "</summary>\n<div class=\"wb-quote\" dir=\"ltr\" style=\"background:#f3f4f6;"
		 "color:#33383f;border-radius:6px;padding:8px 10px;margin-top:8px;font-family:"
		 "ui-monospace,Menlo,Consolas,monospace;font-size:12px;overflow-wrap:anywhere\">");
	safe_html_lines(out, e->own_text, HTML_MAX_OWN_TEXT);
	buf_adds(out, "</div></details>\n");
}

static void add_contact(struct buf *out, const struct explanation *e)
{
	const char *contact = e->reader->contact;

	if (contact == NULL)
		return;
	buf_adds(out, "<p class=\"wb-muted\" style=\"" MUTED "margin:0 0 8px\">");
	add_word(out, e, LABEL_CONTACT);
	add_word(out, e, LABEL_COLON);
	buf_addf(out, " <a class=\"wb-link\" style=\"color:#0b57d0\" href=\"%s",
		 strstr(contact, "://") != NULL ? "" : "mailto:");
	html_escape(out, contact);
	buf_adds(out, "\">");
	html_escape(out, contact);
	buf_adds(out, "</a></p>\n");
}

static void add_forged(struct buf *out, const struct explanation *e)
{
	buf_addf(out, "<div class=\"wb-card\" style=\"background:#ffffff;border:1px solid #e3e6ea;"
		 "border-top:4px solid %s;border-radius:10px;padding:16px;margin:0 0 16px\">\n",
		 delayed.bar);
	buf_adds(out, "<h2 class=\"wb-text\" style=\"margin:0 0 8px;font-size:19px;line-height:1.3;"
		 "color:#1f2328\">");
	add_word(out, e, LABEL_FORGED_TITLE);
	buf_adds(out, "</h2>\n");
	add_paragraph(out, word(e, LABEL_FORGED), &e->values);
	buf_adds(out, "</div>\n");
}

static void add_explanation(struct buf *out, const struct explanation *e)
{
	struct fact facts[LAYOUT_MAX_FACTS];
	size_t n = message_facts(e, facts);
	struct values more = { .value[VALUE_COUNT_N] =
		span_str(arena_printf(out->arena, "%zu", e->more)) };

	buf_addf(out, "<div lang=\"%s\" dir=\"%s\">\n", language_tag(e->language),
		 language_is_rtl(e->language) ? "rtl" : "ltr");
	buf_adds(out, "<h1 class=\"wb-text\" style=\"margin:0 0 8px;font-size:22px;line-height:1.3;"
		 "color:#1f2328;overflow-wrap:anywhere\">");
	fill_html(out, e->title, &e->values);
	buf_adds(out, "</h1>\n");
	for (size_t i = 0; i < n; i++)
		add_fact(out, e, &facts[i]);
	buf_adds(out, "<div style=\"height:16px\"></div>\n");
	if (e->forged)
		add_forged(out, e);
	for (size_t i = 0; i < e->n; i++)
		add_block(out, e, &e->blocks[i]);
	if (e->more > 0)
		add_paragraph(out, word(e, LABEL_MORE_RECIPIENTS), &more);
	add_contact(out, e);
	buf_adds(out, "<p class=\"wb-muted\" style=\"" MUTED "font-size:13px;margin:0 0 16px\">");
	fill_html(out, word(e, e->reader->organization != NULL ? LABEL_FOOTER_ORGANIZATION
							       : LABEL_FOOTER), &e->values);
	buf_adds(out, "</p>\n</div>\n");
}

void explain_html(struct buf *out, const struct explanation *e)
{
	buf_addf(out, "<!doctype html>\n<html lang=\"%s\" dir=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
		 "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
		 "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
		 language_tag(e->language), language_is_rtl(e->language) ? "rtl" : "ltr");
	add_word(out, e, LABEL_TITLE_REPORT);
	buf_adds(out, "</title>\n");
	buf_adds(out, dark_style);
	buf_adds(out, "</head>\n<body class=\"wb-page\" style=\"margin:0;padding:0;background:#f3f5f8\">\n"
		 "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" "
		 "border=\"0\"><tr><td align=\"center\" style=\"padding:16px 8px\">\n"
		 "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" "
		 "border=\"0\" style=\"max-width:640px;table-layout:fixed\"><tr><td class=\"wb-text\" "
		 "style=\"text-align:start;" FONT "font-size:15px;line-height:1.5;color:#1f2328;"
		 "overflow-wrap:anywhere\">\n");
	add_explanation(out, e);
	if (e->second != NULL) {
		buf_adds(out, "<hr class=\"wb-line\" style=\"border:0;border-top:2px solid #e3e6ea;"
			 "margin:8px 0 24px\">\n");
		add_explanation(out, e->second);
	}
	add_own_text(out, e);
	buf_adds(out, "</td></tr></table>\n</td></tr></table>\n</body>\n</html>\n");
}
