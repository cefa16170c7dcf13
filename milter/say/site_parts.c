/* Pieces that pages are made of. */
#include <string.h>

#include "say/fill.h"
#include "say/site_view.h"

const char *view_word(const struct view *v, enum label label)
{
	return language_label(v->language, label);
}

const char *view_fill(const struct view *v, enum label label, const char *code)
{
	struct values values = { .value[VALUE_CODE] = span_str(code) };
	struct buf text;

	buf_init(&text, v->out->arena, 4096);
	fill_text(&text, view_word(v, label), &values);
	return buf_string(&text);
}

struct page view_page(const struct view *v, const struct topic *topic)
{
	return page_of(v->site->knowledge, v->language, topic);
}

const char *part_path(struct arena *arena, const struct topic *topic)
{
	return arena_printf(arena, "%s/%s.html", topic->cause != NULL ? "cause" : "code",
			    topic->name);
}

const char *part_compare_path(struct arena *arena, const struct topic *a, const struct topic *b)
{
	bool ordered = strcmp(a->name, b->name) < 0;

	return arena_printf(arena, "compare/%s-%s.html", ordered ? a->name : b->name,
			    ordered ? b->name : a->name);
}

int part_colour(const struct topic *topic)
{
	return topic->cause != NULL && cause_is_arrival(topic->cause) ? 2 : topic->class;
}

void part_element(const struct view *v, const char *name, const char *class, const char *text)
{
	if (class != NULL)
		buf_addf(v->out, "<%s class=\"%s\">", name, class);
	else
		buf_addf(v->out, "<%s>", name);
	html_escape(v->out, text);
	buf_addf(v->out, "</%s>\n", name);
}

void part_paragraph(const struct view *v, struct span text)
{
	if (text.n != 0)
		part_element(v, "p", NULL, arena_string(v->out->arena, text));
}

void part_section(const struct view *v, const char *id, const char *heading)
{
	if (id != NULL)
		buf_addf(v->out, "<section id=\"%s\">\n", id);
	else
		buf_adds(v->out, "<section>\n");
	part_element(v, "h2", NULL, heading);
}

void part_section_end(const struct view *v)
{
	buf_adds(v->out, "</section>\n");
}

void part_list(const struct view *v, const struct sentences *sentences)
{
	buf_adds(v->out, "<ul>\n");
	for (size_t i = 0; i < sentences->n; i++)
		part_element(v, "li", NULL, arena_string(v->out->arena, sentences->list[i]));
	buf_adds(v->out, "</ul>\n");
}

void part_texts(const struct view *v, const char *name, struct texts texts)
{
	if (texts.n == 0)
		return;
	buf_addf(v->out, "<%s>\n", name);
	for (size_t i = 0; i < texts.n; i++)
		part_element(v, "li", NULL, texts.list[i]);
	buf_addf(v->out, "</%s>\n", name);
}

void part_number(const struct view *v, const struct topic *topic)
{
	buf_addf(v->out, "<b class=\"number c%d\" dir=\"ltr\">%s</b>", part_colour(topic),
		 topic->name);
}

static void add_topic(const struct view *v, const struct topic *topic)
{
	struct page page = view_page(v, topic);

	buf_addf(v->out, "<li><a href=\"%s%s\">", v->up, part_path(v->out->arena, topic));
	if (topic->cause == NULL) {
		part_number(v, topic);
		buf_addc(v->out, ' ');
	}
	buf_adds(v->out, "<span>");
	html_escape(v->out, page.name);
	if (topic->cause == NULL && !page_is_standard(&page)) {
		buf_adds(v->out, " <small>");
		html_escape(v->out, view_word(v, LABEL_SITE_NOT_STANDARD));
		buf_adds(v->out, "</small>");
	}
	buf_adds(v->out, "</span></a></li>\n");
}

void part_topics(const struct view *v, const struct topic *topics, size_t n)
{
	if (n == 0)
		return;
	buf_adds(v->out, "<ul class=\"topics\">\n");
	for (size_t i = 0; i < n; i++)
		add_topic(v, &topics[i]);
	buf_adds(v->out, "</ul>\n");
}

void part_chip(const struct view *v, const struct topic *topic, const char *path)
{
	buf_addf(v->out, "<li><a class=\"c%d\" dir=\"ltr\" href=\"%s%s\">%s</a></li>\n",
		 part_colour(topic), v->up, path, topic->name);
}

void part_path_start(const struct view *v)
{
	buf_adds(v->out, "<nav class=\"path\" aria-label=\"");
	html_escape(v->out, view_word(v, LABEL_SITE_PATH));
	buf_adds(v->out, "\">\n<ol>\n");
	part_path_step(v, "index.html", view_word(v, LABEL_SITE_HOME));
}

void part_path_step(const struct view *v, const char *href, const char *text)
{
	buf_addf(v->out, "<li><a href=\"%s%s\">", v->up, href);
	html_escape(v->out, text);
	buf_adds(v->out, "</a></li>\n");
}

void part_path_end(const struct view *v)
{
	buf_adds(v->out, "</ol>\n</nav>\n");
}
