/* Two standard reply codes compared, and the way to all of these pages. */
#include <string.h>

#include "say/fill.h"
#include "say/site_view.h"

/* ---- one comparison ---- */

static void add_card(const struct view *v, const struct page *page)
{
	buf_addf(v->out, "<a class=\"card\" href=\"%s%s\">", v->up,
		 part_path(v->out->arena, page->topic));
	part_number(v, page->topic);
	buf_adds(v->out, " <span>");
	html_escape(v->out, page->name);
	buf_addf(v->out, "</span> <span class=\"class c%d\">", part_colour(page->topic));
	html_escape(v->out, page->class_name);
	buf_adds(v->out, "</span></a>\n");
}

static void add_half(const struct view *v, const struct page *page, struct span text)
{
	buf_adds(v->out, "<div>\n<h3>");
	part_number(v, page->topic);
	buf_adds(v->out, "</h3>\n");
	part_paragraph(v, text);
	buf_adds(v->out, "</div>\n");
}

static void add_both(const struct view *v, const struct page *a, const struct page *b,
		     enum label label, struct span text_a, struct span text_b)
{
	part_section(v, NULL, view_word(v, label));
	buf_adds(v->out, "<div class=\"pair\">\n");
	add_half(v, a, text_a);
	add_half(v, b, text_b);
	buf_adds(v->out, "</div>\n");
	part_section_end(v);
}

static void add_sentences(const struct view *v, const struct page *a, enum label label,
			  const struct sentences *sentences)
{
	if (sentences->n == 0)
		return;
	part_section(v, NULL, page_word(a, label));
	part_list(v, sentences);
	part_section_end(v);
}

static void add_more(const struct view *v, const struct page *a, const struct page *b)
{
	struct topic topics[PAGE_MAX_RELATED];
	size_t n = page_related(a, b, topics);

	part_section(v, NULL, view_word(v, LABEL_LEARN_MORE));
	part_topics(v, topics, n);
	buf_addf(v->out, "<p><a href=\"%s%s#compare\">", v->up,
		 part_path(v->out->arena, a->topic));
	html_escape(v->out, view_fill(v, LABEL_SITE_COMPARE_ALL, a->topic->name));
	buf_addf(v->out, "</a><br>\n<a href=\"%s%s#compare\">", v->up,
		 part_path(v->out->arena, b->topic));
	html_escape(v->out, view_fill(v, LABEL_SITE_COMPARE_ALL, b->topic->name));
	buf_adds(v->out, "</a></p>\n");
	part_section_end(v);
}

void site_compare(const struct view *v)
{
	struct page a = view_page(v, v->page->a), b = view_page(v, v->page->b);
	struct sentences differences = { .out = v->out }, which = { .out = v->out };
	struct arena *arena = v->out->arena;
	struct span summary = compare_summary(v->out, &a, &b);
	const char *title = arena_string(arena, compare_title(v->out, &a, &b));

	compare_differences(&differences, &a, &b);
	compare_when_which(&which, &a, &b);
	shell_open(v, title, summary);
	part_path_start(v);
	part_path_step(v, "compare/index.html", view_word(v, LABEL_SITE_COMPARE));
	part_path_end(v);
	buf_adds(v->out, "<article class=\"comparison\">\n<header class=\"title\">\n");
	part_element(v, "h1", NULL, title);
	part_element(v, "p", "lead", arena_string(arena, summary));
	buf_adds(v->out, "</header>\n<div class=\"cards\">\n");
	add_card(v, &a);
	add_card(v, &b);
	buf_adds(v->out, "</div>\n");
	add_both(v, &a, &b, LABEL_DESCRIPTION, page_description(arena, &a),
		 page_description(arena, &b));
	add_both(v, &a, &b, LABEL_WHEN_YOU_SEE_IT, span_str(a.when), span_str(b.when));
	add_both(v, &a, &b, LABEL_HOW_TO_FIX, page_fix(arena, &a), page_fix(arena, &b));
	add_sentences(v, &a, LABEL_KEY_DIFFERENCES, &differences);
	add_sentences(v, &a, LABEL_WHEN_WHICH, &which);
	add_more(v, &a, &b);
	buf_adds(v->out, "</article>\n");
	shell_close(v);
}

/* ---- the way there ---- */

/* The other standard codes that its page names as related. */
static void add_row(const struct view *v, const struct topic *topic)
{
	const struct site_topics *all = &v->site->standard;
	struct page page = view_page(v, topic);
	struct arena *arena = v->out->arena;

	buf_adds(v->out, "<li>\n<h3>");
	part_number(v, topic);
	buf_adds(v->out, " <span>");
	html_escape(v->out, page.name);
	buf_adds(v->out, "</span></h3>\n<ul class=\"chips\">\n");
	for (size_t i = 0; i < all->n; i++) {
		bool related = false;

		for (size_t j = 0; j < topic->code->related.n; j++)
			related |= strcmp(topic->code->related.list[j], all->list[i].name) == 0;
		if (related)
			part_chip(v, &all->list[i], part_compare_path(arena, topic, &all->list[i]));
	}
	buf_addf(v->out, "<li><a href=\"%s%s#compare\">", v->up, part_path(arena, topic));
	html_escape(v->out, view_fill(v, LABEL_SITE_COMPARE_ALL, topic->name));
	buf_adds(v->out, "</a></li>\n</ul>\n</li>\n");
}

static void add_class(const struct view *v, int class)
{
	const struct site_topics *all = &v->site->standard;
	bool open = false;

	for (size_t i = 0; i < all->n; i++) {
		if (all->list[i].class != class)
			continue;
		if (!open) {
			part_section(v, NULL, language_class(v->language, class)->name);
			buf_adds(v->out, "<ul class=\"rows\">\n");
			open = true;
		}
		add_row(v, &all->list[i]);
	}
	if (open) {
		buf_adds(v->out, "</ul>\n");
		part_section_end(v);
	}
}

void site_compare_index(const struct view *v)
{
	static const int classes[] = { 5, 4, 3, 2, 1 };
	const char *title = view_word(v, LABEL_SITE_COMPARE);
	const char *lead = view_word(v, LABEL_SITE_COMPARE_LEAD);

	shell_open(v, title, span_str(lead));
	part_path_start(v);
	part_path_end(v);
	buf_adds(v->out, "<article class=\"comparison\">\n<header class=\"title\">\n");
	part_element(v, "h1", NULL, title);
	part_element(v, "p", "lead", lead);
	buf_adds(v->out, "</header>\n");
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		add_class(v, classes[i]);
	buf_adds(v->out, "</article>\n");
	shell_close(v);
}
