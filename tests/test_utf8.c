#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

/* As RFC 3629 writes it, with no regard to speed. */
static size_t encode(uint32_t c, char *to)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	for (size_t n = 2; n <= 4; n++) {
		if (c >= (uint32_t)1 << (5 * n + 1))
			continue;
		for (size_t i = n; i-- > 1; c >>= 6)
			to[i] = (char)(unsigned char)(0x80 | (c & 0x3f));
		to[0] = (char)(unsigned char)((0xf00 >> n) | c);
		return n;
	}
	return 0;
}

/* Every character there is, surrogates and what lies beyond left out. */
static void test_every_character(void **state)
{
	(void)state;
	for (uint32_t c = 0; c <= 0x12ffff; c++) {
		char bytes[4];
		struct span s = { bytes, encode(c, bytes) };
		bool valid = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);

		assert_int_equal(utf8_length(s, 0), valid ? s.n : 0);
		assert_int_equal(utf8_is_valid(s), valid);
		if (valid)
			assert_int_equal(utf8_code_point(s, 0, s.n), c);
	}
}

/* Every lead byte with every second one, and third ones at the edges: valid where
 * they are what a character encodes to. */
static void test_short_sequences(void **state)
{
	static const char third[] = "\0A\x7f\x80\x9f\xa0\xbf\xc0\xff";

	(void)state;
	for (int i = 0x8000; i < 0x10000; i++)
		for (size_t t = 0; t < sizeof(third) - 1; t++) {
			char again[4], bytes[] = {
				(char)(unsigned char)(i >> 8), (char)(unsigned char)(i & 255), third[t],
			};
			struct span s = { bytes, sizeof(bytes) };
			size_t n = utf8_length(s, 0);

			if (n == 0)
				continue;
			assert_int_equal(encode(utf8_code_point(s, 0, n), again), n);
			assert_memory_equal(again, bytes, n);
		}
}

static void test_what_is_none(void **state)
{
	static const struct span rows[] = {
		{ "\x80", 1 }, { "\xbf", 1 }, { "\xc0\x80", 2 }, { "\xc1\xbf", 2 },
		{ "\xc2", 1 }, { "\xc2\x41", 2 }, { "\xe0\x9f\xbf", 3 }, { "\xe0\xa0", 2 },
		{ "\xed\xa0\x80", 3 }, { "\xed\xbf\xbf", 3 }, { "\xf0\x8f\xbf\xbf", 4 },
		{ "\xf0\x90\x80", 3 }, { "\xf4\x90\x80\x80", 4 }, { "\xf5\x80\x80\x80", 4 },
		{ "\xf8\x88\x80\x80\x80", 5 }, { "\xfe", 1 }, { "\xff", 1 },
		{ "\xe2\x82\x41", 3 }, { "\xf0\x9f\x98\xc0", 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(utf8_length(rows[i], 0), 0);
		assert_false(utf8_is_valid(rows[i]));
	}
	assert_true(utf8_is_valid((struct span){ NULL, 0 }));
	assert_true(utf8_is_valid(SPAN("a\0b")));
	assert_false(utf8_is_valid(SPAN("good ä, then \xc3")));
	assert_int_equal(utf8_length(SPAN("aä"), 1), 2);
	assert_true(utf8_is_valid(SPAN(UTF8_REPLACEMENT)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_character),
		cmocka_unit_test(test_short_sequences),
		cmocka_unit_test(test_what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
