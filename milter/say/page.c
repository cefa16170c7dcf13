#include "say/page.h"

#include <stdio.h>
#include <string.h>

#include "say/fill.h"
#include "say/layout.h"

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

int topic_parse(const struct knowledge *k, struct span text,
		struct topic *topic_r, struct error *error)
{
	const struct cause *cause;

	*topic_r = (struct topic){ .subject = -1 };
	text = span_trim(text);
	cause = knowledge_cause(k, text);
	if (cause != NULL) {
		*topic_r = topic_of_cause(cause);
		return 0;
	}
	if (text.n >= sizeof("5.123.123") ||
	    (!parse_reply(k, text, topic_r) && !parse_status(k, text, topic_r)))
		return error_set(error, "\"%.*s\" is no code: expected a reply code such as 550 or an "
				 "enhanced status code such as 5.1.1",
				 (int)(text.n < 40 ? text.n : 40), text.n != 0 ? text.p : "");
	snprintf(topic_r->name, sizeof(topic_r->name), "%.*s", SPAN_FMT(text));
	if (topic_r->name[0] == 'x')
		topic_r->name[0] = 'X';
	return 0;
}

struct topic topic_of_cause(const struct cause *cause)
{
	struct topic topic = { .cause = cause, .subject = -1 };

	snprintf(topic.name, sizeof(topic.name), "%s", cause->id);
	return topic;
}

/* ---- their texts ---- */

static const struct cause *cause_of(const struct topic *topic)
{
	const struct code *code = topic->code;

	if (code == NULL)
		return topic->cause;
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

static void set_cause(struct page *page)
{
	const struct cause_text *text = language_cause(page->language, page->cause);

	page->name = text->title;
	page->description = text->happened;
	page->when = text->when;
}

/* Of the second digit of a reply code, only 0 and 5 mean what RFC 5321 says of
 * them also where a code is not from that RFC. */
static const char *reply_subject(const struct page *page)
{
	if (page->topic->subject == 0)
		return page_word(page, LABEL_ABOUT_SYNTAX);
	return page->topic->subject == 5 ? page_word(page, LABEL_ABOUT_MAIL_SYSTEM) : NULL;
}

/* What the digits say: first those of the class, then those of the subject. */
static void set_unknown(struct page *page)
{
	const struct topic *t = page->topic;
	const struct code_text *class = language_class(page->language, t->class);
	const struct code_text *subject = t->is_status ?
		language_subject(page->language, t->subject) : NULL;

	page->unknown = page_word(page, LABEL_UNKNOWN_CODE);
	if (class != NULL)
		set_texts(page, class);
	else
		page->description = page_word(page, LABEL_IS_ANY_CLASS);
	if (subject == NULL) {
		page->more = t->is_status || t->class == 1 ? NULL : reply_subject(page);
		return;
	}
	page->name = subject->name;
	page->more = subject->description;
	page->when = subject->when;
	if (class == NULL)
		page->fix = subject->fix;
}

struct page page_of(const struct knowledge *knowledge, const struct language *language,
		    const struct topic *topic)
{
	struct page page = {
		.topic = topic, .knowledge = knowledge, .language = language,
		.name = "", .description = "", .when = "", .fix = "", .cause = cause_of(topic),
	};
	const struct code_text *class = topic->class != 0 ?
		language_class(language, topic->class) : NULL;

	page.class_name = class != NULL ? class->name : NULL;
	if (topic->cause != NULL)
		set_cause(&page);
	else if (topic->code == NULL)
		set_unknown(&page);
	else if (topic->is_status)
		set_texts(&page, language_status(language, topic->code, topic->class));
	else
		set_texts(&page, language_reply(language, topic->code));
	return page;
}

const char *page_word(const struct page *page, enum label label)
{
	return language_label(page->language, label);
}

struct values page_values(const struct page *page, const char *other)
{
	struct values values = { .value = { { NULL, 0 } } };

	values.value[VALUE_CODE] = span_str(page->topic->name);
	values.value[VALUE_OTHER] = span_str(other);
	return values;
}

const char *page_standard(const struct page *page, bool *expired_r)
{
	const struct code *code = page->topic->code;

	*expired_r = code != NULL && !code->is_standard;
	return code != NULL ? code->standard : "";
}

bool page_is_standard(const struct page *page)
{
	return page->topic->code != NULL && page->topic->code->is_standard;
}

static void add_sentence(struct buf *out, const struct page *page, const char *template)
{
	struct values values = page_values(page, "");

	if (template == NULL || template[0] == '\0')
		return;
	if (out->n != 0)
		buf_addc(out, ' ');
	fill_text(out, template, &values);
}

struct span page_description(struct arena *arena, const struct page *page)
{
	struct buf text;

	buf_init(&text, arena, 65536);
	add_sentence(&text, page, page->unknown);
	add_sentence(&text, page, page->description);
	add_sentence(&text, page, page->more);
	return buf_span(&text);
}

struct texts page_steps(const struct page *page)
{
	static const struct texts none = { NULL, 0 };

	if (page->fix[0] != '\0' || page->cause == NULL)
		return none;
	return language_cause(page->language, page->cause)->steps;
}

struct span page_fix(struct arena *arena, const struct page *page)
{
	struct texts steps = page_steps(page);
	struct buf fix;

	buf_init(&fix, arena, 65536);
	buf_adds(&fix, page->fix);
	if (steps.n != 0)
		buf_adds(&fix, page_word(page, LABEL_WITH_A_BOUNCE));
	for (size_t i = 0; i < steps.n; i++)
		buf_addf(&fix, " %s", steps.list[i]);
	return buf_span(&fix);
}

struct span page_who(struct arena *arena, const struct page *page)
{
	static const enum label labels[] = {
		[WHO_SENDER] = LABEL_FIX_SENDER, [WHO_SENDER_ADMIN] = LABEL_FIX_SENDER_ADMIN,
		[WHO_RECIPIENT] = LABEL_FIX_RECIPIENT,
		[WHO_RECIPIENT_ADMIN] = LABEL_FIX_RECIPIENT_ADMIN, [WHO_NOBODY] = LABEL_FIX_NOBODY,
	};
	struct buf text;

	buf_init(&text, arena, 4096);
	if (page->topic->cause != NULL)
		buf_adds(&text, page_word(page, who_label(page->cause->who)));
	else if (page->cause != NULL)
		add_sentence(&text, page, page_word(page, labels[page->cause->who]));
	return buf_span(&text);
}

/* ---- related ---- */

static bool is_there(const struct topic *topics, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(topics[i].name, name) == 0)
			return true;
	return false;
}

static size_t add_related(const struct page *page, const struct page *other,
			  struct topic *topics, size_t n)
{
	const struct code *code = page->topic->code;
	struct topic topic;

	for (size_t i = 0; code != NULL && i < code->related.n && n < PAGE_MAX_RELATED; i++) {
		const char *name = code->related.list[i];

		if (is_there(topics, n, name) || strcmp(name, page->topic->name) == 0 ||
		    (other != NULL && strcmp(name, other->topic->name) == 0) ||
		    topic_parse(page->knowledge, span_str(name), &topic, NULL) != 0)
			continue;
		topics[n++] = topic;
	}
	return n;
}

/* Details of the same family, and the family itself. */
static size_t add_related_causes(const struct page *page, struct topic *topics)
{
	const struct cause *cause;
	size_t n = 0;

	for (size_t i = 0; (cause = knowledge_cause_at(page->knowledge, i)) != NULL &&
	     n < PAGE_MAX_RELATED; i++)
		if (cause->family == page->cause->family && cause != page->cause)
			topics[n++] = topic_of_cause(cause);
	return n;
}

size_t page_related(const struct page *a, const struct page *b,
		    struct topic topics[PAGE_MAX_RELATED])
{
	size_t n;

	if (a->topic->cause != NULL)
		return add_related_causes(a, topics);
	n = add_related(a, b, topics, 0);
	return b != NULL ? add_related(b, a, topics, n) : n;
}
