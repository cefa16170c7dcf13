#include "say/reference.h"

#include "base/json.h"
#include "say/fill.h"
#include "say/page.h"

/* ---- layout, one function per element and format ---- */

struct sheet {
	struct buf *out;
	bool html;
};

static void element(const struct sheet *sheet, const char *name, struct span text)
{
	buf_addf(sheet->out, "<%s>", name);
	html_escape(sheet->out, arena_string(sheet->out->arena, text));
	buf_addf(sheet->out, "</%s>\n", name);
}

static void heading(const struct sheet *sheet, const char *level, const char *text)
{
	if (sheet->html)
		element(sheet, level, span_str(text));
	else
		buf_addf(sheet->out, "\n%s\n", text);
}

static void paragraph(const struct sheet *sheet, struct span text)
{
	if (text.n == 0)
		return;
	if (sheet->html)
		element(sheet, "p", text);
	else
		buf_addf(sheet->out, "  %.*s\n", SPAN_FMT(text));
}

static void list(const struct sheet *sheet, const struct span *items, size_t n)
{
	if (sheet->html && n != 0)
		buf_adds(sheet->out, "<ul>\n");
	for (size_t i = 0; i < n; i++) {
		if (sheet->html)
			element(sheet, "li", items[i]);
		else
			buf_addf(sheet->out, "  - %.*s\n", SPAN_FMT(items[i]));
	}
	if (sheet->html && n != 0)
		buf_adds(sheet->out, "</ul>\n");
}

static void text_list(const struct sheet *sheet, struct texts texts)
{
	for (size_t i = 0; i < texts.n; i++) {
		struct span item = span_str(texts.list[i]);

		if (sheet->html && i == 0)
			buf_adds(sheet->out, "<ol>\n");
		if (sheet->html)
			element(sheet, "li", item);
		else
			buf_addf(sheet->out, "  - %s\n", texts.list[i]);
	}
	if (sheet->html && texts.n != 0)
		buf_adds(sheet->out, "</ol>\n");
}

/* ---- one code ---- */

static void title(const struct sheet *sheet, const struct page *page, const char *level)
{
	const char *code = page->topic->cause != NULL ? "" : page->topic->name;
	const char *text = arena_printf(sheet->out->arena, "%s%s%s", code,
					code[0] != '\0' && page->name[0] != '\0' ? " " : "",
					page->name);

	if (sheet->html)
		element(sheet, level, span_str(text));
	else
		buf_addf(sheet->out, "%s\n", text != NULL ? text : "");
}

static void fact(const struct sheet *sheet, const struct page *page, enum label label,
		 const char *value)
{
	if (value != NULL && value[0] != '\0')
		paragraph(sheet, span_str(arena_printf(sheet->out->arena, "%s%s %s",
						       page_word(page, label),
						       page_word(page, LABEL_COLON), value)));
}

static void facts(const struct sheet *sheet, const struct page *page)
{
	bool expired;
	const char *standard = page_standard(page, &expired);

	fact(sheet, page, LABEL_CLASS, page->class_name);
	fact(sheet, page, expired ? LABEL_PROPOSED_IN : LABEL_STANDARD, standard);
	if (page->topic->code != NULL && !page_is_standard(page) && page->topic->class != 1)
		paragraph(sheet, span_str(page_word(page, LABEL_NOT_STANDARD)));
	if (page->topic->cause == NULL && page->cause != NULL)
		fact(sheet, page, LABEL_USUAL_CAUSE,
		     language_cause(page->language, page->cause)->title);
	fact(sheet, page, LABEL_WHO_CAN_FIX,
	     arena_string(sheet->out->arena, page_who(sheet->out->arena, page)));
}

static void section(const struct sheet *sheet, const struct page *page, const char *level,
		    enum label label, struct span text)
{
	if (text.n == 0)
		return;
	heading(sheet, level, page_word(page, label));
	paragraph(sheet, text);
}

/* The steps of a cause speak to somebody who has a bounce before him. */
static void steps_with_a_bounce(const struct sheet *sheet, const struct page *page,
				struct texts steps)
{
	if (steps.n != 0)
		paragraph(sheet, span_str(page_word(page, LABEL_WITH_A_BOUNCE)));
	text_list(sheet, steps);
}

static void fix_section(const struct sheet *sheet, const struct page *page, const char *level)
{
	struct texts steps = page_steps(page);

	if (page->fix[0] == '\0' && steps.n == 0)
		return;
	heading(sheet, level, page_word(page, LABEL_HOW_TO_FIX));
	paragraph(sheet, span_str(page->fix));
	steps_with_a_bounce(sheet, page, steps);
}

static void related(const struct sheet *sheet, const struct page *a, const struct page *b,
		    const char *level, enum label label)
{
	struct topic topics[PAGE_MAX_RELATED];
	struct span items[PAGE_MAX_RELATED];
	size_t n = page_related(a, b, topics);

	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		struct page page = page_of(a->knowledge, a->language, &topics[i]);

		items[i] = span_str(arena_printf(sheet->out->arena, "%s %s", topics[i].name,
						 page.name));
	}
	heading(sheet, level, page_word(a, label));
	list(sheet, items, n);
}

static void code_page(const struct sheet *sheet, const struct page *page, const char *level,
		      const char *below)
{
	struct arena *arena = sheet->out->arena;

	title(sheet, page, level);
	facts(sheet, page);
	section(sheet, page, below, LABEL_DESCRIPTION, page_description(arena, page));
	section(sheet, page, below, LABEL_WHEN_YOU_SEE_IT, span_str(page->when));
	fix_section(sheet, page, below);
	related(sheet, page, NULL, below, LABEL_RELATED_CODES);
}

static void cause_page(const struct sheet *sheet, const struct page *page, const char *level,
		       const char *below)
{
	struct texts admin = language_cause(page->language, page->cause)->admin;

	title(sheet, page, level);
	facts(sheet, page);
	section(sheet, page, below, LABEL_WHAT_HAPPENED, span_str(page->description));
	section(sheet, page, below, LABEL_WHEN_IT_HAPPENS, span_str(page->when));
	if (page_steps(page).n != 0)
		heading(sheet, below, page_word(page, LABEL_WHAT_YOU_CAN_DO));
	steps_with_a_bounce(sheet, page, page_steps(page));
	if (admin.n != 0)
		heading(sheet, below, page_word(page, LABEL_FOR_ADMINS));
	text_list(sheet, admin);
	related(sheet, page, NULL, below, LABEL_SITE_RELATED_CAUSES);
}

/* ---- two codes ---- */

/* "550: …", "554: …"; what is the same of both only once. */
static void both(const struct sheet *sheet, const struct page *a, const struct page *b,
		 enum label label, struct span text_a, struct span text_b)
{
	const struct page *pages[] = { a, b };
	struct span texts[] = { text_a, text_b };

	if (span_eq(text_a, text_b)) {
		section(sheet, a, "h2", label, text_a);
		return;
	}
	heading(sheet, "h2", page_word(a, label));
	for (size_t i = 0; i < 2; i++)
		if (texts[i].n != 0)
			paragraph(sheet, span_str(arena_printf(sheet->out->arena, "%s%s %.*s",
							       pages[i]->topic->name,
							       page_word(a, LABEL_COLON),
							       SPAN_FMT(texts[i]))));
}

static void compare_page(const struct sheet *sheet, const struct page *a, const struct page *b)
{
	struct sentences differences = { .out = sheet->out }, which = { .out = sheet->out };
	struct span head = compare_title(sheet->out, a, b);
	struct arena *arena = sheet->out->arena;

	compare_differences(&differences, a, b);
	compare_when_which(&which, a, b);
	if (sheet->html)
		element(sheet, "h1", head);
	else
		buf_addf(sheet->out, "%.*s\n\n", SPAN_FMT(head));
	title(sheet, a, "p");
	if (!compare_is_same(a, b))
		title(sheet, b, "p");
	buf_adds(sheet->out, sheet->html ? "" : "\n");
	paragraph(sheet, compare_summary(sheet->out, a, b));
	both(sheet, a, b, LABEL_DESCRIPTION, page_description(arena, a), page_description(arena, b));
	both(sheet, a, b, LABEL_WHEN_YOU_SEE_IT, span_str(a->when), span_str(b->when));
	both(sheet, a, b, LABEL_HOW_TO_FIX, page_fix(arena, a), page_fix(arena, b));
	heading(sheet, "h2", page_word(a, LABEL_KEY_DIFFERENCES));
	list(sheet, differences.list, differences.n);
	heading(sheet, "h2", page_word(a, LABEL_WHEN_WHICH));
	list(sheet, which.list, which.n);
	related(sheet, a, b, "h2", LABEL_LEARN_MORE);
}

/* ---- JSON ---- */

static void json_related(struct json *json, const struct page *a, const struct page *b)
{
	struct topic topics[PAGE_MAX_RELATED];
	size_t n = page_related(a, b, topics);

	json_open(json, "related", '[');
	for (size_t i = 0; i < n; i++)
		json_string(json, NULL, span_str(topics[i].name));
	json_close(json, ']');
}

static void json_sentences(struct json *json, const char *key, const struct sentences *s)
{
	json_open(json, key, '[');
	for (size_t i = 0; i < s->n; i++)
		json_string(json, NULL, s->list[i]);
	json_close(json, ']');
}

static void json_page(struct buf *out, const struct page *page)
{
	struct json json;
	bool expired;

	json_init(&json, out);
	json_open(&json, NULL, '{');
	json_string(&json, "code", span_str(page->topic->name));
	json_string(&json, "name", span_str(page->name));
	json_string(&json, "class", span_str(page->class_name));
	json_string(&json, "standard", span_str(page_standard(page, &expired)));
	json_string(&json, "description", page_description(out->arena, page));
	json_string(&json, "when", span_str(page->when));
	json_string(&json, "fix", page_fix(out->arena, page));
	json_related(&json, page, NULL);
	json_close(&json, '}');
	buf_addc(out, '\n');
}

static void json_compare(struct buf *out, const struct page *a, const struct page *b)
{
	struct sentences differences = { .out = out }, which = { .out = out };
	struct json json;

	compare_differences(&differences, a, b);
	compare_when_which(&which, a, b);
	json_init(&json, out);
	json_open(&json, NULL, '{');
	json_string(&json, "a", span_str(a->topic->name));
	json_string(&json, "b", span_str(b->topic->name));
	json_string(&json, "summary", compare_summary(out, a, b));
	json_sentences(&json, "differences", &differences);
	json_sentences(&json, "when_which", &which);
	json_related(&json, a, b);
	json_close(&json, '}');
	buf_addc(out, '\n');
}

/* ---- whole pages ---- */

static void document_head(struct buf *out, const struct language *language, struct span title_text)
{
	buf_addf(out, "<!doctype html>\n<html lang=\"%s\" dir=\"%s\">\n<head>\n"
		 "<meta charset=\"utf-8\">\n"
		 "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
		 "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
		 language_tag(language), language_is_rtl(language) ? "rtl" : "ltr");
	html_escape(out, arena_string(out->arena, title_text));
	buf_adds(out, "</title>\n<style>\nbody{max-width:42rem;margin:2rem auto;padding:0 1rem;"
		 "font:1rem/1.6 system-ui,sans-serif;overflow-wrap:anywhere}\n</style>\n"
		 "</head>\n<body>\n");
}

static void html_codes(struct buf *out, const struct knowledge *k,
		       const struct language *language, const struct topic *topics, size_t n)
{
	struct sheet sheet = { out, true };
	struct buf names;

	buf_init(&names, out->arena, 8192);
	for (size_t i = 0; i < n; i++)
		buf_addf(&names, "%s%s", i != 0 ? " " : "", topics[i].name);
	document_head(out, language, buf_span(&names));
	if (n > 1)
		element(&sheet, "h1", buf_span(&names));
	for (size_t i = 0; i < n; i++) {
		struct page page = page_of(k, language, &topics[i]);

		(topics[i].cause != NULL ? cause_page : code_page)
			(&sheet, &page, n > 1 ? "h2" : "h1", n > 1 ? "h3" : "h2");
	}
	buf_adds(out, "</body>\n</html>\n");
}

void reference_code(struct buf *out, enum format format, const struct knowledge *k,
		    const struct language *language, const struct topic *topics, size_t n)
{
	struct sheet sheet = { out, false };

	if (format == FORMAT_HTML) {
		html_codes(out, k, language, topics, n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct page page = page_of(k, language, &topics[i]);

		if (i != 0 && format == FORMAT_TEXT)
			buf_adds(out, "\n\n");
		if (format == FORMAT_JSON)
			json_page(out, &page);
		else if (topics[i].cause != NULL)
			cause_page(&sheet, &page, NULL, NULL);
		else
			code_page(&sheet, &page, NULL, NULL);
	}
}

void reference_compare(struct buf *out, enum format format, const struct knowledge *k,
		       const struct language *language,
		       const struct topic *a, const struct topic *b)
{
	struct sheet sheet = { out, format == FORMAT_HTML };
	struct page page_a = page_of(k, language, a), page_b = page_of(k, language, b);

	if (format == FORMAT_JSON) {
		json_compare(out, &page_a, &page_b);
		return;
	}
	if (format == FORMAT_HTML)
		document_head(out, language, compare_title(out, &page_a, &page_b));
	compare_page(&sheet, &page_a, &page_b);
	if (format == FORMAT_HTML)
		buf_adds(out, "</body>\n</html>\n");
}
