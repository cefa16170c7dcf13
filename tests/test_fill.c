/* Values in templates: where a long one is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "say/fill.h"

static void assert_start(const char *text, size_t limit, const char *wanted)
{
	struct span start = utf8_start(span_str(text), limit);

	if (!span_eq(start, span_str(wanted)))
		fail_msg("\"%.*s\" is not \"%s\"", SPAN_FMT(start), wanted);
}

static void test_start(void **state)
{
	(void)state;
	assert_start("abc", 3, "abc");
	assert_start("abc", 2, "ab");
	assert_start("abc", 0, "");
	assert_start("", 0, "");
	assert_start("aü", 2, "a");
	assert_start("a😀", 4, "a");
	assert_start("ae\xcc\x81", 2, "a");		/* e and an accent of its own */
	assert_start("ที่นี่", 9, "ที่");
	assert_start("ที่นี่", 12, "ที่");			/* in front of a vowel */
	assert_start("ที่นี่", 16, "ที่");			/* inside of a tone */
	assert_start("มาน้ำ", 12, "มา");			/* SARA AM belongs to its letter */
}

/* Garbage must not make it walk far. */
static void test_start_of_garbage(void **state)
{
	char marks[300], bytes[300];

	(void)state;
	for (size_t i = 0; i < sizeof(marks); i += 2)
		memcpy(marks + i, "\xcc\x81", 2);
	memset(bytes, 0x80, sizeof(bytes));
	assert_int_equal(utf8_start((struct span){ marks, sizeof(marks) }, 200).n, 200);
	assert_int_equal(utf8_start((struct span){ bytes, sizeof(bytes) }, 200).n, 200);
	assert_int_equal(utf8_start((struct span){ bytes, sizeof(bytes) }, 5).n, 5);
}

typedef void put(struct buf *out, struct span value, size_t limit);

static void put_text_lines(struct buf *out, struct span value, size_t limit)
{
	safe_text_lines(out, value, limit, "> ");
}

static void assert_put(put *function, const char *value, size_t limit, const char *wanted)
{
	struct arena arena;
	struct buf out;

	arena_init(&arena, 65536);
	buf_init(&out, &arena, 4096);
	function(&out, span_str(value), limit);
	assert_string_equal(buf_string(&out), wanted);
	arena_release(&arena);
}

static void test_cut_values(void **state)
{
	(void)state;
	assert_put(safe_text, "ที่นี่", 100, "ที่นี่");
	assert_put(safe_text, "ที่นี่", 15, "ที่…");
	assert_put(safe_html, "ที่นี่", 15, "ที่…");
	assert_put(put_text_lines, "a\nที่นี่", 17, "> a\n> ที่\n");
	assert_put(safe_html_lines, "a\nที่นี่", 17, "a<br>\nที่");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_start_of_garbage),
		cmocka_unit_test(test_cut_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
