#include "say/reference.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "say/fill.h"

/* ---- topics ---- */

static bool parse_reply(const struct knowledge *k, struct span text, struct topic *topic)
{
	if (text.n != 3 || text.p[0] < '1' || text.p[0] > '5' || !ascii_isdigit(text.p[1]) ||
	    !ascii_isdigit(text.p[2]))
		return false;
	topic->class = text.p[0] - '0';
	topic->subject = text.p[1] - '0';
	topic->code = knowledge_reply(k, text);
	return true;
}

/* One to three digits up to the dot or the end; -1 where there are none. */
static int take_number(struct span text, size_t *at)
{
	int value = 0;
	size_t from = *at;

	while (*at < text.n && ascii_isdigit(text.p[*at]) && *at - from < 3)
		value = value * 10 + (text.p[(*at)++] - '0');
	return *at > from ? value : -1;
}

static bool parse_status(const struct knowledge *k, struct span text, struct topic *topic)
{
	size_t at = 2;
	int detail;

	if (text.n < 5 || text.p[1] != '.' || strchr("245Xx", text.p[0]) == NULL)
		return false;
	topic->subject = take_number(text, &at);
	if (topic->subject < 0 || at >= text.n || text.p[at++] != '.')
		return false;
	detail = take_number(text, &at);
	if (detail < 0 || at != text.n)
		return false;
	topic->class = ascii_isdigit(text.p[0]) ? text.p[0] - '0' : 0;
	topic->is_status = true;
	topic->code = knowledge_status(k, text);
	return true;
}

int topic_parse(const struct knowledge *knowledge, struct span text,
		struct topic *topic_r, struct error *error)
{
	*topic_r = (struct topic){ .subject = -1 };
	text = span_trim(text);
	if (text.n >= sizeof(topic_r->name) ||
	    (!parse_reply(knowledge, text, topic_r) && !parse_status(knowledge, text, topic_r)))
		return error_set(error, "\"%.*s\" is no code: expected a reply code such as 550 or an "
				 "enhanced status code such as 5.1.1",
				 (int)(text.n < 40 ? text.n : 40), text.n != 0 ? text.p : "");
	snprintf(topic_r->name, sizeof(topic_r->name), "%.*s", SPAN_FMT(text));
	if (topic_r->name[0] == 'x')
		topic_r->name[0] = 'X';
	return 0;
}

/* ---- what is known about a topic ---- */

/* The four texts of a code; of an unknown one, what its digits say. */
struct page {
	const struct topic *topic;
	const struct language *language;
	const char *name, *description, *when, *fix;
	const char *unknown;		/* template: "… is not a registered code", or NULL */
	const char *class_name;		/* or NULL */
	const struct cause *cause;	/* or NULL */
};

static const struct cause *cause_of(const struct topic *topic)
{
	const struct code *code = topic->code;

	if (code == NULL)
		return NULL;
	if (topic->is_status && topic->class != 0 && code->cause_by_class[topic->class] != NULL)
		return code->cause_by_class[topic->class];
	return code->cause;
}

static void set_texts(struct page *page, const struct code_text *text)
{
	page->name = text->name;
	page->description = text->description;
	page->when = text->when;
	page->fix = text->fix;
}

static void set_unknown(struct page *page)
{
	const struct topic *t = page->topic;
	const struct code_text *class = language_class(page->language, t->class);
	const struct code_text *subject = t->is_status ?
		language_subject(page->language, t->subject) : NULL;
	const struct code_text *text = subject != NULL ? subject : class;

	page->unknown = language_label(page->language, LABEL_UNKNOWN_CODE);
	if (text != NULL)
		set_texts(page, text);
	if (class != NULL && class->fix[0] != '\0')
		page->fix = class->fix;
}

static struct page page_of(const struct language *language, const struct topic *topic)
{
	struct page page = {
		.topic = topic, .language = language, .cause = cause_of(topic),
		.name = "", .description = "", .when = "", .fix = "",
	};
	const struct code_text *class = topic->class != 0 ?
		language_class(language, topic->class) : NULL;

	page.class_name = class != NULL ? class->name : NULL;
	if (topic->code == NULL)
		set_unknown(&page);
	else if (topic->is_status)
		set_texts(&page, language_status(language, topic->code, topic->class));
	else
		set_texts(&page, language_reply(language, topic->code));
	return page;
}

static struct values page_values(const struct page *page, const char *other)
{
	struct values values = { .value = { { NULL, 0 } } };

	values.value[VALUE_CODE] = span_str(page->topic->name);
	values.value[VALUE_OTHER] = span_str(other);
	return values;
}

static const char *word(const struct page *page, enum label label)
{
	return language_label(page->language, label);
}

/* The steps of its cause where a code has no fix of its own. */
static struct texts fix_steps(const struct page *page)
{
	static const struct texts none = { NULL, 0 };

	if (page->fix[0] != '\0' || page->cause == NULL)
		return none;
	return language_cause(page->language, page->cause)->steps;
}

/* Its own words, or the steps of its cause in one paragraph. */
static struct span whole_fix(struct arena *arena, const struct page *page)
{
	struct texts steps = fix_steps(page);
	struct buf fix;

	buf_init(&fix, arena, 65536);
	buf_adds(&fix, page->fix);
	for (size_t i = 0; i < steps.n; i++)
		buf_addf(&fix, "%s%s", i != 0 ? " " : "", steps.list[i]);
	return buf_span(&fix);
}

/* ---- sentences that compare ---- */

enum { MAX_SENTENCES = 16 };

struct sentences {
	struct buf *out;	/* where they are kept */
	struct span list[MAX_SENTENCES];
	size_t n;
};

static void say(struct sentences *s, const struct page *page, enum label label, const char *other)
{
	struct values values = page_values(page, other);
	struct buf line;

	if (s->n == MAX_SENTENCES)
		return;
	buf_init(&line, s->out->arena, 4096);
	fill_text(&line, word(page, label), &values);
	s->out->failed |= line.failed;
	s->list[s->n++] = buf_span(&line);
}

static enum label class_label(const struct page *page, enum label success)
{
	/* IS_SUCCESS, IS_MORE, …; USE_SUCCESS, …: in this order in labels.def */
	switch (page->topic->class) {
	case 2: return success;
	case 3: return success + 1;
	case 4: return success + 2;
	case 5: return success + 3;
	default: return LABEL_IS_ANY_CLASS;
	}
}

static void say_summary(struct sentences *s, const struct page *a, const struct page *b)
{
	static const enum label both[] = {
		[2] = LABEL_BOTH_SUCCESS, [3] = LABEL_BOTH_MORE, [4] = LABEL_BOTH_TEMPORARY,
		[5] = LABEL_BOTH_PERMANENT,
	};
	const char *other = b->topic->name;
	int class = a->topic->class;

	if (strcmp(a->topic->name, other) == 0)
		say(s, a, LABEL_SAME_CODE, other);
	else if (class != b->topic->class)
		say(s, a, LABEL_CLASS_DIFFERS, other);
	else if (class >= 2 && class <= 5)
		say(s, a, both[class], other);
}

static void say_subject(struct sentences *s, const struct page *page)
{
	static const enum label reply_subjects[] = {
		LABEL_ABOUT_SYNTAX, LABEL_ABOUT_INFORMATION, LABEL_ABOUT_CONNECTION,
		LABEL_ABOUT_AUTHENTICATION, LABEL_COUNT, LABEL_ABOUT_MAIL_SYSTEM,
	};
	const struct topic *t = page->topic;
	const struct code_text *subject;

	if (t->is_status) {
		subject = language_subject(page->language, t->subject);
		if (subject != NULL)
			say(s, page, LABEL_ABOUT, subject->name);
	} else if (t->subject <= 5 && reply_subjects[t->subject] != LABEL_COUNT) {
		say(s, page, reply_subjects[t->subject], "");
	}
}

static enum label fix_label(enum who who)
{
	static const enum label labels[] = {
		[WHO_SENDER] = LABEL_FIX_SENDER, [WHO_SENDER_ADMIN] = LABEL_FIX_SENDER_ADMIN,
		[WHO_RECIPIENT] = LABEL_FIX_RECIPIENT,
		[WHO_RECIPIENT_ADMIN] = LABEL_FIX_RECIPIENT_ADMIN, [WHO_NOBODY] = LABEL_FIX_NOBODY,
	};

	return labels[who];
}

static bool same_subject(const struct topic *a, const struct topic *b)
{
	return a->is_status == b->is_status && a->subject == b->subject;
}

static void say_cause(struct sentences *s, const struct page *page)
{
	if (page->cause != NULL)
		say(s, page, LABEL_USUAL_CAUSE_OF, language_cause(page->language, page->cause)->title);
}

static void say_standard(struct sentences *s, const struct page *page)
{
	if (page->topic->code == NULL || !page->topic->code->is_standard)
		say(s, page, LABEL_DEFINED_NOWHERE, "");
	else
		say(s, page, LABEL_DEFINED_IN, page->topic->code->standard);
}

static const char *standard_of(const struct page *page)
{
	return page->topic->code != NULL && page->topic->code->is_standard ?
		page->topic->code->standard : "";
}

/* Only what differs is a difference. */
static void say_differences(struct sentences *s, const struct page *a, const struct page *b)
{
	if (strcmp(a->topic->name, b->topic->name) == 0)
		return;
	if (a->topic->class != b->topic->class) {
		say(s, a, class_label(a, LABEL_IS_SUCCESS), "");
		say(s, b, class_label(b, LABEL_IS_SUCCESS), "");
	}
	if (a->topic->is_status != b->topic->is_status) {
		say(s, a, a->topic->is_status ? LABEL_IS_STATUS : LABEL_IS_REPLY, "");
		say(s, b, b->topic->is_status ? LABEL_IS_STATUS : LABEL_IS_REPLY, "");
	}
	if (!same_subject(a->topic, b->topic)) {
		say_subject(s, a);
		say_subject(s, b);
	}
	if (a->cause != b->cause) {
		say_cause(s, a);
		say_cause(s, b);
	}
	if (a->cause != NULL && b->cause != NULL && a->cause->who != b->cause->who) {
		say(s, a, fix_label(a->cause->who), "");
		say(s, b, fix_label(b->cause->who), "");
	}
	if (strcmp(standard_of(a), standard_of(b)) != 0) {
		say_standard(s, a);
		say_standard(s, b);
	}
	if (s->n == 0)
		say(s, a, LABEL_NO_DIFFERENCE, b->topic->name);
}

/* "550 5.1.1": a reply code and the status that goes with it. */
static bool belong_together(const struct page *a, const struct page *b)
{
	return !a->topic->is_status && b->topic->is_status &&
		a->topic->class == b->topic->class;
}

static void say_when_which(struct sentences *s, const struct page *a, const struct page *b)
{
	if (strcmp(a->topic->name, b->topic->name) == 0) {
		say(s, a, LABEL_USE_EITHER, "");
		return;
	}
	if (belong_together(a, b))
		say(s, a, LABEL_USE_TOGETHER, b->topic->name);
	else if (belong_together(b, a))
		say(s, b, LABEL_USE_TOGETHER, a->topic->name);
	if (a->topic->class != b->topic->class && a->topic->class >= 2 && b->topic->class >= 2) {
		say(s, a, class_label(a, LABEL_USE_SUCCESS), "");
		say(s, b, class_label(b, LABEL_USE_SUCCESS), "");
	}
	if (a->name[0] != '\0')
		say(s, a, LABEL_USE_NAME, a->name);
	if (b->name[0] != '\0')
		say(s, b, LABEL_USE_NAME, b->name);
	if (standard_of(a)[0] != '\0' && standard_of(b)[0] == '\0')
		say(s, a, LABEL_USE_STANDARD, b->topic->name);
	else if (standard_of(b)[0] != '\0' && standard_of(a)[0] == '\0')
		say(s, b, LABEL_USE_STANDARD, a->topic->name);
}

/* ---- layout, one function per element and format ---- */

struct sheet {
	struct buf *out;
	bool html;
};

static void heading(const struct sheet *sheet, int level, const char *text)
{
	if (sheet->html) {
		buf_addf(sheet->out, "<h%d>", level);
		html_escape(sheet->out, text);
		buf_addf(sheet->out, "</h%d>\n", level);
	} else {
		buf_addf(sheet->out, "\n%s\n", text);
	}
}

static void paragraph(const struct sheet *sheet, struct span text)
{
	if (text.n == 0)
		return;
	buf_adds(sheet->out, sheet->html ? "<p>" : "  ");
	if (sheet->html)
		html_escape(sheet->out, arena_string(sheet->out->arena, text));
	else
		buf_add(sheet->out, text);
	buf_adds(sheet->out, sheet->html ? "</p>\n" : "\n");
}

static void list(const struct sheet *sheet, const struct span *items, size_t n)
{
	if (n == 0)
		return;
	buf_adds(sheet->out, sheet->html ? "<ul>\n" : "");
	for (size_t i = 0; i < n; i++) {
		buf_adds(sheet->out, sheet->html ? "<li>" : "  - ");
		if (sheet->html)
			html_escape(sheet->out, arena_string(sheet->out->arena, items[i]));
		else
			buf_add(sheet->out, items[i]);
		buf_adds(sheet->out, sheet->html ? "</li>\n" : "\n");
	}
	buf_adds(sheet->out, sheet->html ? "</ul>\n" : "");
}

static void fact(const struct sheet *sheet, const struct page *page, enum label label,
		 const char *value)
{
	const char *line = arena_printf(sheet->out->arena, "%s%s %s", word(page, label),
					word(page, LABEL_COLON), value);

	if (value != NULL && value[0] != '\0')
		paragraph(sheet, span_str(line));
}

static void fix_section(const struct sheet *sheet, const struct page *page)
{
	struct texts steps = fix_steps(page);
	struct span items[16];
	size_t n = 0;

	paragraph(sheet, span_str(page->fix));
	for (; n < steps.n && n < 16; n++)
		items[n] = span_str(steps.list[n]);
	list(sheet, items, n);
}

static void title(const struct sheet *sheet, const struct page *page, int level)
{
	const char *text = page->name[0] == '\0' ? page->topic->name :
		arena_printf(sheet->out->arena, "%s %s", page->topic->name, page->name);

	if (sheet->html)
		heading(sheet, level, text);
	else
		buf_addf(sheet->out, "%s\n", text);
}

static void unknown_note(const struct sheet *sheet, const struct page *page)
{
	struct values values = page_values(page, "");
	struct buf line;

	if (page->unknown == NULL)
		return;
	buf_init(&line, sheet->out->arena, 4096);
	fill_text(&line, page->unknown, &values);
	paragraph(sheet, buf_span(&line));
}

static void related(const struct sheet *sheet, const struct page *page, enum label label)
{
	const struct code *code = page->topic->code;
	struct buf line;

	if (code == NULL || code->related.n == 0)
		return;
	buf_init(&line, sheet->out->arena, 4096);
	for (size_t i = 0; i < code->related.n; i++)
		buf_addf(&line, "%s%s", i != 0 ? ", " : "", code->related.list[i]);
	heading(sheet, 3, word(page, label));
	paragraph(sheet, buf_span(&line));
}

static void code_page(const struct sheet *sheet, const struct page *page)
{
	const struct code *code = page->topic->code;

	title(sheet, page, 2);
	fact(sheet, page, LABEL_CLASS, page->class_name);
	if (code != NULL)
		fact(sheet, page, LABEL_STANDARD, code->standard);
	if (code != NULL && !code->is_standard)
		paragraph(sheet, span_str(word(page, LABEL_NOT_STANDARD)));
	unknown_note(sheet, page);
	heading(sheet, 3, word(page, LABEL_DESCRIPTION));
	paragraph(sheet, span_str(page->description));
	heading(sheet, 3, word(page, LABEL_WHEN_YOU_SEE_IT));
	paragraph(sheet, span_str(page->when));
	heading(sheet, 3, word(page, LABEL_HOW_TO_FIX));
	fix_section(sheet, page);
	related(sheet, page, LABEL_RELATED_CODES);
}

static void both(const struct sheet *sheet, const struct page *page, struct span text)
{
	struct buf line;

	buf_init(&line, sheet->out->arena, 8192);
	buf_addf(&line, "%s%s ", page->topic->name, word(page, LABEL_COLON));
	buf_add(&line, text);
	paragraph(sheet, buf_span(&line));
}

static void compare_page(const struct sheet *sheet, const struct page *a, const struct page *b)
{
	struct sentences summary = { .out = sheet->out }, differences = { .out = sheet->out },
		which = { .out = sheet->out }, head = { .out = sheet->out };

	say(&head, a, LABEL_COMPARE_TITLE, b->topic->name);
	say_summary(&summary, a, b);
	say_differences(&differences, a, b);
	say_when_which(&which, a, b);
	if (sheet->html)
		heading(sheet, 1, arena_string(sheet->out->arena, head.list[0]));
	else
		buf_addf(sheet->out, "%.*s\n\n", SPAN_FMT(head.list[0]));
	title(sheet, a, 2);
	title(sheet, b, 2);
	if (summary.n != 0) {
		buf_adds(sheet->out, sheet->html ? "" : "\n");
		paragraph(sheet, summary.list[0]);
	}
	heading(sheet, 3, word(a, LABEL_DESCRIPTION));
	both(sheet, a, span_str(a->description));
	both(sheet, b, span_str(b->description));
	heading(sheet, 3, word(a, LABEL_WHEN_YOU_SEE_IT));
	both(sheet, a, span_str(a->when));
	both(sheet, b, span_str(b->when));
	heading(sheet, 3, word(a, LABEL_HOW_TO_FIX));
	both(sheet, a, whole_fix(sheet->out->arena, a));
	both(sheet, b, whole_fix(sheet->out->arena, b));
	heading(sheet, 3, word(a, LABEL_KEY_DIFFERENCES));
	list(sheet, differences.list, differences.n);
	heading(sheet, 3, word(a, LABEL_WHEN_WHICH));
	list(sheet, which.list, which.n);
	related(sheet, a, LABEL_LEARN_MORE);
	related(sheet, b, LABEL_RELATED_CODES);
}

/* ---- JSON ---- */

static void json_list(struct json *json, const char *key, struct texts texts)
{
	json_open(json, key, '[');
	for (size_t i = 0; i < texts.n; i++)
		json_string(json, NULL, span_str(texts.list[i]));
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
	const struct code *code = page->topic->code;
	struct json json;

	json_init(&json, out);
	json_open(&json, NULL, '{');
	json_string(&json, "code", span_str(page->topic->name));
	json_string(&json, "name", span_str(page->name));
	json_string(&json, "class", span_str(page->class_name));
	json_string(&json, "standard", span_str(code != NULL ? code->standard : NULL));
	json_string(&json, "description", span_str(page->description));
	json_string(&json, "when", span_str(page->when));
	json_string(&json, "fix", whole_fix(out->arena, page));
	json_list(&json, "related", code != NULL ? code->related : (struct texts){ NULL, 0 });
	json_close(&json, '}');
	buf_addc(out, '\n');
}

static void json_compare(struct buf *out, const struct page *a, const struct page *b)
{
	struct sentences summary = { .out = out }, differences = { .out = out }, which = { .out = out };
	struct json json;

	say_summary(&summary, a, b);
	say_differences(&differences, a, b);
	say_when_which(&which, a, b);
	json_init(&json, out);
	json_open(&json, NULL, '{');
	json_string(&json, "a", span_str(a->topic->name));
	json_string(&json, "b", span_str(b->topic->name));
	json_string(&json, "summary", summary.n != 0 ? summary.list[0] : SPAN(""));
	json_sentences(&json, "differences", &differences);
	json_sentences(&json, "when_which", &which);
	json_list(&json, "related", a->topic->code != NULL ? a->topic->code->related :
		  (struct texts){ NULL, 0 });
	json_close(&json, '}');
	buf_addc(out, '\n');
}

/* ---- whole pages ---- */

static void document_head(struct buf *out, const struct language *language, const char *name)
{
	buf_addf(out, "<!doctype html>\n<html lang=\"%s\" dir=\"%s\">\n<head><meta charset=\"utf-8\">"
		 "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>",
		 language_tag(language), language_is_rtl(language) ? "rtl" : "ltr");
	html_escape(out, name);
	buf_adds(out, "</title></head>\n<body>\n");
}

void reference_code(struct buf *out, enum format format,
		    const struct language *language, const struct topic *topics, size_t n)
{
	struct sheet sheet = { out, format == FORMAT_HTML };

	if (format == FORMAT_HTML)
		document_head(out, language, n > 0 ? topics[0].name : "");
	for (size_t i = 0; i < n; i++) {
		struct page page = page_of(language, &topics[i]);

		if (i != 0 && format == FORMAT_TEXT)
			buf_adds(out, "\n\n");
		if (format == FORMAT_JSON)
			json_page(out, &page);
		else
			code_page(&sheet, &page);
	}
	if (format == FORMAT_HTML)
		buf_adds(out, "</body></html>\n");
}

void reference_compare(struct buf *out, enum format format,
		       const struct language *language,
		       const struct topic *a, const struct topic *b)
{
	struct sheet sheet = { out, format == FORMAT_HTML };
	struct page page_a = page_of(language, a), page_b = page_of(language, b);

	if (format == FORMAT_JSON) {
		json_compare(out, &page_a, &page_b);
		return;
	}
	if (format == FORMAT_HTML)
		document_head(out, language, a->name);
	compare_page(&sheet, &page_a, &page_b);
	if (format == FORMAT_HTML)
		buf_adds(out, "</body></html>\n");
}
