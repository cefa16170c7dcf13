#include "say/site.h"

#include <stdio.h>
#include <string.h>

#include "say/fill.h"
#include "say/site_view.h"

/* ---- which codes and causes have a page ---- */

static bool mentions(const struct code *code, const char *name)
{
	for (size_t i = 0; i < code->related.n; i++)
		if (strcmp(code->related.list[i], name) == 0)
			return true;
	return false;
}

static bool is_mentioned(const struct knowledge *k, const char *name)
{
	const struct code *code;

	for (size_t i = 0; (code = knowledge_reply_at(k, i)) != NULL; i++)
		if (mentions(code, name))
			return true;
	for (size_t i = 0; (code = knowledge_status_at(k, i)) != NULL; i++)
		if (mentions(code, name))
			return true;
	return false;
}

bool cause_is_arrival(const struct cause *cause)
{
	return strcmp(cause->family->id, "delivered") == 0;
}

/* A status has three classes, but mail does not arrive because of a full mailbox:
 * those that its cause allows, and those that some page leads to. */
static bool has_class(const struct knowledge *k, const struct code *status, int class,
		      const char *name)
{
	const struct cause *cause = status->cause_by_class[class];

	if (cause == NULL)
		cause = status->cause;
	if (cause != NULL && cause_is_arrival(cause) == (class == 2))
		return true;
	return (cause == NULL && class != 2) || is_mentioned(k, name);
}

static void add_topic(struct site_topics *topics, const struct knowledge *k, const char *name)
{
	topic_parse(k, span_str(name), &topics->list[topics->n++], NULL);
}

static int plan_replies(struct site *site, struct arena *arena)
{
	const struct knowledge *k = site->knowledge;
	const struct code *code;
	size_t n = 0;

	while (knowledge_reply_at(k, n) != NULL)
		n++;
	site->replies.list = arena_array(arena, n, sizeof(struct topic));
	site->standard.list = arena_array(arena, n, sizeof(struct topic));
	if (arena->failed)
		return -1;
	for (size_t i = 0; (code = knowledge_reply_at(k, i)) != NULL; i++) {
		add_topic(&site->replies, k, code->code);
		if (code->is_standard)
			add_topic(&site->standard, k, code->code);
	}
	return 0;
}

static int plan_statuses(struct site *site, struct arena *arena)
{
	static const int classes[] = { 5, 4, 2 };	/* as often as they are seen */
	const struct knowledge *k = site->knowledge;
	const struct code *code;
	size_t n = 0;

	while (knowledge_status_at(k, n) != NULL)
		n++;
	site->statuses.list = arena_array(arena, 3 * n, sizeof(struct topic));
	if (arena->failed)
		return -1;
	for (size_t i = 0; (code = knowledge_status_at(k, i)) != NULL; i++)
		for (size_t c = 0; c < 3; c++) {
			char name[16];

			snprintf(name, sizeof(name), "%d%.12s", classes[c], code->code + 1);
			if (has_class(k, code, classes[c], name))
				add_topic(&site->statuses, k, name);
		}
	return 0;
}

static int plan_causes(struct site *site, struct arena *arena)
{
	const struct cause *cause;
	size_t n = 0;

	while (knowledge_cause_at(site->knowledge, n) != NULL)
		n++;
	site->causes.list = arena_array(arena, n, sizeof(struct topic));
	if (arena->failed)
		return -1;
	for (size_t i = 0; (cause = knowledge_cause_at(site->knowledge, i)) != NULL; i++)
		site->causes.list[site->causes.n++] = topic_of_cause(cause);
	return 0;
}

/* ---- the pages ---- */

static void add_page(struct site *site, enum site_kind kind, const struct topic *a,
		     const struct topic *b, const char *path)
{
	site->pages[site->n++] = (struct site_page){ .kind = kind, .a = a, .b = b, .path = path };
}

static void add_pages(struct site *site, struct arena *arena, enum site_kind kind,
		      const struct site_topics *topics)
{
	for (size_t i = 0; i < topics->n; i++)
		add_page(site, kind, &topics->list[i], NULL, part_path(arena, &topics->list[i]));
}

static int plan_pages(struct site *site, struct arena *arena)
{
	const struct site_topics *s = &site->standard;
	size_t n = 2 + site->replies.n + site->statuses.n + site->causes.n + s->n * s->n / 2;

	site->pages = arena_array(arena, n, sizeof(*site->pages));
	if (site->pages == NULL)
		return -1;
	add_page(site, SITE_HOME, NULL, NULL, "index.html");
	add_pages(site, arena, SITE_CODE, &site->replies);
	add_pages(site, arena, SITE_CODE, &site->statuses);
	add_pages(site, arena, SITE_CAUSE, &site->causes);
	add_page(site, SITE_COMPARE_INDEX, NULL, NULL, "compare/index.html");
	for (size_t i = 0; i < s->n; i++)
		for (size_t j = i + 1; j < s->n; j++)
			add_page(site, SITE_COMPARE, &s->list[i], &s->list[j],
				 part_compare_path(arena, &s->list[i], &s->list[j]));
	return arena->failed ? -1 : 0;
}

int site_plan(struct site *site, struct arena *arena, const struct knowledge *k,
	      const struct language *fallback, const char *base)
{
	*site = (struct site){ .knowledge = k, .fallback = fallback };
	if (base != NULL)
		site->base = arena_printf(arena, "%s%s", base,
					  span_has_suffix(span_str(base), "/") ? "" : "/");
	if (plan_replies(site, arena) != 0 || plan_statuses(site, arena) != 0 ||
	    plan_causes(site, arena) != 0)
		return -1;
	return plan_pages(site, arena);
}

void site_page(struct buf *out, const struct site *site, const struct language *language,
	       const struct site_page *page)
{
	static void (*const builders[])(const struct view *) = {
		[SITE_HOME] = site_home, [SITE_CODE] = site_code, [SITE_CAUSE] = site_cause,
		[SITE_COMPARE] = site_compare, [SITE_COMPARE_INDEX] = site_compare_index,
	};
	bool top = page->kind == SITE_HOME;
	struct view view = {
		.out = out, .site = site, .language = language, .page = page,
		.root = top ? "../" : "../../", .up = top ? "" : "../",
	};

	builders[page->kind](&view);
}

void site_front(struct buf *out, const struct site *site)
{
	struct view view = { .out = out, .site = site, .language = site->fallback, .root = "",
			     .up = "" };
	const struct language *language;

	shell_open(&view, view_word(&view, LABEL_SITE_NAME),
		   span_str(view_word(&view, LABEL_SITE_LEAD)));
	buf_adds(out, "<div class=\"front\">\n");
	part_element(&view, "h1", NULL, view_word(&view, LABEL_SITE_NAME));
	buf_adds(out, "<ul>\n");
	for (size_t i = 0; (language = knowledge_language_at(site->knowledge, i)) != NULL; i++) {
		buf_addf(out, "<li><a href=\"%s/index.html\" lang=\"%s\" hreflang=\"%s\" dir=\"%s\">"
			 "<b>", language_tag(language), language_tag(language),
			 language_tag(language), language_is_rtl(language) ? "rtl" : "ltr");
		html_escape(out, language_name(language));
		buf_adds(out, "</b> <span>");
		html_escape(out, language_label(language, LABEL_SITE_NAME));
		buf_adds(out, "</span></a></li>\n");
	}
	buf_adds(out, "</ul>\n</div>\n");
	shell_close(&view);
}

/* ---- sitemaps ---- */

void site_map(struct buf *out, const struct site *site, const struct language *language)
{
	buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		 "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
	for (size_t i = 0; i < site->n; i++) {
		buf_adds(out, "<url><loc>");
		html_escape(out, site->base);
		buf_addf(out, "%s/%s</loc></url>\n", language_tag(language), site->pages[i].path);
	}
	buf_adds(out, "</urlset>\n");
}

void site_map_index(struct buf *out, const struct site *site)
{
	const struct language *language;

	buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		 "<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
	for (size_t i = 0; (language = knowledge_language_at(site->knowledge, i)) != NULL; i++) {
		buf_adds(out, "<sitemap><loc>");
		html_escape(out, site->base);
		buf_addf(out, "%s/sitemap.xml</loc></sitemap>\n", language_tag(language));
	}
	buf_adds(out, "</sitemapindex>\n");
}
