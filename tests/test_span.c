#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/span.h"
#include "support.h"

static const struct span none = { NULL, 0 };

static void test_slices_are_clamped(void **state)
{
	struct span s = SPAN("0123456789");

	(void)state;
	assert_span(span_slice(s, 2, 5), "234");
	assert_span(span_slice(s, 0, 10), "0123456789");
	assert_span(span_slice(s, 8, SIZE_MAX), "89");
	assert_span(span_slice(s, 10, 11), "");
	assert_span(span_slice(s, 5, 2), "");
	assert_span(span_slice(s, SIZE_MAX, SIZE_MAX), "");
	assert_span(span_slice(none, 0, 5), "");
	assert_span(span_from(s, 7), "789");
	assert_span(span_from(s, 10), "");
	assert_span(span_from(s, SIZE_MAX), "");
	assert_span(span_str(NULL), "");
	assert_span(span_str("a\0b"), "a");
	assert_int_equal(SPAN("a\0b").n, 3);
}

static void test_trim(void **state)
{
	(void)state;
	assert_span(span_trim(SPAN(" \t\r\n a b \n\r\t ")), "a b");
	assert_span(span_trim(SPAN(" \r\n\t ")), "");
	assert_span(span_trim(SPAN("")), "");
	assert_span(span_trim(none), "");
	assert_int_equal(span_trim(SPAN("\0x\0")).n, 3);	/* NUL is no white space */
	assert_span(span_trim(SPAN("\xa0x")), "\xa0x");
}

/* ASCII letters alone lose their case: no locale, no '@' for '`', no 'Ä' for 'ä'. */
static void test_case_is_ascii(void **state)
{
	(void)state;
	for (int a = 0; a < 256; a++)
		for (int b = 0; b < 256; b++) {
			char x = (char)(unsigned char)a, y = (char)(unsigned char)b;
			bool letters = a < 128 && b < 128 && ascii_isalpha(x) && (a ^ b) == 0x20;

			assert_int_equal(span_ieq((struct span){ &x, 1 }, (struct span){ &y, 1 }),
					 a == b || letters);
		}
	assert_true(span_is(SPAN("Content-TYPE"), "content-type"));
	assert_false(span_is(SPAN("content-typ"), "content-type"));
	assert_false(span_is(SPAN("content-type\0"), "content-type"));
	assert_true(span_is(none, ""));
	assert_true(span_is(none, NULL));
}

static void test_equality(void **state)
{
	(void)state;
	assert_true(span_eq(SPAN("a\0b"), SPAN("a\0b")));
	assert_false(span_eq(SPAN("a\0b"), SPAN("a\0c")));
	assert_false(span_eq(SPAN("a"), SPAN("A")));
	assert_false(span_eq(SPAN("a"), SPAN("ab")));
	assert_true(span_eq(none, SPAN("")));
	assert_true(span_ieq(none, SPAN("")));
}

static void test_prefix_and_suffix(void **state)
{
	(void)state;
	assert_true(span_has_prefix(SPAN("Hello"), "hE"));
	assert_true(span_has_prefix(SPAN("Hello"), ""));
	assert_true(span_has_prefix(none, ""));
	assert_false(span_has_prefix(SPAN("He"), "hello"));
	assert_false(span_has_prefix(none, "x"));
	assert_true(span_has_suffix(SPAN("Hello"), "LO"));
	assert_true(span_has_suffix(none, ""));
	assert_false(span_has_suffix(SPAN("lo"), "hello"));
	assert_false(span_has_suffix(SPAN("Hello"), "l"));
}

static void test_within(void **state)
{
	struct span s = SPAN("0123456789");

	(void)state;
	assert_true(span_within(s, s));
	assert_true(span_within(span_slice(s, 9, 10), s));
	assert_true(span_within(none, none));
	assert_true(span_within(none, s));
	assert_false(span_within(s, span_slice(s, 0, 9)));
	assert_false(span_within(s, span_from(s, 1)));
	assert_false(span_within(s, none));
}

static void test_find(void **state)
{
	struct span s = SPAN("abcABCabc\0x");

	(void)state;
	assert_int_equal(span_find_byte(s, 0, 'c'), 2);
	assert_int_equal(span_find_byte(s, 3, 'c'), 8);
	assert_int_equal(span_find_byte(s, 0, '\0'), 9);
	assert_int_equal(span_find_byte(s, 0, 'z'), s.n);
	assert_int_equal(span_find_byte(s, SIZE_MAX, 'a'), s.n);
	assert_int_equal(span_find_byte(none, 0, 'a'), 0);
	assert_int_equal(span_find(s, 0, SPAN("abc")), 0);
	assert_int_equal(span_find(s, 1, SPAN("abc")), 6);
	assert_int_equal(span_find(s, 7, SPAN("abc")), s.n);
	assert_int_equal(span_find(s, 0, SPAN("c\0x")), 8);
	assert_int_equal(span_find(s, 0, SPAN("")), s.n);
	assert_int_equal(span_find(s, SIZE_MAX, SPAN("a")), s.n);
	assert_int_equal(span_find(none, 0, SPAN("a")), 0);
	assert_int_equal(span_ifind(s, 1, "aBc"), 3);
	assert_int_equal(span_ifind(s, 7, "abc"), s.n);
	assert_int_equal(span_ifind(s, 0, ""), s.n);
	assert_int_equal(span_ifind(s, SIZE_MAX, "a"), s.n);
	assert_int_equal(span_ifind(none, 0, "a"), 0);
}

static size_t find_plainly(struct span s, size_t from, struct span needle)
{
	for (; needle.n <= s.n && from <= s.n - needle.n; from++)
		if (memcmp(s.p + from, needle.p, needle.n) == 0)
			return from;
	return s.n;
}

/* Needles whose rarest byte is the first, the last or in the middle, and of one kind
 * of byte alone, in texts that are full of their bytes and in such that have few. */
static void test_find_needles(void **state)
{
	static const struct span needles[] = {
		{ "\n--", 3 }, { "\n\n", 2 }, { "\r\n\r\n", 4 }, { "-", 1 }, { "a-b", 3 },
		{ "ab\n", 3 }, { "abab", 4 }, { "a-\n-a", 5 }, { "----", 4 },
	};
	static const char bytes[] = "--\n\r\nab ";
	uint32_t seed = 1;
	char text[400];

	(void)state;
	for (unsigned round = 0; round < 400; round++) {
		size_t kinds = round % 4 != 0 ? sizeof(bytes) - 1 : 2 + round % 7;
		struct span s = { text, noise(&seed) % sizeof(text) };

		for (size_t i = 0; i < s.n; i++)
			text[i] = noise(&seed) % 8 < round % 8 ? 'x' : bytes[noise(&seed) % kinds];
		for (size_t i = 0; i < sizeof(needles) / sizeof(needles[0]); i++)
			for (size_t from = 0; from <= s.n; from += 1 + from / 4)
				assert_int_equal(span_find(s, from, needles[i]),
						 find_plainly(s, from, needles[i]));
	}
}

/* Behind many of its bytes, where another way of looking has taken over. */
static void test_find_in_crowd(void **state)
{
	char text[1000];

	(void)state;
	memset(text, '-', sizeof(text));
	memcpy(text + 990, "\n--", 3);
	assert_int_equal(span_find((struct span){ text, sizeof(text) }, 0, SPAN("\n--")), 990);
	assert_int_equal(span_find((struct span){ text, 992 }, 0, SPAN("\n--")), 992);
	assert_int_equal(span_find((struct span){ text, sizeof(text) }, 991, SPAN("\n--")), 1000);
}

static void test_lines(void **state)
{
	static const char *const wanted[] = { "one", "", "two\rtwo", "\r", "last\r\r" };
	struct span rest = SPAN("one\n\ntwo\rtwo\r\n\r\r\nlast\r\r\r"), line;
	size_t n = 0;

	(void)state;
	while (span_next_line(&rest, &line)) {
		assert_true(n < 5);
		assert_span(line, wanted[n++]);
	}
	assert_int_equal(n, 5);
	assert_int_equal(rest.n, 0);
	rest = SPAN("");
	assert_false(span_next_line(&rest, &line));
	rest = none;
	assert_false(span_next_line(&rest, &line));
	rest = SPAN("\n");	/* one line, and it is empty */
	assert_true(span_next_line(&rest, &line));
	assert_span(line, "");
	assert_false(span_next_line(&rest, &line));
}

static void test_classes(void **state)
{
	(void)state;
	for (int i = 0; i < 256; i++) {
		char c = (char)(unsigned char)i;

		assert_int_equal(ascii_isdigit(c), i >= '0' && i <= '9');
		assert_int_equal(ascii_isalpha(c), (i >= 'a' && i <= 'z') || (i >= 'A' && i <= 'Z'));
		assert_int_equal(ascii_isalnum(c), ascii_isdigit(c) || ascii_isalpha(c));
		assert_int_equal(ascii_isspace(c), i == ' ' || (i >= 9 && i <= 13));
		assert_int_equal((unsigned char)ascii_lower(c), i >= 'A' && i <= 'Z' ? i + 32 : i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slices_are_clamped),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_case_is_ascii),
		cmocka_unit_test(test_equality),
		cmocka_unit_test(test_prefix_and_suffix),
		cmocka_unit_test(test_within),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_find_needles),
		cmocka_unit_test(test_find_in_crowd),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
