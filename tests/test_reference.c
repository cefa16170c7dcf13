/* What the reference says about codes and causes, and about two codes, with the
 * real content in every language. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "say/page.h"
#include "say/reference.h"

static struct knowledge *k;
static struct arena arena;

static const struct language *language(const char *tag)
{
	const struct language *l = knowledge_language(k, span_str(tag));

	assert_non_null(l);
	return l;
}

static struct topic topic(const char *text)
{
	struct topic t;
	struct error error = { "" };

	if (topic_parse(k, span_str(text), &t, &error) != 0)
		fail_msg("%s: %s", text, error.text);
	return t;
}

/* Valid until the next call. */
static const char *page(const struct language *l, enum format format, const struct topic *topics,
			size_t n)
{
	struct buf out;

	arena_clear(&arena);
	buf_init(&out, &arena, 1024 * 1024);
	reference_code(&out, format, k, l, topics, n);
	assert_false(out.failed);
	return buf_string(&out);
}

static const char *code_page(const char *tag, enum format format, const char *code)
{
	struct topic t = topic(code);

	return page(language(tag), format, &t, 1);
}

static const char *comparison(const struct language *l, enum format format, const char *a,
			      const char *b)
{
	struct topic t = topic(a), u = topic(b);
	struct buf out;

	arena_clear(&arena);
	buf_init(&out, &arena, 1024 * 1024);
	reference_compare(&out, format, k, l, &t, &u);
	assert_false(out.failed);
	return buf_string(&out);
}

static void assert_has(const char *text, const char *wanted)
{
	if (strstr(text, wanted) == NULL)
		fail_msg("\"%s\" is not in: %s", wanted, text);
}

static void assert_has_not(const char *text, const char *unwanted)
{
	if (strstr(text, unwanted) != NULL)
		fail_msg("\"%s\" is in: %s", unwanted, text);
}

static unsigned times(const char *text, const char *piece)
{
	unsigned n = 0;

	for (; (text = strstr(text, piece)) != NULL; text += strlen(piece))
		n++;
	return n;
}

static void test_what_is_a_code(void **state)
{
	static const char *const good[] = { "550", " 250 ", "101", "599", "5.1.1", "4.99.999",
					    "X.1.1", "x.7.1", "mailbox_full",
					    "rate_limited.too_many_recipients" };
	static const char *const bad[] = { "", " ", "5", "55", "5500", "600", "000", "099", "5a0",
					   "5.1", "5.1.1.1", "5..1", "5.1.", "3.1.1", "1.1.1",
					   "6.1.1", "5.1.1000", "5.1000.1", "Y.1.1", "hello",
					   "mailbox", "-550", "5.1.1 5.1.2", "\xff\xff\xff",
					   "5.1.1\x1b[31m" };
	struct topic t;
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		topic(good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (topic_parse(k, span_str(bad[i]), &t, &error) == 0)
			fail_msg("\"%s\" is taken for a code", bad[i]);
		assert_has(error.text, "no code: expected a reply code such as 550");
	}
	assert_string_equal(topic("x.7.1").name, "X.7.1");
	assert_int_equal(topic("4.7.1").class, 4);
	assert_int_equal(topic("4.7.1").subject, 7);
	assert_null(topic("599").code);
	assert_non_null(topic("mailbox_full").cause);
}

/* ---- every code and cause, in every language ---- */

static void check_sections(const struct language *l, const char *text, const enum label *labels,
			   size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *heading = language_label(l, labels[i]);
		const char *at = strstr(text, heading);

		if (at == NULL || strncmp(at + strlen(heading), "\n  ", 3) != 0)
			fail_msg("%s: no section \"%s\" in: %s", language_tag(l), heading, text);
	}
}

/* A translated text must not stand there in English. */
static void check_translated(const char *text, const char *english, const char *translated)
{
	if (strcmp(english, translated) != 0 && english[0] != '\0')
		assert_has_not(text, english);
}

static void check_code_texts(const char *text, const struct code_text *english,
			     const struct code_text *translated)
{
	check_translated(text, english->description, translated->description);
	check_translated(text, english->when, translated->when);
	check_translated(text, english->fix, translated->fix);
}

/* Steps of a cause speak of a bounce: here they say for whom they are. */
static void check_steps_of_a_bounce(const struct language *l, const char *text,
				    const struct topic *t)
{
	const struct page p = page_of(k, l, t);
	bool said = strstr(text, language_label(l, LABEL_WITH_A_BOUNCE)) != NULL;

	assert_int_equal(said, page_steps(&p).n != 0);
}

static void check_code(const struct language *l, const struct code *code, const char *name)
{
	static const enum label sections[] = {
		LABEL_DESCRIPTION, LABEL_WHEN_YOU_SEE_IT, LABEL_HOW_TO_FIX, LABEL_RELATED_CODES,
	};
	struct topic t = topic(name);
	const char *text = page(l, FORMAT_TEXT, &t, 1);
	const struct language *en = language("en");

	assert_ptr_equal(t.code, code);
	check_sections(l, text, sections, 4);
	check_steps_of_a_bounce(l, text, &t);
	if (l == en)
		return;
	if (t.is_status)
		check_code_texts(text, language_status(en, code, t.class),
				 language_status(l, code, t.class));
	else
		check_code_texts(text, language_reply(en, code), language_reply(l, code));
	assert_has_not(text, ", section ");
	assert_has_not(text, ": non-standard");
	assert_has_not(text, ": expired draft");
}

static void check_cause(const struct language *l, const struct cause *cause)
{
	static const enum label sections[] = {
		LABEL_WHAT_HAPPENED, LABEL_WHEN_IT_HAPPENS, LABEL_WHAT_YOU_CAN_DO, LABEL_FOR_ADMINS,
	};
	struct topic t = topic_of_cause(cause);
	const char *text = page(l, FORMAT_TEXT, &t, 1);
	const struct cause_text *english = language_cause(language("en"), cause);

	check_sections(l, text, sections, 4);
	if (l != language("en"))
		check_translated(text, english->happened, language_cause(l, cause)->happened);
}

static void check_language(const struct language *l)
{
	const struct code *code;
	const struct cause *cause;

	for (size_t i = 0; (code = knowledge_reply_at(k, i)) != NULL; i++)
		check_code(l, code, code->code);
	for (size_t i = 0; (code = knowledge_status_at(k, i)) != NULL; i++)
		for (const char *class = "245X"; *class != '\0'; class++) {
			char name[16];

			snprintf(name, sizeof(name), "%c%s", *class, code->code + 1);
			check_code(l, code, name);
		}
	for (size_t i = 0; (cause = knowledge_cause_at(k, i)) != NULL; i++)
		check_cause(l, cause);
}

static void test_every_page_in_every_language(void **state)
{
	const struct language *l;

	(void)state;
	for (size_t i = 0; (l = knowledge_language_at(k, i)) != NULL; i++)
		check_language(l);
}

static void test_every_comparison_in_every_language(void **state)
{
	static const enum label sections[] = {
		LABEL_DESCRIPTION, LABEL_WHEN_YOU_SEE_IT, LABEL_HOW_TO_FIX, LABEL_KEY_DIFFERENCES,
		LABEL_WHEN_WHICH, LABEL_LEARN_MORE,
	};
	const struct language *l;
	const struct code *a, *b;
	unsigned pairs = 0;

	(void)state;
	for (size_t i = 0; (l = knowledge_language_at(k, i)) != NULL; i++)
		for (size_t x = 0; (a = knowledge_reply_at(k, x)) != NULL; x++)
			for (size_t y = 0; (b = knowledge_reply_at(k, y)) != NULL; y++) {
				if (!a->is_standard || !b->is_standard || x == y)
					continue;
				check_sections(l, comparison(l, FORMAT_TEXT, a->code, b->code),
					       sections, 6);
				pairs++;
			}
	assert_true(pairs > 0);
}

/* ---- what stands there ---- */

static void test_facts(void **state)
{
	(void)state;
	assert_has(code_page("en", FORMAT_TEXT, "550"), "Defined in: RFC 5321, 4.2.3\n");
	assert_has(code_page("de", FORMAT_TEXT, "550"), "Definiert in: RFC 5321, 4.2.3\n");
	assert_has(code_page("de", FORMAT_TEXT, "456"), "Vorgeschlagen in: draft-martin-");
	assert_has(code_page("en", FORMAT_TEXT, "420"), "not defined by any standard");
	assert_has_not(code_page("en", FORMAT_TEXT, "550"), "not defined by any standard");
	assert_has(code_page("en", FORMAT_TEXT, "4.7.1"), "Usual cause: ");
	assert_has(code_page("en", FORMAT_TEXT, "5.2.2"),
		   "Who can fix it: With 5.2.2, it is usually the recipient");
	assert_has(code_page("en", FORMAT_TEXT, "550"), "\n  - 551 User Not Local");
}

/* Said to be unknown, and told by its class and subject. */
static void test_unknown_codes(void **state)
{
	const char *text = code_page("en", FORMAT_TEXT, "5.7.99");

	(void)state;
	assert_has(text, "Class: Permanent Failure\n");
	assert_has(text, "5.7.99 is not a registered code.");
	assert_has(text, "refused again until something is changed. The code is about security");
	assert_has(code_page("en", FORMAT_TEXT, "599"), "599 is not a registered code.");
	assert_has(code_page("en", FORMAT_TEXT, "509"), "509 is about the syntax of a command.");
	assert_has(code_page("en", FORMAT_TEXT, "123"), "No mail server sends");
	assert_has(code_page("en", FORMAT_TEXT, "4.99.1"), "Class: Temporary Failure\n");
	assert_has(code_page("en", FORMAT_TEXT, "X.99.1"), "stands for a whole group");
	assert_has(code_page("en", FORMAT_JSON, "599"),
		   "\"description\":\"599 is not a registered code.");
}

static void test_several(void **state)
{
	struct topic topics[] = { topic("550"), topic("5.1.1"), topic("mailbox_full") };
	const char *text = page(language("en"), FORMAT_TEXT, topics, 3);

	(void)state;
	assert_has(text, "550 Mailbox Unavailable\n");
	assert_has(text, "\n\n\n5.1.1 Bad Destination Mailbox Address\n");
	assert_has(text, "\n\n\nThe mailbox is full\n");
	text = page(language("en"), FORMAT_HTML, topics, 3);
	assert_int_equal(times(text, "<h1>"), 1);
	assert_has(text, "<h1>550 5.1.1 mailbox_full</h1>");
	assert_int_equal(times(text, "<h2>"), 3);
	text = page(language("en"), FORMAT_JSON, topics, 3);
	assert_int_equal(times(text, "\n"), 3);
}

static void test_json(void **state)
{
	static const char *const code_keys[] = {
		"{\"code\":\"550\"", ",\"name\":\"", ",\"class\":\"", ",\"standard\":\"",
		",\"description\":\"", ",\"when\":\"", ",\"fix\":\"", ",\"related\":[\"",
	};
	static const char *const compare_keys[] = {
		"{\"a\":\"550\",\"b\":\"554\"", ",\"summary\":\"", ",\"differences\":[\"",
		",\"when_which\":[\"", ",\"related\":[\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(code_keys) / sizeof(code_keys[0]); i++)
		assert_has(code_page("en", FORMAT_JSON, "550"), code_keys[i]);
	for (size_t i = 0; i < sizeof(compare_keys) / sizeof(compare_keys[0]); i++)
		assert_has(comparison(language("en"), FORMAT_JSON, "550", "554"), compare_keys[i]);
}

/* ---- two codes ---- */

static const char *differences(const char *a, const char *b)
{
	const char *json = strstr(comparison(language("en"), FORMAT_JSON, a, b), "\"differences\"");

	assert_non_null(json);
	return json;
}

static void test_differences(void **state)
{
	const char *text = differences("450", "550");

	(void)state;
	assert_has(text, "450 is temporary");
	assert_has(text, "550 is permanent");
	assert_has(text, "450 has no single usual cause");
	assert_has(differences("550", "552"), "usually the recipient who can fix it");
	assert_has(differences("421", "451"), "421 is about the connection");
	assert_has(differences("5.1.1", "5.2.2"), "5.2.2 is about this: Mailbox");
	assert_has(differences("550", "5.1.1"), "5.1.1 is an enhanced status code");
	assert_has(differences("550", "511"), "511 is not defined by any standard");
	assert_has(differences("101", "550"), "101 is not the answer of a server");
	/* where the second digit says nothing, nothing is made of it */
	assert_has_not(differences("550", "511"), "gives information");
	assert_has(differences("211", "214"), "there is no difference between 211 and 214");
}

static void test_when_which(void **state)
{
	const char *text = comparison(language("en"), FORMAT_TEXT, "550", "5.1.1");

	(void)state;
	assert_has(text, "The two belong together: 550 comes first, 5.1.1 right after it.");
	assert_has(comparison(language("en"), FORMAT_TEXT, "450", "550"),
		   "450 is right when the same message may succeed later");
	assert_has(comparison(language("en"), FORMAT_TEXT, "571", "550"),
		   "550 is the better choice");
}

static void test_same_code_twice(void **state)
{
	const char *text = comparison(language("en"), FORMAT_TEXT, "550", "550");

	(void)state;
	assert_has(text, "550 and 550 are the same code.");
	assert_int_equal(times(text, "The server refuses the recipient"), 1);
	assert_has(text, "Either can be used");
	assert_has(text, "Learn more\n  - 551");
}

static void test_compare_unknown(void **state)
{
	const char *text = comparison(language("en"), FORMAT_TEXT, "550", "5.99.9");

	(void)state;
	assert_has(text, "5.99.9 is not a registered code.");
	assert_has_not(text, "5.99.9 is right in this case");
	text = comparison(language("en"), FORMAT_TEXT, "5.98.1", "5.99.9");
	assert_has(text, "5.98.1 is not defined by any standard.");
	assert_has_not(text, "Either can be used");
	/* the same status of two classes: what is the same stands there once */
	text = comparison(language("en"), FORMAT_TEXT, "4.1.1", "5.1.1");
	assert_int_equal(times(text, "does not exist on the recipient’s mail system"), 1);
	assert_has(comparison(language("en"), FORMAT_TEXT, "X.1.1", "5.1.1"),
		   "X.1.1 stands for a whole group");
}

static int load(void **state)
{
	struct error error = { "" };

	(void)state;
	arena_init(&arena, 16 * 1024 * 1024);
	k = knowledge_load_parts("conf", NULL, NULL, 0, KNOWLEDGE_WORDS, &error);
	if (k == NULL)
		fail_msg("%s", error.text);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	knowledge_free(k);
	arena_release(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_a_code),
		cmocka_unit_test(test_every_page_in_every_language),
		cmocka_unit_test(test_every_comparison_in_every_language),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_unknown_codes),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_differences),
		cmocka_unit_test(test_when_which),
		cmocka_unit_test(test_same_code_twice),
		cmocka_unit_test(test_compare_unknown),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
