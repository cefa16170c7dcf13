/* The first page of a language: everything there is, by class, subject, family. */
#include "say/fill.h"
#include "say/site_view.h"

static void add_hero(const struct view *v)
{
	static const struct { const char *href; enum label label; } steps[] = {
		{ "#causes", LABEL_SITE_CAUSES }, { "#replies", LABEL_SITE_REPLY_CODES },
		{ "#statuses", LABEL_SITE_STATUS_CODES }, { "compare/index.html", LABEL_SITE_COMPARE },
	};

	buf_adds(v->out, "<div class=\"hero\">\n");
	part_element(v, "h1", NULL, view_word(v, LABEL_SITE_TITLE));
	part_element(v, "p", "lead", view_word(v, LABEL_SITE_LEAD));
	shell_search(v);
	buf_adds(v->out, "<nav class=\"contents\" aria-label=\"");
	html_escape(v->out, view_word(v, LABEL_SITE_CONTENTS));
	buf_adds(v->out, "\">\n<ul>\n");
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		buf_addf(v->out, "<li><a href=\"%s\">", steps[i].href);
		html_escape(v->out, view_word(v, steps[i].label));
		buf_adds(v->out, "</a></li>\n");
	}
	buf_adds(v->out, "</ul>\n</nav>\n</div>\n");
}

static void section_start(const struct view *v, const char *id, enum label title, enum label lead)
{
	part_section(v, id, view_word(v, title));
	part_element(v, "p", "lead", view_word(v, lead));
}

/* A heading with digits in front: "4xx Temporary Failure". */
static void group_start(const struct view *v, const char *id, int number, const char *digits,
			int colour, const struct code_text *text)
{
	buf_addf(v->out, "<div class=\"group\" id=\"%s-%d\">\n<h3><b class=\"number c%d\" "
		 "dir=\"ltr\">%s</b> <span>", id, number, colour, digits);
	html_escape(v->out, text->name);
	buf_adds(v->out, "</span></h3>\n");
	part_element(v, "p", NULL, text->description);
}

static void group_end(const struct view *v)
{
	buf_adds(v->out, "</div>\n");
}

static void add_replies(const struct view *v)
{
	static const int classes[] = { 5, 4, 3, 2, 1 };
	const struct site_topics *all = &v->site->replies;
	struct topic *topics = arena_array(v->out->arena, all->n, sizeof(*topics));

	section_start(v, "replies", LABEL_SITE_REPLY_CODES, LABEL_SITE_REPLY_CODES_LEAD);
	for (size_t c = 0; topics != NULL && c < sizeof(classes) / sizeof(classes[0]); c++) {
		int class = classes[c];
		size_t n = 0;

		for (size_t i = 0; i < all->n; i++)
			if (all->list[i].class == class)
				topics[n++] = all->list[i];
		if (n == 0)
			continue;
		group_start(v, "reply", class, arena_printf(v->out->arena, "%dxx", class), class,
			    language_class(v->language, class));
		part_topics(v, topics, n);
		group_end(v);
	}
	part_section_end(v);
}

/* One entry per status; its other classes stand behind it. */
static void add_status(const struct view *v, size_t first, size_t end)
{
	const struct topic *list = v->site->statuses.list;
	struct page page = view_page(v, &list[first]);

	buf_addf(v->out, "<li><a href=\"%s%s\">", v->up, part_path(v->out->arena, &list[first]));
	part_number(v, &list[first]);
	buf_adds(v->out, " <span>");
	html_escape(v->out, page.name);
	buf_adds(v->out, "</span></a>");
	for (size_t i = first + 1; i < end; i++) {
		buf_addf(v->out, " <a class=\"also\" href=\"%s%s\">", v->up,
			 part_path(v->out->arena, &list[i]));
		part_number(v, &list[i]);
		buf_adds(v->out, "</a>");
	}
	buf_adds(v->out, "</li>\n");
}

static void add_statuses_about(const struct view *v, int subject)
{
	const struct site_topics *all = &v->site->statuses;
	const struct code_text *text = language_subject(v->language, subject);
	size_t end;

	group_start(v, "status", subject, arena_printf(v->out->arena, "X.%d", subject), 0, text);
	buf_adds(v->out, "<ul class=\"topics\">\n");
	for (size_t i = 0; i < all->n; i = end) {
		for (end = i + 1; end < all->n && all->list[end].code == all->list[i].code;)
			end++;
		if (all->list[i].subject == subject)
			add_status(v, i, end);
	}
	buf_adds(v->out, "</ul>\n");
	group_end(v);
}

static bool has_subject(const struct view *v, int subject)
{
	for (size_t i = 0; i < v->site->statuses.n; i++)
		if (v->site->statuses.list[i].subject == subject)
			return language_subject(v->language, subject) != NULL;
	return false;
}

static void add_statuses(const struct view *v)
{
	enum { MOST = 10 };

	section_start(v, "statuses", LABEL_SITE_STATUS_CODES, LABEL_SITE_STATUS_CODES_LEAD);
	for (int subject = 0; subject < MOST; subject++)
		if (has_subject(v, subject))
			add_statuses_about(v, subject);
	part_section_end(v);
}

/* A family, and its details below it. */
static void add_family(const struct view *v, const struct topic *family)
{
	const struct site_topics *all = &v->site->causes;
	size_t n = 0;

	buf_addf(v->out, "<li><a href=\"%s%s\">", v->up, part_path(v->out->arena, family));
	html_escape(v->out, view_page(v, family).name);
	buf_adds(v->out, "</a>");
	for (size_t i = 0; i < all->n; i++) {
		const struct topic *detail = &all->list[i];

		if (detail->cause->family != family->cause || detail->cause == family->cause)
			continue;
		buf_addf(v->out, "%s<li><a href=\"%s%s\">", n++ == 0 ? "\n<ul>\n" : "", v->up,
			 part_path(v->out->arena, detail));
		html_escape(v->out, view_page(v, detail).name);
		buf_adds(v->out, "</a></li>\n");
	}
	buf_adds(v->out, n != 0 ? "</ul>\n</li>\n" : "</li>\n");
}

static void add_causes(const struct view *v)
{
	const struct site_topics *all = &v->site->causes;

	section_start(v, "causes", LABEL_SITE_CAUSES, LABEL_SITE_CAUSES_LEAD);
	buf_adds(v->out, "<ul class=\"families\">\n");
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].cause->family == all->list[i].cause)
			add_family(v, &all->list[i]);
	buf_adds(v->out, "</ul>\n");
	part_section_end(v);
}

void site_home(const struct view *v)
{
	shell_open(v, view_word(v, LABEL_SITE_NAME), span_str(view_word(v, LABEL_SITE_LEAD)));
	add_hero(v);
	add_causes(v);
	add_replies(v);
	add_statuses(v);
	shell_close(v);
}
