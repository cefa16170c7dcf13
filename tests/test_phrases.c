/* phrases.h: what servers write, however it is wrapped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mail/phrases.h"
#include "support.h"

static bool says(const char *text, enum phrase kind)
{
	struct phrases phrases;

	phrases_find(span_str(text), &phrases);
	return phrases.found[kind];
}

static void test_kinds(void **state)
{
	static const struct { const char *text; enum phrase kind; } rows[] = {
		{ "Your message could not be delivered.", PHRASE_FAILED },
		{ "failure notice", PHRASE_SUBJECT }, { "it will be retried", PHRASE_DELAYED },
		{ "I've given up. Sorry", PHRASE_FINAL },
		{ "--- Below this line is a copy of the message.", PHRASE_RETURNED },
		{ "Out of Office: on the beach", PHRASE_AUTO_REPLY }, { "please confirm", PHRASE_CHALLENGE },
		{ "Unzustellbar: Mittagessen", PHRASE_FAILED }, { "n'a pas pu être remis", PHRASE_FAILED },
		{ "Не может быть доставлено", PHRASE_FAILED + PHRASE_KINDS },	/* a capital beyond ASCII */
		{ "не может быть доставлено", PHRASE_FAILED }, { "配信できませんでした", PHRASE_FAILED },
		{ "메일이 발송되지 못했습니다", PHRASE_FAILED },
		{ "ไม่สามารถส่งข้อความ", PHRASE_FAILED }, { "email không gửi được", PHRASE_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool wanted = rows[i].kind < PHRASE_KINDS;

		assert_int_equal(says(rows[i].text, wanted ? rows[i].kind : PHRASE_FAILED), wanted);
	}
}

static void test_spelling(void **state)
{
	static const char *const same[] = {
		"could not be delivered", "COULD NOT BE DELIVERED", "Could  not\tbe delivered",
		"could not\r\n    be\ndelivered", "(could not be delivered)", "1could not be delivered",
		"\"could not be delivered\"", "äcould not be delivered",
	};
	static const char *const apostrophes[] = { "can't be delivered", "can’t be delivered", "CAN’T be delivered" };
	static const char *const others[] = {
		"couldnot be delivered", "could not be", "xcould not be delivered", "could not be deliver",
		"could\0not be delivered", "cant be delivered", "",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		assert_true(says(same[i], PHRASE_FAILED));
	for (size_t i = 0; i < sizeof(apostrophes) / sizeof(apostrophes[0]); i++)
		assert_true(says(apostrophes[i], PHRASE_FAILED));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(says(others[i], PHRASE_FAILED));
}

static void test_places(void **state)
{
	struct phrases phrases;

	(void)state;
	phrases_find(SPAN("x given up; could not be delivered; please confirm"), &phrases);
	assert_int_equal(phrases.n, 3);
	assert_int_equal(phrases.places[0].kind, PHRASE_FINAL);
	assert_int_equal(phrases.places[0].at, 2);
	assert_int_equal(phrases.places[1].kind, PHRASE_FAILED);
	assert_int_equal(phrases.places[1].at, 12);
	assert_int_equal(phrases.places[2].kind, PHRASE_CHALLENGE);
	assert_int_equal(phrases.places[2].at, 36);
	assert_false(phrases.found[PHRASE_DELAYED]);
	phrases_find((struct span){ NULL, 0 }, &phrases);
	assert_int_equal(phrases.n, 0);
}

/* Phrases that start alike, one that is the start of another, one of two meanings. */
static void test_neighbours(void **state)
{
	struct phrases phrases;

	(void)state;
	assert_true(says("delivery failure", PHRASE_FAILED));
	assert_false(says("delivery failu", PHRASE_FAILED));
	assert_true(says("delivery error", PHRASE_SUBJECT));
	assert_true(says("delivery warning", PHRASE_SUBJECT));
	assert_true(says("delivery delayed", PHRASE_DELAYED));
	assert_true(says("could not be delivered", PHRASE_FAILED));
	assert_true(says("could not be sent", PHRASE_FAILED));
	assert_true(says("could not deliver", PHRASE_FAILED));
	assert_false(says("could not be sent", PHRASE_SUBJECT));
	assert_true(says("undeliverable mail", PHRASE_FAILED));
	assert_true(says("undeliverable mail", PHRASE_SUBJECT));
	phrases_find(SPAN("failed permanently"), &phrases);
	assert_int_equal(phrases.n, 2);
	assert_true(phrases.found[PHRASE_FAILED] && phrases.found[PHRASE_FINAL]);
}

/* The first places are kept; what is found counts to the end. */
static void test_limit(void **state)
{
	struct arena arena;
	struct buf text;
	struct phrases phrases;

	(void)state;
	arena_init(&arena, 1 << 20);
	buf_init(&text, &arena, 100000);
	for (int i = 0; i < 200; i++)
		buf_adds(&text, "undelivered ");
	buf_adds(&text, "out of office");
	phrases_find(buf_span(&text), &phrases);
	assert_int_equal(phrases.n, PHRASES_MAX_PLACES);
	assert_int_equal(phrases.places[127].at, 127 * 12);
	assert_true(phrases.found[PHRASE_AUTO_REPLY]);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_spelling),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
