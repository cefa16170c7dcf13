/* Two codes: what differs, and when which is right. */
#include <string.h>

#include "say/fill.h"
#include "say/page.h"

static struct span sentence(struct buf *out, const struct page *page, enum label label,
			    const char *other)
{
	struct values values = page_values(page, other);
	struct buf line;

	buf_init(&line, out->arena, 4096);
	fill_text(&line, page_word(page, label), &values);
	out->failed |= line.failed;
	return buf_span(&line);
}

static void say(struct sentences *s, const struct page *page, enum label label, const char *other)
{
	if (s->n < MAX_SENTENCES)
		s->list[s->n++] = sentence(s->out, page, label, other);
}

bool compare_is_same(const struct page *a, const struct page *b)
{
	return strcmp(a->topic->name, b->topic->name) == 0;
}

struct span compare_title(struct buf *out, const struct page *a, const struct page *b)
{
	return sentence(out, a, LABEL_COMPARE_TITLE, b->topic->name);
}

struct span compare_summary(struct buf *out, const struct page *a, const struct page *b)
{
	static const enum label both[] = {
		LABEL_BOTH_ANY_CLASS, LABEL_BOTH_PROGRAM, LABEL_BOTH_SUCCESS,
		LABEL_BOTH_MORE, LABEL_BOTH_TEMPORARY, LABEL_BOTH_PERMANENT,
	};
	const char *other = b->topic->name;

	if (compare_is_same(a, b))
		return sentence(out, a, LABEL_SAME_CODE, other);
	if (a->topic->class == b->topic->class)
		return sentence(out, a, both[a->topic->class], other);
	if (a->topic->class == 0 || b->topic->class == 0)
		return sentence(out, a->topic->class == 0 ? a : b, LABEL_IS_ANY_CLASS, "");
	return sentence(out, a, LABEL_CLASS_DIFFERS, other);
}

static void say_class(struct sentences *s, const struct page *page)
{
	static const enum label labels[] = {
		LABEL_IS_ANY_CLASS, LABEL_IS_PROGRAM, LABEL_IS_SUCCESS, LABEL_IS_MORE,
		LABEL_IS_TEMPORARY, LABEL_IS_PERMANENT,
	};

	say(s, page, labels[page->topic->class], "");
}

/* The second digit of a reply code has a meaning in RFC 5321 and in RFC 4954;
 * codes from elsewhere do not keep to it. */
static enum label reply_subject(const struct page *page)
{
	static const enum label labels[] = {
		LABEL_ABOUT_SYNTAX, LABEL_ABOUT_INFORMATION, LABEL_ABOUT_CONNECTION,
		LABEL_ABOUT_AUTHENTICATION, LABEL_COUNT, LABEL_ABOUT_MAIL_SYSTEM,
	};
	bool expired;
	struct span standard = span_str(page_standard(page, &expired));
	int subject = page->topic->subject;

	if (subject > 5 || expired || !(span_has_prefix(standard, "RFC 5321") ||
					span_has_prefix(standard, "RFC 4954")))
		return LABEL_COUNT;
	return labels[subject];
}

static void say_subject(struct sentences *s, const struct page *page)
{
	const struct code_text *subject;
	enum label label;

	if (page->topic->is_status) {
		subject = language_subject(page->language, page->topic->subject);
		if (subject != NULL)
			say(s, page, LABEL_ABOUT, subject->name);
	} else if ((label = reply_subject(page)) != LABEL_COUNT) {
		say(s, page, label, "");
	}
}

/* A subject that only one has makes no difference that one could tell. */
static bool subjects_differ(const struct page *a, const struct page *b)
{
	const struct topic *t = a->topic, *u = b->topic;

	if (t->is_status != u->is_status || t->subject == u->subject)
		return false;
	if (t->is_status)
		return language_subject(a->language, t->subject) != NULL &&
			language_subject(b->language, u->subject) != NULL;
	return reply_subject(a) != LABEL_COUNT && reply_subject(b) != LABEL_COUNT;
}

/* Only failures have causes worth a sentence: that 250 is no failure stands in
 * its class. */
static bool is_failure(const struct page *page)
{
	return page->topic->class != 2 && page->topic->class != 3;
}

static void say_cause(struct sentences *s, const struct page *page)
{
	if (!is_failure(page))
		return;
	if (page->cause != NULL)
		say(s, page, LABEL_USUAL_CAUSE_OF,
		    language_cause(page->language, page->cause)->title);
	else if (page->topic->code != NULL)
		say(s, page, LABEL_NO_USUAL_CAUSE, "");
}

static void say_who(struct sentences *s, const struct page *page)
{
	if (s->n < MAX_SENTENCES)
		s->list[s->n++] = page_who(s->out->arena, page);
}

static const char *standard_of(const struct page *page)
{
	return page_is_standard(page) ? page->topic->code->standard : "";
}

static void say_standard(struct sentences *s, const struct page *page)
{
	if (page_is_standard(page))
		say(s, page, LABEL_DEFINED_IN, standard_of(page));
	else
		say(s, page, LABEL_DEFINED_NOWHERE, "");
}

void compare_differences(struct sentences *s, const struct page *a, const struct page *b)
{
	if (!compare_is_same(a, b) && a->topic->class != b->topic->class) {
		say_class(s, a);
		say_class(s, b);
	}
	if (a->topic->is_status != b->topic->is_status) {
		say(s, a, a->topic->is_status ? LABEL_IS_STATUS : LABEL_IS_REPLY, "");
		say(s, b, b->topic->is_status ? LABEL_IS_STATUS : LABEL_IS_REPLY, "");
	}
	if (subjects_differ(a, b)) {
		say_subject(s, a);
		say_subject(s, b);
	}
	if (a->cause != b->cause) {
		say_cause(s, a);
		say_cause(s, b);
	}
	if (a->cause != NULL && b->cause != NULL && a->cause->who != b->cause->who) {
		say_who(s, a);
		say_who(s, b);
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
		(a->topic->class == b->topic->class || b->topic->class == 0);
}

static void say_use_class(struct sentences *s, const struct page *page)
{
	static const enum label labels[] = {
		[2] = LABEL_USE_SUCCESS, [3] = LABEL_USE_MORE, [4] = LABEL_USE_TEMPORARY,
		[5] = LABEL_USE_PERMANENT,
	};

	if (page->topic->class >= 2)
		say(s, page, labels[page->topic->class], "");
}

static void say_use_name(struct sentences *s, const struct page *a, const struct page *b)
{
	if (strcmp(a->name, b->name) == 0)
		return;
	if (a->topic->code != NULL)
		say(s, a, LABEL_USE_NAME, a->name);
	if (b->topic->code != NULL)
		say(s, b, LABEL_USE_NAME, b->name);
}

void compare_when_which(struct sentences *s, const struct page *a, const struct page *b)
{
	if (belong_together(a, b))
		say(s, a, LABEL_USE_TOGETHER, b->topic->name);
	else if (belong_together(b, a))
		say(s, b, LABEL_USE_TOGETHER, a->topic->name);
	if (a->topic->class != b->topic->class) {
		say_use_class(s, a);
		say_use_class(s, b);
	}
	say_use_name(s, a, b);
	if (page_is_standard(a) && !page_is_standard(b))
		say(s, a, LABEL_USE_STANDARD, b->topic->name);
	else if (page_is_standard(b) && !page_is_standard(a))
		say(s, b, LABEL_USE_STANDARD, a->topic->name);
	if (s->n != 0)
		return;
	if (compare_is_same(a, b) || a->topic->code != NULL) {
		say(s, a, LABEL_USE_EITHER, "");
	} else {
		say_standard(s, a);
		say_standard(s, b);
	}
}
