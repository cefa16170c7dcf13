/* Which literals a pattern needs, and which patterns a text lets through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "why/literals.h"
#include "why/sieve.h"

/* ---- literals ---- */

/* "full|quota & mailbox": the sets of a pattern, as text. */
static void describe(const char *pattern, char *text, size_t size)
{
	struct literals sets[LITERALS_SETS];
	char *copy = strdup(pattern);	/* so that reading past its end is seen */
	struct arena arena;
	size_t n, used = 0;

	arena_init(&arena, 1 << 20);
	n = literals_of(&arena, copy, sets);
	free(copy);
	text[0] = '\0';
	for (size_t s = 0; s < n; s++)
		for (size_t i = 0; i < sets[s].n; i++)
			used += (size_t)snprintf(text + used, size - used, "%s%.*s",
						 i != 0 ? "|" : s != 0 ? " & " : "",
						 SPAN_FMT(sets[s].list[i]));
	arena_release(&arena);
}

static void test_literals(void **state)
{
	static const struct { const char *pattern, *literals; } rows[] = {
		{ "no such user", "no such user" },
		{ "No Such USER", "no such user" },
		{ "mailbox.*full", "mailbox & full" },
		{ "mail ?box", "mail & box" },
		{ "users?", "user" },
		{ "users+", "users" },
		{ "use{2}r", "use" },
		{ "mailbox(?: is)? full", "mailbox &  full" },
		{ "mailbox(?: is)+ full", "mailbox &  is &  full" },
		{ "mailbox (?:full|over quota)", "mailbox  & full|over quota" },
		{ "mailbox (?:full|)", "mailbox " },
		{ "full|quota", "full|quota" },
		{ "full|no", "" },
		{ "ab", "" },
		{ "[abc]def", "def" },
		{ "[]abc]def", "def" },
		{ "a\\.b\\.c", "a.b.c" },
		{ "abc\\ddef", "abc & def" },
		{ "abc\\x41def", "" },
		{ "abc\\p{L}def", "" },
		{ "\\babc\\b", "abc" },
		{ "^abc$", "abc" },
		{ "abc(?=.*def)", "abc & def" },
		{ "abc(?!def)", "abc" },
		{ "(?<=abc)def", "abc & def" },
		{ "(?<!abc)def", "def" },
		{ "(?i:abc)", "abc" },
		{ "(?-i:ABC)", "abc" },
		{ "(?i)abc", "abc" },
		{ "(?>abc)def", "abc & def" },
		{ "(?|abc)", "" },
		{ "x{host}", "x{host}" },
		{ "abc{2,3}def", "abc & def" },
		{ "abc{0,3}def", "def" },
		{ "\303\274berf", "\200\200berf" },
		{ "abc\xc3\xbc?def", "abc & def" },
		{ "(((abc)))", "abc" },
		{ "abc)", "" },
		{ "(abc", "" },
		{ "[abc", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[200];

		describe(rows[i].pattern, text, sizeof(text));
		if (strcmp(text, rows[i].literals) != 0)
			fail_msg("%s: \"%s\" instead of \"%s\"", rows[i].pattern, text,
				 rows[i].literals);
	}
}

static void test_deep_groups(void **state)
{
	char pattern[2003], text[100];

	(void)state;
	memset(pattern, '(', 1000);
	memset(pattern + 1000, 'a', 3);
	memset(pattern + 1003, ')', 999);
	pattern[2002] = '\0';
	describe(pattern, text, sizeof(text));
	assert_string_equal(text, "");
}

/* ---- the sieve ---- */

static void assert_passes(const struct sieve *sieve, const char *text, const char *wanted)
{
	unsigned short list[20];
	size_t n = sieve_pass(sieve, span_str(text), list, 20), used = 0;
	char found[200] = "";

	for (size_t i = 0; i < n; i++)
		used += (size_t)snprintf(found + used, sizeof(found) - used, "%d ", list[i]);
	if (strcmp(found, wanted) != 0)
		fail_msg("\"%s\": %sinstead of %s", text, found, wanted);
}

static void test_sieve(void **state)
{
	static const char *const patterns[] = {
		"mailbox (?:full|over quota)",	/* 0 */
		"no such user",			/* 1 */
		"user",				/* 2 */
		"\\d+",				/* 3: always */
		"such",				/* 4: inside another one's literal */
		"code 123",			/* 5: digits are one kind */
		"gr\303\266\303\237e",	/* 6: and so is what is beyond ASCII */
	};
	struct sieve *sieve = sieve_new(patterns, 7);

	(void)state;
	assert_non_null(sieve);
	assert_passes(sieve, "", "3 ");
	assert_passes(sieve, "the mailbox is empty", "3 ");
	assert_passes(sieve, "MAILBOX FULL", "0 3 ");
	assert_passes(sieve, "over quota, mailbox ", "0 3 ");
	assert_passes(sieve, "no such user", "1 2 3 4 ");
	assert_passes(sieve, "no such use", "3 4 ");
	assert_passes(sieve, "nonono such user", "1 2 3 4 ");
	assert_passes(sieve, "code 999", "3 5 ");
	assert_passes(sieve, "gr\303\226\303\237E", "3 6 ");
	sieve_free(sieve);
}

static void test_short_list(void **state)
{
	static const char *const patterns[] = { "aaa", "aaa", "aaa" };
	struct sieve *sieve = sieve_new(patterns, 3);
	unsigned short list[2] = { 9, 9 };

	(void)state;
	assert_int_equal(sieve_pass(sieve, span_str("aaa"), list, 2), 2);
	assert_int_equal(list[0], 0);
	assert_int_equal(list[1], 1);
	sieve_free(sieve);
}

/* Only what is new takes room: the same words in ever more patterns do not. */
static void test_shared_literals(void **state)
{
	enum { N = 9000 };
	const char **patterns = malloc(N * sizeof(*patterns));
	struct sieve *sieve;

	(void)state;
	assert_non_null(patterns);
	for (unsigned i = 0; i < N; i++)
		patterns[i] = i % 2 == 0 ? "recipient" : "(?:mailbox|disk quota)";
	sieve = sieve_new(patterns, N);
	assert_non_null(sieve);
	assert_passes(sieve, "nothing of it", "");
	sieve_free(sieve);
	free(patterns);
}

/* More literals than the automaton has states: the last patterns are always tried. */
static void test_too_many_literals(void **state)
{
	enum { N = 8000 };
	char (*texts)[20] = malloc(N * sizeof(*texts));
	const char **patterns = malloc(N * sizeof(*patterns));
	static unsigned short list[N];
	struct sieve *sieve;

	(void)state;
	assert_non_null(texts);
	assert_non_null(patterns);
	for (unsigned i = 0; i < N; i++) {
		for (unsigned k = 0; k < 18; k++)
			texts[i][k] = (char)('a' + (i >> k % 6 * 3 & 7) + 8 * (k % 3));
		texts[i][18] = '\0';
		patterns[i] = texts[i];
	}
	sieve = sieve_new(patterns, N);
	assert_non_null(sieve);
	assert_in_range(sieve_pass(sieve, span_str("-"), list, N), 1, N - 1);
	for (unsigned i = 0; i < N; i += 97) {
		size_t n = sieve_pass(sieve, span_str(texts[i]), list, N), at = 0;

		while (at < n && list[at] != i)
			at++;
		assert_true(at < n);
	}
	sieve_free(sieve);
	free(patterns);
	free(texts);
}

static void test_no_patterns(void **state)
{
	struct sieve *sieve = sieve_new(NULL, 0);
	unsigned short list[1];

	(void)state;
	assert_non_null(sieve);
	assert_int_equal(sieve_pass(sieve, span_str("anything"), list, 1), 0);
	sieve_free(sieve);
	sieve_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_literals),
		cmocka_unit_test(test_deep_groups),
		cmocka_unit_test(test_sieve),
		cmocka_unit_test(test_short_list),
		cmocka_unit_test(test_shared_literals),
		cmocka_unit_test(test_too_many_literals),
		cmocka_unit_test(test_no_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
