/* The pages of the site, each in every language, with the real content: all that
 * should be there are, every link leads somewhere, and nothing stays English. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "knowledge_files.h"
#include "say/fill.h"
#include "say/layout.h"
#include "say/site.h"

static struct knowledge *k;
static struct arena plans, arena;
static struct site site;

/* ---- pages ---- */

/* Valid until the next call. */
static const char *render(const struct site *s, const struct language *l,
			  const struct site_page *page)
{
	struct buf out;

	arena_clear(&arena);
	buf_init(&out, &arena, 4 * 1024 * 1024);
	site_page(&out, s, l, page);
	assert_false(out.failed);
	return buf_string(&out);
}

static const struct site_page *find(const struct site *s, struct span path)
{
	for (size_t i = 0; i < s->n; i++)
		if (span_eq(path, span_str(s->pages[i].path)))
			return &s->pages[i];
	return NULL;
}

static const struct site_page *page_at(const char *path)
{
	const struct site_page *page = find(&site, span_str(path));

	if (page == NULL)
		fail_msg("there is no page %s", path);
	return page;
}

static const struct language *language(const char *tag)
{
	const struct language *l = knowledge_language(k, span_str(tag));

	assert_non_null(l);
	return l;
}

static const char *rendered(const char *tag, const char *path)
{
	return render(&site, language(tag), page_at(path));
}

static void assert_has(const char *text, const char *wanted)
{
	if (strstr(text, wanted) == NULL)
		fail_msg("\"%s\" is not in: %s", wanted, text);
}

static unsigned times(const char *text, const char *piece)
{
	unsigned n = 0;

	for (; (text = strstr(text, piece)) != NULL; text += strlen(piece))
		n++;
	return n;
}

static void fail_page(const struct language *l, const struct site_page *page, const char *what)
{
	fail_msg("%s/%s: %s", language_tag(l), page->path, what);
}

typedef void check(const struct language *l, const struct site_page *page, const char *html);

static void on_every_page(check *check_page)
{
	const struct language *l;

	for (size_t i = 0; (l = knowledge_language_at(k, i)) != NULL; i++)
		for (size_t j = 0; j < site.n; j++)
			check_page(l, &site.pages[j], render(&site, l, &site.pages[j]));
}

/* ---- all that should be there ---- */

static void test_a_page_for_everything(void **state)
{
	const struct code *code, *other;
	const struct cause *cause;
	char path[80];

	(void)state;
	for (size_t i = 0; (code = knowledge_reply_at(k, i)) != NULL; i++) {
		snprintf(path, sizeof(path), "code/%s.html", code->code);
		page_at(path);
		for (size_t j = i + 1; (other = knowledge_reply_at(k, j)) != NULL; j++) {
			snprintf(path, sizeof(path), "compare/%s-%s.html", code->code, other->code);
			assert_int_equal(find(&site, span_str(path)) != NULL,
					 code->is_standard && other->is_standard);
		}
	}
	for (size_t i = 0; (code = knowledge_status_at(k, i)) != NULL; i++) {
		bool found = false;

		for (int class = 2; class <= 5; class++) {
			snprintf(path, sizeof(path), "code/%d%s.html", class, code->code + 1);
			found |= find(&site, span_str(path)) != NULL;
		}
		assert_true(found);
	}
	for (size_t i = 0; (cause = knowledge_cause_at(k, i)) != NULL; i++) {
		snprintf(path, sizeof(path), "cause/%s.html", cause->id);
		page_at(path);
	}
}

/* What a bounce links to is there. */
static void test_help_url_leads_here(void **state)
{
	const struct reader reader = { .help_url = "https://help.example.org/mail" };
	const struct language *l;
	const struct cause *cause;

	(void)state;
	for (size_t i = 0; (l = knowledge_language_at(k, i)) != NULL; i++)
		for (size_t j = 0; (cause = knowledge_cause_at(k, j)) != NULL; j++) {
			const struct diagnosis diagnosis = { .cause = cause };
			const struct explain_block block = { .diagnosis = &diagnosis };
			const struct explanation e = { .language = l, .reader = &reader };
			struct span url, tag = span_str(language_tag(l));

			arena_clear(&arena);
			url = span_str(block_help(&arena, &e, &block));
			assert_true(span_has_prefix(url, "https://help.example.org/mail/"));
			url = span_from(url, strlen("https://help.example.org/mail/"));
			assert_true(span_eq(span_slice(url, 0, tag.n), tag));
			assert_non_null(find(&site, span_from(url, tag.n + 1)));
		}
}

static void test_no_path_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < site.n; i++)
		assert_ptr_equal(page_at(site.pages[i].path), &site.pages[i]);
}

/* ---- links ---- */

/* The next value of an attribute, or false. */
static bool next_value(const char **at, const char *attribute, struct span *value_r)
{
	const char *start = strstr(*at, attribute), *end;

	if (start == NULL)
		return false;
	start += strlen(attribute);
	end = strchr(start, '"');
	assert_non_null(end);
	*value_r = (struct span){ start, (size_t)(end - start) };
	*at = end;
	return true;
}

static bool is_shared_file(struct span name)
{
	static const char *const names[] = { "style.css", "search.js", "icon.svg", "index.html" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_eq(name, span_str(names[i])))
			return true;
	return false;
}

/* A path below the site, as a link of this page has it: "../../de/code/550.html". */
static bool leads_somewhere(const struct language *l, const struct site_page *page,
			    struct span link)
{
	size_t depth = strchr(page->path, '/') != NULL ? 2 : 1, slash;
	const struct language *other = l;

	for (; span_has_prefix(link, "../"); link = span_from(link, 3), depth--)
		if (depth == 0)
			return false;
	link = span_slice(link, 0, span_find_byte(link, 0, '#'));
	if (depth == 2 && link.n == 0)
		return true;	/* "#content" */
	if (depth == 0 && is_shared_file(link))
		return true;
	if (depth == 0) {
		slash = span_find_byte(link, 0, '/');
		other = knowledge_language(k, span_slice(link, 0, slash));
		link = span_from(link, slash + 1);
		depth = 1;
	}
	return depth == 1 && other != NULL &&
		(link.n == 0 || span_is(link, "words.js") || find(&site, link) != NULL);
}

static void check_links(const struct language *l, const struct site_page *page, const char *html)
{
	static const char *const attributes[] = { " href=\"", " src=\"", "data-words=\"" };

	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		const char *at = html;
		struct span link;

		while (next_value(&at, attributes[i], &link))
			if (!leads_somewhere(l, page, link))
				fail_msg("%s/%s: %.*s leads nowhere", language_tag(l), page->path,
					 SPAN_FMT(link));
	}
}

static void test_links(void **state)
{
	(void)state;
	on_every_page(check_links);
}

/* Of the pages that have fragments in their links, in one language. */
static void check_fragments(const struct site_page *page)
{
	char *html = strdup(rendered("en", page->path));
	const char *at = html;
	struct span link;

	assert_non_null(html);
	while (next_value(&at, " href=\"", &link)) {
		size_t hash = span_find_byte(link, 0, '#');
		const struct site_page *target = page;
		struct span path = span_slice(link, 0, hash);
		char id[80];

		if (hash == link.n)
			continue;
		while (span_has_prefix(path, "../"))
			path = span_from(path, 3);
		if (path.n != 0)
			target = find(&site, path);
		snprintf(id, sizeof(id), " id=\"%.*s\"", SPAN_FMT(span_from(link, hash + 1)));
		assert_non_null(target);
		assert_has(rendered("en", target->path), id);
	}
	free(html);
}

static void test_fragments(void **state)
{
	(void)state;
	for (size_t i = 0; i < site.n; i++)
		if (site.pages[i].kind != SITE_COMPARE)
			check_fragments(&site.pages[i]);
	check_fragments(page_at("compare/550-554.html"));
}

/* A link to every page, from the first one on, without the search. */
static void test_everything_is_reached(void **state)
{
	bool *reached = calloc(site.n, sizeof(*reached));
	size_t *queue = calloc(site.n, sizeof(*queue)), n = 1;

	(void)state;
	assert_non_null(reached);
	assert_non_null(queue);
	reached[0] = true;
	for (size_t i = 0; i < n; i++) {
		const char *at = render(&site, language("en"), &site.pages[queue[i]]);
		struct span link;

		while (next_value(&at, " href=\"", &link)) {
			const struct site_page *page;

			link = span_slice(link, 0, span_find_byte(link, 0, '#'));
			while (span_has_prefix(link, "../"))
				link = span_from(link, 3);
			page = find(&site, link);
			if (page == NULL || reached[page - site.pages])
				continue;
			reached[page - site.pages] = true;
			queue[n++] = (size_t)(page - site.pages);
		}
	}
	for (size_t i = 0; i < site.n; i++)
		if (!reached[i])
			fail_msg("no link leads to %s", site.pages[i].path);
	free(reached);
	free(queue);
}

/* ---- what each page has ---- */

/* Levels of headings, none left out. */
static bool headings_in_order(const char *html)
{
	int last = 0;

	for (const char *at = html; (at = strstr(at, "<h")) != NULL; at += 2) {
		if (at[2] < '1' || at[2] > '6')
			continue;	/* <html>, <head>, <header> */
		if (at[2] - '0' > last + 1)
			return false;
		last = at[2] - '0';
	}
	return last != 0;
}

static bool ids_are_unique(const char *html)
{
	const char *at = html;
	struct span id;

	while (next_value(&at, " id=\"", &id)) {
		char piece[80];

		snprintf(piece, sizeof(piece), " id=\"%.*s\"", SPAN_FMT(id));
		if (times(html, piece) != 1)
			return false;
	}
	return true;
}

static void check_parts(const struct language *l, const struct site_page *page, const char *html)
{
	static const char *const once[] = {
		"<!doctype html>\n<html lang=", "<title>", "<h1>", "<main id=\"content\"", "<footer",
		"<header class=\"masthead\">", "class=\"skip\" href=\"#content\"", "role=\"search\"",
		"<label for=\"q\">", "role=\"status\" aria-live=\"polite\"", "hreflang=\"x-default\"",
		"</html>\n", "<meta name=\"description\" content=\"",
	};
	char piece[64];

	for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++)
		if (times(html, once[i]) != 1)
			fail_page(l, page, once[i]);
	snprintf(piece, sizeof(piece), "<html lang=\"%s\" dir=\"ltr\">", language_tag(l));
	assert_has(html, piece);
	if (!headings_in_order(html))
		fail_page(l, page, "its headings leave out a level");
	if (!ids_are_unique(html))
		fail_page(l, page, "an id is there twice");
	if (strstr(html, "(null)") != NULL || strstr(html, "<p></p>") != NULL ||
	    strstr(html, "<li></li>") != NULL || strstr(html, "<span></span>") != NULL)
		fail_page(l, page, "something is empty");
	if (strchr(html, '{') != NULL && strstr(html, "{n}") != strchr(html, '{'))
		fail_page(l, page, "a placeholder is left");
}

static void test_parts(void **state)
{
	(void)state;
	on_every_page(check_parts);
}

/* Nothing from elsewhere, and no script but the search. */
static void check_nothing_remote(const struct language *l, const struct site_page *page,
				 const char *html)
{
	if (strstr(html, "//") != NULL)
		fail_page(l, page, "has an address of another machine");
	if (times(html, "<script") != 1 || strstr(html, "search.js\"></script>") == NULL)
		fail_page(l, page, "has another script");
	if (strstr(html, " style=\"") != NULL || strstr(html, " onclick") != NULL)
		fail_page(l, page, "has style or script of its own");
}

static void test_nothing_remote(void **state)
{
	(void)state;
	on_every_page(check_nothing_remote);
}

/* ---- no English where there is a translation ---- */

static void check_not_english(const struct language *l, const struct site_page *page,
			      const char *html, const char *english, const char *translated)
{
	struct buf escaped;

	if (strlen(english) < 12 || strcmp(english, translated) == 0)
		return;
	buf_init(&escaped, &arena, 65536);
	html_escape(&escaped, english);
	if (strstr(html, buf_string(&escaped)) != NULL)
		fail_msg("%s/%s: is English: %s", language_tag(l), page->path, english);
}

static void check_code_text(const struct language *l, const struct site_page *page,
			    const char *html, const struct topic *topic)
{
	const struct language *en = language("en");
	const struct code_text *english, *text;

	if (topic == NULL || topic->code == NULL)
		return;
	english = topic->is_status ? language_status(en, topic->code, topic->class) :
		language_reply(en, topic->code);
	text = topic->is_status ? language_status(l, topic->code, topic->class) :
		language_reply(l, topic->code);
	check_not_english(l, page, html, english->description, text->description);
	check_not_english(l, page, html, english->when, text->when);
	check_not_english(l, page, html, english->fix, text->fix);
}

static void check_language(const struct language *l, const struct site_page *page,
			   const char *html)
{
	const struct language *en = language("en");

	if (l == en)
		return;
	for (enum label label = LABEL_SITE_NAME; label < LABEL_COUNT; label++)
		check_not_english(l, page, html, language_label(en, label),
				  language_label(l, label));
	check_code_text(l, page, html, page->a);
	check_code_text(l, page, html, page->b);
	if (page->kind == SITE_CAUSE)
		check_not_english(l, page, html, language_cause(en, page->a->cause)->happened,
				  language_cause(l, page->a->cause)->happened);
}

static void test_no_english(void **state)
{
	(void)state;
	on_every_page(check_language);
}

/* ---- where it is published ---- */

static void test_base(void **state)
{
	struct site with_base;
	struct buf out;

	(void)state;
	assert_int_equal(site_plan(&with_base, &plans, k, language("de"),
				   "https://help.example.org/mail?a&b"), 0);
	assert_has(render(&with_base, language("th"), find(&with_base, SPAN("code/550.html"))),
		   "<link rel=\"alternate\" hreflang=\"de\" "
		   "href=\"https://help.example.org/mail?a&amp;b/de/code/550.html\">");
	assert_has(render(&with_base, language("th"), find(&with_base, SPAN("code/550.html"))),
		   "hreflang=\"x-default\" "
		   "href=\"https://help.example.org/mail?a&amp;b/de/code/550.html\">");
	assert_has(render(&with_base, language("th"), find(&with_base, SPAN("code/550.html"))),
		   "<link rel=\"canonical\" "
		   "href=\"https://help.example.org/mail?a&amp;b/th/code/550.html\">");
	arena_clear(&arena);
	buf_init(&out, &arena, 4 * 1024 * 1024);
	site_map(&out, &with_base, language("vi"));
	assert_int_equal(times(buf_string(&out), "<loc>"), with_base.n);
	assert_has(buf_string(&out), "<loc>https://help.example.org/mail?a&amp;b/vi/index.html</loc>");
	buf_truncate(&out, 0);
	site_map_index(&out, &with_base);
	assert_has(buf_string(&out),
		   "<loc>https://help.example.org/mail?a&amp;b/vi/sitemap.xml</loc>");
}

static void test_front(void **state)
{
	const struct language *l;
	struct buf out;

	(void)state;
	arena_clear(&arena);
	buf_init(&out, &arena, 65536);
	site_front(&out, &site);
	for (size_t i = 0; (l = knowledge_language_at(k, i)) != NULL; i++) {
		char link[80];

		snprintf(link, sizeof(link), "<a href=\"%s/index.html\" lang=\"%s\"",
			 language_tag(l), language_tag(l));
		assert_has(buf_string(&out), link);
		assert_has(buf_string(&out), language_name(l));
	}
}

/* ---- the words of the search ---- */

static void test_words(void **state)
{
	const struct language *l;
	struct buf out;

	(void)state;
	for (size_t i = 0; (l = knowledge_language_at(k, i)) != NULL; i++) {
		const char *words;

		arena_clear(&arena);
		buf_init(&out, &arena, 4 * 1024 * 1024);
		site_words(&out, &site, l);
		words = buf_string(&out);
		assert_true(span_has_prefix(span_str(words), "whybounceWords([["));
		assert_true(span_has_suffix(span_str(words), "\n])\n"));
		assert_int_equal(times(words, "\n"),
				 site.replies.n + site.statuses.n + site.causes.n + 1);
		assert_has(words, "[\"code/4.2.2.html\",\"4.2.2\",\"");
		assert_has(words, "[\"cause/mailbox_full.html\",\"\",\"");
		assert_has(words, language_cause(l, knowledge_cause(k, SPAN("mailbox_full")))->title);
	}
}

/* ---- other content ---- */

static const struct knowledge_file strange[] = {
	{ "knowledge/all.yaml",
	  "causes:\n"
	  "- {id: odd, who: nobody, title: 'A <b>bold</b> & \"quoted\" title', happened: It's so.}\n"
	  "replies:\n"
	  "- {code: '550', standard: RFC 1, is_standard: yes, cause: odd, name: '</script><x>'}\n"
	  "- {code: '551', is_standard: no, name: Other, related: ['550', '5.9.9', nonsense]}\n" },
	{ "languages/ar.yaml", "language: {tag: ar, name: Arabic, direction: rtl}\n" },
	{ NULL, NULL },
};

/* Right-to-left, next to nothing in it, and characters that mean something. */
static void test_strange_content(void **state)
{
	struct knowledge *odd = knowledge_files_good(strange);
	const struct language *ar = knowledge_language(odd, SPAN("ar"));
	struct site s;
	struct buf out;
	const char *html;

	(void)state;
	assert_int_equal(site_plan(&s, &plans, odd, knowledge_language_at(odd, 0), NULL), 0);
	for (size_t i = 0; i < s.n; i++)
		render(&s, ar, &s.pages[i]);
	html = render(&s, ar, find(&s, SPAN("cause/odd.html")));
	assert_has(html, "<html lang=\"ar\" dir=\"rtl\">");
	assert_has(html, "<span>A &lt;b&gt;bold&lt;/b&gt; &amp; &quot;quoted&quot; title</span>");
	assert_has(html, "<b class=\"number c5\" dir=\"ltr\">550</b> <span>&lt;/script&gt;&lt;x&gt;");
	html = render(&s, ar, find(&s, SPAN("code/551.html")));
	assert_has(html, "href=\"../code/550.html\"");
	assert_null(strstr(html, "nonsense"));
	arena_clear(&arena);
	buf_init(&out, &arena, 65536);
	site_words(&out, &s, ar);
	assert_has(buf_string(&out), "\"A <b>bold</b> & \\\"quoted\\\" title\"");
	knowledge_free(odd);
}

static int load(void **state)
{
	struct error error = { "" };

	(void)state;
	arena_init(&plans, 16 * 1024 * 1024);
	arena_init(&arena, 32 * 1024 * 1024);
	k = knowledge_load_parts("conf", NULL, NULL, 0, KNOWLEDGE_WORDS, &error);
	if (k == NULL)
		fail_msg("%s", error.text);
	assert_int_equal(site_plan(&site, &plans, k, language("en"), NULL), 0);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	knowledge_free(k);
	arena_release(&plans);
	arena_release(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_page_for_everything),
		cmocka_unit_test(test_help_url_leads_here),
		cmocka_unit_test(test_no_path_twice),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_everything_is_reached),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_nothing_remote),
		cmocka_unit_test(test_no_english),
		cmocka_unit_test(test_base),
		cmocka_unit_test(test_front),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_strange_content),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
