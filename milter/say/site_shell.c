/* What stands around the content of every page: head, search, languages. */
#include "say/fill.h"
#include "say/site_view.h"

static const char *path_here(const struct view *v)
{
	return v->page != NULL ? v->page->path : "index.html";
}

static const char *direction(const struct language *language)
{
	return language_is_rtl(language) ? "rtl" : "ltr";
}

/* The address of this page in a language; absolute where the base is known. */
static void add_address(const struct view *v, const struct language *language)
{
	if (v->site->base != NULL)
		html_escape(v->out, v->site->base);
	else
		buf_adds(v->out, v->root);
	if (language != NULL)
		buf_addf(v->out, "%s/%s", language_tag(language), path_here(v));
	else
		buf_adds(v->out, "index.html");
}

static void add_alternate(const struct view *v, const char *tag, const struct language *language)
{
	buf_addf(v->out, "<link rel=\"alternate\" hreflang=\"%s\" href=\"", tag);
	add_address(v, language);
	buf_adds(v->out, "\">\n");
}

/* Readers of a language that we do not have get the list of those we have, or
 * this page in the language of the house. */
static void add_alternates(const struct view *v)
{
	const struct language *language;
	bool first_page = v->page == NULL || v->page->kind == SITE_HOME;

	for (size_t i = 0; (language = knowledge_language_at(v->site->knowledge, i)) != NULL; i++)
		add_alternate(v, language_tag(language), language);
	add_alternate(v, "x-default", first_page ? NULL : v->site->fallback);
	if (v->site->base == NULL)
		return;
	buf_adds(v->out, "<link rel=\"canonical\" href=\"");
	add_address(v, v->page != NULL ? v->language : NULL);
	buf_adds(v->out, "\">\n");
}

static void add_head(const struct view *v, const char *title, struct span description)
{
	struct buf *out = v->out;
	bool named = title != view_word(v, LABEL_SITE_NAME);

	buf_addf(out, "<!doctype html>\n<html lang=\"%s\" dir=\"%s\">\n<head>\n"
		 "<meta charset=\"utf-8\">\n"
		 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		 "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
		 language_tag(v->language), direction(v->language));
	html_escape(out, title);
	if (named) {
		buf_adds(out, " – ");
		html_escape(out, view_word(v, LABEL_SITE_NAME));
	}
	buf_adds(out, "</title>\n<meta name=\"description\" content=\"");
	html_escape(out, arena_string(out->arena, description));
	buf_addf(out, "\">\n<link rel=\"stylesheet\" href=\"%sstyle.css\">\n"
		 "<link rel=\"icon\" type=\"image/svg+xml\" href=\"%sicon.svg\">\n",
		 v->root, v->root);
	add_alternates(v);
	if (v->page != NULL)
		buf_addf(out, "<script defer src=\"%ssearch.js\"></script>\n", v->root);
	buf_adds(out, "</head>\n");
}

/* Hidden until the script is there: without it the box could not do anything. */
void shell_search(const struct view *v)
{
	struct buf *out = v->out;

	buf_addf(out, "<form class=\"search\" role=\"search\" hidden data-words=\"%swords.js\" "
		 "data-up=\"%s\" data-results=\"", v->up, v->up);
	html_escape(out, view_word(v, LABEL_SITE_RESULTS));
	buf_adds(out, "\" data-none=\"");
	html_escape(out, view_word(v, LABEL_SITE_NO_RESULTS));
	buf_adds(out, "\" data-cause=\"");
	html_escape(out, view_word(v, LABEL_SITE_CAUSE));
	buf_adds(out, "\">\n<label for=\"q\">");
	html_escape(out, view_word(v, LABEL_SITE_SEARCH));
	buf_adds(out, "</label>\n<input id=\"q\" type=\"search\" autocomplete=\"off\" "
		 "spellcheck=\"false\" placeholder=\"");
	html_escape(out, view_word(v, LABEL_SITE_SEARCH_EXAMPLE));
	buf_adds(out, "\">\n<button type=\"submit\"><span class=\"unseen\">");
	html_escape(out, view_word(v, LABEL_SITE_SEARCH));
	buf_adds(out, "</span></button>\n<div class=\"found\" hidden>\n<p role=\"status\" aria-live=\"polite\"></p>\n"
		 "<ul></ul>\n</div>\n</form>\n");
}

/* Opens without a script, and every entry leads to the same page. */
static void add_languages(const struct view *v)
{
	const struct language *language;
	struct buf *out = v->out;

	buf_adds(out, "<nav class=\"languages\" aria-label=\"");
	html_escape(out, view_word(v, LABEL_SITE_LANGUAGE));
	buf_adds(out, "\">\n<details>\n<summary><span class=\"unseen\">");
	html_escape(out, view_word(v, LABEL_SITE_LANGUAGE));
	html_escape(out, view_word(v, LABEL_COLON));
	buf_adds(out, " </span>");
	html_escape(out, language_name(v->language));
	buf_adds(out, "</summary>\n<ul>\n");
	for (size_t i = 0; (language = knowledge_language_at(v->site->knowledge, i)) != NULL; i++) {
		buf_addf(out, "<li><a href=\"%s%s/%s\" lang=\"%s\" hreflang=\"%s\" dir=\"%s\"%s>",
			 v->root, language_tag(language), path_here(v), language_tag(language),
			 language_tag(language), direction(language),
			 language == v->language ? " aria-current=\"true\"" : "");
		html_escape(out, language_name(language));
		buf_adds(out, "</a></li>\n");
	}
	buf_adds(out, "</ul>\n</details>\n</nav>\n");
}

void shell_open(const struct view *v, const char *title, struct span description)
{
	struct buf *out = v->out;

	add_head(v, title, description);
	buf_adds(out, "<body>\n<a class=\"skip\" href=\"#content\">");
	html_escape(out, view_word(v, LABEL_SITE_SKIP));
	buf_adds(out, "</a>\n<header class=\"masthead\">\n");
	if (v->page != NULL) {
		buf_addf(out, "<div class=\"wide\">\n<a class=\"brand\" href=\"%sindex.html\">", v->up);
		html_escape(out, view_word(v, LABEL_SITE_NAME));
		buf_adds(out, "</a>\n");
		add_languages(v);
		if (v->page->kind != SITE_HOME)
			shell_search(v);
		buf_adds(out, "</div>\n");
	}
	buf_adds(out, "</header>\n<main id=\"content\" class=\"wide\" tabindex=\"-1\">\n");
}

void shell_close(const struct view *v)
{
	struct buf *out = v->out;

	buf_adds(out, "</main>\n<footer class=\"wide\">\n<ul>\n");
	if (v->page != NULL) {
		buf_addf(out, "<li><a href=\"%sindex.html\">", v->up);
		html_escape(out, view_word(v, LABEL_SITE_HOME));
		buf_addf(out, "</a></li>\n<li><a href=\"%scompare/index.html\">", v->up);
		html_escape(out, view_word(v, LABEL_SITE_COMPARE));
		buf_adds(out, "</a></li>\n");
	}
	buf_adds(out, "<li>whybounce " WHYBOUNCE_VERSION "</li>\n</ul>\n</footer>\n</body>\n</html>\n");
}
